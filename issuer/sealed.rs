//! What the issuer remembers, under the seal of its vault: rows that something else wrote, changed, deleted or put back from a
//! copy are found before anything is signed.
//!
//! What decides (keys, gates, lists, version numbers, and the digest of every document) is one `register`, which is replaced
//! whole: the version that a change starts from must still stand there. What happens (issuing, changes of status, offers,
//! received logs) is one chain of `event`s, in which each link is sealed over the one before. Status lists are computed from
//! the events, never from the rows that commands search. The [`Anchor`] says how far both had come: an `issuer.db` that is
//! behind it is an old copy; one that is ahead and holds is believed, because the database is written first.

use crate::store::{RegisterRow, Store, StoreError};
use core::cell::RefCell;
use ledger::Ledger;
use register::Register;
use seal::tampered;
use std::collections::BTreeMap;
use std::rc::Rc;
use waypass_trust::bundle::Digest;

mod change;
mod event;
mod inspect;
mod ledger;
mod read;
mod register;
mod seal;
mod upgrade;

pub use seal::{Anchor, Seal};
pub(crate) use upgrade::BEFORE_SEAL;
pub use upgrade::Upgrade;

type Result<T> = core::result::Result<T, StoreError>;

/// Events read at a time.
const BATCH: u32 = 1024;
/// After so many events another summary is kept.
const SUMMARIZE: u64 = 512;

/// The issuer's memory.
pub(crate) struct Sealed<'k> {
    store: Box<dyn Store + 'k>,
    seal: Seal,
    register: RefCell<Rc<Held>>,
    ledger: RefCell<Ledger>,
    /// The event that the newest summary ends with.
    summarized: u64,
    /// The documents as this process read them last.
    seen: RefCell<BTreeMap<String, Option<Digest>>>,
    upgrade: Option<Upgrade>,
}

/// The register as it was read last.
struct Held {
    version: u64,
    mac: [u8; 32],
    register: Register,
}

impl<'k> Sealed<'k> {
    /// Opens the store and checks all that can be checked without reading every credential. A database of version 0.1.0 is put
    /// under the seal, once; `step` is then called twice for each of its credentials, with their number.
    pub(crate) fn open(store: Box<dyn Store + 'k>, seal: Seal, step: &mut dyn FnMut(u64)) -> Result<Self> {
        let mut store = store;
        let upgrade = match store.unsealed(step) {
            Ok(None) => None,
            // The vault has sealed this database before, and the database says that it was never sealed.
            _ if !seal.adopts() => return Err(tampered("the version")),
            Ok(Some(unsealed)) => Some(upgrade::seal_all(&mut *store, &seal, &unsealed, step)?),
            Err(why) => return Err(why),
        };
        let held = Held { version: 0, mac: [0; 32], register: Register::new() };
        let mut sealed = Self {
            store,
            seal,
            register: RefCell::new(Rc::new(held)),
            ledger: RefCell::default(),
            summarized: 0,
            seen: RefCell::default(),
            upgrade,
        };
        sealed.read_summary()?;
        sealed.follow()?;
        sealed.check_anchor()?;
        sealed.check()?;
        drop(sealed.summarize());
        Ok(sealed)
    }

    /// How far register and events have come: for the vault to keep.
    pub(crate) fn anchor(&self) -> Result<Anchor> {
        self.follow()?;
        let register = self.register()?;
        let ledger = self.ledger.borrow();
        // What a vault is told must still be there.
        if ledger.seq > 0 && self.store.event_mac(ledger.seq)? != Some(ledger.head) {
            return Err(tampered(format!("event {}", ledger.seq)));
        }
        Ok(Anchor::new(register.version, register.mac, ledger.seq, ledger.head))
    }

    /// Checks what a publication would rest on, and everything else that can be checked at little cost.
    pub(crate) fn check(&self) -> Result<()> {
        self.steady(Self::inspect)
    }

    /// What was upgraded when this was opened.
    pub(crate) const fn upgrade(&self) -> Option<&Upgrade> {
        self.upgrade.as_ref()
    }

