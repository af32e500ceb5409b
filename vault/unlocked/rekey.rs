//! A new vault key: for when somebody may have seen the old one. What was sealed under the old key is sealed under the new one, and nothing
//! of the vault can be read with the old one afterwards.
//!
//! The first commit makes the new key the vault's: its slots and the state are there, the old slots are gone, and the old key lies under the
//! new one. Then the rows follow, some in each commit. After a power cut the next unlocking goes on. A row that opens with the new key
//! is done; the sums of what is still under the old key say at the end whether a row was taken away meanwhile. At last the files are written
//! anew, because what lay in them before opens with the old key.
//!
//! ```text
//! former = AEAD of the new suite (state key, CBOR [old key, old generation, old suite, old sums], AAD = CBOR [vault, "former", generation])
//! ```

use super::Unlocked;
use super::log::{log_bucket, log_key};
use super::records::{bucket_of, index_bucket, split_key};
use crate::error::{StorageError, VaultError};
use crate::factor::KdfCost;
use crate::hierarchy::{KEY, Keys, Realm, VaultKey};
use crate::seal::Suite;
use crate::slot::{MAX_SLOTS, NewSlot};
use crate::state::{BUCKETS, Finding, Set, State, Sum, toggle};
use crate::storage::{Change, Space};
use crate::vault::{Vault, record_of, sealed_slot, slot_change, traces};
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;
use zeroize::Zeroizing;

const FORMER: &[u8] = b"former-key";

/// A commit has so many rows, or so many bytes, whichever is reached first.
const ROWS: usize = 512;
const BYTES: usize = 4 * 1024 * 1024;

/// The old key, and the sums of the rows that are still under it.
struct Former {
    vk: Zeroizing<[u8; KEY]>,
    realm: Realm,
    sums: [[Sum; BUCKETS]; 3],
}

impl Unlocked<'_> {
    /// Gives the vault a new key and seals everything anew, with the primitives of `suite`.
    ///
    /// Only `slots` open it from then on: every other slot is gone, since nobody can write it without its factors. `at` is the moment, as
    /// the clock says. Everything is read first, so damage is a finding before it could be lost. Logs with an index are indexed anew by
    /// their owner.
    pub fn rekey(&mut self, slots: &[NewSlot<'_>], suite: Suite, cost: KdfCost, at: Timestamp) -> Result<(), VaultError> {
        if slots.is_empty() {
            return Err(VaultError::LastSlot);
        }
        super::records::within("the number of slots", slots.len(), MAX_SLOTS)?;
        slots.iter().try_for_each(|slot| self.check(slot))?;
        self.verify_all()?;

        let before = self.committed(State::clone);
        let realm = Realm { generation: self.keys.realm.generation.saturating_add(1), suite, ..self.keys.realm };
        let vk = VaultKey::fresh(self.memory(), &mut **self.entropy())?;
        let mut state = State { sums: State::default().sums, slots: Vec::new(), seq: before.seq.saturating_add(1), ..before.clone() };
        state.lacks_log_index = true;
        let mut changes: Vec<Change> = Vec::new();
        self.storage().scan(Space::Slot, b"", &mut |key, _| changes.push(removed(Space::Slot, key.to_vec())))?;
        for new in slots {
            let slot = sealed_slot(realm, new, cost, vk.bytes(), &mut **self.entropy())?;
            state.slots.push(record_of(&slot, new, Some(at)));
            changes.push(slot_change(&slot));
        }
        let mut former = Former { vk: Zeroizing::new([0; KEY]), realm: self.keys.realm, sums: before.sums };
        former.vk.copy_from_slice(self.keys.vk());
        let keys = Keys::derive(vk, realm);
        changes.push(former.to_change(&keys, &mut **self.entropy()));
        changes.push(state.to_change(&keys, &mut **self.entropy()));
        changes.push(traces());
        self.storage().commit(&changes)?;
        self.keys = keys;
        // Goes on with what was committed, as it would after a power cut.
        if let Err(why) = self.begin_anew() {
            self.vault.get_mut().close();
            return Err(why.into());
        }
        Ok(())
    }
}

/// Seals what is still under a former key, if there is one. Returns the state afterwards.
pub(super) fn finish(vault: &Vault, keys: &Keys, state: State) -> Result<State, StorageError> {
    let Some(row) = vault.storage().get(Space::Meta, FORMER)? else { return Ok(state) };
    let Some(former) = Former::read(&row, keys) else {
        // Not ours, or damaged: what is still under the old key stays where it is, and its buckets do not fit.
        return Ok(state);
    };
    let mut vk = VaultKey::zeroed(&*vault.host.memory)
        .map_err(|_| StorageError::Refused { doing: "sealing the vault anew", why: "there is no memory for its former key".into() })?;
    vk.bytes_mut().copy_from_slice(&former.vk[..]);
    let old = Keys::derive(vk, former.realm);
    let mut rows = Rows { vault, old, new: keys, former, state, changes: Vec::new(), bytes: 0 };
    rows.records()?;
    rows.logs()?;
    rows.quarantine()?;
    rows.end()
}

