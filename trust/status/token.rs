//! Status list tokens: the signed JWT around a compressed bitmap (draft-ietf-oauth-status-list §5.1).

use alloc::{string::String, vec::Vec};
use waypass_credential::{
    key::{PublicKey, Signer},
    time::Timestamp,
};

use super::{
    ListError,
    list::{Bits, StatusList},
};

/// No bitmap inflates above this, whatever is announced: 32 Mi entries of 2 bits; an issuer with more splits its list.
pub const HARD_CAP: usize = 8 * 1024 * 1024;

/// What an issuer signs: the list's address, its time and its lifetime.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusListToken {
    /// `sub`: the list's URI.
    pub uri: String,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Option<Timestamp>,
    /// `ttl` in seconds.
    pub ttl_seconds: Option<u64>,
}

impl StatusListToken {
    /// Compresses and signs `list` under `key_id`.
    pub fn sign(&self, list: StatusList<'_>, key_id: &str, signer: &dyn Signer) -> Result<String, ListError> {
        let _ = (list, key_id, signer);
        todo!()
    }

    /// Verifies a token text with a key that the caller trusts for it; the bitmap may inflate to `max_bytes`.
    pub fn verify(text: &str, key: &PublicKey, max_bytes: usize) -> Result<VerifiedList, ListError> {
        let _ = (text, key, max_bytes);
        todo!()
    }
}

/// A token whose signature was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedList {
    /// What it says about itself.
    pub token: StatusListToken,
    pub(crate) bits: Bits,
    pub(crate) bytes: Vec<u8>,
}

impl VerifiedList {
    /// The bitmap.
    pub fn list(&self) -> StatusList<'_> {
        StatusList::new(self.bits, &self.bytes)
    }
}
