use super::{Asked, CodeError, Escrow, Request};
use crate::factor::{Factor, FactorKind, Factors, KdfCost, KeyFile, Password};
use crate::testing::{TestRng, host, learned, reading, site_rules};
use crate::{NewSlot, RecoveryCode, UnlockError, Unlocked, Vault, VaultError};
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{FactorName, Officer, VaultRules};

const NAMES: [&str; 4] = ["Ada", "Ben", "Eve", "Kim"];
const OWNER: &str = "Grace Hopper";

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
        request.open(&self.0[officer], with).expect("for this officer").expect("opened").code().to_owned()
    }

    fn codes(&self, asked: &Asked, a: usize, b: usize) -> [String; 2] {
        [self.code(asked.request().as_bytes(), a, b), self.code(asked.request().as_bytes(), b, a)]
    }
}

fn now() -> Timestamp {
    reading().wall
}

fn ask(vault: &Vault) -> Asked {
    vault.ask_officers(&[], "the wallet of Grace", "on leave, phrase forgotten", now()).expect("read").expect("there are officers")
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
    let escrow = Escrow::new(office.officers(), OWNER).expect("officers");
    unlocked.add_slot(&NewSlot::of(Factors::one(&escrow)), KdfCost::Floor, now()).expect("added");
}

fn unlock(vault: &mut Vault, asked: &Asked, codes: &[String; 2]) -> Result<(), UnlockError> {
    let released = asked.with_codes([&codes[0], &codes[1]]).expect("two codes that belong together");
    vault.unlock(&Factors::one(&released), &reading()).map(drop)
}

