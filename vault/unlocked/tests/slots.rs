//! The factors that open the vault, and how they change.

use super::*;
use crate::factor::{FactorKind, KeyFile, Password};
use crate::slot::SlotId;
use crate::storage::{Files, Journal};
use crate::testing::host_of;
use crate::{NewSlot, Pin, Plan, Rules, Suite, Unfinished, UnlockError, VaultStatus};
use waypass_credential::time::Timestamp;
use waypass_trust::time::Reading;

fn now() -> Timestamp {
    reading().wall
}

fn status(vault: &Vault) -> VaultStatus {
    vault.status(&reading()).expect("status")
}

#[test]
fn a_changed_password_opens_and_the_old_one_does_not_not_even_its_old_slot() {
    let (old, new) = (Password::new("old"), Password::new("new"));
    let (mut vault, code) = Vault::create(host(), "test", &old, KdfCost::Floor).expect("created");
    let slot = status(&vault).slots.into_iter().find(|slot| slot.factors == [FactorKind::Password]).expect("a password slot");
    let old_row = vault.storage().get(Space::Slot, &slot.id).expect("read").expect("there");
    let code_row = |vault: &Vault| {
        rows(vault.storage()).into_iter().filter(|((space, key), _)| *space == Space::Slot && *key != slot.id).collect::<Rows>()
    };
    let before = code_row(&vault);
    {
        let unlocked = vault.unlock(&Factors::one(&old), &reading()).expect("unlocks");
        unlocked.put("t", b"id", b"kept", &[]).expect("put");
        let replaced = unlocked.replace_slot(slot.id, &NewSlot::of(Factors::one(&new)), KdfCost::Floor, now()).expect("replaced").info;
        assert_eq!((replaced.id, replaced.epoch), (slot.id, slot.epoch + 1));
    }
    assert_eq!(code_row(&vault), before, "another slot was rewritten");
    assert!(matches!(vault.unlock(&Factors::one(&old), &reading()), Err(UnlockError::WrongSecret { attempts_left: 9 })));
    let unlocked = vault.unlock(&Factors::one(&new), &reading()).expect("unlocks");
    assert_eq!(unlocked.get("t", b"id").expect("read").expect("there").as_slice(), b"kept");
    drop(unlocked);
    // Someone puts the old slot back: it unwraps the right key, and is refused all the same.
    vault.storage().commit(&[Change { space: Space::Slot, key: slot.id.to_vec(), value: Some(old_row) }]).expect("committed");
    assert!(matches!(vault.unlock(&Factors::one(&old), &reading()), Err(UnlockError::WrongSecret { .. })));
    vault.unlock(&Factors::one(&code), &reading()).expect("the recovery code still opens");
}

/// The slot of before, in a copy of the files, would open the vault with the old password.
#[test]
fn a_slot_that_was_replaced_or_removed_is_in_no_file() {
    let files = Files::default();
    let journal = Journal::open(files.pair()).expect("opens");
    let (mut vault, code) = Vault::create(host_of(journal), "test", &Password::new("old"), KdfCost::Floor).expect("created");
    let row = |vault: &Vault, id: SlotId| vault.storage().get(Space::Slot, &id).expect("read").expect("there");
    let is_there = |row: &[u8]| files.kept().iter().any(|file| file.windows(row.len()).any(|bytes| bytes == row));
    let slot = status(&vault).slots.into_iter().find(|slot| slot.factors == [FactorKind::Password]).expect("a password slot").id;
    let first = row(&vault, slot);
    assert!(is_there(&first));
    let new = Password::new("new");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    unlocked.replace_slot(slot, &NewSlot::of(Factors::one(&new)), KdfCost::Floor, now()).expect("replaced");
    drop(unlocked);
    assert!(!is_there(&first));
    let second = row(&vault, slot);
    assert!(is_there(&second));
    vault.unlock(&Factors::one(&code), &reading()).expect("unlocks").remove_slot(slot).expect("removed");
    assert!(!is_there(&second));
}

/// Without room for new files the change counts, and the slot of before is removed by the next unlocking that finds room.
#[test]
fn a_slot_that_could_not_be_removed_from_the_files_is_removed_later() {
    let files = Files::default();
    let journal = Journal::open(files.pair()).expect("opens");
    let (mut vault, code) = Vault::create(host_of(journal), "test", &Password::new("old"), KdfCost::Floor).expect("created");
    let slot = status(&vault).slots.into_iter().find(|slot| slot.factors == [FactorKind::Password]).expect("a password slot").id;
    let old = vault.storage().get(Space::Slot, &slot).expect("read").expect("there");
    let is_there = || files.kept().iter().any(|file| file.windows(old.len()).any(|bytes| bytes == old));
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    // Less than the reserve would find room in its place.
    for id in 0..4 {
        unlocked.put("t", &[id], &vec![0; 512 * 1024], &[]).expect("put");
    }
    let used: usize = files.now().iter().map(Vec::len).sum();
    files.limit_room(Some(used as u64 + 4096));
    unlocked.remove_slot(slot).expect("removed");
    assert!(is_there() && unlocked.has_traces());
    drop(unlocked);
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks without room too");
    assert!(is_there() && unlocked.has_traces());
    drop(unlocked);
    files.limit_room(None);
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    assert!(!is_there() && !unlocked.has_traces());
    assert!(matches!(unlocked.remove_slot(slot), Err(VaultError::NoSuchSlot)));
}

