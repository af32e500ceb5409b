//! The file of the pair that is out of use: it holds the reserve, and receives the rows at a compaction.

use super::file::PlainFile;
use super::layout::{self, BLOCK, Head, Place, RECORDS, Record, VERSION};
use super::rows::Rows;
use super::{Held, Sizes, certain};
use crate::error::StorageError;
use crate::storage::Change;
use alloc::vec;
use alloc::vec::Vec;

/// Writes a head and marks that say nothing.
pub(super) fn blank(file: &impl PlainFile) -> Result<(), StorageError> {
    file.set_len(0)?;
    file.write_at(0, &vec![0; usize::try_from(RECORDS).unwrap_or(0)])
}

/// Makes sure that the reserve is there. A disk without room for it is left alone.
pub(super) fn fill(file: &impl PlainFile, reserve: u64) -> Result<(), StorageError> {
    if file.len()? == reserve {
        return Ok(());
    }
    let write = || {
        blank(file)?;
        // Not constant: a compressing file system keeps room for it too, and a hole reserves nothing.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut at = RECORDS;
        while at < reserve {
            let block: Vec<u8> = (0..BLOCK.min(reserve - at))
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state.to_be_bytes()[0]
                })
                .collect();
            file.write_at(at, &block)?;
            at += block.len() as u64;
        }
        file.flush()
    };
    match write() {
        Err(StorageError::Full { .. }) => empty(file),
        done => done,
    }
}

/// Gives the space back.
pub(super) fn empty(file: &impl PlainFile) -> Result<(), StorageError> {
    file.set_len(0)?;
    file.flush()
}

/// Writes the rows into the file out of use, and uses that one from then on. Without room for it everything stays as it is, and the error
/// is [`StorageError::Full`].
///
/// The head is written last, after everything else is durable: a power cut leaves the old file or the new one. The old one is emptied
/// before the next commit, so that damage to the new head cannot bring it back.
pub(super) fn compact<F: PlainFile>(files: &[F; 2], sizes: Sizes, held: &mut Held) -> Result<(), StorageError> {
    let (from, to) = (&files[held.active], &files[1 - held.active]);
    let generation = held.generation.saturating_add(1);
    let (places, end) = match copy(from, to, generation, sizes.batch, &held.rows) {
        Ok(done) => done,
        Err(full @ StorageError::Full { .. }) => {
            held.compact_above = held.end + sizes.compact_above;
            empty(to).and_then(|()| fill(to, sizes.reserve)).map_err(certain)?;
            return Err(full);
        }
        Err(why) => return Err(why),
    };
    to.write_at(0, &Head { version: VERSION, generation }.to_bytes()).map_err(certain)?;
    to.flush().map_err(certain)?;
    held.rows.move_all(places);
    (held.active, held.generation, held.end, held.mark) = (1 - held.active, generation, end, 1);
    held.compact_above = sizes.compact_above;
    empty(from).and_then(|()| fill(from, sizes.reserve)).map_err(certain)
}

/// Writes all rows in records of at most `batch` bytes or one row, with a mark for their end. Returns their places and the end.
fn copy<F: PlainFile>(from: &F, to: &F, generation: u64, batch: u64, rows: &Rows) -> Result<(Vec<Place>, u64), StorageError> {
    blank(to)?;
    let (mut places, mut changes, mut size, mut at) = (Vec::new(), Vec::new(), 0, RECORDS);
    let mut write = |changes: &mut Vec<Change>, at: &mut u64| {
        let record = Record::of(generation, *at, changes)?;
        to.write_at(*at, &record.bytes)?;
        *at += record.bytes.len() as u64;
        places.extend(record.places.into_iter().flatten());
        changes.clear();
        Ok::<_, StorageError>(())
    };
    for (space, key, place) in rows.all() {
        let next = layout::size(key.len(), place.len);
        if size + next > batch && !changes.is_empty() {
            write(&mut changes, &mut at)?;
            size = 0;
        }
        changes.push(Change { space, key: key.to_vec(), value: Some(super::read(from, place.at, place.len)?) });
        size += next;
    }
    if !changes.is_empty() {
        write(&mut changes, &mut at)?;
    }
    to.write_at(BLOCK, &layout::mark(generation, at))?;
    to.flush()?;
    Ok((places, at))
}
