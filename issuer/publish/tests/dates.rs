//! At which time publications are dated, and which clock needs a person's word.

use super::super::{ClockDoubt, PublishError};
use super::DAY;
use crate::ceremony::{Paper, Quorum, RootKeys};
use crate::keys::{KeyRole, KeyUse};
use crate::office::Issuer;
use crate::revoke::{Cause, Grounds};
use crate::testing::{Key, TestRng, at, issuer, keys, order, reopened, seal, store};
use std::path::Path;
use waypass_credential::key::Signer as _;
use waypass_trust::bundle::TrustBundle;

fn withdraw(issuer: &mut Issuer<'_>, seed: u64, second: i64) -> u32 {
    let grounds = Grounds { cause: Cause::Lost, note: String::new(), operator: "ines".into() };
    let record = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(second), &mut TestRng::new(seed)).expect("issued").record;
    issuer.revoke(&record.id, &grounds, at(second)).expect("revoked");
    record.index
}

#[test]
fn no_second_is_used_twice_or_before_it_has_come() {
    let (_dir, mut issuer) = issuer();
    let first = issuer.publish(at(10)).expect("published");
    let same = issuer.publish(at(10)).expect("nothing has changed");
    assert_eq!((&same.bundle, same.timestamp), (&first.bundle, 1), "the publication of this second says all there is");
    withdraw(&mut issuer, 1, 10);
    for early in [10, 9, 5] {
        assert_eq!(issuer.publish(at(early)).map(drop), Err(PublishError::TooSoon { next: at(11) }), "{early}");
    }
    let next = issuer.publish(at(11)).expect("published");
    assert_eq!((next.published_at, next.opened().lists()[0].issued_at), (at(11), at(11)));
}

/// One after the other, as fast as the clock allows.
#[test]
fn sixty_withdrawals_in_a_row_are_published() {
    let (_dir, mut issuer) = issuer();
    let mut clock = 0;
    let mut held = issuer.publish(at(clock)).expect("published").opened().clone();
    for seed in 0..60 {
        withdraw(&mut issuer, seed, clock);
        let published = loop {
            match issuer.publish(at(clock)) {
                Err(PublishError::TooSoon { next }) => clock = next.since(at(0)),
                other => break other.expect("published"),
            }
        };
        assert_eq!(published.published_at, at(clock), "never ahead of the clock");
        held.replace(published.opened().clone()).expect("a gate follows");
    }
    assert_eq!(clock, 60);
    let revoked: usize =
        issuer.store.lists().expect("read").iter().map(|list| issuer.store.set_entries(list.id).expect("read").len()).sum();
    assert_eq!(revoked, 60);
    assert!(
        issuer
            .is_unchanged(&issuer.newest_root().expect("read").expect("a root"), &issuer.published().expect("read").expect("there"), at(60))
            .expect("read")
    );
}

#[test]
fn a_clock_far_from_the_last_publication_needs_a_persons_word() {
    let (_dir, mut issuer) = issuer();
    issuer.publish(at(0)).expect("published");
    issuer.publish(at(7 * DAY)).expect("a week is usual");
    let late = at(14 * DAY + 1);
    let doubt = ClockDoubt::Ahead { now: late, last: at(7 * DAY) };
    assert_eq!(issuer.publish(late).map(drop), Err(PublishError::Unconfirmed(doubt)));
    assert_eq!(super::super::clock_doubt(&issuer.store, late), Ok(Some(doubt)));
    assert_eq!(super::super::clock_doubt(&issuer.store, at(8 * DAY)), Ok(None));
    assert_eq!(issuer.published().expect("read").expect("there").published_at, at(7 * DAY), "nothing came of it");
    issuer.publish_confirmed(late).expect("confirmed");
    let doubt = ClockDoubt::Behind { now: at(8 * DAY), last: late };
    assert_eq!(issuer.publish(at(8 * DAY)).map(drop), Err(PublishError::Unconfirmed(doubt)));
}

/// Gates that did not take the publication from the future get this one, at a second that no publication has.
#[test]
fn a_clock_set_back_uses_no_second_twice() {
    let (_dir, mut issuer) = issuer();
    let mut honest = issuer.publish(at(100)).expect("published").opened().clone();
    issuer.publish(at(110)).expect("published");
    let mut fooled = issuer.publish_confirmed(at(300 * DAY)).expect("confirmed").opened().clone();
    withdraw(&mut issuer, 1, 105);
    for used in [100, 110] {
        assert_eq!(issuer.publish_confirmed(at(used)).map(drop), Err(PublishError::TooSoon { next: at(used + 1) }));
    }
    let back = issuer.publish_confirmed(at(105)).expect("confirmed");
    assert_eq!(back.published_at, at(105));
    honest.replace(back.opened().clone()).expect("taken");
    assert!(fooled.replace(back.opened().clone()).is_err(), "its lists are newer");
    assert_eq!(issuer.publish(at(110)).map(drop), Err(PublishError::TooSoon { next: at(111) }), "still used");
    assert_eq!(issuer.publish(at(111)).expect("published").published_at, at(111));
}

