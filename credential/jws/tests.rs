use super::{Jws, JwsError, sign, sign_with_header};
use crate::base64url;
use crate::json::{JsonError, Object, Value};
use crate::key::{InvalidProof, Signer};
use crate::testing::Key;
use alloc::{borrow::ToOwned, format, string::String};
use proptest::prelude::*;

const MAX: usize = 4096;
const TYP: &str = "test+jwt";

/// A JWS whose header is `header` word for word, signed over these very bytes.
fn signed(header: &str, payload: &str, key: &Key) -> String {
    let input = format!("{}.{}", base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes()));
    let signature = key.sign(input.as_bytes()).expect("signs");
    format!("{input}.{}", base64url::encode(&signature))
}

fn refusal(text: &str) -> JwsError {
    Jws::parse(text, MAX).expect_err("refused")
}

#[test]
fn what_is_signed_verifies() {
    for key in [Key::ed25519(1), Key::p256(1), Key::p384(1)] {
        let text = sign(TYP, Some("kid-1"), b"{\"a\":1}", &key).expect("signs");
        let jws = Jws::parse(&text, MAX).expect("a JWS");
        assert_eq!(jws.header().key_id.as_deref(), Some("kid-1"));
        assert_eq!(jws.header().algorithm, key.public_key().algorithm());
        assert_eq!(jws.verify(key.public_key(), TYP), Ok(&b"{\"a\":1}"[..]));
        assert_eq!(jws.into_verified(key.public_key(), TYP).as_deref(), Ok(&b"{\"a\":1}"[..]));
    }
}