#[test]
fn any_two_officers_let_somebody_in_and_each_code_is_for_one_request() {
    for count in 2..=4 {
        let office = Office::of(count);
        let (mut vault, _) = wallet(&office);
        for (a, b) in (0..count).flat_map(|a| (0..count).filter(move |b| *b != a).map(move |b| (a, b))) {
            let (earlier, asked) = (ask(&vault), ask(&vault));
            assert_ne!(earlier.request().number(), asked.request().number());
            let codes = office.codes(&asked, a, b);
            assert!(matches!(unlock(&mut vault, &earlier, &codes), Err(UnlockError::WrongSecret { .. })), "the codes of another request");
            unlock(&mut vault, &asked, &codes).unwrap_or_else(|why| panic!("{a} and {b} of {count}: {why}"));
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
    assert!(matches!(unlock(&mut vault, &asked, &[ada.clone(), forged]), Err(UnlockError::WrongSecret { .. })));
    // The request shows an officer no share but their own, and a stranger none.
    let request = Request::parse(bytes).expect("a request");
    assert!(request.open(&RecipientSecret::random(&mut TestRng), 1).is_none());
    assert!(request.open(&office.0[0], 0).is_none() && request.open(&office.0[0], 3).is_none());
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

/// Each code has a mask of its own: the codes of one officer with two others say nothing together.
#[test]
fn all_codes_of_a_request_together_are_not_the_secret() {
    let office = Office::of(3);
    let (vault, _) = wallet(&office);
    let asked = ask(&vault);
    let pairs = [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)];
    let code = |(a, b)| super::parse(&office.code(asked.request().as_bytes(), a, b)).expect("a code").1;
    let all = pairs.into_iter().map(code).fold([0; 16], |sum, code| *super::xor(&sum, &code));
    // Three times the secret is the secret.
    let codes = office.codes(&asked, 0, 1);
    let released = asked.with_codes([&codes[0], &codes[1]]).expect("codes");
    assert_ne!(all, *released.secret);
}

#[test]
fn an_officer_is_shown_for_whom_the_slot_was_made_whatever_the_device_says() {
    let office = Office::of(2);
    let (vault, _) = wallet(&office);
    let honest = ask(&vault);
    let lie = vault.ask_officers(&[], "the wallet of Tom", "it is Tom", now()).expect("read").expect("there are officers");
    for asked in [&honest, &lie] {
        let request = Request::parse(asked.request().as_bytes()).expect("a request");
        assert_eq!(request.open(&office.0[0], 1).expect("for Ada").expect("opened").owner(), OWNER);
    }
    assert_ne!(honest.request().number(), lie.request().number());
    assert_eq!(honest.request().number().len(), 19);
    // Another name for an officer, or another request around the same shares: the share does not open, or the code is worth nothing.
    let mut forged = honest.request.clone();
    forged.shares.officers[1].0.name = "Tom".into();
    assert!(forged.open(&office.0[0], 1).expect("for Ada").is_err(), "another name next to the right one");
    let mut forged = honest.request.clone();
    forged.reason = "another".into();
    let other = forged.open(&office.0[0], 1).expect("for Ada").expect("opened");
    assert_ne!(other.code(), office.code(honest.request().as_bytes(), 0, 1), "a code for another text");
}

#[test]
fn a_slot_for_officers_of_before_stays_until_its_owner_makes_it_anew() {
    let (old, new) = (Office::of(2), Office::of(2));
    let (mut vault, phrase) = wallet(&old);
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    let forbidden = |unlocked: &Unlocked<'_>| unlocked.forbidden(now()).expect("read").map(|found| found.slots.len());
    assert_eq!(forbidden(&unlocked), None);
    let renamed = old.officers().into_iter().rev().map(|officer| Officer { name: officer.name + " K.", ..officer }).collect();
    unlocked.follow(Some((&VaultRules { officers: renamed, ..site_rules(&[]) }, learned(now())))).expect("followed");
    assert_eq!(forbidden(&unlocked), None, "the same people under other names, in another order");
    unlocked.follow(Some((&new.rules(), learned(now())))).expect("followed");
    assert_eq!(forbidden(&unlocked), Some(1));
    let slot = unlocked.forbidden(now()).expect("read").expect("forbidden").slots[0].id;
    let escrow = Escrow::new(new.officers(), OWNER).expect("officers");
    unlocked.replace_slot(slot, &NewSlot::of(Factors::one(&escrow)), KdfCost::Floor, now()).expect("replaced");
    assert_eq!(forbidden(&unlocked), None);
    drop(unlocked);
    let asked = ask(&vault);
    unlock(&mut vault, &asked, &new.codes(&asked, 0, 1)).expect("officers of today");
    // A site that names nobody by mistake destroys no way in.
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    unlocked.follow(Some((&site_rules(&[]), learned(now())))).expect("followed");
    assert_eq!((forbidden(&unlocked), unlocked.slots().expect("read").len()), (Some(1), 3));
}

#[test]
fn officers_are_asked_only_for_what_they_can_open() {
    let office = Office::of(2);
    let key = KeyFile::generate(&mut TestRng);
    let phrase = Password::new("right");
    let mut vault = Vault::create(host(), "wallet", &phrase, KdfCost::Floor).expect("created").0;
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    unlocked.follow(Some((&office.rules(), learned(now())))).expect("followed");
    let escrow = Escrow::new(office.officers(), OWNER).expect("officers");
    unlocked.add_slot(&NewSlot::of(Factors::one(&escrow).and(&key)), KdfCost::Floor, now()).expect("added");
    let ended = NewSlot { ends: Some(now().plus(5)), ..NewSlot::of(Factors::one(&escrow)) };
    unlocked.add_slot(&ended, KdfCost::Floor, now()).expect("added");
    drop(unlocked);
    let ask = |vault: &Vault, shown: &[FactorKind], seconds| vault.ask_officers(shown, "", "", now().plus(seconds)).expect("read");
    assert!(ask(&vault, &[], 4).is_some() && ask(&vault, &[], 5).is_none(), "a key file is missing, or the time is over");
    let asked = ask(&vault, &[FactorKind::KeyFile], 5).expect("with the key file");
    let codes = office.codes(&asked, 0, 1);
    let released = asked.with_codes([&codes[0], &codes[1]]).expect("codes");
    vault.unlock(&Factors::one(&released).and(&key), &reading()).map(drop).expect("both");
}

#[test]
fn wrong_codes_count_nowhere_and_right_ones_open_what_is_locked_out() {
    let office = Office::of(2);
    let (mut vault, _) = wallet(&office);
    let (wrong, other) = (Password::new("wrong"), RecoveryCode::generate(&mut TestRng));
    for factor in [&wrong as &dyn Factor, &other] {
        let mut at = reading();
        while !matches!(vault.unlock(&Factors::one(factor), &at).map(drop), Err(UnlockError::LockedOut)) {
            at.boottime_ms += 3_600_000;
        }
    }
    let (earlier, asked) = (ask(&vault), ask(&vault));
    let codes = office.codes(&asked, 0, 1);
    for _ in 0..20 {
        unlock(&mut vault, &earlier, &codes).expect_err("the codes of another request");
    }
    unlock(&mut vault, &asked, &codes).expect("the officers");
    let status = vault.status(&reading()).expect("status");
    assert_eq!((status.attempts_left, status.recovery_attempts_left), (10, 10));
}

#[test]
fn the_site_says_whether_officers_may() {
    let office = Office::of(2);
    let (mut vault, phrase) = wallet(&office);
    let unlocked = vault.unlock(&Factors::one(&phrase), &reading()).expect("unlocks");
    let rules = VaultRules { combinations: Vec::from([Vec::from([FactorName::Passphrase])]), ..office.rules() };
    unlocked.follow(Some((&rules, learned(now())))).expect("followed");
    let escrow = Escrow::new(office.officers(), OWNER).expect("officers");
    let slot = NewSlot::of(Factors::one(&escrow));
    assert!(matches!(unlocked.add_slot(&slot, KdfCost::Floor, now()), Err(VaultError::Forbidden)));
    assert!(Escrow::new(office.officers()[..1].to_vec(), OWNER).is_none());
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
