//! The checkpoint as a person sees it: a state machine, `update(event) -> (view, effects)`.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness, and holds no text. A shell (terminal, page, phone) reports what happened,
//! carries out the effects and draws the view. It decides no verdict: a [`VerdictView`] is made of a decision and of nothing else.
//!
//! ```
//! use waypass_credential::time::Timestamp;
//! use waypass_screen::{Abilities, Checkpoint, Effect, Event, Kind, Key, Now, Tone, Shown};
//! use waypass_trust::reason::ReasonCode;
//! use waypass_verifier::Decision;
//!
//! let now = |ms| Now { ms, wall: Timestamp::clamped(1_795_161_600) };
//! let mut checkpoint = Checkpoint::new(Abilities::default());
//!
//! // Somebody holds a code in front of the scanner.
//! let (view, effects) = checkpoint.update(Event::Scanned(b"an answer".to_vec()), &now(0));
//! assert_eq!(view.kind, Kind::Deciding);
//! let Some(Effect::Decide { ticket, .. }) = effects.first() else { panic!("it is decided about") };
//!
//! // The gate has no data, so nobody can tell. That is grey, and not red.
//! let decision = Decision::cannot(ReasonCode::NoBundle);
//! let (view, _) = checkpoint.update(Event::Decided { ticket: *ticket, shown: Shown::of(&decision) }, &now(5));
//! assert_eq!((view.kind, view.tone), (Kind::Verdict, Tone::Grey));
//!
//! // Enter is the next scan; otherwise the verdict goes by itself.
//! let (view, _) = checkpoint.update(Event::Key(Key::Enter), &now(900));
//! assert_ne!(view.kind, Kind::Verdict);
//! ```
#![no_std]

extern crate alloc;

mod brought;
mod checkpoint;
mod counters;
mod message;
mod verdict;

pub use brought::Brought;
pub use checkpoint::{
    Abilities, Action, Answerable, Banner, Checkpoint, Effect, Event, Fault, Focus, Form, Key, Kind, Now, Problem, Readiness, Scanner,
    Shape, Shown, Tone, View,
};
pub use counters::Counters;
pub use message::{Evidence, Message, Plain, Side, Value};
pub use verdict::{Checked, Fact, VerdictView};
