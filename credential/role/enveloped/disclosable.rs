//! The claims that the holder of a document in an SD-JWT may withhold: the roles one by one, and the personal claims.
//! Every claim that decides is in the open, and a digest is looked at only where such a claim may be: an issuer's mistake must not give the
//! holder a status, an end or a scope to leave out.

use crate::error::IssueError;
use crate::json::{Object, Value};
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::role::Holder;
use crate::sd_jwt::{Draft, SdJwt};
use alloc::{string::String, vec::Vec};
use rand_core::CryptoRng;

/// The places where claims may be withheld.
const SUBJECT: &str = "credentialSubject";
/// Members of the subject that may not be withheld, as a whole.
const DECIDES: [&str; 5] = ["id", "type", "roles", "sites", "zones"];

/// Returns the document that `payload` holds once what is disclosed is in its place, and the key it is bound to (RFC 7800).
/// Refuses digests where nothing may be withheld, and disclosures of what may not be.
pub(super) fn disclose<'s>(sd_jwt: &'s SdJwt, payload: Object<'s>) -> Result<(Object<'s>, Option<Holder>), Malformed> {
    require_open(&payload)?;
    let open = DECIDES.map(|name| payload.member(SUBJECT).is_some_and(|subject| subject.member(name).is_some()));
    let document = sd_jwt.disclose(payload)?.into_claims();
    for (name, was_open) in DECIDES.into_iter().zip(open) {
        if !was_open && document.member(SUBJECT).is_some_and(|subject| subject.member(name).is_some()) {
            return Err(Malformed::NotDisclosable(name));
        }
    }
    let bound = Holder::of_cnf(&document)?;
    Ok((document, bound))
}

/// Refuses digests outside of the subject's roles and personal claims.
fn require_open(payload: &Object<'_>) -> Result<(), Malformed> {
    for (name, value) in payload.iter().filter(|(name, _)| *name != SUBJECT) {
        if name == "_sd" || has_digests(value) {
            return Err(Malformed::WithheldOutsideSubject);
        }
    }
    // Within a list, digests would have no name to be judged by.
    if payload.member(SUBJECT).is_some_and(|subject| subject.as_object().is_none() && has_digests(subject)) {
        return Err(Malformed::NotDisclosable(SUBJECT));
    }
    let subject = payload.member(SUBJECT).and_then(Value::as_object);
    for (name, value) in subject.into_iter().flat_map(Object::iter) {
        if let Some(name) = DECIDES.iter().find(|decides| **decides == name && **decides != "roles")
            && has_digests(value)
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

/// Returns the payload that says `document` for the key `holder`, with roles and personal claims behind disclosures, signed under `header`.
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
