//! Bits that changed, lengths that lie, and files that belong elsewhere.

use super::*;
use crate::Vault;
use crate::factor::{Factors, KdfCost, RecoveryCode};
use crate::storage::journal::layout::{BLOCK, HEAD, Head, PREFIX, Prefix, RECORDS, Record};
use crate::testing::{TestRng, host_of, reading};

fn active(images: &[Vec<u8>; 2]) -> usize {
    let generation = |image: &[u8]| image.get(..HEAD).and_then(Head::read).map_or(0, |head| head.generation);
    usize::from(generation(&images[1]) > generation(&images[0]))
}

fn opened(image: &[Vec<u8>; 2]) -> Result<Rows, StorageError> {
    small(&Files::of(image)).map(|journal| rows(&journal))
}

/// Rows with the same keys, of which at most one has another value, as long as it was.
fn has_at_most_one_value_changed(found: &Rows, model: &Rows) -> bool {
    let differ = found.iter().zip(model).filter(|(found, was)| found != was);
    let same = found.len() == model.len() && found.iter().zip(model).all(|(found, was)| found.0 == was.0 && found.1.len() == was.1.len());
    same && differ.count() <= 1
}

#[test]
fn a_changed_bit_is_found_or_is_one_value_that_the_vault_unseals() {
    let (files, model) = written();
    // Only what is durable counts: closing makes the last mark so.
    let images = files.kept();
    let (mut found, mut values) = (0, 0);
    for which in 0..2 {
        for at in 0..images[which].len() {
            let mut damaged = images.clone();
            damaged[which][at] ^= 1 << (at % 8);
            match opened(&damaged) {
                Err(StorageError::Corrupt { .. }) => found += 1,
                Ok(rows) if rows == model => {}
                Ok(rows) if has_at_most_one_value_changed(&rows, &model) => values += 1,
                other => panic!("bit at {at} of file {which}: {other:?}"),
            }
        }
    }
    let live: usize = model.values().map(Vec::len).sum();
    assert!(values == live, "{values} of {live} bytes of values");
    assert!(found > 300, "only {found} bits were found");
}

#[test]
fn a_vault_finds_a_changed_bit_wherever_it_is() {
    let files = Files::default();
    let primary = RecoveryCode::generate(&mut TestRng);
    let (mut vault, code) = Vault::create(host_of(small(&files).expect("opens")), "test", &primary, KdfCost::Floor).expect("created");
    let unlocked = vault.unlock(&Factors::one(&code), &reading()).expect("unlocks");
    unlocked.put("people", b"id", &[5; 100], &[("role", b"guard")]).expect("put");
    unlocked.append("log", b"entry").expect("appended");
    drop(unlocked);
    drop(vault);
    let images = files.kept();
    let which = active(&images);
    let read = |image: &[Vec<u8>; 2]| -> Option<()> {
        let mut vault = Vault::open(host_of(small(&Files::of(image)).ok()?)).ok()?;
        let unlocked = vault.unlock(&Factors::one(&code), &reading()).ok()?;
        if !unlocked.findings().is_empty() || !unlocked.verify_all().ok()?.is_empty() {
            return None;
        }
        assert_eq!(unlocked.get("people", b"id").ok()??.as_slice(), [5; 100]);
        assert_eq!(unlocked.find("people", "role", b"guard").ok()?, [b"id"]);
        assert_eq!(unlocked.log_entry("log", 0).ok()??.as_slice(), b"entry");
        Some(())
    };
    read(&images).expect("reads what is whole");
    let (mut harmless, mut noticed) = (0, 0);
    for at in (0..images[which].len()).filter(|at| *at < 64 || *at > 4096).step_by(5) {
        let mut damaged = images.clone();
        damaged[which][at] ^= 1 << (at % 8);
        if read(&damaged).is_some() { harmless += 1 } else { noticed += 1 }
    }
    assert!(noticed > 500, "{noticed} were noticed, {harmless} harmless");
}

