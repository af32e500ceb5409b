//! A device's belief, and how old that is: the signed trust bundle, status lists, freshness, and the assessment of a
//! credential against them.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. Time is an argument ([`time::Moment`]), bytes come and go
//! as slices and vectors; keeping them is the caller's.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod assess;
pub mod audit;
pub mod bundle;
pub mod freshness;
mod parts;
#[cfg(feature = "policy")]
pub mod policy;
pub mod reason;
pub mod status;
pub mod sync;
pub mod time;

pub use waypass_credential::cbor;

#[cfg(test)]
mod testing;
#[cfg(test)]
#[path = "../tests/vectors/lists.rs"]
mod vectors;
