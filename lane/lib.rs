//! A lane of a gate: the checkpoint's screen, its scanner, and what both ask of the gate.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. A terminal brings its own gate and draws views itself ([`Lane`], [`ask`],
//! [`decide`], ..). A page has an [`Engine`], which is given a [`Home`] and is spoken to in JSON.
//!
//! ```
//! use waypass_credential::time::Timestamp;
//! use waypass_lane::Lane;
//! use waypass_screen::{Abilities, Effect, Kind, Now};
//!
//! let now = Now { ms: 0, wall: Timestamp::clamped(1_795_161_600) };
//! let mut lane = Lane::new(Abilities::default(), &now);
//! assert_eq!(lane.next_for_gate(), Some(Effect::Refresh));
//!
//! // Somebody's parcel label: said, and in nobody's way.
//! lane.line(b"https://parcel.example/123", &now);
//! assert!(lane.view().notice.is_some());
//! assert_eq!((lane.view().kind, lane.is_idle()), (Kind::Starting, true));
//! ```

mod duty;
mod engine;
mod lane;

pub use duty::{Question, ask, decide, refresh, settle};
pub use engine::{Answer, Engine, Home};
pub use lane::Lane;

#[cfg(test)]
#[path = "../tests/world.rs"]
#[expect(dead_code, reason = "the world serves several test binaries, each with a part of it")]
mod world;
