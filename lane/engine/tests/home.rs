//! A device in memory, whose clock and storage the tests hold.

use crate::engine::{Engine, Home};
use crate::world::{START, TestRng, at};
use rand_core::CryptoRng;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use waypass_credential::time::Timestamp;
use waypass_trust::time::Reading;
use waypass_vault::{Change, Host, KdfCost, MemoryStorage, MemoryTrust, PlainMemory, Space, Storage, StorageError, TrustStore};

#[derive(Clone)]
pub(super) struct Rows {
    inner: Arc<Mutex<MemoryStorage>>,
    commits_left: Arc<AtomicUsize>,
}

#[derive(Clone)]
pub(super) struct Device {
    rows: Rows,
    trust: MemoryTrust,
    ms: Arc<AtomicUsize>,
    draws: Arc<AtomicUsize>,
    is_gone: Arc<AtomicBool>,
}

pub(super) struct Page {
    pub(super) engine: Engine<Device>,
    device: Device,
}

impl Storage for Rows {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.lock().expect("whole").get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.inner.lock().expect("whole").scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        let one_less = |left: usize| left.checked_sub(1);
        if self.commits_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_err() {
            return Err(StorageError::Poisoned);
        }
        self.inner.lock().expect("whole").commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.inner.lock().expect("whole").compact()
    }
}

impl Device {
    /// Lets nobody at the rows, or lets them again.
    pub(super) fn pull_out(&self, is_gone: bool) {
        self.is_gone.store(is_gone, Ordering::SeqCst);
    }

    /// Returns every row as it is now.
    pub(super) fn copy(&self) -> Vec<Change> {
        let rows = self.rows.inner.lock().expect("whole");
        let mut copy = Vec::new();
        for space in Space::ALL {
            let keep = &mut |key: &[u8], value: &[u8]| copy.push(Change { space, key: key.to_vec(), value: Some(value.to_vec()) });
            rows.scan(space, b"", keep).expect("scans");
        }
        copy
    }

    /// Puts an older copy in the place of the rows.
    pub(super) fn put_back(&self, copy: &[Change]) {
        self.clear().expect("cleared");
        self.rows.inner.lock().expect("whole").commit(copy).expect("put back");
    }

    /// Refuses every commit after so many.
    pub(super) fn cut_after(&self, commits: usize) {
        self.rows.commits_left.store(commits, Ordering::SeqCst);
    }
}

impl Home for Device {
    fn host(&self) -> Result<Host, StorageError> {
        if self.is_gone.load(Ordering::SeqCst) {
            return Err(StorageError::Busy { holder: "another program".into() });
        }
        Ok(Host { storage: Box::new(self.rows.clone()), memory: Box::new(PlainMemory), entropy: self.entropy() })
    }

    fn clear(&self) -> Result<(), StorageError> {
        *self.rows.inner.lock().expect("whole") = MemoryStorage::default();
        Ok(())
    }

    fn trust(&self) -> TrustStore {
        TrustStore::new(self.trust.clone())
    }

    fn clock(&self) -> Reading {
        let ms = self.ms();
        let wall = Timestamp::from_unix(START + 10 + i64::try_from(ms / 1000).expect("few")).expect("a time");
        Reading { wall, boottime_ms: 5_000 + ms, boot_id: [1; 16] }
    }

    fn ms(&self) -> u64 {
        self.ms.load(Ordering::SeqCst) as u64
    }

    fn entropy(&self) -> Box<dyn CryptoRng + Send> {
        let draw = self.draws.fetch_add(1, Ordering::SeqCst);
        Box::new(TestRng::new(&format!("draw {draw}")))
    }

    fn cost(&self) -> KdfCost {
        KdfCost::Floor
    }

    fn offset(&self) -> &dyn Fn(Timestamp) -> i32 {
        &|_| 0
    }
}

impl Page {
    pub(super) fn new() -> Self {
        let rows = Rows { inner: Arc::default(), commits_left: Arc::new(AtomicUsize::new(usize::MAX)) };
        Self::over(Device { rows, trust: MemoryTrust::default(), ms: Arc::default(), draws: Arc::default(), is_gone: Arc::default() })
    }

    fn over(device: Device) -> Self {
        Self { engine: Engine::new(device.clone()), device }
    }

    /// Loads the page again: the keys are gone, and what was kept is there.
    pub(super) fn reload(self) -> Self {
        self.device.cut_after(usize::MAX);
        Self::over(self.device)
    }

    pub(super) const fn home(&self) -> &Device {
        &self.device
    }

    pub(super) fn pass(&self, ms: u64) {
        self.device.ms.fetch_add(usize::try_from(ms).expect("few"), Ordering::SeqCst);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.device.clock().wall.max(at(0))
    }

    pub(super) fn gate(&self) -> String {
        self.engine.about.as_ref().expect("an open gate").id.clone()
    }

    pub(super) fn raw(&mut self, request: &str, bytes: &[u8]) -> Value {
        serde_json::from_str(&self.engine.call(request, bytes).json).expect("JSON")
    }

    pub(super) fn call(&mut self, request: &Value) -> Value {
        self.raw(&request.to_string(), &[])
    }

    pub(super) fn bring(&mut self, request: &Value, file: &[u8]) -> Value {
        self.raw(&request.to_string(), file)
    }

    pub(super) fn with_file(&mut self, request: &Value) -> (Value, Option<Vec<u8>>) {
        self.with_both(request, &[])
    }

    pub(super) fn with_both(&mut self, request: &Value, file: &[u8]) -> (Value, Option<Vec<u8>>) {
        let answer = self.engine.call(&request.to_string(), file);
        (serde_json::from_str(&answer.json).expect("JSON"), answer.bytes)
    }
}
