//! Factors that ask a device: what counts as a try, what does not, and that a device is asked once.

use super::*;
use crate::factor::Recognised;
use core::cell::RefCell;

/// A device of software: it has one secret, counts its questions, and fails when a test tells it to.
struct Device {
    serial: u8,
    secret: u8,
    fails: RefCell<Option<FactorError>>,
    asked: Cell<u32>,
    renews: bool,
}

/// A kind that this version of the program gives to nothing.
const KIND: FactorKind = FactorKind::Newer(1000);

impl Device {
    const fn new(serial: u8) -> Self {
        Self { serial, secret: 7, fails: RefCell::new(None), asked: Cell::new(0), renews: false }
    }

    fn key(&self, challenge: u8) -> [u8; 32] {
        let mut key = [self.secret; 32];
        (key[0], key[1]) = (self.serial, challenge);
        key
    }

    fn enrolled(&self, challenge: u8) -> Enrolled {
        let parameters = FactorParameters::new(vec![self.serial, challenge]).expect("short enough");
        Enrolled { parameters, key: zeroize::Zeroizing::new(self.key(challenge)) }
    }
}

impl Factor for Device {
    fn kind(&self) -> FactorKind {
        KIND
    }

    fn recognise(&self, parameters: &FactorParameters) -> Recognised {
        match &*self.fails.borrow() {
            Some(FactorError::Absent) => Recognised::Absent,
            _ if parameters.as_bytes()[0] == self.serial => Recognised::Mine,
            _ => Recognised::Other,
        }
    }

    fn asks_a_device(&self) -> bool {
        true
    }

    fn enrol(&self, _: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        Ok(self.enrolled(1))
    }

    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
        self.asked.set(self.asked.get() + 1);
        if let Some(why) = &*self.fails.borrow() {
            return Err(why.clone());
        }
        *to = self.key(parameters.as_bytes()[1]);
        Ok(())
    }

    fn renew(&self, parameters: &FactorParameters, _: &mut Enrolment<'_>) -> Option<Enrolled> {
        self.renews.then(|| self.enrolled(parameters.as_bytes()[1] + 1))
    }
}

fn made(devices: &[&Device]) -> Vault {
    let slots = devices.iter().map(|device| NewSlot::of(Factors::one(*device))).collect();
    let plan = Plan { suite: Suite::Aes, cost: KdfCost::Floor, rules: Rules::default(), slots, at: None };
    Unfinished::begin(host(), "test", &plan).expect("begun").finish().expect("made")
}

fn left(vault: &Vault) -> u32 {
    vault.status(&reading()).expect("status").attempts_left
}

#[test]
fn a_refusal_of_a_device_is_a_try_and_the_lockout_holds_for_it() {
    let device = Device::new(1);
    let mut vault = made(&[&device]);
    let mut at = Reading { boottime_ms: 1_000_000, ..reading() };
    device.fails.replace(Some(FactorError::Refused { left: Some(2) }));
    for tries in 1..=10 {
        at.boottime_ms += 3_600_000;
        let refused = vault.unlock(&Factors::one(&device), &at).map(drop);
        assert_eq!(refused, Err(UnlockError::Refused { left: Some(2), attempts_left: 10 - tries }));
    }
    device.fails.replace(None);
    at.boottime_ms += 3_600_000;
    assert!(matches!(vault.unlock(&Factors::one(&device), &at), Err(UnlockError::LockedOut)));
    assert_eq!(device.asked.get(), 10, "a device is not asked when nothing may be tried");
}

#[test]
fn a_device_that_gives_no_answer_costs_nothing() {
    let device = Device::new(1);
    let mut vault = made(&[&device]);
    for why in [FactorError::Absent, FactorError::Removed, FactorError::Blocked { seconds: Some(60) }, FactorError::Memory] {
        device.fails.replace(Some(why.clone()));
        assert_eq!(vault.unlock(&Factors::one(&device), &reading()).map(drop), Err(UnlockError::Factor(why)));
        assert_eq!(left(&vault), 10);
    }
    assert_eq!(device.asked.get(), 3, "one that is not there is not asked");
    device.fails.replace(None);
    vault.unlock(&Factors::one(&device), &reading()).expect("opens");
}

