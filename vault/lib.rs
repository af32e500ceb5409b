//! What a device keeps and who may open it: key hierarchy, factors, sealed keys, crash-safe store, clock and entropy.
//! Performs disk I/O, never network I/O.
//!
//! [`Vault::create`] and [`Vault::open`] give a locked vault; [`Vault::unlock`] gives an [`Unlocked`], and dropping that locks again and
//! wipes the keys. Records, keys and logs are sealed with subkeys of one random vault key (VK), which exists on disk only inside *slots*,
//! one per permitted combination of factors.
//!
//! ```no_run
//! use waypass_vault::{Factors, KdfCost, Password, SystemRng, Vault, clock};
//! let password = Password::new("correct horse battery staple");
//! let (mut vault, recovery) = Vault::create("wallet".as_ref(), "wallet", &password, KdfCost::Calibrated, &mut SystemRng)?;
//! println!("{}", recovery.printed());
//! let unlocked = vault.unlock(&Factors::one(&password), &clock::read())?;
//! unlocked.put("credentials", b"id", b"bytes", &[("role", b"pharmacist")])?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![expect(clippy::todo, clippy::needless_pass_by_value, unused_variables, dead_code, reason = "signatures land first; bodies follow")]

pub mod clock;
pub mod entropy;
pub mod error;
pub mod factor;
pub mod keys;
pub mod trust_store;
pub mod unlocked;
pub mod vault;

pub use entropy::SystemRng;
pub use error::{BackupError, CreateError, OpenError, StorageError, UnlockError, VaultError};
pub use factor::{Factor, FactorKind, Factors, KdfCost, KeyFile, Password, RecoveryCode};
pub use keys::{KeyId, KeyInfo, KeyPurpose, KeySigner};
pub use trust_store::{TrustStore, TrustStoreError};
pub use unlocked::{Batch, Finding, RestoreReport, Unlocked};
pub use vault::{LockHolder, SlotInfo, Vault, VaultStatus};
