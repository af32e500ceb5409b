//! An instant that passed the guard.

use super::{Reading, TOLERANCE_SECONDS};
use core::fmt;
use waypass_credential::time::Timestamp;

/// Why the wall clock is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Doubt {
    /// It is behind the proven bound.
    BehindSigned,
    /// It is behind a time that it showed before, or behind the bound and the time since the device started.
    BehindSeen,
    /// It was set since the first reading of this boot, or is ahead of a time answer.
    Stepped,
    /// More boots than the policy allows passed without signed time.
    TooManyBoots,
    /// More decisions than the policy allows passed without signed time.
    TooManyDecisions,
    /// Evidence signed by somebody else lies in its future.
    EvidenceAhead,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BehindSigned => "the clock is behind the newest signed time",
            Self::BehindSeen => "the clock is behind a time this device has already seen",
            Self::Stepped => "the clock was changed since this device started, or is ahead of what its issuer answered",
            Self::TooManyBoots => "too many restarts without signed time",
            Self::TooManyDecisions => "too many decisions without signed time",
            Self::EvidenceAhead => "signed evidence lies in the clock's future",
        })
    }
}

/// How far a [`Moment`] can be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Confidence {
    /// Signed time arrived during this boot and nothing contradicts the clock.
    Anchored,
    /// Nothing contradicts the clock, and nothing confirmed it since the device started.
    Low,
    /// A person confirmed the clock, or signed time counts on while the clock is wrong. Amber `clock_suspect` at best:
    /// the guard compares the time shown with a watch.
    Suspect,
    /// Something contradicts it: whatever needs freshness is unknown.
    Doubt(Doubt),
}

impl Confidence {
    /// Returns the stable name used in verdicts: `anchored`, `low`, `suspect` or `doubt`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anchored => "anchored",
            Self::Low => "low",
            Self::Suspect => "suspect",
            Self::Doubt(_) => "doubt",
        }
    }
}

/// An instant that passed the guard: what every judgement about time is made at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Moment {
    pub(super) reading: Reading,
    pub(super) bound: Option<Timestamp>,
    pub(super) confidence: Confidence,
}

impl Moment {
    /// Returns the time that everything is judged at: the later of wall clock and bound (rules 0 and 5).
    pub fn at(&self) -> Timestamp {
        self.bound.map_or(self.reading.wall, |bound| bound.max(self.reading.wall))
    }

    /// Returns how far that time can be believed.
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// Returns the reason for doubt, if there is one.
    pub const fn doubt(&self) -> Option<Doubt> {
        if let Confidence::Doubt(doubt) = self.confidence { Some(doubt) } else { None }
    }

    /// Returns the proven bound: real time cannot lie before it.
    #[cfg(test)]
    pub(crate) const fn bound(&self) -> Option<Timestamp> {
        self.bound
    }

    /// Returns the readings of the clocks.
    pub const fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Returns true if a `not before` of `start` has been reached. `None` when only a doubted clock says it has not (rule 5:
    /// grey, neither accepted nor called too early).
    pub fn has_reached(&self, start: Timestamp) -> Option<bool> {
        if self.doubt().is_none() {
            return Some(start <= self.at());
        }
        // Under doubt the wall clock may run fast or slow: only the bound proves anything.
        self.bound.is_some_and(|bound| start <= bound).then_some(true)
    }

    /// Returns this moment after looking at evidence that somebody signed at `issued_at`. An ordinary issuer never moves our
    /// clock; when its time lies ahead of ours, ours may be slow (rule 1).
    pub(crate) fn considering(self, issued_at: Timestamp) -> Self {
        if issued_at.since(self.at()) <= TOLERANCE_SECONDS || self.doubt().is_some() {
            return self;
        }
        Self { confidence: Confidence::Doubt(Doubt::EvidenceAhead), ..self }
    }

    /// Milliseconds from `earlier` to this reading on the boot clock; `None` across a restart. Without boot ids the boot clock alone
    /// decides: it must not have gone back.
    pub fn milliseconds_since(&self, earlier: &Reading) -> Option<u64> {
        (self.reading.boot_id == earlier.boot_id).then(|| self.reading.boottime_ms.checked_sub(earlier.boottime_ms)).flatten()
    }
}
