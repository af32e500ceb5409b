use super::{ErrorCode, Representation, Resolution};
use crate::did::{DidError, DidUrl, WebDid, to_did_key};
use crate::json::{Object, Value};
use crate::key::Signer as _;
use crate::testing::Key;
use alloc::format;
use proptest::prelude::*;

fn answer(did: &str, held: Option<&str>) -> Result<Object<'static>, ErrorCode> {
    Resolution::of(did, None, |_| held.map(str::as_bytes)).document
}

#[test]
fn faults_have_their_codes() {
    let document = r#"{"id":"did:web:clinic.example"}"#;
    let short = "did:key:z6Mk";
    for (did, held, code) in [
        ("", None, ErrorCode::InvalidDid),
        ("not-a-did", None, ErrorCode::InvalidDid),
        ("did:key:z6Mk", None, ErrorCode::InvalidDid),
        ("did:key:z6Mk#z6Mk", None, ErrorCode::InvalidDid),
        ("did:web:clinic.example#key", Some(document), ErrorCode::InvalidDid),
        ("did:web::$_222", Some(document), ErrorCode::InvalidDid),
        ("did:web:123", Some(document), ErrorCode::NotFound),
        ("did:web:clinic.example", None, ErrorCode::NotFound),
        ("did:example:123", None, ErrorCode::MethodNotSupported),
        ("did:web:other.example", Some(document), ErrorCode::InvalidDidDocument),
        ("did:web:clinic.example", Some("{}"), ErrorCode::InvalidDidDocument),
        ("did:web:clinic.example", Some("["), ErrorCode::InvalidDidDocument),
        ("did:web:clinic.example", Some("[]"), ErrorCode::InvalidDidDocument),
    ] {
        assert_eq!(answer(did, held), Err(code), "{did}");
    }
    assert_eq!(answer("did:web:clinic.example", Some(document)).map(|document| document.len()), Ok(1));
    let refused = Resolution::of(short, Some("text/html"), |_| None);
    assert_eq!(refused.document, Err(ErrorCode::RepresentationNotSupported));
}

#[test]
fn a_result_has_three_parts() {
    let did = to_did_key(Key::ed25519(1).public_key());
    let result = Resolution::of(&did, Some("application/did+ld+json"), |_| None).to_json();
    let metadata = result.member("didResolutionMetadata").expect("metadata");
    assert_eq!(metadata.member("contentType"), Some(&"application/did+ld+json".into()));
    assert_eq!(metadata.member("error"), None);
    assert_eq!(result.member("didDocument").and_then(|document| document.member("id")), Some(&Value::from(did)));
    assert_eq!(result.member("didDocumentMetadata"), Some(&Object::new().into()));
    let result = Resolution::of("did:example:123", None, |_| None).to_json();
    assert_eq!(result.member("didDocument"), Some(&Value::Null));
    assert_eq!(
        result.member("didResolutionMetadata").and_then(|part| part.member("error")?.member("type")),
        Some(&"https://www.w3.org/ns/did#METHOD_NOT_SUPPORTED".into())
    );
}

#[test]
fn media_types_are_negotiated() {
    let accepted = Representation::accepted;
    assert_eq!(accepted(None), Ok(Representation::Did));
    assert_eq!(accepted(Some("*/*")), Ok(Representation::Did));
    for one in [Representation::Did, Representation::Json, Representation::JsonLd] {
        assert_eq!(accepted(Some(one.media_type())), Ok(one));
        assert_eq!(accepted(Some(&format!("{} ; charset=utf-8", one.media_type().to_uppercase()))), Ok(one));
    }
    for other in ["", "application/json", "application/did+cbor", "text/html"] {
        assert_eq!(accepted(Some(other)), Err(ErrorCode::RepresentationNotSupported), "{other}");
    }
}

/// did:web §2.5.2, its three examples, and a document in the root of another host.
#[test]
fn a_did_web_says_where_its_document_lies() {
    for (did, url) in [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
        ("did:web:localhost%3a8443", "https://localhost:8443/.well-known/did.json"),
        ("did:web:demo.spruceid.com:2021:07:08", "https://demo.spruceid.com/2021/07/08/did.json"),
        ("did:web:a.example:b%20c", "https://a.example/b%20c/did.json"),
    ] {
        let parsed = WebDid::parse(did).expect("a did:web");
        assert_eq!(parsed.document_url(), url);
    }
    let parsed = WebDid::parse("did:web:example.com%3A3000:user").expect("a did:web");
    assert_eq!((parsed.host(), parsed.port()), ("example.com", Some(3000)));
}

#[test]
fn a_did_web_has_one_spelling_and_no_tricks() {
    for did in [
        "did:web:Example.com",
        "did:web:example..com",
        "did:web:-example.com",
        "did:web:example-.com",
        "did:web:example.com.",
        "did:web:ex_ample.com",
        "did:web:user%40example.com",
        "did:web:example.com%2Fpath",
        "did:web:example.com%3A",
        "did:web:example.com%3A0",
        "did:web:example.com%3A08",
        "did:web:example.com%3A65536",
        "did:web:example.com%3A80%3A80",
        "did:web:example.com%3A+80",
        "did:web:example.com::a",
        "did:web:example.com:..:a",
        "did:web:example.com:.:a",
        "did:web:example.com:%2e%2E",
        "did:web:example.com:a%2Fb",
        "did:web:example.com:a%5cb",
        "did:web:example.com:a%00",
        "did:web:example.com:a%252e",
        "did:web:example.com/path",
        "did:web:example.com?a=b",
        "did:web:example.com#a",
        "did:web:[::1]",
        "did:web:%5B::1%5D",
    ] {
        assert_eq!(WebDid::parse(did), Err(DidError::Syntax), "{did}");
    }
    for did in ["did:web:127.0.0.1", "did:web:10.0.0.1%3A80:a", "did:web:2130706433", "did:web:0x7f.1", "did:web:a.0x7f", "did:web:123"] {
        assert_eq!(WebDid::parse(did), Err(DidError::NoHost), "{did}");
    }
    let long = format!("did:web:{}.example", "a".repeat(64));
    assert_eq!(WebDid::parse(&long), Err(DidError::Syntax));
    let long = format!("did:web:{}example", "a.".repeat(130));
    assert_eq!(WebDid::parse(&long), Err(DidError::Syntax));
    assert_eq!(WebDid::parse("did:key:z6Mk"), Err(DidError::UnsupportedMethod));
}

proptest! {
    #[test]
    fn any_did_is_answered(tail in "\\PC{0,80}", method in "(key|jwk|web|x)") {
        let did = format!("did:{method}:{tail}");
        let result = Resolution::of(&did, None, |_| Some(tail.as_bytes()));
        prop_assert!(result.document.is_err());
        if let Ok(web) = WebDid::parse(&did) {
            let url = web.document_url();
            prop_assert!(url.starts_with("https://") && url.ends_with("/did.json") && !url.contains(".."));
            prop_assert!(DidUrl::parse(&did).is_ok());
        }
    }
}
