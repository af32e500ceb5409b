//! The Key Binding JWT (RFC 9901 §4.3, §7.3): the holder's answer to one nonce of one verifier.

use super::digest;
use crate::format::{HolderError, HolderProof, Malformed};
use crate::json::{self, Limits, Object, Value};
use crate::jws::{self, Jws};
use crate::key::{PublicKey, SignError, Signer};
use crate::request::Nonce;
use crate::time::Timestamp;
use alloc::string::String;

/// The `typ` of a KB-JWT.
pub const TYP: &str = "kb+jwt";
/// A KB-JWT is some 400 bytes.
const LIMITS: Limits = Limits { bytes: 8 * 1024, depth: 8, values: 256 };

/// Signs the KB-JWT that binds `sd_jwt` (up to and including its last `~`) to `nonce` and `audience`.
pub fn sign(sd_jwt: &str, nonce: &str, audience: &str, at: Timestamp, holder: &dyn Signer) -> Result<String, SignError> {
    let digest = digest(sd_jwt);
    let claims = Object::new()
        .with("iat", at.unix())
        .with("aud", audience)
        .with("nonce", nonce)
        .with("sd_hash", core::str::from_utf8(&digest).unwrap_or_default());
    jws::sign(TYP, None, json::to_string(&Value::Object(claims)).as_bytes(), holder)
}

/// The nonce that `kb_jwt` names; nothing is checked.
pub fn untrusted_nonce(kb_jwt: &str) -> Option<Nonce> {
    let jws = Jws::parse(kb_jwt, LIMITS.bytes).ok()?;
    let payload = json::parse(jws.untrusted_payload(), LIMITS).ok()?;
    Nonce::parse(payload.member("nonce")?.as_str()?).ok()
}

/// Checks `kb_jwt` over `sd_jwt` (§7.3 step 5), except whether it is in force: its `iat`, `nbf` and `exp` are given. The reason given is the holder's own statement wherever
/// possible: nonce and audience are compared after the signature.
pub fn verify(sd_jwt: &str, kb_jwt: &str, holder: &PublicKey, nonce: &str, audience: &str) -> Result<HolderProof, HolderError> {
    if kb_jwt.is_empty() {
        return Err(HolderError::Missing);
    }
    let jws = Jws::parse(kb_jwt, LIMITS.bytes).map_err(Malformed::from)?;
    let payload = json::parse(jws.verify(holder, TYP)?, LIMITS).map_err(Malformed::from)?;
    let text = |name: &'static str| match payload.member(name) {
        None => Err(Malformed::Missing(name)),
        Some(value) => value.as_str().ok_or(Malformed::WrongType(name)),
    };
    let time = |name: &'static str| {
        let seconds = payload.member(name).map(|value| value.as_i64().ok_or(Malformed::WrongType(name))).transpose()?;
        seconds.map(|seconds| Timestamp::from_unix(seconds).ok_or(Malformed::OutOfRange(name))).transpose()
    };
    let issued_at = time("iat")?.ok_or(Malformed::Missing("iat"))?;
    let proof = HolderProof { signed_at: Some(issued_at), not_before: time("nbf")?, expires_at: time("exp")? };
    if text("sd_hash")?.as_bytes() != digest(sd_jwt) {
        return Err(HolderError::InvalidProof);
    }
    if text("nonce")? != nonce {
        return Err(HolderError::NonceMismatch);
    }
    if text("aud")? != audience {
        return Err(HolderError::WrongAudience);
    }
    Ok(proof)
}
