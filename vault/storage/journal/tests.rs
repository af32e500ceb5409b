//! A journal as a storage like any other, on a device that fails, and in files that somebody damaged.

mod compact;
mod damage;
mod device;
mod faults;
mod model;
mod open;

pub(crate) use device::{File, Files};

use super::{Journal, Sizes};
use crate::error::StorageError;
use crate::storage::{Change, Rows, Space, Storage as _};
use crate::testing::rows;
use alloc::vec;
use alloc::vec::Vec;

/// Small enough for a compaction every few commits.
const SMALL: Sizes = Sizes { compact_above: 12_288 + 700, batch: 150, reserve: 12_288 + 100 };

fn small(files: &Files) -> Result<Journal<File>, StorageError> {
    Journal::open_with(files.pair(), SMALL)
}

fn put(space: Space, key: &[u8], value: &[u8]) -> Change {
    Change { space, key: key.to_vec(), value: Some(value.to_vec()) }
}

fn remove(space: Space, key: &[u8]) -> Change {
    Change { space, key: key.to_vec(), value: None }
}

/// Commits that put, replace and remove rows, and lead to compactions.
fn script() -> Vec<Vec<Change>> {
    let commit = |n: u8| {
        let state = put(Space::Meta, b"state", &[n; 90]);
        let log = put(Space::Log, &[b'a', n], &vec![n; usize::from(n) * 3]);
        match n % 4 {
            0 => vec![state, log],
            1 => vec![put(Space::Record, b"r", &[n]), state, remove(Space::Log, &[b'a', n - 1])],
            2 => vec![put(Space::Record, b"r", b""), put(Space::Record, b"r", &[n, n]), log],
            _ => vec![state, remove(Space::Record, b"absent")],
        }
    };
    (0..14).map(commit).collect()
}

/// Makes a change in the rows of a model.
fn apply(rows: &mut Rows, changes: &[Change]) {
    for Change { space, key, value } in changes {
        match value {
            Some(value) => drop(rows.insert((*space, key.clone()), value.clone())),
            None => drop(rows.remove(&(*space, key.clone()))),
        }
    }
}

/// A device with everything that the script writes, closed. Its journal was compacted, and then written to.
fn written() -> (Files, Rows) {
    let (files, mut model) = (Files::default(), Rows::new());
    let journal = small(&files).expect("opens");
    for changes in script() {
        journal.commit(&changes).expect("commits");
        apply(&mut model, &changes);
    }
    assert!(journal.held.borrow().generation > 1 && rows(&journal) == model);
    (files, model)
}
