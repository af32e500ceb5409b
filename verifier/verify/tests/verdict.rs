//! The verdict as people and programs see it.

use super::world::{DAY, LIST, NOW, World};
use crate::{Decision, Verdict};
use alloc::{string::String, vec};
use waypass_credential::json::{Object, Value};
use waypass_trust::reason::ReasonCode;

fn member<'v>(value: &'v Object<'static>, path: &[&str]) -> &'v Value<'static> {
    let (first, rest) = path.split_first().expect("a path");
    let start = value.member(first).expect("a member");
    rest.iter().fold(start, |value, name| value.member(name).expect("a member"))
}

#[test]
fn a_verdict_says_who_why_and_how_old() {
    let json = World::new().run().to_json();
    let text = |path: &[&str]| member(&json, path).as_str().map(String::from);
    assert_eq!(text(&["schema"]).as_deref(), Some("waypass.verdict/1"));
    assert_eq!(text(&["verdict"]).as_deref(), Some("allow"));
    assert_eq!(text(&["issuer_name"]).as_deref(), Some("North Hospital"));
    assert_eq!(text(&["rule"]).as_deref(), Some("staff-own-site"));
    assert_eq!(text(&["gate"]).as_deref(), Some("East door"));
    assert_eq!(member(&json, &["evidence", "revocation", "age_seconds"]).as_i64(), Some(3605));
    assert_eq!(member(&json, &["evidence", "trust", "as_of"]).as_i64(), Some(NOW - 3600));
    assert_eq!(member(&json, &["evidence", "policy", "age_seconds"]).as_i64(), Some(10 * DAY + 5));
    assert_eq!(member(&json, &["who", "roles"]).as_array().expect("roles")[0].as_str(), Some("nurse"));
    // Nothing was asked beyond the role, so nothing else was shown.
    assert!(member(&json, &["who", "claims"]).as_object().expect("claims").is_empty());
    assert_eq!(member(&json, &["works_offline_until", "at"]).as_i64(), Some(NOW - 3600 + 7 * DAY));
    assert!(text(&["works_offline_until", "binding"]).expect("an item").contains("trust bundle") || json_text(&json).contains(LIST));
}

fn json_text(json: &Object<'static>) -> String {
    waypass_credential::json::to_string(&Value::Object(json.clone()))
}

#[test]
fn the_guard_is_told_everything_that_is_due() {
    let stale = World { list_issued: NOW - 4 * DAY, ..World::new() }.run();
    let words = stale.next_action();
    assert!(words.contains(ReasonCode::StaleRevocations.next_action()) && words.contains(ReasonCode::TwoPerson.next_action()), "{words}");
    let revoked = World { status: 1, list_issued: NOW - 4 * DAY, ..World::new() }.run();
    assert_eq!(revoked.next_action(), ReasonCode::Revoked.next_action());
}

#[test]
fn a_flag_accepts_only_what_the_policy_marks() {
    let visitor = || {
        let mut world = World::with(&["visitor"]);
        world.gate.zone = "public".into();
        world.list_issued = NOW - 9 * DAY;
        world
    };
    let decision = visitor().run();
    assert!(matches!(decision.verdict, Verdict::Caution(..)));
    assert!(!decision.opens(&[]));
    assert!(!decision.opens(&[ReasonCode::StaleTrust]));
    assert!(decision.opens(&[ReasonCode::StaleRevocations]));
    let unmarked = World { unattended_ok: vec![], ..visitor() };
    assert!(!unmarked.run().opens(&[ReasonCode::StaleRevocations]));
    // Two guards are not one flag.
    let nurse = World { list_issued: NOW - 4 * DAY, unattended_ok: vec!["stale_revocations".into()], ..World::new() }.run();
    assert!(!nurse.opens(&[ReasonCode::StaleRevocations, ReasonCode::TwoPerson]));
    // Red and grey never open, whatever is named.
    assert!(!World { status: 1, ..World::new() }.run().opens(ReasonCode::ALL));
    assert!(!Decision::cannot(ReasonCode::Ok).opens(ReasonCode::ALL));
}
