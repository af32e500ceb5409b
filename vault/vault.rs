//! A locked vault: create, open, unlock.
//!
//! ```text
//! wallet/            mode 0700
//!   vault.db         mode 0600: header, slots, counters of failed tries, sealed records
//!   vault.db-wal     its write-ahead log: always there, empty when the vault was closed in order
//!   lock             who has it open
//!   ballast          1 MiB in reserve for the last log entry on a full disk
//! ```
//!
//! Table names, record ids, record sizes, and which records of a table share a tag's value can be read without the key; use random ids.
//! Replacing the whole folder by an older copy of itself cannot be noticed without hardware that counts; what can be compared outside is
//! [`Unlocked::state_seq`].

#[cfg(test)]
mod tests;

use crate::ballast;
use crate::clock::Reading;
use crate::durable;
use crate::entropy::SystemRng;
use crate::error::{CreateError, OpenError, StorageError, UnlockError};
use crate::factor::{Factor, FactorKind, Factors, KdfCost, RecoveryCode};
use crate::hierarchy::{Keys, VaultKey};
use crate::lock_file::{LockFile, LockHolder, NotLocked};
use crate::private::{self, Repair, unlink_foreign};
use crate::secret::MemoryProtection;
use crate::slot::{MAX_SLOTS, NotOpened, Place, Slot, SlotInfo};
use crate::storage::sqlite::{Refused, Sqlite, log_of};
use crate::storage::{Change, Closed, Space, Storage};
use crate::throttle::{Answer, Throttle};
use crate::unlocked::{State, Unlocked};
use rand_core::CryptoRng;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use waypass_credential::cbor::{NotCanonical, Reader, Writer};

/// The version of the file; a higher one is refused. It keeps older programs out, and decides nothing: what an upgrade has done stands in
/// the sealed state.
const VERSION: u32 = 2;

const DATABASE: &str = "vault.db";
const LOCK: &str = "lock";
const BALLAST: &str = "ballast";

/// How often a waiting process tries the database again.
const POLL: Duration = Duration::from_millis(20);

/// How long [`Vault::open`] waits for another process: longer than any command that opens, works and locks.
const PATIENCE: Duration = Duration::from_secs(2);

const HEADER: &[u8] = b"header";
/// There while the vault is being made.
const UNFINISHED: &[u8] = b"unfinished";
/// There from an opening that found no log until the vault is unlocked, when its state says whether there should have been one.
const LOG_MISSING: &[u8] = b"log-missing";

/// A vault on disk that this process, and no other, has open. Locked until [`Vault::unlock`].
pub struct Vault {
    pub(crate) storage: Box<dyn Storage>,
    pub(crate) header: Header,
    pub(crate) dir: PathBuf,
    repairs: Vec<Repair>,
    /// `None` while it is closed.
    lock: Option<LockFile>,
}

/// A vault that is being made. Until [`Unfinished::finish`] it does not count as made: it cannot be opened, and making it may begin anew.
pub struct Unfinished {
    vault: Vault,
}

/// What every sealing in this vault is bound to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) vault: [u8; 16],
    pub(crate) kind: String,
}

/// What can be known of a locked vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VaultStatus {
    /// What the vault was created as: `wallet`, `issuer`, `gate`.
    pub kind: String,
    /// Tries left for passwords before the lockout.
    pub attempts_left: u32,
    /// Tries left for the recovery code.
    pub recovery_attempts_left: u32,
    /// Wrong tries since a password last opened it. A counter that cannot be read counts as nine.
    pub wrong_tries: u32,
    /// Wrong tries since the recovery code last opened it.
    pub wrong_recovery_tries: u32,
    /// Seconds until the next try with a password is taken; 0 means now.
    pub wait_seconds: u64,
    /// The slots; what opens the vault.
    pub slots: Vec<SlotInfo>,
    /// Slots that are damaged on disk.
    pub damaged_slots: usize,
}

/// The counters of failed tries; a failure with one does not use up the other. Key files have none: nobody guesses 256 bits, and a
/// lockout would only let a saboteur shut an unattended gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Counter {
    Recovery,
    Password,
}

