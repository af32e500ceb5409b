//! Programs as callers: with `--json` every command prints one document on standard output, and everything else is a line of JSON.

use crate::man::{commands, leaves};
use crate::program::{Place, Ran, ended, finish};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Read;
use std::process::{Child, Stdio};
use std::time::Duration;

/// A story that uses every command there is.
struct Walk {
    place: Place,
    commands: Vec<Vec<String>>,
    used: BTreeSet<Vec<String>>,
}

impl Walk {
    fn begin() -> Self {
        Self { place: Place::new(), commands: commands(), used: BTreeSet::new() }
    }

    /// Runs a line with `--json`; `KEY` is the home's key file. A list is asked for as lines too.
    fn ok(&mut self, home: &str, line: &str) -> Value {
        self.ends(home, line, 0)
    }

    fn ends(&mut self, home: &str, line: &str, code: i32) -> Value {
        let key = format!("{home}.key");
        let words: Vec<String> =
            line.split(' ').map(|word| if word == "KEY" { key.clone() } else { word.replace('\u{a0}', " ") }).collect();
        let command = (0..=words.len()).rev().map(|n| words[..n].to_vec()).find(|start| self.commands.contains(start)).unwrap_or_default();
        let is_list = command.last().is_some_and(|name| ["list", "gates", "history", "doctor"].contains(&name.as_str()));
        let lists = is_list && command != ["trust", "list"] && !line.contains("--verify") && !line.contains("--forget");
        self.used.insert(command);
        if lists {
            for line in self.run(home, &words, "--jsonl", code).stdout.lines() {
                named(line);
            }
        }
        document(line, &self.run(home, &words, "--json", code))
    }

    fn run(&self, home: &str, words: &[String], shape: &str, code: i32) -> Ran {
        let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
        args.extend([shape, "--no-input"]);
        let mut command = self.place.command(&[], home, &args);
        if words == ["demo"] {
            // Without faketime and unshare it plays less, and takes less time.
            command.env("PATH", "/nowhere");
        }
        let ran = finish(command, "");
        assert_eq!(ran.code, code, "waypass {} {shape} [{home}]\n{}{}", words.join(" "), ran.stdout, ran.stderr);
        ran.stderr.lines().for_each(|line| drop(named(line)));
        ran
    }

    /// Runs a line that must not succeed; it says why in JSON.
    fn fails(&self, home: &str, line: &str) {
        let args: Vec<&str> = line.split(' ').chain(["--json", "--no-input"]).collect();
        let ran = finish(self.place.command(&[], home, &args), "");
        assert!(ran.code != 0 && ran.stdout.is_empty(), "{line}: {}", ran.stdout);
        assert_eq!(named(ran.stderr.lines().last().unwrap_or_default())["schema"], "waypass.error/1", "{line}");
    }

    fn text(&mut self, home: &str, line: &str, pointer: &str) -> String {
        crate::site::text(&self.ok(home, line), pointer)
    }
}

/// A line that is a document with a schema.
fn named(line: &str) -> Value {
    let document: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let schema = document["schema"].as_str().unwrap_or_default();
    let is_versioned = schema.strip_prefix("waypass.").and_then(|rest| rest.split_once('/')).is_some_and(|(_, n)| n.parse::<u8>().is_ok());
    assert!(is_versioned, "no schema in {line}");
    document
}

/// The one document on standard output.
fn document(line: &str, ran: &Ran) -> Value {
    assert!(!ran.stdout.contains('\u{1b}'), "waypass {line}: {}", ran.stdout);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("waypass {line}: {error}: {}", ran.stdout));
    named(&document.to_string())
}

#[test]
fn every_command_prints_one_document() {
    let mut walk = Walk::begin();
    found(&mut walk);
    work(&mut walk);
    gate(&mut walk);
    wallet(&mut walk);
    office(&mut walk);
    anybody(&mut walk);
    let all: BTreeSet<Vec<String>> = leaves(&walk.commands).cloned().collect();
    let missing: Vec<String> = all.difference(&walk.used).map(|words| words.join(" ")).collect();
    assert!(missing.is_empty(), "commands without a line in this story: {missing:?}");
}

