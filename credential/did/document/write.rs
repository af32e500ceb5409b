//! The documents of DIDs whose key is in the identifier.

use crate::did::{DidError, jwk, key};
use crate::json::{Object, Value};
use crate::key::KeyMaterial;
use alloc::{borrow::ToOwned, format, string::String};

const SIGNING: [&str; 4] = ["authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"];
const AGREEMENT: &str = "keyAgreement";

/// `did:key` §3.1.1, with a Multikey. No key for agreement is derived from an Ed25519 key: the method leaves it to its user, and one key
/// has one use here.
pub(in crate::did) fn for_key(did: &str, id: &str) -> Result<Object<'static>, DidError> {
    let material = key::material(id)?;
    let url = format!("{did}#{id}");
    let method = method(&url, "Multikey", did).with("publicKeyMultibase", material.to_multikey());
    let relationships: &[&str] = if matches!(material, KeyMaterial::X25519(_)) { &[AGREEMENT] } else { &SIGNING };
    Ok(document(did, "https://w3id.org/security/multikey/v1", method, &url, relationships))
}

/// `did:jwk` "Read": the JWK in the identifier, for every purpose that its `use` leaves open.
pub(in crate::did) fn for_jwk(did: &str, id: &str) -> Result<Object<'static>, DidError> {
    let (jwk, material) = jwk::read(id)?;
    let url = format!("{did}#{}", jwk::FRAGMENT);
    let used = jwk.text("use").map(ToOwned::to_owned);
    let method = method(&url, "JsonWebKey2020", did).with("publicKeyJwk", jwk);
    let agreement = [AGREEMENT];
    let (signs, agrees) = (material.verification_key().is_some() && used.as_deref() != Some("enc"), used.as_deref() != Some("sig"));
    let signing = if signs { &SIGNING[..] } else { &[] };
    let agreement = if agrees { &agreement[..] } else { &[] };
    Ok(document(did, "https://w3id.org/security/suites/jws-2020/v1", method, &url, &[signing, agreement].concat()))
}

fn method(url: &str, kind: &'static str, did: &str) -> Object<'static> {
    Object::new().with("id", url.to_owned()).with("type", kind).with("controller", did.to_owned())
}

fn document(did: &str, context: &'static str, method: Object<'static>, url: &str, relationships: &[&str]) -> Object<'static> {
    let mut document = Object::new()
        .with("@context", Value::from_iter(["https://www.w3.org/ns/did/v1", context]))
        .with("id", did.to_owned())
        .with("verificationMethod", Value::from_iter([method]));
    for name in relationships {
        document.set(String::from(*name), Value::from_iter([url.to_owned()]));
    }
    document
}
