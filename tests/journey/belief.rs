//! The files that decide are under the seal: trust files that were swapped or put back, vault rows that were deleted,
//! gates that are not enrolled.

use crate::program::{Place, Ran, copy, finish};
use crate::site::{Site, codes, text};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A site whose holder keeps a credential, and whose gate admits it.
fn working_site() -> Site {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site.answer("answer");
    assert_eq!(site.verdict("answer").0, 0);
    site
}

fn ask_and_decide(site: &Site) -> (i32, Value) {
    site.answer("answer");
    site.verdict("answer")
}

/// Runs SQL on a vault, as somebody with the file and without the key.
fn sql(vault: &Path, statements: &str) {
    let connection = rusqlite::Connection::open(vault).expect("the file opens");
    connection.execute_batch(statements).expect("changed");
}

#[test]
fn two_files_of_another_site_make_nobody_green() {
    let site = working_site();
    let stranger = Site::new(&[], "sd-jwt");
    // The stranger enrols this very gate at his own office.
    stranger.place.write("enrolment-of-ours", fs::read(site.path("enrolment")).expect("read"));
    stranger.ok("issuer", "issuer enroll enrolment-of-ours --key-file KEY");
    stranger.stick();
    stranger.ok("gate", "verifier sync --from stick --key-file KEY");
    for home in ["gate", "ada"] {
        for file in ["root.json", "bundle.json"] {
            fs::copy(stranger.path("gate").join("trust").join(file), site.path(home).join("trust").join(file)).expect("copied");
        }
    }
    let ran = site.run("gate", "verifier challenge --role staff -o request --key-file KEY");
    assert_eq!(ran.code, 60, "{}", ran.stderr);
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (60, vec!["trust_tampered"]), "{verdict}");
    let ran = site.run("ada", "wallet present --request request --yes --key-file KEY");
    assert_eq!(ran.code, 60, "{}", ran.stderr);
    // Held credentials can still be looked at, and the gate says why it decides about nobody.
    site.ok("ada", "wallet list --key-file KEY");
    let status = site.run("gate", "verifier status --key-file KEY");
    assert!(status.code == 60 && status.stdout.contains("trust_tampered"), "{}", status.stdout);

    // Another root needs the pinning ceremony; a bundle at the floor is the way back.
    let refused =
        site.run("gate", &format!("trust pin {}/stick --digest {} --key-file KEY", stranger.place.dir().display(), stranger.root));
    assert_eq!(refused.code, 60, "{}", refused.stderr);
    for home in ["gate", "ada"] {
        site.ok(home, "trust bundle stick --key-file KEY");
    }
    let (exit, verdict) = ask_and_decide(&site);
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");
}

#[test]
fn an_older_bundle_put_back_revives_nobody() {
    let site = working_site();
    let bundle = site.path("gate").join("trust/bundle.json");
    let old = fs::read(&bundle).expect("read");
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    let (exit, verdict) = ask_and_decide(&site);
    assert_eq!((exit, codes(&verdict)[0]), (20, "revoked"), "{verdict}");
    site.answer("answer");
    fs::write(&bundle, &old).expect("put back");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (60, vec!["trust_tampered"]), "{verdict}");
    fs::remove_file(&bundle).expect("removed");
    assert_eq!(site.verdict("answer").0, 60);
    // A command that opens no vault verifies signatures, and says that it compared nothing.
    let listed = site.ok("ada", "trust list");
    assert_eq!(listed["compared_with_vault"], Value::Bool(false));
    site.ok("gate", "trust bundle stick --key-file KEY");
    let (exit, verdict) = ask_and_decide(&site);
    assert_eq!((exit, codes(&verdict)[0]), (20, "revoked"), "{verdict}");
}

#[test]
fn a_root_that_was_removed_is_made_again_and_a_removed_trust_is_pinned_anew() {
    let site = working_site();
    let root = site.path("gate").join("trust/root.json");
    fs::remove_file(&root).expect("removed");
    assert_eq!(ask_and_decide(&site).0, 0);
    assert!(root.exists());
    // Forgetting needs the factors, and then nothing is believed.
    let refused = site.run("gate", "trust remove --yes");
    assert_eq!(refused.code, 40, "{}", refused.stderr);
    site.ok("gate", "trust remove --yes --key-file KEY");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (30, vec!["no_bundle"]), "{verdict}");
    site.pin("gate");
    assert_eq!(ask_and_decide(&site).0, 0);
}

