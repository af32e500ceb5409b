//! A service that a process without keys speaks to, while the one with the keys waits for its answers.

use super::relay::taken;
use super::service::{Ask, Fetch, Service};
use crate::error::TransportError;

/// An issuer's service, over a link that another process has.
pub type ErrandTransport<R> = Service<Errands<R>>;

/// Sends somebody for an answer. Returns the status of HTTP and the body.
pub trait Runner {
    /// Fetches it, of at most [`Ask::limit`] bytes.
    fn run(&mut self, ask: &Ask) -> Result<(u16, Vec<u8>), TransportError>;
}

/// Fetches by a runner.
pub struct Errands<R>(R);

impl<R: Runner> ErrandTransport<R> {
    /// Returns the service that `runner` speaks to.
    pub const fn by(runner: R) -> Self {
        Self(Errands(runner))
    }
}

impl<R: Runner> Fetch for Errands<R> {
    fn fetch(&mut self, ask: Ask) -> Result<Vec<u8>, TransportError> {
        let (status, body) = self.0.run(&ask)?;
        taken(&ask, status, body)
    }
}
