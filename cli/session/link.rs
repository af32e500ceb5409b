//! The session synchronizes by itself: a process without keys speaks to the office now and then, and nobody waits for it.
//!
//! It is this program, called like a person calls it: `waypass ROLE sync`. A wallet's puts what came into the trust folder, and the next
//! command checks and seals it. A gate's is done by the session, which sends the process on its errands.

use crate::held::Held;
use crate::home::{Home, Role};
use crate::scope::Scope;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The first time, once the person has got what the session was opened for.
const FIRST: Duration = Duration::from_secs(5);
/// After one that succeeded. Offices publish several times a day.
const AGAIN: Duration = Duration::from_mins(15);
/// After one that failed; each further failure doubles it.
const RETRY: Duration = Duration::from_mins(1);
/// The longest pause: a device that was offline for a week learns within this time that it is not.
const LONGEST: Duration = Duration::from_hours(1);

/// When the next one is due.
struct Pace {
    due: Duration,
    failures: u32,
}

impl Pace {
    fn ended(&mut self, now: Duration, did_work: bool) {
        self.failures = if did_work { 0 } else { self.failures.saturating_add(1) };
        let pause = match self.failures {
            0 => AGAIN,
            failures => RETRY.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST),
        };
        self.due = now.saturating_add(pause);
    }
}

/// Synchronizations, one after the other.
pub(super) struct Link {
    role: Role,
    /// The options that lead to this home, for a process in `folder`.
    words: Vec<OsString>,
    folder: PathBuf,
    pace: Pace,
    child: Option<Child>,
}

impl Link {
    /// Returns the link of a session in whose home a server is named, if its scopes let it take what comes.
    pub(super) fn of(held: &Held, home: &Home, folder: PathBuf, now: Duration) -> Option<Self> {
        let takes = match held.role() {
            Role::Wallet => true,
            Role::Verifier => held.scopes().contains(&Scope::Records),
            Role::Issuer => false,
        };
        let pace = Pace { due: now + FIRST, failures: 0 };
        let words = leading(std::env::args_os().skip(1));
        (takes && home.server().is_some()).then_some(Self { role: held.role(), words, folder, pace, child: None })
    }

    /// Begins one that is due, and notes how one has ended.
    pub(super) fn look(&mut self, now: Duration) {
        if let Some(child) = &mut self.child {
            let Ok(Some(ended)) = child.try_wait() else { return };
            self.child = None;
            self.pace.ended(now, ended.success());
        }
        if now < self.pace.due {
            return;
        }
        let mut command = Command::new("/proc/self/exe");
        command.arg0("waypass").args(&self.words).args([self.role.folder(), "sync", "--quiet", "--no-input"]);
        let started = command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        match started {
            Ok(child) => self.child = Some(child),
            Err(_) => self.pace.ended(now, false),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Each step that it has kept stays; the next one goes on from there.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Returns the options of a command line that say which home it is for.
pub(crate) fn leading(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut found = Vec::new();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == "--home" || text == "--profile" {
            let value = words.next();
            found.push(word);
            found.extend(value);
        } else if text.starts_with("--home=") || text.starts_with("--profile=") {
            found.push(word);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Duration, OsString, Pace, leading};

    #[test]
    fn failures_make_it_wait_longer_and_a_success_does_not() {
        let mut pace = Pace { due: Duration::ZERO, failures: 0 };
        let mut after = |did_work| {
            pace.ended(Duration::from_mins(100), did_work);
            pace.due.as_secs() / 60 - 100
        };
        assert_eq!([true, false, false, false].map(&mut after), [15, 1, 2, 4]);
        assert_eq!([false; 40].map(&mut after).last(), Some(&60));
        assert_eq!([true, false].map(&mut after), [15, 1]);
    }

    #[test]
    fn the_home_is_the_one_of_the_session() {
        let line = ["--json", "--home", "a b", "wallet", "unlock", "--profile=door", "--scope", "read", "--resident"];
        let found = leading(line.into_iter().map(OsString::from));
        assert_eq!(found, ["--home", "a b", "--profile=door"]);
    }
}
