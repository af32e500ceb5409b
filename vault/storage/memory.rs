//! Rows in memory: for guests that keep nothing, and for tests.

use super::{Change, Space, Storage};
use crate::error::{Room, StorageError};
use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::RefCell;

/// A storage in memory. Its rows end with it.
#[derive(Default, Debug)]
pub struct MemoryStorage {
    rows: RefCell<Rows>,
    room: Option<usize>,
}

/// Everything in a storage.
pub(crate) type Rows = BTreeMap<(Space, Vec<u8>), Vec<u8>>;

impl MemoryStorage {
    /// Returns an empty storage that keeps at most `bytes` of keys and values. A commit beyond that is refused as [`StorageError::Full`].
    #[cfg(test)]
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { rows: RefCell::default(), room: Some(bytes) }
    }

    fn check_room(&self, rows: &Rows, changes: &[Change]) -> Result<(), StorageError> {
        let Some(room) = self.room else { return Ok(()) };
        let held = rows.iter().map(|((_, key), value)| key.len() + value.len()).sum::<usize>();
        let added = changes.iter().map(|change| change.key.len() + change.value.as_ref().map_or(0, Vec::len)).sum::<usize>();
        if held + added > room { Err(StorageError::Full { place: "the rows in memory".to_owned(), room: Room::Disk }) } else { Ok(()) }
    }
}

#[cfg(test)]
impl From<Rows> for MemoryStorage {
    fn from(rows: Rows) -> Self {
        Self { rows: rows.into(), room: None }
    }
}

impl Storage for MemoryStorage {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.rows.borrow().get(&(space, key.to_vec())).cloned())
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        let rows = self.rows.borrow();
        let found = rows.range((space, prefix.to_vec())..).take_while(|((at, key), _)| *at == space && key.starts_with(prefix));
        found.for_each(|((_, key), value)| visit(key, value));
        Ok(())
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        let mut rows = self.rows.borrow_mut();
        self.check_room(&rows, changes)?;
        for Change { space, key, value } in changes {
            match value {
                Some(value) => rows.insert((*space, key.clone()), value.clone()),
                None => rows.remove(&(*space, key.clone())),
            };
        }
        Ok(())
    }

    /// Does nothing: replaced values are not kept.
    fn compact(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryStorage;

    fn open() -> (MemoryStorage, ()) {
        (MemoryStorage::default(), ())
    }

    fn cramped() -> (MemoryStorage, ()) {
        (MemoryStorage::with_room(200_000), ())
    }

    crate::storage_tests!(memory, open: open, cramped: cramped);
}
