use super::{Cause, Change, ChangeError, Grounds};
use crate::store::State;
use crate::testing::{Key, TestRng, at, issuer, order, reopened};
use waypass_credential::key::Signer as _;

fn grounds(cause: Cause) -> Grounds {
    Grounds { cause, note: "seen by the desk".into(), operator: "ines".into() }
}

/// Every change from every state, each on a credential of its own.
#[test]
fn transitions() {
    let (dir, mut issuer) = issuer();
    let into = |state: State| match state {
        State::Valid => None,
        State::Suspended => Some(Change::Suspend),
        State::Revoked => Some(Change::Revoke),
    };
    let allowed = [
        (Change::Revoke, State::Valid, State::Revoked),
        (Change::Revoke, State::Suspended, State::Revoked),
        (Change::Suspend, State::Valid, State::Suspended),
        (Change::Reinstate, State::Suspended, State::Valid),
    ];
    for state in [State::Valid, State::Suspended, State::Revoked] {
        for change in [Change::Revoke, Change::Suspend, Change::Reinstate] {
            let holder = Key::p256(9);
            let id = issuer.issue(&order(), holder.public_key(), "ines", at(0), &mut TestRng::new(1)).map(|issued| issued.record.id);
            let id = id.unwrap_or_else(|_| {
                // The generator repeats its ids; another seed gives another.
                let seed = 100 + change as u64 * 10 + u64::from(state.bits());
                issuer.issue(&order(), holder.public_key(), "ines", at(0), &mut TestRng::new(seed)).expect("issued").record.id
            });
            if let Some(first) = into(state) {
                issuer.change(&id, first, &grounds(Cause::Lost), at(10)).expect("prepared");
            }
            let expected = allowed.iter().find(|(c, from, _)| *c == change && *from == state).map(|(_, _, to)| *to);
            let done = issuer.change(&id, change, &grounds(Cause::Cleared), at(20));
            let record = reopened(dir.path()).credential(&id).expect("read").expect("there");
            let history = issuer.history(&id).expect("read");
            if let Some(to) = expected {
                assert_eq!(done.as_ref().map(|event| (event.from, event.to)), Ok((Some(state), to)));
                assert_eq!((record.state, record.changed_at), (to, at(20)));
                assert_eq!(history.last(), done.as_ref().ok());
            } else {
                let since = record.changed_at;
                assert_eq!(done, Err(ChangeError::NotAllowed { change, state, since }));
                assert_eq!((record.state, history.last().map(|event| event.to)), (state, Some(state)));
            }
        }
    }
}

#[test]
fn a_reason_is_required_and_no_clock_stands_in_the_way() {
    let (_dir, mut issuer) = issuer();
    let id = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued").record.id;
    let silent = Grounds { cause: Cause::Other, note: " ".into(), operator: "ines".into() };
    assert_eq!(issuer.revoke(&id, &silent, at(1)), Err(ChangeError::NoteRequired));
    let long = Grounds { cause: Cause::Lost, note: "x".repeat(501), operator: "ines".into() };
    assert_eq!(issuer.revoke(&id, &long, at(1)), Err(ChangeError::Text("note")));
    let escape = Grounds { cause: Cause::Lost, note: String::new(), operator: "\u{1b}[2J".into() };
    assert_eq!(issuer.revoke(&id, &escape, at(1)), Err(ChangeError::Text("operator")));
    assert_eq!(issuer.revoke("000000000000", &grounds(Cause::Lost), at(1)), Err(ChangeError::Unknown));
    let other = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(2)).expect("issued").record.id;
    assert_eq!(issuer.revoke(&other, &grounds(Cause::Lost), at(-1)).expect("revoked").at, at(-1));
    issuer.suspend(&id, &grounds(Cause::Investigation), at(5)).expect("suspended");
    let event = issuer.revoke(&id, &grounds(Cause::Misuse), at(6)).expect("revoked");
    assert_eq!((event.cause.as_str(), event.operator.as_str(), event.at), ("misuse", "ines", at(6)));
    let told = issuer.reinstate(&id, &grounds(Cause::Cleared), at(7)).expect_err("final").to_string();
    assert!(told.contains("final"), "{told}");
}

#[test]
fn causes_have_stable_codes() {
    for cause in Cause::ALL {
        assert_eq!(Cause::parse(cause.as_str()), Some(cause));
    }
    assert_eq!(Cause::parse("because"), None);
}
