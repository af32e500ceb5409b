//! A store whose process dies at a chosen write: before it, or after it was committed and before anybody heard of it.

use crate::store::{
    CredentialRecord, DeviceRow, Entry, Filter, GateRow, KeyRow, LeafRow, ListRecord, OfferRow, Pickup, SqliteStore, StatusEvent, Store,
    StoreError,
};
use std::cell::Cell;
use std::rc::Rc;
use waypass_credential::role::Mechanism;
use waypass_credential::time::Timestamp;

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
        fn document(name: &str) -> Option<Vec<u8>>;
        fn foreign_changes() -> i64;
        fn keys() -> Vec<KeyRow>;
        fn lists() -> Vec<ListRecord>;
        fn is_taken(list: u32, index: u32) -> bool;
        fn taken_indices(list: u32) -> Vec<u32>;
        fn set_entries(list: u32) -> Vec<(u32, u8)>;
        fn entries(id: &str) -> Vec<Entry>;
        fn credential(id: &str) -> Option<CredentialRecord>;
        fn credential_at(list: u32, index: u32) -> Option<CredentialRecord>;
        fn credentials(filter: &Filter) -> Vec<CredentialRecord>;
        fn history(id: &str) -> Vec<StatusEvent>;
        fn offer(secret_hash: &[u8; 32]) -> Option<OfferRow>;
        fn gate(id: &str) -> Option<GateRow>;
        fn gates() -> Vec<GateRow>;
        fn device(id: &str) -> Option<DeviceRow>;
        fn leaf_hash(device: &str, seq: u64) -> Option<[u8; 32]>;
        fn leaves(device: &str, from_seq: u64, limit: u32) -> Vec<LeafRow>;
    }
    writes {
        fn set_documents(documents: &[(&str, &[u8])]) -> ();
        fn advance(name: &str, before: u64, version: u64, documents: &[(&str, &[u8])]) -> ();
        fn next_version(name: &str) -> u64;
        fn put_keys(keys: &[KeyRow]) -> ();
        fn open_list(mechanism: &Mechanism, capacity: u32) -> u32;
        fn take_entries(entries: &[Entry]) -> ();
        fn set_entry(entry: Entry, value: u8) -> ();
        fn set_message(id: &str, value: u8, event: &StatusEvent) -> ();
        fn add_credential(record: &CredentialRecord, entries: &[Entry], issued: &StatusEvent, pickup: Option<&Pickup>) -> ();
        fn change_state(id: &str, event: &StatusEvent) -> ();
        fn add_offer(offer: &OfferRow) -> ();
        fn count_try(secret_hash: &[u8; 32]) -> u8;
        fn drop_offer(secret_hash: &[u8; 32]) -> ();
        fn exchange_offer(code_hash: &[u8; 32], token_hash: &[u8; 32], sealed: &[u8], expires_at: Timestamp) -> ();
        fn purge(at: Timestamp) -> ();
        fn put_gate(gate: &GateRow) -> ();
        fn append_leaves(device: &str, leaves: &[LeafRow], head: &[u8; 32]) -> ();
        fn flag_fork(device: &str, at: Timestamp, seq: u64) -> ();
    }
}
