//! `cargo xtask sabotage`: a suite that stays green when a check is removed proves nothing.
//!
//! Each entry of `xtask/sabotage.toml` names one check and the text that removes it. A copy of the workspace is changed,
//! the named tests are run on it, and they must fail. The copy is kept from run to run, shares the compiled dependencies and is
//! built incrementally, so an entry costs one build of the changed crate and of what its tests link: about 20 seconds for the
//! tests of a crate, a minute for the program's.

use crate::workspace;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    check: Vec<Check>,
}

/// One check, how to remove it, and the tests that must notice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    name: String,
    file: PathBuf,
    /// Stands exactly once in the file.
    find: String,
    replace: String,
    /// The result of removing the check.
    #[serde(default)]
    expect: Expect,
    /// Arguments for `cargo test --profile ci`, such as `["--test", "vectors", "--", "cases"]`. `--lib` means the unit tests of the
    /// crate that the file belongs to, unless a `--package` is named; a `--package` alone means that package's.
    #[serde(default)]
    tests: Vec<String>,
}

/// How the removal of a check is noticed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Deserialize)]
enum Expect {
    /// It compiles, and the named tests fail.
    #[default]
    #[serde(rename = "fails")]
    Fails,
    /// The compiler refuses it: no tests are named.
    #[serde(rename = "does not compile")]
    DoesNotCompile,
}

pub(crate) fn run(args: &[String]) -> Result<ExitCode, String> {
    let root = workspace::root();
    let text = fs::read_to_string(root.join("xtask/sabotage.toml")).map_err(|error| format!("cannot read xtask/sabotage.toml: {error}"))?;
    let list: List = toml::from_str(&text).map_err(|error| format!("xtask/sabotage.toml: {error}"))?;
    if args == ["--list"] {
        list.check.iter().enumerate().for_each(|(at, check)| println!("{:>3}  {}", at + 1, check.name));
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = chosen(&list.check, args)?;
    for check in &chosen {
        sabotaged(&root, check)?;
    }
    let copy = Copy::make(&root)?;
    let (mut caught, mut missed, began) = (0_u64, 0_u64, Instant::now());
    for check in chosen {
        let start = Instant::now();
        let noticed = copy.try_without(check)?;
        *(if noticed { &mut caught } else { &mut missed }) += 1;
        let word = if noticed { "caught" } else { "NOT CAUGHT" };
        println!("{word:<10} {} ({} s)", check.name, start.elapsed().as_secs());
    }
    println!("{caught} passed, {missed} failed, 0 skipped, in {} s", began.elapsed().as_secs());
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the checks that `args` name: by name, by number from 1, by a range of numbers; all of them where nothing is named.
fn chosen<'c>(checks: &'c [Check], args: &[String]) -> Result<Vec<&'c Check>, String> {
    if args.is_empty() || args == ["all"] {
        return Ok(checks.iter().collect());
    }
    let mut found = Vec::new();
    for arg in args {
        let (first, last) = arg.split_once('-').unwrap_or((arg, arg));
        let range = first.parse::<usize>().ok().zip(last.parse::<usize>().ok());
        let named = match range {
            Some((first @ 1.., last)) => checks.get(first - 1..last).unwrap_or_default(),
            Some(_) => &[],
            None => checks.iter().position(|check| check.name == *arg).map_or(&[][..], |at| &checks[at..=at]),
        };
        if named.is_empty() {
            return Err(format!("no check is called `{arg}` or has that number; see cargo xtask sabotage --list"));
        }
        found.extend(named);
    }
    Ok(found)
}

/// Returns the file's text without the check.
fn sabotaged(root: &Path, check: &Check) -> Result<String, String> {
    let text = fs::read_to_string(root.join(&check.file))
        .map_err(|error| format!("{}: cannot read {}: {error}", check.name, check.file.display()))?;
    match text.matches(&check.find).count() {
        1 => Ok(text.replacen(&check.find, &check.replace, 1)),
        count => Err(format!("{}: the text to remove appears {count} times in {}, not once", check.name, check.file.display())),
    }
}

