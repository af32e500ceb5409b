//! A service whose link somebody else holds: a page fetches, and its engine waits for nobody.
//!
//! A synchronization over it is cut short at the first thing that is still to be fetched. The caller fetches that, hands in the answer, and
//! runs the synchronization again: it goes on from what the device holds then, and takes each answer once more from here.

use super::service::{Ask, Fetch, Service};
use crate::error::TransportError;
use crate::refusal::refused;

/// An issuer's service, over a link that somebody else holds.
pub type RelayTransport = Service<Relay>;

/// The answers that were fetched, and what is to be fetched next.
#[derive(Default, Debug)]
pub struct Relay {
    fetched: Vec<(String, Answer)>,
    wanted: Option<Ask>,
}

#[derive(Debug)]
struct Answer {
    /// The HTTP status; 0 if there was no link.
    status: u16,
    body: Vec<u8>,
}

impl RelayTransport {
    /// Begins with nothing fetched.
    pub fn new() -> Self {
        Self(Relay::default())
    }

    /// Returns what is to be fetched; `None` if the run did not stop for that.
    pub const fn wanted(&self) -> Option<&Ask> {
        self.0.wanted.as_ref()
    }

    /// Takes the answer to what was wanted. `status` is that of HTTP, or 0 if there was no link.
    pub fn answer(&mut self, status: u16, body: Vec<u8>) {
        if let Some(ask) = self.0.wanted.take() {
            self.0.fetched.push((ask.path, Answer { status, body }));
        }
    }
}

impl Default for RelayTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl Fetch for Relay {
    fn fetch(&mut self, ask: Ask) -> Result<Vec<u8>, TransportError> {
        let Some(at) = self.fetched.iter().position(|(path, _)| *path == ask.path) else {
            self.wanted = Some(ask);
            return Err(TransportError::NotYet);
        };
        let answer = if ask.repeats { self.fetched.remove(at).1 } else { self.fetched[at].1.copy() };
        if answer.status == 0 {
            return Err(TransportError::Unreachable { host: "the server of this page".to_owned() });
        }
        taken(&ask, answer.status, answer.body)
    }
}

/// Returns the body of a 2xx answer that somebody else fetched.
pub(super) fn taken(ask: &Ask, status: u16, body: Vec<u8>) -> Result<Vec<u8>, TransportError> {
    match status {
        200..=299 if body.len() > ask.limit => Err(TransportError::TooLarge { what: ask.what, limit: ask.limit }),
        200..=299 => Ok(body),
        status => Err(refused(ask.what, status, &body)),
    }
}

impl Answer {
    fn copy(&self) -> Self {
        Self { status: self.status, body: self.body.clone() }
    }
}
