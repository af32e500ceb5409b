//! Pieces of a text: ours, and what somebody else wrote, which is isolated from it (Unicode UAX #9 §2.4).

use alloc::string::String;
use core::fmt;

/// First strong isolate: what follows has a direction of its own.
const OPEN: char = '\u{2068}';
/// Pop directional isolate.
const CLOSE: char = '\u{2069}';

/// A piece of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The text, without anything that would turn or move its neighbours.
    pub text: String,
    /// True if it is to be isolated: it runs in a direction of its own.
    pub isolated: bool,
}

impl Piece {
    pub(crate) fn ours(text: &str) -> Self {
        Self { text: text.into(), isolated: false }
    }

    /// Returns text that is not ours. In a text that runs from the right everything foreign is isolated, in one from the left only what runs
    /// from the right.
    pub(crate) fn foreign(text: &str, isolated: bool) -> Self {
        let text: String = text.chars().map(|c| if acts(c) { char::REPLACEMENT_CHARACTER } else { c }).collect();
        Self { isolated: isolated || text.chars().any(runs_from_right), text }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.isolated { write!(f, "{OPEN}{}{CLOSE}", self.text) } else { f.write_str(&self.text) }
    }
}

/// Returns true for control characters, and for what begins or ends a direction (Unicode UAX #9 §2).
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Returns true for the letters of scripts that run from the right: Hebrew to Arabic Extended-A, their presentation forms, and the scripts
/// of the supplementary plane between U+10800 and U+10FFF and between U+1E800 and U+1EFFF.
const fn runs_from_right(c: char) -> bool {
    matches!(c, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}
