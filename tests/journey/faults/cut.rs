//! `kill -9` between the two commits of an office's command: its database has the change, its vault does not know of it.

use super::site::{ISSUER, Site, items, number, text};
use std::fs;
use std::time::{Duration, Instant};
use waypass_issuer::store::{Documents as _, Events as _, MissingLog, Registers as _, SqliteStore};

/// How far the database has come: its register and its events.
fn committed(store: &SqliteStore) -> (u64, u64) {
    (store.register_version().expect("readable"), store.event_count().expect("readable"))
}

/// Kills `line` after its first commit and before its publication. That waits for the next second, because the one before it was made in
/// this one; the vault is told last. Returns false if the command was quicker.
fn cut(site: &Site, line: &str) -> bool {
    let path = site.vault(ISSUER).with_file_name("issuer.db");
    site.done(ISSUER, "issuer publish -o stick");
    let store = SqliteStore::open(&path, MissingLog::Refused).expect("the issuer's file opens");
    let (before, published) = (committed(&store), store.document("bundle").expect("readable"));
    let mut child = site.command(&[], ISSUER, line).spawn().expect("the program starts");
    let began = Instant::now();
    while committed(&store) == before && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("killed, or ended before");
    let status = child.wait_with_output().expect("it is gone").status;
    assert_ne!(committed(&store), before, "the change was not committed");
    status.code().is_none() && store.document("bundle").expect("readable") == published
}

/// Until a command was cut so, as `line` makes them.
fn cut_once(site: &Site, mut line: impl FnMut(usize) -> String) -> usize {
    (0..8).find(|round| cut(site, &line(*round))).expect("no command was cut between its commits")
}

/// A database that is ahead and authenticates is adopted, and from then on the vault holds it to that.
#[test]
fn what_the_database_had_committed_is_adopted_by_the_vault() {
    let site = Site::new();
    let db = site.vault(ISSUER).with_file_name("issuer.db");
    // A change of status.
    let before = fs::read(&db).expect("readable");
    let mut id = String::new();
    cut_once(&site, |_| {
        site.issue("credential").clone_into(&mut id);
        format!("issuer revoke {id} --reason lost")
    });
    let shown = site.done(ISSUER, &format!("issuer show {id}"));
    assert_eq!((text(&shown, "state"), items(&shown, "history").len()), ("revoked", 2), "{shown}");
    let published = site.done(ISSUER, "issuer publish -o stick");
    put_back(&site, &before);

    // A change of the register.
    let before = fs::read(&db).expect("readable");
    let round = cut_once(&site, |round| format!("issuer enroll enrolment --time-zone {}", ZONES[round]));
    let asked = site.run(ISSUER, "issuer publish -o stick");
    assert!(asked.code == 2 && asked.stderr.contains(ZONES[round]), "{}", asked.stderr);
    let next = site.done(ISSUER, "issuer publish --yes -o stick");
    assert!(number(&next, "targets") > number(&published, "targets"), "{next}");
    put_back(&site, &before);
}

const ZONES: [&str; 8] =
    ["Asia/Kathmandu", "Asia/Tokyo", "Asia/Dubai", "Africa/Lagos", "America/Lima", "Europe/Riga", "Asia/Manila", "Asia/Seoul"];

/// A database from before is refused now, and what was there is put in its place again.
fn put_back(site: &Site, older: &[u8]) {
    let db = site.vault(ISSUER).with_file_name("issuer.db");
    let newest = fs::read(&db).expect("readable");
    fs::write(&db, older).expect("written");
    let ran = site.run(ISSUER, "issuer list");
    assert!(ran.code == 60 && ran.stderr.contains("is not what this issuer wrote there"), "{}", ran.stderr);
    fs::write(&db, newest).expect("written");
    for end in ["-wal", "-shm"] {
        fs::write(site.vault(ISSUER).with_file_name(format!("issuer.db{end}")), []).expect("written");
    }
    site.done(ISSUER, "issuer list");
}
