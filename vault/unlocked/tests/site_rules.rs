//! What the site of a device asks: of new slots, of those there are, and of the counters of wrong tries.

use super::*;
use crate::factor::{KeyFile, Password};
use crate::site_rules::Forbidden;
use crate::testing::site_rules;
use crate::vault::LIMITS;
use crate::{Finding, NewSlot, Suite, UnlockError};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Delay, FactorName, VaultRules};
use waypass_trust::time::Reading;

const DAY: i64 = 86_400;

fn now() -> Timestamp {
    reading().wall
}

fn both() -> VaultRules {
    site_rules(&[&[FactorName::Passphrase, FactorName::KeyFile], &[FactorName::Recovery]])
}

#[test]
fn what_the_site_forbids_is_not_added_and_what_is_there_has_some_time() {
    let (phrase, key) = (Password::new("alone"), KeyFile::generate(&mut TestRng));
    let (mut vault, code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    assert_eq!(unlocked.forbidden(now()).expect("read"), None, "a personal vault");
    unlocked.follow(Some((&both(), now()))).expect("followed");
    let Forbidden { slots, until, is_over } = unlocked.forbidden(now()).expect("read").expect("the pass phrase alone");
    assert_eq!((slots.len(), until, is_over), (1, now().plus(14 * DAY), false));
    let one = NewSlot::of(Factors::one(&phrase));
    assert!(matches!(unlocked.add_slot(&one, KdfCost::Floor, now()), Err(VaultError::Forbidden)));
    let is_over = |at: Timestamp| unlocked.forbidden(at).expect("read").expect("forbidden").is_over;
    assert_eq!([14 * DAY - 1, 14 * DAY].map(|seconds| is_over(now().plus(seconds))), [false, true]);
    unlocked.replace_slot(slots[0].id, &NewSlot::of(Factors::one(&phrase).and(&key)), KdfCost::Floor, now()).expect("replaced");
    assert_eq!(unlocked.forbidden(now().plus(99 * DAY)).expect("read"), None);
    drop(unlocked);
    let mut unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("the site permits the recovery code alone");
    let with_key = NewSlot::of(Factors::one(&phrase).and(&key));
    assert!(matches!(unlocked.rekey(&[one], Suite::Aes, KdfCost::Floor, now()), Err(VaultError::Forbidden)));
    unlocked.rekey(core::slice::from_ref(&with_key), Suite::Aes, KdfCost::Floor, now()).expect("a new key");
    assert!(unlocked.site_rules().is_some(), "a new key forgot what the site asks");
    drop(unlocked);
    let unlocked = vault.unlock(&with_key.factors, &reading()).expect("unlocks");
    unlocked.follow(None).expect("the site is forgotten");
    unlocked.add_slot(&NewSlot::of(Factors::one(&phrase)), KdfCost::Floor, now()).expect("a personal vault again");
}

#[test]
fn a_clock_set_back_or_another_publication_makes_the_time_no_longer() {
    let phrase = Password::new("alone");
    let (mut vault, _code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
    let later = Reading { wall: now().plus(20 * DAY), ..reading() };
    let unlocked = vault.unlock(&Factors::one(&phrase), &later).expect("unlocks");
    unlocked.follow(Some((&both(), now()))).expect("followed");
    assert!(unlocked.forbidden(now()).expect("read").expect("forbidden").is_over, "the vault was used after that");
    unlocked.follow(Some((&VaultRules { tries: Some(5), ..both() }, later.wall))).expect("followed");
    assert!(unlocked.forbidden(later.wall).expect("read").expect("forbidden").is_over, "the same combinations are not new");
    let other = site_rules(&[&[FactorName::KeyFile]]);
    unlocked.follow(Some((&other, later.wall))).expect("followed");
    assert!(!unlocked.forbidden(later.wall).expect("read").expect("forbidden").is_over, "other combinations are new");
}

#[test]
fn the_limits_of_the_site_count_before_anything_is_open_and_are_put_back() {
    let (phrase, wrong) = (Password::new("right"), Password::new("wrong"));
    let (mut vault, code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
    let strict = VaultRules { tries: Some(3), delays: vec![Delay { after: 2, seconds: 30 }], ..site_rules(&[]) };
    vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks").follow(Some((&strict, now()))).expect("followed");
    let mut refused = |at: &Reading| vault.unlock(&Factors::one(&wrong), at).map(drop).expect_err("refused");
    assert!(matches!(refused(&reading()), UnlockError::WrongSecret { attempts_left: 2 }));
    assert!(matches!(refused(&reading()), UnlockError::WrongSecret { attempts_left: 1 }));
    assert!(matches!(refused(&reading()), UnlockError::Throttled { seconds: 30 }));
    let later = Reading { boottime_ms: reading().boottime_ms + 30_000, ..reading() };
    assert!(matches!(refused(&later), UnlockError::WrongSecret { attempts_left: 0 }));
    assert!(matches!(refused(&later), UnlockError::LockedOut));
    // Without them in the clear the usual ones count until somebody can open it.
    let change = |value: Option<Vec<u8>>| Change { space: Space::Meta, key: LIMITS.to_vec(), value };
    let kept = vault.storage().get(Space::Meta, LIMITS).expect("read").expect("there");
    vault.storage().commit(&[change(None)]).expect("removed from outside");
    assert_eq!(vault.status(&reading()).expect("status").attempts_left, 7);
    let unlocked = vault.unlock(&Factors::one(&code), &later).expect("unlocks");
    assert_eq!(unlocked.findings(), [Finding::LimitsAltered]);
    drop(unlocked);
    assert_eq!(vault.storage().get(Space::Meta, LIMITS).expect("read"), Some(kept.clone()));
    // And those that nobody asked for are removed.
    let mut personal = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created").0;
    personal.storage().commit(&[change(Some(kept))]).expect("planted");
    assert_eq!(personal.unlock(&Factors::one(&phrase), &reading()).expect("unlocks").findings(), [Finding::LimitsAltered]);
    assert_eq!(personal.storage().get(Space::Meta, LIMITS).expect("read"), None);
}

#[test]
fn without_a_lockout_each_further_try_waits() {
    let (phrase, wrong) = (Password::new("right"), Password::new("wrong"));
    let (mut vault, _code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
    let lenient = VaultRules { tries: Some(3), permanent: false, delays: vec![Delay { after: 2, seconds: 30 }], ..site_rules(&[]) };
    vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks").follow(Some((&lenient, now()))).expect("followed");
    let at = |tries: u64| Reading { boottime_ms: reading().boottime_ms + tries * 30_000, ..reading() };
    for tries in 0..6 {
        let why = vault.unlock(&Factors::one(&wrong), &at(tries)).map(drop).expect_err("wrong");
        assert!(matches!(why, UnlockError::WrongSecret { attempts_left: 1.. }), "{tries}: {why}");
    }
    assert!(matches!(vault.unlock(&Factors::one(&phrase), &at(5)), Err(UnlockError::Throttled { seconds: 30 })));
    vault.unlock(&Factors::one(&phrase), &at(6)).expect("unlocks after the wait");
}
