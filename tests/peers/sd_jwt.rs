//! SD-JWT VC and key binding by `sd-jwt-rs`.

use crate::key::{Key, Public};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, Header};
use sd_jwt_rs::{ClaimsForSelectiveDisclosureStrategy, SDJWTHolder, SDJWTIssuer, SDJWTSerializationFormat, SDJWTVerifier};
use serde_json::{Map, Value};

/// The JOSE name of an algorithm.
pub fn name(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}

/// Issues `claims`, those at `concealed` behind disclosures, with decoys, exactly as the peer does: without `typ` and `kid`.
pub fn issue_bare(claims: &Value, concealed: Vec<&str>, holder: Option<Jwk>, issuer: &Key) -> String {
    made(claims, concealed, holder, issuer, true)
}

fn made(claims: &Value, concealed: Vec<&str>, holder: Option<Jwk>, issuer: &Key, decoys: bool) -> String {
    let strategy = ClaimsForSelectiveDisclosureStrategy::Custom(concealed);
    SDJWTIssuer::new(issuer.encoding(), Some(name(issuer.public().algorithm())))
        .issue_sd_jwt(claims.clone(), strategy, holder, decoys, SDJWTSerializationFormat::Compact)
        .expect("the peer issues")
}

/// Issues `claims` as an SD-JWT VC. The peer's issuer takes no header members: payload and disclosures stay as it made them,
/// and its JOSE library makes the header and the signature.
pub fn issue(claims: &Value, concealed: Vec<&str>, holder: Option<Jwk>, issuer: &Key) -> String {
    typed("dc+sd-jwt", &issue_bare(claims, concealed, holder, issuer), issuer)
}

/// Issues `claims` as a VCDM document, with or without the decoys that the peer puts into every object.
pub fn issue_document(claims: &Value, concealed: Vec<&str>, holder: Option<Jwk>, issuer: &Key, decoys: bool) -> String {
    typed("vc+sd-jwt", &made(claims, concealed, holder, issuer, decoys), issuer)
}

fn typed(typ: &str, bare: &str, issuer: &Key) -> String {
    let (jwt, disclosures) = bare.split_once('~').expect("an SD-JWT");
    let payload = jwt.split('.').nth(1).expect("a payload");
    let header = Header { typ: Some(typ.to_owned()), kid: Some(issuer.public().kid()), ..Header::new(issuer.public().algorithm()) };
    let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).expect("JSON"));
    let input = format!("{header}.{payload}");
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &issuer.encoding(), issuer.public().algorithm()).expect("signs");
    format!("{input}.{signature}~{disclosures}")
}

/// Shows `disclose` (the shape of the claims, `true` where one is shown), bound to nonce and audience.
pub fn present(credential: &str, disclose: &Value, nonce: &str, audience: &str, holder: &Key) -> String {
    let disclose: Map<String, Value> = disclose.as_object().expect("an object").clone();
    SDJWTHolder::new(credential.to_owned(), SDJWTSerializationFormat::Compact)
        .expect("the peer reads it")
        .create_presentation(
            disclose,
            Some(nonce.to_owned()),
            Some(audience.to_owned()),
            Some(holder.encoding()),
            Some(name(holder.public().algorithm())),
        )
        .expect("the peer presents")
}

/// Verifies a presentation under the issuer's key, key binding included; the disclosed claims, or why not.
pub fn verify(presentation: &str, issuer: &Public, nonce: &str, audience: &str) -> Result<Value, String> {
    let key = issuer.clone();
    SDJWTVerifier::new(
        presentation.to_owned(),
        Box::new(move |_, _| key.decoding()),
        Some(audience.to_owned()),
        Some(nonce.to_owned()),
        SDJWTSerializationFormat::Compact,
    )
    .map(|verifier| verifier.verified_claims)
    .map_err(|why| why.to_string())
}
