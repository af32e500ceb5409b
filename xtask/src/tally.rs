//! Reads what `cargo test` prints and counts it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Numbers of tests.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// What failing tests said, for the end of a long run, whose middle a reader may not have.
#[derive(Default)]
pub(crate) struct Failures {
    lines: Vec<String>,
    inside: bool,
}

/// Lines kept in all. Who needs more finds them in the output.
const MOST_LINES: usize = 400;

impl Failures {
    /// Takes a line that libtest prints: those between the first and the second `failures:` of a program.
    fn take(&mut self, line: &str) {
        match line {
            "failures:" => self.inside = !self.inside,
            line if line.starts_with("test result: ") => self.inside = false,
            line if self.inside => self.keep(line),
            _ => {}
        }
    }

    pub(crate) fn keep(&mut self, line: &str) {
        if self.lines.len() < MOST_LINES && !line.trim().is_empty() {
            self.lines.push(line.to_owned());
        }
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// Runs a `cargo test` command, shows its output, and counts.
///
/// A test that cannot run here prints a line `SKIP what: why` and returns; libtest calls that passed, we do not. A test that is
/// ignored because it is the child of another one is run by that one, and is not a skipped suite.
pub(crate) fn run(mut command: Command, failures: &mut Failures) -> Result<Tally, String> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("cannot start cargo: {error}"))?;
    let stdout = child.stdout.take().ok_or("cargo's output cannot be read")?;
    let (mut tally, mut skips, mut children) = (Tally::default(), Vec::new(), 0_u64);
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.map_err(|error| format!("cargo's output cannot be read: {error}"))?;
        let line = String::from_utf8_lossy(&line);
        if let Some(skip) = line.strip_prefix("SKIP ") {
            skips.push(skip.to_owned());
        }
        if let Some((name, why)) = ignored(&line).filter(|_| !is_child(&line)) {
            println!("skipped: {name}: {why}");
        }
        if is_child(&line) {
            children += 1;
        }
        tally.add(results(&line));
        failures.take(&line);
        if worth_showing(&line) {
            println!("{line}");
        }
    }
    let status = child.wait().map_err(|error| format!("cargo did not end: {error}"))?;
    let skipped = skips.len() as u64;
    tally.passed = tally.passed.saturating_sub(skipped);
    tally.skipped = (tally.skipped + skipped).saturating_sub(children);
    for skip in skips {
        println!("skipped: {skip}");
    }
    if !status.success() && tally.failed == 0 {
        // A compile error, a crash or a timeout: nothing counted it, so it counts here.
        tally.failed = 1;
    }
    Ok(tally)
}

/// Name and reason of a line `test NAME ... ignored, REASON`.
fn ignored(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ignored")?;
    Some((name, rest.strip_prefix(", ").unwrap_or("no reason is given")))
}

fn is_child(line: &str) -> bool {
    ignored(line).is_some_and(|(_, why)| why.contains("child of"))
}

/// Returns the numbers of a line `test result: ok. 12 passed; 0 failed; 1 ignored; ..`.
fn results(line: &str) -> Tally {
    let Some(rest) = line.strip_prefix("test result: ") else { return Tally::default() };
    let rest = rest.split_once(". ").map_or(rest, |(_, numbers)| numbers);
    let count = |word: &str| {
        rest.split(';')
            .filter_map(|part| part.trim().split_once(' '))
            .find(|(_, name)| *name == word)
            .and_then(|(number, _)| number.parse().ok())
            .unwrap_or(0)
    };
    Tally { passed: count("passed"), failed: count("failed"), skipped: count("ignored") }
}

/// Hundreds of `test x ... ok` lines hide the one that matters.
fn worth_showing(line: &str) -> bool {
    let boring = (line.starts_with("test ") && line.ends_with("... ok"))
        || line.trim().is_empty()
        || line.starts_with("running ")
        || line == "successes:";
    !boring
}

#[cfg(test)]
mod tests {
    use super::{Failures, Tally, ignored, is_child, results};

    #[test]
    fn what_a_failing_test_said_is_kept_for_the_end() {
        let said = "test a ... FAILED\n\nsuccesses:\n\n---- b stdout ----\nfine\n\nfailures:\n\n---- a stdout ----\nat src/a.rs:1\n\nfailures:\n    a\n\n\
                    test result: FAILED. 1 passed; 1 failed; 0 ignored\ntest c ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored";
        let mut failures = Failures::default();
        said.lines().for_each(|line| failures.take(line));
        assert_eq!(failures.lines(), ["---- a stdout ----", "at src/a.rs:1"]);
    }

    #[test]
    fn counts_what_libtest_prints() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(results(line), Tally { passed: 12, failed: 2, skipped: 1 });
        assert_eq!(
            results("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out"),
            Tally { passed: 3, failed: 0, skipped: 0 }
        );
        assert_eq!(results("test a::b ... ok"), Tally::default());
    }
    #[test]
    fn a_child_of_a_test_is_no_skipped_suite() {
        let child = "test a::child ... ignored, the child of `a::parent`";
        assert!(is_child(child) && ignored(child).is_some());
        let slow = "test a::slow ... ignored, takes an hour";
        assert_eq!((is_child(slow), ignored(slow)), (false, Some(("a::slow", "takes an hour"))));
        assert_eq!((ignored("test a::b ... ignored"), ignored("test a::b ... ok")), (Some(("a::b", "no reason is given")), None));
    }
}
