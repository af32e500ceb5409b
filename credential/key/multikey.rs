//! Multikey (Controlled Identifiers 1.0 §2.2.2): multibase base58-btc over a two-byte multicodec and the raw key.

use super::{InvalidKey, PublicKey};
use crate::base58;
use alloc::{string::String, vec::Vec};
use multibase::Base;

/// Multicodec `ed25519-pub` as an unsigned varint.
const ED25519: [u8; 2] = [0xed, 0x01];
/// Multicodec `p256-pub` as an unsigned varint.
const P256: [u8; 2] = [0x80, 0x24];

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
    let digits = text.strip_prefix('z').ok_or(InvalidKey)?;
    // The codec and the length must agree: 32 bytes of Ed25519, or the compressed point (never the uncompressed one) of P-256.
    if let Some(bytes) = base58::decode::<34>(digits)
        && let Some((&ED25519, raw)) = bytes.split_first_chunk::<2>()
    {
        return PublicKey::ed25519(raw.try_into().map_err(|_| InvalidKey)?);
    }
    if let Some(bytes) = base58::decode::<35>(digits)
        && let Some((&P256, raw)) = bytes.split_first_chunk::<2>()
    {
        return PublicKey::p256(raw);
    }
    Err(InvalidKey)
}
