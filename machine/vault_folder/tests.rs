//! A vault in a folder: modes, links, a creation that is cut short, a missing log, and going on after it was parked.

use super::*;
use crate::clock;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use waypass_vault::{Finding, KeyPurpose, Password, Suite, VaultError};

fn create(dir: &Path, primary: &dyn Factor) -> (Vault, RecoveryCode) {
    super::create(dir, "test", primary, KdfCost::Floor).expect("created")
}

fn repairs(dir: &Path) -> Vec<Repair> {
    open_waiting(dir, Wait::new(Duration::ZERO, &mut |_| ())).expect("opens").repairs
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
    assert!(matches!(super::create(&at, "test", &password, KdfCost::Floor), Err(CreateError::Busy(_))));
    drop(vault);
    assert!(matches!(super::create(&at, "test", &password, KdfCost::Floor), Err(CreateError::Exists(_))));
    assert_eq!(open(&at).expect("opens").kind(), "test");
    assert!(matches!(open(dir.path()), Err(OpenError::NotFound(_))));
}

#[test]
fn a_creation_cut_short_is_no_vault_and_is_begun_again() {
    let dir = tempfile::tempdir().expect("temporary folder");
    assert!(Sqlite::open(&dir.path().join("vault.db"), VERSION).is_ok());
    assert!(matches!(open(dir.path()), Err(OpenError::NotFound(_))));
    let password = Password::new("x");
    drop(create(dir.path(), &password));
    let mut vault = open(dir.path()).expect("opens");
    vault.unlock(&Factors::one(&password), &clock::read()).expect("unlocks");
}

#[test]
fn nothing_under_an_old_key_stays_in_the_files() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut vault, code) = create(dir.path(), &Password::new("x"));
    let mut unlocked = vault.unlock(&Factors::one(&code), &clock::read()).expect("unlocks");
    for id in 0..50 {
        unlocked.put("t", &[id], &[id; 3_000], &[]).expect("put");
    }
    let copy = tempfile::tempdir().expect("temporary folder");
    for name in ["vault.db", "vault.db-wal"] {
        fs::copy(dir.path().join(name), copy.path().join(name)).expect("copied");
    }
    let copy = rusqlite::Connection::open(copy.path().join("vault.db")).expect("opens");
    let mut sealed = copy.prepare("SELECT value FROM record UNION ALL SELECT value FROM slot").expect("tables of ours");
    let sealed: Vec<Vec<u8>> = sealed.query_map([], |row| row.get(0)).expect("read").collect::<Result<_, _>>().expect("bytes");
    let found = || {
        let files = ["vault.db", "vault.db-wal"].map(|name| fs::read(dir.path().join(name)).expect("read"));
        let is_there = |end: &[u8]| files.iter().any(|file| file.windows(end.len()).any(|bytes| bytes == end));
        sealed.iter().filter(|value| is_there(&value[value.len() - 32..])).count()
    };
    assert_eq!((found(), sealed.len()), (52, 52), "records and slots");
    unlocked.rekey(&[NewSlot::of(Factors::one(&code))], suite(), KdfCost::Floor, clock::read().wall).expect("sealed anew");
    assert_eq!(found(), 0);
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
        for secret in [b"the quick".as_slice(), printed.as_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

fn log(dir: &Path) -> PathBuf {
    dir.join("vault.db-wal")
}

fn findings(dir: &Path, code: &RecoveryCode) -> Vec<Finding> {
    let mut vault = open(dir).expect("opens");
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
    drop(open(dir.path()).expect("opens"));
    let other = RecoveryCode::generate(&mut SystemRng);
    assert!(open(dir.path()).expect("opens").unlock(&Factors::one(&other), &clock::read()).is_err());
    assert!(log(dir.path()).exists());
    for _ in 0..2 {
        assert_eq!(findings(dir.path(), &code), [Finding::WriteAheadLogMissing]);
    }
    let mut vault = open(dir.path()).expect("opens");
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
    let mut vault = open(&at).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&code), &clock::read()).expect("unlocks");
    unlocked.put("t", b"id", b"content", &[]).expect("put");
    // As after a power cut: the last commit is in the log only. A copy of the database alone loses it.
    std::fs::copy(at.join("vault.db"), copy.join("vault.db")).expect("copied");
    drop(unlocked);
    drop(vault);
    let mut vault = open(&copy).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&code), &clock::read()).expect("unlocks");
    assert_eq!(unlocked.get("t", b"id").expect("read"), None);
    assert_eq!(unlocked.findings(), [Finding::WriteAheadLogMissing]);
}

