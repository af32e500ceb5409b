use super::{Algorithm, Curve, InvalidKey, InvalidProof, PublicKey, Signature, Signer};
use crate::json::Value;
use crate::testing::Key;
use alloc::{string::String, vec::Vec};
use proptest::prelude::*;

/// 2^255 - 19, least significant byte first.
const P: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed;
    bytes[31] = 0x7f;
    bytes
};

/// RFC 8032 §5.1.3: y from p to 2^255 - 1 is a second spelling of 0 to 18.
#[test]
fn second_spellings_of_ed25519_keys_are_refused() {
    for low in P[0]..=0xff {
        for sign in [0, 0x80] {
            let mut bytes = P;
            (bytes[0], bytes[31]) = (low, bytes[31] | sign);
            assert_eq!(PublicKey::ed25519(&bytes), Err(InvalidKey), "{low:x} {sign:x}");
        }
    }
    let mut largest = P;
    largest[0] -= 1;
    // p - 1 is y = -1, a point of order two: canonical, refused as weak.
    assert_eq!(PublicKey::ed25519(&largest), Err(InvalidKey));
}

#[test]
fn small_order_keys_are_refused() {
    let hex = |text: &str| crate::hex::decode::<32>(text).expect("32 bytes");
    for point in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ] {
        assert_eq!(PublicKey::ed25519(&hex(point)), Err(InvalidKey), "{point}");
    }
}

#[test]
fn points_off_the_curve_are_refused() {
    let Curve::P256(key) = Key::p256(2).public_key().clone().0 else { panic!("another curve") };
    let point = *key.point();
    assert_eq!(PublicKey::p256(&point), PublicKey::p256(&key.to_compressed()));
    assert!(PublicKey::p256(&point).is_ok());
    let mut off = point;
    off[64] ^= 1;
    for bad in [&off[..], &point[..64], &[0], &[], &[4; 65], &[0; 65]] {
        assert_eq!(PublicKey::p256(bad), Err(InvalidKey));
    }
    let Curve::P384(key) = Key::p384(2).public_key().clone().0 else { panic!("another curve") };
    let large = *key.point();
    assert_eq!(PublicKey::p384(&large), PublicKey::p384(&key.to_compressed()));
    assert!(PublicKey::p384(&large).is_ok());
    let mut off = large;
    off[96] ^= 1;
    for bad in [&off[..], &large[..96], &point[..], &[0], &[], &[4; 97], &[0; 97]] {
        assert_eq!(PublicKey::p384(bad), Err(InvalidKey));
    }
    assert_eq!(PublicKey::p256(&large), Err(InvalidKey));
}

/// Algorithm x key: a key verifies what it signed and nothing else.
#[test]
fn a_key_has_one_algorithm() {
    let keys = [Key::ed25519(1), Key::ed25519(2), Key::p256(1), Key::p256(2), Key::p384(1), Key::p384(2)];
    for (i, signer) in keys.iter().enumerate() {
        let signature = signer.sign(b"message").expect("signs");
        for (j, key) in keys.iter().enumerate() {
            let expected = if i == j { Ok(()) } else { Err(InvalidProof) };
            assert_eq!(key.public_key().verify(b"message", &signature), expected, "{i} {j}");
            assert_eq!(key.public_key().verify(b"massage", &signature), Err(InvalidProof), "{i} {j}");
        }
    }
    for name in ["none", "None", "HS256", "RS256", "ES512", "ES256K", "eddsa", "Ed448", ""] {
        assert_eq!(Algorithm::from_jose_name(name), None, "{name}");
    }
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
        assert_eq!(Algorithm::from_jose_name(algorithm.jose_name()), Some(algorithm));
    }
}

/// R is the neutral point and S is k times the secret: a reader that is not strict takes it, and others refuse it (RFC 8032 §8.9).
#[test]
fn a_signature_with_a_point_of_small_order_is_refused() {
    use ed25519_dalek::Verifier as _;
    let key = Key::ed25519(1);
    let mut signature = [0; 64];
    signature[0] = 1;
    signature[32..].copy_from_slice(
        &crate::hex::decode::<32>("95c0fdcc54fccad1f2b8bc9b96aa6837c82f86349e6576ad29ca3ece7b7ea905").expect("k times the secret"),
    );
    let bytes = key.public_key().to_bytes().try_into().expect("32 bytes");
    let lax = ed25519_dalek::VerifyingKey::from_bytes(&bytes).expect("a key");
    assert!(lax.verify(b"message", &ed25519_dalek::Signature::from_bytes(&signature)).is_ok(), "the equation holds");
    assert_eq!(key.public_key().verify(b"message", &signature.into()), Err(InvalidProof));
}

