//! Changing: the register by compare and swap, everything else by an event at the end of the chain.

use super::event::{DeviceMark, Event, OfferMark, Status};
use super::seal::tampered;
use super::{Result, Sealed};
use crate::store::{
    CredentialRecord, DeviceRow, Entry, GateRow, KeyRow, LeafRow, OfferRow, Pickup, Rows, SealedCredential, State, StatusEvent, StoreError,
    TxCode,
};
use waypass_credential::role::{Mechanism, StatusPurpose};
use waypass_credential::time::Timestamp;

impl Sealed<'_> {
    /// Writes named documents, all of them or none; [`StoreError::Changed`] if another process changed one that this one has read.
    pub(crate) fn set_documents(&mut self, documents: &[(&str, &[u8])]) -> Result<()> {
        let seen = self.seen.borrow().clone();
        self.change(documents, |register| {
            let is_as_seen = |(name, _): &(&str, &[u8])| {
                let held = register.documents.get(*name).copied();
                seen.get(*name).is_none_or(|seen| *seen == held)
            };
            if documents.iter().all(is_as_seen) { Ok(()) } else { Err(StoreError::Changed) }
        })
    }

    /// Moves the counter `name` from `before` to `version` and writes the documents of that version. A counter that was never
    /// moved is at 0. [`StoreError::Changed`] where it is not at `before`, because another process moved it.
    pub(crate) fn advance(&mut self, name: &str, before: u64, version: u64, documents: &[(&str, &[u8])]) -> Result<()> {
        self.change(documents, |register| {
            let counter = register.counters.entry(name.to_owned()).or_default();
            if *counter != before || version <= before {
                return Err(StoreError::Changed);
            }
            *counter = version;
            Ok(())
        })
    }

    /// Raises the counter `name` by one and gives its value, 1 first. Durable before it returns, so no number is given twice.
    pub(crate) fn next_version(&mut self, name: &str) -> Result<u64> {
        self.change(&[], |register| {
            let counter = register.counters.entry(name.to_owned()).or_default();
            *counter += 1;
            Ok(*counter)
        })
    }

    /// Raises counters to at least these values.
    pub(crate) fn raise_versions(&mut self, counters: &[(&str, u64)]) -> Result<()> {
        self.change(&[], |register| {
            for (name, least) in counters {
                let counter = register.counters.entry((*name).to_owned()).or_default();
                *counter = (*counter).max(*least);
            }
            Ok(())
        })
    }

    /// Registers keys or replaces their records.
    pub(crate) fn put_keys(&mut self, keys: &[KeyRow]) -> Result<()> {
        self.change(&[], |register| {
            for key in keys {
                register.put_key(key);
            }
            Ok(())
        })
    }

    /// Enrols a gate or replaces its record.
    pub(crate) fn put_gate(&mut self, gate: &GateRow) -> Result<()> {
        self.change(&[], |register| {
            register.put_gate(gate);
            Ok(())
        })
    }

    /// Opens a further list.
    pub(crate) fn open_list(&mut self, mechanism: &Mechanism, capacity: u32) -> Result<u32> {
        self.change(&[], |register| Ok(register.open_list(mechanism, capacity)))
    }

    /// Gives entries of bitstrings to a document that is not on record; [`StoreError::Taken`] if one was given before.
    pub(crate) fn take_entries(&mut self, entries: &[Entry]) -> Result<()> {
        self.again(|sealed| {
            sealed.check_free(entries)?;
            sealed.append(None, &Event { taken: pairs(entries), ..Event::default() }, &Rows::Unchanged)
        })
    }

    /// Sets such an entry; [`StoreError::Missing`] if it was not given to a document that is not on record, [`StoreError::Taken`]
    /// if that would take back a revocation.
    pub(crate) fn set_entry(&mut self, entry: Entry, value: u8) -> Result<()> {
        self.again(|sealed| {
            if !sealed.with_ledger(|ledger| ledger.is_loose(entry.list, entry.index)) {
                return Err(StoreError::Missing);
            }
            let Some(set) = sealed.changed(entry, value)? else { return Ok(()) };
            sealed.append(None, &Event { set: vec![set], ..Event::default() }, &Rows::Unchanged)
        })
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
        let row = SealedCredential { record: record.clone(), mac: self.seal.credential(record) };
        let own = [Entry { list: record.list, index: record.index }];
        let entries = if entries.is_empty() { &own } else { entries };
        self.again(|sealed| {
            sealed.check_free(entries)?;
            let mut offers = Vec::new();
            if let Some(pickup) = pickup {
                sealed.offer(&pickup.taken.secret_hash)?.filter(|offer| *offer == pickup.taken).ok_or(StoreError::Missing)?;
                offers.push(OfferMark::of(&pickup.answered));
            }
            let event = Event { status: Some(Status::of(0, issued)), taken: pairs(entries), offers, ..Event::default() };
            sealed.append(Some(&record.id), &event, &Rows::Credential(&row, pickup))
        })
    }

    /// Changes a credential's state and appends to its history, if it still is in `event.from`; else [`StoreError::Changed`].
    pub(crate) fn change_state(&mut self, id: &str, event: &StatusEvent) -> Result<()> {
        self.again(|sealed| {
            let record = sealed.credential(id)?.ok_or(StoreError::Changed)?;
            if Some(record.state) != event.from {
                return Err(StoreError::Changed);
            }
            let mut set = Vec::new();
            for entry in sealed.given(id)? {
                set.extend(sealed.value_for(entry, event.to)?.map(|value| sealed.changed(entry, value)).transpose()?.flatten());
            }
            let rows = Rows::State { id, state: event.to, at: event.at };
            sealed.append_status(id, event, set, &rows)
        })
    }

    /// Sets a credential's entry in the list of messages and appends to its history; [`StoreError::Missing`] if it has none.
    pub(crate) fn set_message(&mut self, id: &str, value: u8, event: &StatusEvent) -> Result<()> {
        self.again(|sealed| {
            sealed.credential(id)?.ok_or(StoreError::Missing)?;
            let mut messages = Vec::new();
            for entry in sealed.given(id)? {
                if sealed.purpose(entry.list)? == Some(StatusPurpose::Message) {
                    messages.push(entry);
                }
            }
            if messages.is_empty() {
                return Err(StoreError::Missing);
            }
            let set = messages.into_iter().map(|entry| (entry.list, entry.index, value)).collect();
            sealed.append_status(id, event, set, &Rows::Unchanged)
        })
    }

    /// Records an offer.
    pub(crate) fn add_offer(&mut self, offer: &OfferRow) -> Result<()> {
        self.again(|sealed| {
            let event = Event { offers: vec![OfferMark::of(offer)], ..Event::default() };
            sealed.append(None, &event, &Rows::Offer(offer))
        })
    }

    /// Counts a transaction code try before it is judged and gives the tries that were left with this one;
    /// [`StoreError::Missing`] when there were none.
    pub(crate) fn count_try(&mut self, secret_hash: &[u8; 32]) -> Result<u8> {
        self.again(|sealed| {
            let mut offer = sealed.offer(secret_hash)?.ok_or(StoreError::Missing)?;
            let code = offer.tx_code.filter(|code| code.tries_left > 0).ok_or(StoreError::Missing)?;
            offer.tx_code = Some(TxCode { tries_left: code.tries_left - 1, ..code });
            let event = Event { offers: vec![OfferMark::of(&offer)], ..Event::default() };
            sealed.append(None, &event, &Rows::Replace(secret_hash, &offer))?;
            Ok(code.tries_left)
        })
    }

    /// Forgets an offer.
    pub(crate) fn drop_offer(&mut self, secret_hash: &[u8; 32]) -> Result<()> {
        self.again(|sealed| {
            if sealed.offer(secret_hash)?.is_none() {
                return Ok(());
            }
            let event = Event { offers: vec![OfferMark::gone(secret_hash)], ..Event::default() };
            sealed.append(None, &event, &Rows::Drop(secret_hash))
        })
    }

    /// Exchanges a code for an access token; [`StoreError::Missing`] if the code is void or was exchanged.
    pub(crate) fn exchange_offer(&mut self, code_hash: &[u8; 32], token_hash: &[u8; 32], sealed: &[u8], until: Timestamp) -> Result<()> {
        self.again(|store| {
            let offer = store.offer(code_hash)?.filter(|offer| !offer.exchanged).ok_or(StoreError::Missing)?;
            let (secret_hash, sealed) = (*token_hash, sealed.to_vec());
            let offer = OfferRow { secret_hash, tx_code: None, sealed, expires_at: until, exchanged: true, ..offer };
            let offers = vec![OfferMark::gone(code_hash), OfferMark::of(&offer)];
            store.append(None, &Event { offers, ..Event::default() }, &Rows::Replace(code_hash, &offer))
        })
    }

    /// Forgets offers and nonces that expired.
    pub(crate) fn purge(&mut self, at: Timestamp) -> Result<()> {
        self.again(|sealed| {
            let is_due = sealed.with_ledger(|ledger| ledger.offers().any(|offer| offer.until < at.unix()));
            if !is_due {
                return Ok(());
            }
            sealed.append(None, &Event { forget: Some(at.unix()), ..Event::default() }, &Rows::Purge(at))
        })
    }

    /// Appends leaves to a device's log if it still expects the first of them; else [`StoreError::Changed`]. `targets` is the newest
    /// version of the targets that they name.
    pub(crate) fn append_leaves(&mut self, device: &str, leaves: &[LeafRow], head: &[u8; 32], targets: u64) -> Result<()> {
        let Some(first) = leaves.first() else { return Ok(()) };
        self.again(|sealed| {
            let held = sealed.device(device)?.unwrap_or(DeviceRow::NEW);
            let is_next = held.next_seq == first.seq && (first.seq..).zip(leaves).all(|(seq, leaf)| leaf.seq == seq);
            if !is_next {
                return Err(StoreError::Changed);
            }
            let next_seq = first.seq + leaves.len() as u64;
            let row = DeviceRow { next_seq, head: *head, targets: held.targets.max(targets), ..held };
            sealed.append_device(device, &row, &Rows::Leaves(device, leaves))
        })
    }

    /// Notes that a device began to send after what is held of its log, which has `size` records.
    pub(crate) fn note_ahead(&mut self, device: &str, size: u64) -> Result<()> {
        self.again(|sealed| {
            let held = sealed.device(device)?.unwrap_or(DeviceRow::NEW);
            if held.forgiven || size <= held.next_seq.max(held.ahead) {
                return Ok(());
            }
            sealed.append_device(device, &DeviceRow { ahead: size, ..held }, &Rows::Unchanged)
        })
    }

    /// Notes that somebody knows why a device is ahead.
    pub(crate) fn forgive(&mut self, device: &str) -> Result<()> {
        self.again(|sealed| match sealed.device(device)? {
            Some(held) if !held.forgiven => sealed.append_device(device, &DeviceRow { forgiven: true, ..held }, &Rows::Unchanged),
            _ => Ok(()),
        })
    }

    /// Notes entries that a gate has seen revoked and that are not revoked here.
    pub(crate) fn note_seen(&mut self, device: &str, entries: &[Entry]) -> Result<()> {
        self.again(|sealed| {
            let mut seen = Vec::new();
            for entry in entries {
                let is_noted =
                    sealed.with_ledger(|ledger| ledger.seen().any(|(list, index, _)| (list, index) == (entry.list, entry.index)));
                if !is_noted && sealed.is_unrevoked(*entry)? {
                    seen.push((entry.list, entry.index, device.to_owned()));
                }
            }
            if seen.is_empty() { Ok(()) } else { sealed.append(None, &Event { seen, ..Event::default() }, &Rows::Unchanged) }
        })
    }

    /// Revokes an entry whose credential this issuer does not know.
    pub(crate) fn revoke_unknown(&mut self, entry: Entry) -> Result<()> {
        self.again(|sealed| {
            sealed.check_free(&[entry])?;
            let event = Event { taken: pairs(&[entry]), set: vec![(entry.list, entry.index, State::Revoked.bits())], ..Event::default() };
            sealed.append(None, &event, &Rows::Unchanged)
        })
    }

    /// Marks a device that contradicted itself.
    pub(crate) fn flag_fork(&mut self, device: &str, at: Timestamp, seq: u64) -> Result<()> {
        self.again(|sealed| {
            let held = sealed.device(device)?.unwrap_or(DeviceRow::NEW);
            // The first contradiction is the one to look into; later ones follow from it.
            if held.forked.is_some() {
                return Ok(());
            }
            sealed.append_device(device, &DeviceRow { forked: Some((at, seq)), ..held }, &Rows::Unchanged)
        })
    }

    fn append_device(&mut self, id: &str, row: &DeviceRow, rows: &Rows<'_>) -> Result<()> {
        self.append(None, &Event { device: Some(DeviceMark::of(id, row)), ..Event::default() }, rows)
    }

    fn append_status(&mut self, id: &str, event: &StatusEvent, set: Vec<(u32, u32, u8)>, rows: &Rows<'_>) -> Result<()> {
        let number = u32::try_from(self.history(id)?.len()).map_err(|_| StoreError::Changed)?;
        self.append(Some(id), &Event { status: Some(Status::of(number, event)), set, ..Event::default() }, rows)
    }

    /// Appends an event after the last that this process has read.
    fn append(&mut self, credential: Option<&str>, event: &Event, rows: &Rows<'_>) -> Result<()> {
        let row = self.with_ledger(|ledger| self.seal.event(&ledger.head, ledger.seq + 1, credential, event));
        match self.store.append(&row, rows) {
            // Register and events agree on what there is, so a row that is not there was deleted.
            Err(StoreError::Missing) => return Err(tampered("a row to change")),
            done => done?,
        }
        self.ledger.borrow_mut().apply(credential, event, &row.mac);
        // The event is stored, whatever becomes of its summary.
        drop(self.summarize());
        Ok(())
    }

    /// Does `work` again from the newest event on while another process comes before it.
    fn again<T>(&mut self, mut work: impl FnMut(&mut Self) -> Result<T>) -> Result<T> {
        loop {
            self.follow()?;
            let before = self.with_ledger(|ledger| ledger.seq);
            match work(self) {
                Err(StoreError::Overtaken) => {}
                done => return done,
            }
            self.follow()?;
            if self.with_ledger(|ledger| ledger.seq) == before {
                // Nobody came before it: the events that it follows are gone.
                return Err(tampered(format!("event {before}")));
            }
        }
    }

    fn check_free(&self, entries: &[Entry]) -> Result<()> {
        let is_taken = |entry: &Entry| self.with_ledger(|ledger| ledger.is_taken(entry.list, entry.index));
        if entries.iter().any(is_taken) { Err(StoreError::Taken) } else { Ok(()) }
    }

    /// What an entry says of a credential in this state; `None` if that is not what its list is about.
    fn value_for(&self, entry: Entry, state: State) -> Result<Option<u8>> {
        Ok(match self.purpose(entry.list)? {
            None => Some(state.bits()),
            Some(StatusPurpose::Revocation) => Some((state == State::Revoked).into()),
            Some(StatusPurpose::Suspension) => Some((state == State::Suspended).into()),
            Some(StatusPurpose::Message | StatusPurpose::Refresh) => None,
        })
    }

    /// The change that gives an entry this value, if it has another. A revocation is final, whatever a program asks.
    fn changed(&self, entry: Entry, value: u8) -> Result<Option<(u32, u32, u8)>> {
        let Entry { list, index } = entry;
        let held = self.with_ledger(|ledger| ledger.value(list, index));
        let is_revoked = match self.purpose(list)? {
            None => held == State::Revoked.bits(),
            Some(purpose) => purpose == StatusPurpose::Revocation && held != 0,
        };
        match () {
            () if held == value => Ok(None),
            () if is_revoked => Err(StoreError::Taken),
            () => Ok(Some((list, index, value))),
        }
    }

    /// Whether an entry of one of our lists that can say "revoked" does not say it.
    pub(super) fn is_unrevoked(&self, entry: Entry) -> Result<bool> {
        let value = self.with_ledger(|ledger| ledger.value(entry.list, entry.index));
        Ok(match self.register()?.register.mechanism(entry.list)? {
            Some(Mechanism::TokenList) => value != State::Revoked.bits(),
            Some(Mechanism::Bitstring(list)) => list.purpose == StatusPurpose::Revocation && value == 0,
            // Its number comes with targets that this issuer does not know, and those are noticed.
            None => false,
        })
    }

    /// What a bitstring is about; `None` for a token list.
    fn purpose(&self, list: u32) -> Result<Option<StatusPurpose>> {
        match self.register()?.register.mechanism(list)? {
            Some(Mechanism::TokenList) => Ok(None),
            Some(Mechanism::Bitstring(entry)) => Ok(Some(entry.purpose)),
            None => Err(StoreError::Corrupt("an entry of a list that is not there")),
        }
    }
}

fn pairs(entries: &[Entry]) -> Vec<(u32, u32)> {
    entries.iter().map(|entry| (entry.list, entry.index)).collect()
}
