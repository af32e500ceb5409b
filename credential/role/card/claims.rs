//! Between the claims of a card and [`RoleClaims`].

use super::{CARD, Said, is_nameless};
use crate::cbor::{Item, Label, Map};
use crate::cose::claim;
use crate::error::IssueError;
use crate::hex;
use crate::json::Object;
use crate::key::{PublicKey, ShortThumbprint};
use crate::malformed::Malformed;
use crate::role::sd_cwt::claims::{ROLE, STATUS, add_role, add_times, array, role, status, texted, written_role, written_status};
use crate::role::{RoleClaims, StatusReference};
use crate::sd_cwt::{read_times, require_ordered};
use alloc::{borrow::Cow, borrow::ToOwned, string::String, string::ToString, vec, vec::Vec};

/// The number of a card is its `cti` (RFC 8392 §3.1.7), 6 bytes.
const CTI: i64 = 7;
/// The bearer, under a number for private use (RFC 8392 §9.1): the name, and the end of a document's number.
const BEARER: i64 = -65_538;
/// The claims that a card has. One that a reader does not know could restrict it, so there are no others.
const CLAIMS: [i64; 8] = [claim::ISS, claim::EXP, claim::NBF, claim::IAT, CTI, STATUS, ROLE, BEARER];

/// The names of the personal claims that a card has room for, in their order.
const NAMES: [&str; 3] = [NUMBER, ENDING, NAME];
/// The card's number, which the office finds it by.
const NUMBER: &str = "card";
/// The end of a document's number.
const ENDING: &str = "document_ending";
/// The bearer's name.
const NAME: &str = "name";
/// The longest name of a bearer, in bytes: what fits next to a code.
const MAX_NAME: usize = 80;
/// How many characters of a document's number are in a card: enough to compare, too few to be of use to a thief.
const ENDING_LENGTH: usize = 4;

/// Reads the claims of a card.
pub(super) fn read(claims: &Map<'_>, issuer: Option<&str>, thumbprint: ShortThumbprint) -> Result<Said, Malformed> {
    if claims.0.iter().any(|(label, _)| !CLAIMS.iter().any(|known| *label == Label::Integer(*known))) {
        return Err(Malformed::OutOfRange("claims"));
    }
    let times = read_times(claims)?;
    require_ordered(times)?;
    let issued_at = times.issued_at.ok_or(Malformed::Missing("iat"))?;
    let number = claims.at(CTI).ok_or(Malformed::Missing("cti"))?.as_bytes().ok_or(Malformed::WrongType("cti"))?;
    let number: [u8; 6] = number.try_into().map_err(|_| Malformed::OutOfRange("cti"))?;
    // Withdrawing is the only way to take back what anybody can copy.
    let status = status(claims)?.ok_or(Malformed::Missing("status"))?;
    let [mut roles, sites, zones] = role(claims)?;
    // Nothing is withheld, so there is a role or there never will be.
    if roles.is_empty() {
        return Err(Malformed::OutOfRange("roles"));
    }
    roles.sort_unstable();
    let (name, ending) = bearer(claims)?;
    let mut personal = Object::new().with(NUMBER, hex::encode(&number));
    if let Some(ending) = ending {
        personal.set(ENDING, ending);
    }
    personal.set(NAME, name);
    let mut all = Object::new();
    if let Some(issuer) = issuer {
        all.set("iss", issuer.to_owned());
    }
    add_times(&mut all, times);
    all.set("status", status.to_claim()?);
    add_role(&mut all, &roles, &sites, &zones);
    for (name, value) in personal.iter() {
        all.set(name.to_owned(), value.clone());
    }
    let role = RoleClaims {
        issuer: issuer.map_or_else(|| thumbprint.to_string(), ToOwned::to_owned),
        key_id: None,
        kind: CARD.to_owned(),
        roles,
        sites,
        zones,
        issued_at,
        valid_from: times.not_before.unwrap_or(issued_at),
        valid_until: times.expires_at.ok_or(Malformed::Missing("exp"))?,
        status: vec![status],
        holder: None,
        personal,
    };
    Ok(Said { claims: all.into(), role: role.checked()? })
}

/// Returns the claims of a card as they are written.
pub(super) fn written<'c>(claims: &'c RoleClaims, signer: &PublicKey) -> Result<Map<'c>, IssueError> {
    claims.check()?;
    if claims.holder.is_some() {
        return Err(Malformed::OutOfRange("cnf").into());
    }
    // Anybody can read a card, so it has room for no other claim.
    if let Some((name, _)) = claims.personal.iter().find(|(name, _)| !NAMES.contains(name)) {
        return Err(Malformed::member(name).into());
    }
    let text = |name: &'static str| {
        let value = claims.personal.member(name).map(|value| value.as_str().ok_or(Malformed::WrongType(name)));
        value.transpose()
    };
    let number = hex::decode::<6>(text(NUMBER)?.ok_or(Malformed::Missing(NUMBER))?).ok_or(Malformed::OutOfRange(NUMBER))?;
    let status = StatusReference::only_token(&claims.status)?.ok_or(Malformed::Missing("status"))?;
    let name = text(NAME)?.ok_or(Malformed::Missing(NAME))?;
    let bearer: Vec<Item<'c>> = core::iter::once(name).chain(text(ENDING)?).map(texted).collect();
    let mut out = Map(vec![
        (Label::Integer(claim::EXP), Item::Integer(claims.valid_until.unix())),
        (Label::Integer(claim::IAT), Item::Integer(claims.issued_at.unix())),
        (Label::Integer(CTI), Item::Bytes(Cow::Owned(number.to_vec()))),
        (Label::Integer(STATUS), written_status(status)?),
        (Label::Integer(ROLE), written_role(array(&claims.roles), claims)),
        (Label::Integer(BEARER), Item::Array(bearer)),
    ]);
    if !is_nameless(claims, signer) {
        out.0.push((Label::Integer(claim::ISS), texted(&claims.issuer)));
    }
    if claims.valid_from != claims.issued_at {
        out.0.push((Label::Integer(claim::NBF), Item::Integer(claims.valid_from.unix())));
    }
    Ok(out)
}

/// Reads the name of the bearer, and the end of their document's number where there is one.
fn bearer(claims: &Map<'_>) -> Result<(String, Option<String>), Malformed> {
    let bearer = claims.at(BEARER).ok_or(Malformed::Missing(NAME))?.as_array().ok_or(Malformed::WrongType(NAME))?;
    let text = |item: &Item<'_>, name| item.as_text().map(ToOwned::to_owned).ok_or(Malformed::WrongType(name));
    let (name, ending) = match bearer {
        [name] => (text(name, NAME)?, None),
        [name, ending] => (text(name, NAME)?, Some(text(ending, ENDING)?)),
        _ => return Err(Malformed::OutOfRange(NAME)),
    };
    let is_shown = |c: char| !c.is_control() && !is_direction(c);
    if name.trim().is_empty() || name.len() > MAX_NAME || !name.chars().all(is_shown) {
        return Err(Malformed::OutOfRange(NAME));
    }
    let is_ending = |text: &str| text.len() == ENDING_LENGTH && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if ending.as_deref().is_some_and(|ending| !is_ending(ending)) {
        return Err(Malformed::OutOfRange(ENDING));
    }
    Ok((name, ending))
}

/// Returns true for the characters that turn the direction of a text around (UAX #9 §2): with them one name looks like another.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}
