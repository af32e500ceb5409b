//! The clocks of a browser, as readings that can be judged (trust.md "TimeGuard").
//!
//! One boot is counted for each start of the engine. A page that is loaded again within a minute goes on with its boot: a heartbeat in a
//! file says where it was. A wall clock that runs ahead of the other clock is a device that slept, or one whose clock was set. Nobody can
//! tell which, so a new boot begins there. One that falls behind stays in its boot, where the guard sees the step.

use waypass_credential::time::Timestamp;
use waypass_trust::time::Reading;

/// A page that is loaded again goes on with its boot for so long.
const GOES_ON_MS: u64 = 60_000;
/// The wall clock may run ahead of the other one by so much before that counts as sleep.
const SLEPT_MS: u64 = 10_000;
/// The heartbeat's format.
const VERSION: u8 = 1;

/// The bytes of a heartbeat: version, boot, milliseconds since it began, wall clock in milliseconds, and their check sum.
const KEPT: usize = 1 + 16 + 8 + 8 + 8;

/// The boot that is counted now.
#[derive(Clone, Debug)]
pub struct BootClock {
    boot_id: [u8; 16],
    /// Milliseconds of this boot when `tick_ms` was read.
    boottime_ms: u64,
    wall_ms: u64,
    tick_ms: u64,
}

impl BootClock {
    /// Starts at the wall clock `wall_ms`, in milliseconds since 1970, and at `tick_ms` of a clock that only runs forward. Goes on with the
    /// boot of the heartbeat if that is fresh and whole, and begins one called `new` otherwise.
    pub fn start(heartbeat: Option<&[u8]>, wall_ms: u64, tick_ms: u64, new: [u8; 16]) -> Self {
        let before = heartbeat.and_then(Self::parse).filter(|before| {
            let passed = wall_ms.checked_sub(before.wall_ms);
            passed.is_some_and(|passed| passed <= GOES_ON_MS)
        });
        match before {
            Some(before) => {
                let boottime_ms = before.boottime_ms.saturating_add(wall_ms - before.wall_ms);
                Self { boottime_ms, wall_ms, tick_ms, ..before }
            }
            None => Self { boot_id: new, boottime_ms: 0, wall_ms, tick_ms },
        }
    }

    /// Returns true if the device slept since the clocks were read last, or its clock was set ahead: [`Self::start`] begins a new boot then.
    pub fn has_slept(&self, wall_ms: u64, tick_ms: u64) -> bool {
        let ahead = wall_ms.saturating_sub(self.wall_ms);
        ahead.saturating_sub(tick_ms.saturating_sub(self.tick_ms)) > SLEPT_MS
    }

    /// Returns a reading of both clocks.
    pub fn read(&mut self, wall_ms: u64, tick_ms: u64) -> Reading {
        self.boottime_ms = self.boottime_ms.saturating_add(tick_ms.saturating_sub(self.tick_ms));
        self.tick_ms = self.tick_ms.max(tick_ms);
        self.wall_ms = wall_ms;
        let wall = Timestamp::clamped(i64::try_from(wall_ms / 1000).unwrap_or(i64::MAX));
        Reading { wall, boottime_ms: self.boottime_ms, boot_id: self.boot_id }
    }

    /// Returns the heartbeat of the last reading.
    pub fn kept(&self) -> [u8; KEPT] {
        let mut kept = [0; KEPT];
        kept[0] = VERSION;
        kept[1..17].copy_from_slice(&self.boot_id);
        kept[17..25].copy_from_slice(&self.boottime_ms.to_be_bytes());
        kept[25..33].copy_from_slice(&self.wall_ms.to_be_bytes());
        let sum = sum(&kept[..33]);
        kept[33..].copy_from_slice(&sum.to_be_bytes());
        kept
    }

