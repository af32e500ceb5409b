//! The checks whenever an issuer is opened: everything but the single credential, whose row is checked when it is read.

use super::Result;
use super::look::{Look, not_ours};
use super::seal::tampered;
use crate::store::{OfferRow, State, Tag};
use std::collections::HashMap;
use waypass_credential::role::{Mechanism, StatusPurpose};

impl Look<'_> {
    /// Checks that documents, offers, withdrawn credentials and the number of rows are what register and events say.
    pub(super) fn inspect(&self) -> Result<()> {
        let names = self.rows.document_names()?;
        let known = &self.register.documents;
        if let Some(name) = names.iter().find(|name| !known.contains_key(*name)) {
            return Err(not_ours(name));
        }
        for name in known.keys() {
            self.document(name)?;
        }
        self.inspect_offers()?;
        // The last record of each log stands for those before it, which are checked when they are read.
        for device in self.ledger.devices() {
            self.leaves(&device.id, device.row()?.next_seq.saturating_sub(1), 1)?;
        }
        self.inspect_withdrawn()?;
        let credentials = (self.rows.credential_count()?, self.ledger.credentials);
        let events = (self.rows.event_count()?, self.ledger.seq);
        for (what, (found, known)) in [("the number of credentials", credentials), ("the number of events", events)] {
            if found != known {
                return Err(tampered(format!("{what} ({found}, should be {known})")));
            }
        }
        Ok(())
    }

    fn inspect_offers(&self) -> Result<()> {
        let offers = self.rows.offers()?;
        let is_known = |offer: &&OfferRow| self.ledger.offer(&offer.secret_hash).is_some_and(|mark| mark.is(offer));
        let held = offers.iter().filter(is_known).count();
        let is_whole = held == offers.len() && held == self.ledger.offers().count();
        is_whole.then_some(()).ok_or_else(|| tampered("an offer"))
    }

    /// Checks the states of credentials' rows, which commands search by, and the entries of their lists.
    fn inspect_withdrawn(&self) -> Result<()> {
        let wrong = |list: u32, index: u32| tampered(format!("the state of the credential at entry {index} of list {list}"));
        let mut rows: HashMap<Tag, State> = self.rows.withdrawn()?.into_iter().collect();
        let mut suspended = 0;
        for list in &self.register.lists {
            let entries = self.ledger.set(list.id).filter(|(index, _)| !self.ledger.is_loose(list.id, *index));
            match list.mechanism()? {
                Mechanism::Bitstring(entry) if entry.purpose == StatusPurpose::Suspension => suspended += entries.count(),
                Mechanism::Bitstring(entry) if entry.purpose != StatusPurpose::Revocation => {}
                kind => {
                    for (index, value) in entries {
                        let state = rows.remove(&self.seal.entry_tag(list.id, index)).ok_or_else(|| wrong(list.id, index))?;
                        let is_state = if kind == Mechanism::TokenList { state.bits() == value } else { state == State::Revoked };
                        if !is_state {
                            return Err(wrong(list.id, index));
                        }
                    }
                }
            }
        }
        // Those that remain are suspended in bitstrings, found by another entry.
        if rows.len() != suspended || rows.values().any(|state| *state != State::Suspended) {
            return Err(tampered("the state of the credential of another entry"));
        }
        Ok(())
    }
}
