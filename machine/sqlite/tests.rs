//! SQLite as a storage like any other, and as a file that somebody else may edit.

use super::*;
use tempfile::TempDir;

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(&dir.join("store"), 1).ok().expect("opens")
}

fn anywhere() -> (Sqlite, TempDir) {
    let dir = tempfile::tempdir().expect("temporary folder");
    (open(dir.path()), dir)
}

fn cramped() -> (Sqlite, TempDir) {
    let (storage, dir) = anywhere();
    storage.connection.pragma_update_and_check(None, "max_page_count", 256, |_| Ok(())).expect("a file of 1 MiB at most");
    (storage, dir)
}

waypass_vault::storage_tests!(sqlite, open: anywhere, cramped: cramped);

#[test]
fn sqlite_runs_nothing_that_someone_put_into_the_file() {
    let dir = tempfile::tempdir().expect("temporary folder");
    drop(open(dir.path()));
    let edited = Connection::open(dir.path().join("store")).expect("opens");
    edited.execute_batch("CREATE TRIGGER eat AFTER INSERT ON record BEGIN DELETE FROM record; END").expect("planted");
    edited.close().expect("closed");
    let storage = open(dir.path());
    let put = Change { space: Space::Record, key: b"k".to_vec(), value: Some(b"v".to_vec()) };
    storage.commit(&[put]).expect("commits");
    assert_eq!(storage.get(Space::Record, b"k").expect("reads"), Some(b"v".to_vec()));
}

#[test]
fn sqlite_keeps_what_was_committed_and_refuses_a_newer_file() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let put = Change { space: Space::Meta, key: b"k".to_vec(), value: Some(b"v".to_vec()) };
    open(dir.path()).commit(&[put]).expect("commits");
    assert_eq!(open(dir.path()).get(Space::Meta, b"k").expect("reads"), Some(b"v".to_vec()));
    drop(Sqlite::open(&dir.path().join("newer"), 9).ok().expect("opens"));
    let before = std::fs::read(dir.path().join("newer")).expect("reads");
    assert!(matches!(Sqlite::open(&dir.path().join("newer"), 8), Err(Refused::Newer(9))));
    assert_eq!(std::fs::read(dir.path().join("newer")).expect("reads"), before);
}

/// Small values lie in the pages of the tree, large ones in pages of their own, and the log has all of them once more.
#[test]
fn sqlite_has_no_byte_of_what_was_replaced_or_removed_after_a_compaction() {
    let (storage, dir) = anywhere();
    // A small number before the filling would also be that of a page before the middle of a large value.
    let value = |row: usize, len: usize, fill: u8| [&(row as u64 | (0x5a5a_5a5a << 32)).to_be_bytes()[..], &vec![fill; len]].concat();
    let put = |row: usize, value: Option<Vec<u8>>| Change { space: Space::Log, key: row.to_be_bytes().to_vec(), value };
    let rows = || (0..300).map(|row| (row, if row % 7 == 0 { 9_000 } else { 60 + row }));
    storage.commit(&rows().map(|(row, len)| put(row, Some(value(row, len, 0xa7)))).collect::<Vec<_>>()).expect("commits");
    for (row, _) in rows().filter(|(row, _)| row % 3 > 0) {
        let new = (row % 3 == 1).then(|| value(row, 50, 0x11));
        storage.commit(&[put(row, new)]).expect("commits");
    }
    let left = || {
        let files = ["store", "store-wal"].map(|name| std::fs::read(dir.path().join(name)).expect("reads"));
        let old: Vec<Vec<u8>> = rows().filter(|(row, _)| row % 3 > 0).map(|(row, _)| value(row, 40, 0xa7)).collect();
        old.iter().filter(|old| files.iter().any(|file| file.windows(old.len()).any(|bytes| bytes == **old))).count()
    };
    assert_eq!(left(), 200, "a commit alone removes nothing from the log");
    storage.compact().expect("compacts");
    assert_eq!(left(), 0);
    for (row, len) in rows() {
        let expected = [Some(value(row, len, 0xa7)), Some(value(row, 50, 0x11)), None][row % 3].clone();
        assert_eq!(storage.get(Space::Log, &row.to_be_bytes()).expect("reads"), expected);
    }
    drop(storage);
    assert!(log_of(&dir.path().join("store")).exists(), "its absence is a finding");
    assert_eq!(left(), 0);
}
