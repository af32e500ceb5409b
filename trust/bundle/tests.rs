//! Bundles under attack: thresholds, chains, rollback, mix-and-match, damage (threats.md A6, A21).

use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    status::ListError,
    testing::{DAY, HOUR, LIST, NOON, Site, TestKey, moment},
};
use waypass_credential::{KeyClaim, base64url, key::Signer};

mod answer;
mod aside;
mod bitstrings;
mod contexts;
mod finals;
mod floor;
mod lists;
mod replace;
mod roots;

/// The bundle file as JSON, to be changed by an attacker.
fn file(bundle: &TrustBundle) -> Value {
    serde_json::from_slice(&bundle.to_bytes()).expect("our own JSON")
}

fn open(file: &Value, site: &Site) -> Result<TrustBundle, BundleError> {
    TrustBundle::open(file.to_string().as_bytes(), &site.pinned())
}

/// An envelope over any payload, signed by any key.
fn envelope(payload: &Value, typ: &str, keys: &[&TestKey]) -> Value {
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| *key as &dyn Signer).collect();
    let signed = Envelope::sign(payload.to_string().as_bytes(), typ, &signers).expect("signs");
    serde_json::from_slice(&signed.to_bytes()).expect("our own JSON")
}

fn payload(envelope: &Value) -> Value {
    let text = envelope["payload"].as_str().expect("a payload");
    serde_json::from_slice(&base64url::decode(text).expect("base64url")).expect("JSON")
}

#[test]
fn opens_what_was_sealed_and_keeps_it() {
    let site = Site::new();
    let sealed = site.seal();
    let opened = TrustBundle::open(&sealed.to_bytes(), &site.pinned()).expect("opens");
    assert_eq!(opened.to_bytes(), sealed.to_bytes());
    assert_eq!(opened.versions(), Versions { root: 1, timestamp: 1, snapshot: 1, targets: 1, policy: 1 });
    assert_eq!(opened.targets(), &site.targets);
    assert_eq!(opened.issued_at(), NOON);
    assert!(opened.missing_lists().is_empty());
    assert_eq!(opened.list_token(LIST), Some(site.token().as_str()));
}

#[test]
fn a_root_is_pinned_by_file_or_digest() {
    let site = Site::new();
    let bundle = site.seal();
    let digest = site.pinned().digest();
    assert_eq!(Root::pin(&bundle.to_bytes(), &digest).expect("in the file").version(), 1);
    assert_eq!(Root::pin(&site.roots[0].to_bytes(), &digest).expect("the envelope").digest(), digest);
    let other = Digest::of(b"another root");
    assert_eq!(Root::pin(&bundle.to_bytes(), &other).err(), Some(BundleError::NotPinned(other)));
    assert_eq!("00".repeat(32).parse(), Ok(Digest([0; 32])));
    assert_eq!("0A".repeat(32).parse(), Ok(Digest([10; 32])), "as people write it down");
    assert_eq!("0g".repeat(32).parse::<Digest>(), Err(NotADigest));
}

#[test]
fn the_pinned_root_must_sign_itself() {
    let site = Site::new();
    let part = serde_json::to_value(site.root_part(1)).expect("JSON");
    let lone = envelope(&part, RootPart::TYP, &[&site.root_keys[0]]);
    let error = Root::open(lone.to_string().as_bytes()).err();
    assert_eq!(error, Some(BundleError::Threshold { part: PartName::Root, needed: 2, found: 1 }));
}

