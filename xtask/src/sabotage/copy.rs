//! A copy of the workspace that may be broken.

use super::check::{Check, Expect};
use super::watched::{End, Watched, not_started};
use crate::workspace;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of the workspace next to its own target folder.
pub(super) struct Copy {
    tree: PathBuf,
    target: PathBuf,
    /// The folder for what tests write, empty at first: a test that is stopped does not clean up.
    temporary: PathBuf,
    /// Options of cargo that let the crates of the workspace build fast. The result of the tests does not depend on them.
    fast: Vec<String>,
}

/// The outcome for a check that was removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// The tests, or the compiler, noticed.
    Caught,
    /// Nothing noticed.
    Missed,
    /// It does not compile, so that the tests could not notice: the entry is wrong.
    Broken,
}

impl Outcome {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Missed => "NOT CAUGHT",
            Self::Broken => "NOT BUILT",
        }
    }
}

impl Copy {
    /// Makes the copy, or brings an earlier one up to date.
    pub(super) fn make(root: &Path) -> Result<Self, String> {
        let base = workspace::target().join("sabotage");
        let fast =
            workspace::packages()?.into_iter().flat_map(|name| ["--config".to_owned(), format!("profile.ci.package.{name}.opt-level=0")]);
        let [tree, target, temporary] = ["tree", "target", "tmp"].map(|name| base.join(name));
        let copy = Self { tree, target, temporary, fast: fast.collect() };
        let _nothing_there = fs::remove_dir_all(&copy.temporary);
        for folder in [&copy.tree, &copy.temporary] {
            fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        }
        copy.sources(root)?;
        copy.dependencies()?;
        Ok(copy)
    }

    /// Returns the folder of the copy.
    pub(super) fn tree(&self) -> &Path {
        &self.tree
    }

