//! How long a credential is valid.

use waypass_credential::time::Timestamp;

/// When the validity of a credential ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Validity {
    /// So many seconds after its first second.
    For(i64),
    /// With this second, however late an offer is picked up.
    Until(Timestamp),
}

impl Validity {
    /// Returns how long that is for a credential that is made `at` this time.
    pub(super) fn seconds(self, at: Timestamp) -> i64 {
        match self {
            Self::For(seconds) => seconds,
            Self::Until(end) => end.since(at),
        }
    }

    /// Returns the last second for a validity that begins with `valid_from`.
    pub(super) fn end(self, valid_from: Timestamp) -> Timestamp {
        match self {
            Self::For(seconds) => valid_from.plus(seconds),
            Self::Until(end) => end,
        }
    }
}

/// Says a length of time in days, and what is left of one in seconds.
pub(super) fn days(seconds: i64) -> String {
    match (seconds / 86_400, seconds % 86_400) {
        (days, 0) => format!("{days} days"),
        (0, rest) => format!("{rest} s"),
        (days, rest) => format!("{days} days and {rest} s"),
    }
}
