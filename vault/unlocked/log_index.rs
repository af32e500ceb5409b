//! The blind index of a log: which entries have a tag, found without reading the log.
//!
//! ```text
//! key in index = sub-bucket (2 bytes) || HMAC(index key, log, name, value) (16 bytes) || key of the log entry
//! sums         = records `.log-index`, each with the sums of 32 sub-buckets
//! ```
//!
//! The index has 65,536 sub-buckets of its own, so that finding one tag in a log of a million reads some fifteen rows. A sum is checked when its sub-bucket is read.
//! The sums are sealed records, so the sealed state covers them. Entries hold no tags: an index that does not fit its sums is refused, and
//! the caller, who knows the tags, makes it again. One log of a vault has an index.

use super::Unlocked;
use super::log::{log_key, split_log_key};
use super::records::within;
use crate::error::VaultError;
use crate::state::{Finding, Sum, toggle};
use crate::storage::Space;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use subtle::ConstantTimeEq as _;

/// The table of the sums.
pub(super) const TABLE: &str = ".log-index";
const BUCKETS: usize = 1 << u16::BITS;
/// The sums in one record.
const GROUP: u16 = 32;
const SUM: usize = 32;
const HASH: usize = 16;
const MAX_TAGS: usize = 8;
const MAX_VALUE: usize = 2048;

/// Domain of the index PRF; records use 1 and 2.
const LOG_TAG: u8 = 3;
/// Domain of the root PRF; records and logs use 1 to 3.
const TERM_LOG_INDEX: u8 = 4;

/// The tags that find an entry: names and values.
pub type Tags<'t> = [(&'static str, &'t [u8])];

