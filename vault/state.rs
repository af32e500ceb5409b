//! The sealed state: what the content of the vault must add up to.
//!
//! Sealing protects each record alone; it does not notice a record that is missing, or put back from an older copy. So every commit also
//! writes, sealed and in the same transaction, one sum per bucket of rows:
//!
//! ```text
//! sum(bucket) = XOR over its rows of HMAC-SHA256(root key, key of row || revision || nonce || tag)
//! ```
//! A commit changes the sums of the rows that it changes, and nothing else has to be read: O(changed). XOR of *public* hashes can be
//! forged by linear algebra (Bellare, Micciancio 1997). It is sound here because both the PRF's key and every sum are secret: the sums
//! leave this process only sealed under a random nonce, so an attacker who edits the file sees no output of the PRF and
//! no sum of outputs, only
//! whether a guess was accepted. The sum is then MSet-XOR-Hash of Clarke et al. (Asiacrypt 2003) with its masking taken to the end: the
//! terms of two different *sets* of rows differ in at least one input of the PRF, so their sums agree with probability 2^-256. They are
//! sets because a row's key is unique in its space, and a rewritten row has a new random nonce.
//!
//! Buckets are checked when they are first read, so opening costs one row whatever the vault holds.

use crate::error::StorageError;
use crate::hierarchy::Keys;
use crate::keys::{self, KeyId};
use crate::rules::Rules;
use crate::site_rules::SiteRules;
use crate::slot::{MAX_SLOTS, SlotId};
use crate::storage::{Change, Space, Storage};
use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;

/// Rows are spread over this many buckets in each of the three spaces. Reading one record of 10,000 checks some 300 rows once.
pub(crate) const BUCKETS: usize = 32;

/// The sum of a bucket.
pub(crate) type Sum = [u8; 32];

/// Findings beyond this many are not kept: by then the message is clear.
const MAX_FINDINGS: usize = 64;
/// More keys than a vault ever has; an issuer that replaced its keys every day would make so many in a hundred years.
const MAX_KEYS: usize = 1 << 16;
const MAX_LOGS: usize = 64;
/// Bytes of what an owner calls a slot.
pub(crate) const MAX_LABEL: usize = 64;
/// Tables and logs of one finding.
const MAX_TABLES: usize = 1024;
const KEY: &[u8] = b"state";

/// The spaces that are summed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Set {
    Record,
    Index,
    Log,
}

/// The format of what lies under the seal. Format 1 is that of 0.1.0; format 2 keeps what the device believes; format 3 knows about each
/// slot what its owner calls it and when it was used, and which combinations of factors may open the vault; format 4 has what the site asks.
///
/// The number is in the sealed state, so nobody without the key can put an older one there to bring an upgrade about again.
pub(crate) const FORMAT: u64 = 4;
/// The first format.
pub(crate) const FIRST_FORMAT: u64 = 1;

/// The state that the last commit left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct State {
    /// The format that the content of the vault has.
    pub(crate) format: u64,
    pub(crate) seq: u64,
    pub(crate) sums: [[Sum; BUCKETS]; 3],
    /// Name and length of each log.
    pub(crate) logs: Vec<(String, u64)>,
    /// The slots there are, so that none comes back from an older copy.
    pub(crate) slots: Vec<SlotRecord>,
    pub(crate) findings: Vec<Finding>,
    /// What may open the vault.
    pub(crate) rules: Rules,
    /// True from a change of the vault key until the index of the log is made again: its rows were of the old key.
    pub(crate) lacks_log_index: bool,
    /// What the site asks in addition; none in a personal vault.
    pub(crate) site: Option<SiteRules>,
}

/// What the open vault knows about a slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SlotRecord {
    pub(crate) id: SlotId,
    pub(crate) epoch: u64,
    pub(crate) label: String,
    pub(crate) added: Option<Timestamp>,
    pub(crate) used: Option<Timestamp>,
}

impl SlotRecord {
    pub(crate) const fn of(id: SlotId, epoch: u64) -> Self {
        Self { id, epoch, label: String::new(), added: None, used: None }
    }

    fn read(from: &mut Reader<'_>, format: u64) -> Result<Self, NotCanonical> {
        from.array_of(if format < 3 { 2 } else { 5 })?;
        let mut record = Self::of(from.bytes_array()?, from.unsigned()?);
        if format >= 3 {
            let moment = |from: &mut Reader<'_>| Timestamp::from_unix(from.signed()?).ok_or(NotCanonical);
            record.label = from.string(MAX_LABEL)?;
            (record.added, record.used) = (from.option(moment)?, from.option(moment)?);
        }
        Ok(record)
    }

