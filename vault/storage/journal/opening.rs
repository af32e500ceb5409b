//! Opening: which of the two files counts, and which of its records.

use super::file::PlainFile;
use super::layout::{self, BLOCK, HEAD, Head, MARK, PREFIX, Prefix, RECORDS, Summing, VERSION};
use super::rows::Rows;
use super::{Held, Sizes, spare};
use crate::error::StorageError;
use alloc::format;
use alloc::vec::Vec;

/// So much is read at once.
const WINDOW: u64 = 64 * 1024;

/// Reads the state of a pair of files, and repairs what a power cut left: the tail that was not acknowledged, and a file out of use.
pub(super) fn open<F: PlainFile>(files: &[F; 2], sizes: Sizes) -> Result<Held, StorageError> {
    let heads = [head(&files[0])?, head(&files[1])?];
    if let Some(newer) = heads.iter().flatten().find(|head| head.version > VERSION) {
        return Err(StorageError::Newer { found: newer.version.into(), supported: VERSION.into() });
    }
    let (active, generation) = match heads {
        [Some(first), Some(second)] if first.generation == second.generation => {
            return Err(StorageError::Corrupt { detail: format!("both files of the journal have generation {}", first.generation) });
        }
        [Some(first), Some(second)] => {
            if first.generation > second.generation {
                (0, first.generation)
            } else {
                (1, second.generation)
            }
        }
        [Some(first), None] => (0, first.generation),
        [None, Some(second)] => (1, second.generation),
        [None, None] => (0, begin(files)?),
    };
    let (file, idle) = (&files[active], &files[1 - active]);
    let marks = [read(file, BLOCK, MARK)?, read(file, 2 * BLOCK, MARK)?];
    let marks = marks.map(|mark| mark.and_then(|mark| layout::read_mark(&mark, generation)).unwrap_or(RECORDS));
    let acknowledged = marks[0].max(marks[1]);
    let mut held = Held {
        active,
        generation,
        end: RECORDS,
        mark: usize::from(marks[0] >= marks[1]),
        rows: Rows::default(),
        compact_above: sizes.compact_above,
    };
    read_records(file, acknowledged, &mut held)?;
    let is_torn = file.len()? > held.end;
    if is_torn {
        file.set_len(held.end)?;
    }
    if is_torn || held.end > acknowledged {
        held.set_mark(file)?;
        file.flush()?;
    }
    // The power went between the switch to the newer file and the end of the older one.
    if heads[1 - active].is_some() {
        idle.set_len(0)?;
        idle.flush()?;
    }
    spare::fill(idle, sizes.reserve)?;
    Ok(held)
}

fn head(file: &impl PlainFile) -> Result<Option<Head>, StorageError> {
    Ok(read(file, 0, HEAD)?.and_then(|bytes| Head::read(&bytes)))
}

/// Returns `None` where the file is too short.
fn read(file: &impl PlainFile, at: u64, count: usize) -> Result<Option<Vec<u8>>, StorageError> {
    if file.len()? < at + count as u64 {
        return Ok(None);
    }
    super::read(file, at, count).map(Some)
}

/// Begins an empty journal in files without a head. If they are not what a beginning leaves that was cut short, the head is lost.
fn begin<F: PlainFile>(files: &[F; 2]) -> Result<u64, StorageError> {
    let first = Head { version: VERSION, generation: 1 }.to_bytes();
    if !was_cut_short(&files[0], &first)? || !was_cut_short(&files[1], &first)? {
        return Err(StorageError::Corrupt { detail: "neither file of the journal has a readable head".into() });
    }
    files[1].set_len(0)?;
    files[1].flush()?;
    spare::blank(&files[0])?;
    // A head never lies before blocks that are not there.
    files[0].flush()?;
    files[0].write_at(0, &first)?;
    files[0].flush()?;
    Ok(1)
}

/// Returns true for a file without records, of whose first head each byte is written or not.
fn was_cut_short(file: &impl PlainFile, first: &[u8]) -> Result<bool, StorageError> {
    let len = file.len()?;
    let there = super::read(file, 0, usize::try_from(len).unwrap_or(HEAD).min(HEAD))?;
    Ok(len <= RECORDS && there.iter().zip(first).all(|(byte, written)| byte == written || *byte == 0))
}

/// Reads the records up to the first that is not whole. Before the end that was acknowledged there is no such record, unless the file was
/// damaged; after it, a power cut left it.
fn read_records<F: PlainFile>(file: &F, acknowledged: u64, held: &mut Held) -> Result<(), StorageError> {
    let damaged = |at: u64| StorageError::Corrupt { detail: format!("the journal is damaged at byte {at}") };
    let mut window = Window { file, len: file.len()?, start: 0, bytes: Vec::new() };
    loop {
        let at = held.end;
        let room = window.len.saturating_sub(at).saturating_sub(PREFIX as u64);
        let Some(start) = window.bytes(at, PREFIX)?.map(<[u8]>::to_vec) else { break };
        let Some(prefix) = Prefix::read(&start, room) else { break };
        let Some(table) = window.bytes(at + PREFIX as u64, prefix.table)? else { break };
        if !prefix.is_of(&start, held.generation, at, table) {
            break;
        }
        let values = at + PREFIX as u64 + table.len() as u64;
        let entries = layout::read_table(table, values, prefix.values).ok_or_else(|| damaged(at))?;
        // Acknowledged values are not read: the vault finds damage in them itself, and sets aside what is damaged.
        if at >= acknowledged && !is_whole(file, values, &prefix)? {
            break;
        }
        for entry in entries {
            held.rows.set(entry.space, entry.key, entry.place);
        }
        held.end = values + prefix.values;
    }
    if held.end < acknowledged { Err(damaged(held.end)) } else { Ok(()) }
}

fn is_whole(file: &impl PlainFile, at: u64, prefix: &Prefix) -> Result<bool, StorageError> {
    let (mut summing, mut done) = (Summing::of("values"), 0);
    while done < prefix.values {
        let part = super::read(file, at + done, usize::try_from(WINDOW.min(prefix.values - done)).unwrap_or(0))?;
        summing.add(&part);
        done += part.len() as u64;
    }
    Ok(summing.done() == prefix.values_sum)
}

/// The part of a file that was read last.
struct Window<'f, F> {
    file: &'f F,
    len: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<F: PlainFile> Window<'_, F> {
    /// Returns `None` where the file is too short.
    fn bytes(&mut self, at: u64, count: usize) -> Result<Option<&[u8]>, StorageError> {
        let Some(left) = self.len.checked_sub(at).filter(|left| *left >= count as u64) else { return Ok(None) };
        let is_held = at >= self.start && at - self.start + count as u64 <= self.bytes.len() as u64;
        if !is_held {
            let ahead = usize::try_from(left.min(WINDOW)).unwrap_or(0);
            self.bytes = super::read(self.file, at, ahead.max(count))?;
            self.start = at;
        }
        let from = usize::try_from(at - self.start).unwrap_or(0);
        Ok(self.bytes.get(from..from + count))
    }
}
