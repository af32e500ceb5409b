//! The VC API server as a process: it starts without an issuer, answers, and ends when it is told to.

use crate::program::{Place, ended};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

const V2: &str = "https://www.w3.org/ns/credentials/v2";

/// One request, and the status and JSON of its answer.
fn ask(address: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).unwrap_or_else(|why| panic!("{why}: {body}")))
}

/// A server in a home that does not exist, and what it said when it started.
struct Server {
    place: Place,
    child: Child,
    said: Value,
}

impl Server {
    fn start() -> Self {
        let place = Place::new();
        let mut command = place.command(&[], "empty", &["--jsonl", "issuer", "serve", "--vc-api", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        let said = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"));
        Self { place, child, said }
    }

    fn address(&self) -> &str {
        self.said["address"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address")
    }

    /// The most memory it ever had, in KiB.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        peak.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    fn end(self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(told.success());
        let ran = ended(self.child);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!self.place.path("empty").exists(), "nothing is kept");
    }
}

#[test]
fn the_vc_api_is_served_with_keys_of_its_own() {
    let server = Server::start();
    let address = server.address();
    let issuer = server.said["issuers"]["ecdsa-rdfc-2019-p384"].as_str().expect("a DID").to_owned();
    let credential = json!({
        "@context": [V2], "type": ["VerifiableCredential"], "issuer": issuer,
        "credentialSubject": {"id": "did:example:ada", "name": "Ada"}
    });
    let (status, issued) = ask(address, "POST", "/ecdsa-rdfc-2019-p384/credentials/issue", &json!({"credential": credential}));
    assert_eq!(status, 201, "{issued}");
    let mut secured = issued["verifiableCredential"].clone();
    let verify = |secured: &Value| ask(address, "POST", "/credentials/verify", &json!({"verifiableCredential": secured}));
    let verified = json!({"verified": true, "checks": ["proof", "validity", "credentialStatus"], "problemDetails": []});
    assert_eq!(verify(&secured), (200, verified));
    secured["credentialSubject"]["name"] = json!("Eve");
    let (status, refused) = verify(&secured);
    assert_eq!((status, &refused["verified"]), (422, &json!(false)), "{refused}");
    let (status, resolved) = ask(address, "GET", &format!("/1.0/identifiers/{issuer}"), &Value::Null);
    assert_eq!((status, &resolved["didDocument"]["id"]), (200, &json!(issuer)), "{resolved}");
    server.end();
}

/// Documents made to cost as much as the limits allow. The bench bounds their cost in time.
fn poison() -> Vec<(&'static str, Value)> {
    let with = |name: &str, value: Value| {
        let mut credential = json!({
            "@context": [V2], "type": ["VerifiableCredential"], "issuer": "did:example:north", "credentialSubject": {"id": "did:example:ada"}
        });
        credential[name] = value;
        credential
    };
    let alike: Vec<Value> = (0..3000).map(|_| json!({"type": "https://example.org/T"})).collect();
    let deep = (0..60).fold(json!("x"), |inner, _| json!({"name": inner}));
    let terms: serde_json::Map<String, Value> = (0..4000).map(|n| (format!("term{n}"), json!(format!("urn:t:{n}")))).collect();
    let scopes = (0..15).fold(json!({"a": "urn:a"}), |inner, n| json!({format!("s{n}"): {"@id": format!("urn:s:{n}"), "@context": inner}}));
    vec![
        ("alike anonymous nodes", with("evidence", json!(alike))),
        ("deep nesting", with("evidence", deep)),
        ("many types", with("type", (0..12_000).map(|n| format!("urn:{n}")).collect())),
        ("a long name", with("name", json!("x".repeat(200_000)))),
        ("a large context", with("@context", json!([V2, terms]))),
        ("many contexts", with("@context", (0..2000).map(|n| json!({format!("t{n}"): "urn:t"})).collect())),
        ("contexts in contexts", with("@context", json!([V2, scopes]))),
        ("many proofs", with("proof", (0..2000).map(|_| json!({"type": "DataIntegrityProof"})).collect())),
        (
            "a large envelope",
            json!({"@context": V2, "type": "EnvelopedVerifiableCredential", "id": format!("data:application/vc+jwt,{}", "A".repeat(200_000))}),
        ),
    ]
}

#[test]
fn poison_is_refused_within_64_mib() {
    let server = Server::start();
    let body = json!({"credential": {"@context": [V2], "type": ["VerifiableCredential"], "issuer": "urn:n", "credentialSubject": {"id": "urn:a"}}});
    let (status, _) = ask(server.address(), "POST", "/eddsa-rdfc-2022/credentials/issue", &body);
    assert_eq!(status, 201);
    let before = server.peak();
    for (name, credential) in poison() {
        let (status, answer) = ask(server.address(), "POST", "/credentials/verify", &json!({"verifiableCredential": credential}));
        assert_eq!((status, &answer["verified"]), (400, &json!(false)), "{name}: {answer}");
        let grown = server.peak().saturating_sub(before);
        assert!(grown < 64 * 1024, "{name}: {grown} KiB");
    }
    server.end();
}
