//! The front page of each library shows its use with an example that is run: the first thing that a reader of `cargo doc` sees.

use super::{ROOMS, root};
use std::fs;

/// Words after the fence that keep a block from being run, or make it another test.
const NOT_RUN: [&str; 6] = ["no_run", "ignore", "text", "compile_fail", "should_panic", "sh"];

/// Returns the lines of the examples on a front page that are run: in a block of Rust, with the hidden ones.
fn run(source: &str) -> Vec<&str> {
    let page = source.lines().map_while(|line| line.strip_prefix("//!"));
    let (mut lines, mut fence) = (Vec::new(), None);
    for line in page {
        match (line.trim_start().strip_prefix("```"), fence) {
            (Some(info), None) => fence = Some(!NOT_RUN.iter().any(|word| info.split(',').any(|said| said.trim() == *word))),
            (Some(_), Some(_)) => fence = None,
            (None, Some(true)) => lines.push(line.trim_start()),
            (None, _) => {}
        }
    }
    lines
}

/// Returns the fault of a front page: it names its own crate in an example, and compares something there.
fn fault(name: &str, source: &str) -> Option<&'static str> {
    let lines = run(source);
    let shown: Vec<&&str> = lines.iter().filter(|line| !line.starts_with('#')).collect();
    if lines.is_empty() {
        Some("has no example that is run")
    } else if !lines.iter().any(|line| line.contains(&format!("waypass_{}::", name.replace('/', "_")))) {
        Some("has an example that does not use the crate")
    } else if !shown.iter().any(|line| line.starts_with("assert")) {
        Some("has an example that shows no result")
    } else {
        None
    }
}

#[test]
fn every_front_page_has_an_example_that_is_run() {
    let libraries: Vec<&&str> = ROOMS.iter().filter(|room| root().join(room).join("lib.rs").exists()).collect();
    assert!(libraries.len() >= 11, "only {libraries:?}");
    let page = |room: &str| fs::read_to_string(root().join(room).join("lib.rs")).expect("a library");
    let wrong: Vec<String> = libraries.iter().filter_map(|room| Some(format!("{room}/lib.rs {}", fault(room, &page(room))?))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_front_page_without_an_example_is_named() {
    let page = |fence: &str, line: &str| format!("//! Words.\n//!\n//! ```{fence}\n//! {line}\n//! ```\n\npub fn a() {{}}\n");
    let good = "assert_eq!(waypass_vault::a(), 1);";
    assert_eq!(fault("vault", &page("", good)), None);
    assert_eq!(fault("vault", "//! Words.\n\n/// ```\n/// assert!(waypass_vault::a());\n/// ```\n"), Some("has no example that is run"));
    for fence in ["no_run", "ignore", "text", "rust,no_run"] {
        assert_eq!(fault("vault", &page(fence, good)), Some("has no example that is run"), "{fence}");
    }
    assert_eq!(fault("trust", &page("", good)), Some("has an example that does not use the crate"));
    assert_eq!(fault("vault", &page("", "let a = waypass_vault::a();")), Some("has an example that shows no result"));
    assert_eq!(fault("vault", &page("", &format!("# {good}"))), Some("has an example that shows no result"), "hidden");
}
