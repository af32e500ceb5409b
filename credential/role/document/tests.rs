use crate::binding::Binding;
use crate::binding::Nonce;
use crate::binding::{HolderError, HolderProof};
use crate::canon::jcs;
use crate::credential::Presentation;
use crate::credential::{Credential, Form};
use crate::data_integrity::{Options, Suite, create};
use crate::did;
use crate::did::Purpose;
use crate::error::{IssueError, PresentError, VerifyError};
use crate::format::Format;
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::{KnownContexts, LdError};
use crate::jws::JwsError;
use crate::key::{PublicKey, SignError, Signature, Signer};
use crate::malformed::Malformed;
use crate::request::Request;
use crate::role::vocabulary::PERSONAL_CLAIMS;
use crate::role::{RoleClaims, VC_TYPE, tests::claims as role_claims};
use crate::testing::{AT, Key, TestRng, claimed};
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
use proptest::prelude::*;

fn holder() -> Key {
    Key::ed25519(2)
}

fn claims() -> RoleClaims {
    // In canonical order, the order in which they are read back.
    let personal = Object::new().with("family_name", "Byron").with("given_name", "Ada");
    RoleClaims { kind: VC_TYPE.into(), holder: Some(holder().public_key().clone().into()), personal, ..role_claims() }
}

fn sign_in(suite: Suite, claims: &RoleClaims, signer: &Key) -> Result<Credential, IssueError> {
    Credential::issue(claims, suite, signer, &mut TestRng(1))
}

fn sign(claims: &RoleClaims, signer: &Key) -> Result<Credential, IssueError> {
    Credential::issue(claims, Format::DataIntegrity, signer, &mut TestRng(1))
}

fn suites(credential: &Credential) -> Vec<Suite> {
    let Credential(Form::DataIntegrity(credential)) = credential else { panic!("a document") };
    credential.suites()
}

fn issued() -> Credential {
    sign(&claims(), &Key::issuer()).expect("issues")
}

fn issued_in(suite: Suite) -> Credential {
    sign_in(suite, &claims(), &Key::issuer()).expect("issues")
}

fn request() -> Request {
    crate::testing::request(Format::DataIntegrity)
}

fn presented() -> Presentation {
    issued().present(&[], &request().binding(), AT, &holder(), &mut TestRng(1)).expect("presents")
}

fn document(bytes: &[u8]) -> Object<'static> {
    match json::parse(bytes, Limits::CREDENTIAL).expect("JSON").into_owned() {
        Value::Object(object) => object,
        _ => panic!("not an object"),
    }
}

fn text(object: &Object<'static>) -> Vec<u8> {
    json::to_string(&Value::Object(object.clone())).into_bytes()
}

fn options(kid: &str) -> Options<'_> {
    Options { verification_method: kid, purpose: Purpose::AssertionMethod, created: Some(AT), expires: None, challenge: None, domain: None }
}

/// The issued document changed by `change` and signed again by the issuer under `options`: only the profile can refuse it.
fn resigned_with(options: &Options<'_>, change: impl FnOnce(&mut Object<'static>)) -> Result<RoleClaims, VerifyError> {
    let mut changed = document(issued().as_bytes());
    changed.remove("proof");
    change(&mut changed);
    let proof = create(Suite::EddsaJcs2022, &changed, options, &KnownContexts::new(), &Key::issuer()).expect("signs");
    let credential = Credential::parse(&text(&changed.with("proof", proof)), &KnownContexts::new())?;
    credential.verify(Key::issuer().public_key()).map(|verified| verified.role().clone())
}

