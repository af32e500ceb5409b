//! Between an SD-CWT's payload and [`RoleClaims`].

use super::{Named, SUBJECT, Said, view};
use crate::cbor::{Item, Label, Map};
use crate::cose::claim;
use crate::did;
use crate::error::IssueError;
use crate::json::{Object, Value};
use crate::key::PublicKey;
use crate::key::cose::{decode, encode};
use crate::malformed::Malformed;
use crate::registered_claims::SignatureTimes;
use crate::role::{RoleClaims, StatusReference, VCT, read};
use crate::sd_cwt::{Disclosed, Draft, Step, read_times, require_ordered};
use alloc::{borrow::Cow, borrow::ToOwned, string::String, vec, vec::Vec};
use rand_core::CryptoRng;

/// CWT claims besides those that COSE headers have (RFC 8392 §4, RFC 8747, RFC 9200, draft-ietf-oauth-status-list §6.1).
const CTI: i64 = 7;
const CNF: i64 = 8;
const VCT_CLAIM: i64 = 11;
const CNONCE: i64 = 39;
pub(in crate::role) const STATUS: i64 = 65_535;
/// Roles, sites and zones in one array, under a number for private use (RFC 8392 §9.1): three numbers would cost ten bytes more.
pub(in crate::role) const ROLE: i64 = -65_537;
/// The place of the roles in it.
const ROLES: usize = 0;
/// The COSE key in `cnf` (RFC 8747 §3.1).
const COSE_KEY: i64 = 1;

/// The claims that are not personal data: they decide, so the holder must not be able to withhold them (§6 table 2, and what a role's
/// scope is).
const DECIDES: [(i64, &str); 12] = [
    (claim::ISS, "iss"),
    (claim::SUB, "sub"),
    (claim::AUD, "aud"),
    (claim::EXP, "exp"),
    (claim::NBF, "nbf"),
    (claim::IAT, "iat"),
    (CTI, "cti"),
    (CNF, "cnf"),
    (VCT_CLAIM, "vct"),
    (CNONCE, "cnonce"),
    (STATUS, "status"),
    (ROLE, "roles"),
];

/// The names of claims that are not personal.
const NAMES: [&str; 10] = ["iss", "vct", "iat", "nbf", "exp", "cnf", "status", "roles", "sites", "zones"];

/// Reads disclosed claims.
pub(super) fn read(disclosed: Disclosed<'_>, signer: &Named) -> Result<Said, Malformed> {
    require_always(&disclosed)?;
    let Disclosed { claims, places, .. } = disclosed;
    // §9 step 9: it is for somebody, and nobody here has a name that the issuer knew.
    if claims.at(claim::AUD).is_some() {
        return Err(Malformed::OutOfRange("aud"));
    }
    let times = read_times(&claims)?;
    require_ordered(times)?;
    let issued_at = times.issued_at.ok_or(Malformed::Missing("iat"))?;
    let key = confirmed(&claims)?;
    if text(&claims, claim::SUB, "sub")?.ok_or(Malformed::Missing("sub"))? != SUBJECT {
        return Err(Malformed::OutOfRange("sub"));
    }
    let [mut roles, sites, zones] = role(&claims)?;
    let kind = text(&claims, VCT_CLAIM, "vct")?.unwrap_or(VCT).to_owned();
    let status = status(&claims)?;
    let mut named = Object::new();
    if let Some(issuer) = text(&claims, claim::ISS, "iss")? {
        named.set("iss", issuer.to_owned());
    }
    named.set("vct", kind.clone());
    add_times(&mut named, times);
    named.set("cnf", Object::new().with("jwk", key.to_jwk()));
    if let Some(status) = &status {
        named.set("status", status.to_claim()?);
    }
    add_role(&mut named, &roles, &sites, &zones);
    view::add(&mut named, claims.0.iter().filter(|(label, _)| decides(label).is_none()), is_reserved)?;
    roles.sort_unstable();
    let role = RoleClaims {
        issuer: signer.issuer(),
        key_id: signer.key_id(),
        kind,
        roles,
        sites,
        zones,
        issued_at,
        valid_from: times.not_before.unwrap_or(issued_at),
        valid_until: times.expires_at.ok_or(Malformed::Missing("exp"))?,
        status: status.into_iter().collect(),
        holder: Some(key.into()),
        personal: read::personal(&named, &NAMES),
    };
    let places = places.iter().map(|place| place.as_deref().map(path)).collect();
    Ok(Said { claims: named.into(), places, role: role.checked()?, times })
}

