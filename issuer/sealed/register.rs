//! The register: everything that decides what this issuer signs, in one value that is replaced whole.

use crate::store::{GateRow, KeyRow, ListRecord, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use waypass_credential::role::{BitstringEntry, Mechanism, StatusPurpose};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Digest, KeyState, KeyUse};

/// Keys, gates and lists as they are, version numbers, and the digest of each document: settings, policy, other issuers,
/// contexts, signed parts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Register {
    pub(super) schema: Schema,
    pub(super) keys: Vec<Key>,
    pub(super) gates: Vec<Gate>,
    pub(super) lists: Vec<List>,
    pub(super) counters: BTreeMap<String, u64>,
    pub(super) documents: BTreeMap<String, Digest>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Schema {
    #[serde(rename = "waypass.register/1")]
    V1,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    multikey: String,
    purpose: KeyUse,
    state: KeyState,
    not_before: i64,
    issued_until: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gate {
    pub(super) id: String,
    name: String,
    site: String,
    zone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    enrolled_at: i64,
    revoked: Option<(i64, String)>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    pub(super) id: u32,
    capacity: u32,
    /// Without one a Token Status List.
    purpose: Option<String>,
    size: u8,
    messages: Vec<String>,
}

impl Register {
    pub(super) const fn new() -> Self {
        Self {
            schema: Schema::V1,
            keys: Vec::new(),
            gates: Vec::new(),
            lists: Vec::new(),
            counters: BTreeMap::new(),
            documents: BTreeMap::new(),
        }
    }

    pub(super) fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        self.keys.iter().map(Key::row).collect()
    }

    pub(super) fn put_key(&mut self, row: &KeyRow) {
        let key = Key::of(row);
        match self.keys.iter_mut().find(|held| held.multikey == key.multikey) {
            Some(held) => *held = key,
            None => self.keys.push(key),
        }
    }

    /// By name.
    pub(super) fn gates(&self) -> Result<Vec<GateRow>, StoreError> {
        let mut gates = self.gates.iter().map(Gate::row).collect::<Result<Vec<_>, _>>()?;
        gates.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        Ok(gates)
    }

    pub(super) fn put_gate(&mut self, row: &GateRow) {
        let gate = Gate::of(row);
        match self.gates.iter_mut().find(|held| held.id == gate.id) {
            Some(held) => *held = gate,
            None => self.gates.push(gate),
        }
    }

    /// Adds a list of this kind and returns its number.
    pub(super) fn open_list(&mut self, mechanism: &Mechanism, capacity: u32) -> u32 {
        let id = self.lists.iter().map(|list| list.id).max().unwrap_or(0) + 1;
        self.lists.push(List::of(id, mechanism, capacity));
        id
    }

    pub(super) fn mechanism(&self, list: u32) -> Result<Option<Mechanism>, StoreError> {
        self.lists.iter().find(|held| held.id == list).map(List::mechanism).transpose()
    }
}

impl Key {
    pub(super) fn of(row: &KeyRow) -> Self {
        Self {
            multikey: row.multikey.clone(),
            purpose: row.key_use,
            state: row.state,
            not_before: row.not_before.unix(),
            issued_until: row.issued_until.map(Timestamp::unix),
        }
    }

    fn row(&self) -> Result<KeyRow, StoreError> {
        Ok(KeyRow {
            multikey: self.multikey.clone(),
            key_use: self.purpose,
            state: self.state,
            not_before: time(self.not_before)?,
            issued_until: self.issued_until.map(time).transpose()?,
        })
    }
}

impl Gate {
    pub(super) fn of(row: &GateRow) -> Self {
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            site: row.site.clone(),
            zone: row.zone.clone(),
            time_zone: row.time_zone.clone(),
            enrolled_at: row.enrolled_at.unix(),
            revoked: row.revoked.as_ref().map(|(at, why)| (at.unix(), why.clone())),
        }
    }

    pub(super) fn row(&self) -> Result<GateRow, StoreError> {
        Ok(GateRow {
            id: self.id.clone(),
            name: self.name.clone(),
            site: self.site.clone(),
            zone: self.zone.clone(),
            time_zone: self.time_zone.clone(),
            enrolled_at: time(self.enrolled_at)?,
            revoked: self.revoked.as_ref().map(|(at, why)| Ok::<_, StoreError>((time(*at)?, why.clone()))).transpose()?,
        })
    }
}

impl List {
    pub(super) fn of(id: u32, mechanism: &Mechanism, capacity: u32) -> Self {
        let (purpose, size, messages) = match mechanism {
            Mechanism::TokenList => (None, 1, Vec::new()),
            Mechanism::Bitstring(entry) => (Some(entry.purpose.as_str().to_owned()), entry.size, entry.messages.clone()),
        };
        Self { id, capacity, purpose, size, messages }
    }

    pub(super) fn record(&self, used: u32) -> Result<ListRecord, StoreError> {
        Ok(ListRecord { id: self.id, mechanism: self.mechanism()?, capacity: self.capacity, used })
    }

    pub(super) fn mechanism(&self) -> Result<Mechanism, StoreError> {
        let Some(purpose) = &self.purpose else { return Ok(Mechanism::TokenList) };
        let purpose = StatusPurpose::parse(purpose).ok_or(StoreError::Corrupt("a list's purpose"))?;
        Ok(Mechanism::Bitstring(BitstringEntry { purpose, size: self.size, messages: self.messages.clone() }))
    }
}

pub(super) fn time(seconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_unix(seconds).ok_or(StoreError::Corrupt("a time"))
}
