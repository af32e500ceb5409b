//! Creating, opening, and counting failed tries.

mod devices;

use super::*;
use crate::error::Room;
use crate::factor::{Enrolled, Enrolment, FactorParameters, KeyFile, Password};
use crate::state::FORMAT;
use crate::storage::MemoryStorage;
use crate::testing::{Disk, TestRng, host, host_of, reading, rows};
use crate::{FactorError, Unlocked};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};

fn create(disk: &Disk, primary: &dyn Factor) -> (Vault, RecoveryCode) {
    Vault::create(disk.host(), "test", primary, KdfCost::Floor).expect("created")
}

fn open(disk: &Disk) -> Vault {
    Vault::open(disk.host()).expect("opens")
}

#[test]
fn a_vault_is_made_once_and_an_empty_storage_has_none() {
    let disk = Disk::default();
    let password = Password::new("x");
    assert!(matches!(Vault::open(disk.host()), Err(OpenError::NotFound)));
    drop(create(&disk, &password));
    assert!(matches!(Vault::create(disk.host(), "test", &password, KdfCost::Floor), Err(CreateError::Exists)));
    assert_eq!(open(&disk).kind(), "test");
    assert!(Unfinished::left_in(disk.host()).expect("looked").is_none());
}

#[test]
fn an_unfinished_vault_is_not_opened() {
    let disk = Disk::default();
    let code = RecoveryCode::generate(&mut TestRng);
    let plan = Plan {
        suite: Suite::ChaCha,
        cost: KdfCost::Floor,
        rules: Rules::default(),
        slots: vec![NewSlot::of(Factors::one(&code))],
        at: None,
    };
    drop(Unfinished::begin(disk.host(), "test", &plan).expect("begun"));
    assert!(matches!(Vault::open(disk.host()), Err(OpenError::Unfinished)));
    let unfinished = Unfinished::left_in(disk.host()).expect("looked").expect("left");
    drop(unfinished.finish().expect("finished"));
    assert_eq!(open(&disk).kind(), "test");
}

#[test]
fn services_may_move_an_open_vault_and_share_a_signer_between_threads() {
    fn sent<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    sent::<Unlocked<'static>>();
    shared::<crate::KeySigner<'static>>();
    let disk = Disk::default();
    let (vault, code) = create(&disk, &Password::new("x"));
    let other = RecoveryCode::generate(&mut TestRng);
    let Err((vault, why)) = vault.into_unlocked(&Factors::one(&other), &reading()) else { panic!("opened") };
    assert!(matches!(why, UnlockError::WrongSecret { .. }));
    let unlocked = vault.into_unlocked(&Factors::one(&code), &reading()).map_err(|(_, why)| why).expect("unlocks");
    assert_eq!(unlocked.kind(), "test");
}

#[test]
fn failed_tries_are_counted_over_restarts_and_the_recovery_code_still_opens() {
    let disk = Disk::default();
    let (right, wrong) = (Password::new("right"), Password::new("wrong"));
    let (vault, code) = create(&disk, &right);
    drop(vault);
    let mut at = Reading { boottime_ms: 1_000_000, ..reading() };
    let mut waited = Vec::new();
    for left in (0..10).rev() {
        let mut vault = open(&disk);
        let mut tried = vault.unlock(&Factors::one(&wrong), &at).map(drop);
        if let Err(UnlockError::Throttled { seconds }) = tried {
            assert_eq!(vault.status(&at).expect("status").wait_seconds, seconds);
            // During a delay nothing is tried, not even what is right.
            assert!(matches!(vault.unlock(&Factors::one(&right), &at), Err(UnlockError::Throttled { .. })));
            waited.push(seconds);
            at.boottime_ms += seconds * 1000;
            tried = vault.unlock(&Factors::one(&wrong), &at).map(drop);
        }
        let Err(UnlockError::WrongSecret { attempts_left }) = tried else { panic!("opened") };
        assert_eq!(attempts_left, left);
    }
    assert_eq!(waited, [60, 60, 300, 300, 3600]);
    let mut vault = open(&disk);
    assert!(matches!(vault.unlock(&Factors::one(&right), &at), Err(UnlockError::LockedOut)));
    vault.unlock(&Factors::one(&code), &at).expect("the recovery code opens");
}

/// A password whose key derivation is cut short, as by pulling the plug.
struct PlugPulled;

impl Factor for PlugPulled {
    fn kind(&self) -> FactorKind {
        FactorKind::Password
    }

    fn enrol(&self, _: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        Err(FactorError::Memory)
    }

    fn derive(&self, _: &FactorParameters, _: &mut [u8; 32]) -> Result<(), FactorError> {
        panic!("the plug is pulled");
    }
}

/// A password on a machine without memory.
struct NoMemory;

impl Factor for NoMemory {
    fn kind(&self) -> FactorKind {
        FactorKind::Password
    }

    fn enrol(&self, _: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        Err(FactorError::Memory)
    }

    fn derive(&self, _: &FactorParameters, _: &mut [u8; 32]) -> Result<(), FactorError> {
        Err(FactorError::Memory)
    }
}

