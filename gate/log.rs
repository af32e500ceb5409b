//! The log: reading it, checking it, handing it on.

use crate::error::GateError;
use crate::gate::Gate;
use crate::index::tags_of;
use crate::records::LOG;
use waypass_trust::audit::{Chain, Entry, Flagged, Leaf, Summary, Upload, verify};
use waypass_trust::time::Reading;
use waypass_vault::VaultError;

/// Records in one exported file.
const MAX_EXPORT: u64 = 4096;

impl Gate<'_> {
    /// Returns how many records the log has.
    pub fn records(&self) -> u64 {
        self.vault.log_len(LOG)
    }

    /// Returns one record with what only this device knows about it.
    pub fn entry(&self, seq: u64) -> Result<Entry, GateError> {
        if seq >= self.records() {
            return Err(GateError::NoRecord { seq });
        }
        let bytes = self.vault.log_entry(LOG, seq).ok().flatten().ok_or(GateError::Record { seq })?;
        Entry::from_bytes(&bytes).map_err(|_| GateError::Record { seq })
    }

    /// Returns the public half of one record.
    pub fn leaf(&self, seq: u64) -> Result<Leaf, GateError> {
        self.entry(seq)?.leaf().map_err(|_| GateError::Record { seq })
    }

    /// Returns the records with a tag. An index that was changed from outside is made again from the log, and said.
    pub(crate) fn find(&self, name: &str, value: &[u8]) -> Result<Vec<u64>, GateError> {
        match self.vault.log_find(LOG, name, value) {
            Err(VaultError::LogIndexDamaged) => {
                self.index_log()?;
                Ok(self.vault.log_find(LOG, name, value)?)
            }
            found => Ok(found?),
        }
    }

    /// Makes the index of the log again.
    pub(crate) fn index_log(&self) -> Result<(), VaultError> {
        self.vault.index_log(LOG, &|bytes| Entry::from_bytes(bytes).as_ref().map(tags_of).unwrap_or_default())
    }

    /// Checks that the log is whole: no record was changed, removed or added, and it ends where the sealed state says.
    /// Calls `each` for every record.
    pub fn verify_log(&self, mut each: impl FnMut()) -> Result<Summary, GateError> {
        let state =
            self.stored_state()?.ok_or_else(|| GateError::Tampered(vec!["the state of this gate was deleted or damaged".to_owned()]))?;
        let leaf = |seq| {
            each();
            self.entry(seq).map(|entry| entry.leaf_bytes().to_vec())
        };
        let leaves = (0..self.records()).map(leaf).collect::<Result<Vec<_>, _>>()?;
        let checked = verify(&Chain::new(&self.identity.id), leaves.iter().map(Vec::as_slice));
        checked.and_then(|summary| summary.ends_at(&state.chain)).map_err(GateError::Log)
    }

    /// Returns the records from `from` on without what identifies people, at most 4,096, signed by the gate.
    pub fn export(&self, from: u64, reading: &Reading) -> Result<Vec<u8>, GateError> {
        let size = self.records();
        if from >= size {
            return Err(GateError::NoRecord { seq: from });
        }
        let (entries, chain) = self.part(from, size.min(from + MAX_EXPORT))?;
        self.sign_upload(&entries, &chain, Vec::new(), reading)
    }

    /// Returns the records of a range, and the chain that ends with the last of them.
    pub(crate) fn part(&self, from: u64, until: u64) -> Result<(Vec<Entry>, Chain), GateError> {
        let entries = (from..until).map(|seq| self.entry(seq)).collect::<Result<Vec<_>, _>>()?;
        let head = entries.last().map(|entry| Leaf::hash(entry.leaf_bytes())).unwrap_or_default();
        Ok((entries, Chain::resume(&self.identity.id, until, head)))
    }

    /// Returns the upload of `entries`, which end `chain`, signed by the gate.
    pub(crate) fn sign_upload(
        &self,
        entries: &[Entry],
        chain: &Chain,
        flagged: Vec<Flagged>,
        reading: &Reading,
    ) -> Result<Vec<u8>, GateError> {
        let upload = Upload::sign(entries, chain, reading.wall, flagged, &self.signer()?);
        Ok(upload.map_err(|_| GateError::Signer)?.to_bytes())
    }
}
