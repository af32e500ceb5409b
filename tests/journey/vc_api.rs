//! The VC API server as a process: it starts without an issuer, answers, and ends when it is told to.

use crate::program::{Place, ended};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

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

#[test]
fn the_vc_api_is_served_with_keys_of_its_own() {
    let place = Place::new();
    let mut command = place.command(&[], "empty", &["--jsonl", "issuer", "serve", "--vc-api", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"));
    let address = said["address"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address").to_owned();

    let issuer = said["issuers"]["ecdsa-rdfc-2019-p384"].as_str().expect("a DID").to_owned();
    let credential = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"], "issuer": issuer,
        "credentialSubject": {"id": "did:example:ada", "name": "Ada"}
    });
    let (status, issued) = ask(&address, "POST", "/ecdsa-rdfc-2019-p384/credentials/issue", &json!({"credential": credential}));
    assert_eq!(status, 201, "{issued}");
    let mut secured = issued["verifiableCredential"].clone();
    let verify = |secured: &Value| ask(&address, "POST", "/credentials/verify", &json!({"verifiableCredential": secured}));
    assert_eq!(verify(&secured), (200, json!({"verified": true, "problemDetails": []})));
    secured["credentialSubject"]["name"] = json!("Eve");
    let (status, refused) = verify(&secured);
    assert_eq!((status, &refused["verified"]), (422, &json!(false)), "{refused}");
    let (status, resolved) = ask(&address, "GET", &format!("/1.0/identifiers/{issuer}"), &Value::Null);
    assert_eq!((status, &resolved["didDocument"]["id"]), (200, &json!(issuer)), "{resolved}");

    let told = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill");
    assert!(told.success());
    let ran = ended(child);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!place.path("empty").exists(), "nothing is kept");
}
