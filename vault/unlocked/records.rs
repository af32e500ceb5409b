//! Records: sealed, indexed by the hashes of their tags.
//!
//! ```text
//! key of record = bucket || length of table || table || id
//! value         = revision (8 bytes) || sealed
//! plaintext     = CBOR [[[name, value]...], content]            the tags, so that they can be taken out of the index again
//! AAD           = CBOR [vault, table, id, revision, generation]
//! key in index  = HMAC(index key, table, name, value) (16 bytes) || key of record
//! ```

use super::Unlocked;
use crate::error::{StorageError, VaultError};
use crate::hierarchy::{Keys, Realm};
use crate::seal::TAG;
use crate::state::{BUCKETS, Finding, Set, Sum};
use crate::storage::Space;
use crate::vault::Vault;
use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use zeroize::Zeroizing;

const MAX_TABLE: usize = 32;
const MAX_ID: usize = 255;
/// A credential has up to 32 roles, each a tag, and some tags besides.
const MAX_TAGS: usize = 64;
const MAX_TAG_NAME: usize = 32;
const MAX_TAG_VALUE: usize = 1024;
/// A credential has 64 KiB at most, a status list some MiB.
const MAX_CONTENT: usize = 16 * 1024 * 1024;

const HASH: usize = 16;
const REVISION: usize = 8;

/// Domains of the index PRF.
const TAG_HASH: u8 = 1;
const BUCKET: u8 = 2;
/// Domains of the root PRF.
const TERM_RECORD: u8 = 1;
const TERM_INDEX: u8 = 2;

/// Names and values by which a record is found.
type Found = Vec<(String, Vec<u8>)>;

/// A record, opened.
pub(crate) struct Record {
    pub(crate) revision: u64,
    pub(crate) tags: Found,
    pub(crate) content: Zeroizing<Vec<u8>>,
}

