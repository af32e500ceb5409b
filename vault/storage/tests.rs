//! What every storage must do.

use super::sqlite::{Refused, Sqlite};
use super::{Change, Space, Storage};
use crate::error::StorageError;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A storage in memory: shows that the joint is one, and lets tests edit rows by the thousand.
#[derive(Default)]
pub(crate) struct Memory(pub(crate) RefCell<Rows>);

pub(crate) type Rows = BTreeMap<(Space, Vec<u8>), Vec<u8>>;

/// Everything in a storage.
pub(crate) fn rows(storage: &dyn Storage) -> Rows {
    let mut rows = Rows::new();
    for space in Space::ALL {
        storage.scan(space, b"", &mut |key, value| drop(rows.insert((space, key.to_vec()), value.to_vec()))).expect("scans");
    }
    rows
}

impl Storage for Memory {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.0.borrow().get(&(space, key.to_vec())).cloned())
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        for ((_, key), value) in self.0.borrow().iter().filter(|((at, key), _)| *at == space && key.starts_with(prefix)) {
            visit(key, value);
        }
        Ok(())
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        for Change { space, key, value } in changes {
            match value {
                Some(value) => self.0.borrow_mut().insert((*space, key.clone()), value.clone()),
                None => self.0.borrow_mut().remove(&(*space, key.clone())),
            };
        }
        Ok(())
    }
}

fn change(space: Space, key: &[u8], value: Option<&[u8]>) -> Change {
    Change { space, key: key.to_vec(), value: value.map(<[u8]>::to_vec) }
}

fn keys(storage: &dyn Storage, space: Space, prefix: &[u8]) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    storage.scan(space, prefix, &mut |key, _| keys.push(key.to_vec())).expect("scans");
    keys
}

macro_rules! every_storage {
    ($($name:ident: $open:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn keeps_spaces_apart_and_keys_in_order() {
                let dir = tempfile::tempdir().expect("temporary folder");
                let storage: Box<dyn Storage> = $open(dir.path());
                for space in Space::ALL {
                    storage.commit(&[change(space, b"k", Some(format!("{space:?}").as_bytes()))]).expect("commits");
                }
                for space in Space::ALL {
                    assert_eq!(storage.get(space, b"k").expect("reads"), Some(format!("{space:?}").into_bytes()));
                    let changes = [b"a\xff".as_slice(), b"a", b"b", b"a\0", b"", b"a\xff\xff"].map(|key| change(space, key, Some(b"")));
                    storage.commit(&changes).expect("commits");
                    assert_eq!(keys(&*storage, space, b"a"), [b"a".as_slice(), b"a\0", b"a\xff", b"a\xff\xff"]);
                    assert_eq!(keys(&*storage, space, b"a\xff"), [b"a\xff".as_slice(), b"a\xff\xff"]);
                    assert_eq!(keys(&*storage, space, b"").len(), 7);
                }
            }

            #[test]
            fn replaces_removes_and_takes_large_values() {
                let dir = tempfile::tempdir().expect("temporary folder");
                let storage: Box<dyn Storage> = $open(dir.path());
                let large = vec![7; 300_000];
                storage.commit(&[change(Space::Record, b"k", Some(b"1")), change(Space::Record, b"k", Some(&large))]).expect("commits");
                assert_eq!(storage.get(Space::Record, b"k").expect("reads"), Some(large));
                storage.commit(&[change(Space::Record, b"k", None), change(Space::Record, b"absent", None)]).expect("commits");
                assert_eq!(storage.get(Space::Record, b"k").expect("reads"), None);
            }
        }
    )*};
}

every_storage! {
    memory: |_: &std::path::Path| Box::new(Memory::default());
    sqlite: |dir: &std::path::Path| Box::new(open(dir));
}

fn open(dir: &std::path::Path) -> Sqlite {
    Sqlite::open(&dir.join("store"), 1).ok().expect("opens")
}

#[test]
fn sqlite_runs_nothing_that_someone_put_into_the_file() {
    let dir = tempfile::tempdir().expect("temporary folder");
    drop(open(dir.path()));
    let edited = rusqlite::Connection::open(dir.path().join("store")).expect("opens");
    edited.execute_batch("CREATE TRIGGER eat AFTER INSERT ON record BEGIN DELETE FROM record; END").expect("planted");
    edited.close().expect("closed");
    let storage = open(dir.path());
    storage.commit(&[change(Space::Record, b"k", Some(b"v"))]).expect("commits");
    assert_eq!(storage.get(Space::Record, b"k").expect("reads"), Some(b"v".to_vec()));
}

#[test]
fn sqlite_keeps_what_was_committed_and_refuses_a_newer_file() {
    let dir = tempfile::tempdir().expect("temporary folder");
    open(dir.path()).commit(&[change(Space::Meta, b"k", Some(b"v"))]).expect("commits");
    assert_eq!(open(dir.path()).get(Space::Meta, b"k").expect("reads"), Some(b"v".to_vec()));
    drop(Sqlite::open(&dir.path().join("newer"), 9).ok().expect("opens"));
    let before = std::fs::read(dir.path().join("newer")).expect("reads");
    assert!(matches!(Sqlite::open(&dir.path().join("newer"), 8), Err(Refused::Newer(9))));
    assert_eq!(std::fs::read(dir.path().join("newer")).expect("reads"), before);
}
