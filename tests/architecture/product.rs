//! Reads sources as what is shipped: without comments, tests and imports.

use super::is_test;
use std::fs;
use std::path::Path;

/// The lines of a file that are compiled into the product. Empty for a file of tests.
pub(crate) fn shipped(path: &Path) -> Vec<String> {
    if is_test(path) {
        return Vec::new();
    }
    code(&fs::read_to_string(path).expect("source")).into_iter().map(str::to_owned).collect()
}

/// The lines of a source without blank lines, comments and items that are compiled for tests or for the fuzzer only. Relies on the layout of rustfmt: an
/// item ends with a brace in the column in which it begins.
pub(crate) fn code(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with("//") {
            continue;
        }
        if matches!(trimmed, "#[cfg(test)]" | "#[cfg(fuzzing)]") {
            let item = lines.by_ref().find(|line| !line.trim_start().starts_with("#[") && !line.trim_start().starts_with("//"));
            if let Some(item) = item.filter(|item| !item.ends_with([';', ',', '}'])) {
                let end = format!("{}}}", &item[..item.len() - item.trim_start().len()]);
                lines.by_ref().find(|line| *line == end);
            }
            continue;
        }
        found.push(line);
    }
    found
}

#[test]
fn tests_and_comments_are_left_out() {
    let text = "\
//! About.
use a::b;

#[cfg(test)]
mod tests;

impl A {
    /// Says.
    #[cfg(test)]
    pub(crate) fn only_in_tests(
        &self,
    ) -> bool {
        true
    }

    pub fn shipped(&self) {}
}

#[cfg(test)]
#[expect(clippy::a, reason = \"b\")]
mod more {
    fn of_tests() {}
}
#[cfg(fuzzing)]
pub mod doors {
    pub fn open() {}
}
const LAST: u8 = 1;
";
    assert_eq!(code(text), ["use a::b;", "impl A {", "    pub fn shipped(&self) {}", "}", "const LAST: u8 = 1;"]);
}
