//! The manual: every command has a page, every page its options, and the formatter has nothing to complain about.

use crate::program::{Place, WAYPASS, finish};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// Returns the commands that a command's help lists under `Commands:`; the help is made apart from the manual.
fn listed(help: &str) -> Vec<String> {
    let Some((_, commands)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let rows = commands.lines().take_while(|line| !line.is_empty());
    // A description that is broken over lines goes on further to the right.
    rows.filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect()
}

fn help(words: &[String]) -> String {
    let output = Command::new(WAYPASS).args(words).arg("--help").output().expect("the program starts");
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Every command as words, the whole first.
pub(crate) fn commands() -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = vec![Vec::new()];
    let mut next = 0;
    while next < found.len() {
        let above = found[next].clone();
        found.extend(listed(&help(&above)).into_iter().map(|name| [above.clone(), vec![name]].concat()));
        next += 1;
    }
    found
}

/// Those that do something: no other begins with them.
pub(crate) fn leaves(commands: &[Vec<String>]) -> impl Iterator<Item = &Vec<String>> {
    commands.iter().filter(|words| !commands.iter().any(|other| other.len() > words.len() && other.starts_with(words)))
}

fn file_name(words: &[String]) -> String {
    format!("{}.1", [&["waypass".to_owned()], words].concat().join("-"))
}

#[test]
fn every_command_has_a_page_with_its_options() {
    let place = Place::new();
    let ran = finish(place.command(&[], "home", &["man", "pages"]), "");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let commands = commands();
    assert!(commands.len() > 55, "only {} commands", commands.len());
    let written: BTreeSet<String> = fs::read_dir(place.path("pages"))
        .expect("pages")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    assert_eq!(written, commands.iter().map(|words| file_name(words)).collect(), "pages, and commands with help");
    for words in &commands {
        let page = fs::read_to_string(place.path("pages").join(file_name(words))).expect("a page");
        let plain = page.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "").replace("\\fI", "");
        let help = help(words);
        let options = help.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
        for option in options {
            assert!(plain.contains(option.trim_end_matches([',', '.'])), "{words:?}: the page does not say {option}");
        }
        assert!(page.contains(".SH \"EXIT STATUS\"") && page.contains(".SH \"SEE ALSO\""), "{words:?}");
    }
    let whole = fs::read_to_string(place.path("pages").join("waypass.1")).expect("the page");
    for said in ["WAYPASS_HOME", "   40  locked", "config.toml", "relaying"] {
        assert!(whole.replace("\\-", "-").contains(said), "waypass.1 does not say {said}");
    }
    let verify = fs::read_to_string(place.path("pages").join("waypass-verifier-verify.1")).expect("the page");
    assert!(verify.contains("stale_revocations") && verify.contains("CANNOT CHECK"));
    the_book_lists(&commands, &place);
    complaints(&place);
}

/// The book's page of commands has a row for each command that does something, with the words of its manual page.
fn the_book_lists(commands: &[Vec<String>], place: &Place) {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/commands.md")).expect("the page of commands");
    let leaves = leaves(commands);
    let mut rows = 0;
    for words in leaves {
        let manual =
            fs::read_to_string(place.path("pages").join(file_name(words))).expect("a page").replace("\\-", "-").replace("\\*(Aq", "'");
        let name = format!("waypass-{} - ", words.join("-"));
        let about = manual.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_else(|| panic!("{words:?} has no name line"));
        let row = format!("| `waypass {}` | {about} |\n", words.join(" "));
        assert!(page.contains(&row), "docs/src/commands.md lacks\n{row}");
        rows += 1;
    }
    assert_eq!(page.matches("\n| `waypass ").count(), rows, "rows of docs/src/commands.md, and commands");
}

/// The complaints of the formatter about the pages, if it is installed.
fn complaints(place: &Place) {
    let Ok(groff) = Command::new("groff").arg("--version").output() else {
        println!("SKIP manual pages: there is no groff to read them");
        return;
    };
    assert!(groff.status.success());
    let pages = fs::read_dir(place.path("pages")).expect("pages").map(|entry| entry.expect("an entry").path());
    let output = Command::new("groff").args(["-man", "-Tutf8", "-z", "-ww"]).args(pages).output().expect("groff runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}