    fn check_anchor(&self) -> Result<()> {
        let register = self.register()?;
        let Some(anchor) = self.seal.kept() else { return Ok(()) };
        anchor.check_register(register.version, &register.mac)?;
        let (events, head) = anchor.events();
        let found = if events == 0 { Some([0; 32]) } else { self.store.event_mac(events)? };
        if found.as_ref() == Some(head) { Ok(()) } else { Err(tampered(format!("event {events}"))) }
    }

    /// The newest register.
    fn register(&self) -> Result<Rc<Held>> {
        let found = self.store.register_version()?;
        let held = self.register.borrow().version;
        if found != held {
            let row = self.store.register()?.filter(|row| row.version > held).ok_or_else(|| tampered("the register"))?;
            let register = self.seal.open_register(&row)?;
            self.register.replace(Rc::new(Held { version: row.version, mac: row.mac, register }));
        }
        Ok(Rc::clone(&self.register.borrow()))
    }

    /// Changes the register and writes documents with it. `work` is done again if another process changed it meanwhile.
    fn change<T>(&mut self, documents: &[(&str, &[u8])], mut work: impl FnMut(&mut Register) -> Result<T>) -> Result<T> {
        loop {
            let held = self.register()?;
            let (version, mut register) = (held.version, held.register.clone());
            let done = work(&mut register)?;
            for (name, bytes) in documents {
                register.documents.insert((*name).to_owned(), Digest::of(bytes));
            }
            let row: RegisterRow = self.seal.register(version + 1, &register);
            match self.store.replace_register(&row, documents) {
                Ok(()) => {
                    let seen = documents.iter().map(|(name, bytes)| ((*name).to_owned(), Some(Digest::of(bytes))));
                    self.seen.borrow_mut().extend(seen);
                    self.register.replace(Rc::new(Held { version: row.version, mac: row.mac, register }));
                    return Ok(done);
                }
                Err(StoreError::Overtaken) => {}
                Err(why) => return Err(why),
            }
        }
    }

    /// Follows the chain to its end.
    fn follow(&self) -> Result<()> {
        let mut ledger = self.ledger.borrow_mut();
        loop {
            let rows = self.store.events(ledger.seq, BATCH)?;
            for row in &rows {
                if row.seq != ledger.seq + 1 {
                    return Err(tampered(format!("event {}", ledger.seq + 1)));
                }
                let event = self.seal.open_event(&ledger.head, row)?;
                ledger.apply(row.credential.as_deref(), &event, &row.mac);
            }
            if u32::try_from(rows.len()).is_ok_and(|count| count < BATCH) {
                return Ok(());
            }
        }
    }

    fn read_summary(&mut self) -> Result<()> {
        let Some(row) = self.store.summary()? else { return Ok(()) };
        let is_ours = self.seal.is_summary(&row) && self.store.event_mac(row.seq)?.is_some();
        let ledger = is_ours.then(|| Ledger::read(row.seq, &row.body)).flatten().ok_or_else(|| tampered("the summary of events"))?;
        if self.store.event_mac(row.seq)? != Some(ledger.head) {
            return Err(tampered(format!("event {}", row.seq)));
        }
        self.summarized = row.seq;
        self.ledger.replace(ledger);
        Ok(())
    }

    /// Keeps a summary if many events have come since the last. An old one costs time and changes nothing.
    fn summarize(&mut self) -> Result<()> {
        let row = {
            let ledger = self.ledger.borrow();
            if ledger.seq - self.summarized < SUMMARIZE {
                return Ok(());
            }
            self.seal.summary(ledger.seq, ledger.to_body())
        };
        self.store.keep_summary(&row)?;
        self.summarized = row.seq;
        Ok(())
    }

    /// Does `read` again if another process wrote in the middle of it.
    fn steady<T>(&self, read: impl Fn(&Self) -> Result<T>) -> Result<T> {
        loop {
            self.follow()?;
            let before = (self.register()?.version, self.ledger.borrow().seq);
            let done = read(self);
            if !matches!(done, Err(StoreError::Tampered(_))) {
                return done;
            }
            self.follow()?;
            if before == (self.register()?.version, self.ledger.borrow().seq) {
                return done;
            }
        }
    }
}

#[cfg(test)]
mod tests;
