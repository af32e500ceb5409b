//! Verifies with `ssi` what Waypass signed (`waypass.json`), signs the same documents with it, and writes `ssi.json`.
//!
//! `cargo run --profile ci` in this folder; `tests/vectors/ssi.rs` reads what was written.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ssi::JWK;
use ssi::claims::VerificationParameters;
use ssi::claims::data_integrity::{AnySuite, CryptographicSuite, DataIntegrity, ProofOptions, from_json_str};
use ssi::claims::vc::v2::JsonCredential;
use ssi::dids::{AnyDidMethod, DIDKey, VerificationMethodDIDResolver};
use ssi::verification_methods::{AnyMethod, SingleSecretSigner};

type Resolver = VerificationMethodDIDResolver<AnyDidMethod, AnyMethod>;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let resolver = Resolver::new(AnyDidMethod::default());
    let text = std::fs::read_to_string("waypass.json").expect("waypass.json beside");
    let waypass: Value = serde_json::from_str(&text).expect("JSON");
    let mut made = Vec::new();
    for case in waypass["made"].as_array().expect("a list") {
        let name = case["name"].as_str().expect("a name");
        let credential = &case["credential"];
        assert!(verifies(&resolver, credential).await, "{name}: ssi does not verify it");
        let changed = credential.to_string().replace("Byron", "Bacon");
        assert_ne!(changed, credential.to_string(), "{name}: nothing to change");
        assert!(!verifies(&resolver, &serde_json::from_str(&changed).expect("JSON")).await, "{name}: ssi verifies what was changed");
        made.push(json!({"name": name, "credential": signed(&resolver, name, credential.clone()).await}));
    }
    let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let record = json!({"peer": "ssi 0.16.0", "verified_and_changed_refused": {"file": "waypass.json", "sha256": digest}, "made": made});
    let text = serde_json::to_string_pretty(&record).expect("JSON") + "\n";
    std::fs::write("ssi.json", text).expect("ssi.json can be written");
}

async fn verifies(resolver: &Resolver, credential: &Value) -> bool {
    let credential: DataIntegrity<JsonCredential, AnySuite> = match from_json_str(&credential.to_string()) {
        Ok(credential) => credential,
        Err(why) => panic!("ssi cannot read it: {why}"),
    };
    matches!(credential.verify(VerificationParameters::from_resolver(resolver)).await, Ok(Ok(())))
}

/// Signs the document by a new key of its kind.
async fn signed(resolver: &Resolver, name: &str, mut credential: Value) -> Value {
    credential.as_object_mut().expect("an object").remove("proof");
    let (key, suite) = match name {
        "eddsa-rdfc-2022" => (JWK::generate_ed25519().expect("a key"), AnySuite::EdDsaRdfc2022),
        "ecdsa-rdfc-2019-p256" => (JWK::generate_p256(), AnySuite::EcdsaRdfc2019),
        "ecdsa-rdfc-2019-p384" => (JWK::generate_p384(), AnySuite::EcdsaRdfc2019),
        other => panic!("no suite {other}"),
    };
    let method = DIDKey::generate_url(&key).expect("a did:key");
    credential["issuer"] = json!(method.to_string().split('#').next());
    let document: JsonCredential = serde_json::from_value(credential).expect("a credential");
    let options = ProofOptions::from_method(method.into_iri().into());
    let signed = suite.sign(document, resolver, SingleSecretSigner::new(key).into_local(), options).await.expect("signs");
    serde_json::to_value(signed).expect("JSON")
}