#[test]
fn thresholds_count_distinct_authorised_keys_only() {
    let site = Site::new();
    let targets = serde_json::to_value(&site.targets).expect("JSON");
    let [one, two] = [&site.targets_keys[0], &site.targets_keys[1]];
    let stranger = TestKey::new(99);
    let with = |keys: &[&TestKey]| {
        let mut draft = site.draft();
        draft.targets = serde_json::from_value(envelope(&targets, TargetsPart::TYP, keys)).expect("an envelope");
        draft.seal(&[&site.snapshot_key], &[&site.timestamp_key]).map(|_| ())
    };
    let missing = |found| Err(BundleError::Threshold { part: PartName::Targets, needed: 2, found });
    assert_eq!(with(&[one, two]), Ok(()));
    assert_eq!(with(&[one, two, &stranger]), Ok(()), "other keys do no harm");
    assert_eq!(with(&[one]), missing(1));
    assert_eq!(with(&[]), missing(0));
    assert_eq!(with(&[one, &stranger]), missing(1), "and do not count");
    assert_eq!(with(&[one, one]), Err(BundleError::DuplicateSignature(PartName::Targets)));
    assert_eq!(with(&[&site.root_keys[0], &site.root_keys[1]]), missing(0), "root keys are not targets keys");
    // Each signature costs a verification, so there are only so many.
    let strangers: Vec<TestKey> = (100..131).map(TestKey::new).collect();
    let all: Vec<&TestKey> = [one, two].into_iter().chain(&strangers).collect();
    assert_eq!(with(&all[..32]), Ok(()));
    assert_eq!(with(&all), Err(BundleError::Rule { part: PartName::Targets, broken: Rule::TooMany("signatures".into()) }));
}

#[test]
fn a_signature_of_another_part_or_payload_counts_for_nothing() {
    let site = Site::new();
    let bundle = site.seal();
    // The snapshot key's signature, made as a timestamp.
    let mut mixed = file(&bundle);
    let snapshot = payload(&mixed["snapshot"]);
    mixed["snapshot"] = envelope(&snapshot, TimestampPart::TYP, &[&site.snapshot_key]);
    assert_eq!(open(&mixed, &site).err(), Some(BundleError::InvalidProof(PartName::Snapshot)));
    // The signatures of one payload on another.
    let mut swapped = file(&bundle);
    let mut targets = payload(&swapped["targets"]);
    targets["authorities"][0]["roles"] = json!(["admin", "staff", "visitor", "medical", "director"]);
    swapped["targets"]["payload"] = json!(base64url::encode(targets.to_string().as_bytes()));
    assert_eq!(open(&swapped, &site).err(), Some(BundleError::InvalidProof(PartName::Targets)));
}

#[test]
fn parts_of_different_versions_do_not_mix() {
    let mut site = Site::new();
    let old = file(&site.seal());
    site.advance(HOUR);
    site.authority().roles.push("director".into());
    let new = file(&site.seal());
    for (part, expected) in [("snapshot", PartName::Snapshot), ("targets", PartName::Targets)] {
        let mut mixed = new.clone();
        mixed[part] = old[part].clone();
        let error = open(&mixed, &site).err();
        assert!(matches!(&error, Some(BundleError::Mismatch { part, .. }) if *part == expected), "{error:?}");
    }
    let mut mixed = new.clone();
    mixed["timestamp"] = old["timestamp"].clone();
    assert!(matches!(open(&mixed, &site).err(), Some(BundleError::Mismatch { part: PartName::Snapshot, .. })));
    let mut mixed = new;
    mixed["lists"] = old["lists"].clone();
    assert!(matches!(open(&mixed, &site).err(), Some(BundleError::Mismatch { part: PartName::List(_), .. })));
}

#[test]
fn a_list_is_in_a_file_once() {
    let site = Site::new();
    let mut twice = file(&site.seal());
    let list = twice["lists"][0].clone();
    twice["lists"].as_array_mut().expect("lists").push(list);
    assert!(matches!(open(&twice, &site).err(), Some(BundleError::Rule { part: PartName::List(_), broken: Rule::Duplicate(_) })));
}

