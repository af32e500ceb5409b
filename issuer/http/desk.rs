//! The issuer's desk: requests hand in work, the issuer's own thread does it, one after the other.

use crate::issue::Issuer;
use rand_core::CryptoRng;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use tokio::sync::oneshot;
use waypass_credential::time::Timestamp;
use waypass_trust::time::Reading;

/// Where the work is done: the issuer, the clock and the randomness it works with.
pub(super) struct Counter<'a, 'k> {
    pub(super) issuer: &'a mut Issuer<'k>,
    pub(super) clock: &'a dyn Fn() -> Reading,
    pub(super) rng: &'a mut dyn CryptoRng,
}

pub(super) type Job = Box<dyn FnOnce(&mut Counter<'_, '_>) + Send>;

/// Takes work in.
#[derive(Clone)]
pub(super) struct Desk(SyncSender<Job>);

/// The queue is full, or the service is ending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed;

impl Desk {
    pub(super) fn new(queue: usize) -> (Self, Receiver<Job>) {
        let (jobs, desk) = sync_channel(queue);
        (Self(jobs), desk)
    }

    /// Has `work` done. When the requester is gone by then it is done all the same: what was accepted is not half done.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Counter<'_, '_>, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Closed> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |counter| {
            let at = (counter.clock)().wall;
            drop(answer.send(work(counter, at)));
        });
        match self.0.try_send(job) {
            Ok(()) => answered.await.map_err(|_| Closed),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Closed),
        }
    }
}