#[test]
fn times_beyond_memory_count_as_used() {
    let (_dir, mut issuer) = issuer();
    for second in 0..300 {
        issuer.publish(at(second * 2)).expect("published");
    }
    assert_eq!(issuer.publish_confirmed(at(21)).map(drop), Err(PublishError::TooSoon { next: at(22) }));
    issuer.publish_confirmed(at(401)).expect("remembered, and free");
}

/// The keys of the issuer with new ones for timestamp and snapshot, and with a second key for lists.
fn renewed(dir: &Path) -> Issuer<'static> {
    let keys =
        keys().with(KeyUse::Status, Key::ed25519(33)).with(KeyRole::Snapshot, Key::ed25519(77)).with(KeyRole::Timestamp, Key::ed25519(88));
    Issuer::open(Box::new(store(dir)), seal(), keys).expect("opened")
}

fn one(number: u8) -> Quorum {
    Quorum { keys: vec![Key::ed25519(number).public_key().clone()], threshold: 1 }
}

/// TUF 5.3.11: what the old keys signed no longer binds.
#[test]
fn new_keys_overcome_a_publication_from_the_future() {
    let (dir, mut issuer) = issuer();
    let mut honest = issuer.publish(at(0)).expect("published").opened().clone();
    let future = issuer.publish_confirmed(at(300 * DAY)).expect("confirmed");
    let mut fooled = future.opened().clone();
    let withdrawn = withdraw(&mut issuer, 1, 10);
    drop(issuer);

    let mut issuer = renewed(dir.path());
    let present = issuer.newest_root().expect("read").expect("a root").part().roles.clone();
    let roles = RootKeys { snapshot: one(77), timestamp: one(88), ..present };
    let paper = issuer.prepare_root(&roles, at(20)).expect("prepared").sign(&Key::ed25519(5)).expect("signed");
    issuer.assemble(&[Paper::parse(&paper.to_bytes()).expect("arrived")], at(20)).expect("in effect");
    // The lists of the future are still signed by a key that counts.
    assert_eq!(issuer.publish(at(30)).map(drop), Err(PublishError::ListKeyStands { last: at(300 * DAY) }));
    issuer.rotate_key(KeyUse::Status, Key::ed25519(33).public_key(), at(30)).expect("replaced");
    let back = issuer.publish(at(30)).expect("no question: the last one proves nothing any more");
    assert_eq!((back.published_at, back.root), (at(30), 2));
    for held in [&mut honest, &mut fooled] {
        held.replace(TrustBundle::open(&back.bundle, held.root()).expect("opened")).expect("taken");
        assert_eq!((held.issued_at(), held.lists()[0].issued_at), (at(30), at(30)));
        assert_eq!(held.to_bytes(), back.bundle, "nothing from the future is left");
    }
    assert!(issuer.store.set_entries(1).expect("read").contains(&(withdrawn, 1)));
    assert_eq!(issuer.publish(at(31)).expect("published").published_at, at(31));
    drop(issuer);
    assert_eq!(
        reopened(dir.path()).publish(at(32)).map(drop),
        Err(PublishError::NoKey(KeyUse::Status.into())),
        "the old keys sign no more"
    );
}

/// After the root that names new keys the clock is compared with the time of that root.
#[test]
fn new_keys_do_not_make_every_clock_good() {
    let (dir, mut issuer) = issuer();
    issuer.publish(at(0)).expect("published");
    drop(issuer);
    let mut issuer = renewed(dir.path());
    let present = issuer.newest_root().expect("read").expect("a root").part().roles.clone();
    issuer.establish_root(&RootKeys { snapshot: one(77), timestamp: one(88), ..present }, at(DAY)).expect("in effect");
    let late = at(9 * DAY);
    assert_eq!(issuer.publish(late).map(drop), Err(PublishError::Unconfirmed(ClockDoubt::Ahead { now: late, last: at(DAY) })));
    let early = at(DAY - 1);
    assert_eq!(issuer.publish(early).map(drop), Err(PublishError::Unconfirmed(ClockDoubt::Behind { now: early, last: at(DAY) })));
}
