//! A person's time for an answer. A vault that is open while somebody is asked locks itself when nobody answers.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;
use waypass_machine::clock;

/// How often the boot clock is looked at. The system's own timeouts stand still while the machine sleeps, and the boot clock does not.
const LOOK: Duration = Duration::from_secs(1);

/// Reads what a person types. Ends with [`io::ErrorKind::TimedOut`] when no key was pressed for `limit`, and with
/// [`io::ErrorKind::ConnectionAborted`] when who wants to know it has something to say first.
pub(super) struct Patient<'w, R> {
    from: R,
    limit: Option<Duration>,
    wants: Option<BorrowedFd<'w>>,
    now: fn() -> Duration,
}

impl<'w, R: AsFd + Read> Patient<'w, R> {
    /// Waits without end where there is no `limit`. `wants` is the connection to the process that wants the answer, if it is another one.
    pub(super) fn new(from: R, limit: Option<Duration>, wants: Option<BorrowedFd<'w>>) -> Self {
        Self { from, limit, wants, now: || Duration::from_millis(clock::read().boottime_ms) }
    }
}

impl<R: AsFd + Read> Read for Patient<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.limit.is_none() && self.wants.is_none() {
            return self.from.read(into);
        }
        let limit = self.limit.unwrap_or(Duration::MAX);
        let asked = (self.now)();
        loop {
            let left = limit.saturating_sub((self.now)().saturating_sub(asked));
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let look = Timespec::try_from(left.min(LOOK)).map_err(io::Error::other)?;
            let typed = PollFd::new(&self.from, PollFlags::IN);
            // Without anybody else the terminal is there twice.
            let mut ends = [typed.clone(), self.wants.map_or(typed, |wants| PollFd::from_borrowed_fd(wants, PollFlags::IN))];
            let ready = poll(&mut ends, Some(&look))?;
            if self.wants.is_some() && !ends[1].revents().is_empty() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if ready > 0 {
                // An answer that comes too late is not read: the machine may have slept in between.
                if (self.now)().saturating_sub(asked) >= limit {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                return self.from.read(into);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AsFd as _, Patient, io};
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::time::Duration;

    #[test]
    fn a_question_that_nobody_answers_ends() {
        let (asks, mut types) = UnixStream::pair().expect("a pair");
        asks.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        let mut patient = Patient::new(asks, Some(Duration::from_millis(60)), None);
        types.write_all(b"yes").expect("typed");
        let mut read = [0; 8];
        assert_eq!(patient.read(&mut read).expect("answered"), 3);
        assert_eq!(patient.read(&mut read).expect_err("nobody answers").kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_question_ends_when_nobody_wants_the_answer_any_more() {
        let ((asks, _types), (wants, session)) = (UnixStream::pair().expect("a pair"), UnixStream::pair().expect("a pair"));
        drop(session);
        for limit in [None, Some(Duration::from_secs(5))] {
            let mut patient = Patient::new(&asks, limit, Some(wants.as_fd()));
            assert_eq!(patient.read(&mut [0; 8]).expect_err("nobody").kind(), io::ErrorKind::ConnectionAborted);
        }
    }

    #[test]
    fn an_answer_after_the_machine_slept_is_not_read() {
        static CLOCK: AtomicU64 = AtomicU64::new(0);
        let (asks, mut types) = UnixStream::pair().expect("a pair");
        // Every look at the clock is two minutes later than the one before.
        let now = || Duration::from_secs(CLOCK.fetch_add(120, Relaxed));
        let mut patient = Patient { from: asks, limit: Some(Duration::from_mins(3)), wants: None, now };
        types.write_all(b"y").expect("typed");
        assert_eq!(patient.read(&mut [0; 8]).expect_err("too late").kind(), io::ErrorKind::TimedOut);
        patient.limit = None;
        assert_eq!(patient.read(&mut [0; 8]).expect("still there"), 1);
    }
}
