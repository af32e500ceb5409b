//! The entries of `xtask/sabotage.toml`.

use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    check: Vec<Check>,
}

/// One check, how to remove it, and the tests that must notice.
#[derive(Deserialize, Hash)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) file: PathBuf,
    /// Stands exactly once in the file.
    find: String,
    replace: String,
    /// The result of removing the check.
    #[serde(default)]
    pub(super) expect: Expect,
    /// How the compiler's one complaint begins, such as `E0063`, where it must refuse. Another complaint is a fault of the entry.
    #[serde(default)]
    pub(super) error: Option<String>,
    /// Arguments for `cargo test --profile ci`, such as `["--test", "vectors", "--", "cases"]`. `--lib` means the unit tests of the
    /// crate that the file belongs to, unless a `--package` is named; a `--package` alone means that package's.
    #[serde(default)]
    pub(super) tests: Vec<String>,
}

/// How the removal of a check is noticed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Hash, Deserialize)]
pub(super) enum Expect {
    /// It compiles, and the named tests fail.
    #[default]
    #[serde(rename = "fails")]
    Fails,
    /// The compiler refuses it: no tests are named.
    #[serde(rename = "does not compile")]
    DoesNotCompile,
}

/// Reads the list.
pub(super) fn read(text: &str) -> Result<Vec<Check>, String> {
    let list = toml::from_str::<List>(text).map_err(|error| format!("xtask/sabotage.toml: {error}"))?.check;
    match list.iter().find(|check| (check.expect == Expect::DoesNotCompile) != check.error.is_some()) {
        Some(check) => Err(format!("xtask/sabotage.toml: {}: `error` belongs to what does not compile, and to that always", check.name)),
        None => Ok(list),
    }
}

impl Check {
    /// Returns the file's text without the check.
    pub(super) fn applied(&self, root: &Path) -> Result<String, String> {
        let text = fs::read_to_string(root.join(&self.file))
            .map_err(|error| format!("{}: cannot read {}: {error}", self.name, self.file.display()))?;
        match text.matches(&self.find).count() {
            1 => Ok(text.replacen(&self.find, &self.replace, 1)),
            count => Err(format!("{}: the text to remove stands {count} times in {}, not once", self.name, self.file.display())),
        }
    }

    /// Returns the crate that the file belongs to, by its folder.
    pub(super) fn room(&self) -> String {
        self.file.iter().next().map(|room| room.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Returns the packages to build. The root package is always among them: it asks for the features of the whole workspace, so that
    /// the dependencies that are there already fit.
    fn packages(&self) -> Vec<String> {
        let mut packages = vec!["--package".to_owned(), "waypass".to_owned()];
        let names = |option: &str| self.tests.iter().any(|arg| arg == option);
        // The program itself is not a library: its unit tests are those of its binary.
        let is_of_its_crate = names("--lib") || self.expect == Expect::DoesNotCompile;
        if is_of_its_crate && !names("--package") && self.room() != "cli" {
            packages.extend(["--package".to_owned(), format!("waypass-{}", self.room())]);
        }
        packages
    }

    /// Returns the arguments of cargo that build the tests. Those of neighbours are compared.
    pub(super) fn build(&self) -> Vec<String> {
        let mut build = [self.packages(), self.split().0].concat();
        if !build.iter().any(|word| matches!(word.as_str(), "--lib" | "--test" | "--bin")) {
            build.push("--lib".to_owned());
        }
        build
    }

    /// Returns the words that choose among the tests.
    pub(super) fn filters(&self) -> Vec<String> {
        self.split().1
    }

    /// Returns the options among the arguments, and the filters: words that are no option's value, before or after `--`.
    fn split(&self) -> (Vec<String>, Vec<String>) {
        let (mut options, mut filters) = (Vec::new(), Vec::new());
        let mut words = self.tests.iter().filter(|word| *word != "--").cloned();
        while let Some(word) = words.next() {
            let has_value = matches!(word.as_str(), "--package" | "--test" | "--bin");
            if word.starts_with('-') { &mut options } else { &mut filters }.push(word);
            if has_value {
                options.extend(words.next());
            }
        }
        (options, filters)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Check, Expect};

    pub(in crate::sabotage) fn check(name: &str, file: &str, tests: &[&str]) -> Check {
        let text = |text: &&str| (*text).to_owned();
        Check {
            name: name.into(),
            file: file.into(),
            find: String::new(),
            replace: String::new(),
            expect: Expect::Fails,
            error: None,
            tests: tests.iter().map(text).collect(),
        }
    }

    #[test]
    fn unit_tests_are_those_of_the_changed_crate() {
        let build = |tests: &[&str]| check("a", "trust/time.rs", tests).build().join(" ");
        assert_eq!(build(&["--lib", "--", "time"]), "--package waypass --package waypass-trust --lib");
        assert_eq!(build(&["--test", "journey", "a_test"]), "--package waypass --test journey");
        assert_eq!(build(&["--package", "waypass-gate", "--lib"]), "--package waypass --package waypass-gate --lib");
        assert_eq!(build(&["--package", "waypass-gate", "name"]), "--package waypass --package waypass-gate --lib");
        let refused = Check { expect: Expect::DoesNotCompile, ..check("a", "trust/assess.rs", &[]) };
        assert_eq!(refused.build().join(" "), "--package waypass --package waypass-trust --lib");
    }

    #[test]
    fn a_filter_stands_before_or_after_the_dashes() {
        let filters = |tests: &[&str]| check("a", "trust/time.rs", tests).filters().join(" ");
        assert_eq!(filters(&["--test", "journey", "a_test"]), "a_test");
        assert_eq!(filters(&["--package", "waypass-gate", "--lib", "--", "one", "other"]), "one other");
    }
}
