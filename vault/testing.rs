//! A host for the tests: rows in memory, plain memory for keys, a moment, and numbers of which no two in a process are alike.

use crate::error::StorageError;
use crate::host::Host;
use crate::memory::PlainMemory;
use crate::storage::{Change, MemoryStorage, Rows, Space, Storage};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::ops::RangeInclusive;
use core::sync::atomic::{AtomicU64, Ordering};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};
use std::sync::{Mutex, MutexGuard, PoisonError};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{FactorName, VaultRules};
use waypass_trust::time::Reading;

/// Draws the hashes of a counter that all tests of a process share: no two draws are alike.
#[derive(Clone, Copy)]
pub(crate) struct TestRng;

static DRAWN: AtomicU64 = AtomicU64::new(0);

impl TryRng for TestRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for part in to.chunks_mut(32) {
            let drawn = Sha256::digest(DRAWN.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            part.copy_from_slice(&drawn[..part.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}

/// A reading of the clocks, a day after the device was switched on.
pub(crate) fn reading() -> Reading {
    Reading { wall: Timestamp::from_unix(1_800_000_000).expect("a time"), boottime_ms: 86_400_000, boot_id: [7; 16] }
}

/// An empty host.
pub(crate) fn host() -> Host {
    host_of(MemoryStorage::default())
}

/// A host with this storage.
pub(crate) fn host_of(storage: impl Storage + 'static) -> Host {
    Host { storage: Box::new(storage), memory: Box::new(PlainMemory), entropy: Box::new(TestRng) }
}

/// Everything in a storage.
pub(crate) fn rows(storage: &dyn Storage) -> Rows {
    let mut rows = Rows::new();
    for space in Space::ALL {
        storage.scan(space, b"", &mut |key, value| drop(rows.insert((space, key.to_vec()), value.to_vec()))).expect("scans");
    }
    rows
}

/// Rows that stay when a vault is closed, as a disk's do.
#[derive(Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<MemoryStorage>>);

impl Disk {
    pub(crate) fn host(&self) -> Host {
        host_of(self.clone())
    }

    pub(crate) fn of(rows: Rows) -> Self {
        Self(Arc::new(Mutex::new(MemoryStorage::from(rows))))
    }

    fn rows(&self) -> MutexGuard<'_, MemoryStorage> {
        // A test that panics on purpose leaves the rows whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for Disk {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.rows().get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.rows().scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.rows().commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.rows().compact()
    }
}

/// What a site asks that names only these combinations.
pub(crate) fn site_rules(combinations: &[&[FactorName]]) -> VaultRules {
    VaultRules {
        combinations: combinations.iter().map(|names| names.to_vec()).collect(),
        passphrase_characters: None,
        pin_digits: None,
        blocked: Vec::new(),
        tries: None,
        delays: Vec::new(),
        permanent: true,
        grace_seconds: 14 * 86_400,
        officers: Vec::new(),
        administrators: None,
        device: None,
        erased_after_tries: false,
    }
}

/// Learned at this moment, and at no other.
pub(crate) fn learned(at: Timestamp) -> RangeInclusive<Timestamp> {
    at..=at
}
