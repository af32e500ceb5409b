//! What a package is made of comes out of the program: completions of three shells, and the commands that its units start.

use crate::program::WAYPASS;
use std::fs;
use std::process::Command;

fn said(args: &[&str]) -> String {
    let output = Command::new(WAYPASS).args(args).output().expect("the program starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn completions_of_the_packaged_shells_know_the_commands() {
    for (shell, start) in [("bash", "_waypass()"), ("zsh", "#compdef waypass"), ("fish", "complete -c waypass")] {
        let text = said(&["completions", shell]);
        assert!(text.contains(start) && text.contains("verifier") && text.contains("key-file"), "{shell}");
    }
}

/// A unit with an option that the program does not know would never start: with `--help` behind it nothing runs, and everything before
/// it must be known.
#[test]
fn units_start_commands_that_the_program_knows() {
    let mut known = 0;
    for role in ["issuer", "kiosk"] {
        let file = format!("{}/packaging/waypass-{role}.service", env!("CARGO_MANIFEST_DIR"));
        let unit = fs::read_to_string(&file).expect("a unit");
        let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/waypass ")).expect("a command");
        if role == "kiosk" && !said(&["verifier", "--help"]).contains("kiosk") {
            continue;
        }
        let options =
            unit.lines().find_map(|line| line.strip_prefix("Environment=\"WAYPASS_SERVE=")).map(|line| line.trim_end_matches('"'));
        let line = line.replace("$WAYPASS_SERVE", options.unwrap_or_default()).replace("$WAYPASS_KIOSK", "").replace("%d/", "");
        let words: Vec<&str> = line.split_whitespace().chain(["--help"]).collect();
        assert!(said(&words).contains("--key-file"), "{file}");
        known += 1;
    }
    assert!(known >= 1);
}
