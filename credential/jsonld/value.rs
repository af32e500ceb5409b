//! Literals: Object to RDF Conversion (JSON-LD 1.1 API §7.2.2).

use super::LdError;
use super::head::Head;
use crate::canon::jcs;
use crate::canon::rdf::{Literal, RDF_LANG_STRING};
use crate::json::{Number, Value};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};

/// The datatypes of text with a base direction (API §7.2.2 step 13, `rdfDirection` `i18n-datatype`): language, `_`, direction.
const I18N: &str = "https://www.w3.org/ns/i18n#";
const RDF_JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";
const XSD_BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
const XSD_INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
const XSD_DOUBLE: &str = "http://www.w3.org/2001/XMLSchema#double";

/// Beyond it implementations that read numbers as doubles print another integer than those that do not (RFC 7493 §2.2).
const EXACT: u64 = (1 << 53) - 1;
/// `DBL_DIG`: decimals of so many digits are told apart by doubles and by the canonical form, which has 16 digits.
const DIGITS: usize = 15;

/// Returns true for the datatypes whose literals have a form of their own.
pub(super) fn has_own_form(datatype: &str) -> bool {
    [RDF_JSON, RDF_LANG_STRING].contains(&datatype) || datatype.starts_with(I18N)
}

/// Returns a JSON literal (JSON-LD 1.1 §10.2): any value, in its JCS form.
pub(super) fn json(value: &Value<'_>) -> Result<Literal<'static>, LdError> {
    let text = String::from_utf8(jcs::to_vec(value)).map_err(|_| LdError::Value)?;
    Ok(Literal::typed(text, RDF_JSON))
}

/// Returns a string, number or truth value, with the datatype its term or value object gives it.
pub(super) fn literal<'x>(value: &'x Value<'x>, datatype: Option<Cow<'x, str>>) -> Result<Literal<'x>, LdError> {
    let typed = |text: Cow<'x, str>, otherwise: &'static str| Literal::typed(text, datatype.clone().unwrap_or(Cow::Borrowed(otherwise)));
    match value {
        Value::String(text) => Ok(match datatype {
            None => Literal::plain(text.as_ref()),
            Some(datatype) => Literal::typed(text.as_ref(), datatype),
        }),
        Value::Bool(truth) => Ok(typed(Cow::Borrowed(if *truth { "true" } else { "false" }), XSD_BOOLEAN)),
        Value::Number(number) => match whole(*number)? {
            Some(integer) if datatype.as_deref() != Some(XSD_DOUBLE) => Ok(typed(Cow::Owned(integer.to_string()), XSD_INTEGER)),
            #[expect(clippy::cast_precision_loss, reason = "whole numbers are exact here")]
            Some(integer) => double(integer as f64).map(|text| typed(Cow::Owned(text), XSD_DOUBLE)),
            None => {
                let Number::Float(number) = number else { return Err(LdError::Number) };
                double(*number).map(|text| typed(Cow::Owned(text), XSD_DOUBLE))
            }
        },
        Value::Null => Err(LdError::Null),
        Value::Array(_) | Value::Object(_) => Err(LdError::Value),
    }
}

/// Returns the number as an integer, if it has no fraction.
fn whole(number: Number) -> Result<Option<i64>, LdError> {
    let integer = match number {
        Number::Signed(integer) => integer,
        Number::Unsigned(_) => return Err(LdError::Number),
        Number::Float(double) if double == 0.0 && double.is_sign_negative() => return Err(LdError::Number),
        #[expect(clippy::cast_possible_truncation, reason = "beyond 2^53 it is refused, and a cast saturates")]
        Number::Float(double) if double % 1.0 == 0.0 => double as i64,
        Number::Float(_) => return Ok(None),
    };
    if integer.unsigned_abs() > EXACT { Err(LdError::Number) } else { Ok(Some(integer)) }
}

/// Returns the canonical double: `%1.15E` without trailing zeros of the mantissa, but one digit after the point (API §8.6).
fn double(number: f64) -> Result<String, LdError> {
    let shortest = format!("{number:e}");
    if shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count() > DIGITS {
        return Err(LdError::Number);
    }
    let text = format!("{number:.15E}");
    let (mantissa, exponent) = text.split_once('E').ok_or(LdError::Number)?;
    let mantissa = mantissa.trim_end_matches('0');
    Ok(format!("{mantissa}{}E{exponent}", if mantissa.ends_with('.') { "0" } else { "" }))
}

/// Returns a value object: `@value` with `@type`, or with `@language` and `@direction`, and nothing else.
///
/// `members` is how many members the object has; `datatype` reads the text of `@type` under the contexts in force.
pub(super) fn value_object<'x>(
    members: usize,
    head: &Head<'x>,
    datatype: impl FnOnce(&'x str) -> Result<Cow<'x, str>, LdError>,
) -> Result<Literal<'x>, LdError> {
    let known = [head.value, head.kind, head.language, head.direction];
    if known.iter().flatten().count() != members {
        return Err(LdError::Value);
    }
    let value = head.value.ok_or(LdError::Value)?;
    if let Some(direction) = head.direction {
        return directed(value, head, direction);
    }
    match (head.kind, head.language) {
        (None, None) => literal(value, None),
        (Some(Value::String(kind)), None) if kind == "@json" => json(value),
        (Some(Value::String(kind)), None) => literal(value, Some(datatype(kind)?)),
        (None, Some(Value::String(tag))) => match value {
            Value::String(text) => Ok(Literal::tagged(text.as_ref(), language(tag)?)),
            Value::Null => Err(LdError::Null),
            _ => Err(LdError::Value),
        },
        (None, Some(_)) => Err(LdError::Language),
        _ => Err(LdError::Value),
    }
}

/// Text with a base direction, and perhaps a language. Without the datatype the direction would be dropped, and not be signed.
fn directed<'x>(value: &'x Value<'x>, head: &Head<'x>, direction: &Value<'_>) -> Result<Literal<'x>, LdError> {
    let text = match value {
        Value::String(text) if head.kind.is_none() => text,
        Value::Null => return Err(LdError::Null),
        _ => return Err(LdError::Value),
    };
    let direction = direction.as_str().filter(|direction| ["ltr", "rtl"].contains(direction)).ok_or(LdError::Value)?;
    let tag = match head.language {
        None => Cow::Borrowed(""),
        Some(tag) => language(tag.as_str().ok_or(LdError::Language)?)?,
    };
    Ok(Literal::typed(text.as_ref(), [I18N, &tag, "_", direction].concat()))
}

/// Returns the tag in lower case, its canonical spelling in RDF (RDF 1.1 Concepts §3.3), if it is one (BCP 47 §2.1, the shape only).
fn language(tag: &str) -> Result<Cow<'_, str>, LdError> {
    let mut subtags = tag.split('-');
    let subtag = |text: &str| (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let primary = subtags.next().is_some_and(|text| subtag(text) && text.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if !primary || !subtags.all(subtag) {
        return Err(LdError::Language);
    }
    Ok(if tag.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(tag.to_ascii_lowercase()) } else { Cow::Borrowed(tag) })
}