    /// Reads a heartbeat; `None` for one that was cut off in the middle. One that somebody wrote proves nothing: the guard's bound counts
    /// only what passes from here on.
    fn parse(kept: &[u8]) -> Option<Self> {
        let number = |from: usize| kept.get(from..from + 8)?.try_into().ok().map(u64::from_be_bytes);
        let whole = kept.len() == KEPT && kept[0] == VERSION && number(33) == Some(sum(&kept[..33]));
        let boot_id: [u8; 16] = kept.get(1..17)?.try_into().ok()?;
        let known = whole && boot_id != Reading::UNKNOWN_BOOT;
        known.then_some(())?;
        Some(Self { boot_id, boottime_ms: number(17)?, wall_ms: number(25)?, tick_ms: 0 })
    }
}

/// FNV-1a: against a write that was cut off, not against a person.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::{BootClock, GOES_ON_MS, SLEPT_MS};
    use waypass_trust::time::{Confidence, Doubt, Limits, Reading, TimeGuard, TimeState};

    const WALL: u64 = 1_795_161_600_000;
    const OLD: [u8; 16] = [1; 16];
    const NEW: [u8; 16] = [2; 16];

    fn started() -> BootClock {
        let mut clock = BootClock::start(None, WALL, 500, OLD);
        let reading = clock.read(WALL + 3_000, 3_500);
        assert_eq!((reading.boottime_ms, reading.boot_id), (3_000, OLD));
        clock
    }

    #[test]
    fn a_page_that_is_loaded_again_goes_on_with_its_boot_for_a_minute() {
        let kept = started().kept();
        let again = |after: u64| BootClock::start(Some(&kept), WALL + 3_000 + after, 7, NEW).read(WALL + 3_000 + after, 7);
        assert_eq!((again(0).boot_id, again(0).boottime_ms), (OLD, 3_000));
        assert_eq!((again(GOES_ON_MS).boot_id, again(GOES_ON_MS).boottime_ms), (OLD, 3_000 + GOES_ON_MS));
        assert_eq!((again(GOES_ON_MS + 1).boot_id, again(GOES_ON_MS + 1).boottime_ms), (NEW, 0));
        // The clock was set back meanwhile.
        assert_eq!(BootClock::start(Some(&kept), WALL, 7, NEW).read(WALL, 7).boot_id, NEW);
    }

    #[test]
    fn a_heartbeat_that_is_not_whole_begins_a_new_boot() {
        let kept = started().kept();
        for at in 0..kept.len() {
            for bit in 0..8 {
                let mut bad = kept;
                bad[at] ^= 1 << bit;
                assert_eq!(BootClock::start(Some(&bad), WALL + 3_000, 7, NEW).read(WALL + 3_000, 7).boot_id, NEW, "byte {at}");
            }
            assert_eq!(BootClock::start(Some(&kept[..at]), WALL + 3_000, 7, NEW).read(WALL, 7).boot_id, NEW, "{at} bytes");
        }
    }

    #[test]
    fn sleep_is_seen_and_a_clock_that_was_set_back_is_not_taken_for_it() {
        let clock = started();
        assert!(!clock.has_slept(WALL + 3_000 + SLEPT_MS, 3_500));
        assert!(clock.has_slept(WALL + 3_001 + SLEPT_MS, 3_500));
        assert!(!clock.has_slept(WALL + 60_000, 60_500), "both ran on");
        assert!(!clock.has_slept(WALL - 3_600_000, 4_500));
    }

    /// Judged as a gate judges it: a clock set back within a boot is a step, which is grey.
    #[test]
    fn the_guard_sees_a_clock_that_was_set_back() {
        let mut clock = started();
        let judge = |state: &TimeState, reading: &Reading| TimeGuard::observe(state, reading, &Limits::default());
        let (moment, state) = judge(&TimeState::default(), &clock.read(WALL + 4_000, 4_500));
        assert_eq!(moment.confidence(), Confidence::Low);
        let (moment, _) = judge(&state, &clock.read(WALL - 3_600_000, 5_500));
        assert_eq!(moment.confidence(), Confidence::Doubt(Doubt::Stepped));
    }
}
