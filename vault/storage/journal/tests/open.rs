//! Opening, and a vault on a journal.

use super::*;
use crate::factor::{Factors, KdfCost, RecoveryCode};
use crate::testing::{TestRng, host_of, reading};
use crate::{Unlocked, Vault};
use core::ops::Range;
use std::time::Instant;

fn anywhere() -> (Journal<File>, Files) {
    let files = Files::default();
    (Journal::open(files.pair()).expect("opens"), files)
}

fn cramped() -> (Journal<File>, Files) {
    let (journal, files) = anywhere();
    files.limit_room(Some(3 * 1024 * 1024));
    (journal, files)
}

crate::storage_tests!(journal, open: anywhere, cramped: cramped);

fn host(files: &Files) -> crate::Host {
    host_of(Journal::open(files.pair()).expect("opens"))
}

#[test]
fn a_vault_is_there_after_closing() {
    let files = Files::default();
    let primary = RecoveryCode::generate(&mut TestRng);
    let (mut vault, code) = Vault::create(host(&files), "gate", &primary, KdfCost::Floor).expect("created");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    for id in 0..200_u8 {
        unlocked.put("people", &[id], &[id; 1000], &[("even", &[id % 2])]).expect("put");
        unlocked.append("log", &[id]).expect("appended");
    }
    unlocked.remove("people", &[7]).expect("removed");
    drop(unlocked);
    drop(vault);
    assert!(files.now().iter().map(Vec::len).sum::<usize>() < 2_600_000, "it was compacted");
    let mut vault = Vault::open(host(&Files::of(&files.kept()))).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    assert_eq!(unlocked.ids("people").expect("ids").len(), 199);
    assert_eq!(unlocked.find("people", "even", &[1]).expect("found").len(), 99);
    assert_eq!(unlocked.get("people", &[9]).expect("read").expect("there").as_slice(), [9; 1000]);
    assert_eq!(unlocked.log_from("log", 0).map(|entry| entry.expect("read").1[0]).collect::<Vec<_>>(), (0..200).collect::<Vec<_>>());
    assert_eq!(unlocked.verify_all().expect("verified"), []);
}

/// Appends to a log as a gate does.
fn fill(unlocked: &Unlocked<'_>, entries: Range<u32>) {
    for n in entries {
        unlocked.append("audit", &[n.to_be_bytes(); 125].concat()).expect("appended");
    }
}

#[test]
fn twenty_thousand_entries_open_in_a_moment() {
    let files = Files::default();
    let primary = RecoveryCode::generate(&mut TestRng);
    let (mut vault, code) = Vault::create(host(&files), "gate", &primary, KdfCost::Floor).expect("created");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    files.writes();
    let began = Instant::now();
    fill(&unlocked, 0..1);
    let first = files.writes();
    fill(&unlocked, 1..20_000);
    let filled = began.elapsed();
    let longest = files.writes().into_iter().max();
    drop(unlocked);
    drop(vault);
    let images = files.kept();
    let files = Files::of(&images);
    let began = Instant::now();
    let journal = Journal::open(files.pair()).expect("opens");
    let opened = began.elapsed();
    let read = files.bytes_read();
    let len = images.each_ref().map(Vec::len);
    std::println!("20,000 entries of 500 bytes: files of {len:?} bytes, opened in {opened:?}, {read} bytes read; written in {filled:?}");
    std::println!("one entry writes {first:?} bytes; the longest write has {longest:?}");
    assert!(read <= len.iter().sum::<usize>() as u64, "nothing is read twice");
    let mut vault = Vault::open(host_of(journal)).expect("opens");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    assert_eq!(unlocked.log_len("audit"), 20_000);
    assert_eq!(unlocked.last_entry("audit").expect("read").expect("there").as_slice(), [19_999_u32.to_be_bytes(); 125].concat());
    assert!(opened.as_secs() < 5, "{opened:?}");
}

#[test]
fn opening_reads_keys_and_not_large_values() {
    let files = Files::default();
    let journal = Journal::open(files.pair()).expect("opens");
    for n in 0..20_u8 {
        journal.commit(&[put(Space::Record, &[n], &vec![n; 1_000_000])]).expect("commits");
    }
    drop(journal);
    let before = files.bytes_read();
    let journal = Journal::open(files.pair()).expect("opens");
    let read = files.bytes_read() - before;
    assert!(read < 2_000_000, "{read} bytes were read");
    assert_eq!(journal.get(Space::Record, &[19]).expect("reads").expect("there"), vec![19; 1_000_000]);
}

#[test]
fn opening_what_was_closed_writes_nothing() {
    let (files, model) = written();
    files.writes();
    let journal = small(&files).expect("opens");
    assert_eq!(rows(&journal), model);
    assert_eq!(files.writes(), Vec::<usize>::new());
}
