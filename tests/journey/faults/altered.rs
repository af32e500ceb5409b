//! A wallet whose file was edited shows nothing by a key that this may concern, says so, and goes on with what is whole.

use super::site::{GATE, ISSUER, Site, WALLET, advice, items, text};
use rusqlite::Connection;
use std::fs;

/// Shows Ada's credential to the gate.
fn shown(site: &Site) -> crate::program::Ran {
    site.done(GATE, "verifier challenge --role staff -o request");
    site.run(WALLET, "wallet present --request request --yes -o answer")
}

/// Edits the wallet's file, as somebody with the file and without its key.
fn edit(site: &Site, statements: &str) {
    Connection::open(site.vault(WALLET)).expect("the file opens").execute_batch(statements).expect("changed");
}

/// Another row in the part of the file that the holder's key is in. Ids are random: one in 256 ends with either letter.
pub(super) const BESIDE_THE_KEY: &str = "INSERT INTO record(key, value) SELECT CAST(substr(key, 1, length(key) - 1) || \
    CASE substr(key, length(key)) WHEN CAST('x' AS BLOB) THEN 'y' ELSE 'x' END AS BLOB), x'00' \
    FROM record WHERE instr(key, CAST('.keys' AS BLOB))";

#[test]
fn nothing_is_shown_by_a_key_that_a_finding_concerns() {
    for statements in [BESIDE_THE_KEY, "DELETE FROM meta WHERE key = CAST('state' AS BLOB)"] {
        let (mut site, _) = Site::with_credential();
        let id = site.held()[0].clone();
        assert_eq!(shown(&site).code, 0);
        edit(&site, statements);
        for _ in 0..2 {
            let refused = shown(&site);
            assert_eq!(refused.code, 60, "{statements}: {}", refused.stderr);
            let (what, next) = advice(&refused);
            assert!(what.contains("may have been changed from outside") && next.contains("waypass wallet key"), "{what}\n{next}");
            assert!(refused.stderr.contains("in a part of the vault that was changed from outside"), "{}", refused.stderr);
        }
        // The credential is there to be read, and the warning names it.
        let listed = site.run(WALLET, "wallet list");
        let list = super::site::said(&listed.stdout);
        assert_eq!(text(&items(&list, "credentials")[0], "standing"), "key_altered");
        assert!(listed.stderr.lines().any(|line| line.contains(&id[..8]) && line.contains("ask North")), "{}", listed.stderr);

        // One that is bound to that key is not taken in any more; one that is bound to the new key is, and is shown.
        site.issue("late");
        let refused = site.run(WALLET, "wallet add late");
        assert_eq!(refused.code, 60, "{}", refused.stderr);
        let new = text(&site.done(WALLET, "wallet key"), "did").to_owned();
        assert_ne!(new, site.holder);
        site.holder = new;
        site.issue("again");
        site.done(WALLET, "wallet add again");
        let answered = shown(&site);
        assert_eq!(answered.code, 0, "{}", answered.stderr);
        assert_eq!(site.run(GATE, "verifier verify answer").code, 0);
        site.done(ISSUER, "issuer list");
    }
}

#[test]
fn what_concerns_no_key_stops_nobody() {
    let (site, _) = Site::with_credential();
    edit(&site, "DELETE FROM tag");
    let answered = shown(&site);
    assert!(answered.code == 0 && answered.stderr.contains("the index was damaged"), "{}", answered.stderr);
    fs::remove_file(site.vault(WALLET).with_file_name("vault.db-wal")).expect("removed");
    let answered = shown(&site);
    assert!(answered.code == 0 && answered.stderr.contains("write-ahead log"), "{}", answered.stderr);
    assert_eq!(site.run(GATE, "verifier verify answer").code, 0);
}
