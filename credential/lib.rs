//! Reads and makes credentials: bytes to types, proofs, keys and DIDs.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. Verification and canonicalization happen here; signing
//! only through the [`key::Signer`] joint, whose software implementation is in `waypass-vault`.
//!
//! The floors, each of which imports only floors below it:
//!
//! | floor | modules |
//! |---|---|
//! | roof | [`Credential`], [`Presentation`], [`request`] |
//! | models: claims to meaning | [`vcdm`], [`role`] |
//! | codecs: bytes to claims | [`sd_jwt`], `sd_cwt`, [`data_integrity`], [`cose`] |
//! | statements | [`canon`], [`jsonld`] |
//! | keys | [`key`], [`jws`], [`did`] |
//! | bytes | [`json`], [`cbor`], [`base64url`], [`time`] |
#![no_std]

extern crate alloc;

// The N-Quads reader of the tests is shared with `tests/vectors`, and names this crate as that does.
#[cfg(test)]
extern crate self as waypass_credential;

mod base58;
pub mod base64url;
mod binding;
pub mod canon;
pub mod cbor;
mod claim_path;
pub mod cose;
mod credential;
pub mod data_integrity;
pub mod did;
mod error;
mod format;
pub mod hex;
pub mod json;
pub mod jsonld;
pub mod jws;
pub mod key;
mod key_source;
mod malformed;
mod registered_claims;
pub mod request;
pub mod role;
mod sd_cwt;
pub mod sd_jwt;
pub mod time;
pub mod vcdm;

pub use binding::{Binding, HolderError, HolderProof, Nonce};
pub use claim_path::{ClaimPath, PathStep};
pub use credential::{Credential, Issuance, Presentation, Untrusted, Verified};
pub use error::{IssueError, PresentError, VerifyError};
pub use format::{Format, MAX_BYTES, from_file};
pub use key_source::{Claimed, KeyClaim, KeySource};
pub use malformed::Malformed;

#[cfg(test)]
mod testing;
