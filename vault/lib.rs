//! Keeps a device's secrets, and decides who may open them: key hierarchy, factors, sealed keys, records and logs over
//! the [`Storage`] joint.
//! Pure: it does no I/O, reads no clock and draws no randomness of its own.
//!
//! [`Vault::create`] and [`Vault::open`] return a locked vault; [`Vault::unlock`] returns an [`Unlocked`], and dropping
//! that locks again and
//! wipes the keys. Records, keys and logs are sealed with subkeys of one random vault key (VK), which is stored only inside *slots*,
//! one per permitted combination of factors.
//!
//! Rows, memory for keys and randomness come in a [`Host`]. `waypass-machine` has those of this computer; a guest brings its own:
//!
//! ```
//! use waypass_credential::time::Timestamp;
//! use waypass_trust::time::Reading;
//! use waypass_vault::{Factors, Host, KdfCost, MemoryStorage, Password, PlainMemory, UnlockError, Vault};
//!
//! # use rand_core::{TryCryptoRng, TryRng};
//! # // An example repeats itself; a device hands in true randomness.
//! # struct Entropy(u64);
//! # impl TryRng for Entropy {
//! #     type Error = core::convert::Infallible;
//! #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> { Ok(self.try_next_u64()? as u32) }
//! #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
//! #         self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
//! #         let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
//! #         Ok(mixed ^ (mixed >> 27))
//! #     }
//! #     fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> {
//! #         for byte in to { *byte = self.try_next_u64()? as u8; }
//! #         Ok(())
//! #     }
//! # }
//! # impl TryCryptoRng for Entropy {}
//! # let entropy = Entropy(7);
//! let host = Host { storage: Box::new(MemoryStorage::default()), memory: Box::new(PlainMemory), entropy: Box::new(entropy) };
//! let password = Password::new("tulip anchor seven");
//! let (mut vault, recovery) = Vault::create(host, "wallet", &password, KdfCost::Floor)?;
//! assert_eq!(recovery.printed().split('-').count(), 7);
//!
//! let now = Reading { wall: Timestamp::from_unix(1_795_161_610).ok_or("no time")?, boottime_ms: 5_000, boot_id: [1; 16] };
//! let wrong = Password::new("tulip anchor eight");
//! assert!(matches!(vault.unlock(&Factors::one(&wrong), &now), Err(UnlockError::WrongSecret { .. })));
//!
//! let unlocked = vault.unlock(&Factors::one(&password), &now)?;
//! unlocked.put("credentials", b"id", b"bytes", &[("role", b"pharmacist")])?;
//! assert_eq!(unlocked.find("credentials", "role", b"pharmacist")?, [b"id"]);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod backup;
mod belief;
mod error;
pub mod escrow;
mod factor;
mod hierarchy;
mod host;
mod keys;
mod memory;
mod rules;
mod seal;
mod site_rules;
mod slot;
mod state;
mod storage;
#[cfg(test)]
mod testing;
mod throttle;
mod trust_store;
mod unlocked;
mod vault;

pub use backup::{CNF_TAG, MAX_BACKUP, RestoreReport};
pub use belief::{Belief, BeliefError, Tampering};
pub use error::{BackupError, CreateError, FactorError, OpenError, ResumeError, Room, StorageError, UnlockError, VaultError};
pub use factor::phrase;
pub use factor::{
    Enrolled, Enrolment, Factor, FactorKind, FactorParameters, Factors, KdfCost, KeyFile, Password, Pin, PinWeakness, Recognised,
    RecoveryCode, SecretRules, Speed, Stopwatch,
};
pub use host::Host;
pub use keys::{KeyId, KeyInfo, KeyPurpose, KeySigner, ephemeral_signer};
pub use memory::{MemoryProtection, NoMemory, PlainMemory, Secret, SecretMemory};
pub use rules::Rules;
pub use seal::Suite;
pub use site_rules::{Forbidden, SiteRules};
pub use slot::{NewSlot, SlotId, SlotInfo};
pub use state::Finding;
pub use storage::{Change, Journal, MemoryStorage, PlainFile, Space, Storage};
pub use trust_store::{MemoryTrust, TrustFile, TrustJournal, TrustStorage, TrustStore, TrustStoreError, TrustWriter};
pub use unlocked::{Batch, HeldSlot, Parked, Tags, TagsOf, Unlocked};
pub use vault::{Pardons, Plan, Unfinished, Vault, VaultStatus};

/// Doors for the fuzzer (tests/fuzz), which no other build has.
#[cfg(fuzzing)]
pub mod fuzzing {
    use alloc::vec::Vec;

    /// Reads a slot's row and writes it again.
    pub fn slot(row: &[u8]) -> Option<Vec<u8>> {
        if let crate::slot::Row::Slot(slot) = crate::slot::Row::read(row) { Some(slot.to_row()) } else { None }
    }

    /// Reads a backup's content; returns how many items it has, and the content written again.
    pub fn backup_items(content: &[u8]) -> Option<(usize, Vec<u8>)> {
        crate::backup::rewritten(content)
    }
}
