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
use core::cell::{Cell, RefCell};
use core::time::Duration;
use session::Session;
use waypass_trust::time::Reading;

/// An open vault. All methods take `&self`; the borrow of the vault keeps a second opening out. Dropping it wipes the keys.
pub struct Unlocked<'v> {
    vault: Owner<'v>,
    pub(crate) keys: Keys,
    session: RefCell<Session>,
    opened: Reading,
    active_ms: Cell<u64>,
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

/// Auto-lock of a holder's device after this long without activity (unlock.md).
pub const IDLE_HOLDER: Duration = Duration::from_mins(5);
/// Auto-lock of a kiosk after this long without activity (unlock.md).
pub const IDLE_KIOSK: Duration = Duration::from_mins(15);
/// No vault stays open longer than this, however active (unlock.md).
pub const ABSOLUTE: Duration = Duration::from_hours(12);

impl<'v> Unlocked<'v> {
    pub(crate) fn borrowing(vault: &'v mut Vault, keys: Keys, at: &Reading) -> Result<Self, StorageError> {
        let session = Session::begin(vault, &keys)?;
        Ok(Self::new(Owner::Borrowed(vault), keys, session, at))
    }

    fn new(vault: Owner<'v>, keys: Keys, session: Session, at: &Reading) -> Self {
        Self { vault, keys, session: RefCell::new(session), opened: *at, active_ms: Cell::new(at.boottime_ms) }
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

    /// Returns true if nothing was done for `idle`, or the vault has been open for `absolute`; see [`IDLE_HOLDER`], [`IDLE_KIOSK`] and
    /// [`ABSOLUTE`]. Asked with the clock that runs through suspend and that nobody can set; a reading of another boot has expired.
    pub fn expired(&self, at: &Reading, idle: Duration, absolute: Duration) -> bool {
        let since = |then: u64| at.boottime_ms.checked_sub(then).map(Duration::from_millis);
        let (Some(quiet), Some(open)) = (since(self.active_ms.get()), since(self.opened.boottime_ms)) else { return true };
        at.boot_id != self.opened.boot_id || quiet >= idle || open >= absolute
    }

    /// Notes activity for [`Self::expired`].
    pub fn touch(&self, at: &Reading) {
        if at.boot_id == self.opened.boot_id {
            self.active_ms.set(self.active_ms.get().max(at.boottime_ms));
        }
    }
}

impl Unlocked<'static> {
    pub(crate) fn owning(vault: Vault, keys: Keys, at: &Reading) -> Result<Self, (Box<Vault>, UnlockError)> {
        match Session::begin(&vault, &keys) {
            Ok(session) => Ok(Self::new(Owner::Owned(Box::new(vault)), keys, session, at)),
            Err(why) => Err((Box::new(vault), UnlockError::Storage(why))),
        }
    }
}