/// Two people have a device each. Who shows his own gets in every time, and the other one's is never asked.
#[test]
fn each_device_opens_its_own_slot() {
    let (mine, other) = (Device::new(1), Device::new(2));
    for _ in 0..20 {
        made(&[&mine, &other]).unlock(&Factors::one(&mine), &reading()).expect("opens");
    }
    assert_eq!((mine.asked.get(), other.asked.get()), (20, 0));
    let stranger = Device::new(3);
    let mut vault = made(&[&mine]);
    assert!(matches!(vault.unlock(&Factors::one(&stranger), &reading()), Err(UnlockError::NoSlot)));
    assert_eq!((left(&vault), stranger.asked.get()), (10, 0));
}

#[test]
fn one_unlock_asks_a_device_once_however_many_slots_it_has() {
    // Other bytes than those stored: as if the slots were of another device with this serial.
    let (device, stored) = (Device::new(1), Device { secret: 9, ..Device::new(1) });
    let mut vault = made(&[&stored, &stored, &stored]);
    for (secret, slot) in (20..).zip(vault.slots().expect("read").readable) {
        // Each with parameters of its own.
        let challenge = FactorParameters::new(vec![1, secret]).expect("short enough");
        let other = Slot::with_parameters(slot.place, (KIND, challenge), [secret; 32]);
        vault.storage().commit(&[slot_change(&other)]).expect("kept");
    }
    assert!(matches!(vault.unlock(&Factors::one(&device), &reading()), Err(UnlockError::WrongSecret { attempts_left: 9 })));
    assert_eq!(device.asked.get(), 1);
}

#[test]
fn enrolling_asks_no_question_that_it_has_the_answer_to() {
    let device = Device::new(1);
    drop(made(&[&device]));
    assert_eq!(device.asked.get(), 0);
}

#[test]
fn new_parameters_and_the_cleared_counter_are_one_commit() {
    let device = Device { renews: true, ..Device::new(1) };
    let mut vault = made(&[&device]);
    let slot = |vault: &Vault| vault.slots().expect("read").readable.remove(0);
    let put = |vault: &Vault, row: Vec<u8>| {
        let key = slot(vault).place.id.to_vec();
        vault.storage().commit(&[Change { space: Space::Slot, key, value: Some(row) }]).expect("written");
    };
    for epoch in 1..5 {
        assert_eq!(slot(&vault).place.epoch, epoch);
        let before = slot(&vault).to_row();
        vault.unlock(&Factors::one(&device), &reading()).expect("opens");
        let after = slot(&vault).to_row();
        assert_ne!(after, before);
        // The slot of before opens nothing any more, even if somebody puts it back.
        put(&vault, before);
        assert!(matches!(vault.unlock(&Factors::one(&device), &reading()), Err(UnlockError::WrongSecret { .. })));
        put(&vault, after);
    }
    let storage = Counting::of(&vault);
    let commits = Arc::clone(&storage.commits);
    vault.host.storage = Box::new(storage);
    vault.unlock(&Factors::one(&device), &reading()).expect("opens");
    assert_eq!(commits.load(Ordering::Relaxed), 2, "the count before, and all the rest after");
}

/// A slot of a kind that this program does not know is listed and kept.
#[test]
fn a_slot_of_a_newer_version_is_kept_and_is_no_damage() {
    let (device, code) = (Device::new(1), RecoveryCode::generate(&mut TestRng));
    let slots = [NewSlot::of(Factors::one(&device)), NewSlot::of(Factors::one(&code))].to_vec();
    let plan = Plan { suite: Suite::Aes, cost: KdfCost::Floor, rules: Rules::default(), slots, at: None };
    let mut vault = Unfinished::begin(host(), "test", &plan).expect("begun").finish().expect("made");
    let status = vault.status(&reading()).expect("status");
    assert_eq!((status.slots.len(), status.damaged_slots, status.newer_slots), (2, 0, 0));
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("opens");
    let slots = unlocked.slots().expect("slots");
    let of = |kind: FactorKind| slots.iter().find(|slot| slot.info.factors == [kind]).expect("a slot").info.id;
    assert!(matches!(unlocked.remove_slot(of(FactorKind::Recovery)), Err(crate::VaultError::LastSlot)), "nothing here opens the other");
    unlocked.remove_slot(of(KIND)).expect("removed by name");
}
