//! An open vault: records, logs, keys, slots. Dropping it locks.

use crate::clock::Reading;
use crate::error::{BackupError, VaultError};
use crate::factor::{Factors, KdfCost};
use crate::keys::{KeyId, KeyInfo, KeyPurpose, KeySigner};
use crate::vault::SlotInfo;
use core::{marker::PhantomData, time::Duration};
use std::path::Path;
use waypass_credential::key::Algorithm;
use zeroize::Zeroizing;

/// An open vault. All methods take `&self`; the borrow of the vault keeps a second opening out.
pub struct Unlocked<'v> {
    scope: PhantomData<&'v mut ()>,
}

/// Writes that become durable together, or not at all. Reads through the batch see its own writes.
pub struct Batch<'b> {
    scope: PhantomData<&'b ()>,
}

/// Something the vault found wrong with its own content; kept until acknowledged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finding {
    /// A record could not be read and was set aside.
    Quarantined {
        /// Its table.
        table: String,
        /// Its id.
        id: Vec<u8>,
    },
    /// Records were deleted, replaced by older versions or added from outside since the last commit.
    Altered {
        /// The tables that have records in the affected part of the store.
        tables: Vec<String>,
    },
    /// The record of the last commit is damaged; deletions before now cannot be noticed.
    StateLost,
}

/// What came out of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RestoreReport {
    /// How many records were restored.
    pub records: usize,
    /// The keys that were restored.
    pub keys: Vec<KeyInfo>,
    /// Table and id of the records bound to a key that stays on its device: they must be issued again.
    pub reissue: Vec<(String, Vec<u8>)>,
}

