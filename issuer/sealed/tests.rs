//! The memory as the issuer uses it, and what is found when somebody else writes into it.

use super::{Anchor, Seal, Sealed};
use crate::store::{
    Cause, CredentialRecord, Documents as _, Entry, EventCause, Filter, MissingLog, OfferRow, Pickup, SqliteStore, State, StatusEvent,
    StoreError, TxCode,
};
use crate::testing::{at, seal, store};
use std::path::Path;
use waypass_credential::Format;
use waypass_credential::role::{BitstringEntry, Mechanism, StatusPurpose};

mod cost;
mod readable;
mod tamper;
mod upgrade;

fn sealed(dir: &Path) -> Sealed<'static> {
    Sealed::open(Box::new(store(dir)), seal(), &mut |_| ()).expect("opened")
}

fn record(id: &str, index: u32) -> CredentialRecord {
    CredentialRecord {
        id: id.into(),
        format: Format::SdJwtVc,
        holder: "did:key:zHolder".into(),
        label: "Badge of A".into(),
        roles: vec!["nurse".into(), "staff".into()],
        sites: vec!["north".into()],
        zones: vec![],
        issued_at: at(0),
        valid_from: at(0),
        valid_until: at(1000),
        key_id: "did:key:z#z".into(),
        list: 1,
        index,
        state: State::Valid,
        changed_at: at(5),
    }
}

fn event(from: Option<State>, to: State) -> StatusEvent {
    StatusEvent { from, to, cause: EventCause::Changed(Cause::Lost), note: String::new(), operator: "op".into(), at: at(5) }
}

fn offer(hash: u8) -> OfferRow {
    OfferRow { id: "o".into(), secret_hash: [hash; 32], tx_code: None, sealed: vec![1], expires_at: at(100), exchanged: true }
}

#[test]
fn what_one_process_wrote_another_reads() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut first = sealed(dir.path());
    assert_eq!(first.transact(|tx| Ok(tx.open_list(&Mechanism::TokenList, 8))), Ok(1));
    first.transact(|tx| tx.add_credential(&record("a", 3), &[], &event(None, State::Valid), None)).expect("added");
    // While the first is still open, as another process would.
    let second = sealed(dir.path());
    assert_eq!(second.credential("a"), Ok(Some(record("a", 3))));
    assert_eq!(second.history("a").expect("read").len(), 1);
    assert_eq!(second.lists().expect("read")[0].used, 1);
}

/// The log stays when the last process closes the database. From then on a database without it is refused, and looked at without
/// making a new one.
#[test]
fn a_database_without_its_log_is_refused_once_it_had_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, log) = (dir.path().join("issuer.db"), dir.path().join("issuer.db-wal"));
    let mut first = sealed(dir.path());
    first.transact(|tx| tx.set_documents(&[("settings", b"{}")])).expect("written");
    let kept = Seal::new(&[7; 32], Some(first.anchor().expect("read")));
    drop(first);
    assert_eq!(std::fs::metadata(&log).expect("the log stays").len(), 0, "the database is not all of it");
    assert_eq!((seal().missing_log(), kept.missing_log()), (MissingLog::Accepted, MissingLog::Refused));
    std::fs::remove_file(&log).expect("removed");
    for _ in 0..2 {
        assert_eq!(SqliteStore::open(&path, kept.missing_log()).map(drop), Err(StoreError::LogMissing));
        let documents = SqliteStore::peek(&path).expect("read");
        assert_eq!(documents.document("settings"), Ok(Some(b"{}".to_vec())));
        assert!(!log.exists(), "looking at it hides what was found");
    }
    // A vault of before this was kept, or a person, takes it as it is.
    drop(SqliteStore::open(&path, MissingLog::Accepted).expect("opened"));
    assert!(SqliteStore::open(&path, kept.missing_log()).is_ok());
    let zeros = waypass_credential::json::to_string(&waypass_trust::bundle::Digest([0; 32]));
    let old = format!(r#"{{"register":1,"register_mac":{zeros},"events":0,"head":{zeros}}}"#);
    let anchor: Anchor = serde_json::from_str(&old).expect("an anchor of before");
    assert_eq!(Seal::new(&[7; 32], Some(anchor)).missing_log(), MissingLog::Accepted);
}