/// Officers sign copies of one paper, each on a machine of their own.
#[test]
fn only_copies_of_one_payload_are_joined() {
    let (one, other) = (TestKey::new(80), TestKey::new(81));
    let signed = |payload: &[u8], key: &TestKey| Envelope::sign(payload, "paper", &[key as &dyn Signer]).expect("signs");
    let mut paper = signed(b"{}", &one);
    let alone = paper.clone();
    assert!(!paper.join(signed(b"[]", &other)));
    assert_eq!(paper, alone, "nothing was taken over");
    assert!(paper.join(signed(b"{}", &one)));
    assert_eq!(paper, alone, "a key that signed both counts once");
    assert!(paper.join(signed(b"{}", &other)));
    let mut both = alone;
    both.add_signature("paper", &other).expect("signs");
    assert_eq!(paper, both);
}

#[test]
fn a_named_version_is_the_version() {
    let site = Site::new();
    let mut wrong = file(&site.seal());
    let mut timestamp = payload(&wrong["timestamp"]);
    timestamp["snapshot"]["version"] = json!(2);
    wrong["timestamp"] = envelope(&timestamp, TimestampPart::TYP, &[&site.timestamp_key]);
    let error = open(&wrong, &site).err();
    assert_eq!(error, Some(BundleError::VersionMismatch { part: PartName::Snapshot, expected: 2, found: 1 }));
}

#[test]
fn unknown_schemas_and_members_are_refused() {
    let site = Site::new();
    let good = file(&site.seal());
    let mut other = good.clone();
    other["schema"] = json!("waypass.bundle/2");
    assert_eq!(open(&other, &site).err(), Some(BundleError::Schema { part: PartName::File, found: "waypass.bundle/2".into() }));
    let mut extra = good.clone();
    extra["note"] = json!("hello");
    assert_eq!(open(&extra, &site).err(), Some(BundleError::Syntax(PartName::File)));
    let mut part = payload(&good["timestamp"]);
    part["schema"] = json!("waypass.timestamp/9");
    let mut other = good.clone();
    other["timestamp"] = envelope(&part, TimestampPart::TYP, &[&site.timestamp_key]);
    assert_eq!(open(&other, &site).err(), Some(BundleError::Schema { part: PartName::Timestamp, found: "waypass.timestamp/9".into() }));
    let doubled = good.to_string().replacen("{\"", "{\"schema\":\"waypass.bundle/1\",\"", 1);
    assert!(TrustBundle::open(doubled.as_bytes(), &site.pinned()).is_err(), "a doubled member");
}

#[test]
fn sizes_are_limited_before_anything_is_read() {
    let site = Site::new();
    let mut huge = site.seal().to_bytes();
    huge.resize(MAX_BUNDLE + 1, b' ');
    let too_large = |error: Option<BundleError>| matches!(error, Some(BundleError::TooLarge { .. }));
    assert!(too_large(TrustBundle::open(&huge, &site.pinned()).err()));
    assert!(too_large(Root::pin(&huge, &site.pinned().digest()).err()));
    huge.pop();
    assert!(TrustBundle::open(&huge, &site.pinned()).is_ok(), "at the limit");
    let mut part = site.targets.clone();
    part.policy.cedar = " ".repeat(MAX_PART);
    let big = envelope(&serde_json::to_value(part).expect("JSON"), TargetsPart::TYP, &[&site.targets_keys[0], &site.targets_keys[1]]);
    let mut file = file(&site.seal());
    file["targets"] = big;
    let error = open(&file, &site).err();
    assert!(matches!(error, Some(BundleError::TooLarge { part: PartName::Targets, limit: MAX_PART, .. })), "{error:?}");
    // Nesting is bounded too.
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    assert!(TrustBundle::open(deep.as_bytes(), &site.pinned()).is_err());
}

