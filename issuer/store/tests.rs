//! The duties of every store, as one suite that each implementation passes, and those of SQLite's file alone.

use super::{
    CredentialRow, Documents as _, EventRow, LeafRow, MissingLog, OfferRow, RegisterRow, Selection, SqliteStore, State, Store, StoreError,
    SummaryRow, Tag, Tx,
};
use crate::testing::crash::{Crash, Crashing};
use crate::testing::{at, store};
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

type Result<T> = core::result::Result<T, StoreError>;

/// Does `work` and commits it.
fn once(store: &mut dyn Store, work: impl FnOnce(&mut dyn Tx) -> Result<()>) -> Result<()> {
    let mut tx = store.begin()?;
    work(&mut *tx)?;
    tx.commit()
}

fn register(version: u64) -> RegisterRow {
    RegisterRow { version, body: b"{}".to_vec(), mac: [1; 32] }
}

fn event(seq: u64, credential: Option<&str>) -> EventRow {
    EventRow { seq, credential: credential.map(str::to_owned), body: b"{}".to_vec(), mac: [u8::try_from(seq).expect("small"); 32] }
}

/// A row whose tags come from a number.
fn credential(id: &str, number: u8) -> CredentialRow {
    let (entry, holder, ends) = ([number; 16], [number / 2; 16], [number % 2; 16]);
    CredentialRow { id: id.into(), entry, holder, ends, state: State::Valid, revision: 0, body: vec![number; 40] }
}

fn add(tx: &mut dyn Tx, row: &CredentialRow, role: u8) -> Result<()> {
    tx.add_credential(row, &[[role; 16], [200; 16]], &[row.ends[0]])
}

fn offer(hash: u8, until: i64) -> OfferRow {
    OfferRow { id: "o".into(), secret_hash: [hash; 32], tx_code: None, sealed: vec![1], expires_at: at(until), exchanged: false }
}

/// Two processes that start from the same register or the same event: one of them is told, and half of a change is no change.
fn follows_what_was_before(first: &mut dyn Store, second: &mut dyn Store) {
    let one = |tx: &mut dyn Tx| tx.put_document("a", b"one").and_then(|()| tx.put_register(&register(1)));
    assert_eq!(once(first, one), Ok(()));
    let two = |tx: &mut dyn Tx| tx.put_document("a", b"two").and_then(|()| tx.put_register(&register(1)));
    assert_eq!(once(second, two), Err(StoreError::Overtaken));
    let view = second.look().expect("read");
    assert_eq!(view.document("a"), Ok(Some(b"one".to_vec())), "half of a refused change stays behind");
    assert_eq!((view.document_names(), view.register()), (Ok(vec!["a".to_owned()]), Ok(Some(register(1)))));
    drop(view);
    assert_eq!(once(second, |tx| tx.put_register(&register(3))), Err(StoreError::Overtaken));
    assert_eq!(once(second, |tx| tx.put_register(&register(2))), Ok(()));
    assert_eq!(first.look().expect("read").register_version(), Ok(2));

    assert_eq!(once(first, |tx| tx.append(&event(2, None))), Err(StoreError::Overtaken), "before it is a gap");
    assert_eq!(once(first, |tx| tx.append(&event(1, Some("a")))), Ok(()));
    assert_eq!(once(second, |tx| tx.append(&event(1, None))), Err(StoreError::Overtaken));
    let half = |tx: &mut dyn Tx| tx.append(&event(2, None)).and_then(|()| tx.remove_offer(&[0; 32]));
    assert_eq!(once(second, half), Err(StoreError::Missing));
    let view = second.look().expect("read");
    assert_eq!((view.event_count(), view.event_mac(1)), (Ok(1), Ok(Some([1; 32]))), "an event without its rows stays behind");
}

/// A transaction sees what it changed; dropped, it has changed nothing; while something is looked at, it stays what it is.
fn a_moment_and_a_transaction(first: &mut dyn Store, second: &mut dyn Store) {
    let mut tx = first.begin().expect("begun");
    tx.add_offer(&offer(1, 10)).expect("added");
    assert_eq!(tx.offer(&[1; 32]), Ok(Some(offer(1, 10))));
    assert_eq!(second.look().expect("read").offers(), Ok(vec![]), "what is not committed is seen by others");
    drop(tx);
    assert_eq!(first.look().expect("read").offers(), Ok(vec![]), "what was not committed stays");
    let view = second.look().expect("read");
    assert_eq!(view.offers(), Ok(vec![]));
    once(first, |tx| tx.add_offer(&offer(2, 10))).expect("added");
    assert_eq!(view.offers(), Ok(vec![]), "it changes while it is looked at");
    drop(view);
    assert_eq!(second.look().expect("read").offers(), Ok(vec![offer(2, 10)]));
}

