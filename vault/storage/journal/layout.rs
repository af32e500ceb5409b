//! The bytes of a journal file. Nothing is read or written here.
//!
//! ```text
//! file   = head (4096) || mark (4096) || mark (4096) || records
//! head   = "WAYPASSJ" || version (4) || generation (8) || sum, then zeros
//! mark   = generation (8) || end (8) || sum, then zeros
//! record = length of the table (8) || length of the values (8) || sum of the values || sum || table || values
//! table  = for each change: space (1) || 1 to keep, 0 to remove (1) || length of the key (4) || length of the value (8) || key
//! ```
//! Numbers are big-endian. A sum is the first 16 bytes of a SHA-256. That of a record is over its generation, its position, its lengths, the
//! sum of its values and its table. So bytes from another time or place are not a record, and opening need not read the values.
//! The sums find damage. They have no key and stop no attacker: the vault's own seals do that.
//!
//! A newer version of the format keeps the layout of the head, so that an older program can name the version that it refuses.

use crate::error::{Room, StorageError};
use crate::storage::{Change, Space};
use alloc::vec;
use alloc::vec::Vec;
use sha2::{Digest as _, Sha256};

/// The version of the format.
pub(super) const VERSION: u32 = 1;
/// A block holds one head or mark, so that writing one does not touch the disk's copy of another.
pub(super) const BLOCK: u64 = 4096;
/// The position of the first record.
pub(super) const RECORDS: u64 = 3 * BLOCK;
/// The length of a record before its table.
pub(super) const PREFIX: usize = 48;
/// A longer table is refused: opening holds one in memory.
const MAX_TABLE: u64 = 64 * 1024 * 1024;
/// A change without its key.
const ENTRY: usize = 14;
const MAGIC: &[u8; 8] = b"WAYPASSJ";
pub(super) const HEAD: usize = 36;
pub(super) const MARK: usize = 32;

/// A sum over bytes.
pub(super) type Sum = [u8; 16];

/// Sums values, part by part.
pub(super) struct Summing(Sha256);

impl Summing {
    pub(super) fn of(what: &str) -> Self {
        Self(Sha256::new_with_prefix(what))
    }

    pub(super) fn add(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    pub(super) fn done(self) -> Sum {
        let whole: [u8; 32] = self.0.finalize().into();
        let mut sum = Sum::default();
        sum.copy_from_slice(&whole[..16]);
        sum
    }
}

fn sum(what: &str, parts: &[&[u8]]) -> Sum {
    let mut summing = Summing::of(what);
    for part in parts {
        summing.add(part);
    }
    summing.done()
}

/// Takes fields from the front.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

/// The head of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) version: u32,
    pub(super) generation: u64,
}

impl Head {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let (version, generation) = (self.version.to_be_bytes(), self.generation.to_be_bytes());
        [&MAGIC[..], &version, &generation, &sum("head", &[&version, &generation])].concat()
    }

    /// Returns `None` for a file that is not in use, and for a damaged head.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Fields(bytes);
        let magic = from.array::<8>()?;
        let head = Self { version: u32::from_be_bytes(from.array()?), generation: u64::from_be_bytes(from.array()?) };
        (magic == *MAGIC && head.to_bytes() == bytes).then_some(head)
    }
}

/// Returns the mark that all records before `end` were acknowledged.
pub(super) fn mark(generation: u64, end: u64) -> Vec<u8> {
    let (generation, end) = (generation.to_be_bytes(), end.to_be_bytes());
    [&generation[..], &end, &sum("mark", &[&generation, &end])].concat()
}

/// Returns the end that a mark of this generation tells.
pub(super) fn read_mark(bytes: &[u8], generation: u64) -> Option<u64> {
    let end = u64::from_be_bytes(Fields(bytes.get(8..)?).array()?);
    (mark(generation, end) == bytes).then_some(end)
}

/// Where a value lies in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) at: u64,
    pub(super) len: usize,
}

/// A record to be written, with the places of its values.
pub(super) struct Record {
    pub(super) bytes: Vec<u8>,
    /// For each change, in order.
    pub(super) places: Vec<Option<Place>>,
}

