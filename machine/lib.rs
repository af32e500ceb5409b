//! The only door to this computer: vault and trust folders, lock file, key files, locked memory, clock and entropy. Performs disk I/O, never
//! network I/O.
//!
//! It implements the joints of the [vault](waypass_vault) with what Linux has. [`create`] and [`open`] return a vault in a folder:
//!
//! ```
//! use waypass_machine::{clock, create, open};
//! use waypass_vault::{Factors, KdfCost, Password};
//!
//! # let home = tempfile::tempdir()?;
//! # let folder = home.path().join("wallet");
//! let password = Password::new("tulip anchor seven");
//! // A device spends what half a second of its own costs: `waypass_machine::CALIBRATED`.
//! let (mut vault, recovery) = create(&folder, "wallet", &password, KdfCost::Floor)?;
//! vault.unlock(&Factors::one(&password), &clock::read())?.put("credentials", b"id", b"bytes", &[("role", b"pharmacist")])?;
//! drop(vault);
//!
//! let mut vault = open(&folder)?;
//! let unlocked = vault.unlock(&Factors::one(&recovery), &clock::read())?;
//! assert_eq!(unlocked.find("credentials", "role", b"pharmacist")?, [b"id"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ballast;
pub mod clock;
mod device_report;
mod device_time;
mod durable;
mod entropy;
mod error;
mod folder;
mod guest;
pub mod key_file;
mod lock_file;
mod private;
mod secret;
mod speed;
mod sqlite;
mod trust_folder;
mod users;
mod vault_folder;

pub use device_report::{Device, Seen};
pub use device_time::DeviceTime;
pub use durable::{read as read_file, replace as replace_file, replace_by as replace_file_by};
pub use entropy::SystemRng;
pub use error::{CreateError, KeyFileError, OpenError, ResumeError};
pub use folder::work_in;
pub use guest::GuestRows;
pub use lock_file::LockHolder;
pub use private::{Exposed, Repair, close_home};
pub use secret::{harden_process, memory_protection};
pub use speed::{CALIBRATED, suite};
pub use trust_folder::TrustFolder;
pub use users::{User, UserName, Users};
pub use vault_folder::{Opened, Unfinished, Wait, aside, briefly, create, erase, host, open, open_waiting, resume};
