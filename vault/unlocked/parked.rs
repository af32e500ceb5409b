//! An open vault that waits without holding anything: for a person's answer, or for a slow server.

use super::{Session, State, Unlocked};
use crate::error::ResumeError;
use crate::lock_file::LockHolder;
use crate::vault::Vault;
use core::cell::RefCell;
use core::time::Duration;

/// An open vault whose database is closed and whose lock is free: other commands may use it meanwhile. The keys stay in protected
/// memory, and dropping this wipes them.
pub struct Parked<'v>(Unlocked<'v>);

impl<'v> Unlocked<'v> {
    /// Closes the database and releases the lock, and keeps the keys. Whatever was read must be read again after [`Parked::resume`].
    pub fn park(mut self) -> Parked<'v> {
        self.vault.get_mut().close();
        Parked(self)
    }

    /// Does `work` with the vault parked. If it cannot be opened again, every later use of it is refused; see [`Parked::resume`].
    pub fn aside<T>(&mut self, wait: Duration, waiting: &mut dyn FnMut(&LockHolder), work: impl FnOnce() -> T) -> Result<T, ResumeError> {
        self.vault.get_mut().close();
        let done = work();
        self.reopen(wait, waiting)?;
        Ok(done)
    }

    fn reopen(&mut self, wait: Duration, waiting: &mut dyn FnMut(&LockHolder)) -> Result<(), ResumeError> {
        let vault = Vault::open_waiting(&self.vault().dir, wait, waiting)?;
        if vault.header != self.vault().header {
            return Err(ResumeError::Changed);
        }
        // Keys of another generation, or a damaged state, open nothing here.
        let now = State::load(&vault, &self.keys)?.ok_or(ResumeError::Changed)?;
        if !self.committed(|before| now.seq > before.seq || now == *before) {
            return Err(ResumeError::Changed);
        }
        self.session = RefCell::new(Session::begin(&vault, &self.keys)?);
        *self.vault.get_mut() = vault;
        Ok(())
    }
}