#[test]
fn an_index_is_given_once_and_a_failed_issuing_uses_nothing_up() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = sealed(dir.path());
    store.transact(|tx| Ok(tx.open_list(&Mechanism::TokenList, 8))).expect("a list");
    store.transact(|tx| tx.add_offer(&offer(1))).expect("added");
    store.transact(|tx| tx.add_offer(&offer(2))).expect("added");
    let answered = |token: u8| OfferRow { sealed: vec![2], ..offer(token) };
    let pickup =
        |token: u8, nonce: u8| Pickup { taken: offer(token), answered: answered(token), nonce_hash: [nonce; 32], nonce_until: at(50) };
    store.transact(|tx| tx.add_credential(&record("a", 3), &[], &event(None, State::Valid), Some(&pickup(1, 9)))).expect("added");
    // The index is taken: the second token and its nonce stay good.
    let again = store.transact(|tx| tx.add_credential(&record("b", 3), &[], &event(None, State::Valid), Some(&pickup(2, 8))));
    assert_eq!(again, Err(StoreError::Taken));
    assert!(store.offer(&[2; 32]).expect("read").is_some());
    // The nonce was used: token and index stay free.
    let again = store.transact(|tx| tx.add_credential(&record("b", 4), &[], &event(None, State::Valid), Some(&pickup(2, 9))));
    assert_eq!(again, Err(StoreError::Taken));
    assert_eq!(store.is_taken(1, 4), Ok(false));
    store.transact(|tx| tx.add_credential(&record("b", 4), &[], &event(None, State::Valid), Some(&pickup(2, 8)))).expect("added");
    // A token works once.
    let again = store.transact(|tx| tx.add_credential(&record("c", 5), &[], &event(None, State::Valid), Some(&pickup(2, 7))));
    assert_eq!(again, Err(StoreError::Missing));
    assert_eq!(store.lists().expect("read")[0].used, 2);
}

/// The last try is counted, and then the process is killed: the code is void although its row is still there.
#[test]
fn a_code_without_tries_left_is_not_tried() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = sealed(dir.path());
    let code = TxCode { salt: [1; 16], hash: [2; 32], tries_left: 2 };
    store.transact(|tx| tx.add_offer(&OfferRow { tx_code: Some(code), exchanged: false, ..offer(1) })).expect("added");
    let tries = [(); 3].map(|()| store.transact(|tx| tx.count_try(&[1; 32])));
    assert_eq!(tries, [Ok(2), Ok(1), Err(StoreError::Missing)]);
    let left = store.offer(&[1; 32]).expect("read").and_then(|offer| offer.tx_code);
    assert_eq!(left, Some(TxCode { tries_left: 0, ..code }));
}

#[test]
fn states_change_from_what_they_are_and_never_back_from_revoked() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = sealed(dir.path());
    store.transact(|tx| Ok(tx.open_list(&Mechanism::TokenList, 8))).expect("a list");
    store.transact(|tx| tx.add_credential(&record("a", 3), &[], &event(None, State::Valid), None)).expect("added");
    let from_suspended = event(Some(State::Suspended), State::Valid);
    assert_eq!(store.transact(|tx| tx.change_state("a", &from_suspended)), Err(StoreError::Changed));
    store.transact(|tx| tx.change_state("a", &event(Some(State::Valid), State::Revoked))).expect("revoked");
    assert_eq!(store.set_entries(1), Ok(vec![(3, 1)]));
    // Whatever a caller claims, the database itself refuses.
    let back = store.transact(|tx| tx.change_state("a", &event(Some(State::Revoked), State::Valid)));
    assert!(back.is_err());
    assert_eq!(store.credential("a").expect("read").expect("there").state, State::Revoked);
    assert_eq!(store.history("a").expect("read").len(), 2);
}

fn bitstring(purpose: StatusPurpose, size: u8) -> Mechanism {
    let messages = if size > 1 { (0..1 << size).map(|value| format!("message {value}")).collect() } else { vec![] };
    Mechanism::Bitstring(BitstringEntry { purpose, size, messages })
}

