//! Proofs made as the specifications say, without the code that is under test.

use crate::world::TestKey;
use sha2::{Digest as _, Sha256};
use waypass_credential::base64url;
use waypass_credential::jcs;
use waypass_credential::json::{Object, Value};
use waypass_credential::jws;
use waypass_credential::key::Signer as _;
use waypass_credential::request::Request;

/// Signs `document` with these proof options in `eddsa-jcs-2022` or `ecdsa-jcs-2019` over P-256 (vc-di-eddsa §3.3.1) and returns the
/// proof. It covers the proofs in `previous` as well (VC Data Integrity §4.5).
pub(crate) fn jcs_proof(
    document: &Object<'static>,
    options: &Object<'static>,
    previous: &[Object<'static>],
    key: &TestKey,
) -> Object<'static> {
    let mut signed = document.clone();
    signed.remove("proof");
    if let Some(context) = options.member("@context") {
        signed.set("@context", context.clone());
    }
    if !previous.is_empty() {
        signed.set("proof", previous.iter().cloned().collect::<Value<'_>>());
    }
    let hashes = [options, &signed].map(|object| Sha256::digest(jcs::to_vec(&Value::Object(object.clone()))));
    let signature = key.sign(&hashes.concat()).expect("signed");
    options.clone().with("proofValue", multibase::encode(multibase::Base::Base58Btc, signature))
}

/// Returns the KB-JWT that binds `sd_jwt` to `request` (RFC 9901 §4.3).
pub(crate) fn kb_jwt(sd_jwt: &str, request: &Request, holder: &TestKey) -> String {
    let claims = Object::new()
        .with("iat", request.issued_at.unix())
        .with("aud", request.client_id.clone())
        .with("nonce", request.nonce.to_text())
        .with("sd_hash", base64url::encode(&Sha256::digest(sd_jwt)));
    jws::sign("kb+jwt", None, waypass_credential::json::to_string(&Value::Object(claims)).as_bytes(), holder).expect("signed")
}
