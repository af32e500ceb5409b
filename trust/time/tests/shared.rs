//! The memory of a device, next to that of its vaults.

use super::{Confidence, DAY, Dice, HOUR, LIMITS, NOON, OFFICE, ROTATED, TimeGuard, TimeState, adopt, observe, reading, signed, time};
use crate::time::{Doubt, Reading};

fn rank(confidence: Confidence) -> u8 {
    match confidence {
        Confidence::Anchored => 0,
        Confidence::Low => 1,
        Confidence::Suspect => 2,
        Confidence::Doubt(_) => 3,
    }
}

/// A state after a life of its own: readings, restarts, clocks that are set, signed times.
fn lived(dice: &mut Dice) -> TimeState {
    let mut state = TimeState::default();
    let (mut boot, mut began, mut after) = (1, NOON, 0);
    for _ in 0..dice.between(0, 12) {
        after += dice.between(0, 7_200);
        let ahead = dice.pick(&[0, 0, 0, DAY, -DAY, 30, -700]);
        let now = reading(boot, after, began, ahead);
        match dice.between(0, 5) {
            0 => (boot, began, after) = (boot + 1, began + after + HOUR, 0),
            1 => {
                let signer = if dice.one_in(4) { ROTATED } else { OFFICE };
                let _taken = adopt(&mut state, began + after, signer, now);
            }
            2 => state = state.confirm(&now).unwrap_or(state),
            _ => _ = observe(&mut state, now),
        }
    }
    state
}

#[test]
fn what_the_device_says_casts_doubt_and_proves_nothing() {
    let (mut dice, mut doubted) = (Dice::new(7), 0_u32);
    for _ in 0..super::traces() {
        let (own, device) = (lived(&mut dice), lived(&mut dice));
        let boot = dice.pick(&[1, 2, 3, 4, 5]);
        let began = NOON + dice.between(0, 200_000);
        let now = reading(boot, dice.between(0, 9_000), began, 0);
        let (alone, next) = TimeGuard::observe(&own, &now, &LIMITS);
        let shared = TimeGuard::observe_shared(&own, &device, &now, &LIMITS);
        assert!(rank(shared.moment.confidence()) >= rank(alone.confidence()), "{own:?} {device:?} {now:?}");
        assert_eq!((shared.moment.at(), &shared.own), (alone.at(), &next), "{own:?} {device:?} {now:?}");
        doubted += u32::from(shared.moment.confidence() != alone.confidence());
    }
    assert!(doubted > 100, "the device was heard only {doubted} times");
}

#[test]
fn somebody_who_was_away_learns_that_the_clock_went_back() {
    let mut own = TimeState::default();
    let _seen = observe(&mut own, reading(1, 0, NOON, 0));
    // The others were here for sixty days.
    let mut device = TimeState::default();
    for day in 0..60 {
        device = TimeGuard::observe_shared(&TimeState::default(), &device, &reading(2, day * DAY, NOON, 0), &LIMITS).device;
    }
    let back = reading(3, 0, NOON + 20 * DAY, 0);
    assert_eq!(TimeGuard::observe(&own, &back, &LIMITS).0.confidence(), Confidence::Low);
    let shared = TimeGuard::observe_shared(&own, &device, &back, &LIMITS);
    assert_eq!(shared.moment.confidence(), Confidence::Doubt(Doubt::BehindSeen));
    assert_eq!(shared.device.latest(), Some(time(NOON + 59 * DAY)), "the device does not forget it");
    let confirmed = own.confirm(&back).expect("nothing proves the contrary");
    let shared = TimeGuard::observe_shared(&confirmed, &confirmed, &back, &LIMITS);
    assert_eq!(shared.moment.confidence(), Confidence::Suspect, "a person's word");
}

#[test]
fn a_step_before_somebody_came_is_seen_too() {
    let device = TimeGuard::observe_shared(&TimeState::default(), &TimeState::default(), &reading(1, 60, NOON, 0), &LIMITS).device;
    let own = TimeState::default();
    let stepped = reading(1, HOUR, NOON, DAY);
    assert_eq!(TimeGuard::observe(&own, &stepped, &LIMITS).0.confidence(), Confidence::Low);
    let shared = TimeGuard::observe_shared(&own, &device, &stepped, &LIMITS);
    assert_eq!(shared.moment.confidence(), Confidence::Doubt(Doubt::Stepped));
    // And one that only the vault saw is not talked away by the device.
    let mut own = TimeState::default();
    let _seen = observe(&mut own, reading(1, 60, NOON, 0));
    let forged = TimeGuard::observe(&TimeState::default(), &stepped, &LIMITS).1;
    let shared = TimeGuard::observe_shared(&own, &forged, &stepped, &LIMITS);
    assert_eq!(shared.moment.confidence(), Confidence::Doubt(Doubt::Stepped));
}

#[test]
fn the_device_learns_signed_time_from_each_vault_and_forgets_what_it_reaches() {
    let ahead = reading(1, HOUR, NOON, 3 * DAY);
    let glitch = TimeGuard::observe_shared(&TimeState::default(), &TimeState::default(), &ahead, &LIMITS).device;
    let later = reading(2, HOUR, NOON + 4 * DAY, 0);
    let own = signed(NOON + 4 * DAY, later);
    let shared = TimeGuard::observe_shared(&own, &glitch, &later, &LIMITS);
    assert_eq!(shared.moment.confidence(), Confidence::Anchored, "signed time reached what the clock once showed");
    assert_eq!(shared.device.newest_signed(), own.newest_signed());
    let older = signed(NOON, reading(2, HOUR, NOON, 0));
    let kept = TimeGuard::observe_shared(&older, &shared.device, &later, &LIMITS).device;
    assert_eq!(kept.newest_signed(), own.newest_signed(), "an older one teaches nothing");
    let mut rotated = TimeState::default();
    let _newer = adopt(&mut rotated, NOON + DAY, ROTATED, later);
    let taught = TimeGuard::observe_shared(&rotated, &shared.device, &later, &LIMITS).device;
    assert_eq!(taught.newest_signed(), rotated.newest_signed(), "the thief of an old key may have signed any time");
}

#[test]
fn a_memory_is_written_down_for_what_is_new_and_once_a_minute() {
    let at = |after| reading(1, after, NOON, 0);
    let next = |state: &TimeState, reading: Reading| TimeGuard::observe(state, &reading, &LIMITS).1;
    let held = next(&TimeState::default(), at(0));
    assert!(TimeState::default().is_outdated_by(&held));
    assert!(!held.is_outdated_by(&next(&held, at(59))));
    assert!(held.is_outdated_by(&next(&held, at(60))));
    assert!(held.is_outdated_by(&next(&held, reading(2, 1, NOON, 0))), "another boot");
    assert!(held.is_outdated_by(&held.confirm(&at(1)).expect("right")), "a person's word");
    assert!(held.is_outdated_by(&held.adopt(&super::SignedTime { at: time(NOON), signer: OFFICE }, &at(1)).0), "signed time");
}
