//! `cargo xtask sabotage`: a suite that stays green when a check is removed proves nothing.
//!
//! Each entry of `xtask/sabotage.toml` names one check and the text that removes it. A copy of the workspace is changed,
//! the named tests are run on it, and they must fail. The copy shares the compiled dependencies, so an entry costs one
//! build of the workspace crates above the change.

use crate::workspace;
use serde::Deserialize;
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
    /// Arguments for `cargo test --profile ci --workspace`, such as `["--test", "tamper", "--", "replay"]`.
    tests: Vec<String>,
}

pub(crate) fn run(args: &[String]) -> Result<ExitCode, String> {
    let root = workspace::root();
    let text = fs::read_to_string(root.join("xtask/sabotage.toml")).map_err(|error| format!("cannot read xtask/sabotage.toml: {error}"))?;
    let list: List = toml::from_str(&text).map_err(|error| format!("xtask/sabotage.toml: {error}"))?;
    if args == ["--list"] {
        list.check.iter().for_each(|check| println!("{}", check.name));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(unknown) = args.iter().find(|name| !list.check.iter().any(|check| check.name == **name)) {
        return Err(format!("no check is called `{unknown}`; see cargo xtask sabotage --list"));
    }
    let chosen: Vec<&Check> = list.check.iter().filter(|check| args.is_empty() || args.contains(&check.name)).collect();
    for check in &chosen {
        sabotaged(&root, check)?;
    }
    let copy = Copy::make(&root)?;
    let (mut caught, mut missed) = (0_u64, 0_u64);
    for check in chosen {
        let start = Instant::now();
        let noticed = copy.try_without(check)?;
        *(if noticed { &mut caught } else { &mut missed }) += 1;
        let word = if noticed { "caught" } else { "NOT CAUGHT" };
        println!("{word:<10} {} ({} s)", check.name, start.elapsed().as_secs());
    }
    println!("{caught} passed, {missed} failed, 0 skipped");
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The file's text without the check.
fn sabotaged(root: &Path, check: &Check) -> Result<String, String> {
    let text = fs::read_to_string(root.join(&check.file))
        .map_err(|error| format!("{}: cannot read {}: {error}", check.name, check.file.display()))?;
    match text.matches(&check.find).count() {
        1 => Ok(text.replacen(&check.find, &check.replace, 1)),
        count => Err(format!("{}: the text to remove stands {count} times in {}, not once", check.name, check.file.display())),
    }
}

/// A copy of the workspace beside its own target folder.
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

    /// Brings every tracked or new file over, touching only what differs so that cargo rebuilds only that.
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
        Ok(())
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

    /// Whether the tests notice that the check is gone. A copy that does not compile proves nothing and is an error.
    fn try_without(&self, check: &Check) -> Result<bool, String> {
        let file = self.tree.join(&check.file);
        let whole = fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let without = sabotaged(&self.tree, check)?;
        write(&file, without.as_bytes())?;
        let built = self.cargo(check, true);
        let noticed = built.and_then(|built| {
            if built {
                self.cargo(check, false).map(|passed| !passed)
            } else {
                Err(format!("{}: does not compile without the check", check.name))
            }
        });
        write(&file, &whole)?;
        noticed
    }

    fn cargo(&self, check: &Check, only_build: bool) -> Result<bool, String> {
        let mut command = workspace::cargo();
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target);
        command.args(["test", "--quiet", "--profile", "ci", "--workspace"]);
        let (build, _) = split(&check.tests);
        if only_build {
            command.args(build).arg("--no-run").stderr(Stdio::inherit());
        } else {
            command.args(&check.tests).stderr(Stdio::null());
        }
        command.stdout(Stdio::null()).status().map(|status| status.success()).map_err(|error| format!("cannot start cargo: {error}"))
    }
}

/// The arguments for cargo, and those after `--` for the tests.
fn split(args: &[String]) -> (&[String], &[String]) {
    let at = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    args.split_at(at)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(file, bytes).map_err(|error| format!("cannot write {}: {error}", file.display()))
}
