//! A bundle that is kept aside withdraws, and makes nothing good.

use super::*;
use crate::status::{Status, Why};

fn status(bundle: &TrustBundle, index: u64, at: Timestamp) -> Status {
    bundle.status(&bundle.authorities()[0], &[StatusReference::token(LIST, index)], &moment(at)).status
}

/// A site whose first bundle is held, and a bundle of 90 days later.
fn later(change: impl FnOnce(&mut Site)) -> (TrustBundle, TrustBundle) {
    let mut site = Site::new();
    site.set_status(2, 1);
    site.set_status(3, 2);
    let held = site.seal();
    site.advance(90 * DAY);
    change(&mut site);
    (held, site.seal())
}

#[test]
fn what_it_revokes_or_suspends_is_denied_and_nothing_gets_better() {
    let (held, aside) = later(|site| {
        for (index, value) in [(0, 1), (1, 2), (2, 0), (3, 0)] {
            site.set_status(index, value);
        }
    });
    let both = held.clone().with_withdrawals_of(&aside);
    // On a right clock nothing of it is doubtful.
    let at = NOON.plus(90 * DAY);
    assert_eq!(
        [0, 1, 2, 3].map(|index| status(&both, index, at)),
        [Status::Revoked, Status::Suspended, Status::Revoked, Status::Suspended]
    );
    assert_eq!(status(&both, 4, at), Status::Unknown(Why::ListExpired), "it is as old as what is held");
    assert_eq!(status(&both, 0, NOON), Status::Revoked);
    assert_eq!(status(&both, 4, NOON), Status::Unknown(Why::ClockDoubt), "a list from the future says that the clock may be slow");
    assert_eq!(status(&held, 4, NOON), Status::Valid);
    assert_eq!(both.issued_at(), NOON);
    assert_eq!(both.to_bytes(), held.to_bytes(), "and what is stored is the bundle alone");
}

#[test]
fn what_it_denies_is_compared_as_what_is_held() {
    let (held, aside) = later(|site| site.set_status(0, 1));
    let both = held.clone().with_withdrawals_of(&aside);
    let [alone, together] = [&held, &both].map(|bundle| bundle.denials().map(|list| (list.digest(), list.denied())).collect::<Vec<_>>());
    assert_eq!((alone.len(), together.len()), (1, 1));
    assert_ne!(alone[0].0, together[0].0);
    assert_eq!(together[0].1.not_in(&alone[0].1).collect::<Vec<_>>(), [0]);
    assert_eq!(both.denials().next().and_then(|list| list.issued_at()), Some(NOON.plus(90 * DAY)));
}

#[test]
fn a_key_that_it_gives_up_is_given_up_with_the_lists_that_it_signed() {
    let (held, aside) = later(|site| {
        for key in &mut site.authority().keys {
            (key.state, key.issued_until) = (KeyState::Compromised, None);
        }
        let fresh = TestKey::new(78);
        site.authority().keys.push(fresh.record(KeyUse::Status));
        site.status_key = fresh;
    });
    let both = held.clone().with_withdrawals_of(&aside);
    assert!(both.authorities()[0].keys.iter().all(|key| key.state == KeyState::Compromised));
    assert_eq!(status(&both, 4, NOON), Status::Unknown(Why::NotCovered));
    assert!(both.lists().is_empty(), "a list by that key is evidence of nothing");
    assert_eq!(status(&both, 2, NOON), Status::Revoked, "which the list of the new key says too");
}
