use super::{AuditHeld, ListHeld, Manifest, Plan, Refused, Step};
use alloc::{format, string::String, vec, vec::Vec};
use proptest::prelude::*;

fn list(uri: &str, issued_at: i64, sha256: &str) -> ListHeld {
    ListHeld { uri: uri.into(), issued_at, sha256: sha256.into() }
}

fn held() -> Manifest {
    Manifest {
        root: 1,
        timestamp: 5,
        snapshot: 5,
        targets: 3,
        policy: 2,
        lists: vec![list("a", 100, "x"), list("b", 100, "y")],
        audit: AuditHeld { size: 9, receipted: 9 },
        ..Manifest::default()
    }
}

#[test]
fn the_order_is_trust_mds() {
    let offered = Manifest {
        root: 2,
        timestamp: 6,
        snapshot: 6,
        targets: 4,
        policy: 3,
        lists: vec![list("b", 200, "z"), list("a", 100, "x"), list("c", 1, "w")],
        ..held()
    };
    let mine = Manifest { audit: AuditHeld { size: 9, receipted: 4 }, ..held() };
    let plan = Plan::new(&mine, &offered).expect("forward");
    let expected =
        [Step::Root(2), Step::Bundle, Step::Denials("b".into()), Step::Denials("c".into()), Step::Policies, Step::AuditUpload(4)];
    assert_eq!(plan.remaining(), expected);
}

#[test]
fn a_step_hides_those_after_it() {
    let offered = Manifest { timestamp: 6, policy: 3, ..held() };
    let mut plan = Plan::new(&held(), &offered).expect("forward");
    assert_eq!(plan.next(), Some(&Step::Bundle));
    assert_eq!(plan.next(), Some(&Step::Bundle));
    plan.committed();
    assert_eq!(plan.next(), Some(&Step::Policies));
    plan.committed();
    plan.committed();
    assert_eq!((plan.next(), plan.remaining().len()), (None, 0));
}

#[test]
fn steps_back_are_refused_by_name() {
    let cases: [(&str, Manifest); 5] = [
        ("root", Manifest { root: 0, ..held() }),
        ("timestamp", Manifest { timestamp: 4, ..held() }),
        ("snapshot", Manifest { snapshot: 4, ..held() }),
        ("targets", Manifest { targets: 2, ..held() }),
        ("policy", Manifest { policy: 1, ..held() }),
    ];
    for (expected, offered) in cases {
        assert!(matches!(Plan::new(&held(), &offered), Err(Refused::Rollback { part, .. }) if part == expected), "{expected}");
    }
    let older = Manifest { lists: vec![list("a", 99, "x")], ..held() };
    assert_eq!(Plan::new(&held(), &older), Err(Refused::OlderList { uri: "a".into() }));
    let other = Manifest { lists: vec![list("a", 100, "other")], ..held() };
    assert_eq!(Plan::new(&held(), &other), Err(Refused::Disagreement { uri: "a".into() }));
}

/// The held list may be dated 300 days ahead by a key that the offered targets give up: only they can tell.
#[test]
fn lists_are_not_refused_before_newer_targets_are_read() {
    let older = vec![list("a", 99, "x"), list("b", 100, "other")];
    for offered in [Manifest { targets: 4, ..held() }, Manifest { root: 2, ..held() }] {
        let offered = Manifest { lists: older.clone(), ..offered };
        let plan = Plan::new(&held(), &offered).expect("left to those who read the targets");
        let lists = [Step::Denials("a".into()), Step::Denials("b".into())];
        assert!(plan.remaining().ends_with(&lists) && plan.remaining().contains(&Step::Bundle), "{:?}", plan.remaining());
    }
    let same = Manifest { timestamp: 6, lists: older, ..held() };
    assert_eq!(Plan::new(&held(), &same), Err(Refused::OlderList { uri: "a".into() }));
}

#[test]
fn rotated_keys_may_start_their_versions_anew() {
    let offered = Manifest { root: 2, timestamp: 1, snapshot: 1, ..held() };
    assert_eq!(Plan::new(&held(), &offered).expect("a new root").remaining(), [Step::Root(2), Step::Bundle]);
}

#[test]
fn manifests_are_read_strictly() {
    let text = String::from_utf8(held().to_bytes()).expect("JSON");
    assert_eq!(Manifest::parse(text.as_bytes()), Ok(held()));
    let changed = [
        text.replace("waypass.manifest/1", "waypass.manifest/2"),
        text.replace(r#""root":1"#, r#""root":1,"root":2"#),
        text.replace(r#""root":1"#, r#""root":1,"more":2"#),
        text.replace(r#""root":1"#, r#""root":-1"#),
        text.replace(r#""uri":"b""#, r#""uri":"a""#),
        text.replace(r#""receipted":9"#, r#""receipted":10"#),
        format!("{text}x"),
    ];
    for changed in changed {
        assert_eq!(Manifest::parse(changed.as_bytes()), Err(Refused::Malformed), "{changed}");
    }
}

fn any_manifest() -> impl Strategy<Value = Manifest> {
    let lists = proptest::collection::btree_map("[a-d]", (0..4i64, "[xy]"), 0..4);
    ((0..4u64, 0..4u64, 0..4u64, 0..4u64, 0..4u64), lists, (0..9u64, 0..9u64)).prop_map(
        |((root, timestamp, snapshot, targets, policy), lists, (size, receipted))| Manifest {
            root,
            timestamp,
            snapshot,
            targets,
            policy,
            lists: lists.into_iter().map(|(uri, (issued_at, sha256))| ListHeld { uri, issued_at, sha256 }).collect(),
            audit: AuditHeld { size, receipted: receipted.min(size) },
            ..Manifest::default()
        },
    )
}

proptest! {
    #[test]
    fn plans_are_ordered_and_complete(held in any_manifest(), offered in any_manifest()) {
        prop_assert_eq!(&Manifest::parse(&held.to_bytes()), &Ok(held.clone()));
        let Ok(plan) = Plan::new(&held, &offered) else { return Ok(()) };
        let kinds: Vec<u8> = plan.remaining().iter().map(|step| match step {
            Step::Root(_) => 0,
            Step::Bundle => 1,
            Step::Denials(_) => 2,
            Step::Policies => 3,
            Step::AuditUpload(_) => 4,
        }).collect();
        prop_assert!(kinds.is_sorted());
        prop_assert_eq!(kinds.contains(&0), offered.root > held.root);
        prop_assert_eq!(kinds.contains(&3), offered.policy > held.policy);
        prop_assert!(offered.targets >= held.targets);
    }

    #[test]
    fn equals_have_nothing_to_do(mut manifest in any_manifest()) {
        manifest.audit.receipted = manifest.audit.size;
        prop_assert!(Plan::new(&manifest, &manifest).expect("equal").remaining().is_empty());
    }

    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        let _ = Manifest::parse(&bytes);
    }
}