#[test]
fn modes_that_let_others_in_are_put_right_and_said() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = dir.path().join("vault");
    drop(create(&at, &RecoveryCode::generate(&mut SystemRng)));
    assert_eq!(repairs(&at), []);
    let names = ["", "vault.db", "vault.db-wal", "lock", "ballast"];
    for name in names {
        let mode = if name.is_empty() { 0o777 } else { 0o666 };
        std::fs::set_permissions(at.join(name), std::fs::Permissions::from_mode(mode)).expect("set");
    }
    let mut repaired: Vec<_> = repairs(&at).iter().map(ToString::to_string).collect();
    repaired.sort();
    assert_eq!(repaired.len(), names.len(), "{repaired:?}");
    for name in names {
        let mode = std::fs::metadata(at.join(name)).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, if name.is_empty() { 0o700 } else { 0o600 }, "{name}");
    }
    assert_eq!(repairs(&at), []);
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
    assert_eq!(repairs(&at), [Repair::Link { path: at.join("lock") }, Repair::Link { path: at.join("ballast") }]);
    assert_eq!(std::fs::read(&victim).expect("there"), b"content");
    for name in ["vault.db", "vault.db-wal"] {
        let elsewhere = dir.path().join("elsewhere");
        std::fs::rename(at.join(name), &elsewhere).expect("moved");
        std::os::unix::fs::symlink(&elsewhere, at.join(name)).expect("linked");
        assert!(matches!(open(&at), Err(OpenError::Exposed(_))), "{name}");
        std::fs::rename(&elsewhere, at.join(name)).expect("moved back");
    }
    open(&at).expect("opens");
}

#[test]
fn an_unfinished_vault_is_no_vault_and_is_begun_anew() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let first = RecoveryCode::generate(&mut SystemRng);
    let begin = |primary: &RecoveryCode| {
        let slots = vec![NewSlot::of(Factors::one(primary))];
        let plan = Plan { suite: Suite::Aes, cost: KdfCost::Floor, rules: Rules::default(), slots, at: None };
        Unfinished::begin(dir.path(), "test", &plan)
    };
    let mut unfinished = begin(&first).expect("begun");
    let unlocked = unfinished.vault().unlock(&Factors::one(&first), &clock::read()).expect("unlocks");
    unlocked.put("t", b"id", b"content", &[]).expect("put");
    drop(unlocked);
    drop(unfinished);
    std::fs::write(dir.path().join("issuer.db"), "half a store").expect("written");
    assert!(matches!(open(dir.path()), Err(OpenError::Unfinished(_))));
    assert!(Unfinished::left_in(dir.path()).expect("looked").is_some());

    let second = RecoveryCode::generate(&mut SystemRng);
    let unfinished = begin(&second).expect("begun anew");
    assert!(!dir.path().join("issuer.db").exists());
    drop(unfinished.finish().expect("finished"));
    let mut vault = open(dir.path()).expect("opens");
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
    open(dir.path()).expect("opens");
    assert!(!dir.path().join("backup.new").exists());
}

fn opened(dir: &Path, code: &RecoveryCode) -> Unlocked<'static> {
    let vault = open(dir).expect("opens");
    vault.into_unlocked(&Factors::one(code), &clock::read()).map_err(|(_, why)| why).expect("unlocks")
}

fn made(dir: &Path) -> RecoveryCode {
    let primary = RecoveryCode::generate(&mut SystemRng);
    drop(create(dir, &primary));
    primary
}

fn now(told: &mut dyn FnMut(&LockHolder)) -> Wait<'_> {
    Wait::new(Duration::ZERO, told)
}

