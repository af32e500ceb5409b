//! `cargo check-all`: every test there is, in the one build the demo uses too.

use crate::tally::{self, Tally};
use crate::{tools, workspace};
use std::process::ExitCode;

/// Skipped never looks like passed.
const SKIPPED: u8 = 3;

pub(crate) fn run() -> Result<ExitCode, String> {
    let missing = tools::missing();
    let mut total = Tally::default();

    heading("unit, property, integration and command-line tests");
    let mut tests = workspace::cargo();
    // The whole workspace at once: `-p CRATE` would unify features differently and build the dependencies again.
    tests.args(["test", "--quiet", "--profile", "ci", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    total.add(tally::run(tests)?);

    let peers = workspace::root().join("tests/peers/Cargo.toml");
    if peers.is_file() {
        heading("other implementations");
        let mut tests = workspace::cargo();
        tests.args(["test", "--quiet", "--profile", "ci", "--no-fail-fast", "--manifest-path"]).arg(peers).args(["--", "--show-output"]);
        tests.env("WAYPASS_BIN", workspace::target().join("ci/waypass")).env_remove("CARGO_TARGET_DIR");
        total.add(tally::run(tests)?);
    }

    for tool in &missing {
        println!("missing: {} ({})", tool.program, tool.serves);
    }
    println!("{total}");
    Ok(if total.failed > 0 {
        ExitCode::FAILURE
    } else if missing.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SKIPPED)
    })
}

fn heading(text: &str) {
    println!("== {text}");
}
