//! The register: documents, version numbers, keys, gates, lists.

use super::{Result, Tx};
use crate::store::{GateRow, KeyRow, StoreError};
use waypass_credential::role::Mechanism;
use waypass_trust::bundle::Digest;

impl Tx<'_> {
    /// Writes named documents; [`StoreError::Changed`] if another process changed one that this one has read.
    pub(crate) fn set_documents(&mut self, documents: &[(&str, &[u8])]) -> Result<()> {
        let held = |name: &str| self.look().register.documents.get(name).copied();
        let is_as_seen = |(name, _): &(&str, &[u8])| self.seen.get(*name).is_none_or(|seen| *seen == held(name));
        if !documents.iter().all(is_as_seen) {
            return Err(StoreError::Changed);
        }
        self.put_documents(documents)
    }

    /// Moves the counter `name` from `before` to `version` and writes the documents of that version. A counter that was never
    /// moved is at 0. [`StoreError::Changed`] where it is not at `before`, because another process moved it.
    pub(crate) fn advance(&mut self, name: &str, before: u64, version: u64, documents: &[(&str, &[u8])]) -> Result<()> {
        let counter = self.counter(name);
        if *counter != before || version <= before {
            return Err(StoreError::Changed);
        }
        *counter = version;
        self.put_documents(documents)
    }

    /// Raises the counter `name` by one and returns its value, 1 first.
    pub(crate) fn next_version(&mut self, name: &str) -> u64 {
        let counter = self.counter(name);
        *counter += 1;
        *counter
    }

    /// Raises counters to at least these values.
    pub(crate) fn raise_versions(&mut self, counters: &[(&str, u64)]) {
        for (name, least) in counters {
            let counter = self.counter(name);
            *counter = (*counter).max(*least);
        }
    }

    /// Registers keys or replaces their records.
    pub(crate) fn put_keys(&mut self, keys: &[KeyRow]) {
        for key in keys {
            self.register().put_key(key);
        }
    }

    /// Enrols a gate or replaces its record.
    pub(crate) fn put_gate(&mut self, gate: &GateRow) {
        self.register().put_gate(gate);
    }

    /// Opens a further list.
    pub(crate) fn open_list(&mut self, mechanism: &Mechanism, capacity: u32) -> u32 {
        self.register().open_list(mechanism, capacity)
    }

    fn counter(&mut self, name: &str) -> &mut u64 {
        self.register().counters.entry(name.to_owned()).or_default()
    }

    fn put_documents(&mut self, documents: &[(&str, &[u8])]) -> Result<()> {
        for (name, bytes) in documents {
            let digest = Digest::of(bytes);
            self.rows.put_document(name, &self.seal.close_document(name, bytes))?;
            self.register().documents.insert((*name).to_owned(), digest);
            self.written.push(((*name).to_owned(), digest));
        }
        Ok(())
    }
}
