//! An office of version 0.1.0 that had recorded more than it had published.

use super::super::PublishError;
use crate::office::Issuer;
use crate::sealed::Seal;
use crate::store::{Filter, MissingLog, SqliteStore};
use crate::testing::{at, enrolment, issuer, keys};
use std::path::Path;

#[path = "../../../tests/compat/unseal.rs"]
mod unseal;

fn open(path: &Path, seal: Seal) -> Issuer<'static> {
    let store = SqliteStore::open(path, MissingLog::Accepted).expect("a store");
    Issuer::open(Box::new(store), seal, keys()).expect("opened")
}

/// A gate that was recorded and not published: the first publication after the upgrade waits for a person's word, whatever it was asked
/// for, and however often the office was opened in between.
#[test]
fn what_waited_before_the_upgrade_is_asked_about_once() {
    let (dir, mut new) = issuer();
    new.publish(at(0)).expect("published");
    let (_, signed) = enrolment(30, at(0));
    new.enroll_gate(&signed, None, at(0)).expect("enrolled");
    let path = dir.path().join("old.db");
    unseal::unseal(&new, &dir.path().join("issuer.db"), &path);
    drop(new);

    let mut office = open(&path, Seal::adopting(&[7; 32]));
    assert!(office.upgrade().is_some());
    let waits = |office: &Issuer<'_>| office.unasked().map(|change| (change.before.gates.len(), change.after.gates.len()));
    assert_eq!(waits(&office), Some((0, 1)));
    assert_eq!(office.publish(at(10)).map(drop), Err(PublishError::Unasked));
    let (_, other) = enrolment(31, at(10));
    office.enroll_gate(&other, None, at(10)).expect("enrolled");
    assert_eq!(office.publish(at(10)).map(drop), Err(PublishError::Unasked), "what else was changed waits too");
    drop(office);

    let mut office = open(&path, Seal::new(&[7; 32], None));
    assert_eq!(waits(&office), Some((0, 2)), "there was no answer");
    office.confirm_unasked().expect("confirmed");
    assert_eq!(office.publish(at(20)).expect("published").opened().gates().len(), 2);
    let (_, third) = enrolment(32, at(20));
    office.enroll_gate(&third, None, at(20)).expect("enrolled");
    drop(office);
    let mut office = open(&path, Seal::new(&[7; 32], None));
    assert_eq!(waits(&office), None, "asked twice");
    office.publish(at(30)).expect("published");
}

/// If nothing waited, nobody is asked about what commands change afterwards.
#[test]
fn an_upgrade_with_nothing_to_publish_asks_nobody() {
    let (dir, mut new) = issuer();
    new.publish(at(0)).expect("published");
    let path = dir.path().join("old.db");
    unseal::unseal(&new, &dir.path().join("issuer.db"), &path);
    drop(new);
    let mut office = open(&path, Seal::adopting(&[7; 32]));
    let (_, signed) = enrolment(30, at(10));
    office.enroll_gate(&signed, None, at(10)).expect("enrolled");
    drop(office);
    let mut office = open(&path, Seal::new(&[7; 32], None));
    assert_eq!(office.unasked(), None);
    office.publish(at(20)).expect("published");
}
