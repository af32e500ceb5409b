//! A new vault key: everything moves, whenever the power is cut, and nothing can be read with the old key.

use super::*;
use crate::hierarchy::Keys;
use crate::storage::{Files, Journal, Storage as _};
use crate::testing::{Disk, host_of};
use crate::{Finding, KeyFile, NewSlot, StorageError, Suite, UnlockError};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

const LOG: &str = "log";

/// A vault with records, tags, a log with an index, a key, an entry that cannot be read and a row in quarantine.
fn filled(disk: &Disk, people: u32) -> RecoveryCode {
    let primary = RecoveryCode::generate(&mut TestRng);
    let (mut vault, code) = Vault::create(disk.host(), "test", &primary, KdfCost::Floor).expect("created");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    let written: Result<(), VaultError> = unlocked.batch(|batch| {
        for person in 0..people {
            let role: &[u8] = if person % 2 == 0 { b"medic" } else { b"driver" };
            batch.put("people", &person.to_be_bytes(), &content_of(person), &[("role", role), ("all", b"")])?;
        }
        for entry in 0..people {
            batch.append_tagged(LOG, &content_of(entry), &[("of", &entry.to_be_bytes())])?;
        }
        Ok(())
    });
    written.expect("written");
    unlocked.generate_key(waypass_credential::key::Algorithm::EdDsa, crate::KeyPurpose::Holder).expect("a key");
    code
}

fn content_of(number: u32) -> Vec<u8> {
    [&b"content of "[..], &number.to_be_bytes(), &[7; 64]].concat()
}

fn is_whole(unlocked: &Unlocked<'_>, people: u32) {
    assert_eq!(unlocked.verify_all().expect("read"), []);
    assert_eq!(unlocked.ids("people").expect("ids").len(), usize::try_from(people).expect("few"));
    for person in 0..people {
        assert_eq!(*unlocked.get("people", &person.to_be_bytes()).expect("read").expect("there"), content_of(person));
        assert_eq!(*unlocked.log_entry(LOG, person.into()).expect("read").expect("there"), content_of(person));
    }
    assert_eq!(unlocked.find("people", "role", b"medic").expect("found").len(), usize::try_from(people.div_ceil(2)).expect("few"));
    assert_eq!(unlocked.find("people", "all", b"").expect("found").len(), usize::try_from(people).expect("few"));
    assert_eq!(unlocked.keys().expect("keys").len(), 1);
    assert!(matches!(unlocked.log_find(LOG, "of", &1_u32.to_be_bytes()), Err(VaultError::LogIndexDamaged)), "its owner knows the tags");
    let indexed = unlocked.index_log(LOG, &|entry| vec![("of", entry[11..15].to_vec())]);
    indexed.expect("indexed");
    assert_eq!(unlocked.log_find(LOG, "of", &1_u32.to_be_bytes()).expect("found"), [1]);
    assert_eq!(unlocked.findings(), [], "an index that had to be made again is no finding");
}

fn rekey(vault: &mut Vault, code: &RecoveryCode, key: &KeyFile, suite: Suite) -> Result<(), VaultError> {
    let mut unlocked = vault.unlock(&Factors::one(code), &reading()).expect("unlocks");
    unlocked.rekey(&[NewSlot::of(Factors::one(key))], suite, KdfCost::Floor, reading().wall)
}

#[test]
fn everything_moves_and_only_the_slots_shown_open_it() {
    let disk = Disk::default();
    let code = filled(&disk, 40);
    let key = KeyFile::generate(&mut TestRng);
    let mut vault = Vault::open(disk.host()).expect("opens");
    rekey(&mut vault, &code, &key, Suite::Aes).expect("sealed anew");
    assert!(matches!(vault.unlock(&Factors::one(&code), &reading()), Err(UnlockError::NoSlot)));
    is_whole(&vault.unlock(&Factors::one(&key), &reading()).expect("unlocks"), 40);
    // And once more, with the primitives of before.
    let unlocked = &mut vault.unlock(&Factors::one(&key), &reading()).expect("unlocks");
    let again = unlocked.rekey(&[NewSlot::of(Factors::one(&code))], Suite::ChaCha, KdfCost::Floor, reading().wall);
    again.expect("sealed anew");
    is_whole(unlocked, 40);
}

