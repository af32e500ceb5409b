//! Reading bodies: bounded in size, and in the memory that one host can take.
//!
//! Memory is taken as the bytes arrive, not as they are announced: a slow sender holds what it has sent and nothing else. No
//! sender waits for another one.

use super::answer::Fault;
use super::peers::Peer;
use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, StatusCode, header};
use core::future::poll_fn;
use core::pin::Pin;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All bodies in memory together: eight audit uploads of the largest size.
const MOST: usize = 64 * 1024 * 1024;
/// Those of one host: the rest is there for others.
const MOST_OF_ONE: usize = MOST / 2;

/// The memory that bodies take.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers(Arc<Mutex<BTreeMap<Peer, usize>>>);

/// A body, and the memory it takes until it is dropped.
#[derive(Debug)]
pub(super) struct Received {
    bytes: Vec<u8>,
    peer: Peer,
    buffers: Buffers,
}

impl Buffers {
    /// Reads a body of at most `limit` bytes; a larger one is refused by its announcement already.
    pub(super) async fn read(&self, peer: Peer, headers: &HeaderMap, mut body: Body, limit: usize) -> Result<Received, Fault> {
        let too_large = Fault::Named(StatusCode::PAYLOAD_TOO_LARGE, "too_large");
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|announced| announced > limit as u64) {
            return Err(too_large);
        }
        let mut received = Received { bytes: Vec::new(), peer, buffers: self.clone() };
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            // A connection that broke: nobody will read what we say.
            let Ok(data) = frame.map_err(|_| Fault::bad("invalid_request"))?.into_data() else { continue };
            if received.bytes.len() + data.len() > limit {
                return Err(too_large);
            }
            if !self.take(peer, data.len()) {
                return Err(Fault::Unavailable);
            }
            received.bytes.extend_from_slice(&data);
        }
        Ok(received)
    }

    /// Returns the bytes in memory now.
    pub(super) fn held(&self) -> usize {
        self.lock().values().sum()
    }

    fn take(&self, peer: Peer, bytes: usize) -> bool {
        let mut held = self.lock();
        let all: usize = held.values().sum();
        let of_peer = held.entry(peer).or_insert(0);
        let fits = all + bytes <= MOST && *of_peer + bytes <= MOST_OF_ONE;
        if fits {
            *of_peer += bytes;
        } else if *of_peer == 0 {
            held.remove(&peer);
        }
        fits
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Peer, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl core::ops::Deref for Received {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        let mut held = self.buffers.lock();
        let left = held.get(&self.peer).map_or(0, |held| held.saturating_sub(self.bytes.len()));
        if left == 0 {
            held.remove(&self.peer);
        } else {
            held.insert(self.peer, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Buffers, MOST_OF_ONE, Received};
    use crate::http::peers::Peer;

    #[test]
    fn one_host_leaves_room_for_others_and_gives_back_what_it_took() {
        let buffers = Buffers::default();
        let peers: Vec<Peer> = (1..=3).map(|last| Peer::new([192, 0, 2, last].into())).collect();
        assert!(buffers.take(peers[0], MOST_OF_ONE));
        assert!(!buffers.take(peers[0], 1), "its share is used up");
        assert!(buffers.take(peers[1], MOST_OF_ONE), "another host has its own");
        assert!(!buffers.take(peers[2], 1), "there is no more");
        drop(Received { bytes: vec![0; 10], peer: peers[0], buffers: buffers.clone() });
        assert!(!buffers.take(peers[2], 11));
        assert!(buffers.take(peers[2], 10));
        for (peer, bytes) in [(peers[0], MOST_OF_ONE - 10), (peers[1], MOST_OF_ONE), (peers[2], 10)] {
            drop(Received { bytes: vec![0; bytes], peer, buffers: buffers.clone() });
        }
        assert_eq!((buffers.held(), buffers.lock().len()), (0, 0));
    }
}
