//! The kiosk: the gate of this machine behind a page on the loopback address, spoken to as the page speaks to it.

use crate::link::{Service, error};
use crate::program::{Ran, ended};
use crate::scan::{answer, fifo, log, site, until};
use crate::site::Site;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use waypass_qr::{Scan, Scanner, read_pixels};
use waypass_vault::{Factors, KdfCost, NewSlot, Password};

/// A kiosk, and the token of its start.
struct Kiosk {
    child: Child,
    host: String,
    token: String,
}

/// An answer: status, head in lower case, body.
struct Got {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Kiosk {
    fn new(site: &Site, more: &[&str]) -> Self {
        let args = [&["verifier", "kiosk", "--no-browser", "--json"], more].concat();
        let mut child = site.place.command(&[], "gate", &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut said = serde_json::Deserializer::from_reader(child.stdout.take().expect("a pipe")).into_iter::<Value>();
        let said = said.next().expect("it says where it is").expect("JSON");
        let host = said["address"].as_str().expect("an address").trim_start_matches("http://").to_owned();
        let page = said["page"].as_str().expect("a file");
        let mode = |path: &str| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(page), mode(&page.replace("/start.html", ""))), (0o600, 0o700));
        let start = fs::read_to_string(page).expect("read");
        let (_, token) = start.split_once(&format!("url=http://{host}/#kiosk=")).expect("the page's address");
        let token = token.split('"').next().expect("a token").to_owned();
        assert!(!said.to_string().contains(&token) && token.len() == 43, "{said}");
        Self { child, host, token }
    }

    fn send(&self, head: &str, body: &[u8]) -> Got {
        let mut stream = TcpStream::connect(&self.host).expect("connected");
        let length = body.len();
        stream.write_all(format!("{head}Connection: close\r\nContent-Length: {length}\r\n\r\n").as_bytes()).expect("sent");
        stream.write_all(body).expect("sent");
        let mut whole = Vec::new();
        stream.read_to_end(&mut whole).expect("answered");
        let end = whole.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&whole[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Got { status, head, body: whole.split_off(end + 4) }
    }

    /// Asks the gate with these headers in the place of the right ones.
    fn asked(&self, host: &str, more: &str) -> u16 {
        self.send(&format!("POST /engine HTTP/1.1\r\nHost: {host}\r\n{more}"), &packed(&json!({ "do": "look" }))).status
    }

    fn call(&self, request: &Value) -> Value {
        let Self { host, token, .. } = self;
        let head = format!("POST /engine HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nAuthorization: Bearer {token}\r\n");
        let got = self.send(&head, &packed(request));
        assert_eq!(got.status, 200, "{}", got.head);
        let length = u32::from_be_bytes(got.body[..4].try_into().expect("four bytes")) as usize;
        serde_json::from_slice(&got.body[4..4 + length]).expect("JSON")
    }

    fn frame(&self) -> Value {
        self.call(&json!({ "do": "tick" }))["frame"].clone()
    }

    /// Waits until a question is shown, and puts it where Ada's wallet finds it.
    fn question(&self, site: &Site) {
        let mut codes = Value::Null;
        for _ in 0..200 {
            codes = self.frame()["question"].clone();
            if codes.is_array() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let mut scanner = Scanner::new();
        let whole = codes.as_array().expect("a question").iter().find_map(|code| match scanner.line(read(code).as_bytes()) {
            Scan::Whole(payload) => Some(payload),
            _ => None,
        });
        fs::write(site.path("question"), whole.expect("a whole question")).expect("written");
    }

    fn end(self, signal: rustix::process::Signal) -> Ran {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).expect("it is there");
        ended(self.child)
    }
}

fn packed(request: &Value) -> Vec<u8> {
    let json = request.to_string();
    [&u32::try_from(json.len()).expect("short").to_be_bytes()[..], json.as_bytes()].concat()
}

/// Reads a code as a camera would: from the path that a page draws.
fn read(code: &Value) -> String {
    const SCALE: usize = 4;
    let side = usize::try_from(code["side"].as_u64().expect("a side")).expect("small");
    let wide = side * SCALE;
    let mut pixels = vec![255; wide * wide];
    for run in code["path"].as_str().expect("a path").split('M').skip(1) {
        let numbers: Vec<usize> = run.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        for y in numbers[1] * SCALE..(numbers[1] + 1) * SCALE {
            pixels[y * wide..][numbers[0] * SCALE..(numbers[0] + numbers[2]) * SCALE].fill(0);
        }
    }
    let side = u32::try_from(wide).expect("small");
    read_pixels(side, side, &pixels).expect("read").remove(0)
}

const TERM: rustix::process::Signal = rustix::process::Signal::TERM;

#[test]
fn a_person_is_let_in_by_the_page_and_the_door_opens_on_green_alone() {
    let site = site();
    let kiosk = Kiosk::new(&site, &["--key-file", "gate.key", "--on-green", "touch opened"]);
    kiosk.question(&site);
    let before = log(&site).len();
    let codes = answer(&site, "answer");
    let mut frame = Value::Null;
    for code in &codes {
        frame = kiosk.call(&json!({ "do": "line", "text": code }))["frame"].clone();
    }
    assert_eq!((&frame["kind"], &frame["verdict"]["level"]), (&"verdict".into(), &"green".into()), "{frame}");
    until("the door opens", || site.path("opened").exists());
    // Other commands of the gate work meanwhile, and see what was written down.
    assert_eq!(log(&site).len(), before + 1);

    fs::remove_file(site.path("opened")).expect("it is there");
    // After the ten seconds in which nobody is red for a code that is still in front of the scanner.
    std::thread::sleep(std::time::Duration::from_secs(11));
    kiosk.call(&json!({ "do": "key", "key": "enter" }));
    for code in &codes {
        frame = kiosk.call(&json!({ "do": "line", "text": code }))["frame"].clone();
    }
    assert_eq!(frame["verdict"]["level"], "red", "{frame}");
    let ran = kiosk.end(TERM);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!site.path("opened").exists(), "the door is open");
    assert!(!site.path("gate/kiosk/start.html").exists(), "the token is left");
}

