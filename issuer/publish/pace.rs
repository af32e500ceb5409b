//! The time that a running service publishes at.

use waypass_credential::time::Timestamp;
use waypass_trust::time::{Reading, TOLERANCE_SECONDS};

/// The wall clock as it was when the service started, carried on by the boot clock.
///
/// The wall clock is followed as long as both keep pace. One that was set since is not: nobody was asked about it.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    base: Reading,
}

impl Pace {
    /// Starts with a reading that was confirmed, or gave no reason to ask.
    pub const fn new(start: Reading) -> Self {
        Self { base: start }
    }

    /// Returns the time at `now`.
    pub fn at(&mut self, now: Reading) -> Timestamp {
        let elapsed = now.boottime_ms.saturating_sub(self.base.boottime_ms) / 1000;
        let expected = self.base.wall.plus(i64::try_from(elapsed).unwrap_or(i64::MAX));
        if now.boot_id == self.base.boot_id && now.wall.since(expected).abs() <= TOLERANCE_SECONDS {
            self.base = now;
            return now.wall;
        }
        expected
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use crate::testing::at;
    use waypass_trust::time::Reading;

    #[test]
    fn a_clock_that_is_set_is_not_followed_and_one_that_drifts_is() {
        let reading = |wall: i64, boot: u64| Reading { wall: at(wall), boottime_ms: boot * 1000, boot_id: [7; 16] };
        let mut pace = Pace::new(reading(0, 50));
        assert_eq!(pace.at(reading(3600, 3650)), at(3600));
        // Half a minute a day, for a year.
        for day in 1..=365_u64 {
            let wall = i64::try_from(day * 86_430).expect("small");
            assert_eq!(pace.at(reading(3600 + wall, 3650 + day * 86_400)), at(3600 + wall));
        }
        let (wall, boot) = (3600 + 365 * 86_430, 3650 + 365 * 86_400);
        for set in [-86_400, -121, 121, 300 * 86_400] {
            assert_eq!(pace.at(reading(wall + 60 + set, boot + 60)), at(wall + 60), "{set}");
        }
        assert_eq!(pace.at(reading(wall + 120, boot + 120)), at(wall + 120), "and set back again");
    }
}
