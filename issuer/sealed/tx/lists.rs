//! Entries of documents that are not on record.

use super::super::event::Event;
use super::{Result, Tx, pairs};
use crate::store::{Entry, State, StoreError};

impl Tx<'_> {
    /// Gives entries of bitstrings to a document that is not on record; [`StoreError::Taken`] if one was given before.
    pub(crate) fn take_entries(&mut self, entries: &[Entry]) -> Result<()> {
        self.look().check_free(entries)?;
        self.append(None, &Event { taken: pairs(entries), ..Event::default() })
    }

    /// Sets such an entry. [`StoreError::Missing`] if it was not given to a document that is not on record, [`StoreError::Taken`]
    /// if that would take back a revocation.
    pub(crate) fn set_entry(&mut self, entry: Entry, value: u8) -> Result<()> {
        if !self.ledger().is_loose(entry.list, entry.index) {
            return Err(StoreError::Missing);
        }
        let Some(set) = self.look().changed(entry, value)? else { return Ok(()) };
        self.append(None, &Event { set: vec![set], ..Event::default() })
    }

    /// Revokes an entry whose credential this issuer does not know.
    pub(crate) fn revoke_unknown(&mut self, entry: Entry) -> Result<()> {
        self.look().check_free(&[entry])?;
        let event = Event { taken: pairs(&[entry]), set: vec![(entry.list, entry.index, State::Revoked.bits())], ..Event::default() };
        self.append(None, &event)
    }
}
