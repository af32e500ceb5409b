use super::{Asked, Document, verify_credential, verify_presentation};
use super::{DocumentError, require_validity};
use crate::data_integrity::{Options, Suite, create};
use crate::did;
use crate::did::Purpose;
use crate::error::IssueError;
use crate::json::{self, JsonError, Limits, Object, Value};
use crate::jsonld::LdError;
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::testing::Key;
use crate::time::Timestamp;
use crate::vcdm::envelope::{Material, write_url};
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};

const CREDENTIAL: &str = r#"{
    "@context": ["https://www.w3.org/ns/credentials/v2", {"Pass": "urn:example:Pass", "deck": "urn:example:deck"}],
    "type": ["VerifiableCredential", "Pass"], "issuer": "did:example:north",
    "credentialSubject": {"id": "did:example:ada", "deck": "C"}
}"#;
const OLD: &str = r#"{
    "@context": ["https://www.w3.org/2018/credentials/v1", {"deck": "urn:example:deck"}], "type": ["VerifiableCredential"],
    "issuer": "did:example:north", "issuanceDate": "2026-11-20T08:00:00Z", "credentialSubject": {"id": "did:example:ada", "deck": "C"}
}"#;
const AT: i64 = 1_795_200_000;
const ASKED: Asked<'static> = Asked { challenge: Some("n-1"), domain: Some("gate.example") };

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(AT + seconds).expect("a time")
}

fn object(text: &str) -> Object<'static> {
    match json::parse(text.as_bytes(), Limits::CREDENTIAL).map(Value::into_owned) {
        Ok(Value::Object(object)) => object,
        other => panic!("{other:?}"),
    }
}

fn options<'v>(method: &'v str, purpose: Purpose, asked: Asked<'v>) -> Options<'v> {
    Options {
        verification_method: method,
        purpose,
        created: Some(at(0)),
        expires: Some(at(60)),
        challenge: asked.challenge,
        domain: asked.domain,
    }
}

fn keys() -> [Key; 3] {
    [Key::ed25519(7), Key::p256(8), Key::p384(9)]
}

fn secured(text: &str, key: &Key, suite: Suite) -> Object<'static> {
    let method = did::key_id(key.public_key());
    let document = Document::credential(object(text)).expect("a credential");
    document.secure(suite, &options(&method, Purpose::AssertionMethod, Asked::default()), key).expect("signs")
}

