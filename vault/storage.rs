//! The `Storage` joint: named ordered maps of bytes, changed by atomic and durable commits. It sees only sealed bytes.

mod journal;
mod memory;
mod tests;

#[cfg(test)]
pub(crate) use journal::tests::{File, Files};
pub use journal::{Journal, PlainFile};
pub use memory::MemoryStorage;
#[cfg(test)]
pub(crate) use memory::Rows;

use crate::error::StorageError;
use alloc::vec::Vec;

/// One ordered map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Space {
    /// Header, sealed state, counters of failed tries.
    Meta,
    /// Slots.
    Slot,
    /// Records: bucket, table, id.
    Record,
    /// Blind index: tag hash, then the key of the record.
    Index,
    /// Logs: name, sequence number.
    Log,
    /// Blind index of a log: sub-bucket, tag hash, then the key of the entry.
    LogIndex,
    /// Records that could not be read, as they were found.
    Quarantine,
}

impl Space {
    /// Every space.
    pub const ALL: [Self; 7] = [Self::Meta, Self::Slot, Self::Record, Self::Index, Self::Log, Self::LogIndex, Self::Quarantine];
}

/// One change of a commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The map that is changed.
    pub space: Space,
    /// The key in it.
    pub key: Vec<u8>,
    /// The new value; `None` removes the key.
    pub value: Option<Vec<u8>>,
}

/// Keeps the rows of one vault. An implementation passes [`storage_tests`](crate::storage_tests).
///
/// A storage belongs to one vault at a time: while it exists, nothing else opens what it keeps. Dropping it closes it.
pub trait Storage: Send {
    /// Returns the value of a key.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;

    /// Visits the keys that begin with `prefix`, in the order of their bytes, with their values.
    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError>;

    /// Makes all changes or none; of two changes of one key the later one counts.
    ///
    /// When this returns `Ok`, the changes survive a power cut. After [`StorageError::Full`] nothing was written and the storage goes on.
    /// After any other error it is unknown what was written, and the storage refuses everything from then on.
    fn commit(&self, changes: &[Change]) -> Result<(), StorageError>;

    /// Writes the rows anew, so that the files hold no value any more that was replaced or removed. Slow: for erasures.
    ///
    /// After [`StorageError::Full`] everything stays as it was. The blocks that the files gave back are the host's: it may keep them until it
    /// writes something else there.
    fn compact(&self) -> Result<(), StorageError>;

    /// Gives up the space held in reserve, so that one more commit may find room. A storage without a reserve does nothing.
    fn release_reserve(&self) {}

    /// Returns true if the journal of the last commits was missing at opening, so that commits may be lost.
    fn journal_was_missing(&self) -> bool {
        false
    }
}

/// A storage that was closed. It refuses everything.
pub(crate) struct Closed;

impl Storage for Closed {
    fn get(&self, _: Space, _: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Err(StorageError::Poisoned)
    }

    fn scan(&self, _: Space, _: &[u8], _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        Err(StorageError::Poisoned)
    }

    fn commit(&self, _: &[Change]) -> Result<(), StorageError> {
        Err(StorageError::Poisoned)
    }

    fn compact(&self) -> Result<(), StorageError> {
        Err(StorageError::Poisoned)
    }
}
