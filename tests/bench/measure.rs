//! Thread-CPU time, interleaved A B A B, minimum of many rounds: a ratio between two pieces of work that ran under the
//! same conditions, which is the only figure that holds between machines.

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// One gated line of the table.
pub(crate) struct Ratio {
    pub(crate) name: &'static str,
    /// The bound of the path's cost, as a multiple of the raw verifications it contains.
    pub(crate) target: f64,
    pub(crate) measured: f64,
    pub(crate) raw: Duration,
    pub(crate) path: Duration,
}

/// A gate is the target and 15 %, best of three.
const SLACK: f64 = 1.15;
const ATTEMPTS: usize = 3;
const ROUNDS: usize = 400;
/// Calls between two readings of the clock, so that the reading itself does not count.
const CALLS: u32 = 8;

impl Ratio {
    pub(crate) fn passes(&self) -> bool {
        self.measured <= self.target * SLACK
    }

    /// Measures `path` against `raw`, the signature verifications that `path` contains.
    pub(crate) fn of<R, P>(name: &'static str, target: f64, mut raw: impl FnMut() -> R, mut path: impl FnMut() -> P) -> Self {
        let mut best = Self { name, target, measured: f64::INFINITY, raw: Duration::ZERO, path: Duration::ZERO };
        for _ in 0..ATTEMPTS {
            let (raw, path) = interleaved(&mut raw, &mut path);
            let measured = path.as_secs_f64() / raw.as_secs_f64();
            if measured < best.measured {
                best = Self { measured, raw, path, ..best };
            }
            if best.passes() {
                break;
            }
        }
        best
    }
}

/// The least CPU time of one call of each, measured in turn.
pub(crate) fn interleaved<A, B>(mut a: impl FnMut() -> A, mut b: impl FnMut() -> B) -> (Duration, Duration) {
    let mut least = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        least.0 = least.0.min(timed(&mut a));
        least.1 = least.1.min(timed(&mut b));
    }
    least
}

/// The least CPU time of one call.
pub(crate) fn least<A>(mut work: impl FnMut() -> A) -> Duration {
    (0..ROUNDS).map(|_| timed(&mut work)).min().unwrap_or_default()
}

fn timed<A>(work: &mut impl FnMut() -> A) -> Duration {
    let start = thread_cpu();
    for _ in 0..CALLS {
        black_box(work());
    }
    thread_cpu().saturating_sub(start) / CALLS
}

fn thread_cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