#[test]
fn a_combination_opens_only_together() {
    let mut fixture = Fixture::new();
    let key = KeyFile::generate(&mut TestRng);
    let password = Password::new("with the key");
    let both = Factors::one(&password).and(&key);
    fixture.unlock().add_slot(&NewSlot::of(both), KdfCost::Floor, now()).expect("added");
    let vault = &mut fixture.vault;
    assert!(status(vault).slots.iter().any(|slot| slot.factors == [FactorKind::Password, FactorKind::KeyFile]));
    for one in [Factors::one(&password), Factors::one(&key)] {
        assert!(matches!(vault.unlock(&one, &reading()), Err(UnlockError::NoSlot)));
    }
    let wrong = Password::new("without");
    assert!(matches!(vault.unlock(&Factors::one(&key).and(&wrong), &reading()), Err(UnlockError::WrongSecret { .. })));
    vault.unlock(&Factors::one(&key).and(&password), &reading()).expect("unlocks in either order");
}

#[test]
fn slots_are_removed_down_to_the_last_one() {
    let mut fixture = Fixture::new();
    let unlocked = fixture.unlock();
    let slots = unlocked.slots().expect("slots");
    assert_eq!(slots.len(), 2);
    unlocked.remove_slot(slots[0].info.id).expect("removed");
    assert!(matches!(unlocked.remove_slot(slots[0].info.id), Err(VaultError::NoSuchSlot)));
    assert!(matches!(unlocked.remove_slot(slots[1].info.id), Err(VaultError::LastSlot)));
    assert!(matches!(
        unlocked.replace_slot([0; 8], &NewSlot::of(Factors::one(&Password::new("x"))), KdfCost::Floor, now()),
        Err(VaultError::NoSuchSlot)
    ));
    let code = RecoveryCode::generate(&mut TestRng);
    for _ in unlocked.slots().expect("slots").len()..16 {
        unlocked.add_slot(&NewSlot::of(Factors::one(&code)), KdfCost::Floor, now()).expect("added");
    }
    assert!(matches!(unlocked.add_slot(&NewSlot::of(Factors::one(&code)), KdfCost::Floor, now()), Err(VaultError::Limit { .. })));
}

fn made(rules: Rules, slots: Vec<NewSlot<'_>>) -> Result<Vault, crate::CreateError> {
    let plan = Plan { suite: Suite::Aes, cost: KdfCost::Floor, rules, slots, at: Some(now()) };
    Unfinished::begin(host(), "test", &plan).map(|begun| begun.finish().expect("finished"))
}

#[test]
fn a_vault_never_has_a_slot_that_its_rules_forbid() {
    let (password, key) = (Password::new("with the key"), KeyFile::generate(&mut TestRng));
    let pin = Pin::parse("402917").expect("a PIN");
    let rules = || Rules::only([vec![FactorKind::Password, FactorKind::KeyFile]]);
    let both = NewSlot::of(Factors::one(&password).and(&key));
    for forbidden in [vec![], vec![NewSlot::of(Factors::one(&key))], vec![both.clone(), NewSlot::of(Factors::one(&password))]] {
        assert!(matches!(made(rules(), forbidden), Err(crate::CreateError::Forbidden)));
    }
    assert!(matches!(made(Rules::default(), vec![NewSlot::of(Factors::one(&pin))]), Err(crate::CreateError::Forbidden)));
    let mut vault = made(rules(), vec![both.clone()]).expect("made");
    let slots = |vault: &Vault| vault.slots().expect("read").readable;
    let before = slots(&vault);
    let unlocked = vault.unlock(&both.factors, &reading()).expect("unlocks");
    let one = NewSlot::of(Factors::one(&password));
    assert!(matches!(unlocked.add_slot(&one, KdfCost::Floor, now()), Err(VaultError::Forbidden)));
    assert!(matches!(unlocked.replace_slot(before[0].place.id, &one, KdfCost::Floor, now()), Err(VaultError::Forbidden)));
    let mut unlocked = unlocked;
    assert!(matches!(unlocked.rekey(&[one], Suite::Aes, KdfCost::Floor, now()), Err(VaultError::Forbidden)));
    assert_eq!(unlocked.rules(), rules());
    let with_pin = NewSlot::of(Factors::one(&password).and(&key).and(&pin));
    unlocked.replace_slot(before[0].place.id, &with_pin, KdfCost::Floor, now()).expect("more than the rules want");
    drop(unlocked);
    assert_eq!(vault.unlock(&with_pin.factors, &reading()).expect("unlocks").rules(), rules());
}

