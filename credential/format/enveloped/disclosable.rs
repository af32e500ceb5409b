//! What the holder of a document in an SD-JWT may withhold: the roles one by one, and the personal claims. Everything that decides
//! stands in the open, and a digest is looked at only where such a claim may stand: an issuer's mistake must not give the
//! holder a status, an end or a scope to leave out.

use crate::format::key_bound::bound_key;
use crate::format::sd_jwt::{Draft, SdJwt};
use crate::format::{IssueError, Malformed};
use crate::json::{self, Limits, Object, Value};
use crate::key::Signer;
use crate::request::PathStep;
use crate::role::Holder;
use alloc::{string::String, vec::Vec};
use rand_core::CryptoRng;

/// Where claims may be withheld.
const SUBJECT: &str = "credentialSubject";
/// Members of the subject that may not be withheld, as a whole.
const DECIDES: [&str; 5] = ["id", "type", "roles", "sites", "zones"];

/// Refuses a payload with digests where nothing may be withheld, and disclosures of what may not be.
pub(super) fn require_open(sd_jwt: &SdJwt) -> Result<(), Malformed> {
    let payload = json::parse(sd_jwt.untrusted_payload(), Limits::CREDENTIAL)?;
    let payload = payload.as_object().ok_or(Malformed::WrongType("payload"))?;
    for (name, value) in payload.iter().filter(|(name, _)| *name != SUBJECT) {
        if name == "_sd" || has_digests(value) {
            return Err(Malformed::NotDisclosable("outside of credentialSubject"));
        }
    }
    let subject = payload.member(SUBJECT).and_then(Value::as_object);
    for (name, value) in subject.into_iter().flat_map(Object::iter) {
        if let Some(name) = DECIDES.iter().find(|decides| **decides == name && **decides != "roles")
            && has_digests(value)
        {
            return Err(Malformed::NotDisclosable(name));
        }
    }
    for path in sd_jwt.paths()? {
        if let [PathStep::Name(_), PathStep::Name(name)] = path.steps()
            && let Some(name) = DECIDES.iter().find(|decides| *decides == name)
        {
            return Err(Malformed::NotDisclosable(name));
        }
    }
    Ok(())
}

fn has_digests(value: &Value<'_>) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(name, value)| name == "_sd" || name == "..." || has_digests(value)),
        Value::Array(items) => items.iter().any(has_digests),
        _ => false,
    }
}

/// Takes the key binding (RFC 7800) out of the disclosed payload.
pub(super) fn take_binding(document: &mut Object<'_>) -> Result<Option<Holder>, Malformed> {
    let key = bound_key(document)?;
    document.remove("cnf");
    Ok(key)
}

/// The payload that says `document` for the key `holder`, with roles and personal claims behind disclosures, signed under `header`.
pub(super) fn sign(
    mut document: Object<'static>,
    holder: Option<&Holder>,
    header: &Object<'_>,
    signer: &dyn Signer,
    rng: &mut dyn CryptoRng,
) -> Result<String, IssueError> {
    let Some(Value::Object(subject)) = document.remove(SUBJECT) else { return Err(Malformed::Missing(SUBJECT).into()) };
    if let Some(holder) = holder {
        let key = holder.key().map_err(|_| Malformed::OutOfRange("cnf"))?;
        document.set("cnf", Object::new().with("jwk", key.to_jwk()));
    }
    let (mut open, mut personal, mut roles) = (Object::new(), Object::new(), Vec::new());
    for (name, value) in subject {
        match (name.as_ref(), value) {
            ("roles", Value::Array(names)) => roles = names,
            (name, value) if DECIDES.contains(&name) => open.set(String::from(name), value),
            (name, value) => personal.set(String::from(name), value),
        }
    }
    let mut draft = Draft::new(document, rng);
    let roles = draft.elements(roles);
    let personal = draft.members(personal);
    draft.set(SUBJECT, open.with("roles", roles).with("_sd", personal));
    Ok(draft.sign_with_header(header, signer)?)
}

#[cfg(test)]
mod tests;
