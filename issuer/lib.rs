//! The online role: issues, lists, revokes, publishes and serves. Performs disk I/O, and network I/O in [`http`] alone;
//! reads no clock and draws no randomness: both are arguments.
//!
//! An [`Issuer`] is a [`store::Store`] (its own database file) under a [`sealed::Seal`], [`keys::Keys`] (signers somebody else
//! unlocked) and [`settings::Settings`]. Everything it does is a method; [`http::serve`] is the same methods behind a socket.
//!
//! The data kept about people: the holder's DID, roles, sites, zones and the display label the operator chose, as ciphertext under the
//! seal's key. Other personal claims are signed into the credential and forgotten. An offer that waits for its pick-up holds them
//! encrypted under the pre-authorized code, which the issuer does not keep.
//!
//! ```
//! use waypass_credential::json::Object;
//! use waypass_credential::time::Timestamp;
//! use waypass_issuer::Issuer;
//! use waypass_issuer::issue::{Format, Order, Validity};
//! use waypass_issuer::keys::{KeyRole, KeyUse, Keys};
//! use waypass_issuer::revoke::{Cause, Grounds};
//! use waypass_issuer::sealed::Seal;
//! use waypass_issuer::settings::Settings;
//! use waypass_issuer::store::{MissingLog, SqliteStore};
//! # use ed25519_dalek::Signer as _;
//! # use waypass_credential::key::{PublicKey, SignError, Signature, Signer};
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
//! # struct Key(ed25519_dalek::SigningKey, PublicKey);
//! # impl Key {
//! #     fn new(number: u8) -> Self {
//! #         let key = ed25519_dalek::SigningKey::from_bytes(&[number; 32]);
//! #         let public = PublicKey::ed25519(key.verifying_key().as_bytes()).expect("a key");
//! #         Self(key, public)
//! #     }
//! # }
//! # impl Signer for Key {
//! #     fn public_key(&self) -> &PublicKey { &self.1 }
//! #     fn sign(&self, message: &[u8]) -> Result<Signature, SignError> { Ok(self.0.sign(message).to_bytes().into()) }
//! # }
//! # let folder = tempfile::tempdir()?;
//! # let key = Key::new;
//! # let (seal_key, holder, mut entropy) = ([7; 32], Key::new(9).1, Entropy(7));
//!
//! // Each key comes from a vault that somebody unlocked.
//! let keys = Keys::new().with(KeyUse::Credential, key(1)).with(KeyUse::Status, key(2)).with(KeyUse::Intake, key(3));
//! let keys = keys.with(KeyRole::Root, key(4)).with(KeyRole::Targets, key(5));
//! let keys = keys.with(KeyRole::Snapshot, key(6)).with(KeyRole::Timestamp, key(7));
//! let store = SqliteStore::open(&folder.path().join("issuer.db"), MissingLog::Refused)?;
//! let now = Timestamp::from_unix(1_795_161_600).ok_or("no time")?;
//! let settings = Settings::new("St Anna", "https://issuer.example");
//! let mut issuer = Issuer::create(Box::new(store), Seal::new(&seal_key, None), settings, keys, now)?;
//!
//! let order = Order {
//!     format: Format::SdJwtVc,
//!     algorithm: None,
//!     suites: vec![],
//!     status: None,
//!     roles: vec!["nurse".into()],
//!     sites: vec!["north".into()],
//!     zones: vec!["ward".into()],
//!     valid_from: None,
//!     validity: Validity::For(30 * 86_400),
//!     label: "badge 17".into(),
//!     personal: Object::new().with("given_name", "Ada"),
//! };
//! let issued = issuer.issue(&order, &holder, "Ines", now, &mut entropy)?;
//! let first = issuer.publish(now.plus(1))?;
//! assert!(first.opened().missing_lists().is_empty());
//!
//! // The badge is lost. Gates know it once they have the next publication.
//! let lost = Grounds { cause: Cause::Lost, note: String::new(), operator: "Ines".into() };
//! issuer.revoke(&issued.record.id, &lost, now.plus(60))?;
//! let second = issuer.publish(now.plus(61))?;
//! assert!(second.timestamp > first.timestamp);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
pub mod identity;
pub mod intake;
pub mod issue;
pub mod keys;
pub mod lists;
mod names;
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
pub mod site_ca;
pub mod store;
mod targets;
pub mod vc_api;

pub use office::Issuer;

#[cfg(test)]
mod testing;
