//! Counting failed tries. A try that could be a guess is counted durably *before* it is made, so that cutting the power during the key
//! derivation gains nothing. Delays run on the clock that nobody can set. A thief who copies the files leaves the counter behind, so only
//! the cost of the key derivation times the entropy of the secret protects a copy.

use alloc::vec::Vec;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_trust::bundle::{Delay, MOST_TRIES, USUAL_DELAYS, VaultRules};
use waypass_trust::time::Reading;

/// How often a person may be wrong in a row, and how long each wait is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Limits {
    tries: u32,
    /// True if nothing but the recovery code helps after the last try; otherwise the longest wait comes after each further one.
    permanent: bool,
    delays: Vec<Delay>,
    /// True if the vault is erased with the last wrong try.
    pub(crate) erases: bool,
}

const MOST_DELAYS: usize = 8;
/// A day: nobody writes down a wait that never ends.
const LONGEST_DELAY: u32 = 86_400;

impl Default for Limits {
    /// Those of a personal vault.
    fn default() -> Self {
        Self { tries: MOST_TRIES, permanent: true, delays: USUAL_DELAYS.to_vec(), erases: false }
    }
}

impl Limits {
    pub(crate) fn of(rules: &VaultRules) -> Self {
        let usual = Self::default();
        Self {
            tries: rules.tries.unwrap_or(usual.tries),
            permanent: rules.permanent,
            delays: if rules.delays.is_empty() { usual.delays } else { rules.delays.clone() },
            erases: rules.erased_after_tries,
        }
    }

    /// Returns those of a row in the clear. A row that cannot be read counts as none. A program that can write there can write the counters
    /// too, so the row need not be more secret than they are.
    pub(crate) fn of_row(row: Option<&[u8]>) -> Self {
        let whole = |row| {
            let mut from = Reader::new(row);
            let limits = Self::read(&mut from).ok()?;
            from.end().ok().map(|()| limits)
        };
        row.and_then(whole).unwrap_or_default()
    }

