//! ARCHITECTURE.md promises a test for each invariant; this holds it to that.

use super::{root, walk};
use std::fs;

/// Every test that ARCHITECTURE.md names as `enforced by \`name\`` exists as a function somewhere in the workspace.
#[test]
fn every_named_enforcement_exists() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let named: Vec<&str> = page
        .lines()
        .filter(|line| line.contains("test"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|name| name.len() > 12 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect();
    assert!(named.len() >= 10, "ARCHITECTURE.md names only {} tests", named.len());
    let mut sources = Vec::new();
    for room in
        ["schemas", "credential", "trust", "vault", "machine", "issuer", "wallet", "verifier", "gate", "net", "cli", "tests", "xtask"]
    {
        walk(&root().join(room), &mut sources);
    }
    let code: String = sources.iter().map(|path| fs::read_to_string(path).expect("source")).collect();
    for name in named {
        assert!(code.contains(&format!("fn {name}(")), "ARCHITECTURE.md names the test `{name}`, which does not exist");
    }
}