#[test]
fn the_open_vault_knows_names_and_days_and_the_locked_one_does_not() {
    let key = KeyFile::generate(&mut TestRng);
    let label = "Ines, drawer";
    let mut vault = made(Rules::default(), vec![NewSlot { label, ..NewSlot::of(Factors::one(&key)) }]).expect("made");
    let stored = rows(vault.storage()).into_values().flatten().collect::<Vec<u8>>();
    assert!(!stored.windows(label.len()).any(|part| part == label.as_bytes()), "the label can be read");
    let later = Reading { wall: now().plus(86_400), ..reading() };
    for at in [reading(), later] {
        let unlocked = vault.unlock(&Factors::one(&key), &at).expect("unlocks");
        let slot = &unlocked.slots().expect("slots")[0];
        assert_eq!((slot.label.as_str(), slot.added, slot.used), (label, Some(now()), Some(at.wall)));
        unlocked.label_slot(slot.info.id, label).expect("named");
    }
    let unlocked = vault.unlock(&Factors::one(&key), &later).expect("unlocks");
    unlocked.label_slot(unlocked.slots().expect("slots")[0].info.id, "Ines, pocket").expect("named");
    assert!(matches!(unlocked.label_slot([9; 8], "x"), Err(VaultError::NoSuchSlot)));
    assert!(matches!(unlocked.label_slot([9; 8], &"x".repeat(65)), Err(VaultError::Limit { .. })));
    drop(unlocked);
    assert_eq!(vault.unlock(&Factors::one(&key), &later).expect("unlocks").slots().expect("slots")[0].label, "Ines, pocket");
}

/// One flush a day says when a slot was used; a gate that opens a hundred times a day pays for it once.
#[test]
fn a_second_use_on_the_same_day_writes_nothing() {
    let key = KeyFile::generate(&mut TestRng);
    let mut vault = made(Rules::default(), vec![NewSlot::of(Factors::one(&key))]).expect("made");
    let mut seq = |at: &Reading| vault.unlock(&Factors::one(&key), at).expect("unlocks").state_seq();
    let first = seq(&reading());
    assert_eq!(seq(&reading()), first);
    assert_eq!(seq(&Reading { wall: now().plus(86_400), ..reading() }), first + 1);
}

#[test]
fn a_slot_for_a_time_ends_and_no_clock_that_is_set_back_revives_it() {
    let (password, key) = (Password::new("for the night"), KeyFile::generate(&mut TestRng));
    let ends = now().plus(3600);
    let slots = vec![NewSlot { ends: Some(ends), ..NewSlot::of(Factors::one(&password)) }, NewSlot::of(Factors::one(&key))];
    let mut vault = made(Rules::default(), slots).expect("made");
    let at = |seconds: i64| Reading { wall: now().plus(seconds), ..reading() };
    vault.unlock(&Factors::one(&password), &at(3599)).expect("opens until then");
    assert!(matches!(vault.unlock(&Factors::one(&password), &at(3600)), Err(UnlockError::Ended)));
    assert_eq!(status(&vault).attempts_left, 10, "nothing was guessed");
    assert!(matches!(
        vault.unlock(&Factors::one(&Password::new("a guess")), &at(3600)),
        Err(UnlockError::WrongSecret { attempts_left: 9 })
    ));
    // Somebody else opens it on the next day: the vault has seen that day.
    vault.unlock(&Factors::one(&key), &at(86_400)).expect("opens");
    for back in [3599, 0, -86_400] {
        assert!(matches!(vault.unlock(&Factors::one(&password), &at(back)), Err(UnlockError::Ended)), "{back}");
    }
}

#[test]
fn a_slot_for_a_time_ends_by_what_the_others_on_the_device_have_seen() {
    let (password, other) = (Password::new("for the night"), Password::new("tulip anchor seven"));
    let ends = now().plus(3600);
    let slots = vec![NewSlot::of(Factors::one(&other)), NewSlot { ends: Some(ends), ..NewSlot::of(Factors::one(&password)) }];
    let mut vault = made(Rules::default(), slots).expect("made");
    vault.device_saw(ends.plus(-1));
    vault.unlock(&Factors::one(&password), &reading()).expect("opens until then");
    vault.device_saw(ends);
    assert!(matches!(vault.unlock(&Factors::one(&password), &reading()), Err(UnlockError::Ended)), "also with another slot of its kind");
    vault.unlock(&Factors::one(&other), &reading()).expect("what opens always does");
}

#[test]
fn a_slot_for_a_time_does_not_open_a_vault_that_lost_its_state() {
    let password = Password::new("for the night");
    let slots = vec![NewSlot { ends: Some(now().plus(3600)), ..NewSlot::of(Factors::one(&password)) }];
    let mut vault = made(Rules::default(), slots).expect("made");
    vault.storage().commit(&[Change { space: Space::Meta, key: b"state".to_vec(), value: None }]).expect("gone");
    assert!(matches!(vault.unlock(&Factors::one(&password), &reading()), Err(UnlockError::Ended)));
}
