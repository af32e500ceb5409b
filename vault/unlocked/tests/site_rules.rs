//! What the site of a device asks: of new slots, of those there are, and of the counters of wrong tries.

use super::*;
use crate::factor::{KeyFile, Password};
use crate::site_rules::Forbidden;
use crate::testing::{learned, site_rules};
use crate::vault::LIMITS;
use crate::{Finding, NewSlot, Suite, UnlockError};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Consequence, Delay, DeviceFinding, DeviceRules, Digest, FactorName, Officer, VaultRules};
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
    unlocked.follow(Some((&both(), learned(now())))).expect("followed");
    let Forbidden { slots, until, is_over, .. } = unlocked.forbidden(now()).expect("read").expect("the pass phrase alone");
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
    unlocked.follow(Some((&both(), learned(now())))).expect("followed");
    assert!(unlocked.forbidden(now()).expect("read").expect("forbidden").is_over, "the vault was used after that");
    unlocked.follow(Some((&VaultRules { tries: Some(5), ..both() }, learned(later.wall)))).expect("followed");
    assert!(unlocked.forbidden(later.wall).expect("read").expect("forbidden").is_over, "the same combinations are not new");
    let sorted = site_rules(&[&[FactorName::Recovery], &[FactorName::KeyFile, FactorName::Passphrase], &[FactorName::KeyFile]]);
    unlocked.follow(Some((&sorted, learned(later.wall)))).expect("followed");
    assert!(unlocked.forbidden(later.wall).expect("read").expect("forbidden").is_over, "nothing that was permitted is forbidden now");
    let other = site_rules(&[&[FactorName::KeyFile]]);
    unlocked.follow(Some((&other, learned(later.wall)))).expect("followed");
    assert!(!unlocked.forbidden(later.wall).expect("read").expect("forbidden").is_over, "other combinations are new");
}

