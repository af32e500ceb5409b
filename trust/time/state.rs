//! The memory of a device about time.

use super::{Reading, SLOW_SECONDS, TimeSigner};
use core::fmt;
use waypass_credential::time::Timestamp;

/// The memory of a device about time between readings; made durable with every commit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TimeState {
    pub(super) proven: Option<Proven>,
    /// The highest wall clock that was believed; advisory (rule 4).
    pub(super) wall_hi: Option<Timestamp>,
    pub(super) boot: Option<Boot>,
    /// The wall clock that a person confirmed, until signed time reaches it.
    pub(super) confirmed: Option<Timestamp>,
    /// True if the wall clock was before the bound when the device was started last.
    pub(super) lost: bool,
    pub(super) boots_since_signed: u32,
    pub(super) decisions_since_signed: u32,
}

/// The time that signed time and the boot clock prove together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Proven {
    /// The newest signed time.
    pub(super) signed_at: Timestamp,
    /// Whose it is; a state of 0.1.0 does not know until the next signed time.
    pub(super) signer: Option<TimeSigner>,
    /// The bound at [`Boot::read_ms`], in microseconds, so that counting at 99.9 % loses nothing however often it is read.
    pub(super) bound_us: i64,
    /// How long the device may have run before the first readings of its boots, while the wall clock contradicts it. It counts once
    /// the wall clock agrees; until then there is doubt.
    pub(super) unaccounted_us: i64,
}

/// The boot of the last reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Boot {
    pub(super) id: [u8; 16],
    /// The boot clock at the last reading; a state of 0.1.0 does not know.
    pub(super) read_ms: Option<u64>,
    /// Wall minus boot clock in seconds at the first reading of this boot that was not known to be wrong.
    pub(super) offset: Option<i64>,
    /// True if newer signed time arrived during this boot.
    pub(super) anchored: bool,
}

/// The clock that a person wants to confirm is proven to be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BehindProof {
    /// The reading of the wall clock.
    pub wall: Timestamp,
    /// It is at least this late.
    pub bound: Timestamp,
}

impl fmt::Display for BehindProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the clock says {}, and it is {} or later", self.wall, self.bound)
    }
}

impl core::error::Error for BehindProof {}

impl TimeState {
    /// Returns the state after one more decision.
    #[must_use]
    pub fn decided(&self) -> Self {
        Self { decisions_since_signed: self.decisions_since_signed.saturating_add(1), ..self.clone() }
    }

    /// Returns the state after a person, with the vault's factors, said that the wall clock is right (rule 4). Proven
    /// time stays: a clock behind it is wrong, whatever a person says. Verdicts are amber at best until signed time
    /// reaches the confirmed clock.
    pub fn confirm(&self, reading: &Reading) -> Result<Self, BehindProof> {
        let mut next = self.at(reading);
        if let Some(bound) = next.bound().filter(|bound| bound.since(reading.wall) > SLOW_SECONDS) {
            return Err(BehindProof { wall: reading.wall, bound });
        }
        next.wall_hi = Some(reading.wall);
        next.confirmed = Some(reading.wall);
        if let Some(proven) = &mut next.proven {
            proven.unaccounted_us = 0;
        }
        if let Some(boot) = &mut next.boot {
            boot.offset = Some(reading.offset());
        }
        Ok(next)
    }

    /// Returns the proven bound as of the last reading.
    pub fn bound(&self) -> Option<Timestamp> {
        self.proven.map(|proven| proven.bound())
    }

    /// Returns the newest signed time, and whose it is.
    #[cfg(test)]
    pub(crate) fn newest_signed(&self) -> Option<super::SignedTime> {
        let proven = self.proven?;
        Some(super::SignedTime { at: proven.signed_at, signer: proven.signer? })
    }

    /// Returns true if the wall clock stood before the bound when the device was started last: it has no battery, or an empty one (rule 6).
    pub const fn lost_its_clock(&self) -> bool {
        self.lost
    }

    /// Enters the boot of `reading` and counts the time since the last one.
    pub(super) fn at(&self, reading: &Reading) -> Self {
        let mut next = self.clone();
        let step = Step::between(self.boot.as_ref(), reading);
        if let Some(proven) = &mut next.proven {
            proven.count(&step, reading.wall);
        }
        let behind = |proven: &Proven| proven.is_behind(reading.wall);
        if step.restarted {
            next.boots_since_signed = self.boots_since_signed.saturating_add(1);
            next.lost = next.proven.as_ref().is_some_and(behind);
        }
        let before = self.boot.filter(|_| step.same_boot);
        let offset = before.and_then(|boot| boot.offset).filter(|offset| next.allows(*offset, reading));
        next.boot = Some(Boot {
            id: reading.boot_id,
            read_ms: Some(reading.boottime_ms),
            offset,
            anchored: before.is_some_and(|boot| boot.anchored),
        });
        next
    }
}

