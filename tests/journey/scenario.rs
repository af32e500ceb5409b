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
