//! A store whose process dies at a chosen write: before it, or after it was committed and before anybody heard of it.

use crate::store::{
    Counts, Documents, EventRow, Filter, LeafRow, OfferRow, RegisterRow, Rows, SealedCredential, SqliteStore, State, Store, StoreError,
    SummaryRow, Unsealed,
};
use std::cell::Cell;
use std::rc::Rc;

/// When to die.
#[derive(Clone)]
pub(crate) struct Crash {
    left: Rc<Cell<u32>>,
    after: bool,
}

impl Crash {
    /// At the write number `step`, counted from 0.
    pub(crate) fn new(step: u32, after: bool) -> Self {
        Self { left: Rc::new(Cell::new(step + 1)), after }
    }
}

pub(crate) struct Crashing {
    inner: SqliteStore,
    crash: Crash,
    dead: bool,
}

impl Crashing {
    pub(crate) fn new(inner: SqliteStore, crash: Crash) -> Self {
        Self { inner, crash, dead: false }
    }

    fn write<T>(&mut self, write: impl FnOnce(&mut SqliteStore) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let gone = || Err(StoreError::Database("the process is gone".into()));
        if self.dead {
            return gone();
        }
        self.crash.left.set(self.crash.left.get().saturating_sub(1));
        if self.crash.left.get() > 0 {
            return write(&mut self.inner);
        }
        self.dead = true;
        if self.crash.after {
            write(&mut self.inner)?;
        }
        gone()
    }
}

impl Documents for Crashing {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.document(name)
    }
}

macro_rules! store {
    (reads { $(fn $read:ident($($r:ident: $rt:ty),*) -> $ro:ty;)* } writes { $(fn $write:ident($($w:ident: $wt:ty),*) -> $wo:ty;)* }) => {
        impl Store for Crashing {
            $(fn $read(&self, $($r: $rt),*) -> Result<$ro, StoreError> { self.inner.$read($($r),*) })*
            $(fn $write(&mut self, $($w: $wt),*) -> Result<$wo, StoreError> { self.write(|inner| inner.$write($($w),*)) })*
        }
    };
}

store! {
    reads {
        fn register() -> Option<RegisterRow>;
        fn register_version() -> u64;
        fn document_names() -> Vec<String>;
        fn events(seq: u64, limit: u32) -> Vec<EventRow>;
        fn event_mac(seq: u64) -> Option<[u8; 32]>;
        fn history(credential: &str) -> Vec<(EventRow, Option<[u8; 32]>)>;
        fn summary() -> Option<SummaryRow>;
        fn counts() -> Counts;
        fn credential(id: &str) -> Option<SealedCredential>;
        fn credential_at(list: u32, index: u32) -> Option<SealedCredential>;
        fn credentials(filter: &Filter) -> Vec<SealedCredential>;
        fn withdrawn(list: u32) -> Vec<(u32, State)>;
        fn offers() -> Vec<OfferRow>;
        fn offer(secret_hash: &[u8; 32]) -> Option<OfferRow>;
        fn leaves(device: &str, from_seq: u64, limit: u32) -> Vec<LeafRow>;
        fn unsealed(step: &mut dyn FnMut(u64)) -> Option<Unsealed>;
    }
    writes {
        fn replace_register(row: &RegisterRow, documents: &[(&str, &[u8])]) -> ();
        fn append(event: &EventRow, rows: &Rows<'_>) -> ();
        fn keep_summary(row: &SummaryRow) -> ();
        fn seal_all(register: &RegisterRow, events: &[EventRow], credentials: &[(String, [u8; 32])], step: &mut dyn FnMut(u64)) -> ();
    }
}
