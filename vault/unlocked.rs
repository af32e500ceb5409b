//! An open vault: records, logs, keys, slots. Dropping it locks.

mod batch;
mod keys;
mod log;
mod log_index;
mod parked;
mod records;
mod rekey;
mod session;
mod slots;
#[cfg(test)]
pub(crate) mod tests;
mod upgrade;
mod verify;

pub use batch::Batch;
pub use log_index::{Tags, TagsOf};
pub use parked::Parked;
pub(crate) use records::read_tags;
pub use slots::HeldSlot;

use crate::error::{StorageError, UnlockError};
use crate::factor::Factors;
use crate::hierarchy::Keys;
use crate::memory::{MemoryProtection, SecretMemory};
use crate::vault::{Entropy, Vault};
use alloc::boxed::Box;
use core::cell::RefCell;
use session::Session;
use waypass_trust::time::Reading;

/// An open vault. All methods take `&self`; the borrow of the vault keeps a second opening out. Dropping it wipes the keys.
pub struct Unlocked<'v> {
    vault: Owner<'v>,
    pub(crate) keys: Keys,
    session: RefCell<Session>,
}

enum Owner<'v> {
    Borrowed(&'v mut Vault),
    Owned(Box<Vault>),
}

impl Owner<'_> {
    fn get(&self) -> &Vault {
        match self {
            Self::Borrowed(vault) => vault,
            Self::Owned(vault) => vault,
        }
    }

    fn get_mut(&mut self) -> &mut Vault {
        match self {
            Self::Borrowed(vault) => vault,
            Self::Owned(vault) => vault,
        }
    }
}

impl Vault {
    /// Opens the vault with the factors shown. A try that could be a guess is counted durably before it is made.
    pub fn unlock(&mut self, factors: &Factors<'_>, at: &Reading) -> Result<Unlocked<'_>, UnlockError> {
        let keys = self.keys(factors, at)?;
        Unlocked::borrowing(self, keys).map_err(UnlockError::Storage)
    }

    /// Like [`Vault::unlock`], for a service that keeps the vault open as long as it runs. On failure the vault comes back.
    pub fn into_unlocked(self, factors: &Factors<'_>, at: &Reading) -> Result<Unlocked<'static>, (Box<Self>, UnlockError)> {
        let begun = self.keys(factors, at).and_then(|keys| Ok((Session::begin(&self, &keys)?, keys)));
        match begun {
            Ok((session, keys)) => Ok(Unlocked::new(Owner::Owned(Box::new(self)), keys, session)),
            Err(why) => Err((Box::new(self), why)),
        }
    }
}

impl<'v> Unlocked<'v> {
    pub(crate) fn borrowing(vault: &'v mut Vault, keys: Keys) -> Result<Self, StorageError> {
        let session = Session::begin(vault, &keys)?;
        Ok(Self::new(Owner::Borrowed(vault), keys, session))
    }

    fn owning(vault: Vault, keys: Keys) -> Result<Unlocked<'static>, StorageError> {
        let session = Session::begin(&vault, &keys)?;
        Ok(Unlocked::new(Owner::Owned(Box::new(vault)), keys, session))
    }

    fn new(vault: Owner<'v>, keys: Keys, session: Session) -> Self {
        Self { vault, keys, session: RefCell::new(session) }
    }

    /// Forgets what this process knows of the content, and begins with what is stored.
    fn begin_anew(&mut self) -> Result<(), StorageError> {
        self.session = RefCell::new(Session::begin(self.vault.get(), &self.keys)?);
        Ok(())
    }

    pub(crate) fn vault(&self) -> &Vault {
        self.vault.get()
    }

    /// Returns the source of keys, salts and nonces, for one draw.
    pub(crate) fn entropy(&self) -> Entropy<'_> {
        self.vault().entropy()
    }

    pub(crate) fn memory(&self) -> &dyn SecretMemory {
        &*self.vault().host.memory
    }

    /// Returns how well the keys are kept in memory.
    pub fn memory_protection(&self) -> MemoryProtection {
        self.keys.protection()
    }

    /// Returns the kind that the vault was created as: `wallet`, `issuer`, `gate`.
    pub fn kind(&self) -> &str {
        self.vault().kind()
    }
}
