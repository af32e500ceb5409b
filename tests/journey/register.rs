//! An office whose `issuer.db` somebody can write to who has none of its keys.

use crate::program::{Ran, copy as folder};
use crate::site::{Site, codes, text};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

/// The database of the home `issuer`.
fn database(site: &Site) -> PathBuf {
    site.path("issuer/issuer/issuer.db")
}

/// Does `work` with a database, and leaves it with an empty write-ahead log, as waypass does: SQLite itself removes the log.
fn raw(db: &Path, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) {
    Connection::open(db).and_then(|raw| work(&raw)).unwrap_or_else(|why| panic!("{}: {why}", db.display()));
    fs::write(log_of(db), []).expect("written");
}

fn log_of(db: &Path) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// A whole copy of a database.
fn copy(from: &Path, to: &Path) {
    raw(from, |raw| raw.execute("VACUUM INTO ?1", [to.to_str()]).map(drop));
}

fn put(from: &Path, to: &Path) {
    drop(fs::remove_file(to.with_file_name("issuer.db-shm")));
    fs::copy(from, to).expect("put back");
    fs::write(log_of(to), []).expect("written");
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
        ("UPDATE register SET body=CAST(substr(body, 1, 40) || x'00' || substr(body, 42) AS BLOB)", "the register"),
        ("UPDATE register SET body=(SELECT body FROM events WHERE seq=1)", "the register"),
        ("INSERT INTO documents VALUES('authorities', CAST('[]' AS BLOB))", "authorities"),
        ("INSERT INTO documents VALUES('policy', CAST('{}' AS BLOB))", "policy"),
        ("DROP TRIGGER revoked_is_final; UPDATE credentials SET state=0", "the state of the credential"),
        ("INSERT INTO offers VALUES(zeroblob(32), 'o', NULL, NULL, NULL, x'01', 4000000000, 0)", "an offer"),
        ("DELETE FROM credentials", "credential"),
        ("DELETE FROM events WHERE seq=1", "event 1"),
    ] {
        put(&good, &db);
        raw(&db, |raw| raw.execute_batch(sql));
        let ran = refused(&site, "issuer publish -o forged", named);
        assert!(!site.path("forged").exists(), "{sql}");
        assert!(ran.stderr.contains("nothing published"), "{}", ran.stderr);
        refused(&site, "issuer list", named);
    }
    put(&old, &db);
    refused(&site, "issuer publish -o forged", "the register");
    // The issuer's own writes go on.
    put(&good, &db);
    site.stick();
}

/// A copy made without the log may lack what was done last: nothing is signed until the log is back or a person says to go on.
#[test]
fn an_office_without_its_write_ahead_log_signs_nothing_until_somebody_says_so() {
    let site = Site::empty();
    site.ok("issuer", "issuer init --name Clinic --site north --role staff --key-file KEY --recovery-file issuer.recovery");
    let log = log_of(&database(&site));
    assert_eq!(fs::metadata(&log).expect("the log stays when the database is closed").len(), 0);
    fs::remove_file(&log).expect("removed");
    // Whichever command comes first, the next one finds the same.
    for line in ["issuer publish -o forged", "issuer list", "issuer publish --yes -o forged", "issuer serve --listen 127.0.0.1:0"] {
        let ran = refused(&site, line, "issuer.db was closed with its write-ahead log");
        assert!(ran.stderr.contains("nothing published; put issuer.db-wal back"), "{}", ran.stderr);
        assert!(!log.exists() && !site.path("forged").exists(), "{line}");
    }
    // Nobody can be asked, so nothing is gone on with.
    let ran = site.run("issuer", "issuer publish --restored -o forged --key-file KEY");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("Go on with what it has?") && !log.exists(), "{}", ran.stderr);
    fs::write(&log, []).expect("put back");
    site.ok("issuer", "issuer publish -o stick --key-file KEY");
    fs::remove_file(&log).expect("removed");
    site.ok("issuer", "issuer publish --restored --yes -o stick --key-file KEY");
    site.ok("issuer", "issuer publish -o stick --key-file KEY");
    assert!(log.exists());
}

