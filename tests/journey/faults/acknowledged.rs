//! Findings of a vault are said at every command until a person has looked, and no longer.

use super::altered::BESIDE_THE_KEY;
use super::site::{Actor, GATE, ISSUER, Site, WALLET, advice, items, said, text};
use crate::program::Ran;
use rusqlite::Connection;

/// Edits a vault's file, as somebody with the file and without its key.
fn edit(site: &Site, actor: Actor, statements: &str) {
    let changed = Connection::open(site.vault(actor)).expect("the file opens").execute_batch(statements);
    changed.unwrap_or_else(|why| panic!("{statements}: {why}"));
}

fn warns(ran: &Ran) -> bool {
    ran.stderr.contains("\"level\":\"warning\"")
}

fn findings(done: &serde_json::Value) -> Vec<&str> {
    items(done, "findings").iter().filter_map(serde_json::Value::as_str).collect()
}

/// Returns true if rows were found changed. An edit by another program also costs the write-ahead log, which is a finding of its own.
fn is_altered(done: &serde_json::Value) -> bool {
    findings(done).iter().any(|finding| finding.contains("from outside"))
}

/// Overwrites one row whose key has this name.
fn damaged(name: &str) -> String {
    format!(
        "UPDATE record SET value = zeroblob(length(value)) WHERE key = \
         (SELECT key FROM record WHERE instr(key, CAST('{name}' AS BLOB)) LIMIT 1)"
    )
}

/// A damaged credential, a row added next to the key, a lost index: each is said until somebody looked, and is in the history.
#[test]
fn a_wallet_says_what_was_found_until_somebody_looked() {
    let cases = [
        (damaged("credentials"), "credentials was damaged"),
        (BESIDE_THE_KEY.to_owned(), "put back from an older copy"),
        ("DELETE FROM tag".to_owned(), "the index was damaged"),
    ];
    // Looked at after some commands have said it, or before any has.
    for ((statements, what), commands) in cases.iter().flat_map(|case| [(case, 2), (case, 0)]) {
        let (site, _) = Site::with_credential();
        edit(&site, WALLET, statements);
        for _ in 0..commands {
            let listed = site.run(WALLET, "wallet list");
            assert!(warns(&listed) && listed.stderr.contains("waypass wallet acknowledge"), "{statements}: {}", listed.stderr);
        }
        let done = site.done(WALLET, "wallet acknowledge --by Ada");
        assert!(findings(&done).iter().any(|finding| finding.contains(*what)), "{statements}: {done}");
        let listed = site.run(WALLET, "wallet list");
        assert!(listed.code == 0 && !warns(&listed), "{statements}: {}", listed.stderr);
        assert_eq!(findings(&site.done(WALLET, "wallet acknowledge --by Ada")), [""; 0], "{statements}");
        let history = site.done(WALLET, "wallet history");
        let looked = items(&history, "entries").last().expect("an entry").clone();
        assert_eq!((text(&looked, "event"), text(&looked["detail"], "by")), ("acknowledged", "Ada"), "{looked}");
        assert_eq!(looked["detail"]["findings"], done["findings"]);
        site.done(WALLET, "wallet history --verify");
    }
}

/// A person's word gives the keys back; without it nothing is shown with them.
#[test]
fn a_key_in_doubt_is_used_again_after_somebody_looked() {
    let (site, _) = Site::with_credential();
    edit(&site, WALLET, "DELETE FROM meta WHERE key = CAST('state' AS BLOB)");
    site.done(GATE, "verifier challenge --role staff -o request");
    assert_eq!(site.run(WALLET, "wallet present --request request --yes -o answer").code, 60);
    let looked = site.run(WALLET, "wallet acknowledge --by Ada");
    assert!(looked.code == 0 && looked.stderr.contains("used again"), "{}", looked.stderr);
    site.done(WALLET, "wallet present --request request --yes -o answer");
    site.done(GATE, "verifier verify answer");
}

