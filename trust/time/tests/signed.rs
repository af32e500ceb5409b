//! The changes by signed time and by a person.

use super::super::{BehindProof, Doubt};
use super::*;

/// Evidence H5: day 5, the clock set back to day 1, and a bundle of day 1 that a courier held back.
#[test]
fn a_bundle_that_was_held_back_anchors_nothing() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let _ = observe(&mut state, reading(1, 5 * DAY, NOON, 0));
    let set_back = reading(1, 5 * DAY + 60, NOON, -4 * DAY);
    assert_eq!(observe(&mut state, set_back).doubt(), Some(Doubt::BehindSigned));
    assert_eq!(adopt(&mut state, NOON + DAY, OFFICE, set_back), Adopted::Known);
    let moment = observe(&mut state, reading(1, 5 * DAY + 120, NOON, -4 * DAY));
    assert_eq!(moment.doubt(), Some(Doubt::BehindSigned));
    assert!(moment.at() >= time(NOON + 4 * DAY));
    // Also after a restart.
    let restarted = reading(2, 60, NOON + DAY, 0);
    assert_eq!(observe(&mut state, restarted).doubt(), Some(Doubt::BehindSigned));
    assert_eq!(adopt(&mut state, NOON + DAY + 60, OFFICE, restarted), Adopted::Known);
    assert!(observe(&mut state, restarted).doubt().is_some());
}

/// The device was off meanwhile, so only the clock it showed before speaks against the one it shows now.
#[test]
fn signed_time_clears_the_highest_clock_seen_only_if_it_reaches_it() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let _ = observe(&mut state, reading(2, 10, NOON + 5 * DAY, 0));
    let set_back = reading(3, 10, NOON + DAY, 0);
    assert_eq!(observe(&mut state, set_back).doubt(), Some(Doubt::BehindSeen));
    assert_eq!(adopt(&mut state, NOON + DAY, OFFICE, set_back), Adopted::Newer);
    assert_eq!(observe(&mut state, set_back).doubt(), Some(Doubt::BehindSeen));
    let right = reading(3, 20, NOON + 6 * DAY, 0);
    assert_eq!(adopt(&mut state, NOON + 6 * DAY, OFFICE, right), Adopted::Newer);
    assert_eq!(observe(&mut state, right).confidence(), Confidence::Anchored);
}

#[test]
fn a_time_far_ahead_of_clock_and_bound_is_kept_aside_for_a_person() {
    let right = reading(1, 10, NOON, 0);
    let mut state = signed(NOON, right);
    let before = state.clone();
    let Adopted::Aside(aside) = adopt(&mut state, NOON + 300 * DAY, OFFICE, right) else { panic!("adopted") };
    assert_eq!(state, before);
    assert_eq!((aside.signed().at, aside.ahead_seconds()), (time(NOON + 300 * DAY), 300 * DAY - 10));
    assert_eq!(aside.confirmed().bound(), Some(time(NOON + 300 * DAY)));
    // Up to two days ahead, or with a clock that says the same, it is taken.
    assert_eq!(adopt(&mut state, NOON + 2 * DAY, OFFICE, right), Adopted::Newer);
    let drawer = reading(2, 10, NOON + 90 * DAY, 0);
    assert_eq!(adopt(&mut state, NOON + 90 * DAY, OFFICE, drawer), Adopted::Newer);
    // Bound alone is enough: a device that lost its clock for a weekend.
    let lost = reading(3, 10, 0, 0);
    assert_eq!(adopt(&mut state, NOON + 92 * DAY, OFFICE, lost), Adopted::Newer);
    assert!(matches!(adopt(&mut state, NOON + 95 * DAY, OFFICE, lost), Adopted::Aside(_)));
    // A new device has its clock only.
    assert!(matches!(adopt(&mut TimeState::default(), NOON, OFFICE, lost), Adopted::Aside(_)));
}

