//! A gate that stands for hours: the lines of a scanner in, verdicts out, whatever else is held in front of it.

use crate::afterwards::{INNER, guarded_site};
use crate::program::{Ran, WAYPASS, ended, finish, on_a_terminal};
use crate::site::{Site, codes};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use waypass_qr::{Carousel, FrameSize, frames};

/// A gate at work.
struct Standing {
    child: Child,
    scanner: ChildStdin,
    verdicts: BufReader<ChildStdout>,
}

impl Standing {
    /// Starts `verifier scan` at the site's gate, and waits until it has asked.
    fn new(site: &Site, more: &[&str]) -> Self {
        drop(fs::remove_file(site.path("question")));
        let args = [&["verifier", "scan", "--role", "staff", "-o", "question", "--key-file", "gate.key", "--json"], more].concat();
        let mut command = site.place.command(&[], "gate", &args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (scanner, out) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        until("it asks", || site.path("question").exists());
        Self { child, scanner, verdicts: BufReader::new(out) }
    }

    fn scan(&mut self, lines: &[String]) {
        for line in lines {
            self.scanner.write_all(format!("{line}\r\n").as_bytes()).expect("scanned");
        }
    }

    fn verdict(&mut self) -> Value {
        let mut line = String::new();
        self.verdicts.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"))
    }

    /// Takes the scanner away and waits for the end.
    fn end(self) -> Ran {
        drop(self.scanner);
        let ran = ended(self.child);
        let rest: Vec<String> = self.verdicts.lines().map(|line| line.expect("a line")).collect();
        assert!(rest.is_empty(), "verdicts that nobody waited for: {rest:?}");
        ran
    }
}

pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The codes that a wallet shows for the file `name`.
pub(crate) fn shown(site: &Site, name: &str) -> Vec<String> {
    let payload = fs::read(site.path(name)).expect("the answer");
    frames(&payload, FrameSize::Scan).expect("it fits").iter().map(|frame| frame.text().to_owned()).collect()
}

/// Ada answers the question that the gate shows.
pub(crate) fn answer(site: &Site, to: &str) -> Vec<String> {
    site.ok("ada", &format!("wallet present --request question --yes -o {to} --key-file KEY"));
    shown(site, to)
}

/// A site whose wallet holds a credential.
pub(crate) fn site() -> Site {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site
}

/// The records of the gate.
pub(crate) fn log(site: &Site) -> Vec<Value> {
    site.ok("gate", "audit list --key-file KEY")["records"].as_array().expect("records").clone()
}

/// The first codes of a carousel that nobody finishes.
fn half(seed: u32) -> Vec<String> {
    let payload: Vec<u8> = (0..1_500_u32).map(|n| n.wrapping_mul(2_654_435_761).wrapping_add(seed).to_le_bytes()[3]).collect();
    let carousel = Carousel::new(&payload, FrameSize::Scan).expect("a carousel");
    (1..u32::try_from(carousel.count()).expect("few")).map(|number| carousel.code(number)).collect()
}

const GARBAGE: [&str; 6] = ["https://example.org", "4006381333931", "WP1:NOTOURS", "WP8:AB", "\u{1b}[2J\u{202e}", ""];

fn garbage() -> Vec<String> {
    GARBAGE.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn nothing_in_front_of_the_scanner_keeps_the_next_person_waiting() {
    let site = site();
    site.answer("yesterday");
    assert_eq!(site.verdict("yesterday").0, 0);
    let yesterday = shown(&site, "yesterday");

    let before = log(&site).len();
    let mut gate = Standing::new(&site, &["--on-green", "touch opened"]);
    let first = fs::read(site.path("question")).expect("the question");
    gate.scan(&garbage());
    gate.scan(&half(1));
    gate.scan(&yesterday);
    let verdict = gate.verdict();
    assert_eq!((verdict["level"].as_str(), codes(&verdict)), (Some("red"), vec!["replayed"]), "{verdict}");
    assert!(!site.path("opened").exists(), "the door is open");
    until("it asks anew", || fs::read(site.path("question")).is_ok_and(|now| now != first && !now.is_empty()));

    // Other commands of the gate work while it waits.
    assert_eq!(site.ok("gate", "verifier status --key-file KEY")["records"], before + 1);

    // Ada's codes, between those of somebody who shows another carousel.
    let other = half(2);
    let asked = fs::read(site.path("question")).expect("the question");
    let codes_of_ada = answer(&site, "answer");
    assert!(codes_of_ada.len() > 1);
    for (at, code) in codes_of_ada.iter().enumerate() {
        gate.scan(&[other[at % other.len()].clone(), code.clone()]);
    }
    let verdict = gate.verdict();
    assert_eq!(verdict["verdict"], "allow", "{verdict}");
    until("the door opens", || site.path("opened").exists());

    // The question is spent, and the next one is there by itself. Her codes are still in front of the scanner, and nobody is red for it.
    until("it asks anew", || fs::read(site.path("question")).is_ok_and(|now| now != asked && !now.is_empty()));
    gate.scan(&codes_of_ada);
    let again = answer(&site, "again");
    gate.scan(&again);
    assert_eq!(gate.verdict()["verdict"], "allow");
    let ran = gate.end();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for said in ["That code is not ours", "That code could not be read", "made by a newer version", "That code was just checked"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    assert_eq!(log(&site).len(), before + 3, "a verdict each, and nothing else");
}

#[test]
fn a_gate_that_is_killed_after_a_verdict_has_it_in_the_log() {
    let site = site();
    let before = log(&site).len();
    let mut gate = Standing::new(&site, &[]);
    let codes_of_ada = answer(&site, "answer");
    gate.scan(&codes_of_ada);
    assert_eq!(gate.verdict()["verdict"], "allow");
    gate.child.kill().expect("killed");
    assert_eq!(gate.end().code, 128 + 9);
    assert_eq!(log(&site).len(), before + 1);
    assert_eq!(site.run("gate", "audit verify --key-file KEY").code, 0);
    let (code, verdict) = site.verdict("answer");
    assert_eq!((code, codes(&verdict)), (20, vec!["replayed"]), "{verdict}");
}

#[test]
fn a_service_manager_and_the_end_of_the_input_end_it() {
    let site = site();
    assert_eq!(Standing::new(&site, &[]).end().code, 0);
    for (signal, code) in [(rustix::process::Signal::TERM, 0), (rustix::process::Signal::INT, 130)] {
        let gate = Standing::new(&site, &[]);
        let pid = rustix::process::Pid::from_child(&gate.child);
        rustix::process::kill_process(pid, signal).expect("it is there");
        // The scanner stays plugged in.
        let (ran, scanner) = (ended(gate.child), gate.scanner);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        drop(scanner);
    }
}

#[test]
fn a_scanner_on_a_line_of_its_own_may_go_and_come_back() {
    let site = site();
    let line = fifo(&site, "ttyACM0");
    let plug = |path: &Path| fs::OpenOptions::new().write(true).open(path).expect("plugged in");
    let first = std::thread::spawn({
        let line = line.clone();
        move || plug(&line)
    });
    let mut gate = Standing::new(&site, &["--device", "ttyACM0"]);
    let mut scanner = first.join().expect("plugged in");
    for code in garbage() {
        writeln!(scanner, "{code}\r").expect("scanned");
    }
    drop(scanner);
    // Long enough for the gate to see that it is gone.
    std::thread::sleep(Duration::from_millis(500));
    let mut scanner = plug(&line);
    for code in answer(&site, "answer") {
        write!(scanner, "{code}\r").expect("scanned");
    }
    assert_eq!(gate.verdict()["verdict"], "allow");
    let pid = rustix::process::Pid::from_child(&gate.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is there");
    let ran = gate.end();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("The scanner is gone"), "{}", ran.stderr);
    let wrong = site.run("gate", "verifier scan --device nowhere --key-file KEY");
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
}

pub(crate) fn fifo(site: &Site, name: &str) -> std::path::PathBuf {
    let line = site.path(name);
    assert!(std::process::Command::new("mkfifo").arg(&line).status().expect("mkfifo").success());
    line
}

/// A terminal with the gate's screen on it.
struct Screen {
    child: Child,
    keys: ChildStdin,
    shown: Arc<Mutex<String>>,
}

impl Screen {
    fn new(mut child: Child) -> Self {
        let (keys, mut out) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let shown = Arc::new(Mutex::new(String::new()));
        let to = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Some(count) = out.read(&mut some).ok().filter(|count| *count > 0) {
                to.lock().expect("shown").push_str(&String::from_utf8_lossy(&some[..count]));
            }
        });
        Self { child, keys, shown }
    }

    fn says(&self, words: &str) {
        until(words, || self.shown.lock().expect("shown").contains(words));
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("typed");
    }
}

#[test]
fn a_guard_confirms_with_keys_that_no_code_can_press() {
    let site = guarded_site();
    let line = fifo(&site, "line");
    let like = site.place.command(&[], INNER, &[]);
    let shell = format!("{WAYPASS} verifier scan --role staff -o question --device line --key-file {INNER}.key");
    let mut command = on_a_terminal(&like, &shell);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut screen = Screen::new(child);
    let mut scanner = fs::OpenOptions::new().write(true).open(&line).expect("plugged in");
    screen.says("Ready");
    until("it asks", || site.path("question").exists());
    for code in answer(&site, "answer") {
        write!(scanner, "{code}\r\n").expect("scanned");
    }
    screen.says("Second guard needed");
    // A code with the text of keys and names.
    write!(scanner, "c\r\nMallory\r\nMalory\r\n").expect("scanned");
    screen.says("That code is not ours");
    screen.types("c\n");
    screen.says("Who says so? Your name");
    screen.types("Bea\n");
    screen.says("The second guard's name");
    screen.types("Carl\n");
    screen.says("Written down: the step was done.");
    screen.types("\u{4}");
    assert_eq!(ended(screen.child).code, 0);
    let list = site.ok(INNER, "audit list --key-file KEY");
    let records = list["records"].as_array().expect("records");
    let said = records.iter().find(|record| record["event"] == "confirmed").expect("it is in the log");
    let record = site.ok(INNER, &format!("audit show {} --key-file KEY", said["seq"]));
    assert_eq!((&record["by"], &record["second"]), (&"Bea".into(), &"Carl".into()), "{record}");
}

#[test]
fn a_door_that_fails_or_hangs_keeps_nobody_waiting() {
    let site = site();
    for (command, said) in
        [("false", "false failed"), ("no-such-door", "cannot run no-such-door"), ("sleep 600", "sleep took longer than 5 s")]
    {
        let mut gate = Standing::new(&site, &["--on-green", command]);
        let began = Instant::now();
        for name in ["one", "two"] {
            let asked = fs::read(site.path("question")).expect("the question");
            let shown = answer(&site, name);
            gate.scan(&shown);
            assert_eq!(gate.verdict()["verdict"], "allow");
            until("it asks anew", || fs::read(site.path("question")).is_ok_and(|now| now != asked && !now.is_empty()));
        }
        assert!(command != "sleep 600" || began.elapsed() < Duration::from_secs(5), "a verdict waited for the door");
        let ran = gate.end();
        assert_eq!(ran.code, 0);
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}

#[test]
fn the_guard_reads_the_verdict_in_a_language_and_a_program_reads_the_same_json() {
    let site = site();
    site.answer("answer");
    assert_eq!(site.verdict("answer").0, 0);
    let verify = |more: &[&str], lang: &str| {
        let args = [&["verifier", "verify", "answer", "--key-file", "gate.key"], more].concat();
        let mut command = site.place.command(&[], "gate", &args);
        command.env("LANG", lang);
        let ran = finish(command, "");
        assert_eq!(ran.code, 20, "{}", ran.stderr);
        ran.stdout
    };
    for (lang, word, meaning) in [
        ("de_DE.UTF-8", "✖ ABGELEHNT   Schon benutzt", "✖ Das wurde schon einmal vorgezeigt [replayed]"),
        ("fr_CH.UTF-8", "✖ REFUSÉ   Déjà utilisé", "✖ Ceci a déjà été présenté [replayed]"),
        ("ar_EG.UTF-8", "✖ مرفوض   سبق استخدامه", "✖ سبق أن عُرض هذا من قبل [replayed]"),
        ("nl_NL.UTF-8", "✖ DENY   Already used", "✖ This presentation was shown before [replayed]"),
    ] {
        let shown = verify(&[], lang);
        assert!(shown.contains(word) && shown.contains(meaning), "{lang}: {shown}");
        assert_eq!(shown.matches('\u{2068}').count(), shown.matches('\u{2069}').count());
    }
    let steady = |shown: String| shown.lines().filter(|line| !line.contains(" alt")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(steady(verify(&["--lang", "de"], "fr_FR.UTF-8")), steady(verify(&[], "de_DE.UTF-8")));
    let document = |lang| {
        let mut document: Value = serde_json::from_str(&verify(&["--json"], lang)).expect("JSON");
        for changing in ["decided_at", "evidence"] {
            document[changing] = Value::Null;
        }
        document
    };
    assert_eq!(document("de_DE.UTF-8"), document("C"));
    let wrong = site.run("gate", "verifier verify answer --lang klingon --key-file KEY");
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("the languages are en, fr, de and ar"), "{}", wrong.stderr);
}
