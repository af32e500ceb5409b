//! Someone edits the file while the vault is locked. Whatever they do: nothing altered is believed, nothing panics, what is intact stays
//! readable, and what happened is a finding.

use super::*;
use crate::state::Finding;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

const RECORDS: [(&[u8], &[u8]); 3] = [(b"one", b"content of one"), (b"two", b"content of two"), (b"three", b"")];
const ENTRIES: [&[u8]; 3] = [b"entry 0", b"entry 1", b"entry 2"];

fn filled() -> Fixture {
    let mut fixture = Fixture::new();
    {
        let unlocked = fixture.unlock();
        for (id, content) in RECORDS {
            unlocked.put("t", id, content, &[("tag", b"same"), ("id", id)]).expect("put");
        }
        for entry in ENTRIES {
            unlocked.append("log", entry).expect("appended");
        }
    }
    fixture
}

/// How many records and entries are still readable; each one must be what it was.
fn intact(unlocked: &Unlocked<'_>) -> usize {
    let mut intact = 0;
    for (id, content) in RECORDS {
        if let Ok(Some(read)) = unlocked.get("t", id) {
            assert_eq!(read.as_slice(), content, "an altered record was believed");
            intact += 1;
        }
    }
    for (seq, entry) in (0..).zip(ENTRIES) {
        if let Ok(Some(read)) = unlocked.log_entry("log", seq) {
            assert_eq!(read.as_slice(), entry, "an altered entry was believed");
            intact += 1;
        }
    }
    let ids: BTreeSet<Vec<u8>> = unlocked.ids("t").expect("ids").into_iter().collect();
    let found: BTreeSet<Vec<u8>> = unlocked.find("t", "tag", b"same").expect("found").into_iter().collect();
    assert!(ids.is_subset(&found), "the index hides records");
    for (id, _) in RECORDS {
        assert!(unlocked.find("t", "id", id).expect("found").iter().all(|found| found == id));
    }
    intact
}

