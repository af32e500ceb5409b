//! The acts of a person, a shell or the system on a running command: Ctrl-C, a pipe that closes, a terminal, a core dump.

use crate::program::{Place, WAYPASS, ended, finish, on_a_terminal};
use crate::site::{Site, text};
use std::io::Read;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn ctrl_c_is_130() {
    let place = Place::new();
    let mut child = place.command(&[], "home", &["inspect", "-"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    // It waits for standard input, which stays open.
    std::thread::sleep(Duration::from_millis(300));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("the process is there");
    let input = child.stdin.take();
    let ran = ended(child);
    drop(input);
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
}

/// Runs `line` on a terminal of its own with `keys` typed at its first question, then says how the terminal is.
fn typed(place: &Place, line: &str, keys: &str) -> String {
    let like = place.command(&[], "home", &[]);
    let shell = format!("sh -c '{WAYPASS} {line}; echo ended $?; stty -a'");
    let mut child = on_a_terminal(&like, &shell).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut out = child.stdout.take().expect("piped");
    let mut shown = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&shown).contains("pass phrase") {
        assert_eq!(out.read(&mut byte).expect("read"), 1, "it ended: {}", String::from_utf8_lossy(&shown));
        shown.extend(byte);
    }
    // The question is there; the terminal is silent a moment later.
    std::thread::sleep(Duration::from_millis(300));
    let mut input = child.stdin.take().expect("piped");
    std::io::Write::write_all(&mut input, keys.as_bytes()).expect("typed");
    out.read_to_end(&mut shown).expect("read");
    drop(input);
    child.wait().expect("ended");
    String::from_utf8_lossy(&shown).into_owned()
}

#[test]
fn a_question_for_a_secret_leaves_the_terminal_as_it_was() {
    let place = Place::new();
    for (keys, code, words) in [
        ("\u{3}", "ended 130", "interrupted"),
        ("\u{4}", "ended 40", "the input ended before a secret was typed"),
        ("1234567\rtulip anchor seven\rtulip anchor seven\r", "ended 0", "fewer than 8 characters"),
    ] {
        let shown = typed(&place, "wallet init", keys);
        assert!(shown.contains(code) && shown.contains(words), "{shown}");
        assert!(["echo", "isig", "icanon"].iter().all(|mode| shown.split_whitespace().any(|word| word == *mode)), "{shown}");
        assert!(!shown.contains("tulip"), "what was typed was shown: {shown}");
    }
}

/// A script must see that nothing was done, whatever was asked.
#[test]
fn an_answer_of_no_is_130_everywhere() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    let held = text(&site.ok("ada", "wallet list --key-file KEY"), "/credentials/0/id");
    site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
    site.ok("issuer", "issuer authority export entry --key-file KEY");
    site.ok("issuer", "issuer ceremony prepare targets -o paper --key-file KEY");
    let key = text(&site.ok("issuer", "issuer key list --key-file KEY"), "/keys/0/key");
    let rules = finish(site.place.command(&[], "issuer", &["issuer", "show", "--policy", "--key-file", "issuer.key"]), "").stdout;
    assert!(rules.contains("time\": 50000"), "{rules}");
    site.place.write("rules", rules.replace("time\": 50000", "time\": 40000"));
    for (home, line) in [
        ("ada", "trust pin stick".to_owned()),
        ("ada", "trust remove".to_owned()),
        ("ada", format!("wallet remove {held}")),
        ("ada", "wallet present --request request -o answer".to_owned()),
        ("gate", "verifier clock confirm --by Eva".to_owned()),
        ("gate", "audit erase did:key:z6Mk --by Eva".to_owned()),
        ("issuer", "issuer authority add entry/entry.json --list entry/list-1 --replace".to_owned()),
        ("issuer", "issuer context remove https://clinic.example/context".to_owned()),
        ("issuer", format!("issuer key replace {key} --stolen")),
        ("issuer", "issuer ceremony sign paper -o signed".to_owned()),
        ("issuer", "issuer publish --policy rules".to_owned()),
    ] {
        let like = site.place.command(&[], home, &[]);
        let ran = finish(on_a_terminal(&like, &format!("{WAYPASS} {line} --key-file {home}.key")), "n\n");
        assert_eq!(ran.code, 130, "{line}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("you answered no"), "{line}: {}", ran.stdout);
    }
}

#[test]
fn a_closed_pipe_changes_nothing() {
    let place = Place::new();
    let mut child = place.command(&[], "home", &["completions", "bash"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    // The reader takes one byte and goes away, as `head -c1` does.
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut [0]).expect("one byte");
    drop(stdout);
    let ran = ended(child);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

/// A server that accepts and says nothing for a second and a half.
fn silent_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for taken in listener.incoming().take(4) {
            std::thread::sleep(Duration::from_millis(1500));
            drop(taken);
        }
    });
    format!("http://{address}")
}

#[test]
fn a_bar_shows_on_a_terminal_when_work_takes_long() {
    let site = Site::new(&[], "sd-jwt");
    let server = silent_server();
    let sync = |flags: &str| {
        let line = format!("{WAYPASS} {flags} wallet sync --from {server}");
        let mut command = site.place.command(&[], "ada", &[]);
        // `script` runs the line on a terminal of its own and copies what that terminal shows.
        command = on_a_terminal(&command, &line);
        finish(command, "")
    };
    let ran = sync("");
    assert!(ran.stdout.contains("synchronizing"), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.code, 50, "{}", ran.stdout);
    let ran = sync("--quiet");
    assert!(!ran.stdout.contains("synchronizing"), "{}", ran.stdout);
    // Without a terminal it is not asked for either.
    let ran = site.run("ada", &format!("wallet sync --from {server}"));
    assert!(!ran.stderr.contains("synchronizing"), "{}", ran.stderr);
}

#[test]
fn no_command_leaves_a_core_dump() {
    let place = Place::new();
    let mut child = place.command(&[], "home", &["inspect", "-"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let limits = format!("/proc/{}/limits", child.id());
    // Between its start and its first line the program has the limits it was started with.
    let refused = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        let limits = std::fs::read_to_string(&limits).unwrap_or_default();
        let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
        core.is_some_and(|core| core.split_whitespace().take(2).eq(["0", "0"]))
    });
    drop(child.stdin.take());
    ended(child);
    assert!(refused, "a crash could leave keys on the disk");
}
