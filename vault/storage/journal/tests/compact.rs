//! An erasure: what was replaced or removed is in neither file any more.

use super::device::Fault;
use super::*;

const OLD: [u8; 40] = [0xa7; 40];

fn holds_old(files: &Files) -> bool {
    files.kept().iter().any(|file| file.windows(OLD.len()).any(|bytes| bytes == OLD))
}

/// Returns a device on which one value was replaced and one removed.
fn changed() -> (Files, Journal<File>) {
    let files = Files::default();
    let journal = Journal::open(files.pair()).expect("opens");
    journal.commit(&[put(Space::Log, b"1", &OLD), put(Space::Slot, b"s", &OLD), put(Space::Meta, b"m", b"stays")]).expect("commits");
    journal.commit(&[put(Space::Log, b"1", b"new"), remove(Space::Slot, b"s")]).expect("commits");
    (files, journal)
}

#[test]
fn a_compaction_leaves_nothing_of_what_was_replaced_or_removed() {
    let (files, journal) = changed();
    let before = rows(&journal);
    assert!(holds_old(&files), "a commit alone removes nothing");
    journal.compact().expect("compacts");
    assert!(!holds_old(&files));
    assert_eq!(rows(&journal), before);
    journal.compact().expect("compacts again");
    journal.commit(&[put(Space::Meta, b"m", b"more")]).expect("goes on");
    drop(journal);
    assert_eq!(rows(&Journal::open(files.pair()).expect("opens")).get(&(Space::Meta, b"m".to_vec())), Some(&b"more".to_vec()));
}

#[test]
fn without_room_a_compaction_says_so_and_changes_nothing() {
    let (files, journal) = changed();
    let before = rows(&journal);
    files.fail_after(2, Fault::FullAfterHalf);
    assert!(matches!(journal.compact(), Err(StorageError::Full { .. })));
    assert!(files.has_failed() && holds_old(&files));
    assert_eq!(rows(&journal), before);
    journal.compact().expect("compacts once there is room");
    assert!(!holds_old(&files));
    assert_eq!(rows(&journal), before);
}
