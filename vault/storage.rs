//! The `Storage` joint: named ordered maps of bytes, changed by atomic and durable commits. It sees only sealed bytes.

pub(crate) mod sqlite;
#[cfg(test)]
pub(crate) mod tests;

use crate::error::StorageError;

/// One ordered map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Space {
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
    pub(crate) const ALL: [Self; 7] = [Self::Meta, Self::Slot, Self::Record, Self::Index, Self::Log, Self::LogIndex, Self::Quarantine];
}

/// One change; `None` removes.
pub(crate) struct Change {
    pub(crate) space: Space,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Option<Vec<u8>>,
}

/// Where the bytes are. Every implementation passes `storage/tests.rs`.
pub(crate) trait Storage: Send {
    /// The value of a key.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;

    /// Visits the keys that begin with `prefix`, in order.
    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError>;

    /// Makes all changes or none. When this returns `Ok` they survive a power cut; after an error other than [`StorageError::Full`] it is
    /// not known what is on disk, and the handle refuses everything from then on.
    fn commit(&self, changes: &[Change]) -> Result<(), StorageError>;
}

/// A storage that was closed: it refuses everything.
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
}
