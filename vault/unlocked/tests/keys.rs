//! Which keys a change from outside concerns: those that are in the part that was changed, and no others.

use super::*;
use crate::KeyPurpose;
use crate::keys::{KeyId, TABLE};
use crate::state::{BUCKETS, Finding};
use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeSet;
use waypass_credential::key::Algorithm;

/// More keys than buckets, so that some share one; the first of them shares its own, and was retired after `old` was copied.
fn with_keys() -> (Fixture, Vec<KeyId>, Rows) {
    let mut fixture = Fixture::new();
    let (keys, old) = {
        let unlocked = fixture.unlock();
        unlocked.append("log", b"entry").expect("appended");
        unlocked.put("t", b"id", b"content", &[("tag", b"value")]).expect("put");
        let made = (0..3 * BUCKETS).map(|_| unlocked.generate_key(Algorithm::EdDsa, KeyPurpose::Holder).map(|key| key.id));
        let mut keys = made.collect::<Result<Vec<_>, _>>().expect("generated");
        let bucket = |key: &KeyId| unlocked.keys.record_key(TABLE, key.as_bytes())[0];
        let shared = |at: &usize| keys.iter().filter(|other| bucket(other) == bucket(&keys[*at])).count() > 1;
        let first = (0..keys.len()).find(shared).expect("three keys a bucket");
        keys.swap(0, first);
        (keys, rows(unlocked.vault().storage()))
    };
    fixture.unlock().retire_key(keys[0]).expect("retired");
    (fixture, keys, old)
}

fn place(fixture: &mut Fixture, key: KeyId) -> (Space, Vec<u8>) {
    (Space::Record, fixture.unlock().keys.record_key(TABLE, key.as_bytes()))
}

/// Those that share a bucket with `key`, and are not that key.
fn neighbours(fixture: &mut Fixture, keys: &[KeyId], key: KeyId) -> BTreeSet<KeyId> {
    let bucket = place(fixture, key).1[0];
    keys.iter().copied().filter(|other| *other != key).filter(|other| place(fixture, *other).1[0] == bucket).collect()
}

fn altered(fixture: &mut Fixture) -> BTreeSet<KeyId> {
    fixture.unlock().altered_keys().expect("looked at").into_iter().collect()
}

#[test]
fn what_was_put_back_deleted_or_damaged_concerns_the_keys_around_it() {
    let (mut fixture, keys, old) = with_keys();
    let whole = fixture.rows();
    assert_eq!(altered(&mut fixture), BTreeSet::new());
    let around = neighbours(&mut fixture, &keys, keys[0]);
    assert!(!around.is_empty() && around.len() < keys.len() / 2);
    let retired = place(&mut fixture, keys[0]);

    // Put back: the retired key would sign again.
    let mut edited = whole.clone();
    edited.insert(retired.clone(), old[&retired].clone());
    fixture.set_rows(edited);
    let concerned: BTreeSet<KeyId> = around.iter().copied().chain([keys[0]]).collect();
    assert_eq!(altered(&mut fixture), concerned);
    assert_eq!(altered(&mut fixture), concerned, "also when it is opened again");
    let new = fixture.unlock().generate_key(Algorithm::EdDsa, KeyPurpose::Holder).expect("generated").id;
    assert!(!altered(&mut fixture).contains(&new), "what is made afterwards is whole");
    fixture.unlock().acknowledge_findings().expect("acknowledged");
    assert_eq!(altered(&mut fixture), BTreeSet::new());

    // Deleted, or damaged where the sum sees it: that key is gone, its neighbours may be older copies.
    for damage in [None, Some(3)] {
        let mut edited = whole.clone();
        match damage {
            None => drop(edited.remove(&retired)),
            Some(at) => edited.get_mut(&retired).expect("there")[at] ^= 1,
        }
        fixture.set_rows(edited);
        assert_eq!(altered(&mut fixture), around, "{damage:?}");
        assert!(fixture.unlock().keys().expect("listed").iter().all(|key| key.id != keys[0]));
    }

    // Without the sealed state nothing says what was there.
    let mut edited = whole.clone();
    edited.remove(&(Space::Meta, b"state".to_vec()));
    fixture.set_rows(edited);
    assert_eq!(altered(&mut fixture), keys.iter().copied().collect());
}

#[test]
fn what_has_no_keys_in_it_concerns_none() {
    let (mut fixture, _, _) = with_keys();
    let whole = fixture.rows();
    for place in whole.keys().filter(|(space, _)| matches!(space, Space::Index | Space::Log)) {
        let mut edited = whole.clone();
        edited.remove(place);
        fixture.set_rows(edited);
        assert_ne!(fixture.unlock().verify_all().expect("verified"), []);
        assert_eq!(altered(&mut fixture), BTreeSet::new(), "{place:?}");
    }
}

#[test]
fn findings_never_push_a_key_out() {
    let (mut fixture, keys, old) = with_keys();
    let mut edited = fixture.rows();
    let retired = place(&mut fixture, keys[0]);
    edited.insert(retired.clone(), old[&retired].clone());
    // So many damaged records that nothing more is noted, in the buckets before it.
    for n in 0..100_u8 {
        edited.insert((Space::Record, [&[0, 1][..], b"t", &[n]].concat()), vec![n; 100]);
    }
    fixture.set_rows(edited);
    let unlocked = fixture.unlock();
    unlocked.ids("t").expect("ids");
    assert!(unlocked.findings().len() > 60);
    assert!(unlocked.altered_keys().expect("looked at").contains(&keys[0]));
}

#[test]
fn an_upgrade_takes_the_findings_of_0_1_0_to_concern_every_key() {
    let (mut fixture, keys, _) = with_keys();
    let unlocked = fixture.unlock();
    unlocked.pretend_to_be_of_0_1_0();
    let found = Finding::Altered { tables: vec![TABLE.to_owned(), "t".to_owned()] };
    unlocked
        .batch(|_| -> Result<(), VaultError> {
            unlocked.change_state(|state| state.note(found));
            Ok(())
        })
        .expect("noted");
    assert_eq!(unlocked.altered_keys().expect("looked at"), []);
    unlocked.upgrade(|_| Ok::<(), VaultError>(())).expect("upgraded");
    assert_eq!(unlocked.altered_keys().expect("looked at").len(), keys.len());
}
