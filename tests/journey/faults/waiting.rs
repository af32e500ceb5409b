//! A command that waits for a person or a server holds nothing that others need, and believes nothing that it read before.

use super::site::{GATE, ISSUER, Site, WALLET, advice, number, said, text};
use crate::program::{Ran, WAYPASS, ended, on_a_terminal};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A command on a terminal, with a person who reads and answers.
struct Person {
    child: Child,
    seen: String,
}

impl Person {
    /// Starts `line`, which opens the wallet by its key file.
    fn runs(site: &Site, line: &str) -> Self {
        Self::runs_in(site, WALLET, line)
    }

    fn runs_in(site: &Site, home: &str, line: &str) -> Self {
        let like = site.place.command(&[], home, &[]);
        let mut command = on_a_terminal(&like, &format!("{WAYPASS} {line} --key-file {home}.key"));
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

/// Others of the office issue while somebody reads what a publication would change.
#[test]
fn an_office_works_on_while_a_publication_is_looked_at() {
    let (site, _) = Site::with_credential();
    let rules = site.run(ISSUER, "issuer show --policy").stdout;
    let rules: Value = serde_json::from_str(&rules).expect("JSON");
    let rules = rules["rules"].to_string();
    assert!(rules.contains("50000"), "{rules}");
    site.place.write("rules", rules.replace("50000", "40000"));
    let mut clerk = Person::runs_in(&site, ISSUER, "issuer publish --policy rules");
    let shown = clerk.asked("Publish this? [y/N]");
    assert!(shown.contains("this changes whom gates and wallets believe"), "{shown}");
    let begun = Instant::now();
    site.issue("meanwhile");
    assert!(begun.elapsed() < Duration::from_secs(10), "it waited for the clerk: {:?}", begun.elapsed());
    clerk.answers("y\n");
    assert_eq!(clerk.ends(), 0);
    let rules = site.run(ISSUER, "issuer show --policy").stdout;
    assert!(rules.contains("40000"), "{rules}");
}

#[test]
fn what_others_keep_while_a_person_thinks_is_all_there() {
    let (site, _) = Site::with_credential();
    site.done(GATE, "verifier challenge --role staff -o request");
    let mut person = Person::runs(&site, "wallet present --request request -o answer");
    person.asked(QUESTION);
    // People need not, but they do.
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

#[test]
fn a_gate_decides_while_its_synchronization_hangs_on_a_silent_server() {
    let (site, _) = Site::with_credential();
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = server.local_addr().expect("its address");
    let mut sync = site.command(&[], GATE, &format!("verifier sync --from http://{address}")).spawn().expect("started");
    let (link, _) = server.accept().expect("it asks");
    let started = Instant::now();
    site.ask();
    let verdict = site.done(GATE, "verifier verify answer");
    let taken = started.elapsed();
    assert_eq!(text(&verdict, "verdict"), "allow");
    assert!(sync.try_wait().expect("asked").is_none(), "the server was not silent");
    assert!(taken < Duration::from_secs(10), "somebody stood before the gate for {taken:?}");
    let records = site.records();
    drop((link, server));
    assert_eq!(ended(sync).code, 50);
    assert_eq!(site.records(), records);
}

/// A server that forwards to another, and keeps back what it answers while it is told to.
fn slow_server(to: String, silent: Arc<AtomicBool>, asked: impl Fn(&[u8]) + Send + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = TcpStream::connect(&to).expect("the server is there");
            let (mut near_in, mut far_out) = (near.try_clone().expect("a second handle"), far.try_clone().expect("a second handle"));
            let asked = asked.clone();
            thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(len @ 1..) = near_in.read(&mut bytes) {
                    asked(&bytes[..len]);
                    if far_out.write_all(&bytes[..len]).is_err() {
                        break;
                    }
                }
            });
            let (mut far_in, mut near_out, silent) = (far, near, Arc::clone(&silent));
            thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(len @ 1..) = far_in.read(&mut bytes) {
                    while silent.load(Ordering::SeqCst) {
                        thread::sleep(Duration::from_millis(10));
                    }
                    if near_out.write_all(&bytes[..len]).is_err() {
                        break;
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

#[test]
fn what_a_slow_server_brings_does_not_replace_what_became_newer_meanwhile() {
    let site = Site::new();
    // Each publication has a second of its own.
    thread::sleep(Duration::from_millis(1100));
    site.done(ISSUER, "issuer publish -o behind");
    let mut service = site.place.command(&[], ISSUER, &["issuer", "serve", "--listen", "127.0.0.1:0", "--key-file", "issuer.key", "-q"]);
    let mut service = service.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    let mut line = String::new();
    BufReader::new(service.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it is");
    let real = line.trim().rsplit("http://").next().expect("an address").to_owned();

    let silent = Arc::new(AtomicBool::new(false));
    let (bundle_asked, was_asked) = std::sync::mpsc::channel();
    let stop = Arc::clone(&silent);
    let server = slow_server(real, Arc::clone(&silent), move |request| {
        if request.windows(BUNDLE.len()).any(|window| window == BUNDLE) {
            stop.store(true, Ordering::SeqCst);
            bundle_asked.send(()).expect("told");
        }
    });
    let sync = site.command(&[], GATE, &format!("verifier sync --from {server}")).spawn().expect("started");
    if was_asked.recv_timeout(Duration::from_secs(20)).is_err() {
        let ran = ended(sync);
        panic!("the bundle is not asked for: {}{}", ran.stdout, ran.stderr);
    }
    // The answer is on its way when a courier brings a newer bundle.
    thread::sleep(Duration::from_millis(1100));
    site.done(ISSUER, "issuer publish -o ahead");
    site.done(GATE, "verifier sync --from ahead");
    let newest = timestamp(&site);
    silent.store(false, Ordering::SeqCst);
    let ran: Ran = ended(sync);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(advice(&ran).0.contains("another command changed what this gate believes"), "{}", ran.stderr);
    assert_eq!(timestamp(&site), newest);
    site.records();
    service.kill().expect("killed");
    service.wait().expect("gone");
}

/// The parts of a request for the bundle.
const BUNDLE: &[u8] = b"GET /bundle/metadata";

fn timestamp(site: &Site) -> u64 {
    let believed = site.look(GATE, "trust list");
    number(said(&believed.stdout).get("versions").unwrap_or(&Value::Null), "timestamp")
}
