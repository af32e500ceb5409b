//! Claims next to a document in its envelope (Securing Verifiable Credentials using JOSE and COSE §3.1.3).

use super::Content;
use crate::json::{Object, Value};
use crate::malformed::Malformed;
use crate::registered_claims::{RegisteredClaims, SignatureTimes, audience, numeric_date, text};
use crate::time::Timestamp;
use crate::vcdm::member::subject_id;
use alloc::borrow::ToOwned;

/// Takes the JWT claims out of `document`. One that is not known here stays, for the reader of the document to refuse.
pub(super) fn take(document: &mut Object<'_>, content: Content) -> Result<RegisteredClaims, Malformed> {
    let mut member = |name: &'static str| document.remove(name).map(|value| text(&value, name)).transpose();
    let (issuer, subject, id) = (member("iss")?, member("sub")?, member("jti")?);
    let (audience, nonce) = match content {
        Content::Presentation => (document.remove("aud").map(|value| audience(&value)).transpose()?, document.remove("nonce")),
        // A credential that was made for one verifier is not ours to read.
        Content::Credential => (None, None),
    };
    let nonce = nonce.map(|value| text(&value, "nonce")).transpose()?;
    let mut time = |name| document.remove(name).map(|value| signature_time(&value, name)).transpose();
    let times = SignatureTimes { issued_at: time("iat")?, not_before: time("nbf")?, expires_at: time("exp")? };
    let claims = RegisteredClaims { issuer, subject, audience, nonce, times };
    require_agreement(&claims, document, content)?;
    agree(document.text("id"), id.as_deref(), "jti")?;
    Ok(claims)
}

/// Checks that what the document says too is equal (§3.1.3); `vc` and `vp` belong to the data model 1.1.
pub(super) fn require_agreement(claims: &RegisteredClaims, document: &Object<'_>, content: Content) -> Result<(), Malformed> {
    for name in ["vc", "vp"] {
        if document.member(name).is_some() {
            return Err(Malformed::OutOfRange(name));
        }
    }
    if content == Content::Credential && (claims.audience.is_some() || claims.nonce.is_some()) {
        return Err(Malformed::member(if claims.audience.is_some() { "aud" } else { "nonce" }));
    }
    let id = |value: &'_ Value<'_>| value.as_str().or_else(|| value.member("id")?.as_str()).map(ToOwned::to_owned);
    agree(document.member("issuer").and_then(id).as_deref(), claims.issuer.as_deref(), "iss")?;
    agree(subject_id(document), claims.subject.as_deref(), "sub")
}

fn agree(said: Option<&str>, claimed: Option<&str>, name: &'static str) -> Result<(), Malformed> {
    match (said, claimed) {
        (Some(said), Some(claimed)) if said != claimed => Err(Malformed::OutOfRange(name)),
        _ => Ok(()),
    }
}

/// Reads a `NumericDate`, or a date-time text: the W3C working group's own examples and suite write that.
fn signature_time(value: &Value<'_>, name: &'static str) -> Result<Timestamp, Malformed> {
    match value {
        Value::String(text) => Timestamp::parse_rfc3339(text).ok_or(Malformed::OutOfRange(name)),
        value => numeric_date(value, name),
    }
}
