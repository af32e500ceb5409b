//! The tests of the page in a browser: Node.js runs them and drives Chromium.

use crate::tally::{Failures, Tally};
use crate::tools::{self, NODE_TO_BROWSE, Tool};
use crate::workspace;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs the tests in `folder`. A tool that is missing is told with the other tools, and nothing is run.
pub(crate) fn run(folder: &Path, missing: &[&Tool], failures: &mut Failures) -> Result<Tally, String> {
    if missing.iter().any(|tool| ["node", "npm", "chromium"].contains(&tool.program)) {
        return Ok(Tally::default());
    }
    if !workspace::target().join("share/waypass/pages").is_dir() {
        return Ok(skipped("the pages are not built: cargo xtask web --profile ci"));
    }
    if !tools::npm_ci(folder) {
        return Ok(skipped("npm cannot install what web/tests/package-lock.json names; it needs its registry once"));
    }
    let Some(node) = node(&folder.join("node")) else {
        return Ok(skipped(&format!("there is no node {NODE_TO_BROWSE} here, and npm brought none")));
    };
    let mut tests = Command::new(node);
    tests.args(["--test", "--test-concurrency=1", "--test-reporter=tap"]).current_dir(folder);
    tests.env("WAYPASS_BIN", workspace::target().join("ci/waypass"));
    let mut child = tests.stdout(Stdio::piped()).spawn().map_err(|error| format!("cannot start node: {error}"))?;
    let said = child.stdout.take().ok_or("node's output cannot be read")?;
    let (mut tally, mut notes) = (Tally::default(), Notes::Outside);
    for line in BufReader::new(said).lines() {
        let line = line.map_err(|error| format!("node's output cannot be read: {error}"))?;
        let is_told = take(&line, &mut tally);
        notes = notes.after(&line);
        if notes == Notes::OfFailed {
            failures.keep(&line);
        }
        if !is_told && notes != Notes::OfPassed {
            println!("{line}");
        }
    }
    let status = child.wait().map_err(|error| format!("node did not end: {error}"))?;
    if tally.failed == 0 && (!status.success() || tally == Tally::default()) {
        // It ended before it counted.
        tally.failed = 1;
    }
    Ok(tally)
}

fn skipped(why: &str) -> Tally {
    println!("skipped: the page in a browser: {why}");
    Tally { skipped: 1, ..Tally::default() }
}

/// Where a line of the Test Anything Protocol stands: notes follow the line of a test, from `---` to `...`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Notes {
    Outside,
    OfPassed,
    OfFailed,
}

impl Notes {
    /// Returns where `line` stands, which comes after a line that stood at `self`.
    fn after(self, line: &str) -> Self {
        match line.trim() {
            said if said.starts_with("not ok ") => Self::OfFailed,
            said if said.starts_with("ok ") => Self::OfPassed,
            said if said.starts_with("# ") || said.starts_with("1..") => Self::Outside,
            _ => self,
        }
    }
}

/// Takes a line of the Test Anything Protocol; returns true if it needs not be shown. A test that left something out is named.
fn take(line: &str, tally: &mut Tally) -> bool {
    let said = line.trim();
    if let Some((test, why)) = said.split_once(" # SKIP") {
        let name = test.split_once(" - ").map_or(test, |(_, name)| name);
        println!("skipped: {name}: {}", if why.trim().is_empty() { "no reason is given" } else { why.trim() });
        return true;
    }
    // The totals are at the end, in the first column.
    let total = |name: &str| line.strip_prefix("# ")?.strip_prefix(name)?.trim().parse::<u64>().ok();
    if let Some(passed) = total("pass ") {
        tally.passed = passed;
    } else if let Some(failed) = total("fail ").or_else(|| total("cancelled ")) {
        tally.failed += failed;
    } else if let Some(skipped) = total("skipped ") {
        tally.skipped = skipped;
    }
    said.starts_with("ok ") || said.is_empty()
}

/// Returns a Node.js that is new enough: the machine's, or one that npm brings into `folder`. That of Debian 12 is older.
fn node(folder: &Path) -> Option<PathBuf> {
    let is_new = |node: &PathBuf| tools::node_version(node).is_some_and(|version| version >= NODE_TO_BROWSE);
    let own = PathBuf::from("node");
    if is_new(&own) {
        return Some(own);
    }
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let brought = folder.join(format!("node_modules/node-linux-{machine}/bin/node"));
    Some(brought).filter(|brought| is_new(brought) || tools::npm_ci(folder) && is_new(brought))
}

#[cfg(test)]
mod tests {
    use super::{Notes, take};
    use crate::tally::Tally;

    #[test]
    fn the_totals_of_node_are_read() {
        let said = "TAP version 13\n# Subtest: a gate\n    # pass 9\n    ok 1 - opens\n    not ok 2 - closes\nok 3 - prints # SKIP no printer\n1..3\n# tests 5\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n";
        let mut tally = Tally::default();
        let shown: Vec<&str> = said.lines().filter(|line| !take(line, &mut tally)).collect();
        assert_eq!(tally, Tally { passed: 2, failed: 2, skipped: 1 });
        assert!(shown.contains(&"    not ok 2 - closes") && !shown.contains(&"    ok 1 - opens"), "{shown:?}");
    }

    #[test]
    fn the_notes_of_a_failing_test_are_told_from_those_of_others() {
        let said = [
            "ok 1 - opens",
            "  ---",
            "  duration_ms: 3",
            "  ...",
            "not ok 2 - closes",
            "  ---",
            "  error: 'late'",
            "  ...",
            "# Subtest: c",
        ];
        let mut notes = Notes::Outside;
        let stands = said.map(|line| {
            notes = notes.after(line);
            notes
        });
        let (passed, failed) = (Notes::OfPassed, Notes::OfFailed);
        assert_eq!(stands, [passed, passed, passed, passed, failed, failed, failed, failed, Notes::Outside]);
    }
}
