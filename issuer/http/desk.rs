//! The issuer's desk: requests hand in work, the issuer's own thread does it, one after the other.

use super::peers::Peer;
use crate::office::Issuer;
use crate::publish::Pace;
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use waypass_credential::time::Timestamp;
use waypass_trust::time::Reading;

/// The place where the work is done: the issuer, the clock and the randomness it works with.
pub(super) struct Counter<'a, 'k> {
    pub(super) issuer: &'a mut Issuer<'k>,
    pub(super) clock: &'a dyn Fn() -> Reading,
    /// The time that the service itself signs.
    pub(super) pace: Pace,
    pub(super) rng: &'a mut dyn CryptoRng,
}

pub(super) type Job = Box<dyn FnOnce(&mut Counter<'_, '_>) + Send>;

/// Takes work in.
#[derive(Clone)]
pub(super) struct Desk {
    jobs: SyncSender<Job>,
    /// So many jobs of one host may wait: the others find room.
    share: usize,
    waiting: Arc<Mutex<BTreeMap<Peer, usize>>>,
}

/// A job that waits or is being done; dropping it makes room for the next one of that host.
struct Turn(Peer, Arc<Mutex<BTreeMap<Peer, usize>>>);

/// The queue is full, or the host has its share of it, or the service is ending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed;

impl Desk {
    pub(super) fn new(queue: usize) -> (Self, Receiver<Job>) {
        let (jobs, desk) = sync_channel(queue);
        (Self { jobs, share: (queue / 4).max(1), waiting: Arc::default() }, desk)
    }

    fn turn(&self, peer: Peer) -> Option<Turn> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_peer = waiting.entry(peer).or_insert(0);
        if *of_peer >= self.share {
            return None;
        }
        *of_peer += 1;
        Some(Turn(peer, self.waiting.clone()))
    }

    /// Has `work` done. When the requester is gone by then it is done all the same: what was accepted is not half done.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        peer: Peer,
        work: impl FnOnce(&mut Counter<'_, '_>, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Closed> {
        let turn = self.turn(peer).ok_or(Closed)?;
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |counter| {
            let _turn = turn;
            let at = (counter.clock)().wall;
            drop(answer.send(work(counter, at)));
        });
        match self.jobs.try_send(job) {
            Ok(()) => answered.await.map_err(|_| Closed),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Closed),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut waiting = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.get_mut(&self.0) {
            Some(of_peer) if *of_peer > 1 => *of_peer -= 1,
            _ => drop(waiting.remove(&self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Desk;
    use crate::http::peers::Peer;

    #[test]
    fn a_quarter_of_the_queue_is_for_one_host() {
        let (desk, _jobs) = Desk::new(8);
        let (one, other) = (Peer::new([192, 0, 2, 1].into()), Peer::new([192, 0, 2, 2].into()));
        let first = (desk.turn(one), desk.turn(one));
        assert!(first.0.is_some() && first.1.is_some() && desk.turn(one).is_none());
        assert!(desk.turn(other).is_some(), "another host has its own quarter");
        drop(first);
        assert!(desk.turn(one).is_some(), "and it is free again");
        assert!(desk.waiting.lock().expect("whole").is_empty());
    }
}
