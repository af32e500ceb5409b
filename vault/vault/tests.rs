//! Creating, opening, and counting failed tries.

use super::*;
use crate::factor::{FactorParameters, KeyFile, Password};
use crate::{FactorError, clock};
use std::os::unix::fs::PermissionsExt as _;

fn create(dir: &Path, primary: &dyn Factor) -> (Vault, RecoveryCode) {
    Vault::create(dir, "test", primary, KdfCost::Floor, &mut SystemRng).expect("created")
}

#[test]
fn a_vault_is_private_and_made_once() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = dir.path().join("deep/vault");
    let password = Password::new("x");
    let (vault, _code) = create(&at, &password);
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&at), 0o700);
    for file in std::fs::read_dir(&at).expect("listed") {
        let file = file.expect("an entry").path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert!(matches!(Vault::create(&at, "test", &password, KdfCost::Floor, &mut SystemRng), Err(CreateError::Busy(_))));
    drop(vault);
    assert!(matches!(Vault::create(&at, "test", &password, KdfCost::Floor, &mut SystemRng), Err(CreateError::Exists(_))));
    assert_eq!(Vault::open(&at).expect("opens").kind(), "test");
    assert!(matches!(Vault::open(dir.path()), Err(OpenError::NotFound(_))));
}

#[test]
fn a_creation_cut_short_is_no_vault_and_is_begun_again() {
    let dir = tempfile::tempdir().expect("temporary folder");
    assert!(Sqlite::open(&dir.path().join("vault.db"), VERSION).is_ok());
    assert!(matches!(Vault::open(dir.path()), Err(OpenError::NotFound(_))));
    let password = Password::new("x");
    drop(create(dir.path(), &password));
    let mut vault = Vault::open(dir.path()).expect("opens");
    vault.unlock(&Factors::one(&password), &clock::read()).expect("unlocks");
}

#[test]
fn services_may_move_an_open_vault_and_share_a_signer_between_threads() {
    fn sent<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    sent::<Unlocked<'static>>();
    shared::<crate::KeySigner<'static>>();
    let dir = tempfile::tempdir().expect("temporary folder");
    let (vault, code) = create(dir.path(), &Password::new("x"));
    let other = RecoveryCode::generate(&mut SystemRng);
    let Err((vault, why)) = vault.into_unlocked(&Factors::one(&other), &clock::read()) else { panic!("opened") };
    assert!(matches!(why, UnlockError::WrongSecret { .. }));
    let unlocked = vault.into_unlocked(&Factors::one(&code), &clock::read()).map_err(|(_, why)| why).expect("unlocks");
    assert_eq!(unlocked.kind(), "test");
}