/// An issuer, a gate and a wallet that trust each other.
fn found(walk: &mut Walk) {
    let init = "issuer init --name Clinic --site north --role staff --status bitstring --status-message fine --status-message call \
                --key-file KEY --recovery-file issuer.recovery";
    let root = walk.text("issuer", init, "/root");
    walk.ok("gate", "verifier init --name Door --site north --zone lab --key-file KEY --recovery-file gate.recovery");
    let enrolment = walk.text("gate", "verifier enroll --key-file KEY", "/content");
    walk.place.write("enrolment", &enrolment);
    walk.ok("issuer", "issuer enroll enrolment --key-file KEY");
    walk.ok("ada", "wallet init --key-file KEY --recovery-file ada.recovery");
    assert!(walk.text("issuer", "issuer publish -o - --key-file KEY", "/content").contains("targets"));
    walk.ok("issuer", "issuer publish -o stick --key-file KEY");
    for home in ["gate", "ada"] {
        walk.ok(home, &format!("trust pin stick --digest {root} --key-file KEY"));
        walk.ok(home, "trust bundle stick --key-file KEY");
        walk.ok(home, "trust list");
    }
}

/// Credentials, in every way they leave the office.
fn work(walk: &mut Walk) {
    let did = walk.text("ada", "wallet key --key-file KEY", "/did");
    let issue = format!("issuer issue --holder {did} --role staff --site north --zone lab --key-file KEY");
    let issued = walk.ok("issuer", &format!("{issue} --label Ada"));
    assert!(crate::site::text(&issued, "/content").contains('~') && issued["id"].is_string(), "{issued}");
    walk.place.write("credential", crate::site::text(&issued, "/content"));
    let drawn = walk.ok("issuer", &format!("{issue} --format vc-cose -o binary --qr --qr-png binary.png"));
    assert!(drawn["codes"][0].is_string() && drawn["pictures"][0].is_string() && drawn["file"] == "binary", "{drawn}");
    assert!(walk.ok("issuer", &format!("{issue} --format vc-cose"))["content_base64url"].is_string());
    let vc = walk.text("issuer", &format!("{issue} --format vc -o document"), "/id");
    let offered = walk.ok("issuer", "issuer issue --offer --tx-code --role staff --site north --key-file KEY");
    assert!(crate::site::text(&offered, "/content").starts_with("openid-credential-offer:"), "{offered}");
    assert!(crate::site::text(&offered, "/tx_code").len() == 6 && offered["id"].is_string() && offered["expires_at"].is_i64(), "{offered}");
    let waits = walk.text("issuer", "issuer offer list --key-file KEY", "/offers/0/id");
    assert_eq!(walk.text("issuer", &format!("issuer offer cancel {waits} --key-file KEY"), "/offers/0"), waits);
    walk.ok("issuer", "issuer issue --offer --role staff --site north --key-file KEY -o offer");
    walk.ok("issuer", "issuer publish --admit-cards --yes --key-file KEY");
    walk.ok("issuer", "issuer issue --card --name Ada --document T478 --role staff --site north -o ada.card --key-file KEY");
    let printed = walk.ok("issuer", "issuer card ada.card --pdf ada.pdf --png ada.png --key-file KEY");
    assert!(printed["cards"] == 1 && printed["files"][1] == "ada.png", "{printed}");
    walk.ok("issuer", &format!("issuer message {vc} 1 --key-file KEY"));
    walk.place.write("people.csv", format!("holder,label\n{did},Ada at night\n"));
    let many = walk.ok("issuer", "issuer issue --from people.csv --role staff --site north --yes -o folder --key-file KEY");
    assert_eq!((&many["issued"], &many["result"]), (&1.into(), &"folder/result.csv".into()), "{many}");
    let renewed = walk.ok("issuer", &format!("issuer renew {vc} --valid 300d --yes -o renewed --key-file KEY"));
    assert_eq!((&renewed["issued"], &renewed["faulty"]), (&1.into(), &0.into()), "{renewed}");
    walk.place.write("phrase", "tulip anchor seven");
    let secrets = "--backup-secret-file phrase --backup-recovery-file issuer.recovery --key-file KEY";
    assert_eq!(walk.ok("issuer", &format!("issuer backup -o office.backup {secrets}"))["file"], "office.backup");
    let restored = walk.ok("spare", &format!("issuer restore office.backup {secrets} --recovery-file spare.recovery"));
    assert!(restored["credentials"].as_u64().is_some_and(|count| count > 4), "{restored}");
    walk.ok("issuer", "issuer publish -o stick --key-file KEY");
    walk.ok("gate", "verifier sync --from stick --key-file KEY");
    walk.ok("ada", "wallet sync --from stick");
}