fn what_is_unique_is_taken_once(first: &mut dyn Store, second: &mut dyn Store) {
    once(first, |tx| add(tx, &credential("a", 3), 1)).expect("added");
    for same in [credential("a", 4), credential("b", 3)] {
        assert_eq!(once(second, |tx| add(tx, &same, 1)), Err(StoreError::Taken));
    }
    once(second, |tx| add(tx, &credential("b", 4), 1)).expect("added");
    once(first, |tx| tx.use_nonce(&[7; 32], at(10))).expect("used");
    assert_eq!(once(second, |tx| tx.use_nonce(&[7; 32], at(10))), Err(StoreError::Taken));
    once(first, |tx| tx.add_offer(&offer(1, 10))).expect("added");
    assert_eq!(once(second, |tx| tx.add_offer(&offer(1, 10))), Err(StoreError::Taken));
    let leaf = LeafRow { seq: 0, hash: [1; 32], leaf: vec![1], received_at: at(1) };
    once(first, |tx| tx.add_leaves("gate", core::slice::from_ref(&leaf))).expect("added");
    assert_eq!(once(second, |tx| tx.add_leaves("gate", core::slice::from_ref(&leaf))), Err(StoreError::Taken));
    assert_eq!(second.look().expect("read").leaves("gate", 0, 9), Ok(vec![leaf]));
}

fn credentials_are_found_and_a_revocation_is_final(first: &mut dyn Store, second: &mut dyn Store) {
    let rows = [credential("ab1", 2), credential("ab2", 3), credential("b01", 4)];
    for (role, row) in (7..).zip(&rows) {
        once(first, |tx| add(tx, row, role)).expect("added");
    }
    let revoked = CredentialRow { state: State::Revoked, revision: 1, body: vec![9; 40], ..rows[1].clone() };
    once(first, |tx| tx.replace_credential(&revoked)).expect("revoked");
    for wrong in [CredentialRow { id: "x".into(), ..revoked.clone() }, CredentialRow { revision: 3, ..revoked.clone() }] {
        assert_eq!(once(second, |tx| tx.replace_credential(&wrong)), Err(StoreError::Missing));
    }
    let back = CredentialRow { state: State::Valid, revision: 2, ..revoked.clone() };
    assert!(once(second, |tx| tx.replace_credential(&back)).is_err(), "a revocation was taken back");
    let view = second.look().expect("read");
    assert_eq!((view.credential_count(), view.withdrawn()), (Ok(3), Ok(vec![(rows[1].entry, State::Revoked)])));
    assert_eq!((view.credential("ab2"), view.credential("x")), (Ok(Some(revoked.clone())), Ok(None)));
    assert_eq!((view.credential_at(&rows[2].entry), view.credential_at(&[99; 16])), (Ok(Some(rows[2].clone())), Ok(None)));
    assert_eq!(view.holders(&[1; 16], &[1; 16]), Ok(vec![("ab1".into(), [1; 16]), ("ab2".into(), [1; 16])]));
    assert_eq!(view.holders(&[0; 16], &[0xff; 16]).map(|found| found.len()), Ok(3));
    let mut days = view.days().expect("read");
    days.sort();
    assert_eq!(days, [([0; 16], vec![0]), ([1; 16], vec![1])]);
    let ids = |selection: Selection, most: usize| -> Vec<String> {
        let mut ids = Vec::new();
        let mut take = |row: CredentialRow| {
            ids.push(row.id);
            Ok(ids.len() < most)
        };
        view.credentials(&selection, &mut take).expect("read");
        ids
    };
    let all = Selection::default();
    assert_eq!(ids(all.clone(), 9), ["b01", "ab2", "ab1"]);
    assert_eq!(ids(all.clone(), 2), ["b01", "ab2"]);
    assert_eq!(ids(Selection { state: Some(State::Valid), ..all.clone() }, 9), ["b01", "ab1"]);
    assert_eq!(ids(Selection { holder: Some([1; 16]), ..all.clone() }, 9), ["ab2", "ab1"]);
    assert_eq!(ids(Selection { role: Some([8; 16]), ..all.clone() }, 9), ["ab2"]);
    assert_eq!(ids(Selection { role: Some([200; 16]), ..all.clone() }, 9).len(), 3);
    assert_eq!(ids(Selection { ends: Some(vec![[0; 16]]), ..all.clone() }, 9), ["b01", "ab1"]);
    assert_eq!(ids(Selection { ends: Some(vec![]), ..all.clone() }, 9), Vec::<String>::new());
    assert_eq!(ids(Selection { id_prefix: Some("ab".into()), state: Some(State::Revoked), ..all.clone() }, 9), ["ab2"]);
    assert_eq!(ids(Selection { id_prefix: Some("' OR 1=1 --".into()), ..all }, 9), Vec::<String>::new());
}

