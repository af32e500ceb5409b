//! Multikey (Controlled Identifiers 1.0 §2.2.2): multibase base58-btc over a two-byte multicodec and the raw key.

use super::{Curve, InvalidKey, PublicKey};
use crate::base58;
use alloc::{string::String, vec::Vec};
use multibase::Base;

/// Multicodec `ed25519-pub` as an unsigned varint.
const ED25519: [u8; 2] = [0xed, 0x01];
/// Multicodec `p256-pub` as an unsigned varint.
const P256: [u8; 2] = [0x80, 0x24];
/// Multicodec `p384-pub` as an unsigned varint.
const P384: [u8; 2] = [0x81, 0x24];
/// Multicodec `x25519-pub` as an unsigned varint.
pub(super) const X25519: [u8; 2] = [0xec, 0x01];
/// Multicodec `bls12_381-g2-pub` as an unsigned varint.
pub(super) const BLS12_381_G2: [u8; 2] = [0xeb, 0x01];

pub(super) fn encode(key: &PublicKey) -> String {
    let codec = match &key.0 {
        Curve::Ed25519(_) => ED25519,
        Curve::P256(_) => P256,
        Curve::P384(_) => P384,
    };
    encode_raw(codec, &key.to_bytes())
}

pub(super) fn encode_raw(codec: [u8; 2], key: &[u8]) -> String {
    let mut bytes = Vec::from(codec);
    bytes.extend_from_slice(key);
    multibase::encode(Base::Base58Btc, bytes)
}

pub(super) fn decode(text: &str) -> Result<PublicKey, InvalidKey> {
    let digits = text.strip_prefix('z').ok_or(InvalidKey)?;
    // Codec and length must agree: 32 bytes of Ed25519, or the compressed point (never the uncompressed one) of P-256 or P-384.
    // Because of its codec each of them has one number of digits.
    match digits.len() {
        47 => PublicKey::ed25519(raw::<34>(digits, ED25519)?[2..].try_into().map_err(|_| InvalidKey)?),
        48 => PublicKey::p256(&raw::<35>(digits, P256)?[2..]),
        70 => PublicKey::p384(&raw::<51>(digits, P384)?[2..]),
        _ => Err(InvalidKey),
    }
}

/// Returns the `N` bytes of codec and key.
pub(super) fn raw<const N: usize>(digits: &str, codec: [u8; 2]) -> Result<[u8; N], InvalidKey> {
    base58::decode::<N>(digits).filter(|bytes| bytes.starts_with(&codec)).ok_or(InvalidKey)
}
