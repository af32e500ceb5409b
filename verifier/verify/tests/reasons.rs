//! Every reason code, each by the one thing that causes it.

use super::world::{DAY, HOUR, Key, NOW, TestRng, World, codes, issuer, time};
use crate::{Checkpoint, Decision, Step, Verdict};
use alloc::{collections::BTreeSet, string::String, vec, vec::Vec};
use waypass_credential::Format;
use waypass_credential::request::Query;
use waypass_credential::role::kind_in;
use waypass_credential::{ClaimPath, Nonce};
use waypass_trust::bundle::KeyState;
use waypass_trust::reason::Level::{self, Amber, Green, Grey, Red};
use waypass_trust::reason::ReasonCode;

fn changed(change: impl FnOnce(&mut World)) -> Decision {
    let mut world = World::new();
    change(&mut world);
    world.run()
}

fn changed_with(role: &str, change: impl FnOnce(&mut World)) -> Decision {
    let mut world = World::with(&[role]);
    change(&mut world);
    world.run()
}

/// The event, the decision, and the codes, level and step it must have.
struct Case {
    what: &'static str,
    decision: Decision,
    codes: &'static [&'static str],
    level: Level,
    step: Option<Step>,
}

fn case(what: &'static str, decision: Decision, codes: &'static [&'static str], level: Level, step: Option<Step>) -> Case {
    Case { what, decision, codes, level, step }
}

/// Together they are the whole catalogue.
fn cases() -> Vec<Case> {
    let mut cases = passing();
    cases.extend(passing_without_an_enrolment());
    cases.extend(refused_for_the_credential());
    cases.extend(refused_at_this_gate());
    cases.extend(not_checkable());
    cases
}

fn passing() -> Vec<Case> {
    vec![
        case("a nurse at her ward", changed(|_| {}), &["ok"], Green, None),
        case(
            "a nurse on a list of four days",
            changed(|w| w.list_issued = NOW - 4 * DAY),
            &["stale_revocations", "two_person"],
            Amber,
            Some(Step::SecondPerson),
        ),
        case(
            "a visitor on a list of nine days",
            changed_with("visitor", |w| {
                w.gate.zone = "public".into();
                w.list_issued = NOW - 9 * DAY;
            }),
            &["stale_revocations"],
            Amber,
            Some(Step::Override),
        ),
        case(
            "a bundle of five days",
            changed(|w| w.bundle_issued = NOW - 5 * DAY),
            &["stale_trust", "two_person"],
            Amber,
            Some(Step::SecondPerson),
        ),
        case("a visitor with a card", World::card("visitor").run(), &["bearer_pass"], Amber, Some(Step::Identity)),
        case(
            "an hour before the end",
            changed(|w| w.claims.valid_until = time(NOW + HOUR / 2)),
            &["expires_soon"],
            Amber,
            Some(Step::Confirm),
        ),
        case(
            "a restricted zone",
            changed(|w| {
                w.gate.zone = "restricted-lab".into();
                w.claims.zones = vec!["restricted-lab".into()];
            }),
            &["two_person"],
            Amber,
            Some(Step::SecondPerson),
        ),
        case(
            "a visitor without a status",
            changed_with("visitor", |w| {
                w.gate.zone = "public".into();
                w.claims.status.clear();
            }),
            &["escort"],
            Amber,
            Some(Step::Escort),
        ),
        case(
            "a visitor while the clock is in doubt",
            changed_with("visitor", |w| {
                w.gate.zone = "public".into();
                w.signed_time = Some(NOW);
                w.clock_off = -HOUR;
            }),
            &["clock_suspect", "escort"],
            Amber,
            Some(Step::Escort),
        ),
        case(
            "a medic of another site",
            changed_with("emergency_medical", |w| w.claims.sites = vec!["south".into()]),
            &["break_glass"],
            Amber,
            Some(Step::BreakGlass),
        ),
        case(
            "a medic on a list that has ended",
            changed_with("emergency_medical", |w| w.list_issued = NOW - 15 * DAY),
            &["break_glass"],
            Amber,
            Some(Step::BreakGlass),
        ),
        case("twice within five minutes", seen_again(), &["seen_recently"], Amber, Some(Step::Confirm)),
    ]
}

fn passing_without_an_enrolment() -> Vec<Case> {
    vec![
        case(
            "a medic at a gate whose enrolment lapsed",
            changed_with("emergency_medical", |w| w.enrolled_until = Some(NOW)),
            &["break_glass"],
            Amber,
            Some(Step::BreakGlass),
        ),
        case(
            "a medic at a gate whose enrolment ends at this second",
            changed_with("emergency_medical", |w| w.enrolled_until = Some(NOW + i64::try_from(w.takes).expect("small"))),
            &["break_glass"],
            Amber,
            Some(Step::BreakGlass),
        ),
        case("a nurse before a peer", changed(|w| w.peer = true), &["peer_check"], Amber, Some(Step::Confirm)),
        case(
            "a nurse before a peer that is not in the bundle",
            changed(|w| {
                w.peer = true;
                w.enrolled_until = None;
            }),
            &["peer_check"],
            Amber,
            Some(Step::Confirm),
        ),
        case(
            "a gardener, whom no rule knows, before a peer",
            changed_with("gardener", |w| w.peer = true),
            &["peer_check"],
            Amber,
            Some(Step::Confirm),
        ),
    ]
}

fn refused_for_the_credential() -> Vec<Case> {
    vec![
        case("revoked", changed(|w| w.status = 1), &["revoked"], Red, None),
        case(
            "revoked in a list that has ended",
            changed(|w| {
                w.status = 1;
                w.list_issued = NOW - 20 * DAY;
            }),
            &["revoked"],
            Red,
            None,
        ),
        case("suspended", changed(|w| w.status = 2), &["suspended"], Red, None),
        case("ended yesterday", changed(|w| w.claims.valid_until = time(NOW - HOUR)), &["expired"], Red, None),
        case("begins tomorrow", changed(|w| w.claims.valid_from = time(NOW + DAY)), &["not_yet_valid"], Red, None),
        case(
            "an issuer nobody knows",
            changed(|w| {
                w.signer = Key::new(66);
                w.claims.issuer = w.signer.id();
                w.claims.key_id = None;
            }),
            &["untrusted_issuer"],
            Red,
            None,
        ),
        case("a role the issuer may not assert", changed_with("director", |_| {}), &["issuer_not_authorised"], Red, None),
        case("a site the issuer may not speak for", changed(|w| w.key_sites = vec!["south".into()]), &["issuer_not_authorised"], Red, None),
        case("a stolen key", changed(|w| w.key_state = KeyState::Compromised), &["key_compromised"], Red, None),
        case("another key under the issuer's name", changed(|w| w.signer = Key::new(66)), &["bad_signature"], Red, None),
        case("an edited role", edited_role(), &["bad_signature"], Red, None),
    ]
}

fn refused_at_this_gate() -> Vec<Case> {
    vec![
        case("another wallet's key", World::new().run_with(by_another_holder, |c| c), &["holder_binding_failed"], Red, None),
        case(
            "the credential without its holder",
            World::new().run_with(without_holder_proof, |c| c),
            &["holder_binding_failed"],
            Red,
            None,
        ),
        case("another challenge", World::new().run_with(|answer| answer, other_nonce), &["nonce_mismatch"], Red, None),
        case("another gate", for_another_gate(), &["wrong_audience"], Red, None),
        case("after a minute", changed(|w| w.takes = 61), &["challenge_expired"], Red, None),
        case("the same answer again", replayed(), &["replayed"], Red, None),
        case("no role disclosed", changed(|w| w.query = asks_only("staff_id")), &["role_missing"], Red, None),
        case("a zone the credential does not name", changed(|w| w.gate.zone = "pharmacy".into()), &["policy_denied"], Red, None),
        case("a role no rule knows", changed_with("gardener", |_| {}), &["policy_denied"], Red, None),
        case("rules that have ended", changed(|w| w.policy_ends = NOW - 1), &["policy_expired"], Red, None),
        case("a rule that fails", changed(|w| w.policy += FAILING_RULE), &["policy_error"], Red, None),
        case("a list of eight days", changed(|w| w.list_issued = NOW - 8 * DAY), &["data_too_old"], Red, None),
        case(
            "an administrator on a list of two days",
            changed_with("admin", |w| w.list_issued = NOW - 2 * DAY),
            &["data_too_old"],
            Red,
            None,
        ),
        case("noise", World::new().run_with(|_| b"hello".to_vec(), |c| c), &["malformed"], Red, None),
        case(
            "revoked, before a peer",
            changed(|w| {
                w.peer = true;
                w.status = 1;
            }),
            &["revoked", "peer_check"],
            Red,
            None,
        ),
    ]
}

fn not_checkable() -> Vec<Case> {
    vec![
        case("a nurse without a status", changed(|w| w.claims.status.clear()), &["status_unknown"], Grey, None),
        case(
            "a nurse while the clock is in doubt",
            changed(|w| {
                w.signed_time = Some(NOW);
                w.clock_off = -HOUR;
            }),
            &["status_unknown", "clock_suspect"],
            Grey,
            None,
        ),
        case(
            "begins after the newest signed time, by a clock in doubt",
            changed(|w| {
                w.signed_time = Some(NOW - 3 * DAY);
                w.clock_off = -4 * DAY;
            }),
            &["clock_unusable"],
            Grey,
            None,
        ),
        case("a gate that is not in the bundle", changed(|w| w.enrolled_until = None), &["gate_not_enrolled"], Grey, None),
        case(
            "somebody revoked at a gate that is not in the bundle",
            changed(|w| {
                w.enrolled_until = None;
                w.status = 1;
            }),
            &["gate_not_enrolled"],
            Grey,
            None,
        ),
        case("a nurse at a gate whose enrolment lapsed", changed(|w| w.enrolled_until = Some(NOW)), &["gate_not_enrolled"], Grey, None),
        case(
            "a medic without a status before a peer",
            changed_with("emergency_medical", |w| {
                w.peer = true;
                w.claims.status.clear();
            }),
            &["status_unknown", "peer_check"],
            Grey,
            None,
        ),
        case("trust files were changed", Decision::cannot(ReasonCode::TrustTampered), &["trust_tampered"], Grey, None),
        case("the gate was changed", Decision::cannot(ReasonCode::DeviceTampered), &["device_tampered"], Grey, None),
        case("no bundle", Decision::cannot(ReasonCode::NoBundle), &["no_bundle"], Grey, None),
        case("the disk is full", Decision::cannot(ReasonCode::StorageFailed), &["storage_failed"], Grey, None),
        case("too many at once", crowded(), &["storage_failed"], Grey, None),
    ]
}

/// Overflows from two o'clock on; passes strict validation.
const FAILING_RULE: &str = r#"@id("night") forbid (principal, action, resource) when { context.hour_utc * 9223372036854775807 < 0 };"#;

fn asks_only(claim: &str) -> Query {
    let path = ClaimPath::names([claim]);
    Query::new(vec![waypass_credential::request::CredentialQuery {
        id: "staff".into(),
        format: Format::SdJwtVc,
        kinds: vec![kind_in(Format::SdJwtVc).into()],
        claims: vec![waypass_credential::request::ClaimQuery { path, values: Vec::new() }],
    }])
    .expect("a query")
}

/// The holder's proof made with a key of somebody else: the disclosures and the credential stay.
fn by_another_holder(answer: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(answer).expect("text");
    let (shown, proof) = text.rsplit_once('~').expect("a key binding JWT");
    let mut parts = proof.rsplitn(2, '.');
    let (_, signed) = (parts.next(), parts.next().expect("header and payload"));
    let signature = waypass_credential::key::Signer::sign(&Key::new(99), signed.as_bytes()).expect("signed");
    alloc::format!("{shown}~{signed}.{}", waypass_credential::base64url::encode(&signature)).into_bytes()
}

fn without_holder_proof(answer: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(answer).expect("text");
    let end = text.rfind('~').expect("a key binding JWT") + 1;
    text.as_bytes()[..end].to_vec()
}

fn other_nonce(challenge: crate::Challenge) -> crate::Challenge {
    crate::Challenge { nonce: Nonce([9; 16]), ..challenge }
}

/// The nurse's credential with the role of another person's: the disclosure is not among those the issuer signed.
fn edited_role() -> Decision {
    let mut doctor = World::new().in_format(Format::DataIntegrity);
    doctor.claims.personal = waypass_credential::json::Object::new();
    doctor.run_with(|answer| String::from_utf8(answer).expect("text").replace("\"nurse\"", "\"admin\"").into_bytes(), |challenge| challenge)
}

fn for_another_gate() -> Decision {
    let (world, mut other) = (World::new(), World::new());
    other.gate.id = Key::new(50).id();
    world.run_with(
        |answer| {
            // The wallet answered the same nonce for the gate next door.
            let (bundle, policy) = (other.bundle(), other.compiled());
            let mut gate = Checkpoint::new(other.gate.clone(), &bundle, &policy, other.state());
            let at = gate.observe(&other.reading(0));
            let (_, request) = gate.ask(other.query.clone(), "entry", &at, &mut TestRng(0));
            let for_other = other.answer(&request);
            assert_ne!(answer, for_other);
            for_other
        },
        |challenge| challenge,
    )
}

fn replayed() -> Decision {
    let world = World::new();
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let asked = gate.observe(&world.reading(0));
    let (challenge, request) = gate.ask(world.query.clone(), "entry", &asked, &mut TestRng(7));
    let stored = challenge.to_bytes();
    let answer = world.answer(&request);
    let answered = gate.observe(&world.reading(3));
    let (first, commit) = gate.step(&answer, challenge, &answered, &mut TestRng(5));
    assert_eq!(codes(&first), ["ok"]);
    gate.committed(commit);
    // A copy of the challenge survived the power cut; the memory of it did, too.
    let kept = crate::DeviceState::from_bytes(&gate.state().to_bytes()).expect("stored");
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, kept);
    let again = gate.observe(&world.reading(6));
    gate.step(&answer, crate::Challenge::from_bytes(&stored).expect("stored"), &again, &mut TestRng(5)).0
}