/// Threats A13: the key's algorithm and the header's must be one; every other pair fails although the signature holds.
#[test]
fn algorithm_and_key_must_agree() {
    let keys = [("EdDSA", Key::ed25519(1)), ("ES256", Key::p256(1)), ("ES384", Key::p384(1))];
    for (own, key) in &keys {
        for (claimed, _) in &keys {
            let text = signed(&format!(r#"{{"alg":"{claimed}","typ":"{TYP}"}}"#), "{}", key);
            let verdict = Jws::parse(&text, MAX).expect("a JWS").verify(key.public_key(), TYP).map(|_| ());
            assert_eq!(verdict, if own == claimed { Ok(()) } else { Err(InvalidProof) }, "{claimed} by {own}");
        }
        for (_, other) in keys.iter().filter(|(name, _)| name != own) {
            let text = sign(TYP, None, b"{}", key).expect("signs");
            assert_eq!(Jws::parse(&text, MAX).expect("a JWS").verify(other.public_key(), TYP), Err(InvalidProof));
        }
    }
}

#[test]
fn other_algorithms_are_none() {
    for name in ["none", "None", "NONE", "HS256", "HS512", "RS256", "PS256", "es384", "ES256K", "ES512", "Ed448", "eddsa", "es256", ""] {
        let text = signed(&format!(r#"{{"alg":"{name}","typ":"{TYP}"}}"#), "{}", &Key::ed25519(1));
        assert_eq!(refusal(&text), JwsError::Algorithm, "{name}");
    }
    assert_eq!(refusal(&signed(r#"{"typ":"test+jwt"}"#, "{}", &Key::ed25519(1))), JwsError::Algorithm);
    for wrong in ["1", "null", "[\"EdDSA\"]", "{}"] {
        assert_eq!(refusal(&signed(&format!(r#"{{"alg":{wrong}}}"#), "{}", &Key::ed25519(1))), JwsError::Member, "{wrong}");
    }
    // RFC 7515 appendix A.5: an unsecured JWS, its signature empty.
    assert!(Jws::parse("eyJhbGciOiJub25lIn0.e30.", MAX).is_err());
}

/// HMAC under the public key's bytes, the classic confusion: the header's name alone is enough to refuse it.
#[test]
fn a_public_key_is_no_secret() {
    let forged = signed(r#"{"alg":"HS256","typ":"test+jwt"}"#, "{}", &Key::ed25519(1));
    assert_eq!(refusal(&forged), JwsError::Algorithm);
}

#[test]
fn extensions_are_refused() {
    for members in
        [r#""crit":["exp"],"exp":1"#, r#""crit":[]"#, r#""crit":null"#, r#""b64":false,"crit":["b64"]"#, r#""b64":false"#, r#""b64":true"#]
    {
        let text = signed(&format!(r#"{{"alg":"EdDSA","typ":"{TYP}",{members}}}"#), "{}", &Key::ed25519(1));
        assert_eq!(refusal(&text), JwsError::Critical, "{members}");
    }
}

#[test]
fn a_header_says_a_thing_once() {
    for members in [r#""alg":"EdDSA","alg":"none""#, r#""alg":"EdDSA","\u0061lg":"ES256""#, r#""alg":"EdDSA","kid":"a","kid":"b""#] {
        let text = signed(&format!("{{{members}}}"), "{}", &Key::ed25519(1));
        assert_eq!(refusal(&text), JwsError::Header(JsonError::DuplicateName), "{members}");
    }
}

#[test]
fn one_type_is_not_taken_for_another() {
    let key = Key::ed25519(1);
    let verify = |typ: &str| {
        let text = signed(&format!(r#"{{"alg":"EdDSA"{typ}}}"#), "{}", &key);
        Jws::parse(&text, MAX).map(|jws| jws.verify(key.public_key(), TYP).is_ok())
    };
    // RFC 7515 §4.1.9: media types compare without case, and `application/` may be left out.
    for same in [r#","typ":"test+jwt""#, r#","typ":"TEST+JWT""#, r#","typ":"application/test+jwt""#] {
        assert_eq!(verify(same), Ok(true), "{same}");
    }
    for other in ["", r#","typ":"""#, r#","typ":"jwt""#, r#","typ":"test+jwtx""#, r#","typ":"text/test+jwt""#, r#","typ":" test+jwt""#] {
        assert_eq!(verify(other), Ok(false), "{other}");
    }
    assert_eq!(verify(r#","typ":null"#), Err(JwsError::Member));
}

/// A key in the header is the attacker's: it has no say in anything.
#[test]
fn embedded_keys_are_ignored() {
    let (attacker, key) = (Key::ed25519(6), Key::ed25519(1));
    let header = Object::new()
        .with("typ", TYP)
        .with("jwk", attacker.public_key().to_jwk())
        .with("jku", "https://attacker.example/jwks")
        .with("x5c", Value::from_iter(["AAAA"]));
    let text = sign_with_header(&header, b"{}", &attacker).expect("signs");
    assert_eq!(Jws::parse(&text, MAX).expect("a JWS").verify(key.public_key(), TYP), Err(InvalidProof));
}

#[test]
fn the_header_that_is_signed_names_the_keys_algorithm() {
    let text = sign_with_header(&Object::new().with("alg", "none").with("typ", TYP), b"{}", &Key::p256(1)).expect("signs");
    assert!(Jws::parse(&text, MAX).expect("a JWS").verify(Key::p256(1).public_key(), TYP).is_ok());
}

#[test]
fn the_text_has_one_spelling() {
    let text = sign(TYP, None, b"{}", &Key::ed25519(1)).expect("signs");
    let (input, signature) = text.rsplit_once('.').expect("two dots");
    let (header, payload) = input.split_once('.').expect("two dots");
    for bad in [
        String::new(),
        input.to_owned(),
        format!("{text}."),
        format!("{text}="),
        format!("{text} "),
        format!("\n{text}"),
        format!("{header}.{payload}..{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}.{}", &signature[..84]),
        format!("{header}.{payload}.{signature}AAAA"),
        format!("{header}=.{payload}.{signature}"),
    ] {
        assert_eq!(refusal(&bad), JwsError::Serialization, "{bad}");
    }
    for empty in [String::from(".."), format!(".{text}")] {
        assert_eq!(refusal(&empty), JwsError::Header(JsonError::Syntax), "{empty}");
    }
    assert_eq!(Jws::parse(&text, text.len() - 1).expect_err("refused"), JwsError::TooLarge);
    assert_eq!(refusal(&format!("{}.{payload}.{signature}", base64url::encode(b"[]"))), JwsError::Header(JsonError::Syntax));
}

/// The lowest bits of a last base64 character are no data: such texts must not be further spellings of one signature.
#[test]
fn every_bit_counts() {
    for key in [Key::ed25519(1), Key::p256(1), Key::p384(1)] {
        let original = sign(TYP, Some("k"), b"{\"a\":1}", &key).expect("signs").into_bytes();
        for bit in 0..original.len() * 8 {
            let mut bytes = original.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let accepted = core::str::from_utf8(&bytes)
                .is_ok_and(|text| Jws::parse(text, MAX).is_ok_and(|jws| jws.verify(key.public_key(), TYP).is_ok()));
            assert!(!accepted, "bit {bit}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,120}", header in "\\PC{0,60}") {
        prop_assert!(Jws::parse(&text, MAX).is_err());
        let key = Key::ed25519(1);
        if let Ok(jws) = Jws::parse(&signed(&header, "{}", &key), MAX) {
            prop_assert!(jws.verify(key.public_key(), TYP).is_err());
        }
    }
}
