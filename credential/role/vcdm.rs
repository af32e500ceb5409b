//! Between a VCDM 2.0 document and [`RoleClaims`]: the fields only; contexts and proof are `role::document`'s.

use super::{Holder, RoleClaims, read, status};
use crate::error::IssueError;
use crate::json::{Object, Value};
use crate::malformed::Malformed;
use crate::time::Timestamp;
use crate::vcdm::member::{date, issuer, subject};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// Members of the subject that are not personal claims.
const SUBJECT: [&str; 4] = ["id", "roles", "sites", "zones"];
/// Members that say more about the credential and restrict nothing (VCDM 2.0 §4.6, §4.11 to §4.14, §5.3 to §5.6). They are read past
/// and shown as not acted on. `termsOfUse` restricts, so it is refused.
const PLAIN: [&str; 8] =
    ["confidenceMethod", "credentialSchema", "description", "evidence", "name", "refreshService", "relatedResource", "renderMethod"];
/// Members of the document that carry what [`RoleClaims`] knows; all others but [`PLAIN`] are refused.
const DOCUMENT: [&str; 9] =
    ["@context", "type", "issuer", "validFrom", "validUntil", "credentialSubject", "credentialStatus", "id", "proof"];

/// Reads a verified document. `issued_at` is the proof's `created`; without it, `validFrom` counts as issued.
pub(crate) fn read(document: &Object<'_>, key_id: Option<&str>, issued_at: Option<Timestamp>) -> Result<RoleClaims, Malformed> {
    if let Some((name, _)) = document.iter().find(|(name, _)| !DOCUMENT.contains(name) && !PLAIN.contains(name)) {
        return Err(Malformed::member(name));
    }
    let subject = subject(document)?;
    let holder = match subject.member("id") {
        None => None,
        Some(id) => {
            let id = id.as_str().ok_or(Malformed::WrongType("credentialSubject.id"))?;
            // The bare DID: a URL into it would be a second spelling of the same holder.
            Some(Holder::from_did(id).map_err(|_| Malformed::OutOfRange("credentialSubject.id"))?)
        }
    };
    let date = |name: &'static str| date(document, name)?.ok_or(Malformed::Missing(name));
    let valid_from = date("validFrom")?;
    RoleClaims {
        issuer: issuer(document)?.to_owned(),
        key_id: key_id.map(ToOwned::to_owned),
        kind: kind(document)?,
        roles: read::roles(subject)?,
        sites: scopes(subject, "sites")?,
        zones: scopes(subject, "zones")?,
        issued_at: issued_at.unwrap_or(valid_from),
        valid_from,
        valid_until: date("validUntil")?,
        status: status::read(document)?,
        holder,
        personal: read::personal(subject, &SUBJECT),
    }
    .checked()
}

/// Returns the members of `document` that are read past.
pub(crate) fn not_acted_on(document: &Object<'_>) -> Vec<&'static str> {
    PLAIN.into_iter().filter(|name| document.member(name).is_some()).collect()
}

/// Returns the document that says `claims` under `contexts`, without proof.
pub(crate) fn document(claims: &RoleClaims, contexts: Value<'static>) -> Result<Object<'static>, IssueError> {
    claims.check()?;
    if let Some((name, _)) = claims.personal.iter().find(|(name, _)| SUBJECT.contains(name) || name.starts_with('@') || *name == "type") {
        return Err(IssueError::ReservedClaim(name.to_owned()));
    }
    let array = |names: &[String]| names.iter().cloned().collect::<Value<'static>>();
    let mut subject = Object::new();
    if let Some(holder) = &claims.holder {
        subject.set("id", holder.did().into_owned());
    }
    subject.set("roles", array(&claims.roles));
    // Under RDF an empty set is not a statement, and a member that says nothing is refused.
    for (name, names) in [("sites", &claims.sites), ("zones", &claims.zones)] {
        if !names.is_empty() {
            subject.set(name, array(names));
        }
    }
    subject.members_mut().extend(claims.personal.clone());
    let mut document = Object::new()
        .with("@context", contexts)
        .with("type", Value::from_iter(["VerifiableCredential".to_owned(), claims.kind.clone()]))
        .with("issuer", claims.issuer.clone())
        .with("validFrom", claims.valid_from.to_rfc3339())
        .with("validUntil", claims.valid_until.to_rfc3339())
        .with("credentialSubject", subject);
    if let Some(entries) = status::credential_status(&claims.status)? {
        document.set("credentialStatus", entries);
    }
    Ok(document)
}

/// No list is the empty list: nowhere.
fn scopes(subject: &Object<'_>, name: &'static str) -> Result<Vec<String>, Malformed> {
    if subject.member(name).is_some() { read::names(subject, name) } else { Ok(Vec::new()) }
}

/// `VerifiableCredential` and exactly one type more, in either order (VCDM 2.0 §4.5).
fn kind(document: &Object<'_>) -> Result<String, Malformed> {
    let types = read::names(document, "type")?;
    let is_base = |kind: &String| kind == "VerifiableCredential";
    match <[String; 2]>::try_from(types) {
        Ok([base, kind] | [kind, base]) if is_base(&base) && !is_base(&kind) => Ok(kind),
        _ => Err(Malformed::OutOfRange("type")),
    }
}

#[cfg(test)]
mod tests {
    use super::{document, read};
    use crate::json::{Object, Value};
    use crate::malformed::Malformed;
    use crate::role::tests::claims;

    #[test]
    fn fields_round_trip() {
        let mut claims = claims();
        claims.kind = crate::role::VC_TYPE.into();
        let document = document(&claims, Value::from_iter(["urn:x"])).expect("a document");
        let read = read(&document, claims.key_id.as_deref(), Some(claims.issued_at)).expect("its own fields");
        assert_eq!(read, claims);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let good = document(&claims(), Value::from_iter(["urn:x"])).expect("a document");
        let with = |name: &'static str, value: Value<'static>| read(&good.clone().with(name, value), None, None);
        assert_eq!(with("termsOfUse", Value::Null), Err(Malformed::member("termsOfUse")));
        assert_eq!(with("nickname", Value::Null), Err(Malformed::member("nickname")));
        for plain in super::PLAIN {
            assert!(with(plain, "x".into()).is_ok(), "{plain}");
            assert_eq!(super::not_acted_on(&good.clone().with(plain, "x")), [plain]);
        }
        assert_eq!(with("type", "VerifiableCredential".into()), Err(Malformed::WrongType("type")));
        assert_eq!(with("validUntil", "2026-11-20".into()), Err(Malformed::OutOfRange("validUntil")));
        let bitstring = Object::new().with("type", "BitstringStatusListEntry");
        assert_eq!(with("credentialStatus", bitstring.into()), Err(Malformed::Missing("statusListCredential")));
        assert_eq!(with("credentialStatus", Value::Null), Err(Malformed::WrongType("credentialStatus")));
        let mut endless = good.clone();
        endless.remove("validUntil");
        assert_eq!(read(&endless, None, None), Err(Malformed::Missing("validUntil")));
    }
}
