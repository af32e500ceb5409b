//! Nothing unreachable: a function that a library offers is called by the product, not by tests alone.

use super::product::shipped;
use super::{ROOMS, root, walk};
use std::collections::BTreeSet;
use std::fs;

/// Functions that the product does not call, each with the reason why it is there.
const UNCALLED: [(&str, &str); 2] = [
    ("enveloped_credentials", "reads presentations of other enterprises: examples/vc_jose_cose.rs and the W3C suite for VC-JOSE-COSE"),
    ("allocate_status", "entries for documents that the office keeps no record of; the W3C suites for bitstrings are run against it"),
];

/// Returns the functions that are declared for others (`pub`, `pub(crate)` ..) and named nowhere else in `lines`, each with its file.
fn uncalled<'l>(lines: &[(&'l str, &str)]) -> BTreeSet<(&'l str, String)> {
    let mut named = BTreeSet::new();
    let mut declared = Vec::new();
    let mut is_import = false;
    for (line, file) in lines {
        let trimmed = line.trim_start();
        let statement = trimmed.find(") ").filter(|_| trimmed.starts_with("pub(")).map_or(trimmed, |at| &trimmed[at + 2..]);
        let statement = statement.strip_prefix("pub ").unwrap_or(statement);
        // An import calls nothing.
        is_import |= statement.starts_with("use ");
        if is_import {
            is_import = !line.ends_with(';');
            continue;
        }
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let mut before = "";
        for word in words {
            if before != "fn" {
                named.insert(word);
            } else if trimmed.starts_with("pub") && !file.starts_with("cli/") {
                declared.push((word, (*file).to_owned()));
            }
            before = word;
        }
    }
    declared.into_iter().filter(|(name, _)| !named.contains(name)).collect()
}

/// The scripts of the pages, which call what is compiled to WebAssembly.
fn scripts() -> Vec<(String, Vec<String>)> {
    let Ok(entries) = fs::read_dir(root().join("web/pages/src")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some_and(|kind| kind == "ts"));
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    paths.map(|path| (path.display().to_string(), lines(fs::read_to_string(&path).expect("a script")))).collect()
}

/// A name that is called anywhere counts, whosever it is. So this finds less than there may be, and nothing that is called.
#[test]
fn no_function_is_there_for_tests_alone() {
    let mut sources = Vec::new();
    for room in ROOMS.into_iter().filter(|room| *room != "xtask") {
        walk(&root().join(room), &mut sources);
    }
    let shown = |path: &std::path::Path| path.strip_prefix(root()).expect("inside").display().to_string();
    let mut files: Vec<(String, Vec<String>)> = sources.iter().map(|path| (shown(path), shipped(path))).collect();
    files.extend(scripts());
    let lines: Vec<(&str, &str)> = files.iter().flat_map(|(file, lines)| lines.iter().map(|line| (line.as_str(), file.as_str()))).collect();
    assert!(lines.len() > 30_000, "only {} lines were read", lines.len());
    let found = uncalled(&lines);
    let wrong: Vec<String> = found
        .iter()
        .filter(|(name, _)| UNCALLED.iter().all(|(allowed, _)| allowed != name))
        .map(|(name, file)| format!("{file}: the product never calls `{name}`; finish it or remove it"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (name, _) in UNCALLED {
        assert!(found.iter().any(|(uncalled, _)| *uncalled == name), "`{name}` is called or gone: take it off the list");
    }
}

#[test]
fn a_function_that_only_its_declaration_names_is_found() {
    let planted = [
        ("pub fn called(&self) {", "vault/a.rs"),
        ("    pub(crate) const fn planted(&self) -> u8 {", "vault/a.rs"),
        ("pub use inner::{", "vault/lib.rs"),
        ("    planted,", "vault/lib.rs"),
        ("};", "vault/lib.rs"),
        ("    fn private_one() {", "vault/a.rs"),
        ("    Self::called();", "wallet/a.rs"),
        ("pub(crate) fn of_the_command_line() {", "cli/a.rs"),
    ];
    assert_eq!(uncalled(&planted).into_iter().collect::<Vec<_>>(), [("planted", "vault/a.rs".to_owned())]);
}
