//! The floor: what may never be believed again below it, and what may.

use super::*;
use crate::bundle::Floor;

fn floor(bundle: &TrustBundle) -> Floor {
    Floor::of(bundle, Digest::of(&bundle.to_bytes()), None, None)
}

#[test]
fn it_survives_its_encoding_and_reads_nothing_else() {
    let bundle = Site::new().seal();
    let device = bundle.gates().first().map(|gate| gate.id.clone());
    let kept = Floor::of(&bundle, Digest::of(b"file"), device.as_deref(), None);
    assert_eq!(kept.enrolled_until, bundle.gates().first().map(|gate| gate.not_after));
    let bytes = kept.to_bytes();
    assert_eq!(Floor::from_bytes(&bytes), Ok(kept.clone()));
    for cut in 0..bytes.len() {
        assert!(Floor::from_bytes(&bytes[..cut]).is_err());
    }
    // A bundle without this gate does not make it forget that it was enrolled.
    let later = Floor::of(&bundle, Digest::of(b"file"), Some("did:key:another"), Some(&kept));
    assert_eq!(later.enrolled_until, kept.enrolled_until);
}

#[test]
fn what_is_at_or_above_it_is_admitted_and_what_is_below_is_not() {
    let mut site = Site::new();
    let old = site.seal();
    site.advance(HOUR);
    let new = site.seal();
    let root = old.root().clone();
    assert_eq!(floor(&old).admits(&root, &old), Ok(()));
    assert_eq!(floor(&old).admits(&root, &new), Ok(()));
    assert!(matches!(floor(&new).admits(&root, &old), Err(BundleError::Rollback { .. })));
}

#[test]
fn a_list_that_was_held_may_not_be_missing_or_older() {
    let site = Site::new();
    let published = site.seal();
    let root = published.root().clone();
    let mut newer = published.clone();
    newer.ingest_list(site.token_by(&site.status_key, NOON.plus(60)).as_bytes()).expect("taken");
    assert_eq!(floor(&published).admits(&root, &newer), Ok(()));
    let below =
        |bundle: &TrustBundle| matches!(floor(&newer).admits(&root, bundle), Err(BundleError::Rollback { part: PartName::List(_), .. }));
    assert!(below(&published), "the older list");
    let without = TrustBundle::open(&newer.to_bytes_with_lists(|_| false), &site.pinned()).expect("opens");
    assert!(below(&without), "no list at all");
}

#[test]
fn a_list_of_a_key_that_was_given_up_counts_no_more() {
    let mut site = Site::new();
    let mut held = site.seal();
    held.ingest_list(site.token_by(&site.status_key, NOON.plus(100)).as_bytes()).expect("signed by a thief");
    let root = held.root().clone();
    let stolen = site.status_key.kid();
    let fresh = TestKey::new(77);
    let authority = site.authority();
    for key in authority.keys.iter_mut().filter(|key| key.kid == stolen) {
        key.state = KeyState::Compromised;
    }
    authority.keys.push(fresh.record(KeyUse::Status));
    site.status_key = fresh;
    site.advance(60);
    let newer = site.seal();
    assert_eq!(floor(&held).admits(&root, &newer), Ok(()));
}

#[test]
fn rotating_the_online_keys_clears_what_they_signed() {
    let mut site = Site::new();
    site.version = u64::MAX;
    let ahead = site.seal();
    let root = ahead.root().clone();
    site.version = 2;
    assert!(matches!(floor(&ahead).admits(&root, &site.seal()), Err(BundleError::Rollback { part: PartName::Timestamp, .. })));
    site.timestamp_key = TestKey::new(60);
    site.snapshot_key = TestKey::new(61);
    site.rotate(&[]);
    let rotated = TrustBundle::open(&site.seal().to_bytes(), &root).expect("opens");
    assert_eq!(floor(&ahead).admits(&root, &rotated), Ok(()));
    // The keys of the targets are others, and what they signed stands.
    site.targets.version = 0;
    let behind = TrustBundle::open(&site.seal().to_bytes(), &root).expect("opens");
    assert!(matches!(floor(&ahead).admits(&root, &behind), Err(BundleError::Rollback { part: PartName::Targets, .. })));
}