fn seen_again() -> Decision {
    let mut world = World::new();
    world.seen_again = Some(300);
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    for (after, expected) in [(0, "ok"), (400, "ok"), (600, "seen_recently"), (1000, "ok")] {
        let (decision, commit) = world.visit(&mut gate, after, |answer| answer, |challenge| challenge);
        assert_eq!(codes(&decision), [expected], "after {after} s");
        gate.committed(commit);
    }
    world.visit(&mut gate, 1010, |answer| answer, |challenge| challenge).0
}

fn crowded() -> Decision {
    let world = World::new();
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut state = world.state();
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, state.clone());
    let at = gate.observe(&world.reading(0));
    for n in 0..u128::try_from(crate::seen::SEEN_CAPACITY).expect("small") {
        state.seen.remember(&Nonce(n.to_be_bytes()), &at, 60_000);
    }
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, state);
    let full = world.visit(&mut gate, 0, |answer| answer, |challenge| challenge).0;
    // A minute later there is room again.
    assert_eq!(codes(&world.visit(&mut gate, 61, |answer| answer, |challenge| challenge).0), ["ok"]);
    full
}

#[test]
fn every_case_has_its_reasons() {
    let mut covered = BTreeSet::new();
    for Case { what, decision, codes: expected, level, step } in cases() {
        assert_eq!(codes(&decision), expected, "{what}: {:?}", decision.reasons);
        assert_eq!(decision.level(), level, "{what}");
        let found = if let Verdict::Caution(step, _) = &decision.verdict { Some(*step) } else { None };
        assert_eq!(found, step, "{what}");
        covered.extend(expected.iter().copied());
    }
    let missing: Vec<_> = ReasonCode::ALL.iter().filter(|code| !covered.contains(code.as_str())).collect();
    assert!(missing.is_empty(), "without a case: {missing:?}");
}

