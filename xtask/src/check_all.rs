//! `cargo check-all`: every test there is, in the one build the demo uses too.

use crate::tally::{self, Failures, Tally};
use crate::{browser, fuzz, tools, workspace};
use std::process::ExitCode;

/// Skipped never looks like passed: one skipped suite is enough.
const SKIPPED: u8 = 3;

/// The variable that lets a test play all of what it otherwise plays a share of.
const SLOW: &str = "WAYPASS_SLOW";

/// Runs them; with `slow` those that scale run in full, for hours.
pub(crate) fn run(slow: bool) -> Result<ExitCode, String> {
    let missing = tools::missing();
    let (mut total, mut failures) = (Tally::default(), Failures::default());

    heading("unit, property, integration and command-line tests");
    let mut tests = workspace::cargo();
    // The whole workspace at once: `-p CRATE` would unify features differently and build the dependencies again.
    tests.args(["test", "--profile", "ci", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    if slow {
        tests.env(SLOW, "1");
    }
    total.add(tally::run(tests, &mut failures)?);

    let peers = workspace::root().join("tests/peers/Cargo.toml");
    if peers.is_file() {
        heading("other implementations");
        let mut tests = workspace::cargo();
        tests.args(["test", "--profile", "ci", "--no-fail-fast", "--manifest-path"]).arg(peers).args(["--", "--show-output"]);
        tests.env("WAYPASS_BIN", workspace::target().join("ci/waypass")).env_remove("CARGO_TARGET_DIR");
        total.add(tally::run(tests, &mut failures)?);
    }

    let browser = workspace::root().join("web/tests");
    if browser.join("package.json").is_file() {
        heading("the page in a browser");
        total.add(browser::run(&browser, &missing, &mut failures)?);
    }

    if slow {
        heading("fuzzing");
        total.add(fuzz::smoke()?);
    }

    for tool in &missing {
        println!("skipped: {}: {} is not tested without it", tool.program, tool.serves);
    }
    total.skipped += missing.len() as u64;
    if !failures.lines().is_empty() {
        heading("what failed");
        failures.lines().iter().for_each(|line| println!("{line}"));
    }
    println!("{total}");
    Ok(match total {
        Tally { failed: 1.., .. } => ExitCode::FAILURE,
        Tally { skipped: 1.., .. } => ExitCode::from(SKIPPED),
        Tally { .. } => ExitCode::SUCCESS,
    })
}

fn heading(text: &str) {
    println!("== {text}");
}
