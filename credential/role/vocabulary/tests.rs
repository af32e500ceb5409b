//! Role credentials under contexts that a bundle carries.

use crate::credential::Presentation;
use crate::credential::{Credential, Issuance};
use crate::data_integrity::Suite;
use crate::did;
use crate::error::{IssueError, VerifyError};
use crate::format::Format;
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::{KnownContexts, LdError};
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::role::kind_in;
use crate::role::{RoleClaims, tests::claims as role_claims};
use crate::testing::{AT, Key, TestRng, request};
use alloc::{string::String, vec::Vec};
use sha2::{Digest, Sha256};

const SITE: &str = "https://north.example/contexts/site/v1";
const OTHER: &str = "https://north.example/contexts/other/v1";
const DOCUMENT: &str = r#"{"@context": {
    "@protected": true,
    "qualification": "https://north.example/vocab#qualification",
    "grade": {"@id": "https://north.example/vocab#grade", "@type": "http://www.w3.org/2001/XMLSchema#integer"},
    "ward": {"@id": "https://north.example/vocab#ward", "@type": "@id"},
    "T": {"@id": "https://north.example/vocab#T", "@context": {"inner": "https://north.example/vocab#inner"}}
}}"#;

fn carrying(contexts: &[(&str, &str)]) -> KnownContexts {
    let mut known = KnownContexts::new();
    for (id, document) in contexts {
        known.carry(id, &Sha256::digest(document).into(), document.as_bytes()).expect("a context");
    }
    known
}

