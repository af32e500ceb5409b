//! What a device keeps and who may open it: key hierarchy, factors, sealed keys, records and logs over the [`Storage`] joint.
//! Pure: it does no I/O, reads no clock and draws no randomness of its own.
//!
//! [`Vault::create`] and [`Vault::open`] give a locked vault; [`Vault::unlock`] gives an [`Unlocked`], and dropping that locks again and
//! wipes the keys. Records, keys and logs are sealed with subkeys of one random vault key (VK), which is stored only inside *slots*,
//! one per permitted combination of factors.
//!
//! Rows, memory for keys and randomness come in a [`Host`]. `waypass-machine` gives those of this computer; a guest brings its own:
//!
//! ```
//! use waypass_vault::{Factors, Host, KdfCost, MemoryStorage, Password, PlainMemory, Vault};
//! # use rand_core::CryptoRng;
//! # use waypass_trust::time::Reading;
//!
//! # fn kept(entropy: impl CryptoRng + Send + 'static, now: &Reading) -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host { storage: Box::new(MemoryStorage::default()), memory: Box::new(PlainMemory), entropy: Box::new(entropy) };
//! let password = Password::new("tulip anchor seven");
//! let (mut vault, recovery) = Vault::create(host, "wallet", &password, KdfCost::Floor)?;
//! println!("{}", recovery.printed().as_str());
//! let unlocked = vault.unlock(&Factors::one(&password), now)?;
//! unlocked.put("credentials", b"id", b"bytes", &[("role", b"pharmacist")])?;
//! assert_eq!(unlocked.find("credentials", "role", b"pharmacist")?, [b"id"]);
//! # Ok(())
//! # }
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod backup;
mod belief;
mod error;
mod factor;
mod hierarchy;
mod host;
mod keys;
mod memory;
mod seal;
mod slot;
mod storage;
#[cfg(test)]
mod testing;
mod throttle;
mod trust_store;
mod unlocked;
mod vault;

pub use backup::{MAX_BACKUP, RestoreReport};
pub use belief::{Belief, BeliefError, Tampering};
pub use error::{BackupError, CreateError, FactorError, OpenError, ResumeError, Room, StorageError, UnlockError, VaultError};
pub use factor::phrase;
pub use factor::{Factor, FactorKind, FactorParameters, Factors, KdfCost, KeyFile, Password, RecoveryCode, Speed, Stopwatch};
pub use host::Host;
pub use keys::{KeyId, KeyInfo, KeyPurpose, KeySigner, ephemeral_signer};
pub use memory::{MemoryProtection, NoMemory, PlainMemory, Secret, SecretMemory};
pub use slot::{SlotId, SlotInfo};
pub use storage::{Change, MemoryStorage, Space, Storage};
pub use trust_store::{MemoryTrust, TrustFile, TrustStorage, TrustStore, TrustStoreError, TrustWriter};
pub use unlocked::{Batch, Finding, Parked, Tags, TagsOf, Unlocked};
pub use vault::{Unfinished, Vault, VaultStatus};
