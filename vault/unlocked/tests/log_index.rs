//! The blind index of a log: what it finds, what it costs, and what happens when someone edits it.

use super::*;
use crate::error::StorageError;
use crate::state::Finding;
use crate::storage::Storage;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

fn value(n: u64) -> [u8; 8] {
    n.to_be_bytes()
}

/// Entry `n` has the tag `n % 100`, for all but every tenth.
fn filled(fixture: &mut Fixture) {
    let unlocked = fixture.unlock();
    let done: Result<(), VaultError> = unlocked.batch(|batch| {
        for n in 0..500_u64 {
            let tag = value(n % 100);
            let tags: &[(&'static str, &[u8])] = if n % 10 == 0 { &[] } else { &[("entry", &tag)] };
            batch.append_tagged("log", &value(n), tags)?;
        }
        Ok(())
    });
    done.expect("appended");
}

fn tags_of(entry: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let n = u64::from_be_bytes(entry.try_into().expect("ours"));
    if n % 10 == 0 { Vec::new() } else { vec![("entry", value(n % 100).to_vec())] }
}

fn expect_whole(unlocked: &Unlocked<'_>) {
    for n in 0..100 {
        let expected: Vec<u64> = if n % 10 == 0 { Vec::new() } else { (0..5).map(|round| round * 100 + n).collect() };
        assert_eq!(unlocked.log_find("log", "entry", &value(n)).expect("found"), expected);
    }
    assert!(unlocked.log_find("log", "other", &value(1)).expect("found").is_empty());
    assert!(unlocked.log_find("elsewhere", "entry", &value(1)).expect("found").is_empty());
}

/// The changes that somebody without the key makes to the rows.
type Edit<'a> = Box<dyn Fn(&mut Rows) + 'a>;

#[test]
fn entries_are_found_by_their_tags_also_after_locking() {
    let mut fixture = Fixture::new();
    filled(&mut fixture);
    let unlocked = fixture.unlock();
    expect_whole(&unlocked);
    assert!(unlocked.findings().is_empty());
    // A batch that fails leaves nothing behind.
    let failed: Result<(), VaultError> = unlocked.batch(|batch| {
        batch.append_tagged("log", b"x", &[("entry", &value(1))])?;
        Err(VaultError::Reserved)
    });
    assert!(failed.is_err());
    expect_whole(&unlocked);
}

/// The rest of an entry is read under its number, by no tag that it lost, and the sums say so after the next opening too.
#[test]
fn what_is_erased_is_found_no_more() {
    let mut fixture = Fixture::new();
    filled(&mut fixture);
    let unlocked = fixture.unlock();
    let seqs = unlocked.log_find("log", "entry", &value(7)).expect("whole");
    let seq = *seqs.first().expect("there is one");
    let length = unlocked.log_len("log");
    unlocked.replace_entry("log", seq, b"nobody", &[("entry", &value(7))]).expect("replaced");
    let same = |unlocked: &Unlocked<'_>| {
        assert_eq!(unlocked.log_len("log"), length);
        assert_eq!(unlocked.log_entry("log", seq).expect("read").expect("there").as_slice(), b"nobody");
        assert_eq!(unlocked.log_find("log", "entry", &value(7)).expect("whole"), seqs[1..]);
    };
    same(&unlocked);
    drop(unlocked);
    let unlocked = fixture.unlock();
    same(&unlocked);
    assert_eq!(unlocked.verify_all().expect("read"), []);
    assert!(matches!(unlocked.replace_entry("log", length, b"", &[]), Err(VaultError::LogDamaged { .. })));
}

#[test]
fn an_index_that_was_edited_is_refused_and_made_again() {
    let mut fixture = Fixture::new();
    filled(&mut fixture);
    let whole = fixture.rows();
    let index: Vec<_> = whole.keys().filter(|(space, _)| *space == Space::LogIndex).cloned().collect();
    assert_eq!(index.len(), 450);
    let sums: Vec<_> =
        whole.keys().filter(|(space, key)| *space == Space::Record && key.windows(10).any(|part| part == b".log-index")).cloned().collect();
    assert!(!sums.is_empty());
    let edits: [Edit<'_>; 4] = [
        Box::new(|rows| drop(rows.remove(&index[7]))),
        Box::new(|rows| {
            let mut row = index[7].clone();
            *row.1.last_mut().expect("a number") ^= 1;
            rows.insert(row, Vec::new());
        }),
        Box::new(|rows| index.iter().for_each(|row| drop(rows.remove(row)))),
        Box::new(|rows| sums.iter().for_each(|row| drop(rows.remove(row)))),
    ];
    for (at, edit) in edits.iter().enumerate() {
        let mut rows = whole.clone();
        edit(&mut rows);
        fixture.set_rows(rows);
        let unlocked = fixture.unlock();
        let refused =
            (0..100).filter(|n| matches!(unlocked.log_find("log", "entry", &value(*n)), Err(VaultError::LogIndexDamaged))).count();
        assert!(refused > 0, "edit {at}");
        unlocked.index_log("log", &tags_of).expect("made again");
        expect_whole(&unlocked);
        assert!(unlocked.findings().contains(&Finding::IndexRebuilt) || at == 3, "edit {at}");
    }
    // An index that is made for the first time is no finding.
    let mut rows = whole;
    rows.retain(|(space, _), _| *space != Space::LogIndex);
    let mut fresh = Fixture::new();
    let unlocked = fresh.unlock();
    for n in 0..500_u64 {
        unlocked.append("log", &value(n)).expect("appended");
    }
    unlocked.index_log("log", &tags_of).expect("made");
    expect_whole(&unlocked);
    assert!(unlocked.findings().is_empty());
}

/// Counts the rows that are read.
struct Counted(Box<dyn Storage>, Arc<AtomicU64>);

impl Storage for Counted {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.0.scan(space, prefix, &mut |key, value| {
            self.1.fetch_add(1, Ordering::Relaxed);
            visit(key, value);
        })
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        self.0.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.0.compact()
    }
}

