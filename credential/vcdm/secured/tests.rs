use super::{Secured, Securing, VerifiedDocument, secure};
use crate::data_integrity::{Options, Suite, create};
use crate::did::{self, Purpose};
use crate::error::VerifyError;
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::jws;
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::testing::Key;
use crate::time::Timestamp;
use alloc::{string::String, vec::Vec};
use proptest::prelude::*;
use waypass_schemas::contexts::{CREDENTIALS_V2, KnownContext};

const CONTEXTS: [KnownContext; 1] = [CREDENTIALS_V2];
const AT: Timestamp = match Timestamp::from_unix(1_795_000_000) {
    Some(at) => at,
    None => panic!("in range"),
};

/// In canonical order, the order in which it is read back.
fn document() -> Object<'static> {
    Object::new()
        .with("@context", Value::from_iter([CREDENTIALS_V2.id]))
        .with("credentialSubject", Object::new().with("id", "urn:x").with("n", 1))
        .with("issuer", did::to_did_key(Key::issuer().public_key()))
        .with("type", Value::from_iter(["VerifiableCredential", "Other"]))
}

fn key_id() -> String {
    did::key_id(Key::issuer().public_key())
}

fn parse(bytes: &[u8]) -> Result<Secured, Malformed> {
    Secured::parse(bytes, Limits::CREDENTIAL)
}

fn verify(secured: &Secured) -> Result<VerifiedDocument<'_>, VerifyError> {
    secured.verify(Key::issuer().public_key(), &CONTEXTS)
}

/// `document` changed by `change`, in an envelope signed by the issuer: only the reader can refuse it.
fn enveloped(change: impl FnOnce(&mut Object<'static>)) -> Result<Option<Timestamp>, VerifyError> {
    let mut document = document();
    change(&mut document);
    let payload = json::to_string(&Value::Object(document));
    let text = jws::sign("vc+jwt", Some(&key_id()), payload.as_bytes(), &Key::issuer()).expect("signs");
    verify(&parse(text.as_bytes())?).map(|verified| verified.expires_at)
}

#[test]
fn one_document_under_either_proof() {
    for by in [Securing::DataIntegrity, Securing::Jose, Securing::Cose] {
        let bytes = secure(document(), by, &key_id(), AT, &Key::issuer()).expect("signs");
        let secured = parse(&bytes).expect("reads");
        let verified = verify(&secured).expect("verifies");
        assert_eq!((verified.issuer.as_str(), &verified.key_id), (did::to_did_key(Key::issuer().public_key()).as_str(), &Some(key_id())));
        assert_eq!(verified.document, document());
        assert_eq!((verified.signed_at, verified.not_before, verified.expires_at), (Some(AT), None, None));
        assert!(secured.verify(Key::ed25519(9).public_key(), &CONTEXTS).is_err());
        assert!(secured.verify(Key::p256(9).public_key(), &CONTEXTS).is_err());
        assert_eq!(Secured::parse(&bytes, Limits { bytes: bytes.len() - 1, ..Limits::CREDENTIAL }).map(drop), Err(Malformed::TooLarge));
    }
}

/// Signed by the issuer's key, for another purpose or for one verifier, or under a name that is not the issuer's.
#[test]
fn the_proof_is_the_issuers_and_for_asserting() {
    let key_id = key_id();
    let good = Options {
        verification_method: &key_id,
        purpose: Purpose::AssertionMethod,
        created: Some(AT),
        expires: None,
        challenge: None,
        domain: None,
    };
    let read = |options: Options<'_>| {
        let proof = create(Suite::EddsaJcs2022, &document(), &options, &KnownContexts::new(), &Key::issuer()).expect("signs");
        let text = json::to_string(&Value::Object(document().with("proof", proof)));
        verify(&parse(text.as_bytes())?).map(drop)
    };
    assert_eq!(read(good), Ok(()));
    assert_eq!(read(Options { purpose: Purpose::Authentication, ..good }), Err(Malformed::Proof.into()));
    assert_eq!(read(Options { challenge: Some("c"), ..good }), Err(Malformed::Proof.into()));
    assert_eq!(read(Options { domain: Some("d"), ..good }), Err(Malformed::Proof.into()));
    let other = did::key_id(Key::ed25519(9).public_key());
    assert_eq!(read(Options { verification_method: &other, ..good }), Err(Malformed::OutOfRange("verificationMethod").into()));
}

