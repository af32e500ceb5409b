//! The README says what happens: its commands are run as they stand, and its opening transcript is compared with what they print.

use crate::program::{Place, Ran, WAYPASS, finish};
use crate::site::{Site, text};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md")
}

/// The first block fenced as `kind` after `heading`.
fn block(readme: &str, heading: &str, kind: &str) -> Vec<String> {
    let after = readme.split_once(heading).unwrap_or_else(|| panic!("the README has no {heading}")).1;
    let fence = format!("```{kind}\n");
    let inside = after.split_once(&fence).unwrap_or_else(|| panic!("no {kind} block after {heading}")).1;
    let lines: Vec<String> = inside.split_once("```").expect("the block ends").0.lines().map(str::to_owned).collect();
    assert!(lines.len() > 5, "the block after {heading} is nearly empty");
    lines
}

/// A line's words without its comment; quoted words stay together, patterns become the files they match.
pub(crate) fn words(place: &Place, line: &str) -> Vec<String> {
    let command = line.split(" #").next().unwrap_or_default();
    let mut words = Vec::new();
    for (quoted, part) in command.split('"').enumerate() {
        if quoted % 2 == 1 {
            words.push(part.to_owned());
            continue;
        }
        for word in part.split_whitespace() {
            match word.split_once('*') {
                None => words.push(word.to_owned()),
                Some((before, after)) => words.extend(files(place.dir(), before, after)),
            }
        }
    }
    words
}

fn files(folder: &Path, before: &str, after: &str) -> Vec<String> {
    let names = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let mut found: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    found.retain(|name| name.starts_with(before) && name.ends_with(after));
    assert!(!found.is_empty(), "nothing matches {before}*{after}");
    found.sort();
    found
}

/// Runs one of the README's lines: `issuer`, `wallet` and `gate` are its aliases, and the wallet's pass phrase comes from a file.
fn run(place: &Place, words: &[String]) -> Ran {
    let rest = |from: usize| words[from..].iter().map(String::as_str);
    let (home, mut args): (&str, Vec<&str>) = match words[0].as_str() {
        "issuer" => ("issuer-home", ["issuer"].into_iter().chain(rest(1)).collect()),
        "wallet" => ("wallet-home", ["wallet"].into_iter().chain(rest(1)).collect()),
        "gate" => ("gate-home", ["verifier"].into_iter().chain(rest(1)).collect()),
        "waypass" if words[1] == "--home" => (words[2].as_str(), rest(3).collect()),
        other => panic!("the README runs {other}"),
    };
    match args[..] {
        ["wallet", "init", ..] => args.extend(["--secret-file", "phrase", "--recovery-file", "wallet.recovery"]),
        ["wallet", "present", ..] => args.extend(["--secret-file", "phrase", "--yes"]),
        ["wallet", ..] => args.extend(["--secret-file", "phrase"]),
        ["trust", ..] if home == "wallet-home" => args.extend(["--secret-file", "phrase"]),
        [_, "init", ..] => args.extend(["--recovery-file", if home == "issuer-home" { "issuer.recovery" } else { "gate.recovery" }]),
        _ => {}
    }
    args.push("--json");
    finish(place.command(&[], home, &args), "")
}

#[test]
fn the_commands_by_hand_do_what_they_say() {
    let place = Place::new();
    place.write("phrase", "tulip anchor seven");
    let readme = readme();
    let lines = block(&readme, "## A credential for yourself, by hand", "sh");
    let (mut root, mut holder, mut id) = (String::new(), String::new(), String::new());
    let mut ran_lines = 0;
    for line in lines.iter().filter(|line| !line.is_empty() && !line.starts_with("alias ")) {
        let line = line.replace("NUMBER", &root).replace("did:key:...", &holder).replace("revoke ID", &format!("revoke {id}"));
        let words = words(&place, &line);
        let ran = run(&place, &words);
        assert_eq!(ran.code, 0, "{line}\n{}{}", ran.stdout, ran.stderr);
        let result: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        match (words[0].as_str(), words[1].as_str()) {
            ("issuer", "init") => root = text(&result, "/root"),
            ("wallet", "init") => holder = text(&result, "/did"),
            ("issuer", "issue") => id = text(&result, "/id"),
            _ => {}
        }
        ran_lines += 1;
    }
    assert!(ran_lines >= 15, "only {ran_lines} commands");
    // It ends with a gate that knows of the withdrawal.
    let ask = "gate challenge --key-file gate.key --role staff --qr-png again.png";
    for line in [ask, "wallet present --request again.png --qr-png late.png"] {
        assert_eq!(run(&place, &words(&place, line)).code, 0, "{line}");
    }
    assert_eq!(run(&place, &words(&place, "gate verify late.png --key-file gate.key")).code, 20);
}

/// Times, ages, numbers and ids differ from day to day, everything else must not.
pub(crate) fn steady(line: &str) -> String {
    let is_id = |word: &&str| [8, 12].contains(&word.len()) && word.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    let id = line.split(' ').map(|word| word.trim_end_matches(':')).find(is_id);
    let line = id.map_or_else(|| line.to_owned(), |id| line.replacen(id, "0", 1));
    let mut steady = String::new();
    for c in line.trim_end().chars() {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if !(c == '0' && steady.ends_with('0')) {
            steady.push(c);
        }
    }
    steady
}

#[test]
fn the_opening_transcript_is_what_happens() {
    let site = Site::named(&[], "sd-jwt", "St\u{a0}Anna", "North\u{a0}door");
    site.ok("ada", "wallet add credential --key-file KEY");
    let readme = readme();
    let lines = block(&readme, "# Waypass", "text");
    let mut shown = lines.iter().peekable();
    let mut commands = 0;
    while let Some(prompt) = shown.next() {
        let line = prompt.strip_prefix("$ waypass ").unwrap_or_else(|| panic!("{prompt} is no command"));
        let mut expected = Vec::new();
        while let Some(next) = shown.next_if(|next| !next.starts_with("$ ")) {
            expected.push(steady(next));
        }
        let words = words(&site.place, line.split(" && ").next().unwrap_or_default());
        let home = if words[0] == "wallet" { "ada" } else { "gate" };
        let key = format!("{home}.key");
        let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
        args.extend(["--key-file", &key]);
        if home == "ada" {
            args.push("--yes");
        }
        let ran = finish(site.place.command(&[], home, &args), "");
        assert_eq!(ran.code, 0, "{WAYPASS} {line}: {}{}", ran.stdout, ran.stderr);
        // The README leaves out which files were written; the consent's last line is the question, answered with `--yes` here.
        let printed: Vec<String> = ran.stderr.lines().chain(ran.stdout.lines()).map(steady).collect();
        let printed: Vec<&String> = printed.iter().filter(|line| !line.starts_with("wrote ")).collect();
        assert_eq!(expected.iter().collect::<Vec<_>>(), printed, "{prompt}");
        commands += 1;
    }
    assert_eq!(commands, 3);
}
