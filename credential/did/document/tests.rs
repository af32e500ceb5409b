use super::{DidDocument, DocumentError, MAX_METHODS, MethodError};
use crate::did::Purpose;
use crate::did::{self, DidError, DidUrl};
use crate::json::{self, Object, Value};
use crate::key::{KeyMaterial, PublicKey, Signer as _};
use crate::testing::{AT, Key};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
use proptest::prelude::*;

const DID: &str = "did:web:clinic.example";

fn multikey(fragment: &str, key: &Key) -> Object<'static> {
    Object::new()
        .with("id", format!("{DID}#{fragment}"))
        .with("type", "Multikey")
        .with("controller", DID)
        .with("publicKeyMultibase", key.public_key().to_multikey())
}

fn jwk(fragment: &str, key: &Key) -> Object<'static> {
    Object::new()
        .with("id", format!("#{fragment}"))
        .with("type", "JsonWebKey")
        .with("controller", DID)
        .with("publicKeyJwk", key.public_key().to_jwk())
}

fn refs(names: &[&str]) -> Value<'static> {
    names.iter().map(|name| Value::from((*name).to_owned())).collect()
}

/// `a` asserts, `b` authenticates, `c` does both, `d` nothing.
fn document() -> Object<'static> {
    let methods = [multikey("a", &Key::ed25519(1)), jwk("b", &Key::p256(2)), multikey("c", &Key::p384(3)), multikey("d", &Key::ed25519(4))];
    Object::new()
        .with("@context", refs(&["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]))
        .with("id", DID)
        .with("verificationMethod", Value::from_iter(methods))
        .with("assertionMethod", refs(&["#a", "did:web:clinic.example#c"]))
        .with("authentication", refs(&["did:web:clinic.example#b", "#c", "#c"]))
        .with("service", Value::Null)
}

fn read(document: &Object<'static>) -> Result<DidDocument, DocumentError> {
    DidDocument::parse(json::to_string(&Value::Object(document.clone())).as_bytes(), DID)
}

fn with(name: &'static str, value: impl Into<Value<'static>>) -> Result<DidDocument, DocumentError> {
    read(&document().with(name, value))
}

/// The document whose one method `a` asserts and is changed by these members.
fn changed(members: &[(&'static str, Value<'static>)]) -> Result<DidDocument, DocumentError> {
    let mut method = multikey("a", &Key::ed25519(1));
    for (name, value) in members {
        if *value == Value::Null {
            method.remove(name);
        } else {
            method.set(*name, value.clone());
        }
    }
    read(&Object::new().with("id", DID).with("assertionMethod", Value::from_iter([method])))
}

fn key_a(document: &DidDocument) -> Result<PublicKey, MethodError> {
    document.key(&format!("{DID}#a"), Purpose::AssertionMethod, AT).cloned()
}

#[test]
fn a_key_serves_the_purposes_that_name_it() {
    let read = read(&document()).expect("a document");
    assert_eq!((read.id(), read.methods().len()), (DID, 4));
    let key = |fragment: &str, purpose| read.key(&format!("{DID}#{fragment}"), purpose, AT).cloned();
    let own = |key: Key| Ok(key.public_key().clone());
    assert_eq!(key("a", Purpose::AssertionMethod), own(Key::ed25519(1)));
    assert_eq!(key("a", Purpose::Authentication), Err(MethodError::WrongPurpose));
    assert_eq!(key("b", Purpose::Authentication), own(Key::p256(2)));
    assert_eq!(key("b", Purpose::AssertionMethod), Err(MethodError::WrongPurpose));
    assert_eq!(key("c", Purpose::AssertionMethod), own(Key::p384(3)));
    assert_eq!(key("c", Purpose::Authentication), own(Key::p384(3)));
    assert_eq!(key("d", Purpose::AssertionMethod), Err(MethodError::WrongPurpose));
    assert_eq!(key("e", Purpose::AssertionMethod), Err(MethodError::NoSuchMethod));
    assert_eq!(read.key("#a", Purpose::AssertionMethod, AT), Err(MethodError::NoSuchMethod));
    let asserting: Vec<&str> = read.keys(Purpose::AssertionMethod, AT).map(|(id, _)| id).collect();
    assert_eq!(asserting, [format!("{DID}#a"), format!("{DID}#c")]);
}

#[test]
fn the_document_is_the_dids_own() {
    assert_eq!(with("id", "did:web:other.example"), Err(DocumentError::AnotherDid));
    assert_eq!(with("id", "did:web:clinic.example#a"), Err(DocumentError::AnotherDid));
    assert_eq!(with("id", 1), Err(DocumentError::Member("id")));
    for context in ["https://www.w3.org/2018/credentials/v1".into(), Value::Array(vec![]), 1.into(), refs(&["x"])] {
        assert_eq!(with("@context", context), Err(DocumentError::Context));
    }
    assert!(with("@context", "https://www.w3.org/ns/did/v1.1").is_ok());
    let mut without = document();
    without.remove("@context");
    assert!(read(&without).is_ok());
}

#[test]
fn a_method_has_one_id_one_controller_and_one_key() {
    let own = Key::ed25519(1).public_key().clone();
    assert_eq!(key_a(&changed(&[]).expect("a document")), Ok(own.clone()));
    for name in ["id", "type", "controller", "publicKeyMultibase"] {
        assert_eq!(changed(&[(name, Value::Null)]), Err(DocumentError::Member(name)));
        assert_eq!(changed(&[(name, 1.into())]), Err(DocumentError::Member(name)));
    }
    for id in ["", "a", "#", "did:web:clinic.example", "did:web:clinic.example#", "urn:x#a", "#a#b", "#ä"] {
        assert_eq!(changed(&[("id", id.into())]), Err(DocumentError::Member("id")), "{id}");
    }
    assert_eq!(
        changed(&[("publicKeyJwk", own.to_jwk().into())]),
        Err(DocumentError::Member("publicKeyMultibase")),
        "two keys, even if equal"
    );
    assert_eq!(changed(&[("type", "JsonWebKey".into())]), Err(DocumentError::Member("publicKeyJwk")));
    let foreign = changed(&[("controller", "did:web:other.example".into())]).expect("a document");
    assert_eq!(key_a(&foreign), Err(MethodError::ForeignController));
    // A method of another DID, though it says that we control it, is that DID's to publish.
    let id = "did:web:other.example#a";
    let smuggled = changed(&[("id", id.into())]).expect("a document");
    assert_eq!(smuggled.key(id, Purpose::AssertionMethod, AT), Err(MethodError::ForeignController));
    assert_eq!(smuggled.keys(Purpose::AssertionMethod, AT).count(), 0);
}

#[test]
fn methods_end() {
    let before = AT.plus(-1).to_rfc3339();
    let after = AT.plus(1).to_rfc3339();
    for name in ["expires", "revoked"] {
        assert!(key_a(&changed(&[(name, after.clone().into())]).expect("a document")).is_ok());
        for text in [before.clone(), AT.to_rfc3339()] {
            let ended = Timestamp::parse_rfc3339(&text).expect("a time");
            assert_eq!(key_a(&changed(&[(name, text.into())]).expect("a document")), Err(MethodError::Ended(ended)));
        }
        assert_eq!(changed(&[(name, "soon".into())]), Err(DocumentError::Member(name)));
    }
}

#[test]
fn keys_of_other_kinds_are_named_and_not_used() {
    for (kind, material) in [("Multikey", "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"), ("Ed25519VerificationKey2020", "z6Mk")] {
        let read = changed(&[("type", kind.into()), ("publicKeyMultibase", material.into())]).expect("a document");
        assert_eq!(key_a(&read), Err(MethodError::UnsupportedKey), "{kind}");
        assert_eq!(read.methods()[0].material(), None);
    }
    let agreement = KeyMaterial::X25519([9; 32]);
    let read = changed(&[("publicKeyMultibase", agreement.to_multikey().into())]).expect("a document");
    assert_eq!(key_a(&read), Err(MethodError::UnsupportedKey));
    assert_eq!(read.methods()[0].material(), Some(&agreement));
}

#[test]
fn private_keys_spoil_the_document() {
    for name in super::PRIVATE {
        assert_eq!(changed(&[(name, "z".into())]), Err(DocumentError::PrivateKey), "{name}");
    }
    let jwk = Key::ed25519(1).public_key().to_jwk().with("d", "AA");
    let members = [("type", "JsonWebKey".into()), ("publicKeyMultibase", Value::Null), ("publicKeyJwk", jwk.into())];
    assert_eq!(changed(&members), Err(DocumentError::PrivateKey));
}

#[test]
fn references_point_at_something() {
    assert_eq!(with("assertionMethod", refs(&["#e"])), Err(DocumentError::DanglingReference));
    assert_eq!(with("assertionMethod", refs(&["a"])), Err(DocumentError::Member("assertionMethod")));
    assert_eq!(with("authentication", "#a"), Err(DocumentError::Member("authentication")));
    assert_eq!(with("authentication", Value::from_iter([1])), Err(DocumentError::Member("authentication")));
    assert_eq!(with("verificationMethod", refs(&["#a"])), Err(DocumentError::Member("verificationMethod")));
    // Another DID's method may be named; it gives no key here.
    let other = with("assertionMethod", refs(&["did:web:other.example#a"])).expect("a document");
    assert_eq!(other.keys(Purpose::AssertionMethod, AT).count(), 0);
    let twice = [multikey("a", &Key::ed25519(1)), multikey("a", &Key::ed25519(2))];
    assert_eq!(with("verificationMethod", Value::from_iter(twice.clone())), Err(DocumentError::DuplicateMethod));
    // One id in full and as a fragment, listed and embedded.
    let embedded = Value::from_iter([multikey("a", &Key::ed25519(2)).with("id", "#a")]);
    assert_eq!(with("assertionMethod", embedded), Err(DocumentError::DuplicateMethod));
}

#[test]
fn documents_are_bounded() {
    let many = |count: usize| {
        let methods = (0..count).map(|n| multikey(&format!("k{n}"), &Key::ed25519(1)));
        read(&Object::new().with("id", DID).with("verificationMethod", methods.collect::<Value<'_>>()))
    };
    assert!(many(MAX_METHODS).is_ok());
    assert_eq!(many(MAX_METHODS + 1), Err(DocumentError::TooManyMethods));
    let long = format!(r#"{{"id":"{DID}","x":"{}"}}"#, "x".repeat(70_000));
    assert_eq!(DidDocument::parse(long.as_bytes(), DID), Err(DocumentError::Json(json::JsonError::TooLarge)));
    let twice = format!(r#"{{"id":"{DID}","id":"{DID}"}}"#);
    assert_eq!(DidDocument::parse(twice.as_bytes(), DID), Err(DocumentError::Json(json::JsonError::DuplicateName)));
    assert_eq!(DidDocument::parse(b"[]", DID), Err(DocumentError::Json(json::JsonError::Syntax)));
}

/// We read what we write, and the keys in it are those of the identifier.
#[test]
fn documents_of_self_contained_dids() {
    for key in [Key::ed25519(1), Key::p256(1), Key::p384(1)] {
        let key = key.public_key();
        for did in [did::to_did_key(key), did::to_did_jwk(key)] {
            let url = DidUrl::parse(&did).expect("a DID");
            let document = url.document().expect("a document");
            let read = DidDocument::read(&document, &did).expect("its own document");
            let method = url.verification_method().expect("a method");
            for purpose in [Purpose::AssertionMethod, Purpose::Authentication] {
                assert_eq!(read.key(&method, purpose, AT), Ok(key));
            }
            assert_eq!(document.member("keyAgreement").is_some(), did.starts_with("did:jwk"));
            assert_eq!(url.material(), Ok(KeyMaterial::Verification(key.clone())));
            assert_eq!(DidUrl::parse(&method).expect("a DID URL").document(), Err(DidError::Syntax));
        }
    }
    let agreement = format!("did:key:{}", KeyMaterial::X25519([9; 32]).to_multikey());
    let url = DidUrl::parse(&agreement).expect("a DID");
    let document = url.document().expect("a document");
    assert!(document.member("keyAgreement").is_some() && document.member("assertionMethod").is_none());
    assert_eq!((url.resolve(), url.material()), (Err(DidError::InvalidKey), Ok(KeyMaterial::X25519([9; 32]))));
    assert_eq!(DidUrl::parse(DID).expect("a DID").document(), Err(DidError::UnsupportedMethod));
}

/// A `use` in a `did:jwk` narrows its relationships.
#[test]
fn a_jwks_use_says_what_it_is_for() {
    let relationships = |jwk: Object<'static>| -> Vec<String> {
        let did = format!("did:jwk:{}", crate::base64url::encode(json::to_string(&Value::Object(jwk)).as_bytes()));
        let document = DidUrl::parse(&did).expect("a DID").document().expect("a document");
        document.iter().skip(3).map(|(name, _)| name.to_owned()).collect()
    };
    let signing = ["authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"];
    let jwk = || Key::p256(1).public_key().to_jwk();
    assert_eq!(relationships(jwk()), [&signing[..], &["keyAgreement"]].concat());
    assert_eq!(relationships(jwk().with("use", "sig")), signing);
    assert_eq!(relationships(KeyMaterial::X25519([9; 32]).to_jwk().expect("a JWK").with("use", "enc")), ["keyAgreement"]);
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>, json in "(null|1|\"\"|\"#a\"|\\[\\]|\\[null\\]|\\{\\}|\\[\\{\\}\\]|\\[\"#\"\\])",
        name in "(@context|id|verificationMethod|assertionMethod|authentication)") {
        prop_assert!(DidDocument::parse(&bytes, DID).is_err());
        let value = json::parse(json.as_bytes(), super::DOCUMENT).expect("JSON").into_owned();
        let _ = read(&document().with(name, value));
    }
}
