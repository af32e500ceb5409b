//! The issuer's memory, under the seal of its vault: rows that something else wrote, changed, deleted or put back from a
//! copy are found before anything is signed.
//!
//! The facts that decide (keys, gates, lists, version numbers, and the digest of every document) are one `register`,
//! which is replaced whole: the version that a change starts from must still be there. Events (issuing, changes of
//! status, offers, received logs) are one chain of `event`s, in which each link is sealed over the one before. Status
//! lists are computed from
//! the events, never from the rows that commands search. A verb reads at one moment (`look::Look`) and changes by one
//! transaction (`tx::Tx`), which a verb begins, fills and has committed once. The [`Anchor`] says how far both had
//! come: an `issuer.db` that is
//! behind it is an old copy. One that is ahead and holds is believed, because the database is written first.

use crate::store::{Documents, Earlier, Store, StoreError};
use core::cell::RefCell;
use look::Look;
use memory::Memory;
use seal::tampered;
use std::collections::BTreeMap;
use waypass_trust::bundle::Digest;

mod cipher;
mod credential;
mod event;
mod holders;
mod inspect;
mod ledger;
mod look;
mod memory;
mod reads;
mod register;
mod seal;
mod tx;
mod upgrade;

pub use seal::{Anchor, Seal};
pub(crate) use tx::Tx;
pub(crate) use upgrade::BEFORE_SEAL;
pub use upgrade::Upgrade;

type Result<T> = core::result::Result<T, StoreError>;

/// The issuer's memory.
pub(crate) struct Sealed<'k> {
    store: Box<dyn Store + 'k>,
    seal: Seal,
    memory: RefCell<Memory>,
    /// The documents as this process read them last.
    seen: RefCell<BTreeMap<String, Option<Digest>>>,
    upgrade: Option<Upgrade>,
}

impl<'k> Sealed<'k> {
    /// Opens the store and checks all that can be checked without reading every credential. A database of version 0.1.0 is put
    /// under the seal, once; `step` is then called twice for each of its credentials, with their number.
    pub(crate) fn open(store: Box<dyn Store + 'k>, seal: Seal, step: &mut dyn FnMut(u64)) -> Result<Self> {
        let mut store = store;
        let upgrade = match store.earlier(step) {
            Ok(None) => None,
            Ok(Some(Earlier::Readable(readable))) => {
                upgrade::close_all(&mut *store, &seal, readable, step)?;
                None
            }
            // The vault has sealed this database before, and the database says that it was never sealed.
            _ if !seal.adopts() => return Err(tampered("the version")),
            Ok(Some(Earlier::Unsealed(unsealed))) => Some(upgrade::seal_all(&mut *store, &seal, &unsealed, step)?),
            Err(why) => return Err(why),
        };
        let mut sealed = Self { store, seal, memory: RefCell::default(), seen: RefCell::default(), upgrade };
        sealed.read(|look| look.check_anchor().and_then(|()| look.inspect()))?;
        if sealed.memory.get_mut().wants_summary() {
            // Without it the next opening takes longer, and nothing else.
            drop(sealed.transact(|_| Ok(())));
        }
        Ok(sealed)
    }

    /// Returns how far register and events have come: for the vault to keep.
    pub(crate) fn anchor(&self) -> Result<Anchor> {
        self.read(|look| Ok(look.anchor()))
    }

    /// Checks what a publication would rest on, and everything else that can be checked at little cost.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method by its name is tied to one lifetime")]
    pub(crate) fn check(&self) -> Result<()> {
        self.read(|look| look.inspect())
    }

    /// Returns what was upgraded when this was opened.
    pub(crate) const fn upgrade(&self) -> Option<&Upgrade> {
        self.upgrade.as_ref()
    }

    /// Reads at one moment.
    fn read<T>(&self, read: impl FnOnce(&Look<'_>) -> Result<T>) -> Result<T> {
        let rows = self.store.look()?;
        let mut memory = self.memory.borrow_mut();
        memory.follow(&*rows, &self.seal)?;
        read(&memory.look(&*rows, &self.seal))
    }

    /// Does `work` in one transaction: when this returns all of it is durable, or it is without effect. `work` is done again if
    /// another process came before it.
    pub(crate) fn transact<T>(&mut self, mut work: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        loop {
            let rows = self.store.begin()?;
            let memory = self.memory.get_mut();
            memory.follow(&*rows, &self.seal)?;
            let mut tx = Tx::new(rows, &self.seal, memory, self.seen.get_mut());
            let done = work(&mut tx).and_then(|done| tx.commit().map(|()| done));
            match done {
                Err(StoreError::Overtaken) => {}
                done => return done,
            }
        }
    }
}

impl Documents for Sealed<'_> {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let bytes = self.read(|look| look.document(name))?;
        self.seen.borrow_mut().insert(name.to_owned(), bytes.as_deref().map(Digest::of));
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
