//! did:key and did:jwk: the examples of their specifications.

use crate::suite::{items, run, text};
use serde_json::Value;
use waypass_credential::did::{self, DidError};
use waypass_credential::json::{self, Limits};
use waypass_credential::key::PublicKey;

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
        }
    });
}
