//! Whatever arrives: an answer, and never green unless it is the holder's own.

use super::world::{NOW, TestRng, World, codes, time};
use crate::{Challenge, Checkpoint, DeviceState};
use alloc::{vec, vec::Vec};
use proptest::prelude::*;
use waypass_credential::Format;
use waypass_trust::reason::Level;

/// One gate, one answered challenge, as bytes.
struct Recording {
    answer: Vec<u8>,
    challenge: Vec<u8>,
}

fn record(world: &World, gate: &mut Checkpoint<'_>, after: u64) -> Recording {
    let at = gate.observe(&world.reading(after));
    let (challenge, request) = gate.ask(world.query.clone(), "entry", &at, &mut TestRng(after));
    Recording { answer: world.answer(&request), challenge: challenge.to_bytes() }
}

fn restore(recording: &Recording) -> Challenge {
    Challenge::from_bytes(&recording.challenge).expect("stored")
}

#[test]
fn no_flipped_bit_is_green() {
    for format in Format::ALL {
        let world = World::new().in_format(format);
        let (bundle, policy) = (world.bundle(), world.compiled());
        let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
        let recording = record(&world, &mut gate, 0);
        let at = gate.observe(&world.reading(1));
        assert_eq!(gate.step(&recording.answer, restore(&recording), &at, &mut TestRng(5)).0.level(), Level::Green);
        // Every bit of every seventh byte, and every byte once: the formats' own tests flip all.
        for byte in 0..recording.answer.len() {
            let bits = if byte % 7 == 0 { 0..8 } else { byte % 8..byte % 8 + 1 };
            for bit in bits {
                let mut changed = recording.answer.clone();
                changed[byte] ^= 1 << bit;
                let (decision, _) = gate.step(&changed, restore(&recording), &at, &mut TestRng(5));
                assert!(decision.level() > Level::Amber, "{format:?}, byte {byte} bit {bit}: {:?}", codes(&decision));
            }
        }
    }
}

#[test]
fn no_recorded_message_is_taken_again() {
    let world = World::new();
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let mut recordings = Vec::new();
    for visit in 0..8 {
        let recording = record(&world, &mut gate, visit * 4);
        let at = gate.observe(&world.reading(visit * 4 + 1));
        let (decision, commit) = gate.step(&recording.answer, restore(&recording), &at, &mut TestRng(5));
        assert_eq!(codes(&decision), ["ok"]);
        gate.committed(commit);
        recordings.push(recording);
    }
    // At once, after a restart, and long after, against every challenge there was and a new one.
    let kept = DeviceState::from_bytes(&gate.state().to_bytes()).expect("stored");
    for after in [30, 59, 61, 4000] {
        let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, kept.clone());
        let fresh = record(&world, &mut gate, after);
        let at = gate.observe(&world.reading(after));
        for message in &recordings {
            for challenge in recordings.iter().chain([&fresh]) {
                let (decision, commit) = gate.step(&message.answer, restore(challenge), &at, &mut TestRng(5));
                assert_eq!(decision.level(), Level::Red, "after {after} s: {:?}", codes(&decision));
                gate.committed(commit);
            }
        }
    }
}

#[test]
fn a_challenge_of_another_boot_has_ended() {
    let world = World::new();
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let recording = record(&world, &mut gate, 0);
    let mut reading = world.reading(1);
    reading.boot_id = [2; 16];
    let at = gate.observe(&reading);
    assert_eq!(codes(&gate.step(&recording.answer, restore(&recording), &at, &mut TestRng(5)).0), ["challenge_expired"]);
}

#[test]
fn another_gates_challenge_is_not_answered_here() {
    let (world, mut other) = (World::new(), World::new());
    other.gate.id = super::world::Key::new(50).id();
    let (bundle, policy) = (other.bundle(), other.compiled());
    let mut next_door = Checkpoint::new(other.gate.clone(), &bundle, &policy, other.state());
    let recording = record(&other, &mut next_door, 0);
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let at = gate.observe(&world.reading(1));
    assert_eq!(codes(&gate.step(&recording.answer, restore(&recording), &at, &mut TestRng(5)).0), ["wrong_audience"]);
}

/// A finished story that any bytes can be thrown at.
fn throw(bytes: &[u8]) -> (Level, Vec<&'static str>) {
    let world = World::new();
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let at = gate.observe(&world.reading(0));
    let (challenge, _) = gate.ask(world.query.clone(), "entry", &at, &mut TestRng(0));
    let (decision, _) = gate.step(bytes, challenge, &at, &mut TestRng(5));
    (decision.level(), codes(&decision))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_get_a_red_decision(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (level, codes) = throw(&bytes);
        prop_assert_eq!((level, codes), (Level::Red, vec!["malformed"]));
    }

    #[test]
    fn spliced_presentations_are_never_green(cut in 0.0..1.0f64, from in 0.0..1.0f64, len in 0usize..200, format in 0..6) {
        let format = Format::ALL[usize::try_from(format).expect("0 to 5")];
        let world = World::new().in_format(format);
        let mut spliced = false;
        let decision = world.run_with(
            |answer| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a text")]
                let place = |part: f64| (part * answer.len() as f64) as usize;
                let (cut, from) = (place(cut), place(from));
                let piece = answer[from..(from + len).min(answer.len())].to_vec();
                let changed = [&answer[..cut], &piece[..], &answer[(cut + len).min(answer.len())..]].concat();
                spliced = changed != answer;
                changed
            },
            |challenge| challenge,
        );
        prop_assert!(!spliced || decision.level() > Level::Amber, "{:?}", codes(&decision));
    }

    #[test]
    fn stored_bytes_are_read_strictly(bytes: Vec<u8>) {
        if let Ok(state) = DeviceState::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes.clone());
        }
        let _ = Challenge::from_bytes(&bytes);
    }

    #[test]
    fn no_clock_lets_the_expired_pass(ended in 0..90i64, off in -400..400i64) {
        let mut world = World { signed_time: Some(NOW), clock_off: off * 86_400, ..World::with(&["emergency_medical"]) };
        world.claims.valid_until = time(NOW - 1 - ended * 600);
        let decision = world.run();
        prop_assert!(decision.level() > Level::Amber, "{:?}", codes(&decision));
    }
}
