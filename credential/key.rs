//! Public keys, signatures and the [`Signer`] joint. Private keys never enter this crate.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) mod cose;
mod ed25519;
mod jwk;
mod material;
mod multikey;
mod nist;
mod signature;

pub use cose::ShortThumbprint;
use ed25519::Ed25519Key;
pub(crate) use material::KeyMaterial;
use nist::{P256Key, P384Key};
pub use signature::Signature;

/// A signature algorithm; a key has exactly one (threats.md A13).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032), JOSE `EdDSA`.
    EdDsa,
    /// ECDSA with P-256 and SHA-256, JOSE `ES256`.
    Es256,
    /// ECDSA with P-384 and SHA-384, JOSE `ES384`.
    Es384,
}

impl Algorithm {
    /// Returns the JOSE name (RFC 7518 §3.1, RFC 8037 §3.1).
    pub const fn jose_name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }

    /// Returns every name that JOSE has for it, the one that we write first: RFC 9864 calls `Ed25519` what RFC 8037 called `EdDSA`.
    pub const fn jose_names(self) -> &'static [&'static str] {
        match self {
            Self::EdDsa => &["EdDSA", "Ed25519"],
            Self::Es256 => &["ES256"],
            Self::Es384 => &["ES384"],
        }
    }

    /// Returns the algorithm of a JOSE name; `none` and everything unknown is `None`.
    pub fn from_jose_name(name: &str) -> Option<Self> {
        match name {
            "EdDSA" => Some(Self::EdDsa),
            "ES256" => Some(Self::Es256),
            "ES384" => Some(Self::Es384),
            _ => None,
        }
    }

    /// Bytes of a signature: R and S (RFC 8032 §5.1.6; RFC 7518 §3.4).
    pub(crate) const fn signature_length(self) -> usize {
        match self {
            Self::EdDsa | Self::Es256 => 64,
            Self::Es384 => 96,
        }
    }
}

/// A public key that passed its curve's checks on import: on the curve, canonical, not of small order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PublicKey(Curve);

/// A point of one of the curves.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Curve {
    Ed25519(Box<Ed25519Key>),
    P256(Box<P256Key>),
    P384(Box<P384Key>),
}

/// The bytes are not an acceptable public key: wrong length, not on the curve, not canonical or of small order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidKey;

/// A proof did not verify. Deliberately says nothing more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidProof;

/// The signer (a sealed key, an HSM, a TPM) could not sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignError;

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an acceptable public key")
    }
}

impl fmt::Display for InvalidProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the proof is not valid")
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key could not sign")
    }
}

impl core::error::Error for InvalidKey {}
impl core::error::Error for InvalidProof {}
impl core::error::Error for SignError {}

/// Whatever holds a private key: a key sealed by the vault, later an HSM, a TPM or an enclave.
pub trait Signer {
    /// Returns the public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message` with the one algorithm of the key.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;
}

impl PublicKey {
    /// Reads an Ed25519 key from its 32 bytes (RFC 8032 §5.1.5).
    pub fn ed25519(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        Ed25519Key::from_bytes(bytes).map(|key| Self(Curve::Ed25519(Box::new(key))))
    }

    /// Reads a P-256 key from its SEC 1 point, compressed (33 bytes) or uncompressed (65 bytes).
    pub fn p256(sec1: &[u8]) -> Result<Self, InvalidKey> {
        P256Key::from_sec1(sec1).map(|key| Self(Curve::P256(Box::new(key))))
    }

    /// Reads a P-384 key from its SEC 1 point, compressed (49 bytes) or uncompressed (97 bytes).
    pub fn p384(sec1: &[u8]) -> Result<Self, InvalidKey> {
        P384Key::from_sec1(sec1).map(|key| Self(Curve::P384(Box::new(key))))
    }

    /// Reads a key from its Multikey text (Controlled Identifiers §2.2.2): `z`, the codec and the bytes.
    pub fn from_multikey(text: &str) -> Result<Self, InvalidKey> {
        multikey::decode(text)
    }

    /// Returns the Multikey text: base58-btc, codec `0xed`, `0x1200` or `0x1201`.
    pub fn to_multikey(&self) -> String {
        multikey::encode(self)
    }

    /// Reads a key from a JSON Web Key (RFC 7517, RFC 8037); private members and a contradicting `alg`, `use` or `key_ops` are refused.
    pub fn from_jwk(jwk: &crate::json::Value<'_>) -> Result<Self, InvalidKey> {
        jwk::decode(jwk)
    }

    /// Returns the JSON Web Key with the required members only, in the order RFC 7638 hashes.
    pub fn to_jwk(&self) -> crate::json::Object<'static> {
        jwk::encode(self)
    }

    /// Returns the one algorithm this key verifies.
    pub const fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Curve::Ed25519(_) => Algorithm::EdDsa,
            Curve::P256(_) => Algorithm::Es256,
            Curve::P384(_) => Algorithm::Es384,
        }
    }

    /// Returns the raw bytes: 32 for Ed25519, the compressed point for P-256 (33) and P-384 (49).
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Curve::Ed25519(key) => key.as_bytes().to_vec(),
            Curve::P256(key) => key.to_compressed().to_vec(),
            Curve::P384(key) => key.to_compressed().to_vec(),
        }
    }

    /// Checks `signature` over `message`: Ed25519 strictly (RFC 8032 §8.4, small-order R refused), P-256 with SHA-256, P-384 with
    /// SHA-384. Rejects a signature whose length does not match the key's algorithm.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), InvalidProof> {
        match &self.0 {
            Curve::Ed25519(key) => key.verify(message, signature),
            Curve::P256(key) => key.verify(message, signature),
            Curve::P384(key) => key.verify(message, signature),
        }
    }
}

/// A public key in our own JSON documents is its Multikey text.
impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_multikey())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::from_multikey(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