#[test]
fn nothing_secret_is_on_the_disk_in_clear() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut vault, code) = create(dir.path(), &Password::new("the quick brown password"));
    let unlocked = vault.unlock(&Factors::one(&code), &clock::read()).expect("unlocks");
    unlocked.put("t", b"id", b"the quick brown content", &[("name", b"the quick brown tag")]).expect("put");
    unlocked.append("log", b"the quick brown entry").expect("appended");
    let printed = code.printed();
    for file in std::fs::read_dir(dir.path()).expect("listed") {
        let bytes = std::fs::read(file.expect("an entry").path()).expect("read");
        for secret in [b"the quick".as_slice(), printed.as_bytes(), unlocked.keys.vk()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

#[test]
fn failed_tries_are_counted_over_restarts_and_the_recovery_code_still_opens() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (right, wrong) = (Password::new("right"), Password::new("wrong"));
    let (vault, code) = create(dir.path(), &right);
    drop(vault);
    let mut at = Reading { boottime_ms: 1_000_000, ..clock::read() };
    let mut waited = Vec::new();
    for left in (0..10).rev() {
        let mut vault = Vault::open(dir.path()).expect("opens");
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
    let mut vault = Vault::open(dir.path()).expect("opens");
    assert!(matches!(vault.unlock(&Factors::one(&right), &at), Err(UnlockError::LockedOut)));
    vault.unlock(&Factors::one(&code), &at).expect("the recovery code opens");
}

/// A password whose key derivation is cut short, as by pulling the plug.
struct PlugPulled;

impl Factor for PlugPulled {
    fn kind(&self) -> FactorKind {
        FactorKind::Password
    }

    fn enroll(&self, _: KdfCost, _: &mut dyn CryptoRng) -> Result<FactorParameters, FactorError> {
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

    fn enroll(&self, _: KdfCost, _: &mut dyn CryptoRng) -> Result<FactorParameters, FactorError> {
        Err(FactorError::Memory)
    }

    fn derive(&self, _: &FactorParameters, _: &mut [u8; 32]) -> Result<(), FactorError> {
        Err(FactorError::Memory)
    }
}

#[test]
fn a_try_is_counted_before_it_is_made_and_not_when_it_was_none() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut vault, _code) = create(dir.path(), &Password::new("right"));
    let left = |vault: &Vault| vault.status(&clock::read()).expect("status").attempts_left;
    assert!(matches!(vault.unlock(&Factors::one(&NoMemory), &clock::read()), Err(UnlockError::Factor(FactorError::Memory))));
    assert_eq!(left(&vault), 10);
    let pulled = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        let _ = vault.unlock(&Factors::one(&PlugPulled), &clock::read());
    }));
    assert!(pulled.is_err());
    drop(vault);
    assert_eq!(left(&Vault::open(dir.path()).expect("opens")), 9);
}

#[test]
fn a_key_file_opens_whatever_the_counters_say_and_does_not_touch_them() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("key");
    let key = KeyFile::create(&path, &mut SystemRng).expect("written");
    let (mut vault, _code) = create(&dir.path().join("vault"), &key);
    vault.set_throttle(&[(Counter::Password, locked_out()), (Counter::Recovery, locked_out())]).expect("set");
    vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
    assert_eq!(vault.status(&clock::read()).expect("status").attempts_left, 0);
}

fn locked_out() -> Throttle {
    (0..crate::throttle::LIMIT).fold(Throttle::NEW, |throttle, _| throttle.counted(&clock::read()))
}

#[test]
fn a_locked_out_vault_opens_with_the_recovery_code_which_has_its_own_counter() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let right = Password::new("right");
    let (mut vault, code) = create(dir.path(), &right);
    vault.set_throttle(&[(Counter::Password, locked_out())]).expect("set");
    assert!(matches!(vault.unlock(&Factors::one(&right), &clock::read()), Err(UnlockError::LockedOut)));
    let other = RecoveryCode::generate(&mut SystemRng);
    assert!(matches!(vault.unlock(&Factors::one(&other), &clock::read()), Err(UnlockError::WrongSecret { attempts_left: 9 })));
    vault.unlock(&Factors::one(&code), &clock::read()).expect("unlocks");
    let status = vault.status(&clock::read()).expect("status");
    assert_eq!((status.attempts_left, status.recovery_attempts_left), (10, 10));
    vault.unlock(&Factors::one(&right), &clock::read()).expect("unlocks again");
}

fn log(dir: &Path) -> PathBuf {
    dir.join("vault.db-wal")
}

fn findings(dir: &Path, code: &RecoveryCode) -> Vec<crate::Finding> {
    let mut vault = Vault::open(dir).expect("opens");
    let unlocked = vault.unlock(&Factors::one(code), &clock::read()).expect("unlocks");
    unlocked.findings()
}

