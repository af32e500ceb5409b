use super::{Documents as _, EventRow, MissingLog, RegisterRow, Rows, SqliteStore, Store, StoreError};
use crate::testing::store;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn the_file_is_private() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(store(dir.path()));
    let mode = std::fs::metadata(dir.path().join("issuer.db")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_newer_schema_and_a_foreign_file_are_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("issuer.db");
    drop(store(dir.path()));
    let raw = rusqlite::Connection::open(&path).expect("opened");
    raw.execute_batch("PRAGMA user_version=99").expect("set");
    let why = SqliteStore::open(&path, MissingLog::Accepted).expect_err("newer");
    assert_eq!(why, StoreError::Newer { found: 99, known: 3 });
    raw.execute_batch("PRAGMA application_id=7").expect("set");
    assert!(matches!(SqliteStore::open(&path, MissingLog::Accepted), Err(StoreError::Corrupt(_))));
    let text = dir.path().join("text.db");
    std::fs::write(&text, "this is not a database, and it is longer than a header of one hundred bytes would be .........")
        .expect("written");
    assert!(matches!(SqliteStore::open(&text, MissingLog::Accepted), Err(StoreError::Corrupt(_))));
}

/// Two processes that start from the same register or the same event: one of them is told.
#[test]
fn a_register_follows_the_one_before_and_an_event_the_last() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut first, mut second) = (store(dir.path()), store(dir.path()));
    let register = |version| RegisterRow { version, body: "{}".into(), mac: [1; 32] };
    assert_eq!(first.replace_register(&register(2), &[]), Err(StoreError::Overtaken));
    assert_eq!(first.replace_register(&register(1), &[("a", b"one")]), Ok(()));
    assert_eq!(second.replace_register(&register(1), &[("a", b"two")]), Err(StoreError::Overtaken));
    assert_eq!(second.document("a"), Ok(Some(b"one".to_vec())), "half of a refused change stays behind");
    assert_eq!(second.replace_register(&register(2), &[]), Ok(()));
    assert_eq!(first.register_version(), Ok(2));

    let event = |seq| EventRow { seq, credential: None, body: "{}".into(), mac: [2; 32] };
    assert_eq!(first.append(&event(2), &Rows::Unchanged), Err(StoreError::Overtaken));
    assert_eq!(first.append(&event(1), &Rows::Unchanged), Ok(()));
    assert_eq!(second.append(&event(1), &Rows::Unchanged), Err(StoreError::Overtaken));
    assert_eq!(second.append(&event(2), &Rows::Drop(&[0; 32])), Err(StoreError::Missing));
    assert_eq!(second.events(0, 10).expect("read").len(), 1, "an event without its rows stays behind");
}