#[test]
fn nothing_of_the_vault_opens_with_the_old_key() {
    let disk = Disk::default();
    let code = filled(&disk, 20);
    let mut vault = Vault::open(disk.host()).expect("opens");
    // Damage that is set aside may still open in part.
    let (place, row) = rows(&disk).into_iter().find(|(place, _)| is_person(place)).expect("a record");
    let aside = Change { space: Space::Quarantine, key: place.1.clone(), value: Some(row.clone()) };
    vault.storage().commit(&[aside]).expect("set aside");
    let old = vault.keys(&Factors::one(&code), &reading()).expect("opens");
    let before = rows(&disk);
    rekey(&mut vault, &code, &KeyFile::generate(&mut TestRng), Suite::ChaCha).expect("sealed anew");
    let opens = |keys: &Keys, rows: &Rows| rows.iter().filter(|((space, key), row)| opens_at(keys, *space, key, row)).count();
    assert_eq!(opens(&old, &before), 20 + 20 + 1 + 1, "the control: records, entries, a key, and the one set aside");
    let after = rows(&disk);
    assert_eq!(opens(&old, &after), 0);
    let kept: Vec<_> = before.iter().filter(|(place, row)| after.get(place) == Some(row)).map(|((space, key), _)| (*space, key)).collect();
    let public = [(Space::Meta, b"header".to_vec()), (Space::Meta, b"tries/password".to_vec()), (Space::Meta, b"tries/recovery".to_vec())];
    assert!(kept.iter().all(|(space, key)| public.contains(&(*space, (*key).clone()))), "{kept:?}");
}

/// A copy of the old key that somebody has opens what lies anywhere in the files.
#[test]
fn nothing_under_the_old_key_stays_in_the_files() {
    let files = Files::default();
    let disk = Disk::default();
    let code = filled(&disk, 20);
    let journal = Journal::open(files.pair()).expect("opens");
    let changes = rows(&disk).into_iter().map(|((space, key), value)| Change { space, key, value: Some(value) });
    journal.commit(&changes.collect::<Vec<_>>()).expect("committed");
    let mut vault = Vault::open(host_of(journal)).expect("opens");
    let is_sealed = |(space, key): &(Space, Vec<u8>)| match space {
        Space::Meta => key == b"state",
        Space::Index | Space::LogIndex => false,
        Space::Slot | Space::Record | Space::Log | Space::Quarantine => true,
    };
    let before: Rows = rows(vault.storage()).into_iter().filter(|(place, _)| is_sealed(place)).collect();
    let found = || {
        let files = files.kept();
        before.iter().filter(|(_, row)| files.iter().any(|file| file.windows(row.len()).any(|bytes| bytes == *row))).count()
    };
    assert!(found() == before.len() && found() > 40, "{} of {}", found(), before.len());
    rekey(&mut vault, &code, &KeyFile::generate(&mut TestRng), Suite::Aes).expect("sealed anew");
    assert_eq!(found(), 0);
}

fn is_person((space, key): &(Space, Vec<u8>)) -> bool {
    *space == Space::Record && crate::unlocked::records::split_key(key).is_some_and(|(table, _)| table == "people")
}

fn opens_at(keys: &Keys, space: Space, key: &[u8], row: &[u8]) -> bool {
    use crate::unlocked::log::split_log_key;
    use crate::unlocked::records::split_key;
    match space {
        Space::Record | Space::Quarantine => {
            split_key(key).is_some_and(|(table, id)| !table.starts_with(".log") && keys.open_record(table, id, row).is_some())
        }
        Space::Log => split_log_key(key).is_some_and(|(log, seq)| keys.open_entry(log, seq, row).is_some()),
        _ => false,
    }
}

/// Rows that take so many commits, and then nothing more.
#[derive(Clone)]
struct Cut {
    disk: Disk,
    left: Arc<AtomicUsize>,
}

impl crate::Storage for Cut {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.disk.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.disk.scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map_err(|_| StorageError::Poisoned)?;
        self.disk.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.disk.compact()
    }
}

