//! COSE keys (RFC 9052 §7, RFC 9053 §7) and their thumbprints (RFC 9679).

use super::{Algorithm, Curve, InvalidKey, PublicKey};
use crate::cbor::{Item, Label, Map, Writer};
use crate::hex;
use alloc::{borrow::Cow, vec, vec::Vec};
use core::fmt;
use sha2::{Digest, Sha256};

/// Labels of a key (RFC 9052 §7.1, RFC 9053 §7.1 and §7.2).
mod label {
    pub(super) const KTY: i64 = 1;
    pub(super) const ALG: i64 = 3;
    pub(super) const KEY_OPS: i64 = 4;
    pub(super) const CRV: i64 = -1;
    pub(super) const X: i64 = -2;
    pub(super) const Y: i64 = -3;
    pub(super) const D: i64 = -4;
}

const OKP: i64 = 1;
const EC2: i64 = 2;
const P256: i64 = 1;
const P384: i64 = 2;
const ED25519: i64 = 6;
/// The key operation `verify` (RFC 9052 §7.1).
const VERIFY: i64 = 2;

/// The first 8 bytes of a key's COSE thumbprint by SHA-256 (RFC 9679 §3).
///
/// It names a key among the few that somebody knows, and proves nothing. A second key with the same one costs 2^64 hashes to find.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ShortThumbprint(pub [u8; 8]);

impl ShortThumbprint {
    /// Returns the short thumbprint of `key`.
    pub fn of(key: &PublicKey) -> Self {
        let mut out = Writer::with_capacity(112);
        encode(key).write(&mut out);
        let mut short = [0; 8];
        short.copy_from_slice(&Sha256::digest(out.into_bytes())[..8]);
        Self(short)
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for ShortThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// Returns the key with exactly the members that RFC 9679 §4 hashes, which are also those that it needs.
pub(crate) fn encode(key: &PublicKey) -> Map<'static> {
    let bytes = |bytes: &[u8]| Item::Bytes(Cow::Owned(bytes.to_vec()));
    let (kty, crv, x, y): (_, _, &[u8], Option<&[u8]>) = match &key.0 {
        Curve::Ed25519(key) => (OKP, ED25519, key.as_bytes(), None),
        Curve::P256(key) => (EC2, P256, &key.point()[1..33], Some(&key.point()[33..])),
        Curve::P384(key) => (EC2, P384, &key.point()[1..49], Some(&key.point()[49..])),
    };
    let mut members = vec![
        (Label::Integer(label::KTY), Item::Integer(kty)),
        (Label::Integer(label::CRV), Item::Integer(crv)),
        (Label::Integer(label::X), bytes(x)),
    ];
    members.extend(y.map(|y| (Label::Integer(label::Y), bytes(y))));
    Map(members)
}

/// Reads a key; a private member, and an `alg` or `key_ops` that contradicts, are refused. `y` may be its sign alone (RFC 9053 §7.1.1).
pub(crate) fn decode(key: &Map<'_>) -> Result<PublicKey, InvalidKey> {
    if key.at(label::D).is_some() {
        return Err(InvalidKey);
    }
    let integer = |label| key.at(label).and_then(Item::as_integer);
    let x = key.at(label::X).and_then(Item::as_bytes).ok_or(InvalidKey)?;
    let read = match (integer(label::KTY), integer(label::CRV)) {
        (Some(OKP), Some(ED25519)) => PublicKey::ed25519(x.try_into().map_err(|_| InvalidKey)?)?,
        (Some(EC2), Some(P256)) => PublicKey::p256(&point(x, key.at(label::Y), 32)?)?,
        (Some(EC2), Some(P384)) => PublicKey::p384(&point(x, key.at(label::Y), 48)?)?,
        _ => return Err(InvalidKey),
    };
    let alg_agrees = key.at(label::ALG).is_none_or(|alg| alg.as_integer().is_some_and(|id| read.algorithm().cose_ids().contains(&id)));
    let is_verify = |op: &Item<'_>| op.as_integer() == Some(VERIFY) || op.as_text() == Some("verify");
    let ops_agree = key.at(label::KEY_OPS).is_none_or(|ops| ops.as_array().is_some_and(|ops| ops.iter().any(is_verify)));
    if alg_agrees && ops_agree { Ok(read) } else { Err(InvalidKey) }
}

/// Returns the SEC 1 point of coordinates of exactly the curve's length.
fn point(x: &[u8], y: Option<&Item<'_>>, length: usize) -> Result<Vec<u8>, InvalidKey> {
    let first = match y {
        Some(Item::Bool(is_odd)) => 2 | u8::from(*is_odd),
        Some(Item::Bytes(y)) if y.len() == length => 4,
        _ => return Err(InvalidKey),
    };
    if x.len() != length {
        return Err(InvalidKey);
    }
    let y = y.and_then(Item::as_bytes).unwrap_or_default();
    Ok([&[first], x, y].concat())
}

impl Algorithm {
    /// Returns the number by which COSE names it fully (RFC 9864 §2).
    pub const fn cose_id(self) -> i64 {
        self.cose_ids()[0]
    }

