//! Power cuts, failing writes, and a device without room.

use super::device::Fault;
use super::*;
use crate::storage::journal::layout::RECORDS;

/// Runs the script; returns the acknowledged rows, and the rows with the commit that failed.
fn run(files: &Files) -> Result<Rows, (Rows, Rows)> {
    let mut model = Rows::new();
    let journal = small(files).map_err(|_| (Rows::new(), Rows::new()))?;
    for changes in script() {
        let before = model.clone();
        apply(&mut model, &changes);
        if let Err(why) = journal.commit(&changes) {
            assert!(matches!(why, StorageError::Io { .. }), "{why:?}");
            assert_eq!(journal.commit(&changes), Err(StorageError::Poisoned));
            assert_eq!(journal.get(Space::Meta, b"state"), Err(StorageError::Poisoned));
            assert_eq!(journal.scan(Space::Meta, b"", &mut |_, _| ()), Err(StorageError::Poisoned));
            return Err((before, model));
        }
    }
    Ok(model)
}

/// Opens what a power cut left, and goes on from there.
fn check(image: &[Vec<u8>; 2], (before, after): &(Rows, Rows)) {
    let files = Files::of(image);
    let journal = small(&files).expect("opens");
    let mut found = rows(&journal);
    assert!(found == *before || found == *after, "neither the last commit nor the one in flight");
    let more = [put(Space::Slot, b"more", &[9; 200])];
    journal.commit(&more).expect("goes on");
    apply(&mut found, &more);
    drop(journal);
    assert_eq!(rows(&small(&files).expect("opens")), found);
}

#[test]
fn a_power_cut_at_any_point_leaves_the_last_commit_or_the_one_in_flight() {
    let (mut cuts, mut images) = (0, 0);
    for until in 0.. {
        let files = Files::default();
        files.fail_after(until, Fault::PowerCut);
        let Err(states) = run(&files) else { break };
        cuts += 1;
        for image in files.images() {
            images += 1;
            check(&image, &states);
        }
    }
    std::println!("{cuts} power cuts, {images} images");
    assert!(cuts > 100 && images > 5_000, "only {cuts} cuts and {images} images");
}

#[test]
fn a_power_cut_while_it_is_opened_changes_nothing() {
    for until in (0..).step_by(3) {
        let files = Files::default();
        files.fail_after(until, Fault::PowerCut);
        let Err(states) = run(&files) else { break };
        for image in files.images().iter().step_by(40) {
            for until in 0.. {
                let files = Files::of(image);
                files.fail_after(until, Fault::PowerCut);
                if small(&files).is_ok() {
                    break;
                }
                files.images().iter().step_by(10).for_each(|image| check(image, &states));
            }
        }
    }
}

#[test]
fn after_an_error_everything_is_refused_and_opening_anew_finds_one_of_two_states() {
    for until in 0.. {
        let files = Files::default();
        files.fail_after(until, Fault::Error);
        let states = run(&files);
        if !files.has_failed() {
            break;
        }
        // The last flush, of a journal that is closed, may fail unnoticed: nothing depends on it.
        let states = states.map_or_else(|states| states, |model| (model.clone(), model));
        check(&files.now(), &states);
        check(&files.kept(), &states);
    }
}

#[test]
fn without_room_nothing_was_written_and_it_goes_on() {
    for fault in [Fault::FullAfterHalf, Fault::FullAfterAll] {
        let mut refused = 0;
        for until in 0.. {
            let files = Files::default();
            let journal = small(&files).expect("opens");
            files.fail_after(until, fault);
            let mut model = Rows::new();
            let mut is_certain = true;
            for changes in script() {
                match journal.commit(&changes) {
                    Ok(()) => apply(&mut model, &changes),
                    Err(StorageError::Full { .. }) => {
                        refused += 1;
                        assert!(rows(&journal) == model && files.kept() == files.now());
                        let opened = small(&Files::of(&files.kept())).expect("opens");
                        assert_eq!(rows(&opened), model);
                    }
                    // There was no room for what was written already: a flush said so, or the switch of a compaction.
                    Err(StorageError::Io { .. }) => {
                        is_certain = false;
                        break;
                    }
                    Err(why) => panic!("{why:?}"),
                }
            }
            if !files.has_failed() {
                break;
            }
            if is_certain {
                assert_eq!(rows(&journal), model);
                drop(journal);
                assert_eq!(rows(&small(&files).expect("opens")), model);
            }
        }
        assert!(refused >= script().len(), "only {refused} commits were refused");
    }
}

#[test]
fn a_compaction_without_room_is_put_off() {
    let (files, mut model) = (Files::default(), Rows::new());
    let journal = small(&files).expect("opens");
    files.limit_room(Some(3 * RECORDS));
    let mut longest = 0;
    for n in 0..40_u8 {
        let changes = [put(Space::Meta, b"state", &[n; 700]), put(Space::Log, &[n], &[n; 200])];
        if journal.commit(&changes).is_ok() {
            apply(&mut model, &changes);
        }
        longest = longest.max(journal.held.borrow().end);
    }
    assert!(longest > 2 * RECORDS - 2_000, "it filled the room: {longest}");
    assert_eq!(rows(&journal), model);
    files.limit_room(None);
    journal.commit(&[put(Space::Meta, b"state", b"")]).expect("commits");
    apply(&mut model, &[put(Space::Meta, b"state", b"")]);
    assert!(journal.held.borrow().generation > 1, "it was compacted in the end");
    assert_eq!(rows(&journal), model);
    drop(journal);
    assert_eq!(rows(&small(&files).expect("opens")), model);
}

#[test]
fn the_reserve_lets_one_more_commit_in_and_is_made_again() {
    let files = Files::default();
    let journal = Journal::open(files.pair()).expect("opens");
    let used = |files: &Files| files.now().map(|file| file.len() as u64).iter().sum::<u64>();
    files.limit_room(Some(used(&files) + 100));
    let entry = [put(Space::Log, b"last", &vec![1; 900_000])];
    assert!(matches!(journal.commit(&entry), Err(StorageError::Full { .. })));
    journal.release_reserve();
    journal.commit(&entry).expect("takes the reserve");
    drop(journal);
    assert_eq!(files.now()[1].len(), 0);
    let opened = Journal::open(files.pair()).expect("opens on a full device");
    assert_eq!(opened.get(Space::Log, b"last").expect("reads").expect("there").len(), 900_000);
    assert!(files.now()[1].is_empty(), "half a reserve is not kept");
    drop(opened);
    files.limit_room(None);
    drop(Journal::open(files.pair()).expect("opens"));
    assert_eq!(files.now()[1].len(), 1024 * 1024);
}
