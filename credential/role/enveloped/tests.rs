use crate::binding::Binding;
use crate::binding::Nonce;
use crate::binding::{HolderError, HolderProof};
use crate::cose::{self, Sign1};
use crate::credential::Presentation;
use crate::credential::{Credential, Form};
use crate::did;
use crate::error::{IssueError, PresentError, VerifyError};
use crate::format::{Format, MAX_BYTES};
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::jws;
use crate::key::{Algorithm, Signer};
use crate::malformed::Malformed;
use crate::registered_claims::RegisteredClaims;
use crate::request::Request;
use crate::role::{RoleClaims, VC_TYPE, tests::claims as role_claims};
use crate::testing::{AT, Key, TestRng, claimed};
use crate::time::Timestamp;
use crate::vcdm::envelope::{Content, Envelope};
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
use proptest::prelude::*;

fn claims() -> RoleClaims {
    let personal = Object::new().with("family_name", "Byron").with("given_name", "Ada");
    RoleClaims { kind: VC_TYPE.into(), holder: Some(Key::holder().public_key().clone().into()), personal, ..role_claims() }
}

fn sign(claims: &RoleClaims, format: Format, signer: &Key) -> Result<Credential, IssueError> {
    Credential::issue(claims, format, signer, &mut TestRng(1))
}

fn issued() -> Credential {
    issued_in(Format::VcJwt)
}

fn issued_in(format: Format) -> Credential {
    sign(&claims(), format, &Key::issuer()).expect("issues")
}

fn request() -> Request {
    crate::testing::request(Format::VcJwt)
}

fn presented() -> Presentation {
    presented_in(Format::VcJwt)
}

fn presented_in(format: Format) -> Presentation {
    issued_in(format).present(&[], &request().binding(), AT, &Key::holder(), &mut TestRng(1)).expect("presents")
}

fn payload(bytes: &[u8]) -> Object<'static> {
    let text = core::str::from_utf8(bytes).expect("text");
    let bytes = crate::base64url::decode(text.split('.').nth(1).expect("a payload")).expect("base64url");
    match json::parse(&bytes, Limits::CREDENTIAL).expect("JSON").into_owned() {
        Value::Object(object) => object,
        _ => panic!("not an object"),
    }
}

fn signed(typ: &str, document: Object<'static>, key_id: &str, key: &Key) -> String {
    jws::sign(typ, Some(key_id), json::to_string(&Value::Object(document)).as_bytes(), key).expect("signs")
}

