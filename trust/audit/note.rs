//! A person's remark about an earlier record.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};

/// Longest actor or subject name kept in an opening, in bytes; longer ones are kept by their hash alone.
pub(super) const MAX_NAME: usize = 1024;

/// A person's remark about an earlier record: who they are, who stood with them, and why. Private: it stays in the entry's opening, and
/// the leaf holds its salted hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    by: String,
    second: Option<String>,
    reason: Option<String>,
}

/// Why a note cannot be written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadNote {
    /// Nobody, or nothing, is named.
    Empty {
        /// The empty field.
        what: &'static str,
    },
    /// A text is longer than a record may hold.
    TooLong {
        /// Which text.
        what: &'static str,
        /// Bytes allowed.
        max: usize,
    },
    /// The second person is the first one again.
    SamePerson,
}

impl fmt::Display for BadNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { what } => write!(f, "{what} is empty"),
            Self::TooLong { what, max } => write!(f, "{what} is longer than {max} bytes"),
            Self::SamePerson => f.write_str("the second person is the same as the first"),
        }
    }
}

impl core::error::Error for BadNote {}

impl Note {
    /// Checks and keeps what was said. Two names that differ only in case or in spaces around them are one person.
    pub fn new(by: &str, second: Option<&str>, reason: Option<&str>) -> Result<Self, BadNote> {
        let by = checked("the name", by)?;
        let second = second.map(|second| checked("the second name", second)).transpose()?;
        let reason = reason.map(|reason| checked("the reason", reason)).transpose()?;
        if second.as_ref().is_some_and(|second| second.to_lowercase() == by.to_lowercase()) {
            return Err(BadNote::SamePerson);
        }
        Ok(Self { by, second, reason })
    }

    /// Returns the person.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Returns the second person, who confirmed it.
    pub fn second(&self) -> Option<&str> {
        self.second.as_deref()
    }

    /// Why.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Deterministic CBOR `[by, second / null, reason / null]`: what the leaf's `actor` is the salted hash of.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        self.write(&mut out);
        out.into_bytes()
    }

    pub(super) fn write(&self, out: &mut Writer) {
        let text = |out: &mut Writer, text: &String| {
            out.text(text);
        };
        out.array(3).text(&self.by).option(self.second.as_ref(), text).option(self.reason.as_ref(), text);
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        from.array_of(3)?;
        let by = from.string(MAX_NAME)?;
        let second = from.option(|from| from.string(MAX_NAME))?;
        let reason = from.option(|from| from.string(MAX_NAME))?;
        Self::new(&by, second.as_deref(), reason.as_deref()).map_err(|_| NotCanonical)
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Note(..)")
    }
}

fn checked(what: &'static str, text: &str) -> Result<String, BadNote> {
    let text = text.trim();
    if text.is_empty() {
        return Err(BadNote::Empty { what });
    }
    if text.len() > MAX_NAME {
        return Err(BadNote::TooLong { what, max: MAX_NAME });
    }
    Ok(text.to_owned())
}