#[test]
fn a_delegation_is_not_ignored() {
    let site = Site::new();
    let mut file = file(&site.seal());
    let mut targets = payload(&file["targets"]);
    targets["delegations"] = json!([{ "name": "stop" }]);
    let targets = envelope(&targets, TargetsPart::TYP, &[&site.targets_keys[0], &site.targets_keys[1]]);
    let bytes = base64url::decode(targets["payload"].as_str().expect("text")).expect("base64url");
    let mut snapshot = payload(&file["snapshot"]);
    snapshot["targets"]["sha256"] = json!(Digest::of(&bytes));
    let snapshot_text = snapshot.to_string();
    let mut timestamp = payload(&file["timestamp"]);
    timestamp["snapshot"]["sha256"] = json!(Digest::of(snapshot_text.as_bytes()));
    file["targets"] = targets;
    file["snapshot"] = envelope(&snapshot, SnapshotPart::TYP, &[&site.snapshot_key]);
    file["timestamp"] = envelope(&timestamp, TimestampPart::TYP, &[&site.timestamp_key]);
    assert_eq!(open(&file, &site).err(), Some(BundleError::Syntax(PartName::Targets)));
}

#[test]
fn contradictions_in_targets_are_refused() {
    type Change = fn(&mut TargetsPart);
    type Expected = fn(&Rule) -> bool;
    let cases: [(Change, Expected); 12] = [
        (|t| t.authorities[0].keys[1].kid = t.authorities[0].keys[0].kid.clone(), |r| matches!(r, Rule::Duplicate(_))),
        (|t| t.authorities[0].keys[1].key = t.authorities[0].keys[0].key.clone(), |r| matches!(r, Rule::SharedKey(_))),
        (|t| t.authorities[0].keys[0].alg = "ES256".into(), |r| matches!(r, Rule::Algorithm(_))),
        (|t| t.authorities[0].keys[0].state = KeyState::Retired, |r| matches!(r, Rule::RetiredUntil(_))),
        (|t| t.authorities[0].keys[0].issued_until = Some(NOON), |r| matches!(r, Rule::RetiredUntil(_))),
        (|t| t.authorities[0].status_uris[0].bits = 3, |r| matches!(r, Rule::Bits(_))),
        (|t| t.authorities[0].status_uris[0].max_entries = u64::MAX, |r| matches!(r, Rule::ListSize(_))),
        (|t| t.policy.limits.retain(|limit| limit.role != "*"), |r| matches!(r, Rule::NoDefaultLimit)),
        (|t| t.policy.limits[0].stale_seconds = 0, |r| matches!(r, Rule::Limit(_))),
        (|t| t.authorities.push(t.authorities[0].clone()), |r| matches!(r, Rule::Duplicate(_))),
        (|t| t.authorities[0].status_uris.extend_from_within(..1), |r| matches!(r, Rule::Duplicate(_))),
        (|t| t.gates.extend_from_within(..1), |r| matches!(r, Rule::Duplicate(_))),
    ];
    for (at, (change, expected)) in cases.into_iter().enumerate() {
        let mut site = Site::new();
        change(&mut site.targets);
        let error = site.draft().seal(&[&site.snapshot_key], &[&site.timestamp_key]).err();
        assert!(matches!(&error, Some(BundleError::Rule { broken, .. }) if expected(broken)), "case {at}: {error:?}");
    }
}

#[test]
fn publishing_is_stricter_than_reading() {
    let refuse = |change: fn(&mut Site), lists: fn(&Site) -> Vec<String>| {
        let mut site = Site::new();
        change(&mut site);
        let draft = BundleDraft { lists: lists(&site), ..site.draft() };
        match draft.seal(&[&site.snapshot_key], &[&site.timestamp_key]) {
            Err(BundleError::Rule { broken, .. }) => broken,
            other => panic!("{other:?}"),
        }
    };
    let one = |site: &Site| vec![site.token()];
    assert_eq!(refuse(|site| site.targets.policy.unattended_ok.push("revoked".into()), one), Rule::UnattendedCode("revoked".into()));
    let card = refuse(|site| site.targets.policy.unattended_ok.push("bearer_pass".into()), one);
    assert_eq!(card, Rule::UnattendedCode("bearer_pass".into()), "a machine cannot look at a person");
    assert_eq!(refuse(|site| site.authority().roles.clear(), one), Rule::EmptyAuthority("Town Hospital".into()));
    assert_eq!(refuse(|site| site.targets.policy.limits[0].stale_seconds = 15 * DAY as u64, one), Rule::ListExpiry(LIST.into()));
    assert_eq!(refuse(|_| (), |_| Vec::new()), Rule::MissingList(LIST.into()));
    assert_eq!(refuse(|_| (), |site| vec![site.token(), site.token()]), Rule::Duplicate(LIST.into()));
}

