//! The signature of a key: R and S, as integers of fixed length.

use super::InvalidProof;
use core::ops::Deref;

/// R and S, one after the other (RFC 8032 §5.1.6; RFC 7518 §3.4). Which algorithm made them, its length does not tell: the key does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signature {
    /// 32 bytes each: Ed25519 and P-256.
    Short([u8; 64]),
    /// 48 bytes each: P-384.
    Long([u8; 96]),
}

impl Signature {
    /// R and S.
    pub(crate) const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short(bytes) => bytes,
            Self::Long(bytes) => bytes,
        }
    }
}

impl Deref for Signature {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Signature {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl From<[u8; 64]> for Signature {
    fn from(bytes: [u8; 64]) -> Self {
        Self::Short(bytes)
    }
}

impl From<[u8; 96]> for Signature {
    fn from(bytes: [u8; 96]) -> Self {
        Self::Long(bytes)
    }
}

/// Bytes that have the length of no signature prove nothing.
impl TryFrom<&[u8]> for Signature {
    type Error = InvalidProof;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidProof> {
        if let Ok(short) = <[u8; 64]>::try_from(bytes) {
            return Ok(Self::Short(short));
        }
        bytes.try_into().map(Self::Long).map_err(|_| InvalidProof)
    }
}
