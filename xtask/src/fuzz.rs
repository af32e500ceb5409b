//! `cargo xtask fuzz`: coverage-guided fuzzing on the pinned toolchain.
//!
//! `tests/fuzz` is a workspace of its own with one program for all targets. The inputs worth keeping are in `tests/fuzz/corpus`, one packed
//! file a target; a run begins with them and leaves what it found in `tests/fuzz/target`.

mod corpus;

use crate::tally::Tally;
use crate::{tools, workspace};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Seconds for a target when nothing is said.
const SECONDS: u32 = 600;
/// Seconds for a target in `check-all --slow`.
const SMOKE_SECONDS: u32 = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    target: Vec<Target>,
}

/// One target of `tests/fuzz/targets.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    name: String,
    /// The rule that every input must keep.
    rule: String,
    /// The longest input, in bytes.
    #[serde(default = "usual_length")]
    longest: u32,
}

const fn usual_length() -> u32 {
    16 * 1024
}

/// The request.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    seconds: u32,
    keep: bool,
    names: Vec<String>,
}

impl Asked {
    fn of(args: &[String]) -> Result<Self, String> {
        let mut asked = Self { seconds: SECONDS, keep: false, names: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--keep" => asked.keep = true,
                "--seconds" => {
                    let seconds = args.next().and_then(|seconds| seconds.parse().ok());
                    asked.seconds = seconds.ok_or("--seconds needs a number")?;
                }
                option if option.starts_with('-') => return Err(format!("fuzz has no option {option}")),
                name => asked.names.push(name.to_owned()),
            }
        }
        Ok(asked)
    }
}

pub(crate) fn run(args: &[String]) -> Result<ExitCode, String> {
    let targets = targets()?;
    if args == ["--list"] {
        for target in &targets {
            println!("{:<12} {}", target.name, target.rule);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if args == ["--smoke"] {
        let total = smoke()?;
        println!("{total}");
        return Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let asked = Asked::of(args)?;
    if let Some(name) = asked.names.iter().find(|name| !targets.iter().any(|target| target.name == **name)) {
        return Err(format!("no target is called `{name}`; see cargo xtask fuzz --list"));
    }
    let chosen = targets.iter().filter(|target| asked.names.is_empty() || asked.names.contains(&target.name));
    let fuzzer = Fuzzer::build()?;
    fuzzer.seed()?;
    let mut total = Tally::default();
    for target in chosen {
        total.add(fuzzer.run(target, asked.seconds)?);
        if asked.keep {
            fuzzer.keep(target)?;
        }
    }
    println!("{total}");
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs every target for a few seconds from its kept inputs.
pub(crate) fn smoke() -> Result<Tally, String> {
    if !["c++", "g++", "clang++"].into_iter().any(tools::present) {
        println!("skipped: fuzzing: there is no C++ compiler to build libFuzzer with");
        return Ok(Tally { skipped: 1, ..Tally::default() });
    }
    let fuzzer = Fuzzer::build()?;
    let mut total = Tally::default();
    for target in targets()? {
        total.add(fuzzer.run(&target, SMOKE_SECONDS)?);
    }
    Ok(total)
}

fn folder() -> PathBuf {
    workspace::root().join("tests/fuzz")
}

fn targets() -> Result<Vec<Target>, String> {
    let file = folder().join("targets.toml");
    let text = fs::read_to_string(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    toml::from_str::<List>(&text).map(|list| list.target).map_err(|error| format!("{}: {error}", file.display()))
}

/// The built program and where it works.
struct Fuzzer {
    program: PathBuf,
    base: PathBuf,
}

impl Fuzzer {
    fn build() -> Result<Self, String> {
        let (folder, host) = (folder(), host()?);
        let base = folder.join("target");
        let mut build = workspace::cargo();
        build.current_dir(&folder).env_remove("CARGO_TARGET_DIR").env("RUSTC_WRAPPER", folder.join("instrument.sh"));
        // With a target of its own, what build scripts link stays as it is.
        build.args(["build", "--profile", "ci", "--target", &host]);
        let built = build.status().map_err(|error| format!("cannot start cargo: {error}"))?;
        if !built.success() {
            return Err("the fuzzer does not build".to_owned());
        }
        Ok(Self { program: base.join(host).join("ci/fuzz"), base })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.base).env("FUZZ_FINDINGS", self.base.join("findings"));
        command
    }

    /// Writes valid inputs of every target, from the world of the tests.
    fn seed(&self) -> Result<(), String> {
        let status = self.command().env("FUZZ_SEEDS", self.base.join("seeds")).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("the seeds were not written: {status}")),
            Err(error) => Err(format!("cannot start the fuzzer: {error}")),
        }
    }

    /// Fuzzes one target. It fails when a rule was broken, or when the program ended early.
    fn run(&self, target: &Target, seconds: u32) -> Result<Tally, String> {
        let work = self.base.join("work").join(&target.name);
        let findings = self.base.join("findings").join(&target.name);
        corpus::unpack(&folder().join("corpus").join(&target.name), &work)?;
        make(&findings)?;
        let before = count(&findings)?;
        let mut command = self.command();
        command.env("FUZZ_TARGET", &target.name).arg(&work);
        let seeds = self.base.join("seeds").join(&target.name);
        if seeds.is_dir() {
            command.arg(&seeds);
        }
        command.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={}", target.longest));
        command.arg(format!("-artifact_prefix={}/", findings.display()));
        command.args(["-timeout=25", "-rss_limit_mb=4096", "-malloc_limit_mb=0", "-print_final_stats=1", "-verbosity=1"]);
        let ended = command.stderr(Stdio::piped()).output().map_err(|error| format!("cannot start the fuzzer: {error}"))?;
        let said = String::from_utf8_lossy(&ended.stderr);
        said.lines().filter(|line| line.starts_with("FINDING") || line.contains("ERROR: libFuzzer")).for_each(|line| println!("{line}"));
        let number = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok()).unwrap_or_default();
        let found = count(&findings)? - before;
        let executions = number("stat::number_of_executed_units:");
        let edges = said.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split(' ').next()?.parse::<u64>().ok());
        println!("{:<12} {executions:>9} executions, {:>6} edges, {found} findings", target.name, edges.unwrap_or_default());
        if !ended.status.success() && found == 0 {
            println!("{}: the fuzzer ended with {}", target.name, ended.status);
            said.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().for_each(|line| println!("    {line}"));
        }
        let fails = found > 0 || !ended.status.success() || executions == 0;
        Ok(Tally { passed: u64::from(!fails), failed: u64::from(fails), skipped: 0 })
    }

    /// Keeps the smallest inputs that together reach everything reached so far.
    fn keep(&self, target: &Target) -> Result<(), String> {
        let (work, least) = (self.base.join("work").join(&target.name), self.base.join("least").join(&target.name));
        if least.is_dir() {
            fs::remove_dir_all(&least).map_err(|error| format!("cannot empty {}: {error}", least.display()))?;
        }
        make(&least)?;
        let mut command = self.command();
        command.env("FUZZ_TARGET", &target.name).arg("-merge=1").arg(format!("-max_len={}", target.longest)).arg(&least).arg(&work);
        command.arg(self.base.join("seeds").join(&target.name)).stderr(Stdio::null());
        let merged = command.status().map_err(|error| format!("cannot start the fuzzer: {error}"))?;
        if !merged.success() {
            return Err(format!("{}: the inputs were not minimised: {merged}", target.name));
        }
        let packed = folder().join("corpus").join(&target.name);
        let (kept, bytes) = corpus::pack(&least, &packed)?;
        println!("{:<12} {kept} inputs kept, {bytes} bytes", target.name);
        Ok(())
    }
}

