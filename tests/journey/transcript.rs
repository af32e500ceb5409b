//! Runs every `tests/cli/*.toml`: arguments, input, exit code, expected output.
//!
//! In expected text a line `...` stands for any number of lines, `[..]` for anything within a line, and `[=name]` for a
//! run without spaces that later steps may use as `{name}`. `{dir}` is the folder of the transcript. A step without
//! `stdout` or `stderr` expects that stream to be empty; `"..."` accepts anything.

use crate::program::{Place, finish};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transcript {
    about: String,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Why the step is here.
    #[serde(default)]
    why: String,
    /// Which home folder; a transcript may have several devices.
    #[serde(default = "home")]
    home: String,
    /// Files written before the step, readable by their owner only.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Text replaced in files before the step: `{ "policy.json" = ["find", "replace"] }`; it must be there.
    #[serde(default)]
    edit: BTreeMap<String, [String; 2]>,
    /// Waits before the step.
    #[serde(default)]
    pause_ms: u64,
    /// Keeps standard output in this file too.
    #[serde(default)]
    save: String,
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

fn home() -> String {
    "home".to_owned()
}

#[test]
fn transcripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut files: Vec<_> = fs::read_dir(folder).expect("tests/cli").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "toml"));
    files.sort();
    assert!(!files.is_empty(), "no transcripts found");
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a transcript");
        let transcript: Transcript = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if let Err(report) = play(&transcript) {
            wrong.push(format!("{} ({})\n{report}", file.display(), transcript.about));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn play(transcript: &Transcript) -> Result<(), String> {
    let place = Place::new();
    let mut names = BTreeMap::from([("dir".to_owned(), place.dir().to_string_lossy().into_owned())]);
    for (number, step) in transcript.step.iter().enumerate() {
        for (name, text) in &step.files {
            place.write(name, fill(text, &names));
        }
        for (name, [find, replace]) in &step.edit {
            let text = fs::read_to_string(place.path(name)).map_err(|error| format!("step {}: {name}: {error}", number + 1))?;
            if !text.contains(find.as_str()) {
                return Err(format!("step {}: there is no {find} in {name}: {text}", number + 1));
            }
            place.write(name, text.replacen(find.as_str(), replace, 1));
        }
        std::thread::sleep(Duration::from_millis(step.pause_ms));
        let args: Vec<String> = step.args.iter().map(|arg| fill(arg, &names)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = place.command(&[], &step.home, &args);
        command.envs(step.env.iter().map(|(name, value)| (name, fill(value, &names))));
        let ran = finish(command, &fill(&step.stdin, &names));
        if !step.save.is_empty() {
            place.write(&step.save, &ran.stdout);
        }
        let mut problems = Vec::new();
        if ran.code != step.exit {
            problems.push(format!("exit {} instead of {}", ran.code, step.exit));
        }
        for (stream, expected, found) in [("stdout", &step.stdout, &ran.stdout), ("stderr", &step.stderr, &ran.stderr)] {
            if !matches(&fill(expected, &names), found, &mut names) {
                problems.push(format!("{stream} is not as expected\n--- expected\n{expected}\n"));
            }
        }
        if !problems.is_empty() {
            return Err(format!(
                "step {}: waypass {} [{}]\n{}\n--- stdout\n{}--- stderr\n{}",
                number + 1,
                args.join(" "),
                step.why,
                problems.join("\n"),
                ran.stdout,
                ran.stderr
            ));
        }
    }
    Ok(())
}

fn fill(text: &str, names: &BTreeMap<String, String>) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn matches(pattern: &str, text: &str, names: &mut BTreeMap<String, String>) -> bool {
    let pattern: Vec<&str> = pattern.trim().lines().collect();
    let text: Vec<&str> = text.trim().lines().collect();
    lines(&pattern, &text, names)
}

fn lines(pattern: &[&str], text: &[&str], names: &mut BTreeMap<String, String>) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((&"...", rest)) => (0..=text.len()).any(|skip| lines(rest, text.get(skip..).unwrap_or_default(), names)),
        Some((first, rest)) => text.split_first().is_some_and(|(line, others)| {
            let mut found = names.clone();
            let here = within(first.trim_end(), line.trim_end(), &mut found) && lines(rest, others, &mut found);
            if here {
                *names = found;
            }
            here
        }),
    }
}

fn within(pattern: &str, line: &str, names: &mut BTreeMap<String, String>) -> bool {
    let Some(open) = ["[..]", "[="].iter().filter_map(|mark| pattern.find(mark)).min() else { return pattern == line };
    let (before, rest) = pattern.split_at(open);
    let Some(line) = line.strip_prefix(before) else { return false };
    let Some((hole, after)) = rest.split_once(']') else { return pattern == line };
    let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    for end in ends {
        let (taken, remaining) = line.split_at(end);
        let name = hole.strip_prefix("[=");
        if name.is_some() && (taken.is_empty() || taken.contains(' ')) {
            continue;
        }
        let mut found = names.clone();
        if within(after, remaining, &mut found) {
            if let Some(name) = name {
                found.insert(name.to_owned(), taken.to_owned());
            }
            *names = found;
            return true;
        }
    }
    false
}

#[test]
fn patterns() {
    let mut names = BTreeMap::new();
    assert!(matches("a\n...\nid [=id] end [..]", "a\nb\nc\nid 42 end of it", &mut names));
    assert_eq!(names.get("id").map(String::as_str), Some("42"));
    assert!(!matches("a", "a\nb", &mut names));
    assert!(!matches("", "b", &mut names));
    assert!(matches("...", "", &mut names));
}