#[test]
fn damage_is_not_a_step_back() {
    let (files, _) = written();
    let images = files.kept();
    let which = active(&images);
    // The head of the file in use: the other one, which was in use before, does not come back.
    let mut damaged = images.clone();
    damaged[which][9] ^= 1;
    assert!(matches!(opened(&damaged), Err(StorageError::Corrupt { .. })));
    // Records that were acknowledged and are cut off.
    for end in [images[which].len() - 1, images[which].len() - 100, usize::try_from(RECORDS).expect("small")] {
        let mut cut = images.clone();
        cut[which].truncate(end);
        assert!(matches!(opened(&cut), Err(StorageError::Corrupt { .. })), "cut at {end}");
    }
    // A file that is lost.
    let mut lost = images.clone();
    lost[which].clear();
    assert!(matches!(opened(&lost), Err(StorageError::Corrupt { .. })));
    // The file out of use is not needed.
    let mut lost = images;
    lost[1 - which].clear();
    assert!(opened(&lost).is_ok());
}

#[test]
fn a_switch_that_was_cut_short_is_finished_before_anything_else() {
    let (old, model) = written();
    let (new, newer) = (Files::default(), [put(Space::Meta, b"state", b"newer")]);
    let journal = small(&new).expect("opens");
    journal.commit(&newer).expect("commits");
    drop(journal);
    let (old, mut new) = (old.kept(), new.kept());
    // Two heads, as between the switch and the end of the older file.
    let (from, mut to) = (old[active(&old)].clone(), core::mem::take(&mut new[0]));
    let generation = Head::read(&from[..HEAD]).expect("a head").generation;
    assert!(generation > 1);
    // As long as a reserve: it is not taken for one.
    to.resize(usize::try_from(SMALL.reserve).expect("small"), 0);
    let files = Files::of(&[to.clone(), from.clone()]);
    assert_eq!(rows(&small(&files).expect("opens")), model);
    let mut damaged = files.kept();
    damaged[1][9] ^= 1;
    assert!(matches!(opened(&damaged), Err(StorageError::Corrupt { .. })), "the older file was emptied");
    to[..HEAD].copy_from_slice(&from[..HEAD]);
    assert!(matches!(opened(&[to, from]), Err(StorageError::Corrupt { .. })), "two of one generation");
}

#[test]
fn a_newer_version_is_refused_and_not_touched() {
    let (files, _) = written();
    for which in 0..2 {
        let mut images = files.kept();
        images[which][..HEAD].copy_from_slice(&Head { version: 2, generation: 1 }.to_bytes());
        let files = Files::of(&images);
        assert_eq!(small(&files).err(), Some(StorageError::Newer { found: 2, supported: 1 }));
        assert_eq!(files.now(), images);
    }
}

#[test]
fn files_of_other_content_are_refused_and_not_touched() {
    for content in [&b"{\"a\": \"file of somebody else\"}"[..], &[1], &vec![7; 20_000]] {
        for images in [[content.to_vec(), vec![]], [vec![], content.to_vec()]] {
            let files = Files::of(&images);
            assert!(matches!(small(&files), Err(StorageError::Corrupt { .. })));
            assert_eq!(files.now(), images);
        }
    }
    for empty in [0, 1, HEAD, 12_288] {
        assert_eq!(opened(&[vec![0; empty], vec![]]), Ok(Rows::new()), "{empty} zeros");
    }
}

/// The file of a journal with one commit, with `tail` behind its last record.
fn with_tail(tail: &[u8]) -> [Vec<u8>; 2] {
    let files = Files::default();
    small(&files).expect("opens").commit(&[put(Space::Meta, b"k", b"v")]).expect("commits");
    let mut images = files.kept();
    images[0].extend_from_slice(tail);
    images
}

