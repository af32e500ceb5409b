//! What a device keeps and who may open it: key hierarchy, factors, sealed keys, crash-safe store, clock and entropy.
//! Performs disk I/O, never network I/O.
//!
//! [`Vault::create`] and [`Vault::open`] give a locked vault; [`Vault::unlock`] gives an [`Unlocked`], and dropping that locks again and
//! wipes the keys. Records, keys and logs are sealed with subkeys of one random vault key (VK), which exists on disk only inside *slots*,
//! one per permitted combination of factors.
//!
//! ```no_run
//! use waypass_vault::{Factors, KdfCost, Password, SystemRng, Vault, clock};
//! let password = Password::new("tulip anchor seven");
//! let (mut vault, recovery) = Vault::create("wallet".as_ref(), "wallet", &password, KdfCost::Calibrated, &mut SystemRng)?;
//! println!("{}", recovery.printed().as_str());
//! let unlocked = vault.unlock(&Factors::one(&password), &clock::read())?;
//! unlocked.put("credentials", b"id", b"bytes", &[("role", b"pharmacist")])?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backup;
mod ballast;
pub mod belief;
mod cbor;
pub mod clock;
mod durable;
pub mod entropy;
pub mod error;
pub mod factor;
mod hierarchy;
pub mod keys;
mod lock_file;
mod private;
mod seal;
mod secret;
mod slot;
mod storage;
mod throttle;
pub mod trust_store;
pub mod unlocked;
pub mod vault;

pub use backup::{CNF_TAG, RestoreReport};
pub use belief::{Belief, BeliefError, Tampering};
pub use entropy::SystemRng;
pub use error::{BackupError, CreateError, Exposed, FactorError, OpenError, ResumeError, Room, StorageError, UnlockError, VaultError};
pub use factor::phrase;
pub use factor::{Factor, FactorKind, FactorParameters, Factors, KdfCost, KeyFile, Password, RecoveryCode};
pub use keys::{KeyId, KeyInfo, KeyPurpose, KeySigner, ephemeral_signer};
pub use lock_file::LockHolder;
pub use private::{Repair, close_home};
pub use secret::{MemoryProtection, harden_process, memory_protection};
pub use slot::{SlotId, SlotInfo};
pub use trust_store::{TrustStore, TrustStoreError};
pub use unlocked::{Batch, Finding, Parked, Tags, TagsOf, Unlocked};
pub use vault::{Unfinished, Vault, VaultStatus};

/// Doors for the fuzzer (tests/fuzz), which no other build has.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// Reads a slot's row and writes it again.
    pub fn slot(row: &[u8]) -> Option<Vec<u8>> {
        crate::slot::Slot::from_row(row).map(|slot| slot.to_row())
    }

    /// Reads a backup's content; returns how many items it has, and the content written again.
    pub fn backup_items(content: &[u8]) -> Option<(usize, Vec<u8>)> {
        crate::backup::rewritten(content)
    }
}
