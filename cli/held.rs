//! The keys that a session holds, for the commands that it does.

use crate::home::Role;
use crate::scope::Scope;
use std::sync::{Mutex, MutexGuard, PoisonError};
use waypass_machine::{GuestRows, ResumeError};
use waypass_vault::{Parked, Unlocked, Vault};

/// The open vault of a session. Nobody works with it: each command opens the store by itself, with a copy of the keys that is wiped when it
/// is done. So one that waits keeps none of the others waiting.
pub(crate) struct Held {
    role: Role,
    scopes: Vec<Scope>,
    keys: Mutex<Option<Parked<'static>>>,
    /// Where the vault of a guest is; that of others is in a folder.
    guest: Option<GuestRows>,
}

impl Held {
    /// Keeps the keys of `vault` for commands of these scopes.
    pub(crate) fn new(role: Role, scopes: Vec<Scope>, vault: Unlocked<'static>) -> Self {
        Self { role, scopes, keys: Mutex::new(Some(vault.park())), guest: None }
    }

    /// The same, for a vault that is in no file.
    pub(crate) fn in_memory(self, rows: GuestRows) -> Self {
        Self { guest: Some(rows), ..self }
    }

    /// Returns where the vault of a guest is; `None` if it is in a folder.
    pub(crate) const fn guest(&self) -> Option<&GuestRows> {
        self.guest.as_ref()
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    /// Returns what its commands may do.
    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Opens `vault` with a copy of the keys. Returns `None` when they are wiped.
    pub(crate) fn lend(&self, vault: Vault) -> Option<Result<Unlocked<'static>, ResumeError>> {
        self.keys().as_ref().map(|keys| keys.lend(vault).map_err(ResumeError::from))
    }

    /// Wipes the keys.
    pub(crate) fn wipe(&self) {
        *self.keys() = None;
    }

    /// Keeps keys again.
    pub(crate) fn put(&self, vault: Unlocked<'static>) {
        *self.keys() = Some(vault.park());
    }

    /// Returns true if the keys are there.
    pub(crate) fn is_open(&self) -> bool {
        self.keys().is_some()
    }

    fn keys(&self) -> MutexGuard<'_, Option<Parked<'static>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, Role, Scope};
    use waypass_machine::{clock, create, open};
    use waypass_vault::{Factors, KdfCost, KeyFile};

    #[test]
    fn keys_are_lent_to_several_at_once_and_open_nothing_once_they_are_wiped() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let folder = dir.path().join("wallet");
        let key = KeyFile::generate(&mut waypass_machine::SystemRng);
        drop(create(&folder, "wallet", &key, KdfCost::Floor).expect("created"));
        let unlock = || {
            let vault = open(&folder).expect("opens").into_unlocked(&Factors::one(&key), &clock::read());
            vault.map_err(|(_, why)| why).expect("unlocks")
        };
        let held = Held::new(Role::Wallet, vec![Scope::Read], unlock());
        let first = held.lend(open(&folder).expect("the store is free")).expect("open").expect("lent");
        first.put("t", b"1", b"one", &[]).expect("put");
        let waits = first.park();
        let second = held.lend(open(&folder).expect("the first one waits")).expect("open").expect("lent");
        assert!(second.get("t", b"1").expect("read").is_some());
        drop((waits, second));
        held.wipe();
        assert!(!held.is_open() && held.lend(open(&folder).expect("the store is free")).is_none());
        held.put(unlock());
        assert!(held.is_open() && held.lend(open(&folder).expect("the store is free")).is_some());
    }
}