#[test]
fn a_length_that_lies_is_a_torn_tail_or_damage_and_takes_no_memory() {
    let expected = opened(&with_tail(b"")).expect("opens");
    for len in [0, 1, 1 << 20, 1 << 40, u64::MAX] {
        for other in [0, 1, 1 << 40, u64::MAX] {
            let mut tail = [&len.to_be_bytes()[..], &u64::to_be_bytes(other), &[0; 32]].concat();
            assert_eq!(opened(&with_tail(&tail)), Ok(expected.clone()), "{len} and {other}");
            tail.extend_from_slice(&[0; 4_000]);
            assert_eq!(opened(&with_tail(&tail)), Ok(expected.clone()), "{len} and {other}");
            assert!(Prefix::read(&tail[..PREFIX], 4_000).is_none_or(|prefix| prefix.table <= 4_000 && prefix.values <= 4_000));
        }
    }
    // Before the mark it is damage.
    let mut images = with_tail(b"");
    images[0][12_288..12_296].copy_from_slice(&u64::MAX.to_be_bytes());
    assert!(matches!(opened(&images), Err(StorageError::Corrupt { .. })));
}

#[test]
fn a_table_that_does_not_add_up_is_damage() {
    let table = |space: u8, kept: u8, key: u32, value: u64| [&[space, kept][..], &key.to_be_bytes(), &value.to_be_bytes(), b"k"].concat();
    let at = with_tail(b"")[0].len() as u64;
    let good = table(0, 1, 1, 2);
    assert!(opened(&with_tail(&Record::sealed(1, at, &good, b"vv"))).expect("opens").contains_key(&(Space::Meta, b"k".to_vec())));
    for bad in [
        table(7, 1, 1, 2),
        table(0, 2, 1, 2),
        table(0, 0, 1, 2),
        table(0, 1, 2, 2),
        table(0, 1, 1, 3),
        table(0, 1, 1, 1),
        table(0, 1, 1, u64::MAX),
    ] {
        let found = opened(&with_tail(&Record::sealed(1, at, &bad, b"vv")));
        assert!(matches!(found, Err(StorageError::Corrupt { .. })), "{bad:?}: {found:?}");
    }
}

#[test]
fn a_record_from_another_time_or_place_is_not_one() {
    let expected = opened(&with_tail(b"")).expect("opens");
    let at = with_tail(b"")[0].len() as u64;
    let record = |generation, at| Record::of(generation, at, &[put(Space::Meta, b"k", b"other")]).expect("a record").bytes;
    assert_ne!(opened(&with_tail(&record(1, at))).expect("opens"), expected);
    assert_eq!(opened(&with_tail(&record(2, at))), Ok(expected.clone()));
    assert_eq!(opened(&with_tail(&record(1, at + 1))), Ok(expected));
}

#[test]
fn a_table_above_the_limit_is_refused_before_it_is_written() {
    let files = Files::default();
    let journal = small(&files).expect("opens");
    let before = files.now();
    let huge = Change { space: Space::Meta, key: vec![0; 64 * 1024 * 1024], value: None };
    assert!(matches!(journal.commit(&[huge]), Err(StorageError::Full { .. })));
    assert_eq!(files.now(), before);
    journal.commit(&[put(Space::Meta, b"k", b"v")]).expect("goes on");
}

#[test]
fn the_bytes_are_those_of_version_1() {
    let files = Files::default();
    let journal = small(&files).expect("opens");
    journal.commit(&[put(Space::Log, b"key", b"value"), remove(Space::Meta, b"k")]).expect("commits");
    drop(journal);
    let [file, _] = files.kept();
    let bytes =
        |hex: &str| -> Vec<u8> { (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("a byte")).collect() };
    let block = usize::try_from(BLOCK).expect("small");
    assert_eq!(file[..HEAD], bytes("574159504153534a00000001000000000000000111bbb8e7fb5cea422f149f85eeb225c4"));
    assert_eq!(file[2 * block..2 * block + 32], bytes("00000000000000010000000000003055fb02b03b0c84bd047afea2022e6ccb99"));
    let (lengths, sums) = ("00000000000000200000000000000005", "95a919692293d6c369d6febbb674128216ccccc98cd28a1891f092405c555ba1");
    let table = [&[4, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 5][..], b"key", &[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], b"k"].concat();
    assert_eq!(file[3 * block..3 * block + PREFIX], bytes(&[lengths, sums].concat()));
    assert_eq!(file[3 * block + PREFIX..], [&table[..], b"value"].concat());
}