/// An entry in each of three bitstrings follows the credential's state, and the message is its own.
#[test]
fn entries_of_bitstrings_say_what_their_list_is_about() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = sealed(dir.path());
    let kinds = [(StatusPurpose::Revocation, 1), (StatusPurpose::Suspension, 1), (StatusPurpose::Message, 2)];
    let kinds = kinds.map(|(purpose, size)| bitstring(purpose, size));
    for (id, kind) in (1..).zip(&kinds) {
        assert_eq!(store.transact(|tx| Ok(tx.open_list(kind, 8))), Ok(id));
    }
    assert_eq!(store.lists().expect("read").into_iter().map(|list| list.mechanism).collect::<Vec<_>>(), kinds);
    let entries = [(1, 3), (2, 5), (3, 0)].map(|(list, index)| Entry { list, index });
    store.transact(|tx| tx.add_credential(&record("a", 3), &entries, &event(None, State::Valid), None)).expect("added");
    assert_eq!(store.entries("a"), Ok(entries.to_vec()));
    assert_eq!(store.lists().expect("read").into_iter().map(|list| list.used).collect::<Vec<_>>(), [1, 1, 1]);
    // Taken is taken, by whomever.
    assert_eq!((store.is_taken(2, 5), store.is_taken(2, 3)), (Ok(true), Ok(false)));
    let others = [Entry { list: 1, index: 4 }, Entry { list: 2, index: 5 }];
    assert_eq!(store.transact(|tx| tx.take_entries(&others)), Err(StoreError::Taken));
    let again = store.transact(|tx| tx.add_credential(&record("b", 4), &others, &event(None, State::Valid), None));
    assert_eq!(again, Err(StoreError::Taken), "the entry of its suspension is that of another");
    assert_eq!(store.free_indices(1, 8), Ok(vec![0, 1, 2, 4, 5, 6, 7]), "half of a failed taking stays behind");

    let said = |store: &Sealed<'_>| [1, 2, 3].map(|list| store.set_entries(list).expect("read"));
    assert_eq!(said(&store), [vec![], vec![], vec![]]);
    store.transact(|tx| tx.change_state("a", &event(Some(State::Valid), State::Suspended))).expect("suspended");
    assert_eq!(said(&store), [vec![], vec![(5, 1)], vec![]]);
    store.transact(|tx| tx.set_message("a", 2, &event(Some(State::Suspended), State::Suspended))).expect("set");
    assert_eq!(said(&store), [vec![], vec![(5, 1)], vec![(0, 2)]]);
    store.transact(|tx| tx.change_state("a", &event(Some(State::Suspended), State::Valid))).expect("reinstated");
    assert_eq!(said(&store), [vec![], vec![], vec![(0, 2)]]);
    store.transact(|tx| tx.change_state("a", &event(Some(State::Valid), State::Revoked))).expect("revoked");
    assert_eq!(said(&store), [vec![(3, 1)], vec![], vec![(0, 2)]]);
    assert_eq!(store.credential_at(1, 3).expect("read").expect("there").id, "a");
}

#[test]
fn documents_that_are_not_on_record_have_entries_too() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = sealed(dir.path());
    store.transact(|tx| Ok(tx.open_list(&bitstring(StatusPurpose::Revocation, 1), 8))).expect("a list");
    store.transact(|tx| Ok(tx.open_list(&bitstring(StatusPurpose::Suspension, 1), 8))).expect("a list");
    let [revocation, suspension] = [1, 2].map(|list| Entry { list, index: 6 });
    store.transact(|tx| tx.take_entries(&[revocation, suspension])).expect("taken");
    for (entry, value) in [(revocation, 1), (suspension, 1), (suspension, 0)] {
        store.transact(|tx| tx.set_entry(entry, value)).expect("set");
    }
    assert_eq!((store.set_entries(1), store.set_entries(2)), (Ok(vec![(6, 1)]), Ok(vec![])));
    assert!(store.transact(|tx| tx.set_entry(revocation, 0)).is_err(), "a revocation was taken back");
    assert_eq!(store.transact(|tx| tx.set_entry(Entry { list: 1, index: 7 }, 1)), Err(StoreError::Missing));
    // The entry of a credential follows its state and nothing else.
    store
        .transact(|tx| tx.add_credential(&record("a", 2), &[Entry { list: 1, index: 2 }], &event(None, State::Valid), None))
        .expect("added");
    assert_eq!(store.transact(|tx| tx.set_entry(Entry { list: 1, index: 2 }, 1)), Err(StoreError::Missing));
    let no_messages = store.transact(|tx| tx.set_message("a", 1, &event(Some(State::Valid), State::Valid)));
    assert_eq!(no_messages, Err(StoreError::Missing));
}

#[test]
fn versions_are_durable_before_they_are_given() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut first = sealed(dir.path());
    let mut second = sealed(dir.path());
    let drawn = [
        first.transact(|tx| Ok(tx.next_version("x"))),
        second.transact(|tx| Ok(tx.next_version("x"))),
        first.transact(|tx| Ok(tx.next_version("x"))),
        sealed(dir.path()).transact(|tx| Ok(tx.next_version("x"))),
    ];
    assert_eq!(drawn, [Ok(1), Ok(2), Ok(3), Ok(4)]);
}

