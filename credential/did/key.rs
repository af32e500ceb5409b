//! `did:key` (W3C CCG did:key method v0.9): the identifier is the key's Multikey text.

use super::DidError;
use crate::key::{KeyMaterial, PublicKey};
use alloc::{format, string::String};

pub(crate) const METHOD: &str = "key";

pub(super) fn encode(key: &PublicKey) -> String {
    format!("did:key:{}", key.to_multikey())
}

pub(super) fn verification_method(key: &PublicKey) -> String {
    let text = key.to_multikey();
    format!("did:key:{text}#{text}")
}

pub(super) fn decode(id: &str) -> Result<PublicKey, DidError> {
    PublicKey::from_multikey(id).map_err(|_| DidError::InvalidKey)
}

/// Returns the key, also where it verifies nothing.
pub(super) fn material(id: &str) -> Result<KeyMaterial, DidError> {
    KeyMaterial::from_multikey(id).map_err(|_| DidError::InvalidKey)
}