fn gate(walk: &mut Walk) {
    walk.ok("ada", "wallet add credential --key-file KEY");
    walk.ok("gate", "verifier status --key-file KEY");
    let request = walk.text("gate", "verifier challenge --role staff --key-file KEY", "/content");
    walk.place.write("request", request);
    let answer = walk.text("ada", "wallet present --request request --yes --key-file KEY", "/content");
    walk.place.write("answer", answer);
    walk.ok("gate", "verifier verify answer --key-file KEY");
    walk.ok("gate", "verifier clock confirm --by Eva --yes --key-file KEY");
    walk.ok("gate", "verifier challenge --role staff --qr -o request --key-file KEY");
    walk.ok("ada", "wallet present --request request --yes -o answer --qr --key-file KEY");
    walk.ends("gate", "verifier verify answer --key-file KEY", 10);
    let records = walk.ok("gate", "audit list --key-file KEY");
    let records = records["records"].as_array().expect("records");
    let amber = records.iter().find(|record| record["level"] == "amber").expect("an amber verdict");
    walk.ok("gate", &format!("verifier confirm {} --by Eva --second Tom --reason watch --key-file KEY", amber["seq"]));
    walk.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
    walk.ok("ada", "wallet present --request request --yes -o answer --key-file KEY");
    walk.ends("gate", "verifier check answer --key-file KEY", 10);
    walk.ok("gate", "verifier acknowledge --by Eva --key-file KEY");
    let person = walk.text("gate", &format!("audit show {} --key-file KEY", amber["seq"]), "/subject");
    walk.ok("gate", "audit acknowledge --all --by Eva --key-file KEY");
    walk.ok("gate", "audit verify --key-file KEY");
    let log = walk.text("gate", "audit export --key-file KEY", "/content");
    walk.place.write("log", log);
    walk.ok("gate", "audit verify log");
    walk.ok("gate", "verifier sync --to parcel --key-file KEY");
    assert!(walk.text("issuer", "issuer intake parcel --key-file KEY", "/content").contains("receipts"));
    walk.ok("issuer", "issuer intake parcel -o back --key-file KEY");
    walk.ok("gate", &format!("audit erase {person} --by Eva --yes --key-file KEY"));
    scan(walk);
    kiosk(walk);
    slots(walk, "gate", "verifier");
}

/// A gate that stands prints one document for each verdict: here, for an answer that was shown before.
fn scan(walk: &mut Walk) {
    let codes = walk.ok("ada", "qr encode answer")["codes"].clone();
    let lines: Vec<&str> = codes.as_array().expect("codes").iter().filter_map(Value::as_str).collect();
    let lines = lines.join("\n") + "\n";
    walk.used.insert(vec!["verifier".into(), "scan".into()]);
    let args = ["verifier", "scan", "--role", "staff", "-o", "asked", "--key-file", "gate.key", "--json", "--no-input"];
    let ran = finish(walk.place.command(&[], "gate", &args), &lines);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout.lines().map(|line| named(line)["schema"].clone()).collect::<Vec<_>>(), ["waypass.verdict/1"], "{}", ran.stdout);
    ran.stderr.lines().for_each(|line| drop(named(line)));
}