#[test]
fn a_flipped_bit_is_refused() {
    for by in [Securing::DataIntegrity, Securing::Jose, Securing::Cose] {
        let mut bytes = secure(document(), by, &key_id(), AT, &Key::issuer()).expect("signs");
        for at in 0..bytes.len() {
            bytes[at] ^= 1 << (at % 7);
            let accepted = parse(&bytes).is_ok_and(|secured| verify(&secured).is_ok_and(|found| found.document == document()));
            assert!(!accepted, "{by:?} byte {at}");
            bytes[at] ^= 1 << (at % 7);
        }
    }
}

#[test]
fn claims_beside_the_document_agree_with_it() {
    let refused = |name: &'static str| Err(VerifyError::Malformed(Malformed::OutOfRange(name)));
    assert_eq!(enveloped(|document| document.set("iss", "did:key:zOther")), refused("iss"));
    assert_eq!(enveloped(|document| document.set("iss", did::to_did_key(Key::issuer().public_key()))), Ok(None));
    assert_eq!(enveloped(|document| document.set("sub", "urn:y")), refused("sub"));
    assert_eq!(enveloped(|document| document.set("sub", "urn:x")), Ok(None));
    assert_eq!(enveloped(|document| document.set("jti", "urn:any")), Ok(None), "the document has no id to contradict");
    assert_eq!(enveloped(|document| *document = document.clone().with("id", "urn:1").with("jti", "urn:2")), refused("jti"));
    for name in ["vc", "vp"] {
        assert_eq!(enveloped(|document| document.set(name, Object::new())), refused(name));
    }
    assert_eq!(enveloped(|document| document.set("exp", AT.unix())), Ok(Some(AT)));
    assert_eq!(enveloped(|document| document.set("exp", AT.to_rfc3339())), Ok(Some(AT)), "as the W3C suite writes times");
    assert_eq!(enveloped(|document| document.set("exp", "soon")), refused("exp"));
    assert_eq!(enveloped(|document| document.set("nbf", -1)), Ok(None), "nothing is judged before 1970");
    assert_eq!(enveloped(|document| document.set("iat", true)), Err(Malformed::WrongType("iat").into()));
    assert_eq!(enveloped(|document| document.set("proof", Object::new())), Err(Malformed::member("proof").into()));
    assert_eq!(enveloped(|document| document.set("@context", CREDENTIALS_V2.id)), Err(Malformed::Context.into()));
    assert_eq!(enveloped(|document| drop(document.remove("issuer"))), Err(Malformed::Missing("issuer").into()));
}

#[test]
fn the_envelope_names_its_content() {
    let payload = json::to_string(&Value::Object(document()));
    let signed = |header: Object<'static>| {
        let text = jws::sign_with_header(&header.with("kid", key_id()), payload.as_bytes(), &Key::issuer()).expect("signs");
        parse(text.as_bytes()).map(|secured| verify(&secured).is_ok())
    };
    assert_eq!(signed(Object::new().with("typ", "application/VC+JWT").with("cty", "application/vc")), Ok(true));
    assert_eq!(signed(Object::new().with("typ", "vc+jwt").with("jwk", Key::ed25519(9).public_key().to_jwk())), Ok(true), "ignored");
    assert_eq!(signed(Object::new()), Err(Malformed::OutOfRange("typ")));
    for typ in ["JWT", "vp+jwt", "vc+sd-jwt", "dc+sd-jwt", "vc-ld+jwt"] {
        assert_eq!(signed(Object::new().with("typ", typ)), Err(Malformed::OutOfRange("typ")), "{typ}");
    }
    assert_eq!(signed(Object::new().with("typ", "vc+jwt").with("cty", "vp")), Err(Malformed::OutOfRange("cty")));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        prop_assert!(!parse(&bytes).is_ok_and(|secured| verify(&secured).is_ok()));
        let object = [b"{", bytes.as_slice()].concat();
        prop_assert!(!parse(&object).is_ok_and(|secured| verify(&secured).is_ok()));
    }
}
