//! The tests that every storage passes.

/// Makes the tests that every [`Storage`](crate::Storage) passes, as a module of that name.
///
/// `open` names a function that returns an empty storage and whatever must live as long as it. `cramped` names another one, whose storage
/// has room for 64 KiB and none for 4 MiB.
#[macro_export]
macro_rules! storage_tests {
    ($name:ident, open: $open:ident, cramped: $cramped:ident) => {
        mod $name {
            use ::std::vec::Vec;
            use $crate::{Change, Space, Storage, StorageError};

            fn change(space: Space, key: &[u8], value: Option<&[u8]>) -> Change {
                Change { space, key: key.to_vec(), value: value.map(<[u8]>::to_vec) }
            }

            fn keys(storage: &dyn Storage, space: Space, prefix: &[u8]) -> Vec<Vec<u8>> {
                let mut keys = Vec::new();
                storage.scan(space, prefix, &mut |key, _| keys.push(key.to_vec())).expect("scans");
                keys
            }

            #[test]
            fn keeps_spaces_apart_and_keys_in_order() {
                let (storage, _kept) = super::$open();
                for space in Space::ALL {
                    storage.commit(&[change(space, b"k", Some(&[space as u8]))]).expect("commits");
                }
                for space in Space::ALL {
                    assert_eq!(storage.get(space, b"k").expect("reads").as_deref(), Some(&[space as u8][..]));
                    let changes = [b"a\xff".as_slice(), b"a", b"b", b"a\0", b"", b"a\xff\xff"].map(|key| change(space, key, Some(b"")));
                    storage.commit(&changes).expect("commits");
                    assert_eq!(keys(&storage, space, b"a"), [b"a".as_slice(), b"a\0", b"a\xff", b"a\xff\xff"]);
                    assert_eq!(keys(&storage, space, b"a\xff"), [b"a\xff".as_slice(), b"a\xff\xff"]);
                    assert_eq!(keys(&storage, space, b"").len(), 7);
                }
            }

            #[test]
            fn a_scan_tells_each_key_with_its_value() {
                let (storage, _kept) = super::$open();
                let rows: Vec<([u8; 2], Vec<u8>)> = (0..200_u8).map(|n| ([n / 100, n], [n; 300].to_vec())).collect();
                let changes: Vec<Change> = rows.iter().rev().map(|(key, value)| change(Space::Log, key, Some(value))).collect();
                storage.commit(&changes).expect("commits");
                let mut found = Vec::new();
                storage.scan(Space::Log, &[1], &mut |key, value| found.push((key.to_vec(), value.to_vec()))).expect("scans");
                let expected: Vec<_> = rows[100..].iter().map(|(key, value)| (key.to_vec(), value.clone())).collect();
                assert_eq!(found, expected);
                assert_eq!(keys(&storage, Space::Record, b""), Vec::<Vec<u8>>::new());
            }

            #[test]
            fn replaces_removes_and_takes_large_values() {
                let (storage, _kept) = super::$open();
                let large: Vec<u8> = ::core::iter::repeat_n(7, 300_000).collect();
                storage.commit(&[change(Space::Record, b"k", Some(b"1")), change(Space::Record, b"k", Some(&large))]).expect("commits");
                assert_eq!(storage.get(Space::Record, b"k").expect("reads"), Some(large));
                storage.commit(&[change(Space::Record, b"k", None), change(Space::Record, b"absent", None)]).expect("commits");
                assert_eq!(storage.get(Space::Record, b"k").expect("reads"), None);
                storage.commit(&[]).expect("commits nothing");
            }

            #[test]
            fn a_commit_without_room_leaves_nothing_and_the_storage_goes_on() {
                let (storage, _kept) = super::$cramped();
                storage.commit(&[change(Space::Meta, b"old", Some(b"1"))]).expect("commits");
                let huge = (0..4 * 1024 * 1024_u32).map(|n| n.to_le_bytes()[0]).collect::<Vec<u8>>();
                let batch = [
                    change(Space::Meta, b"old", None),
                    change(Space::Log, b"new", Some(b"2")),
                    change(Space::Record, b"huge", Some(&huge)),
                ];
                let full = storage.commit(&batch);
                assert!(matches!(full, Err(StorageError::Full { .. })), "{full:?}");
                assert_eq!(storage.get(Space::Meta, b"old").expect("reads").as_deref(), Some(&b"1"[..]));
                assert_eq!(keys(&storage, Space::Log, b""), Vec::<Vec<u8>>::new());
                assert_eq!(keys(&storage, Space::Record, b""), Vec::<Vec<u8>>::new());
                storage.commit(&batch[..2]).expect("commits what there is room for");
                assert_eq!(storage.get(Space::Meta, b"old").expect("reads"), None);
                assert_eq!(keys(&storage, Space::Log, b""), [b"new"]);
            }
        }
    };
}
