//! The browser as the home of an engine.

use super::clock::{CALIBRATED, Clock, offset, tick_ms};
use super::entropy::BrowserRng;
use super::file::{BrowserFile, keep};
use rand_core::{CryptoRng, Rng as _};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use waypass_credential::time::Timestamp;
use waypass_lane::Home;
use waypass_trust::time::Reading;
use waypass_vault::{
    Change, Host, Journal, KdfCost, PlainFile as _, PlainMemory, Space, Storage, StorageError, TrustFile, TrustJournal, TrustStorage,
    TrustStore, TrustWriter,
};
use web_sys::FileSystemSyncAccessHandle;

pub(super) struct Browser {
    rows: Rows,
    files: [BrowserFile; 2],
    trust: Rc<TrustJournal<BrowserFile>>,
    clock: Clock,
}

/// The rows of the vault, opened once: a journal reads all its keys when it is opened.
#[derive(Clone)]
struct Rows(Arc<Mutex<Journal<BrowserFile>>>);

struct Trust(Rc<TrustJournal<BrowserFile>>);

impl Browser {
    pub(super) fn open(files: Vec<FileSystemSyncAccessHandle>) -> Result<Self, String> {
        let files: [BrowserFile; 5] = keep(files).try_into().map_err(|_| "five files are needed".to_owned())?;
        let [vault_0, vault_1, trust_0, trust_1, clock] = files;
        let rows = Journal::open([vault_0, vault_1]).map_err(|why| why.to_string())?;
        let trust = TrustJournal::open([trust_0, trust_1]).map_err(|why| why.to_string())?;
        Ok(Self {
            rows: Rows(Arc::new(Mutex::new(rows))),
            files: [vault_0, vault_1],
            trust: Rc::new(trust),
            clock: Clock::start(clock, boot_id()),
        })
    }
}

fn boot_id() -> [u8; 16] {
    let mut id = [0; 16];
    BrowserRng.fill_bytes(&mut id);
    id
}

impl Home for Browser {
    fn host(&self) -> Result<Host, StorageError> {
        Ok(Host { storage: Box::new(self.rows.clone()), memory: Box::new(PlainMemory), entropy: self.entropy() })
    }

    fn clear(&self) -> Result<(), StorageError> {
        let mut rows = self.rows.0.lock().unwrap_or_else(PoisonError::into_inner);
        for file in self.files {
            file.set_len(0)?;
            file.flush()?;
        }
        *rows = Journal::open(self.files)?;
        Ok(())
    }

    fn trust(&self) -> TrustStore {
        TrustStore::new(Trust(Rc::clone(&self.trust)))
    }

    fn clock(&self) -> Reading {
        self.clock.read(boot_id())
    }

    fn ms(&self) -> u64 {
        tick_ms()
    }

    fn entropy(&self) -> Box<dyn CryptoRng + Send> {
        Box::new(BrowserRng)
    }

    fn cost(&self) -> KdfCost {
        CALIBRATED
    }

    fn offset(&self) -> &dyn Fn(Timestamp) -> i32 {
        &offset
    }
}

impl Storage for Rows {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.lock().map_err(|_| StorageError::Poisoned)?.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.0.lock().map_err(|_| StorageError::Poisoned)?.scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.0.lock().map_err(|_| StorageError::Poisoned)?.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.0.lock().map_err(|_| StorageError::Poisoned)?.compact()
    }

    fn release_reserve(&self) {
        if let Ok(rows) = self.0.lock() {
            rows.release_reserve();
        }
    }

    fn journal_was_missing(&self) -> bool {
        self.0.lock().is_ok_and(|rows| rows.journal_was_missing())
    }
}

impl TrustStorage for Trust {
    fn get(&self, file: TrustFile) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.get(file)
    }

    fn lock(&self) -> Result<Box<dyn TrustWriter + '_>, StorageError> {
        self.0.lock()
    }
}