/// A signature cut or filled to another algorithm's length is refused by both.
#[test]
fn signatures_have_their_algorithms_length() {
    for signer in [Key::ed25519(1), Key::p256(1), Key::p384(1)] {
        let (key, signature) = (signer.public_key(), signer.sign(b"message").expect("signs"));
        assert_eq!(signature.len(), key.algorithm().signature_length());
        for length in 0..130 {
            let other: Vec<u8> = signature.iter().copied().chain(core::iter::repeat(0)).take(length).collect();
            let read = Signature::try_from(&other[..]);
            assert_eq!(read.is_ok(), [64, 96].contains(&length), "{length}");
            let verifies = read.is_ok_and(|other| key.verify(b"message", &other).is_ok());
            assert_eq!(verifies, length == signature.len(), "{length}");
        }
    }
}

#[test]
fn every_text_form_reads_back() {
    for key in [Key::ed25519(1), Key::p256(1), Key::p384(1), Key::p384(7)] {
        let key = key.public_key();
        assert_eq!(PublicKey::from_multikey(&key.to_multikey()).as_ref(), Ok(key));
        assert_eq!(PublicKey::from_jwk(&Value::Object(key.to_jwk())).as_ref(), Ok(key));
    }
}

#[test]
fn contradicting_and_private_jwks_are_refused() {
    let jwk = |name: &'static str, value: Value<'static>| Value::Object(Key::p256(1).public_key().to_jwk().with(name, value));
    let list = |item: &'static str| Value::from_iter([item]);
    for (name, value) in [("alg", "ES256".into()), ("use", "sig".into()), ("key_ops", list("verify")), ("kid", "any".into())] {
        assert!(PublicKey::from_jwk(&jwk(name, value)).is_ok(), "{name}");
    }
    for (name, value) in [
        ("alg", "EdDSA".into()),
        ("alg", "none".into()),
        ("alg", 1.into()),
        ("use", "enc".into()),
        ("key_ops", list("sign")),
        ("key_ops", "verify".into()),
        ("d", "AA".into()),
        ("crv", "P-384".into()),
        ("crv", "P-521".into()),
        ("alg", "ES384".into()),
        ("kty", "OKP".into()),
        ("x", "AA".into()),
        ("y", Value::Null),
    ] {
        assert_eq!(PublicKey::from_jwk(&jwk(name, value)), Err(InvalidKey), "{name}");
    }
}

#[test]
fn other_codecs_and_bases_are_refused() {
    let encode = |codec: [u8; 2], raw: &[u8]| multibase::encode(multibase::Base::Base58Btc, [&codec[..], raw].concat());
    let ed25519 = Key::ed25519(1).public_key().to_bytes();
    let p256 = Key::p256(1).public_key().to_bytes();
    let p384 = Key::p384(1).public_key().to_bytes();
    for text in [
        String::new(),
        String::from("z"),
        encode([0xec, 0x01], &ed25519),
        encode([0x80, 0x24], &ed25519),
        encode([0xed, 0x01], &p256),
        encode([0x80, 0x24], &p384),
        encode([0x81, 0x24], &p256),
        encode([0x82, 0x24], &p384),
        encode([0xed, 0x01], &ed25519[..31]),
        multibase::encode(multibase::Base::Base64Url, [&[0xed, 0x01], ed25519.as_slice()].concat()),
        Key::ed25519(1).public_key().to_multikey() + "1",
    ] {
        assert_eq!(PublicKey::from_multikey(&text), Err(InvalidKey), "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>, text in "\\PC{0,70}", point: [u8; 32]) {
        let _ = PublicKey::p256(&bytes);
        let _ = PublicKey::p384(&bytes);
        let _ = PublicKey::from_multikey(&text);
        // An imported key has this one spelling.
        if let Ok(key) = PublicKey::ed25519(&point) {
            prop_assert_eq!(key.to_bytes(), point);
        }
    }
}