impl Record {
    /// Returns the record of these changes at position `at`.
    pub(super) fn of(generation: u64, at: u64, changes: &[Change]) -> Result<Self, StorageError> {
        let too_large = || StorageError::Full { place: "one change of the journal".into(), room: Room::FileSize };
        let (mut table, mut summing, mut values) = (Vec::new(), Summing::of("values"), 0);
        for Change { space, key, value } in changes {
            let len = value.as_ref().map_or(0, Vec::len) as u64;
            table.extend_from_slice(&[*space as u8, value.is_some().into()]);
            table.extend_from_slice(&u32::try_from(key.len()).map_err(|_| too_large())?.to_be_bytes());
            table.extend_from_slice(&len.to_be_bytes());
            table.extend_from_slice(key);
            summing.add(value.as_deref().unwrap_or_default());
            values += len;
        }
        if table.len() as u64 > MAX_TABLE {
            return Err(too_large());
        }
        let prefix = Prefix { table: table.len(), values, values_sum: summing.done() };
        let mut bytes = prefix.to_bytes(generation, at, &table);
        bytes.append(&mut table);
        let mut places = Vec::with_capacity(changes.len());
        for Change { value, .. } in changes {
            places.push(value.as_ref().map(|value| Place { at: at + bytes.len() as u64, len: value.len() }));
            bytes.extend_from_slice(value.as_deref().unwrap_or_default());
        }
        Ok(Self { bytes, places })
    }
}

#[cfg(test)]
impl Record {
    /// Returns the bytes of a record with any table.
    pub(super) fn sealed(generation: u64, at: u64, table: &[u8], values: &[u8]) -> Vec<u8> {
        let mut summing = Summing::of("values");
        summing.add(values);
        let prefix = Prefix { table: table.len(), values: values.len() as u64, values_sum: summing.done() };
        [&prefix.to_bytes(generation, at, table), table, values].concat()
    }
}

/// The beginning of a record.
pub(super) struct Prefix {
    pub(super) table: usize,
    pub(super) values: u64,
    pub(super) values_sum: Sum,
}

impl Prefix {
    fn to_bytes(&self, generation: u64, at: u64, table: &[u8]) -> Vec<u8> {
        let (table_len, values) = ((self.table as u64).to_be_bytes(), self.values.to_be_bytes());
        let (generation, at) = (generation.to_be_bytes(), at.to_be_bytes());
        let sum = sum("record", &[&generation, &at, &table_len, &values, &self.values_sum, table]);
        [&table_len[..], &values, &self.values_sum, &sum].concat()
    }

    /// Returns `None` if the record would not end within the `room` bytes after its prefix. So no length is believed that the file denies.
    pub(super) fn read(bytes: &[u8], room: u64) -> Option<Self> {
        let mut from = Fields(bytes);
        let table = u64::from_be_bytes(from.array()?);
        let prefix = Self { table: usize::try_from(table).ok()?, values: u64::from_be_bytes(from.array()?), values_sum: from.array()? };
        let fits = table.checked_add(prefix.values).is_some_and(|whole| whole <= room);
        (fits && table > 0 && table <= MAX_TABLE).then_some(prefix)
    }

    /// Returns true if `bytes` is the beginning of a record with this table that was written to this place.
    pub(super) fn is_of(&self, bytes: &[u8], generation: u64, at: u64, table: &[u8]) -> bool {
        self.to_bytes(generation, at, table) == bytes
    }
}

/// One change as a table tells it.
pub(super) struct Entry<'t> {
    pub(super) space: Space,
    pub(super) key: &'t [u8],
    pub(super) place: Option<Place>,
}

/// Returns the changes in a table whose values lie at `at`, `len` bytes; `None` if they do not add up.
pub(super) fn read_table(table: &[u8], mut at: u64, len: u64) -> Option<Vec<Entry<'_>>> {
    let (mut from, end, mut entries) = (Fields(table), at.checked_add(len)?, vec![]);
    while !from.0.is_empty() {
        let [space, is_kept] = from.array()?;
        let key = u32::from_be_bytes(from.array()?);
        let value = u64::from_be_bytes(from.array()?);
        let key = from.take(usize::try_from(key).ok()?)?;
        let place = Place { at, len: usize::try_from(value).ok()? };
        at = at.checked_add(value)?;
        let place = match is_kept {
            0 if value == 0 => None,
            1 => Some(place),
            _ => return None,
        };
        entries.push(Entry { space: *Space::ALL.get(usize::from(space))?, key, place });
    }
    (at == end).then_some(entries)
}

/// Returns how much a row takes in a journal.
pub(super) fn size(key: usize, value: usize) -> u64 {
    (ENTRY + key + value) as u64
}