impl<'v> Parked<'v> {
    /// Opens the vault again, waiting up to `wait`; `waiting` is told once who holds it. What is there must be the same vault, and its
    /// sealed state at or after the one that was parked: an older copy that somebody put there meanwhile is refused.
    pub fn resume(mut self, wait: Duration, waiting: &mut dyn FnMut(&LockHolder)) -> Result<Unlocked<'v>, ResumeError> {
        self.0.reopen(wait, waiting)?;
        Ok(self.0)
    }

    /// Does `work` with the vault open, and parks it again. Checks what [`Parked::resume`] checks; where that fails it stays parked, so
    /// that a service whose vault is in use tries later.
    pub fn briefly<T>(
        &mut self,
        wait: Duration,
        waiting: &mut dyn FnMut(&LockHolder),
        work: impl FnOnce(&Unlocked<'_>) -> T,
    ) -> Result<T, ResumeError> {
        self.0.reopen(wait, waiting)?;
        let done = work(&self.0);
        self.0.vault.get_mut().close();
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Factors, Finding, KdfCost, RecoveryCode, SystemRng, VaultError, clock};
    use std::fs;
    use std::path::Path;

    fn open(dir: &Path, code: &RecoveryCode) -> Unlocked<'static> {
        let vault = Vault::open(dir).expect("opens");
        vault.into_unlocked(&Factors::one(code), &clock::read()).map_err(|(_, why)| why).expect("unlocks")
    }

    fn made(dir: &Path) -> RecoveryCode {
        let primary = RecoveryCode::generate(&mut SystemRng);
        drop(Vault::create(dir, "test", &primary, KdfCost::Floor, &mut SystemRng).expect("created"));
        primary
    }

    fn resume(parked: Parked<'static>) -> Result<Unlocked<'static>, ResumeError> {
        parked.resume(Duration::ZERO, &mut |_| ())
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
        let first = open(dir.path(), &code);
        first.put("t", b"1", b"one", &[]).expect("put");
        let signer = first.generate_key(waypass_credential::key::Algorithm::EdDsa, crate::KeyPurpose::Holder).expect("generated").id;
        let parked = first.park();
        {
            let second = open(dir.path(), &code);
            second.put("t", b"1", b"changed", &[]).expect("put");
            second.put("t", b"2", b"two", &[]).expect("put");
        }
        let first = resume(parked).expect("resumed");
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
        let mut parked = open(dir.path(), &code).park();
        let put = |parked: &mut Parked<'static>, key: &[u8]| {
            parked.briefly(Duration::ZERO, &mut |_| (), |vault| vault.put("t", key, b"", &[]).expect("put"))
        };
        assert!(put(&mut parked, b"1").is_ok());
        let other = open(dir.path(), &code);
        assert!(matches!(put(&mut parked, b"2"), Err(ResumeError::Open(crate::OpenError::Busy(_)))));
        assert!(other.get("t", b"1").expect("read").is_some());
        drop(other);
        assert!(put(&mut parked, b"2").is_ok());
        assert!(open(dir.path(), &code).get("t", b"2").expect("read").is_some(), "it was not released");
    }

    #[test]
    fn an_older_copy_another_vault_and_a_lost_state_are_not_resumed() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let [vault, old, other] = ["vault", "old", "other"].map(|name| dir.path().join(name));
        let code = made(&vault);
        copy(&vault, &old);
        let unlocked = open(&vault, &code);
        unlocked.put("t", b"1", b"one", &[]).expect("put");
        let parked = unlocked.park();
        fs::remove_dir_all(&vault).expect("removed");
        copy(&old, &vault);
        assert!(matches!(resume(parked), Err(ResumeError::Changed)), "an older copy was believed");

        // As many changes as before, but others.
        let unlocked = open(&vault, &code);
        unlocked.put("t", b"1", b"one", &[]).expect("put");
        let parked = unlocked.park();
        fs::remove_dir_all(&vault).expect("removed");
        copy(&old, &vault);
        open(&vault, &code).put("t", b"2", b"two", &[]).expect("put");
        assert!(matches!(resume(parked), Err(ResumeError::Changed)), "another history was believed");

        let parked = open(&vault, &code).park();
        made(&other);
        fs::remove_dir_all(&vault).expect("removed");
        copy(&other, &vault);
        assert!(matches!(resume(parked), Err(ResumeError::Changed)), "another vault was believed");
    }

    #[test]
    fn a_vault_in_use_is_waited_for_and_a_missing_log_is_found_on_the_way_back() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let code = made(dir.path());
        let parked = open(dir.path(), &code).park();
        let second = open(dir.path(), &code);
        assert!(matches!(resume(parked), Err(ResumeError::Open(crate::OpenError::Busy(_)))));
        let parked = second.park();
        fs::remove_file(dir.path().join("vault.db-wal")).expect("removed");
        assert_eq!(resume(parked).expect("resumed").findings(), [Finding::WriteAheadLogMissing]);
    }

    #[test]
    fn what_cannot_be_opened_again_is_refused_from_then_on() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let code = made(dir.path());
        let mut unlocked = open(dir.path(), &code);
        unlocked.put("t", b"1", b"one", &[]).expect("put");
        let told = unlocked.aside(Duration::ZERO, &mut |_| (), || open(dir.path(), &code).state_seq()).expect("opened again");
        assert_eq!(told, unlocked.state_seq(), "nobody could open it meanwhile");
        let gone = unlocked.aside(Duration::ZERO, &mut |_| (), || fs::remove_file(dir.path().join("vault.db")).expect("removed"));
        assert!(matches!(gone, Err(ResumeError::Open(crate::OpenError::NotFound(_)))));
        assert!(matches!(unlocked.get("t", b"1"), Err(VaultError::Storage(crate::StorageError::Poisoned))));
    }
}
