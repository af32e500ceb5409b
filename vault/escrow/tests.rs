use super::{Asked, CodeError, Escrow, Request};
use crate::factor::{Factor, FactorKind, Factors, KdfCost, KeyFile, Password};
use crate::testing::{TestRng, host, learned, reading, site_rules};
use crate::{NewSlot, RecoveryCode, UnlockError, Unlocked, Vault, VaultError};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use proptest::prelude::*;
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{FactorName, Officer, VaultRules};

const NAMES: [&str; 5] = ["Ada", "Ben", "Eve", "Kim", "Tom"];

/// The officers of a site, with their keys.
struct Office(Vec<RecipientSecret>);

impl Office {
    fn of(count: usize) -> Self {
        Self((0..count).map(|_| RecipientSecret::random(&mut TestRng)).collect())
    }

    fn officers(&self) -> Vec<Officer> {
        let officer = |(name, secret): (&&str, &RecipientSecret)| Officer { name: (*name).into(), key: secret.recipient() };
        NAMES.iter().zip(&self.0).map(officer).collect()
    }

    fn rules(&self) -> VaultRules {
        VaultRules { officers: self.officers(), ..site_rules(&[]) }
    }

    /// The code of one officer with another, as each works it out from the request alone.
    fn code(&self, request: &[u8], officer: usize, with: usize) -> String {
        let request = Request::parse(request).expect("a request");
        request.release(&self.0[officer], with).expect("for this officer").expect("opened").to_string()
    }

    fn codes(&self, asked: &Asked, a: usize, b: usize) -> [String; 2] {
        [self.code(asked.request().as_bytes(), a, b), self.code(asked.request().as_bytes(), b, a)]
    }
}

fn now() -> Timestamp {
    reading().wall
}

fn ask(vault: &Vault) -> Asked {
    vault.ask_officers("the wallet of Grace", "on leave, phrase forgotten", now()).expect("read").expect("there are officers")
}

/// A wallet whose owner wanted that two officers can let her in.
fn wallet(office: &Office) -> (Vault, Password) {
    let phrase = Password::new("right");
    let mut vault = Vault::create(host(), "wallet", &phrase, KdfCost::Floor).expect("created").0;
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    unlocked.follow(Some((&office.rules(), learned(now())))).expect("followed");
    add(&unlocked, office);
    drop(unlocked);
    (vault, phrase)
}

fn add(unlocked: &Unlocked<'_>, office: &Office) {
    let escrow = Escrow::new(office.officers()).expect("officers");
    unlocked.add_slot(&NewSlot::of(Factors::one(&escrow)), KdfCost::Floor, now()).expect("added");
}

fn unlock(vault: &mut Vault, asked: &Asked, codes: &[String; 2]) -> Result<(), UnlockError> {
    let released = asked.with_codes([&codes[0], &codes[1]]).expect("two codes that belong together");
    vault.unlock(&Factors::one(&released), &reading()).map(drop)
}

#[test]
fn any_two_officers_let_somebody_in_and_each_code_is_for_one_request() {
    for count in 2..=5 {
        let office = Office::of(count);
        let (mut vault, _) = wallet(&office);
        for (a, b) in (0..count).flat_map(|a| (0..count).filter(move |b| *b != a).map(move |b| (a, b))) {
            let (earlier, asked) = (ask(&vault), ask(&vault));
            assert_ne!(earlier.request().number(), asked.request().number());
            let codes = office.codes(&asked, a, b);
            assert!(matches!(unlock(&mut vault, &earlier, &codes), Err(UnlockError::WrongSecret { .. })), "the codes of another request");
            unlock(&mut vault, &asked, &codes).unwrap_or_else(|why| panic!("{a} and {b} of {count}: {why}"));
            // The slot has another secret now, so the same codes are of no more use.
            assert!(unlock(&mut vault, &asked, &codes).is_err(), "codes were used twice");
        }
    }
}

#[test]
fn one_officer_alone_lets_nobody_in() {
    let office = Office::of(3);
    let (mut vault, _) = wallet(&office);
    let asked = ask(&vault);
    let bytes = asked.request().as_bytes();
    let (ada, ben, other) = (office.code(bytes, 0, 1), office.code(bytes, 1, 0), office.code(bytes, 0, 2));
    let joined = |a: &str, b: &str| asked.with_codes([a, b]).map(drop);
    for pair in [[&ada, &ada], [&ada, &other], [&ben, &other]] {
        assert_eq!(joined(pair[0], pair[1]), Err(CodeError::NotAPair));
    }
    // What one officer could make up about the other one.
    let forged = format!("21-{}", &*RecoveryCode::generate(&mut TestRng).printed());
    let before = vault.status(&reading()).expect("status").recovery_attempts_left;
    assert!(matches!(unlock(&mut vault, &asked, &[ada.clone(), forged]), Err(UnlockError::WrongSecret { .. })));
    assert_eq!(vault.status(&reading()).expect("status").recovery_attempts_left, before - 1, "a wrong code is a try");
    // The request shows an officer no share but their own, and a stranger none.
    let request = Request::parse(bytes).expect("a request");
    assert!(request.release(&RecipientSecret::random(&mut TestRng), 1).is_none());
    assert!(request.release(&office.0[0], 0).is_none() && request.release(&office.0[0], 3).is_none());
    unlock(&mut vault, &asked, &[ada, ben]).expect("both");
}