/// Writes `claims`: roles and personal claims behind disclosures, everything that decides in the open.
pub(super) fn draft<'c, 'r>(claims: &'c RoleClaims, signer: &PublicKey, rng: &'r mut dyn CryptoRng) -> Result<Draft<'c, 'r>, IssueError> {
    claims.check()?;
    if let Some((name, _)) = claims.personal.iter().find(|(name, _)| is_reserved(name)) {
        return Err(IssueError::ReservedClaim(name.to_owned()));
    }
    let holder = claims.holder.as_ref().ok_or(Malformed::Missing("cnf"))?;
    let holder = holder.key().map_err(|_| Malformed::OutOfRange("cnf"))?;
    let mut draft = Draft::new(rng);
    if claims.issuer != did::to_did_key(signer) {
        draft.set(claim::ISS, texted(&claims.issuer));
    }
    draft.set(claim::SUB, texted(SUBJECT));
    draft.set(claim::EXP, Item::Integer(claims.valid_until.unix()));
    if claims.valid_from != claims.issued_at {
        draft.set(claim::NBF, Item::Integer(claims.valid_from.unix()));
    }
    draft.set(claim::IAT, Item::Integer(claims.issued_at.unix()));
    draft.set(CNF, Item::Map(Map(vec![(Label::Integer(COSE_KEY), Item::Map(encode(&holder)))])));
    if claims.kind != VCT {
        draft.set(VCT_CLAIM, texted(&claims.kind));
    }
    if let Some(status) = StatusReference::only_token(&claims.status)? {
        draft.set(STATUS, written_status(status)?);
    }
    let roles = draft.elements(claims.roles.iter().map(|role| texted(role)));
    draft.set(ROLE, written_role(roles, claims));
    draft.conceal(view::written(&claims.personal)?);
    Ok(draft)
}

/// Refuses claims that decide and that the holder could have withheld, whole or in part: only roles and personal claims may be.
fn require_always(disclosed: &Disclosed<'_>) -> Result<(), Malformed> {
    let withheld = |place: &[Step<'_>]| match place {
        [Step::Key(label), ..] => decides(label),
        _ => None,
    };
    let is_role = |place: &[Step<'_>]| matches!(place, [Step::Key(Label::Integer(ROLE)), Step::Index(ROLES), ..]);
    let whole = disclosed.places.iter().flatten().filter(|place| place.len() == 1);
    let in_part = disclosed.concealing.iter().filter(|place| !is_role(place));
    let found = whole.chain(in_part).find_map(|place| withheld(place));
    found.map_or(Ok(()), |name| Err(Malformed::NotDisclosable(name)))
}

/// Returns the name of a claim that decides.
fn decides(label: &Label<'_>) -> Option<&'static str> {
    let Label::Integer(number) = label else { return None };
    DECIDES.into_iter().find(|(found, _)| found == number).map(|(_, name)| name)
}

/// Returns true if a personal claim must not have this name.
fn is_reserved(name: &str) -> bool {
    NAMES.contains(&name) || DECIDES.iter().any(|(_, taken)| *taken == name)
}

/// Returns the path of a claim by the names of [`Said::claims`].
fn path(place: &[Step<'_>]) -> crate::claim_path::ClaimPath {
    let steps = match place {
        [Step::Key(Label::Integer(ROLE)), Step::Index(ROLES), rest @ ..] => {
            core::iter::once("roles".into()).chain(rest.iter().map(view::step)).collect()
        }
        place => place.iter().map(view::step).collect(),
    };
    crate::claim_path::ClaimPath(steps)
}

fn text<'m>(claims: &'m Map<'_>, label: i64, name: &'static str) -> Result<Option<&'m str>, Malformed> {
    claims.at(label).map(|item| item.as_text().ok_or(Malformed::WrongType(name))).transpose()
}

/// Reads the key in `cnf`. Another confirmation, alone or next to it, must not pass for "bound to nobody" (RFC 8747 §3.1).
fn confirmed(claims: &Map<'_>) -> Result<PublicKey, Malformed> {
    let cnf = claims.at(CNF).ok_or(Malformed::Missing("cnf"))?.as_map().ok_or(Malformed::WrongType("cnf"))?;
    let key = cnf.at(COSE_KEY).and_then(Item::as_map).ok_or(Malformed::Missing("COSE_Key"))?;
    if cnf.0.len() > 1 {
        return Err(Malformed::OutOfRange("cnf"));
    }
    decode(key).map_err(|_| Malformed::OutOfRange("cnf"))
}

/// Reads roles, sites and zones; without zones there is no list of them.
pub(in crate::role) fn role(claims: &Map<'_>) -> Result<[Vec<String>; 3], Malformed> {
    let parts = claims.at(ROLE).ok_or(Malformed::Missing("roles"))?.as_array().ok_or(Malformed::WrongType("roles"))?;
    let names = |item: &Item<'_>, name| {
        let items = item.as_array().ok_or(Malformed::WrongType(name))?;
        items.iter().map(|item| item.as_text().map(ToOwned::to_owned).ok_or(Malformed::WrongType(name))).collect::<Result<_, _>>()
    };
    match parts {
        [roles, sites] => Ok([names(roles, "roles")?, names(sites, "sites")?, Vec::new()]),
        [roles, sites, zones] => Ok([names(roles, "roles")?, names(sites, "sites")?, names(zones, "zones")?]),
        _ => Err(Malformed::OutOfRange("roles")),
    }
}

