//! An open vault: records, logs, keys, slots. Dropping it locks.

mod log;
mod log_index;
mod parked;
mod records;
mod session;
mod slots;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod verify;

pub use log_index::{Tags, TagsOf};
pub use parked::Parked;
pub use session::Batch;
pub use state::Finding;

pub(crate) use state::State;

use crate::error::{StorageError, UnlockError};
use crate::hierarchy::Keys;
use crate::memory::{MemoryProtection, SecretMemory};
use crate::vault::{Entropy, Vault};
use alloc::boxed::Box;
use core::cell::RefCell;
use session::Session;

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

impl<'v> Unlocked<'v> {
    pub(crate) fn borrowing(vault: &'v mut Vault, keys: Keys) -> Result<Self, StorageError> {
        let session = Session::begin(vault, &keys)?;
        Ok(Self::new(Owner::Borrowed(vault), keys, session))
    }

    fn new(vault: Owner<'v>, keys: Keys, session: Session) -> Self {
        Self { vault, keys, session: RefCell::new(session) }
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

    /// What the vault was created as: `wallet`, `issuer`, `gate`.
    pub fn kind(&self) -> &str {
        self.vault().kind()
    }
}

impl Unlocked<'static> {
    pub(crate) fn owning(vault: Vault, keys: Keys) -> Result<Self, (Box<Vault>, UnlockError)> {
        match Session::begin(&vault, &keys) {
            Ok(session) => Ok(Self::new(Owner::Owned(Box::new(vault)), keys, session)),
            Err(why) => Err((Box::new(vault), UnlockError::Storage(why))),
        }
    }
}
