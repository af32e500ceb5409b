//! The rows of what the issuer remembers, behind the [`Store`] joint, by aggregate: register and documents, events, credentials,
//! offers, received logs. Nothing here is believed without a check: see [`crate::sealed`].
//!
//! A store is read through a [`View`], which shows one moment, and changed through a [`Tx`]: all of it is durable when `commit`
//! returns, or it is without effect. No type of a database is in the joint, so another database is one more file.

use core::fmt;

mod causes;
mod credentials;
mod earlier;
mod events;
mod gates;
mod keys;
mod lists;
mod logs;
mod offers;
mod register;
pub mod sqlite;

pub use causes::{Cause, EventCause};
pub use credentials::{
    CredentialRecord, CredentialRow, Credentials, Filter, Selection, State, StatusEvent, Tag, TakeRow, WriteCredentials,
};
pub use earlier::{Earlier, Readable, Unsealed, UnsealedCredential};
pub use events::{EventRow, Events, SummaryRow, WriteEvents};
pub use gates::GateRow;
pub use keys::KeyRow;
pub use lists::{Entry, ListRecord};
pub use logs::{DeviceRow, LeafRow, Logs, WriteLogs};
pub use offers::{OfferRow, Offers, Pickup, TxCode, WriteOffers};
pub use register::{Documents, RegisterRow, Registers, WriteRegister};
pub use sqlite::{MissingLog, SqliteStore};

/// Why the store did not do as asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// Another process held the database for longer than the waiting time.
    Busy,
    /// The disk is full; nothing was changed.
    Full,
    /// The limit on the size of files does not let the database grow; nothing was changed.
    FileLimit,
    /// The file was written by a newer version.
    Newer {
        /// The file's schema version.
        found: i64,
        /// The newest one this program knows.
        known: i64,
    },
    /// The database was closed with its write-ahead log, and lies there without it.
    LogMissing,
    /// The row that was read cannot be what was written.
    Corrupt(&'static str),
    /// There is no such record.
    Missing,
    /// A unique value is already taken: a status index, an id, a nonce, a code, a sequence number.
    Taken,
    /// The record is not in the state the change starts from.
    Changed,
    /// Another process wrote meanwhile what this change would have followed.
    Overtaken,
    /// A row was written, changed, deleted or put back by something that does not have the vault's key.
    Tampered(String),
    /// The database refused for another reason.
    Database(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("another process is using the issuer's database"),
            Self::Full => f.write_str("the disk is full; nothing was changed"),
            Self::FileLimit => {
                f.write_str("the issuer's database may not grow: the limit on the size of files is reached; nothing was changed")
            }
            Self::Newer { found, known } => {
                write!(f, "the issuer's database has schema version {found}, this program knows versions up to {known}")
            }
            Self::LogMissing => f.write_str(
                "issuer.db was closed with its write-ahead log (issuer.db-wal) and lies there without it; what was done last may be missing",
            ),
            Self::Corrupt(what) => write!(f, "the issuer's database is damaged: {what}"),
            Self::Missing => f.write_str("there is no such record"),
            Self::Taken => f.write_str("the value is already taken"),
            Self::Changed => f.write_str("the record changed in the meantime"),
            Self::Overtaken => f.write_str("another process wrote to the issuer's database in the meantime"),
            Self::Tampered(what) => {
                write!(
                    f,
                    "{what} in issuer.db is not what this issuer wrote there: written by something else, deleted, or put back from a copy"
                )
            }
            Self::Database(detail) => write!(f, "the issuer's database failed: {detail}"),
        }
    }
}

impl core::error::Error for StoreError {}

type Result<T> = core::result::Result<T, StoreError>;

/// Everything that is stored, at one moment.
pub trait View: Registers + Events + Credentials + Offers + Logs {}

impl<T: Registers + Events + Credentials + Offers + Logs> View for T {}

/// A transaction: sees what it changed. Dropped without a commit it is without effect.
pub trait Tx: View + WriteRegister + WriteEvents + WriteCredentials + WriteOffers + WriteLogs {
    /// Makes all of it durable; [`StoreError::Overtaken`] if it has to be done again because another process came before it.
    fn commit(self: Box<Self>) -> Result<()>;
}

/// The joint: where rows are kept. SQLite today ([`SqliteStore`]); `crate::sealed::Sealed` decides what they mean and whether they
/// are believed.
pub trait Store {
    /// Shows what is stored now. While it is shown, nothing in it changes.
    fn look(&self) -> Result<Box<dyn View + '_>>;
    /// Begins a transaction, after those of other processes.
    fn begin(&mut self) -> Result<Box<dyn Tx + '_>>;
    /// Returns the content of an earlier format, which has to be put under the seal; `None` if it is. `step` is called for each
    /// credential.
    fn earlier(&self, step: &mut dyn FnMut(u64)) -> Result<Option<Earlier>>;
    /// Begins the transaction that puts an earlier format under the seal. The register, events and credentials are empty in it.
    fn begin_anew(&mut self) -> Result<Box<dyn Tx + '_>>;
}

#[cfg(test)]
mod tests;
