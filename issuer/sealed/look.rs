//! Reading at one moment: every row is checked against register and events before it is given to anybody.

use super::credential::day;
use super::event::{DeviceMark, Event};
use super::ledger::Ledger;
use super::register::Register;
use super::seal::{Anchor, Seal, tampered};
use super::{Result, holders};
use crate::store::{
    CredentialRecord, CredentialRow, DeviceRow, Entry, EventRow, Filter, LeafRow, OfferRow, Selection, State, StatusEvent, StoreError, Tag,
    View,
};
use waypass_credential::role::{Mechanism, StatusPurpose};
use waypass_trust::audit::Leaf;
use waypass_trust::bundle::Digest;

/// The store at one moment, and what decides if it is believed.
pub(super) struct Look<'l> {
    pub(super) rows: &'l dyn View,
    pub(super) seal: &'l Seal,
    pub(super) version: u64,
    pub(super) mac: &'l [u8; 32],
    pub(super) register: &'l Register,
    pub(super) ledger: &'l Ledger,
}

impl Look<'_> {
    /// Returns how far register and events have come.
    pub(super) const fn anchor(&self) -> Anchor {
        Anchor::new(self.version, *self.mac, self.ledger.seq, self.ledger.head)
    }

    /// Checks that register and events have come as far as the vault knows.
    pub(super) fn check_anchor(&self) -> Result<()> {
        let Some(anchor) = self.seal.kept() else { return Ok(()) };
        anchor.check_register(self.version, self.mac)?;
        let (events, head) = anchor.events();
        let found = if events == 0 { Some([0; 32]) } else { self.rows.event_mac(events)? };
        if found.as_ref() == Some(head) { Ok(()) } else { Err(tampered(format!("event {events}"))) }
    }

    /// Returns a named document, if it was ever written.
    pub(super) fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let lost = || not_ours(name);
        let stored = self.rows.document(name)?;
        let bytes = stored.map(|bytes| self.seal.open_document(name, bytes).ok_or_else(lost)).transpose()?;
        let found = bytes.as_deref().map(Digest::of);
        if found == self.register.documents.get(name).copied() { Ok(bytes) } else { Err(lost()) }
    }

    /// Returns one credential.
    pub(super) fn credential(&self, id: &str) -> Result<Option<CredentialRecord>> {
        Ok(self.credential_row(id)?.map(|(record, _)| record))
    }

    /// Returns one credential and its revision.
    pub(super) fn credential_row(&self, id: &str) -> Result<Option<(CredentialRecord, u32)>> {
        let found = self.rows.credential(id)?;
        if found.is_none() && !self.rows.history(id)?.is_empty() {
            return Err(credential_not_ours(id));
        }
        found.map(|row| Ok((self.checked(&row)?, row.revision))).transpose()
    }

    /// Returns the credential at a status entry.
    pub(super) fn credential_at(&self, list: u32, index: u32) -> Result<Option<CredentialRecord>> {
        let Some(row) = self.rows.credential_at(&self.seal.entry_tag(list, index))? else {
            let ledger = self.ledger;
            let is_lost = ledger.is_taken(list, index) && !ledger.is_loose(list, index) && self.is_first_entry(list)?;
            return if is_lost { Err(tampered(format!("the credential at entry {index} of list {list}"))) } else { Ok(None) };
        };
        self.checked(&row).map(Some)
    }

    /// Returns the credentials a filter selects, newest first. Rows are chosen by their tags, opened, and judged by what is in them.
    pub(super) fn credentials(&self, filter: &Filter) -> Result<Vec<CredentialRecord>> {
        let holder = filter.holder.as_deref().map(|holder| self.seal.holder_tag(holder));
        if let Some(holder) = &holder {
            self.check_holders(holder)?;
        }
        let selection = Selection {
            state: filter.state,
            holder,
            role: filter.role.as_deref().map(|role| self.seal.role_tag(role)),
            ends: self.ends(filter)?,
            id_prefix: filter.id_prefix.clone(),
            before: filter.before.clone(),
        };
        let most = filter.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let text = filter.text.as_ref().map(|text| text.to_lowercase());
        let mut records = Vec::new();
        if most == 0 {
            return Ok(records);
        }
        self.rows.credentials(&selection, &mut |row| {
            let record = self.seal.open_credential(&row)?.filter(|record| self.is_state(record).unwrap_or(false));
            let record = record.ok_or_else(|| credential_not_ours("that the filter selects"))?;
            if filter.selects(&record, text.as_deref()) {
                records.push(record);
            }
            Ok(records.len() < most)
        })?;
        Ok(records)
    }

    /// Returns the tags of the days on which what a filter selects may end.
    fn ends(&self, filter: &Filter) -> Result<Option<Vec<Tag>>> {
        let first = filter.ends_after.map_or(i64::MIN, |at| day(at.unix()));
        let last = filter.ended_by.map_or(i64::MAX, |at| day(at.unix()));
        if (first, last) == (i64::MIN, i64::MAX) {
            return Ok(None);
        }
        let mut tags = Vec::new();
        for (tag, body) in self.rows.days()? {
            if (first..=last).contains(&self.seal.open_day(&tag, &body)?) {
                tags.push(tag);
            }
        }
        Ok(Some(tags))
    }

    /// Returns the entries that a credential has in bitstrings, in the order of their lists.
    pub(super) fn entries(&self, id: &str) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in self.given(id)? {
            if matches!(self.register.mechanism(entry.list)?, Some(Mechanism::Bitstring(_))) {
                entries.push(entry);
            }
        }
        entries.sort_unstable();
        Ok(entries)
    }

    /// Returns a credential's history, oldest first.
    pub(super) fn history(&self, id: &str) -> Result<Vec<StatusEvent>> {
        let mut history = Vec::new();
        for (row, before) in self.rows.history(id)? {
            let Some(status) = self.opened(&row, before)?.status else { continue };
            if usize::try_from(status.number) != Ok(history.len()) {
                return Err(tampered(format!("the history of the credential {id}")));
            }
            history.push(status.event()?);
        }
        Ok(history)
    }

    /// Opens an event that follows the one with the sum `before`; the first follows none.
    fn opened(&self, row: &EventRow, before: Option<[u8; 32]>) -> Result<Event> {
        let before = if row.seq == 1 { [0; 32] } else { before.ok_or_else(|| tampered(format!("event {}", row.seq - 1)))? };
        self.seal.open_event(&before, row)
    }

    /// Returns the offer of a hashed code or token.
    pub(super) fn offer(&self, secret_hash: &[u8; 32]) -> Result<Option<OfferRow>> {
        let row = self.rows.offer(secret_hash)?;
        let ledger = self.ledger;
        match (row, ledger.offer(secret_hash)) {
            (None, None) => Ok(None),
            (Some(row), Some(mark)) if mark.is(&row) => Ok(Some(row)),
            // Forgotten already, by any writer.
            (Some(row), None) if row.expires_at.unix() < ledger.forgotten => Ok(None),
            _ => Err(tampered("an offer")),
        }
    }

    /// Returns how far a device's log was received.
    pub(super) fn device(&self, id: &str) -> Result<Option<DeviceRow>> {
        self.ledger.device(id).map(DeviceMark::row).transpose()
    }

    /// Returns the hash of one received leaf.
    pub(super) fn leaf_hash(&self, device: &str, seq: u64) -> Result<Option<[u8; 32]>> {
        Ok(self.leaves(device, seq, 1)?.first().map(|leaf| leaf.hash))
    }

    /// Received leaves from `from_seq` on, at most `limit`: each named by the next, the last by the sealed head.
    pub(super) fn leaves(&self, device: &str, from_seq: u64, limit: u32) -> Result<Vec<LeafRow>> {
        let lost = || tampered("a record of a gate's log");
        let Some(held) = self.device(device)? else {
            return Ok(Vec::new());
        };
        let mut rows = self.rows.leaves(device, from_seq, limit.saturating_add(1))?;
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
    }

    /// Returns the entries that a credential was given when it was issued.
    pub(super) fn given(&self, id: &str) -> Result<Vec<Entry>> {
        let Some((row, before)) = self.rows.history(id)?.into_iter().next() else { return Ok(Vec::new()) };
        let event = self.opened(&row, before)?;
        Ok(event.taken.into_iter().map(|(list, index)| Entry { list, index }).collect())
    }

    /// Checks that no row of this holder's bucket was changed, added or deleted by something else.
    fn check_holders(&self, holder: &Tag) -> Result<()> {
        let bucket = holders::bucket(holder);
        let (first, last) = holders::tags_of(bucket);
        let mut sum = [0; 32];
        for (id, holder) in self.rows.holders(&first, &last)? {
            holders::add(&mut sum, &self.seal.holder_sum(&id, &holder).1.0);
        }
        if sum == self.ledger.holders(bucket) { Ok(()) } else { Err(tampered("whose credentials these are")) }
    }

    /// Opens a credential's row and checks it against its history and the lists.
    fn checked(&self, row: &CredentialRow) -> Result<CredentialRecord> {
        let not_ours = || credential_not_ours(&row.id);
        let record = self.seal.open_credential(row)?.ok_or_else(not_ours)?;
        let history = self.history(&record.id)?;
        // A message is told in the history too and changes no state.
        let last = history.iter().rev().find(|event| event.from != Some(event.to)).ok_or_else(not_ours)?;
        let is_last = (last.to, last.at) == (record.state, record.changed_at);
        if is_last && self.is_state(&record)? { Ok(record) } else { Err(not_ours()) }
    }

    /// Returns true if the lists say of a credential what its row says.
    fn is_state(&self, record: &CredentialRecord) -> Result<bool> {
        let ledger = self.ledger;
        let value = ledger.value(record.list, record.index);
        Ok(ledger.is_taken(record.list, record.index)
            && match self.register.mechanism(record.list)? {
                Some(Mechanism::TokenList) => State::from_bits(value) == Some(record.state),
                Some(Mechanism::Bitstring(_)) => (value != 0) == (record.state == State::Revoked),
                None => false,
            })
    }

    /// Returns true if credentials are found by their entry in this list.
    fn is_first_entry(&self, list: u32) -> Result<bool> {
        Ok(match self.register.mechanism(list)? {
            Some(Mechanism::TokenList) => true,
            Some(Mechanism::Bitstring(entry)) => entry.purpose == StatusPurpose::Revocation,
            None => false,
        })
    }

    pub(super) fn check_free(&self, entries: &[Entry]) -> Result<()> {
        let is_taken = |entry: &Entry| self.ledger.is_taken(entry.list, entry.index);
        if entries.iter().any(is_taken) { Err(StoreError::Taken) } else { Ok(()) }
    }

    /// Returns what an entry says of a credential in this state; `None` if that is not what its list is about.
    pub(super) fn value_for(&self, entry: Entry, state: State) -> Result<Option<u8>> {
        Ok(match self.purpose(entry.list)? {
            None => Some(state.bits()),
            Some(StatusPurpose::Revocation) => Some((state == State::Revoked).into()),
            Some(StatusPurpose::Suspension) => Some((state == State::Suspended).into()),
            Some(StatusPurpose::Message | StatusPurpose::Refresh) => None,
        })
    }

    /// Returns the change that gives an entry this value, if it has another. A revocation is final, whatever a program asks.
    pub(super) fn changed(&self, entry: Entry, value: u8) -> Result<Option<(u32, u32, u8)>> {
        let Entry { list, index } = entry;
        let held = self.ledger.value(list, index);
        let is_revoked = match self.purpose(list)? {
            None => held == State::Revoked.bits(),
            Some(purpose) => purpose == StatusPurpose::Revocation && held != 0,
        };
        if held == value {
            Ok(None)
        } else if is_revoked {
            Err(StoreError::Taken)
        } else {
            Ok(Some((list, index, value)))
        }
    }

    /// Returns true if an entry of one of our lists that can say "revoked" does not say it.
    pub(super) fn is_unrevoked(&self, entry: Entry) -> Result<bool> {
        let value = self.ledger.value(entry.list, entry.index);
        Ok(match self.register.mechanism(entry.list)? {
            Some(Mechanism::TokenList) => value != State::Revoked.bits(),
            Some(Mechanism::Bitstring(list)) => list.purpose == StatusPurpose::Revocation && value == 0,
            // Its number comes with targets that this issuer does not know, and those are noticed.
            None => false,
        })
    }

    /// Returns the purpose of a bitstring; `None` for a token list.
    pub(super) fn purpose(&self, list: u32) -> Result<Option<StatusPurpose>> {
        match self.register.mechanism(list)? {
            Some(Mechanism::TokenList) => Ok(None),
            Some(Mechanism::Bitstring(entry)) => Ok(Some(entry.purpose)),
            None => Err(StoreError::Corrupt("an entry of a list that is not there")),
        }
    }
}

pub(super) fn not_ours(document: &str) -> StoreError {
    tampered(format!("the document {document:?}"))
}

fn credential_not_ours(id: &str) -> StoreError {
    tampered(format!("the credential {id}"))
}

impl Filter {
    /// Returns true if a record matches every given part; `text` is that of the filter in lower case.
    fn selects(&self, record: &CredentialRecord, text: Option<&str>) -> bool {
        self.state.is_none_or(|state| record.state == state)
            && self.holder.as_ref().is_none_or(|holder| record.holder == *holder)
            && self.role.as_ref().is_none_or(|role| record.roles.contains(role))
            && self.ends_after.is_none_or(|at| record.valid_until > at)
            && self.ended_by.is_none_or(|at| record.valid_until <= at)
            && text.is_none_or(|text| record.id.starts_with(text) || record.label.to_lowercase().contains(text))
    }
}
