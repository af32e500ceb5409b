//! JSON Web Keys and JSON Web Signatures. Algorithms that we do not support (HMAC, RSA, other curves) must be refused, valid or not.

use super::{each_test, is_valid, name};
use crate::suite::{items, run, text};
use serde_json::Value;
use waypass_credential::base64url;
use waypass_credential::json::{self, Limits};
use waypass_credential::jws::Jws;
use waypass_credential::key::{PublicKey, Signature};

/// The acceptable keys of a group: its public key or key set where it has one, else whatever a private one can be read as.
fn keys(group: &Value) -> Vec<PublicKey> {
    let jwk = group.get("public").unwrap_or(&group["private"]);
    let all = jwk.get("keys").map_or(std::slice::from_ref(jwk), items);
    let read = |jwk: &Value| PublicKey::from_jwk(&json::parse(jwk.to_string().as_bytes(), Limits::CREDENTIAL).expect("JSON")).ok();
    all.iter().filter_map(read).collect()
}

/// Returns true if our JWS layer takes `text` as signed by one of `keys`. The suite's tokens have no `typ`, which [`Jws::verify`] requires
/// (and so would refuse all of them): what it does besides is done here.
fn accepts(keys: &[PublicKey], jws: &str) -> bool {
    let Ok(parsed) = Jws::parse(jws, 64 * 1024) else { return false };
    let (signed, signature) = jws.rsplit_once('.').expect("parsed");
    let signature = Signature::try_from(base64url::decode(signature).expect("parsed").as_slice()).expect("parsed");
    keys.iter().any(|key| parsed.header().algorithm == key.algorithm() && key.verify(signed.as_bytes(), &signature).is_ok())
}

/// ES256, ES384 and EdDSA are what our keys sign with; another algorithm must fail even where the suite calls it valid.
fn is_ours(group: &Value) -> bool {
    let jwk = group.get("public").unwrap_or(&group["private"]);
    matches!(jwk["alg"].as_str(), Some("ES256" | "ES384" | "EdDSA" | "Ed25519"))
}

#[test]
fn json_web_key() {
    run("wycheproof-json-web-key", "wycheproof", |suite| {
        each_test(suite, "json_web_key_test.json", |suite, group, test| {
            let accepted = accepts(&keys(group), text(&test["jws"]));
            suite.equal(name(test), accepted, is_valid(test) && is_ours(group));
        });
    });
}

#[test]
fn json_web_signature() {
    run("wycheproof-json-web-signature", "wycheproof", |suite| {
        let mut control = None;
        each_test(suite, "json_web_signature_test.json", |suite, group, test| {
            let (keys, jws) = (keys(group), text(&test["jws"]));
            let accepted = accepts(&keys, jws);
            suite.equal(name(test), accepted, is_valid(test) && is_ours(group));
            if test["comment"] == "rejectsModifiedPayload" && is_ours(group) {
                control = Some((keys, jws.replacen(".WG9v.", ".Zm9v.", 1)));
            }
        });
        // A refusal proves something only where the untouched signature is accepted.
        let (keys, jws) = control.expect("an ES256 group");
        suite.case("the signature whose payload was modified, unmodified", accepts(&keys, &jws));
    });
}