impl Counter {
    const fn key(self) -> &'static [u8] {
        match self {
            Self::Recovery => b"tries/recovery",
            Self::Password => b"tries/password",
        }
    }

    fn of(factors: &[FactorKind]) -> Option<Self> {
        if factors.contains(&FactorKind::Recovery) {
            Some(Self::Recovery)
        } else {
            factors.contains(&FactorKind::Password).then_some(Self::Password)
        }
    }
}

impl Vault {
    /// Creates a vault in `dir` (made with mode 0700) with a slot for `primary` and one for the recovery code that is returned.
    pub fn create(
        dir: &Path,
        kind: &str,
        primary: &dyn Factor,
        kdf: KdfCost,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, RecoveryCode), CreateError> {
        let (unfinished, recovery) = Unfinished::begin(dir, kind, primary, kdf, rng)?;
        Ok((unfinished.finish()?, recovery))
    }

    /// Opens the vault in `dir`, waiting up to two seconds for another process to release it.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_waiting(dir, PATIENCE, &mut |_| ())
    }

    /// As [`Vault::open`], waiting up to `wait`; `waiting` is told once who holds the vault.
    pub fn open_waiting(dir: &Path, wait: Duration, waiting: &mut dyn FnMut(&LockHolder)) -> Result<Self, OpenError> {
        let vault = Self::open_any(dir, wait, waiting)?;
        if vault.is_unfinished()? {
            return Err(OpenError::Unfinished(dir.to_owned()));
        }
        ballast::refill(&dir.join(BALLAST));
        Ok(vault)
    }

    fn open_any(dir: &Path, wait: Duration, waiting: &mut dyn FnMut(&LockHolder)) -> Result<Self, OpenError> {
        let file = dir.join(DATABASE);
        if file.symlink_metadata().is_err() {
            return Err(OpenError::NotFound(dir.to_owned()));
        }
        let mut vault = Self::with_store(dir, wait, waiting)?;
        vault.header = match vault.storage.get(Space::Meta, HEADER)? {
            Some(header) => Header::read(&header).map_err(|NotCanonical| OpenError::Damaged)?,
            // They are written together: a header alone can only have been lost.
            None if has_slots(&*vault.storage)? => return Err(OpenError::Damaged),
            None => return Err(OpenError::NotFound(dir.to_owned())),
        };
        Ok(vault)
    }

    /// The lock and the store, whatever is in it.
    fn with_store(dir: &Path, wait: Duration, waiting: &mut dyn FnMut(&LockHolder)) -> Result<Self, OpenError> {
        let started = Instant::now();
        let mut repairs = Vec::new();
        private::close_folder(dir, &mut repairs)?;
        let lock = LockFile::take(&dir.join(LOCK), wait, waiting).map_err(|why| match why {
            NotLocked::Busy(holder) => OpenError::Busy(holder),
            NotLocked::Io(source) => OpenError::Storage(StorageError::of("locking the vault", dir, source)),
        })?;
        let linked = [(LOCK, lock.removed_link()), (BALLAST, unlink_foreign(&dir.join(BALLAST)).unwrap_or(false))];
        repairs.extend(linked.into_iter().filter(|(_, linked)| *linked).map(|(name, _)| Repair::Link { path: dir.join(name) }));
        let file = dir.join(DATABASE);
        for path in [&dir.join(LOCK), &dir.join(BALLAST), &file, &log_of(&file)] {
            private::close_file(path, &mut repairs)?;
        }
        durable::remove_leftovers(dir);
        let mut told = false;
        let (storage, log_was_missing) = loop {
            match Sqlite::open(&file, VERSION) {
                Ok(storage) => {
                    break {
                        let missing = storage.log_was_missing();
                        (Box::new(storage), missing)
                    };
                }
                Err(Refused::Newer(found)) => return Err(OpenError::Newer { found, supported: VERSION.into() }),
                Err(Refused::Storage(why)) => return Err(OpenError::Storage(why)),
                // Somebody removed the lock file of a process that is still at work.
                Err(Refused::Busy) => {
                    let holder = LockHolder::UNKNOWN;
                    if started.elapsed() >= wait {
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
        let vault =
            Self { storage, header: Header { vault: [0; 16], kind: String::new() }, dir: dir.to_owned(), repairs, lock: Some(lock) };
        if log_was_missing && vault.storage.get(Space::Meta, HEADER)?.is_some() {
            // From here on there is a log, so what was found is kept until somebody can unlock the vault.
            vault.commit_with_reserve(&[meta(LOG_MISSING, Vec::new())])?;
        }
        Ok(vault)
    }

    fn is_unfinished(&self) -> Result<bool, StorageError> {
        Ok(self.storage.get(Space::Meta, UNFINISHED)?.is_some())
    }

    /// Whether the log was missing when the vault was opened, this time or since it was last unlocked; and the change that forgets it.
    pub(crate) fn missing_log(&self) -> Result<Option<Change>, StorageError> {
        let found = self.storage.get(Space::Meta, LOG_MISSING)?;
        Ok(found.map(|_| Change { space: Space::Meta, key: LOG_MISSING.to_vec(), value: None }))
    }

    /// Closes the database and releases the lock. Until it is opened anew, nothing can be read or written.
    pub(crate) fn close(&mut self) {
        self.storage = Box::new(Closed);
        self.lock = None;
    }

    /// What was put right when the vault was opened: modes and links that let other users in.
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Returns the vault's public status.
    pub fn status(&self, at: &Reading) -> Result<VaultStatus, StorageError> {
        let (slots, damaged_slots) = self.slots()?;
        let (password, recovery) = (self.throttle(Counter::Password)?, self.throttle(Counter::Recovery)?);
        Ok(VaultStatus {
            kind: self.header.kind.clone(),
            attempts_left: password.attempts_left(),
            recovery_attempts_left: recovery.attempts_left(),
            wrong_tries: password.wrong_tries(),
            wrong_recovery_tries: recovery.wrong_tries(),
            wait_seconds: if let Answer::Wait { seconds } = password.answer(at) { seconds } else { 0 },
            slots: slots.iter().map(Slot::info).collect(),
            damaged_slots,
        })
    }

    /// What the vault was created as: `wallet`, `issuer`, `gate`.
    pub fn kind(&self) -> &str {
        &self.header.kind
    }

    /// Opens the vault with the factors shown. A try that could be a guess is counted durably before it is made.
    pub fn unlock(&mut self, factors: &Factors<'_>, at: &Reading) -> Result<Unlocked<'_>, UnlockError> {
        let keys = self.keys(factors, at)?;
        Unlocked::borrowing(self, keys, at).map_err(UnlockError::Storage)
    }

    /// As [`Vault::unlock`], for a service that keeps the vault open as long as it runs. On failure the vault comes back.
    pub fn into_unlocked(self, factors: &Factors<'_>, at: &Reading) -> Result<Unlocked<'static>, (Box<Self>, UnlockError)> {
        match self.keys(factors, at) {
            Ok(keys) => Unlocked::owning(self, keys, at),
            Err(why) => Err((Box::new(self), why)),
        }
    }

    fn keys(&self, factors: &Factors<'_>, at: &Reading) -> Result<Keys, UnlockError> {
        let shown = factors.kinds();
        let (mut slots, damaged) = self.slots()?;
        slots.retain(|slot| slot.info().factors.iter().all(|kind| shown.contains(kind)));
        if slots.is_empty() {
            return Err(if damaged > 0 { UnlockError::Damaged } else { UnlockError::NoSlot });
        }
        let mut refusal = None;
        // Cheapest first: key files need no slow function and are not counted, the recovery code needs no slow function.
        for counter in [None, Some(Counter::Recovery), Some(Counter::Password)] {
            let mut slots = slots.iter().filter(|slot| Counter::of(&slot.info().factors) == counter).peekable();
            if slots.peek().is_none() {
                continue;
            }
            match self.try_slots(slots, factors, counter, at) {
                Ok(keys) => return Ok(keys),
                Err(why @ (UnlockError::WrongSecret { .. } | UnlockError::Throttled { .. } | UnlockError::LockedOut)) => {
                    refusal = Some(why);
                }
                Err(why) => return Err(why),
            }
        }
        Err(refusal.unwrap_or(UnlockError::NoSlot))
    }

    fn try_slots<'s>(
        &self,
        slots: impl Iterator<Item = &'s Slot>,
        factors: &Factors<'_>,
        counter: Option<Counter>,
        at: &Reading,
    ) -> Result<Keys, UnlockError> {
        let before = self.throttle(counter.unwrap_or(Counter::Password))?;
        if let Some(counter) = counter {
            match before.answer(at) {
                Answer::Try => self.set_throttle(&[(counter, before.counted(at))])?,
                Answer::Wait { seconds } => return Err(UnlockError::Throttled { seconds }),
                Answer::LockedOut => return Err(UnlockError::LockedOut),
            }
        }
        for slot in slots {
            let mut vk = VaultKey::zeroed().map_err(UnlockError::Factor)?;
            match slot.open(factors, vk.bytes_mut()) {
                Ok(()) => {}
                Err(NotOpened::WrongSecret) => continue,
                Err(NotOpened::Factor(why)) => {
                    // No key was derived, so nothing was guessed.
                    if let Some(counter) = counter {
                        self.set_throttle(&[(counter, before)])?;
                    }
                    return Err(UnlockError::Factor(why));
                }
            }
            let keys = Keys::derive(vk, &self.header.vault, slot.generation);
            if !self.knows(slot, &keys)? {
                continue;
            }
            match counter {
                Some(Counter::Password) => self.set_throttle(&[(Counter::Password, Throttle::NEW)])?,
                // Whoever has the recovery code is the owner.
                Some(Counter::Recovery) => {
                    self.set_throttle(&[(Counter::Recovery, Throttle::NEW), (Counter::Password, Throttle::NEW)])?;
                }
                None => {}
            }
            return Ok(keys);
        }
        let left = if counter.is_some() { before.attempts_left().saturating_sub(1) } else { before.attempts_left() };
        Err(UnlockError::WrongSecret { attempts_left: left })
    }

    /// A slot put back from an older copy still unwraps the key; the sealed state knows which slots there are. A lost state knows nothing,
    /// and is itself reported.
    fn knows(&self, slot: &Slot, keys: &Keys) -> Result<bool, StorageError> {
        Ok(State::load(self, keys)?.is_none_or(|state| state.slots.contains(&(slot.id, slot.epoch))))
    }

    /// The readable slots, and how many are not.
    pub(crate) fn slots(&self) -> Result<(Vec<Slot>, usize), StorageError> {
        let (mut slots, mut damaged) = (Vec::new(), 0);
        self.storage.scan(Space::Slot, b"", &mut |key, row| match Slot::from_row(row) {
            Some(slot) if slot.id == key && slot.vault == self.header.vault && slots.len() < MAX_SLOTS => slots.push(slot),
            _ => damaged += 1,
        })?;
        Ok((slots, damaged))
    }

    fn throttle(&self, counter: Counter) -> Result<Throttle, StorageError> {
        Ok(Throttle::read(self.storage.get(Space::Meta, counter.key())?.as_deref()))
    }

    fn set_throttle(&self, counters: &[(Counter, Throttle)]) -> Result<(), StorageError> {
        let changes: Vec<Change> = counters.iter().map(|(counter, throttle)| meta(counter.key(), throttle.to_bytes())).collect();
        self.commit_with_reserve(&changes)
    }

    /// The owner must get in to make room; the reserve is for exactly this.
    pub(crate) fn commit_with_reserve(&self, changes: &[Change]) -> Result<(), StorageError> {
        match self.storage.commit(changes) {
            Err(StorageError::Full { .. }) => {
                ballast::release(&self.dir.join(BALLAST));
                self.storage.commit(changes)
            }
            done => done,
        }
    }
}

impl Unfinished {
    /// Begins a vault in `dir` (made with mode 0700) with a slot for `primary` and one for the recovery code that is returned. What an
    /// earlier creation left that was cut short is removed first.
    pub fn begin(
        dir: &Path,
        kind: &str,
        primary: &dyn Factor,
        kdf: KdfCost,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, RecoveryCode), CreateError> {
        let io = |source| CreateError::Storage(StorageError::of("creating the vault", dir, source));
        durable::make_dir(dir).map_err(io)?;
        if let Some(earlier) = Self::left_in(dir)? {
            earlier.discard().map_err(CreateError::Storage)?;
        }
        let mut vault = Vault::with_store(dir, PATIENCE, &mut |_| ())?;
        // A file with neither header nor slots is what a creation leaves that was cut short early.
        if vault.storage.get(Space::Meta, HEADER)?.is_some() || has_slots(&*vault.storage)? {
            return Err(CreateError::Exists(dir.to_owned()));
        }
        let recovery = RecoveryCode::generate(rng);
        kind.clone_into(&mut vault.header.kind);
        rand_core::Rng::fill_bytes(rng, &mut vault.header.vault);
        let mut changes = first_commit(&vault.header, &[primary, &recovery], kdf, rng)?;
        changes.push(meta(UNFINISHED, Vec::new()));
        vault.storage.commit(&changes)?;
        durable::sync_parent(&dir.join(DATABASE)).map_err(io)?;
        ballast::refill(&dir.join(BALLAST));
        Ok((Self { vault }, recovery))
    }

    /// What a creation left in `dir` that was cut short.
    pub fn left_in(dir: &Path) -> Result<Option<Self>, OpenError> {
        match Vault::open_any(dir, PATIENCE, &mut |_| ()) {
            Ok(vault) => Ok(if vault.is_unfinished()? { Some(Self { vault }) } else { None }),
            Err(OpenError::NotFound(_)) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// The vault, to be filled.
    pub fn vault(&mut self) -> &mut Vault {
        &mut self.vault
    }

    /// Makes it count: from here on it opens, and is not made again.
    pub fn finish(self) -> Result<Vault, StorageError> {
        self.vault.storage.commit(&[Change { space: Space::Meta, key: UNFINISHED.to_vec(), value: None }])?;
        Ok(self.vault)
    }

    /// Removes it. Nothing in it was acknowledged.
    pub fn discard(self) -> Result<(), StorageError> {
        let Vault { dir, storage, lock: _lock, .. } = self.vault;
        drop(storage);
        let failed = |source| StorageError::of("removing an unfinished vault", &dir, source);
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

fn has_slots(storage: &dyn Storage) -> Result<bool, StorageError> {
    let mut found = false;
    storage.scan(Space::Slot, b"", &mut |_, _| found = true)?;
    Ok(found)
}

fn meta(key: &[u8], value: Vec<u8>) -> Change {
    Change { space: Space::Meta, key: key.to_vec(), value: Some(value) }
}

/// Header, slots, counters and empty state in one commit: a vault is there completely or not at all.
fn first_commit(header: &Header, factors: &[&dyn Factor], kdf: KdfCost, rng: &mut dyn CryptoRng) -> Result<Vec<Change>, CreateError> {
    let mut vk = VaultKey::zeroed()?;
    rand_core::Rng::fill_bytes(rng, vk.bytes_mut());
    let mut changes = vec![
        meta(HEADER, header.to_bytes()),
        meta(Counter::Password.key(), Throttle::NEW.to_bytes()),
        meta(Counter::Recovery.key(), Throttle::NEW.to_bytes()),
    ];
    let mut state = State::default();
    for factor in factors {
        let mut id = [0; 8];
        rand_core::Rng::fill_bytes(rng, &mut id);
        let place = Place { vault: header.vault, id, epoch: 1, generation: 1 };
        let slot = Slot::seal(&place, &Factors::one(*factor), kdf, vk.bytes(), rng)?;
        state.slots.push((slot.id, slot.epoch));
        changes.push(Change { space: Space::Slot, key: slot.id.to_vec(), value: Some(slot.to_row()) });
    }
    changes.push(state.to_change(&header.vault, &Keys::derive(vk, &header.vault, 1), &mut SystemRng));
    Ok(changes)
}

impl Header {
    fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::new();
        to.array(3).unsigned(1).bytes(&self.vault).text(&self.kind);
        to.into_bytes()
    }

    fn read(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        from.array_of(3)?;
        if from.unsigned()? != 1 {
            return Err(NotCanonical);
        }
        let header = Self { vault: from.bytes_array()?, kind: from.text()?.to_owned() };
        from.end().map(|()| header)
    }
}

impl Unlocked<'_> {
    /// How well the kernel lets us keep secrets in memory.
    pub fn memory_protection(&self) -> MemoryProtection {
        self.keys.protection()
    }
}