/// Without the memory of time, or the end of the history, no command of a wallet works until somebody has looked.
#[test]
fn a_wallet_that_lost_its_bookkeeping_goes_on_after_somebody_looked() {
    for (statements, stays_broken) in [(damaged("devicetime"), false), ("DELETE FROM log".to_owned(), true)] {
        let (site, _) = Site::with_credential();
        edit(&site, WALLET, &statements);
        site.done(GATE, "verifier challenge --role staff -o request");
        for _ in 0..2 {
            let ran = site.run(WALLET, "wallet present --request request --yes -o answer");
            assert_eq!(ran.code, 60, "{statements}: {}", ran.stderr);
        }
        site.done(WALLET, "wallet acknowledge --by Ada");
        site.done(WALLET, "wallet present --request request --yes -o answer");
        site.done(GATE, "verifier verify answer");
        let whole = site.run(WALLET, "wallet history --verify");
        assert_eq!(whole.code, if stays_broken { 60 } else { 0 }, "what is missing stays missing: {}", whole.stderr);
    }
}

/// The office's history says who looked; an officer's vault, which has no office, can be looked at too.
#[test]
fn an_office_says_what_was_found_until_somebody_looked() {
    let site = Site::new();
    edit(&site, ISSUER, "INSERT INTO record(key, value) VALUES (x'0474657374', x'00')");
    for _ in 0..2 {
        let listed = site.run(ISSUER, "issuer list");
        assert!(listed.code == 0 && warns(&listed), "{}", listed.stderr);
        assert!(listed.stderr.contains("waypass issuer acknowledge"), "{}", listed.stderr);
    }
    let unnamed = site.run(ISSUER, "issuer acknowledge --by \u{a0}");
    assert_eq!((unnamed.code, advice(&unnamed).0.as_str()), (2, "the name is empty"));
    let done = site.done(ISSUER, "issuer acknowledge --by Ines");
    assert!(is_altered(&done), "{done}");
    let listed = site.run(ISSUER, "issuer list");
    assert!(listed.code == 0 && !warns(&listed), "{}", listed.stderr);
    let shown = site.done(ISSUER, "issuer show");
    let [act] = items(&shown, "history") else { panic!("{shown}") };
    assert_eq!((text(act, "operator"), &act["deed"]["acknowledged"]["findings"]), ("Ines", &done["findings"]));
    assert_eq!(findings(&site.done(ISSUER, "issuer acknowledge --by Ines")), [""; 0]);
    assert_eq!(items(&site.done(ISSUER, "issuer show"), "history").len(), 1, "nothing was found the second time");
    // No command looks into every part of the vault.
    edit(
        &site,
        ISSUER,
        "INSERT INTO record(key, value) VALUES (x'047465737461', x'00'), (x'047465737462', x'00'), (x'047465737463', x'00')",
    );
    let done = site.done(ISSUER, "issuer acknowledge --by Ines");
    assert!(is_altered(&done), "found by no command before: {done}");

    let officer = |line: &str| {
        let args: Vec<&str> = line.split(' ').chain(["--key-file", "officer.key", "--no-input", "--json"]).collect();
        crate::program::finish(site.place.command(&[], "officer", &args), "")
    };
    assert_eq!(officer("issuer ceremony init --recovery-file officer.code").code, 0);
    let vault = Connection::open(site.place.path("officer/issuer/vault.db")).expect("opens");
    vault.execute_batch("INSERT INTO record(key, value) VALUES (x'0474657374', x'00')").expect("changed");
    drop(vault);
    assert!(warns(&officer("issuer ceremony key")));
    let done = officer("issuer acknowledge --by Otto");
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(is_altered(&said(&done.stdout)), "{}", done.stdout);
    assert!(!warns(&officer("issuer ceremony key")));
}

#[test]
fn a_gate_says_what_was_found_until_somebody_looked() {
    let site = Site::new();
    edit(&site, GATE, "INSERT INTO record(key, value) VALUES (x'0474657374', x'00')");
    let status = site.run(GATE, "verifier status");
    assert!(status.code == 60 && warns(&status), "{}", status.stderr);
    let done = site.done(GATE, "verifier acknowledge --by Eva");
    assert!(is_altered(&done), "{done}");
    let status = site.run(GATE, "verifier status");
    assert!(status.code == 0 && !warns(&status), "{}", status.stderr);
}