#[test]
fn a_cut_at_any_commit_loses_nothing_and_the_next_unlocking_goes_on() {
    const PEOPLE: u32 = 700;
    let base = Disk::default();
    let code = filled(&base, PEOPLE);
    let base = rows(&base);
    let mut cuts = 0;
    loop {
        let disk = Disk::of(base.clone());
        let (key, left) = (KeyFile::generate(&mut TestRng), Arc::new(AtomicUsize::new(usize::MAX)));
        let mut vault = Vault::open(host_of(Cut { disk: disk.clone(), left: Arc::clone(&left) })).expect("opens");
        let mut unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
        left.store(cuts, Ordering::Relaxed);
        let done = unlocked.rekey(&[NewSlot::of(Factors::one(&key))], Suite::Aes, KdfCost::Floor, reading().wall);
        if done.is_err() {
            assert!(cuts == 0 || unlocked.ids("people").is_err(), "a vault that is half moved was used");
        }
        drop(unlocked);
        drop(vault);
        let mut vault = Vault::open(disk.host()).expect("opens");
        if cuts == 0 {
            assert!(vault.unlock(&Factors::one(&key), &reading()).is_err());
            vault.unlock(&Factors::one(&code), &reading()).expect("nothing was changed");
        } else {
            assert!(vault.unlock(&Factors::one(&code), &reading()).is_err(), "cut {cuts}");
            is_whole(&vault.unlock(&Factors::one(&key), &reading()).expect("unlocks"), PEOPLE);
        }
        if done.is_ok() {
            break;
        }
        cuts += 1;
    }
    assert!(cuts >= 8, "only {cuts} commits");
}

#[test]
fn a_row_that_is_taken_away_meanwhile_is_a_finding() {
    let disk = Disk::default();
    let code = filled(&disk, 700);
    let (key, left) = (KeyFile::generate(&mut TestRng), Arc::new(AtomicUsize::new(usize::MAX)));
    let mut vault = Vault::open(host_of(Cut { disk: disk.clone(), left: Arc::clone(&left) })).expect("opens");
    let old = vault.keys(&Factors::one(&code), &reading()).expect("opens");
    let mut unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    left.store(2, Ordering::Relaxed);
    assert!(unlocked.rekey(&[NewSlot::of(Factors::one(&key))], Suite::Aes, KdfCost::Floor, reading().wall).is_err());
    drop(unlocked);
    drop(vault);
    let unmoved = |(place, row): &(&(Space, Vec<u8>), &Vec<u8>)| is_person(place) && opens_at(&old, place.0, &place.1, row);
    let place = rows(&disk).iter().find(unmoved).expect("a record of the old key").0.clone();
    let gone = Change { space: place.0, key: place.1, value: None };
    crate::Storage::commit(&disk, &[gone]).expect("taken away");
    let mut vault = Vault::open(disk.host()).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&key), &reading()).expect("unlocks");
    assert!(unlocked.findings().iter().any(|finding| matches!(finding, Finding::Altered { .. })), "{:?}", unlocked.findings());
    assert_eq!(unlocked.ids("people").expect("ids").len(), 699);
}

#[test]
fn damage_of_before_stays_damage_and_is_not_lost() {
    let disk = Disk::default();
    let code = filled(&disk, 20);
    let key = KeyFile::generate(&mut TestRng);
    let mut spoilt = rows(&disk);
    for space in [Space::Record, Space::Log] {
        let row = spoilt.iter_mut().find(|(place, _)| if space == Space::Record { is_person(place) } else { place.0 == space });
        *row.expect("a row").1.last_mut().expect("a byte") ^= 1;
    }
    let mut vault = Vault::open(Disk::of(spoilt).host()).expect("opens");
    rekey(&mut vault, &code, &key, Suite::Aes).expect("sealed anew");
    let unlocked = vault.unlock(&Factors::one(&key), &reading()).expect("unlocks");
    assert_eq!(unlocked.ids("people").expect("ids").len(), 19);
    assert!(matches!(unlocked.log_entry(LOG, 0), Err(VaultError::LogDamaged { seq: 0 })));
    let found = unlocked.verify_all().expect("read");
    assert!(found.iter().any(|finding| matches!(finding, Finding::Quarantined { .. })), "{found:?}");
    assert!(found.contains(&Finding::LogEntry { log: LOG.into(), seq: 0 }), "{found:?}");
    assert!(!found.contains(&Finding::StateLost), "{found:?}");
    assert_eq!(rows(unlocked.vault().storage()).keys().filter(|(space, _)| *space == Space::Quarantine).count(), 1);
}
