//! The view of somebody who has the office's file and not its vault.

use crate::offer::OfferTerms;
use crate::office::Issuer;
use crate::revoke::{Cause, Grounds};
use crate::sealed::{Seal, Sealed};
use crate::store::{Filter, State};
use crate::testing::{Key, Log, TestRng, at, enrolment, issuer, order, reopened, store};
use std::path::Path;
use waypass_credential::did;
use waypass_credential::key::Signer as _;
use waypass_credential::role::Mechanism;
use waypass_trust::audit::{Flagged, Note};

/// Checks that no file of a folder holds one of these texts, in either case.
fn holds_none(dir: &Path, texts: &[&str]) {
    for file in std::fs::read_dir(dir).expect("listed") {
        let path = file.expect("a file").path();
        let bytes = std::fs::read(&path).expect("read").to_ascii_lowercase();
        for text in texts {
            let text = text.to_ascii_lowercase();
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text} is in {}", path.display());
        }
    }
}

#[test]
fn the_file_shows_nothing_about_people() {
    let (dir, mut office) = issuer();
    let holder = Key::p256(9);
    let grounds = |note: &str| Grounds { cause: Cause::Lost, note: note.into(), operator: "Operator Osgood".into() };
    let order = crate::issue::Order { label: "Label of Quillon".into(), zones: vec!["zone-of-quillon".into()], ..order() };
    let record = office.issue(&order, holder.public_key(), "Operator Osgood", at(0), &mut TestRng::new(1)).expect("issued").record;
    office.suspend(&record.id, &grounds("note about Quillon"), at(1)).expect("suspended");
    let terms = OfferTerms { valid_seconds: 900, tx_code: false };
    office.offer(&order, &terms, "Operator Osgood", at(2), &mut TestRng::new(2)).expect("offered");
    let (gate, signed) = enrolment(30, at(0));
    let gate_id = did::to_did_key(gate.public_key());
    office.enroll_gate(&signed, None, at(0)).expect("enrolled");
    office.publish(at(3)).expect("published");
    let mut log = Log::new(gate);
    log.append("somebody", at(5));
    let uri = office.settings().list_uri(record.list);
    let flagged = Flagged { seq: 0, uri, idx: record.index.into(), admitted_at: at(5).unix() };
    office.revoke(&record.id, &grounds("another note about Quillon"), at(4)).expect("revoked");
    office.intake(&log.upload(0, at(6), vec![flagged]), at(6)).expect("taken");
    let looked = Note::new("Guard Gwendolen", None, Some("finding about Quillon")).expect("a note");
    assert_eq!(office.acknowledge_flags(None, None, &looked, at(7)).expect("noted").len(), 1);
    office.revoke_gate(&gate_id, "reason about the gate", at(8)).expect("ended");
    let texts =
        ["quillon", "osgood", "gwendolen", "reason about", &record.holder, &did::to_did_key(holder.public_key()), "issued\"", "badge"];
    holds_none(dir.path(), &texts);
    drop(office);
    holds_none(dir.path(), &texts);
    // Everything is there for the office.
    let office = reopened(dir.path());
    let found =
        |filter: Filter| -> Vec<String> { office.credentials(&filter).expect("read").into_iter().map(|record| record.id).collect() };
    let all = Filter::default();
    for filter in [
        Filter { text: Some("LABEL OF Q".into()), ..all.clone() },
        Filter { holder: Some(record.holder.clone()), ..all.clone() },
        Filter { role: Some("nurse".into()), ..all.clone() },
        Filter { id_prefix: Some(record.id[..3].to_owned()), ..all.clone() },
        Filter { state: Some(State::Revoked), ends_after: Some(at(0)), ended_by: Some(record.valid_until), ..all.clone() },
    ] {
        assert_eq!(found(filter.clone()), core::slice::from_ref(&record.id), "{filter:?}");
    }
    for filter in [
        Filter { text: Some("label of r".into()), ..all.clone() },
        Filter { holder: Some(did::to_did_key(Key::p256(8).public_key())), ..all.clone() },
        Filter { role: Some("doctor".into()), ..all.clone() },
        Filter { ends_after: Some(record.valid_until), ..all.clone() },
        Filter { state: Some(State::Valid), ..all },
    ] {
        assert_eq!(found(filter.clone()), Vec::<String>::new(), "{filter:?}");
    }
    assert_eq!(office.history(&record.id).expect("read")[2].note, "another note about Quillon");
    assert_eq!(office.credential(&record.id).expect("read").expect("there").label, "Label of Quillon");
}

