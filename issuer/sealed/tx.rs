//! Changing: a transaction that a verb fills and that is committed once. The register is replaced whole; everything else is an event
//! at the end of the chain and the rows that change with it.

use super::Result;
use super::event::Event;
use super::ledger::Ledger;
use super::look::Look;
use super::memory::Memory;
use super::register::Register;
use super::seal::{Seal, tampered};
use crate::store::{self, Entry, StoreError};
use std::collections::BTreeMap;
use waypass_trust::bundle::Digest;

mod credentials;
mod lists;
mod logs;
mod offers;
mod register;

pub(crate) struct Tx<'t> {
    rows: Box<dyn store::Tx + 't>,
    seal: &'t Seal,
    memory: &'t mut Memory,
    seen: &'t mut BTreeMap<String, Option<Digest>>,
    /// The register as this transaction leaves it, if it changes it.
    register: Option<Register>,
    /// Documents that it wrote.
    written: Vec<(String, Digest)>,
}

impl<'t> Tx<'t> {
    pub(super) fn new(
        rows: Box<dyn store::Tx + 't>,
        seal: &'t Seal,
        memory: &'t mut Memory,
        seen: &'t mut BTreeMap<String, Option<Digest>>,
    ) -> Self {
        Self { rows, seal, memory, seen, register: None, written: Vec::new() }
    }

    /// Makes all of it durable.
    pub(super) fn commit(mut self) -> Result<()> {
        let changed = self.register.take().map(|register| (self.seal.register(self.memory.version + 1, &register), register));
        if let Some((row, _)) = &changed {
            self.rows.put_register(row)?;
        }
        let ledger = &self.memory.ledger;
        let summary = self.memory.wants_summary().then(|| self.seal.summary(ledger.seq, &ledger.to_body()));
        if let Some(row) = &summary {
            self.rows.put_summary(row)?;
        }
        let Self { rows, memory, seen, written, .. } = self;
        rows.commit()?;
        if let Some((row, register)) = changed {
            (memory.version, memory.mac, memory.register) = (row.version, row.mac, register);
        }
        if let Some(row) = summary {
            memory.summarized = row.seq;
        }
        memory.is_read = true;
        seen.extend(written.into_iter().map(|(name, digest)| (name, Some(digest))));
        Ok(())
    }

    fn look(&self) -> Look<'_> {
        let look = self.memory.look(&*self.rows, self.seal);
        Look { register: self.register.as_ref().unwrap_or(look.register), ..look }
    }

    const fn ledger(&self) -> &Ledger {
        &self.memory.ledger
    }

    /// Returns the register, to be changed.
    fn register(&mut self) -> &mut Register {
        self.register.get_or_insert_with(|| self.memory.register.clone())
    }

    /// Appends an event after the last.
    fn append(&mut self, credential: Option<&str>, event: &Event) -> Result<()> {
        let Ledger { head, seq, .. } = &self.memory.ledger;
        let row = self.seal.event(head, seq + 1, credential, event);
        self.rows.append(&row)?;
        self.memory.ledger.apply(credential, event, &row.mac);
        // Until the commit: what comes to nothing is read again.
        self.memory.is_read = false;
        Ok(())
    }
}

fn pairs(entries: &[Entry]) -> Vec<(u32, u32)> {
    entries.iter().map(|entry| (entry.list, entry.index)).collect()
}

/// Register and events agree on what there is, so a row that is not there was deleted.
fn found(done: Result<()>) -> Result<()> {
    match done {
        Err(StoreError::Missing) => Err(tampered("a row to change")),
        done => done,
    }
}
