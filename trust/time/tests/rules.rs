//! The rules of the guard, one by one.

use super::super::Doubt;
use super::*;

#[test]
fn an_untouched_clock_is_believed_and_signed_time_anchors_it() {
    let mut state = TimeState::default();
    assert_eq!(observe(&mut state, reading(1, 10, NOON, 0)).confidence(), Confidence::Low);
    assert_eq!(adopt(&mut state, NOON, OFFICE, reading(1, 20, NOON, 0)), Adopted::Newer);
    let moment = observe(&mut state, reading(1, 30, NOON, 0));
    assert_eq!(moment.confidence(), Confidence::Anchored);
    assert_eq!((moment.at(), moment.bound()), (time(NOON + 30), Some(time(NOON + 9))));
    // Another boot: nothing confirms it yet.
    assert_eq!(observe(&mut state, reading(2, 5, NOON + 3600, 0)).confidence(), Confidence::Low);
}

#[test]
fn the_bound_runs_with_the_boot_clock_at_99_9_percent() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    // However often it is read.
    for after in (1..=1000).chain([10_000]) {
        let _ = observe(&mut state, reading(1, after, NOON, 0));
    }
    assert_eq!(state.bound(), Some(time(NOON + 9_990)));
    // A restart begins with it, and with the time since the device was started.
    let moment = observe(&mut state, reading(2, 1000, NOON + 10_000, 0));
    assert_eq!(moment.bound(), Some(time(NOON + 9_990 + 999)));
    // A boot clock that goes back is another boot's, whatever the boot id says.
    let moment = observe(&mut state, reading(2, 500, NOON + 20_000, 0));
    assert_eq!((moment.bound(), moment.confidence()), (Some(time(NOON + 9_990 + 999 + 499)), Confidence::Low));
}

#[test]
fn old_evidence_ages_on_a_clock_that_was_set_back() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let moment = observe(&mut state, reading(1, 5 * DAY, NOON, -4 * DAY));
    assert!(moment.doubt().is_some());
    assert_eq!(moment.at(), time(NOON + 5 * DAY * 999 / 1000));
}

#[test]
fn a_step_within_a_boot_is_doubt_until_it_is_undone() {
    let mut state = TimeState::default();
    let _ = observe(&mut state, reading(1, 10, NOON, 0));
    for ahead in [-121, 121, DAY, -DAY] {
        assert_eq!(observe(&mut state, reading(1, 20, NOON, ahead)).doubt(), Some(Doubt::Stepped), "{ahead}");
    }
    for ahead in [-120, 0, 120] {
        assert_eq!(observe(&mut state, reading(1, 30, NOON, ahead)).doubt(), None, "{ahead}");
    }
}

#[test]
fn small_steps_do_not_accumulate() {
    let mut state = TimeState::default();
    let doubted = (0..10).map(|step| observe(&mut state, reading(1, 10, NOON, step * 100)).doubt()).collect::<alloc::vec::Vec<_>>();
    assert_eq!(doubted[1], None);
    assert!(doubted[2..].iter().all(|doubt| *doubt == Some(Doubt::Stepped)), "{doubted:?}");
}

#[test]
fn behind_the_bound_is_doubt_and_correcting_it_is_not() {
    let mut state = signed(NOON, reading(1, 10, NOON, 0));
    let behind = observe(&mut state, reading(2, 20, NOON - 30 * DAY, 0));
    assert_eq!((behind.doubt(), behind.at()), (Some(Doubt::BehindSigned), time(NOON)));
    // Somebody sets the clock right during the same boot.
    assert_eq!(observe(&mut state, reading(2, 30, NOON + 60, 0)).doubt(), None);
    assert_eq!(observe(&mut state, reading(2, 40, NOON + 60, 500)).doubt(), Some(Doubt::Stepped));
}

#[test]
fn a_slow_clock_is_not_doubted_and_judged_at_the_bound() {
    let mut state = signed(NOON, reading(1, 10, NOON, -400));
    let moment = observe(&mut state, reading(1, 20, NOON, -400));
    assert_eq!((moment.confidence(), moment.at()), (Confidence::Anchored, time(NOON + 9)));
}

#[test]
fn behind_what_was_seen_is_doubt_on_a_new_boot() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let _ = observe(&mut state, reading(1, 3600, NOON, 0));
    // A forward glitch at a start is remembered, too: nothing tells it from the truth.
    let _ = observe(&mut state, reading(2, 1, NOON + 9000, 0));
    assert_eq!(observe(&mut state, reading(3, 1, NOON + 8000, 0)).doubt(), Some(Doubt::BehindSeen));
    assert_eq!(observe(&mut state, reading(4, 1, NOON + 8500, 0)).doubt(), None);
}

/// The device is switched off and on, runs unread for a day, and its clock is set to where it was: signed time plus running time says
/// that it cannot be right, in this boot and in every later one.
#[test]
fn the_time_before_the_first_reading_of_a_boot_counts() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let back = |boot| reading(boot, DAY, NOON - DAY + 60, 0);
    for boot in 2..=4 {
        assert_eq!(observe(&mut state, back(boot)).doubt(), Some(Doubt::BehindSeen), "{boot}");
    }
    let three = NOON + 3 * DAY * 999 / 1000;
    assert_eq!(observe(&mut state, reading(5, 10, three - 1000, 0)).doubt(), Some(Doubt::BehindSeen));
    // A clock that agrees with all of it is believed, and all of it is proven then.
    state.boots_since_signed = 0;
    let moment = observe(&mut state, reading(5, 20, three, 0));
    assert_eq!((moment.doubt(), moment.bound()), (None, Some(time(NOON + (3 * DAY + 20) * 999 / 1000))));
}

