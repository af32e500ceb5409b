//! JSON Canonicalization Scheme (RFC 8785): names in UTF-16 code-unit order, ECMAScript numbers, minimal escapes.
//!
//! The verification hot path: everything is written into one buffer, and objects whose members are already in order
//! (as our issuer writes them) are written as they are.

use crate::hex;
use crate::json::{Number, Value};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Integers up to 2^53 are exact doubles, so their decimal digits are what ECMAScript prints (RFC 8785 §3.2.2.3).
const EXACT: u64 = 1 << 53;

/// Returns the canonical bytes of `value`.
pub fn to_vec(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    write(value, &mut out);
    out
}

/// Appends the canonical bytes of `value` to `out`. Recurses as deep as `value` nests, which [`crate::json::Limits`] bounds.
pub(crate) fn write(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(*number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::Object(object) => write_object(object.iter(), out),
    }
}

/// Appends the canonical object with these members, whatever order they come in; names must be unique.
pub(crate) fn write_object<'v, 'a: 'v>(members: impl Iterator<Item = (&'v str, &'v Value<'a>)> + Clone, out: &mut Vec<u8>) {
    if members.clone().is_sorted_by(|(a, _), (b, _)| utf16_order(a, b).is_lt()) {
        write_members(members, out);
    } else {
        let mut sorted: Vec<_> = members.collect();
        sorted.sort_unstable_by(|(a, _), (b, _)| utf16_order(a, b));
        write_members(sorted.into_iter(), out);
    }
}

fn write_members<'v, 'a: 'v>(members: impl Iterator<Item = (&'v str, &'v Value<'a>)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (i, (name, value)) in members.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(name, out);
        out.push(b':');
        write(value, out);
    }
    out.push(b'}');
}

/// Returns the order of the UTF-16 code units of two texts (§3.2.3), found in their UTF-8 bytes.
///
/// The two orders differ in one case: characters beyond U+FFFF (lead bytes F0 to F4) are surrogates in UTF-16 and sort before
/// U+E000 to U+FFFF (lead bytes EE and EF). No continuation byte has these values.
fn utf16_order(a: &str, b: &str) -> Ordering {
    let rank = |byte: u8| if matches!(byte, 0xee | 0xef) { byte + 0x10 } else { byte };
    let (a, b) = (a.as_bytes(), b.as_bytes());
    match a.iter().zip(b).find(|(x, y)| x != y) {
        Some((x, y)) => rank(*x).cmp(&rank(*y)),
        None => a.len().cmp(&b.len()),
    }
}

const fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    // A fold without early exit compiles to vector instructions; nearly every string passes it.
    if bytes.chunks(32).any(|chunk| chunk.iter().fold(false, |found, byte| found | is_escaped(*byte))) {
        write_escaped(bytes, out);
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}

/// §3.2.2.2: two-character escapes where JSON has them, else lower-case hexadecimal; nothing else is escaped.
fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            0x00..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&hex::digits(byte));
                continue;
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
}

#[expect(clippy::cast_precision_loss, reason = "RFC 8785 §3.2.2.3: a number is the double nearest to it")]
fn write_number(number: Number, out: &mut Vec<u8>) {
    let double = match number {
        Number::Signed(n) if n.unsigned_abs() <= EXACT => return write_integer(n, out),
        Number::Signed(n) => n as f64,
        Number::Unsigned(n) => n as f64,
        Number::Float(n) => n,
    };
    debug_assert!(double.is_finite(), "json::Number::Float is finite");
    out.extend_from_slice(ryu_js::Buffer::new().format_finite(double).as_bytes());
}

fn write_integer(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests;
