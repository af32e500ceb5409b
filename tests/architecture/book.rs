//! The book is true about the code: links lead somewhere, named tests and functions exist, the verdict catalogue has exactly the
//! codes there are, and the standards matrix counts what `expected.toml` counts.

use super::{ROOMS, root, walk};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use waypass_trust::reason::{Level, ReasonCode};

/// The pages of the book and the pages next to it.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = book(&root().join("docs/src"));
    paths.extend(book(&root().join("docs/decisions")));
    for name in
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "tests/vectors/waypass/README.md", "tests/peers/README.md"]
    {
        paths.push(root().join(name));
    }
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).expect("a page"))).collect()
}

pub(super) fn book(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the book").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = Vec::new();
    for path in entries {
        if path.ends_with("pictures") {
            let pictures = fs::read_dir(&path).expect("pictures").map(|entry| entry.expect("a picture").path());
            pictures
                .for_each(|path| assert!(path.extension().is_some_and(|extension| extension == "png"), "{} is no picture", path.display()));
        } else if path.is_dir() {
            found.extend(book(&path));
        } else {
            assert!(path.extension().is_some_and(|extension| extension == "md"), "{} is no page", path.display());
            found.push(path);
        }
    }
    found
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs/src").join(name)).expect("a page of the book")
}

/// The targets of `[text](target)` and of `{{#include target}}`, outside of code.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            code = !code;
        }
        let include = line.strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}"));
        found.extend(include.map(|rest| rest.split(':').next().unwrap_or_default().to_owned()));
        if !code {
            found.extend(line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())));
        }
    }
    found
}

/// A heading as a link names it.
fn slug(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
}

#[test]
fn links_lead_to_pages_files_and_headings() {
    let mut followed = 0;
    for (path, text) in pages() {
        for target in targets(&text).into_iter().filter(|target| !target.contains("://")) {
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let there = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            assert!(there.exists(), "{} links to {target}, which is not there", path.display());
            if !heading.is_empty() {
                let linked = fs::read_to_string(&there).expect("a page");
                let named = linked.lines().any(|line| line.starts_with('#') && slug(line) == heading);
                assert!(named, "{} links to {target}: there is no such heading", path.display());
            }
            followed += 1;
        }
    }
    assert!(followed >= 50, "only {followed} links");
}

#[test]
fn every_page_stands_in_the_summary_once() {
    let listed = targets(&page("SUMMARY.md"));
    let folder = root().join("docs/src");
    for path in book(&folder) {
        let name = path.strip_prefix(&folder).expect("inside").to_string_lossy().into_owned();
        let times = listed.iter().filter(|target| **target == name).count();
        assert_eq!(times, usize::from(name != "SUMMARY.md"), "{name} in SUMMARY.md");
    }
}

/// Decisions are numbered without a gap. Each page has a date and a status, and is in the list with both.
#[test]
fn every_decision_has_a_number_a_date_and_a_status() {
    let folder = root().join("docs/decisions");
    let list = fs::read_to_string(folder.join("README.md")).expect("the list of decisions");
    let mut names: Vec<String> =
        book(&folder).iter().map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    names.retain(|name| name != "README.md");
    names.sort();
    assert!(names.len() >= 36, "only {} decisions", names.len());
    let mut rows = list.lines().filter(|line| line.starts_with("| ["));
    for (name, number) in names.iter().zip(1..) {
        assert!(name.starts_with(&format!("{number:03}-")), "{name} should have the number {number:03}");
        let text = fs::read_to_string(folder.join(name)).expect("a decision");
        let mut lines = text.lines();
        let title = lines.next().and_then(|line| line.strip_prefix("# ")).unwrap_or_else(|| panic!("{name} has no title"));
        let (date, status) = lines
            .find_map(|line| line.strip_prefix("Date: ")?.split_once(". Status: "))
            .unwrap_or_else(|| panic!("{name} lacks \"Date: YYYY-MM-DD. Status: ..\""));
        let status = status.split('.').next().unwrap_or_default();
        let row = format!("| [{number:03}]({name}) | {date} | {title} | {status} |");
        assert_eq!(rows.next(), Some(row.as_str()), "the list of decisions, for {name}");
    }
    assert_eq!(rows.next(), None, "the list names a page that is not there");
}

