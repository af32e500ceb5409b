//! The checkpoint as a device: one open vault with its identity, its state, its open challenges and its log.
//!
//! Receives the open vault, readings of the clock and entropy as arguments. It reads no clock, draws no randomness and opens no file of its
//! own; the vault does that. It does not parse command lines and has no words for people.
//!
//! ```text
//! Gate::open -> ask -> (the holder answers) -> decide -> Recorded     stored before it can be shown
//!            -> sync                                                  newer trust down, the log up
//!            -> settle                                                an amber decision was confirmed, or the person turned away
//!            -> flags, acknowledge_flags                              admissions that a newer list denies
//!            -> erase                                                 the log forgets whom records are about
//!            -> settle_aside, confirm_aside                           a bundle from the future waits for the clock or a person
//!            -> acknowledge                                           a person has looked at what was found
//! ```

mod aside;
mod ask;
mod clock;
mod confirm;
mod decide;
mod erase;
mod error;
mod findings;
mod flags;
mod gate;
mod index;
mod log;
mod records;
mod status;
mod sync;

pub use aside::Aside;
pub use ask::Asked;
pub use confirm::{Became, Needs, Settled};
pub use decide::{Mode, Recorded};
pub use error::GateError;
pub use findings::Acknowledged;
pub use flags::{Flag, Which};
pub use gate::{About, Gate};
pub use status::{Decides, Status};
pub use sync::{BundleTime, Question, Sync};