/// Each selection gives what reading every row gives, in the same order, whichever indices it is made of.
fn a_selection_gives_what_reading_every_row_gives(first: &mut dyn Store, second: &mut dyn Store) {
    const ROWS: u16 = 600;
    // Numbers without a pattern: of each the hash is drawn from.
    let drawn = |of: u16| <[u8; 32]>::from(Sha256::digest(of.to_be_bytes()));
    let rows: Vec<(CredentialRow, Vec<Tag>)> = (0..ROWS)
        .map(|of| {
            let [holder, ends, state, role, other, a, b, c, ..] = drawn(of);
            let state = [State::Valid, State::Valid, State::Revoked, State::Suspended][usize::from(state % 4)];
            let mut entry = [0; 16];
            entry[..2].copy_from_slice(&of.to_be_bytes());
            let id = format!("{:06x}{of:06x}", u32::from_be_bytes([0, a, b, c]));
            let row = CredentialRow { id, entry, holder: [holder % 40; 16], ends: [ends % 24; 16], state, revision: 0, body: vec![1] };
            (row, vec![[role % 3; 16], [100 + other % 50; 16]])
        })
        .collect();
    once(first, |tx| rows.iter().try_for_each(|(row, roles)| tx.add_credential(row, roles, &[row.ends[0]]))).expect("added");
    let view = second.look().expect("read");
    let found = |selection: &Selection| -> Vec<String> {
        let mut ids = Vec::new();
        let mut take = |row: CredentialRow| {
            ids.push(row.id);
            Ok(true)
        };
        view.credentials(selection, &mut take).expect("read");
        ids
    };
    for case in 1000..1400 {
        let [parts, holder, ends, state, role, prefix, before, ..] = drawn(case);
        let has = |bit: u8| parts & (1 << bit) != 0;
        let selection = Selection {
            state: has(0).then_some([State::Valid, State::Revoked, State::Suspended][usize::from(state % 3)]),
            holder: has(1).then_some([holder % 40; 16]),
            role: has(2).then_some(if has(7) { [role % 3; 16] } else { [100 + role % 50; 16] }),
            ends: has(3).then(|| (0..24).filter(|day| (ends >> (day % 8)) & 1 == 1).map(|day| [day; 16]).collect()),
            id_prefix: has(4).then(|| format!("{:x}", prefix % 16)),
            before: has(5).then(|| rows[usize::from(before)].0.id.clone()),
        };
        let Selection { state, holder, role, ends, id_prefix, before } = &selection;
        let last = before.as_ref().and_then(|id| rows.iter().position(|(row, _)| row.id == *id)).unwrap_or(rows.len());
        let expected: Vec<&String> = rows[..last]
            .iter()
            .rev()
            .filter(|(row, roles)| {
                state.is_none_or(|state| row.state == state)
                    && holder.is_none_or(|holder| row.holder == holder)
                    && role.is_none_or(|role| roles.contains(&role))
                    && ends.as_ref().is_none_or(|ends| ends.contains(&row.ends))
                    && id_prefix.as_ref().is_none_or(|prefix| row.id.starts_with(prefix))
            })
            .map(|(row, _)| &row.id)
            .collect();
        assert_eq!(found(&selection).iter().collect::<Vec<_>>(), expected, "{selection:?}");
    }
    let mut none = |_: CredentialRow| Ok(true);
    let unknown = Selection { before: Some("unknown".into()), ..Selection::default() };
    assert_eq!(view.credentials(&unknown, &mut none), Err(StoreError::Missing));
}