impl TimeState {
    /// Returns the contradiction of a wall clock, at the reading that was entered last.
    pub(super) fn against(&self, wall: Timestamp) -> Against {
        Against {
            proof: self.proven.is_some_and(|proven| proven.is_behind(wall)),
            memory: self.proven.is_some_and(|proven| proven.unaccounted_us > 0)
                || self.wall_hi.is_some_and(|hi| hi.since(wall) > SLOW_SECONDS),
        }
    }

    /// Returns false for a first reading of this boot that signed time has since proven wrong.
    pub(super) fn allows(&self, first: i64, reading: &Reading) -> bool {
        let shown = reading.wall.plus(first.saturating_sub(reading.offset()));
        !self.proven.is_some_and(|proven| proven.is_behind(shown))
    }

    /// Takes `reading` for the first of its boot, unless there is one or its clock is known to be wrong: correcting a wrong clock is
    /// not tampering.
    pub(super) fn settle(&mut self, reading: &Reading) {
        let against = self.against(reading.wall);
        if let Some(boot) = self.boot.as_mut().filter(|_| !against.proof && !against.memory) {
            boot.offset.get_or_insert(reading.offset());
        }
    }
}

/// The time that a wall clock is behind.
pub(super) struct Against {
    /// The bound.
    pub(super) proof: bool,
    /// The time it showed before, or the bound and the time since the device started.
    pub(super) memory: bool,
}

/// The interval between two readings.
struct Step {
    /// Known to be of one boot.
    same_boot: bool,
    /// Known to be of two boots.
    restarted: bool,
    /// The device ran at least this long between them.
    ran_ms: u64,
    /// If the clocks are this device's alone, it ran this much longer: the later boot, before its first reading.
    supposed_ms: u64,
}

impl Step {
    fn between(last: Option<&Boot>, reading: &Reading) -> Self {
        let first = Self { same_boot: false, restarted: true, ran_ms: 0, supposed_ms: 0 };
        let Some(last) = last else { return first };
        let identified = reading.knows_its_boot() && last.id != Reading::UNKNOWN_BOOT;
        let forward = last.read_ms.map_or(Some(0), |read| reading.boottime_ms.checked_sub(read));
        match forward {
            // At least so much has passed, in this boot or a later one.
            Some(ran_ms) if !identified => Self { restarted: false, ran_ms, ..first },
            Some(ran_ms) if last.id == reading.boot_id => Self { same_boot: true, restarted: false, ran_ms, supposed_ms: 0 },
            // A boot clock that went back is another boot's (rule 0).
            _ => Self { supposed_ms: reading.boottime_ms, ..first },
        }
    }
}

impl Proven {
    /// Counts what passed at 99.9 %, more than any quartz is wrong by: a millisecond is 999 microseconds.
    fn count(&mut self, step: &Step, wall: Timestamp) {
        let counted = |ms: u64| i64::try_from(ms.saturating_mul(999)).unwrap_or(i64::MAX);
        self.bound_us = self.bound_us.saturating_add(counted(step.ran_ms));
        self.unaccounted_us = self.unaccounted_us.saturating_add(counted(step.supposed_ms));
        let whole = Self { bound_us: self.bound_us.saturating_add(self.unaccounted_us), ..*self };
        if !whole.is_behind(wall) {
            *self = Self { unaccounted_us: 0, ..whole };
        }
    }

    /// Real time cannot lie before this.
    pub(super) fn bound(&self) -> Timestamp {
        EPOCH.plus(self.bound_us.div_euclid(MICROSECONDS))
    }

    /// Returns true if a wall clock is so far behind the bound that it must be wrong.
    pub(super) fn is_behind(&self, wall: Timestamp) -> bool {
        self.bound().since(wall) > SLOW_SECONDS
    }
}

pub(super) const MICROSECONDS: i64 = 1_000_000;

/// Evaluated by the compiler: nothing is unreachable at run time.
const EPOCH: Timestamp = match Timestamp::from_unix(0) {
    Some(epoch) => epoch,
    None => unreachable!(),
};
