//! An open vault that waits without holding anything: for a person's answer, or for a slow server.

use super::{Session, Unlocked};
use crate::error::ResumeError;
use crate::state::State;
use crate::vault::Vault;
use core::cell::RefCell;

/// An open vault whose storage is closed: others may use it meanwhile. The keys stay in protected memory, and dropping this wipes them.
///
/// It goes on with a vault that the caller has opened again. That must be the same vault, and its sealed state must be at or after the
/// one that was parked: an older copy that somebody put there meanwhile is refused.
pub struct Parked<'v>(Unlocked<'v>);

impl<'v> Unlocked<'v> {
    /// Closes the storage and keeps the keys. Whatever was read must be read again after [`Parked::resume`].
    pub fn park(mut self) -> Parked<'v> {
        self.vault.get_mut().close();
        Parked(self)
    }

    /// Does `work` with the vault parked, then goes on with what `reopen` returns. If that fails, every later use of it is refused.
    pub fn aside<T, E: From<ResumeError>>(&mut self, work: impl FnOnce() -> T, reopen: impl FnOnce() -> Result<Vault, E>) -> Result<T, E> {
        self.vault.get_mut().close();
        let done = work();
        self.go_on(reopen()?)?;
        Ok(done)
    }

    /// Refuses a vault that does not follow from this one.
    fn follows(&self, vault: &Vault) -> Result<(), ResumeError> {
        if vault.header != self.vault().header {
            return Err(ResumeError::Changed);
        }
        // Keys of another generation, or a damaged state, open nothing here.
        let now = State::load(vault.storage(), &self.keys)?.ok_or(ResumeError::Changed)?;
        let is_later = self.committed(|before| now.seq > before.seq || now == *before);
        if is_later { Ok(()) } else { Err(ResumeError::Changed) }
    }

    fn go_on(&mut self, vault: Vault) -> Result<(), ResumeError> {
        self.follows(&vault)?;
        self.session = RefCell::new(Session::go_on(&vault, &self.keys)?);
        *self.vault.get_mut() = vault;
        Ok(())
    }
}

impl<'v> Parked<'v> {
    /// Goes on with the vault.
    pub fn resume(mut self, vault: Vault) -> Result<Unlocked<'v>, ResumeError> {
        self.0.go_on(vault)?;
        Ok(self.0)
    }

    /// Opens `vault` with a copy of the keys, for one of several commands that this process does. The copy is wiped when that is dropped;
    /// the parked vault keeps its own and can be lent again.
    pub fn lend(&self, vault: Vault) -> Result<Unlocked<'static>, ResumeError> {
        self.0.follows(&vault)?;
        let keys = self.0.keys.copy(&*vault.host.memory).map_err(|_| ResumeError::Memory)?;
        Ok(Unlocked::owning(vault, keys)?)
    }

    /// Does `work` with the vault open, and parks it again. If the vault is refused it stays parked, and can be tried later.
    pub fn briefly<T>(&mut self, vault: Vault, work: impl FnOnce(&Unlocked<'_>) -> T) -> Result<T, ResumeError> {
        self.0.go_on(vault)?;
        let done = work(&self.0);
        self.0.vault.get_mut().close();
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{Change, Space, Storage as _};
    use crate::testing::{Disk, TestRng, reading};
    use crate::{Factors, KdfCost, RecoveryCode, StorageError, VaultError};

    fn open(disk: &Disk, code: &RecoveryCode) -> Unlocked<'static> {
        let vault = Vault::open(disk.host()).expect("opens");
        vault.into_unlocked(&Factors::one(code), &reading()).map_err(|(_, why)| why).expect("unlocks")
    }

    fn made(disk: &Disk) -> RecoveryCode {
        let primary = RecoveryCode::generate(&mut TestRng);
        drop(Vault::create(disk.host(), "test", &primary, KdfCost::Floor).expect("created"));
        primary
    }

    #[test]
    fn it_goes_on_with_what_others_wrote_meanwhile_and_with_nothing_older() {
        let disk = Disk::default();
        let code = made(&disk);
        let first = open(&disk, &code);
        let old = disk.get(Space::Meta, b"state").expect("read");
        first.put("t", b"1", b"one", &[]).expect("put");
        let parked = first.park();
        open(&disk, &code).put("t", b"1", b"changed", &[]).expect("put");
        let first = parked.resume(Vault::open(disk.host()).expect("opens")).expect("resumed");
        assert_eq!(first.get("t", b"1").expect("read").expect("there").as_slice(), b"changed");
        let parked = first.park();
        disk.commit(&[Change { space: Space::Meta, key: b"state".to_vec(), value: old }]).expect("put back");
        assert!(matches!(parked.resume(Vault::open(disk.host()).expect("opens")), Err(ResumeError::Changed)));
    }

    /// The header is not sealed: without this comparison a wallet would go on as what somebody wrote there.
    #[test]
    fn a_vault_that_says_it_is_of_another_kind_is_not_resumed() {
        let disk = Disk::default();
        let code = made(&disk);
        let parked = open(&disk, &code).park();
        let mut header = disk.get(Space::Meta, b"header").expect("read").expect("there");
        *header.last_mut().expect("a letter") ^= 1;
        disk.commit(&[Change { space: Space::Meta, key: b"header".to_vec(), value: Some(header) }]).expect("written");
        let other = Vault::open(disk.host()).expect("opens");
        assert_eq!(other.kind(), "tesu");
        assert!(matches!(parked.resume(other), Err(ResumeError::Changed)));
    }

    #[test]
    fn a_lent_vault_works_next_to_others_and_is_refused_after_an_older_copy() {
        let disk = Disk::default();
        let code = made(&disk);
        let old = disk.get(Space::Meta, b"state").expect("read");
        let mut parked = open(&disk, &code).park();
        let lend = |parked: &Parked<'_>| parked.lend(Vault::open(disk.host()).expect("opens"));
        for n in [b"1", b"2"] {
            lend(&parked).expect("lent").put("t", n, b"kept", &[]).expect("put");
        }
        let found = parked.briefly(Vault::open(disk.host()).expect("opens"), |vault| vault.get("t", b"1").expect("read").is_some());
        assert!(found.expect("opened"));
        assert_eq!(lend(&parked).expect("lent").get("t", b"2").expect("read").expect("there").as_slice(), b"kept");
        disk.commit(&[Change { space: Space::Meta, key: b"state".to_vec(), value: old }]).expect("put back");
        assert!(matches!(lend(&parked), Err(ResumeError::Changed)));
    }

    #[test]
    fn what_is_not_opened_again_is_refused_from_then_on() {
        let disk = Disk::default();
        let code = made(&disk);
        let mut unlocked = open(&disk, &code);
        let gone = unlocked.aside(|| (), || Err(ResumeError::Changed));
        assert!(matches!(gone, Err(ResumeError::Changed)));
        assert!(matches!(unlocked.get("t", b"1"), Err(VaultError::Storage(StorageError::Poisoned))));
    }
}
