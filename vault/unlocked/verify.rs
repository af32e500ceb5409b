//! Checking buckets against the sealed sums, and going on after damage: what cannot be read is set aside, what can be read stays
//! readable, and everything that happened becomes a [`Finding`].

use super::Unlocked;
use super::log::{log_key, run_of, split_log_key};
use super::records::{index_bucket, split_key};
use crate::error::{StorageError, VaultError};
use crate::hierarchy::Keys;
use crate::keys;
use crate::state::{BUCKETS, Finding, Set, SlotRecord, State, Sum, toggle};
use crate::storage::Space;
use crate::vault::Vault;
use alloc::borrow::ToOwned as _;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use subtle::ConstantTimeEq as _;

impl Unlocked<'_> {
    /// Reads everything, and returns the findings.
    pub fn verify_all(&self) -> Result<Vec<Finding>, VaultError> {
        for set in [Set::Record, Set::Index, Set::Log] {
            (0..BUCKETS).try_for_each(|bucket| self.verify(set, bucket))?;
        }
        let mut records = Vec::new();
        self.row_keys(Space::Record, b"", &mut |key| records.push(key.to_vec()))?;
        for (table, id) in records.iter().filter_map(|key| split_key(key)) {
            match self.record(table, id) {
                Ok(_) | Err(VaultError::Quarantined) => {}
                Err(why) => return Err(why),
            }
        }
        for (log, len) in self.state(|state| state.logs.clone()) {
            for seq in 0..len {
                match self.log_entry(&log, seq) {
                    Ok(_) | Err(VaultError::LogDamaged { .. }) => {}
                    Err(why) => return Err(why),
                }
            }
        }
        Ok(self.findings())
    }

    /// Checks a bucket once per opening, before anything in it is believed to be there, or not to be there.
    pub(super) fn verify(&self, set: Set, bucket: usize) -> Result<(), VaultError> {
        if self.is_verified(set, bucket) {
            return Ok(());
        }
        let expected = self.committed(|state| state.sums[set as usize][bucket]);
        let mut found = [0; 32];
        match set {
            Set::Record => {
                self.storage()
                    .scan(Space::Record, &[bucket_byte(bucket)], &mut |key, row| toggle(&mut found, &self.keys.record_term(key, row)))?;
            }
            Set::Index => self.scan_index(bucket, &mut |key| toggle(&mut found, &self.keys.index_term(key)))?,
            Set::Log => self.scan_log(bucket, &mut |_, _, key, row| {
                if let Some(row) = row {
                    toggle(&mut found, &self.keys.log_term(key, row));
                }
            })?,
        }
        if !bool::from(found.ct_eq(&expected)) {
            self.transaction(|| match set {
                Set::Record => self.repair_records(bucket, &expected),
                Set::Index => self.repair_index(bucket, &expected),
                Set::Log => self.repair_log(bucket, &expected),
            })?;
        }
        self.set_verified(set, bucket);
        Ok(())
    }

    /// Sets aside what cannot be opened; what is left becomes the new truth, and the finding says that it was not the old one.
    fn repair_records(&self, bucket: usize, expected: &Sum) -> Result<(), VaultError> {
        let mut rows = Vec::new();
        self.storage().scan(Space::Record, &[bucket_byte(bucket)], &mut |key, row| rows.push((key.to_vec(), row.to_vec())))?;
        let mut difference = *expected;
        let mut tables = BTreeSet::new();
        let mut altered = Vec::new();
        for (key, row) in rows {
            let place = split_key(&key).filter(|(table, id)| self.keys.record_key(table, id) == key);
            tables.extend(place.map(|(table, _)| table.to_owned()));
            if place.and_then(|(table, id)| self.keys.open_record(table, id, &row)).is_some() {
                toggle(&mut difference, &self.keys.record_term(&key, &row));
                altered.extend(place.and_then(|(table, id)| keys::id_of(table, id)));
            } else {
                self.set_aside(&key, &row);
            }
        }
        self.toggle(Set::Record, bucket, &difference);
        self.change_state(|state| {
            state.note(Finding::Altered { tables: tables.into_iter().collect() });
            state.note(Finding::KeysAltered { keys: altered });
        });
        Ok(())
    }

    /// The index holds nothing that the records do not: it is made again from them.
    fn repair_index(&self, bucket: usize, expected: &Sum) -> Result<(), VaultError> {
        let mut wanted = BTreeMap::new();
        self.storage().scan(Space::Record, b"", &mut |key, row| {
            let Some((table, id)) = split_key(key) else { return };
            let Some(record) = self.keys.open_record(table, id, row) else { return };
            let rows = record.tags.iter().map(|(name, value)| self.keys.index_key(table, name, value, key));
            wanted.extend(rows.filter(|row| index_bucket(row) == bucket).map(|row| (row, true)));
        })?;
        self.scan_index(bucket, &mut |key| match wanted.get_mut(key) {
            // Already there.
            Some(missing) => *missing = false,
            None => self.change(Space::Index, key.to_vec(), None),
        })?;
        let mut difference = *expected;
        for (row, missing) in wanted {
            toggle(&mut difference, &self.keys.index_term(&row));
            if missing {
                self.change(Space::Index, row, Some(Vec::new()));
            }
        }
        self.toggle(Set::Index, bucket, &difference);
        self.change_state(|state| state.note(Finding::IndexRebuilt));
        Ok(())
    }

    fn repair_log(&self, bucket: usize, expected: &Sum) -> Result<(), VaultError> {
        let mut difference = *expected;
        let mut findings = Vec::new();
        let mut logs = BTreeSet::new();
        self.scan_log(bucket, &mut |log, seq, key, row| {
            logs.insert(log.to_owned());
            if let Some(row) = row {
                toggle(&mut difference, &self.keys.log_term(key, row));
            }
            if row.and_then(|row| self.keys.open_entry(log, seq, row)).is_none() {
                findings.push(Finding::LogEntry { log: log.to_owned(), seq });
            }
        })?;
        self.toggle(Set::Log, bucket, &difference);
        self.change_state(|state| {
            state.note(Finding::Altered { tables: logs.into_iter().collect() });
            for finding in findings {
                state.note(finding);
            }
        });
        Ok(())
    }

    fn scan_index(&self, bucket: usize, visit: &mut dyn FnMut(&[u8])) -> Result<(), StorageError> {
        // The first byte of a hash says the bucket, modulo their number.
        (bucket..=usize::from(u8::MAX))
            .step_by(BUCKETS)
            .try_for_each(|first| self.storage().scan(Space::Index, &[bucket_byte(first)], &mut |key, _| visit(key)))
    }

    /// Visits the committed entries of a bucket, the missing ones too.
    fn scan_log(&self, bucket: usize, visit: &mut VisitEntry<'_>) -> Result<(), StorageError> {
        for (log, len) in self.committed(|state| state.logs.clone()) {
            for seq in run_of(bucket, len) {
                let key = log_key(&log, seq);
                visit(&log, seq, &key, self.storage().get(Space::Log, &key)?.as_deref());
            }
        }
        Ok(())
    }
}

/// Log, number, key, row.
type VisitEntry<'a> = dyn FnMut(&str, u64, &[u8], Option<&[u8]>) + 'a;

fn bucket_byte(bucket: usize) -> u8 {
    u8::try_from(bucket).unwrap_or(u8::MAX)
}

/// Returns a state made from what is there, when the sealed one is gone. Its sums are left at zero, so that every
/// bucket is gone through by its
/// repair when it is first read.
pub(super) fn salvage(vault: &Vault, keys: &Keys) -> Result<State, StorageError> {
    let mut state = State::default();
    vault.storage().scan(Space::Log, b"", &mut |key, row| {
        // Only an entry that was sealed here may say how long its log is.
        if let Some((log, seq)) = split_log_key(key)
            && keys.open_entry(log, seq, row).is_some()
            && state.has_room_for_log(log)
        {
            let len = state.log_len(log).max(seq.saturating_add(1));
            state.set_log_len(log, len);
        }
    })?;
    state.slots = vault.slots()?.readable.iter().map(|slot| SlotRecord::of(slot.place.id, slot.place.epoch)).collect();
    state.note(Finding::StateLost);
    Ok(state)
}
