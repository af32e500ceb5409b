//! An office whose `issuer.db` somebody can write to who has none of its keys.

use crate::program::Ran;
use crate::site::{Site, text};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

/// The database of the home `issuer`.
fn database(site: &Site) -> PathBuf {
    site.path("issuer/issuer/issuer.db")
}

/// A whole copy of a database.
fn copy(from: &Path, to: &Path) {
    Connection::open(from).and_then(|raw| raw.execute("VACUUM INTO ?1", [to.to_str()])).expect("copied");
}

fn put(from: &Path, to: &Path) {
    for end in ["", "-wal", "-shm"] {
        drop(fs::remove_file(to.with_file_name(format!("issuer.db{end}"))));
    }
    fs::copy(from, to).expect("put back");
}

/// Nothing is handed out, the exit code says tampering, and the words name what it was.
fn refused(site: &Site, line: &str, named: &str) -> Ran {
    let ran = site.run("issuer", &format!("{line} --key-file KEY"));
    assert_eq!(ran.code, 60, "{named}: waypass {line}\n{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(named), "{named}: {}", ran.stderr);
    ran
}

#[test]
fn an_office_signs_only_what_its_vault_authenticates() {
    let mut site = Site::empty();
    site.ok("issuer", "issuer init --name Clinic --site north --role staff --key-file KEY --recovery-file issuer.recovery");
    site.ok("gate", "verifier init --name Door --site north --zone lab --key-file KEY --recovery-file gate.recovery");
    site.ok("gate", "verifier enroll -o enrolment --key-file KEY");
    site.ok("issuer", "issuer enroll enrolment --key-file KEY");
    let ada = site.ok("ada", "wallet init --key-file KEY --recovery-file ada.recovery");
    site.id = site.issue(&text(&ada, "/did"), "sd-jwt", "credential");
    site.stick();
    let db = database(&site);
    let (old, good) = (site.path("old.db"), site.path("good.db"));
    copy(&db, &old);
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    let gates = site.ok("issuer", "issuer show --key-file KEY");
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", text(&gates, "/gates/0")));
    copy(&db, &good);
    for (sql, named) in [
        (
            "UPDATE register SET body=json_insert(body, '$.keys[#]', json('{\"multikey\":\"z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH\",
             \"purpose\":\"credential\",\"state\":\"active\",\"not_before\":0,\"issued_until\":null}'))",
            "the register",
        ),
        ("UPDATE register SET body=json_set(body, '$.gates[0].revoked', NULL)", "the register"),
        ("UPDATE register SET body=json_set(body, '$.counters.timestamp', 1)", "the register"),
        ("INSERT INTO documents VALUES('authorities', CAST('[]' AS BLOB))", "authorities"),
        ("INSERT INTO documents VALUES('policy', CAST('{}' AS BLOB))", "policy"),
        ("DROP TRIGGER revoked_is_final; UPDATE credentials SET state=0", "the state of the credential"),
        ("INSERT INTO offers VALUES(zeroblob(32), 'o', NULL, NULL, NULL, x'01', 4000000000, 0)", "an offer"),
        ("DELETE FROM credentials", "credential"),
        ("DELETE FROM events WHERE seq=1", "event 1"),
    ] {
        put(&good, &db);
        Connection::open(&db).and_then(|raw| raw.execute_batch(sql)).unwrap_or_else(|why| panic!("{sql}: {why}"));
        let ran = refused(&site, "issuer publish -o forged", named);
        assert!(!site.path("forged").exists(), "{sql}");
        assert!(ran.stderr.contains("nothing published"), "{}", ran.stderr);
        refused(&site, "issuer list", named);
    }
    put(&old, &db);
    refused(&site, "issuer publish -o forged", "the register");
    // What the issuer wrote itself goes on.
    put(&good, &db);
    site.stick();
}

/// A home of 0.1.0 is upgraded by the first command, which says so, and never again.
#[test]
fn a_home_of_the_first_version_goes_under_the_seal_once() {
    let site = Site::empty();
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/0.1.0");
    fs::create_dir_all(site.path("issuer/issuer")).expect("made");
    for file in ["issuer.db", "vault.db"] {
        fs::copy(made.join("issuer/issuer").join(file), site.path("issuer/issuer").join(file)).expect("copied");
    }
    fs::copy(made.join("issuer.key"), site.path("issuer.key")).expect("copied");
    private(&site, &["issuer", "issuer/issuer"], 0o700);
    private(&site, &["issuer/issuer/issuer.db", "issuer/issuer/vault.db", "issuer.key"], 0o600);
    let db = database(&site);

    let first = site.run("issuer", "issuer list --key-file KEY");
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(first.stderr.contains("upgraded this issuer from 0.1.0") && first.stderr.contains("3 credential(s)"), "{}", first.stderr);
    let second = site.run("issuer", "issuer list --key-file KEY");
    assert_eq!((second.code, second.stdout), (0, first.stdout));
    assert!(!second.stderr.contains("0.1.0"), "upgraded twice: {}", second.stderr);
    site.ok("issuer", "issuer publish --yes -o stick --key-file KEY");

    // The old database once more, then the old number in the new one.
    let sealed = site.path("sealed.db");
    copy(&db, &sealed);
    put(&made.join("issuer/issuer/issuer.db"), &db);
    refused(&site, "issuer publish -o forged", "the version");
    for number in [1, 2] {
        put(&sealed, &db);
        Connection::open(&db).and_then(|raw| raw.execute_batch(&format!("PRAGMA user_version={number}"))).expect("set");
        refused(&site, "issuer publish -o forged", "version number");
    }
    // The vault's record of it deleted row by row: whichever row it is, nothing is upgraded again.
    put(&made.join("issuer/issuer/issuer.db"), &db);
    let vault = site.path("issuer/issuer/vault.db");
    let whole = site.path("vault.whole");
    copy(&vault, &whole);
    let rows = |raw: &Connection, table: &str| -> Vec<i64> {
        let mut query = raw.prepare(&format!("SELECT row_number() OVER () FROM {table}")).expect("a table");
        query.query_map([], |row| row.get(0)).expect("read").map(|row| row.expect("a row")).collect()
    };
    let raw = Connection::open(&whole).expect("opened");
    let tables: Vec<String> = raw
        .prepare("SELECT name FROM sqlite_schema WHERE type='table' AND name IN ('record', 'log')")
        .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
        .expect("read");
    assert_eq!(tables.len(), 2, "the vault's tables are called otherwise");
    for table in tables {
        for number in rows(&raw, &table) {
            for end in ["", "-wal", "-shm"] {
                drop(fs::remove_file(vault.with_file_name(format!("vault.db{end}"))));
            }
            fs::copy(&whole, &vault).expect("copied");
            let raw = Connection::open(&vault).expect("opened");
            let key = format!("DELETE FROM {table} WHERE key=(SELECT key FROM {table} ORDER BY key LIMIT 1 OFFSET {})", number - 1);
            raw.execute(&key, []).expect("deleted");
            drop(raw);
            let ran = site.run("issuer", "issuer publish -o forged --key-file KEY");
            assert_eq!(ran.code, 60, "{table} {number}: {}{}", ran.stdout, ran.stderr);
        }
    }
}

fn private(site: &Site, names: &[&str], mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    for name in names {
        fs::set_permissions(site.path(name), fs::Permissions::from_mode(mode)).expect("set");
    }
}
