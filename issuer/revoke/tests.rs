use super::{Cause, Change, ChangeError, Grounds};
use crate::store::State;
use crate::testing::{Key, TestRng, at, issuer, order, reopened};
use sha2::{Digest as _, Sha256};
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

#[test]
fn many_are_changed_together_or_not_at_all() {
    let (_dir, mut issuer) = issuer();
    let mut issue =
        |seed| issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(seed)).expect("issued").record.id;
    let ids: Vec<String> = (1..5).map(&mut issue).collect();
    issuer.revoke(&ids[2], &grounds(Cause::Lost), at(1)).expect("revoked");
    let events = |issuer: &crate::Issuer<'_>| ids.iter().map(|id| issuer.history(id).expect("read").len()).collect::<Vec<_>>();
    let final_one = ChangeError::NotAllowed { change: Change::Suspend, state: State::Revoked, since: at(1) };
    assert_eq!(issuer.change_all(&ids, Change::Suspend, &grounds(Cause::Lost), at(2)), Err(final_one));
    let unknown = [ids[0].clone(), "000000000000".to_owned()];
    assert_eq!(issuer.change_all(&unknown, Change::Suspend, &grounds(Cause::Lost), at(2)), Err(ChangeError::Unknown));
    // Twice in one transaction: the second finds another state, and takes the first back.
    let twice = [ids[0].clone(), ids[0].clone()];
    assert!(issuer.change_all(&twice, Change::Suspend, &grounds(Cause::Lost), at(2)).is_err());
    assert_eq!(events(&issuer), [1, 1, 2, 1]);
    let three = [ids[0].clone(), ids[1].clone(), ids[3].clone()];
    let done = issuer.change_all(&three, Change::Revoke, &grounds(Cause::RoleEnded), at(3)).expect("revoked");
    assert!(done.iter().all(|event| (event.to, event.at) == (State::Revoked, at(3))));
    assert_eq!(events(&issuer), [2, 2, 2, 2]);
}

#[test]
fn whole_ids_and_beginnings_are_found_together() {
    let (_dir, mut issuer) = issuer();
    let id = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued").record.id;
    let found = issuer.find_all(&[id.clone(), id[..5].to_uppercase(), "x".into(), String::new()]).expect("read");
    let ids: Vec<Result<&str, &ChangeError>> = found.iter().map(|found| found.as_ref().map(|record| record.id.as_str())).collect();
    assert_eq!(ids, [Ok(id.as_str()), Ok(id.as_str()), Err(&ChangeError::Unknown), Err(&ChangeError::Unknown)]);
}

/// A wallet shows the beginning of the credential's SHA-256, and of that of each copy.
#[test]
fn a_credential_is_found_by_the_id_that_a_wallet_shows() {
    let (dir, mut issuer) = issuer();
    let issued = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
    let shown = waypass_credential::hex::encode(&Sha256::digest(&issued.credential)[..16]);
    for digits in [&shown[..8], &shown[..9], &shown.to_uppercase()] {
        assert_eq!(issuer.find(digits).as_ref(), Ok(&issued.record), "{digits}");
    }
    assert_eq!(issuer.find(&shown[..7]), Err(ChangeError::Unknown));
    drop(issuer);
    // Somebody else names another credential so: the MAC is not ours.
    let mut issuer = reopened(dir.path());
    let other = issuer.issue(&order(), Key::p256(8).public_key(), "ines", at(0), &mut TestRng::new(2)).expect("issued").record;
    drop(issuer);
    let raw = rusqlite::Connection::open(dir.path().join("issuer.db")).expect("opened");
    let changed = raw.execute("UPDATE credential_names SET id=?1 WHERE id=?2", [&other.id, &issued.record.id]).expect("changed");
    assert_eq!(changed, 1);
    drop(raw);
    assert_eq!(reopened(dir.path()).find(&shown[..8]), Err(ChangeError::Unknown));
}

/// The database of the version before has no names, and gets the table for them with everything else as it is.
#[test]
fn a_database_without_names_gets_them() {
    let (dir, mut issuer) = issuer();
    let old = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
    drop(issuer);
    let raw = rusqlite::Connection::open(dir.path().join("issuer.db")).expect("opened");
    raw.execute_batch("DROP TABLE credential_names; PRAGMA user_version=4;").expect("as before");
    drop(raw);
    let mut issuer = reopened(dir.path());
    assert_eq!(issuer.find(&old.record.id).as_ref(), Ok(&old.record));
    let shown = |bytes: &[u8]| waypass_credential::hex::encode(&Sha256::digest(bytes)[..4]);
    assert_eq!(issuer.find(&shown(&old.credential)), Err(ChangeError::Unknown));
    let new = issuer.issue(&order(), Key::p256(8).public_key(), "ines", at(1), &mut TestRng::new(2)).expect("issued");
    assert_eq!(issuer.find(&shown(&new.credential)).as_ref(), Ok(&new.record));
}
