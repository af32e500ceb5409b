//! How deep a policy text nests, counted before the parser sees it.
//!
//! Cedar's parser calls itself for every bracket and every `if`, without a limit of its own (cedar-policy 4.14): a text of a
//! kilobyte can end the process. Nothing is judged here but the depth; brackets that do not match are the parser's to refuse.

use super::PolicyError;
use alloc::{vec, vec::Vec};

/// Brackets and `if`s within each other. The default policy needs 3. A level costs the parser up to 16 KiB of stack (8 MiB
/// end at 499 levels, measured), so this many fit into the 2 MiB that a thread has.
pub(crate) const MAX_NESTING: usize = 64;

/// Refuses a text that nests deeper than [`MAX_NESTING`].
pub(super) fn check(text: &str) -> Result<(), PolicyError> {
    let mut rest = text.as_bytes();
    let mut line = 1;
    // How many `if`s are open in each open bracket: everything up to its end or the next comma lies within them.
    let mut open: Vec<usize> = vec![0];
    let mut depth = 0;
    while let Some(&byte) = rest.first() {
        let length = token(rest);
        let (token, after) = rest.split_at(length);
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                open.push(0);
            }
            b')' | b']' | b'}' if open.len() > 1 => depth -= 1 + open.pop().unwrap_or(0),
            b',' | b';' => depth -= open.last_mut().map_or(0, core::mem::take),
            _ if token == b"if" => {
                depth += 1;
                *open.last_mut().unwrap_or(&mut 0) += 1;
            }
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(PolicyError::TooDeep { line });
        }
        line += token.split(|byte| *byte == b'\n').count() - 1;
        rest = after;
    }
    Ok(())
}

/// Returns the length of the token at the start of `rest`, by Cedar's lexer: a comment, a string, a word, or one byte.
fn token(rest: &[u8]) -> usize {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len()),
        [b'"', inside @ ..] => {
            let mut escaped = false;
            let end = inside.iter().position(|byte| {
                let is_end = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                is_end
            });
            // The lexer does not accept a string without an end either: the quote alone is skipped, and the rest is counted.
            end.map_or(1, |end| end + 2)
        }
        [first, ..] if word(first) => rest.iter().position(|byte| !word(byte)).unwrap_or(rest.len()),
        _ => 1,
    }
}
