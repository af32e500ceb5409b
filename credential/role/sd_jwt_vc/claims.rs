//! Between an SD-JWT VC's payload and [`RoleClaims`].

use crate::error::IssueError;
use crate::json::{Object, Value};
use crate::malformed::Malformed;
use crate::registered_claims::numeric_date;
use crate::role::{Holder, RoleClaims, StatusReference, read};
use crate::sd_jwt::{Disclosed, Draft};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};
use rand_core::CryptoRng;

/// The claims that are not personal data: they decide, so the holder must not be able to withhold them
/// (SD-JWT VC §3.2.2.2, and what a role's scope is).
const ALWAYS: [&str; 11] = ["iss", "vct", "vct#integrity", "iat", "nbf", "exp", "cnf", "status", "roles", "sites", "zones"];

/// Refuses claims that decide and that the holder could have withheld.
pub(super) fn require_always(disclosed: &Disclosed<'_>) -> Result<(), Malformed> {
    let withheld = disclosed.withholdable().find_map(|withholdable| ALWAYS.into_iter().find(|name| *name == withholdable));
    withheld.map_or(Ok(()), |name| Err(Malformed::NotDisclosable(name)))
}

/// Reads disclosed claims.
pub(super) fn read(claims: &Object<'_>, key_id: Option<&str>) -> Result<RoleClaims, Malformed> {
    let issued_at = date(claims, "iat")?.ok_or(Malformed::Missing("iat"))?;
    RoleClaims {
        issuer: read::text(claims, "iss")?,
        key_id: key_id.map(ToOwned::to_owned),
        kind: read::text(claims, "vct")?,
        roles: read::roles(claims)?,
        sites: read::names(claims, "sites")?,
        zones: read::names(claims, "zones")?,
        issued_at,
        valid_from: date(claims, "nbf")?.unwrap_or(issued_at),
        valid_until: date(claims, "exp")?.ok_or(Malformed::Missing("exp"))?,
        status: status(claims)?,
        holder: Holder::of_cnf(claims)?,
        personal: read::personal(claims, &ALWAYS),
    }
    .checked()
}

/// Writes `claims`: roles and personal claims behind disclosures, everything that decides in the open.
pub(super) fn draft<'r>(claims: &RoleClaims, rng: &'r mut dyn CryptoRng) -> Result<Draft<'r>, IssueError> {
    claims.check()?;
    if let Some(name) = claims.personal.iter().find_map(|(name, value)| reserved(name, value)) {
        return Err(IssueError::ReservedClaim(name.to_owned()));
    }
    let array = |names: &[String]| names.iter().cloned().collect::<Value<'static>>();
    let mut payload = Object::new()
        .with("iss", claims.issuer.clone())
        .with("vct", claims.kind.clone())
        .with("iat", claims.issued_at.unix())
        .with("nbf", claims.valid_from.unix())
        .with("exp", claims.valid_until.unix())
        .with("sites", array(&claims.sites))
        .with("zones", array(&claims.zones));
    if let Some(holder) = &claims.holder {
        let key = holder.key().map_err(|_| Malformed::OutOfRange("cnf"))?;
        payload.set("cnf", Object::new().with("jwk", key.to_jwk()));
    }
    if let Some(entry) = StatusReference::only_token(&claims.status)? {
        payload.set("status", entry.to_claim()?);
    }
    let mut draft = Draft::new(payload, rng);
    draft.conceal_elements("roles".into(), claims.roles.iter().cloned().map(Value::from));
    draft.conceal_members(claims.personal.clone());
    Ok(draft)
}

/// Returns a name that a personal claim must not have, here or within it.
fn reserved<'n>(name: &'n str, value: &'n Value<'_>) -> Option<&'n str> {
    if ALWAYS.contains(&name) || name == "_sd_alg" { Some(name) } else { machinery(name, value) }
}

/// `_sd` and `...` would be taken for digests (RFC 9901 §4.1).
fn machinery<'n>(name: &'n str, value: &'n Value<'_>) -> Option<&'n str> {
    match value {
        _ if name == "_sd" || name == "..." => Some(name),
        Value::Object(object) => object.iter().find_map(|(name, value)| machinery(name, value)),
        Value::Array(items) => items.iter().find_map(|item| machinery("", item)),
        _ => None,
    }
}

fn date(claims: &Object<'_>, name: &'static str) -> Result<Option<Timestamp>, Malformed> {
    claims.member(name).map(|value| numeric_date(value, name)).transpose()
}

/// `status_list` only: another mechanism, alone or next to it, must not pass for "has no status" (draft-ietf-oauth-status-list §6.1
/// lets several be there).
fn status(claims: &Object<'_>) -> Result<Vec<StatusReference>, Malformed> {
    let Some(status) = claims.member("status") else { return Ok(Vec::new()) };
    let status = status.as_object().ok_or(Malformed::WrongType("status"))?;
    let list = status.member("status_list").ok_or(Malformed::Missing("status_list"))?;
    if status.len() > 1 {
        return Err(Malformed::OutOfRange("status"));
    }
    let uri = list.member("uri").and_then(Value::as_str).ok_or(Malformed::WrongType("status_list"))?;
    let index = list.member("idx").and_then(Value::as_i64).and_then(|index| u64::try_from(index).ok());
    Ok(vec![StatusReference::token(uri, index.ok_or(Malformed::WrongType("status_list"))?)])
}