#[test]
fn a_database_without_its_log_is_a_finding_until_somebody_has_seen_it() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (vault, code) = create(dir.path(), &RecoveryCode::generate(&mut SystemRng));
    drop(vault);
    assert_eq!(std::fs::metadata(log(dir.path())).expect("the log stays").len(), 0, "what is in the database is also in the log");
    assert_eq!(findings(dir.path(), &code), []);

    std::fs::remove_file(log(dir.path())).expect("removed");
    // Somebody looks without a secret, and somebody tries a wrong one: from then on there is a log again.
    drop(Vault::open(dir.path()).expect("opens"));
    let other = RecoveryCode::generate(&mut SystemRng);
    assert!(Vault::open(dir.path()).expect("opens").unlock(&Factors::one(&other), &clock::read()).is_err());
    assert!(log(dir.path()).exists());
    for _ in 0..2 {
        assert_eq!(findings(dir.path(), &code), [crate::Finding::WriteAheadLogMissing]);
    }
    let mut vault = Vault::open(dir.path()).expect("opens");
    vault.unlock(&Factors::one(&code), &clock::read()).expect("unlocks").acknowledge_findings().expect("acknowledged");
    drop(vault);
    assert_eq!(findings(dir.path(), &code), []);
}

#[test]
fn what_a_lost_log_held_is_gone_and_that_is_said() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = dir.path().join("vault");
    let (vault, code) = create(&at, &RecoveryCode::generate(&mut SystemRng));
    drop(vault);
    let copy = dir.path().join("copy");
    std::fs::create_dir(&copy).expect("made");
    let mut vault = Vault::open(&at).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&code), &clock::read()).expect("unlocks");
    unlocked.put("t", b"id", b"content", &[]).expect("put");
    // As after a power cut: the last commit is in the log only. Whoever copies the database alone loses it.
    std::fs::copy(at.join("vault.db"), copy.join("vault.db")).expect("copied");
    drop(unlocked);
    drop(vault);
    let mut vault = Vault::open(&copy).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&code), &clock::read()).expect("unlocks");
    assert_eq!(unlocked.get("t", b"id").expect("read"), None);
    assert_eq!(unlocked.findings(), [crate::Finding::WriteAheadLogMissing]);
}

#[test]
fn a_vault_of_the_first_format_was_closed_without_its_log_rightly() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (vault, code) = create(dir.path(), &RecoveryCode::generate(&mut SystemRng));
    let keys = vault.keys(&Factors::one(&code), &clock::read()).expect("opens");
    let mut state = State::load(&vault, &keys).expect("read").expect("there");
    state.format = 1;
    vault.storage.commit(&[state.to_change(&vault.header.vault, &keys, &mut SystemRng)]).expect("written");
    drop(vault);
    std::fs::remove_file(log(dir.path())).expect("removed");
    assert_eq!(findings(dir.path(), &code), []);
    assert_eq!(findings(dir.path(), &code), []);
}

#[test]
fn modes_that_let_others_in_are_put_right_and_said() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = dir.path().join("vault");
    drop(create(&at, &RecoveryCode::generate(&mut SystemRng)));
    assert_eq!(Vault::open(&at).expect("opens").repairs(), []);
    let names = ["", "vault.db", "vault.db-wal", "lock", "ballast"];
    for name in names {
        let mode = if name.is_empty() { 0o777 } else { 0o666 };
        std::fs::set_permissions(at.join(name), std::fs::Permissions::from_mode(mode)).expect("set");
    }
    let vault = Vault::open(&at).expect("opens");
    let mut repaired: Vec<_> = vault.repairs().iter().map(ToString::to_string).collect();
    repaired.sort();
    assert_eq!(repaired.len(), names.len(), "{repaired:?}");
    drop(vault);
    for name in names {
        let mode = std::fs::metadata(at.join(name)).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, if name.is_empty() { 0o700 } else { 0o600 }, "{name}");
    }
    assert_eq!(Vault::open(&at).expect("opens").repairs(), []);
}