#[test]
fn a_vault_in_a_home_with_trust_files_believes_nothing_until_it_is_told() {
    let site = working_site();
    site.ok("gate", "wallet init --key-file second.key --recovery-file second.code");
    let ran = site.run("gate", "wallet add credential --key-file second.key");
    assert_eq!(ran.code, 30, "{}", ran.stderr);
    // Pinning asks for the factors of each vault of the home.
    let refused = site.run("gate", &format!("trust pin stick --digest {} --key-file KEY", site.root));
    assert_eq!(refused.code, 40, "{}", refused.stderr);
    site.ok("gate", &format!("trust pin stick --digest {} --key-file KEY --key-file second.key", site.root));
    let ran = site.run("gate", "wallet add credential --key-file second.key");
    assert_eq!(ran.code, 20, "known now, and bound to another holder: {}", ran.stderr);
    // Both go on over the same folder, whichever of them syncs.
    for _ in 0..3 {
        site.stick();
        site.ok("gate", "wallet sync --from stick");
        assert_eq!(ask_and_decide(&site).0, 0);
        site.stick();
        site.ok("gate", "verifier sync --from stick --key-file KEY");
        site.ok("gate", "wallet list --key-file second.key");
    }
}

/// Rows deleted without the key: no answer counts twice, and the gate stands still until a person has looked.
#[test]
fn a_gate_whose_rows_were_deleted_decides_about_nobody() {
    for (what, statements) in [
        (
            "state and log",
            "DELETE FROM meta WHERE key = X'7374617465'; DELETE FROM record WHERE instr(key, CAST('gatestate' AS BLOB)) > 0; DELETE FROM log;",
        ),
        ("the state of the gate", "DELETE FROM record WHERE instr(key, CAST('gatestate' AS BLOB)) > 0;"),
        ("the log", "DELETE FROM log;"),
        ("the last record of the log", "UPDATE log SET value = zeroblob(length(value)) WHERE key = (SELECT max(key) FROM log);"),
        ("the challenges", "DELETE FROM record WHERE instr(key, CAST('challenges' AS BLOB)) > 0;"),
        ("the state of the vault", "DELETE FROM meta WHERE key = X'7374617465';"),
    ] {
        let site = working_site();
        let vault = site.path("gate").join("verifier/vault.db");
        sql(&vault, statements);
        let (exit, verdict) = site.verdict("answer");
        assert_eq!((exit, codes(&verdict)), (60, vec!["device_tampered"]), "{what}: {verdict}");
        let ran = site.run("gate", "verifier challenge --role staff -o request --key-file KEY");
        assert_eq!(ran.code, 60, "{what}: {}", ran.stderr);
        let status = site.run("gate", "verifier status --key-file KEY");
        assert_eq!(status.code, 60, "{what}: {}", status.stdout);
        if what.contains("log") {
            assert_eq!(site.run("gate", "audit verify --key-file KEY").code, 60, "{what}: a log shorter than the sealed state says");
        }

        let looked = site.ok("gate", "verifier acknowledge --by Ruth --key-file KEY");
        assert!(looked["findings"].as_array().is_some_and(|found| !found.is_empty()), "{what}: {looked}");
        // The answer that was used before is not taken again.
        let (exit, verdict) = site.verdict("answer");
        assert_ne!(exit, 0, "{what}: {verdict}");
        let (exit, verdict) = ask_and_decide(&site);
        assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{what}: {verdict}");
        let listed = site.run("gate", "audit list --last 4 --key-file KEY");
        assert!(listed.stdout.contains("acknowledged"), "{what}: {}", listed.stdout);
    }
}

