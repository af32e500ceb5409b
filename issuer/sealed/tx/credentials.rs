//! Credentials: issued, their states, their messages.

use super::super::event::{Event, OfferMark, Status};
use super::{Result, Tx, found, pairs};
use crate::names::shown_id;
use crate::store::{CredentialRecord, Entry, Pickup, StatusEvent, StoreError};
use waypass_credential::role::StatusPurpose;

impl Tx<'_> {
    /// Returns how many credentials were issued.
    pub(crate) const fn credential_count(&self) -> u64 {
        self.ledger().credentials
    }

    /// Records a credential with the first entry of its history and uses up what its pick-up names. `entries` are those it has
    /// in bitstrings. [`StoreError::Taken`]: index, id or nonce were used before; [`StoreError::Missing`]: the token is void.
    pub(crate) fn add_credential(
        &mut self,
        record: &CredentialRecord,
        entries: &[Entry],
        issued: &StatusEvent,
        pickup: Option<&Pickup>,
    ) -> Result<()> {
        let own = [Entry { list: record.list, index: record.index }];
        let entries = if entries.is_empty() { &own } else { entries };
        self.look().check_free(entries)?;
        let mut offers = Vec::new();
        if let Some(Pickup { taken, answered, nonce_hash, nonce_until }) = pickup {
            self.look().offer(&taken.secret_hash)?.filter(|offer| *offer == *taken).ok_or(StoreError::Missing)?;
            found(self.rows.remove_offer(&taken.secret_hash))?;
            self.rows.add_offer(answered)?;
            self.rows.use_nonce(nonce_hash, *nonce_until)?;
            offers.push(OfferMark::of(answered));
        }
        let holder = self.seal.add_credential(&mut *self.rows, record)?;
        let holders = vec![self.seal.holder_sum(&record.id, &holder)];
        let event = Event { status: Some(Status::of(0, issued)), taken: pairs(entries), offers, holders, ..Event::default() };
        self.append(Some(&record.id), &event)
    }

    /// Lets a credential be found by the id that a wallet shows for a copy of it.
    pub(crate) fn name_credential(&mut self, id: &str, credential: &[u8]) -> Result<()> {
        let (name, mac) = self.seal.name(&shown_id(credential), id);
        self.rows.name_credential(id, &name, &mac)
    }

    /// Changes a credential's state and appends to its history, if it still is in `event.from`; else [`StoreError::Changed`].
    pub(crate) fn change_state(&mut self, id: &str, event: &StatusEvent) -> Result<()> {
        let (record, revision) = self.look().credential_row(id)?.ok_or(StoreError::Changed)?;
        if Some(record.state) != event.from {
            return Err(StoreError::Changed);
        }
        let mut set = Vec::new();
        for entry in self.look().given(id)? {
            set.extend(self.look().value_for(entry, event.to)?.map(|value| self.look().changed(entry, value)).transpose()?.flatten());
        }
        let record = CredentialRecord { state: event.to, changed_at: event.at, ..record };
        found(self.rows.replace_credential(&self.seal.credential_row(&record, revision + 1)))?;
        self.append_status(id, event, set)
    }

    /// Sets a credential's entry in the list of messages and appends to its history; [`StoreError::Missing`] if it has none.
    pub(crate) fn set_message(&mut self, id: &str, value: u8, event: &StatusEvent) -> Result<()> {
        self.look().credential(id)?.ok_or(StoreError::Missing)?;
        let mut messages = Vec::new();
        for entry in self.look().given(id)? {
            if self.look().purpose(entry.list)? == Some(StatusPurpose::Message) {
                messages.push(entry);
            }
        }
        if messages.is_empty() {
            return Err(StoreError::Missing);
        }
        let set = messages.into_iter().map(|entry| (entry.list, entry.index, value)).collect();
        self.append_status(id, event, set)
    }

    fn append_status(&mut self, id: &str, event: &StatusEvent, set: Vec<(u32, u32, u8)>) -> Result<()> {
        let number = u32::try_from(self.look().history(id)?.len()).map_err(|_| StoreError::Changed)?;
        self.append(Some(id), &Event { status: Some(Status::of(number, event)), set, ..Event::default() })
    }
}