#[test]
fn links_are_removed_or_refused_and_what_they_lead_to_is_untouched() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = dir.path().join("vault");
    let victim = dir.path().join("victim");
    std::fs::write(&victim, "content").expect("written");
    drop(create(&at, &RecoveryCode::generate(&mut SystemRng)));
    for name in ["lock", "ballast"] {
        std::fs::remove_file(at.join(name)).expect("removed");
        std::os::unix::fs::symlink(&victim, at.join(name)).expect("linked");
    }
    let vault = Vault::open(&at).expect("opens");
    assert_eq!(vault.repairs(), [Repair::Link { path: at.join("lock") }, Repair::Link { path: at.join("ballast") }]);
    drop(vault);
    assert_eq!(std::fs::read(&victim).expect("there"), b"content");
    for name in ["vault.db", "vault.db-wal"] {
        let elsewhere = dir.path().join("elsewhere");
        std::fs::rename(at.join(name), &elsewhere).expect("moved");
        std::os::unix::fs::symlink(&elsewhere, at.join(name)).expect("linked");
        assert!(matches!(Vault::open(&at), Err(OpenError::Exposed(_))), "{name}");
        std::fs::rename(&elsewhere, at.join(name)).expect("moved back");
    }
    Vault::open(&at).expect("opens");
}

#[test]
fn an_unfinished_vault_is_no_vault_and_is_begun_anew() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let first = RecoveryCode::generate(&mut SystemRng);
    let begin = |primary: &RecoveryCode| Unfinished::begin(dir.path(), "test", primary, KdfCost::Floor, &mut SystemRng);
    let (mut unfinished, _code) = begin(&first).expect("begun");
    let unlocked = unfinished.vault().unlock(&Factors::one(&first), &clock::read()).expect("unlocks");
    unlocked.put("t", b"id", b"content", &[]).expect("put");
    drop(unlocked);
    drop(unfinished);
    std::fs::write(dir.path().join("issuer.db"), "half a store").expect("written");
    assert!(matches!(Vault::open(dir.path()), Err(OpenError::Unfinished(_))));
    assert!(Unfinished::left_in(dir.path()).expect("looked").is_some());

    let second = RecoveryCode::generate(&mut SystemRng);
    let (unfinished, _code) = begin(&second).expect("begun anew");
    assert!(!dir.path().join("issuer.db").exists());
    drop(unfinished.finish().expect("finished"));
    let mut vault = Vault::open(dir.path()).expect("opens");
    assert!(vault.unlock(&Factors::one(&first), &clock::read()).is_err());
    assert_eq!(vault.unlock(&Factors::one(&second), &clock::read()).expect("unlocks").ids("t").expect("ids"), Vec::<Vec<u8>>::new());
    drop(vault);
    assert!(Unfinished::left_in(dir.path()).expect("looked").is_none());
    assert!(matches!(begin(&second), Err(CreateError::Exists(_))), "a vault was made over another");
}

#[test]
fn what_an_interrupted_write_left_is_removed_at_the_next_opening() {
    let dir = tempfile::tempdir().expect("temporary folder");
    drop(create(dir.path(), &RecoveryCode::generate(&mut SystemRng)));
    std::fs::write(dir.path().join("backup.new"), "half").expect("written");
    Vault::open(dir.path()).expect("opens");
    assert!(!dir.path().join("backup.new").exists());
}

#[test]
fn every_keyboard_opens_it_and_so_does_what_an_older_program_took_as_typed() {
    const COMPOSED: &str = "caf\u{e9} am See";
    const DECOMPOSED: &str = "cafe\u{301} am See";
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut vault, _code) = create(&dir.path().join("new"), &Password::new(COMPOSED));
    for typed in [COMPOSED, DECOMPOSED, "cafe\u{301}\u{a0}am See"] {
        vault.unlock(&Factors::one(&Password::new(typed)), &clock::read()).expect("opens");
    }
    // 0.1.0 took the bytes as they were typed.
    let raw = Password::new(DECOMPOSED);
    let (mut old, _code) = create(&dir.path().join("old"), raw.older().expect("it was typed otherwise"));
    old.unlock(&Factors::one(&Password::new(DECOMPOSED)), &clock::read()).expect("opens as it was typed");
    let left = |vault: &Vault| vault.status(&clock::read()).expect("status").attempts_left;
    assert!(old.unlock(&Factors::one(&Password::new("the\u{301} am See")), &clock::read()).is_err());
    assert_eq!(left(&old), 9, "both readings are one try");
}
