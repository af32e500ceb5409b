//! The texts of strangers, on their way to a person's terminal.

use crate::program::{Place, Ran, WAYPASS, finish, on_a_terminal};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Clears the screen, turns the order, introduces a command in one character, and begins a line of its own.
const HOSTILE: &str = r"\u001b[2J\u202e\u009b31m\u007f\r\n\u2028ALLOW";

/// Runs a command that believes it writes to a terminal with colours.
fn coloured(place: &Place, args: &[&OsStr]) -> Ran {
    let mut command = place.command(&[], "home", &[]);
    command.args(args).env("CLICOLOR_FORCE", "1");
    finish(command, "")
}

fn words(place: &Place, line: &str) -> Ran {
    let args: Vec<&OsStr> = line.split(' ').map(OsStr::new).collect();
    coloured(place, &args)
}

/// Only line breaks and our own styles are left of what a terminal acts on.
fn calm(what: &str, text: &str) {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('\u{1b}') {
        let (style, end) = after.split_once('m').unwrap_or_else(|| panic!("{what}: an escape sequence without end in {text:?}"));
        assert!(style.strip_prefix('[').is_some_and(|style| style.bytes().all(|b| b.is_ascii_digit() || b == b';')), "{what}: {text:?}");
        rest = end;
    }
    let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\u{1b}') || matches!(c, '\u{2028}' | '\u{202e}');
    assert!(!text.contains(acts), "{what}: {text:?}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("ALLOW")), "{what}: a stranger began a line in {text:?}");
}

#[test]
fn nothing_a_stranger_wrote_acts_on_the_terminal() {
    let place = Place::new();
    place.write("note", format!(r#"{{"iss":"did:web:good.example{HOSTILE}","note":["{HOSTILE}"]}}"#));
    place.write("entry", format!(r#"{{"name":"x","keys":[],"{HOSTILE}":1}}"#));
    place.write("policy", format!(r#"{{"{HOSTILE}":1}}"#));
    let made = words(&place, "issuer init --name Clinic --site north --key-file key --recovery-file recovery");
    assert_eq!(made.code, 0, "{}", made.stderr);
    for (line, code) in [
        ("inspect note", 0),
        ("--json inspect note", 0),
        ("issuer authority add entry --key-file key --yes", 2),
        ("--json issuer authority add entry --key-file key --yes", 2),
        ("issuer publish --policy policy --key-file key", 2),
        ("trust pin note --digest 00", 2),
    ] {
        let ran = words(&place, line);
        assert_eq!(ran.code, code, "{line}: {}", ran.stderr);
        calm(line, &ran.stdout);
        calm(line, &ran.stderr);
    }
    // Decoding hides nothing: what was made harmless can be read, and JSON says the same as before.
    assert!(words(&place, "inspect note").stdout.contains(r"good.example\u001b[2J\u202e\u009b31m\u007f\r\n\u2028ALLOW"));
    let shown: serde_json::Value = serde_json::from_str(&words(&place, "--json inspect note").stdout).expect("JSON");
    let held: serde_json::Value = serde_json::from_str(&format!("\"{HOSTILE}\"")).expect("JSON");
    assert_eq!(shown["content"]["note"][0], held);
    // The name of a file is a stranger's too: sticks are handed over.
    let named = coloured(&place, &[OsStr::new("inspect"), OsStr::from_bytes(b"stick/a\x1b[2Jb\nALLOW")]);
    assert_eq!(named.code, 2);
    calm("a file's name", &named.stderr);
}

/// A narrow terminal breaks no word of ours, and one without our marks gets others.
#[test]
fn lines_fit_the_terminal_and_its_characters() {
    let place = Place::new();
    let like = place.command(&[], "home", &[]);
    let shown = finish(on_a_terminal(&like, &format!("sh -c 'stty cols 40; {WAYPASS} doctor --no-color'")), "").stdout;
    let lines: Vec<&str> = shown.lines().map(|line| line.trim_end_matches('\r')).collect();
    assert!(lines.len() > 8, "{shown}");
    for line in &lines {
        // A path that is wider than the terminal stays whole.
        assert!(line.chars().count() <= 40 || line.trim_start().split(' ').filter(|word| !word.is_empty()).count() <= 3, "{line:?}");
    }
    assert!(shown.contains('✔') && lines.iter().any(|line| line.starts_with("  ")), "{shown}");
    let mut plain = place.command(&[], "home", &["doctor"]);
    plain.env("LC_ALL", "C");
    let plain = finish(plain, "");
    assert!(plain.stdout.is_ascii() && plain.stdout.lines().any(|line| line.starts_with("+ ")), "{}", plain.stdout);
    let mut utf8 = place.command(&[], "home", &["doctor"]);
    utf8.env("LC_ALL", "C.UTF-8");
    assert!(finish(utf8, "").stdout.contains('✔'));
}
