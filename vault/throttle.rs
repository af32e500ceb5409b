//! Counting failed tries. A try that could be a guess is counted durably *before* it is made, so that cutting the power during the key
//! derivation gains nothing. Delays run on the clock that nobody can set. A thief who copies the files leaves the counter behind, so only
//! the cost of the key derivation times the entropy of the secret protects a copy.

use alloc::vec::Vec;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_trust::time::Reading;

/// Failures in a row before the lockout.
pub(crate) const LIMIT: u32 = 10;

/// One counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Throttle {
    failures: u32,
    boot_id: [u8; 16],
    boottime_ms: u64,
}

/// The counter's answer to a try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    Try,
    Wait { seconds: u64 },
    LockedOut,
}

impl Throttle {
    pub(crate) const NEW: Self = Self { failures: 0, boot_id: [0; 16], boottime_ms: 0 };

    /// A counter that cannot be read leaves one try: damage must neither lock the owner out nor give a thief ten more.
    const UNREADABLE: Self = Self { failures: LIMIT - 1, ..Self::NEW };

    pub(crate) fn read(row: Option<&[u8]>) -> Self {
        row.and_then(|row| Self::from_bytes(row).ok()).unwrap_or(Self::UNREADABLE)
    }

    fn from_bytes(row: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(row);
        from.array_of(4)?;
        if from.unsigned()? != 1 {
            return Err(NotCanonical);
        }
        let read = Self { failures: from.unsigned32()?, boot_id: from.bytes_array()?, boottime_ms: from.unsigned()? };
        from.end().map(|()| read)
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut to = Writer::new();
        to.array(4).unsigned(1).unsigned(self.failures.into()).bytes(&self.boot_id).unsigned(self.boottime_ms);
        to.into_bytes()
    }

    pub(crate) fn answer(&self, at: &Reading) -> Answer {
        if self.failures >= LIMIT {
            return Answer::LockedOut;
        }
        // In another boot than the failure's, the time since that boot began is the part that is certain. Wall time is not asked: it
        // could be set forward to end a delay, or back by accident to make one endless.
        let waited = if at.boot_id == self.boot_id { at.boottime_ms.saturating_sub(self.boottime_ms) } else { at.boottime_ms };
        let left = delay_ms(self.failures).saturating_sub(waited);
        if left == 0 { Answer::Try } else { Answer::Wait { seconds: left.div_ceil(1000) } }
    }

    pub(crate) const fn wrong_tries(&self) -> u32 {
        self.failures
    }

    pub(crate) fn attempts_left(&self) -> u32 {
        LIMIT.saturating_sub(self.failures)
    }

    /// Returns the counter with this try counted as failed.
    pub(crate) fn counted(&self, at: &Reading) -> Self {
        Self { failures: self.failures.saturating_add(1), boot_id: at.boot_id, boottime_ms: at.boottime_ms }
    }
}

/// 1, 5 and 60 minutes (unlock.md), after 5, 7 and 9 failures: the first mistyped passwords cost nothing.
const fn delay_ms(failures: u32) -> u64 {
    60_000
        * match failures {
            0..5 => 0,
            5..7 => 1,
            7..9 => 5,
            _ => 60,
        }
}

#[cfg(test)]
mod tests {
    use super::{Answer, LIMIT, Throttle};
    use crate::testing::reading;
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use waypass_trust::time::Reading;

    fn at(boot: u8, boottime_ms: u64, days: i64) -> Reading {
        Reading { wall: reading().wall.plus(days * 86_400), boottime_ms, boot_id: [boot; 16] }
    }

    fn failed(times: u32, at: &Reading) -> Throttle {
        (0..times).fold(Throttle::NEW, |throttle, _| throttle.counted(at))
    }

    #[test]
    fn delays_grow_and_end_in_a_lockout() {
        let now = at(1, 1_000_000, 0);
        let answers: Vec<Answer> = (0..=LIMIT).map(|times| failed(times, &now).answer(&now)).collect();
        let wait = |seconds| Answer::Wait { seconds };
        assert_eq!(answers[..5], [Answer::Try; 5]);
        assert_eq!(answers[5..], [wait(60), wait(60), wait(300), wait(300), wait(3600), Answer::LockedOut]);
        assert_eq!(failed(LIMIT, &now).attempts_left(), 0);
    }

    #[test]
    fn no_wall_clock_shortens_or_lengthens_a_delay() {
        let throttle = failed(9, &at(1, 1_000_000, 0));
        for days in [-4000, -1, 0, 1, 4000] {
            assert_eq!(throttle.answer(&at(1, 1_000_000 + 3_599_000, days)), Answer::Wait { seconds: 1 });
            assert_eq!(throttle.answer(&at(1, 1_000_000 + 3_600_000, days)), Answer::Try);
        }
    }

    #[test]
    fn a_restart_does_not_end_a_delay() {
        let throttle = failed(9, &at(1, 99_000_000, 0));
        assert_eq!(throttle.answer(&at(2, 10_000, 400)), Answer::Wait { seconds: 3590 });
        assert_eq!(throttle.answer(&at(2, 3_600_000, -400)), Answer::Try);
    }

    #[test]
    fn an_unreadable_counter_leaves_one_try_after_a_delay() {
        let now = at(1, 60_000, 0);
        for row in [None, Some(b"".as_slice()), Some(b"\xff")] {
            let throttle = Throttle::read(row);
            assert_eq!(throttle.attempts_left(), 1);
            assert_eq!(throttle.answer(&now), Answer::Wait { seconds: 3540 });
        }
    }

    #[test]
    fn the_bytes_are_those_of_0_1_0() {
        let counter = failed(3, &at(7, 300, 0)).to_bytes();
        assert_eq!(counter, [&[0x84, 1, 3, 0x50][..], &[7; 16], &[0x19, 1, 44]].concat());
    }

    proptest! {
        #[test]
        fn survives_its_encoding(times in 0..20_u32, boottime: u64) {
            let throttle = failed(times, &at(3, boottime, 0));
            prop_assert_eq!(Throttle::read(Some(&throttle.to_bytes())), throttle);
        }

        #[test]
        fn any_row_is_answered(row: Vec<u8>, boottime: u64) {
            let _ = Throttle::read(Some(&row)).answer(&at(1, boottime, 0));
        }
    }
}
