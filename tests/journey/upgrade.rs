//! An office of version 0.1.0 that had recorded more than it had published, and is opened by this version.

use crate::site::Site;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::fs;
use waypass_credential::base64url;
use waypass_issuer::Issuer;
use waypass_issuer::keys::Keys;
use waypass_issuer::sealed::Seal;
use waypass_issuer::store::{Filter, MissingLog, SqliteStore};
use waypass_machine::clock;
use waypass_vault::Factors;

#[path = "../compat/unseal.rs"]
mod unseal;

/// Takes the seal off an office, as if 0.1.0 had made it, and runs `sql` on its database.
fn take_off(site: &Site, sql: &str) {
    let folder = site.path("issuer/issuer");
    let (db, old) = (folder.join("issuer.db"), site.path("old.db"));
    let key = waypass_machine::key_file::read(&site.path("issuer.key")).expect("read");
    let mut vault = waypass_machine::open(&folder).expect("opens");
    let vault = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    let kept = vault.get("issuer", b"seal").expect("read").expect("there");
    let mut kept: Value = serde_json::from_slice(&kept).expect("JSON");
    let seal = base64url::decode_array(kept["key"].as_str().expect("a key")).expect("32 bytes");
    let store = SqliteStore::open(&db, MissingLog::Accepted).expect("a store");
    let office = Issuer::open(Box::new(store), Seal::new(&seal, None), Keys::new()).expect("opened");
    unseal::unseal(&office, &db, &old);
    drop(office);
    Connection::open(&old).expect("opened").execute_batch(sql).expect("changed");
    for end in ["-wal", "-shm"] {
        drop(fs::remove_file(folder.join(format!("issuer.db{end}"))));
    }
    fs::copy(&old, &db).expect("put there");

    // The result of the upgrade of the vault: a key for the seal, and nothing sealed with it yet.
    kept["anchor"] = Value::Null;
    kept["adopts"] = json!(true);
    vault.put("issuer", b"seal", kept.to_string().as_bytes(), &[]).expect("put");
}

/// The office of 0.1.0 had renamed its gate and not published that. No command that names something else publishes it unasked.
#[test]
fn what_0_1_0_left_unpublished_is_asked_about_once() {
    let site = Site::new(&[], "sd-jwt");
    take_off(&site, "UPDATE gates SET name='Back-door'");
    let first = site.run("issuer", "issuer list --key-file KEY");
    assert!(first.code == 0 && first.stderr.contains("put under the seal"), "{}", first.stderr);
    let told = |change: &str| {
        let ran = site.run("issuer", &format!("issuer {change} {} --key-file KEY", site.id));
        assert_eq!(ran.stderr.contains("Back-door"), ran.stderr.contains("before the upgrade from 0.1.0"), "{}", ran.stderr);
        assert_eq!(ran.stderr.contains("recorded, not yet published"), ran.code == 51, "{}", ran.stderr);
        (ran.code, ran.stderr.contains("Back-door"))
    };
    assert_eq!(told("suspend --reason investigation"), (51, true), "it is said, and nobody can be asked");
    assert_eq!(told("reinstate --reason cleared"), (51, true), "it is said until somebody has answered");
    assert_eq!(told("suspend --reason investigation --yes"), (0, true), "a script that means it says --yes");
    assert_eq!(told("reinstate --reason cleared"), (0, false), "once");
}
