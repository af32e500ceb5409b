//! A database of version 0.1.0 goes under the seal once, and goes on where it was.

use super::{event, record, sealed};
use crate::sealed::{Seal, Sealed};
use crate::store::{Documents as _, MissingLog, State, StoreError};
use crate::testing::{seal, store};
use std::path::Path;
use waypass_credential::role::{Mechanism, StatusPurpose};

/// Tables of `version` with a gate, a key, an offer, a credential in a token list that is suspended and, in the second version, one
/// in bitstrings that is revoked and an entry of a document.
fn unsealed(dir: &Path, version: u8) {
    let raw = rusqlite::Connection::open(dir.join("issuer.db")).expect("opened");
    raw.execute_batch(include_str!("../../store/sqlite/v1.sql")).expect("made");
    raw.execute_batch(
        "INSERT INTO documents VALUES('settings', x'7b7d');
         INSERT INTO counters VALUES('timestamp', 41);
         INSERT INTO keys VALUES('zKey', 'credential', 'active', 100, NULL);
         INSERT INTO gates VALUES('did:key:zGate', 'Door', 'north', 'lab', 100, NULL, NULL);
         INSERT INTO lists(capacity, used) VALUES(8, 1);
         INSERT INTO credentials VALUES(1, 'a', 'dc+sd-jwt', 'did:key:zHolder', 'Badge', '[\"nurse\"]', '[\"north\"]', '[]', 100, 100, 900,
                                        'k', 1, 3, 2, 200);
         INSERT INTO events VALUES('a', 0, NULL, 0, 'issued', '', 'op', 100), ('a', 1, 0, 2, 'lost', '', 'op', 200);
         INSERT INTO offers VALUES(zeroblob(32), 'o', NULL, NULL, NULL, x'01', 5000, 0);
         INSERT INTO devices VALUES('did:key:zGate', 0, zeroblob(32), 300, 7);",
    )
    .expect("filled");
    if version == 2 {
        raw.execute_batch(include_str!("../../store/sqlite/v2.sql")).expect("made");
        raw.execute_batch(
            "INSERT INTO lists(capacity, used, purpose) VALUES(8, 2, 'revocation'), (8, 1, 'suspension');
             INSERT INTO credentials VALUES(2, 'b', 'ldp_vc', 'did:key:zHolder', '', '[\"nurse\"]', '[\"north\"]', '[]', 100, 100, 900,
                                            'k', 2, 5, 1, 300);
             INSERT INTO entries VALUES(2, 5, 'b', 1), (3, 6, 'b', 0), (2, 7, NULL, 1);
             INSERT INTO events VALUES('b', 0, NULL, 0, 'issued', '', 'op', 100), ('b', 1, 0, 1, 'lost', 'words', 'op', 300);",
        )
        .expect("filled");
    }
    raw.execute_batch(&format!("PRAGMA application_id={}; PRAGMA user_version={version};", 0x7770_6973)).expect("marked");
}

#[test]
fn both_schemas_of_the_first_version_are_carried_over() {
    for version in [1, 2] {
        let dir = tempfile::tempdir().expect("a folder");
        unsealed(dir.path(), version);
        let mut steps = Vec::new();
        let first = Sealed::open(Box::new(store(dir.path())), Seal::adopting(&[7; 32]), &mut |all| steps.push(all)).expect("opened");
        assert_eq!(
            steps,
            vec![u64::from(version); 2 * usize::from(version)],
            "each credential is told when it is read and when it is sealed"
        );
        let upgrade = first.upgrade().copied().expect("an upgrade");
        assert_eq!((upgrade.keys, upgrade.gates, upgrade.offers, upgrade.credentials), (1, 1, 1, version.into()));
        drop(first);
        let mut store = sealed(dir.path());
        assert_eq!(store.upgrade(), None, "it was upgraded twice");
        assert_eq!(store.document("settings"), Ok(Some(b"{}".to_vec())));
        assert_eq!(store.transact(|tx| Ok(tx.next_version("timestamp"))), Ok(42));
        assert_eq!(store.keys().expect("read")[0].multikey, "zKey");
        assert_eq!(store.gate("did:key:zGate").expect("read").expect("there").name, "Door");
        assert_eq!(store.device("did:key:zGate").expect("read").expect("there").forked.expect("forked").1, 7);
        assert!(store.offer(&[0; 32]).expect("read").is_some());
        let suspended = store.credential("a").expect("read").expect("there");
        assert_eq!((suspended.state, store.history("a").expect("read").len()), (State::Suspended, 2));
        assert_eq!(store.set_entries(1), Ok(vec![(3, 2)]));
        assert_eq!((store.is_taken(1, 3), store.is_taken(1, 4)), (Ok(true), Ok(false)));
        if version == 2 {
            assert_eq!(store.credential("b").expect("read").expect("there").state, State::Revoked);
            assert_eq!(store.history("b").expect("read")[1].note, "words");
            assert_eq!((store.set_entries(2), store.set_entries(3)), (Ok(vec![(5, 1), (7, 1)]), Ok(vec![])));
            assert_eq!(store.lists().expect("read").iter().map(|list| list.used).collect::<Vec<_>>(), [1, 2, 1]);
            assert!(
                matches!(&store.lists().expect("read")[2].mechanism, Mechanism::Bitstring(list) if list.purpose == StatusPurpose::Suspension)
            );
        }
        store.transact(|tx| tx.change_state("a", &event(Some(State::Suspended), State::Valid))).expect("reinstated");
        store.transact(|tx| tx.add_credential(&record("c", 4), &[], &event(None, State::Valid), None)).expect("added");
        assert_eq!(store.set_entries(1), Ok(vec![]));
    }
}

/// An old database with a foreign key in it, put in the place of the sealed one, is not believed a second time: neither as it is,
/// nor by putting the old version number into the sealed one.
#[test]
fn nothing_is_upgraded_twice() {
    let dir = tempfile::tempdir().expect("a folder");
    unsealed(dir.path(), 2);
    let first = Sealed::open(Box::new(store(dir.path())), Seal::adopting(&[7; 32]), &mut |_| ()).expect("opened");
    let anchor = first.anchor().expect("read");
    drop(first);
    let kept = || Seal::new(&[7; 32], Some(anchor.clone()));
    let open = || Sealed::open(Box::new(store(dir.path())), kept(), &mut |_| ()).map(drop);
    assert_eq!(open(), Ok(()));
    for number in [1, 2] {
        let raw = rusqlite::Connection::open(dir.path().join("issuer.db")).expect("opened");
        raw.execute_batch(&format!("PRAGMA user_version={number}")).expect("set");
        drop(raw);
        let found = crate::store::SqliteStore::open(&dir.path().join("issuer.db"), MissingLog::Accepted)
            .and_then(|store| Sealed::open(Box::new(store), kept(), &mut |_| ()).map(drop));
        assert_eq!(found, Err(StoreError::Corrupt("an old version number was put back")), "{number}");
    }
    for file in ["issuer.db", "issuer.db-wal", "issuer.db-shm"] {
        drop(std::fs::remove_file(dir.path().join(file)));
    }
    unsealed(dir.path(), 2);
    assert_eq!(open(), Err(StoreError::Tampered("the version".into())));
    // A vault that has kept nothing yet and was not made by 0.1.0 does not take it either.
    assert_eq!(Sealed::open(Box::new(store(dir.path())), seal(), &mut |_| ()).map(drop), Err(StoreError::Tampered("the version".into())));
}
