//! Ed25519 (RFC 8032), strict: one encoding of each point, no small-order keys or R.

use super::{InvalidKey, InvalidProof, Signature};
use core::{fmt, hash};
use ed25519_dalek::VerifyingKey;

/// An Ed25519 public key, decompressed once.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Ed25519Key(VerifyingKey);

impl Ed25519Key {
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| InvalidKey)?;
        if key.is_weak() || !is_canonical(bytes) { Err(InvalidKey) } else { Ok(Self(key)) }
    }

    /// Returns the 32 bytes of RFC 8032 §5.1.5.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), InvalidProof> {
        let Signature::Short(signature) = signature else { return Err(InvalidProof) };
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).map_err(|_| InvalidProof)
    }
}

/// Returns true if the y coordinate is below 2^255 - 19 (RFC 8032 §5.1.3 step 1). The other second spelling, a sign bit with x = 0,
/// has small order and is refused as weak. Compressing the point again would tell the same at ten times the cost.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    bytes[31] & 0x7f != 0x7f || bytes[1..31].iter().any(|byte| *byte != 0xff) || bytes[0] < 0xed
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ed25519Key").field(&self.as_bytes()).finish()
    }
}

impl hash::Hash for Ed25519Key {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}