fn resumed(parked: Parked<'static>, dir: &Path) -> Result<Unlocked<'static>, ResumeError> {
    resume(parked, dir, now(&mut |_| ()))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed").flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

#[test]
fn while_it_is_parked_others_write_and_afterwards_it_sees_what_they_wrote() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let code = made(dir.path());
    let first = opened(dir.path(), &code);
    first.put("t", b"1", b"one", &[]).expect("put");
    let signer = first.generate_key(waypass_credential::key::Algorithm::EdDsa, KeyPurpose::Holder).expect("generated").id;
    let parked = first.park();
    {
        let second = opened(dir.path(), &code);
        second.put("t", b"1", b"changed", &[]).expect("put");
        second.put("t", b"2", b"two", &[]).expect("put");
    }
    let first = resumed(parked, dir.path()).expect("resumed");
    assert_eq!(first.get("t", b"1").expect("read").expect("there").as_slice(), b"changed");
    assert_eq!(first.get("t", b"2").expect("read").expect("there").as_slice(), b"two");
    first.put("t", b"3", b"three", &[]).expect("put");
    assert!(first.signer(signer).is_ok());
    assert_eq!(first.verify_all().expect("verified"), []);
}

#[test]
fn it_is_opened_briefly_as_often_as_it_is_free() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let code = made(dir.path());
    let mut parked = opened(dir.path(), &code).park();
    let put = |parked: &mut Parked<'static>, key: &[u8]| {
        briefly(parked, dir.path(), now(&mut |_| ()), |vault| vault.put("t", key, b"", &[]).expect("put"))
    };
    assert!(put(&mut parked, b"1").is_ok());
    let other = opened(dir.path(), &code);
    assert!(matches!(put(&mut parked, b"2"), Err(ResumeError::Open(OpenError::Busy(_)))));
    assert!(other.get("t", b"1").expect("read").is_some());
    drop(other);
    assert!(put(&mut parked, b"2").is_ok());
    assert!(opened(dir.path(), &code).get("t", b"2").expect("read").is_some(), "it was not released");
}

#[test]
fn an_older_copy_another_vault_and_a_lost_state_are_not_resumed() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let [vault, old, other] = ["vault", "old", "other"].map(|name| dir.path().join(name));
    let code = made(&vault);
    copy(&vault, &old);
    let unlocked = opened(&vault, &code);
    unlocked.put("t", b"1", b"one", &[]).expect("put");
    let parked = unlocked.park();
    fs::remove_dir_all(&vault).expect("removed");
    copy(&old, &vault);
    assert!(matches!(resumed(parked, &vault), Err(ResumeError::Changed)), "an older copy was believed");

    // As many changes as before, but others.
    let unlocked = opened(&vault, &code);
    unlocked.put("t", b"1", b"one", &[]).expect("put");
    let parked = unlocked.park();
    fs::remove_dir_all(&vault).expect("removed");
    copy(&old, &vault);
    opened(&vault, &code).put("t", b"2", b"two", &[]).expect("put");
    assert!(matches!(resumed(parked, &vault), Err(ResumeError::Changed)), "another history was believed");

    let parked = opened(&vault, &code).park();
    made(&other);
    fs::remove_dir_all(&vault).expect("removed");
    copy(&other, &vault);
    assert!(matches!(resumed(parked, &vault), Err(ResumeError::Changed)), "another vault was believed");
}

#[test]
fn a_vault_in_use_is_waited_for_and_a_missing_log_is_found_on_the_way_back() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let code = made(dir.path());
    let parked = opened(dir.path(), &code).park();
    let second = opened(dir.path(), &code);
    assert!(matches!(resumed(parked, dir.path()), Err(ResumeError::Open(OpenError::Busy(_)))));
    let parked = second.park();
    fs::remove_file(dir.path().join("vault.db-wal")).expect("removed");
    assert_eq!(resumed(parked, dir.path()).expect("resumed").findings(), [Finding::WriteAheadLogMissing]);
}

#[test]
fn what_cannot_be_opened_again_is_refused_from_then_on() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let code = made(dir.path());
    let mut unlocked = opened(dir.path(), &code);
    unlocked.put("t", b"1", b"one", &[]).expect("put");
    let told = aside(&mut unlocked, dir.path(), now(&mut |_| ()), || opened(dir.path(), &code).get("t", b"1").expect("read"))
        .expect("opened again");
    assert_eq!(told, unlocked.get("t", b"1").expect("read"), "nobody could open it meanwhile");
    let gone = aside(&mut unlocked, dir.path(), now(&mut |_| ()), || fs::remove_file(dir.path().join("vault.db")).expect("removed"));
    assert!(matches!(gone, Err(ResumeError::Open(OpenError::NotFound(_)))));
    assert!(matches!(unlocked.get("t", b"1"), Err(VaultError::Storage(StorageError::Poisoned))));
}