    /// Returns every number that COSE has for it, the one that names it fully first (RFC 9864 §2, RFC 9053 §2).
    pub(crate) const fn cose_ids(self) -> [i64; 2] {
        match self {
            Self::EdDsa => [-19, -8],
            Self::Es256 => [-9, -7],
            Self::Es384 => [-51, -35],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ShortThumbprint, decode, encode};
    use crate::cbor::{Item, Label, Map};
    use crate::hex;
    use crate::key::{InvalidKey, PublicKey, Signer as _};
    use crate::testing::Key;
    use alloc::{borrow::Cow, string::ToString, vec};

    #[test]
    fn keys_read_back() {
        for key in [Key::ed25519(1), Key::p256(1), Key::p384(1)] {
            assert_eq!(decode(&encode(key.public_key())).as_ref(), Ok(key.public_key()));
        }
    }

    /// The issuer and the holder of the draft's examples (draft-ietf-spice-sd-cwt appendix C).
    #[test]
    fn thumbprints_are_those_of_the_draft() {
        let holder = "048554eb275dcd6fbd1c7ac641aa2c90d92022fd0d3024b5af18c7cc61ad527a2d4dc7ae2c677e96d0cc82597655ce92d5503f54293d87875d1e79ce4770194343";
        let issuer = "04c31798b0c7885fa3528fbf877e5b4c3a6dc67a5a5dc6b307b728c3725926f2abe5fb4964cd91e3948a5493f6ebb6cbbf8f6c7ec761691cad374c4daa9387453f18058ece58eb0a8e84a055a31fb7f9214b27509522c159e764f8711e11609554";
        let holder = PublicKey::p256(&hex::decode::<65>(holder).expect("hex")).expect("a key");
        let issuer = PublicKey::p384(&hex::decode::<97>(issuer).expect("hex")).expect("a key");
        assert_eq!(ShortThumbprint::of(&holder).to_string(), "8343d73cdfcb81f2");
        assert_eq!(ShortThumbprint::of(&issuer).to_string(), "554550a611c9807b");
    }

    #[test]
    fn a_compressed_point_is_read() {
        for key in [Key::p256(1), Key::p256(2), Key::p256(3), Key::p384(1), Key::p384(2)] {
            let is_odd = key.public_key().to_bytes()[0] == 3;
            let with_sign = |sign| {
                let mut map = encode(key.public_key());
                map.0[3].1 = Item::Bool(sign);
                decode(&map)
            };
            assert_eq!(with_sign(is_odd).as_ref(), Ok(key.public_key()));
            assert_ne!(with_sign(!is_odd).as_ref(), Ok(key.public_key()));
        }
    }

    #[test]
    fn contradictions_and_private_keys_are_refused() {
        let with = |label, item| {
            let key = Key::p256(1);
            let mut map = encode(key.public_key());
            map.remove(&Label::Integer(label));
            map.0.push((Label::Integer(label), item));
            decode(&map).map(drop)
        };
        assert_eq!(with(3, Item::Integer(-9)), Ok(()));
        assert_eq!(with(3, Item::Integer(-7)), Ok(()));
        assert_eq!(with(4, Item::Array(vec![Item::Integer(2)])), Ok(()));
        for (label, item) in [
            (3, Item::Integer(-8)),
            (4, Item::Array(vec![Item::Integer(1)])),
            (-4, Item::Bytes(Cow::Borrowed(&[1]))),
            (1, Item::Integer(1)),
            (-1, Item::Integer(6)),
            (-2, Item::Bytes(Cow::Borrowed(&[1; 31]))),
            (-3, Item::Bytes(Cow::Borrowed(&[1; 32]))),
            (-3, Item::Bytes(Cow::Borrowed(&[1; 33]))),
            (-3, Item::Null),
        ] {
            assert_eq!(with(label, item), Err(InvalidKey), "{label}");
        }
        assert_eq!(decode(&Map::default()), Err(InvalidKey));
    }
}
