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
//!
//! One question and its answer, a case that is published with the sources:
//!
//! ```
//! use waypass_credential::request::Query;
//! use waypass_credential::time::Timestamp;
//! use waypass_trust::bundle::{Digest, Root, TrustBundle};
//! use waypass_trust::policy::RolePolicy;
//! use waypass_trust::reason::Level;
//! use waypass_trust::time::Reading;
//! use waypass_verifier::{Challenge, Checkpoint, DeviceState, GateIdentity};
//!
//! # use rand_core::{TryCryptoRng, TryRng};
//! # struct Ones;
//! # impl TryRng for Ones {
//! #     type Error = core::convert::Infallible;
//! #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> { Ok(0x0101_0101) }
//! #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> { Ok(0x0101_0101_0101_0101) }
//! #     fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> { to.fill(1); Ok(()) }
//! # }
//! # impl TryCryptoRng for Ones {}
//! # // The case was made with this nonce; a gate draws a new one.
//! # let mut entropy = Ones;
//! # let case: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors/waypass/admit-sd-jwt-vc.json"))?;
//! # let (file, first_root) = (case["steps"][0]["bundle"].to_string(), case["steps"][0]["bundle"]["root"][0].to_string());
//! # let query = case["steps"][1]["query"].to_string();
//! # let shown = case["steps"][2]["presentation"].as_str().ok_or("no presentation")?;
//! # let number: Digest = case["pinned_root_sha256"].as_str().ok_or("no number")?.parse()?;
//! # let text = |name: &str| case["gate"][name].as_str().unwrap_or_default().to_owned();
//! # let gate = GateIdentity { id: text("id"), name: text("name"), site: text("site"), zone: text("zone") };
//! # let wall = Timestamp::from_unix(1_795_161_610).ok_or("no time")?;
//! # let reading = Reading { wall, boottime_ms: 86_410_000, boot_id: [1; 16] };
//! let bundle = TrustBundle::open(file.as_bytes(), &Root::pin(first_root.as_bytes(), &number)?)?;
//! let rules = RolePolicy::compile(bundle.policy())?;
//! let mut state = DeviceState::new(&gate.id);
//! let _ = state.learn_time(&bundle, &reading);
//! let mut checkpoint = Checkpoint::new(gate, &bundle, &rules, state);
//!
//! let now = checkpoint.observe(&reading);
//! let (challenge, request) = checkpoint.ask(Query::parse(query.as_bytes())?, "Ward round", &now, &mut entropy);
//! assert_eq!(request.purpose, "Ward round");
//!
//! // The challenge is used up by one answer. Two processes hand it on as bytes.
//! let kept = challenge.to_bytes();
//!
//! // A nurse at her own ward.
//! let (decision, commit) = checkpoint.step(shown.as_bytes(), challenge, &now, &mut entropy);
//! assert_eq!(decision.level(), Level::Green);
//! // Store `commit.state_bytes()` here. Only then is the decision shown.
//! checkpoint.committed(commit);
//!
//! // Her answer a second time.
//! let (decision, _) = checkpoint.step(shown.as_bytes(), Challenge::from_bytes(&kept)?, &now, &mut entropy);
//! assert_eq!(decision.level(), Level::Red);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
#![no_std]

extern crate alloc;

mod act;
mod administrators;
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

pub use administrators::{Administrators, Shown};
pub use challenge::{BadChallenge, Challenge, Challenges};
pub use decision::{Age, Decision, Evidence, GateIdentity, Verdict, Who};
pub use device::{BadState, DeviceState};
pub use grant::{CardGrant, Grant, Passed, PeerCheck};
pub use step::Step;
pub use verify::{Checkpoint, Commit};
