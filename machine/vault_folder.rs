//! A vault in a folder.
//!
//! ```text
//! wallet/            mode 0700
//!   vault.db         mode 0600: header, slots, counters of failed tries, sealed records
//!   vault.db-wal     its write-ahead log: always there, empty when the vault was closed in order
//!   lock             who has it open
//!   ballast          1 MiB in reserve for the last log entry on a full disk
//! ```

mod erase;
#[cfg(test)]
mod tests;

pub use erase::erase;

use crate::entropy::SystemRng;
use crate::error::{CreateError, OpenError, ResumeError, storage_error};
use crate::lock_file::{LockFile, LockHolder, NotLocked};
use crate::private::{self, Repair, unlink_foreign};
use crate::secret::LockedMemory;
use crate::speed::suite;
use crate::sqlite::{Refused, Sqlite, log_of};
use crate::{ballast, clock, durable};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use waypass_vault::{
    Change, Factor, Factors, Host, KdfCost, NewSlot, Parked, Plan, RecoveryCode, Rules, Space, Storage, StorageError, Unlocked, Vault,
};

/// The version of the file; a higher one is refused. It keeps older programs out, and decides nothing: the sealed state
/// says what an upgrade has done.
const VERSION: u32 = 3;

const DATABASE: &str = "vault.db";
const LOCK: &str = "lock";
const BALLAST: &str = "ballast";

/// The pause between two tries of a waiting process.
const POLL: Duration = Duration::from_millis(20);

/// The wait of [`open`] for another process: longer than any command that opens, works and locks.
const PATIENCE: Duration = Duration::from_secs(2);

/// The patience of a caller who finds the vault in use by another process.
pub struct Wait<'w> {
    at_most: Duration,
    told: &'w mut dyn FnMut(&LockHolder),
}

impl<'w> Wait<'w> {
    /// Waits up to `at_most`, and tells `told` once who holds the vault.
    pub const fn new(at_most: Duration, told: &'w mut dyn FnMut(&LockHolder)) -> Self {
        Self { at_most, told }
    }
}

/// A vault that was opened, and the repairs on the way: modes and links that let other users in.
pub struct Opened {
    /// The vault.
    pub vault: Vault,
    /// The repairs.
    pub repairs: Vec<Repair>,
}

/// A vault that is being made. Until [`Unfinished::finish`] it does not count as made: it cannot be opened, and making it may begin anew.
pub struct Unfinished {
    inner: waypass_vault::Unfinished,
    dir: PathBuf,
    /// Held until what is discarded is gone.
    lock: Arc<LockFile>,
}

/// Makes a vault in `dir` (made with mode 0700) that opens with `primary`, or with the recovery code that is returned.
/// [`Unfinished::begin`] makes any other.
pub fn create(dir: &Path, kind: &str, primary: &dyn Factor, cost: KdfCost) -> Result<(Vault, RecoveryCode), CreateError> {
    let recovery = RecoveryCode::generate(&mut SystemRng);
    let slots = [primary, &recovery].map(|factor| NewSlot::of(Factors::one(factor))).to_vec();
    let plan = Plan { suite: suite(), cost, rules: Rules::default(), slots, at: Some(clock::read().wall) };
    let made = Unfinished::begin(dir, kind, &plan)?.finish().map_err(CreateError::Storage)?;
    drop(plan);
    Ok((made, recovery))
}

/// Opens the vault in `dir`, waiting up to two seconds for another process to release it.
pub fn open(dir: &Path) -> Result<Vault, OpenError> {
    open_waiting(dir, Wait::new(PATIENCE, &mut |_| ())).map(|opened| opened.vault)
}

/// Like [`open`], for a caller who chooses how long to wait and is told for whom.
pub fn open_waiting(dir: &Path, wait: Wait<'_>) -> Result<Opened, OpenError> {
    let Found { host, repairs, .. } = found(dir, wait)?;
    let vault = Vault::open(host).map_err(|why| OpenError::of(why, dir))?;
    ballast::refill(&dir.join(BALLAST));
    Ok(Opened { vault, repairs })
}

/// Returns what the vault in `dir` is given, for a caller who opens it by itself. The folder stays locked while that is in use. Nothing is
/// made where there is no vault.
pub fn host(dir: &Path, wait: Wait<'_>) -> Result<Host, OpenError> {
    let Found { host, .. } = found(dir, wait)?;
    ballast::refill(&dir.join(BALLAST));
    Ok(host)
}

/// Opens a parked vault again.
pub fn resume<'v>(parked: Parked<'v>, dir: &Path, wait: Wait<'_>) -> Result<Unlocked<'v>, ResumeError> {
    Ok(parked.resume(open_waiting(dir, wait)?.vault)?)
}

/// Does `work` with the vault parked. If it cannot be opened again, every later use of it is refused.
pub fn aside<T>(vault: &mut Unlocked<'_>, dir: &Path, wait: Wait<'_>, work: impl FnOnce() -> T) -> Result<T, ResumeError> {
    vault.aside(work, || Ok(open_waiting(dir, wait)?.vault))
}