    fn write(&self, to: &mut Writer, format: u64) {
        if format < 3 {
            to.array(2).bytes(&self.id).unsigned(self.epoch);
            return;
        }
        let moment = |to: &mut Writer, moment: Timestamp| {
            to.signed(moment.unix());
        };
        to.array(5).bytes(&self.id).unsigned(self.epoch).text(&self.label).option(self.added, moment).option(self.used, moment);
    }
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
    /// Part of the store is not what the last commit left: records deleted, put back from an older copy, or damaged.
    Altered {
        /// The tables and logs that have records in that part.
        tables: Vec<String>,
    },
    /// A log entry is missing or cannot be read.
    LogEntry {
        /// The log.
        log: String,
        /// Its number.
        seq: u64,
    },
    /// The index did not fit the records and was made again from them; nothing is lost.
    IndexRebuilt,
    /// The record of the last commit is damaged or missing: deletions and old copies from before now cannot be noticed.
    StateLost,
    /// The database was there without its write-ahead log. The last writes may be missing, as if they had never been made.
    WriteAheadLogMissing,
    /// The limits of wrong tries, which lie in the clear, were not those under the seal. They are again.
    LimitsAltered,
    /// These keys open, and are in a part that is not what the last commit left: each may have been put back from an older copy.
    KeysAltered {
        /// The keys, in order.
        keys: Vec<KeyId>,
    },
}

impl Finding {
    /// Returns true if a key was damaged and set aside: what it alone could sign is out of reach from then on.
    pub fn is_lost_key(&self) -> bool {
        matches!(self, Self::Quarantined { table, .. } if table == keys::TABLE)
    }

    fn altered_keys(&self) -> Option<&[KeyId]> {
        if let Self::KeysAltered { keys } = self { Some(keys) } else { None }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quarantined { table, .. } if table == keys::TABLE => f.write_str("a key was damaged and has been set aside"),
            Self::Quarantined { table, .. } => write!(f, "a record of {table} was damaged and has been set aside"),
            Self::Altered { tables } => write!(f, "records were deleted, replaced or damaged from outside ({})", tables.join(", ")),
            Self::LogEntry { log, seq } => write!(f, "entry {seq} of the log {log} is missing or damaged"),
            Self::IndexRebuilt => f.write_str("the index was damaged and has been made again"),
            Self::StateLost => f.write_str("the record of the last commit is damaged: deletions before now cannot be noticed"),
            Self::WriteAheadLogMissing => {
                f.write_str("the database was there without its write-ahead log: the last changes may be missing")
            }
            Self::LimitsAltered => f.write_str("the limits of wrong tries were changed from outside, and have been put back"),
            Self::KeysAltered { keys } => write!(f, "{} key(s) may have been put back from an older copy", keys.len()),
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            format: FORMAT,
            seq: 0,
            sums: [[[0; 32]; BUCKETS]; 3],
            logs: Vec::new(),
            slots: Vec::new(),
            findings: Vec::new(),
            rules: Rules::default(),
            lacks_log_index: false,
            site: None,
        }
    }
}

impl State {
    /// Returns the stored state; `None` when it is missing or was not sealed by this vault. One that a newer version of this program sealed
    /// is an error: what is not understood is not made anew.
    pub(crate) fn load(storage: &dyn Storage, keys: &Keys) -> Result<Option<Self>, StorageError> {
        let sealed = storage.get(Space::Meta, KEY)?;
        let Some(bytes) = sealed.and_then(|sealed| keys.open_state(&aad(keys), &sealed)) else { return Ok(None) };
        match format_of(&bytes) {
            Ok(found) if found > FORMAT => Err(StorageError::Newer { found, supported: FORMAT }),
            _ => Ok(Self::read(&bytes).ok()),
        }
    }

    pub(crate) fn to_change(&self, keys: &Keys, rng: &mut dyn CryptoRng) -> Change {
        let sealed = keys.seal_state(&aad(keys), &self.to_bytes(), rng);
        Change { space: Space::Meta, key: KEY.to_vec(), value: Some(sealed) }
    }

    /// Returns what is known about a slot.
    pub(crate) fn slot(&self, id: SlotId) -> Option<&SlotRecord> {
        self.slots.iter().find(|slot| slot.id == id)
    }

    /// Returns the newest moment at which a slot was made or used, as the clock said it then.
    pub(crate) fn newest_use(&self) -> Option<Timestamp> {
        self.slots.iter().flat_map(|slot| [slot.added, slot.used]).flatten().max()
    }

    pub(crate) fn sum(&mut self, set: Set, bucket: usize) -> &mut Sum {
        &mut self.sums[set as usize][bucket % BUCKETS]
    }

    pub(crate) fn log_len(&self, log: &str) -> u64 {
        self.logs.iter().find(|(name, _)| name == log).map_or(0, |(_, len)| *len)
    }

    pub(crate) fn set_log_len(&mut self, log: &str, len: u64) {
        match self.logs.iter_mut().find(|(name, _)| name == log) {
            Some((_, held)) => *held = len,
            None => self.logs.push((log.to_owned(), len)),
        }
    }