#[test]
fn a_try_is_counted_before_it_is_made_and_not_when_it_was_none() {
    let disk = Disk::default();
    let (mut vault, _code) = create(&disk, &Password::new("right"));
    let left = |vault: &Vault| vault.status(&reading()).expect("status").attempts_left;
    assert!(matches!(vault.unlock(&Factors::one(&NoMemory), &reading()), Err(UnlockError::Factor(FactorError::Memory))));
    assert_eq!(left(&vault), 10);
    let pulled = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        let _ = vault.unlock(&Factors::one(&PlugPulled), &reading());
    }));
    assert!(pulled.is_err());
    drop(vault);
    assert_eq!(left(&open(&disk)), 9);
}

#[test]
fn a_key_file_opens_whatever_the_counters_say_and_does_not_touch_them() {
    let disk = Disk::default();
    let key = KeyFile::generate(&mut TestRng);
    let (mut vault, _code) = create(&disk, &key);
    for counter in [Counter::Secret, Counter::Recovery] {
        vault.set_throttle(counter, locked_out()).expect("set");
    }
    vault.unlock(&Factors::one(&key), &reading()).expect("unlocks");
    assert_eq!(vault.status(&reading()).expect("status").attempts_left, 0);
}

fn locked_out() -> Throttle {
    (0..10).fold(Throttle::NEW, |throttle, _| throttle.counted(&reading()))
}

#[test]
fn a_locked_out_vault_opens_with_the_recovery_code_which_has_its_own_counter() {
    let disk = Disk::default();
    let right = Password::new("right");
    let (mut vault, code) = create(&disk, &right);
    vault.set_throttle(Counter::Secret, locked_out()).expect("set");
    assert!(matches!(vault.unlock(&Factors::one(&right), &reading()), Err(UnlockError::LockedOut)));
    let other = RecoveryCode::generate(&mut TestRng);
    assert!(matches!(vault.unlock(&Factors::one(&other), &reading()), Err(UnlockError::WrongSecret { attempts_left: 9 })));
    vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    let status = vault.status(&reading()).expect("status");
    assert_eq!((status.attempts_left, status.recovery_attempts_left), (10, 10));
    vault.unlock(&Factors::one(&right), &reading()).expect("unlocks again");
}

#[test]
fn every_keyboard_opens_it_and_so_does_what_an_older_program_took_as_typed() {
    const COMPOSED: &str = "caf\u{e9} am See";
    const DECOMPOSED: &str = "cafe\u{301} am See";
    let disk = Disk::default();
    let (mut vault, _code) = create(&disk, &Password::new(COMPOSED));
    for typed in [COMPOSED, DECOMPOSED, "cafe\u{301}\u{a0}am See"] {
        vault.unlock(&Factors::one(&Password::new(typed)), &reading()).expect("opens");
    }
    // 0.1.0 took the bytes as they were typed.
    let raw = Password::new(DECOMPOSED);
    let (mut old, _code) = create(&Disk::default(), raw.older().expect("it was typed otherwise"));
    old.unlock(&Factors::one(&Password::new(DECOMPOSED)), &reading()).expect("opens as it was typed");
    let left = |vault: &Vault| vault.status(&reading()).expect("status").attempts_left;
    assert!(old.unlock(&Factors::one(&Password::new("the\u{301} am See")), &reading()).is_err());
    assert_eq!(left(&old), 9, "both readings are one try");
}

#[test]
fn the_bytes_of_the_header_are_those_of_0_1_0() {
    let header = Header { vault: [9; 16], kind: "gate".to_owned() };
    let bytes = [&[0x83, 1, 0x50][..], &[9; 16], &[0x64], b"gate"].concat();
    assert_eq!(header.to_bytes(), bytes);
    assert_eq!(Header::read(&bytes), Ok(header));
    // A longer spelling of these values.
    assert!(Header::read(&[&[0x83, 0x18, 1, 0x50][..], &bytes[3..]].concat()).is_err());
}

/// Rows of which the last commits may be lost.
struct Torn(MemoryStorage);

impl Storage for Torn {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.0.scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.0.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.0.compact()
    }

    fn journal_was_missing(&self) -> bool {
        true
    }
}

#[test]
fn a_missing_journal_is_a_finding_of_the_next_unlocking() {
    let (vault, code) = Vault::create(host(), "test", &RecoveryCode::generate(&mut TestRng), KdfCost::Floor).expect("created");
    let torn = Torn(MemoryStorage::from(rows(vault.storage())));
    let mut vault = Vault::open(host_of(torn)).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    assert_eq!(unlocked.findings(), [crate::Finding::WriteAheadLogMissing]);
}

#[test]
fn a_vault_of_the_first_format_was_closed_without_its_journal_rightly() {
    let (vault, code) = Vault::create(host(), "test", &RecoveryCode::generate(&mut TestRng), KdfCost::Floor).expect("created");
    let keys = vault.keys(&Factors::one(&code), &reading()).expect("opens");
    let mut state = State::load(vault.storage(), &keys).expect("read").expect("there");
    state.format = 1;
    vault.storage().commit(&[state.to_change(&keys, &mut TestRng)]).expect("written");
    let mut vault = Vault::open(host_of(Torn(MemoryStorage::from(rows(vault.storage()))))).expect("opens");
    assert_eq!(vault.unlock(&Factors::one(&code), &reading()).expect("unlocks").findings(), []);
}

