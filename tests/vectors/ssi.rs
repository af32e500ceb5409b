//! The recorded exchange with `ssi`: see `tests/peers/ssi/README.md`.

use crate::suite::say;
use crate::world::{TestKey, at};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use waypass_credential::data_integrity::{Options, Suite};
use waypass_credential::did::Purpose;
use waypass_credential::json::{self as strict, Limits, Object};
use waypass_credential::key::Signer;
use waypass_credential::vcdm::document::{Asked, Document, DocumentError, verify_credential};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/ssi").join(name)
}

/// Nested nodes without names, a list of subjects, languages, dates and numbers: what makes canonical forms differ.
fn credential(issuer: &str) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "id": "urn:uuid:5c2a9a7e-6a5f-4c4e-9f0e-6e1c0b9d2f11",
        "type": ["VerifiableCredential", "ExampleAlumniCredential"],
        "issuer": issuer,
        "name": {"@value": "Byron's degree", "@language": "en"},
        "validFrom": "2026-11-20T08:00:00Z",
        "validUntil": "2027-11-20T08:00:00Z",
        "credentialSubject": [
            {"id": "did:example:ada", "givenName": "Ada", "familyName": "Byron", "rank": 7, "alumniOf": {"name": "Analytical Society", "year": {"founded": "1812"}}},
            {"id": "did:example:charles", "givenName": "Charles", "degree": {"type": "ExampleBachelorDegree", "name": "Mathematics"}}
        ]
    })
}

fn keys() -> [(&'static str, TestKey); 3] {
    [
        ("eddsa-rdfc-2022", TestKey::ed25519("ssi")),
        ("ecdsa-rdfc-2019-p256", TestKey::p256("ssi")),
        ("ecdsa-rdfc-2019-p384", TestKey::p384("ssi")),
    ]
}

/// The bytes that Waypass signs, equal in every run.
fn made() -> String {
    let signed = |(name, key): (&str, TestKey)| {
        let text = credential(&key.did()).to_string();
        let method = key.key_id();
        let options = Options {
            verification_method: &method,
            purpose: Purpose::AssertionMethod,
            created: Some(at(0)),
            expires: None,
            challenge: None,
            domain: None,
        };
        let document = Document::credential(object(&text)).expect("a credential");
        let secured = document.secure(Suite::rdfc(key.public_key().algorithm()), &options, &key).expect("signs");
        let secured: Value = serde_json::from_str(&strict::to_string(&strict::Value::Object(secured))).expect("JSON");
        json!({"name": name, "credential": secured})
    };
    let all: Vec<Value> = keys().into_iter().map(signed).collect();
    serde_json::to_string_pretty(&json!({ "made": all })).expect("JSON") + "\n"
}

fn object(text: &str) -> Object<'_> {
    match strict::parse(text.as_bytes(), Limits::CREDENTIAL) {
        Ok(strict::Value::Object(object)) => object,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_ssi_verified_is_what_we_sign_and_what_it_signed_verifies() {
    let ours = made();
    if std::env::var_os("WAYPASS_WRITE_CASES").is_some() {
        fs::write(file("waypass.json"), &ours).expect("written");
        return;
    }
    assert_eq!(fs::read_to_string(file("waypass.json")).expect("waypass.json"), ours, "what ssi verified is not what we sign");
    let record: Value = serde_json::from_str(&fs::read_to_string(file("ssi.json")).expect("ssi.json")).expect("JSON");
    let digest = waypass_credential::hex::encode(&Sha256::digest(&ours));
    assert_eq!(record["verified_and_changed_refused"]["sha256"], digest, "the record is of another file");
    let theirs = record["made"].as_array().expect("a list");
    assert_eq!(theirs.len(), keys().len());
    for case in theirs {
        let text = case["credential"].to_string();
        assert_eq!(verify_credential(&object(&text), Asked::default(), at(60)).map(drop), Ok(()), "{}", case["name"]);
        let changed = text.replace("Byron", "Bacon");
        assert_ne!(changed, text);
        let refused = verify_credential(&object(&changed), Asked::default(), at(60)).map(drop);
        assert_eq!(refused, Err(DocumentError::InvalidProof), "{}", case["name"]);
    }
    say(&format!("ssi, recorded: {} each way", theirs.len()));
}
