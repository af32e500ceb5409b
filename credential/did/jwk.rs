//! `did:jwk` (did:jwk method specification): the identifier is the base64url text of a JSON Web Key.

use super::DidError;
use crate::base64url;
use crate::json::{self, Limits, Object, Value};
use crate::key::{KeyMaterial, PublicKey};

pub(super) const METHOD: &str = "jwk";

/// The one verification method of every `did:jwk`.
pub(super) const FRAGMENT: &str = "0";

/// A public JWK with every registered member is below this; certificate chains in one are refused by size.
const JWK: Limits = Limits { bytes: 2048, depth: 3, values: 32 };

#[cfg(test)]
pub(super) fn encode(key: &PublicKey) -> alloc::string::String {
    alloc::format!("did:jwk:{}", base64url::encode(json::to_string(&Value::Object(key.to_jwk())).as_bytes()))
}

pub(super) fn decode(id: &str) -> Result<PublicKey, DidError> {
    let text = base64url::decode(id).map_err(|_| DidError::InvalidKey)?;
    let jwk = json::parse(&text, JWK).map_err(|_| DidError::InvalidKey)?;
    PublicKey::from_jwk(&jwk).map_err(|_| DidError::InvalidKey)
}

/// Returns the JWK in the identifier, and its key.
pub(super) fn read(id: &str) -> Result<(Object<'static>, KeyMaterial), DidError> {
    let text = base64url::decode(id).map_err(|_| DidError::InvalidKey)?;
    let jwk = json::parse(&text, JWK).map_err(|_| DidError::InvalidKey)?;
    let material = KeyMaterial::from_jwk(&jwk).map_err(|_| DidError::InvalidKey)?;
    match jwk.into_owned() {
        Value::Object(jwk) => Ok((jwk, material)),
        _ => Err(DidError::InvalidKey),
    }
}