#[test]
fn all_formats_pass_and_fail_alike() {
    for format in Format::ALL {
        assert_eq!(codes(&World::new().in_format(format).run()), ["ok"], "{format:?}");
        let mut revoked = World::new().in_format(format);
        revoked.status = 1;
        assert_eq!(codes(&revoked.run()), ["revoked"], "{format:?}");
        let late = World { takes: 61, ..World::new().in_format(format) };
        assert_eq!(codes(&late.run()), ["challenge_expired"], "{format:?}");
        let other = World::new().in_format(format).run_with(|answer| answer, other_nonce);
        assert_eq!(codes(&other), ["nonce_mismatch"], "{format:?}");
    }
}

#[test]
fn all_reasons_are_listed_the_worst_first() {
    let mut world = World::new();
    world.takes = 90;
    world.list_issued = NOW - 4 * DAY;
    world.gate.zone = "pharmacy".into();
    let decision = world.run();
    assert_eq!(codes(&decision), ["challenge_expired", "policy_denied"]);
    let decision = world.run_with(|answer| answer, other_nonce);
    assert_eq!(codes(&decision), ["nonce_mismatch", "policy_denied"], "it answers no question of this gate, late or not");
    // Grey ranks below red and above amber.
    let mut world = World::with(&["nurse"]);
    world.claims.status.clear();
    world.claims.valid_until = time(NOW + HOUR / 2);
    assert_eq!(codes(&world.run()), ["status_unknown", "expires_soon"]);
    world.takes = 90;
    assert_eq!(codes(&world.run()), ["challenge_expired", "status_unknown", "expires_soon"]);
}

