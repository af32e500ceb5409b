//! The names that a role document may have, and what they mean.
//!
//! The contexts are those of role credentials, in their order, and after them any that the trust bundle carries: these bring names for
//! further personal claims and nothing else. Their limits are checked when they are taken, see [`KnownContexts::carry`].

use crate::json::{Object, Value};
use crate::jsonld::{ContextList, KnownContexts, LdError, to_rdf_without};
use crate::malformed::Malformed;
use crate::vcdm::member::issuer;
use crate::vcdm::shape::is_url;
use alloc::{string::String, vec::Vec};
use waypass_schemas::contexts::ROLE_CREDENTIAL;

/// The personal claims that the role context defines. SD-JWT VC may carry others, a VCDM document only those of contexts that the trust
/// bundle carries.
pub(super) const PERSONAL_CLAIMS: [&str; 8] =
    ["given_name", "family_name", "birthdate", "email", "phone", "organization", "staff_id", "photo_sha256"];

/// Returns the contexts of a role credential: exactly those of the role, and after them others that `known` carries,
/// each once. `None` if there are no others.
pub(super) fn role_contexts<'k>(document: &Object<'_>, known: &'k KnownContexts) -> Result<Option<ContextList<'k>>, Malformed> {
    let listed = document.member("@context").and_then(Value::as_array).ok_or(Malformed::Context)?;
    let (own, further) = listed.split_at_checked(ROLE_CREDENTIAL.len()).ok_or(Malformed::Context)?;
    if !own.iter().map(Value::as_str).eq(ROLE_CREDENTIAL.iter().map(|context| Some(context.id))) {
        return Err(Malformed::Context);
    }
    if further.is_empty() {
        return Ok(None);
    }
    let is_carried = |id: &Value<'_>| id.as_str().is_some_and(|id| known.carries(id));
    if !further.iter().enumerate().all(|(n, id)| is_carried(id) && !further[..n].contains(id)) {
        return Err(Malformed::Context);
    }
    let list = known.list(document).map_err(|why| if why == LdError::Context { Malformed::Context } else { Malformed::JsonLd(why) })?;
    // None such is carried; a gate that decides by names must know them all.
    if list.is_open() { Err(Malformed::Context) } else { Ok(Some(list)) }
}

/// Returns the URLs after those that every role credential names, unverified.
pub(super) fn further_contexts(document: &Object<'_>) -> Vec<String> {
    let listed = document.member("@context").and_then(Value::as_array).unwrap_or_default();
    listed.iter().skip(ROLE_CREDENTIAL.len()).filter_map(Value::as_str).map(String::from).collect()
}

/// Returns the `@context` of a role credential with these personal claims: those of the role, and the first carried one
/// for each name they lack.
/// Names that no context defines are [`require_terms`]' to refuse.
pub(super) fn contexts_for(personal: &Object<'_>, known: &KnownContexts) -> Value<'static> {
    let mut ids: Vec<&str> = ROLE_CREDENTIAL.iter().map(|context| context.id).collect();
    let carriers = personal.iter().filter(|(name, _)| !PERSONAL_CLAIMS.contains(name)).filter_map(|(name, _)| known.carrier_of(name));
    for id in carriers {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.into_iter().map(String::from).collect()
}

/// Refuses terms that no known context defines, under JCS too, and values that their definition does not allow.
/// The members of the document itself and of its status are `role::vcdm`'s to refuse. A document under further contexts needs
/// [`require_statements`] as well.
pub(super) fn require_terms(document: &Object<'_>, further: Option<&ContextList<'_>>) -> Result<(), Malformed> {
    if let Some(Value::Object(issuer)) = document.member("issuer") {
        texts_only(issuer, &["id", "name", "description"])?;
    }
    if let Some(id) = document.member("id") {
        id.as_str().filter(|id| is_url(id)).ok_or(Malformed::OutOfRange("id"))?;
    }
    if !is_url(issuer(document)?) {
        return Err(Malformed::OutOfRange("issuer"));
    }
    let subject = document.member("credentialSubject").and_then(Value::as_object);
    for (name, value) in subject.into_iter().flat_map(Object::iter).filter(|(name, _)| !["id", "roles", "sites", "zones"].contains(name)) {
        if let Some(name) = PERSONAL_CLAIMS.iter().find(|known| **known == name) {
            value.as_str().ok_or(Malformed::WrongType(name))?;
        } else if further.is_some_and(|list| list.names_from(ROLE_CREDENTIAL.len(), name)) {
            // Plain values: what a nested node would say, no reader here looks at.
            let plain = |value: &Value<'_>| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_));
            let is_plain = value.as_array().map_or_else(|| plain(value), |values| values.iter().all(plain));
            is_plain.then_some(()).ok_or(Malformed::WrongType("credentialSubject"))?;
        } else {
            return Err(Malformed::member(name));
        }
    }
    Ok(())
}

/// Refuses a document under further contexts that cannot be read as statements, whatever secures it: only a JSON-LD processor knows
/// what a carried context defines.
pub(super) fn require_statements(document: &Object<'_>, further: &ContextList<'_>) -> Result<(), Malformed> {
    to_rdf_without(document, further, "proof").map(drop).map_err(Malformed::JsonLd)
}

fn texts_only(object: &Object<'_>, names: &[&'static str]) -> Result<(), Malformed> {
    object.iter().try_for_each(|(name, value)| {
        let name = names.iter().find(|known| **known == name).ok_or_else(|| Malformed::member(name))?;
        value.as_str().map(|_| ()).ok_or(Malformed::WrongType(name))
    })
}

#[cfg(test)]
mod tests;