/// Does `work` with a parked vault open, and parks it again. If that fails it stays parked, so that a service whose vault is in use
/// tries later.
pub fn briefly<T>(parked: &mut Parked<'_>, dir: &Path, wait: Wait<'_>, work: impl FnOnce(&Unlocked<'_>) -> T) -> Result<T, ResumeError> {
    Ok(parked.briefly(open_waiting(dir, wait)?.vault, work)?)
}

impl Unfinished {
    /// Begins a vault in `dir` (made with mode 0700). The remains of an interrupted creation are removed first.
    pub fn begin(dir: &Path, kind: &str, plan: &Plan<'_>) -> Result<Self, CreateError> {
        let io = |source: std::io::Error| CreateError::Storage(storage_error("creating the vault", dir, &source));
        durable::make_dir(dir).map_err(io)?;
        if let Some(earlier) = Self::left_in(dir)? {
            earlier.discard().map_err(CreateError::Storage)?;
        }
        let Found { host, lock, .. } = with_store(dir, Wait::new(PATIENCE, &mut |_| ()))?;
        let inner = waypass_vault::Unfinished::begin(host, kind, plan).map_err(|why| CreateError::of(why, dir))?;
        durable::sync_parent(&dir.join(DATABASE)).map_err(io)?;
        ballast::refill(&dir.join(BALLAST));
        Ok(Self { inner, dir: dir.to_owned(), lock })
    }

    /// Returns what a creation left in `dir` that was cut short.
    pub fn left_in(dir: &Path) -> Result<Option<Self>, OpenError> {
        let Found { host, lock, .. } = match found(dir, Wait::new(PATIENCE, &mut |_| ())) {
            Err(OpenError::NotFound(_)) => return Ok(None),
            found => found?,
        };
        let left = waypass_vault::Unfinished::left_in(host).map_err(|why| OpenError::of(why, dir))?;
        Ok(left.map(|inner| Self { inner, dir: dir.to_owned(), lock }))
    }

    /// Returns the vault, to be filled.
    pub fn vault(&mut self) -> &mut Vault {
        self.inner.vault()
    }

    /// Makes it count: from here on it opens, and is not made again.
    pub fn finish(self) -> Result<Vault, StorageError> {
        self.inner.finish()
    }

    /// Removes it. Nothing in it was acknowledged.
    pub fn discard(self) -> Result<(), StorageError> {
        let Self { inner, dir, lock: _held } = self;
        drop(inner);
        let failed = |source: std::io::Error| storage_error("removing an unfinished vault", &dir, &source);
        // The database last: while it is there, the next try knows what the other files are.
        let mut last = Vec::new();
        for entry in std::fs::read_dir(&dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().unwrap_or_default();
            if name == DATABASE || path == log_of(&dir.join(DATABASE)) {
                last.push(path);
            } else if name != LOCK && path.symlink_metadata().is_ok_and(|about| !about.is_dir()) {
                std::fs::remove_file(&path).map_err(failed)?;
            }
        }
        last.sort();
        last.iter().try_for_each(std::fs::remove_file).and_then(|()| durable::sync_parent(&dir.join(DATABASE))).map_err(failed)
    }
}

/// A folder that is locked and open.
struct Found {
    host: Host,
    lock: Arc<LockFile>,
    repairs: Vec<Repair>,
}

/// Like [`with_store`], if there is a database already.
fn found(dir: &Path, wait: Wait<'_>) -> Result<Found, OpenError> {
    if dir.join(DATABASE).symlink_metadata().is_err() {
        return Err(OpenError::NotFound(dir.to_owned()));
    }
    with_store(dir, wait)
}

/// Takes the lock and opens the store, whatever is in it.
fn with_store(dir: &Path, wait: Wait<'_>) -> Result<Found, OpenError> {
    let Wait { at_most, told: waiting } = wait;
    let started = Instant::now();
    let mut repairs = Vec::new();
    private::close_folder(dir, &mut repairs)?;
    let lock = LockFile::take(&dir.join(LOCK), at_most, waiting).map_err(|why| match why {
        NotLocked::Busy(holder) => OpenError::Busy(holder),
        NotLocked::Io(source) => OpenError::Storage(storage_error("locking the vault", dir, &source)),
    })?;
    let linked = [(LOCK, lock.removed_link()), (BALLAST, unlink_foreign(&dir.join(BALLAST)).unwrap_or(false))];
    repairs.extend(linked.into_iter().filter(|(_, linked)| *linked).map(|(name, _)| Repair::Link { path: dir.join(name) }));
    let file = dir.join(DATABASE);
    for path in [&dir.join(LOCK), &dir.join(BALLAST), &file, &log_of(&file)] {
        private::close_file(path, &mut repairs)?;
    }
    durable::remove_leftovers(dir);
    let mut told = false;
    let sqlite = loop {
        match Sqlite::open(&file, VERSION) {
            Ok(sqlite) => break sqlite,
            Err(Refused::Newer(found)) => return Err(OpenError::Newer { found, supported: VERSION.into() }),
            Err(Refused::Storage(why)) => return Err(OpenError::Storage(why)),
            // Somebody removed the lock file of a process that is still at work.
            Err(Refused::Busy) => {
                let holder = LockHolder::UNKNOWN;
                if started.elapsed() >= at_most {
                    return Err(OpenError::Busy(holder));
                }
                if !told {
                    waiting(&holder);
                    told = true;
                }
                std::thread::sleep(POLL);
            }
        }
    };
    let lock = Arc::new(lock);
    let storage = OnDisk { sqlite, ballast: dir.join(BALLAST), _lock: Arc::clone(&lock) };
    let host = Host { storage: Box::new(storage), memory: Box::new(LockedMemory::default()), entropy: Box::new(SystemRng) };
    Ok(Found { host, lock, repairs })
}

/// The database with its reserve, under the folder's lock. The database is closed before the lock is released.
struct OnDisk {
    sqlite: Sqlite,
    ballast: PathBuf,
    _lock: Arc<LockFile>,
}

impl Storage for OnDisk {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.sqlite.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.sqlite.scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.sqlite.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.sqlite.compact()
    }

    fn release_reserve(&self) {
        ballast::release(&self.ballast);
    }

    fn journal_was_missing(&self) -> bool {
        self.sqlite.journal_was_missing()
    }
}
