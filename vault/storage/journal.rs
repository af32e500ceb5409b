//! Rows in a pair of plain files: for hosts that have no database.
//!
//! One file is in use. A commit adds one record to its end and flushes it once. The keys of all rows are in memory, the values stay in the
//! file and are read when they are asked for. When more than half of the file is dead, a commit writes the rows into the other file and
//! switches to that one by its head, which carries the higher generation. So a power cut at any moment leaves the state before a commit or
//! the state after it.
//!
//! Opening reads the keys. What is damaged is told apart from what a power cut left by a *mark*: after each flush the journal writes down up
//! to where everything was acknowledged. The next flush makes the mark durable, and so does closing.
//!
//! - Before the mark, a damaged table or length is [`StorageError::Corrupt`].
//! - Before the mark, a damaged value is handed on as it is. It is sealed, so the vault finds it and sets it aside, and the other rows stay
//!   in use.
//! - After the mark, a record that is not whole is a torn tail: it is cut off. An acknowledged record that is damaged before the next commit
//!   and before closing looks like that too. It is the only one that does.
//!
//! An older copy of both files opens, as an older copy of any file does. The sealed state says what the vault can notice of that.
//!
//! A value that was replaced or removed stays in the file, sealed, until the next compaction. An erasure asks for one at once.
//!
//! The file out of use holds the reserve: 1 MiB, which [`Storage::release_reserve`] gives back for the last entry of a log.

mod file;
mod layout;
mod opening;
mod rows;
mod spare;
#[cfg(test)]
pub(crate) mod tests;

pub use file::PlainFile;

use super::{Change, Space, Storage};
use crate::error::StorageError;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;
use layout::{BLOCK, Record};
use rows::Rows;

/// A storage in two plain files.
pub struct Journal<F: PlainFile> {
    files: [F; 2],
    sizes: Sizes,
    held: RefCell<Held>,
    is_poisoned: Cell<bool>,
}

/// Lengths in bytes.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// A shorter file is not compacted.
    compact_above: u64,
    /// The size of records that a compaction writes.
    batch: u64,
    reserve: u64,
}

impl Sizes {
    const USUAL: Self = Self { compact_above: 1024 * 1024, batch: 256 * 1024, reserve: 1024 * 1024 };
}

/// The state of the file in use.
struct Held {
    active: usize,
    generation: u64,
    /// The end of the last record.
    end: u64,
    /// The block that the next mark goes to, 0 or 1: the other one has the newest mark.
    mark: usize,
    rows: Rows,
    /// The length up to which the file is not compacted.
    compact_above: u64,
}

impl<F: PlainFile> Journal<F> {
    /// Opens the journal in these two files, which the host keeps open for it alone. In two empty files it begins a new one.
    ///
    /// Returns [`StorageError::Newer`] for files of a newer version, which it does not touch, and [`StorageError::Corrupt`] for damaged ones.
    pub fn open(files: [F; 2]) -> Result<Self, StorageError> {
        Self::open_with(files, Sizes::USUAL)
    }

    fn open_with(files: [F; 2], sizes: Sizes) -> Result<Self, StorageError> {
        let held = opening::open(&files, sizes)?;
        Ok(Self { files, sizes, held: RefCell::new(held), is_poisoned: Cell::new(false) })
    }

    /// Returns the value of a key.
    pub(crate) fn value(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.refuse_when_poisoned()?;
        let held = self.held.borrow();
        held.rows.place(space, key).map(|place| read(&self.files[held.active], place.at, place.len)).transpose()
    }

    /// Returns how many rows a space has.
    pub(crate) fn count(&self, space: Space) -> usize {
        self.held.borrow().rows.with_prefix(space, b"").count()
    }

    /// Makes all changes or none, as [`Storage::commit`] says.
    pub(crate) fn write(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.refuse_when_poisoned()?;
        if changes.is_empty() { Ok(()) } else { self.guarded(|| self.append(changes)) }
    }

    /// Writes, and refuses everything from then on if it is not certain what was written.
    fn guarded(&self, write: impl FnOnce() -> Result<(), StorageError>) -> Result<(), StorageError> {
        // A host that panics leaves it poisoned.
        self.is_poisoned.set(true);
        let done = write();
        self.is_poisoned.set(matches!(&done, Err(why) if !matches!(why, StorageError::Full { .. })));
        done
    }

    fn append(&self, changes: &[Change]) -> Result<(), StorageError> {
        let held = &mut *self.held.borrow_mut();
        let file = &self.files[held.active];
        let record = Record::of(held.generation, held.end, changes)?;
        if let Err(why) = file.write_at(held.end, &record.bytes) {
            if matches!(why, StorageError::Full { .. }) {
                // A part of it may be there, or all of it: it must not come back.
                file.set_len(held.end).and_then(|()| file.flush()).map_err(certain)?;
            }
            return Err(why);
        }
        file.flush().map_err(certain)?;
        held.end += record.bytes.len() as u64;
        changes.iter().zip(record.places).for_each(|(change, place)| held.rows.set(change.space, &change.key, place));
        held.set_mark(file).map_err(certain)?;
        let is_mostly_dead = held.end > held.compact_above && held.rows.live() < held.end / 2;
        if !is_mostly_dead {
            return Ok(());
        }
        match spare::compact(&self.files, self.sizes, held) {
            // It is tried again once the file has grown.
            Err(StorageError::Full { .. }) => Ok(()),
            done => done,
        }
    }

    /// Gives up the reserve.
    pub(crate) fn release(&self) {
        let idle = 1 - self.held.borrow().active;
        // The commit that follows says whether there is room.
        let _ = spare::empty(&self.files[idle]);
    }

    fn refuse_when_poisoned(&self) -> Result<(), StorageError> {
        if self.is_poisoned.get() { Err(StorageError::Poisoned) } else { Ok(()) }
    }
}

impl Held {
    /// Writes down that everything up to the end was acknowledged. The next flush makes it durable.
    fn set_mark(&mut self, file: &impl PlainFile) -> Result<(), StorageError> {
        file.write_at(BLOCK * (1 + self.mark as u64), &layout::mark(self.generation, self.end))?;
        self.mark = 1 - self.mark;
        Ok(())
    }
}

impl<F: PlainFile + Send> Storage for Journal<F> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.value(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.refuse_when_poisoned()?;
        let held = self.held.borrow();
        for (key, place) in held.rows.with_prefix(space, prefix) {
            visit(key, &read(&self.files[held.active], place.at, place.len)?);
        }
        Ok(())
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.write(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.refuse_when_poisoned()?;
        self.guarded(|| spare::compact(&self.files, self.sizes, &mut self.held.borrow_mut()))
    }

    fn release_reserve(&self) {
        self.release();
    }
}

impl<F: PlainFile> Drop for Journal<F> {
    /// Makes the last mark durable. Without it the journal opens all the same.
    fn drop(&mut self) {
        if !self.is_poisoned.get() {
            let _ = self.files[self.held.get_mut().active].flush();
        }
    }
}

impl<F: PlainFile> fmt::Debug for Journal<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

/// Reads bytes that the file is long enough for.
fn read(file: &impl PlainFile, at: u64, count: usize) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(count).map_err(|why| StorageError::Io { doing: "reading the journal", why: why.to_string() })?;
    bytes.resize(count, 0);
    file.read_at(at, &mut bytes)?;
    Ok(bytes)
}

/// Translates an error after which it is not certain that nothing was written: it is not one of missing room.
fn certain(why: StorageError) -> StorageError {
    match why {
        full @ StorageError::Full { .. } => StorageError::Io { doing: "writing the journal", why: full.to_string() },
        why => why,
    }
}