#[test]
fn only_the_page_of_this_start_and_this_machine_is_answered() {
    let site = site();
    let kiosk = Kiosk::new(&site, &["--key-file", "gate.key"]);
    let Kiosk { host, token, .. } = &kiosk;
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(kiosk.asked(host, &bearer), 200);
    assert_eq!(kiosk.asked(host, &format!("{bearer}Origin: http://{host}\r\n")), 200);
    assert_eq!(kiosk.asked(host, ""), 401);
    assert_eq!(kiosk.asked(host, &format!("Authorization: Bearer {}\r\n", "A".repeat(43))), 401);
    let port = host.rsplit(':').next().expect("a port");
    for name in [format!("gate.example:{port}"), "127.0.0.1".to_owned(), format!("127.0.0.1.example:{port}")] {
        assert_eq!(kiosk.asked(&name, &bearer), 421, "{name}");
    }
    for origin in ["http://evil.example", "null", &format!("https://{host}"), "http://127.0.0.1:1"] {
        assert_eq!(kiosk.asked(host, &format!("{bearer}Origin: {origin}\r\n")), 403, "{origin}");
    }
    let head = format!("POST /engine HTTP/1.1\r\nHost: {host}\r\n{bearer}");
    assert_eq!(kiosk.send(&head, b"\0\0\0\xffcut").status, 400);
    // The way to the office is for the page too, and there is no office here.
    let manifest = format!("GET /manifest HTTP/1.1\r\nHost: {host}\r\n");
    assert_eq!(kiosk.send(&manifest, b"").status, 401);
    assert_eq!(kiosk.send(&format!("{manifest}{bearer}"), b"").status, 502);

    // A start has a token of its own.
    let old = bearer.clone();
    assert_eq!(kiosk.end(rustix::process::Signal::INT).code, 130);
    let next = Kiosk::new(&site, &["--key-file", "gate.key"]);
    assert_eq!(next.asked(&next.host, &old), 401);
    assert_eq!(next.end(TERM).code, 0);
}

#[test]
fn a_scanner_on_a_line_of_its_own_is_shown_on_the_page() {
    let site = site();
    let line = fifo(&site, "line");
    let kiosk = Kiosk::new(&site, &["--key-file", "gate.key", "--device", "line"]);
    let mut scanner = fs::OpenOptions::new().write(true).open(&line).expect("plugged in");
    kiosk.question(&site);
    for code in answer(&site, "answer") {
        write!(scanner, "{code}\r\n").expect("scanned");
    }
    until("a verdict", || kiosk.call(&json!({ "do": "look" }))["frame"]["kind"] == "verdict");
    assert_eq!(kiosk.call(&json!({ "do": "look" }))["frame"]["verdict"]["level"], "green");
    // A page without a camera says nothing about the scanner of the gate.
    kiosk.call(&json!({ "do": "scanner", "state": "denied" }));
    drop(scanner);
    assert_eq!(kiosk.end(TERM).code, 0);
}