    /// Returns true if another log can be begun.
    pub(crate) fn has_room_for_log(&self, log: &str) -> bool {
        self.logs.len() < MAX_LOGS || self.logs.iter().any(|(name, _)| name == log)
    }

    /// Notes what was found. Altered keys are one finding, which always has room: a key that is left out of it would be used.
    pub(crate) fn note(&mut self, finding: Finding) {
        if let Finding::KeysAltered { keys } = finding {
            return self.note_keys(&keys);
        }
        if self.findings.len() < MAX_FINDINGS && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    fn note_keys(&mut self, altered: &[KeyId]) {
        let all: BTreeSet<KeyId> = self.altered_keys().iter().chain(altered).copied().collect();
        self.findings.retain(|finding| !matches!(finding, Finding::KeysAltered { .. }));
        if !all.is_empty() {
            self.findings.push(Finding::KeysAltered { keys: all.into_iter().collect() });
        }
    }

    /// Returns the keys that were found in an altered part.
    pub(crate) fn altered_keys(&self) -> &[KeyId] {
        self.findings.iter().find_map(Finding::altered_keys).unwrap_or_default()
    }

    fn to_bytes(&self) -> Vec<u8> {
        let sums: Vec<u8> = self.sums.iter().flatten().flatten().copied().collect();
        let mut to = Writer::new();
        to.array(members(self.format)).unsigned(self.format).unsigned(self.seq).bytes(&sums).array(self.logs.len());
        for (name, len) in &self.logs {
            to.array(2).text(name).unsigned(*len);
        }
        to.array(self.slots.len());
        self.slots.iter().for_each(|slot| slot.write(&mut to, self.format));
        to.array(self.findings.len());
        self.findings.iter().for_each(|finding| finding.write(&mut to));
        if self.format >= 3 {
            self.rules.write(&mut to);
            to.bool(self.lacks_log_index);
        }
        if self.format >= 4 {
            to.option(self.site.as_ref(), |to, site| site.write(to));
        }
        to.into_bytes()
    }

    fn read(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        let found = from.array()?;
        let mut state = Self { format: from.unsigned()?, seq: from.unsigned()?, ..Self::default() };
        if found != members(state.format) {
            return Err(NotCanonical);
        }
        let sums = from.bytes()?;
        if sums.len() != 3 * BUCKETS * 32 || !(FIRST_FORMAT..=FORMAT).contains(&state.format) {
            return Err(NotCanonical);
        }
        state.sums.iter_mut().flatten().flatten().zip(sums).for_each(|(to, from)| *to = *from);
        for _ in 0..from.array_up_to(MAX_LOGS)? {
            from.array_of(2)?;
            state.logs.push((from.text()?.to_owned(), from.unsigned()?));
        }
        for _ in 0..from.array_up_to(MAX_SLOTS)? {
            state.slots.push(SlotRecord::read(&mut from, state.format)?);
        }
        for _ in 0..from.array_up_to(MAX_FINDINGS + 1)? {
            state.findings.push(Finding::read(&mut from)?);
        }
        if state.format >= 3 {
            (state.rules, state.lacks_log_index) = (Rules::read(&mut from)?, from.bool()?);
        }
        if state.format >= 4 {
            state.site = from.option(SiteRules::read)?;
        }
        from.end()?;
        // Format 1 stays until what it lacks was taken in (`Unlocked::upgrade`); format 2 lacks nothing that must be asked for.
        if state.format > FIRST_FORMAT {
            state.format = FORMAT;
        }
        Ok(state)
    }
}

impl Finding {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Quarantined { table, id } => to.array(3).unsigned(1).text(table).bytes(id),
            Self::Altered { tables } => tables.iter().fold(to.array(2).unsigned(2).array(tables.len()), |to, table| to.text(table)),
            Self::LogEntry { log, seq } => to.array(3).unsigned(3).text(log).unsigned(*seq),
            Self::IndexRebuilt => to.array(1).unsigned(4),
            Self::StateLost => to.array(1).unsigned(5),
            Self::WriteAheadLogMissing => to.array(1).unsigned(6),
            Self::LimitsAltered => to.array(1).unsigned(8),
            Self::KeysAltered { keys } => keys.iter().fold(to.array(2).unsigned(7).array(keys.len()), |to, key| to.bytes(key.as_bytes())),
        };
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        let len = from.array()?;
        match (from.unsigned()?, len) {
            (1, 3) => Ok(Self::Quarantined { table: from.text()?.to_owned(), id: from.bytes()?.to_vec() }),
            (2, 2) => {
                let tables = from.array_up_to(MAX_TABLES)?;
                let tables = (0..tables).map(|_| from.text().map(str::to_owned)).collect::<Result<_, _>>()?;
                Ok(Self::Altered { tables })
            }
            (3, 3) => Ok(Self::LogEntry { log: from.text()?.to_owned(), seq: from.unsigned()? }),
            (4, 1) => Ok(Self::IndexRebuilt),
            (5, 1) => Ok(Self::StateLost),
            (6, 1) => Ok(Self::WriteAheadLogMissing),
            (8, 1) => Ok(Self::LimitsAltered),
            (7, 2) => {
                let keys = from.array_up_to(MAX_KEYS)?;
                let keys = (0..keys).map(|_| from.bytes_array().map(KeyId::from_bytes)).collect::<Result<_, _>>()?;
                Ok(Self::KeysAltered { keys })
            }
            _ => Err(NotCanonical),
        }
    }
}