#[test]
fn boots_and_decisions_without_signed_time_are_counted() {
    let mut state = signed(NOON, reading(9, 0, NOON, 0));
    for boot in 1..=3 {
        assert_eq!(observe(&mut state, reading(boot, 1, NOON, 0)).doubt(), None, "boot {boot}");
    }
    assert_eq!(observe(&mut state, reading(4, 1, NOON, 0)).doubt(), Some(Doubt::TooManyBoots));
    // Signed time ends the count, also one that proves nothing more.
    assert_eq!(adopt(&mut state, NOON + 1, OFFICE, reading(4, 2, NOON, 0)), Adopted::Known);
    for _ in 0..5 {
        assert_eq!(observe(&mut state, reading(4, 3, NOON, 0)).doubt(), None);
        state = state.decided();
    }
    assert_eq!(observe(&mut state, reading(4, 4, NOON, 0)).doubt(), Some(Doubt::TooManyDecisions));
    // One that is known already does not.
    assert_eq!(adopt(&mut state, NOON + 1, OFFICE, reading(4, 5, NOON, 0)), Adopted::Known);
    assert_eq!(observe(&mut state, reading(4, 6, NOON, 0)).doubt(), Some(Doubt::TooManyDecisions));
}

#[test]
fn others_evidence_raises_doubt_and_never_the_time() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let moment = observe(&mut state, reading(1, 1, NOON, 0));
    assert_eq!(moment.considering(time(NOON + 100)), moment);
    let doubted = moment.considering(time(NOON + 200));
    assert_eq!((doubted.doubt(), doubted.at()), (Some(Doubt::EvidenceAhead), moment.at()));
}

#[test]
fn under_doubt_only_the_bound_proves_a_beginning() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let sure = observe(&mut state, reading(1, 1, NOON, 0));
    let doubted = observe(&mut state, reading(1, 2, NOON, DAY));
    assert!(doubted.doubt().is_some());
    for (start, when_sure, when_doubted) in
        [(NOON - 1, Some(true), Some(true)), (NOON + 3600, Some(false), None), (NOON + 2 * DAY, Some(false), None)]
    {
        assert_eq!((sure.has_reached(time(start)), doubted.has_reached(time(start))), (when_sure, when_doubted), "{start}");
    }
}

#[test]
fn the_boot_clock_does_not_count_across_boots() {
    let mut state = TimeState::default();
    let moment = observe(&mut state, reading(1, 70, NOON, 0));
    assert_eq!(moment.milliseconds_since(&reading(1, 10, NOON, 0)), Some(60_000));
    assert_eq!(moment.milliseconds_since(&reading(1, 80, NOON, 0)), None);
    assert_eq!(moment.milliseconds_since(&reading(2, 10, NOON, 0)), None);
}

#[test]
fn a_device_without_a_battery_clock_is_detected() {
    let mut state = signed(NOON, reading(1, 10, NOON, 0));
    assert!(!state.lost_its_clock());
    assert_eq!(observe(&mut state, reading(2, 5, 0, 0)).doubt(), Some(Doubt::BehindSigned));
    assert!(state.lost_its_clock());
    // Setting the clock is no battery; the next start with a right clock is.
    assert_eq!(observe(&mut state, reading(2, 60, NOON + 60, 0)).confidence(), Confidence::Low);
    assert!(state.lost_its_clock());
    let _ = observe(&mut state, reading(3, 5, NOON + DAY, 0));
    assert!(!state.lost_its_clock());
}

#[test]
fn without_a_clock_newer_signed_time_counts_on_and_a_person_must_look() {
    let mut state = signed(NOON, reading(1, 10, NOON, 0));
    let _ = observe(&mut state, reading(2, 5, 0, 0));
    assert_eq!(adopt(&mut state, NOON + DAY, OFFICE, reading(2, 10, 0, 0)), Adopted::Newer);
    let moment = observe(&mut state, reading(2, 1010, 0, 0));
    assert_eq!((moment.confidence(), moment.at()), (Confidence::Suspect, time(NOON + DAY + 999)));
    // Once the clock is right it is the clock again, and setting it back then is seen.
    assert_eq!(observe(&mut state, reading(2, 1020, NOON + DAY, 0)).confidence(), Confidence::Anchored);
    assert_eq!(observe(&mut state, reading(2, 1030, 0, 0)).doubt(), Some(Doubt::BehindSigned));
}

#[test]
fn without_a_boot_id_nothing_is_anchored_and_nothing_is_a_step() {
    let mut state = signed(NOON, reading(0, 100, NOON, 0));
    assert_eq!(observe(&mut state, reading(0, 200, NOON, 0)).confidence(), Confidence::Low);
    assert_eq!(observe(&mut state, reading(0, 300, NOON, 1000)).confidence(), Confidence::Low);
    // Forward the difference counts, whichever boot it is.
    assert_eq!(state.bound(), Some(time(NOON + 199)));
    // Back it is another boot.
    let _ = observe(&mut state, reading(0, 50, NOON + 2000, 0));
    assert_eq!((state.bound(), state.boots_since_signed), (Some(time(NOON + 249)), 1));
}

#[test]
fn one_forward_glitch_within_a_boot_passes() {
    for glitch in [121, 700, DAY, 400 * DAY] {
        let mut state = signed(NOON, reading(1, 0, NOON, 0));
        let _ = observe(&mut state, reading(1, 10, NOON, 0));
        assert_eq!(observe(&mut state, reading(1, 20, NOON, glitch)).doubt(), Some(Doubt::Stepped));
        assert_eq!(observe(&mut state, reading(1, 30, NOON, 0)).doubt(), None);
        assert_eq!(observe(&mut state, reading(2, 1, NOON + 60, 0)).doubt(), None);
    }
}