#[test]
fn a_gate_that_never_had_a_bundle_says_that_it_decides_about_nobody() {
    let site = Site::empty();
    site.ok("gate", "verifier init --name Door --site north --zone lab --key-file KEY --recovery-file gate.recovery");
    let status = site.run("gate", "verifier status --key-file KEY");
    let said: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!((status.code, &said["decides"]), (30, &Value::Bool(false)), "{said}");
    let words = finish(site.place.command(&[], "gate", &["verifier", "status", "--key-file", "gate.key"]), "");
    assert!(words.code == 30 && words.stdout.contains("DECIDES  about nobody yet: bring the site's bundle"), "{}", words.stdout);
    // With a bundle that does not name it, the next step is another one.
    let root = text(&site.ok("issuer", "issuer init --name Clinic --site north --key-file KEY --recovery-file issuer.recovery"), "/root");
    site.stick();
    site.ok("gate", &format!("trust pin stick --digest {root} --key-file KEY"));
    let words = finish(site.place.command(&[], "gate", &["verifier", "status", "--key-file", "gate.key"]), "");
    assert!(words.code == 30 && words.stdout.contains("DECIDES  about nobody yet: have it enrolled"), "{}", words.stdout);
}

#[test]
fn a_gate_that_is_not_enrolled_decides_about_nobody() {
    let site = working_site();
    let gate = text(&site.ok("gate", "verifier status --key-file KEY"), "/id");
    site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
    site.ok("issuer", &format!("issuer revoke {gate} --reason compromised --key-file KEY"));
    site.stick();
    site.ok("ada", "wallet present --request request --yes -o answer --key-file KEY");
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (30, vec!["gate_not_enrolled"]), "{verdict}");
    let status = site.run("gate", "verifier status --key-file KEY");
    assert_eq!(status.code, 30, "{}", status.stdout);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(status["works_offline_until"], Value::Null, "{status}");

    // As a peer it says what it knows, and admits nobody.
    let check = |site: &Site, file: &str| -> (i32, Value) {
        let ran = site.run("gate", &format!("verifier check {file} --key-file KEY"));
        (ran.code, serde_json::from_str(&ran.stdout).expect("JSON"))
    };
    site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
    site.ok("ada", "wallet present --request request --yes -o answer --key-file KEY");
    let (exit, verdict) = check(&site, "answer");
    assert_eq!((exit, codes(&verdict)), (10, vec!["peer_check"]), "{verdict}");
    let (exit, verdict) = check(&site, "answer");
    assert_eq!((exit, codes(&verdict)[0]), (20, "replayed"), "{verdict}");
    site.ok("issuer", &format!("issuer revoke {} --reason lost --key-file KEY", site.id));
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
    site.ok("ada", "wallet present --request request --yes -o answer --key-file KEY");
    let (exit, verdict) = check(&site, "answer");
    assert_eq!((exit, codes(&verdict)[0]), (20, "revoked"), "{verdict}");
}

/// A copy of the homes of 0.1.0, and the program at the time at which they were made.
struct Old {
    place: Place,
}

impl Old {
    fn new() -> Self {
        let place = Place::new();
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/0.1.0");
        for home in ["issuer", "gate", "wallet", "one"] {
            copy(&kept.join(home), &place.path(home));
            fs::copy(kept.join(format!("{home}.key")), place.path(&format!("{home}.key"))).expect("copied");
        }
        for file in ["backup", "backup.code", "backup.phrase"] {
            fs::copy(kept.join(file), place.path(file)).expect("copied");
        }
        let modes = Command::new("chmod").args(["-R", "go="]).arg(place.dir()).status();
        assert!(modes.expect("chmod runs").success());
        Self { place }
    }

    fn run(&self, home: &str, line: &str) -> Ran {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.extend(["--json", "--no-input"]);
        finish(self.place.command(&["faketime", "-f", "@2026-11-20 10:20:00"], home, &words), "")
    }

