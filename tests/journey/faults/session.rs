//! A session: one process holds the vault open, and commands reach it by a socket.

use super::site::{Actor, GATE, ISSUER, Site, WALLET, advice, calm, items, number, said, text};
use crate::program::{Place, Ran, WAYPASS, ended, finish, on_a_terminal};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// An open session, which ends with the test.
struct Session<'s> {
    site: &'s Site,
    actor: Actor,
    /// Its process.
    id: u32,
}

impl<'s> Session<'s> {
    fn open(site: &'s Site, actor: Actor, scopes: &str) -> Self {
        Self::with_server(site, actor, scopes, "")
    }

    /// Opens one in whose settings a server is named.
    fn with_server(site: &'s Site, actor: Actor, scopes: &str, server: &str) -> Self {
        let mut command = site.command(&[], actor, &format!("{} unlock --verbose{scopes}", role(actor)));
        command.env("WAYPASS_SERVER", server);
        let ran = calm(finish(command, ""), "unlock");
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        let id = ran.stderr.lines().find_map(|line| text(&said(line), "text").strip_prefix("the session is process ")?.parse().ok());
        Self { site, actor, id: id.expect("it names its process") }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.id.to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    fn is_there(&self) -> bool {
        // A dead one may still be listed, until its parent asks.
        fs::read_to_string(format!("/proc/{}/stat", self.id)).is_ok_and(|stat| !stat.contains(") Z "))
    }

    fn ends(&self) {
        let begun = Instant::now();
        while self.is_there() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the session does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn socket(&self) -> std::path::PathBuf {
        self.site.vault(self.actor).with_file_name("session")
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if self.is_there() {
            drop(Command::new("kill").args(["-KILL", &self.id.to_string()]).status());
        }
    }
}

fn role(actor: Actor) -> &'static str {
    if actor == GATE { "verifier" } else { actor }
}

/// A command of a session that must succeed.
fn done(site: &Site, actor: Actor, line: &str) -> Value {
    let ran = site.look(actor, line);
    assert_eq!(ran.code, 0, "{line}: {}{}", ran.stdout, ran.stderr);
    said(&ran.stdout)
}

/// A command with a person on a terminal, who is asked.
fn person(site: &Site, line: &str) -> Child {
    let like = site.place.command(&[], WALLET, &[]);
    let mut command = on_a_terminal(&like, &format!("{WAYPASS} {line}"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Reads what the person sees, until the question is there.
fn asked(person: &mut Child, question: &str) -> String {
    let (mut shown, mut byte) = (Vec::new(), [0]);
    while !String::from_utf8_lossy(&shown).contains(question) {
        let read = person.stdout.as_mut().expect("piped").read(&mut byte).expect("read");
        assert_eq!(read, 1, "it ended: {}", String::from_utf8_lossy(&shown));
        shown.extend(byte);
    }
    String::from_utf8_lossy(&shown).into_owned()
}

const QUESTION: &str = "Show this? [y/N]";

#[test]
fn one_unlock_serves_every_command_until_it_is_locked() {
    let (site, _) = Site::with_credential();
    let _gate = Session::open(&site, GATE, "");
    let session = Session::open(&site, WALLET, "");
    let status = done(&site, WALLET, "wallet status");
    assert_eq!(status["locked"], Value::Bool(false));
    assert_eq!(status["session"]["scopes"], serde_json::json!(["read", "present", "records", "keys", "slots"]));
    assert!(status["session"]["idle_seconds"].as_u64().is_some_and(|left| (290..=300).contains(&left)), "{status}");
    assert!(status["session"]["whole_seconds"].as_u64().is_some_and(|left| (43_100..=43_200).contains(&left)), "{status}");
    for _ in 0..5 {
        done(&site, GATE, "verifier challenge --role staff -o request");
        done(&site, WALLET, "wallet present --request request --yes -o answer");
        assert_eq!(text(&done(&site, GATE, "verifier verify answer"), "verdict"), "allow");
    }
    assert_eq!(items(&done(&site, WALLET, "wallet history"), "entries").len(), 8, "pinned, taken in, opened, and shown five times");
    // What comes by standard input and goes to standard output does so in the caller's.
    done(&site, GATE, "verifier challenge --role staff -o request");
    let request = fs::read_to_string(site.place.path("request")).expect("there");
    let piped = site.place.command(&[], WALLET, &["wallet", "present", "--request", "-", "--yes", "-q"]);
    let ran = calm(finish(piped, &request), "present -");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    site.place.write("answer", &ran.stdout);
    assert_eq!(text(&done(&site, GATE, "verifier verify answer"), "verdict"), "allow");
    // A relative name means what it means where the command is.
    fs::create_dir(site.place.path("inside")).expect("a folder");
    let mut inside = site.place.command(&[], WALLET, &["wallet", "present", "--request", "../request", "--yes", "-o", "answer"]);
    inside.current_dir(site.place.path("inside"));
    assert_eq!(calm(finish(inside, ""), "present").code, 0);
    assert!(site.place.path("inside/answer").exists());

    assert_eq!(done(&site, WALLET, "wallet lock")["was_open"], Value::Bool(true));
    session.ends();
    assert!(!session.socket().exists());
    let status = done(&site, WALLET, "wallet status");
    assert_eq!((&status["locked"], &status["session"]), (&Value::Bool(true), &Value::Null));
    assert_eq!(site.look(WALLET, "wallet list").code, 40);
    assert_eq!(done(&site, WALLET, "wallet lock")["was_open"], Value::Bool(false));
}

#[test]
fn a_session_does_what_its_scopes_say_and_nothing_else() {
    let (site, _) = Site::with_credential();
    site.done(GATE, "verifier challenge --role staff -o request");
    let _session = Session::open(&site, WALLET, " --scope read,present");
    let held = items(&done(&site, WALLET, "wallet list"), "credentials").len();
    assert_eq!(held, 1);
    done(&site, WALLET, "wallet present --request request --yes -o answer");
    let id = site.held().remove(0);
    for (line, needed) in [
        (format!("wallet remove {id} --yes"), "records"),
        (format!("wallet show {id} --export out"), "records"),
        ("wallet add first".to_owned(), "records"),
        ("wallet key --p256".to_owned(), "keys"),
        ("wallet slot add --new-key-file new.key".to_owned(), "slots"),
        ("wallet backup out --backup-secret-file a --backup-recovery-file b".to_owned(), "keys"),
    ] {
        let ran = site.look(WALLET, &line);
        assert_eq!(ran.code, 40, "{line}: {}", ran.stdout);
        let (what, next) = advice(&ran);
        assert_eq!(what, format!("this session may read and present, and this command needs `{needed}`"), "{line}");
        assert!(next.contains("--key-file FILE") && next.contains("waypass wallet lock"), "{next}");
    }
    assert!(!site.place.path("out").exists() && !site.place.path("new.key").exists());
    assert_eq!(site.held().len(), 1);
    // A command that shows what opens the vault is done as without a session.
    site.done(WALLET, &format!("wallet remove {id} --yes"));
    assert!(items(&done(&site, WALLET, "wallet list"), "credentials").is_empty());
}

#[test]
fn signals_lock_and_a_killed_session_leaves_nothing_that_stops_the_next() {
    let (site, _) = Site::with_credential();
    for signal in ["-TERM", "-HUP", "-INT"] {
        let session = Session::open(&site, WALLET, "");
        session.signal(signal);
        session.ends();
        assert!(!session.socket().exists(), "{signal}");
        assert_eq!(site.look(WALLET, "wallet list").code, 40, "{signal}");
    }
    let session = Session::open(&site, WALLET, "");
    session.signal("-KILL");
    session.ends();
    assert!(session.socket().exists(), "a crash takes nothing away");
    assert_eq!(site.look(WALLET, "wallet list").code, 40);
    assert_eq!(site.held().len(), 1);
    assert_eq!(done(&site, WALLET, "wallet status")["locked"], Value::Bool(true));
    let _next = Session::open(&site, WALLET, "");
    assert_eq!(items(&done(&site, WALLET, "wallet list"), "credentials").len(), 1);
}

#[test]
fn of_two_that_open_at_once_one_does() {
    let site = Site::new();
    let line = "wallet unlock --verbose";
    let children = [(); 2].map(|()| site.command(&[], WALLET, line).spawn().expect("started"));
    let ran = children.map(|child| calm(ended(child), line));
    let mut codes = ran.each_ref().map(|ran| ran.code);
    codes.sort_unstable();
    assert_eq!(codes, [0, 2], "{} {}", ran[0].stderr, ran[1].stderr);
    let refused = ran.iter().find(|ran| ran.code == 2).expect("one");
    assert!(advice(refused).0.starts_with("a session of this wallet is open already"), "{}", refused.stderr);
    let again = site.run(WALLET, line);
    assert_eq!((again.code, advice(&again).0.contains("may read, present, records, keys and slots")), (2, true), "{}", again.stderr);
    done(&site, WALLET, "wallet list");
    done(&site, WALLET, "wallet lock");
}

#[test]
fn a_wrong_secret_opens_no_session_and_is_said_as_ever() {
    let site = Site::new();
    site.place.write("wrong", "not this one at all");
    site.place.write("right", "tulip anchor seven");
    site.done(WALLET, "wallet slot add --new-secret-file right");
    let ran = site.look(WALLET, "wallet unlock --secret-file wrong");
    let alone = site.look(WALLET, "wallet list --secret-file wrong");
    assert_eq!((ran.code, advice(&ran).1), (41, advice(&alone).1), "{}", ran.stderr);
    assert!(!site.vault(WALLET).with_file_name("session").exists());
    assert_eq!(site.look(WALLET, "wallet unlock").code, 40, "nobody was asked");
    let nothing = site.place.command(&[], "nowhere", &["wallet", "unlock", "--json"]);
    assert_eq!(finish(nothing, "").code, 2);
}

#[test]
fn a_person_who_is_asked_keeps_nobody_waiting_and_may_walk_away() {
    let (site, _) = Site::with_credential();
    site.done(GATE, "verifier challenge --role staff -o request");
    let session = Session::open(&site, WALLET, "");
    let mut first = person(&site, "wallet present --request request -o answer");
    let shown = asked(&mut first, QUESTION);
    assert!(shown.contains("stays private"), "{shown}");
    // Others of the session, others with a factor, and what needs none.
    let begun = Instant::now();
    assert_eq!(items(&done(&site, WALLET, "wallet list"), "credentials").len(), 1);
    site.issue("second");
    done(&site, WALLET, "wallet add second");
    assert_eq!(site.held().len(), 2);
    done(&site, WALLET, "wallet sync --from stick");
    assert!(begun.elapsed() < Duration::from_secs(10), "they waited for the person: {:?}", begun.elapsed());
    // The terminal is gone in the middle of the question.
    first.kill().expect("killed");
    first.wait().expect("gone");
    assert_eq!(items(&done(&site, WALLET, "wallet list"), "credentials").len(), 2);
    assert!(!site.place.path("answer").exists(), "shown without consent");

    let mut second = person(&site, "wallet present --request request -o answer");
    asked(&mut second, QUESTION);
    second.stdin.as_mut().expect("piped").write_all(b"y\n").expect("typed");
    assert_eq!(ended(second).code, 0);
    assert!(site.place.path("answer").exists());

    // A lock ends what waits.
    let mut third = person(&site, "wallet remove 00000000");
    let out = {
        let mut all = String::new();
        third.stdout.as_mut().expect("piped").read_to_string(&mut all).expect("read");
        all
    };
    assert!(out.contains("waypass wallet list"), "{out}");
    third.wait().expect("ended");
    let id = done(&site, WALLET, "wallet list")["credentials"][0]["id"].as_str().expect("an id").to_owned();
    let mut fourth = person(&site, &format!("wallet remove {id}"));
    asked(&mut fourth, "for good? [y/N]");
    done(&site, WALLET, "wallet lock");
    session.ends();
    drop(fourth.stdin.take());
    let ran = ended(fourth);
    assert_eq!(ran.code, 40, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("locked itself before the command had ended"), "{}", ran.stdout);
    assert_eq!(site.held().len(), 2);
}

/// Somebody who speaks to the socket and does not behave.
fn stranger(session: &Session<'_>, bytes: &[u8]) -> UnixStream {
    let mut stream = UnixStream::connect(session.socket()).expect("it listens");
    drop(stream.write_all(bytes));
    stream
}

#[test]
fn clients_that_do_not_behave_hurt_nobody() {
    let (site, _) = Site::with_credential();
    let session = Session::open(&site, WALLET, "");
    let said_nothing = [(); 5].map(|()| stranger(&session, b""));
    let half = stranger(&session, &[0, 0, 0, 9, 0x81]);
    let huge = stranger(&session, &[0x40, 0, 0, 0]);
    let foreign = stranger(&session, b"GET / HTTP/1.1\r\n\r\n");
    let alone = stranger(&session, &[0, 0, 0, 2, 0x82, 0x02]);
    // As many as it takes at once; the next one is told so, and does its work alone.
    let begun = Instant::now();
    let mut served = false;
    while !served && begun.elapsed() < Duration::from_secs(20) {
        served = site.look(WALLET, "wallet list").code == 0;
    }
    assert!(served, "they kept the session from its owner");
    assert_eq!(site.held().len(), 1);
    drop((said_nothing, half, huge, foreign, alone));
    assert!(session.is_there());
    // A reader that stops reading: the command ends, and what it wrote waits in the pipe's own room or is lost.
    let mut never = site.place.command(&[], WALLET, &["wallet", "list", "--json"]);
    let never = never.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    assert_eq!(items(&done(&site, WALLET, "wallet list"), "credentials").len(), 1);
    assert_eq!(ended(never).code, 0);
}

#[test]
fn a_socket_that_others_could_have_made_is_not_spoken_to() {
    let (site, _) = Site::with_credential();
    let session = Session::open(&site, WALLET, "");
    fs::set_permissions(session.socket(), fs::Permissions::from_mode(0o666)).expect("opened for others");
    let ran: Ran = site.look(WALLET, "wallet list");
    assert_eq!(ran.code, 60, "{}", ran.stderr);
    assert!(advice(&ran).0.contains("not this user's alone"), "{}", ran.stderr);
    session.signal("-KILL");
    session.ends();
    fs::remove_file(session.socket()).expect("removed");
    fs::write(session.socket(), "a file").expect("written");
    let ran = site.run(WALLET, "wallet unlock");
    assert_eq!((ran.code, advice(&ran).0.contains("not this user's alone")), (60, true), "{}", ran.stderr);
}

/// The pages that not even the kernel reads, where a process keeps keys.
fn keeps_keys(id: u32) -> bool {
    fs::read_to_string(format!("/proc/{id}/maps")).is_ok_and(|maps| maps.contains("secretmem"))
}

#[test]
fn keys_stay_in_the_session() {
    let (site, _) = Site::with_credential();
    site.done(GATE, "verifier challenge --role staff -o request");
    let session = Session::open(&site, WALLET, "");
    if !keeps_keys(session.id) {
        println!("SKIP keys in memory: this system has no memfd_secret, which shows where they are");
        return;
    }
    let mut waiting = person(&site, "wallet present --request request -o answer");
    asked(&mut waiting, QUESTION);
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", waiting.id())).expect("the child of `script`");
    let mut programs: Vec<u32> = children.split_whitespace().filter_map(|id| id.parse().ok()).collect();
    for id in programs.clone() {
        let below = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        programs.extend(below.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    let command = |id: u32| fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let client = programs.into_iter().find(|id| command(*id).starts_with(WAYPASS.as_bytes())).expect("the command");
    assert!(!keeps_keys(client), "a client has keys");
    waiting.kill().expect("killed");
    waiting.wait().expect("gone");
    session.signal("-TERM");
    session.ends();
}

/// Everything that a process can write to in its memory, as far as the kernel lets this user read it.
fn memory(id: u32) -> Option<Vec<u8>> {
    let file = fs::File::open(format!("/proc/{id}/mem")).ok()?;
    let maps = fs::read_to_string(format!("/proc/{id}/maps")).ok()?;
    let mut content = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw"))) {
        let (from, to) = line.split(' ').next()?.split_once('-')?;
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        let mut part = vec![0; usize::try_from(to - from).ok()?];
        // Pages that hold keys cannot be read, by nobody.
        if file.read_exact_at(&mut part, from).is_ok() {
            content.extend(part);
        }
    }
    Some(content)
}

/// What was shown to open it is nowhere in its memory, neither while it is open nor after another person's wallet was opened.
#[test]
fn a_session_keeps_nothing_of_what_opened_it() {
    let place = Place::new();
    // Random: a literal would be found in the program itself.
    let drawn = fs::read_to_string("/proc/sys/kernel/random/uuid").expect("the kernel draws").trim().to_owned();
    let phrase = format!("tulip {drawn}");
    place.write("phrase", &phrase);
    place.write("hers", "ochre lantern seven\n");
    let run = |line: &str| finish(place.command(&[], "tablet", &line.split(' ').collect::<Vec<_>>()), "");
    let done = |line: &str| {
        let ran = run(line);
        assert_eq!(ran.code, 0, "{line}: {}{}", ran.stdout, ran.stderr);
        ran
    };
    let both = "--user Ada --secret-file phrase --key-file nurse.key";
    done(&format!("wallet init --require passphrase+key-file --recovery-file code {both}"));
    done("wallet init --user Grace --secret-file hers --recovery-file hers.code");
    let key = fs::read_to_string(place.path("nurse.key")).expect("the key file");
    let key = key.trim().to_owned();
    let opened = done(&format!("wallet unlock --verbose --json {both}"));
    let process = |ran: &Ran| -> u32 {
        let told = ran.stderr.lines().find_map(|line| text(&said(line), "text").strip_prefix("the session is process ")?.parse().ok());
        told.expect("it names its process")
    };
    let session = process(&opened);
    done("wallet list");
    let holds = |content: &[u8], what: &str| content.windows(what.len()).any(|part| part == what.as_bytes());
    let Some(content) = memory(session) else {
        println!("SKIP the memory of a session: this user may not read it");
        done("wallet lock");
        return;
    };
    assert!(holds(&content, "nurse.key"), "the search finds what is there");
    assert!(!holds(&content, &phrase) && !holds(&content, &drawn), "the pass phrase is in the memory of the session");
    assert!(!holds(&content, &key) && !holds(&content, &key[key.len() - 32..]), "the key file is in the memory of the session");
    // Another person takes the device: the first process is gone, and the second has nothing of it.
    let second = process(&done("wallet unlock --verbose --json --user Grace --secret-file hers"));
    assert!(!fs::exists(format!("/proc/{session}/mem")).unwrap_or_default() || memory(session).is_none_or(|left| left.is_empty()));
    let content = memory(second).expect("readable like the first");
    assert!(!holds(&content, "ochre lantern") && !holds(&content, &drawn));
    done("wallet lock");
}

/// The office's service, until the test ends.
struct Service(Child, String);

impl Service {
    fn of(site: &Site) -> Self {
        let mut command =
            site.place.command(&[], ISSUER, &["issuer", "serve", "--listen", "127.0.0.1:0", "--key-file", "issuer.key", "-q"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it is");
        let address = line.trim().rsplit("http://").next().expect("an address").to_owned();
        Self(child, format!("http://{address}"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn timestamp(site: &Site, actor: Actor) -> u64 {
    number(&said(&site.look(actor, "trust list").stdout)["versions"], "timestamp")
}

#[test]
fn a_gate_synchronizes_by_the_link_of_the_command_and_says_how_that_failed() {
    let (site, _) = Site::with_credential();
    site.ask();
    site.done(GATE, "verifier verify answer");
    let service = Service::of(&site);
    let _session = Session::open(&site, GATE, "");
    let before = timestamp(&site, GATE);
    thread::sleep(Duration::from_millis(1100));
    site.done(ISSUER, "issuer publish -o newer");
    let synced = done(&site, GATE, &format!("verifier sync --from {}", service.1));
    // It asks for the time too, which is a POST, and brings its log.
    assert_eq!(
        (&synced["time_answered"], synced["uploads"].as_u64().is_some_and(|uploads| uploads > 0)),
        (&Value::Bool(true), true),
        "{synced}"
    );
    // The service shows the newest publication within seconds.
    let (line, begun) = (format!("verifier sync --from {}", service.1), Instant::now());
    while timestamp(&site, GATE) <= before {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing newer comes");
        done(&site, GATE, &line);
    }
    drop(service);
    let (ran, alone) = (site.look(GATE, &line), site.run(GATE, &line));
    assert_eq!((ran.code, advice(&ran)), (50, advice(&alone)));
}

#[test]
fn a_session_synchronizes_by_itself() {
    let site = Site::new();
    let service = Service::of(&site);
    let before = [WALLET, GATE].map(|actor| timestamp(&site, actor));
    thread::sleep(Duration::from_millis(1100));
    site.done(ISSUER, "issuer publish -o newer");
    let _sessions = [WALLET, GATE].map(|actor| Session::with_server(&site, actor, "", &service.1));
    let begun = Instant::now();
    while [WALLET, GATE].map(|actor| timestamp(&site, actor)).iter().zip(before).any(|(now, before)| *now <= before) {
        assert!(begun.elapsed() < Duration::from_mins(1), "it waits for a person");
        thread::sleep(Duration::from_millis(200));
    }
    // It was nobody's use of the session.
    let status = done(&site, WALLET, "wallet status");
    assert!(status["session"]["idle_seconds"].as_u64().is_some_and(|left| left < 298), "{status}");
}
