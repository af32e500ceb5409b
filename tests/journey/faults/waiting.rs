//! A command that waits for a person holds nothing that others need, and believes nothing that it read before.

use super::site::{GATE, Site, WALLET, text};
use crate::program::{WAYPASS, ended, on_a_terminal};
use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Stdio};

/// A command on a terminal, with a person who reads and answers.
struct Person {
    child: Child,
    seen: String,
}

impl Person {
    /// Starts `line`, which opens the wallet by its key file.
    fn runs(site: &Site, line: &str) -> Self {
        let like = site.place.command(&[], WALLET, &[]);
        let mut command = on_a_terminal(&like, &format!("{WAYPASS} {line} --key-file {WALLET}.key"));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        Self { child, seen: String::new() }
    }

    /// Reads until the question is there; what was shown since the last one.
    fn asked(&mut self, question: &str) -> String {
        let mut shown = Vec::new();
        let out = self.child.stdout.as_mut().expect("piped");
        let mut byte = [0];
        while !String::from_utf8_lossy(&shown).contains(question) {
            assert_eq!(out.read(&mut byte).expect("read"), 1, "it ended: {}", String::from_utf8_lossy(&shown));
            shown.extend(byte);
        }
        let shown = String::from_utf8_lossy(&shown).into_owned();
        self.seen.push_str(&shown);
        shown
    }

    fn answers(&mut self, words: &str) {
        self.child.stdin.as_mut().expect("piped").write_all(words.as_bytes()).expect("typed");
    }

    fn ends(self) -> i32 {
        let ran = ended(self.child);
        assert!(ran.code < 128, "{}{}{}", self.seen, ran.stdout, ran.stderr);
        ran.code
    }
}

const QUESTION: &str = "Show this? [y/N]";

#[test]
fn what_others_keep_while_a_person_thinks_is_all_there() {
    let (site, _) = Site::with_credential();
    site.done(GATE, "verifier challenge --role staff -o request");
    let mut person = Person::runs(&site, "wallet present --request request -o answer");
    person.asked(QUESTION);
    // Nobody has to, but people do.
    fs::remove_file(site.vault(WALLET).with_file_name("lock")).expect("removed");
    let mut held = site.held();
    for n in 0..5 {
        site.issue(&format!("credential-{n}"));
        held.push(text(&site.done(WALLET, &format!("wallet add credential-{n}")), "id").to_owned());
    }
    person.answers("y\n");
    assert_eq!(person.ends(), 0);
    let mut found = site.held();
    found.sort();
    held.sort();
    assert_eq!(found, held, "acknowledged and gone");
    assert_eq!(site.done(GATE, "verifier verify answer").get("verdict").and_then(|verdict| verdict.as_str()), Some("allow"));
    site.done(WALLET, "wallet history --verify");
}

#[test]
fn what_changed_while_a_person_thought_is_asked_again() {
    let (site, _) = Site::with_credential();
    let first = site.held();
    site.done(GATE, "verifier challenge --role staff -o request");
    let mut person = Person::runs(&site, "wallet present --request request -o answer");
    let shown = person.asked(QUESTION);
    assert!(!shown.contains("has changed"), "{shown}");
    site.issue("second");
    site.done(WALLET, "wallet add second");
    site.done(WALLET, &format!("wallet remove {} --yes", first.first().expect("one")));
    person.answers("y\n");
    let shown = person.asked(QUESTION);
    assert!(shown.contains("what would be shown has changed meanwhile"), "{shown}");
    assert!(!site.place.path("answer").exists(), "shown without consent");
    person.answers("y\n");
    assert_eq!(person.ends(), 0);
    assert_eq!(site.done(GATE, "verifier verify answer").get("verdict").and_then(|verdict| verdict.as_str()), Some("allow"));
}