#[test]
fn keys_are_found_by_issuer_and_kid_also_relative() {
    let site = Site::new();
    let bundle = site.seal();
    let (did, kid) = (site.issuer.did(), site.issuer.kid());
    let relative = kid.strip_prefix(&did).expect("a DID URL");
    assert_eq!(bundle.key_for(&did, &kid).map(|(_, key)| key.key_use), Some(KeyUse::Credential));
    assert_eq!(bundle.key_for(&did, relative).map(|(_, key)| &key.kid), Some(&kid));
    assert_eq!(bundle.key_for(&site.status_key.did(), &kid), None);
    assert_eq!(bundle.key_for(&site.status_key.did(), relative), None);
    assert_eq!(bundle.keys_for_use(KeyUse::Status).count(), 1);
    // Its issuer has a name of its own, and the key id begins with another: no relative one means it.
    let web = "did:web:hospital.example";
    let mut site = Site::new();
    site.authority().keys[0].issuer = web.into();
    let bundle = site.seal();
    assert_eq!(bundle.key_for(web, &kid).map(|(_, key)| &key.kid), Some(&kid));
    assert_eq!(bundle.key_for(web, relative), None);
}

#[test]
fn keys_are_found_by_thumbprint_under_their_own_name_or_that_of_their_issuer() {
    let mut site = Site::new();
    let (key, thumbprint) = (site.issuer.public(), ShortThumbprint::of(&site.issuer.public()));
    let web = "did:web:hospital.example";
    let found = |site: &Site, issuer: Option<&str>, thumbprint| {
        site.seal().record(KeyClaim::Thumbprint { issuer, thumbprint }).map(|(_, record)| record.key.clone())
    };
    assert_eq!(found(&site, None, thumbprint), Some(key.clone()));
    assert_eq!(found(&site, Some(&site.issuer.did()), thumbprint), Some(key.clone()));
    assert_eq!(found(&site, Some(web), thumbprint), None);
    assert_eq!(found(&site, None, ShortThumbprint([0; 8])), None);
    // The same key under another name answers to that name only.
    let under = |kid: &str| KeyRecord { kid: format!("{web}{kid}"), issuer: web.into(), ..site.issuer.record(KeyUse::Credential) };
    let (first, second) = (under("#a"), under("#b"));
    site.authority().keys.retain(|record| record.key_use != KeyUse::Credential);
    site.authority().keys.push(first);
    assert_eq!(found(&site, Some(web), thumbprint), Some(key));
    assert_eq!(found(&site, None, thumbprint), None);
    // Two keys that could be meant: neither is.
    site.authority().keys.push(KeyRecord { key: TestKey::new(77).public(), ..second });
    let mut bundle = site.seal();
    let claim = KeyClaim::Thumbprint { issuer: Some(web), thumbprint };
    assert!(bundle.record(claim).is_some());
    bundle.thumbprints.fill(thumbprint);
    assert!(bundle.record(claim).is_none());
}