    fn ok(&self, home: &str, line: &str) -> Value {
        let ran = self.run(home, line);
        assert_eq!(ran.code, 0, "{line} [{home}]: {}{}", ran.stdout, ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap_or(Value::Null)
    }
}

#[test]
fn homes_of_0_1_0_open_in_one_upgrade() {
    if Command::new("faketime").arg("--version").output().is_err() {
        eprintln!("SKIP homes of 0.1.0: faketime is not installed");
        return;
    }
    let old = Old::new();
    let first = old.run("gate", "audit list --key-file gate.key");
    assert!(first.code == 0 && first.stderr.contains("upgraded this verifier from 0.1.0"), "{}", first.stderr);
    assert!(!old.run("gate", "audit list --key-file gate.key").stderr.contains("upgraded"), "once");
    let records = old.ok("gate", "audit list --key-file gate.key")["records"].as_array().expect("records").clone();
    let events: Vec<(&str, Option<&str>)> =
        records.iter().map(|record| (record["event"].as_str().expect("an event"), record["reasons"][0].as_str())).collect();
    let expected = [
        ("decided", Some("ok")),
        ("decided", Some("replayed")),
        ("synced", None),
        ("synced", None),
        ("decided", Some("ok")),
        ("synced", None),
        ("upgraded", None),
    ];
    assert_eq!(events, expected);
    old.ok("gate", "audit verify --key-file gate.key");
    let status = old.run("gate", "verifier status --key-file gate.key");
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(status["enrolled"], Value::Bool(true), "{status}");

    let held = old.ok("wallet", "wallet list --key-file wallet.key");
    let standings: Vec<&str> =
        held["credentials"].as_array().expect("credentials").iter().map(|card| card["standing"].as_str().expect("a standing")).collect();
    // On the machine and in the boot that made them the clock has been set since, which a wallet doubts.
    assert!(["in_force", "status_unknown"].contains(&standings[0]), "{held}");
    assert_eq!(standings[1..], ["suspended", "withdrawn"], "{held}");

    let issued = old.ok("issuer", "issuer list --key-file issuer.key");
    let states: Vec<&str> =
        issued["credentials"].as_array().expect("credentials").iter().map(|one| one["state"].as_str().expect("a state")).collect();
    assert_eq!(states, ["revoked", "suspended", "valid"], "{issued}");
    old.ok("one", "issuer ceremony key --key-file one.key");
    old.ok("new", "wallet init --key-file new.key --recovery-file new.code");
    let restored =
        old.ok("new", "wallet restore backup --backup-recovery-file backup.code --backup-secret-file backup.phrase --key-file new.key");
    assert_eq!(restored["credentials"], 3, "{restored}");

    // Everything still works together: the office publishes, the gate follows, the holder shows.
    old.ok("issuer", "issuer publish -o stick --key-file issuer.key");
    old.ok("gate", "verifier sync --from stick --key-file gate.key");
    old.ok("wallet", "wallet sync --from stick");
    old.ok("gate", "verifier challenge --role staff -o request --key-file gate.key");
    old.ok("wallet", "wallet present --request request --yes -o answer --key-file wallet.key");
    let decided = old.run("gate", "verifier verify answer --key-file gate.key");
    // In the boot that made these homes their time has run on, and the clock of this test is behind it.
    assert!(decided.code == 0 || decided.stdout.contains("clock_suspect"), "{}", decided.stdout);

    // The upgrade is under the seal: an old version number and a deleted floor do not bring it about again.
    let vault = old.place.path("gate").join("verifier/vault.db");
    sql(&vault, "PRAGMA user_version = 1; DELETE FROM record WHERE instr(key, CAST('belieffloor' AS BLOB)) > 0;");
    let again = old.run("gate", "verifier verify answer --key-file gate.key");
    assert!(!again.stderr.contains("upgraded"), "{}", again.stderr);
    assert!([30, 60].contains(&again.code), "{}", again.stdout);
}

/// The log of 0.1.0 has no index; the upgrade makes one, so that a newer list finds who was let in before.
#[test]
fn admissions_of_0_1_0_are_flagged_after_the_upgrade() {
    if Command::new("faketime").arg("--version").output().is_err() {
        eprintln!("SKIP admissions of 0.1.0: faketime is not installed");
        return;
    }
    let old = Old::new();
    let issued = old.ok("issuer", "issuer list --key-file issuer.key");
    let valid = issued["credentials"].as_array().expect("credentials").iter().find(|one| one["state"] == "valid").expect("a valid one");
    old.ok("issuer", &format!("issuer revoke {} --reason lost --key-file issuer.key", text(valid, "/id")));
    old.ok("issuer", "issuer publish -o stick --key-file issuer.key");
    let synced = old.ok("gate", "verifier sync --from stick --key-file gate.key");
    let flagged: Vec<u64> = synced["flagged"].as_array().expect("flagged").iter().filter_map(|flag| flag["seq"].as_u64()).collect();
    assert_eq!(flagged, [0, 4], "{synced}");
    assert_eq!(old.ok("gate", "audit verify --key-file gate.key")["admitted"], 2);
}
