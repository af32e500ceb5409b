//! At which time a publication is dated.
//!
//! The time is the clock's, so it never runs ahead of it. Lists of one key and one time with different content would contradict each
//! other, so every second is used once. A clock that is far from the last publication needs a person's word: one publication
//! from the future makes devices refuse honest ones until that time has come.

use super::Publication;
use crate::store::{Documents, StoreError};
use core::fmt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use waypass_credential::json;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Root, SigningRole};

/// A publication that comes later than this after the last one asks first.
pub(crate) const LONGEST_PAUSE: i64 = 7 * 86_400;
/// A clock that was put right by so many seconds is waited for instead of asked about.
const MAX_WAIT: i64 = 5;
/// So many times are remembered. They matter only where a clock was set back: an earlier second must not be used twice.
const REMEMBERED: usize = 256;

/// The document that holds the seconds that publications have used.
pub(super) const DOCUMENT: &str = "publication-times";

/// Why a person must confirm the clock before anything is published by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockDoubt {
    /// The clock is before the last publication.
    Behind {
        /// The time by the clock.
        now: Timestamp,
        /// The time of the last publication.
        last: Timestamp,
    },
    /// The clock is more than `LONGEST_PAUSE` after the last publication.
    Ahead {
        /// The time by the clock.
        now: Timestamp,
        /// The time of the last publication.
        last: Timestamp,
    },
}

/// The meaning of a time for a publication.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Judged {
    /// Good.
    Free,
    /// A publication has it already.
    Used { next: Timestamp },
    /// A person must confirm it.
    Doubt(ClockDoubt),
}

/// The times that publications under the present timestamp keys have used.
pub(super) struct Dates {
    /// The last publication, or under new timestamp keys the time of the root that names them.
    last: Option<Timestamp>,
    /// Set if `last` is the time of a publication under the present keys.
    binds: bool,
    used: Used,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    /// Unix seconds; the latest that were used.
    times: BTreeSet<i64>,
    /// True if this and every earlier second may have been used too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up_to: Option<i64>,
}

impl Dates {
    /// Reads what was used, up to the publication `last`.
    ///
    /// Under other timestamp keys than those of the last publication nothing is used yet, and its time proves nothing: that is
    /// how a publication from the future is overcome (TUF 5.3.11).
    pub(super) fn read(store: &dyn Documents, root: &Root, last: Option<&Publication>) -> Result<Self, StoreError> {
        let Some(last) = last else { return Ok(Self { last: None, binds: false, used: Used::default() }) };
        let (old, new) = (&last.opened().root().part().roles.timestamp, &root.part().roles.timestamp);
        if !same_keys(old, new) {
            return Ok(Self { last: Some(root.part().issued_at), binds: false, used: Used::default() });
        }
        let mut used = match store.document(DOCUMENT)? {
            Some(text) => serde_json::from_slice(&text).map_err(|_| StoreError::Corrupt("the times of publications"))?,
            // Written by 0.1.0, whose publications went forward.
            None => Used { times: BTreeSet::new(), up_to: Some(last.published_at.unix()) },
        };
        used.insert(last.published_at.unix());
        Ok(Self { last: Some(last.published_at), binds: true, used })
    }

    /// Judges the clock's time for a publication.
    pub(super) fn judge(&self, now: Timestamp) -> Judged {
        let Some(last) = self.last else { return Judged::Free };
        let since = now.since(last);
        match () {
            () if self.binds && (-MAX_WAIT..=0).contains(&since) => Judged::Used { next: last.plus(1) },
            () if since < 0 => Judged::Doubt(ClockDoubt::Behind { now, last }),
            () if since > LONGEST_PAUSE => Judged::Doubt(ClockDoubt::Ahead { now, last }),
            () if self.is_used(now) => Judged::Used { next: now.plus(1) },
            () => Judged::Free,
        }
    }

    /// Returns true if a publication may have used this second.
    pub(super) fn is_used(&self, at: Timestamp) -> bool {
        self.used.times.contains(&at.unix()) || self.used.up_to.is_some_and(|up_to| at.unix() <= up_to)
    }

    /// Returns true if the last publication is one under the present timestamp keys.
    pub(super) const fn binds(&self) -> bool {
        self.binds
    }

    /// Notes a second as used.
    pub(super) fn take(&mut self, at: Timestamp) {
        self.used.insert(at.unix());
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        json::to_string(&self.used).into_bytes()
    }
}

impl Used {
    fn insert(&mut self, time: i64) {
        self.times.insert(time);
        while self.times.len() > REMEMBERED {
            self.up_to = self.times.pop_first().max(self.up_to);
        }
    }
}

fn same_keys(a: &SigningRole, b: &SigningRole) -> bool {
    a.keys.len() == b.keys.len() && a.keys.iter().all(|key| b.has(key))
}

impl fmt::Display for ClockDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind { now, last } => {
                write!(f, "it is {now} by this machine's clock, and the last publication was made later, at {last}")
            }
            Self::Ahead { now, last } => {
                let days = now.since(*last) / 86_400;
                write!(f, "it is {now} by this machine's clock, {days} days after the last publication at {last}")
            }
        }
    }
}