fn known() -> KnownContexts {
    carrying(&[(SITE, DOCUMENT), (OTHER, r#"{"@context": {"badge": "https://north.example/vocab#badge"}}"#)])
}

fn claims(format: Format, personal: Object<'static>) -> RoleClaims {
    RoleClaims { kind: kind_in(format).into(), holder: Some(Key::holder().public_key().clone().into()), personal, ..role_claims() }
}

fn qualified() -> Object<'static> {
    Object::new().with("given_name", "Ada").with("grade", 3_i64).with("qualification", Value::from_iter(["x-ray", "triage"]))
}

/// Every way to secure a document.
const WAYS: [(Format, Option<Suite>); 4] = [
    (Format::DataIntegrity, Some(Suite::EddsaJcs2022)),
    (Format::DataIntegrity, Some(Suite::EddsaRdfc2022)),
    (Format::VcJwt, None),
    (Format::VcCose, None),
];

fn issue(way: (Format, Option<Suite>), personal: Object<'static>, known: &KnownContexts) -> Result<Credential, IssueError> {
    let (issuer, claims) = (Key::issuer(), claims(way.0, personal));
    match way.1 {
        Some(suite) => Credential::issue(&claims, Issuance { contexts: known, ..suite.into() }, &issuer, &mut TestRng(1)),
        None => Credential::issue(&claims, Issuance { contexts: known, ..way.0.into() }, &issuer, &mut TestRng(1)),
    }
}

fn read(bytes: &[u8], known: &KnownContexts) -> Result<RoleClaims, VerifyError> {
    Credential::parse(bytes, known)?.verify(Key::issuer().public_key()).map(|verified| verified.role().clone())
}

fn malformed(why: Malformed) -> Result<RoleClaims, VerifyError> {
    Err(VerifyError::Malformed(why))
}

#[test]
fn claims_may_have_names_of_a_carried_context() {
    let known = known();
    for way in WAYS {
        let issued = issue(way, qualified(), &known).expect("issues");
        assert_eq!(issued.further_contexts(), [SITE], "only what its names need");
        assert_eq!(read(issued.as_bytes(), &known).expect("reads").personal, qualified());
        // Elsewhere it is not known what the names mean.
        assert_eq!(read(issued.as_bytes(), &KnownContexts::new()), malformed(Malformed::Context));
        assert_eq!(read(issued.as_bytes(), &carrying(&[(OTHER, DOCUMENT)])), malformed(Malformed::Context));
        let both = qualified().with("badge", "B-7");
        assert_eq!(issue(way, both, &known).expect("issues").further_contexts(), [OTHER, SITE].iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(issue(way, Object::new().with("given_name", "Ada"), &known).expect("issues").further_contexts(), [""; 0]);
    }
}

/// A name that the contexts do not define, or define otherwise, is refused in every format, not only where statements are signed.
#[test]
fn a_claim_is_what_its_context_says() {
    let known = known();
    for way in WAYS {
        let refused =
            |name: &'static str, value: Value<'static>| issue(way, Object::new().with("grade", 1_i64).with(name, value), &known).map(drop);
        let because = |why| Err(IssueError::Malformed(why));
        assert_eq!(refused("nickname", "x".into()), because(Malformed::member("nickname")));
        assert_eq!(refused("inner", "x".into()), because(Malformed::member("inner")));
        assert_eq!(refused("evidence", "x".into()), because(Malformed::member("evidence")));
        assert_eq!(refused("ward", "no URL".into()), because(Malformed::JsonLd(LdError::RelativeId)));
        assert_eq!(refused("ward", "https://north.example/ward/3".into()), Ok(()));
        assert_eq!(refused("qualification", Value::Array(Vec::new())), because(Malformed::JsonLd(LdError::Empty)));
        let twice = Value::from_iter(["x", "x"]);
        assert_eq!(refused("qualification", twice), because(Malformed::JsonLd(LdError::Repeated)));
        for nested in [Object::new().with("inner", "x").into(), Value::Null, Value::from_iter([Value::Array(Vec::new())])] {
            assert_eq!(refused("qualification", nested), because(Malformed::WrongType("credentialSubject")));
        }
    }
}

/// The document with a proof over its canonical text: only the rules of role credentials can refuse it.
fn signed_again(mut document: Object<'static>, known: &KnownContexts, issuer: &Key) -> Vec<u8> {
    document.remove("proof");
    let method = did::key_id(issuer.public_key());
    let options = crate::data_integrity::Options {
        verification_method: &method,
        purpose: crate::did::Purpose::AssertionMethod,
        created: Some(role_claims().issued_at),
        expires: None,
        challenge: None,
        domain: None,
    };
    let proof = crate::data_integrity::create(Suite::EddsaJcs2022, &document, &options, known, issuer).expect("signs");
    json::to_string(&Value::Object(document.with("proof", proof))).into_bytes()
}

/// The issued document with another `@context`, signed again: only the rule of the list can refuse it.
#[test]
fn the_list_begins_as_that_of_every_role_credential() {
    let (known, issuer) = (known(), Key::issuer());
    let issued = issue(WAYS[0], qualified(), &known).expect("issues");
    let Ok(Value::Object(document)) = json::parse(issued.as_bytes(), Limits::CREDENTIAL).map(Value::into_owned) else { panic!("JSON") };
    let [v2, role] = waypass_schemas::contexts::ROLE_CREDENTIAL.map(|context| Value::from(context.id));
    let site = || Value::from(SITE);
    let inline = Value::Object(Object::new().with("grade", "https://north.example/vocab#grade"));
    let lists = [
        alloc::vec![v2.clone(), site(), role.clone()],
        alloc::vec![site(), v2.clone(), role.clone()],
        alloc::vec![v2.clone(), site()],
        alloc::vec![v2.clone(), role.clone(), site(), site()],
        alloc::vec![v2.clone(), role.clone(), site(), inline],
        alloc::vec![v2.clone(), role.clone(), site(), "https://north.example/contexts/site/v2".into()],
        // Compiled in, and not what the bundle carries.
        alloc::vec![v2.clone(), role.clone(), site(), "https://w3id.org/vdl/v1".into()],
        alloc::vec![v2.clone(), role.clone(), site(), v2.clone()],
        alloc::vec![v2, role],
    ];
    let last = lists.len() - 1;
    for (n, list) in lists.into_iter().enumerate() {
        let changed = document.clone().with("@context", Value::Array(list));
        let text = signed_again(changed, &known, &issuer);
        let why = if n == last { Malformed::member("grade") } else { Malformed::Context };
        assert_eq!(read(&text, &known), malformed(why), "{n}");
    }
}

/// A proof over the text says nothing about statements; under a carried context these are read all the same.
#[test]
fn a_signed_text_is_read_as_statements_under_a_carried_context() {
    let (known, issuer) = (known(), Key::issuer());
    let issued = issue(WAYS[0], qualified(), &known).expect("issues");
    let Ok(Value::Object(document)) = json::parse(issued.as_bytes(), Limits::CREDENTIAL).map(Value::into_owned) else { panic!("JSON") };
    assert!(read(&signed_again(document.clone(), &known, &issuer), &known).is_ok());
    let subject = document.member("credentialSubject").and_then(Value::as_object).expect("a subject").clone().with("ward", "no URL");
    let changed = document.with("credentialSubject", Value::Object(subject));
    assert_eq!(read(&signed_again(changed, &known, &issuer), &known), malformed(Malformed::JsonLd(LdError::RelativeId)));
}

/// Under the same URL another document means something else: the signer of statements did not sign these.
#[test]
fn the_meaning_is_signed() {
    let other = DOCUMENT.replace("vocab#grade", "vocab#salary");
    let issued = issue(WAYS[1], qualified(), &known()).expect("issues");
    assert_eq!(read(issued.as_bytes(), &carrying(&[(SITE, &other)])), Err(VerifyError::InvalidProof));
}

#[test]
fn a_presentation_is_read_and_signed_under_them_too() {
    let known = known();
    for way in WAYS {
        let issued = issue(way, qualified(), &known).expect("issues");
        let request = request(way.0);
        let shown = issued.present(&[], &request.binding(), AT, &Key::holder(), &mut TestRng(1)).expect("presents");
        let read = Presentation::parse(shown.as_bytes(), &known).expect("reads");
        assert_eq!(read.untrusted_nonce(), Some(&*request.nonce.to_text()));
        assert!(read.verify_holder(Key::holder().public_key(), &request.binding()).is_ok());
        assert_eq!(read.credential().verify(Key::issuer().public_key()).expect("holds").role().personal, qualified());
        // If it is not known, nothing is read by it.
        let elsewhere = Presentation::parse(shown.as_bytes(), &KnownContexts::new());
        assert!(elsewhere.is_err() || elsewhere.is_ok_and(|shown| shown.credential().verify(Key::issuer().public_key()).is_err()));
        let text = String::from_utf8_lossy(shown.as_bytes()).replace("north.example/contexts/site", "north.example/contexts/sitf");
        if way.0 == Format::DataIntegrity {
            assert!(Presentation::parse(text.as_bytes(), &known).is_err());
        }
    }
}