fn presented(credentials: &[Object<'static>], key: &Key) -> Object<'static> {
    let method = did::key_id(key.public_key());
    let presentation = object(r#"{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"]}"#)
        .with("verifiableCredential", credentials.iter().cloned().collect::<Value<'_>>());
    let document = Document::presentation(presentation).expect("a presentation");
    document.secure(Suite::rdfc(key.public_key().algorithm()), &options(&method, Purpose::Authentication, ASKED), key).expect("signs")
}

fn check(document: &Object<'_>) -> Result<(), DocumentError> {
    verify_credential(document, Asked::default(), at(1)).map(drop)
}

#[test]
fn every_suite_and_version_verifies_what_it_signed_and_nothing_else() {
    for key in keys() {
        let algorithm = key.public_key().algorithm();
        for suite in [Suite::jcs(algorithm), Suite::rdfc(algorithm)] {
            for text in [CREDENTIAL, OLD] {
                let good = secured(text, &key, suite);
                assert_eq!(check(&good), Ok(()), "{suite}");
                // Its text, and what its inline context makes of it.
                let text = json::to_string(&Value::Object(good));
                for (from, to) in [(r#""deck":"C""#, r#""deck":"D""#), ("urn:example:deck", "urn:example:cabin")] {
                    assert_eq!(check(&object(&text.replace(from, to))), Err(DocumentError::InvalidProof), "{suite} {to}");
                }
            }
        }
    }
    // A proof of an old credential is defined by the context that it got.
    let contexts = secured(OLD, &Key::ed25519(7), Suite::EddsaRdfc2022).member("@context").cloned().expect("contexts");
    assert_eq!(contexts.as_array().expect("a list")[2].as_str(), Some("https://w3id.org/security/data-integrity/v2"));
}

#[test]
fn what_safe_mode_refuses_is_not_signed() {
    let with = |member: &'static str, value: Value<'static>| Document::credential(object(CREDENTIAL).with(member, value)).map(|_| ());
    assert_eq!(with("unheard", "x".into()), Err(Malformed::JsonLd(LdError::UndefinedTerm)));
    assert_eq!(with("issuer", Value::Null), Err(Malformed::WrongType("issuer")));
    let redefined = CREDENTIAL.replace(r#"{"Pass":"#, r#"{"VerifiableCredential": "urn:example:Other", "Pass":"#);
    assert_eq!(Document::credential(object(&redefined)).map(|_| ()), Err(Malformed::JsonLd(LdError::ProtectedTerm)));
    let twice = Document::credential(object(CREDENTIAL).with("proof", Object::new()));
    let method = did::key_id(Key::ed25519(7).public_key());
    let options = options(&method, Purpose::AssertionMethod, Asked::default());
    let again = twice.expect("a credential").secure(Suite::EddsaRdfc2022, &options, &Key::ed25519(7));
    assert_eq!(again, Err(IssueError::Malformed(Malformed::Proof)));
}

#[test]
fn a_proof_is_for_one_purpose_and_ends() {
    let key = Key::ed25519(7);
    let good = secured(CREDENTIAL, &key, Suite::EddsaRdfc2022);
    let verify = |asked, seconds| verify_credential(&good, asked, at(seconds)).map(drop);
    assert_eq!(verify(Asked::default(), 59), Ok(()));
    assert_eq!(verify(Asked::default(), 60), Err(DocumentError::ProofExpired), "over at the moment of its end");
    assert_eq!(verify(ASKED, 1), Err(DocumentError::Challenge), "it answers nobody");
    let method = did::key_id(key.public_key());
    let document = Document::credential(object(CREDENTIAL)).expect("a credential");
    let wrong = document.secure(Suite::EddsaRdfc2022, &options(&method, Purpose::Authentication, Asked::default()), &key);
    assert_eq!(check(&wrong.expect("signs")), Err(DocumentError::Purpose));
    // A method that is not a key of its DID, or no DID that holds a key.
    for method in ["did:key:z6Mk", "did:web:north.example#1", &did::to_did_key(key.public_key())] {
        let document = Document::credential(object(CREDENTIAL)).expect("a credential");
        let stranger = document.secure(Suite::EddsaRdfc2022, &options(method, Purpose::AssertionMethod, Asked::default()), &key);
        assert_eq!(check(&stranger.expect("signs")), Err(Malformed::OutOfRange("verificationMethod").into()), "{method}");
    }
}

#[test]
fn every_proof_of_a_set_must_hold() {
    let (first, second) = (Key::ed25519(7), Key::p256(8));
    let one = secured(CREDENTIAL, &first, Suite::EddsaJcs2022);
    let other = secured(CREDENTIAL, &second, Suite::EcdsaJcs2019);
    let proofs = |proofs: [&Object<'static>; 2]| {
        let all: Value<'static> = proofs.into_iter().map(|document| document.member("proof").cloned().expect("a proof")).collect();
        object(CREDENTIAL).with("proof", all)
    };
    assert_eq!(check(&proofs([&one, &other])), Ok(()));
    let text = json::to_string(&Value::Object(other.clone())).replace(r#""created":"2026-"#, r#""created":"2025-"#);
    assert_eq!(check(&proofs([&one, &object(&text)])), Err(DocumentError::InvalidProof));
    // A suite nobody knows cannot be checked, and every proof must be.
    let text = json::to_string(&Value::Object(other)).replace("ecdsa-jcs-2019", "unheard-2031");
    assert_eq!(check(&proofs([&one, &object(&text)])), Err(Malformed::Proof.into()));
    // With an inline context, text and meaning are two documents: one proof over each is not read.
    let meant = secured(CREDENTIAL, &second, Suite::EcdsaRdfc2019);
    assert_eq!(check(&proofs([&one, &meant])), Err(Malformed::Context.into()));
}

/// The compiler of contexts knows which feature it does not read, and the refusal names it.
#[test]
fn what_an_inline_context_uses_that_is_not_read_is_named() {
    for (context, feature) in [
        (r#""deck": {"@id": "urn:example:deck", "@container": "@language"}"#, "@language"),
        (r#""deck": {"@id": "urn:example:deck", "@container": ["@index", "@set"]}"#, "@index"),
        (r#""deck": {"@id": "urn:example:deck", "@container": "@id"}"#, "@id"),
        (r#""deck": {"@id": "urn:example:deck", "@container": "@type"}"#, "@type"),
        (r#""deck": {"@id": "urn:example:deck", "@nest": "more"}"#, "@nest"),
        (r#""deck": {"@reverse": "urn:example:deck"}"#, "@reverse"),
        (r#""deck": {"@id": "urn:example:deck", "@index": "urn:example:i"}"#, "@index"),
        (r#""@language": "de", "deck": "urn:example:deck""#, "@language"),
        (r#""@direction": "rtl", "deck": "urn:example:deck""#, "@direction"),
        (r#""@base": "urn:example:", "deck": "urn:example:deck""#, "@base"),
        (r#""@import": "https://example.org/", "deck": "urn:example:deck""#, "@import"),
        (r#""deck": {"@id": 7}"#, "@id is not a string"),
    ] {
        let text = CREDENTIAL.replace(r#""deck": "urn:example:deck""#, context);
        let why = Document::credential(object(&text)).map(drop).expect_err(context).to_string();
        assert!(why.starts_with("in the document's own @context: ") && why.contains(feature), "{context}: {why}");
    }
}

#[test]
fn presentations_answer_and_carry_what_verifies() {
    let (issuer, holder) = (Key::p256(8), Key::ed25519(7));
    let credential = secured(CREDENTIAL, &issuer, Suite::EcdsaRdfc2019);
    let enveloped =
        Document::credential(object(CREDENTIAL)).expect("a credential").envelop(&did::key_id(issuer.public_key()), &issuer).expect("signs");
    assert_eq!(check(&enveloped), Ok(()));
    let presentation = presented(&[credential.clone(), enveloped.clone()], &holder);
    let verify = |document: &Object<'_>, asked| verify_presentation(document, asked, at(1)).map(|documents| documents.len());
    assert_eq!(verify(&presentation, ASKED), Ok(2));
    assert_eq!(verify(&presentation, Asked { challenge: Some("n-2"), ..ASKED }), Err(DocumentError::Challenge));
    assert_eq!(verify(&presentation, Asked { domain: Some("other.example"), ..ASKED }), Err(DocumentError::Domain));
    // A good presentation of a bad credential.
    let bad = json::to_string(&Value::Object(credential)).replace(r#""deck":"C""#, r#""deck":"D""#);
    assert_eq!(verify(&presented(&[object(&bad)], &holder), ASKED), Err(DocumentError::InvalidProof));
    let bad = json::to_string(&Value::Object(enveloped)).replace("vc+jwt,eyJ", "vc+jwt,fyJ");
    assert!(verify(&presented(&[object(&bad)], &holder), ASKED).is_err());
    // A presentation that nobody signed.
    let mut unsigned = presentation;
    unsigned.remove("proof");
    assert_eq!(verify(&unsigned, ASKED), Err(Malformed::Missing("proof").into()));
}

/// The enveloped document is the verified one, and the caller judges its dates.
#[test]
fn validity_is_judged_on_the_document_that_is_secured() {
    let key = Key::ed25519(7);
    let method = did::key_id(key.public_key());
    let dated =
        |from: i64, until: i64| object(CREDENTIAL).with("validFrom", at(from).to_rfc3339()).with("validUntil", at(until).to_rfc3339());
    let judge = |document: Object<'static>| {
        let enveloped = Document::credential(document).expect("a credential").envelop(&method, &key).expect("signs");
        require_validity(&verify_credential(&enveloped, Asked::default(), at(10)).expect("verifies"), at(10))
    };
    assert_eq!(judge(object(CREDENTIAL)), Ok(()));
    assert_eq!(judge(dated(10, 11)), Ok(()));
    assert_eq!(judge(dated(11, 12)), Err(DocumentError::NotYetValid));
    assert_eq!(judge(dated(9, 10)), Err(DocumentError::Expired));
    let old = |name: &'static str, seconds: i64| require_validity(&Object::new().with(name, at(seconds).to_rfc3339()), at(10));
    assert_eq!(old("issuanceDate", 11), Err(DocumentError::NotYetValid));
    assert_eq!(old("expirationDate", 10), Err(DocumentError::Expired));
}

/// FZ-07: claims and members share one object, and what is too large to read is not made.
#[test]
fn nothing_is_enveloped_that_is_then_refused() {
    let key = Key::ed25519(7);
    let method = did::key_id(key.public_key());
    let vocabulary =
        CREDENTIAL.replace(r#""deck": "urn:example:deck""#, r#""@vocab": "https://north.example/vocab#", "deck": "urn:example:deck""#);
    assert_ne!(vocabulary, CREDENTIAL);
    let envelop = |document: Object<'static>| Document::credential(document).expect("a credential").envelop(&method, &key);
    for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "cnf", "vc", "vp"] {
        let refused = envelop(object(&vocabulary).with(name, "urn:x"));
        assert_eq!(refused, Err(IssueError::Malformed(Malformed::member(name))), "{name}");
    }
    let large = object(&vocabulary).with("more", "x".repeat(49_600));
    assert_eq!(envelop(large), Err(IssueError::Malformed(Malformed::TooLarge)));
}

/// Flips every bit of a secured document, and then of an enveloped one: none is taken.
#[test]
fn no_bit_can_change() {
    let key = Key::ed25519(7);
    let enveloped = Document::credential(object(CREDENTIAL)).expect("a credential").envelop(&did::key_id(key.public_key()), &key);
    for good in [secured(CREDENTIAL, &key, Suite::EddsaJcs2022), enveloped.expect("signs")] {
        let mut text = json::to_string(&Value::Object(good)).into_bytes();
        for bit in 0..text.len() * 8 {
            text[bit / 8] ^= 1 << (bit % 8);
            if let Ok(Value::Object(changed)) = json::parse(&text, Limits::CREDENTIAL) {
                let changed_text = || String::from_utf8_lossy(&text).to_string();
                assert!(check(&changed).is_err(), "bit {bit}: {}", changed_text());
            }
            text[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_proof_inside_an_envelope_is_refused() {
    let key = Key::ed25519(7);
    let method = did::key_id(key.public_key());
    let proof = create(
        Suite::EddsaJcs2022,
        &object(CREDENTIAL),
        &options(&method, Purpose::AssertionMethod, Asked::default()),
        &crate::jsonld::KnownContexts::new(),
        &key,
    );
    let text = object(CREDENTIAL).with("proof", proof.expect("signs"));
    let payload = json::to_string(&Value::Object(text));
    let header = Object::new().with("typ", "vc+jwt").with("kid", method.clone());
    let jws = crate::jws::sign_with_header(&header, payload.as_bytes(), &key).expect("signs");
    let enveloped = write_url(Material::Jose, jws.as_bytes());
    assert_eq!(check(&enveloped), Err(Malformed::Proof.into()));
}

/// A claim as deep as `depth`, in a document that is read by its own limits.
fn nested(depth: usize) -> Object<'static> {
    let deep = ["[".repeat(depth), "]".repeat(depth)].concat();
    let text = CREDENTIAL.replace(r#""deck": "C""#, &[r#""deck": "#, &deep].concat());
    match json::parse(text.as_bytes(), Limits { depth: 40, ..Limits::CREDENTIAL }).map(Value::into_owned) {
        Ok(Value::Object(object)) => object,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_envelope_is_given_out_that_is_not_read_again() {
    let key = Key::ed25519(7);
    let envelop = |depth| Document::credential(nested(depth)).expect("a credential").envelop(&did::key_id(key.public_key()), &key);
    let shallow = envelop(12).expect("signs");
    assert!(verify_credential(&shallow, Asked::default(), at(0)).is_ok());
    assert_eq!(envelop(18).map(drop), Err(IssueError::Malformed(Malformed::Json(JsonError::TooDeep))));
}

/// An envelope's description of itself must be true: VCDM 2.0 §4.13.1.
#[test]
fn envelopes_have_one_form() {
    let key = Key::ed25519(7);
    let good = Document::credential(object(CREDENTIAL)).expect("a credential").envelop(&did::key_id(key.public_key()), &key);
    let good = good.expect("signs");
    let url = good.text("id").expect("a URL").to_owned();
    let with = |name: &'static str, value: Value<'static>| check(&good.clone().with(name, value));
    assert_eq!(check(&good), Ok(()));
    assert_eq!(with("@context", "https://www.w3.org/ns/credentials/v2".into()), Ok(()));
    assert_eq!(with("@context", "https://www.w3.org/ns/credentials/examples/v2".into()), Err(Malformed::Context.into()));
    let contexts = |contexts: &[Value<'static>]| with("@context", contexts.iter().cloned().collect());
    let (base, further) =
        (Value::from("https://www.w3.org/ns/credentials/v2"), Value::from("https://www.w3.org/ns/credentials/examples/v2"));
    assert_eq!(contexts(&[base.clone(), further.clone()]), Ok(()), "VCDM 2.0 §4.13.1: a context such as the base context");
    for wrong in [&[][..], &[further.clone(), base.clone()], &[base, Value::Object(Object::new())]] {
        assert_eq!(contexts(wrong), Err(Malformed::Context.into()), "{wrong:?}");
    }
    assert_eq!(with("name", "beside".into()), Err(Malformed::member("name").into()));
    for wrong in [
        url.replace("data:application/vc+jwt,", ""),
        url.replace("vc+jwt", "jwt"),
        url.replace("vc+jwt", "vp+jwt"),
        url.replace("vc+jwt", "vc+sd-jwt"),
        "data:application/vc+jwt".into(),
    ] {
        assert_eq!(with("id", wrong.clone().into()), Err(Malformed::OutOfRange("id").into()), "{wrong}");
    }
    assert_eq!(with("id", 5.into()), Err(Malformed::Missing("id").into()));
}