    /// Brings every tracked or new file over, touching only what differs so that cargo rebuilds only that. Removes what is no longer there: a
    /// build script that has gone would still be run.
    fn sources(&self, root: &Path) -> Result<(), String> {
        let listed = Command::new("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root).output();
        let listed = listed.map_err(|error| format!("cannot list the files: {error}"))?;
        let names = String::from_utf8(listed.stdout).map_err(|_| "a file name is not UTF-8")?;
        for name in names.split('\0').filter(|name| !name.is_empty()) {
            let (from, to) = (root.join(name), self.tree.join(name));
            if !from.is_file() {
                continue;
            }
            let bytes = fs::read(&from).map_err(|error| format!("cannot read {name}: {error}"))?;
            if fs::read(&to).is_ok_and(|there| there == bytes) {
                continue;
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
            }
            fs::copy(&from, &to).map_err(|error| format!("cannot copy {name}: {error}"))?;
        }
        let kept: BTreeSet<PathBuf> = names.split('\0').filter(|name| root.join(name).is_file()).map(|name| self.tree.join(name)).collect();
        remove_others(&self.tree, &kept)
    }

    /// Brings what was compiled for the workspace over. Registry crates are named by version, not by place, so they serve its copy.
    /// A true copy, not links: cargo would otherwise overwrite the product's own files. Programs and crates of the workspace stay: they
    /// are named by place.
    fn dependencies(&self) -> Result<(), String> {
        let (from, to) = (workspace::target().join("ci"), self.target.join("ci"));
        if to.is_dir() {
            return Ok(());
        }
        for part in ["build", "deps", ".fingerprint"] {
            let to = to.join(part);
            fs::create_dir_all(&to).map_err(|error| format!("cannot make {}: {error}", to.display()))?;
            let Ok(entries) = fs::read_dir(from.join(part)) else { continue };
            let is_wanted = |path: &PathBuf| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                !name.trim_start_matches("lib").starts_with("waypass") && (part != "deps" || path.extension().is_some())
            };
            let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_wanted).collect();
            for some in paths.chunks(500) {
                let done = Command::new("cp").args(["-a", "--reflink=auto", "-t"]).arg(&to).args(some).status();
                if !done.is_ok_and(|status| status.success()) {
                    return Err(format!("cannot copy {}", from.join(part).display()));
                }
            }
        }
        Ok(())
    }

    /// Runs the entry's tests on the copy without the check.
    pub(super) fn try_without(&self, check: &Check) -> Result<Outcome, String> {
        let file = self.tree.join(&check.file);
        let whole = fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let without = check.applied(&self.tree)?;
        write(&file, without.as_bytes())?;
        let outcome = self.outcome(check);
        write(&file, &whole)?;
        outcome
    }

    fn outcome(&self, check: &Check) -> Result<Outcome, String> {
        if check.expect == Expect::DoesNotCompile {
            let built =
                self.cargo(&[&["--no-run".to_owned()], &check.build()[..]].concat()).output().map_err(|error| not_started(&error))?;
            let said = String::from_utf8_lossy(&built.stderr);
            return Ok(match check.error.as_deref() {
                _ if built.status.success() => Outcome::Missed,
                Some(error) if is_refused_for(&said, error) => Outcome::Caught,
                _ => {
                    eprint!("{said}");
                    Outcome::Broken
                }
            });
        }
        let tested = Watched::run(&mut self.cargo(&arguments(&[check])))?;
        Ok(match tested.end {
            End::Passed => Outcome::Missed,
            End::TestFailed => Outcome::Caught,
            End::Otherwise => {
                eprint!("{}", tested.said);
                Outcome::Broken
            }
        })
    }

    /// Returns true if the tests that `group` names pass while every check is in its place. Its entries build the same.
    pub(super) fn is_green(&self, group: &[&Check]) -> Result<bool, String> {
        let is_built = group.first().is_some_and(|check| check.expect == Expect::DoesNotCompile);
        let mut cargo =
            if is_built { self.cargo(&[&["--no-run".to_owned()], &group[0].build()[..]].concat()) } else { self.cargo(&arguments(group)) };
        let tested = Watched::run(&mut cargo)?;
        if tested.end != End::Passed {
            eprint!("{}", tested.said);
        }
        Ok(tested.end == End::Passed)
    }

    /// Returns the command that runs tests of the copy.
    fn cargo(&self, args: &[String]) -> Command {
        let mut command = workspace::cargo();
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target).env("CARGO_INCREMENTAL", "1");
        command.env("TMPDIR", &self.temporary);
        command.arg("test").args(&self.fast).args(["--profile", "ci"]).args(args);
        command
    }
}

/// Returns true if the compiler has complaints and each of them begins so, its code or its words.
fn is_refused_for(said: &str, error: &str) -> bool {
    let complaint = |line: &str| line.strip_prefix("error").map(|rest| rest.trim_start_matches(['[', ':', ' ']).to_owned());
    let mut complaints = said.lines().filter_map(complaint).filter(|why| !why.starts_with("could not compile")).peekable();
    complaints.peek().is_some() && complaints.all(|why| why.starts_with(error))
}

/// Returns the arguments of cargo for the tests that some entries name, which build the same.
fn arguments(checks: &[&Check]) -> Vec<String> {
    let build = checks.first().map(|check| check.build()).unwrap_or_default();
    let filters = checks.iter().flat_map(|check| check.filters());
    build.into_iter().chain(["--".to_owned()]).chain(filters).collect()
}

/// Removes every file below `folder` that is not one of `kept`.
fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| format!("cannot read {}: {error}", folder.display()))?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path).map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
        }
    }
    Ok(())
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(file, bytes).map_err(|error| format!("cannot write {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::is_refused_for;

    #[test]
    fn a_refusal_for_another_reason_is_none() {
        let said =
            "   Compiling x\nerror[E0063]: missing field `a`\n --> x.rs\nerror: could not compile `x` (lib) due to 1 previous error\n";
        assert!(is_refused_for(said, "E0063"));
        assert!(!is_refused_for(said, "E0308"));
        assert!(!is_refused_for(&said.replace("missing", "missing\nerror[E0308]: mismatched"), "E0063"));
        assert!(!is_refused_for("error: could not compile `x`\n", "E0063"), "nothing is said");
        assert!(is_refused_for("error: lifetime may not live long enough\n", "lifetime"));
    }
}
