//! Canonical N-Quads (RDF Dataset Canonicalization, appendix A), written term by term.
//!
//! A term that does not read back as it was written is refused: an IRI with `>` in it could otherwise end itself and
//! forge the rest of its line, under a signature of another dataset.

use super::rdf::{Literal, Node, Quad, Term, XSD_STRING};
use alloc::vec::Vec;

/// Returns true for the bytes that must not be in an IRI (N-Quads `IRIREF`): those to the space, and ``<>"{}|^`\``.
#[inline]
#[expect(clippy::needless_bitwise_bool, reason = "branches would keep it from vector instructions")]
const fn ends_iri(byte: u8) -> bool {
    // Setting the second bit makes `<` a `>` and `\` a `^`.
    (byte <= b' ') | (byte | 2 == b'>') | (byte | 2 == b'^') | (byte == b'"') | (byte == b'`') | (byte.wrapping_sub(b'{') <= b'}' - b'{')
}

/// Which bytes a literal may not have as they are. 0xEF leads U+F000 to U+FFFF, of which the last two are escaped.
#[inline]
#[expect(clippy::needless_bitwise_bool, reason = "branches would keep it from vector instructions")]
const fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\') | (byte == 0x7f) | (byte == 0xef)
}

/// Returns true if any byte is `wanted`. Blocks of 16 without early exit compile to vector instructions; the last block overlaps.
#[inline]
fn any(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> bool {
    let fold = |found: u8, block: &[u8; 16]| block.iter().fold(found, |found, byte| found | u8::from(wanted(*byte)));
    match bytes.last_chunk::<16>() {
        Some(last) => bytes.as_chunks::<16>().0.iter().fold(fold(0, last), fold) != 0,
        None => bytes.iter().any(|byte| wanted(*byte)),
    }
}

/// A term has a character that its place in N-Quads does not allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unwritable;

/// The position of a blank node in a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Position {
    Subject,
    Object,
    Graph,
}

/// Appends the subject; `blank` appends the label of a blank node, `_:` included.
#[inline]
pub(super) fn write_subject(subject: &Node<'_>, out: &mut Vec<u8>, blank: impl FnOnce(u32, &mut Vec<u8>)) -> Result<(), Unwritable> {
    match subject {
        Node::Iri(iri) => write_iri(b"<", iri, out),
        Node::Blank(number) => {
            blank(*number, out);
            Ok(())
        }
    }
}

/// Appends what follows the subject of `quad`, to the line's end.
#[inline]
pub(super) fn write_rest(quad: &Quad<'_>, out: &mut Vec<u8>, mut blank: impl FnMut(Position, u32, &mut Vec<u8>)) -> Result<(), Unwritable> {
    write_iri(b" <", &quad.predicate, out)?;
    match &quad.object {
        Term::Literal(literal) => write_literal(literal, out)?,
        Term::Iri(iri) => write_iri(b" <", iri, out)?,
        Term::Blank(number) => {
            out.push(b' ');
            blank(Position::Object, *number, out);
        }
    }
    match &quad.graph {
        None => {}
        Some(Node::Iri(iri)) => write_iri(b" <", iri, out)?,
        Some(Node::Blank(number)) => {
            out.push(b' ');
            blank(Position::Graph, *number, out);
        }
    }
    out.extend_from_slice(b" .\n");
    Ok(())
}

/// Appends a blank node's label: `_:`, a prefix and a number.
pub(super) fn write_label(prefix: &[u8], number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"_:");
    out.extend_from_slice(prefix);
    let mut digits = [0; 10];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

fn write_iri(before: &[u8], iri: &str, out: &mut Vec<u8>) -> Result<(), Unwritable> {
    let bytes = iri.as_bytes();
    if any(bytes, ends_iri) {
        return Err(Unwritable);
    }
    out.reserve(before.len() + bytes.len() + 1);
    out.extend_from_slice(before);
    out.extend_from_slice(bytes);
    out.push(b'>');
    Ok(())
}

/// Appends a literal, and the space before it.
fn write_literal(literal: &Literal<'_>, out: &mut Vec<u8>) -> Result<(), Unwritable> {
    let bytes = literal.value.as_bytes();
    out.reserve(bytes.len() + 3);
    out.extend_from_slice(b" \"");
    if any(bytes, is_special) {
        write_escaped(&literal.value, out);
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
    if let Some(language) = &literal.language {
        if !is_language(language) {
            return Err(Unwritable);
        }
        out.push(b'@');
        out.extend_from_slice(language.as_bytes());
    } else if literal.datatype != XSD_STRING {
        write_iri(b"^^<", &literal.datatype, out)?;
    }
    Ok(())
}

/// N-Quads `LANGTAG` without its `@`: letters, then parts of letters and digits.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_part = |part: &str, allowed: fn(&u8) -> bool| !part.is_empty() && part.as_bytes().iter().all(allowed);
    parts.next().is_some_and(|first| is_part(first, u8::is_ascii_alphabetic)) && parts.all(|part| is_part(part, u8::is_ascii_alphanumeric))
}

/// Appendix A: two-character escapes for seven characters; `\u` and four capital digits for the other control characters and for
/// what is not an XML 1.1 `Char`; everything else as it is.
fn write_escaped(text: &str, out: &mut Vec<u8>) {
    for char in text.chars() {
        let short = match char {
            '"' | '\\' => char as u8,
            '\x08' => b'b',
            '\t' => b't',
            '\n' => b'n',
            '\x0c' => b'f',
            '\r' => b'r',
            '\0'..' ' | '\x7f' | '\u{fffe}' | '\u{ffff}' => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                let code = char as usize;
                out.extend_from_slice(&[b'\\', b'u', HEX[code >> 12], HEX[code >> 8 & 15], HEX[code >> 4 & 15], HEX[code & 15]]);
                continue;
            }
            _ => {
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
}

#[cfg(test)]
pub(crate) mod tests;
