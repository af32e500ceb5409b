//! A state and a log that do not belong together, although the vault sealed both.

use crate::gate::Gate;
use crate::testing::{reading, with_gate};
use crate::world::TestRng;
use waypass_trust::audit::Event;
use waypass_verifier::DeviceState;

fn state(gate: &Gate<'_>) -> DeviceState {
    gate.stored_state().expect("readable").expect("a state")
}

fn record(gate: &Gate<'_>, subject: &str) {
    gate.record(Event::Synced, subject, &reading(1), &mut TestRng::new(subject)).expect("recorded");
}

fn found(gate: &Gate<'_>) -> Vec<String> {
    gate.tampering().expect("looked at")
}

#[test]
fn an_earlier_state_does_not_cover_the_log() {
    with_gate(|gate| {
        record(gate, "first");
        let earlier = state(gate);
        record(gate, "second");
        let newest = state(gate);
        assert_eq!(found(gate), [""; 0]);
        gate.keep_state(&earlier).expect("put back");
        assert_eq!(found(gate), ["the state of this gate covers 1 records and its log has 2"]);
        gate.keep_state(&newest).expect("kept");
        assert_eq!(found(gate), [""; 0]);
    });
}

#[test]
fn a_log_of_the_right_length_must_end_where_the_state_says() {
    with_gate(|gate| {
        record(gate, "first");
        let mut other = state(gate);
        record(gate, "second");
        // Another second record, which the state of that history ends with.
        gate.entry_about(&mut other, "a copy", Event::Synced, "second", &reading(1), &mut TestRng::new("copy"));
        assert_eq!(other.chain.size(), gate.records());
        gate.keep_state(&other).expect("put in its place");
        assert_eq!(found(gate), ["the log of this gate does not end where its state says"]);
    });
}