/// The rows that are read and the time it takes to look up 1,000 values in a log of `entries`.
fn cost(entries: u64) -> (u64, core::time::Duration) {
    let mut fixture = Fixture::new();
    let reads = Arc::new(AtomicU64::new(0));
    {
        let unlocked = fixture.unlock();
        for start in (0..entries).step_by(10_000) {
            let done: Result<(), VaultError> = unlocked.batch(|batch| {
                for n in start..entries.min(start + 10_000) {
                    batch.append_tagged("log", &value(n), &[("entry", &value(n))])?;
                }
                Ok(())
            });
            done.expect("appended");
        }
    }
    let storage = core::mem::replace(&mut fixture.vault.host.storage, Box::new(MemoryStorage::default()));
    fixture.vault.host.storage = Box::new(Counted(storage, Arc::clone(&reads)));
    let unlocked = fixture.unlock();
    reads.store(0, Ordering::Relaxed);
    let begun = std::time::Instant::now();
    for n in 0..1_000_u64 {
        let found = unlocked.log_find("log", "entry", &value(n * 7)).expect("found");
        assert_eq!(found, if n * 7 < entries { vec![n * 7] } else { Vec::new() });
    }
    (reads.load(Ordering::Relaxed), begun.elapsed())
}

#[test]
fn looking_up_costs_what_is_looked_up_and_not_the_log() {
    let slow = std::env::var_os("WAYPASS_SLOW").is_some();
    let (small, large) = if slow { (1_000, 1_000_000) } else { (1_000, 20_000) };
    let (few, quick) = cost(small);
    let (many, long) = cost(large);
    std::println!("1,000 look-ups: {few} rows in {quick:?} of a log of {small}, {many} rows in {long:?} of a log of {large}");
    // A look-up reads its sub-bucket, a 65,536th of the index, its record of sums and what shares their bucket.
    let shared = large * 1_000 / 65_536;
    assert!(many <= few + shared * 12 / 10 + 4_000, "{few} and {many} rows");
}
