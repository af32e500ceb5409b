//! The field scenarios in `examples/` run and end as they say.

use std::path::Path;
use std::process::Command;

/// Built by `cargo test` beside the program.
fn example(name: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_waypass")).with_file_name("examples").join(name);
    let output = Command::new(&program).output().unwrap_or_else(|why| panic!("{}: {why}", program.display()));
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_clinic_learns_of_a_lost_badge_when_the_line_is_back() {
    let said = example("clinic");
    let verdicts: Vec<&str> = said.lines().filter_map(|line| line.split_once(": ")).map(|(verdict, _)| verdict).skip(1).collect();
    assert_eq!(verdicts, ["allow", "allow", "deny"], "{said}");
    // A role, a site and a zone; not the ten members that make it a credential.
    assert!(said.contains("shares 3 claim(s), keeps 2 private"), "{said}");
}

/// The verdicts a scenario printed, in order: who and what.
fn verdicts(said: &str) -> Vec<(&str, &str)> {
    let lines = said.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(" at "));
    lines.filter_map(|(who, rest)| Some((who.trim(), rest.rsplit_once('(')?.1.strip_suffix(')')?))).collect()
}

#[test]
fn the_patrol_meets_an_old_list_a_doubted_clock_and_a_stick() {
    let said = example("patrol");
    let expected = [
        ("Ana", "caution: stale_revocations, two_person, stale_trust"),
        ("Ben", "allow: ok"),
        ("Cleo", "allow: ok"),
        ("Cleo", "caution: clock_suspect, escort"),
        ("Ana", "cannot_check: status_unknown, clock_suspect"),
        ("Ben", "deny: revoked"),
        ("Ana", "allow: ok"),
    ];
    assert_eq!(verdicts(&said), expected, "{said}");
    assert_eq!(said.matches("the permit was withdrawn already").count(), 2, "{said}");
}

#[test]
fn the_branch_says_what_it_may_until_its_key_is_stolen() {
    let said = example("branch_office");
    let expected = [
        ("Dora", "allow: ok"),
        ("Dora", "deny: policy_denied"),
        ("Emil", "deny: issuer_not_authorised, issuer_not_authorised"),
        ("Mal", "allow: ok"),
        ("Mal", "deny: key_compromised"),
        ("Dora", "deny: key_compromised"),
        ("Dora", "allow: ok"),
    ];
    assert_eq!(verdicts(&said), expected, "{said}");
}
