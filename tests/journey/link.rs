//! The things that a link or an office can do to a gate that synchronizes: stop half way, compress, go back to an older copy.

use crate::program::ended;
use crate::site::{Site, codes};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// The issuer's service as a process.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: String,
}

impl Service {
    fn start(site: &Site) -> Self {
        Self::wrapped(&[], site)
    }

    fn wrapped(wrap: &[&str], site: &Site) -> Self {
        Self::with(wrap, site, &[])
    }

    /// Starts it with further options; the address it gives has no scheme.
    pub(crate) fn with(wrap: &[&str], site: &Site, options: &[&str]) -> Self {
        let args = ["issuer", "serve", "--listen", "127.0.0.1:0", "--key-file", "issuer.key", "--json", "--quiet"];
        let mut command = site.place.command(wrap, "issuer", &[&args[..], options].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the service starts");
        let mut said = serde_json::Deserializer::from_reader(child.stdout.take().expect("a pipe")).into_iter::<Value>();
        let said = said.next().expect("it says where it is").expect("JSON");
        let address = said["address"].as_str().expect("an address").rsplit("//").next().unwrap_or_default().to_owned();
        Self { child, address }
    }

    pub(crate) fn hang_up(&self) {
        let sent = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A proxy before `service` that passes everything on but what `answer` answers itself, by method and path.
fn proxy(service: &str, answer: fn(&str) -> Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = service.to_owned();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let (head, body) = request(&client);
            let line = head.lines().next().unwrap_or_default();
            let own = answer(line.trim_end_matches(" HTTP/1.1"));
            let passed = || -> std::io::Result<Vec<u8>> {
                let mut upstream = TcpStream::connect(&service)?;
                upstream.write_all(head.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes())?;
                upstream.write_all(&body)?;
                let mut whole = Vec::new();
                upstream.read_to_end(&mut whole)?;
                Ok(whole)
            };
            let whole = own.map_or_else(|| passed().unwrap_or_default(), |own| own.as_bytes().to_vec());
            drop(client.write_all(&whole));
        }
    });
    format!("http://{address}")
}

/// The head of a request up to its empty line, and its body.
pub(crate) fn request(client: &TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    drop(reader.read_exact(&mut body));
    (head, body)
}

pub(crate) fn error(ran: &crate::program::Ran) -> (String, String) {
    let line = ran.stderr.lines().find(|line| line.contains("waypass.error/1")).unwrap_or_default();
    let said: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {}", ran.stderr));
    let text = |name: &str| said.pointer(&format!("/{name}")).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("what"), text("next"))
}

/// Waits until the next publication is newer than the last: each has a second of its own.
fn a_second_passes() {
    std::thread::sleep(std::time::Duration::from_millis(1100));
}