#[test]
fn a_gate_that_lost_its_power_is_ready_again_by_itself() {
    let site = site();
    let kiosk = Kiosk::new(&site, &["--key-file", "gate.key"]);
    kiosk.question(&site);
    let first = kiosk.token.clone();
    assert_eq!(kiosk.end(rustix::process::Signal::KILL).code, 128 + 9);
    let kiosk = Kiosk::new(&site, &["--key-file", "gate.key"]);
    assert_ne!(kiosk.token, first);
    kiosk.question(&site);
    let frame = kiosk.frame();
    assert_eq!((&frame["stage"], &frame["kind"]), (&"open".into(), &"ready".into()), "{frame}");
    // A person who locks it finds it open again: its key file is there.
    kiosk.call(&json!({ "do": "lock" }));
    assert_eq!(kiosk.frame()["stage"], "open");
    assert_eq!(kiosk.end(TERM).code, 0);
}

/// Holds the gate's vault, as a command does that does not end.
fn hold(site: &Site) -> fs::File {
    let lock = fs::OpenOptions::new().write(true).open(site.path("gate/verifier/lock")).expect("there");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).expect("held");
    lock
}

#[test]
fn a_gate_that_another_program_has_says_so_and_opens_when_that_has_ended() {
    const BUSY: &str = "Another program of this device is using the gate";
    let site = site();
    let held = hold(&site);
    let kiosk = Kiosk::new(&site, &["--key-file", "gate.key"]);
    let mut frame = kiosk.frame();
    assert_eq!((&frame["stage"], &frame["advice"][0]), (&"locked".into(), &BUSY.into()), "{frame}");
    assert!(frame["advice"][1].as_str().expect("a next step").contains("Wait until it has ended"), "{frame}");
    drop(held);
    until("it opens", || kiosk.frame()["stage"] == "open");
    kiosk.question(&site);
    let codes = answer(&site, "answer");
    let before = log(&site).len();

    let held = hold(&site);
    let scan = || {
        let frames: Vec<Value> = codes.iter().map(|code| kiosk.call(&json!({ "do": "line", "text": code }))["frame"].clone()).collect();
        frames.last().expect("a code").clone()
    };
    frame = scan();
    assert_eq!((&frame["verdict"]["level"], &frame["notice"]), (&"grey".into(), &BUSY.into()), "{frame}");
    drop(held);
    assert_eq!(log(&site).len(), before, "nothing was decided");
    // After the ten seconds in which a code in front of the scanner is the same showing.
    std::thread::sleep(std::time::Duration::from_secs(11));
    frame = scan();
    assert_eq!(frame["verdict"]["level"], "green", "{frame}");
    let ran = kiosk.end(TERM);
    assert!(ran.code == 0 && ran.stderr.contains("the gate is in use by "), "{}", ran.stderr);
}

/// A gate that 0.1.0 made, opened on the page with a pass phrase and by no command before.
#[test]
fn a_gate_of_the_first_version_is_upgraded_by_the_page() {
    const PHRASE: &str = "seven grey herons at noon";
    let site = Site::empty();
    let made = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/0.1.0");
    for folder in ["trust", "verifier"] {
        copied(&made.join("gate").join(folder), &site.path("gate").join(folder));
    }
    let key = site.path("old.key");
    fs::copy(made.join("gate.key"), &key).expect("copied");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("set");
    let key = waypass_machine::key_file::read(&key).expect("read");
    let mut vault = waypass_machine::open(&site.path("gate/verifier")).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&key), &waypass_machine::clock::read()).expect("unlocks");
    assert!(unlocked.needs_upgrade());
    let phrase = Password::new(PHRASE);
    let at = waypass_machine::clock::read().wall;
    unlocked.add_slot(&NewSlot::of(Factors::one(&phrase)), KdfCost::Floor, at).expect("added");
    drop(unlocked);
    drop(vault);

    let kiosk = Kiosk::new(&site, &[]);
    assert_eq!(kiosk.frame()["stage"], "locked");
    let opened = kiosk.call(&json!({ "do": "unlock", "phrase": PHRASE }));
    assert_eq!((&opened["failed"], &opened["frame"]["stage"]), (&Value::Null, &"open".into()), "{opened}");
    let events = || {
        let records = kiosk.call(&json!({ "do": "log", "count": 50 }))["records"].clone();
        records.as_array().expect("records").iter().filter(|record| record["event"] == "upgraded").count()
    };
    assert_eq!(events(), 1);
    kiosk.call(&json!({ "do": "lock" }));
    kiosk.call(&json!({ "do": "unlock", "phrase": PHRASE }));
    assert_eq!(events(), 1, "once");
    assert_eq!(kiosk.end(TERM).code, 0);
}

