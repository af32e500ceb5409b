//! A locked vault: create, open, unlock.

use crate::clock::Reading;
use crate::error::{CreateError, OpenError, UnlockError};
use crate::factor::{Factor, FactorKind, Factors, KdfCost, RecoveryCode};
use crate::unlocked::Unlocked;
use rand_core::CryptoRng;
use std::{fmt, path::Path, time::Duration};

/// A vault on disk that this process, and no other, has open. Locked until [`Vault::unlock`].
pub struct Vault {}

/// Who holds the lock file of a vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockHolder {
    /// The process id; 0 when it is not known.
    pub pid: u32,
    /// The command it runs, as it wrote it into the lock file.
    pub command: String,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 { f.write_str("another process") } else { write!(f, "process {} ({})", self.pid, self.command) }
    }
}

/// What can be known of a locked vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VaultStatus {
    /// What the vault was created as: `wallet`, `issuer`, `gate`.
    pub kind: String,
    /// Tries left for passwords before the lockout.
    pub attempts_left: u32,
    /// Tries left for the recovery code.
    pub recovery_attempts_left: u32,
    /// Seconds until the next try with a password is taken; 0 means now.
    pub wait_seconds: u64,
    /// The slots; what opens the vault.
    pub slots: Vec<SlotInfo>,
}

/// One slot: a combination of factors that opens the vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotInfo {
    /// Its name.
    pub id: [u8; 8],
    /// The kinds of factor it takes, all of them together.
    pub factors: Vec<FactorKind>,
    /// Counts the rewrites of this vault's slots; a higher one is newer.
    pub epoch: u64,
}

impl Vault {
    /// Creates a vault in `dir` (made with mode 0700) with a slot for `primary` and one for the recovery code that is returned.
    pub fn create(
        dir: &Path,
        kind: &str,
        primary: &dyn Factor,
        kdf: KdfCost,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, RecoveryCode), CreateError> {
        todo!()
    }

    /// Opens the vault in `dir`, waiting up to two seconds for another process to let go of it.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        todo!()
    }

    /// As [`Vault::open`], waiting up to `wait`; `waiting` is told once who holds the vault.
    pub fn open_waiting(dir: &Path, wait: Duration, waiting: &mut dyn FnMut(&LockHolder)) -> Result<Self, OpenError> {
        todo!()
    }

    /// What can be known while it is locked.
    pub fn status(&self, at: &Reading) -> VaultStatus {
        todo!()
    }

    /// Opens the vault with the factors shown. A try that could be a guess is counted durably before it is made.
    pub fn unlock(&mut self, factors: &Factors<'_>, at: &Reading) -> Result<Unlocked<'_>, UnlockError> {
        todo!()
    }

    /// As [`Vault::unlock`], for a service that keeps the vault open as long as it runs.
    pub fn into_unlocked(self, factors: &Factors<'_>, at: &Reading) -> Result<Unlocked<'static>, (Self, UnlockError)> {
        todo!()
    }
}
