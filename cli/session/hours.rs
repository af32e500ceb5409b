//! How long a session may stay open.

use crate::home::Role;
use std::time::Duration;
use waypass_machine::clock;

/// However much it is used, it locks after this time.
pub(super) const WHOLE: Duration = Duration::from_hours(12);

/// The two clocks differ by this much without sleep: they are not read in one instant.
const SLEEPLESS: Duration = Duration::from_secs(2);

/// The clocks that a session is judged by. The wall clock is not among them: it can be set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Since the machine was started, sleep included.
    pub(super) since_boot: Duration,
    /// How long it has slept of that.
    pub(super) slept: Duration,
}

impl Now {
    pub(super) fn read() -> Self {
        Self { since_boot: Duration::from_millis(clock::read().boottime_ms), slept: Duration::from_millis(clock::slept_ms()) }
    }
}

/// Why a session locks itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Why {
    /// Nobody used it.
    Idle,
    /// It was open for long enough.
    Whole,
    /// The machine slept: the person who wakes it may be somebody else.
    Slept,
}

/// When a session was opened and used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hours {
    idle: Duration,
    whole: Duration,
    opened: Now,
    used: Duration,
}

impl Hours {
    /// Begins to count. It locks after `whole` however much it is used.
    pub(super) const fn begin(role: Role, whole: Duration, now: Now) -> Self {
        Self { idle: role.idle(), whole, opened: now, used: now.since_boot }
    }

    /// Notes that a command came or ended.
    pub(super) const fn used(&mut self, now: Now) {
        self.used = now.since_boot;
    }

    /// Returns why it must lock now; `None` if it may stay open.
    pub(super) fn over(&self, now: Now) -> Option<Why> {
        if now.slept.saturating_sub(self.opened.slept) > SLEEPLESS {
            Some(Why::Slept)
        } else if self.whole_left(now).is_zero() {
            Some(Why::Whole)
        } else if self.idle_left(now).is_zero() {
            Some(Why::Idle)
        } else {
            None
        }
    }

    /// Returns the time until it locks if nobody uses it.
    pub(super) const fn idle_left(&self, now: Now) -> Duration {
        self.idle.saturating_sub(now.since_boot.saturating_sub(self.used))
    }

    /// Returns the time until it locks however it is used.
    pub(super) const fn whole_left(&self, now: Now) -> Duration {
        self.whole.saturating_sub(now.since_boot.saturating_sub(self.opened.since_boot))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Hours, Now, Role, WHOLE, Why};

    const fn at(minutes: u64) -> Now {
        Now { since_boot: Duration::from_mins(minutes), slept: Duration::from_secs(40) }
    }

    #[test]
    fn it_locks_when_nobody_uses_it() {
        for (role, idle) in [(Role::Wallet, 5), (Role::Verifier, 15), (Role::Issuer, 15)] {
            let mut hours = Hours::begin(role, WHOLE, at(10));
            assert_eq!(hours.over(at(10 + idle - 1)), None, "{role:?}");
            assert_eq!(hours.over(at(10 + idle)), Some(Why::Idle), "{role:?}");
            hours.used(at(10 + idle - 1));
            assert_eq!(hours.over(at(10 + 2 * idle - 2)), None, "{role:?}");
            assert_eq!(hours.over(at(10 + 2 * idle - 1)), Some(Why::Idle), "{role:?}");
        }
    }

    #[test]
    fn it_locks_after_half_a_day_however_it_is_used() {
        let mut hours = Hours::begin(Role::Wallet, WHOLE, at(10));
        hours.used(at(10 + 12 * 60 - 1));
        assert_eq!(hours.over(at(10 + 12 * 60 - 1)), None);
        hours.used(at(10 + 12 * 60));
        assert_eq!(hours.over(at(10 + 12 * 60)), Some(Why::Whole));
    }

    #[test]
    fn one_that_officers_opened_locks_sooner() {
        let mut hours = Hours::begin(Role::Wallet, Duration::from_mins(15), at(10));
        hours.used(at(24));
        assert_eq!((hours.over(at(24)), hours.over(at(25))), (None, Some(Why::Whole)));
    }

    #[test]
    fn it_locks_after_the_machine_slept() {
        let mut hours = Hours::begin(Role::Wallet, WHOLE, at(10));
        let slept = |seconds: u64| Now { slept: Duration::from_secs(40 + seconds), ..at(11) };
        hours.used(slept(0));
        assert_eq!(hours.over(slept(1)), None, "the clocks are read one after the other");
        assert_eq!(hours.over(slept(30)), Some(Why::Slept));
    }
}