impl Unlocked<'_> {
    /// Seals and stores a record, durably, replacing an earlier one. `tags` are what [`Self::find`] finds it by: short names and values,
    /// of which the file shows only whether two records of a table have the same.
    pub fn put(&self, table: &'static str, id: &[u8], plaintext: &[u8], tags: &[(&'static str, &[u8])]) -> Result<(), VaultError> {
        public(table)?;
        self.put_record(table, id, plaintext, tags)
    }

    /// Returns a record's plaintext.
    pub fn get(&self, table: &str, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        public(table)?;
        Ok(self.record(table, id)?.map(|record| record.content))
    }

    /// Returns the ids of the records in `table` whose tag `name` equals `value`, in order.
    pub fn find(&self, table: &str, name: &str, value: &[u8]) -> Result<Vec<Vec<u8>>, VaultError> {
        public(table)?;
        let hash = self.keys.tag_hash(table, name, value);
        self.verify(Set::Index, index_bucket(&hash))?;
        let mut ids = Vec::new();
        self.row_keys(Space::Index, &hash, &mut |key| {
            if let Some((held, id)) = split_key(&key[HASH..])
                && held == table
            {
                ids.push(id.to_vec());
            }
        })?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// Returns all ids in a table, in order.
    pub fn ids(&self, table: &str) -> Result<Vec<Vec<u8>>, VaultError> {
        public(table)?;
        self.record_ids(table)
    }

    /// Deletes a record; says whether there was one.
    pub fn remove(&self, table: &'static str, id: &[u8]) -> Result<bool, VaultError> {
        public(table)?;
        self.remove_record(table, id)
    }

    /// Returns the tables that hold a record, our own too.
    pub(crate) fn tables(&self) -> Result<Vec<String>, VaultError> {
        let mut tables = BTreeSet::new();
        self.row_keys(Space::Record, b"", &mut |key| tables.extend(split_key(key).map(|(table, _)| table.to_owned())))?;
        Ok(tables.into_iter().collect())
    }

    pub(crate) fn record_ids(&self, table: &str) -> Result<Vec<Vec<u8>>, VaultError> {
        let mut ids = Vec::new();
        for bucket in 0..BUCKETS {
            self.verify(Set::Record, bucket)?;
            self.row_keys(Space::Record, &key_prefix(bucket, table), &mut |key| {
                if let Some((_, id)) = split_key(key) {
                    ids.push(id.to_vec());
                }
            })?;
        }
        ids.sort_unstable();
        Ok(ids)
    }

    pub(crate) fn put_record(&self, table: &str, id: &[u8], content: &[u8], tags: &[(&str, &[u8])]) -> Result<(), VaultError> {
        within("the table's name", table.len(), MAX_TABLE)?;
        within("the record's id", id.len(), MAX_ID)?;
        within("the record", content.len(), MAX_CONTENT)?;
        within("the number of tags", tags.len(), MAX_TAGS)?;
        for (name, value) in tags {
            within("a tag's name", name.len(), MAX_TAG_NAME)?;
            within("a tag's value", value.len(), MAX_TAG_VALUE)?;
        }
        self.transaction(|| {
            let key = self.keys.record_key(table, id);
            let bucket = bucket_of(&key);
            // Whatever can fail comes first; the changes after it cannot, so a failed put leaves the transaction as it was.
            let old = self.current(&key, table, id)?;
            let mut index: Vec<(Vec<u8>, bool)> = Vec::new();
            for (row, wanted) in old
                .iter()
                .flat_map(|(_, record)| &record.tags)
                .map(|(name, value)| (self.keys.index_key(table, name, value, &key), false))
                .chain(tags.iter().map(|(name, value)| (self.keys.index_key(table, name, value, &key), true)))
            {
                // A row that is there is in the sums only if its bucket is what was committed.
                if self.row(Space::Index, &row)?.is_some() {
                    self.verify(Set::Index, index_bucket(&row))?;
                }
                index.retain(|(held, _)| *held != row);
                index.push((row, wanted));
            }
            let present =
                index.iter().map(|(row, _)| self.row(Space::Index, row).map(|row| row.is_some())).collect::<Result<Vec<_>, _>>()?;

            for ((row, wanted), present) in index.into_iter().zip(present) {
                if wanted != present {
                    self.toggle(Set::Index, index_bucket(&row), &self.keys.index_term(&row));
                    self.change(Space::Index, row, wanted.then(Vec::new));
                }
            }
            if let Some((row, _)) = &old {
                self.toggle(Set::Record, bucket, &self.keys.record_term(&key, row));
            }
            let revision = old.map_or(1, |(_, record)| record.revision.saturating_add(1));
            let row = self.keys.seal_record((table, id), revision, content, tags, &mut **self.entropy());
            self.toggle(Set::Record, bucket, &self.keys.record_term(&key, &row));
            self.change(Space::Record, key, Some(row));
            Ok(())
        })
    }

    pub(crate) fn remove_record(&self, table: &str, id: &[u8]) -> Result<bool, VaultError> {
        self.transaction(|| {
            let key = self.keys.record_key(table, id);
            let Some((row, record)) = self.current(&key, table, id)? else { return Ok(false) };
            let mut index = Vec::new();
            for (name, value) in &record.tags {
                let tag = self.keys.index_key(table, name, value, &key);
                self.verify(Set::Index, index_bucket(&tag))?;
                if self.row(Space::Index, &tag)?.is_some() && !index.contains(&tag) {
                    index.push(tag);
                }
            }
            for tag in index {
                self.toggle(Set::Index, index_bucket(&tag), &self.keys.index_term(&tag));
                self.change(Space::Index, tag, None);
            }
            self.toggle(Set::Record, bucket_of(&key), &self.keys.record_term(&key, &row));
            self.change(Space::Record, key, None);
            Ok(true)
        })
    }

    /// Returns a record by its id; one that cannot be opened goes into quarantine.
    pub(crate) fn record(&self, table: &str, id: &[u8]) -> Result<Option<Record>, VaultError> {
        let key = self.keys.record_key(table, id);
        self.verify(Set::Record, bucket_of(&key))?;
        let Some(row) = self.row(Space::Record, &key)? else {
            let finding = Finding::Quarantined { table: table.to_owned(), id: id.to_vec() };
            return if self.state(|state| state.findings.contains(&finding)) { Err(VaultError::Quarantined) } else { Ok(None) };
        };
        if let Some(record) = self.keys.open_record(table, id, &row) {
            return Ok(Some(record));
        }
        self.quarantine(&key, &row)?;
        Err(VaultError::Quarantined)
    }

    /// Returns the row and record that a write is about to replace; a damaged one goes into quarantine and is not in the way.
    fn current(&self, key: &[u8], table: &str, id: &[u8]) -> Result<Option<(Vec<u8>, Record)>, VaultError> {
        if self.row(Space::Record, key)?.is_none() {
            return Ok(None);
        }
        self.verify(Set::Record, bucket_of(key))?;
        let Some(row) = self.row(Space::Record, key)? else { return Ok(None) };
        if let Some(record) = self.keys.open_record(table, id, &row) {
            return Ok(Some((row, record)));
        }
        self.quarantine(key, &row)?;
        Ok(None)
    }

    /// Sets a row of a verified bucket aside.
    fn quarantine(&self, key: &[u8], row: &[u8]) -> Result<(), VaultError> {
        self.transaction(|| {
            self.toggle(Set::Record, bucket_of(key), &self.keys.record_term(key, row));
            self.set_aside(key, row);
            Ok(())
        })
    }

    /// Moves a row out of the records, leaving the sums to the caller.
    pub(super) fn set_aside(&self, key: &[u8], row: &[u8]) {
        let (table, id) = split_key(key).map_or((String::new(), key.to_vec()), |(table, id)| (table.to_owned(), id.to_vec()));
        let mut place = self.state(|state| state.seq).to_be_bytes().to_vec();
        place.extend_from_slice(key);
        self.change(Space::Quarantine, place, Some(row.to_vec()));
        self.change(Space::Record, key.to_vec(), None);
        self.change_state(|state| state.note(Finding::Quarantined { table, id }));
    }
}