/// A role that no published document names is not in the file either.
#[test]
fn roles_are_found_by_their_tags() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut memory = super::sealed(dir.path());
    memory.transact(|tx| Ok(tx.open_list(&Mechanism::TokenList, 8))).expect("a list");
    for (index, role) in [(1, "astronaut"), (2, "beekeeper")] {
        let mut record = super::record(role, index);
        (record.id, record.roles) = (format!("{index}"), vec![role.to_owned()]);
        memory.transact(|tx| tx.add_credential(&record, &[], &super::event(None, State::Valid), None)).expect("added");
    }
    drop(memory);
    holds_none(dir.path(), &["astronaut", "beekeeper", "did:key:zholder"]);
    let found = super::sealed(dir.path()).credentials(&Filter { role: Some("beekeeper".into()), ..Filter::default() }).expect("read");
    assert_eq!(found.into_iter().map(|record| record.id).collect::<Vec<_>>(), ["2"]);
}

/// The tables of the first format under the seal, with a label, a note and names.
fn first_sealed_format(dir: &Path) -> Seal {
    let db = dir.join("issuer.db");
    let raw = rusqlite::Connection::open(&db).expect("opened");
    raw.execute_batch(include_str!("../../../tests/compat/readable.sql")).expect("made");
    let anchor = serde_json::from_str(include_str!("../../../tests/compat/readable.anchor.json")).expect("an anchor");
    Seal::new(&[7; 32], Some(anchor))
}

#[test]
fn the_first_sealed_format_becomes_ciphertext_and_goes_on() {
    let dir = tempfile::tempdir().expect("a folder");
    first_sealed_format(dir.path());
    let anchor: crate::sealed::Anchor =
        serde_json::from_str(include_str!("../../../tests/compat/readable.anchor.json")).expect("an anchor");
    let kept = || Seal::new(&[7; 32], Some(anchor.clone()));
    let office = Issuer::open(Box::new(store(dir.path())), kept(), crate::testing::keys()).expect("opened");
    assert_eq!(office.upgrade(), None, "only what was not under the seal is told");
    assert_eq!(office.anchor().map(|now| now == anchor), Ok(false), "the upgrade is an event");
    let records = office.credentials(&Filter::default()).expect("read");
    let labels: Vec<&str> = records.iter().map(|record| record.label.as_str()).collect();
    assert_eq!(labels, ["Badge of Winnifred", "Badge of Thaddeus", "Badge of Thaddeus"]);
    let thaddeus = Filter { holder: Some(records[2].holder.clone()), ..Filter::default() };
    assert_eq!(office.credentials(&thaddeus).expect("read").len(), 2);
    let states: Vec<State> = records.iter().map(|record| record.state).collect();
    assert_eq!(states, [State::Suspended, State::Revoked, State::Valid]);
    assert_eq!(office.history(&records[1].id).expect("read")[1].note, "left at the tram stop");
    drop(office);
    holds_none(dir.path(), &["thaddeus", "winnifred", "tram stop", "osgood", &records[0].holder, &records[2].holder]);
    let mut office = reopened(dir.path());
    office.revoke(&records[2].id, &Grounds { cause: Cause::Lost, note: String::new(), operator: "ines".into() }, at(90)).expect("revoked");
    office.publish(at(100)).expect("published");
    // The old file once more is older than what the vault knows.
    let newer = Seal::new(&[7; 32], Some(office.anchor().expect("read")));
    drop(office);
    for file in ["issuer.db", "issuer.db-wal", "issuer.db-shm"] {
        drop(std::fs::remove_file(dir.path().join(file)));
    }
    drop(first_sealed_format(dir.path()));
    assert!(Sealed::open(Box::new(store(dir.path())), newer, &mut |_| ()).is_err());
    let raw = rusqlite::Connection::open(dir.path().join("issuer.db")).expect("opened");
    let version: i64 = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("read");
    assert_eq!(version, 3, "evidence was written over");
}

/// A row that something else wrote before the upgrade is not taken over.
#[test]
fn nothing_that_was_changed_becomes_ciphertext() {
    for (sql, named) in [
        ("UPDATE credentials SET label='x' WHERE seq=1", "the credential"),
        ("UPDATE register SET body=replace(body, 'active', 'retired')", "the register"),
        ("UPDATE events SET body=replace(body, 'lost', 'misuse')", "event"),
        ("DELETE FROM events WHERE seq=(SELECT max(seq) FROM events)", "event"),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let kept = first_sealed_format(dir.path());
        rusqlite::Connection::open(dir.path().join("issuer.db")).expect("opened").execute_batch(sql).expect("changed");
        let found = Sealed::open(Box::new(store(dir.path())), kept, &mut |_| ()).map(drop);
        assert!(matches!(&found, Err(crate::store::StoreError::Tampered(what)) if what.starts_with(named)), "{sql}: {found:?}");
    }
}
