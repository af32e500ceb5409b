//! The service: lists, bundle, credential pick-up, audit intake and health over HTTP/1.1.
//!
//! TLS is not terminated here: bind to loopback and put a reverse proxy in front.
//!
//! The sockets live on threads of their own; the issuer stays on the caller's thread and answers one request after the
//! other, so its keys need to be neither `Send` nor `Sync` and may be borrowed from an open vault.

use crate::issue::Issuer;
use core::fmt;
use core::time::Duration;
use rand_core::CryptoRng;
use std::net::TcpListener;
use waypass_credential::time::Timestamp;

/// How much the service takes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceLimits {
    /// Connections at the same time; further ones wait in the listener's queue.
    pub connections: usize,
    /// Requests waiting for the issuer; further ones are answered 503.
    pub queue: usize,
    /// Time for a request's headers to arrive.
    pub header_timeout: Duration,
    /// Time from the headers to the answer, the body included.
    pub request_timeout: Duration,
    /// How long requests in flight are waited for when shutting down.
    pub drain: Duration,
}

/// Why the service stopped.
#[derive(Debug)]
pub enum ServeError {
    /// The listener or the runtime failed.
    Io(std::io::Error),
}

/// Serves until SIGTERM or ctrl-c, then drains. `clock` is read once per request.
pub fn serve(
    issuer: &mut Issuer<'_>,
    listener: TcpListener,
    limits: ServiceLimits,
    clock: &dyn Fn() -> Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(), ServeError> {
    let _ = (issuer, listener, limits, clock, rng);
    todo!()
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            connections: 256,
            queue: 64,
            header_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(20),
            drain: Duration::from_secs(10),
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(why) => write!(f, "the service stopped: {why}"),
        }
    }
}

impl core::error::Error for ServeError {}