fn events_are_read_in_order(first: &mut dyn Store, second: &mut dyn Store) {
    let chain = [event(1, None), event(2, Some("a")), event(3, Some("b")), event(4, Some("a"))];
    once(first, |tx| chain.iter().try_for_each(|event| tx.append(event))).expect("appended");
    let summary = SummaryRow { seq: 4, body: b"sum".to_vec(), mac: [5; 32] };
    for seq in [3, 4] {
        once(first, |tx| tx.put_summary(&SummaryRow { seq, ..summary.clone() })).expect("kept");
    }
    let view = second.look().expect("read");
    assert_eq!(view.events(1, 2), Ok(chain[1..3].to_vec()));
    let history = vec![(chain[1].clone(), Some(chain[0].mac)), (chain[3].clone(), Some(chain[2].mac))];
    assert_eq!(view.history("a"), Ok(history));
    assert_eq!((view.summary(), view.event_mac(9)), (Ok(Some(summary)), Ok(None)));
}

fn what_expired_goes(first: &mut dyn Store, second: &mut dyn Store) {
    once(first, |tx| [offer(1, 10), offer(2, 20)].iter().try_for_each(|offer| tx.add_offer(offer))).expect("added");
    once(first, |tx| tx.use_nonce(&[7; 32], at(10))).expect("used");
    once(second, |tx| tx.purge(at(11))).expect("purged");
    assert_eq!(second.look().expect("read").offers(), Ok(vec![offer(2, 20)]));
    once(first, |tx| tx.use_nonce(&[7; 32], at(30))).expect("forgotten");
}

/// Every implementation, opened twice at one place, as two processes would.
macro_rules! suite {
    ($name:ident, $open:expr) => {
        mod $name {
            use super::*;

            suite!(@tests $open; follows_what_was_before a_moment_and_a_transaction what_is_unique_is_taken_once
                credentials_are_found_and_a_revocation_is_final a_selection_gives_what_reading_every_row_gives events_are_read_in_order
                what_expired_goes);
        }
    };
    (@tests $open:expr; $($test:ident)*) => {
        $(#[test]
        fn $test() {
            let dir = tempfile::tempdir().expect("a folder");
            let open: fn(&Path) -> Box<dyn Store> = $open;
            let (mut first, mut second) = (open(dir.path()), open(dir.path()));
            super::$test(&mut *first, &mut *second);
        })*
    };
}

suite!(sqlite, |dir| Box::new(store(dir)));
suite!(crashing, |dir| Box::new(Crashing::new(store(dir), Crash::new(u32::MAX - 1, false))));

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
    assert_eq!(why, StoreError::Newer { found: 99, known: 5 });
    raw.execute_batch("PRAGMA application_id=7").expect("set");
    assert!(matches!(SqliteStore::open(&path, MissingLog::Accepted), Err(StoreError::Corrupt(_))));
    let text = dir.path().join("text.db");
    std::fs::write(&text, "this is not a database, and it is longer than a header of one hundred bytes would be .........")
        .expect("written");
    assert!(matches!(SqliteStore::open(&text, MissingLog::Accepted), Err(StoreError::Corrupt(_))));
}

#[test]
fn a_copy_is_whole_private_and_of_one_moment() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut first = store(dir.path());
    let mut tx = first.begin().expect("begun");
    tx.put_document("name", b"one").expect("written");
    tx.commit().expect("committed");
    let copy = dir.path().join("copy.db");
    first.copy_into(&copy).expect("copied");
    let mut tx = first.begin().expect("begun");
    tx.put_document("name", b"two").expect("written");
    tx.commit().expect("committed");
    assert_eq!(std::fs::metadata(&copy).expect("there").permissions().mode() & 0o777, 0o600);
    let copied = SqliteStore::open(&copy, MissingLog::Accepted).expect("opens");
    assert_eq!(copied.document("name").expect("read").as_deref(), Some(&b"one"[..]));
    assert!(first.copy_into(&copy).is_err(), "a file that is there is not overwritten");
}