fn resigned(change: impl FnOnce(&mut Object<'static>)) -> Result<RoleClaims, VerifyError> {
    resigned_with(&options(&did::key_id(Key::issuer().public_key())), change)
}

fn with_subject(name: &'static str, value: impl Into<Value<'static>>) -> Result<RoleClaims, VerifyError> {
    resigned(|document| {
        let Some(Value::Object(subject)) = document.remove("credentialSubject") else { panic!("no subject") };
        document.set("credentialSubject", subject.with(name, value));
    })
}

#[test]
fn what_is_issued_is_read_back() {
    let (issued, claims) = (issued(), claims());
    let verified = issued.verify(Key::issuer().public_key()).expect("verifies");
    assert_eq!(verified.role(), &claims);
    assert_eq!(verified.claims().member("proof"), None);
    assert_eq!(verified.claims().member("credentialSubject").and_then(|subject| subject.member("given_name")), Some(&Value::from("Ada")));
    assert_eq!(claimed(&issued).issuer, claims.issuer);
    assert_eq!(claimed(&issued).key_id, claims.key_id.as_deref());
    // Issued in canonical form: nothing has to be sorted on verification.
    assert_eq!(jcs::to_vec(&Value::Object(document(issued.as_bytes()))), issued.as_bytes());
    let other = Key::ed25519(5);
    assert_eq!(issued.verify(other.public_key()).expect_err("another key"), VerifyError::InvalidProof);
}

#[test]
fn contexts_are_exactly_the_known_ones() {
    let v2 = "https://www.w3.org/ns/credentials/v2";
    let role = "https://waypass.example/contexts/role/v1";
    let inline = Value::Object(Object::new().with("roles", "https://schema.org/name"));
    for context in [
        Value::from(v2),
        Value::Array(vec![v2.into()]),
        Value::Array(vec![role.into(), v2.into()]),
        Value::Array(vec![v2.into(), role.into(), "https://www.w3.org/ns/credentials/examples/v2".into()]),
        Value::Array(vec![v2.into(), role.into(), inline.clone()]),
        Value::Array(vec![v2.into(), inline.clone()]),
        inline,
        Value::Null,
    ] {
        assert_eq!(resigned(|document| document.set("@context", context)), Err(Malformed::Context.into()));
    }
    assert_eq!(resigned(|document| drop(document.remove("@context"))), Err(Malformed::Context.into()));
}

/// vc-di-eddsa §3.3.2 step 4.2 takes the proof's contexts for the document's: one appended later verifies at the level of the
/// proof, and must not here.
#[test]
fn a_context_the_issuer_did_not_sign_is_refused() {
    let mut short = document(issued().as_bytes());
    short.remove("proof");
    short.set("@context", Value::Array(vec!["https://www.w3.org/ns/credentials/v2".into()]));
    let proof =
        create(Suite::EddsaJcs2022, &short, &options(&did::key_id(Key::issuer().public_key())), &KnownContexts::new(), &Key::issuer())
            .expect("signs");
    let full = document(issued().as_bytes()).with("proof", proof.clone());
    assert_eq!(Credential::parse(&text(&full), &KnownContexts::new()).expect_err("appended"), Malformed::Context);
    // Without contexts in the proof, those of the document are signed.
    let mut own = proof;
    own.remove("@context");
    let credential = Credential::parse(&text(&full.with("proof", own)), &KnownContexts::new()).expect("reads");
    assert_eq!(credential.verify(Key::issuer().public_key()).expect_err("not signed so"), VerifyError::InvalidProof);
}

#[test]
fn undefined_terms_are_refused_though_signed() {
    assert_eq!(with_subject("clearance", "top"), Err(Malformed::member("clearance").into()));
    assert_eq!(with_subject("@type", "Person"), Err(Malformed::member("@type").into()));
    assert_eq!(with_subject("given_name", 1), Err(Malformed::WrongType("given_name").into()));
    assert_eq!(with_subject("given_name", Object::new().with("@value", "x")), Err(Malformed::WrongType("given_name").into()));
    for name in ["extra", "termsOfUse", "cnf", "@graph", "iss", "_sd"] {
        assert_eq!(resigned(|document| document.set(name, "x")), Err(Malformed::member(name).into()), "{name}");
    }
    let issuer = || Object::new().with("id", claims().issuer);
    assert!(resigned(|document| document.set("issuer", issuer().with("name", "North"))).is_ok());
    assert_eq!(resigned(|document| document.set("issuer", issuer().with("url", "x"))), Err(Malformed::member("url").into()));
    assert!(PERSONAL_CLAIMS.iter().all(|name| with_subject(name, "x").is_ok()));
    assert!(PERSONAL_CLAIMS.iter().all(|name| waypass_schemas::contexts::ROLE_V1.terms("").contains(name)));
}

#[test]
fn members_have_their_values() {
    let set = |name: &'static str, value: Value<'static>| resigned(|document| document.set(name, value));
    let types = |names: &[&'static str]| names.iter().copied().collect::<Value<'static>>();
    assert_eq!(set("type", types(&["VerifiableCredential", "OtherCredential"])), Err(Malformed::OutOfRange("type").into()));
    assert_eq!(set("type", types(&["VerifiableCredential"])), Err(Malformed::OutOfRange("type").into()));
    assert_eq!(set("type", types(&["VerifiableCredential", "RoleCredential", "X"])), Err(Malformed::OutOfRange("type").into()));
    assert_eq!(set("credentialSubject", Value::Array(vec![])), Err(Malformed::OutOfRange("credentialSubject").into()));
    assert!(set("type", types(&["RoleCredential", "VerifiableCredential"])).is_ok());
    assert_eq!(set("id", "not a url".into()), Err(Malformed::OutOfRange("id").into()));
    assert!(set("id", "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33".into()).is_ok());
    assert_eq!(set("issuer", 1.into()), Err(Malformed::WrongType("issuer").into()));
    for name in ["issuer", "validFrom", "validUntil", "credentialSubject", "type"] {
        assert_eq!(resigned(|document| drop(document.remove(name))), Err(Malformed::Missing(name).into()));
    }
    assert_eq!(set("validUntil", "2026-01-01T00:00:00Z".into()), Err(Malformed::OutOfRange("validity").into()));
    assert_eq!(set("validUntil", "2027-01-01T00:00:00".into()), Err(Malformed::OutOfRange("validUntil").into()));
    assert_eq!(with_subject("id", "did:web:waypass.example"), Err(Malformed::OutOfRange("credentialSubject.id").into()));
}

/// JCS signs doubles: with one signature, indices beyond 2^53 could be exchanged for their neighbours.
#[test]
fn an_index_is_an_exact_double() {
    let status = |index: &str| {
        let entry = format!(r#"{{"type":"TokenStatusListEntry","uri":"https://waypass.example/status/1","idx":{index}}}"#);
        let entry = json::parse(entry.as_bytes(), Limits::CREDENTIAL).expect("JSON").into_owned();
        resigned(|document| document.set("credentialStatus", entry))
    };
    for (text, index) in [("9007199254740991", 9_007_199_254_740_991), ("7.0", 7), ("0", 0)] {
        assert_eq!(status(text).expect("exact").status[0].index, index);
    }
    for text in ["9007199254740992", "9007199254740993", "18446744073709551616", "-1", "0.5", "1e300", "\"1\""] {
        assert!(status(text).is_err(), "{text}");
    }
    let mut claims = claims();
    claims.status[0].index = 1 << 53;
    assert_eq!(sign(&claims, &Key::issuer()).expect_err("inexact"), IssueError::Malformed(Malformed::OutOfRange("status")));
}

#[test]
fn the_proof_is_the_issuers_and_for_asserting() {
    let kid = did::key_id(Key::issuer().public_key());
    let same = |_: &mut Object<'static>| ();
    let refused = |options: Options<'_>| resigned_with(&options, same).expect_err("refused");
    assert_eq!(refused(Options { purpose: Purpose::Authentication, ..options(&kid) }), Malformed::Proof.into());
    assert_eq!(refused(Options { challenge: Some("c"), ..options(&kid) }), Malformed::Proof.into());
    assert_eq!(refused(Options { domain: Some("d"), ..options(&kid) }), Malformed::Proof.into());
    assert_eq!(refused(Options { created: None, ..options(&kid) }), Malformed::Missing("created").into());
    let foreign = did::key_id(Key::ed25519(5).public_key());
    for method in [foreign.as_str(), "did:key:z6Mk", "https://waypass.example/key", kid.split('#').next().expect("a DID")] {
        assert_eq!(refused(options(method)), Malformed::OutOfRange("verificationMethod").into(), "{method}");
    }
    let early = Some(claims().valid_until.plus(-100));
    let bounded = resigned_with(&Options { expires: early, ..options(&kid) }, same).expect("verifies");
    assert_eq!(Some(bounded.valid_until), early);
    let spent = Some(claims().valid_from.plus(-100));
    assert_eq!(refused(Options { expires: spent, ..options(&kid) }), Malformed::OutOfRange("validity").into());
}

#[test]
fn what_could_not_be_read_is_not_issued() {
    let refused = |change: fn(&mut RoleClaims)| {
        let mut claims = claims();
        change(&mut claims);
        sign(&claims, &Key::issuer()).expect_err("refused")
    };
    assert_eq!(refused(|claims| claims.kind = crate::role::VCT.into()), Malformed::OutOfRange("type").into());
    assert_eq!(refused(|claims| claims.personal.set("shoe_size", "43")), Malformed::member("shoe_size").into());
    assert_eq!(refused(|claims| claims.personal.set("birthdate", 1987)), Malformed::WrongType("birthdate").into());
    assert_eq!(refused(|claims| claims.personal.set("roles", "x")), IssueError::ReservedClaim("roles".into()));
    assert_eq!(refused(|claims| claims.issuer = "North Clinic".into()), Malformed::OutOfRange("issuer").into());
    assert_eq!(refused(|claims| claims.key_id = Some("did:key:z6Mk#x".into())), Malformed::OutOfRange("verificationMethod").into());
    assert_eq!(refused(|claims| claims.personal.set("photo_sha256", "0".repeat(70_000))), Malformed::TooLarge.into());
    assert_eq!(sign(&claims(), &Key::ed25519(5)).expect_err("another key"), Malformed::OutOfRange("key id").into());
}

/// A key that must not be asked to sign.
struct Unasked(Key);

impl Signer for Unasked {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        Err(SignError)
    }
}

#[test]
fn nothing_is_signed_for_an_issuer_whose_key_it_is_not() {
    let foreign = RoleClaims { issuer: did::to_did_key(Key::ed25519(5).public_key()), ..claims() };
    for format in [Format::DataIntegrity, Format::VcJwt, Format::VcCose] {
        let refused = Credential::issue(&foreign, format, &Unasked(Key::issuer()), &mut TestRng(1)).map(drop);
        assert_eq!(refused, Err(Malformed::OutOfRange("verificationMethod").into()), "{format:?}");
    }
}

/// Canonical form x issuer key x holder key: each signs in the suite of its own kind, the holder over the issuer's canonical form,
/// and is checked in no other.
#[test]
fn every_kind_of_key_issues_and_presents() {
    let keys = |seed| [Key::ed25519(seed), Key::p256(seed), Key::p384(seed)];
    let suite = |bytes: &[u8]| {
        let proof = document(bytes).remove("proof").expect("a proof");
        Suite::from_name(proof.member("cryptosuite").and_then(Value::as_str).expect("a name")).expect("a suite")
    };
    let pairs = || (0..9).map(|n| (keys(11).into_iter().nth(n / 3).expect("a key"), keys(12).into_iter().nth(n % 3).expect("a key")));
    for (family, (issuer, holder)) in [Suite::jcs, Suite::rdfc].into_iter().flat_map(|family| pairs().map(move |pair| (family, pair))) {
        let own = |key: &Key| family(key.public_key().algorithm());
        let holder_key = Some(holder.public_key().clone().into());
        let claims = RoleClaims { issuer: did::to_did_key(issuer.public_key()), key_id: None, holder: holder_key, ..claims() };
        let issued = sign_in(own(&issuer), &claims, &issuer).expect("issues");
        assert_eq!((suite(issued.as_bytes()), suites(&issued)), (own(&issuer), vec![own(&issuer)]));
        let presented = issued.present(&[], &request().binding(), AT, &holder, &mut TestRng(1)).expect("presents");
        assert_eq!(suite(presented.as_bytes()), own(&holder));
        let read = Presentation::parse(presented.as_bytes(), &KnownContexts::new()).expect("reads");
        for other in keys(11).into_iter().chain(keys(12)) {
            let key = other.public_key();
            assert_eq!(read.credential().verify(key).is_ok(), key == issuer.public_key());
            let bound = read.verify_holder(key, &request().binding());
            assert_eq!(bound.is_ok(), key == holder.public_key());
        }
    }
}

#[test]
fn a_suite_is_the_jcs_suite_of_the_key_unless_it_is_named() {
    for key in [Key::ed25519(11), Key::p256(12), Key::p384(13)] {
        let claims = RoleClaims { issuer: did::to_did_key(key.public_key()), key_id: None, ..claims() };
        let algorithm = key.public_key().algorithm();
        assert_eq!(suites(&sign(&claims, &key).expect("issues")), [Suite::jcs(algorithm)]);
        for suite in Suite::ALL {
            let issued = sign_in(suite, &claims, &key).map(|issued| suites(&issued));
            assert_eq!(issued, if suite.takes(algorithm) { Ok(vec![suite]) } else { Err(IssueError::Algorithm) });
        }
    }
}

/// An empty set is no statement, so it is left out; a credential without roles says nothing that RDF could carry.
#[test]
fn nothing_is_said_of_an_empty_set() {
    for suite in [Suite::EddsaJcs2022, Suite::EddsaRdfc2022] {
        let nowhere = RoleClaims { zones: vec![], sites: vec![], ..claims() };
        let issued = sign_in(suite, &nowhere, &Key::issuer()).expect("issues");
        assert_eq!(issued.verify(Key::issuer().public_key()).expect("verifies").role(), &nowhere);
        let useless = RoleClaims { roles: vec![], ..claims() };
        let refused = sign_in(suite, &useless, &Key::issuer()).map(|_| ());
        let empty = IssueError::Malformed(Malformed::JsonLd(LdError::Empty));
        assert_eq!(refused, if suite == Suite::EddsaRdfc2022 { Err(empty) } else { Ok(()) });
    }
}

/// Issuer and subject are described in one graph: as one node, the statements would not tell whose name the issuer's is.
#[test]
fn nobody_certifies_themselves_in_statements() {
    let own = RoleClaims { holder: Some(Key::issuer().public_key().clone().into()), ..claims() };
    let refused = sign_in(Suite::EddsaRdfc2022, &own, &Key::issuer()).expect_err("one node in two places");
    assert_eq!(refused, IssueError::Malformed(Malformed::JsonLd(LdError::AmbiguousNode)));
}

/// Signed by the issuer over its statements: only the profile can refuse it.
#[test]
fn rdfc_documents_keep_the_same_profile() {
    let kid = did::key_id(Key::issuer().public_key());
    let resigned = |options: &Options<'_>, change: &dyn Fn(&mut Object<'static>)| -> Result<RoleClaims, VerifyError> {
        let mut changed = document(issued().as_bytes());
        changed.remove("proof");
        change(&mut changed);
        let proof = create(Suite::EddsaRdfc2022, &changed, options, &KnownContexts::new(), &Key::issuer()).expect("signs");
        let credential = Credential::parse(&text(&changed.with("proof", proof)), &KnownContexts::new())?;
        credential.verify(Key::issuer().public_key()).map(|verified| verified.role().clone())
    };
    let with = |name: &'static str, value: &Value<'static>| resigned(&options(&kid), &|document| document.set(name, value.clone()));
    assert!(resigned(&options(&kid), &|_| ()).is_ok());
    let (v2, role, examples) = (
        "https://www.w3.org/ns/credentials/v2",
        "https://waypass.example/contexts/role/v1",
        "https://www.w3.org/ns/credentials/examples/v2",
    );
    for context in [[v2, examples].as_slice(), &[role, v2], &[v2, role, examples], &[v2, role, role]] {
        assert_eq!(with("@context", &context.iter().copied().collect()), Err(Malformed::Context.into()), "{context:?}");
    }
    // Terms that are defined, and that nobody here acts on or reads otherwise.
    for (name, value, expected) in [
        ("termsOfUse", Value::Object(Object::new().with("type", "https://north.example/Terms")), Malformed::member("termsOfUse")),
        ("validUntil", "2027-01-01T00:00:00".into(), Malformed::OutOfRange("validUntil")),
        (
            "credentialStatus",
            Object::new().with("id", "urn:x").with("type", "BitstringStatusListEntry").into(),
            Malformed::Missing("statusListCredential"),
        ),
    ] {
        assert_eq!(with(name, &value), Err(expected.into()), "{name}");
    }
    let foreign = did::key_id(Key::ed25519(5).public_key());
    let same: &dyn Fn(&mut Object<'static>) = &|_| ();
    assert_eq!(resigned(&options(&foreign), same), Err(Malformed::OutOfRange("verificationMethod").into()));
    assert_eq!(resigned(&Options { purpose: Purpose::Authentication, ..options(&kid) }, same), Err(Malformed::Proof.into()));
    assert_eq!(resigned(&Options { challenge: Some("c"), ..options(&kid) }, same), Err(Malformed::Proof.into()));
    let unknown = document(issued_in(Suite::EddsaRdfc2022).as_bytes()).with("nickname", "x");
    assert_eq!(
        Credential::parse(&text(&unknown), &KnownContexts::new()).expect_err("no such term"),
        Malformed::JsonLd(LdError::UndefinedTerm)
    );
}

/// The name of the other suite over one's own signature: refused, whether the lengths agree or not.
#[test]
fn a_suite_is_not_taken_for_another() {
    for (issuer, other) in [(Key::ed25519(11), "ecdsa-jcs-2019"), (Key::p256(12), "eddsa-jcs-2022"), (Key::p384(13), "eddsa-jcs-2022")] {
        let claims = RoleClaims { issuer: did::to_did_key(issuer.public_key()), key_id: None, ..claims() };
        let mut issued = document(sign(&claims, &issuer).expect("issues").as_bytes());
        let Some(Value::Object(proof)) = issued.remove("proof") else { panic!("no proof") };
        let renamed = text(&issued.with("proof", proof.with("cryptosuite", other)));
        assert!(!Credential::parse(&renamed, &KnownContexts::new()).is_ok_and(|read| read.verify(issuer.public_key()).is_ok()), "{other}");
    }
}

#[test]
fn an_issuer_that_is_no_did_names_its_key_freely() {
    let claims = RoleClaims { issuer: "https://north.example".into(), key_id: Some("https://north.example/keys#7".into()), ..claims() };
    let issued = sign(&claims, &Key::issuer()).expect("issues");
    assert_eq!(issued.verify(Key::issuer().public_key()).expect("verifies").role(), &claims);
}

#[test]
fn the_holder_answers_one_request() {
    let (presented, request, holder) = (presented(), request(), holder());
    let key = holder.public_key();
    let again = Presentation::parse(presented.as_bytes(), &KnownContexts::new()).expect("reads");
    assert_eq!(again.verify_holder(key, &request.binding()), Ok(HolderProof { signed_at: Some(AT), ..HolderProof::default() }));
    assert_eq!(again.verify_holder(key, &Binding::challenge(&Nonce([8; 16]), &request.client_id)), Err(HolderError::NonceMismatch));
    assert_eq!(again.verify_holder(key, &Binding::challenge(&request.nonce, "did:key:other")), Err(HolderError::WrongAudience));
    assert_eq!(again.verify_holder(Key::issuer().public_key(), &request.binding()), Err(HolderError::InvalidProof));
    assert_eq!(again.credential().verify(Key::issuer().public_key()).expect("verifies").role(), &claims());
    let mut bare = document(presented.as_bytes());
    bare.remove("proof");
    let bare = Presentation::parse(&text(&bare), &KnownContexts::new()).expect("reads");
    assert_eq!(bare.verify_holder(key, &request.binding()), Err(HolderError::Missing));
    assert_eq!(
        Presentation::parse(issued().as_bytes(), &KnownContexts::new()).expect_err("a credential"),
        Malformed::member("credentialStatus")
    );
}

#[test]
fn only_the_subject_presents() {
    let thief = Key::ed25519(6);
    assert_eq!(
        issued().present(&[], &request().binding(), AT, &thief, &mut TestRng(1)).expect_err("not the holder"),
        PresentError::NotTheHolder
    );
    // A thief's presentation of a stolen credential, self-consistent but for the subject.
    let thief_did = did::to_did_key(thief.public_key());
    let nonce = request().nonce.to_text();
    let kid = did::key_id(thief.public_key());
    let options =
        Options { purpose: Purpose::Authentication, challenge: Some(&nonce), domain: Some(&request().client_id), ..options(&kid) };
    for holder in [Some(thief_did.as_str()), None] {
        let mut stolen = document(presented().as_bytes());
        stolen.remove("proof");
        stolen.remove("holder");
        if let Some(holder) = holder {
            stolen.set("holder", holder.to_owned());
        }
        let proof = create(Suite::EddsaJcs2022, &stolen, &options, &KnownContexts::new(), &thief).expect("signs");
        let expected = if holder.is_some() { "holder" } else { "verificationMethod" };
        assert_eq!(
            Presentation::parse(&text(&stolen.with("proof", proof)), &KnownContexts::new()).expect_err("stolen"),
            Malformed::OutOfRange(expected)
        );
    }
}

/// The holder's own signature, which asserts and does not answer, or is over other contexts.
#[test]
fn a_presentation_is_for_authentication_under_its_own_contexts() {
    let (nonce, kid) = (request().nonce.to_text(), did::key_id(holder().public_key()));
    let read = |purpose: Purpose, contexts: &[&'static str]| {
        let mut bare = document(presented().as_bytes());
        bare.remove("proof");
        bare.set("@context", contexts.iter().copied().collect::<Value<'_>>());
        let options = Options { purpose, challenge: Some(&nonce), domain: Some(&request().client_id), ..options(&kid) };
        let proof = create(Suite::EddsaJcs2022, &bare, &options, &KnownContexts::new(), &holder()).expect("signs");
        Presentation::parse(&text(&bare.with("proof", proof)), &KnownContexts::new()).map(drop)
    };
    let v2 = "https://www.w3.org/ns/credentials/v2";
    assert_eq!(read(Purpose::Authentication, &[v2]), Ok(()));
    assert_eq!(read(Purpose::AssertionMethod, &[v2]), Err(Malformed::Proof));
    for more in ["https://www.w3.org/ns/credentials/examples/v2", v2] {
        assert_eq!(read(Purpose::Authentication, &[v2, more]), Err(Malformed::Context), "{more}");
    }
}

#[test]
fn a_presentation_is_of_one_credential() {
    let changed = |name: &'static str, value: Value<'static>| {
        Presentation::parse(&text(&document(presented().as_bytes()).with(name, value)), &KnownContexts::new()).map(|_| ())
    };
    let credential = || Value::Object(document(issued().as_bytes()));
    assert_eq!(changed("verifiableCredential", credential()), Ok(()));
    for many in [vec![], vec![credential(), credential()]] {
        assert_eq!(changed("verifiableCredential", Value::Array(many)), Err(Malformed::OutOfRange("verifiableCredential")));
    }
    assert_eq!(changed("verifiableCredential", "eyJ".into()), Err(Malformed::WrongType("verifiableCredential")));
    assert_eq!(changed("type", "VerifiableCredential".into()), Err(Malformed::OutOfRange("type")));
    assert_eq!(changed("id", "x".into()), Err(Malformed::OutOfRange("id")));
    assert_eq!(changed("termsOfUse", "x".into()), Err(Malformed::member("termsOfUse")));
    assert_eq!(changed("@context", "https://www.w3.org/ns/credentials/v2".into()), Err(Malformed::Context));
    assert_eq!(changed("proof", Value::Null), Err(Malformed::WrongType("proof")));
}

#[test]
fn hostile_json_is_refused_by_its_kind() {
    let issued = String::from_utf8(issued().as_bytes().to_vec()).expect("UTF-8");
    let deep = format!(r#"{{"@context":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    let twice = issued.replacen("\"validFrom\"", "\"issuer\":\"did:key:z\",\"validFrom\"", 1);
    for (text, expected) in [
        (deep, Malformed::Json(json::JsonError::TooDeep)),
        (twice, Malformed::Json(json::JsonError::DuplicateName)),
        (format!("{issued}{}", " ".repeat(70_000)), Malformed::TooLarge),
        (format!("{issued}x"), Malformed::Json(json::JsonError::Syntax)),
        ("[]".into(), Malformed::Jws(JwsError::Serialization)),
        (issued.replacen("\"nurse\"", &format!("{}0", "0,".repeat(5000)), 1), Malformed::Json(json::JsonError::TooMany)),
    ] {
        assert_eq!(Credential::parse(text.as_bytes(), &KnownContexts::new()).expect_err("refused"), expected);
        assert_eq!(Presentation::parse(text.as_bytes(), &KnownContexts::new()).expect_err("refused"), expected);
    }
}

/// Returns true if anybody would take these bytes for the credential or the presentation they were made from.
fn accepts_credential(bytes: &[u8]) -> bool {
    Credential::parse(bytes, &KnownContexts::new()).is_ok_and(|credential| credential.verify(Key::issuer().public_key()).is_ok())
}

fn accepts_presentation(bytes: &[u8]) -> bool {
    let request = request();
    Presentation::parse(bytes, &KnownContexts::new()).is_ok_and(|presentation| {
        presentation.credential().verify(Key::issuer().public_key()).is_ok()
            && presentation.verify_holder(holder().public_key(), &request.binding()).is_ok()
    })
}

fn no_flipped_bit_is_accepted(original: &[u8], accepts: impl Fn(&[u8]) -> bool) {
    assert!(accepts(original));
    let mut bytes = original.to_vec();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts(&bytes), "bit {bit} is not signed");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn every_bit_of_a_credential_counts() {
    for suite in [Suite::EddsaJcs2022, Suite::EddsaRdfc2022] {
        no_flipped_bit_is_accepted(issued_in(suite).as_bytes(), accepts_credential);
    }
}

#[test]
fn every_bit_of_a_presentation_counts() {
    for suite in [Suite::EddsaJcs2022, Suite::EddsaRdfc2022] {
        no_flipped_bit_is_accepted(
            issued_in(suite).present(&[], &request().binding(), AT, &holder(), &mut TestRng(1)).expect("presents").as_bytes(),
            accepts_presentation,
        );
    }
}

#[test]
fn every_bit_of_an_ecdsa_credential_counts() {
    for issuer in [Key::p256(1), Key::p384(1)] {
        let claims = RoleClaims { issuer: did::to_did_key(issuer.public_key()), key_id: None, ..claims() };
        let issued = sign_in(Suite::rdfc(issuer.public_key().algorithm()), &claims, &issuer).expect("issues");
        no_flipped_bit_is_accepted(issued.as_bytes(), |bytes| {
            Credential::parse(bytes, &KnownContexts::new()).is_ok_and(|credential| credential.verify(issuer.public_key()).is_ok())
        });
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        prop_assert!(!accepts_credential(&bytes) && !accepts_presentation(&bytes));
    }

    #[test]
    fn any_cut_and_splice_is_answered(at in 0usize..2000, tail in "\\PC{0,40}") {
        let presented = presented();
        let cut = &presented.as_bytes()[..at.min(presented.as_bytes().len() - 1)];
        prop_assert!(!accepts_presentation(cut));
        // A tail may be the very bytes that were cut off, and space behind JSON means nothing.
        let joined = [cut, tail.as_bytes()].concat();
        prop_assert_eq!(accepts_presentation(&joined), joined.trim_ascii_end() == presented.as_bytes());
    }

    #[test]
    fn any_json_in_any_place_is_answered(name in "(@context|type|issuer|validFrom|credentialSubject|credentialStatus|proof|holder|verifiableCredential)",
        json in "(null|true|-0|1e99|\"\"|\"did:key:z\"|\\[\\]|\\{\\}|\\[\\{\\}\\]|\\{\"id\":1\\}|\\{\"type\":\"DataIntegrityProof\"\\})") {
        let value = json::parse(json.as_bytes(), Limits::CREDENTIAL).expect("JSON").into_owned();
        for suite in [Suite::EddsaJcs2022, Suite::EddsaRdfc2022] {
            let issued = issued_in(suite);
            let changed = document(issued.as_bytes()).with(name.clone(), value.clone());
            prop_assert!(!accepts_credential(&text(&changed)));
            let presented = issued.present(&[], &request().binding(), AT, &holder(), &mut TestRng(1)).expect("presents");
            let changed = document(presented.as_bytes()).with(name.clone(), value.clone());
            prop_assert!(!accepts_presentation(&text(&changed)));
        }
    }
}