impl Keys {
    pub(super) fn seal_record(
        &self,
        (table, id): (&str, &[u8]),
        revision: u64,
        content: &[u8],
        tags: &[(&str, &[u8])],
        rng: &mut dyn CryptoRng,
    ) -> Vec<u8> {
        let room = content.len() + 16 + tags.iter().map(|(name, value)| name.len() + value.len() + 16).sum::<usize>();
        let mut to = Writer::with_capacity(room);
        to.array(2).array(tags.len());
        for (name, value) in tags {
            to.array(2).text(name).bytes(value);
        }
        to.bytes(content);
        let plaintext = Zeroizing::new(to.into_bytes());
        let mut row = revision.to_be_bytes().to_vec();
        row.append(&mut self.seal(&self.record_aad(table, id, revision), &plaintext, rng));
        row
    }

    pub(super) fn open_record(&self, table: &str, id: &[u8], row: &[u8]) -> Option<Record> {
        let (revision, sealed) = row.split_first_chunk::<REVISION>()?;
        let revision = u64::from_be_bytes(*revision);
        let mut content = self.open(&self.record_aad(table, id, revision), sealed)?;
        let (tags, len) = read(&content).ok()?;
        // The content ends the plaintext: what comes before it is cut off in place.
        let start = content.len() - len;
        content.drain(..start);
        Some(Record { revision, tags, content })
    }

    pub(super) fn record_key(&self, table: &str, id: &[u8]) -> Vec<u8> {
        let bucket = usize::from(self.index.of(BUCKET, &[table.as_bytes(), id])[0]) % BUCKETS;
        let mut key = key_prefix(bucket, table);
        key.extend_from_slice(id);
        key
    }

