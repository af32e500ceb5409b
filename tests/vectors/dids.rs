//! did:key and did:jwk: the examples of their specifications. did:web and DID documents: the fixtures of implementers.

use super::suite::{Suite, items, run, text};
use crate::did::resolution::{ErrorCode, Resolution};
use crate::did::{self, DidDocument, DidError, DidUrl, DocumentError, WebDid};
use crate::json::{self, Limits};
use crate::key::{KeyMaterial, PublicKey};
use serde_json::Value;
use std::format;
use std::prelude::rust_2024::*;

/// The key that a verification method describes, where it is of a kind that we read.
fn described(method: &Value) -> Option<PublicKey> {
    if let Some(jwk) = method.get("publicKeyJwk") {
        return PublicKey::from_jwk(&json::parse(jwk.to_string().as_bytes(), Limits::CREDENTIAL).expect("JSON")).ok();
    }
    let (_, raw) = multibase::decode(format!("z{}", text(&method["publicKeyBase58"]))).expect("base58");
    match text(&method["type"]) {
        "Ed25519VerificationKey2018" => PublicKey::ed25519(raw.as_slice().try_into().ok()?).ok(),
        "P256Key2021" => PublicKey::p256(&raw).ok(),
        _ => None,
    }
}

/// The material in the published document's first method, of the kinds that verify nothing.
fn other_material(document: &Value) -> Option<KeyMaterial> {
    let method = &document["verificationMethod"][0];
    let (_, raw) = multibase::decode(format!("z{}", text(method.get("publicKeyBase58")?))).expect("base58");
    match text(&method["type"]) {
        "X25519KeyAgreementKey2019" => raw.as_slice().try_into().ok().map(KeyMaterial::X25519),
        "Bls12381G2Key2020" => raw.try_into().ok().map(|point: [u8; 96]| KeyMaterial::Bls12381G2(Box::new(point))),
        _ => None,
    }
}

/// The part of a `did:key` that is read whether or not it verifies, and the document made of it: published ones have
/// other types of method, but
/// the same identifiers and relationships.
fn material(suite: &mut Suite, file: &str, did: &str, published: &Value) {
    let url = DidUrl::parse(did).expect("a DID");
    if let Some(other) = other_material(published) {
        suite.equal(format!("{file}: {did} as material"), url.material(), Ok(other));
    }
    let Ok(document) = url.document() else {
        suite.case(format!("{file}: {did} has no document, because its key is of no kind that we know"), url.material().is_err());
        return;
    };
    let ours: Value = serde_json::from_str(&json::to_string(&json::Value::Object(document))).expect("JSON");
    suite.equal(
        format!("{file}: {did}, the method in its document"),
        &ours["verificationMethod"][0]["id"],
        &published["verificationMethod"][0]["id"],
    );
    for name in ["authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"] {
        suite.equal(format!("{file}: {did} {name}"), &ours[name], &published[name]);
    }
}

#[test]
fn did_core_fixtures() {
    run("did-core-fixtures", "did-core-fixtures", |suite| {
        for file in suite.names("") {
            let fixture = suite.json(&file);
            if let Some(executions) = fixture.get("executions") {
                resolutions(suite, items(executions));
                continue;
            }
            for did in items(&fixture["dids"]).iter().map(text) {
                for kind in items(&fixture["supportedContentTypes"]).iter().map(text) {
                    documents(suite, did, kind, text(&fixture[did][kind]["representation"]));
                }
            }
        }
    });
}

fn documents(suite: &mut Suite, did: &str, kind: &str, published: &str) {
    let read = DidDocument::parse(published.as_bytes(), did);
    let count = |name: &str| serde_json::from_str::<Value>(published).expect("JSON").get(name).map_or(0, |list| items(list).len());
    if count("publicKey") > 0 {
        // DID Core has no `publicKey`: what only that lists is not there.
        suite.equal(format!("{did} {kind}"), read, Err(DocumentError::DanglingReference));
        return;
    }
    suite.case(format!("{did} {kind}"), read.is_ok_and(|read| read.methods().len() >= count("verificationMethod")));
    let other = DidDocument::parse(published.as_bytes(), "did:web:other.example");
    suite.equal(format!("{did} {kind} as another's"), other, Err(DocumentError::AnotherDid));
    suite.case(format!("{did} has an address"), WebDid::parse(did).is_ok_and(|web| web.document_url().ends_with("/did.json")));
    let resolution = Resolution::of(did, Some(kind), |_| Some(published.as_bytes()));
    suite.equal(format!("{did} as {kind}"), resolution.representation.media_type(), kind);
    let document = resolution.document.map(|document| json::to_string(&json::Value::Object(document)));
    let document: Option<Value> = document.ok().map(|text| serde_json::from_str(&text).expect("JSON"));
    suite.equal(format!("{did} {kind} resolved"), document, serde_json::from_str(published).ok());
}