/// A copy of the workspace next to its own target folder.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn make(root: &Path) -> Result<Self, String> {
        let base = workspace::target().join("sabotage");
        let copy = Self { tree: base.join("tree"), target: base.join("target") };
        fs::create_dir_all(&copy.tree).map_err(|error| format!("cannot make {}: {error}", copy.tree.display()))?;
        copy.sources(root)?;
        copy.dependencies()?;
        Ok(copy)
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

    /// Registry crates are named by version, not by place: what was compiled for the workspace serves its copy.
    /// A true copy, not links: cargo would otherwise overwrite the product's own files.
    fn dependencies(&self) -> Result<(), String> {
        let to = self.target.join("ci");
        if to.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&to).map_err(|error| format!("cannot make {}: {error}", to.display()))?;
        for part in ["build", "deps", ".fingerprint"] {
            let from = workspace::target().join("ci").join(part);
            if from.is_dir() {
                let done = Command::new("cp").args(["-a", "--reflink=auto"]).arg(&from).arg(&to).status();
                if !done.is_ok_and(|status| status.success()) {
                    return Err(format!("cannot copy {}", from.display()));
                }
            }
        }
        Ok(())
    }

    /// Returns true if the tests, or the compiler, notice that the check is gone. If the tests are to notice, a copy
    /// that does not compile proves
    /// nothing and is an error.
    fn try_without(&self, check: &Check) -> Result<bool, String> {
        let file = self.tree.join(&check.file);
        let whole = fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let without = sabotaged(&self.tree, check)?;
        write(&file, without.as_bytes())?;
        let noticed = self.cargo(check, true).and_then(|built| match (check.expect, built) {
            (Expect::DoesNotCompile, built) => Ok(!built),
            (Expect::Fails, true) => self.cargo(check, false).map(|passed| !passed),
            (Expect::Fails, false) => Err(format!("{}: does not compile without the check", check.name)),
        });
        write(&file, &whole)?;
        noticed
    }

    fn cargo(&self, check: &Check, only_build: bool) -> Result<bool, String> {
        let mut command = workspace::cargo();
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target).env("CARGO_INCREMENTAL", "1");
        command.args(["test", "--quiet", "--profile", "ci"]).args(packages(check));
        let (build, _) = split(&check.tests);
        if only_build {
            let told = if check.expect == Expect::DoesNotCompile { Stdio::null() } else { Stdio::inherit() };
            command.args(build).arg("--no-run").stderr(told);
        } else {
            command.args(&check.tests).stderr(Stdio::null());
        }
        command.stdout(Stdio::null()).status().map(|status| status.success()).map_err(|error| format!("cannot start cargo: {error}"))
    }
}

/// Returns the packages to build. The root package is always among them: it asks for the features of the whole workspace, so that the
/// dependencies that are there already fit.
fn packages(check: &Check) -> Vec<String> {
    let mut packages = vec!["--package".to_owned(), "waypass".to_owned()];
    let names = |option: &str| check.tests.iter().any(|arg| arg == option);
    if !["--lib", "--test", "--bin"].into_iter().any(names) {
        packages.push("--lib".to_owned());
    }
    let room = check.file.iter().next().map(|room| room.to_string_lossy().into_owned()).unwrap_or_default();
    // The program itself is not a library: its unit tests are those of its binary.
    let is_of_its_crate = names("--lib") || check.expect == Expect::DoesNotCompile;
    if is_of_its_crate && !names("--package") && room != "cli" {
        packages.extend(["--package".to_owned(), format!("waypass-{room}")]);
    }
    packages
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

/// Returns the arguments for cargo, and those after `--` for the tests.
fn split(args: &[String]) -> (&[String], &[String]) {
    let at = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    args.split_at(at)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(file, bytes).map_err(|error| format!("cannot write {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::{Check, Expect, chosen, packages};

    fn check(name: &str, file: &str, tests: &[&str]) -> Check {
        let text = |text: &&str| (*text).to_owned();
        Check {
            name: name.into(),
            file: file.into(),
            find: String::new(),
            replace: String::new(),
            expect: Expect::Fails,
            tests: tests.iter().map(text).collect(),
        }
    }

    #[test]
    fn checks_are_chosen_by_name_number_and_range() {
        let all: Vec<Check> = ["proof", "nonce-used", "age", "size"].iter().map(|name| check(name, "trust/a.rs", &[])).collect();
        let names = |args: &[&str]| -> Result<Vec<String>, String> {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            Ok(chosen(&all, &args)?.into_iter().map(|check| check.name.clone()).collect())
        };
        assert_eq!(names(&["nonce-used"]), Ok(vec!["nonce-used".to_owned()]));
        assert_eq!(names(&["2-3", "1"]), Ok(["nonce-used", "age", "proof"].map(str::to_owned).to_vec()));
        assert_eq!((names(&[]).map(|all| all.len()), names(&["all"]).map(|all| all.len())), (Ok(4), Ok(4)));
        for wrong in ["0", "5", "3-9", "4-2", "no-such"] {
            assert!(names(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn unit_tests_are_those_of_the_changed_crate() {
        assert_eq!(
            packages(&check("a", "trust/time.rs", &["--lib", "--", "time"])),
            ["--package", "waypass", "--package", "waypass-trust"]
        );
        assert_eq!(packages(&check("a", "trust/time.rs", &["--test", "journey"])), ["--package", "waypass"]);
        assert_eq!(packages(&check("a", "trust/time.rs", &["--package", "waypass-gate", "--lib"])), ["--package", "waypass"]);
        assert_eq!(packages(&check("a", "trust/time.rs", &["--package", "waypass-gate", "name"])), ["--package", "waypass", "--lib"]);
        let refused = Check { expect: Expect::DoesNotCompile, ..check("a", "trust/assess.rs", &[]) };
        assert_eq!(packages(&refused), ["--package", "waypass", "--lib", "--package", "waypass-trust"]);
    }
}
