//! The checkpoint: asks, verifies, decides, and says how old the evidence is.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. [`Checkpoint::step`] answers every byte string with a
//! [`Decision`] and hands back a [`Commit`], which the shell makes durable *before* it shows the decision. If that
//! fails, it shows [`Decision::cannot`] with `storage_failed`.
//!
//! ```text
//! observe(reading) -> Moment -> ask -> (Challenge, Request) ... presentation
//!                     step(presentation, challenges, moment, rng) -> (Decision, Commit) -> stored -> committed(commit)
//! ```
#![no_std]

extern crate alloc;

mod act;
mod challenge;
mod check;
mod decide;
mod decision;
mod device;
mod grant;
mod json;
mod seen;
mod step;
mod verify;

pub use challenge::{BadChallenge, Challenge, Challenges};
pub use decision::{Age, Decision, Evidence, GateIdentity, Verdict, Who};
pub use device::{BadState, DeviceState};
pub use grant::{Grant, Passed, PeerCheck};
pub use step::Step;
pub use verify::{Checkpoint, Commit};
