//! Rollback and equivocation of each part, and what a rotation of online keys forgives.

use super::*;

/// A bundle in which parts are one version on, as told.
fn versioned(root: bool, timestamp: u64, snapshot: u64, targets: u64) -> TrustBundle {
    let mut site = Site::new();
    if root {
        site.rotate(&[]);
    }
    site.targets.version = targets;
    let mut file = file(&site.seal());
    let mut part = payload(&file["snapshot"]);
    part["version"] = json!(snapshot);
    let digest = Digest::of(part.to_string().as_bytes());
    file["snapshot"] = envelope(&part, SnapshotPart::TYP, &[&site.snapshot_key]);
    let mut part = payload(&file["timestamp"]);
    part["version"] = json!(timestamp);
    part["snapshot"] = json!({ "version": snapshot, "sha256": digest });
    file["timestamp"] = envelope(&part, TimestampPart::TYP, &[&site.timestamp_key]);
    open(&file, &site).expect("opens")
}

#[test]
fn every_part_refuses_to_go_back() {
    let held = versioned(true, 5, 5, 5);
    let cases = [
        (versioned(false, 6, 6, 6), PartName::Root, 2, 1),
        (versioned(true, 4, 6, 6), PartName::Timestamp, 5, 4),
        (versioned(true, 6, 4, 6), PartName::Snapshot, 5, 4),
        (versioned(true, 6, 6, 4), PartName::Targets, 5, 4),
    ];
    for (older, part, held_version, found) in cases {
        let mut bundle = held.clone();
        let error = bundle.replace(older).err();
        assert_eq!(error, Some(BundleError::Rollback { part, held: held_version, found }));
        assert_eq!(bundle.versions(), held.versions(), "nothing changed");
    }
    let mut bundle = held.clone();
    assert_eq!(bundle.replace(versioned(true, 6, 6, 6)), Ok(()));
    assert_eq!(bundle.versions().targets, 6);
    assert_eq!(bundle.replace(versioned(true, 6, 6, 6)), Ok(()), "again, the same");
}

#[test]
fn a_file_from_before_a_rotation_is_a_rollback() {
    let held = versioned(true, 5, 5, 5);
    let before = versioned(false, 6, 6, 6).to_bytes();
    let error = TrustBundle::open(&before, held.root()).err();
    assert_eq!(error, Some(BundleError::Rollback { part: PartName::Root, held: 2, found: 1 }));
}

#[test]
fn another_root_of_trust_does_not_take_over() {
    let mut held = Site::new().seal();
    let mut other = Site::new();
    other.root_keys = vec![TestKey::new(91), TestKey::new(92)];
    other.roots = Vec::new();
    other.rotate(&[]);
    let pinned = other.pinned();
    other.rotate(&[]);
    other.version = 9;
    let takeover = TrustBundle::open(&other.seal().to_bytes(), &pinned).expect("opens with its own root");
    assert_eq!(held.replace(takeover), Err(BundleError::Equivocation { part: PartName::Root, version: 1 }));
}

#[test]
fn a_bundle_opened_with_the_first_root_replaces_too() {
    let mut site = Site::new();
    let mut held = site.seal();
    for _ in 0..3 {
        site.rotate(&[]);
        site.advance(HOUR);
        let newer = TrustBundle::open(&site.seal().to_bytes(), &site.pinned()).expect("opens");
        assert_eq!(held.replace(newer), Ok(()));
    }
    assert_eq!(held.versions().root, 4);
    assert!(TrustBundle::open(&held.to_bytes(), &site.pinned()).is_ok(), "the whole chain is kept");
}

#[test]
fn one_version_has_one_content() {
    let site = Site::new();
    let held = site.seal();
    let mut other = Site::new();
    other.issued_at = NOON.plus(HOUR);
    assert_eq!(held.clone().replace(other.seal()), Err(BundleError::Equivocation { part: PartName::Timestamp, version: 1 }));
    let mut other = Site::new();
    other.authority().roles.push("director".into());
    other.version = 2;
    assert_eq!(held.clone().replace(other.seal()), Err(BundleError::Equivocation { part: PartName::Targets, version: 1 }));
}

#[test]
fn rotating_online_keys_ends_a_fast_forward() {
    let mut site = Site::new();
    site.version = u64::MAX;
    let mut held = site.seal();
    site.version = 2;
    assert!(matches!(held.clone().replace(site.seal()), Err(BundleError::Rollback { part: PartName::Timestamp, .. })));
    site.timestamp_key = TestKey::new(60);
    site.snapshot_key = TestKey::new(61);
    site.rotate(&[]);
    assert_eq!(held.replace(site.seal()), Ok(()));
    assert_eq!(held.versions().timestamp, 2);
}

#[test]
fn a_published_list_may_not_be_followed_by_an_older_one() {
    let mut site = Site::new();
    let held = site.seal();
    site.advance(HOUR);
    site.lists_issued_at = NOON.plus(-HOUR);
    let seconds = |time: Timestamp| time.unix().unsigned_abs();
    assert_eq!(
        held.clone().replace(site.seal()),
        Err(BundleError::Rollback { part: PartName::List(LIST.into()), held: seconds(NOON), found: seconds(NOON.plus(-HOUR)) })
    );
}

#[test]
fn a_learned_list_survives_a_bundle_made_before_it() {
    let mut site = Site::new();
    let mut held = site.seal();
    site.set_status(7, 1);
    let learned = site.token_by(&site.status_key, NOON.plus(100));
    assert_eq!(held.ingest_list(learned.as_bytes()), Ok(Ingested::Newest));
    site.set_status(7, 0);
    site.advance(60);
    assert_eq!(held.replace(site.seal()), Ok(()));
    assert_eq!(held.list_token(LIST), Some(learned.as_str()));
    assert!(held.missing_lists().is_empty());
    let again = TrustBundle::open(&held.to_bytes(), &site.pinned()).expect("opens");
    assert_eq!(again.to_bytes(), held.to_bytes());
    assert_eq!(again.list_token(LIST), Some(learned.as_str()));
}

#[test]
fn parts_first_lists_later() {
    let mut site = Site::new();
    let mut held = site.seal();
    site.advance(HOUR);
    let next = site.seal();
    let bare = TrustBundle::open(&next.to_bytes_with_lists(|_| false), held.root()).expect("opens");
    assert_eq!(bare.missing_lists().len(), 1);
    held.replace(bare).expect("replaces");
    assert_eq!(held.versions().targets, 2);
    assert_eq!(held.lists()[0].issued_at, NOON, "the old list is carried over");
    assert_eq!(held.missing_lists().len(), 1);
    // An interruption here loses nothing.
    let mut held = TrustBundle::open(&held.to_bytes(), &site.pinned()).expect("opens");
    assert_eq!(held.ingest_list(site.token().as_bytes()), Ok(Ingested::Newest));
    assert!(held.missing_lists().is_empty());
    assert_eq!(held.to_bytes().len(), next.to_bytes().len());
}
