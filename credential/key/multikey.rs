//! Multikey (Controlled Identifiers 1.0 §2.2.2): multibase base58-btc over a two-byte multicodec and the raw key.

use super::{InvalidKey, PublicKey};
use alloc::{string::String, vec::Vec};
use multibase::Base;

/// Multicodec `ed25519-pub` as an unsigned varint.
const ED25519: [u8; 2] = [0xed, 0x01];
/// Multicodec `p256-pub` as an unsigned varint.
const P256: [u8; 2] = [0x80, 0x24];
/// Longer than any key we read; base58 decoding is quadratic.
const MAX_TEXT: usize = 64;

pub(super) fn encode(key: &PublicKey) -> String {
    let codec = match key {
        PublicKey::Ed25519(_) => ED25519,
        PublicKey::P256(_) => P256,
    };
    let mut bytes = Vec::from(codec);
    bytes.extend(key.to_bytes());
    multibase::encode(Base::Base58Btc, bytes)
}

pub(super) fn decode(text: &str) -> Result<PublicKey, InvalidKey> {
    if text.len() > MAX_TEXT || !text.starts_with('z') {
        return Err(InvalidKey);
    }
    let (_, bytes) = multibase::decode(text).map_err(|_| InvalidKey)?;
    let (codec, raw) = bytes.split_first_chunk::<2>().ok_or(InvalidKey)?;
    match *codec {
        ED25519 => PublicKey::ed25519(raw.try_into().map_err(|_| InvalidKey)?),
        // Multikey holds the compressed point only.
        P256 if raw.len() == 33 => PublicKey::p256(raw),
        _ => Err(InvalidKey),
    }
}