impl Unlocked<'_> {
    /// Seals and stores a record, durably, replacing an earlier one. `tags` are what [`Self::find`] finds it by.
    pub fn put(&self, table: &'static str, id: &[u8], plaintext: &[u8], tags: &[(&'static str, &[u8])]) -> Result<(), VaultError> {
        todo!()
    }

    /// A record's plaintext.
    pub fn get(&self, table: &str, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        todo!()
    }

    /// The ids of the records in `table` whose tag `name` equals `value`, in order.
    pub fn find(&self, table: &str, name: &str, value: &[u8]) -> Result<Vec<Vec<u8>>, VaultError> {
        todo!()
    }

    /// All ids in a table, in order.
    pub fn ids(&self, table: &str) -> Result<Vec<Vec<u8>>, VaultError> {
        todo!()
    }

    /// Deletes a record; says whether there was one.
    pub fn remove(&self, table: &'static str, id: &[u8]) -> Result<bool, VaultError> {
        todo!()
    }

    /// Appends to an ordered log; the first entry has number 0. Log entries cannot be changed or removed.
    pub fn append(&self, log: &'static str, plaintext: &[u8]) -> Result<u64, VaultError> {
        todo!()
    }

    /// As [`Self::append`], giving up the space held in reserve if the disk is full: for the last entry that says so.
    pub fn append_last(&self, log: &'static str, plaintext: &[u8]) -> Result<u64, VaultError> {
        todo!()
    }

    /// How many entries a log has: the number the next one gets.
    pub fn log_len(&self, log: &str) -> u64 {
        todo!()
    }

    /// One log entry. `Ok(None)` is beyond the end; an entry that is missing or damaged is an error.
    pub fn log_entry(&self, log: &str, seq: u64) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        todo!()
    }

    /// The entries of a log from `seq` on, in order.
    pub fn log_from<'a>(&'a self, log: &'a str, seq: u64) -> impl Iterator<Item = Result<(u64, Zeroizing<Vec<u8>>), VaultError>> + 'a {
        (seq..self.log_len(log)).map_while(move |seq| self.log_entry(log, seq).map(|entry| entry.map(|entry| (seq, entry))).transpose())
    }

    /// Everything `work` writes is one transaction with one flush to disk; an error from `work` writes nothing.
    pub fn batch<T, E: From<VaultError>>(&self, work: impl FnOnce(&mut Batch<'_>) -> Result<T, E>) -> Result<T, E> {
        todo!()
    }

    /// Makes and seals a signing key.
    pub fn generate_key(&self, algorithm: Algorithm, purpose: KeyPurpose) -> Result<KeyInfo, VaultError> {
        todo!()
    }

    /// All keys, retired ones too.
    pub fn keys(&self) -> Result<Vec<KeyInfo>, VaultError> {
        todo!()
    }

    /// A signer for a key that is not retired; it ends with the unlocked vault.
    pub fn signer(&self, id: KeyId) -> Result<KeySigner<'_>, VaultError> {
        todo!()
    }

    /// A signer that outlives the unlocked vault, for a service: whoever holds it holds an open key.
    pub fn service_signer(&self, id: KeyId) -> Result<KeySigner<'static>, VaultError> {
        todo!()
    }

    /// The key signs no more; it stays listed.
    pub fn retire_key(&self, id: KeyId) -> Result<(), VaultError> {
        todo!()
    }

    /// The key is gone.
    pub fn delete_key(&self, id: KeyId) -> Result<(), VaultError> {
        todo!()
    }

    /// Counts commits. A copy of the vault has an older one; keep it elsewhere (a server, a second device) to notice.
    pub fn state_seq(&self) -> u64 {
        todo!()
    }

    /// What is wrong with the content, as far as it was read.
    pub fn findings(&self) -> Vec<Finding> {
        todo!()
    }

    /// Forgets the findings: someone has seen them.
    pub fn acknowledge_findings(&self) -> Result<(), VaultError> {
        todo!()
    }

    /// Reads everything, and gives the findings.
    pub fn verify_all(&self) -> Result<Vec<Finding>, VaultError> {
        todo!()
    }

    /// The slots.
    pub fn slots(&self) -> Result<Vec<SlotInfo>, VaultError> {
        todo!()
    }

    /// Adds a slot for this combination of factors.
    pub fn add_slot(&self, factors: &Factors<'_>, kdf: KdfCost) -> Result<SlotInfo, VaultError> {
        todo!()
    }

    /// Replaces one slot's factors (a changed password); the other slots stay as they are.
    pub fn replace_slot(&self, id: [u8; 8], factors: &Factors<'_>, kdf: KdfCost) -> Result<SlotInfo, VaultError> {
        todo!()
    }

    /// Removes a slot; the last one stays.
    pub fn remove_slot(&self, id: [u8; 8]) -> Result<(), VaultError> {
        todo!()
    }

    /// Whether nothing was done for `idle`, or the vault has been open for `absolute`; the clock used is the one that runs through suspend.
    pub fn expired(&self, at: &Reading, idle: Duration, absolute: Duration) -> bool {
        todo!()
    }

    /// Notes activity for [`Self::expired`].
    pub fn touch(&self, at: &Reading) {
        todo!()
    }

    /// Writes a backup sealed by a recovery code and one factor more. Holder and gate keys, logs and the tables in `exclude` stay out.
    pub fn backup(&self, to: &Path, factors: &Factors<'_>, kdf: KdfCost, exclude: &[&str]) -> Result<(), BackupError> {
        todo!()
    }

    /// Takes in a backup. A record tagged `cnf` whose value is the id of a key that did not come along is listed for re-issue.
    pub fn restore(&self, from: &Path, factors: &Factors<'_>) -> Result<RestoreReport, BackupError> {
        todo!()
    }
}

impl Batch<'_> {
    /// As [`Unlocked::put`].
    pub fn put(&mut self, table: &'static str, id: &[u8], plaintext: &[u8], tags: &[(&'static str, &[u8])]) -> Result<(), VaultError> {
        todo!()
    }

    /// As [`Unlocked::get`].
    pub fn get(&self, table: &str, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        todo!()
    }

    /// As [`Unlocked::remove`].
    pub fn remove(&mut self, table: &'static str, id: &[u8]) -> Result<bool, VaultError> {
        todo!()
    }

    /// As [`Unlocked::append`].
    pub fn append(&mut self, log: &'static str, plaintext: &[u8]) -> Result<u64, VaultError> {
        todo!()
    }
}
