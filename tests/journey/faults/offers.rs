//! A pick-up that is cut off, or that waits for a server: what was offered is not lost, it is issued once, and nobody else waits.

use super::site::{GATE, ISSUER, Site, WALLET, advice, calm, items, number, said, text};
use crate::link::request;
use crate::program::{Place, ended};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// The moment at which a request is held up.
#[derive(Clone, Copy, PartialEq, Debug)]
enum When {
    /// Before the issuer hears of it.
    Asked,
    /// After the issuer has done it, before the wallet hears of it.
    Done,
    /// When the wallet has the answer.
    Answered,
    /// As [`Self::Done`], and then the connection ends.
    Lost,
}

/// A request of the wallet that stands still until this is dropped.
type Held = Sender<()>;

/// The request to hold up, by the end of its path, the moment, and whom to tell.
type Trap = Arc<Mutex<Option<(&'static str, When, Sender<Held>)>>>;

/// A site whose issuer is reached through a link that can be held up.
struct Linked {
    site: Site,
    service: Child,
    trap: Trap,
}

impl Linked {
    fn new() -> Self {
        let link = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", link.local_addr().expect("an address"));
        let mut site = Site { place: Place::new(), holder: String::new() };
        let init = format!("issuer init --name North --base-url {base} --role staff --site north --recovery-file issuer.code");
        let root = text(&site.done(ISSUER, &init), "root").to_owned();
        text(&site.done(WALLET, "wallet init --recovery-file wallet.code"), "did").clone_into(&mut site.holder);
        site.issue("first");
        site.done(ISSUER, "issuer publish -o stick");
        assert_eq!(site.run(WALLET, &format!("trust pin stick --digest {root}")).code, 0);
        let mut service =
            site.place.command(&[], ISSUER, &["issuer", "serve", "--listen", "127.0.0.1:0", "--key-file", "issuer.key", "-q"]);
        let mut service = service.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
        let mut line = String::new();
        BufReader::new(service.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it is");
        let real = line.trim().rsplit("http://").next().expect("an address").to_owned();
        let trap = Trap::default();
        let set = Arc::clone(&trap);
        thread::spawn(move || {
            for near in link.incoming().flatten() {
                let (real, trap) = (real.clone(), Arc::clone(&set));
                thread::spawn(move || pass(near, &real, &trap));
            }
        });
        Self { site, service, trap }
    }

    /// Holds up the next request for `path`.
    fn hold(&self, path: &'static str, when: When) -> Receiver<Held> {
        let (tell, told) = channel();
        *self.trap.lock().expect("whole") = Some((path, when, tell));
        told
    }

    /// An offer in the file `name`; the transaction code, where it needs one, in `name.code`.
    fn offer(&self, name: &str, coded: bool) {
        let line = format!("issuer issue --offer --role staff --site north --zone lab -o {name}");
        let made = self.site.run(ISSUER, &if coded { format!("{line} --tx-code") } else { line });
        assert_eq!(made.code, 0, "{}", made.stderr);
        if coded {
            self.site.place.write(&format!("{name}.code"), text(&said(&made.stdout), "tx_code"));
        }
    }

    /// Credentials on the issuer's record, without the first.
    fn issued(&self) -> usize {
        items(&self.site.done(ISSUER, "issuer list"), "credentials").len() - 1
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        drop(self.service.kill());
        drop(self.service.wait());
    }
}

/// Passes one request on, and holds it up where the trap says so.
fn pass(mut near: TcpStream, real: &str, trap: &Trap) {
    let (head, body) = request(&near);
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let hold = |when: When| {
        let mut trap = trap.lock().expect("whole");
        if let Some((_, _, tell)) = trap.take_if(|(end, at, _)| path.ends_with(*end) && *at == when) {
            drop(trap);
            let (held, until) = channel();
            drop(tell.send(held));
            // Ends when the other side is dropped.
            let _ended = until.recv();
            return true;
        }
        false
    };
    hold(When::Asked);
    let Ok(mut far) = TcpStream::connect(real) else { return };
    let mut whole = Vec::new();
    let sent = far.write_all(head.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes()).and_then(|()| far.write_all(&body));
    if sent.and_then(|()| far.read_to_end(&mut whole)).is_err() {
        return;
    }
    hold(When::Done);
    if hold(When::Lost) {
        return;
    }
    drop(near.write_all(&whole));
    hold(When::Answered);
}

/// Every step of a pick-up, in its order.
const STEPS: [&str; 5] =
    ["/.well-known/openid-credential-issuer", "/.well-known/oauth-authorization-server", "/token", "/nonce", "/credential"];

/// Killed at every step, on both sides of what the issuer does. The offer goes on, by its file or without it, and is issued once.
#[test]
fn a_pick_up_that_is_killed_at_any_step_goes_on() {
    let linked = Linked::new();
    let site = &linked.site;
    let mut rounds = 0;
    for (at, step) in STEPS.into_iter().enumerate() {
        for (when, after) in [(When::Asked, 0), (When::Done, 0), (When::Answered, 0), (When::Answered, 3), (When::Answered, 12)] {
            rounds += 1;
            let (name, coded) = (format!("offer-{rounds}"), rounds % 2 == 0);
            linked.offer(&name, coded);
            let whole = if coded { format!("wallet add {name} --tx-code-file {name}.code") } else { format!("wallet add {name}") };
            let told = linked.hold(step, when);
            let mut child = site.command(&[], WALLET, &whole).spawn().expect("started");
            let held = told.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("{step} is not asked for"));
            thread::sleep(Duration::from_millis(after));
            child.kill().expect("killed, or ended before");
            let struck = calm(killed(child), &whole);
            drop(held);

            let place = format!("{step} {when:?} {after}");
            let listed = site.run(WALLET, "wallet list");
            assert_eq!(listed.code, 0, "{place}: {}", listed.stderr);
            let is_begun = listed.stderr.contains("was cut off") || listed.stderr.contains("kept aside");
            let has_it = items(&said(&listed.stdout), "credentials").len() == rounds;
            // From the token on nothing but the wallet's own note can save it.
            let aside = number(&said(&site.look(WALLET, "wallet status").stdout), "aside");
            assert_eq!(aside > 0, is_begun, "{place}");
            assert!(is_begun || has_it || at < 2 || (at == 2 && when == When::Asked), "{place}: {}", listed.stderr);
            if !has_it {
                assert!(struck.stdout.is_empty(), "{place}: acknowledged and gone");
                let again = if is_begun && rounds % 3 != 0 { "wallet add" } else { &whole };
                let again = site.run(WALLET, again);
                assert_eq!(again.code, 0, "{place}: {}{}", again.stdout, again.stderr);
            }
            assert_eq!((site.held().len(), linked.issued()), (rounds, rounds), "{place}");
            let listed = site.run(WALLET, "wallet list");
            assert!(!listed.stderr.contains("cut off") && !listed.stderr.contains("aside"), "{place}: {}", listed.stderr);
        }
    }
    site.done(WALLET, "wallet history --verify");
}

/// Returns how a killed process ended, with the words it had said until then.
fn killed(child: Child) -> crate::program::Ran {
    let ran = ended(child);
    crate::program::Ran { code: if ran.code >= 128 { 0 } else { ran.code }, ..ran }
}

/// The issuer's answer does not arrive: the wallet says that nothing is lost, and goes on.
#[test]
fn a_link_that_breaks_in_the_middle_loses_no_offer() {
    let linked = Linked::new();
    for (round, step) in [(1, "/token"), (2, "/nonce"), (3, "/credential")] {
        linked.offer("offer", false);
        let told = linked.hold(step, When::Lost);
        let child = linked.site.command(&[], WALLET, "wallet add offer").spawn().expect("started");
        drop(told.recv_timeout(Duration::from_secs(30)).expect("asked for"));
        let ran = ended(child);
        assert_eq!(ran.code, 50, "{step}: {}", ran.stderr);
        assert!(advice(&ran).1.starts_with("nothing is lost: `waypass wallet add` goes on"), "{step}: {}", ran.stderr);
        linked.site.done(WALLET, "wallet add");
        assert_eq!((linked.site.held().len(), linked.issued()), (round, round), "{step}");
    }
}

/// While the issuer's server hangs, at whatever step, the same wallet answers a gate.
#[test]
fn a_wallet_is_free_while_a_pick_up_hangs_on_a_silent_server() {
    let linked = Linked::new();
    let site = &linked.site;
    site.done(WALLET, "wallet add first");
    site.done(GATE, "verifier init --name Door --site north --zone lab --recovery-file gate.code");
    site.done(GATE, "verifier enroll -o enrolment");
    site.done(ISSUER, "issuer enroll enrolment");
    site.done(ISSUER, "issuer publish -o newer");
    assert_eq!(site.look(WALLET, "wallet sync --from newer").code, 0);
    for (round, step) in STEPS.into_iter().enumerate() {
        linked.offer("offer", false);
        let told = linked.hold(step, When::Asked);
        let mut child = site.command(&[], WALLET, "wallet add offer").spawn().expect("started");
        let held = told.recv_timeout(Duration::from_secs(30)).expect("asked for");
        let started = Instant::now();
        assert_eq!(site.held().len(), round + 1);
        site.done(WALLET, "wallet key");
        let taken = started.elapsed();
        assert!(taken < Duration::from_secs(10), "{step}: somebody waited for {taken:?}");
        assert!(child.try_wait().expect("asked").is_none(), "the server was not silent");
        drop(held);
        let ran = ended(child);
        assert_eq!(ran.code, 0, "{step}: {}", ran.stderr);
        assert_eq!(site.held().len(), round + 2);
    }
}

/// An issuer that answers and says no is not a broken link: a script that tries again on 50 would do so for ever.
#[test]
fn an_issuer_that_answers_and_refuses_ends_with_red() {
    let linked = Linked::new();
    let site = &linked.site;
    let office = site.done(ISSUER, "issuer show");
    let base = text(&office["settings"], "base_url").to_owned();
    // An offer of a role that the office gave up. Its service is at work, and goes by the settings of now.
    site.done(ISSUER, "issuer settings --add-role porter");
    site.done(ISSUER, "issuer issue --offer --role porter --site north --zone lab -o offer");
    site.done(ISSUER, "issuer settings --remove-role porter --yes");
    let refused = site.run(WALLET, "wallet add offer");
    let (what, next) = advice(&refused);
    assert_eq!(refused.code, 20, "{}", refused.stderr);
    assert!(what.contains("credential_request_denied") && next.contains("new offer"), "{what}\n{next}");
    assert_eq!((site.held().len(), linked.issued()), (0, 0));

    // The log of a gate that is not enrolled.
    site.done(GATE, "verifier init --name Door --site north --zone lab --recovery-file gate.code");
    assert_eq!(site.run(GATE, &format!("trust pin stick --digest {}", text(&office, "root"))).code, 0);
    let refused = site.run(GATE, &format!("verifier sync --from {base}"));
    let (what, next) = advice(&refused);
    assert_eq!(refused.code, 20, "{}", refused.stderr);
    assert!(what.contains("not_enrolled") && next.contains("same answer"), "{what}\n{next}");

    // A server that is no issuer, and one that is busy, may answer otherwise later.
    for (status, body) in [("404 Not Found", "<html></html>"), ("429 Too Many Requests", r#"{"error":"slow_down"}"#), ("503 Busy", "")] {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let from = format!("http://{}", server.local_addr().expect("an address"));
        thread::spawn(move || {
            for mut near in server.incoming().flatten() {
                request(&near);
                let kind = if body.starts_with('{') { "application/json" } else { "text/html" };
                let head =
                    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                drop(near.write_all(&[head.as_bytes(), body.as_bytes()].concat()));
            }
        });
        let ran = site.run(GATE, &format!("verifier sync --from {from}"));
        assert_eq!(ran.code, 50, "{status}: {}", ran.stderr);
    }
}