    pub(super) fn index_key(&self, table: &str, name: &str, value: &[u8], record: &[u8]) -> Vec<u8> {
        let mut key = self.tag_hash(table, name, value).to_vec();
        key.extend_from_slice(record);
        key
    }

    fn tag_hash(&self, table: &str, name: &str, value: &[u8]) -> [u8; HASH] {
        let mut hash = [0; HASH];
        hash.copy_from_slice(&self.index.of(TAG_HASH, &[table.as_bytes(), name.as_bytes(), value])[..HASH]);
        hash
    }

    /// Returns what a row of the records adds to its bucket's sum. A row too short to have all parts adds what it has.
    pub(super) fn record_term(&self, key: &[u8], row: &[u8]) -> Sum {
        let head = &row[..row.len().min(REVISION + self.realm.suite.head())];
        let tag = &row[row.len().saturating_sub(TAG).max(head.len())..];
        self.root.of(TERM_RECORD, &[key, head, tag])
    }

    pub(super) fn index_term(&self, key: &[u8]) -> Sum {
        self.root.of(TERM_INDEX, &[key])
    }

    fn record_aad(&self, table: &str, id: &[u8], revision: u64) -> Vec<u8> {
        let Realm { vault, generation, .. } = &self.realm;
        let mut to = Writer::new();
        to.array(5).bytes(vault).text(table).bytes(id).unsigned(revision).unsigned(*generation);
        to.into_bytes()
    }
}

impl Vault {
    /// Returns the number of rows of a table, for a status of the locked vault. Unverified: a writer of the file can change it.
    pub fn count(&self, table: &str) -> Result<usize, StorageError> {
        let mut rows = 0;
        self.storage().scan(Space::Record, b"", &mut |key, _| rows += usize::from(split_key(key).is_some_and(|(of, _)| of == table)))?;
        Ok(rows)
    }
}

/// Reads the tags of a record, and the length of its content.
fn read(plaintext: &[u8]) -> Result<(Found, usize), NotCanonical> {
    let mut from = Reader::new(plaintext);
    from.array_of(2)?;
    let tags = read_tags(&mut from, MAX_TAGS)?;
    let len = from.bytes()?.len();
    from.end().map(|()| (tags, len))
}

/// Reads at most `most` tags.
pub(crate) fn read_tags(from: &mut Reader<'_>, most: usize) -> Result<Vec<(String, Vec<u8>)>, NotCanonical> {
    let count = from.array_up_to(most)?;
    let mut tags = Vec::with_capacity(count);
    for _ in 0..count {
        from.array_of(2)?;
        tags.push((from.text()?.to_owned(), from.bytes()?.to_vec()));
    }
    Ok(tags)
}

/// Tables that begin with a dot are the vault's own.
fn public(table: &str) -> Result<(), VaultError> {
    if table.starts_with('.') { Err(VaultError::Reserved) } else { Ok(()) }
}

pub(super) fn within(what: &'static str, len: usize, max: usize) -> Result<(), VaultError> {
    if len > max { Err(VaultError::Limit { what, max }) } else { Ok(()) }
}

fn key_prefix(bucket: usize, table: &str) -> Vec<u8> {
    // Both fit: there are 32 buckets, and a table's name has at most 32 bytes.
    let mut key = vec![u8::try_from(bucket).unwrap_or(u8::MAX), u8::try_from(table.len()).unwrap_or(u8::MAX)];
    key.extend_from_slice(table.as_bytes());
    key
}

/// Table and id of a record's key.
pub(super) fn split_key(key: &[u8]) -> Option<(&str, &[u8])> {
    let (head, rest) = key.split_first_chunk::<2>()?;
    let (table, id) = rest.split_at_checked(head[1].into())?;
    Some((core::str::from_utf8(table).ok()?, id))
}

pub(super) fn bucket_of(key: &[u8]) -> usize {
    usize::from(key[0]) % BUCKETS
}

pub(super) fn index_bucket(key: &[u8]) -> usize {
    usize::from(key[0]) % BUCKETS
}