fn resolutions(suite: &mut Suite, executions: &[Value]) {
    for (number, execution) in executions.iter().enumerate() {
        let (input, output) = (&execution["input"], &execution["output"]);
        let did = text(&input["did"]);
        let metadata = &output["didResolutionMetadata"];
        if execution["function"] == "resolveRepresentation" {
            suite.exclude(format!("execution {number}"));
            continue;
        }
        let held = output["didDocument"].as_object().map(|_| output["didDocument"].to_string());
        let found = Resolution::of(did, None, |_| held.as_deref().map(str::as_bytes)).document.map(|_| ()).map_err(ErrorCode::problem_type);
        let expected = metadata.get("error").map_or(Ok(()), |why| Err(problem_type(text(why))));
        suite.equal(format!("resolving {did}"), found.map_err(ToOwned::to_owned), expected);
    }
}

/// The problem type of a word of DID Core 1.0 §7.1.2: `notFound` became `NOT_FOUND`.
fn problem_type(word: &str) -> String {
    let letters = word.chars().map(|letter| if letter.is_uppercase() { format!("_{letter}") } else { letter.to_uppercase().to_string() });
    format!("https://www.w3.org/ns/did#{}", letters.collect::<String>())
}

#[test]
fn did_key() {
    run("did-key", "did-key", |suite| {
        for file in suite.names("") {
            let examples = suite.json(&file);
            // One file is a map of bare documents.
            let (examples, is_bare) = match examples.get("didDocument") {
                Some(documents) => (documents.clone(), true),
                None => (examples, false),
            };
            for (did, example) in examples.as_object().expect("a map") {
                let method = example.get("verificationKeyPair").or_else(|| example.get("verificationMethod"));
                let document = if is_bare { example } else { &example["didDocument"] };
                material(suite, &file, did, document);
                let Some(key) = method.filter(|_| !is_bare).and_then(described) else {
                    suite.equal(format!("{file}: {did} is of no curve that we use"), did::resolve(did), Err(DidError::InvalidKey));
                    continue;
                };
                let id = text(&method.expect("described")["id"]);
                suite.equal(format!("{file}: {did}"), did::resolve(did), Ok(key.clone()));
                suite.equal(format!("{file}: {did} written"), did::to_did_key(&key), did.clone());
                let url = if id.starts_with('#') { format!("{did}{id}") } else { id.to_owned() };
                suite.equal(format!("{file}: {url}"), did::resolve(&url), Ok(key.clone()));
                suite.equal(format!("{file}: {url} written"), did::key_id(&key), url);
                if let Some(agreement) = example.get("keyAgreementKeyPair") {
                    let url = format!("{did}{}", text(&agreement["id"]));
                    suite.equal(format!("{file}: {url} signs nothing"), did::resolve(&url), Err(DidError::NotAVerificationMethod));
                }
            }
        }
    });
}

#[test]
fn did_jwk() {
    run("did-jwk", "did-jwk", |suite| {
        for file in suite.names("") {
            let document = suite.json(&file);
            let did = text(&document["id"]);
            for method in items(&document["verificationMethod"]) {
                let key = described(method).expect("a P-256 key");
                let url = text(&method["id"]);
                suite.equal(format!("{file}: the DID"), did::resolve(did), Ok(key.clone()));
                suite.equal(format!("{file}: the method"), did::resolve(url), Ok(key.clone()));
                suite.equal(format!("{file}: the DID written"), did::to_did_jwk(&key), did.to_owned());
                let named = did::DidUrl::parse(did).expect("a DID").verification_method();
                suite.equal(format!("{file}: the method named"), named.as_deref(), Some(url));
            }
            let ours = did::DidUrl::parse(did).expect("a DID").document().expect("a document");
            let ours: Value = serde_json::from_str(&json::to_string(&json::Value::Object(ours))).expect("JSON");
            // One relationship of the published document has a `$` too many.
            let published: Value = serde_json::from_str(&document.to_string().replace("did:jwk:$", "did:jwk:")).expect("JSON");
            suite.equal(format!("{file}: the document"), ours, published);
        }
    });
}
