use super::Behind;
use crate::Issuer;
use crate::publish::PublishError;
use crate::revoke::{Cause, Grounds};
use crate::testing::{Key, Log, TestRng, at, enrolment, issuer, keys, order, reopened, seal, store};
use waypass_credential::did;
use waypass_credential::key::Signer as _;
use waypass_trust::audit::Flagged;

fn grounds() -> Grounds {
    Grounds { cause: Cause::Lost, note: String::new(), operator: "ines".into() }
}

/// A copy of an office is put back after a revocation, with its vault: nothing in the office itself can notice. The gate that had seen
/// the revocation tells, and nothing is published until it is made again.
#[test]
fn a_restored_issuer_takes_no_revocation_back() {
    let (dir, mut issuer) = issuer();
    let (gate, signed) = enrolment(30, at(0));
    let id = did::to_did_key(gate.public_key());
    issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
    let issued = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(1), &mut TestRng::new(5)).expect("issued").record;
    issuer.publish(at(2)).expect("published");
    drop(issuer);
    let copied = tempfile::tempdir().expect("a folder");
    let raw = rusqlite::Connection::open(dir.path().join("issuer.db")).expect("opened");
    raw.execute("VACUUM INTO ?1", [copied.path().join("issuer.db").to_str()]).expect("copied");
    let mut office = reopened(dir.path());
    office.revoke(&issued.id, &grounds(), at(3)).expect("revoked");
    let last = office.publish(at(4)).expect("published");

    // The gate admits before it hears, hears, and flags it.
    let mut log = Log::new(gate);
    log.append(&issued.holder, at(3));
    let uri = office.settings().list_uri(issued.list);
    let flag = Flagged { seq: 0, uri, idx: issued.index.into(), admitted_at: at(3).unix() };
    let mut restored = Issuer::open(Box::new(store(copied.path())), seal(), keys()).expect("a copy opens");
    restored.intake(&log.upload(0, at(5), vec![flag]), at(5)).expect("taken");
    let behind = Behind::Revoked { gate: id.clone(), list: issued.list, index: issued.index, credential: Some(issued.id.clone()) };
    assert_eq!(restored.behind(), Ok(vec![behind.clone()]));
    assert_eq!(restored.publish(at(6)).map(drop), Err(PublishError::Behind(behind)));

    // The thief of the key for lists could make gates say so, and must not stop the office from giving that key up.
    let stolen = tempfile::tempdir().expect("a folder");
    let raw = rusqlite::Connection::open(copied.path().join("issuer.db")).expect("opened");
    raw.execute("VACUUM INTO ?1", [stolen.path().join("issuer.db").to_str()]).expect("copied");
    let mut other = reopened(stolen.path());
    other.give_up_key(Key::ed25519(3).public_key()).expect("given up");
    assert_eq!(other.behind(), Ok(vec![]));

    // It is revoked again; the numbers that were used since are skipped, and a gate that has the last publication takes the next.
    restored.revoke(&issued.id, &grounds(), at(7)).expect("revoked");
    assert_eq!(restored.behind(), Ok(vec![]));
    restored.skip_versions().expect("skipped");
    let next = restored.publish(at(8)).expect("published");
    assert!(next.timestamp > last.timestamp && next.targets > last.targets);
    let mut held = last.opened().clone();
    held.replace(next.opened().clone()).expect("a gate goes on");
}

/// A gate that has a receipt for records that this issuer does not hold.
#[test]
fn a_log_that_goes_on_after_what_is_held_is_noticed() {
    let (_dir, mut issuer) = issuer();
    let (gate, signed) = enrolment(30, at(0));
    let id = did::to_did_key(gate.public_key());
    issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
    issuer.publish(at(1)).expect("published");
    let mut log = Log::new(gate);
    (0..5).for_each(|second| log.append("somebody", at(second)));
    assert!(issuer.intake(&log.upload(3, at(6), vec![]), at(6)).is_err());
    let behind = Behind::Log { gate: id, seen: 5, known: 0 };
    assert_eq!(issuer.publish(at(7)).map(drop), Err(PublishError::Behind(behind)));
    // Here it was only out of order: the records before it arrive.
    issuer.intake(&log.upload(0, at(8), vec![]), at(8)).expect("taken");
    issuer.publish(at(9)).expect("published");
    // If they are lost, somebody must say so, once.
    (5..9).for_each(|second| log.append("somebody", at(second)));
    assert!(issuer.intake(&log.upload(7, at(10), vec![]), at(10)).is_err());
    assert!(issuer.publish(at(11)).is_err());
    issuer.skip_versions().expect("skipped");
    assert!(issuer.intake(&log.upload(7, at(12), vec![]), at(12)).is_err());
    issuer.publish(at(13)).expect("published");
}

/// A gate that decided by newer targets than this issuer ever signed.
#[test]
fn targets_that_a_gate_has_seen_are_not_published_below() {
    let (_dir, mut issuer) = issuer();
    let (gate, signed) = enrolment(30, at(0));
    let id = did::to_did_key(gate.public_key());
    issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
    let known = issuer.publish(at(1)).expect("published").targets;
    let mut log = Log::new(gate);
    log.append_by("somebody", at(2), known + 7);
    issuer.intake(&log.upload(0, at(3), vec![]), at(3)).expect("taken");
    let behind = Behind::Targets { gate: id.clone(), seen: known + 7, known };
    assert_eq!(issuer.publish(at(4)).map(drop), Err(PublishError::Behind(behind)));
    issuer.skip_versions().expect("skipped");
    assert!(issuer.publish(at(5)).is_ok());
    // A gate that says so and is no longer enrolled stops nobody.
    log.append_by("somebody", at(6), u64::MAX);
    issuer.intake(&log.upload(1, at(7), vec![]), at(7)).expect("taken");
    assert!(issuer.publish(at(8)).is_err());
    issuer.revoke_gate(&id, "it lies", at(9)).expect("ended");
    assert!(issuer.publish(at(10)).is_ok());
}

/// Nothing is published under numbers that gates may have seen, until a person says that what was withdrawn is withdrawn again.
#[test]
fn an_issuer_from_a_backup_publishes_nothing_before_somebody_answers_for_it() {
    let (dir, mut issuer) = issuer();
    let before = issuer.publish(at(10)).expect("published");
    let held = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(11), &mut TestRng::new(1)).expect("issued").record;
    issuer.note_restored().expect("noted");
    assert_eq!(issuer.publish(at(20)).map(drop), Err(PublishError::Restored));
    // Entries of the lists that it has may be somebody's, whom it has forgotten.
    let new = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(21), &mut TestRng::new(2)).expect("issued").record;
    assert!(new.list > held.list);
    drop(issuer);
    let mut issuer = reopened(dir.path());
    assert_eq!(issuer.publish_confirmed(at(20)).map(drop), Err(PublishError::Restored));
    issuer.skip_versions().expect("skipped");
    let after = issuer.publish(at(30)).expect("published");
    assert!(after.timestamp > before.timestamp + 1_000_000);
    // A second time is another one.
    issuer.note_restored().expect("noted");
    assert_eq!(issuer.publish(at(40)).map(drop), Err(PublishError::Restored));
}
