//! The stored form, of this version and of 0.1.0.

use super::super::Doubt;
use super::*;
use proptest::prelude::*;
use waypass_credential::cbor::Writer;

/// `[1, signed_lo, signed_claim, wall_hi, [id, offset, anchored], boots, decisions]`, byte for byte what 0.1.0 wrote.
fn of_0_1_0() -> alloc::vec::Vec<u8> {
    let mut out = Writer::new();
    out.array(7).unsigned(1).signed(NOON).signed(NOON).signed(NOON + 50);
    out.array(3).bytes(&[1; 16]).signed(NOON - 100).bool(true);
    out.unsigned(2).unsigned(3);
    out.into_bytes()
}

#[test]
fn a_state_of_0_1_0_goes_on() {
    let mut state = TimeState::from_bytes(&of_0_1_0()).expect("readable");
    assert_eq!((state.bound(), state.newest_signed()), (Some(time(NOON)), None));
    // It is one boot, which began 100 s before noon: nothing is counted twice, and nothing is doubted.
    let moment = observe(&mut state, reading(1, 200, NOON - 100, 0));
    assert_eq!((moment.confidence(), moment.bound()), (Confidence::Anchored, Some(time(NOON))));
    assert_eq!(observe(&mut state, reading(1, 1200, NOON - 100, 0)).bound(), Some(time(NOON + 999)));
    // Its time is the office's from the next bundle on; another key's bundle then makes it forget.
    assert_eq!(adopt(&mut state, NOON, OFFICE, reading(1, 1200, NOON - 100, 0)), Adopted::Known);
    assert_eq!(adopt(&mut state, NOON - DAY, ROTATED, reading(1, 1300, NOON - 100, 0)), Adopted::Newer);
    assert_eq!(state.bound(), Some(time(NOON - DAY)));
}

#[test]
fn a_state_of_0_1_0_remembers_what_it_saw() {
    let mut state = TimeState::from_bytes(&of_0_1_0()).expect("readable");
    assert_eq!(observe(&mut state, reading(1, 200, NOON - 100, DAY)).doubt(), Some(Doubt::Stepped));
    assert_eq!(observe(&mut state, reading(2, 5, NOON - DAY, 0)).doubt(), Some(Doubt::BehindSigned));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: alloc::vec::Vec<u8>) {
        if let Ok(state) = TimeState::from_bytes(&bytes) {
            prop_assert_eq!(TimeState::from_bytes(&state.to_bytes()), Ok(state));
        }
    }

    #[test]
    fn a_damaged_state_is_refused_or_a_state(at in 0..100_usize, bit in 0..8_u8, old: bool) {
        let written = signed(NOON, reading(1, 10, NOON, 0)).confirm(&reading(1, 20, NOON, 0)).expect("possible").to_bytes();
        let mut bytes = if old { of_0_1_0() } else { written };
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(state) = TimeState::from_bytes(&bytes) {
            prop_assert_eq!(TimeState::from_bytes(&state.to_bytes()), Ok(state));
        }
        prop_assert!(TimeState::from_bytes(&bytes[..at]).is_err());
    }
}
