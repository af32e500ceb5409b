//! What is looked at whenever an issuer is opened: everything but the single credential, whose row is checked when it is read.

use super::read::not_ours;
use super::seal::tampered;
use super::{Result, Sealed};
use crate::store::{Counts, Documents as _, OfferRow, State};
use waypass_credential::role::{Mechanism, StatusPurpose};

impl Sealed<'_> {
    /// Checks that documents, offers, withdrawn credentials and the number of rows are what register and events say.
    pub(super) fn inspect(&self) -> Result<()> {
        let names = self.store.document_names()?;
        let register = self.register()?;
        let known = &register.register.documents;
        if let Some(name) = names.iter().find(|name| !known.contains_key(*name)) {
            return Err(not_ours(name));
        }
        for name in known.keys() {
            self.document(name)?;
        }
        self.inspect_offers()?;
        // The last record of each log stands for those before it, which are checked when they are read.
        for (device, held) in self.devices()? {
            self.leaves(&device, held.next_seq.saturating_sub(1), 1)?;
        }
        for list in &register.register.lists {
            self.inspect_withdrawn(list.id, &list.mechanism()?)?;
        }
        let counts = self.with_ledger(|ledger| Counts { credentials: ledger.credentials, events: ledger.seq });
        let found = self.store.counts()?;
        for (what, found, known) in
            [("the number of credentials", found.credentials, counts.credentials), ("the number of events", found.events, counts.events)]
        {
            if found != known {
                return Err(tampered(format!("{what} ({found}, should be {known})")));
            }
        }
        Ok(())
    }

    fn inspect_offers(&self) -> Result<()> {
        let offers = self.store.offers()?;
        self.with_ledger(|ledger| {
            let is_known = |offer: &&OfferRow| ledger.offer(&offer.secret_hash).is_some_and(|mark| mark.is(offer));
            let held = offers.iter().filter(is_known).count();
            let is_whole = held == offers.len() && held == ledger.offers().count();
            is_whole.then_some(()).ok_or_else(|| tampered("an offer"))
        })
    }

    /// The states of credentials' rows, which commands search by, and the entries of their list.
    fn inspect_withdrawn(&self, list: u32, mechanism: &Mechanism) -> Result<()> {
        let is_found = match mechanism {
            Mechanism::TokenList => |_: State| true,
            Mechanism::Bitstring(entry) if entry.purpose == StatusPurpose::Revocation => |state: State| state == State::Revoked,
            Mechanism::Bitstring(_) => return Ok(()),
        };
        let mut rows = self.store.withdrawn(list)?.into_iter().filter(|(_, state)| is_found(*state));
        self.with_ledger(|ledger| {
            let mut entries = ledger.set(list).filter(|(index, _)| !ledger.is_loose(list, *index));
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
        })
    }
}
