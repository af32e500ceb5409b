//! Ordered logs: entries are appended. One may be replaced by what is left of it when something is erased; order and number stay.
//!
//! ```text
//! key   = length of name || name || sequence number (8 bytes)
//! value = sealed,   AAD = CBOR [vault, "log", name, sequence number, generation]
//! ```

use super::Unlocked;
use super::records::within;
use crate::error::VaultError;
use crate::hierarchy::{Keys, Realm};
use crate::seal::TAG;
use crate::state::{BUCKETS, Finding, Set, Sum};
use crate::storage::Space;
use alloc::borrow::ToOwned as _;
use alloc::vec;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use waypass_credential::cbor::Writer;
use zeroize::Zeroizing;

const MAX_NAME: usize = 32;
const MAX_ENTRY: usize = 1024 * 1024;
const TERM_LOG: u8 = 3;

/// So many entries in a row share a bucket: reading the newest ones checks few others.
const RUN: u64 = 1024;

impl Unlocked<'_> {
    /// Appends to an ordered log; the first entry has number 0. Log entries cannot be removed.
    pub fn append(&self, log: &'static str, plaintext: &[u8]) -> Result<u64, VaultError> {
        within("the log's name", log.len(), MAX_NAME)?;
        within("the log entry", plaintext.len(), MAX_ENTRY)?;
        if !self.state(|state| state.has_room_for_log(log)) {
            return Err(VaultError::Limit { what: "the number of logs", max: 64 });
        }
        self.transaction(|| {
            let seq = self.log_len(log);
            let key = log_key(log, seq);
            let row = self.keys.seal_entry(log, seq, plaintext, &mut **self.entropy());
            self.toggle(Set::Log, log_bucket(seq), &self.keys.log_term(&key, &row));
            self.change(Space::Log, key, Some(row));
            self.change_state(|state| state.set_log_len(log, seq + 1));
            Ok(seq)
        })
    }

    /// Seals other content under the number of an entry that can be read.
    pub(super) fn rewrite(&self, log: &'static str, seq: u64, plaintext: &[u8]) -> Result<(), VaultError> {
        within("the log entry", plaintext.len(), MAX_ENTRY)?;
        let key = log_key(log, seq);
        // It must be the one that was written: its sum is taken out.
        self.log_entry(log, seq)?.ok_or(VaultError::LogDamaged { seq })?;
        let before = self.row(Space::Log, &key)?.ok_or(VaultError::LogDamaged { seq })?;
        let row = self.keys.seal_entry(log, seq, plaintext, &mut **self.entropy());
        self.toggle(Set::Log, log_bucket(seq), &self.keys.log_term(&key, &before));
        self.toggle(Set::Log, log_bucket(seq), &self.keys.log_term(&key, &row));
        self.change(Space::Log, key, Some(row));
        Ok(())
    }

    /// Returns how many entries a log has: the number the next one gets.
    pub fn log_len(&self, log: &str) -> u64 {
        self.state(|state| state.log_len(log))
    }

    /// Returns one log entry. `Ok(None)` is beyond the end; an entry that is missing or damaged is an error.
    pub fn log_entry(&self, log: &str, seq: u64) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        if seq >= self.log_len(log) {
            return Ok(None);
        }
        self.verify(Set::Log, log_bucket(seq))?;
        let row = self.row(Space::Log, &log_key(log, seq))?;
        if let Some(entry) = row.and_then(|row| self.keys.open_entry(log, seq, &row)) {
            return Ok(Some(entry));
        }
        // The row stays where it is: order is what a log is for.
        self.transaction(|| {
            self.change_state(|state| state.note(Finding::LogEntry { log: log.to_owned(), seq }));
            Ok::<_, VaultError>(())
        })?;
        Err(VaultError::LogDamaged { seq })
    }

    /// Returns the last entry of a log without checking its neighbours, at a cost that does not grow with the log. An entry is sealed with
    /// its number, so one that opens is the one that was written.
    pub fn last_entry(&self, log: &str) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let Some(seq) = self.log_len(log).checked_sub(1) else { return Ok(None) };
        let row = self.row(Space::Log, &log_key(log, seq))?;
        let entry = row.and_then(|row| self.keys.open_entry(log, seq, &row));
        entry.map(Some).ok_or(VaultError::LogDamaged { seq })
    }

    /// Returns the entries of a log from `seq` on, in order.
    pub fn log_from<'a>(&'a self, log: &'a str, seq: u64) -> impl Iterator<Item = Result<(u64, Zeroizing<Vec<u8>>), VaultError>> + 'a {
        (seq..self.log_len(log)).filter_map(move |seq| self.log_entry(log, seq).map(|entry| entry.map(|entry| (seq, entry))).transpose())
    }
}

impl Keys {
    pub(super) fn seal_entry(&self, log: &str, seq: u64, plaintext: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
        self.seal(&self.log_aad(log, seq), plaintext, rng)
    }

    pub(super) fn open_entry(&self, log: &str, seq: u64, row: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.open(&self.log_aad(log, seq), row)
    }

    pub(super) fn log_term(&self, key: &[u8], row: &[u8]) -> Sum {
        let head = &row[..row.len().min(self.realm.suite.head())];
        let tag = &row[row.len().saturating_sub(TAG).max(head.len())..];
        self.root.of(TERM_LOG, &[key, head, tag])
    }

    fn log_aad(&self, log: &str, seq: u64) -> Vec<u8> {
        let Realm { vault, generation, .. } = &self.realm;
        let mut to = Writer::new();
        to.array(5).bytes(vault).text("log").text(log).unsigned(seq).unsigned(*generation);
        to.into_bytes()
    }
}

pub(super) fn log_key(log: &str, seq: u64) -> Vec<u8> {
    let mut key = vec![u8::try_from(log.len()).unwrap_or(u8::MAX)];
    key.extend_from_slice(log.as_bytes());
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

/// Name and sequence number of a log entry's key.
pub(super) fn split_log_key(key: &[u8]) -> Option<(&str, u64)> {
    let (len, rest) = key.split_first()?;
    let (name, seq) = rest.split_at_checked((*len).into())?;
    Some((core::str::from_utf8(name).ok()?, u64::from_be_bytes(seq.try_into().ok()?)))
}

pub(super) fn log_bucket(seq: u64) -> usize {
    usize::try_from(seq / RUN % BUCKETS as u64).unwrap_or(0)
}

/// Returns the sequence numbers below `len` that are in `bucket`.
pub(super) fn run_of(bucket: usize, len: u64) -> impl Iterator<Item = u64> {
    (bucket as u64 * RUN..len).step_by(usize::try_from(RUN).unwrap_or(1) * BUCKETS).flat_map(move |start| start..len.min(start + RUN))
}