/// Two processes that both start from version 6 never both succeed, so what each compared its work with is still the newest.
#[test]
fn a_counter_moves_only_from_where_it_was_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut first, mut second) = (sealed(dir.path()), sealed(dir.path()));
    assert_eq!(second.transact(|tx| tx.advance("p", 0, 6, &[("bundle", b"six")])), Ok(()));
    assert_eq!(second.transact(|tx| tx.advance("p", 6, 7, &[("bundle", b"seven")])), Ok(()));
    assert_eq!(first.transact(|tx| tx.advance("p", 6, 8, &[("bundle", b"eight")])), Err(StoreError::Changed));
    assert_eq!(first.transact(|tx| tx.advance("p", 7, 7, &[("bundle", b"again")])), Err(StoreError::Changed));
    assert_eq!(first.document("bundle"), Ok(Some(b"seven".to_vec())));
}

#[test]
fn filters() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = sealed(dir.path());
    store.transact(|tx| Ok(tx.open_list(&Mechanism::TokenList, 8))).expect("a list");
    for (i, id) in (0_u32..).zip(["abc1", "abd2", "xyz3"]) {
        let mut row = record(id, i);
        row.issued_at = at(i.into());
        row.valid_until = at(100 + i64::from(i));
        row.label = format!("Badge {id}");
        row.roles = vec![["nurse", "visitor", "nurse"][i as usize].into()];
        store.transact(|tx| tx.add_credential(&row, &[], &event(None, State::Valid), None)).expect("added");
    }
    let ids = |filter: Filter| -> Vec<String> { store.credentials(&filter).expect("read").into_iter().map(|row| row.id).collect() };
    assert_eq!(ids(Filter::default()), ["xyz3", "abd2", "abc1"]);
    assert_eq!(ids(Filter { role: Some("nurse".into()), ..Filter::default() }), ["xyz3", "abc1"]);
    assert_eq!(ids(Filter { text: Some("AB".into()), ..Filter::default() }), ["abd2", "abc1"]);
    assert_eq!(ids(Filter { text: Some("badge x".into()), ..Filter::default() }), ["xyz3"]);
    assert_eq!(ids(Filter { limit: Some(1), ..Filter::default() }), ["xyz3"]);
    assert_eq!(ids(Filter { ends_after: Some(at(101)), ..Filter::default() }), ["xyz3"]);
    assert_eq!(ids(Filter { ended_by: Some(at(101)), ..Filter::default() }), ["abd2", "abc1"]);
    assert_eq!(ids(Filter { state: Some(State::Revoked), ..Filter::default() }), Vec::<String>::new());
    assert_eq!(ids(Filter { text: Some("' OR 1=1 --".into()), ..Filter::default() }), Vec::<String>::new());
}

/// A transaction that fails at its end leaves nothing behind, in the file and in what the process knows.
#[test]
fn what_came_to_nothing_is_read_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = sealed(dir.path());
    store.transact(|tx| Ok(tx.open_list(&bitstring(StatusPurpose::Revocation, 1), 8))).expect("a list");
    let entry = Entry { list: 1, index: 3 };
    let failed = store.transact(|tx| {
        tx.take_entries(&[entry])?;
        tx.next_version("x");
        Err::<(), _>(StoreError::Full)
    });
    assert_eq!(failed, Err(StoreError::Full));
    assert_eq!((store.is_taken(1, 3), store.version("x")), (Ok(false), Ok(0)));
    assert_eq!(store.transact(|tx| tx.take_entries(&[entry])), Ok(()));
    assert_eq!((store.is_taken(1, 3), sealed(dir.path()).is_taken(1, 3)), (Ok(true), Ok(true)));
}

#[test]
fn what_expired_is_forgotten() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = sealed(dir.path());
    store.transact(|tx| tx.add_offer(&offer(1))).expect("added");
    store.transact(|tx| tx.purge(at(100))).expect("purged");
    assert!(store.offer(&[1; 32]).expect("read").is_some());
    store.transact(|tx| tx.purge(at(101))).expect("purged");
    assert!(store.offer(&[1; 32]).expect("read").is_none());
}

#[test]
fn a_piece_of_a_copy_opens_under_its_seal_and_at_its_place_only() {
    let (seal, other) = (Seal::new(&[7; 32], None), Seal::new(&[8; 32], None));
    let closed = seal.close_piece(&[1; 32], 3, false, b"a piece");
    assert_eq!(seal.open_piece(&[1; 32], 3, false, &closed).as_deref(), Some(&b"a piece"[..]));
    assert_eq!((seal.open_piece(&[2; 32], 3, false, &closed), other.open_piece(&[1; 32], 3, false, &closed)), (None, None));
    assert_eq!((seal.open_piece(&[1; 32], 4, false, &closed), seal.open_piece(&[1; 32], 3, true, &closed)), (None, None));
    assert_eq!(seal.open_piece(&[1; 32], 3, false, &closed[..closed.len() - 1]), None);
}