/// Writes what [`role`] reads. Some may be withheld of the `roles`.
pub(in crate::role) fn written_role<'c>(roles: Item<'c>, claims: &'c RoleClaims) -> Item<'c> {
    let mut parts = vec![roles, array(&claims.sites)];
    if !claims.zones.is_empty() {
        parts.push(array(&claims.zones));
    }
    Item::Array(parts)
}

/// `status_list` only: another mechanism, alone or next to it, must not pass for "has no status".
pub(in crate::role) fn status(claims: &Map<'_>) -> Result<Option<StatusReference>, Malformed> {
    let Some(status) = claims.at(STATUS) else { return Ok(None) };
    let status = status.as_map().ok_or(Malformed::WrongType("status"))?;
    let list = status.get(&named("status_list")).ok_or(Malformed::Missing("status_list"))?;
    if status.0.len() > 1 {
        return Err(Malformed::OutOfRange("status"));
    }
    let list = list.as_map().ok_or(Malformed::WrongType("status_list"))?;
    let uri = list.get(&named("uri")).and_then(Item::as_text);
    let index = list.get(&named("idx")).and_then(Item::as_integer).and_then(|index| u64::try_from(index).ok());
    let (uri, index) = uri.zip(index).ok_or(Malformed::WrongType("status_list"))?;
    Ok(Some(StatusReference::token(uri, index)))
}

/// Writes what [`status`] reads.
pub(in crate::role) fn written_status(status: &StatusReference) -> Result<Item<'_>, Malformed> {
    let index = i64::try_from(status.index).map_err(|_| Malformed::OutOfRange("status"))?;
    let entry = Map(vec![(named("idx"), Item::Integer(index)), (named("uri"), texted(&status.uri))]);
    Ok(Item::Map(Map(vec![(named("status_list"), Item::Map(entry))])))
}

/// Adds the times by their names.
pub(in crate::role) fn add_times(to: &mut Object<'static>, times: SignatureTimes) {
    for (name, time) in [("iat", times.issued_at), ("nbf", times.not_before), ("exp", times.expires_at)] {
        if let Some(time) = time {
            to.set(name, time.unix());
        }
    }
}

/// Adds roles, sites and zones by their names.
pub(in crate::role) fn add_role(to: &mut Object<'static>, roles: &[String], sites: &[String], zones: &[String]) {
    for (name, names) in [("roles", roles), ("sites", sites), ("zones", zones)] {
        to.set(name, names.iter().cloned().collect::<Value<'static>>());
    }
}

/// Writes an array of texts.
pub(in crate::role) fn array(texts: &[String]) -> Item<'_> {
    Item::Array(texts.iter().map(|text| texted(text)).collect())
}

const fn named(name: &str) -> Label<'_> {
    Label::Text(Cow::Borrowed(name))
}

pub(in crate::role) const fn texted(text: &str) -> Item<'_> {
    Item::Text(Cow::Borrowed(text))
}
