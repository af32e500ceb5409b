//! How long a gate remembers that a credential passed.

use core::{fmt, num::NonZeroU32};
use serde::{Deserialize, Serialize};

/// The seconds for which a gate remembers that a credential passed it: 1 to [`Self::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct SeenAgain(NonZeroU32);

impl SeenAgain {
    /// One day. A longer memory would be a record of who came, and needs more room than a gate has.
    pub const MAX: u32 = 86_400;

    /// Returns `None` for 0 and for more than a day.
    pub fn new(seconds: u32) -> Option<Self> {
        NonZeroU32::new(seconds).filter(|seconds| seconds.get() <= Self::MAX).map(Self)
    }

    /// Returns the seconds.
    pub const fn seconds(self) -> u32 {
        self.0.get()
    }
}

impl From<SeenAgain> for u32 {
    fn from(seen_again: SeenAgain) -> Self {
        seen_again.seconds()
    }
}

impl TryFrom<u32> for SeenAgain {
    type Error = NotSeenAgain;

    fn try_from(seconds: u32) -> Result<Self, NotSeenAgain> {
        Self::new(seconds).ok_or(NotSeenAgain)
    }
}

/// The number of seconds is 0 or more than a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotSeenAgain;

impl fmt::Display for NotSeenAgain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a gate remembers who passed for 1 to {} seconds", SeenAgain::MAX)
    }
}

impl core::error::Error for NotSeenAgain {}

#[cfg(test)]
mod tests {
    use super::SeenAgain;

    #[test]
    fn the_memory_of_a_gate_has_a_length() {
        for (text, expected) in [("1", Some(1)), ("86400", Some(86_400)), ("0", None), ("86401", None), ("-1", None), ("null", None)] {
            let read = serde_json::from_str::<SeenAgain>(text).ok();
            assert_eq!(read.map(SeenAgain::seconds), expected, "{text}");
        }
    }
}