/// Threat A32: fast-forward recovery (TUF 5.3.11).
#[test]
fn another_timestamp_key_makes_the_state_forget_what_the_former_one_signed() {
    let right = reading(1, 10, NOON, 0);
    let mut state = signed(NOON, right);
    let Adopted::Aside(aside) = adopt(&mut state, NOON + 300 * DAY, OFFICE, right) else { panic!("adopted") };
    state = aside.confirmed();
    assert_eq!(observe(&mut state, reading(1, 20, NOON, 0)).at(), time(NOON + 300 * DAY + 9));
    assert_eq!(adopt(&mut state, NOON + 60, OFFICE, reading(1, 60, NOON, 0)), Adopted::Known);
    assert_eq!(adopt(&mut state, NOON + 70, ROTATED, reading(1, 80, NOON, 0)), Adopted::Newer);
    let moment = observe(&mut state, reading(1, 90, NOON, 0));
    assert_eq!((moment.confidence(), moment.at(), moment.bound()), (Confidence::Anchored, time(NOON + 90), Some(time(NOON + 79))));
    assert_eq!(state.newest_signed(), Some(SignedTime { at: time(NOON + 70), signer: ROTATED }));
}

#[test]
fn a_person_confirms_a_clock_and_it_is_amber_until_signed_time_reaches_it() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    // The clock ran a year ahead at one start, and nothing signed will reach that for long.
    let _ = observe(&mut state, reading(2, 10, NOON + 365 * DAY, 0));
    let right = |after| reading(3, after, NOON + 2 * DAY, 0);
    assert_eq!(observe(&mut state, right(10)).doubt(), Some(Doubt::BehindSeen));
    state = state.confirm(&right(20)).expect("possible");
    assert_eq!(observe(&mut state, right(30)).confidence(), Confidence::Suspect);
    // In later boots, too, and after signed time that does not reach it.
    let next = |after| reading(4, after, NOON + 3 * DAY, 0);
    assert_eq!(observe(&mut state, next(10)).confidence(), Confidence::Suspect);
    assert_eq!(adopt(&mut state, NOON + DAY, OFFICE, next(20)), Adopted::Newer);
    assert_eq!(observe(&mut state, next(30)).confidence(), Confidence::Suspect);
    assert_eq!(adopt(&mut state, NOON + 3 * DAY, OFFICE, next(40)), Adopted::Newer);
    assert_eq!(observe(&mut state, next(50)).confidence(), Confidence::Anchored);
}

#[test]
fn a_confirmed_step_is_no_step_any_more() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    assert_eq!(observe(&mut state, reading(1, 10, NOON, HOUR)).doubt(), Some(Doubt::Stepped));
    state = state.confirm(&reading(1, 20, NOON, HOUR)).expect("possible");
    assert_eq!(observe(&mut state, reading(1, 30, NOON, HOUR)).confidence(), Confidence::Suspect);
    assert_eq!(observe(&mut state, reading(1, 40, NOON, 0)).doubt(), Some(Doubt::Stepped));
}

#[test]
fn nobody_confirms_a_clock_that_is_proven_wrong() {
    let state = signed(NOON, reading(1, 0, NOON, 0));
    let wrong = reading(2, 10, NOON - DAY, 0);
    let refused = state.confirm(&wrong).expect_err("refused");
    assert_eq!(refused, BehindProof { wall: wrong.wall, bound: time(NOON) });
    // Time before the first reading is only supposed: a person may know that these clocks are another machine's.
    let moved = reading(3, 300 * DAY, NOON - 299 * DAY, 0);
    let mut state = state.at(&moved);
    assert_eq!(observe(&mut state, moved).doubt(), Some(Doubt::BehindSeen));
    state = state.confirm(&moved).expect("possible");
    let moment = observe(&mut state, moved);
    assert_eq!((moment.confidence(), moment.at()), (Confidence::Suspect, moved.wall));
}

fn answered(state: &mut TimeState, at: i64, asked: Reading, reading: Reading) -> Adopted {
    let (next, adopted) = state.answered(&SignedTime { at: time(at), signer: OFFICE }, &asked, &reading);
    *state = next;
    adopted
}