#[test]
fn the_offline_horizon_names_what_ends_first() {
    let mut site = Site::new();
    let horizon = |site: &Site, role: &str| site.seal().works_offline_until(role, site.targets.gates.first());
    assert_eq!(horizon(&site, "admin"), OfflineHorizon { until: NOON.plus(DAY), binding: Item::Timestamp });
    site.lists_issued_at = NOON.plus(-HOUR);
    assert_eq!(horizon(&site, "admin"), OfflineHorizon { until: NOON.plus(DAY - HOUR), binding: Item::List(LIST.into()) });
    assert_eq!(horizon(&site, "staff"), OfflineHorizon { until: NOON.plus(7 * DAY - HOUR), binding: Item::List(LIST.into()) });
    site.targets.gates[0].not_after = NOON.plus(2 * DAY);
    assert_eq!(horizon(&site, "staff"), OfflineHorizon { until: NOON.plus(2 * DAY), binding: Item::Gate });
    site.targets.policy.expires_at = NOON.plus(HOUR);
    assert_eq!(horizon(&site, "staff"), OfflineHorizon { until: NOON.plus(HOUR), binding: Item::Policy });
    site.targets.policy.expires_at = NOON.plus(40 * DAY);
    site.targets.expires_at = NOON;
    assert_eq!(horizon(&site, "admin"), OfflineHorizon { until: NOON, binding: Item::OfflineParts });

    let site = Site::new();
    let bare = TrustBundle::open(&site.seal().to_bytes_with_lists(|_| false), &site.pinned()).expect("opens");
    assert_eq!(bare.works_offline_until("staff", None), OfflineHorizon { until: NOON, binding: Item::MissingList(LIST.into()) });
}

#[test]
fn expired_offline_parts_age_the_bundle() {
    let mut site = Site::new();
    site.targets.expires_at = NOON.plus(HOUR);
    let bundle = site.seal();
    let limit = bundle.policy().limit("staff");
    assert!(matches!(bundle.trust_freshness(&limit, NOON.plus(HOUR - 1)), Freshness::Current { .. }));
    assert!(matches!(bundle.trust_freshness(&limit, NOON.plus(HOUR)), Freshness::Stale { action: StaleAction::TwoPerson, .. }));
    assert!(matches!(bundle.trust_freshness(&limit, NOON.plus(6 * DAY)), Freshness::TooOld { action: UnknownAction::Deny, .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_bytes_are_answered(bytes: Vec<u8>, token: Vec<u8>) {
        let site = Site::new();
        prop_assert!(TrustBundle::open(&bytes, &site.pinned()).is_err());
        prop_assert!(Root::open(&bytes).is_err());
        prop_assert!(Root::pin(&bytes, &Digest::of(&bytes)).is_err());
        prop_assert!(site.seal().ingest_list(&token).is_err());
    }
}

/// Every bit of every fifth byte of a file, and every byte once: refused. Signatures that are surplus are read like those that count.
fn no_bit_may_flip<T>(bytes: &[u8], open: impl Fn(&[u8]) -> Option<T>) {
    assert!(open(bytes).is_some());
    let mut damaged = bytes.to_vec();
    for at in 0..bytes.len() {
        for bit in if at % 5 == 0 { 0..8 } else { at % 8..at % 8 + 1 } {
            damaged[at] ^= 1 << bit;
            assert!(open(&damaged).is_none(), "byte {at} bit {bit}");
            damaged[at] ^= 1 << bit;
        }
    }
}

#[test]
fn no_flipped_bit_goes_unnoticed() {
    let site = Site::new();
    let root = site.pinned();
    no_bit_may_flip(&site.seal().to_bytes(), |bytes| TrustBundle::open(bytes, &root).ok());
    no_bit_may_flip(&root.to_bytes(), |bytes| Root::open(bytes).ok());
}

/// After a rotation the newest root carries signatures of keys that it does not name any more.
#[test]
fn no_flipped_bit_of_a_rotated_root_goes_unnoticed() {
    let mut site = Site::new();
    let old = core::mem::replace(&mut site.root_keys, vec![TestKey::new(51), TestKey::new(52), TestKey::new(53)]);
    site.rotate(&old);
    let newest = site.seal().root().clone();
    no_bit_may_flip(&newest.to_bytes(), |bytes| Root::open(bytes).ok());
}
