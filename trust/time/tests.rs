extern crate std;

mod adversary;
mod honest;
mod rules;
mod shared;
mod signed;
mod stored;

use super::{Adopted, Confidence, Limits, Moment, Reading, SignedTime, TOLERANCE_SECONDS, TimeGuard, TimeSigner, TimeState};
use std::println;
use waypass_credential::time::Timestamp;

const NOON: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
const LIMITS: Limits = Limits { boots: 3, decisions: 5 };
/// The timestamp keys of an office, and those that replaced them.
const OFFICE: TimeSigner = TimeSigner([1; 32]);
const ROTATED: TimeSigner = TimeSigner([2; 32]);

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).expect("in range")
}

/// A device whose boot began when the wall clock showed `began`, read `after` seconds later by a clock that is `ahead`.
fn reading(boot: u8, after: i64, began: i64, ahead: i64) -> Reading {
    Reading { wall: time(began + after + ahead), boottime_ms: after.unsigned_abs() * 1000, boot_id: [boot; 16] }
}

fn observe(state: &mut TimeState, reading: Reading) -> Moment {
    let (moment, next) = TimeGuard::observe(state, &reading, &LIMITS);
    *state = next;
    moment
}

fn adopt(state: &mut TimeState, at: i64, signer: TimeSigner, reading: Reading) -> Adopted {
    let (next, adopted) = state.adopt(&SignedTime { at: time(at), signer }, &reading);
    *state = next;
    adopted
}

/// A device that learned at `reading` that it is at least `at`.
fn signed(at: i64, reading: Reading) -> TimeState {
    let mut state = TimeState::default();
    assert_eq!(adopt(&mut state, at, OFFICE, reading), Adopted::Newer);
    state
}

/// How many traces a simulation plays: a fast share in the suite, all of them with `WAYPASS_SLOW=1`.
fn traces() -> u64 {
    if std::env::var_os("WAYPASS_SLOW").is_some() { 1_000_000 } else { 20_000 }
}

/// A reproducible source of choices: xorshift64*.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// At least `from` and less than `to`.
    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.roll() % (to - from).unsigned_abs()).expect("small")
    }

    fn one_in(&mut self, sides: i64) -> bool {
        self.between(0, sides) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll()).expect("64 bits") % of.len()]
    }
}