fn copied(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).expect("made");
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).expect("set");
    for file in fs::read_dir(from).expect("listed") {
        let file = file.expect("an entry");
        let to = to.join(file.file_name());
        fs::copy(file.path(), &to).expect("copied");
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).expect("set");
    }
}

#[test]
fn without_a_key_file_the_page_asks_for_the_pass_phrase() {
    let site = site();
    let kiosk = Kiosk::new(&site, &[]);
    let frame = kiosk.frame();
    assert_eq!((&frame["stage"], &frame["question"]), (&"locked".into(), &Value::Null), "{frame}");
    let made = kiosk.call(&json!({ "do": "create", "name": "x", "site": "x", "zone": "x", "phrase": "tulip anchor seven lamp" }));
    assert!(made["failed"].is_object() && made["recovery"].is_null(), "{made}");
    let code = fs::read_to_string(site.path("gate.recovery")).expect("written").trim().to_owned();
    let opened = kiosk.call(&json!({ "do": "unlock", "phrase": code, "recovery": true }));
    assert_eq!((&opened["failed"], &opened["frame"]["stage"]), (&Value::Null, &"open".into()), "{opened}");
    assert_eq!(kiosk.end(TERM).code, 0);
}

#[test]
fn the_page_synchronizes_by_way_of_the_kiosk() {
    let site = site();
    let office = Service::with(&[], &site, &[]);
    let kiosk = Kiosk::new(&site, &["--key-file", "gate.key", "--server", &format!("http://{}", office.address)]);
    let Kiosk { host, token, .. } = &kiosk;
    let bearer = format!("Host: {host}\r\nAuthorization: Bearer {token}\r\n");
    let got = kiosk.send(&format!("GET /manifest HTTP/1.1\r\n{bearer}"), b"");
    assert_eq!(got.status, 200, "{}", got.head);
    assert!(serde_json::from_slice::<Value>(&got.body).expect("JSON")["timestamp"].is_u64());
    let asked = kiosk.send(&format!("POST /time HTTP/1.1\r\n{bearer}"), br#"{"nonce":"x"}"#);
    assert_eq!(asked.status, 400, "what the office says is passed on: {}", asked.head);
    assert_eq!(kiosk.send(&format!("GET /metrics HTTP/1.1\r\n{bearer}"), b"").status, 404);
    assert_eq!(kiosk.end(TERM).code, 0);
}

#[test]
fn the_page_comes_with_the_headers_that_keep_it_safe() {
    let site = site();
    let kiosk = Kiosk::new(&site, &["--key-file", "gate.key"]);
    let get = |path: &str| kiosk.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", kiosk.host), b"");
    let index = get("/");
    if index.status == 404 {
        println!("SKIP the page of a kiosk: the pages are not built; cargo xtask web builds them");
    } else {
        assert!(index.head.contains("content-security-policy: default-src 'none'; "), "{}", index.head);
        assert_eq!(get("/app.js").status, 200);
        let foreign = kiosk.send("GET / HTTP/1.1\r\nHost: gate.example\r\n", b"");
        assert_eq!(foreign.status, 421);
    }
    assert_eq!(get("/more.js").status, 404);
    assert_eq!(kiosk.end(TERM).code, 0);
}

#[test]
fn a_browser_that_ends_is_started_again_and_ends_with_the_kiosk() {
    let site = site();
    // Serving no pages is for people with a browser of their own, so this one needs the built pages.
    let args = ["verifier", "kiosk", "--key-file", "gate.key", "--json", "--browser", "tee -a started"];
    let mut child = site.place.command(&[], "gate", &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut said = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().expect("a pipe")), &mut said).expect("a line");
    if said.is_empty() {
        let ran = ended(child);
        assert!(ran.code == 2 && error(&ran).1.contains("cargo xtask web"), "{}", ran.stderr);
        println!("SKIP the browser of a kiosk: the pages are not built");
        return;
    }
    until("it starts a browser", || site.path("started").exists());
    fs::remove_file(site.path("started")).expect("it is there");
    until("it starts another one", || site.path("started").exists());
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), TERM).expect("it is there");
    assert_eq!(ended(child).code, 0);
}

#[test]
fn a_kiosk_without_a_gate_or_for_others_is_refused() {
    let site = Site::empty();
    let none = site.run("gate", "verifier kiosk --no-browser");
    let (what, next) = error(&none);
    assert!(none.code != 0 && next.contains("waypass verifier init"), "{what}; {next}");
    assert!(!site.path("gate/verifier").exists(), "a kiosk makes no vault");
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let ran = site.run("gate", &format!("verifier kiosk --no-browser --listen {address}"));
        let (what, _) = error(&ran);
        assert!(ran.code == 2 && what.ends_with("can be reached from other machines"), "{what}");
    }
}
