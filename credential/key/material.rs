//! Key material of DID documents: what verifies, and what is only read and shown.

use super::{InvalidKey, PublicKey, jwk, multikey};
use crate::json::Value;
use alloc::{boxed::Box, string::String};

/// The key of a verification method. Only [`KeyMaterial::Verification`] ever checks a signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum KeyMaterial {
    /// A key that verifies.
    Verification(PublicKey),
    /// An X25519 key (RFC 7748 §5: every 32 bytes are one), for key agreement.
    X25519([u8; 32]),
    /// A BLS12-381 key in G2: a compressed point with coordinates in range. Nothing here computes with it, so whether it lies on the
    /// curve is not checked.
    Bls12381G2(Box<[u8; 96]>),
}

impl KeyMaterial {
    /// Key material from its Multikey text: what [`PublicKey::from_multikey`] reads, and the codecs `0xec` and `0xeb`.
    pub(crate) fn from_multikey(text: &str) -> Result<Self, InvalidKey> {
        PublicKey::from_multikey(text).map(Self::Verification).or_else(|_| from_other_multikey(text))
    }

    /// Returns the Multikey text.
    pub(crate) fn to_multikey(&self) -> String {
        match self {
            Self::Verification(key) => key.to_multikey(),
            Self::X25519(bytes) => multikey::encode_raw(multikey::X25519, bytes),
            Self::Bls12381G2(bytes) => multikey::encode_raw(multikey::BLS12_381_G2, &bytes[..]),
        }
    }

    /// Key material from a JSON Web Key: what [`PublicKey::from_jwk`] reads, and X25519 (RFC 8037 §2).
    pub(crate) fn from_jwk(key: &Value<'_>) -> Result<Self, InvalidKey> {
        PublicKey::from_jwk(key).map(Self::Verification).or_else(|_| jwk::decode_x25519(key).map(Self::X25519))
    }

    /// Returns the JSON Web Key; BLS12-381 has none that is standardised.
    #[cfg(test)]
    pub(crate) fn to_jwk(&self) -> Option<crate::json::Object<'static>> {
        match self {
            Self::Verification(key) => Some(key.to_jwk()),
            Self::X25519(bytes) => Some(jwk::encode_octets("X25519", bytes)),
            Self::Bls12381G2(_) => None,
        }
    }

    /// Returns the key, if it is one that verifies.
    pub(crate) const fn verification_key(&self) -> Option<&PublicKey> {
        if let Self::Verification(key) = self { Some(key) } else { None }
    }
}

/// Reads a key that does not verify signatures.
fn from_other_multikey(text: &str) -> Result<KeyMaterial, InvalidKey> {
    let digits = text.strip_prefix('z').ok_or(InvalidKey)?;
    match digits.len() {
        47 => multikey::raw::<34>(digits, multikey::X25519)?[2..].try_into().map(KeyMaterial::X25519).map_err(|_| InvalidKey),
        134 => {
            let point = multikey::raw::<98>(digits, multikey::BLS12_381_G2)?[2..].try_into().map_err(|_| InvalidKey)?;
            if is_bls12_381_g2(&point) { Ok(KeyMaterial::Bls12381G2(Box::new(point))) } else { Err(InvalidKey) }
        }
        _ => Err(InvalidKey),
    }
}

/// p, most significant byte first (draft-irtf-cfrg-pairing-friendly-curves §4.2.1).
const P: [u8; 48] = [
    0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6, 0x43, 0x4b, 0xac, 0xd7, 0x64, 0x77, 0x4b, 0x84, 0xf3, 0x85,
    0x12, 0xbf, 0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24, 0x1e, 0xab, 0xff, 0xfe, 0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff,
    0xff, 0xff, 0xaa, 0xab,
];

/// Returns true if these bytes can be a G2 point (same draft, appendix C): compressed, not the point at infinity, both halves of x below p.
fn is_bls12_381_g2(bytes: &[u8; 96]) -> bool {
    const COMPRESSED: u8 = 0x80;
    const INFINITY: u8 = 0x40;
    let (mut high, mut low) = ([0; 48], [0; 48]);
    high.copy_from_slice(&bytes[..48]);
    low.copy_from_slice(&bytes[48..]);
    let flags = high[0];
    high[0] &= 0x1f;
    flags & COMPRESSED != 0 && flags & INFINITY == 0 && high < P && low < P
}

#[cfg(test)]
mod tests {
    use super::{KeyMaterial, P, is_bls12_381_g2};
    use crate::json::Value;
    use crate::key::{InvalidKey, PublicKey, Signer as _};
    use crate::testing::Key;
    use alloc::boxed::Box;

    fn g2() -> [u8; 96] {
        let mut bytes = [7; 96];
        bytes[0] = 0x87;
        bytes
    }

    #[test]
    fn every_form_reads_back() {
        let keys = [Key::ed25519(1), Key::p256(1), Key::p384(1)].map(|key| KeyMaterial::Verification(key.public_key().clone()));
        for material in keys.into_iter().chain([KeyMaterial::X25519([9; 32]), KeyMaterial::Bls12381G2(Box::new(g2()))]) {
            assert_eq!(KeyMaterial::from_multikey(&material.to_multikey()).as_ref(), Ok(&material));
            if let Some(jwk) = material.to_jwk() {
                assert_eq!(KeyMaterial::from_jwk(&Value::Object(jwk)).as_ref(), Ok(&material));
            }
        }
    }

    /// The forms of the other two read as material and never as a key that verifies.
    #[test]
    fn only_signature_keys_verify() {
        for material in [KeyMaterial::X25519([9; 32]), KeyMaterial::Bls12381G2(Box::new(g2()))] {
            assert_eq!(material.verification_key(), None);
            assert_eq!(PublicKey::from_multikey(&material.to_multikey()), Err(InvalidKey));
            if let Some(jwk) = material.to_jwk() {
                assert_eq!(PublicKey::from_jwk(&Value::Object(jwk)), Err(InvalidKey));
            }
        }
    }

    #[test]
    fn g2_points_are_compressed_and_in_range() {
        assert!(is_bls12_381_g2(&g2()));
        for flags in [0x00, 0x40, 0xc0, 0x60] {
            let mut bytes = g2();
            bytes[0] = flags | 0x07;
            assert!(!is_bls12_381_g2(&bytes), "{flags:x}");
        }
        for half in [0, 48] {
            let mut bytes = g2();
            bytes[half..half + 48].copy_from_slice(&P);
            bytes[0] |= 0x80;
            assert!(!is_bls12_381_g2(&bytes), "p in {half}");
            bytes[half + 47] -= 1;
            assert!(is_bls12_381_g2(&bytes), "p - 1 in {half}");
        }
    }

    #[test]
    fn contradicting_and_private_agreement_keys_are_refused() {
        let jwk = |name: &'static str, value: &'static str| {
            KeyMaterial::from_jwk(&Value::Object(KeyMaterial::X25519([9; 32]).to_jwk().unwrap_or_default().with(name, value)))
        };
        assert!(jwk("use", "enc").is_ok() && jwk("alg", "ECDH-ES+A256KW").is_ok() && jwk("kid", "1").is_ok());
        for (name, value) in [("use", "sig"), ("alg", "EdDSA"), ("d", "AA"), ("x", "AA"), ("kty", "EC"), ("key_ops", "sign")] {
            assert_eq!(jwk(name, value), Err(InvalidKey), "{name}");
        }
        assert_eq!(KeyMaterial::from_jwk(&Value::Object(crate::json::Object::new())), Err(InvalidKey));
    }
}