impl Unlocked<'_> {
    /// Like [`Self::append`]; `tags` are what [`Self::log_find`] finds the entry by. The file shows only whether two entries have the same.
    pub fn append_tagged(&self, log: &'static str, plaintext: &[u8], tags: &Tags<'_>) -> Result<u64, VaultError> {
        checked(tags)?;
        self.transaction(|| {
            let seq = self.append(log, plaintext)?;
            tags.iter().try_for_each(|(name, value)| self.set_tag(self.log_tag(log, name, value, &log_key(log, seq)), true))?;
            Ok(seq)
        })
    }

    /// Replaces an entry by what is left of it when something is erased; `gone` are the tags by which it is found no more.
    ///
    /// SQLite overwrites the old row where it changes the page. A copy of the old page may stay on the medium, sealed as before.
    pub fn replace_entry(&self, log: &'static str, seq: u64, plaintext: &[u8], gone: &Tags<'_>) -> Result<(), VaultError> {
        checked(gone)?;
        self.transaction(|| {
            self.rewrite(log, seq, plaintext)?;
            gone.iter().try_for_each(|(name, value)| self.set_tag(self.log_tag(log, name, value, &log_key(log, seq)), false))
        })
    }

    fn set_tag(&self, row: Vec<u8>, wanted: bool) -> Result<(), VaultError> {
        // A row that something else took away keeps its place in the sum, so that the index is found not to fit.
        if self.row(Space::LogIndex, &row)?.is_some() == wanted {
            return Ok(());
        }
        let bucket = bucket_of(&row);
        let mut sums = self.log_sums(bucket / GROUP)?;
        toggle(&mut sums[usize::from(bucket % GROUP)], &self.log_tag_term(&row));
        self.keep_log_sums(bucket / GROUP, &sums)?;
        self.change(Space::LogIndex, row, wanted.then(Vec::new));
        Ok(())
    }

    /// Returns the numbers of the entries whose tag `name` equals `value`, in order. Reads a 65,536th of the index,
    /// whatever else the log holds.
    ///
    /// An index that is not what the last commit left is an error; [`Self::index_log`] makes it again.
    pub fn log_find(&self, log: &str, name: &str, value: &[u8]) -> Result<Vec<u64>, VaultError> {
        if self.state(|state| state.lacks_log_index) {
            return Err(VaultError::LogIndexDamaged);
        }
        let wanted = self.log_tag(log, name, value, b"");
        let bucket = bucket_of(&wanted);
        let (mut found, mut numbers) = ([0; SUM], Vec::new());
        self.row_keys(Space::LogIndex, &bucket.to_be_bytes(), &mut |row| {
            toggle(&mut found, &self.log_tag_term(row));
            if let Some((held, seq)) = row.strip_prefix(wanted.as_slice()).and_then(split_log_key)
                && held == log
            {
                numbers.push(seq);
            }
        })?;
        let expected = match self.log_sums(bucket / GROUP) {
            Err(VaultError::Quarantined) => return Err(VaultError::LogIndexDamaged),
            sums => sums?[usize::from(bucket % GROUP)],
        };
        if !bool::from(found.ct_eq(&expected)) {
            return Err(VaultError::LogIndexDamaged);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Makes the index anew: `tags_of` says what each entry of the log is found by. Reads the whole log.
    ///
    /// An entry that cannot be read is left out; it is a finding already. So is an index that was there and did not fit.
    pub fn index_log(&self, log: &'static str, tags_of: &TagsOf<'_>) -> Result<(), VaultError> {
        let mut rows = BTreeMap::new();
        for seq in 0..self.log_len(log) {
            let entry = match self.log_entry(log, seq) {
                Ok(Some(entry)) => entry,
                Ok(None) | Err(VaultError::LogDamaged { .. }) => continue,
                Err(why) => return Err(why),
            };
            for (name, value) in tags_of(&entry) {
                rows.insert(self.log_tag(log, name, &value, &log_key(log, seq)), Row::Missing);
            }
        }
        self.transaction(|| {
            self.row_keys(Space::LogIndex, b"", &mut |row| {
                rows.entry(row.to_vec()).and_modify(|state| *state = Row::Kept).or_insert(Row::Surplus);
            })?;
            let mut sums = vec![[[0; SUM]; GROUP as usize]; BUCKETS / usize::from(GROUP)];
            for (row, state) in rows {
                let bucket = bucket_of(&row);
                if state != Row::Surplus {
                    toggle(&mut sums[usize::from(bucket / GROUP)][usize::from(bucket % GROUP)], &self.log_tag_term(&row));
                }
                match state {
                    Row::Kept => {}
                    Row::Missing => self.change(Space::LogIndex, row, Some(Vec::new())),
                    Row::Surplus => self.change(Space::LogIndex, row, None),
                }
            }
            let mut was_there = false;
            for (group, sums) in (0..).zip(&sums) {
                let before = match self.log_sums(group) {
                    Err(VaultError::Quarantined) => None,
                    before => Some(before?),
                };
                was_there |= before != Some([[0; SUM]; GROUP as usize]);
                if before != Some(*sums) {
                    self.keep_log_sums(group, sums)?;
                }
            }
            self.change_state(|state| {
                if was_there && !state.lacks_log_index {
                    state.note(Finding::IndexRebuilt);
                }
                state.lacks_log_index = false;
            });
            Ok(())
        })
    }

    /// Returns the sums of a group; zeros before anything is in it.
    fn log_sums(&self, group: u16) -> Result<Sums, VaultError> {
        let mut sums = [[0; SUM]; GROUP as usize];
        if let Some(record) = self.record(TABLE, &group.to_be_bytes())? {
            sums.iter_mut().flatten().zip(record.content.iter()).for_each(|(to, from)| *to = *from);
        }
        Ok(sums)
    }

    fn keep_log_sums(&self, group: u16, sums: &Sums) -> Result<(), VaultError> {
        self.put_record(TABLE, &group.to_be_bytes(), sums.as_flattened(), &[])
    }

    fn log_tag(&self, log: &str, name: &str, value: &[u8], entry: &[u8]) -> Vec<u8> {
        let hash = self.keys.index.of(LOG_TAG, &[log.as_bytes(), name.as_bytes(), value]);
        let bucket = u16::from_be_bytes([hash[HASH], hash[HASH + 1]]);
        [&bucket.to_be_bytes(), &hash[..HASH], entry].concat()
    }

    fn log_tag_term(&self, row: &[u8]) -> Sum {
        self.keys.root.of(TERM_LOG_INDEX, &[row])
    }
}

/// The relation of a row to what should be in the index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Row {
    Kept,
    Missing,
    Surplus,
}

type Sums = [Sum; GROUP as usize];

/// Says what an entry is found by.
pub type TagsOf<'t> = dyn Fn(&[u8]) -> Vec<(&'static str, Vec<u8>)> + 't;

fn bucket_of(row: &[u8]) -> u16 {
    row.first_chunk().map_or(0, |bucket| u16::from_be_bytes(*bucket))
}

fn checked(tags: &Tags<'_>) -> Result<(), VaultError> {
    within("the number of tags", tags.len(), MAX_TAGS)?;
    tags.iter().try_for_each(|(_, value)| within("a tag's value", value.len(), MAX_VALUE))
}
