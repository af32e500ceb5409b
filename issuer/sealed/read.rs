//! Reading: every row is checked against register and events before it is given to anybody.

use super::ledger::Ledger;
use super::seal::tampered;
use super::{Result, Sealed};
use crate::store::{
    CredentialRecord, DeviceRow, Documents, Entry, Filter, GateRow, KeyRow, LeafRow, ListRecord, OfferRow, SealedCredential, State,
    StatusEvent, StoreError,
};
use waypass_credential::role::{Mechanism, StatusPurpose};
use waypass_trust::audit::Leaf;
use waypass_trust::bundle::Digest;

impl Documents for Sealed<'_> {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let bytes = self.steady(|sealed| {
            let bytes = sealed.store.document(name)?;
            let found = bytes.as_deref().map(Digest::of);
            if found == sealed.register()?.register.documents.get(name).copied() { Ok(bytes) } else { Err(not_ours(name)) }
        })?;
        self.seen.borrow_mut().insert(name.to_owned(), bytes.as_deref().map(Digest::of));
        Ok(bytes)
    }
}

impl Sealed<'_> {
    /// A version number as it stands; 0 if none was given yet.
    pub(crate) fn version(&self, name: &str) -> Result<u64> {
        Ok(self.register()?.register.counters.get(name).copied().unwrap_or(0))
    }

    /// How often the register was replaced.
    #[cfg(test)]
    pub(crate) fn register_version(&self) -> Result<u64> {
        Ok(self.register()?.version)
    }

    /// All keys ever registered, oldest first.
    pub(crate) fn keys(&self) -> Result<Vec<KeyRow>> {
        self.register()?.register.keys()
    }

    /// All status lists, oldest first.
    pub(crate) fn lists(&self) -> Result<Vec<ListRecord>> {
        self.follow()?;
        let (register, ledger) = (self.register()?, self.ledger.borrow());
        register.register.lists.iter().map(|list| list.record(ledger.used(list.id))).collect()
    }

    /// Whether an index of a list was given away.
    pub(crate) fn is_taken(&self, list: u32, index: u32) -> Result<bool> {
        self.follow()?;
        Ok(self.ledger.borrow().is_taken(list, index))
    }

    /// The taken indices of a list, in order.
    pub(crate) fn taken_indices(&self, list: u32) -> Result<Vec<u32>> {
        self.follow()?;
        Ok(self.ledger.borrow().taken(list))
    }

    /// The entries of a list that are not 0, computed from the events.
    pub(crate) fn set_entries(&self, list: u32) -> Result<Vec<(u32, u8)>> {
        self.follow()?;
        Ok(self.ledger.borrow().set(list).collect())
    }

    /// One gate.
    pub(crate) fn gate(&self, id: &str) -> Result<Option<GateRow>> {
        self.register()?.register.gates.iter().find(|gate| gate.id == id).map(super::register::Gate::row).transpose()
    }

    /// All gates, by name.
    pub(crate) fn gates(&self) -> Result<Vec<GateRow>> {
        self.register()?.register.gates()
    }

    /// One credential.
    pub(crate) fn credential(&self, id: &str) -> Result<Option<CredentialRecord>> {
        self.steady(|sealed| {
            let found = sealed.store.credential(id)?;
            if found.is_none() && !sealed.store.history(id)?.is_empty() {
                return Err(credential_not_ours(id));
            }
            found.map(|row| sealed.checked(row)).transpose()
        })
    }

    /// The credential at a status index.
    pub(crate) fn credential_at(&self, list: u32, index: u32) -> Result<Option<CredentialRecord>> {
        self.steady(|sealed| {
            let Some(row) = sealed.store.credential_at(list, index)? else {
                let ledger = sealed.ledger.borrow();
                let is_lost = ledger.is_taken(list, index) && !ledger.is_loose(list, index) && sealed.is_first_entry(list)?;
                return if is_lost { Err(tampered(format!("the credential at entry {index} of list {list}"))) } else { Ok(None) };
            };
            sealed.checked(row).map(Some)
        })
    }

    /// The credentials a filter selects, newest first. Those of one holder are chosen among all, so that none is passed over
    /// because something else changed whose it is.
    pub(crate) fn credentials(&self, filter: &Filter) -> Result<Vec<CredentialRecord>> {
        self.steady(|sealed| {
            let wider = Filter { holder: None, limit: filter.limit.filter(|_| filter.holder.is_none()), ..filter.clone() };
            let mut records = Vec::new();
            for row in sealed.store.credentials(&wider)? {
                let is_ours = sealed.seal.is_credential(&row.record, &row.mac) && sealed.is_state(&row.record)?;
                let record = is_ours.then_some(row.record).ok_or_else(|| credential_not_ours("that the filter selects"))?;
                if filter.holder.as_ref().is_none_or(|holder| *holder == record.holder) {
                    records.push(record);
                }
            }
            records.truncate(filter.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
            Ok(records)
        })
    }

    /// The entries that a credential has in bitstrings, in the order of their lists.
    pub(crate) fn entries(&self, id: &str) -> Result<Vec<Entry>> {
        let register = self.register()?;
        let mut entries = Vec::new();
        for entry in self.given(id)? {
            if matches!(register.register.mechanism(entry.list)?, Some(Mechanism::Bitstring(_))) {
                entries.push(entry);
            }
        }
        entries.sort_unstable();
        Ok(entries)
    }

    /// A credential's history, oldest first.
    pub(crate) fn history(&self, id: &str) -> Result<Vec<StatusEvent>> {
        let mut history = Vec::new();
        for (row, before) in self.store.history(id)? {
            let before = if row.seq == 1 { [0; 32] } else { before.ok_or_else(|| tampered(format!("event {}", row.seq - 1)))? };
            let Some(status) = self.seal.open_event(&before, &row)?.status else { continue };
            if usize::try_from(status.number) != Ok(history.len()) {
                return Err(tampered(format!("the history of the credential {id}")));
            }
            history.push(status.event()?);
        }
        Ok(history)
    }

    /// The offer of a hashed code or token.
    pub(crate) fn offer(&self, secret_hash: &[u8; 32]) -> Result<Option<OfferRow>> {
        self.steady(|sealed| {
            let row = sealed.store.offer(secret_hash)?;
            let ledger = sealed.ledger.borrow();
            match (row, ledger.offer(secret_hash)) {
                (None, None) => Ok(None),
                (Some(row), Some(mark)) if mark.is(&row) => Ok(Some(row)),
                // Forgotten already, whoever wrote it.
                (Some(row), None) if row.expires_at.unix() < ledger.forgotten => Ok(None),
                _ => Err(tampered("an offer")),
            }
        })
    }

    /// How far a device's log was received.
    pub(crate) fn device(&self, id: &str) -> Result<Option<DeviceRow>> {
        self.follow()?;
        self.ledger.borrow().device(id).map(super::event::DeviceMark::row).transpose()
    }

    /// The devices whose logs were received, and how far.
    pub(crate) fn devices(&self) -> Result<Vec<(String, DeviceRow)>> {
        self.follow()?;
        self.ledger.borrow().devices().map(|device| Ok((device.id.clone(), device.row()?))).collect()
    }

    /// Entries that a gate has seen revoked and that are not revoked here, each with the gate.
    pub(crate) fn contradictions(&self) -> Result<Vec<(Entry, String)>> {
        self.follow()?;
        let seen: Vec<(Entry, String)> =
            self.with_ledger(|ledger| ledger.seen().map(|(list, index, gate)| (Entry { list, index }, gate.to_owned())).collect());
        let mut open = Vec::new();
        for (entry, gate) in seen {
            if self.is_unrevoked(entry)? {
                open.push((entry, gate));
            }
        }
        Ok(open)
    }

    /// The hash of one received leaf.
    pub(crate) fn leaf_hash(&self, device: &str, seq: u64) -> Result<Option<[u8; 32]>> {
        Ok(self.leaves(device, seq, 1)?.first().map(|leaf| leaf.hash))
    }

    /// Received leaves from `from_seq` on, at most `limit`: each named by the next, the last by the sealed head.
    pub(crate) fn leaves(&self, device: &str, from_seq: u64, limit: u32) -> Result<Vec<LeafRow>> {
        let lost = || tampered("a record of a gate's log");
        self.steady(|sealed| {
            let Some(held) = sealed.ledger.borrow().device(device).map(super::event::DeviceMark::row).transpose()? else {
                return Ok(Vec::new());
            };
            let mut rows = sealed.store.leaves(device, from_seq, limit.saturating_add(1))?;
            rows.retain(|row| row.seq < held.next_seq);
            let mut named = if rows.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
                let next = rows.pop().ok_or_else(lost)?;
                Leaf::from_bytes(&next.leaf).map_err(|_| lost())?.previous
            } else {
                held.head
            };
            let wanted = held.next_seq.saturating_sub(from_seq).min(limit.into());
            if rows.len() as u64 != wanted {
                return Err(lost());
            }
            for (row, seq) in rows.iter().rev().zip((from_seq..from_seq + wanted).rev()) {
                if row.seq != seq || row.hash != named || Leaf::hash(&row.leaf) != named {
                    return Err(lost());
                }
                named = Leaf::from_bytes(&row.leaf).map_err(|_| lost())?.previous;
            }
            Ok(rows)
        })
    }

    /// The entries that a credential was given when it was issued.
    pub(super) fn given(&self, id: &str) -> Result<Vec<Entry>> {
        let Some((row, before)) = self.store.history(id)?.into_iter().next() else { return Ok(Vec::new()) };
        let before = if row.seq == 1 { [0; 32] } else { before.ok_or_else(|| tampered(format!("event {}", row.seq - 1)))? };
        let event = self.seal.open_event(&before, &row)?;
        Ok(event.taken.into_iter().map(|(list, index)| Entry { list, index }).collect())
    }

    /// Checks a credential's row against its own seal, its history and the lists.
    fn checked(&self, row: SealedCredential) -> Result<CredentialRecord> {
        let SealedCredential { record, mac } = row;
        let not_ours = || credential_not_ours(&record.id);
        if !self.seal.is_credential(&record, &mac) || !self.is_state(&record)? {
            return Err(not_ours());
        }
        let history = self.history(&record.id)?;
        // A message is told in the history too and changes no state.
        let last = history.iter().rev().find(|event| event.from != Some(event.to)).ok_or_else(not_ours)?;
        if (last.to, last.at) == (record.state, record.changed_at) { Ok(record) } else { Err(not_ours()) }
    }

    /// Whether the lists say of a credential what its row says.
    fn is_state(&self, record: &CredentialRecord) -> Result<bool> {
        let ledger = self.ledger.borrow();
        let value = ledger.value(record.list, record.index);
        Ok(ledger.is_taken(record.list, record.index)
            && match self.register()?.register.mechanism(record.list)? {
                Some(Mechanism::TokenList) => State::from_bits(value) == Some(record.state),
                Some(Mechanism::Bitstring(_)) => (value != 0) == (record.state == State::Revoked),
                None => false,
            })
    }

    /// Whether credentials are found by their entry in this list.
    fn is_first_entry(&self, list: u32) -> Result<bool> {
        Ok(match self.register()?.register.mechanism(list)? {
            Some(Mechanism::TokenList) => true,
            Some(Mechanism::Bitstring(entry)) => entry.purpose == StatusPurpose::Revocation,
            None => false,
        })
    }
}

impl Sealed<'_> {
    pub(super) fn with_ledger<T>(&self, read: impl FnOnce(&Ledger) -> T) -> T {
        read(&self.ledger.borrow())
    }
}

pub(super) fn not_ours(document: &str) -> StoreError {
    tampered(format!("the document {document:?}"))
}

fn credential_not_ours(id: &str) -> StoreError {
    tampered(format!("the credential {id}"))
}
