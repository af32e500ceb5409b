//! Shapes and values of documents of any type (VCDM 2.0 §4, 1.1 §4). Terms are checked by the contexts (`jsonld`), proofs by the codecs.

use crate::json::{Object, Value};
use crate::malformed::Malformed;
use crate::vcdm::member::date;
use alloc::vec::Vec;
use waypass_schemas::contexts::{CREDENTIALS_V1, CREDENTIALS_V2};

mod related;
mod text;

use related::check_related;
use text::check_text;

/// Which data model a document follows; its first context says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Version {
    /// Verifiable Credentials Data Model 1.1.
    V1_1,
    /// Verifiable Credentials Data Model 2.0.
    V2_0,
}

/// Checks the shape of a credential (VCDM 2.0 §4, or 1.1 §4); a `proof` is not looked at.
pub(crate) fn check_credential(credential: &Object<'_>) -> Result<Version, Malformed> {
    let version = version(credential)?;
    require_type(credential, "VerifiableCredential")?;
    check_id(credential, "id")?;
    check_issuer(credential)?;
    check_subjects(credential)?;
    check_validity(credential, version)?;
    for (name, id) in [
        ("credentialStatus", if version == Version::V1_1 { Needs::Id } else { Needs::Nothing }),
        ("credentialSchema", Needs::Id),
        ("refreshService", if version == Version::V1_1 { Needs::Id } else { Needs::Nothing }),
        ("termsOfUse", Needs::Nothing),
        ("evidence", Needs::Nothing),
        ("confidenceMethod", Needs::Nothing),
        ("renderMethod", Needs::Nothing),
    ] {
        each(credential, name, |item| check_typed(item, name, id))?;
    }
    each(credential, "credentialStatus", check_status)?;
    if version == Version::V2_0 {
        check_described(credential)?;
        check_related(credential)?;
    }
    Ok(version)
}

/// Checks the shape of a presentation (VCDM 2.0 §4.13, or 1.1 §4.10); its credentials are checked one by one by the caller.
pub(crate) fn check_presentation(presentation: &Object<'_>) -> Result<Version, Malformed> {
    let version = version(presentation)?;
    require_type(presentation, "VerifiablePresentation")?;
    check_id(presentation, "id")?;
    match presentation.member("holder") {
        None => {}
        Some(Value::Object(holder)) => {
            holder.member("id").ok_or(Malformed::Missing("holder"))?;
            check_id(holder, "id")?;
        }
        Some(_) => check_id(presentation, "holder")?,
    }
    each(presentation, "termsOfUse", |item| check_typed(item, "termsOfUse", Needs::Nothing))?;
    Ok(version)
}

/// Reads the credentials of a presentation: objects, in their order.
pub(crate) fn credentials<'v, 'a>(presentation: &'v Object<'a>) -> Result<Vec<&'v Object<'a>>, Malformed> {
    let Some(member) = presentation.member("verifiableCredential") else { return Ok(Vec::new()) };
    let object = |item: &'v Value<'a>| item.as_object().ok_or(Malformed::WrongType("verifiableCredential"));
    member.one_or_more().iter().map(object).collect()
}

/// Returns true for a URL as VCDM 2.0 uses the word (§4.4): a scheme, a colon, and no character that RFC 3987 does not have.
pub(crate) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !rest.is_empty()
        && rest.chars().all(|c| if c.is_ascii() { c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c) } else { is_ucschar(c) })
}

/// RFC 3987 §2.2 `ucschar`, without those that hide or reorder text (§4.1 keeps bidirectional formatting out of IRIs).
const fn is_ucschar(c: char) -> bool {
    if matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{feff}')
    {
        return false;
    }
    matches!(c, '\u{a1}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}')
        || (c as u32 >= 0x1_0000 && (c as u32 & 0xffff) < 0xfffe && (c as u32) < 0xe_0000)
}

/// The members that an object needs in addition to its type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Id,
}

/// The first context is that of the data model, the others are URLs or objects (§4.3).
fn version(document: &Object<'_>) -> Result<Version, Malformed> {
    let contexts = document.member("@context").ok_or(Malformed::Context)?.one_or_more();
    if !contexts.iter().all(|context| context.as_object().is_some() || context.as_str().is_some_and(is_url)) {
        return Err(Malformed::Context);
    }
    match contexts.first().and_then(Value::as_str) {
        Some(id) if id == CREDENTIALS_V2.id => Ok(Version::V2_0),
        Some(CREDENTIALS_V1) => Ok(Version::V1_1),
        _ => Err(Malformed::Context),
    }
}

