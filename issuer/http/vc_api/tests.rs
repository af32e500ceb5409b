use super::serve_until;
use crate::http::ServiceLimits;
use crate::http::tests::raw::{Reply, Service};
use crate::testing::{Key, TestRng};
use crate::vc_api::{MAX_BODY, PROFILES, VcApi};
use proptest::prelude::*;
use waypass_credential::did;
use waypass_credential::json::{self, Object, Value};
use waypass_credential::key::Signer;

fn service() -> Service {
    Service::running(|listener, now, stopped| {
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let signers: Vec<Box<dyn Signer + Send + Sync>> =
            vec![Box::new(Key::ed25519(41)), Box::new(Key::p256(42)), Box::new(Key::p384(43))];
        let stop = async { drop(stopped.await) };
        serve_until(VcApi::new(signers, &base), listener, ServiceLimits::default(), now, Box::new(TestRng::new(1)), stop).expect("served");
    })
}

const CREDENTIAL: &str = r#"{"@context": ["https://www.w3.org/ns/credentials/v2", {"deck": "urn:example:deck"}],
    "type": ["VerifiableCredential"], "issuer": "did:example:somebody-else", "credentialSubject": {"id": "did:example:ada", "deck": "C"}}"#;

fn issue(service: &Service, profile: &str) -> Reply {
    service.post(&format!("/{profile}/credentials/issue"), format!(r#"{{"credential": {CREDENTIAL}, "options": {{}}}}"#).as_bytes())
}

fn issued(service: &Service, profile: &str) -> String {
    let reply = issue(service, profile);
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    json::to_string(reply.json().member("verifiableCredential").expect("a credential"))
}

fn verify(service: &Service, credential: &str, options: &str) -> Reply {
    service.post("/credentials/verify", format!(r#"{{"verifiableCredential": {credential}, "options": {options}}}"#).as_bytes())
}

fn problem(reply: &Reply) -> (u16, String) {
    let json = reply.json();
    assert_eq!(json.member("verified").and_then(Value::as_bool), Some(false));
    let first = &json.member("problemDetails").and_then(Value::as_array).expect("a list")[0];
    let kind = first.member("type").and_then(Value::as_str).expect("a type");
    (reply.status, kind.rsplit('#').next().unwrap_or_default().to_owned())
}

#[test]
fn every_profile_issues_what_verifies_and_nothing_else_does() {
    let service = service();
    for profile in PROFILES {
        let credential = issued(&service, profile.name);
        let reply = verify(&service, &credential, "{}");
        assert_eq!((reply.status, reply.json().member("verified").and_then(Value::as_bool)), (200, Some(true)), "{}", profile.name);
        let changed = credential.replace("did:example:ada", "did:example:eve").replace(".eyJAY29udGV4", ".eyJAY29udGV5");
        assert_ne!(changed, credential);
        assert!([400, 422].contains(&verify(&service, &changed, "{}").status), "{}", profile.name);
    }
    assert_eq!(issue(&service, "bbs-2023").status, 404);
}

#[test]
fn problems_have_their_types() {
    let service = service();
    let good = issued(&service, "eddsa-rdfc-2022");
    let told = |credential: &str| problem(&verify(&service, credential, "{}"));
    assert_eq!(told(&good.replace("\"deck\":\"C\"", "\"deck\":\"D\"")), (422, "CRYPTOGRAPHIC_SECURITY_ERROR".into()));
    assert_eq!(told(CREDENTIAL), (400, "MALFORMED_VALUE_ERROR".into()));
    assert_eq!(told(&good.replace("did:example:somebody-else", "nobody")), (400, "MALFORMED_VALUE_ERROR".into()));
    assert_eq!(problem(&verify(&service, &good, r#"{"challenge": "n"}"#)), (400, "INVALID_CHALLENGE_ERROR".into()));
    assert_eq!(problem(&verify(&service, &good, r#"{"domain": "n"}"#)), (400, "INVALID_DOMAIN_ERROR".into()));
    assert_eq!(problem(&service.post("/credentials/verify", b"{")), (400, "PARSING_ERROR".into()));
    assert_eq!(problem(&service.post("/presentations/verify", b"[]")), (400, "PARSING_ERROR".into()));
    assert_eq!(problem(&service.post("/presentations/verify", b"{}")), (400, "MALFORMED_VALUE_ERROR".into()));
    assert_eq!(service.post("/credentials/verify", &vec![b' '; MAX_BODY + 1]).status, 413);
    assert_eq!(service.get("/credentials/verify").status, 405);
}

/// An option that nobody acts on is refused: its caller relies on it.
#[test]
fn options_are_acted_on_or_refused() {
    let service = service();
    let good = issued(&service, "eddsa-rdfc-2022");
    for options in [r#"{"chalenge": "n"}"#, "[]", "5", r#"{"checks": ["prof"]}"#, r#"{"checks": "proof"}"#, r#"{"challenge": 5}"#] {
        assert_eq!(problem(&verify(&service, &good, options)), (400, "MALFORMED_VALUE_ERROR".into()), "{options}");
    }
    for options in [r#"{"created": "2020-01-01T00:00:00Z"}"#, r#"{"mandatoryPointers": []}"#, "[]", "true"] {
        let body = format!(r#"{{"credential": {CREDENTIAL}, "options": {options}}}"#);
        assert_eq!(service.post("/eddsa-jcs-2022/credentials/issue", body.as_bytes()).status, 400, "{options}");
    }
    let beside = format!(r#"{{"verifiableCredential": {good}, "option": {{}}}}"#);
    assert_eq!(problem(&service.post("/credentials/verify", beside.as_bytes())), (400, "MALFORMED_VALUE_ERROR".into()));
}

/// A credential is verified as far as it was looked at, and the answer says how far that was.
#[test]
fn nothing_is_verified_that_was_not_looked_at() {
    let service = service();
    let issue = |members: &str| {
        let credential = CREDENTIAL.replacen('{', &format!("{{{members}, "), 1);
        let reply = service.post("/vc-jwt/credentials/issue", format!(r#"{{"credential": {credential}}}"#).as_bytes());
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        json::to_string(reply.json().member("verifiableCredential").expect("a credential"))
    };
    let entry = |list: &str, purpose: &str, index: &str| {
        format!(
            r#""credentialStatus": {{"type": "BitstringStatusListEntry", "statusPurpose": "{purpose}", "statusListIndex": "{index}", "statusListCredential": "{list}"}}"#
        )
    };
    let cases = [
        (issue(r#""validUntil": "1970-01-01T00:00:10Z""#), "RANGE_ERROR", "validity"),
        (issue(r#""validFrom": "2999-01-01T00:00:00Z""#), "RANGE_ERROR", "validity"),
        (issue(&entry("https://nowhere.invalid/1", "revocation", "5")), "STATUS_RETRIEVAL_ERROR", "credentialStatus"),
        (
            issue(r#""credentialStatus": {"type": "https://nowhere.invalid/Unheard", "id": "urn:s"}"#),
            "STATUS_RETRIEVAL_ERROR",
            "credentialStatus",
        ),
    ];
    for (credential, kind, check) in cases {
        let (_, told) = problem(&verify(&service, &credential, "{}"));
        assert_eq!(told, kind);
        assert_eq!(problem(&verify(&service, &credential, &format!(r#"{{"checks": ["proof", "{check}"]}}"#))).1, kind);
        // A caller that asks about the proof alone is told about the proof alone.
        let reply = verify(&service, &credential, r#"{"checks": ["proof"]}"#);
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let checks = reply.json().member("checks").and_then(Value::as_array).map(<[_]>::len);
        assert_eq!(checks, Some(1));
    }
    let all = verify(&service, &issued(&service, "eddsa-jcs-2022"), "{}");
    let made = all
        .json()
        .member("checks")
        .and_then(Value::as_array)
        .map(|checks| checks.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(made.unwrap_or_default(), ["proof", "validity", "credentialStatus"]);
}

#[test]
fn a_withdrawn_credential_is_told_from_one_that_was_not() {
    let service = service();
    let (one, other) = (issued(&service, "bitstring"), issued(&service, "bitstring"));
    let parsed = json::parse(one.as_bytes(), json::Limits::CREDENTIAL).expect("JSON");
    let entry = json::to_string(parsed.member("credentialStatus").expect("an entry"));
    let set = |entry: &str, status: &str| {
        service.post("/credentials/status", format!(r#"{{"credentialStatus": {entry}, "status": {status}}}"#).as_bytes()).status
    };
    assert_eq!(set(&entry, "true"), 200);
    assert_eq!(problem(&verify(&service, &one, "{}")), (422, "STATUS_VERIFICATION_ERROR".into()));
    assert_eq!(verify(&service, &other, "{}").status, 200);
    // The list says so too, and is itself a credential that verifies.
    let list = service.get("/status/1");
    assert_eq!(list.status, 200);
    let list = String::from_utf8(list.body).expect("text");
    assert!(list.contains("BitstringStatusListCredential"));
    assert_eq!(verify(&service, &list, "{}").status, 200);
    assert_eq!(set(&entry, "false"), 200);
    assert_eq!(verify(&service, &one, "{}").status, 200);
    assert_eq!(set(&entry.replace("/status/1\"", "/status/2\""), "true"), 404);
    assert_eq!(set(&entry, "1"), 400);
}

#[test]
fn a_did_resolves_in_the_form_that_is_asked_for() {
    let service = service();
    let did = did::to_did_key(Key::p256(42).public_key());
    let ask = |did: &str, accept: &str| service.ask("GET", &format!("/1.0/identifiers/{did}"), &[("Accept", accept)], b"");
    for accept in
        ["*/*", "application/json", "application/did-resolution", "application/ld+json;profile=\"https://w3id.org/did-resolution\""]
    {
        let reply = ask(&did, accept);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/did-resolution")), "{accept}");
        let json = reply.json();
        assert_eq!(json.member("didDocument").and_then(|document| document.member("id")).and_then(Value::as_str), Some(did.as_str()));
    }
    let bare = ask(&did, "text/html, application/did+json");
    assert_eq!((bare.status, bare.header("content-type"), bare.text("id")), (200, Some("application/did+json"), did.clone()));
    for (did, accept, status, error) in [
        (did.as_str(), "text/html", 406, "REPRESENTATION_NOT_SUPPORTED"),
        ("did:key:zzzz", "*/*", 400, "INVALID_DID"),
        ("nonsense", "*/*", 400, "INVALID_DID"),
        ("did:web:north.example", "*/*", 404, "NOT_FOUND"),
        ("did:unheard:1", "*/*", 501, "METHOD_NOT_SUPPORTED"),
    ] {
        let reply = ask(did, accept);
        let json = reply.json();
        let told =
            json.member("didResolutionMetadata").and_then(|metadata| metadata.member("error")?.member("type")).and_then(Value::as_str);
        assert_eq!((reply.status, told), (status, Some(format!("https://www.w3.org/ns/did#{error}").as_str())), "{did}");
        assert_eq!(json.member("didDocument"), Some(&Value::Null));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is posted, the answer is a problem and the service goes on.
    #[test]
    fn any_body_gets_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200), name in "[a-z]{1,12}") {
        let api = VcApi::new(vec![Box::new(Key::ed25519(41))], "http://localhost");
        let at = crate::testing::at(100);
        prop_assert!(api.verify_credential(&body, at).is_err());
        let request = json::to_string(&Value::Object(Object::new().with("verifiablePresentation", Object::new().with(name, "x"))));
        prop_assert!(api.verify_presentation(request.as_bytes(), at).is_err());
        prop_assert!(api.set_status(&body).is_err());
    }
}