/// Returns how many members a state of this format has.
const fn members(format: u64) -> usize {
    match format {
        ..3 => 6,
        3 => 8,
        _ => 9,
    }
}

fn format_of(bytes: &[u8]) -> Result<u64, NotCanonical> {
    let mut from = Reader::new(bytes);
    from.array()?;
    from.unsigned()
}

fn aad(keys: &Keys) -> Vec<u8> {
    let mut to = Writer::new();
    to.array(3).bytes(&keys.realm.vault).text("state").unsigned(keys.realm.generation);
    to.into_bytes()
}

/// Adds a row's term to a sum, or takes it out: the same operation.
pub(crate) fn toggle(sum: &mut Sum, term: &Sum) {
    sum.iter_mut().zip(term).for_each(|(sum, term)| *sum ^= term);
}

#[cfg(test)]
mod tests {
    use super::{FIRST_FORMAT, FORMAT, Finding, SlotRecord, State};
    use crate::factor::FactorKind;
    use crate::keys::KeyId;
    use crate::rules::Rules;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use waypass_credential::time::Timestamp;

    #[test]
    fn the_bytes_are_those_of_0_1_0() {
        let mut state = State { format: FIRST_FORMAT, seq: 500, ..State::default() };
        state.set_log_len("audit", 24);
        state.slots.push(SlotRecord::of([3; 8], 1));
        for finding in [
            Finding::Quarantined { table: "t".into(), id: vec![5] },
            Finding::Altered { tables: vec!["t".into()] },
            Finding::LogEntry { log: "l".into(), seq: 7 },
            Finding::IndexRebuilt,
            Finding::StateLost,
        ] {
            state.note(finding);
        }
        let sums = [&[0x59, 0x0c, 0][..], &[0; 3 * 32 * 32]].concat();
        let logs = [&[0x81, 0x82, 0x65][..], b"audit", &[0x18, 24]].concat();
        let slots = [&[0x81, 0x82, 0x48][..], &[3; 8], &[1]].concat();
        let findings = [0x85, 0x83, 1, 0x61, b't', 0x41, 5, 0x82, 2, 0x81, 0x61, b't', 0x83, 3, 0x61, b'l', 7, 0x81, 4, 0x81, 5];
        assert_eq!(state.to_bytes(), [&[0x86, 1, 0x19, 1, 0xf4][..], &sums, &logs, &slots, &findings].concat());
    }

    proptest! {
        #[test]
        fn survives_its_encoding(seq: u64, sum: [u8; 32], log in "[a-z]{1,8}", len: u64, slot: [u8; 8], id: Vec<u8>, old: bool) {
            let format = if old { FIRST_FORMAT } else { FORMAT };
            let mut state = State { format, seq, ..State::default() };
            state.sums[2][31] = sum;
            state.set_log_len(&log, len);
            let mut record = SlotRecord::of(slot, seq);
            if !old {
                (record.label, record.added) = (log.clone(), Timestamp::from_unix(1_795_161_610));
                state.rules = Rules::only([[FactorKind::Password, FactorKind::KeyFile].to_vec()]);
                state.lacks_log_index = true;
            }
            state.slots.push(record);
            state.note(Finding::Quarantined { table: log.clone(), id });
            state.note(Finding::Altered { tables: vec![log.clone(), "other".into()] });
            state.note(Finding::LogEntry { log, seq });
            state.note(Finding::IndexRebuilt);
            state.note(Finding::StateLost);
            state.note(Finding::WriteAheadLogMissing);
            state.note(Finding::KeysAltered { keys: vec![KeyId::from_bytes([2; 16])] });
            state.note(Finding::KeysAltered { keys: vec![KeyId::from_bytes([1; 16]), KeyId::from_bytes([2; 16])] });
            prop_assert_eq!(state.altered_keys(), &[KeyId::from_bytes([1; 16]), KeyId::from_bytes([2; 16])]);
            prop_assert_eq!(State::read(&state.to_bytes()), Ok(state));
        }

        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            let _ = State::read(&bytes);
        }
    }
}
