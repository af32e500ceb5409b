//! How far the device's clock can be believed (unlock.md "TimeGuard").
//!
//! Detection, not prevention: whoever sets the clock of an isolated device can hide an expiry that lies after the
//! newest *signed* time it holds, never one that lies before. All times come in as [`Reading`]s; nothing here reads a clock.

use crate::cbor::{NotCanonical, Reader, Writer};
use alloc::vec::Vec;
use core::fmt;
use waypass_credential::time::Timestamp;

/// Wall clock and boot clock may drift apart by this much within one boot, and an unsigned time may lie behind the
/// highest seen by this much, before the wall clock is doubted (unlock.md "TimeGuard" rule 2).
pub const TOLERANCE_SECONDS: i64 = 120;

/// The furthest one new signed time moves the lower bound. A stolen timestamp key that signs the year 2100 costs a
/// year, and an honest timestamp after it costs nothing (rule 1, "in bounded jumps").
pub const LARGEST_JUMP_SECONDS: i64 = 366 * 86_400;

/// What the device's clocks say at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The wall clock, which its owner may set.
    pub wall: Timestamp,
    /// Milliseconds since boot, time asleep included; not settable.
    pub boottime_ms: u64,
    /// Changes with every boot.
    pub boot_id: [u8; 16],
}

/// How long a device may go without signed time, from the signed policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Boots since the last signed time.
    pub boots: u32,
    /// Decisions since the last signed time.
    pub decisions: u32,
}

/// Until a policy says otherwise: a boot a day and a thousand decisions a day for a month.
impl Default for Limits {
    fn default() -> Self {
        Self { boots: 30, decisions: 30_000 }
    }
}

/// Why the wall clock is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Doubt {
    /// It is behind a time that a time signer has signed.
    BehindSigned,
    /// It is behind the highest time this device saw since the last signed one.
    BehindSeen,
    /// It was set since the first reading of this boot.
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
            Self::Stepped => "the clock was changed since this device started",
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
    /// Something contradicts it: whatever needs freshness is unknown.
    Doubt(Doubt),
}

impl Confidence {
    /// The stable name used in verdicts: `anchored`, `low` or `doubt`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anchored => "anchored",
            Self::Low => "low",
            Self::Doubt(_) => "doubt",
        }
    }
}

/// An instant that passed the guard: what every judgement about time is made at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Moment {
    reading: Reading,
    signed_lo: Option<Timestamp>,
    confidence: Confidence,
}

impl Moment {
    /// The time that expiry is judged at: the later of wall clock and signed lower bound (rule 5).
    pub fn at(&self) -> Timestamp {
        self.signed_lo.map_or(self.reading.wall, |lo| lo.max(self.reading.wall))
    }

    /// How far that time can be believed.
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// The reason for doubt, if there is one.
    pub const fn doubt(&self) -> Option<Doubt> {
        if let Confidence::Doubt(doubt) = self.confidence { Some(doubt) } else { None }
    }

    /// The newest signed time, which real time cannot lie before.
    pub const fn signed_lo(&self) -> Option<Timestamp> {
        self.signed_lo
    }

    /// What the clocks said.
    pub const fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Whether a `not before` of `start` has been reached; `None` when only a doubted clock says it has not (rule 5:
    /// grey, neither accepted nor called too early).
    pub fn has_reached(&self, start: Timestamp) -> Option<bool> {
        if self.doubt().is_none() {
            return Some(start <= self.at());
        }
        // Under doubt the wall clock may run fast or slow: only signed time proves anything.
        self.signed_lo.is_some_and(|lo| start <= lo).then_some(true)
    }

    /// This moment after looking at evidence that somebody signed at `issued_at`. An ordinary issuer never moves our
    /// clock; when its time lies ahead of ours, ours may be slow (rule 1).
    pub fn considering(self, issued_at: Timestamp) -> Self {
        if issued_at.since(self.at()) <= TOLERANCE_SECONDS || self.doubt().is_some() {
            return self;
        }
        Self { confidence: Confidence::Doubt(Doubt::EvidenceAhead), ..self }
    }

    /// Milliseconds from `earlier` to this reading on the boot clock; `None` across a restart.
    pub fn milliseconds_since(&self, earlier: &Reading) -> Option<u64> {
        (self.reading.boot_id == earlier.boot_id).then(|| self.reading.boottime_ms.checked_sub(earlier.boottime_ms)).flatten()
    }
}

/// What a device remembers about time between readings; made durable with every decision.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TimeState {
    signed_lo: Option<Timestamp>,
    /// The newest signed time taken into account, unclamped: the same one never moves `signed_lo` twice.
    signed_claim: Option<Timestamp>,
    wall_hi: Option<Timestamp>,
    boot: Option<Boot>,
    boots_since_signed: u32,
    decisions_since_signed: u32,
}

/// The first believed reading of a boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Boot {
    id: [u8; 16],
    /// Wall minus boot clock in seconds; `None` until a reading of this boot was not behind signed time.
    offset: Option<i64>,
    /// Whether signed time arrived during this boot.
    anchored: bool,
}

/// A stored time state that is not ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadTimeState;

impl fmt::Display for BadTimeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stored time state is damaged")
    }
}

impl core::error::Error for BadTimeState {}

/// The rules; see the module's documentation.
#[derive(Clone, Copy, Debug)]
pub struct TimeGuard;