/// `type` has texts only, and `base` among them (§4.5).
fn require_type(document: &Object<'_>, base: &str) -> Result<(), Malformed> {
    let types = document.member("type").ok_or(Malformed::Missing("type"))?.one_or_more();
    if types.iter().any(|name| name.as_str().is_none()) {
        return Err(Malformed::WrongType("type"));
    }
    if types.iter().any(|name| name.as_str() == Some(base)) { Ok(()) } else { Err(Malformed::OutOfRange("type")) }
}

/// Checks a single URL, if the member is there at all (§4.4).
fn check_id(object: &Object<'_>, name: &'static str) -> Result<(), Malformed> {
    match object.member(name) {
        None => Ok(()),
        Some(Value::String(id)) if is_url(id) => Ok(()),
        Some(Value::String(_)) => Err(Malformed::OutOfRange(name)),
        Some(_) => Err(Malformed::WrongType(name)),
    }
}

/// Checks a URL, or an object with one (§4.7).
fn check_issuer(credential: &Object<'_>) -> Result<(), Malformed> {
    match credential.member("issuer").ok_or(Malformed::Missing("issuer"))? {
        Value::Object(issuer) => {
            issuer.member("id").ok_or(Malformed::Missing("issuer"))?;
            check_id(issuer, "id")?;
            check_described(issuer)
        }
        _ => check_id(credential, "issuer"),
    }
}

/// Checks one or more objects that say something (§4.8).
fn check_subjects(credential: &Object<'_>) -> Result<(), Malformed> {
    credential.member("credentialSubject").ok_or(Malformed::Missing("credentialSubject"))?;
    each(credential, "credentialSubject", |subject| {
        if subject.is_empty() { Err(Malformed::OutOfRange("credentialSubject")) } else { check_id(subject, "id") }
    })
}

/// §4.9, or in 1.1 §4.6 and §4.7 with names of its own.
fn check_validity(credential: &Object<'_>, version: Version) -> Result<(), Malformed> {
    let (from, until) = match version {
        Version::V1_1 => ("issuanceDate", "expirationDate"),
        Version::V2_0 => ("validFrom", "validUntil"),
    };
    match (date(credential, from)?, date(credential, until)?) {
        (None, _) if version == Version::V1_1 => Err(Malformed::Missing(from)),
        (Some(from), Some(end)) if end < from => Err(Malformed::OutOfRange(until)),
        _ => Ok(()),
    }
}

/// Checks an object with a type, perhaps with an identifier (§4.10, §4.11, §5.4 to §5.6).
fn check_typed(item: &Object<'_>, name: &'static str, needs: Needs) -> Result<(), Malformed> {
    let types = item.member("type").ok_or(Malformed::Missing(name))?.one_or_more();
    if types.is_empty() || types.iter().any(|kind| kind.as_str().is_none()) {
        return Err(Malformed::WrongType(name));
    }
    if needs == Needs::Id && item.member("id").is_none() {
        return Err(Malformed::Missing(name));
    }
    check_id(item, "id")
}

/// Checks the members of a Bitstring Status List entry (Bitstring Status List 1.0 §2.1). Entries of other kinds say what they like.
fn check_status(entry: &Object<'_>) -> Result<(), Malformed> {
    if entry.text("type") != Some("BitstringStatusListEntry") {
        return Ok(());
    }
    let text = |name: &'static str| entry.text(name).ok_or(Malformed::WrongType(name));
    text("statusPurpose")?;
    let index = text("statusListIndex")?;
    let is_decimal = index.bytes().all(|digit| digit.is_ascii_digit()) && (index == "0" || !index.starts_with('0'));
    if index.is_empty() || !is_decimal {
        return Err(Malformed::OutOfRange("statusListIndex"));
    }
    if is_url(text("statusListCredential")?) { Ok(()) } else { Err(Malformed::OutOfRange("statusListCredential")) }
}

/// `name` and `description` are texts, perhaps in several languages (§4.6, §11.1).
fn check_described(object: &Object<'_>) -> Result<(), Malformed> {
    ["name", "description"].into_iter().try_for_each(|name| object.member(name).map_or(Ok(()), |value| check_text(value, name)))
}

/// Checks every item of a member, one or several objects; nothing where it is absent.
fn each<'v, 'a>(
    object: &'v Object<'a>,
    name: &'static str,
    mut check: impl FnMut(&'v Object<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let Some(member) = object.member(name) else { return Ok(()) };
    match member.one_or_more() {
        [] => Err(Malformed::OutOfRange(name)),
        items => items.iter().try_for_each(|item| check(item.as_object().ok_or(Malformed::WrongType(name))?)),
    }
}

#[cfg(test)]
mod tests;
