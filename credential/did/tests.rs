use super::{DidError, DidUrl, MAX_TEXT, key_id, resolve, to_did_jwk, to_did_key};
use crate::key::{PublicKey, Signer as _};
use crate::testing::Key;
use alloc::{format, string::String};
use proptest::prelude::*;

/// The generator points of both curves: the shortest lawful test keys.
fn keys() -> [PublicKey; 2] {
    let mut ed25519 = [0x66; 32];
    ed25519[0] = 0x58;
    let mut p256 = [0; 33];
    p256.copy_from_slice(&[
        3, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
        0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    ]);
    [PublicKey::ed25519(&ed25519).expect("base point"), PublicKey::p256(&p256).expect("base point")]
}

#[test]
fn keys_survive_both_methods() {
    for key in keys() {
        let did = to_did_key(&key);
        assert_eq!(resolve(&did), Ok(key.clone()));
        assert_eq!(resolve(&key_id(&key)), Ok(key.clone()));
        assert!(DidUrl::parse(&key_id(&key)).expect("DID URL").is_verification_method_of(&did));
        let did = to_did_jwk(&key);
        assert_eq!(resolve(&did), Ok(key.clone()));
        assert_eq!(resolve(&format!("{did}#0")), Ok(key));
        assert!(DidUrl::parse(&format!("{did}#0")).expect("DID URL").is_verification_method_of(&did));
    }
}

#[test]
fn urls_that_name_something_else_name_no_key() {
    let [a, b] = keys();
    let (did, other) = (to_did_key(&a), to_did_key(&b));
    let foreign_fragment = format!("{did}#{}", b.to_multikey());
    for url in [format!("{did}#0"), format!("{did}#"), foreign_fragment, format!("{did}/path"), format!("{did}?versionId=1")] {
        assert_eq!(resolve(&url), Err(DidError::NotAVerificationMethod), "{url}");
        assert!(!DidUrl::parse(&url).expect("DID URL").is_verification_method_of(&did), "{url}");
    }
    assert!(!DidUrl::parse(&key_id(&a)).expect("DID URL").is_verification_method_of(&other));
    assert!(!DidUrl::parse(&did).expect("DID URL").is_verification_method_of(&did));
}

#[test]
fn faults_are_told_apart() {
    for text in [
        "",
        "did",
        "did:",
        "did::x",
        "did:Key:x",
        "did:key:",
        "did:key:a:",
        "did:key:ä",
        "did:key:%4",
        "did:key:a b",
        "DID:key:z",
        "did:key:z#a#b",
    ] {
        assert_eq!(resolve(text), Err(DidError::Syntax), "{text}");
    }
    assert_eq!(resolve(&format!("did:key:{}", "z".repeat(MAX_TEXT))), Err(DidError::Syntax));
    assert_eq!(resolve("did:web:waypass.example"), Err(DidError::UnsupportedMethod));
    for text in ["did:key:z", "did:key:z6Mk", "did:jwk:e30", "did:jwk:AAAA", "did:key:u7QFmZmZm"] {
        assert_eq!(resolve(text), Err(DidError::InvalidKey), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(tail in "\\PC{0,80}", method in "(key|jwk|web)") {
        let _ = resolve(&tail);
        let text: String = format!("did:{method}:{tail}");
        if let Ok(url) = DidUrl::parse(&text) {
            let _ = url.resolve();
            prop_assert!(text.starts_with(url.did()));
        }
    }
}

/// A URL with more in it is a second spelling, and a method of another kind has no one verification method.
#[test]
fn a_did_has_one_verification_method() {
    let (did, id) = (to_did_key(Key::ed25519(1).public_key()), key_id(Key::ed25519(1).public_key()));
    let fragment = id.split_once('#').expect("a fragment").1;
    let is_of = |url: &str, did: &str| DidUrl::parse(url).expect("a DID URL").is_verification_method_of(did);
    assert!(is_of(&id, &did));
    let other = to_did_key(Key::ed25519(2).public_key());
    for url in
        [did.clone(), format!("{did}?v=1#{fragment}"), format!("{did}/p#{fragment}"), format!("{did}#0"), format!("{other}#{fragment}")]
    {
        assert!(!is_of(&url, &did), "{url}");
    }
    assert!(!is_of("did:web:gate.example", "did:web:gate.example"));
}
