//! The book says what happens: its commands are run as they stand, on the devices its blocks name, and what it shows is compared.
//!
//! A block fenced as `sh DEVICE` is run on that device, line by line; a plain `sh` block must only be understood. A `text` block
//! after a run block shows lines of its output; `...` stands for anything. Comments say what others do meanwhile:
//! `<!-- meanwhile DEVICE: waypass .. -->`. A page with `<!-- site -->` begins where the tutorials end.

use crate::program::{Place, Ran, WAYPASS, finish};
use crate::readme::{steady, words};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A site whose gate is enrolled and whose holder has a credential.
const SITE: &str = r#"
office: waypass issuer init --name "St Anna" --site north
door: waypass verifier init --name "North door" --site north --zone ward --key-file door.key
door: waypass verifier enroll -o enrolment
office: waypass issuer enroll enrolment
holder: waypass wallet init
office: waypass issuer issue --holder did:key:... --role staff --site north --zone ward --label "Ada, ward 3" -o credential
office: waypass issuer publish -o stick
door: waypass trust pin stick --digest NUMBER
holder: waypass trust pin stick --digest NUMBER
holder: waypass wallet add credential
"#;

pub(crate) fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("docs/src").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The items of a page for the test.
#[derive(Debug)]
enum Item {
    /// Begin with [`SITE`].
    Site,
    /// Let a second pass, so that what is signed next is newer.
    Pause,
    /// Run a line on a device.
    Run(String, String),
    /// The lines since the last text block printed these lines.
    Shows(Vec<String>),
    /// Write a file.
    File(String, Vec<String>),
    /// Understand a line.
    Parse(String),
}

fn items(page: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut lines = page.lines();
    let mut ran = false;
    while let Some(line) = lines.next() {
        if let Some(fence) = line.strip_prefix("```") {
            let block: Vec<String> = lines.by_ref().take_while(|line| !line.starts_with("```")).map(str::to_owned).collect();
            match fence.split_once(' ').unwrap_or((fence, "")) {
                ("sh", "") => items.extend(block.into_iter().filter(|line| !line.is_empty()).map(Item::Parse)),
                ("sh", device) => {
                    items.extend(block.into_iter().filter(|line| !line.is_empty()).map(|line| Item::Run(device.to_owned(), line)));
                    ran = true;
                }
                ("csv", name) => items.push(Item::File(name.to_owned(), block)),
                ("text", _) if ran => {
                    items.push(Item::Shows(block));
                    ran = false;
                }
                _ => ran = false,
            }
        } else if let Some(comment) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) {
            items.push(match comment.strip_prefix("meanwhile ").and_then(|rest| rest.split_once(": ")) {
                Some((device, line)) => Item::Run(device.to_owned(), line.to_owned()),
                None if comment == "site" => Item::Site,
                None if comment == "pause" => Item::Pause,
                None => panic!("what does <!-- {comment} --> ask for?"),
            });
        }
    }
    items
}

/// The devices of one page, and what their commands have printed for later ones.
struct Stage {
    place: Place,
    names: BTreeMap<String, String>,
    backup_of: String,
    printed: String,
}

impl Stage {
    fn new() -> Self {
        let place = Place::new();
        place.write("phrase", "tulip anchor seven");
        Self { place, names: BTreeMap::new(), backup_of: String::new(), printed: String::new() }
    }

    /// Runs a line as it stands, with the secrets and the consent that a person would give on the terminal.
    fn run(&mut self, device: &str, line: &str) {
        let expected: i32 = line.split_once("# exit ").map_or(0, |(_, code)| code.trim().parse().expect("an exit code"));
        let filled = self.names.iter().fold(line.to_owned(), |line, (name, value)| line.replace(name, value));
        let words = words(&self.place, &filled);
        assert_eq!(words[0], "waypass", "a block on a device runs waypass alone: {line}");
        let mut args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let (key, recovery) = (format!("{device}.key"), format!("{device}.recovery"));
        let backup = format!("{}.recovery", self.backup_of);
        match args[..] {
            [.., "ceremony", "init"] | [_, "init", ..] => {
                // A pass phrase costs a second each time it is used; what the book shows does not depend on it.
                if !args.contains(&"--key-file") {
                    args.extend(["--key-file", &key]);
                }
                args.extend(["--recovery-file", &recovery]);
            }
            ["trust", "list" | "resolve", ..]
            | ["inspect" | "qr" | "doctor" | "help", ..]
            | [_, "slot", "list"]
            | ["wallet", "status" | "sync", ..] => {}
            _ if args.contains(&"--recovery") => args.extend(["--secret-file", &recovery]),
            _ => args.extend(["--key-file", &key]),
        }
        match args[..] {
            ["wallet" | "issuer", "backup", ..] => {
                device.clone_into(&mut self.backup_of);
                args.extend(["--backup-secret-file", "phrase", "--backup-recovery-file", &recovery]);
            }
            ["wallet", "restore", ..] => args.extend(["--backup-secret-file", "phrase", "--backup-recovery-file", &backup]),
            ["issuer", "restore", ..] => {
                args.extend(["--recovery-file", &recovery, "--backup-secret-file", "phrase", "--backup-recovery-file", &backup]);
            }
            ["issuer", "key", "replace", ..] if args.contains(&"--stolen") => args.push("--yes"),
            ["issuer", "issue", ..] if args.contains(&"--from") => args.push("--yes"),
            ["wallet", "present" | "remove", ..] | ["issuer", "authority", "add", ..] | ["issuer", "ceremony", "sign", ..] => {
                args.push("--yes");
            }
            _ => {}
        }
        args.push("--no-input");
        let ran = finish(self.place.command(&[], device, &args), "");
        assert_eq!(ran.code, expected, "waypass {} [{device}]\n{}{}", args.join(" "), ran.stdout, ran.stderr);
        self.learn(device, &args, &ran);
        self.printed.push_str(&ran.stderr);
        self.printed.push_str(&ran.stdout);
    }