#[test]
fn the_time_begins_when_the_device_learns_of_it_and_not_long_after_it_was_signed() {
    let begins = |learned: core::ops::RangeInclusive<Timestamp>| {
        let phrase = Password::new("alone");
        let (mut vault, _code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
        let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
        unlocked.follow(Some((&both(), learned))).expect("followed");
        unlocked.forbidden(now()).expect("read").expect("forbidden").until.plus(-14 * DAY)
    };
    let today = |signed: i64, oldest: i64| begins(now().plus(signed * DAY)..=now().plus(oldest * DAY));
    assert_eq!(today(-5, 2), now(), "it was used just now");
    assert_eq!(today(-30, -10), now().plus(-10 * DAY), "a stick from long ago");
    assert_eq!(today(1, 9), now().plus(DAY), "a clock that is slow");
}

#[test]
fn what_opens_nothing_is_not_forbidden() {
    let (phrase, key) = (Password::new("alone"), KeyFile::generate(&mut TestRng));
    let (mut vault, code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
    let slot =
        vault.slots().expect("read").readable.into_iter().find(|slot| slot.kinds() != [crate::FactorKind::Recovery]).expect("a slot");
    let old = vault.storage().get(Space::Slot, &slot.place.id).expect("read");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    unlocked.replace_slot(slot.place.id, &NewSlot::of(Factors::one(&phrase).and(&key)), KdfCost::Floor, now()).expect("replaced");
    let for_tom = NewSlot { ends: Some(now().plus(3 * DAY)), ..NewSlot::of(Factors::one(&phrase)) };
    unlocked.add_slot(&for_tom, KdfCost::Floor, now()).expect("added");
    unlocked.follow(Some((&both(), learned(now())))).expect("followed");
    let count =
        |unlocked: &Unlocked<'_>, days: i64| unlocked.forbidden(now().plus(days * DAY)).expect("read").map_or(0, |found| found.slots.len());
    assert_eq!([2, 3].map(|days| count(&unlocked, days)), [1, 0], "what was for a time");
    drop(unlocked);
    vault.storage().commit(&[Change { space: Space::Slot, key: slot.place.id.to_vec(), value: old }]).expect("an old slot put back");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    assert_eq!(count(&unlocked, 3), 0, "what the sealed state does not know");
}

#[test]
fn the_site_counts_instead_of_what_the_vault_was_made_with() {
    let (phrase, key) = (Password::new("alone"), KeyFile::generate(&mut TestRng));
    let slots = vec![NewSlot::of(Factors::one(&phrase).and(&key))];
    let rules = crate::Rules::only([vec![crate::FactorKind::Password, crate::FactorKind::KeyFile]]);
    let plan = crate::Plan { suite: Suite::Aes, cost: KdfCost::Floor, rules, slots, at: Some(now()) };
    let mut vault = crate::Unfinished::begin(host(), "test", &plan).expect("begun").finish().expect("made");
    let unlocked = vault.unlock(&Factors::one(&phrase).and(&key), &reading()).expect("unlocks");
    let one = [crate::FactorKind::KeyFile];
    assert!(!unlocked.permits(&one));
    unlocked.follow(Some((&site_rules(&[]), learned(now())))).expect("followed");
    assert!(!unlocked.permits(&one), "a site that says nothing about combinations");
    unlocked.follow(Some((&site_rules(&[&[FactorName::KeyFile]]), learned(now())))).expect("followed");
    assert!(unlocked.permits(&one), "its owner could meet both only with a third way");
}

#[test]
fn other_limits_begin_with_no_tries_and_never_take_those_of_the_recovery_code() {
    let (phrase, wrong) = (Password::new("right"), Password::new("wrong"));
    let (mut vault, code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
    let other = RecoveryCode::generate(&mut TestRng);
    for factor in [&wrong as &dyn crate::Factor, &other, &wrong, &other, &wrong, &other, &other] {
        vault.unlock(&Factors::one(factor), &reading()).map(drop).expect_err("wrong");
    }
    let key = KeyFile::generate(&mut TestRng);
    vault
        .unlock(&Factors::one(&phrase), &reading())
        .expect("unlocks")
        .add_slot(&NewSlot::of(Factors::one(&key)), KdfCost::Floor, now())
        .expect("added");
    vault.unlock(&Factors::one(&wrong), &reading()).map(drop).expect_err("wrong");
    let strict = VaultRules { tries: Some(3), ..site_rules(&[]) };
    vault.unlock(&Factors::one(&key), &reading()).expect("unlocks").follow(Some((&strict, learned(now())))).expect("followed");
    let status = vault.status(&reading()).expect("status");
    assert_eq!((status.attempts_left, status.recovery_attempts_left), (3, 10));
    for _ in 0..4 {
        vault.unlock(&Factors::one(&other), &reading()).map(drop).expect_err("wrong");
    }
    vault.unlock(&Factors::one(&code), &reading()).expect("the fifth try with a code");
}

#[test]
fn a_lost_state_has_lost_the_limits_too_and_blames_nobody() {
    let phrase = Password::new("right");
    let (mut vault, _code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
    vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks").follow(Some((&both(), learned(now())))).expect("followed");
    vault.storage().commit(&[Change { space: Space::Meta, key: b"state".to_vec(), value: None }]).expect("lost");
    assert_eq!(vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks").findings(), [Finding::StateLost]);
    assert_eq!(vault.storage().get(Space::Meta, LIMITS).expect("read"), None);
}

#[test]
fn the_longest_rules_survive_their_encoding() {
    let names = ["Ada", "Ben", "Eve", "Kim"].map(|name| name.repeat(16));
    let key = |at: u8| waypass_credential::recipient::Recipient([at; 32]);
    let rules = VaultRules {
        combinations: vec![vec![FactorName::Pin, FactorName::KeyFile], vec![FactorName::Officers, FactorName::KeyFile]],
        passphrase_characters: Some(64),
        pin_digits: Some(32),
        // Composing makes three letters of each of these.
        blocked: vec!["\u{1d160}".repeat(32); 32],
        tries: Some(3),
        delays: (1..=8).map(|after| Delay { after, seconds: 86_400 }).collect(),
        permanent: true,
        grace_seconds: 365 * 86_400,
        officers: names.iter().zip(1..).map(|(name, at)| Officer { name: name.clone(), key: key(at) }).collect(),
        administrators: None,
        device: Some(DeviceRules {
            findings: DeviceFinding::ALL.iter().copied().zip(Consequence::ALL.iter().copied().cycle()).collect(),
            programs: vec![Digest([7; 32]); DeviceRules::MOST_PROGRAMS],
            packages_days: Some(365),
        }),
        erased_after_tries: true,
    };
    let phrase = Password::new("right");
    let (mut vault, _code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    unlocked.follow(Some((&rules, learned(now())))).expect("followed");
    let kept = unlocked.site_rules();
    drop(unlocked);
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    assert_eq!((unlocked.site_rules(), unlocked.findings()), (kept, Vec::new()));
}

#[test]
fn the_limits_of_the_site_count_before_anything_is_open_and_are_put_back() {
    let (phrase, wrong) = (Password::new("right"), Password::new("wrong"));
    let (mut vault, code) = Vault::create(host(), "test", &phrase, KdfCost::Floor).expect("created");
    let strict = VaultRules { tries: Some(3), delays: vec![Delay { after: 2, seconds: 30 }], ..site_rules(&[]) };
    vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks").follow(Some((&strict, learned(now())))).expect("followed");
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
    vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks").follow(Some((&lenient, learned(now())))).expect("followed");
    let at = |tries: u64| Reading { boottime_ms: reading().boottime_ms + tries * 30_000, ..reading() };
    for tries in 0..6 {
        let why = vault.unlock(&Factors::one(&wrong), &at(tries)).map(drop).expect_err("wrong");
        assert!(matches!(why, UnlockError::WrongSecret { attempts_left: 1.. }), "{tries}: {why}");
    }
    assert!(matches!(vault.unlock(&Factors::one(&phrase), &at(5)), Err(UnlockError::Throttled { seconds: 30 })));
    vault.unlock(&Factors::one(&phrase), &at(6)).expect("unlocks after the wait");
}
