//! The online role: issues, lists, revokes, publishes and serves. Performs disk I/O, and network I/O in [`http`] alone;
//! reads no clock and draws no randomness: both are arguments.
//!
//! An [`Issuer`] is a [`store::Store`] (its own database file) under a [`sealed::Seal`], [`keys::Keys`] (signers somebody else
//! unlocked) and [`settings::Settings`]. Everything it does is a method; [`http::serve`] is the same methods behind a socket.
//!
//! The data kept about people: the holder's DID, roles, sites, zones and the display label the operator chose, as ciphertext under the
//! seal's key. Other personal claims are signed into the credential and forgotten. An offer that waits for its pick-up holds them
//! encrypted under the pre-authorized code, which the issuer does not keep.

pub mod acts;
pub mod authorities;
pub mod behind;
pub mod ceremony;
pub mod configure;
pub mod contexts;
pub mod create;
mod draw;
pub mod gates;
pub mod http;
pub mod intake;
pub mod issue;
pub mod keys;
pub mod lists;
pub mod offer;
mod office;
pub mod open;
mod parts;
pub mod policy;
pub mod publish;
pub mod received;
pub mod revoke;
pub mod rotate;
pub mod rules;
pub mod sealed;
pub mod settings;
pub mod store;
mod targets;
pub mod vc_api;

pub use office::Issuer;

#[cfg(test)]
mod testing;