/// The issued document changed by `change` and signed again by the issuer: only the profile can refuse it.
fn resigned(change: impl FnOnce(&mut Object<'static>)) -> Result<RoleClaims, VerifyError> {
    let mut document = payload(issued().as_bytes());
    change(&mut document);
    let text = signed("vc+jwt", document, &did::key_id(Key::issuer().public_key()), &Key::issuer());
    Credential::parse(text.as_bytes(), &KnownContexts::new())?.verify(Key::issuer().public_key()).map(|verified| verified.role().clone())
}

/// A presentation too, and its holder.
fn answered(change: impl FnOnce(&mut Object<'static>)) -> Result<HolderProof, HolderError> {
    let mut document = payload(presented().as_bytes());
    change(&mut document);
    let text = signed("vp+jwt", document, &did::key_id(Key::holder().public_key()), &Key::holder());
    verify_holder(&Presentation::parse(text.as_bytes(), &KnownContexts::new())?)
}

fn verify_holder(presentation: &Presentation) -> Result<HolderProof, HolderError> {
    presentation.verify_holder(Key::holder().public_key(), &request().binding())
}

#[test]
fn what_is_issued_is_read_back() {
    for (key, format) in [
        (Key::issuer(), Format::VcJwt),
        (Key::p256(8), Format::VcJwt),
        (Key::p384(8), Format::VcJwt),
        (Key::issuer(), Format::VcCose),
        (Key::p256(8), Format::VcCose),
        (Key::p384(8), Format::VcCose),
    ] {
        let claims = RoleClaims { issuer: did::to_did_key(key.public_key()), key_id: Some(did::key_id(key.public_key())), ..claims() };
        let credential = sign(&claims, format, &key).expect("issues");
        let verified = credential.verify(key.public_key()).expect("verifies");
        assert_eq!(verified.role(), &claims);
        assert_eq!(
            verified.claims().member("credentialSubject").and_then(|subject| subject.member("given_name")),
            Some(&Value::from("Ada"))
        );
        assert_eq!((claimed(&credential).issuer, claimed(&credential).key_id), (claims.issuer.as_str(), claims.key_id.as_deref()));
    }
    let unnamed = sign(&RoleClaims { key_id: None, ..claims() }, Format::VcJwt, &Key::issuer()).expect("issues");
    assert_eq!(claimed(&unnamed).key_id, Some(did::key_id(Key::issuer().public_key()).as_str()));
    let foreign = RoleClaims { key_id: None, ..claims() };
    assert_eq!(
        sign(&foreign, Format::VcJwt, &Key::ed25519(5)).expect_err("not the issuer's key"),
        IssueError::Malformed(Malformed::OutOfRange("verificationMethod"))
    );
}

#[test]
fn the_signature_bounds_the_validity() {
    let claims = claims();
    let (from, until) = (claims.valid_from, claims.valid_until);
    let with = |name: &'static str, at: Timestamp| resigned(|document| document.set(name, at.unix())).expect("reads");
    assert_eq!(with("exp", until.plus(-5)).valid_until, until.plus(-5));
    assert_eq!(with("exp", until.plus(5)).valid_until, until, "never extends it");
    assert_eq!(with("nbf", from.plus(5)).valid_from, from.plus(5));
    assert_eq!(with("nbf", from.plus(-5)).valid_from, from);
    assert_eq!(with("iat", from.plus(7)).issued_at, from.plus(7));
    assert_eq!(resigned(|document| drop(document.remove("iat"))).expect("reads").issued_at, from);
    assert_eq!(resigned(|document| document.set("exp", from.unix())), Err(Malformed::OutOfRange("validity").into()));
}

#[test]
fn what_is_not_understood_is_refused() {
    let set = |name: &'static str, value: Value<'static>| resigned(|document| document.set(name, value));
    let out = |name: &'static str| Err(VerifyError::Malformed(Malformed::OutOfRange(name)));
    assert_eq!(set("vc", Object::new().into()), out("vc"));
    assert_eq!(set("iss", "did:example:other".into()), out("iss"));
    assert_eq!(set("sub", "did:example:other".into()), out("sub"));
    assert_eq!(set("type", Value::from_iter(["VerifiableCredential", "Other"])), out("type"));
    for name in ["termsOfUse", "aud", "nonce", "proof"] {
        assert_eq!(set(name, Object::new().into()), Err(Malformed::member(name).into()), "{name}");
    }
    // RFC 7800: the key that the issuer confirms is the subject's, or nobody can present it.
    let cnf = |key: &Key| Value::Object(Object::new().with("jwk", key.public_key().to_jwk()));
    assert!(set("cnf", cnf(&Key::holder())).is_ok());
    assert_eq!(set("cnf", cnf(&Key::p256(9))), out("cnf"));
    assert_eq!(set("cnf", Object::new().into()), Err(Malformed::Missing("jwk").into()));
    assert_eq!(set("@context", Value::from_iter(["https://www.w3.org/ns/credentials/v2"])), Err(Malformed::Context.into()));
    let subject = Object::new().with("roles", Value::Array(vec![])).with("favourite", "blue");
    assert_eq!(set("credentialSubject", subject.into()), Err(Malformed::member("favourite").into()));
    assert_eq!(set("issuer", did::to_did_key(Key::ed25519(9).public_key()).into()), out("verificationMethod"));
}

/// No header chooses the key or the algorithm (RFC 8725 §3.1).
#[test]
fn the_header_decides_nothing() {
    let document = json::to_string(&Value::Object(payload(issued().as_bytes())));
    let key_id = did::key_id(Key::issuer().public_key());
    let parse = |header: &str, signature: &[u8]| {
        let text = format!(
            "{}.{}.{}",
            crate::base64url::encode(header.as_bytes()),
            crate::base64url::encode(document.as_bytes()),
            crate::base64url::encode(signature)
        );
        Credential::parse(text.as_bytes(), &KnownContexts::new())
    };
    for alg in ["none", "None", "HS256", "ES512", ""] {
        assert!(parse(&format!(r#"{{"alg":"{alg}","typ":"vc+jwt"}}"#), &[0; 64]).is_err(), "{alg}");
        assert!(parse(&format!(r#"{{"alg":"{alg}","typ":"vc+jwt"}}"#), &[]).is_err(), "{alg}");
    }
    assert!(parse(r#"{"alg":"EdDSA","typ":"vc+jwt","crit":["x"],"x":1}"#, &[0; 64]).is_err());
    // Every key under every algorithm.
    let keys = [Key::issuer(), Key::p256(1), Key::p256(4), Key::ed25519(4), Key::p384(1)];
    for (signer, key) in keys.iter().enumerate() {
        for (named, alg) in ["EdDSA", "ES256", "ES384"].into_iter().enumerate() {
            let header = format!(r#"{{"alg":"{alg}","typ":"vc+jwt","kid":"{key_id}"}}"#);
            let input = [crate::base64url::encode(header.as_bytes()), crate::base64url::encode(document.as_bytes())].join(".");
            let credential = parse(&header, &key.sign(input.as_bytes()).expect("signs")).expect("reads");
            for (verifier, other) in keys.iter().enumerate() {
                let agrees = matches!(
                    (other.public_key().algorithm(), named),
                    (Algorithm::EdDsa, 0) | (Algorithm::Es256, 1) | (Algorithm::Es384, 2)
                );
                let result = credential.verify(other.public_key());
                assert_eq!(result.is_ok(), signer == verifier && agrees, "{signer} {alg} {verifier}");
                assert!(result.is_ok() || matches!(result, Err(VerifyError::InvalidProof)));
            }
        }
    }
    // A key in the header is not asked.
    let header = Object::new().with("typ", "vc+jwt").with("kid", key_id).with("jwk", Key::ed25519(9).public_key().to_jwk());
    let text = jws::sign_with_header(&header, document.as_bytes(), &Key::ed25519(9)).expect("signs");
    let forged = Credential::parse(text.as_bytes(), &KnownContexts::new()).expect("reads");
    assert!(matches!(forged.verify(Key::issuer().public_key()), Err(VerifyError::InvalidProof)));
}

#[test]
fn the_media_type_is_pinned() {
    let key_id = did::key_id(Key::issuer().public_key());
    for typ in ["JWT", "vp+jwt", "vc+sd-jwt", "vc+ld+jwt", "dc+sd-jwt"] {
        let text = signed(typ, payload(issued().as_bytes()), &key_id, &Key::issuer());
        assert_eq!(Credential::parse(text.as_bytes(), &KnownContexts::new()).map(drop), Err(Malformed::OutOfRange("typ")), "{typ}");
    }
    assert_eq!(Credential::parse(presented().as_bytes(), &KnownContexts::new()).map(drop), Err(Malformed::OutOfRange("typ")));
    assert_eq!(Presentation::parse(issued().as_bytes(), &KnownContexts::new()).map(drop), Err(Malformed::OutOfRange("typ")));
    let header = Object::new().with("typ", "vc+jwt").with("cty", "jwt");
    let text = jws::sign_with_header(&header, b"{}", &Key::issuer()).expect("signs");
    assert_eq!(Credential::parse(text.as_bytes(), &KnownContexts::new()).map(drop), Err(Malformed::OutOfRange("cty")));
}

/// A COSE_Sign1 says what it is in its header only, so a message of another type must not be read.
#[test]
fn the_media_type_is_pinned_in_cose_and_in_an_sd_jwt() {
    let key_id = did::key_id(Key::issuer().public_key());
    let payload = Sign1::parse(issued_in(Format::VcCose).as_bytes()).expect("reads").payload;
    let read = |typ: &'static str, content_type: &'static str| {
        let types = cose::Types { typ, content_type };
        let message = cose::sign(&payload, types, &key_id, &RegisteredClaims::default(), &Key::issuer()).expect("signs");
        Credential::parse(&message, &KnownContexts::new()).map(drop)
    };
    assert_eq!(read("vc+cose", "vc"), Ok(()));
    for typ in ["vp+cose", "vc+jwt", "cwt", ""] {
        assert_eq!(read(typ, "vc"), Err(Malformed::OutOfRange("typ")), "{typ}");
    }
    assert_eq!(read("vc+cose", "vp"), Err(Malformed::OutOfRange("cty")));
    let sd_jwt = issued_in(Format::VcSdJwt);
    assert!(Envelope::parse(sd_jwt.as_bytes(), Content::Credential, MAX_BYTES).is_ok());
    let presented = Envelope::parse(sd_jwt.as_bytes(), Content::Presentation, MAX_BYTES);
    assert_eq!(presented.map(drop), Err(Malformed::OutOfRange("typ")));
}

/// In COSE the claims are not members of the document, whose reader would refuse them.
#[test]
fn a_credential_made_for_one_verifier_is_refused_in_cose() {
    let key_id = did::key_id(Key::issuer().public_key());
    let payload = Sign1::parse(issued_in(Format::VcCose).as_bytes()).expect("reads").payload;
    let read = |claims: &RegisteredClaims| {
        let types = cose::Types { typ: "vc+cose", content_type: "vc" };
        let message = cose::sign(&payload, types, &key_id, claims, &Key::issuer()).expect("signs");
        Credential::parse(&message, &KnownContexts::new()).expect("reads").verify(Key::issuer().public_key()).map(drop)
    };
    let (plain, one) = (RegisteredClaims::default(), Some("x".to_owned()));
    assert_eq!(read(&plain), Ok(()));
    assert_eq!(read(&RegisteredClaims { audience: one.clone(), ..plain.clone() }), Err(Malformed::member("aud").into()));
    assert_eq!(read(&RegisteredClaims { nonce: one, ..plain }), Err(Malformed::member("nonce").into()));
}

#[test]
fn a_presentation_answers_one_request() {
    for format in [Format::VcJwt, Format::VcCose] {
        let presentation = presented_in(format);
        assert_eq!(presentation.credential().as_bytes(), issued_in(format).as_bytes());
        assert_eq!(presentation.credential().format(), format);
        assert_eq!(verify_holder(&presentation), Ok(HolderProof { signed_at: Some(AT), ..HolderProof::default() }));
        let again = Presentation::parse(presentation.as_bytes(), &KnownContexts::new()).expect("its own bytes");
        let holder = Key::holder();
        let verify = |nonce, audience: &str| again.verify_holder(holder.public_key(), &Binding::challenge(&nonce, audience));
        assert_eq!(verify(Nonce([8; 16]), &request().client_id), Err(HolderError::NonceMismatch));
        assert_eq!(verify(request().nonce, "did:key:zOther"), Err(HolderError::WrongAudience));
        for other in [Key::issuer(), Key::p256(3), Key::p384(3)] {
            assert_eq!(again.verify_holder(other.public_key(), &request().binding()), Err(HolderError::InvalidProof));
        }
        assert!(matches!(
            issued_in(format).present(&[], &request().binding(), AT, &Key::p256(7), &mut TestRng(1)),
            Err(PresentError::NotTheHolder)
        ));
        let unbound = sign(&RoleClaims { holder: None, ..claims() }, format, &Key::issuer()).expect("issues");
        assert!(matches!(unbound.present(&[], &request().binding(), AT, &Key::holder(), &mut TestRng(1)), Err(PresentError::NotTheHolder)));
    }
}

#[test]
fn presentations_are_read_strictly() {
    assert!(answered(|_| ()).is_ok());
    assert!(answered(|document| document.set("aud", Value::from_iter([request().client_id]))).is_ok());
    assert!(answered(|document| document.set("iss", did::to_did_jwk(Key::holder().public_key()))).is_ok());
    assert!(answered(|document| drop(document.remove("holder"))).is_ok());
    let refused = |why: Malformed, change: &dyn Fn(&mut Object<'static>)| assert_eq!(answered(change), Err(HolderError::Malformed(why)));
    refused(Malformed::Missing("nonce"), &|document| drop(document.remove("nonce")));
    refused(Malformed::Missing("aud"), &|document| drop(document.remove("aud")));
    refused(Malformed::WrongType("nonce"), &|document| document.set("nonce", 1));
    refused(Malformed::OutOfRange("aud"), &|document| document.set("aud", Value::from_iter([request().client_id, "else".to_owned()])));
    refused(Malformed::OutOfRange("holder"), &|document| document.set("holder", did::to_did_key(Key::issuer().public_key())));
    refused(Malformed::OutOfRange("iss"), &|document| document.set("iss", "https://holder.example"));
    // When the answer holds is for the gate to judge.
    let proof = answered(|document| {
        document.set("exp", AT.plus(5).unix());
        document.set("nbf", AT.plus(-5).unix());
    });
    assert_eq!(proof.map(|proof| (proof.not_before, proof.expires_at)), Ok((Some(AT.plus(-5)), Some(AT.plus(5)))));
    refused(Malformed::OutOfRange("vp"), &|document| document.set("vp", Object::new()));
    refused(Malformed::member("termsOfUse"), &|document| document.set("termsOfUse", "any"));
    refused(Malformed::Context, &|document| document.set("@context", "https://www.w3.org/2018/credentials/v1"));
    refused(Malformed::OutOfRange("type"), &|document| document.set("type", "VerifiableCredential"));
    let credential = |change: &dyn Fn(&mut Object<'static>)| {
        answered(|document| {
            let Some(Value::Array(mut all)) = document.remove("verifiableCredential") else { panic!("no list") };
            let Some(Value::Object(first)) = all.first_mut() else { panic!("no credential") };
            change(first);
            document.set("verifiableCredential", Value::Array(all));
        })
    };
    let text = core::str::from_utf8(issued().as_bytes()).expect("text").to_owned();
    assert!(credential(&|enveloped| enveloped.set("@context", "https://www.w3.org/ns/credentials/v2")).is_ok());
    assert!(credential(&|enveloped| enveloped.set("type", Value::from_iter(["EnvelopedVerifiableCredential"]))).is_ok());
    for (why, name, value) in [
        (Malformed::Context, "@context", Value::Array(vec![])),
        (Malformed::Context, "@context", Value::from("https://www.w3.org/2018/credentials/v1")),
        (Malformed::OutOfRange("type"), "type", Value::from("VerifiableCredential")),
        (Malformed::OutOfRange("id"), "id", Value::from(format!("data:application/vp+jwt,{text}"))),
        (Malformed::OutOfRange("id"), "id", Value::from(format!("data:application/vc+jwt;base64,{text}"))),
        (Malformed::member("issuer"), "issuer", Value::from("x")),
    ] {
        let found = credential(&|enveloped| enveloped.set(name, value.clone()));
        assert_eq!(found, Err(HolderError::Malformed(why)), "{name}");
    }
    refused(Malformed::OutOfRange("verifiableCredential"), &|document| document.set("verifiableCredential", Value::Array(vec![])));
    refused(Malformed::WrongType("verifiableCredential"), &|document| document.set("verifiableCredential", text.clone()));
}

#[test]
fn a_flipped_bit_is_refused() {
    let both = [Format::VcJwt, Format::VcCose];
    let messages = both.map(|format| [(issued_in(format).as_bytes().to_vec(), false), (presented_in(format).as_bytes().to_vec(), true)]);
    for (mut damaged, is_presentation) in messages.into_iter().flatten() {
        for at in 0..damaged.len() {
            damaged[at] ^= 1 << (at % 7);
            let accepted = if is_presentation {
                Presentation::parse(&damaged, &KnownContexts::new()).is_ok_and(|found| verify_holder(&found).is_ok())
            } else {
                Credential::parse(&damaged, &KnownContexts::new()).is_ok_and(|found| found.verify(Key::issuer().public_key()).is_ok())
            };
            assert!(!accepted, "byte {at}");
            damaged[at] ^= 1 << (at % 7);
        }
    }
}

#[test]
fn a_credential_is_no_presentation() {
    assert!(matches!(Credential::parse(issued().as_bytes(), &KnownContexts::new()), Ok(Credential(Form::Enveloped(_)))));
    assert!(Credential::parse(presented().as_bytes(), &KnownContexts::new()).is_err());
    assert!(Presentation::parse(issued().as_bytes(), &KnownContexts::new()).is_err());
    assert!(Presentation::parse(presented().as_bytes(), &KnownContexts::new()).is_ok());
}

proptest! {
    #[test]
    fn any_payload_is_answered(payload: Vec<u8>, text in "\\PC{0,40}") {
        for payload in [payload.as_slice(), text.as_bytes(), b"{}", br#"{"issuer":7}"#, br#"{"issuer":{"id":"x"}}"#] {
            let text = jws::sign("vc+jwt", None, payload, &Key::issuer()).expect("signs");
            prop_assert!(!Credential::parse(text.as_bytes(), &KnownContexts::new()).is_ok_and(|found| found.verify(Key::issuer().public_key()).is_ok()));
            let text = jws::sign("vp+jwt", None, payload, &Key::holder()).expect("signs");
            prop_assert!(Presentation::parse(text.as_bytes(), &KnownContexts::new()).is_err());
        }
    }
}
