//! Finds rows by their tags, newest first, and reads of each index no more than the answer needs.
//!
//! Each part of a selection is a falling sequence of row numbers from one index. A row that is in all of them is selected. So the
//! first fifty of a million cost what the first fifty of a thousand cost.

use super::Result;
use crate::store::{Selection, State, StoreError, Tag};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// Row numbers read from an index the first time. Each time after it is twice as many.
const FIRST: u32 = 16;
/// The most row numbers read at a time.
const MOST: u32 = 1024;

const BY_HOLDER: &str =
    "SELECT seq FROM credentials INDEXED BY credentials_by_holder WHERE holder=?1 AND seq<=?2 ORDER BY seq DESC LIMIT ?3";
const BY_END: &str = "SELECT seq FROM credentials INDEXED BY credentials_by_end WHERE ends=?1 AND seq<=?2 ORDER BY seq DESC LIMIT ?3";
const BY_ROLE: &str = "SELECT seq FROM credential_roles WHERE role=?1 AND seq<=?2 ORDER BY seq DESC LIMIT ?3";

/// The numbers of the rows that were selected, the newest first.
pub(super) struct Selected<'s> {
    db: &'s Connection,
    sources: Vec<Source<'s>>,
    /// The next number is at most this.
    bound: i64,
    /// How many row numbers were read.
    pub(super) read: u64,
}

/// A falling sequence of row numbers.
enum Source<'s> {
    Index(Index<'s>),
    /// Those with any of several tags: the next of each, and the place of its index.
    Merged(Vec<Index<'s>>, BinaryHeap<(i64, usize)>),
    /// Rising, so that the last is the next: for what no index has in this order.
    Held(Vec<i64>),
}

/// The rows with one tag.
struct Index<'s> {
    sql: &'static str,
    tag: &'s Tag,
    /// Rising, so that the last is the next.
    ahead: Vec<i64>,
    /// Numbers to be read the next time; 0 at the end.
    batch: u32,
}

impl<'s> Selected<'s> {
    /// Prepares a search; `None` if no index helps, because every row is wanted.
    pub(super) fn new(db: &'s Connection, selection: &'s Selection) -> Result<Option<Self>> {
        let Selection { state, holder, role, ends, id_prefix, before: _ } = selection;
        let mut sources = Vec::new();
        if let Some(prefix) = id_prefix.as_ref().filter(|prefix| !prefix.is_empty()) {
            let mut query = db.prepare_cached("SELECT seq FROM credentials WHERE id>=?1 AND id<?2")?;
            let after = format!("{prefix}\u{10ffff}");
            sources.push(Source::held(query.query_map(params![prefix, after], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?));
        }
        sources.extend(holder.as_ref().map(|tag| Source::Index(Index::new(BY_HOLDER, tag))));
        sources.extend(role.as_ref().map(|tag| Source::Index(Index::new(BY_ROLE, tag))));
        if let Some(tags) = ends {
            let heads = (0..tags.len()).map(|at| (i64::MAX, at)).collect();
            sources.push(Source::Merged(tags.iter().map(|tag| Index::new(BY_END, tag)).collect(), heads));
        }
        // Almost all are in force, so that is judged row by row.
        if let Some(state) = state.filter(|state| *state != State::Valid) {
            let sql = "SELECT seq FROM credentials INDEXED BY credentials_withdrawn WHERE state<>0 AND state=?1";
            let mut query = db.prepare_cached(sql)?;
            sources.push(Source::held(query.query_map([state.bits()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?));
        }
        let read = sources.iter().map(|source| if let Source::Held(held) = source { held.len() as u64 } else { 0 }).sum();
        let bound = before(db, selection)?.map_or(i64::MAX, |seq| seq - 1);
        Ok((!sources.is_empty()).then_some(Self { db, sources, bound, read }))
    }

    /// Returns the number of the next row.
    pub(super) fn next(&mut self) -> Result<Option<i64>> {
        let mut agree = 0;
        while agree < self.sources.len() {
            for source in &mut self.sources {
                let Some(seq) = source.at_most(self.db, self.bound, &mut self.read)? else { return Ok(None) };
                agree = if seq == self.bound { agree + 1 } else { 1 };
                self.bound = seq;
            }
        }
        let seq = self.bound;
        self.bound -= 1;
        Ok(Some(seq))
    }
}

impl Source<'_> {
    fn held(mut numbers: Vec<i64>) -> Self {
        numbers.sort_unstable();
        Self::Held(numbers)
    }

    /// Returns the greatest number that is not above the bound, and drops those above it.
    fn at_most(&mut self, db: &Connection, bound: i64, read: &mut u64) -> Result<Option<i64>> {
        match self {
            Self::Index(index) => index.at_most(db, bound, read),
            Self::Held(held) => {
                held.truncate(held.partition_point(|seq| *seq <= bound));
                Ok(held.last().copied())
            }
            Self::Merged(indices, heads) => {
                while let Some(mut head) = heads.peek_mut() {
                    if head.0 <= bound && head.0 != i64::MAX {
                        return Ok(Some(head.0));
                    }
                    match indices[head.1].at_most(db, bound, read)? {
                        Some(seq) => head.0 = seq,
                        None => drop(PeekMut::pop(head)),
                    }
                }
                Ok(None)
            }
        }
    }
}

impl<'s> Index<'s> {
    const fn new(sql: &'static str, tag: &'s Tag) -> Self {
        Self { sql, tag, ahead: Vec::new(), batch: FIRST }
    }

    fn at_most(&mut self, db: &Connection, bound: i64, read: &mut u64) -> Result<Option<i64>> {
        self.ahead.truncate(self.ahead.partition_point(|seq| *seq <= bound));
        if self.ahead.is_empty() && self.batch > 0 {
            let mut query = db.prepare_cached(self.sql)?;
            let found = query.query_map(params![self.tag, bound, self.batch], |row| row.get(0))?;
            self.ahead = found.collect::<rusqlite::Result<_>>()?;
            *read += self.ahead.len() as u64;
            let is_last = u32::try_from(self.ahead.len()).is_ok_and(|found| found < self.batch);
            self.batch = if is_last { 0 } else { MOST.min(2 * self.batch) };
            self.ahead.reverse();
        }
        Ok(self.ahead.last().copied())
    }
}

/// Returns the number of the row that the selection goes on after.
pub(super) fn before(db: &Connection, selection: &Selection) -> Result<Option<i64>> {
    let Some(id) = &selection.before else { return Ok(None) };
    let seq: Option<i64> = db.prepare_cached("SELECT seq FROM credentials WHERE id=?1")?.query_row([id], |row| row.get(0)).optional()?;
    seq.map(Some).ok_or(StoreError::Missing)
}
