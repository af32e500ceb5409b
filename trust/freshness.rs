//! How old evidence is, and what that is good for: ages against the limits of the signed policy.

use core::time::Duration;
use waypass_credential::time::Timestamp;

use crate::{
    parts::{RoleLimit, StaleAction, UnknownAction},
    status::Why,
};

/// The meaning of the age of a piece of evidence for one role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Freshness {
    /// Within the role's limit.
    Current {
        /// When the evidence was made.
        as_of: Timestamp,
    },
    /// Past the limit, and the policy says what it is still good for.
    Stale {
        /// When the evidence was made.
        as_of: Timestamp,
        /// How long past the limit.
        overdue: Duration,
        /// Its remaining use.
        action: StaleAction,
    },
    /// Older than the role allows at all.
    TooOld {
        /// When the evidence was made.
        as_of: Timestamp,
        /// How long past the last limit.
        overdue: Duration,
        /// The policy's answer for a lack of usable evidence.
        action: UnknownAction,
    },
    /// No usable evidence.
    Unknown {
        /// Why.
        why: Why,
        /// The policy's answer.
        action: UnknownAction,
    },
}

/// Ages in seconds of what a verdict rests on; `None` if there is nothing or the clock cannot say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Ages {
    /// Of the bundle's timestamp.
    pub trust: Option<i64>,
    /// Of the status list that covers the credential.
    pub revocation: Option<i64>,
    /// Of the policy.
    pub policy: Option<i64>,
}

impl Freshness {
    /// Judges evidence made at `as_of` by a role's limit.
    pub(crate) fn of(as_of: Timestamp, at: Timestamp, limit: &RoleLimit) -> Self {
        Self::with_age(as_of, at.since(as_of), limit)
    }

    /// Like [`Self::of`] for an age that is not simply the time since `as_of`.
    pub(crate) fn with_age(as_of: Timestamp, age: i64, limit: &RoleLimit) -> Self {
        // Evidence a little ahead of our clock is as fresh as can be; the caller, who knows the clock, raises doubt.
        let age = u64::try_from(age).unwrap_or(0);
        if age <= limit.fresh_seconds {
            Self::Current { as_of }
        } else if age <= limit.stale_seconds {
            Self::Stale { as_of, overdue: Duration::from_secs(age - limit.fresh_seconds), action: limit.stale }
        } else {
            let overdue = Duration::from_secs(age - limit.stale_seconds.max(limit.fresh_seconds));
            Self::TooOld { as_of, overdue, action: limit.unknown }
        }
    }

    /// Returns when the evidence was made, if there is any.
    pub fn as_of(&self) -> Option<Timestamp> {
        match self {
            Self::Current { as_of } | Self::Stale { as_of, .. } | Self::TooOld { as_of, .. } => Some(*as_of),
            Self::Unknown { .. } => None,
        }
    }
}
