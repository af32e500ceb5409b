//! Our publications about role credentials: the type metadata keeps to the schema that the OpenID Foundation tests with, and what
//! we issue keeps to both our own schema and our own metadata.

use crate::suite::{items, run, text};
use jsonschema::Validator;
use serde_json::{Value, json};
use waypass_credential::ClaimPath;
use waypass_credential::did;
use waypass_credential::json::{self, Object};
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};
use waypass_credential::role::kind_in;
use waypass_credential::role::{RoleClaims, StatusReference};
use waypass_credential::time::Timestamp;
use waypass_credential::{Credential, Format};
use waypass_machine::SystemRng;

struct Key(ed25519_dalek::SigningKey, PublicKey);

impl Key {
    fn new(seed: u8) -> Self {
        let secret = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::ed25519(secret.verifying_key().as_bytes()).expect("a key");
        Self(secret, public)
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        use ed25519_dalek::Signer as _;
        Ok(self.0.sign(message).to_bytes().into())
    }
}

fn claims(format: Format) -> RoleClaims {
    let issuer = Key::new(1);
    let at = Timestamp::from_unix(1_795_000_000).expect("in range");
    RoleClaims {
        issuer: did::to_did_key(&issuer.1),
        key_id: Some(did::key_id(&issuer.1)),
        kind: kind_in(format).into(),
        roles: vec!["nurse".into(), "staff".into()],
        sites: vec!["north".into()],
        zones: vec!["*".into()],
        issued_at: at,
        valid_from: at,
        valid_until: at.plus(86_400),
        status: vec![StatusReference::token("https://waypass.example/status/1", 7)],
        holder: Some(Key::new(2).1.into()),
        personal: Object::new().with("given_name", "Ada").with("family_name", "Byron").with("birthdate", "1815-12-10"),
    }
}

fn issued(format: Format) -> (Credential, Value) {
    let key = Key::new(1);
    let credential = Credential::issue(&claims(format), format, &key, &mut SystemRng).expect("issued");
    let claims = json::to_string(credential.verify(&key.1).expect("genuine").claims());
    (credential, serde_json::from_str(&claims).expect("our own JSON"))
}

fn validator(schema: &str) -> Validator {
    jsonschema::draft202012::new(&serde_json::from_str(schema).expect("JSON")).expect("a schema")
}

/// Returns true if two paths select the same claims: `null` in one is any index in the other.
fn covers(metadata: &[Value], path: &ClaimPath) -> bool {
    let path = serde_json::to_value(path).expect("JSON");
    let steps = items(&path);
    metadata.len() == steps.len() && metadata.iter().zip(steps).all(|(a, b)| a == b || (a.is_null() && b.is_u64()))
}

#[test]
fn role_schemas() {
    run("role-schemas", "oidf-json-schemas", |suite| {
        let metadata: Value = serde_json::from_str(waypass_schemas::ROLE_TYPE_METADATA).expect("JSON");
        let published = validator(&suite.text("sdjwtvc/type_metadata.json"));
        suite.case("type metadata", published.is_valid(&metadata));
        suite.equal("vct", text(&metadata["vct"]), kind_in(Format::SdJwtVc));

        let (credential, sd_jwt) = issued(Format::SdJwtVc);
        let schema = validator(waypass_schemas::ROLE_CREDENTIAL_SCHEMA);
        suite.case("an SD-JWT VC", schema.is_valid(&sd_jwt));
        for (name, value) in [("exp", json!("soon")), ("roles", json!(["a b"])), ("sites", json!("north")), ("_sd", json!([]))] {
            let mut wrong = sd_jwt.clone();
            wrong[name] = value;
            suite.case(format!("wrong {name}"), !schema.is_valid(&wrong));
        }
        // The did:key specification's examples, as JWKs of every other kind of holder key.
        for (curve, point) in [
            ("P-256", "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"),
            ("P-384", "z82LkvCwHNreneWpsgPEbV3gu1C6NFJEBg4srfJ5gdxEsMGRJUz2sG9FE42shbn2xkZJh54"),
        ] {
            let mut other = sd_jwt.clone();
            let jwk = json::to_string(&json::Value::Object(PublicKey::from_multikey(point).expect("a key").to_jwk()));
            other["cnf"]["jwk"] = serde_json::from_str(&jwk).expect("JSON");
            suite.case(format!("a {curve} holder"), schema.is_valid(&other));
            other["cnf"]["jwk"]["y"] = json!("AA");
            suite.case(format!("a short {curve} coordinate"), !schema.is_valid(&other));
        }

        let (_, document) = issued(Format::DataIntegrity);
        let schema = validator(waypass_schemas::ROLE_SUBJECT_SCHEMA);
        suite.case("a VCDM subject", schema.is_valid(&document["credentialSubject"]));
        suite.case("a subject without roles", !schema.is_valid(&json!({"sites": [], "zones": []})));

        // The metadata says what may be withheld; what we issue does as it says.
        let withholdable = credential.disclosable().expect("well formed");
        for claim in items(&metadata["claims"]) {
            let (path, sd) = (items(&claim["path"]), text(&claim["sd"]));
            let present = sd_jwt.get(text(&path[0])).is_some();
            let disclosure = withholdable.iter().any(|withholdable| covers(path, withholdable));
            suite.equal(format!("{path:?}"), disclosure, present && sd == "always");
        }
    });
}