fn host() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").current_dir(workspace::root()).output();
    let output = output.map_err(|error| format!("cannot start rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned).ok_or_else(|| "rustc does not name its host".to_owned())
}

fn make(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))
}

fn count(folder: &Path) -> Result<u64, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    // The text next to a finding is for the reader.
    Ok(entries.flatten().filter(|entry| entry.path().extension().is_none_or(|ending| ending != "txt")).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::{Asked, SECONDS, targets};

    fn asked(args: &[&str]) -> Result<Asked, String> {
        Asked::of(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_run_is_asked_for_by_names_and_seconds() {
        assert_eq!(asked(&[]), Ok(Asked { seconds: SECONDS, keep: false, names: Vec::new() }));
        let wanted = Asked { seconds: 10, keep: true, names: vec!["step".into(), "json".into()] };
        assert_eq!(asked(&["step", "--seconds", "10", "--keep", "json"]), Ok(wanted));
        for wrong in [&["--seconds"][..], &["--seconds", "x"], &["--fast"]] {
            assert!(asked(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn every_target_has_a_rule_and_kept_inputs() {
        let targets = targets().expect("the list");
        assert!(targets.len() >= 34, "only {} targets", targets.len());
        let harness = std::fs::read_to_string(super::folder().join("src/targets.rs")).expect("the harness");
        for target in targets {
            assert!(harness.contains(&format!("(\"{}\", ", target.name)), "{} is not in the harness", target.name);
            assert!(!target.rule.is_empty(), "{} has no rule", target.name);
            assert!(super::folder().join("corpus").join(&target.name).is_file(), "{} has no kept inputs", target.name);
        }
    }
}