#[test]
fn a_code_that_was_heard_wrong_is_noticed() {
    let office = Office::of(2);
    let (vault, _) = wallet(&office);
    let asked = ask(&vault);
    let [ada, tom] = office.codes(&asked, 0, 1);
    let sloppy = ada.to_lowercase().replace('-', " ");
    assert!(asked.with_codes([&sloppy, &tom]).is_ok());
    for wrong in ["", "1", "12-", &ada[3..], &ada[..ada.len() - 1], &format!("62{}", &ada[2..]), &format!("1\u{e9}{}", &ada[2..])] {
        assert_eq!(asked.with_codes([wrong, &tom]).map(drop), Err(CodeError::NotACode), "{wrong}");
    }
    let swapped = ada.replace('-', "");
    let swapped = format!("{}{}{}{}", &swapped[..9], &swapped[10..11], &swapped[9..10], &swapped[11..]);
    assert_eq!(asked.with_codes([&swapped, &tom]).map(drop).err(), (swapped != ada.replace('-', "")).then_some(CodeError::NotACode));
}

#[test]
fn who_is_an_officer_no_longer_lets_nobody_in() {
    let (old, new) = (Office::of(2), Office::of(3));
    let (mut vault, phrase) = wallet(&old);
    let before = ask(&vault);
    let codes = old.codes(&before, 0, 1);
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    unlocked.follow(Some((&new.rules(), learned(now())))).expect("followed");
    drop(unlocked);
    assert!(unlock(&mut vault, &before, &codes).is_err(), "officers of before");
    let asked = ask(&vault);
    unlock(&mut vault, &asked, &new.codes(&asked, 0, 2)).expect("officers of today");
    // Without officers nobody but the owner opens it.
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    unlocked.follow(Some((&site_rules(&[]), learned(now())))).expect("followed");
    drop(unlocked);
    assert_eq!(vault.escrow().expect("read"), None);
}

#[test]
fn a_slot_that_wants_more_stays_until_its_owner_replaces_it() {
    let (old, new) = (Office::of(2), Office::of(2));
    let key = KeyFile::generate(&mut TestRng);
    let (mut vault, phrase) = wallet(&old);
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    let escrow = Escrow::new(old.officers()).expect("officers");
    unlocked.add_slot(&NewSlot::of(Factors::one(&escrow).and(&key)), KdfCost::Floor, now()).expect("added");
    unlocked.follow(Some((&new.rules(), learned(now())))).expect("followed");
    let forbidden = unlocked.forbidden(now()).expect("read").expect("a slot for officers of before");
    assert_eq!(forbidden.slots.iter().map(|slot| slot.factors.clone()).collect::<Vec<_>>(), [[FactorKind::KeyFile, FactorKind::Officers]]);
    assert!(!forbidden.is_over);
}

#[test]
fn it_counts_like_a_recovery_code_and_opens_what_is_locked_out() {
    let office = Office::of(2);
    let (mut vault, _) = wallet(&office);
    let wrong = Password::new("wrong");
    let mut at = reading();
    while !matches!(vault.unlock(&Factors::one(&wrong), &at).map(drop), Err(UnlockError::LockedOut)) {
        at.boottime_ms += 3_600_000;
    }
    let asked = ask(&vault);
    unlock(&mut vault, &asked, &office.codes(&asked, 0, 1)).expect("the officers");
    assert_eq!(vault.status(&reading()).expect("status").attempts_left, 10);
}

#[test]
fn the_site_says_whether_officers_may() {
    let office = Office::of(2);
    let (mut vault, phrase) = wallet(&office);
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    let rules = VaultRules { combinations: Vec::from([Vec::from([FactorName::Passphrase])]), ..office.rules() };
    unlocked.follow(Some((&rules, learned(now())))).expect("followed");
    let escrow = Escrow::new(office.officers()).expect("officers");
    let slot = NewSlot::of(Factors::one(&escrow));
    assert!(matches!(unlocked.add_slot(&slot, KdfCost::Floor, now()), Err(VaultError::Forbidden)));
    assert!(Escrow::new(office.officers()[..1].to_vec()).is_none());
    assert_eq!(escrow.kind(), FactorKind::Officers);
}

proptest! {
    #[test]
    fn any_request_and_any_code_is_answered(bytes: Vec<u8>, text in "\\PC{0,40}") {
        let _ = Request::parse(&bytes);
        let _ = super::parse(&text);
    }

    #[test]
    fn a_request_is_read_as_it_was_written(at: usize) {
        let (vault, _) = wallet(&Office::of(2));
        let asked = ask(&vault);
        let bytes = asked.request().as_bytes();
        prop_assert_eq!(&Request::parse(bytes).expect("a request"), asked.request());
        prop_assert!(Request::parse(&bytes[..at % bytes.len()]).is_err());
    }
}
