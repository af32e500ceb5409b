use super::{EnrolError, Enrolment, MAX_AGE, MAX_AHEAD};
use crate::office::Issuer;
use crate::settings::Settings;
use crate::testing::{Key, at, issuer, keys, seal, settings, store};
use waypass_credential::did;
use waypass_credential::key::Signer as _;

fn signed(name: &str, site: &str, seconds: i64) -> String {
    let key = Key::ed25519(30);
    let id = did::to_did_key(key.public_key());
    let enrolment = Enrolment { id, name: name.into(), site: site.into(), zone: "ward-3".into(), issued_at: at(seconds) };
    enrolment.sign(&key).expect("signed")
}

#[test]
fn a_gate_comes_and_goes() {
    let (_dir, mut issuer) = issuer();
    let gate = issuer.enroll_gate(&signed("Main door", "north", 0), None, at(5)).expect("enrolled");
    assert_eq!((gate.name.as_str(), gate.site.as_str(), gate.zone.as_str()), ("Main door", "north", "ward-3"));
    let moved = issuer.enroll_gate(&signed("Side door", "north", 3), None, at(5)).expect("again, signed later");
    assert_eq!(issuer.gates(), Ok(vec![moved]));
    assert_eq!(issuer.enroll_gate(&signed("Main door", "north", 0), None, at(6)), Err(EnrolError::Older));
    assert_eq!(issuer.revoke_gate(&gate.id, " ", at(7)), Err(EnrolError::Text("reason")));
    assert_eq!(issuer.revoke_gate("did:key:zNobody", "stolen", at(7)), Err(EnrolError::Unknown));
    let ended = issuer.revoke_gate(&gate.id, "stolen", at(7)).expect("ended");
    assert_eq!(ended.revoked, Some((at(7), "stolen".into())));
    assert_eq!(issuer.revoke_gate(&gate.id, "stolen", at(8)), Err(EnrolError::Ended { at: at(7) }));
    // A thief's enrolment of the stolen key changes nothing.
    assert_eq!(issuer.enroll_gate(&signed("Main door", "north", 8), None, at(8)), Err(EnrolError::Ended { at: at(7) }));
}

#[test]
fn sites_names_and_dates_have_bounds() {
    let dir = tempfile::tempdir().expect("a folder");
    let north = Settings { sites: vec!["north".into()], ..settings() };
    let mut issuer = Issuer::create(Box::new(store(dir.path())), seal(), north, keys(), at(0)).expect("set up");
    assert_eq!(issuer.enroll_gate(&signed("x", "south", 0), None, at(0)), Err(EnrolError::Site("south".into())));
    assert_eq!(issuer.enroll_gate(&signed("", "north", 0), None, at(0)), Err(EnrolError::Text("name")));
    assert_eq!(issuer.enroll_gate(&signed("a\u{202e}\u{1b}b", "north", 0), None, at(0)), Err(EnrolError::Text("name")));
    assert_eq!(issuer.enroll_gate(&signed(&"x".repeat(129), "north", 0), None, at(0)), Err(EnrolError::Text("name")));
    let age = |signed_at| Err(EnrolError::Age { signed: at(signed_at) });
    assert_eq!(issuer.enroll_gate(&signed("x", "north", 0), None, at(MAX_AGE + 1)), age(0));
    assert_eq!(issuer.enroll_gate(&signed("x", "north", MAX_AHEAD + 1), None, at(0)), age(MAX_AHEAD + 1));
}

#[test]
fn a_place_is_one_that_credentials_can_name() {
    let (_dir, mut issuer) = issuer();
    let far = "n".repeat(65);
    for place in ["ward 3", "Küche", "", "*", &far] {
        assert_eq!(issuer.enroll_gate(&signed("x", place, 0), None, at(0)), Err(EnrolError::Place("site")), "{place:?}");
    }
    let mut row = issuer.enroll_gate(&signed("x", "north", 0), None, at(0)).expect("enrolled");
    // A gate of the time before this rule keeps the place that it has, and gets no other like it.
    row.site = "old ward".into();
    let put = issuer.store.transact(|tx| {
        tx.put_gate(&row);
        Ok(())
    });
    put.expect("stored");
    assert_eq!(issuer.enroll_gate(&signed("x", "old yard", 1), None, at(1)), Err(EnrolError::Place("site")));
    assert_eq!(issuer.enroll_gate(&signed("y", "old ward", 2), None, at(2)).map(|row| row.site), Ok("old ward".into()));
}
