//! The words of a service that refuses.

use crate::error::TransportError;
use waypass_credential::json::{self, Limits};

/// An error answer is read this far, for its code.
pub(crate) const ERROR_BODY: usize = 16 * 1024;
/// The longest error code shown; OAuth's own have up to 35 characters.
const ERROR_CODE: usize = 64;
/// The longest description of an error shown.
const ERROR_WORDS: usize = 200;

/// Returns the error for an answer with this status and body. The text of it is a courtesy: if it cannot be read, the status alone is told.
pub(crate) fn refused(what: &'static str, status: u16, body: &[u8]) -> TransportError {
    let (code, said) = error_answer(body).unzip();
    TransportError::Refused { what, status, code, said: said.flatten() }
}

/// Returns the `error` and `error_description` members of a JSON answer, when they are plain (RFC 6749 §5.2): they are shown to people.
fn error_answer(body: &[u8]) -> Option<(String, Option<String>)> {
    let answer = json::parse(body, Limits { bytes: ERROR_BODY, depth: 4, values: 64 }).ok()?;
    let text = |name: &str, longest: usize, is_plain: fn(u8) -> bool| {
        let text = answer.member(name)?.as_str()?;
        (text.len() <= longest && !text.is_empty() && text.bytes().all(is_plain)).then(|| text.to_owned())
    };
    let code = text("error", ERROR_CODE, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))?;
    Some((code, text("error_description", ERROR_WORDS, |b| matches!(b, 0x20..=0x7e) && !matches!(b, b'"' | b'\\'))))
}