/// Yesterday's copy of the whole office is put back, as the book says it is done: the gate's log names what was forgotten, and nothing
/// is published before it was done again and a person has said so.
#[test]
fn an_office_that_was_put_back_publishes_when_everything_was_withdrawn_again() {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site.answer("early");
    assert_eq!(site.verdict("early").0, 0);
    folder(&site.path("issuer"), &site.path("issuer.copy"));
    // Forgotten are a withdrawal and a gate, with which new targets were signed.
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.ok("east", "verifier init --name East --site north --zone yard --key-file KEY --recovery-file east.recovery");
    site.ok("east", "verifier enroll -o east.enrolment --key-file KEY");
    site.ok("issuer", "issuer enroll east.enrolment --key-file KEY");
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    site.answer("late");
    assert_eq!(site.verdict("late").0, 20);
    site.ok("gate", "verifier sync --from stick --to log --key-file KEY");
    folder(&site.path("issuer.copy"), &site.path("issuer"));

    site.ok("issuer", "issuer intake log -o back --key-file KEY");
    let ran = refused(&site, "issuer publish -o forged", "restored from a copy");
    assert!(ran.stderr.contains("decided by targets") && ran.stderr.contains("--restored"), "{}", ran.stderr);
    // The word for it does not replace the withdrawal, and is somebody's.
    assert_eq!(site.run("issuer", "issuer publish --restored -o forged --key-file KEY").code, 2);
    let ran = refused(&site, "issuer publish --restored --yes -o forged", "has seen entry");
    assert!(ran.stderr.contains(&format!("issuer revoke {}", site.id)) && !site.path("forged").exists(), "{}", ran.stderr);
    let ran = site.run("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    site.ok("issuer", "issuer publish --restored --yes -o stick --key-file KEY");

    let synced = site.run("gate", "verifier sync --from stick --key-file KEY");
    assert!(synced.code == 0 && !synced.stderr.contains("takes back"), "{}{}", synced.stdout, synced.stderr);
    site.answer("later");
    let (code, verdict) = site.verdict("later");
    assert_eq!((code, codes(&verdict)), (20, vec!["revoked"]));
    site.ok("issuer", "issuer enroll east.enrolment --key-file KEY");
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
        raw(&db, |raw| raw.execute_batch(&format!("PRAGMA user_version={number}")));
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

/// An office whose rows had seals and could be read becomes ciphertext with the first command, and keeps everything.
#[test]
fn an_office_that_could_be_read_becomes_ciphertext() {
    let site = Site::empty();
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/readable");
    fs::create_dir_all(site.path("issuer/issuer")).expect("made");
    for file in ["issuer.db", "issuer.db-wal", "vault.db", "vault.db-wal"] {
        fs::copy(made.join("issuer/issuer").join(file), site.path("issuer/issuer").join(file)).expect("copied");
    }
    fs::copy(made.join("issuer.key"), site.path("issuer.key")).expect("copied");
    private(&site, &["issuer", "issuer/issuer"], 0o700);
    private(&site, &["issuer/issuer/issuer.db", "issuer/issuer/issuer.db-wal", "issuer/issuer/vault.db", "issuer.key"], 0o600);
    let db = database(&site);
    let shows = |text: &str| fs::read(&db).expect("read").windows(text.len()).any(|window| window == text.as_bytes());
    let texts = ["Badge of Thaddeus", "left at the tram stop", "did:key:z6MkfMa5Hg5zsCnn3XYXVbmJ6fsnyYpuxLyBmv5iBoja1qBT", "Osgood"];
    assert!(texts.iter().all(|text| shows(text)), "it shows nothing before either");

    let listed = site.run("issuer", "issuer list --key-file KEY");
    let states: Vec<_> = serde_json::from_str::<serde_json::Value>(&listed.stdout).expect("JSON")["credentials"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["state"].clone())
        .collect();
    assert_eq!((listed.code, states), (0, vec!["valid".into(), "revoked".into()]), "{}", listed.stderr);
    assert!(listed.stdout.contains("Badge of Thaddeus II"), "{}", listed.stdout);
    for text in texts {
        assert!(!shows(text), "{text} is in the file");
    }
    let shown = site.run("issuer", "issuer show 13428 --key-file KEY");
    assert!(shown.stdout.contains("left at the tram stop"), "{}{}", shown.stdout, shown.stderr);
    site.ok("issuer", "issuer revoke a733 --reason lost --yes --key-file KEY");
    // The old file once more is not believed.
    put(&made.join("issuer/issuer/issuer.db"), &db);
    refused(&site, "issuer list", "is not what this issuer wrote there");
}
