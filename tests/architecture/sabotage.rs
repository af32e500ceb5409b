//! The entries of xtask/sabotage.toml still apply. Running them takes an hour; whether they could be run takes a moment.

use super::root;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    check: Vec<Check>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    name: String,
    file: String,
    find: String,
    replace: String,
    #[serde(default)]
    expect: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    tests: Vec<String>,
}

#[test]
fn every_sabotage_applies_exactly_once() {
    let text = fs::read_to_string(root().join("xtask/sabotage.toml")).expect("the list");
    let list: List = toml::from_str(&text).expect("a list of checks");
    assert!(list.check.len() >= 35, "only {} checks", list.check.len());
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for check in &list.check {
        let source = fs::read_to_string(root().join(&check.file)).unwrap_or_default();
        let found = source.matches(&check.find).count();
        if found != 1 {
            wrong.push(format!("{}: its text stands {found} times in {}", check.name, check.file));
        }
        if check.find == check.replace || check.find.trim().is_empty() {
            wrong.push(format!("{}: changes nothing", check.name));
        }
        if !names.insert(&check.name) {
            wrong.push(format!("{}: two checks have this name", check.name));
        }
        match check.expect.as_deref() {
            // The compiler notices, and for the reason that is meant.
            Some("does not compile") if check.tests.is_empty() && check.error.as_ref().is_some_and(|error| error.len() > 4) => continue,
            Some(other) => wrong.push(format!("{}: expects {other:?}, and names tests or no error of the compiler", check.name)),
            None => {}
        }
        let chooses = |option: &str| check.tests.iter().any(|arg| arg == option);
        let names_one = check.tests.last().is_some_and(|last| !last.starts_with('-'));
        if !(["--lib", "--test", "--bin", "--package"].into_iter().any(chooses) && names_one) {
            wrong.push(format!("{}: does not say which tests notice", check.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
