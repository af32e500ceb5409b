//! A vault that is in no file, for a guest of this device. Its rows are gone with the process.

use crate::entropy::SystemRng;
use crate::error::{CreateError, OpenError};
use crate::lock_file::LockHolder;
use crate::secret::LockedMemory;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use waypass_vault::{Change, Host, MemoryStorage, Plan, Space, Storage, StorageError, Unfinished, Vault};

/// The rows of a vault that is in no file. One command at a time has them.
#[derive(Clone, Default)]
pub struct GuestRows(Arc<Shared>);

struct Shared {
    /// `None` while a command has them.
    rows: Mutex<Option<MemoryStorage>>,
    returned: Condvar,
}

impl Default for Shared {
    fn default() -> Self {
        Self { rows: Mutex::new(Some(MemoryStorage::default())), returned: Condvar::new() }
    }
}

impl Shared {
    fn rows(&self) -> MutexGuard<'_, Option<MemoryStorage>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GuestRows {
    /// Makes the vault.
    pub fn create(&self, kind: &str, plan: &Plan<'_>) -> Result<Vault, CreateError> {
        let host = self.host(Duration::ZERO).ok_or_else(|| CreateError::Exists(nowhere()))?;
        let begun = Unfinished::begin(host, kind, plan).map_err(|why| CreateError::of(why, &nowhere()))?;
        begun.finish().map_err(CreateError::Storage)
    }

    /// Opens the vault, when no other command has it, at the latest after `wait`.
    pub fn open(&self, wait: Duration) -> Result<Vault, OpenError> {
        let busy = || OpenError::Busy(LockHolder { pid: std::process::id(), command: "another command of this session".to_owned() });
        Vault::open(self.host(wait).ok_or_else(busy)?).map_err(|why| OpenError::of(why, &nowhere()))
    }

    /// Returns what a vault over these rows is given. `None` if another command has them for longer than `wait`.
    fn host(&self, wait: Duration) -> Option<Host> {
        let waiting = self.0.returned.wait_timeout_while(self.0.rows(), wait, |rows| rows.is_none());
        let rows = waiting.unwrap_or_else(PoisonError::into_inner).0.take()?;
        let borrowed = Borrowed { shared: Arc::clone(&self.0), rows: Some(rows) };
        Some(Host { storage: Box::new(borrowed), memory: Box::new(LockedMemory::default()), entropy: Box::new(SystemRng) })
    }
}

/// What is said in place of a folder.
fn nowhere() -> PathBuf {
    PathBuf::from("memory")
}

/// The rows in the hands of one command, which gives them back when it is dropped.
struct Borrowed {
    shared: Arc<Shared>,
    rows: Option<MemoryStorage>,
}

impl Borrowed {
    fn rows(&self) -> Result<&MemoryStorage, StorageError> {
        self.rows.as_ref().ok_or(StorageError::Poisoned)
    }
}

impl Storage for Borrowed {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.rows()?.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.rows()?.scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.rows()?.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.rows()?.compact()
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        *self.shared.rows() = self.rows.take();
        self.shared.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::GuestRows;
    use crate::{CreateError, OpenError, clock};
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;
    use waypass_vault::{Factors, KdfCost, KeyFile, NewSlot, Plan, Rules, Suite};

    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn one_command_at_a_time_has_the_rows_and_the_next_finds_what_it_left() {
        let (rows, key) = (GuestRows::default(), KeyFile::generate(&mut crate::SystemRng));
        let slots = vec![NewSlot::of(Factors::one(&key))];
        let plan = Plan { suite: Suite::Aes, cost: KdfCost::Floor, rules: Rules::default(), slots, at: None };
        drop(rows.create("wallet", &plan).expect("created"));
        assert!(matches!(rows.create("wallet", &plan), Err(CreateError::Exists(_))));
        let mut vault = rows.open(SHORT).expect("free");
        assert!(matches!(rows.open(SHORT), Err(OpenError::Busy(_))), "another command has them");
        vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks").put("t", b"1", b"one", &[]).expect("put");
        let (other, (done, is_done)) = (rows.clone(), channel());
        thread::spawn(move || done.send(other.open(Duration::from_hours(1)).is_ok()));
        // It waits by now, or finds them at once.
        thread::sleep(Duration::from_millis(200));
        drop(vault);
        assert_eq!(is_done.recv_timeout(Duration::from_mins(1)), Ok(true), "it is told when they come back");
        let mut vault = rows.open(Duration::from_mins(1)).expect("free again");
        let unlocked = vault.unlock(&Factors::one(&key), &clock::read()).expect("unlocks");
        assert_eq!(unlocked.get("t", b"1").expect("read").expect("there").as_slice(), b"one");
    }
}
