//! One boundary for the end of validity: `Validity` compares it, and nothing else does.

use super::{is_test, root, rust_sources};
use std::fs;

/// The names under which an end is kept.
const ENDS: [&str; 5] = ["valid_until", "expires_at", "not_after", "expires", "horizon.until"];

/// The files in which an end is compared with something that is not the present moment, and with what.
const ELSEWHERE: [(&str, &str); 4] = [
    ("credential/role.rs", "beginning and time of issue come before the end"),
    ("trust/bundle/draft.rs", "time of issue, and the end of lists that a bundle needs"),
    ("trust/bundle/rules.rs", "beginning and time of issue"),
    ("issuer/sealed/look.rs", "the range of days that a search asks for"),
];

#[test]
fn the_end_of_validity_is_compared_in_one_place() {
    let mut wrong = Vec::new();
    let mut read = 0;
    for path in rust_sources().iter().filter(|path| !is_test(path)) {
        let shown = path.strip_prefix(root()).expect("inside").display().to_string();
        let text = fs::read_to_string(path).expect("source");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let found = compared(code);
        if ELSEWHERE.iter().any(|(file, _)| *file == shown) {
            assert!(!found.is_empty(), "{shown} compares no end, and is listed");
            continue;
        }
        wrong.extend(found.into_iter().map(|line| format!("{shown}: {line}")));
        read += 1;
    }
    assert!(read > 400, "only {read} files were read");
    assert!(wrong.is_empty(), "say it by Validity::at:\n{}", wrong.join("\n"));
}

/// Returns the lines of code that compare an end.
fn compared(code: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_compared = |line: &str, name: &str| {
        line.match_indices(name).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + name.len()..]);
            let after = after.strip_prefix("()").unwrap_or(after).trim_start();
            let before = before.trim_end_matches(|c: char| is_word(c) || c == '.' || c == '*' || c == '&').trim_end();
            let is_whole = !line[..at].ends_with(is_word) && !line[at + name.len()..].starts_with(is_word);
            let follows = ["< ", "<= ", "> ", ">= "].iter().any(|operator| after.starts_with(operator));
            let leads = [" <", " <=", " >", " >="].iter().any(|operator| before.ends_with(operator));
            is_whole && (follows || leads)
        })
    };
    let lines = code.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.filter(|line| ENDS.iter().any(|name| is_compared(line, name))).collect()
}

#[test]
fn every_comparison_of_an_end_is_seen() {
    let lines = "if at > self.valid_until {\nif request.expires_at <= at.at() {\n// at > x.expires_at\nat >= entry.not_after && a\nlist.expires_at() <= now\n\
                 let expires_at = at;\nfn f() -> Option<expires_at>\nold_expires_at < at\nValidity::ending(x.expires_at).is_over(at)";
    let seen =
        ["if at > self.valid_until {", "if request.expires_at <= at.at() {", "at >= entry.not_after && a", "list.expires_at() <= now"];
    assert_eq!(compared(lines), seen);
}
