//! Two commands at once: one vault has one user at a time, the second waits or says who has it, and nothing is mixed up.

use super::site::{GATE, ISSUER, Site, WALLET, advice, number, text};
use crate::program::ended;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::time::{Duration, Instant};
use waypass_vault::Vault;

/// This process, as a command that is at work with the gate's vault.
fn busy(site: &Site) -> Vault {
    waypass_machine::open(site.vault(GATE).parent().expect("a folder")).expect("opens")
}

/// How others are told of this process.
fn holder() -> String {
    let program = std::env::current_exe().expect("this program");
    format!("process {} ({})", std::process::id(), program.file_name().unwrap_or_default().to_string_lossy())
}

#[test]
fn the_second_is_told_who_has_the_vault_and_waits() {
    let site = Site::new();
    let first = busy(&site);
    let mut second = site.command(&[], GATE, "audit verify").spawn().expect("started");
    let mut errors = BufReader::new(second.stderr.take().expect("piped"));
    let mut waiting = String::new();
    errors.read_line(&mut waiting).expect("read");
    assert!(waiting.contains(&format!("\"waiting for {}\"", holder())), "{waiting}");

    // The first ends, the second goes on.
    drop(first);
    let second = ended(second);
    let mut rest = String::new();
    errors.read_to_string(&mut rest).expect("read");
    assert_eq!((second.code, rest.as_str()), (0, ""), "{}", second.stdout);
}

#[test]
fn the_second_gives_up_in_time_and_says_who_has_the_vault() {
    let site = Site::new();
    site.done(GATE, "verifier challenge --role staff -o request");
    let first = busy(&site);
    let started = Instant::now();
    let second = site.run(GATE, "verifier challenge --role staff -o request-2");
    assert!(started.elapsed() < Duration::from_secs(18), "nobody waits that long at a gate");
    let (what, next) = advice(&second);
    assert_eq!(second.code, 1, "{}", second.stderr);
    assert!(what.contains(&format!("in use by {}", holder())), "{what}");
    assert!(next.contains("let the other command end"), "{next}");
    assert!(!site.place.path("request-2").exists());

    drop(first);
    site.done(GATE, "verifier challenge --role staff -o request-2");
    site.records();
}

#[test]
fn whoever_removes_the_lock_file_is_kept_out_all_the_same() {
    let site = Site::new();
    let first = busy(&site);
    std::fs::remove_file(site.vault(GATE).with_file_name("lock")).expect("removed");
    let second = site.run(GATE, "verifier challenge --role staff -o request");
    let (what, _) = advice(&second);
    assert_eq!((second.code, what.as_str()), (1, "the vault is in use by another process"), "{}", second.stderr);
    drop(first);
    site.done(GATE, "verifier challenge --role staff -o request");
    site.records();
}

#[test]
fn commands_at_once_lose_nothing() {
    const MANY: usize = 4;
    let site = Site::new();
    let names: Vec<String> = (0..MANY).map(|n| format!("credential-{n}")).collect();

    // A service that has the issuer's keys, and four clerks next to it.
    let mut service = site.place.command(&[], ISSUER, &["issuer", "serve", "--listen", "127.0.0.1:0", "--key-file", "issuer.key", "-q"]);
    let mut service = service.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().expect("started");
    let mut line = String::new();
    BufReader::new(service.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it is");
    let address = line.trim().rsplit(' ').next().expect("an address").to_owned();
    let issue = |name: &String| {
        let line = format!("issuer issue --holder {} --role staff --site north --zone lab -o {name}", site.holder);
        site.command(&[], ISSUER, &line).spawn().expect("started")
    };
    let clerks: Vec<Child> = names.iter().map(issue).collect();
    let issued: Vec<_> = clerks.into_iter().map(ended).collect();
    let mut entries = BTreeSet::new();
    for ran in &issued {
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let record = super::site::said(&ran.stdout);
        entries.insert((number(&record, "list"), number(&record, "index")));
    }
    assert_eq!(entries.len(), MANY, "two credentials share an entry");
    site.done(ISSUER, "issuer publish -o stick");
    let synced = site.look(WALLET, &format!("wallet sync --from {address}"));
    assert_eq!(synced.code, 0, "the service is gone: {}", synced.stderr);

    // One wallet, four commands.
    let adding: Vec<Child> =
        names.iter().map(|name| site.command(&[], WALLET, &format!("wallet add {name}")).spawn().expect("started")).collect();
    let mut held = BTreeSet::new();
    for ran in adding.into_iter().map(ended) {
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        held.insert(text(&super::site::said(&ran.stdout), "id").to_owned());
    }
    assert_eq!(site.held().into_iter().collect::<BTreeSet<_>>(), held);
    assert_eq!(held.len(), MANY);
    assert_eq!(number(&site.done(WALLET, "wallet history --verify"), "records"), 1 + MANY as u64, "a root was pinned before");
    service.kill().expect("killed");
    service.wait().expect("gone");
}