/// A kiosk prints its document when the page can be opened.
fn kiosk(walk: &mut Walk) {
    walk.used.insert(vec!["verifier".into(), "kiosk".into()]);
    let args = ["verifier", "kiosk", "--no-browser", "--key-file", "gate.key", "--json", "--no-input"];
    let mut command = walk.place.command(&[], "gate", &args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the kiosk starts");
    let text = said(&mut child);
    let ran = stopped(child);
    assert_eq!(named(&text)["schema"], "waypass.kiosk/1", "{text}{}", ran.stderr);
    assert!(ran.code == 0 && ran.stdout.is_empty(), "{} {}", ran.code, ran.stdout);
    ran.stderr.lines().for_each(|line| drop(named(line)));
}

fn slots(walk: &mut Walk, home: &str, role: &str) {
    walk.ok(home, &format!("{role} unlock --key-file KEY"));
    walk.ok(home, &format!("{role} lock"));
    walk.ok(home, &format!("{role} slot list"));
    // It needs no factor, and takes one like every other command of the device.
    walk.ok(home, &format!("{role} slot list --key-file KEY"));
    walk.place.write("nobody.key", "not a key file");
    walk.fails(home, &format!("{role} slot list --key-file nobody.key"));
    let added = walk.text(home, &format!("{role} slot add --new-key-file {home}.second --key-file KEY"), "/id");
    walk.ok(home, &format!("{role} slot change {added} --new-key-file {home}.third --key-file KEY"));
    walk.ok(home, &format!("{role} slot label {added} drawer --key-file KEY"));
    walk.ok(home, &format!("{role} slot remove {added} --key-file KEY"));
    walk.ok(home, &format!("{role} slot rekey --yes --recovery-file {home}.code --key-file KEY"));
}

fn wallet(walk: &mut Walk) {
    walk.ok("ada", "wallet status");
    walk.ok("ada", "wallet status --key-file KEY");
    walk.ok("ada", "wallet sync --from stick --key-file KEY");
    walk.ok("ada", "wallet users");
    walk.ok("ada", "wallet clock confirm --yes --key-file KEY");
    // Administrators are asked in the story of `admin.rs`; this site names none.
    for (name, more) in [("let-in", ""), ("erase", " --yes"), ("enrol", " Tom")] {
        walk.fails("ada", &format!("wallet admin {name}{more} --ask question"));
        walk.used.insert(["wallet", "admin", name].map(String::from).to_vec());
    }
    walk.ok("ada", "wallet ready --for 1h --key-file KEY");
    let listed = walk.ok("ada", "wallet list --key-file KEY");
    let id = crate::site::text(&listed, "/credentials/0/id");
    walk.ok("ada", &format!("wallet show {id} --key-file KEY"));
    assert!(walk.text("ada", &format!("wallet show {id} --export - --key-file KEY"), "/content").contains('~'));
    walk.ok("ada", "wallet acknowledge --by Ada --key-file KEY");
    walk.ok("ada", "wallet history --key-file KEY");
    walk.ok("ada", "wallet history --verify --key-file KEY");
    walk.ok("ada", "wallet history --forget 0 --key-file KEY");
    walk.place.write("phrase", "tulip anchor seven");
    let sealed = "copy --backup-secret-file phrase --backup-recovery-file ada.recovery --key-file KEY";
    walk.ok("ada", &format!("wallet backup {sealed}"));
    walk.ok("bob", "wallet init --key-file KEY --recovery-file bob.recovery");
    walk.ok("bob", &format!("wallet restore {sealed}"));
    walk.ok("ada", &format!("wallet remove {id} --yes --key-file KEY"));
    slots(walk, "ada", "wallet");
}

fn office(walk: &mut Walk) {
    walk.ok("issuer", "issuer show --key-file KEY");
    walk.ok("issuer", "issuer settings --key-file KEY");
    walk.ok("issuer", "issuer settings --max-validity 400d --operator Ines --key-file KEY");
    walk.ok("issuer", "issuer acknowledge --by Ines --key-file KEY");
    assert!(walk.ok("issuer", "issuer show --policy --key-file KEY")["rules"]["cedar"].is_string());
    let listed = walk.ok("issuer", "issuer list --key-file KEY");
    let id = crate::site::text(&listed, "/credentials/0/id");
    walk.ok("issuer", &format!("issuer show {id} --key-file KEY"));
    for change in ["suspend", "reinstate", "revoke"] {
        let reason = if change == "reinstate" { "cleared" } else { "investigation" };
        walk.ok("issuer", &format!("issuer {change} {id} --reason {reason} --key-file KEY"));
    }
    walk.ok("issuer", "issuer gates --key-file KEY");
    walk.ok("issuer", "issuer log list --key-file KEY");
    walk.ok("issuer", "issuer log show Door 0 --key-file KEY");
    walk.ok("issuer", "issuer log acknowledge --all --by Ines --key-file KEY");
    assert!(walk.text("issuer", "issuer log export --csv --key-file KEY", "/content").starts_with("gate,"));
    walk.ok("issuer", "issuer log export -o records --key-file KEY");
    let keys = walk.ok("issuer", "issuer key list --key-file KEY");
    let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["use"] == "intake").expect("an intake key");
    walk.ok("issuer", &format!("issuer key replace {} --key-file KEY", key["key"].as_str().expect("a key")));
    walk.place.write("context.json", r#"{"@context":{"@protected":true,"badge":"https://clinic.example/terms#badge"}}"#);
    walk.ok("issuer", "issuer context add context.json --id https://clinic.example/context --key-file KEY");
    walk.ok("issuer", "issuer context list --key-file KEY");
    walk.ok("issuer", "issuer context remove https://clinic.example/context --yes --key-file KEY");
    let made = walk.ok("issuer", "issuer tls init --name localhost --key-file KEY");
    let shown = walk.ok("issuer", "issuer tls show -o site-ca.crt --key-file KEY");
    assert!(made["sha256"] == shown["sha256"] && made["sha256"].is_string(), "{made} {shown}");
    let number = crate::site::text(&shown, "/sha256");
    walk.ok("ada", &format!("trust ca add site-ca.crt --digest {number}"));
    assert_eq!(walk.text("ada", "trust ca list", "/authorities/0/sha256"), number);
    walk.ok("ada", &format!("trust ca remove {number}"));
    others(walk);
    ceremony(walk);
    slots(walk, "issuer", "issuer");
    serve(walk);
}

fn others(walk: &mut Walk) {
    walk.ok("other", "issuer init --name Other --base-url https://other.example --key-file KEY --recovery-file other.recovery");
    walk.ok("other", "issuer authority export entry --key-file KEY");
    walk.ok("issuer", "issuer authority add entry/entry.json --list entry/list-1 --yes --key-file KEY");
    walk.ok("issuer", "issuer authority refresh entry/list-1 --key-file KEY");
    walk.ok("issuer", "issuer authority list --key-file KEY");
    walk.ok("issuer", "issuer authority remove Other --key-file KEY");
}

fn ceremony(walk: &mut Walk) {
    walk.ok("officer", "issuer ceremony init --key-file KEY --recovery-file officer.recovery");
    walk.ok("officer", "issuer ceremony key --key-file KEY");
    assert!(walk.text("issuer", "issuer ceremony prepare root --new-online-keys --key-file KEY", "/content").contains("payload"));
    let paper = walk.text("issuer", "issuer ceremony prepare targets --key-file KEY", "/content");
    walk.place.write("paper", paper);
    walk.ok("issuer", "issuer ceremony sign paper --yes -o signed --key-file KEY");
    walk.ok("issuer", "issuer ceremony assemble signed --key-file KEY");
    walk.ok("officer", "issuer escrow key --name Ines --key-file KEY");
    walk.ok("officer", "issuer escrow list --key-file KEY");
    // It answers a request that waits on a terminal (escrow.rs).
    walk.used.insert(vec!["issuer".into(), "escrow".into(), "release".into()]);
}

/// The service prints its document when it listens; what it logs is JSON too.
fn serve(walk: &mut Walk) {
    walk.used.insert(vec!["issuer".into(), "serve".into()]);
    for args in [&["issuer", "serve", "--key-file", "issuer.key"][..], &["issuer", "serve", "--vc-api"]] {
        let home = if args.len() > 3 { "issuer" } else { "empty" };
        let mut command = walk.place.command(&[], home, args);
        command.args(["--listen", "127.0.0.1:0", "--json", "--no-input"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the service starts");
        let text = said(&mut child);
        let ran = stopped(child);
        let serving: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{}", ran.stderr));
        assert!(named(&serving.to_string())["address"].as_str().is_some_and(|address| address.starts_with("http://")), "{serving}");
        assert!(ran.code == 0 && ran.stdout.is_empty(), "{} {}", ran.code, ran.stdout);
        for line in ran.stderr.lines() {
            assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
        }
    }
}

/// Reads standard output until it is a document.
fn said(child: &mut Child) -> String {
    let mut stdout = child.stdout.take().expect("a pipe");
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    while serde_json::from_str::<Value>(&text).is_err() {
        match stdout.read(&mut piece).expect("readable") {
            0 => break,
            n => text.push_str(std::str::from_utf8(&piece[..n]).expect("UTF-8")),
        }
    }
    child.stdout = Some(stdout);
    text
}

fn stopped(child: Child) -> Ran {
    // Its handler is there when it listens, a moment after the document.
    std::thread::sleep(Duration::from_millis(300));
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
    ended(child)
}

fn anybody(walk: &mut Walk) {
    walk.ok("ada", "trust resolve did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK");
    walk.ok("ada", "inspect credential");
    let codes = walk.ok("ada", "qr encode credential");
    assert!(codes["codes"][0].as_str().is_some_and(|code| code.starts_with("WP1:")), "{codes}");
    walk.ok("ada", "qr encode enrolment -o code.png");
    let pictures = walk.ok("ada", "qr encode enrolment -o code.png")["pictures"].clone();
    let names: Vec<&str> = pictures.as_array().expect("pictures").iter().filter_map(Value::as_str).collect();
    assert!(walk.text("ada", &format!("qr decode {}", names.join(" ")), "/content").contains('.'));
    walk.ok("ada", "doctor");
    walk.ok("gate", "verifier ready --for 1h --key-file KEY");
    walk.ok("gate", "ready --for 1h --key-file KEY");
    assert!(walk.text("ada", "completions bash", "/content").contains("_waypass"));
    walk.ok("ada", "man pages");
    walk.ok("ada", "help");
    walk.ok("ada", "help verdicts");
    assert!(walk.text("ada", "help wallet present", "/text").contains("--request"));
    assert!(walk.text("ada", "wallet present --help", "/text").contains("--request"));
    assert!(walk.text("ada", "--version", "/text").starts_with("waypass "));
    walk.ends("ada", "demo", 3);
    walk.ok("ada", "trust remove --yes --key-file KEY");
}

/// A fault of a line or a file is 2, and the file is named; the network is not to blame.
#[test]
fn a_wrong_file_is_named_and_ends_by_2() {
    let site = crate::site::Site::new(&[], "sd-jwt");
    site.place.write("garbage", "garbage\n");
    site.place.write("empty.garbage", "");
    site.place.write("phrase", "tulip anchor seven");
    for (home, line) in [
        ("ada", "wallet sync --from garbage"),
        ("ada", "wallet add garbage --key-file KEY"),
        ("ada", "wallet present --request garbage --key-file KEY"),
        ("ada", "wallet restore garbage --backup-secret-file phrase --backup-recovery-file ada.recovery --key-file KEY"),
        ("ada", "trust pin garbage --key-file KEY"),
        ("ada", "trust bundle garbage --key-file KEY"),
        ("ada", "inspect garbage"),
        ("ada", "qr decode garbage"),
        ("gate", "verifier sync --from garbage --key-file KEY"),
        ("gate", "verifier verify empty.garbage --key-file KEY"),
        ("gate", "verifier challenge --query garbage --key-file KEY"),
        ("gate", "audit verify garbage"),
        ("issuer", "issuer intake garbage --key-file KEY"),
        ("issuer", "issuer enroll garbage --key-file KEY"),
        ("issuer", "issuer authority add garbage --key-file KEY"),
        ("issuer", "issuer authority refresh garbage --key-file KEY"),
        ("issuer", "issuer context add garbage --id https://clinic.example/c --key-file KEY"),
        ("issuer", "issuer ceremony sign garbage --key-file KEY"),
        ("issuer", "issuer ceremony assemble garbage --key-file KEY"),
        ("issuer", "issuer publish --policy garbage --key-file KEY"),
        ("issuer", "issuer revoke --from garbage --reason lost --key-file KEY"),
        ("issuer", "issuer issue --holder did:key:z6Mk --role staff --site north --claims garbage --key-file KEY"),
    ] {
        let ran = site.run(home, line);
        let error = ran.stderr.lines().last().map(named).unwrap_or_default();
        assert_eq!((ran.code, &error["schema"], &error["exit"]), (2, &"waypass.error/1".into(), &2.into()), "{line}: {}", ran.stderr);
        assert!(error["what"].as_str().is_some_and(|what| what.contains("garbage")), "{line}: {error}");
        assert!(error["next"].as_str().is_some_and(|next| !next.is_empty()), "{line}: {error}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr().map(|at| (taken, at))).expect("a port");
    let ran = site.run("issuer", &format!("issuer serve --listen {} --key-file KEY", taken.1));
    assert!(ran.code == 2 && ran.stderr.contains("address already in use"), "{} {}", ran.code, ran.stderr);
}

/// A line that clap does not understand is answered in the same way as one that cannot be carried out.
#[test]
fn a_wrong_line_is_one_line_of_json() {
    let place = Place::new();
    for line in [
        "--nope",
        "wallet",
        "wallet add --nope",
        "issuer enroll",
        "issuer revoke 12 --reason nothing-like-it",
        "issuer issue --role staff",
        "verifier confirm one --by Eva",
        "--profile ../x doctor",
        "--jsonl --json doctor",
        "frobnicate",
    ] {
        let args: Vec<&str> = line.split(' ').chain(["--json"]).collect();
        let ran = finish(place.command(&[], "home", &args), "");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{line}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{line}: {}", ran.stderr);
        assert_eq!(named(ran.stderr.trim())["schema"], "waypass.error/1", "{line}");
    }
}
