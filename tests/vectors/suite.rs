//! One suite: where its files are, which cases ran, what was left out.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::prelude::rust_2024::*;
use std::{format, panic, println};

/// A suite while it runs. A wrong case is noted and the suite goes on, so that one run shows all that is wrong.
pub(crate) struct Suite {
    folder: PathBuf,
    cases: usize,
    excluded: BTreeSet<String>,
    wrong: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    least: usize,
    #[serde(default)]
    excluded: BTreeMap<String, String>,
}

/// Runs the suite `name` over the vectors in `folder`, and holds it to its entry in `expected.toml`.
///
/// Prints one line to the real standard error, which the test harness does not swallow: `jcs: 10008 cases, 0 excluded`.
pub(crate) fn run(name: &str, folder: &str, body: impl FnOnce(&mut Suite)) {
    let Some(root) = root() else {
        assert!(std::env::var_os("CI").is_none(), "{name}: no test vectors; set WAYPASS_VECTORS to their folder");
        // Counted by `cargo check-all`: skipped never looks like passed.
        println!("SKIP {name}: no test vectors; set WAYPASS_VECTORS to their folder");
        return;
    };
    let mut suite = Suite { folder: root.join(folder), cases: 0, excluded: BTreeSet::new(), wrong: Vec::new() };
    body(&mut suite);
    let mut all: BTreeMap<String, Expected> = toml::from_str(include_str!("expected.toml")).expect("expected.toml");
    let expected = all.remove(name).unwrap_or_else(|| panic!("{name} has no entry in expected.toml"));
    let summary = format!("{name}: {} cases, {} excluded", suite.cases, suite.excluded.len());
    say(&summary);
    assert!(suite.wrong.is_empty(), "{summary}, {} wrong:\n{}", suite.wrong.len(), suite.wrong.join("\n"));
    assert!(suite.cases >= expected.least, "{summary}, but at least {} cases are expected", expected.least);
    let named = expected.excluded.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(suite.excluded, named, "{summary}: left out, and named in expected.toml");
    assert!(expected.excluded.values().all(|reason| reason.len() > 10), "{name}: an exclusion without a reason");
}

impl Suite {
    /// Counts one case, which holds or does not.
    pub(crate) fn case(&mut self, name: impl Display, holds: bool) {
        self.cases += 1;
        if !holds {
            self.wrong.push(name.to_string());
        }
    }

    /// Counts one case, which gives what is expected or does not.
    #[expect(clippy::needless_pass_by_value, reason = "both sides are mostly made in the call")]
    pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(&mut self, name: impl Display, found: T, expected: T) {
        let holds = found == expected;
        self.cases += 1;
        if !holds {
            self.wrong.push(format!("{name}: found {found:?}, expected {expected:?}"));
        }
    }

    /// Leaves a case or a group of cases out; `expected.toml` must say why.
    pub(crate) fn exclude(&mut self, name: impl Display) {
        self.excluded.insert(name.to_string());
    }

    /// The bytes of a file in the suite's folder.
    pub(crate) fn bytes(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = self.folder.join(path);
        std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
    }

    /// A text file, without white space around it.
    pub(crate) fn text(&self, path: impl AsRef<Path>) -> String {
        String::from_utf8(self.bytes(path)).expect("UTF-8").trim().to_owned()
    }

    /// A JSON file.
    pub(crate) fn json(&self, path: impl AsRef<Path>) -> serde_json::Value {
        serde_json::from_slice(&self.bytes(path)).expect("JSON")
    }

    /// The names of what is in `folder`, in order. An empty folder is no suite.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let path = self.folder.join(folder);
        let entries = std::fs::read_dir(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort_unstable();
        assert!(!names.is_empty(), "{} is empty", path.display());
        names
    }
}

/// Returns the cases that `expected.toml` leaves out of the suite `name`.
pub(crate) fn excluded(name: &str) -> BTreeSet<String> {
    let mut all: BTreeMap<String, Expected> = toml::from_str(include_str!("expected.toml")).expect("expected.toml");
    all.remove(name).map(|expected| expected.excluded.into_keys().collect()).unwrap_or_default()
}

/// The bytes of a hexadecimal text.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    assert!(rest.is_empty(), "an odd number of digits");
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal")).collect()
}

/// The text of a JSON string.
#[track_caller]
pub(crate) fn text(value: &serde_json::Value) -> &str {
    value.as_str().expect("a string")
}

/// The items of a JSON array.
#[track_caller]
pub(crate) fn items(value: &serde_json::Value) -> &[serde_json::Value] {
    value.as_array().expect("an array")
}

fn root() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("WAYPASS_VECTORS") {
        let root = PathBuf::from(named);
        assert!(root.is_dir(), "WAYPASS_VECTORS names no folder: {}", root.display());
        return Some(root);
    }
    // The suites of the codecs are compiled in a folder of the workspace.
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().take(2);
    folders.map(|folder| folder.join("../shared/vectors")).find(|beside| beside.is_dir())
}

pub(crate) fn say(line: &str) {
    // A test's output is captured; the count must be seen.
    writeln!(std::io::stderr().lock(), "{line}").expect("standard error");
}
