//! Members that every reader of a document reads alike.

use crate::data_integrity::Proof;
use crate::did::{DidUrl, Purpose};
use crate::format::MAX_BYTES;
use crate::json::{self, Limits, Object, Value};
use crate::malformed::Malformed;
use crate::time::Timestamp;
use waypass_schemas::contexts::KnownContext;

/// Returns the one value of `name`, alone or as a list of one.
pub(crate) fn only<'v, 'a>(document: &'v Object<'a>, name: &'static str) -> Result<&'v Value<'a>, Malformed> {
    match document.member(name).ok_or(Malformed::Missing(name))? {
        Value::Array(items) => match items.as_slice() {
            [item] => Ok(item),
            _ => Err(Malformed::OutOfRange(name)),
        },
        value => Ok(value),
    }
}

/// Reads one JSON object within the limits of a credential.
pub(crate) fn object(bytes: &[u8]) -> Result<Object<'_>, Malformed> {
    if bytes.len() > MAX_BYTES {
        return Err(Malformed::TooLarge);
    }
    match json::parse(bytes, Limits::CREDENTIAL)? {
        Value::Object(object) => Ok(object),
        _ => Err(Malformed::Serialization),
    }
}

/// Returns `issuer`, or its `id` (VCDM 2.0 §4.7).
pub(crate) fn issuer<'v>(document: &'v Object<'_>) -> Result<&'v str, Malformed> {
    let issuer = document.member("issuer").ok_or(Malformed::Missing("issuer"))?;
    issuer.as_str().or_else(|| issuer.member("id")?.as_str()).ok_or(Malformed::WrongType("issuer"))
}

/// Returns a date (VCDM 2.0 §4.9), if the document has it.
pub(crate) fn date(document: &Object<'_>, name: &'static str) -> Result<Option<Timestamp>, Malformed> {
    let Some(value) = document.member(name) else { return Ok(None) };
    let text = value.as_str().ok_or(Malformed::WrongType(name))?;
    Timestamp::parse_rfc3339(text).map(Some).ok_or(Malformed::OutOfRange(name))
}

/// Returns the one subject, alone or as a list of one.
pub(crate) fn subject<'v, 'a>(document: &'v Object<'a>) -> Result<&'v Object<'a>, Malformed> {
    only(document, "credentialSubject")?.as_object().ok_or(Malformed::WrongType("credentialSubject"))
}

/// Returns who the one subject is, if the document says so.
pub(crate) fn subject_id<'v>(document: &'v Object<'_>) -> Option<&'v str> {
    subject(document).ok()?.text("id")
}

/// Puts a subject that is a list of one in the place of the list, so that its claims have one path.
pub(crate) fn unlist_subject(document: &mut Object<'_>) {
    let Some((_, value)) = document.members_mut().iter_mut().find(|(name, _)| name == "credentialSubject") else { return };
    if let Value::Array(subjects) = value
        && subjects.len() == 1
        && let Some(subject) = subjects.pop()
    {
        *value = subject;
    }
}

/// Returns who presents: `holder`, or its `id` (VCDM 2.0 §4.13).
pub(crate) fn holder<'v>(document: &'v Object<'_>) -> Result<Option<&'v str>, Malformed> {
    let Some(holder) = document.member("holder") else { return Ok(None) };
    holder.as_str().or_else(|| holder.member("id")?.as_str()).map(Some).ok_or(Malformed::WrongType("holder"))
}

/// Checks that `@context` is the list of exactly these, by name and in this order. An inline context is not one of them.
pub(crate) fn require_contexts(document: &Object<'_>, known: &[KnownContext]) -> Result<(), Malformed> {
    let listed = document.member("@context").and_then(Value::as_array).ok_or(Malformed::Context)?;
    let ids = known.iter().map(|context| context.id);
    if listed.len() == known.len() && listed.iter().map(Value::as_str).eq(ids.map(Some)) { Ok(()) } else { Err(Malformed::Context) }
}

/// Reads the one proof of `document`, for `purpose`. A proof with contexts of its own must have all of the document's: those
/// appended later would be unsigned (vc-di-eddsa §3.3.2 step 4 allows them).
pub(crate) fn read_proof<'v, 'a>(document: &'v Object<'a>, purpose: Purpose) -> Result<Proof<'v, 'a>, Malformed> {
    let proof = Proof::read(document)?;
    if proof.options.purpose != purpose {
        return Err(Malformed::Proof);
    }
    require_all_contexts(document, only(document, "proof")?).map(|()| proof)
}

/// See [`read_proof`]; `proof` is one of the document's.
pub(crate) fn require_all_contexts(document: &Object<'_>, proof: &Value<'_>) -> Result<(), Malformed> {
    let context = proof.member("@context");
    if context.is_some() && context != document.member("@context") { Err(Malformed::Context) } else { Ok(()) }
}

/// Checks that the key is one of the issuer's (VC Data Integrity §4.6): for a DID, the DID in `verificationMethod`. For other
/// issuers the key source binds the two.
pub(crate) fn require_controller(verification_method: &str, issuer: &str) -> Result<(), Malformed> {
    const WRONG: Malformed = Malformed::OutOfRange("verificationMethod");
    if !issuer.starts_with("did:") {
        return Ok(());
    }
    let method = DidUrl::parse(verification_method).map_err(|_| WRONG)?;
    let is_own = match method.method() {
        "key" | "jwk" => method.is_verification_method_of(issuer),
        _ => method.did() == issuer && method.fragment().is_some(),
    };
    if is_own { Ok(()) } else { Err(WRONG) }
}
