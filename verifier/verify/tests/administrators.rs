//! People who may administer a device.

use super::world::{HOUR, Key, NOW, TestRng, World};
use crate::{Administrators, Checkpoint, Shown};
use waypass_credential::Format;
use waypass_credential::key::Signer as _;

/// Somebody with this role and a key of their own.
fn person(role: &str, seed: u8) -> World {
    let mut world = World::with(&[role]);
    world.holder = Key::new(seed);
    world.claims.holder = Some(world.holder.public_key().clone().into());
    // Nothing new from the office for three hours.
    (world.list_issued, world.bundle_issued) = (NOW - 3 * HOUR, NOW - 3 * HOUR);
    world
}

/// One after the other shows what they have, on the device of the first.
fn show(people: &[&World]) -> Shown {
    let device = people[0];
    let (bundle, policy) = (device.bundle(), device.compiled());
    let mut administrators = Administrators::new(Checkpoint::new(device.gate.clone(), &bundle, &policy, device.state()), "admin");
    let mut last = None;
    for (after, person) in (0..).step_by(10).zip(people) {
        let (asked, request) =
            administrators.ask(&Format::ALL, "erase the wallet of Grace", &device.reading(after), &mut TestRng(after)).expect("a query");
        let read = device.reading(after + person.takes);
        last = Some(administrators.answered(&person.answer(&request), asked, &read, &mut TestRng(5)));
    }
    last.expect("somebody")
}

#[test]
fn without_the_office_two_must_agree() {
    let (first, second) = (person("admin", 21), person("admin", 22));
    assert!(matches!(show(&[&first]), Shown::OneMore));
    let Shown::Enough(by) = show(&[&first, &second]) else { panic!("two agreed") };
    assert_eq!(by, [first.holder.id(), second.holder.id()]);
    assert!(matches!(show(&[&first, &first]), Shown::Again), "one person is not two");
    let Shown::Enough(by) = show(&[&first, &first, &second]) else { panic!("two agreed") };
    assert_eq!(by.len(), 2);
}

#[test]
fn one_is_enough_whom_the_office_confirmed_just_now() {
    let mut world = person("admin", 21);
    (world.list_issued, world.bundle_issued) = (NOW - 590, NOW - 590);
    assert!(matches!(show(&[&world]), Shown::Enough(_)));
    for (list, bundle) in [(NOW - 590, NOW - 610), (NOW - 610, NOW - 590)] {
        (world.list_issued, world.bundle_issued) = (list, bundle);
        assert!(matches!(show(&[&world]), Shown::OneMore), "{list} {bundle}");
    }
}

#[test]
fn nothing_else_counts() {
    let admin = person("admin", 21);
    assert!(matches!(show(&[&person("nurse", 22)]), Shown::Refused(_)), "another role");
    assert!(matches!(show(&[&admin, &person("nurse", 22)]), Shown::Refused(_)), "another role");
    let revoked = World { status: 1, ..person("admin", 22) };
    assert!(matches!(show(&[&revoked]), Shown::Refused(_)));
    let late = World { takes: 61, ..person("admin", 22) };
    assert!(matches!(show(&[&admin, &late]), Shown::Refused(_)), "an answer of yesterday");
    let card = World::card("admin");
    assert!(matches!(show(&[&card]), Shown::Card), "a card is signed by nobody");
}
