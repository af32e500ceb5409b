use super::{Confidence, Doubt, LARGEST_JUMP_SECONDS, Limits, Moment, Reading, TimeGuard, TimeState};
use proptest::prelude::*;
use waypass_credential::time::Timestamp;

const NOON: i64 = 1_800_000_000;
const DAY: i64 = 86_400;
const LIMITS: Limits = Limits { boots: 3, decisions: 5 };

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).expect("in range")
}

/// A device whose boot began when the wall clock showed `began`, read `after` seconds later by a clock that is `ahead`.
fn reading(boot: u8, after: u64, began: i64, ahead: i64) -> Reading {
    let wall = time(began + i64::try_from(after).expect("small") + ahead);
    Reading { wall, boottime_ms: after * 1000, boot_id: [boot; 16] }
}

fn observe(state: &mut TimeState, reading: Reading) -> Moment {
    let (moment, next) = TimeGuard::observe(state, &reading, &LIMITS);
    *state = next;
    moment
}

#[test]
fn an_untouched_clock_is_believed_and_signed_time_anchors_it() {
    let mut state = TimeState::default();
    assert_eq!(observe(&mut state, reading(1, 10, NOON, 0)).confidence(), Confidence::Low);
    state = state.signed(time(NOON), &reading(1, 20, NOON, 0));
    let moment = observe(&mut state, reading(1, 30, NOON, 0));
    assert_eq!(moment.confidence(), Confidence::Anchored);
    assert_eq!((moment.at(), moment.signed_lo()), (time(NOON + 30), Some(time(NOON))));
    // Another boot: nothing confirms it yet.
    assert_eq!(observe(&mut state, reading(2, 5, NOON + 3600, 0)).confidence(), Confidence::Low);
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
fn behind_signed_time_is_doubt_and_correcting_it_is_not() {
    let mut state = TimeState::default().signed(time(NOON), &reading(1, 10, NOON - 30 * DAY, 0));
    let behind = observe(&mut state, reading(1, 20, NOON - 30 * DAY, 0));
    assert_eq!((behind.doubt(), behind.at()), (Some(Doubt::BehindSigned), time(NOON)));
    // Somebody sets the clock right during the same boot.
    assert_eq!(observe(&mut state, reading(1, 30, NOON, 0)).doubt(), None);
    assert_eq!(observe(&mut state, reading(1, 40, NOON, 500)).doubt(), Some(Doubt::Stepped));
}

#[test]
fn behind_what_was_seen_is_doubt_on_a_new_boot() {
    let mut state = TimeState::default().signed(time(NOON), &reading(1, 0, NOON, 0));
    let _ = observe(&mut state, reading(1, 3600, NOON, 0));
    assert_eq!(observe(&mut state, reading(2, 1, NOON + 600, 0)).doubt(), Some(Doubt::BehindSeen));
    assert_eq!(observe(&mut state, reading(3, 1, NOON + 3700, 0)).doubt(), None);
}

#[test]
fn boots_and_decisions_without_signed_time_are_counted() {
    let mut state = TimeState::default().signed(time(NOON), &reading(0, 0, NOON, 0));
    for boot in 1..=3 {
        assert_eq!(observe(&mut state, reading(boot, 1, NOON, 0)).doubt(), None, "boot {boot}");
    }
    assert_eq!(observe(&mut state, reading(4, 1, NOON, 0)).doubt(), Some(Doubt::TooManyBoots));
    state = state.signed(time(NOON + 1), &reading(4, 2, NOON, 0));
    for _ in 0..5 {
        assert_eq!(observe(&mut state, reading(4, 3, NOON, 0)).doubt(), None);
        state = state.decided();
    }
    assert_eq!(observe(&mut state, reading(4, 4, NOON, 0)).doubt(), Some(Doubt::TooManyDecisions));
}

#[test]
fn one_signed_time_moves_the_bound_once_and_by_a_bounded_jump() {
    let at = reading(1, 0, NOON, 0);
    let state = TimeState::default().signed(time(NOON), &at);
    let far = NOON + 100 * 366 * DAY;
    let jumped = state.signed(time(far), &at);
    assert_eq!(jumped.signed_lo(), Some(time(NOON + LARGEST_JUMP_SECONDS)));
    assert_eq!(jumped.signed(time(far), &at), jumped);
    assert_eq!(state.signed(time(NOON - DAY), &at), state);
}

#[test]
fn others_evidence_raises_doubt_and_never_the_time() {
    let mut state = TimeState::default().signed(time(NOON), &reading(1, 0, NOON, 0));
    let moment = observe(&mut state, reading(1, 1, NOON, 0));
    assert_eq!(moment.considering(time(NOON + 100)), moment);
    let doubted = moment.considering(time(NOON + 200));
    assert_eq!((doubted.doubt(), doubted.at()), (Some(Doubt::EvidenceAhead), moment.at()));
}

#[test]
fn under_doubt_only_signed_time_proves_a_beginning() {
    let mut state = TimeState::default().signed(time(NOON), &reading(1, 0, NOON, 0));
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

/// What an adversary who owns the clock, but no signing key, can do (threats.md A7).
#[derive(Clone, Debug)]
enum Move {
    SetClock(i64),
    Wait(u16),
    Reboot,
    /// The honest bundle of this moment arrives.
    Sync,
    Decide,
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => (-400 * DAY..400 * DAY).prop_map(Move::SetClock),
        3 => any::<u16>().prop_map(Move::Wait),
        2 => Just(Move::Reboot),
        1 => Just(Move::Sync),
        2 => Just(Move::Decide),
    ]
}

proptest! {
    #[test]
    fn an_adversarial_clock(moves in proptest::collection::vec(any_move(), 1..60)) {
        let mut state = TimeState::default();
        // What time it really is, what the clock is off by, since when it runs.
        let (mut real, mut off, mut boot, mut up) = (NOON, 0, 0u8, 0u64);
        let mut newest_signed = None;
        for step in moves {
            match step {
                Move::SetClock(to) => off = to,
                Move::Wait(seconds) => { real += i64::from(seconds); up += u64::from(seconds); }
                Move::Reboot => { boot = boot.wrapping_add(1); up = 0; }
                Move::Sync => {
                    let now = Reading { wall: time(real + off), boottime_ms: up * 1000, boot_id: [boot; 16] };
                    state = state.signed(time(real), &now);
                    newest_signed = Some(real);
                }
                Move::Decide => state = state.decided(),
            }
            let moment = observe(&mut state, Reading { wall: time(real + off), boottime_ms: up * 1000, boot_id: [boot; 16] });
            prop_assert_eq!(&TimeState::from_bytes(&state.to_bytes()), &Ok(state.clone()));
            if let Some(signed) = newest_signed {
                // What ended before the newest signed time is ended, whatever the clock says. Bounded jumps never bite
                // an honest signer: nothing here waits a year.
                prop_assert!(moment.at() >= time(signed));
                prop_assert_eq!(moment.signed_lo(), Some(time(signed)));
            }
            if let Some(Doubt::BehindSigned) = moment.doubt() {
                prop_assert!(real + off < newest_signed.expect("signed"));
            }
        }
        // However it was treated: with its clock right again and one bundle, it works.
        real += 1;
        let now = Reading { wall: time(real), boottime_ms: up * 1000 + 1000, boot_id: [boot; 16] };
        state = state.signed(time(real), &now);
        let moment = observe(&mut state, now);
        prop_assert_eq!((moment.confidence(), moment.at()), (Confidence::Anchored, time(real)));
    }

    #[test]
    fn one_forward_glitch_passes(glitch in 121..400 * DAY) {
        let mut state = TimeState::default().signed(time(NOON), &reading(1, 0, NOON, 0));
        let _ = observe(&mut state, reading(1, 10, NOON, 0));
        prop_assert!(observe(&mut state, reading(1, 20, NOON, glitch)).doubt().is_some());
        prop_assert_eq!(observe(&mut state, reading(1, 30, NOON, 0)).doubt(), None);
        prop_assert_eq!(observe(&mut state, reading(2, 1, NOON + 60, 0)).doubt(), None);
    }

    #[test]
    fn any_bytes_are_answered(bytes: alloc::vec::Vec<u8>) {
        if let Ok(state) = TimeState::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
        }
    }
}
