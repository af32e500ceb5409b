//! The cost of a million credentials: with `WAYPASS_SLOW`, which takes minutes and a gigabyte. Otherwise ten thousand,
//! and no clock decides.

use super::{event, record};
use crate::sealed::{Seal, Sealed};
use crate::store::{Filter, State};
use crate::testing::{seal, store, told};
use std::time::{Duration, Instant};
use waypass_credential::role::Mechanism;
use waypass_credential::time::Timestamp;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    println!("{what}: {:?}", began.elapsed());
    (done, began.elapsed())
}

/// A change costs what it costs with ten credentials, and opening does not read them again.
#[test]
fn a_change_among_a_million_costs_what_one_among_ten_costs() {
    let slow = std::env::var("WAYPASS_SLOW").ok();
    // A number of credentials, or a million.
    let many_rows: usize = slow.as_ref().map_or(10_000, |slow| slow.parse().ok().filter(|rows| *rows > 1).unwrap_or(1_000_000));
    let slow = slow.is_some();
    let dir = tempfile::tempdir().expect("a folder");
    let raw = rusqlite::Connection::open(dir.path().join("issuer.db")).expect("opened");
    raw.execute_batch(include_str!("../../store/sqlite/v1.sql")).expect("made");
    raw.execute_batch(include_str!("../../store/sqlite/v2.sql")).expect("made");
    raw.execute_batch(&format!(
        "PRAGMA application_id={}; PRAGMA user_version=2;
         INSERT INTO lists(capacity, used) VALUES(1048576, {many_rows});
         CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<{many_rows}-1) SELECT i FROM n;
         INSERT INTO credentials SELECT i+1, printf('%012x', i), 'dc+sd-jwt', 'did:key:zHolder'||i, 'Badge '||i, '[\"nurse\"]', '[\"north\"]', '[]',
             100, 100, 900+(i%400)*86400, 'did:key:zKey#zKey', 1, i, CASE WHEN i%100=0 THEN 1 ELSE 0 END, 100 FROM n;
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
    // How many are found, and how many rows and numbers of rows were read for it.
    let searched = |what: &str, filter: Filter| {
        let (found, text) = timed(what, || told(|| many.credentials(&filter).expect("read").len())).0;
        let read = |name: &str| -> usize {
            let rest = text.split(name).nth(1).unwrap_or("0");
            rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().parse().expect("digits")
        };
        (found, read("rows="), read("numbers="))
    };
    let all = Filter::default();
    let (holder, role, words) = (Some("did:key:zHolder77".to_owned()), Some("nurse".to_owned()), Some("badge 77".to_owned()));
    let day = |day: i64| Timestamp::from_unix(900 + day * 86_400).expect("a time");
    assert_eq!(searched("a search by holder", Filter { holder, ..all.clone() }), (1, 1, 1));
    assert_eq!(searched("a search by id", Filter { id_prefix: Some("00000000004d".into()), ..all.clone() }), (1, 1, 1));
    // Nothing that is wanted is read twice, and little that is not: of each day and each role a few numbers.
    let few = |(found, rows, numbers): (usize, usize, usize), most: usize| {
        assert_eq!((found, rows), (50, 50));
        assert!(numbers <= most, "{numbers} numbers of rows were read");
    };
    few(searched("the newest 50 of a role", Filter { role: role.clone(), limit: Some(50), ..all.clone() }), 112);
    let after = Filter { ends_after: Some(day(99)), limit: Some(50), ..all.clone() };
    few(searched("the newest 50 that end after a day", after.clone()), 301 * 16);
    few(searched("the newest 50 of a role that end after a day", Filter { role, ..after }), 301 * 16 + 112);
    few(searched("the newest 50", Filter { limit: Some(50), ..all.clone() }), 0);
    assert_eq!(searched("those that end by a day", Filter { ended_by: Some(day(0)), ..all.clone() }).0, many_rows / 400);
    let withdrawn = many_rows / 100 + 1;
    let revoked = Filter { state: Some(State::Revoked), ..all.clone() };
    assert_eq!(searched("those withdrawn", revoked), (withdrawn, withdrawn, withdrawn));
    let (found, rows, _) = searched("a search by words", Filter { text: words, ..all });
    assert!(found >= 11 && rows == many_rows, "{found} found, {rows} read");
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
