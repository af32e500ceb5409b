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
