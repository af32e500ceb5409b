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
//!
//! A new gate, which its site has not enrolled yet:
//!
//! ```
//! use waypass_credential::request::Query;
//! use waypass_credential::time::Timestamp;
//! use waypass_gate::{About, Carrier, Decides, Gate, Mode};
//! use waypass_trust::bundle::Root;
//! use waypass_trust::reason::{Level, ReasonCode};
//! use waypass_trust::time::Reading;
//! use waypass_vault::{Factors, Host, KdfCost, MemoryStorage, MemoryTrust, Password, PlainMemory, TrustStore, Vault};
//!
//! # use rand_core::{TryCryptoRng, TryRng};
//! # // An example repeats itself; a device hands in true randomness.
//! # struct Entropy(u64);
//! # impl TryRng for Entropy {
//! #     type Error = core::convert::Infallible;
//! #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> { Ok(self.try_next_u64()? as u32) }
//! #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
//! #         self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
//! #         let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
//! #         Ok(mixed ^ (mixed >> 27))
//! #     }
//! #     fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> {
//! #         for byte in to { *byte = self.try_next_u64()? as u8; }
//! #         Ok(())
//! #     }
//! # }
//! # impl TryCryptoRng for Entropy {}
//! # let case: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors/waypass/admit-sd-jwt-vc.json"))?;
//! # let (file, first_root) = (case["steps"][0]["bundle"].to_string(), case["steps"][0]["bundle"]["root"][0].to_string());
//! # let number = case["pinned_root_sha256"].as_str().ok_or("no number")?.parse()?;
//! # let host = Host { storage: Box::new(MemoryStorage::default()), memory: Box::new(PlainMemory), entropy: Box::new(Entropy(7)) };
//! # let password = Password::new("tulip anchor seven");
//! # let (mut vault, _) = Vault::create(host, "verifier", &password, KdfCost::Floor)?;
//! # let (shown, mut entropy) = (b"something from a stranger", Entropy(9));
//! let now = Reading { wall: Timestamp::from_unix(1_795_161_610).ok_or("no time")?, boottime_ms: 5_000, boot_id: [1; 16] };
//! let unlocked = vault.unlock(&Factors::one(&password), &now)?;
//! Gate::set_up(&unlocked, &About { name: "North door".into(), site: "clinic-north".into(), zone: "ward".into() })?;
//!
//! let gate = Gate::open(&unlocked, TrustStore::new(MemoryTrust::default()))?;
//! gate.belief().pin(&Root::pin(first_root.as_bytes(), &number)?)?;
//! gate.belief().take(file.as_bytes())?;
//! assert_eq!(gate.status(&now)?.decides(), Decides::NotYet);
//!
//! let asked = gate.ask(Query::any_role(), "Ward round", Carrier::Code, &now, &mut entropy)?;
//! assert_eq!(asked.request.client_id, gate.identity().id);
//! // The decision is in the log before it can be shown.
//! let recorded = gate.decide(shown, Mode::Gate, &[], &now, &mut entropy)?;
//! assert_eq!(recorded.decision().level(), Level::Grey);
//! assert_eq!(recorded.decision().reasons[0].code, ReasonCode::GateNotEnrolled);
//! assert_eq!(gate.records(), 1);
//! gate.verify_log(|| ())?;
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod aside;
mod ask;
mod clock;
mod confirm;
mod decide;
mod enrol;
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
#[cfg(test)]
mod testing;
#[cfg(test)]
#[path = "../tests/world.rs"]
#[expect(dead_code, reason = "the world serves several test binaries, each with a part of it")]
mod world;

pub use aside::Aside;
pub use ask::{Asked, Carrier};
pub use confirm::{Became, Needs, Settled};
pub use decide::{Mode, Recorded};
pub use enrol::BadAbout;
pub use error::GateError;
pub use findings::Acknowledged;
pub use flags::{Flag, Which};
pub use gate::{About, Gate};
pub use status::{Decides, Status};
pub use sync::{BundleTime, Question, Sync};