/// Rows that count their commits.
struct Counting {
    rows: MemoryStorage,
    commits: Arc<AtomicUsize>,
}

impl Counting {
    fn of(vault: &Vault) -> Self {
        Self { rows: MemoryStorage::from(rows(vault.storage())), commits: Arc::default() }
    }
}

impl Storage for Counting {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.rows.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.rows.scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.rows.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.rows.compact()
    }
}

/// A password's opening flushes twice: the count before the try, and what the opening changes. A key file's opening on a day on which it
/// opened the vault before flushes nothing.
#[test]
fn an_unlocking_flushes_as_often_as_it_must() {
    let (password, key) = (Password::new("x"), KeyFile::generate(&mut TestRng));
    let slots = [NewSlot::of(Factors::one(&password)), NewSlot::of(Factors::one(&key))].to_vec();
    let plan = Plan { suite: Suite::Aes, cost: KdfCost::Floor, rules: Rules::default(), slots, at: None };
    let made = Unfinished::begin(host(), "test", &plan).expect("begun").finish().expect("made");
    let storage = Counting::of(&made);
    let commits = Arc::clone(&storage.commits);
    let mut vault = Vault::open(host_of(storage)).expect("opens");
    let mut flushes = |factor: &dyn Factor| {
        let before = commits.load(Ordering::Relaxed);
        vault.unlock(&Factors::one(factor), &reading()).expect("unlocks");
        commits.load(Ordering::Relaxed) - before
    };
    assert_eq!([flushes(&password), flushes(&password)], [2, 2]);
    assert_eq!([flushes(&key), flushes(&key)], [1, 0]);
}

#[test]
fn what_a_newer_version_sealed_is_not_made_anew() {
    let (vault, code) = Vault::create(host(), "test", &RecoveryCode::generate(&mut TestRng), KdfCost::Floor).expect("created");
    let keys = vault.keys(&Factors::one(&code), &reading()).expect("opens");
    let mut state = State::load(vault.storage(), &keys).expect("read").expect("there");
    state.format = FORMAT + 1;
    vault.storage().commit(&[state.to_change(&keys, &mut TestRng)]).expect("written");
    let before = rows(vault.storage());
    let mut vault = Vault::open(host_of(MemoryStorage::from(before.clone()))).expect("opens");
    let refused = vault.unlock(&Factors::one(&code), &reading()).map(drop);
    assert!(
        matches!(refused, Err(UnlockError::Storage(StorageError::Newer { found, supported: FORMAT })) if found == FORMAT + 1),
        "{refused:?}"
    );
    let mut after = rows(vault.storage());
    after.insert((Space::Meta, b"tries/recovery".to_vec()), before[&(Space::Meta, b"tries/recovery".to_vec())].clone());
    assert_eq!(after, before);
}

/// Memory with a reserve: full until that is released.
struct Reserved {
    rows: MemoryStorage,
    is_full: Cell<bool>,
}

impl Storage for Reserved {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.rows.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.rows.scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        if self.is_full.get() {
            return Err(StorageError::Full { place: "a test".to_owned(), room: Room::Disk });
        }
        self.rows.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.rows.compact()
    }

    fn release_reserve(&self) {
        self.is_full.set(false);
    }
}

/// The owner must get in to make room: the count of tries takes the reserve, and what exists nowhere else may take it too.
#[test]
fn counting_a_try_and_the_last_entry_take_the_reserve_and_nothing_else_does() {
    let password = Password::new("x");
    let (vault, _code) = Vault::create(host(), "test", &password, KdfCost::Floor).expect("created");
    let full = |rows| Reserved { rows: MemoryStorage::from(rows), is_full: Cell::new(true) };
    let mut vault = Vault::open(host_of(full(rows(vault.storage())))).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&password), &reading()).expect("unlocks on a full disk");
    unlocked.append("log", b"there is room again").expect("appended");
    let held = rows(unlocked.vault().storage());
    drop(unlocked);
    let mut vault = Vault::open(host_of(full(held))).expect("opens");
    assert_eq!(vault.slots().expect("read").readable.len(), 2);
    vault.host.storage = Box::new(full(rows(vault.storage())));
    let key = vault.keys(&Factors::one(&password), &reading()).expect("opens");
    vault.host.storage = Box::new(full(rows(vault.storage())));
    let unlocked = Unlocked::borrowing(&mut vault, key).expect("opens");
    let refused = unlocked.append("log", b"entry");
    assert!(matches!(refused, Err(crate::VaultError::Storage(StorageError::Full { .. }))), "{refused:?}");
    assert_eq!(unlocked.batch_last(|batch| batch.append("log", b"the last entry")).expect("appended"), 1);
    unlocked.batch_last(|batch| batch.put("aside", b"1", b"received", &[])).expect("kept");
}
