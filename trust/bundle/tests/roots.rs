//! The root chain: good and bad rotations, gaps, endless chains.

use super::*;

#[test]
fn a_rotation_signed_by_both_thresholds_is_followed() {
    let mut site = Site::new();
    let old = core::mem::replace(&mut site.root_keys, vec![TestKey::new(51), TestKey::new(52), TestKey::new(53)]);
    site.rotate(&old);
    let bundle = TrustBundle::open(&site.seal().to_bytes(), &site.pinned()).expect("follows");
    assert_eq!(bundle.versions().root, 2);
    // And the file opens from either root afterwards.
    let newest = bundle.root().clone();
    assert_eq!(TrustBundle::open(&bundle.to_bytes(), &newest).expect("opens").versions().root, 2);
    assert_eq!(TrustBundle::open(&bundle.to_bytes(), &site.pinned()).expect("opens").versions().root, 2);
}

#[test]
fn a_rotation_needs_the_old_and_the_new_threshold() {
    let site = Site::new();
    let good = file(&site.seal());
    let mut next = Site::new();
    next.root_keys = vec![TestKey::new(51), TestKey::new(52)];
    let part = serde_json::to_value(next.root_part(2)).expect("JSON");
    let old: Vec<&TestKey> = site.root_keys.iter().collect();
    let new: Vec<&TestKey> = next.root_keys.iter().collect();
    let step = |keys: &[&TestKey]| {
        let mut file = good.clone();
        file["root"].as_array_mut().expect("a chain").push(envelope(&part, RootPart::TYP, keys));
        open(&file, &site).err()
    };
    let short = |found| Some(BundleError::Threshold { part: PartName::Root, needed: 2, found });
    assert_eq!(step(&[old[0], new[0], new[1]]), short(1), "one of the old keys");
    assert_eq!(step(&[old[0], old[1], new[0]]), short(1), "one of the new keys");
    assert_eq!(step(&[old[0], old[1], new[0], new[1]]), None);
}

#[test]
fn the_chain_goes_up_one_by_one() {
    let site = Site::new();
    let good = file(&site.seal());
    let keys: Vec<&TestKey> = site.root_keys.iter().collect();
    let root = |version: u64| envelope(&serde_json::to_value(site.root_part(version)).expect("JSON"), RootPart::TYP, &keys);
    let chain = |versions: &[u64]| {
        let mut file = good.clone();
        file["root"] = versions.iter().map(|version| root(*version)).collect();
        open(&file, &site).err()
    };
    assert_eq!(chain(&[1, 2, 3]), None);
    assert_eq!(chain(&[2, 3]), None, "starting right after the pinned root");
    assert_eq!(chain(&[1, 3]), Some(BundleError::RootChain { expected: 2, found: 3 }));
    assert_eq!(chain(&[3]), Some(BundleError::RootChain { expected: 2, found: 3 }));
    assert!(matches!(chain(&[2, 1]), Some(BundleError::RootChain { expected: 3, found: 1 })));
    assert_eq!(chain(&[1, u64::MAX]), Some(BundleError::RootChain { expected: 2, found: u64::MAX }));
    assert_eq!(chain(&[]), Some(BundleError::Syntax(PartName::Root)));
}

#[test]
fn a_published_chain_is_kept_whole_for_those_who_hold_an_older_root() {
    let mut site = Site::new();
    site.rotate(&[]);
    site.rotate(&[]);
    let published = site.seal().to_bytes();
    let newest = TrustBundle::open(&published, &site.pinned()).expect("opens").root().clone();
    let by_newest = TrustBundle::open(&published, &newest).expect("opens");
    assert_eq!(by_newest.to_bytes(), published);
    // Damage before the held root is no matter of trust, but is not passed on either.
    let mut damaged = file(&by_newest);
    damaged["root"][1] = damaged["root"][0].clone();
    assert!(TrustBundle::open(damaged.to_string().as_bytes(), &newest).is_err());
}

/// A root that came step by step before its bundle, as a synchronization takes it.
#[test]
fn a_bundle_that_follows_roots_taken_ahead_replaces_the_old() {
    let mut site = Site::new();
    let mut held = TrustBundle::open(&site.seal().to_bytes(), &site.pinned()).expect("opens");
    site.rotate(&[]);
    site.rotate(&[]);
    site.advance(HOUR);
    let ahead = TrustBundle::open(&site.seal().to_bytes(), &site.pinned()).expect("opens").root().clone();
    let mut file = file(&site.seal());
    let newer = open_with(&file, &ahead).expect("opens");
    assert_eq!(held.clone().replace(newer), Ok(()));
    // Without the step in between nobody can tell that they belong together.
    let newest = file["root"][2].take();
    file["root"] = json!([newest]);
    let newer = open_with(&file, &ahead).expect("opens");
    assert_eq!(held.replace(newer), Err(BundleError::RootChain { expected: 2, found: 3 }));
    assert!(TrustBundle::open(&held.to_bytes(), &site.pinned()).is_ok());
}

fn open_with(file: &Value, root: &Root) -> Result<TrustBundle, BundleError> {
    TrustBundle::open(file.to_string().as_bytes(), root)
}

#[test]
fn another_root_of_the_pinned_version_is_equivocation() {
    let site = Site::new();
    let mut forked = file(&site.seal());
    let mut part = site.root_part(1);
    part.expires_at = NOON.plus(DAY);
    let keys: Vec<&TestKey> = site.root_keys.iter().collect();
    forked["root"][0] = envelope(&serde_json::to_value(part).expect("JSON"), RootPart::TYP, &keys);
    assert_eq!(open(&forked, &site).err(), Some(BundleError::Equivocation { part: PartName::Root, version: 1 }));
}

#[test]
fn an_endless_chain_is_cut_short() {
    let site = Site::new();
    let good = file(&site.seal());
    let keys: Vec<&TestKey> = site.root_keys.iter().collect();
    let roots: Vec<Value> =
        (1..=40_u64).map(|version| envelope(&serde_json::to_value(site.root_part(version)).expect("JSON"), RootPart::TYP, &keys)).collect();
    let with = |count: usize| {
        let mut file = good.clone();
        file["root"] = roots[..count].to_vec().into();
        open(&file, &site)
    };
    assert_eq!(with(MAX_ROOT_STEPS + 1).expect("as many as allowed").versions().root, 33);
    assert_eq!(with(MAX_ROOT_STEPS + 2).err(), Some(BundleError::TooManyRoots { found: 34, limit: 33 }));
}

#[test]
fn a_root_that_contradicts_itself_is_refused() {
    let site = Site::new();
    let keys: Vec<&TestKey> = site.root_keys.iter().collect();
    let open = |change: fn(&mut RootPart)| {
        let mut part = site.root_part(1);
        change(&mut part);
        Root::open(envelope(&serde_json::to_value(part).expect("JSON"), RootPart::TYP, &keys).to_string().as_bytes()).err()
    };
    let rule = |broken| Some(BundleError::Rule { part: PartName::Root, broken });
    assert_eq!(open(|root| root.roles.timestamp.threshold = 0), rule(Rule::Threshold));
    assert_eq!(open(|root| root.roles.timestamp.threshold = 2), rule(Rule::Threshold));
    assert_eq!(open(|root| root.roles.root.keys[1] = root.roles.root.keys[0].clone()), rule(Rule::RoleKeys));
    assert_eq!(open(|root| root.keys.truncate(2)), rule(Rule::RoleKeys));
    assert_eq!(open(|root| root.expires_at = root.issued_at.plus(-1)), rule(Rule::Times("the root".into())));
    assert_eq!(open(|_| ()), None);
}
