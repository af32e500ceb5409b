//! How far the device's clock can be believed (unlock.md "TimeGuard").
//!
//! The wall clock belongs to the device's owner, who may set it. Two things are proven all the same: the newest time that a time
//! signer signed, and how long this device ran since it learned that time. Their sum is the *bound*. Real time cannot lie before it,
//! and every judgement is made at the later of wall clock and bound, so that old evidence ages on a clock that was set back.
//!
//! Time that passed while the device was switched off cannot be proven: that is detection, not prevention. A start of the device at
//! which nothing read the clock cannot be told from time switched off.
//!
//! All times come in as [`Reading`]s; nothing here reads a clock.

mod adopt;
mod guard;
mod moment;
mod shared;
mod signed;
mod state;
mod stored;

pub use adopt::{Adopted, Aside};
pub use guard::{Limits, TimeGuard};
pub use moment::{Confidence, Doubt, Moment};
pub use shared::Shared;
pub use signed::{SignedTime, TimeSigner};
pub use state::{BehindProof, TimeState};
pub use stored::BadTimeState;

use waypass_credential::time::Timestamp;

/// Wall clock and boot clock may drift apart by this much within one boot (unlock.md "TimeGuard" rule 2). Evidence that somebody
/// else signed may lie this far ahead.
pub const TOLERANCE_SECONDS: i64 = 120;

/// A wall clock may lag this far behind what is proven, or behind what it showed before, and still be believed. A quartz that is
/// 50 ppm slow loses 389 seconds in three months, and steps may take back two minutes. An attacker gains nothing: judgements are made at
/// the bound where the wall clock is behind it.
pub(crate) const SLOW_SECONDS: i64 = 600;

/// A signed time further than this ahead of both the wall clock and the bound is kept aside until a person confirms it (rule 3).
pub const FURTHEST_AHEAD_SECONDS: i64 = 48 * 3600;

/// The readings of the device's clocks at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The wall clock, which its owner may set.
    pub wall: Timestamp,
    /// Milliseconds since boot, time asleep included; not settable.
    pub boottime_ms: u64,
    /// Changes with every boot; [`Self::UNKNOWN_BOOT`] where the system does not say.
    pub boot_id: [u8; 16],
}

impl Reading {
    /// The boot id of a system that has none. Such a reading is never known to be of the same boot as another.
    pub const UNKNOWN_BOOT: [u8; 16] = [0; 16];

    const fn knows_its_boot(&self) -> bool {
        u128::from_ne_bytes(self.boot_id) != 0
    }

    /// Seconds by which the wall clock leads the boot clock.
    fn offset(&self) -> i64 {
        self.wall.unix().saturating_sub(i64::try_from(self.boottime_ms / 1000).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests;
