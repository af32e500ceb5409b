//! What a credential is: bytes to types, proofs, keys and DIDs.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. Verification and canonicalization happen here; signing
//! only through the [`key::Signer`] joint, whose software implementation lives in `waypass-vault`.
#![no_std]

extern crate alloc;

// The N-Quads reader of the tests is shared with `tests/vectors`, and names this crate as that does.
#[cfg(test)]
extern crate self as waypass_credential;

mod base58;
pub mod base64url;
pub mod canon;
pub mod cbor;
pub mod did;
pub mod format;
pub mod hex;
pub mod json;
pub mod jsonld;
pub mod jws;
pub mod key;
pub mod proof;
pub mod request;
pub mod role;
pub mod time;
pub mod vcdm;

#[cfg(test)]
mod testing;