#[test]
fn the_role_with_the_freshest_evidence_acts() {
    // An administrator's evidence must be of today; a nurse's may be of the day before yesterday.
    let mut world = World::with(&["admin", "nurse"]);
    world.list_issued = NOW - 2 * DAY;
    let decision = world.run();
    assert_eq!(codes(&decision), ["ok"]);
    let Verdict::Allow(grant) = &decision.verdict else { panic!("green") };
    assert_eq!((grant.role(), grant.rule()), ("nurse", "staff-own-site"));
}

#[test]
fn nobody_breaks_the_glass_without_a_rule() {
    let mut world = World::with(&["emergency_medical"]);
    world.claims.status.clear();
    assert_eq!(codes(&world.run()), ["break_glass"]);
    let rule = world.policy.find("// Anywhere").expect("the last rule of the default policy");
    world.policy.truncate(rule);
    assert_eq!(codes(&world.run()), ["status_unknown"]);
}

/// A role, a zone, and the level for every age of the list in hours.
type Row = (&'static str, &'static str, &'static [(i64, Level)]);

#[test]
fn the_time_and_the_list_decide_together() {
    // Hours since the list, level by role: trust.md's table.
    let table: [Row; 4] = [
        ("admin", "ward", &[(23, Level::Green), (25, Level::Red), (400, Level::Grey)]),
        ("nurse", "ward", &[(71, Level::Green), (73, Level::Amber), (167, Level::Amber), (169, Level::Red), (400, Level::Grey)]),
        ("visitor", "public", &[(167, Level::Green), (169, Level::Amber), (335, Level::Amber), (400, Level::Grey)]),
        ("emergency_medical", "ward", &[(23, Level::Green), (25, Level::Amber), (335, Level::Amber), (400, Level::Amber)]),
    ];
    for (role, zone, rows) in table {
        for (hours, level) in rows {
            let decision = changed_with(role, |world| {
                world.gate.zone = zone.into();
                world.list_issued = NOW - hours * HOUR;
            });
            assert_eq!(decision.level(), *level, "{role}, {hours} h: {:?}", decision.reasons);
        }
    }
}

#[test]
fn a_clock_set_back_does_not_bring_the_expired_back() {
    let world = World { signed_time: Some(NOW), clock_off: -30 * DAY, ..World::new() };
    let mut expired = world;
    expired.claims.valid_until = time(NOW - HOUR);
    assert!(codes(&expired.run()).contains(&"expired"));
    // Even for those whom doubt alone would let pass.
    let mut medic = World { signed_time: Some(NOW), clock_off: -30 * DAY, ..World::with(&["emergency_medical"]) };
    assert_eq!(codes(&medic.run()), ["clock_suspect", "break_glass"]);
    medic.claims.valid_until = time(NOW - HOUR);
    assert_eq!(medic.run().level(), Level::Red);
}

#[test]
fn the_issuer_is_itself() {
    assert_eq!(issuer().id(), World::new().claims.issuer);
}