    pub(crate) fn to_row(&self) -> Vec<u8> {
        let mut to = Writer::new();
        self.write(&mut to);
        to.into_bytes()
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        // Rules that erase nothing are written as they were before there was such a rule.
        to.array(if self.erases { 4 } else { 3 }).unsigned(self.tries.into()).bool(self.permanent).array(self.delays.len());
        for delay in &self.delays {
            to.array(2).unsigned(delay.after.into()).unsigned(delay.seconds.into());
        }
        if self.erases {
            to.bool(true);
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        let members = from.array()?;
        let (tries, permanent) = (from.unsigned32()?, from.bool()?);
        let mut delays = Vec::new();
        for _ in 0..from.array_up_to(MOST_DELAYS)? {
            from.array_of(2)?;
            let delay = Delay { after: from.unsigned32()?, seconds: from.unsigned32()? };
            if !(1..=LONGEST_DELAY).contains(&delay.seconds) {
                return Err(NotCanonical);
            }
            delays.push(delay);
        }
        let erases = match members {
            3 => false,
            4 if from.bool()? => true,
            _ => return Err(NotCanonical),
        };
        // Whatever is in the clear, nobody gets more tries, and without a lockout there is a wait.
        if !(1..=MOST_TRIES).contains(&tries) || delays.is_empty() {
            Err(NotCanonical)
        } else {
            Ok(Self { tries, permanent, delays, erases })
        }
    }

    fn delay_ms(&self, failures: u32) -> u64 {
        let reached = |delay: &&Delay| delay.after <= failures || failures >= self.tries;
        1000 * self.delays.iter().filter(reached).map(|delay| u64::from(delay.seconds)).max().unwrap_or(0)
    }
}

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
    pub(crate) fn read(row: Option<&[u8]>, limits: &Limits) -> Self {
        row.and_then(|row| Self::from_bytes(row).ok()).unwrap_or(Self { failures: limits.tries - 1, ..Self::NEW })
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

    pub(crate) fn answer(&self, limits: &Limits, at: &Reading) -> Answer {
        if limits.permanent && self.failures >= limits.tries {
            return Answer::LockedOut;
        }
        // In another boot than the failure's, the time since that boot began is the part that is certain. Wall time is not asked: it
        // could be set forward to end a delay, or back by accident to make one endless.
        let waited = if at.boot_id == self.boot_id { at.boottime_ms.saturating_sub(self.boottime_ms) } else { at.boottime_ms };
        let left = limits.delay_ms(self.failures).saturating_sub(waited);
        if left == 0 { Answer::Try } else { Answer::Wait { seconds: left.div_ceil(1000) } }
    }

    pub(crate) const fn wrong_tries(&self) -> u32 {
        self.failures
    }

    /// Returns the tries before the lockout. Without a lockout there is always one more.
    pub(crate) fn attempts_left(&self, limits: &Limits) -> u32 {
        limits.tries.saturating_sub(self.failures).max(u32::from(!limits.permanent))
    }

    /// Returns the counter with this try counted as failed.
    pub(crate) fn counted(&self, at: &Reading) -> Self {
        Self { failures: self.failures.saturating_add(1), boot_id: at.boot_id, boottime_ms: at.boottime_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Delay, Limits, Throttle};
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

    fn usual() -> Limits {
        Limits::default()
    }

    fn limits(tries: u32, permanent: bool, delays: &[(u32, u32)]) -> Limits {
        Limits {
            tries,
            permanent,
            delays: delays.iter().map(|(after, seconds)| Delay { after: *after, seconds: *seconds }).collect(),
            erases: false,
        }
    }

    #[test]
    fn a_site_sets_the_tries_and_the_waits() {
        let now = at(1, 1_000_000, 0);
        let answers = |limits: &Limits| (0..=6).map(|times| failed(times, &now).answer(limits, &now)).collect::<Vec<_>>();
        let (wait, no) = (|seconds| Answer::Wait { seconds }, Answer::LockedOut);
        let strict = limits(4, true, &[(2, 30), (3, 90)]);
        assert_eq!(answers(&strict), [Answer::Try, Answer::Try, wait(30), wait(90), no, no, no]);
        assert_eq!((0..=5).map(|times| failed(times, &now).attempts_left(&strict)).collect::<Vec<_>>(), [4, 3, 2, 1, 0, 0]);
        // Nobody is locked out for good, and each further try costs the longest wait.
        let lenient = limits(4, false, &[(2, 30), (3, 90)]);
        assert_eq!(answers(&lenient), [Answer::Try, Answer::Try, wait(30), wait(90), wait(90), wait(90), wait(90)]);
        assert_eq!(failed(9, &now).attempts_left(&lenient), 1);
        // A wait that would come after the last try comes after it all the same.
        assert_eq!(failed(3, &now).answer(&limits(3, false, &[(5, 60)]), &now), wait(60));
    }

    #[test]
    fn limits_in_the_clear_give_nobody_more() {
        for read in [limits(3, false, &[(1, 5)]), limits(10, true, &[(9, 86_400)]), usual()] {
            assert_eq!(Limits::of_row(Some(&read.to_row())), read);
        }
        let more = [
            limits(5, false, &[(1, 0)]),
            limits(5, true, &[(1, 86_401)]),
            limits(11, true, &[(1, 5)]),
            limits(0, true, &[(1, 5)]),
            limits(3, false, &[]),
        ];
        let rows = more.iter().map(Limits::to_row).chain([Vec::new(), [usual().to_row(), [0].to_vec()].concat()]);
        rows.for_each(|row| assert_eq!(Limits::of_row(Some(&row)), usual(), "{row:?}"));
        assert_eq!(Limits::of_row(None), usual());
    }

    #[test]
    fn delays_grow_and_end_in_a_lockout() {
        let now = at(1, 1_000_000, 0);
        let answers: Vec<Answer> = (0..=10).map(|times| failed(times, &now).answer(&usual(), &now)).collect();
        let wait = |seconds| Answer::Wait { seconds };
        assert_eq!(answers[..5], [Answer::Try; 5]);
        assert_eq!(answers[5..], [wait(60), wait(60), wait(300), wait(300), wait(3600), Answer::LockedOut]);
        assert_eq!(failed(10, &now).attempts_left(&usual()), 0);
    }

    #[test]
    fn no_wall_clock_shortens_or_lengthens_a_delay() {
        let throttle = failed(9, &at(1, 1_000_000, 0));
        for days in [-4000, -1, 0, 1, 4000] {
            assert_eq!(throttle.answer(&usual(), &at(1, 1_000_000 + 3_599_000, days)), Answer::Wait { seconds: 1 });
            assert_eq!(throttle.answer(&usual(), &at(1, 1_000_000 + 3_600_000, days)), Answer::Try);
        }
    }

    #[test]
    fn a_restart_does_not_end_a_delay() {
        let throttle = failed(9, &at(1, 99_000_000, 0));
        assert_eq!(throttle.answer(&usual(), &at(2, 10_000, 400)), Answer::Wait { seconds: 3590 });
        assert_eq!(throttle.answer(&usual(), &at(2, 3_600_000, -400)), Answer::Try);
    }

    #[test]
    fn an_unreadable_counter_leaves_one_try_after_a_delay() {
        let now = at(1, 60_000, 0);
        for row in [None, Some(b"".as_slice()), Some(b"\xff")] {
            let throttle = Throttle::read(row, &usual());
            assert_eq!(throttle.attempts_left(&usual()), 1);
            assert_eq!(throttle.answer(&usual(), &now), Answer::Wait { seconds: 3540 });
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
            prop_assert_eq!(Throttle::read(Some(&throttle.to_bytes()), &usual()), throttle);
        }

        #[test]
        fn any_row_is_answered(row: Vec<u8>, limits: Vec<u8>, boottime: u64) {
            let _ = Throttle::read(Some(&row), &Limits::of_row(Some(&limits))).answer(&Limits::of_row(Some(&limits)), &at(1, boottime, 0));
        }
    }
}
