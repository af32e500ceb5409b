//! The log: reading it, checking it, handing it on.

use crate::error::GateError;
use crate::flags::entry_tag;
use crate::gate::Gate;
use crate::records::{ABOUT, ENTRY, LOG};
use waypass_trust::audit::{Chain, Entry, Event, Head, Leaf, Summary, Upload, verify};
use waypass_trust::reason::Level;
use waypass_trust::time::Reading;
use waypass_vault::{Batch, VaultError};

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
        Ok(Upload::new(from, &entries, self.sign_head(&chain, reading)?, Vec::new()).to_bytes())
    }

    /// Returns the records of a range, and the chain that ends with the last of them.
    pub(crate) fn part(&self, from: u64, until: u64) -> Result<(Vec<Entry>, Chain), GateError> {
        let entries = (from..until).map(|seq| self.entry(seq)).collect::<Result<Vec<_>, _>>()?;
        let head = entries.last().map(|entry| Leaf::hash(entry.leaf_bytes())).unwrap_or_default();
        Ok((entries, Chain::resume(&self.identity.id, until, head)))
    }

    pub(crate) fn sign_head(&self, chain: &Chain, reading: &Reading) -> Result<String, GateError> {
        Head::sign(chain, reading.wall, &self.signer()?).map_err(|_| GateError::Signer)
    }
}

/// Appends a record, with what it is found by.
pub(crate) fn append(batch: &mut Batch<'_>, entry: &Entry) -> Result<u64, VaultError> {
    let tags = tags_of(entry);
    let tags: Vec<(&'static str, &[u8])> = tags.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    batch.append_tagged(LOG, &entry.to_bytes(), &tags)
}

/// Replaces a record by what is left of it.
pub(crate) fn replace(batch: &mut Batch<'_>, seq: u64, before: &Entry, left: &Entry) -> Result<(), VaultError> {
    let (mut gone, kept) = (tags_of(before), tags_of(left));
    gone.retain(|tag| !kept.contains(tag));
    let gone: Vec<(&'static str, &[u8])> = gone.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    batch.replace_entry(LOG, seq, &left.to_bytes(), &gone)
}

/// What a record is found by: a decision that may be an admission by its status entry, and what became of a decision by its number.
fn tags_of(entry: &Entry) -> Vec<(&'static str, Vec<u8>)> {
    let Ok(leaf) = entry.leaf() else { return Vec::new() };
    let passed = |level| matches!(level, Level::Green | Level::Amber);
    let mut tags = Vec::new();
    if leaf.event == Event::DECIDED
        && leaf.outcome.as_ref().is_some_and(|outcome| passed(outcome.level))
        && let Some(used) = entry.opening().and_then(|opening| opening.status.as_ref())
    {
        tags.push((ENTRY, entry_tag(&used.uri, used.index)));
    }
    if let Some(about) = leaf.about.filter(|_| leaf.event == Event::CONFIRMED || leaf.event == Event::TURNED_AWAY) {
        tags.push((ABOUT, about.to_be_bytes().to_vec()));
    }
    tags
}