#[test]
fn the_verdict_catalogue_has_every_code_and_no_other() {
    let text = page("verdicts.md");
    let sections: Vec<(&str, &str)> = text.split("\n### `").skip(1).map(|section| section.split_once('`').expect("a code")).collect();
    let codes: Vec<&str> = sections.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ReasonCode::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>(), "codes, in the order of trust/reason.rs");
    for ((_, said), code) in sections.into_iter().zip(ReasonCode::ALL) {
        let exit = match code.level() {
            Level::Green => 0,
            Level::Amber => 10,
            Level::Grey if matches!(code, ReasonCode::TrustTampered | ReasonCode::DeviceTampered) => 60,
            Level::Grey => 30,
            Level::Red => 20,
        };
        let first = format!("**{}** · {} · exit code {exit}\n", code.headline(), code.level().as_str());
        let guard = format!("- **The guard sees:** {}\n- **The guard does:** {}\n", code.meaning(), code.next_action());
        assert!(said.trim_start().starts_with(&first), "{code}: {first}");
        assert!(said.contains(&guard), "{code}: {guard}");
        for more in ["- **Why:** ", "- **The office:** "] {
            assert!(said.split_once(more).is_some_and(|(_, rest)| rest.len() > 20), "{code} lacks {more}");
        }
    }
}

#[test]
fn the_standards_matrix_counts_what_the_suites_count() {
    let expected = fs::read_to_string(root().join("tests/vectors/expected.toml")).expect("expected.toml");
    let expected: BTreeMap<String, toml::Value> = toml::from_str(&expected).expect("TOML");
    let least: BTreeMap<String, i64> =
        expected.into_iter().map(|(suite, entry)| (suite, entry["least"].as_integer().expect("a number"))).collect();
    let text = page("standards.md");
    let table = text.split_once("## Suites of others").expect("the table").1;
    let table = table.split_once("\n## ").expect("a heading after it").0;
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        Some((cells.next()?.trim_end_matches('`').to_owned(), cells.next()?.parse().ok()?))
    };
    let said: BTreeMap<String, i64> = table.lines().filter_map(row).collect();
    assert_eq!(said, least, "suites and their least number of cases: the book, and tests/vectors/expected.toml");
}

/// Every row of the threat model names a test, and what it names is run by `cargo test`.
#[test]
fn every_threat_names_a_test() {
    let mut sources = Vec::new();
    for room in ROOMS.into_iter().chain(["tests"]) {
        walk(&root().join(room), &mut sources);
    }
    let mut tests: BTreeSet<String> = BTreeSet::new();
    for path in sources {
        let text = fs::read_to_string(&path).expect("source");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(name) = line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')).map(|(name, _)| name) else { continue };
            let before = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
            if before.copied().any(|line| line == "#[test]") {
                tests.insert(name.to_owned());
            }
        }
    }
    let text = page("threat-model.md");
    let table = text.split_once("## What it holds against").expect("the table").1;
    let table = table.split_once("\n## ").expect("a heading after it").0;
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() >= 20, "only {} rows", rows.len());
    for row in rows {
        let proof = row.trim_end_matches(" |").rsplit_once(" | ").expect("three cells").1;
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test is named: {row}");
        for name in named {
            assert!(tests.contains(name), "the threat model names `{name}`, which is no test");
        }
    }
}

/// Names in code font that look like tests, members or events (`a_long_name`) or like functions of a type (`Type::function`) exist.
#[test]
fn what_the_book_names_in_the_code_exists() {
    let mut sources = Vec::new();
    for room in ROOMS.into_iter().chain(["tests", "examples"]) {
        walk(&root().join(room), &mut sources);
    }
    let code: String = sources.iter().map(|path| fs::read_to_string(path).expect("source")).collect();
    let (mut tests, mut functions) = (0, 0);
    for path in book(&root().join("docs/src")) {
        let text = fs::read_to_string(&path).expect("a page");
        let prose: String = text.split("```").step_by(2).collect();
        for name in prose.split('`').skip(1).step_by(2) {
            if name.len() > 20 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && ReasonCode::parse(name).is_none() {
                let there = [format!("fn {name}("), format!("{name}: "), format!("\"{name}\"")].iter().any(|text| code.contains(text));
                assert!(there, "{} names `{name}`, which does not exist", path.display());
                tests += 1;
            }
            if let Some((of, function)) = name.split_once("::").filter(|(of, _)| of.starts_with(|c: char| c.is_ascii_uppercase())) {
                let declared = ["struct", "enum", "trait"].iter().any(|kind| code.contains(&format!("pub {kind} {of}")));
                assert!(declared && code.contains(&format!("fn {function}(")), "{} names `{name}`, which does not exist", path.display());
                functions += 1;
            }
        }
    }
    assert!(tests > 30 && functions > 10, "only {tests} tests and {functions} functions are named");
}
