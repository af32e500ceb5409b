//! Names of members in messages.

use core::fmt;

/// The beginning of a member's name, for a message. The reader of a stranger's bytes makes it safe before it reaches a terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MemberName {
    bytes: [u8; NAME],
    len: u8,
}

/// Names in the contexts that we know have up to 30 bytes.
const NAME: usize = 32;

impl MemberName {
    /// Returns the text, cut to 32 bytes.
    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl From<&str> for MemberName {
    #[expect(clippy::cast_possible_truncation, reason = "at most 32")]
    fn from(name: &str) -> Self {
        let len = name.floor_char_boundary(NAME);
        let mut bytes = [0; NAME];
        bytes[..len].copy_from_slice(&name.as_bytes()[..len]);
        Self { bytes, len: len as u8 }
    }
}

impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