impl TimeGuard {
    /// Judges one reading. The new state is stored with whatever is decided at the moment.
    pub fn observe(state: &TimeState, reading: &Reading, limits: &Limits) -> (Moment, TimeState) {
        let mut next = state.clone();
        let offset = offset(reading);
        let behind_signed = state.signed_lo.is_some_and(|lo| lo.since(reading.wall) > TOLERANCE_SECONDS);

        if state.boot.is_none_or(|boot| boot.id != reading.boot_id) {
            next.boot = Some(Boot { id: reading.boot_id, offset: None, anchored: false });
            next.boots_since_signed = state.boots_since_signed.saturating_add(1);
        }
        let boot = next.boot.get_or_insert(Boot { id: reading.boot_id, offset: None, anchored: false });
        // A clock known to be wrong sets no baseline, so that correcting it is not taken for tampering.
        if boot.offset.is_none() && !behind_signed {
            boot.offset = Some(offset);
        }
        let stepped = boot.offset.is_some_and(|first| first.abs_diff(offset) > TOLERANCE_SECONDS.unsigned_abs());
        let anchored = boot.anchored;

        // The first that applies names the doubt; what signed time proves comes before what we merely remember.
        let confidence = if behind_signed {
            Confidence::Doubt(Doubt::BehindSigned)
        } else if stepped {
            Confidence::Doubt(Doubt::Stepped)
        } else if state.wall_hi.is_some_and(|hi| hi.since(reading.wall) > TOLERANCE_SECONDS) {
            Confidence::Doubt(Doubt::BehindSeen)
        } else if next.boots_since_signed > limits.boots {
            Confidence::Doubt(Doubt::TooManyBoots)
        } else if state.decisions_since_signed >= limits.decisions {
            Confidence::Doubt(Doubt::TooManyDecisions)
        } else if anchored {
            Confidence::Anchored
        } else {
            Confidence::Low
        };
        // A glitch within a boot is visible as a step and is not remembered as a time that has been (rule 4).
        if !stepped {
            next.wall_hi = Some(state.wall_hi.map_or(reading.wall, |hi| hi.max(reading.wall)));
        }
        (Moment { reading: *reading, signed_lo: state.signed_lo, confidence }, next)
    }
}

impl TimeState {
    /// The state after a time signer named in the root, today the bundle's timestamp role, signed `issued_at`, read at
    /// `reading`. A time not newer than the last one changes nothing.
    #[must_use]
    pub fn signed(&self, issued_at: Timestamp, reading: &Reading) -> Self {
        if self.signed_claim.is_some_and(|claim| issued_at <= claim) {
            return self.clone();
        }
        let signed_lo = self.signed_lo.map_or(issued_at, |lo| issued_at.min(lo.plus(LARGEST_JUMP_SECONDS)).max(lo));
        let plausible = signed_lo.since(reading.wall) <= TOLERANCE_SECONDS;
        Self {
            signed_lo: Some(signed_lo),
            signed_claim: Some(issued_at),
            // Unsigned memories end here, or one forward glitch would lock the device for ever (rule 4).
            wall_hi: plausible.then_some(reading.wall),
            boot: Some(Boot { id: reading.boot_id, offset: plausible.then(|| offset(reading)), anchored: plausible }),
            boots_since_signed: 0,
            decisions_since_signed: 0,
        }
    }

    /// The state after one more decision.
    #[must_use]
    pub fn decided(&self) -> Self {
        Self { decisions_since_signed: self.decisions_since_signed.saturating_add(1), ..self.clone() }
    }

    /// The newest signed time, after bounding its jumps.
    pub const fn signed_lo(&self) -> Option<Timestamp> {
        self.signed_lo
    }

    /// Boots since then, this one included; 0 when signed time arrived during this boot.
    pub const fn boots_since_signed(&self) -> u32 {
        self.boots_since_signed
    }

    /// Decisions since then.
    pub const fn decisions_since_signed(&self) -> u32 {
        self.decisions_since_signed
    }

    /// Deterministic CBOR: `[1, signed_lo, signed_claim, wall_hi, null / [id, offset, anchored], boots, decisions]`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(7).unsigned(VERSION);
        for time in [self.signed_lo, self.signed_claim, self.wall_hi] {
            out.option(time, |out, time| {
                out.signed(time.unix());
            });
        }
        out.option(self.boot, |out, boot| {
            out.array(3).bytes(&boot.id);
            out.option(boot.offset, |out, offset| {
                out.signed(offset);
            });
            out.bool(boot.anchored);
        });
        out.unsigned(self.boots_since_signed.into()).unsigned(self.decisions_since_signed.into());
        out.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote, and nothing else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadTimeState> {
        Self::read(&mut Reader::new(bytes)).map_err(|_| BadTimeState)
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        from.array_of(7)?;
        if from.unsigned()? != VERSION {
            return Err(NotCanonical);
        }
        let time = |from: &mut Reader<'_>| Timestamp::from_unix(from.signed()?).ok_or(NotCanonical);
        let state = Self {
            signed_lo: from.option(time)?,
            signed_claim: from.option(time)?,
            wall_hi: from.option(time)?,
            boot: from.option(|from| {
                from.array_of(3)?;
                Ok(Boot { id: from.bytes_array()?, offset: from.option(Reader::signed)?, anchored: from.bool()? })
            })?,
            boots_since_signed: from.unsigned32()?,
            decisions_since_signed: from.unsigned32()?,
        };
        from.end()?;
        Ok(state)
    }
}

/// The version of [`TimeState::to_bytes`].
const VERSION: u64 = 1;

/// Seconds by which the wall clock leads the boot clock.
fn offset(reading: &Reading) -> i64 {
    reading.wall.unix().saturating_sub(i64::try_from(reading.boottime_ms / 1000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