#[test]
fn every_flipped_bit_of_every_row_is_noticed_and_costs_one_row_at_most() {
    let mut fixture = filled();
    let rows = fixture.rows();
    for ((space, key), value) in &rows {
        // Of long rows a bit of every byte, of short ones all; the state is three thousand bytes of one ciphertext.
        let bits = (0..value.len()).flat_map(|at| if value.len() > 400 { at % 8..at % 8 + 1 } else { 0..8 }.map(move |bit| (at, bit)));
        for (at, bit) in bits {
            let mut edited = rows.clone();
            edited.get_mut(&(*space, key.clone())).expect("there")[at] ^= 1 << bit;
            fixture.set_rows(edited);
            let what = format!("{space:?} {} byte {at} bit {bit}", String::from_utf8_lossy(key));
            match fixture.vault.unlock(&Factors::one(&fixture.code), &reading()) {
                Ok(unlocked) => {
                    let intact = intact(&unlocked);
                    let findings = unlocked.verify_all().expect("verified");
                    let harmless = matches!(space, Space::Slot) || (*space == Space::Meta && key != b"state");
                    assert_eq!(findings.is_empty(), harmless, "{what}: {findings:?}");
                    assert!(intact >= RECORDS.len() + ENTRIES.len() - 1, "{what}: {findings:?}");
                }
                Err(_) => assert!(matches!(space, Space::Slot | Space::Meta) && key != b"state", "{what} locked the vault"),
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_every_key_is_noticed() {
    let mut fixture = filled();
    let rows = fixture.rows();
    for (place, value) in rows.iter().filter(|((space, _), _)| matches!(space, Space::Record | Space::Index | Space::Log)) {
        for bit in 0..place.1.len() * 8 {
            let mut moved = place.clone();
            moved.1[bit / 8] ^= 1 << (bit % 8);
            let mut edited = rows.clone();
            edited.remove(place);
            edited.insert(moved, value.clone());
            fixture.set_rows(edited);
            let unlocked = fixture.unlock();
            intact(&unlocked);
            assert_ne!(unlocked.verify_all().expect("verified"), [], "{place:?} bit {bit}");
        }
    }
}

#[test]
fn a_missing_row_is_noticed_once_and_the_vault_goes_on() {
    let mut fixture = filled();
    let rows = fixture.rows();
    for place in rows.keys().filter(|(space, key)| matches!(space, Space::Record | Space::Index | Space::Log) || key == b"state") {
        let mut edited = rows.clone();
        edited.remove(place);
        fixture.set_rows(edited);
        {
            let unlocked = fixture.unlock();
            assert!(intact(&unlocked) >= RECORDS.len() + ENTRIES.len() - 1, "{place:?}");
            assert_ne!(unlocked.verify_all().expect("verified"), [], "{place:?}");
        }
        // Kept over locking, until someone has seen them; then all is well, but for the hole in a log.
        let unlocked = fixture.unlock();
        assert_ne!(unlocked.findings(), [], "{place:?}");
        unlocked.acknowledge_findings().expect("acknowledged");
        unlocked.put("t", b"one", b"content of one", &[("tag", b"same")]).expect("a vault that still works");
        drop(unlocked);
        let findings = fixture.unlock().verify_all().expect("verified");
        assert!(findings.iter().all(|finding| matches!(finding, Finding::LogEntry { .. })), "{place:?}: {findings:?}");
        assert_eq!(findings.is_empty(), place.0 != Space::Log);
    }
}

#[test]
fn a_row_from_an_older_copy_is_noticed() {
    let mut fixture = filled();
    let old = fixture.rows();
    {
        let unlocked = fixture.unlock();
        for (id, _) in RECORDS {
            unlocked.put("t", id, b"newer", &[("tag", b"same")]).expect("put");
        }
        unlocked.remove("t", b"one").expect("removed");
    }
    let new = fixture.rows();
    for (place, value) in old.iter().filter(|((space, _), _)| matches!(space, Space::Record | Space::Index)) {
        let mut edited = new.clone();
        if edited.insert(place.clone(), value.clone()).as_ref() == Some(value) {
            continue;
        }
        fixture.set_rows(edited);
        assert_ne!(fixture.unlock().verify_all().expect("verified"), [], "{place:?}");
    }
    // The state from the older copy: all buckets that have changed since.
    let state = (Space::Meta, b"state".to_vec());
    let mut edited = new.clone();
    edited.insert(state.clone(), old[&state].clone());
    fixture.set_rows(edited);
    assert_ne!(fixture.unlock().verify_all().expect("verified"), []);
    // All of the older copy: the one thing that cannot be noticed from inside.
    fixture.set_rows(new);
    let newest = fixture.unlock().state_seq();
    fixture.set_rows(old);
    let unlocked = fixture.unlock();
    assert_eq!(unlocked.verify_all().expect("verified"), []);
    assert!(unlocked.state_seq() < newest);
}

#[test]
fn two_rows_changing_places_are_noticed() {
    let mut fixture = filled();
    let rows = fixture.rows();
    for space in [Space::Record, Space::Log] {
        let places: Vec<_> = rows.keys().filter(|(at, _)| *at == space).cloned().collect();
        let mut edited = rows.clone();
        edited.insert(places[0].clone(), rows[&places[1]].clone());
        edited.insert(places[1].clone(), rows[&places[0]].clone());
        fixture.set_rows(edited);
        let unlocked = fixture.unlock();
        assert_eq!(intact(&unlocked), RECORDS.len() + ENTRIES.len() - 2);
        assert_ne!(unlocked.verify_all().expect("verified"), []);
    }
}

#[test]
fn a_damaged_record_is_set_aside_not_deleted() {
    let mut fixture = filled();
    let mut rows = fixture.rows();
    let unlocked = fixture.unlock();
    let place = (Space::Record, unlocked.keys.record_key("t", b"two"));
    drop(unlocked);
    let row = rows.get_mut(&place).expect("there");
    row[40] ^= 1;
    let damaged = row.clone();
    fixture.set_rows(rows);
    {
        let unlocked = fixture.unlock();
        assert!(matches!(unlocked.get("t", b"two"), Err(VaultError::Quarantined)));
        assert!(matches!(unlocked.get("t", b"two"), Err(VaultError::Quarantined)), "said twice");
        assert_eq!(unlocked.findings(), [Finding::Quarantined { table: "t".into(), id: b"two".to_vec() }]);
    }
    assert!(fixture.rows().iter().any(|((space, _), value)| *space == Space::Quarantine && *value == damaged));
    let unlocked = fixture.unlock();
    unlocked.put("t", b"two", b"content of two", &[("tag", b"same")]).expect("issued again");
    assert_eq!(intact(&unlocked), RECORDS.len() + ENTRIES.len());
}
