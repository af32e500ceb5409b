//! How the offline roles reach a link: sync over HTTP or a file, credential pick-up and DID documents.
//!
//! The one place of the offline roles that may open a socket. Only bytes arrive here; `waypass-trust` decides whether to believe them.

mod client;
pub mod did_web;
mod error;
pub mod pickup;
mod public;
pub mod sync;
pub mod transport;

pub use client::{Reach, Timeouts};
pub use error::TransportError;

#[cfg(test)]
mod testing;