    /// Texts that people read out or copy: the root's number, the newest DID, an id, the officers' keys.
    fn learn(&mut self, device: &str, args: &[&str], ran: &Ran) {
        let word_after = |start: &str| ran.stdout.split_once(start).and_then(|(_, rest)| rest.split_whitespace().next()).map(str::to_owned);
        let mut learn = |name: &str, value: Option<String>| {
            let value = value.unwrap_or_else(|| panic!("{args:?} printed no {name}: {}", ran.stdout));
            self.names.insert(name.to_owned(), value);
        };
        match args {
            ["issuer", "ceremony", "init", ..] => {
                let number = device.rsplit_once('-').expect("officers are numbered").1;
                let mut keys = ran.stdout.split_whitespace().filter(|word| word.starts_with("z6Mk")).map(str::to_owned);
                learn(&format!("ROOT-{number}"), keys.next());
                learn(&format!("TARGETS-{number}"), keys.next());
            }
            ["issuer", "init", ..] if device == "office" => learn("NUMBER", word_after("root of trust ")),
            ["wallet", "init" | "key", ..] | ["verifier", "init", ..] => {
                learn("did:key:...", word_after("did:key:").map(|rest| format!("did:key:{rest}")));
            }
            ["issuer", "show", next, ..] if next.starts_with("--") => {
                learn("did:key:...", word_after("did:key:").map(|rest| format!("did:key:{rest}")));
            }
            ["issuer", "key", "list", ..] => {
                let after = |use_of: &str| {
                    let mut words = ran.stdout.split_whitespace().skip_while(|word| *word != use_of);
                    words.find(|word| word.starts_with("z6Mk")).map(str::to_owned)
                };
                learn("KEY", after("credential"));
                learn("LISTS", after("status"));
                learn("TIMESTAMP", after("timestamp"));
            }
            ["issuer", "issue", ..] if !args.contains(&"--from") => learn("ID", word_after("issued ")),
            _ => {}
        }
    }

    /// Writes a file that a page shows, with what was learned.
    fn write(&self, name: &str, lines: &[String]) {
        let text = format!("{}\n", lines.join("\n"));
        self.place.write(name, self.names.iter().fold(text, |text, (name, value)| text.replace(name, value)));
    }

    /// Each line is in the output; results and messages come on two streams, so their order is not asked.
    fn shows(&mut self, lines: &[String]) {
        let printed = std::mem::take(&mut self.printed);
        for line in lines.iter().filter(|line| !line.trim().is_empty()) {
            let wanted = steady(&self.names.iter().fold(line.trim().to_owned(), |line, (name, value)| line.replace(name, value)));
            assert!(
                printed.lines().any(|line| fits(&wanted, &steady(line))),
                "the book shows\n{line}\nwhich is not printed there:\n{printed}"
            );
        }
    }
}

/// Returns true if `line` contains `wanted`, in which `...` stands for anything.
fn fits(wanted: &str, line: &str) -> bool {
    wanted.split("...").try_fold(line, |rest, piece| rest.split_once(piece).map(|(_, after)| after)).is_some()
}

/// The command line is taken by the real grammar: with `--help` behind it nothing runs, and everything before it must be known.
fn understood(line: &str) {
    let words = words(&Place::new(), line);
    if ["cargo", "man", "mandb"].contains(&words[0].as_str()) {
        return;
    }
    assert_eq!(words[0], "waypass", "{line}");
    let output = Command::new(WAYPASS).args(&words[1..]).arg("--help").output().expect("the program starts");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

fn play(page: &Path) -> usize {
    let text = fs::read_to_string(page).expect("a page");
    let mut stage = Stage::new();
    let mut ran = 0;
    for item in items(&text) {
        match item {
            Item::Site => {
                for (device, line) in SITE.trim().lines().filter_map(|line| line.split_once(": ")) {
                    stage.run(device, line);
                }
            }
            Item::Pause => std::thread::sleep(Duration::from_millis(1100)),
            Item::Run(device, line) => {
                println!("{}: {device}: {line}", page.display());
                stage.run(&device, &line);
                ran += 1;
            }
            Item::Shows(lines) => stage.shows(&lines),
            Item::File(name, lines) => stage.write(&name, &lines),
            Item::Parse(line) => understood(&line),
        }
    }
    ran
}

#[test]
fn every_command_in_the_book_does_what_the_book_shows() {
    let mut ran = BTreeMap::new();
    for page in pages() {
        ran.insert(page.file_name().expect("a name").to_string_lossy().into_owned(), play(&page));
    }
    for page in
        ["office.md", "gate.md", "holder.md", "lost-device.md", "dead-gate.md", "future-publication.md", "key-rotation.md", "usb-stick.md"]
    {
        assert!(ran.get(page).is_some_and(|count| *count >= 5), "{page}: {ran:?}");
    }
}
