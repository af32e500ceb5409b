//! Batches: what is written together becomes durable together.

use super::Unlocked;
use super::log_index::Tags;
use crate::error::{StorageError, VaultError};
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// Writes that become durable together, or not at all. Reads see the batch's own writes.
pub struct Batch<'b> {
    unlocked: &'b Unlocked<'b>,
}

impl Unlocked<'_> {
    /// Everything `work` writes, through the batch or next to it, is one transaction with one flush to disk; an error from `work` writes
    /// nothing. A batch within a batch is refused.
    pub fn batch<T, E: From<VaultError>>(&self, work: impl FnOnce(&mut Batch<'_>) -> Result<T, E>) -> Result<T, E> {
        if self.is_in_transaction() {
            return Err(VaultError::BatchOpen.into());
        }
        self.transaction(|| work(&mut Batch { unlocked: self }))
    }

    /// Like [`Self::batch`], giving up the space held in reserve if there is no room: for what exists nowhere else.
    pub fn batch_last<T>(&self, work: impl Fn(&mut Batch<'_>) -> Result<T, VaultError>) -> Result<T, VaultError> {
        match self.batch(&work) {
            Err(VaultError::Storage(StorageError::Full { .. })) => {
                self.storage().release_reserve();
                self.batch(&work)
            }
            done => done,
        }
    }
}

impl Batch<'_> {
    /// Like [`Unlocked::put`].
    pub fn put(&mut self, table: &'static str, id: &[u8], plaintext: &[u8], tags: &[(&'static str, &[u8])]) -> Result<(), VaultError> {
        self.unlocked.put(table, id, plaintext, tags)
    }

    /// Like [`Unlocked::get`].
    pub fn get(&self, table: &str, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.unlocked.get(table, id)
    }

    /// Like [`Unlocked::find`].
    pub fn find(&self, table: &str, name: &str, value: &[u8]) -> Result<Vec<Vec<u8>>, VaultError> {
        self.unlocked.find(table, name, value)
    }

    /// Like [`Unlocked::remove`].
    pub fn remove(&mut self, table: &'static str, id: &[u8]) -> Result<bool, VaultError> {
        self.unlocked.remove(table, id)
    }

    /// Makes this batch an erasure: what it replaces or removes is also removed from the files.
    ///
    /// Without room for that the batch counts all the same, and [`Unlocked::has_traces`] is true until a later unlocking finds room.
    pub fn leave_no_trace(&mut self) {
        self.unlocked.leave_no_trace();
    }

    /// Like [`Unlocked::append`].
    pub fn append(&mut self, log: &'static str, plaintext: &[u8]) -> Result<u64, VaultError> {
        self.unlocked.append(log, plaintext)
    }

    /// Like [`Unlocked::append_tagged`].
    pub fn append_tagged(&mut self, log: &'static str, plaintext: &[u8], tags: &Tags<'_>) -> Result<u64, VaultError> {
        self.unlocked.append_tagged(log, plaintext, tags)
    }

    /// Like [`Unlocked::replace_entry`].
    pub fn replace_entry(&mut self, log: &'static str, seq: u64, plaintext: &[u8], gone: &Tags<'_>) -> Result<(), VaultError> {
        self.unlocked.replace_entry(log, seq, plaintext, gone)
    }
}