/// "Nothing was changed" is said when nothing was, and otherwise what was kept.
#[test]
fn an_interrupted_sync_says_what_it_kept() {
    let site = Site::new(&[], "sd-jwt");
    a_second_passes();
    site.stick();
    let service = Service::start(&site);
    let refuses =
        |line: &str| (line == "POST /audit").then_some("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let from = proxy(&service.address, refuses);
    let held = |site: &Site| site.ok("gate", "trust list")["versions"].clone();
    let before = held(&site);
    let ran = site.run("gate", &format!("verifier sync --from {from} --key-file KEY"));
    let (what, next) = error(&ran);
    assert_eq!((ran.code, what.as_str()), (50, "the server refused the receipt (status 502)"), "{}", ran.stderr);
    assert_ne!(held(&site), before, "the newer bundle was kept");
    assert!(next.starts_with("kept before that: trust bundle"), "{next}");
    assert!(!next.contains("nothing was changed"), "{next}");

    // Compressed by a proxy that does not care what was asked for: nothing is taken, and that is said.
    let compresses = |line: &str| {
        (line == "GET /manifest")
            .then_some("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
    };
    // A scheme in capitals is one all the same.
    let from = proxy(&service.address, compresses).replace("http://", "Http://");
    let before = held(&site);
    let ran = site.run("gate", &format!("verifier sync --from {from} --key-file KEY"));
    let (what, next) = error(&ran);
    assert_eq!(
        (ran.code, what.as_str()),
        (50, "the manifest came compressed, although the request asked for plain bytes"),
        "{}",
        ran.stderr
    );
    assert!(next.starts_with("nothing was changed; tell the operator of the server"), "{next}");
    assert_eq!(held(&site), before);
    drop(service);
}

/// An office that was restored from a copy publishes lists without the withdrawal. A gate that has seen it keeps it, and says so.
#[test]
fn a_restored_office_takes_no_withdrawal_back() {
    let site = Site::new(&[], "sd-jwt");
    let copy = |from: &str, to: &str| {
        let child = Command::new("cp").arg("-a").arg(site.path(from)).arg(site.path(to)).spawn().expect("cp starts");
        assert_eq!(ended(child).code, 0);
    };
    site.ok("ada", "wallet add credential --key-file KEY");
    copy("issuer", "issuer.copy");
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    site.answer("answer");
    assert_eq!(codes(&site.verdict("answer").1), ["revoked"]);

    std::fs::remove_dir_all(site.path("issuer")).expect("removed");
    copy("issuer.copy", "issuer");
    let mut told = String::new();
    for _ in 0..4 {
        a_second_passes();
        site.stick();
        // The first of them are older than what the gate has, and refused.
        told = site.run("gate", "verifier sync --from stick --key-file KEY").stderr;
    }
    assert!(told.contains("takes back 1 final revocations"), "{told}");
    site.answer("again");
    let (code, verdict) = site.verdict("again");
    assert_eq!((code, codes(&verdict)), (20, vec!["revoked"]));
    let status = site.run("gate", "verifier status --key-file KEY");
    assert!(status.stderr.contains("takes back 1 final revocations"), "{}", status.stderr);
    let log = site.run("gate", "audit list --key-file KEY");
    assert!(log.stdout.contains("revocations_taken_back"), "{}", log.stdout);
}

/// A clock was five minutes fast and was set right. A bundle does not say which of the two is true, the answer to the gate's own question does.
#[test]
fn an_answer_to_the_gates_own_question_ends_doubt_about_its_clock() {
    let moved = Command::new("faketime").args(["-f", "+5m", "true"]).output();
    if !moved.is_ok_and(|output| output.status.success()) {
        println!("SKIP an_answer_to_the_gates_own_question_ends_doubt_about_its_clock: faketime is not installed");
        return;
    }
    let site = Site::new(&[], "sd-jwt");
    let run = |wrap: &[&str], line: &str| {
        let words: Vec<&str> = line.split(' ').chain(["--key-file", "door.key", "--json", "--no-input"]).collect();
        crate::program::finish(site.place.command(wrap, "door", &words), "")
    };
    let fast = ["faketime", "-f", "+5m"];
    let clock = |wrap: &[&str]| {
        let status: Value = serde_json::from_str(&run(wrap, "verifier status").stdout).expect("JSON");
        (status["clock"].as_str().unwrap_or_default().to_owned(), status["decides"].as_bool())
    };
    assert_eq!(run(&fast, "verifier init --name Door --site north --zone lab --recovery-file door.recovery").code, 0);
    assert_eq!(run(&fast, "verifier enroll -o door.enrolment").code, 0);
    site.ok("issuer", "issuer enroll door.enrolment --key-file KEY");
    site.stick();
    assert_eq!(run(&fast, &format!("trust pin stick --digest {}", site.root)).code, 0);
    assert_eq!(clock(&fast), ("anchored".to_owned(), Some(true)));
    assert_eq!(clock(&[]), ("doubt".to_owned(), Some(false)));
    a_second_passes();
    site.stick();
    assert_eq!(run(&[], "verifier sync --from stick").code, 0);
    assert_eq!(clock(&[]), ("doubt".to_owned(), Some(false)));

    // Somebody on the way answers in the issuer's place.
    let service = Service::start(&site);
    let forged = |line: &str| (line == "POST /time").then_some("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
    assert_ne!(run(&[], &format!("verifier sync --from {}", proxy(&service.address, forged))).code, 0);
    assert_eq!(clock(&[]).0, "doubt");

    let synced = run(&[], &format!("verifier sync --from http://{}", service.address));
    assert_eq!(synced.code, 0, "{}", synced.stderr);
    let said: Value = serde_json::from_str(&synced.stdout).expect("JSON");
    assert_eq!(said["time_answered"], true, "{said}");
    assert_eq!(clock(&[]), ("anchored".to_owned(), Some(true)));
    drop(service);
}
