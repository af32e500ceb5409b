//! What a million credentials cost: with `WAYPASS_SLOW`, which takes minutes and a gigabyte. Otherwise ten thousand, and no clock decides.

use super::{event, record};
use crate::sealed::{Seal, Sealed};
use crate::store::State;
use crate::testing::{seal, store};
use std::time::{Duration, Instant};
use waypass_credential::role::Mechanism;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    println!("{what}: {:?}", began.elapsed());
    (done, began.elapsed())
}

/// A change costs what it costs with ten credentials, and opening does not read them again.
#[test]
fn a_change_among_a_million_costs_what_one_among_ten_costs() {
    let slow = std::env::var_os("WAYPASS_SLOW").is_some();
    let many_rows = if slow { 1_000_000 } else { 10_000 };
    let dir = tempfile::tempdir().expect("a folder");
    let raw = rusqlite::Connection::open(dir.path().join("issuer.db")).expect("opened");
    raw.execute_batch(include_str!("../../store/sqlite/v1.sql")).expect("made");
    raw.execute_batch(include_str!("../../store/sqlite/v2.sql")).expect("made");
    raw.execute_batch(&format!(
        "PRAGMA application_id={}; PRAGMA user_version=2;
         INSERT INTO lists(capacity, used) VALUES(1048576, {many_rows});
         CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<{many_rows}-1) SELECT i FROM n;
         INSERT INTO credentials SELECT i+1, printf('%012x', i), 'dc+sd-jwt', 'did:key:zHolder'||i, 'Badge '||i, '[\"nurse\"]', '[\"north\"]', '[]',
             100, 100, 900, 'did:key:zKey#zKey', 1, i, CASE WHEN i%100=0 THEN 1 ELSE 0 END, 100 FROM n;
         INSERT INTO events SELECT printf('%012x', i), 0, NULL, 0, 'issued', '', 'op', 100 FROM n;
         INSERT INTO events SELECT printf('%012x', i), 1, 0, 1, 'lost', '', 'op', 100 FROM n WHERE i%100=0;",
        0x7770_6973
    ))
    .expect("filled");
    drop(raw);
    let (first, _) = timed("upgrade and first opening", || {
        Sealed::open(Box::new(store(dir.path())), Seal::adopting(&[7; 32]), &mut |_| ()).expect("opened")
    });
    drop(first);
    let (mut many, opening) = timed("opening", || Sealed::open(Box::new(store(dir.path())), seal(), &mut |_| ()).expect("opened"));
    let ((), change) = timed("a change", || {
        many.transact(|tx| tx.change_state("000000000001", &event(Some(State::Valid), State::Revoked))).expect("revoked");
    });
    let (entries, _) = timed("the entries of the list", || many.set_entries(1).expect("read").len());
    assert_eq!(entries, many_rows / 100 + 1);

    let few = tempfile::tempdir().expect("a folder");
    let mut few = Sealed::open(Box::new(store(few.path())), seal(), &mut |_| ()).expect("opened");
    few.transact(|tx| Ok(tx.open_list(&Mechanism::TokenList, 64))).expect("a list");
    for index in 0..10 {
        few.transact(|tx| tx.add_credential(&record(&format!("{index}"), index), &[], &event(None, State::Valid), None)).expect("added");
    }
    let ((), one) = timed("a change among ten", || {
        few.transact(|tx| tx.change_state("1", &event(Some(State::Valid), State::Revoked))).expect("revoked");
    });
    if !slow {
        return;
    }
    assert!(change < 10 * one.max(Duration::from_millis(5)), "{change:?} against {one:?}");
    assert!(opening < Duration::from_secs(5), "{opening:?}");
}