/// A clock that once ran a year ahead: no bundle reaches it, and the answer to an own question does not need to.
#[test]
fn an_answer_to_an_own_question_clears_what_the_clock_showed_before() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let _ = observe(&mut state, reading(2, 10, NOON + 365 * DAY, 0));
    let right = |after| reading(3, after, NOON + 2 * DAY, 0);
    assert_eq!(observe(&mut state, right(10)).doubt(), Some(Doubt::BehindSeen));
    assert_eq!(adopt(&mut state, NOON + 2 * DAY, OFFICE, right(20)), Adopted::Newer);
    assert_eq!(observe(&mut state, right(20)).doubt(), Some(Doubt::BehindSeen));
    assert_eq!(answered(&mut state, NOON + 2 * DAY + 25, right(20), right(30)), Adopted::Newer);
    assert_eq!(observe(&mut state, right(30)).confidence(), Confidence::Anchored);
}

#[test]
fn a_step_that_an_answer_confirms_is_none_and_a_clock_ahead_of_it_is_doubted() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    assert_eq!(observe(&mut state, reading(1, 10, NOON, HOUR)).doubt(), Some(Doubt::Stepped));
    assert_eq!(answered(&mut state, NOON + HOUR + 25, reading(1, 20, NOON, HOUR), reading(1, 30, NOON, HOUR)), Adopted::Newer);
    assert_eq!(observe(&mut state, reading(1, 40, NOON, HOUR)).confidence(), Confidence::Anchored);
    // Three days fast since its start, which nothing else could tell.
    let fast = |after| reading(2, after, NOON + DAY, 3 * DAY);
    assert_eq!(observe(&mut state, fast(10)).confidence(), Confidence::Low);
    assert_eq!(answered(&mut state, NOON + DAY + 25, fast(20), fast(30)), Adopted::Newer);
    assert_eq!(observe(&mut state, fast(40)).doubt(), Some(Doubt::Stepped));
    assert_eq!(observe(&mut state, reading(2, 50, NOON + DAY, 0)).confidence(), Confidence::Anchored);
}

#[test]
fn a_device_that_lost_its_clock_takes_an_answer_however_late_it_is() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let lost = |after| reading(2, after, 0, 0);
    assert_eq!(observe(&mut state, lost(10)).doubt(), Some(Doubt::BehindSigned));
    assert!(matches!(adopt(&mut state, NOON + 90 * DAY, OFFICE, lost(20)), Adopted::Aside(_)));
    assert_eq!(answered(&mut state, NOON + 90 * DAY, lost(20), lost(21)), Adopted::Newer);
    let moment = observe(&mut state, lost(30));
    assert_eq!((moment.confidence(), moment.at()), (Confidence::Suspect, time(NOON + 90 * DAY + 8)));
    // A clock that was not lost is not overruled by so much.
    let kept = |after| reading(3, after, NOON + 91 * DAY, 0);
    assert!(matches!(answered(&mut state, NOON + 94 * DAY, kept(20), kept(21)), Adopted::Aside(_)));
}

#[test]
fn an_answer_that_came_late_or_contradicts_the_bound_changes_nothing() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let _ = observe(&mut state, reading(2, 10, NOON + 365 * DAY, 0));
    let right = |after| reading(3, after, NOON + 2 * DAY, 0);
    assert_eq!(answered(&mut state, NOON + 2 * DAY + 10, right(10), right(71)), Adopted::Known);
    assert_eq!(observe(&mut state, right(80)).doubt(), Some(Doubt::BehindSeen));
    assert_eq!(answered(&mut state, NOON - DAY, right(90), right(91)), Adopted::Known);
    assert_eq!(observe(&mut state, right(100)).doubt(), Some(Doubt::BehindSeen));
}

/// Six days before the first reading of a boot, and then signed time that is a second newer: the six days are not forgotten.
#[test]
fn a_little_newer_time_does_not_make_the_device_forget_how_long_it_was_on() {
    let mut state = signed(NOON, reading(1, 0, NOON, 0));
    let set_back = reading(2, 6 * DAY, NOON - 6 * DAY, 0);
    assert_eq!(observe(&mut state, set_back).doubt(), Some(Doubt::BehindSeen));
    assert_eq!(adopt(&mut state, NOON + 1, OFFICE, set_back), Adopted::Newer);
    assert_eq!(observe(&mut state, set_back).doubt(), Some(Doubt::BehindSeen));
    assert_eq!(answered(&mut state, NOON + 2, set_back, set_back), Adopted::Newer);
    assert_eq!(observe(&mut state, set_back).doubt(), Some(Doubt::BehindSeen));
}
