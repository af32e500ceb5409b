//! Register and ledger as a process knows them, so that it reads only what is new.

use super::Result;
use super::ledger::Ledger;
use super::look::Look;
use super::register::Register;
use super::seal::{Seal, tampered};
use crate::store::View;

/// Events read at a time.
const BATCH: u32 = 1024;
/// After so many events another summary is kept.
const SUMMARIZE: u64 = 512;

pub(super) struct Memory {
    pub(super) version: u64,
    pub(super) mac: [u8; 32],
    pub(super) register: Register,
    pub(super) ledger: Ledger,
    /// The event that the newest summary ends with.
    pub(super) summarized: u64,
    /// False until the summary was read, and after a transaction that came to nothing.
    pub(super) is_read: bool,
}

impl Default for Memory {
    fn default() -> Self {
        let (register, ledger) = (Register::new(), Ledger::default());
        Self { version: 0, mac: [0; 32], register, ledger, summarized: 0, is_read: false }
    }
}

impl Memory {
    /// Follows the rows to where they are now.
    pub(super) fn follow(&mut self, rows: &dyn View, seal: &Seal) -> Result<()> {
        if rows.register_version()? != self.version {
            let row = rows.register()?.filter(|row| row.version > self.version).ok_or_else(|| tampered("the register"))?;
            self.register = seal.open_register(&row)?;
            (self.version, self.mac) = (row.version, row.mac);
        }
        if !self.is_read {
            self.read_summary(rows, seal)?;
            self.is_read = true;
        }
        let Self { ledger, .. } = self;
        // The rows that were read before must still be there.
        if ledger.seq > 0 && rows.event_mac(ledger.seq)? != Some(ledger.head) {
            return Err(tampered(format!("event {}", ledger.seq)));
        }
        loop {
            let events = rows.events(ledger.seq, BATCH)?;
            for row in &events {
                if row.seq != ledger.seq + 1 {
                    return Err(tampered(format!("event {}", ledger.seq + 1)));
                }
                let event = seal.open_event(&ledger.head, row)?;
                ledger.apply(row.credential.as_deref(), &event, &row.mac);
            }
            if u32::try_from(events.len()).is_ok_and(|count| count < BATCH) {
                return Ok(());
            }
        }
    }

    fn read_summary(&mut self, rows: &dyn View, seal: &Seal) -> Result<()> {
        self.ledger = Ledger::default();
        let Some(row) = rows.summary()? else { return Ok(()) };
        let ledger = seal.open_summary(&row).and_then(|text| Ledger::read(row.seq, &text));
        let ledger = ledger.ok_or_else(|| tampered("the summary of events"))?;
        self.summarized = row.seq;
        self.ledger = ledger;
        Ok(())
    }

    /// Returns true if so many events have come since the last summary that another is worth its while.
    pub(super) const fn wants_summary(&self) -> bool {
        self.ledger.seq - self.summarized >= SUMMARIZE
    }

    pub(super) const fn look<'l>(&'l self, rows: &'l dyn View, seal: &'l Seal) -> Look<'l> {
        Look { rows, seal, version: self.version, mac: &self.mac, register: &self.register, ledger: &self.ledger }
    }
}
