//! What is looked at whenever an issuer is opened: everything but the single credential, whose row is checked when it is read.

use super::Result;
use super::look::{Look, not_ours};
use super::seal::tampered;
use crate::store::{OfferRow, State};
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
        for list in &self.register.lists {
            self.inspect_withdrawn(list.id, &list.mechanism()?)?;
        }
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

    /// The states of credentials' rows, which commands search by, and the entries of their list.
    fn inspect_withdrawn(&self, list: u32, mechanism: &Mechanism) -> Result<()> {
        let is_found = match mechanism {
            Mechanism::TokenList => |_: State| true,
            Mechanism::Bitstring(entry) if entry.purpose == StatusPurpose::Revocation => |state: State| state == State::Revoked,
            Mechanism::Bitstring(_) => return Ok(()),
        };
        let mut rows = self.rows.withdrawn(list)?.into_iter().filter(|(_, state)| is_found(*state));
        let mut entries = self.ledger.set(list).filter(|(index, _)| !self.ledger.is_loose(list, *index));
        loop {
            match (rows.next(), entries.next()) {
                (None, None) => return Ok(()),
                (Some((row, state)), Some((entry, value))) if row == entry && state.bits() == value => {}
                (row, entry) => {
                    let index = [row.map(|(index, _)| index), entry.map(|(index, _)| index)].into_iter().flatten().min();
                    let index = index.unwrap_or_default();
                    return Err(tampered(format!("the state of the credential at entry {index} of list {list}")));
                }
            }
        }
    }
}
