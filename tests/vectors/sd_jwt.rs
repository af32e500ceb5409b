//! SD-JWT (RFC 9901 and the reference implementation's interoperability cases) and SD-JWT VC: what was issued and what was
//! presented gives exactly the published claims, and the Key Binding JWTs hold for the published nonce and audience only.

use super::suite::{Suite, run, text};
use crate::json::{self, Limits};
use crate::jws::Jws;
use crate::key::PublicKey;
use crate::sd_jwt::key_binding::KeyBinding;
use crate::sd_jwt::{SdJwt, split_key_binding};
use crate::{Binding, HolderError};
use serde_json::Value;
use std::format;
use std::prelude::rust_2024::*;

/// Key, nonce and audience of a folder of cases.
struct Settings {
    issuer: PublicKey,
    holder: PublicKey,
    nonce: String,
    audience: String,
}

impl Settings {
    fn read(settings: &Value) -> Self {
        let keys = &settings["key_settings"];
        let issuer = keys.get("issuer_key").unwrap_or_else(|| &keys["issuer_keys"][0]);
        Self {
            issuer: public_half(issuer),
            holder: public_half(&keys["holder_key"]),
            nonce: text(&settings["key_binding_nonce"]).to_owned(),
            audience: text(&settings["identifiers"]["verifier"]).to_owned(),
        }
    }
}

/// The published keys are pairs; a key with a private half is refused, rightly.
fn public_half(jwk: &Value) -> PublicKey {
    let mut jwk = jwk.clone();
    jwk.as_object_mut().expect("a JWK").remove("d");
    PublicKey::from_jwk(&json::parse(jwk.to_string().as_bytes(), Limits::CREDENTIAL).expect("JSON")).expect("a key")
}

/// The files wrap their lines for print.
fn unwrapped(suite: &Suite, path: &str) -> String {
    suite.text(path).split_whitespace().collect()
}

/// The disclosed claims of an SD-JWT, or the reason of a refusal.
fn claims(text: &str, issuer: &PublicKey, typ: &str) -> Result<Value, String> {
    let sd_jwt = SdJwt::parse(text).map_err(|why| why.to_string())?;
    let disclosed = sd_jwt.verify(issuer, typ).map_err(|why| why.to_string())?;
    Ok(serde_json::from_str(&json::to_string(&json::Value::Object(disclosed.into_claims()))).expect("our own JSON"))
}

fn cases(suite: &mut Suite, typ: &str, settings: &Settings) {
    for name in suite.names(".") {
        if name == "settings.json" {
            continue;
        }
        if name.starts_with("json_serialization") {
            suite.exclude(name);
            continue;
        }
        case(suite, &name, typ, settings);
    }
}

/// Checks the KB-JWT of `sd_jwt`.
fn bound_to(sd_jwt: &str, kb_jwt: &str, holder: &PublicKey, nonce: &str, audience: &str) -> Result<(), HolderError> {
    let binding = Binding::Challenge { nonce: nonce.into(), audience };
    KeyBinding::parse(kb_jwt)?.verify(sd_jwt, kb_jwt, holder, &binding).map(drop)
}

fn case(suite: &mut Suite, name: &str, typ: &str, settings: &Settings) {
    let issuance = unwrapped(suite, &format!("{name}/sd_jwt_issuance.txt"));
    let jwt = issuance.split_once('~').and_then(|(jwt, _)| Jws::parse(jwt, issuance.len()).ok());
    let payload: Value = jwt.map(|jwt| serde_json::from_slice(jwt.untrusted_payload()).expect("JSON")).unwrap_or_default();
    suite.equal(format!("{name}: payload"), &payload, &suite.json(format!("{name}/sd_jwt_payload.json")));
    match claims(&issuance, &settings.issuer, typ) {
        Err(why) => suite.case(format!("{name}: issued: {why}"), false),
        Ok(claims) => {
            for (member, value) in suite.json(format!("{name}/user_claims.json")).as_object().expect("claims") {
                suite.equal(format!("{name}: issued {member}"), claims.get(member), Some(value));
            }
        }
    }

    let presentation = unwrapped(suite, &format!("{name}/sd_jwt_presentation.txt"));
    let (sd_jwt, kb_jwt) = split_key_binding(&presentation).expect("parts");
    let verified = suite.json(format!("{name}/verified_contents.json"));
    suite.equal(format!("{name}: presented"), claims(sd_jwt, &settings.issuer, typ), Ok(verified.clone()));
    suite.case(format!("{name}: another key"), claims(sd_jwt, &settings.holder, typ).is_err());
    suite.case(format!("{name}: another type"), claims(sd_jwt, &settings.issuer, "kb+jwt").is_err());

    let bound = |nonce, audience| bound_to(sd_jwt, kb_jwt, &settings.holder, nonce, audience);
    if kb_jwt.is_empty() {
        return suite.equal(format!("{name}: unbound"), bound(&settings.nonce, &settings.audience), Err(HolderError::Missing));
    }
    suite.equal(format!("{name}: cnf"), &public_half(&verified["cnf"]["jwk"]), &settings.holder);
    suite.equal(format!("{name}: bound"), bound(&settings.nonce, &settings.audience), Ok(()));
    suite.equal(format!("{name}: nonce"), bound("1234567891", &settings.audience), Err(HolderError::NonceMismatch));
    suite.equal(format!("{name}: audience"), bound(&settings.nonce, "https://example.net"), Err(HolderError::WrongAudience));
    let more = bound_to(&issuance, kb_jwt, &settings.holder, &settings.nonce, &settings.audience);
    suite.equal(format!("{name}: bound to less"), more, Err(HolderError::InvalidProof));
}

#[test]
fn rfc9901() {
    run("sd-jwt-rfc9901", "sd-jwt/rfc9901-examples", |suite| {
        let settings = Settings::read(&suite.json("settings.json"));
        cases(suite, "example+sd-jwt", &settings);
    });
}

#[test]
fn interoperability() {
    run("sd-jwt-testcases", "sd-jwt/testcases", |suite| {
        let settings = Settings::read(&suite.json("settings.json"));
        cases(suite, "example+sd-jwt", &settings);
    });
}

#[test]
fn sd_jwt_vc() {
    run("sd-jwt-vc", "sd-jwt/sd-jwt-vc-examples", |suite| {
        let settings = Settings::read(&suite.json("settings.json"));
        cases(suite, "dc+sd-jwt", &settings);
    });
}

/// OpenID4VP 1.0 carries an SD-JWT VC of its own, made with the keys of the SD-JWT VC examples.
#[test]
fn openid4vp() {
    run("openid4vp-sd-jwt-vc", ".", |suite| {
        let mut settings = Settings::read(&suite.json("sd-jwt/sd-jwt-vc-examples/settings.json"));
        settings.audience = "https://verifier.example.org".into();
        case(suite, "openid4vp/sd_jwt_vcld/01", "dc+sd-jwt", &settings);
    });
}
