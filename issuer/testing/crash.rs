//! A store whose process dies at a chosen write: before it, or after it was committed and before anybody heard of it.
//!
//! Each change within a transaction is a write, and so is its commit. The writes of a transaction that a process did
//! not commit are without effect, as it is when a real one dies.

use crate::store::{
    CredentialRow, Credentials, Documents, Earlier, EventRow, Events, LeafRow, Logs, OfferRow, Offers, RegisterRow, Registers, Selection,
    SqliteStore, State, Store, StoreError, SummaryRow, Tag, TakeRow, Tx, View, WriteCredentials, WriteEvents, WriteLogs, WriteOffers,
    WriteRegister,
};
use std::cell::Cell;
use std::rc::Rc;
use waypass_credential::time::Timestamp;

type Result<T> = core::result::Result<T, StoreError>;

/// When to die.
#[derive(Clone)]
pub(crate) struct Crash {
    left: Rc<Cell<u32>>,
    after: bool,
    dead: Rc<Cell<bool>>,
}

impl Crash {
    /// At the write number `step`, counted from 0.
    pub(crate) fn new(step: u32, after: bool) -> Self {
        Self { left: Rc::new(Cell::new(step + 1)), after, dead: Rc::default() }
    }

    fn gone<T>() -> Result<T> {
        Err(StoreError::Database("the process is gone".into()))
    }

    /// Counts a write; true if the process dies with it.
    fn strikes(&self) -> bool {
        self.left.set(self.left.get().saturating_sub(1));
        let strikes = self.left.get() == 0 && !self.dead.get();
        self.dead.set(self.dead.get() || strikes);
        strikes
    }

    /// Does a write that a commit makes count.
    fn write<T>(&self, write: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.dead.get() || self.strikes() { Self::gone() } else { write() }
    }
}

pub(crate) struct Crashing {
    inner: SqliteStore,
    crash: Crash,
}

impl Crashing {
    pub(crate) const fn new(inner: SqliteStore, crash: Crash) -> Self {
        Self { inner, crash }
    }
}

impl Store for Crashing {
    fn look(&self) -> Result<Box<dyn View + '_>> {
        self.inner.look()
    }

    fn begin(&mut self) -> Result<Box<dyn Tx + '_>> {
        Ok(Box::new(CrashingTx { inner: self.inner.begin()?, crash: &self.crash }))
    }

    fn earlier(&self, step: &mut dyn FnMut(u64)) -> Result<Option<Earlier>> {
        self.inner.earlier(step)
    }

    fn begin_anew(&mut self) -> Result<Box<dyn Tx + '_>> {
        Ok(Box::new(CrashingTx { inner: self.inner.begin_anew()?, crash: &self.crash }))
    }
}

struct CrashingTx<'s> {
    inner: Box<dyn Tx + 's>,
    crash: &'s Crash,
}

impl Tx for CrashingTx<'_> {
    fn commit(self: Box<Self>) -> Result<()> {
        let Self { inner, crash } = *self;
        if crash.dead.get() {
            return Crash::gone();
        }
        if !crash.strikes() {
            return inner.commit();
        }
        if crash.after {
            inner.commit()?;
        }
        Crash::gone()
    }
}

macro_rules! passes {
    (reads { $($read:ident { $(fn $r:ident($($ra:ident: $rt:ty),*) -> $ro:ty;)* })* }
     writes { $($write:ident { $(fn $w:ident($($wa:ident: $wt:ty),*);)* })* }) => {
        $(impl $read for CrashingTx<'_> {
            $(fn $r(&self, $($ra: $rt),*) -> Result<$ro> { self.inner.$r($($ra),*) })*
        })*
        $(impl $write for CrashingTx<'_> {
            $(fn $w(&mut self, $($wa: $wt),*) -> Result<()> {
                let Self { inner, crash } = self;
                crash.write(|| inner.$w($($wa),*))
            })*
        })*
    };
}

passes! {
    reads {
        Documents { fn document(name: &str) -> Option<Vec<u8>>; }
        Registers {
            fn register() -> Option<RegisterRow>;
            fn register_version() -> u64;
            fn document_names() -> Vec<String>;
        }
        Events {
            fn event_count() -> u64;
            fn events(seq: u64, limit: u32) -> Vec<EventRow>;
            fn event_mac(seq: u64) -> Option<[u8; 32]>;
            fn history(credential: &str) -> Vec<(EventRow, Option<[u8; 32]>)>;
            fn summary() -> Option<SummaryRow>;
        }
        Credentials {
            fn credential_count() -> u64;
            fn credential(id: &str) -> Option<CredentialRow>;
            fn credential_at(entry: &Tag) -> Option<CredentialRow>;
            fn credentials(selection: &Selection, take: TakeRow<'_>) -> ();
            fn withdrawn() -> Vec<(Tag, State)>;
            fn holders(first: &Tag, last: &Tag) -> Vec<(String, Tag)>;
            fn named(name: &Tag) -> Vec<(String, Tag)>;
            fn days() -> Vec<(Tag, Vec<u8>)>;
        }
        Offers {
            fn offers() -> Vec<OfferRow>;
            fn offer(secret_hash: &[u8; 32]) -> Option<OfferRow>;
        }
        Logs { fn leaves(device: &str, from_seq: u64, limit: u32) -> Vec<LeafRow>; }
    }
    writes {
        WriteRegister {
            fn put_register(row: &RegisterRow);
            fn put_document(name: &str, bytes: &[u8]);
        }
        WriteEvents {
            fn append(event: &EventRow);
            fn put_summary(row: &SummaryRow);
        }
        WriteCredentials {
            fn add_credential(credential: &CredentialRow, roles: &[Tag], day: &[u8]);
            fn name_credential(id: &str, name: &Tag, mac: &Tag);
            fn replace_credential(credential: &CredentialRow);
        }
        WriteOffers {
            fn add_offer(offer: &OfferRow);
            fn remove_offer(secret_hash: &[u8; 32]);
            fn use_nonce(hash: &[u8; 32], until: Timestamp);
            fn purge(at: Timestamp);
        }
        WriteLogs { fn add_leaves(device: &str, leaves: &[LeafRow]); }
    }
}