/// The rows on their way from the old key to the new one.
struct Rows<'r> {
    vault: &'r Vault,
    old: Keys,
    new: &'r Keys,
    former: Former,
    state: State,
    /// Of the commit under way.
    changes: Vec<Change>,
    bytes: usize,
}

impl Rows<'_> {
    fn records(&mut self) -> Result<(), StorageError> {
        for bucket in 0..BUCKETS {
            for key in self.keys_in(Space::Record, &[u8::try_from(bucket).unwrap_or(u8::MAX)])? {
                self.record(&key)?;
            }
        }
        for key in self.keys_in(Space::LogIndex, b"")? {
            self.change(removed(Space::LogIndex, key))?;
        }
        Ok(())
    }

    fn record(&mut self, key: &[u8]) -> Result<(), StorageError> {
        let Some(row) = self.vault.storage().get(Space::Record, key)? else { return Ok(()) };
        let Some((table, id)) = split_key(key) else { return self.set_aside(key, &row) };
        let Some(record) = self.old.open_record(table, id, &row).filter(|_| self.old.record_key(table, id) == key) else {
            let is_done = self.new.open_record(table, id, &row).is_some() && self.new.record_key(table, id) == key;
            return if is_done { Ok(()) } else { self.set_aside(key, &row) };
        };
        toggle(&mut self.former.sums[Set::Record as usize][bucket_of(key)], &self.old.record_term(key, &row));
        let place = self.new.record_key(table, id);
        let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
        for (name, value) in &record.tags {
            before.insert(self.old.index_key(table, name, value, key));
            after.insert(self.new.index_key(table, name, value, &place));
        }
        for row in before {
            toggle(&mut self.former.sums[Set::Index as usize][index_bucket(&row)], &self.old.index_term(&row));
            self.changes.push(removed(Space::Index, row));
        }
        if table == super::log_index::TABLE {
            // Its sums are of rows that are gone.
            return self.change(removed(Space::Record, key.to_vec()));
        }
        for row in after {
            toggle(self.state.sum(Set::Index, index_bucket(&row)), &self.new.index_term(&row));
            self.changes.push(Change { space: Space::Index, key: row, value: Some(Vec::new()) });
        }
        let tags: Vec<(&str, &[u8])> = record.tags.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let sealed = self.new.seal_record((table, id), record.revision, &record.content, &tags, &mut **self.vault.entropy());
        toggle(self.state.sum(Set::Record, bucket_of(&place)), &self.new.record_term(&place, &sealed));
        if place != key {
            self.changes.push(removed(Space::Record, key.to_vec()));
        }
        self.change(Change { space: Space::Record, key: place, value: Some(sealed) })
    }

    /// Entries keep their place. One that cannot be read stays one that cannot be read.
    fn logs(&mut self) -> Result<(), StorageError> {
        for (log, len) in self.state.logs.clone() {
            for seq in 0..len {
                let key = log_key(&log, seq);
                let Some(row) = self.vault.storage().get(Space::Log, &key)? else { continue };
                if self.new.open_entry(&log, seq, &row).is_some() || self.wrapped(&key, &row) {
                    continue;
                }
                let sealed = match self.old.open_entry(&log, seq, &row) {
                    Some(entry) => self.new.seal_entry(&log, seq, &entry, &mut **self.vault.entropy()),
                    None => self.wrap(&key, &row),
                };
                let bucket = log_bucket(seq);
                toggle(&mut self.former.sums[Set::Log as usize][bucket], &self.old.log_term(&key, &row));
                toggle(self.state.sum(Set::Log, bucket), &self.new.log_term(&key, &sealed));
                self.change(Change { space: Space::Log, key, value: Some(sealed) })?;
            }
        }
        Ok(())
    }

    /// What could not be read is kept, and its bytes are sealed: part of them may open with the old key.
    fn quarantine(&mut self) -> Result<(), StorageError> {
        for key in self.keys_in(Space::Quarantine, b"")? {
            if let Some(row) = self.vault.storage().get(Space::Quarantine, &key)?
                && !self.wrapped(&key, &row)
            {
                let sealed = self.wrap(&key, &row);
                self.change(Change { space: Space::Quarantine, key, value: Some(sealed) })?;
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<State, StorageError> {
        if self.former.sums != State::default().sums {
            self.state.note(Finding::Altered { tables: vec!["what was sealed under the former key".into()] });
        }
        self.changes.push(removed(Space::Meta, FORMER.to_vec()));
        self.state.seq = self.state.seq.saturating_add(1);
        self.changes.push(self.state.to_change(self.new, &mut **self.vault.entropy()));
        self.vault.commit_with_reserve(&self.changes)?;
        Ok(self.state)
    }

    fn set_aside(&mut self, key: &[u8], row: &[u8]) -> Result<(), StorageError> {
        let mut place = self.state.seq.to_be_bytes().to_vec();
        place.extend_from_slice(key);
        let (table, id) = split_key(key).map_or((<_>::default(), key.to_vec()), |(table, id)| (table.into(), id.to_vec()));
        self.state.note(Finding::Quarantined { table, id });
        let value = Some(self.wrap(&place, row));
        self.changes.push(Change { space: Space::Quarantine, key: place, value });
        self.change(removed(Space::Record, key.to_vec()))
    }

    fn wrap(&self, key: &[u8], row: &[u8]) -> Vec<u8> {
        self.new.seal(&self.wrapping(key), row, &mut **self.vault.entropy())
    }

    fn wrapped(&self, key: &[u8], row: &[u8]) -> bool {
        self.new.open(&self.wrapping(key), row).is_some()
    }

    fn wrapping(&self, key: &[u8]) -> Vec<u8> {
        let mut to = Writer::new();
        to.array(4).bytes(&self.new.realm.vault).text("unreadable").bytes(key).unsigned(self.new.realm.generation);
        to.into_bytes()
    }

    fn keys_in(&self, space: Space, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StorageError> {
        let mut keys = Vec::new();
        self.vault.storage().scan(space, prefix, &mut |key, _| keys.push(key.to_vec()))?;
        Ok(keys)
    }

    /// The last change of one row; the commit may follow it, never come between the changes of one.
    fn change(&mut self, change: Change) -> Result<(), StorageError> {
        self.bytes += change.value.as_ref().map_or(0, Vec::len);
        self.changes.push(change);
        if self.changes.len() < ROWS && self.bytes < BYTES {
            return Ok(());
        }
        self.state.seq = self.state.seq.saturating_add(1);
        self.changes.push(self.former.to_change(self.new, &mut **self.vault.entropy()));
        self.changes.push(self.state.to_change(self.new, &mut **self.vault.entropy()));
        self.vault.commit_with_reserve(&self.changes)?;
        self.changes.clear();
        self.bytes = 0;
        Ok(())
    }
}

impl Former {
    fn to_change(&self, keys: &Keys, rng: &mut dyn CryptoRng) -> Change {
        let sums: Vec<u8> = self.sums.iter().flatten().flatten().copied().collect();
        let mut to = Writer::with_capacity(KEY + sums.len() + 32);
        to.array(4).bytes(&self.vk[..]).unsigned(self.realm.generation).unsigned(self.realm.suite.number()).bytes(&sums);
        let plaintext = Zeroizing::new(to.into_bytes());
        Change { space: Space::Meta, key: FORMER.to_vec(), value: Some(keys.seal_state(&former_aad(keys), &plaintext, rng)) }
    }

    fn read(row: &[u8], keys: &Keys) -> Option<Self> {
        let plaintext = keys.open_state(&former_aad(keys), row)?;
        let read = || {
            let mut from = Reader::new(&plaintext);
            from.array_of(4)?;
            let vk = Zeroizing::new(from.bytes_array()?);
            let (generation, suite) = (from.unsigned()?, Suite::of(from.unsigned()?).ok_or(NotCanonical)?);
            let bytes = from.bytes()?;
            from.end()?;
            let mut sums = State::default().sums;
            if bytes.len() != sums.len() * BUCKETS * size_of::<Sum>() {
                return Err(NotCanonical);
            }
            sums.iter_mut().flatten().flatten().zip(bytes).for_each(|(to, from)| *to = *from);
            Ok(Self { vk, realm: Realm { generation, suite, ..keys.realm }, sums })
        };
        read().ok()
    }
}

fn former_aad(keys: &Keys) -> Vec<u8> {
    let mut to = Writer::new();
    to.array(3).bytes(&keys.realm.vault).text("former").unsigned(keys.realm.generation);
    to.into_bytes()
}

const fn removed(space: Space, key: Vec<u8>) -> Change {
    Change { space, key, value: None }
}
