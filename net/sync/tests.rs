use super::{Event, SyncError, run};
use crate::client::{Link, Timeouts};
use crate::error::TransportError;
use crate::testing::{Answer, Server, ok};
use crate::transport::{FileTransport, HttpTransport, RelayTransport, Transport as _};
use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use waypass_credential::base64url;
use waypass_trust::bundle::{Digest, TimeNonce};
use waypass_trust::sync::{AuditHeld, Device, Kept, ListHeld, Manifest, Parcel, Part, Receipted, Step};

/// Records in one upload of the device below.
const BATCH: u64 = 4;

fn manifest(root: u64, timestamp: u64, targets: u64, policy: u64, lists: &[(&str, i64)], audit: AuditHeld) -> Manifest {
    let mut manifest = Manifest::of(None, audit);
    (manifest.root, manifest.timestamp, manifest.snapshot, manifest.targets, manifest.policy) =
        (root, timestamp, timestamp, targets, policy);
    manifest.lists = lists.iter().map(|(uri, at)| list(uri, *at)).collect();
    manifest
}

fn list(uri: &str, issued_at: i64) -> ListHeld {
    ListHeld { uri: uri.to_owned(), issued_at, sha256: Digest::of(token(uri, issued_at).as_bytes()).to_string() }
}

/// A JWS in form only: planning believes nothing, and the device below takes everything.
fn token(uri: &str, issued_at: i64) -> String {
    let part = |text: &str| base64url::encode(text.as_bytes());
    let signature = base64url::encode(&[0; 64]);
    format!(
        "{}.{}.{signature}",
        part(r#"{"alg":"EdDSA","typ":"statuslist+jwt"}"#),
        part(&format!(r#"{{"sub":"{uri}","iat":{issued_at}}}"#))
    )
}

const A: &str = "https://waypass.example/lists/a";
const B: &str = "https://waypass.example/lists/b-7";

fn held() -> Manifest {
    manifest(1, 3, 2, 1, &[(A, 100)], AuditHeld { size: 10, receipted: 0 })
}

fn offered() -> Manifest {
    manifest(3, 5, 4, 2, &[(A, 200), (B, 150)], AuditHeld::default())
}

/// A device that takes everything and writes down what it took; it can lose power at any commit.
struct Gate {
    held: Manifest,
    target: Manifest,
    log: Vec<String>,
    fail_at: Option<usize>,
    /// True if its clock is so far behind that it keeps the bundle aside.
    is_slow: bool,
}

#[derive(Debug)]
struct PowerCut;

impl fmt::Display for PowerCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the power is gone")
    }
}

impl core::error::Error for PowerCut {}

impl Gate {
    fn new() -> Self {
        Self { held: held(), target: offered(), log: Vec::new(), fail_at: None, is_slow: false }
    }

    fn commit(&mut self, what: String) -> Result<(), PowerCut> {
        if self.fail_at == Some(self.log.len()) {
            self.fail_at = None;
            return Err(PowerCut);
        }
        self.log.push(what);
        Ok(())
    }
}

impl Device for Gate {
    type Error = PowerCut;

    fn held(&self) -> Result<Manifest, PowerCut> {
        Ok(self.held.clone())
    }

    fn apply_root(&mut self, envelope: &[u8]) -> Result<(), PowerCut> {
        assert!(!envelope.is_empty());
        self.commit(format!("root {}", self.held.root + 1))?;
        self.held.root += 1;
        Ok(())
    }

    fn ask_time(&mut self) -> Result<Option<TimeNonce>, PowerCut> {
        Ok(Some([7; 32]))
    }

    fn apply_time(&mut self, answer: &[u8]) -> Result<(), PowerCut> {
        assert_eq!(answer, b"noon");
        Ok(())
    }

    fn apply_bundle(&mut self, metadata: &[u8]) -> Result<Kept, PowerCut> {
        assert!(!metadata.is_empty());
        if self.is_slow {
            return self.commit("bundle, aside".to_owned()).map(|()| Kept::Aside);
        }
        self.commit("bundle".to_owned())?;
        let target = &self.target;
        (self.held.timestamp, self.held.snapshot, self.held.targets) = (target.timestamp, target.snapshot, target.targets);
        Ok(Kept::Believed)
    }

    fn apply_list_aside(&mut self, token: &[u8]) -> Result<(), PowerCut> {
        assert!(!token.is_empty());
        self.commit("list, aside".to_owned())
    }

    fn apply_list(&mut self, uri: &str, token: &[u8]) -> Result<(), PowerCut> {
        let new = self.target.lists.iter().find(|list| list.uri == uri).expect("an offered list").clone();
        assert_eq!(Digest::of(token).to_string(), new.sha256);
        self.commit(format!("list {uri}"))?;
        self.held.lists.retain(|list| list.uri != uri);
        self.held.lists.push(new);
        Ok(())
    }

    fn apply_policies(&mut self) -> Result<(), PowerCut> {
        self.commit("policies".to_owned())?;
        self.held.policy = self.target.policy;
        Ok(())
    }

    fn upload(&mut self, from: u64) -> Result<Option<Part>, PowerCut> {
        let next = self.held.audit.size.min(from + BATCH);
        Ok((next > from).then(|| Part { bytes: format!(r#"{{"from":{from},"next":{next}}}"#).into_bytes(), next }))
    }

    fn receipt(&mut self, receipt: &str) -> Result<Receipted, PowerCut> {
        let Some(size) = receipt.strip_prefix("receipt ") else {
            return Ok(Receipted::AnotherDevice);
        };
        self.commit(receipt.to_owned())?;
        self.held.audit.receipted = size.parse().expect("a number");
        Ok(Receipted::Taken)
    }
}

const WHOLE: [&str; 9] = [
    "root 2",
    "root 3",
    "bundle",
    "list https://waypass.example/lists/a",
    "list https://waypass.example/lists/b-7",
    "policies",
    "receipt 4",
    "receipt 8",
    "receipt 10",
];

fn serve(path: &str, body: &[u8]) -> Answer {
    match path {
        "/t1/manifest" => ok(offered().to_bytes()),
        "/t1/root/2" => ok("root 2"),
        "/t1/root/3" => ok("root 3"),
        "/t1/time" => ok("noon"),
        "/t1/bundle/metadata" => ok("metadata"),
        "/t1/lists/a" => ok(token(A, 200)),
        "/t1/lists/b-7" => ok(token(B, 150)),
        "/t1/audit" => {
            let text = core::str::from_utf8(body).expect("JSON");
            let next = text.trim_end_matches('}').rsplit(':').next().expect("a number");
            ok(format!("receipt {next}\n"))
        }
        other => panic!("{other} was asked for"),
    }
}

fn http(server: &Server) -> HttpTransport {
    let short = Duration::from_secs(2);
    HttpTransport::new(
        &format!("{}/t1", server.base),
        &Link { timeouts: Timeouts { connect: short, silence: short, total: short * 10 }, ..Link::default() },
    )
    .expect("a client")
}

fn quiet(_: &Event<'_>) {}

#[test]
fn everything_in_order_denials_before_uploads() {
    let server = Server::start(|request| serve(&request.path, &request.body));
    let mut gate = Gate::new();
    let mut begun = Vec::new();
    let outcome = run(&mut gate, &mut http(&server), &mut |event| {
        if let Event::Begun(step) = event {
            begun.push((*step).clone());
        }
    });
    let outcome = outcome.expect("synchronized");
    assert_eq!(gate.log, WHOLE);
    assert_eq!(begun, outcome.steps);
    assert_eq!((outcome.uploads, outcome.receipts, outcome.carried, outcome.kept), (3, 3, false, false));
    assert_eq!(outcome.steps.last(), Some(&Step::AuditUpload(0)));
    assert_eq!((outcome.answered, outcome.bundle), (true, Some(Kept::Believed)));
    // The next run finds nothing to do, and asks for nothing but the manifest and the time.
    let before = server.asked().len();
    assert_eq!(run(&mut gate, &mut http(&server), &mut quiet).expect("synchronized").steps, []);
    assert_eq!(server.asked()[before..], ["GET /t1/manifest", "POST /t1/time"]);
}

/// The withdrawals of a bundle that is kept aside are fetched, its rules are not used, and the log goes up all the same.
#[test]
fn lists_of_a_bundle_that_is_kept_aside_are_kept_with_it() {
    let server = Server::start(|request| serve(&request.path, &request.body));
    let mut gate = Gate { is_slow: true, ..Gate::new() };
    let outcome = run(&mut gate, &mut http(&server), &mut quiet).expect("synchronized");
    let log = ["root 2", "root 3", "bundle, aside", "list, aside", "list, aside", "receipt 4", "receipt 8", "receipt 10"];
    assert_eq!(gate.log, log);
    assert_eq!(outcome.bundle, Some(Kept::Aside));
    assert_eq!(outcome.steps, [Step::Root(3), Step::AuditUpload(0)]);
}

/// One of 0.1.0, and one whose own clock waits for a person.
#[test]
fn a_service_without_an_answer_is_synchronized_with_all_the_same() {
    for status in [404, 405, 503] {
        let server = Server::start(move |request| match request.path.as_str() {
            "/t1/time" => Answer::Is(status, br#"{"error":"not_found"}"#.to_vec()),
            path => serve(path, &request.body),
        });
        let mut gate = Gate::new();
        let outcome = run(&mut gate, &mut http(&server), &mut quiet).expect("synchronized");
        assert!(!outcome.answered);
        assert_eq!(gate.log, WHOLE);
    }
    // Its question: one nonce, as base64url.
    let server = Server::start(|request| {
        if request.path == "/t1/time" {
            assert_eq!(request.body, format!(r#"{{"nonce":"{}"}}"#, base64url::encode(&[7; 32])).into_bytes());
        }
        serve(&request.path, &request.body)
    });
    run(&mut Gate::new(), &mut http(&server), &mut quiet).expect("synchronized");
}

#[test]
fn a_link_that_breaks_anywhere_is_continued() {
    let requests = 10;
    for broken in 0..requests {
        for how in 0..3 {
            let count = Arc::new(AtomicUsize::new(0));
            let server = Server::start(move |request| {
                if count.fetch_add(1, Ordering::SeqCst) != broken {
                    return serve(&request.path, &request.body);
                }
                match (how, serve(&request.path, &request.body)) {
                    (0, _) => Answer::HangsUp,
                    (1, Answer::Is(_, body)) => Answer::Cut(body),
                    _ => Answer::Is(500, br#"{"error":"busy"}"#.to_vec()),
                }
            });
            let mut gate = Gate::new();
            let first = run(&mut gate, &mut http(&server), &mut quiet);
            assert!(matches!(first, Err(SyncError::Transport { .. })), "request {broken} way {how}: {first:?}");
            let before = gate.log.clone();
            assert_eq!(before, WHOLE[..before.len()]);
            run(&mut gate, &mut http(&server), &mut quiet).expect("synchronized");
            assert_eq!(gate.log, WHOLE, "request {broken} way {how}");
            assert_eq!(gate.held.audit.receipted, 10);
        }
    }
}

#[test]
fn a_power_cut_at_any_commit_is_continued() {
    let server = Server::start(|request| serve(&request.path, &request.body));
    for cut in 0..WHOLE.len() {
        let mut gate = Gate { fail_at: Some(cut), ..Gate::new() };
        let first = run(&mut gate, &mut http(&server), &mut quiet);
        assert!(matches!(first, Err(SyncError::Device { .. })), "commit {cut}");
        assert_eq!(gate.log, WHOLE[..cut]);
        run(&mut gate, &mut http(&server), &mut quiet).expect("synchronized");
        assert_eq!(gate.log, WHOLE);
    }
}

/// The behaviour of a broken or hostile server instead of answering `path`.
fn misbehaving(path: &'static str, how: impl Fn() -> Answer + Send + 'static) -> SyncError<PowerCut> {
    let server = Server::start(move |request| if request.path == path { how() } else { serve(&request.path, &request.body) });
    run(&mut Gate::new(), &mut http(&server), &mut quiet).expect_err("refused")
}

#[test]
fn answers_are_bounded_while_they_arrive() {
    for path in ["/t1/manifest", "/t1/root/2", "/t1/bundle/metadata", "/t1/lists/a", "/t1/audit"] {
        let announced = misbehaving(path, || Answer::Announces(1 << 40));
        assert!(matches!(announced, SyncError::Transport { source: TransportError::TooLarge { .. }, .. }), "{path}: {announced}");
        let flooded = misbehaving(path, || Answer::Floods);
        assert!(matches!(flooded, SyncError::Transport { source: TransportError::TooLarge { .. }, .. }), "{path}: {flooded}");
    }
}

/// A proxy that compresses whatever it may is asked not to, and one that does all the same is named as the fault.
#[test]
fn compressed_answers_are_not_asked_for_and_are_told_from_wrong_ones() {
    let polite = Server::start(|request| match request.header("accept-encoding") {
        Some("identity") => serve(&request.path, &request.body),
        other => panic!("asked for {other:?}"),
    });
    run(&mut Gate::new(), &mut http(&polite), &mut quiet).expect("plain bytes all the way");
    for path in ["/t1/manifest", "/t1/root/2", "/t1/bundle/metadata", "/t1/lists/a", "/t1/audit"] {
        let said = misbehaving(path, || Answer::Encoded("gzip", b"\x1f\x8b\x08".to_vec())).to_string();
        assert!(said.ends_with("came compressed, although the request asked for plain bytes"), "{path}: {said}");
    }
    let named = Server::start(|request| match serve(&request.path, &request.body) {
        Answer::Is(200, body) => Answer::Encoded("Identity", body),
        other => other,
    });
    run(&mut Gate::new(), &mut http(&named), &mut quiet).expect("plain bytes under their own name");
}

#[test]
fn refusals_keep_their_code_and_redirects_are_not_followed() {
    let refused = misbehaving("/t1/lists/a", || Answer::Is(404, br#"{"error":"no_such_list"}"#.to_vec()));
    assert_eq!(
        refused.to_string(),
        "status list https://waypass.example/lists/a: the server refused the status list: no_such_list (status 404)"
    );
    // Texts for people come from a short alphabet.
    let odd = misbehaving("/t1/lists/a", || Answer::Is(500, br#"{"error":"\u001b[2J click here"}"#.to_vec()));
    assert!(matches!(odd, SyncError::Transport { source: TransportError::Refused { status: 500, code: None, .. }, .. }));
    let other = Server::start(|_| panic!("a redirect was followed"));
    let to = other.base.clone();
    let moved = misbehaving("/t1/root/2", move || Answer::Moved(format!("{to}/root/2")));
    assert!(matches!(moved, SyncError::Transport { source: TransportError::Refused { status: 302, .. }, .. }), "{moved}");
}

#[test]
fn no_server_and_a_silent_one_have_their_own_words() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let mut gone = HttpTransport::new(&format!("http://127.0.0.1:{port}"), &Link::default()).expect("a client");
    let words = run(&mut Gate::new(), &mut gone, &mut quiet).expect_err("nobody is there").to_string();
    assert_eq!(words, format!("127.0.0.1:{port} cannot be reached"));
    let server = Server::start(|_| Answer::Hangs);
    let short = Duration::from_millis(200);
    let mut silent =
        HttpTransport::new(&server.base, &Link { timeouts: Timeouts { connect: short, silence: short, total: short }, ..Link::default() })
            .expect("a client");
    let silence = run(&mut Gate::new(), &mut silent, &mut quiet).expect_err("nobody answers");
    assert!(matches!(silence, SyncError::Transport { step: None, source: TransportError::TimedOut { .. } }), "{silence}");
}

#[test]
fn older_and_odd_offers_are_refused_before_anything_is_taken() {
    let offers: [(Vec<u8>, &str); 3] = [
        (manifest(1, 2, 2, 1, &[(A, 100)], AuditHeld::default()).to_bytes(), "timestamp version 2 is offered and version 3 is held"),
        (
            manifest(90, 5, 4, 2, &[(A, 200)], AuditHeld::default()).to_bytes(),
            "root 90 is offered and 1 is held: more than 32 versions lie between",
        ),
        (b"<html>".to_vec(), "what came is not the manifest"),
    ];
    for (offer, words) in offers {
        let server = Server::start(move |_| ok(offer.clone()));
        let mut gate = Gate::new();
        assert_eq!(run(&mut gate, &mut http(&server), &mut quiet).expect_err("refused").to_string(), words);
        assert_eq!(gate.log, Vec::<String>::new());
    }
}

#[test]
fn a_list_is_asked_for_at_our_server_only() {
    for (uri, asked) in
        [("https://elsewhere.example/x/y/a", Some("GET /t1/lists/a")), ("https://x.example/..", None), ("", None), ("x/a?b=c", None)]
    {
        let server = Server::start(|_| Answer::Is(404, Vec::new()));
        let refused = crate::transport::Transport::list(&mut http(&server), uri);
        assert!(refused.is_err());
        assert_eq!(server.asked().first().map(String::as_str), asked, "{uri}");
    }
}

#[test]
fn addresses_are_strict() {
    for bad in
        ["", "issuer.example", "ftp://issuer.example/", "file:///etc/passwd", "http://u:p@issuer.example/", "http://x/?q", "http://x/#f"]
    {
        assert!(matches!(HttpTransport::new(bad, &Link::default()), Err(TransportError::Address { .. })), "{bad}");
    }
}

/// A bundle file in form only.
fn bundle_file() -> Vec<u8> {
    let envelope = |payload: String| format!(r#"{{"payload":"{}","signatures":[]}}"#, base64url::encode(payload.as_bytes()));
    let roots: Vec<String> = (1..=3).map(|version| envelope(format!(r#"{{"version":{version}}}"#))).collect();
    format!(
        r#"{{"schema":"waypass.bundle/1","root":[{}],"timestamp":{},"snapshot":{},"targets":{},"lists":["{}","{}"]}}"#,
        roots.join(","),
        envelope(r#"{"version":5}"#.to_owned()),
        envelope(r#"{"version":5}"#.to_owned()),
        envelope(r#"{"version":4,"policy":{"version":2}}"#.to_owned()),
        token(A, 200),
        token(B, 150)
    )
    .into_bytes()
}

fn parcel(path: &std::path::Path) -> Parcel {
    Parcel::parse(&std::fs::read(path).expect("a file")).expect("a parcel")
}

#[test]
fn a_stick_carries_both_ways() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (bundle, outbox, back) = (dir.path().join("site.json"), dir.path().join("out.json"), dir.path().join("back.json"));
    std::fs::write(&bundle, bundle_file()).expect("written");

    // To the gate: a bare bundle file. From it: the log.
    let mut gate = Gate::new();
    let mut transport = FileTransport::new(Some(&bundle), Some(&outbox)).expect("read");
    let outcome = run(&mut gate, &mut transport, &mut quiet).expect("synchronized");
    assert_eq!(gate.log, WHOLE[..6]);
    assert_eq!((outcome.uploads, outcome.receipts, outcome.carried), (3, 0, true));
    let sent = parcel(&outbox);
    assert_eq!(sent.uploads[2], br#"{"from":8,"next":10}"#);

    // Back to the gate: receipts, one of them for another gate.
    let receipts = vec!["another's".to_owned(), "receipt 10".to_owned()];
    let parcel = Parcel { bundle: Some(bundle_file()), receipts, ..Parcel::default() };
    std::fs::write(&back, parcel.to_bytes().expect("a parcel")).expect("written");
    let mut transport = FileTransport::new(Some(&back), Some(&outbox)).expect("read");
    let outcome = run(&mut gate, &mut transport, &mut quiet).expect("synchronized");
    assert_eq!((outcome.uploads, outcome.receipts), (0, 1));
    assert_eq!(gate.held.audit.receipted, 10);
}

#[test]
fn a_stick_one_way_only() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (bundle, outbox) = (dir.path().join("site.json"), dir.path().join("out.json"));
    std::fs::write(&bundle, bundle_file()).expect("written");
    let mut gate = Gate::new();
    let outcome = run(&mut gate, &mut FileTransport::new(Some(&bundle), None).expect("read"), &mut quiet).expect("synchronized");
    assert!(outcome.kept && gate.log == WHOLE[..6]);
    let mut gate = Gate::new();
    let outcome = run(&mut gate, &mut FileTransport::new(None, Some(&outbox)).expect("read"), &mut quiet).expect("synchronized");
    assert_eq!((outcome.uploads, gate.log.len()), (3, 0));
    assert_eq!(parcel(&outbox).uploads.len(), 3);
}

#[test]
fn files_that_are_none_say_so() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.json");
    assert!(matches!(FileTransport::new(Some(&path), None), Err(TransportError::File { .. })));
    for bad in ["", "{}", r#"{"schema":"waypass.bundle/1"}"#, r#"{"schema":"waypass.bundle/1","root":[],"timestamp":1}"#] {
        std::fs::write(&path, bad).expect("written");
        assert!(matches!(FileTransport::new(Some(&path), None), Err(TransportError::BadAnswer { .. })), "{bad}");
    }
    let nowhere = dir.path().join("no/such/folder/out.json");
    let failed = run(&mut Gate::new(), &mut FileTransport::new(None, Some(&nowhere)).expect("nothing to read"), &mut quiet);
    assert!(matches!(failed, Err(SyncError::Transport { source: TransportError::File { .. }, .. })));
}

/// A page fetches, and its engine goes on with what came: each run ends at the first thing that is still to be fetched.
#[test]
fn a_link_that_somebody_else_holds_leads_to_the_same() {
    let mut relay = RelayTransport::new();
    let mut gate = Gate::new();
    let mut fetched = Vec::new();
    let outcome = loop {
        assert!(fetched.len() < 20, "it comes to no end: {fetched:?}");
        match run(&mut gate, &mut relay, &mut quiet) {
            Err(SyncError::Transport { source: TransportError::NotYet, .. }) => {
                let ask = relay.wanted().expect("something is to be fetched");
                let Answer::Is(status, body) = serve(&format!("/t1/{}", ask.path), ask.body.as_deref().unwrap_or_default()) else {
                    panic!("an answer")
                };
                assert!(body.len() <= ask.limit);
                fetched.push(ask.path.clone());
                relay.answer(status, body);
            }
            ended => break ended.expect("synchronized"),
        }
    };
    assert_eq!(gate.log, WHOLE);
    assert_eq!(outcome.steps, [Step::AuditUpload(8)]);
    let asked = ["manifest", "root/2", "root/3", "time", "bundle/metadata", "lists/a", "lists/b-7", "audit", "audit", "audit"];
    assert_eq!(fetched, asked);
}

#[test]
fn what_somebody_else_fetched_is_bounded_and_its_errors_are_told() {
    let after = |status: u16, body: &[u8]| {
        let mut relay = RelayTransport::new();
        assert!(matches!(relay.manifest(), Err(TransportError::NotYet)));
        let limit = relay.wanted().expect("the manifest").limit;
        relay.answer(status, if body == b"LONG" { vec![b'['; limit + 1] } else { body.to_vec() });
        assert!(relay.wanted().is_none());
        relay.manifest().expect_err("refused")
    };
    assert!(matches!(after(0, b""), TransportError::Unreachable { .. }));
    assert!(matches!(after(200, b"LONG"), TransportError::TooLarge { .. }));
    assert!(matches!(after(200, b"[]"), TransportError::BadAnswer { .. }));
    let refused = after(403, br#"{"error":"unknown_gate"}"#);
    assert!(matches!(&refused, TransportError::Refused { status: 403, code: Some(code), .. } if code == "unknown_gate"), "{refused:?}");
    // An answer that nobody waits for is not kept.
    let mut relay = RelayTransport::new();
    relay.answer(200, offered().to_bytes());
    assert!(matches!(relay.manifest(), Err(TransportError::NotYet)));
}
