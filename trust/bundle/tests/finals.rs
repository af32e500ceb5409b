//! Final revocations stay, whatever a later list or later targets say, and what takes them back is reported.

use super::*;
use crate::status::{Status, TakenBack};

/// A site whose list is final and revokes entry 5 under a second status key, and the first key.
fn revoked() -> (Site, TestKey) {
    let mut site = Site::new();
    site.authority().status_uris[0].irrevocable = true;
    let second = TestKey::new(72);
    site.authority().keys.push(second.record(KeyUse::Status));
    let first = core::mem::replace(&mut site.status_key, second);
    site.set_status(5, 1);
    site.set_status(6, 2);
    (site, first)
}

fn status(bundle: &TrustBundle, index: u64) -> Status {
    let now = moment(bundle.issued_at());
    bundle.status(&bundle.authorities()[0], &[StatusReference::token(LIST, index)], &now).status
}

fn reopened(bundle: &TrustBundle, site: &Site) -> TrustBundle {
    TrustBundle::open(&bundle.to_bytes(), &site.pinned()).expect("what a device writes it can read")
}

/// The steps of an office that was restored from a copy made before the revocation.
type Restored = fn(&mut Site, TestKey);

#[test]
fn an_office_that_goes_back_takes_no_final_revocation_back() {
    let cases: [(&str, Restored); 4] = [
        ("the same office", |_, _| ()),
        ("by a program that does not know final lists", |site, _| site.authority().status_uris[0].irrevocable = false),
        ("before the key was changed", |site, first| {
            site.status_key = first;
            site.authority().keys.pop();
        }),
        ("before the key was changed, which it retired meanwhile", |site, first| {
            site.status_key = first;
            site.authority().keys[2].state = KeyState::Retired;
            site.authority().keys[2].issued_until = Some(NOON.plus(-DAY));
        }),
    ];
    for (case, restored) in cases {
        let (mut site, first) = revoked();
        let mut bundle = site.seal();
        assert_eq!((status(&bundle, 5), status(&bundle, 6)), (Status::Revoked, Status::Suspended));
        assert_eq!(bundle.taken_back(), [], "{case}");
        site.set_status(5, 0);
        site.set_status(6, 0);
        restored(&mut site, first);
        for _ in 0..3 {
            site.advance(HOUR);
            bundle.replace(site.seal()).expect("a later publication");
            for bundle in [&bundle, &reopened(&bundle, &site)] {
                assert_eq!(status(bundle, 5), Status::Revoked, "{case}");
                assert_eq!(status(bundle, 6), Status::Valid, "{case}: a suspension is lifted by the newest list");
                assert_eq!(status(bundle, 7), Status::Valid, "{case}: the rest is fresh");
                let found = TakenBack { uri: LIST.into(), entries: 1, first: 5, seen_at: NOON, taken_back_at: bundle.issued_at() };
                assert_eq!(bundle.taken_back(), [found], "{case}: the contradiction is reported");
            }
            bundle = reopened(&bundle, &site);
        }
        // Step by step, as over a link: the metadata first, the list afterwards.
        site.advance(HOUR);
        let metadata = TrustBundle::open(&site.seal().to_bytes_with_lists(|_| false), bundle.root()).expect("opens");
        bundle.replace(metadata).expect("replaces");
        assert_eq!(status(&bundle, 5), Status::Revoked, "{case}: before the list is there");
        bundle.ingest_list(site.token().as_bytes()).expect("the list");
        assert_eq!(status(&reopened(&bundle, &site), 5), Status::Revoked, "{case}: and after");
    }
}

#[test]
fn only_a_key_that_is_given_up_takes_its_revocations_with_it() {
    let (mut site, first) = revoked();
    let mut bundle = site.seal();
    let second = core::mem::replace(&mut site.status_key, first);
    site.set_status(5, 0);
    site.authority().keys.pop();
    site.advance(HOUR);
    bundle.replace(site.seal()).expect("replaces");
    assert_eq!(status(&bundle, 5), Status::Revoked);
    // Under another id it is the same key.
    let given_up = KeyRecord { state: KeyState::Compromised, kid: "#stolen".into(), ..second.record(KeyUse::Status) };
    site.authority().keys.push(given_up);
    site.advance(HOUR);
    bundle.replace(site.seal()).expect("replaces");
    assert_eq!(status(&bundle, 5), Status::Valid, "learned from the stolen key only");
    assert_eq!(bundle.taken_back(), []);
    assert_eq!(bundle.to_bytes(), site.seal().to_bytes(), "nothing of the past is carried on");
}

#[test]
fn lists_that_are_not_final_go_by_the_newest() {
    let (mut site, _) = revoked();
    site.authority().status_uris[0].irrevocable = false;
    let mut bundle = site.seal();
    site.set_status(5, 0);
    site.advance(HOUR);
    bundle.replace(site.seal()).expect("replaces");
    assert_eq!((status(&bundle, 5), bundle.taken_back()), (Status::Valid, Vec::new()));
}

#[test]
fn nobody_else_brings_earlier_targets_along() {
    // One device knows the revocation by earlier targets and passes its file on.
    let (mut site, first) = revoked();
    let mut one = site.seal();
    site.set_status(5, 0);
    site.status_key = first;
    site.authority().keys.pop();
    site.advance(HOUR);
    let mut other = site.seal();
    one.replace(site.seal()).expect("replaces");
    assert!(file(&one).get("former_targets").is_some() && file(&other).get("former_targets").is_none());
    other.replace(reopened(&one, &site)).expect("the same versions");
    assert_eq!((status(&one, 5), status(&other, 5)), (Status::Revoked, Status::Valid));
    assert!(file(&other).get("former_targets").is_none());
    // Earlier targets are believed under the targets keys in effect, like everything else.
    let mut forged = file(&one);
    forged["former_targets"][0] =
        envelope(&payload(&forged["former_targets"][0]), TargetsPart::TYP, &[&TestKey::new(90), &TestKey::new(91)]);
    assert_eq!(open(&forged, &site).err(), Some(BundleError::Threshold { part: PartName::Targets, needed: 2, found: 0 }));
    let mut many = file(&one);
    many["former_targets"] = vec![many["former_targets"][0].clone(); 9].into();
    assert!(matches!(open(&many, &site), Err(BundleError::Rule { part: PartName::File, .. })));
}

#[test]
fn earlier_targets_count_under_the_keys_that_a_later_root_keeps() {
    let (mut site, first) = revoked();
    let mut bundle = site.seal();
    site.set_status(5, 0);
    site.status_key = first;
    site.authority().keys.pop();
    site.advance(HOUR);
    bundle.replace(site.seal()).expect("replaces");
    assert_eq!(status(&bundle, 5), Status::Revoked, "known only by the earlier targets");
    // One of their two keys stays: that is one signature too few.
    site.targets_keys[1] = TestKey::new(95);
    site.rotate(&[]);
    site.advance(HOUR);
    bundle.replace(site.seal()).expect("replaces");
    assert_eq!(reopened(&bundle, &site).to_bytes(), bundle.to_bytes(), "what a device writes it can read");
    assert_eq!(status(&bundle, 5), Status::Valid, "nobody whose word counts says that it was revoked");
}
