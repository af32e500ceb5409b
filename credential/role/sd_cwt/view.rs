//! Personal claims of an SD-CWT as JSON, by which queries ask and people choose.
//!
//! An integer as a key goes by its digits, and a byte string by its base64url. We write neither: names are texts, and numbers are
//! integers of 64 bits.

use crate::base64url;
use crate::cbor::{Item, Label, Map};
use crate::claim_path::PathStep;
use crate::error::IssueError;
use crate::json::{Object, Value};
use crate::malformed::Malformed;
use crate::sd_cwt::Step;
use alloc::{borrow::Cow, borrow::ToOwned, string::String, string::ToString, vec::Vec};

/// Adds personal claims to those that have names of their own.
pub(super) fn add<'m, 'a: 'm>(
    to: &mut Object<'static>,
    claims: impl Iterator<Item = &'m (Label<'a>, Item<'a>)>,
    is_reserved: fn(&str) -> bool,
) -> Result<(), Malformed> {
    for (label, item) in claims {
        let name = name(label);
        // A text must not pass for a claim that decides, nor for one that has the same digits.
        if is_reserved(&name) || to.member(&name).is_some() {
            return Err(Malformed::ClaimName);
        }
        to.members_mut().push((name.into(), value(item)?));
    }
    Ok(())
}

/// Returns the name of a key.
fn name(label: &Label<'_>) -> String {
    match label {
        Label::Integer(number) => number.to_string(),
        Label::Text(text) => text.clone().into_owned(),
        Label::Simple(number) => number.to_string(),
    }
}

/// Returns a step of a path by its name.
pub(super) fn step(step: &Step<'_>) -> PathStep {
    match step {
        Step::Key(label) => PathStep::Name(name(label)),
        Step::Index(at) => PathStep::Index(*at),
    }
}

fn value(item: &Item<'_>) -> Result<Value<'static>, Malformed> {
    Ok(match item {
        Item::Integer(number) => Value::from(*number),
        Item::Bytes(bytes) => Value::from(base64url::encode(bytes)),
        Item::Text(text) => Value::from(text.clone().into_owned()),
        Item::Bool(truth) => Value::from(*truth),
        Item::Null => Value::Null,
        Item::Array(items) => Value::Array(items.iter().map(value).collect::<Result<_, _>>()?),
        Item::Map(map) => {
            let mut object = Object::new();
            for (label, item) in &map.0 {
                let name = name(label);
                if object.member(&name).is_some() {
                    return Err(Malformed::ClaimName);
                }
                object.members_mut().push((name.into(), value(item)?));
            }
            Value::Object(object)
        }
        Item::Tag(..) => return Err(Malformed::WrongType("payload")),
    })
}

/// Returns personal claims as they are written, or the name of one with a number that is not an integer of 64 bits.
pub(super) fn written<'c>(claims: &'c Object<'_>) -> Result<Map<'c>, IssueError> {
    let entry = |(name, value): (&'c str, &'c Value<'_>)| {
        let item = item(value).ok_or_else(|| IssueError::Number(name.to_owned()))?;
        Ok((Label::Text(Cow::Borrowed(name)), item))
    };
    claims.iter().map(entry).collect::<Result<_, _>>().map(Map)
}

fn item<'c>(value: &'c Value<'_>) -> Option<Item<'c>> {
    Some(match value {
        Value::Null => Item::Null,
        Value::Bool(truth) => Item::Bool(*truth),
        Value::Number(_) => Item::Integer(value.as_i64()?),
        Value::String(text) => Item::Text(Cow::Borrowed(text)),
        Value::Array(items) => Item::Array(items.iter().map(item).collect::<Option<_>>()?),
        Value::Object(object) => {
            let entries: Option<Vec<_>> =
                object.iter().map(|(name, value)| Some((Label::Text(Cow::Borrowed(name)), item(value)?))).collect();
            Item::Map(Map(entries?))
        }
    })
}
