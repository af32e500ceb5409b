//! Tests that run until the first of them fails: which others would fail too, nobody asks.

use std::io::{BufRead as _, BufReader, Error, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;

/// Said by cargo when the tests were built and one of them failed.
const TEST_FAILED: &str = "error: test failed";

/// The end of a run of tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Every test passed.
    Passed,
    /// A test failed.
    TestFailed,
    /// The tests could not be built or found.
    Otherwise,
}

/// A run of tests, over.
pub(super) struct Watched {
    pub(super) end: End,
    /// The words of cargo and of the tests.
    pub(super) said: String,
}

impl Watched {
    /// Runs `cargo test`, in a process group of its own, and stops it once a test has failed.
    pub(super) fn run(cargo: &mut Command) -> Result<Self, String> {
        let mut child =
            cargo.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| not_started(&error))?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let words = thread::spawn(move || {
            let mut words = String::new();
            err.map(|mut err| err.read_to_string(&mut words));
            words
        });
        let mut said = String::new();
        let mut has_failed = false;
        for line in out.into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok) {
            said.extend([line.as_str(), "\n"]);
            if is_failure(&line) {
                has_failed = true;
                stop(&child)?;
            }
        }
        let status = child.wait().map_err(|error| format!("cannot wait for cargo: {error}"))?;
        said.push_str(&words.join().unwrap_or_default());
        let end = match () {
            () if has_failed || !status.success() && said.contains(TEST_FAILED) => End::TestFailed,
            () if status.success() => End::Passed,
            () => End::Otherwise,
        };
        Ok(Self { end, said })
    }
}

pub(super) fn not_started(error: &Error) -> String {
    format!("cannot start cargo: {error}")
}

/// Returns true for the line by which the test harness says that a test failed.
fn is_failure(line: &str) -> bool {
    line.starts_with("test ") && line.ends_with(" ... FAILED")
}

/// Stops cargo with every test and everything that tests have started.
fn stop(child: &Child) -> Result<(), String> {
    let group = format!("kill -s KILL -- -{}", child.id());
    Command::new("sh").args(["-c", &group]).status().map(drop).map_err(|error| format!("cannot stop the tests: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{End, Watched};
    use std::process::Command;
    use std::time::{Duration, Instant};

    fn run(script: &str) -> (End, String) {
        let run = Watched::run(Command::new("sh").args(["-c", script])).expect("started");
        (run.end, run.said)
    }

    #[test]
    fn what_runs_is_stopped_at_the_first_failure() {
        let start = Instant::now();
        let (end, said) = run("echo test a ... ok; echo test b ... FAILED; sleep 60; echo test c ... ok");
        assert_eq!((end, said.as_str()), (End::TestFailed, "test a ... ok\ntest b ... FAILED\n"));
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn only_a_failed_test_is_one() {
        assert_eq!(run("echo test a ... ok").0, End::Passed);
        assert_eq!(run("echo error: could not compile >&2; exit 101").0, End::Otherwise);
        assert_eq!(run("echo error: test failed, to rerun pass --lib >&2; exit 101").0, End::TestFailed);
    }
}
