//! The factors that open the vault, and how they change.

use super::*;
use crate::factor::{FactorKind, KeyFile, Password};
use crate::{UnlockError, VaultStatus};

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
        let replaced = unlocked.replace_slot(slot.id, &Factors::one(&new), KdfCost::Floor).expect("replaced");
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

#[test]
fn a_combination_opens_only_together() {
    let mut fixture = Fixture::new();
    let key = KeyFile::generate(&mut TestRng);
    let password = Password::new("with the key");
    let both = Factors::one(&password).and(&key);
    fixture.unlock().add_slot(&both, KdfCost::Floor).expect("added");
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
    unlocked.remove_slot(slots[0].id).expect("removed");
    assert!(matches!(unlocked.remove_slot(slots[0].id), Err(VaultError::NoSuchSlot)));
    assert!(matches!(unlocked.remove_slot(slots[1].id), Err(VaultError::LastSlot)));
    assert!(matches!(unlocked.replace_slot([0; 8], &Factors::one(&Password::new("x")), KdfCost::Floor), Err(VaultError::NoSuchSlot)));
    let code = RecoveryCode::generate(&mut TestRng);
    for _ in unlocked.slots().expect("slots").len()..16 {
        unlocked.add_slot(&Factors::one(&code), KdfCost::Floor).expect("added");
    }
    assert!(matches!(unlocked.add_slot(&Factors::one(&code), KdfCost::Floor), Err(VaultError::Limit { .. })));
}
