//! Cards: credentials that are bound to no key, and what a gate does about the person who brings one.

use super::world::{DAY, HOUR, Key, NOW, TestRng, World, codes, time};
use crate::act::Act;
use crate::challenge::Unread;
use crate::check::card;
use crate::{Challenge, Checkpoint, Decision, Passed, Step, Verdict};
use alloc::format;
use waypass_credential::json::Object;
use waypass_credential::request::Query;
use waypass_credential::{Format, Presentation};
use waypass_trust::reason::Level::{self, Amber, Green, Grey, Red};
use waypass_trust::reason::ReasonCode;

fn changed(change: impl FnOnce(&mut World)) -> Decision {
    let mut world = World::card("visitor");
    change(&mut world);
    world.run()
}

fn ruled(rules: &str) -> Decision {
    changed(|world| world.policy = rules.into())
}

#[test]
fn a_card_is_amber_until_somebody_was_identified() {
    let decision = changed(|_| {});
    assert_eq!((decision.level(), codes(&decision)), (Amber, ["bearer_pass"].into()));
    let Verdict::Caution(Step::Identity, Passed::Card(grant)) = &decision.verdict else { panic!("{:?}", decision.verdict) };
    assert_eq!((grant.role(), grant.rule(), grant.issuer()), ("visitor", "card", "North Hospital"));
    assert!(decision.reasons[0].detail.contains("rule card: compare an identity document"), "{}", decision.reasons[0].detail);
    let evidence = &decision.evidence;
    assert_eq!((evidence.rule.as_deref(), evidence.challenge), (Some("card"), None));
    let who = evidence.who.as_ref().expect("shown");
    assert_eq!((who.format, who.claims.text("name"), who.claims.text("document_ending")), (Format::Card, Some("Ada Byron"), Some("T478")));
}

/// Whatever the rules say and whatever a door accepts: no machine lets in the person who brings a card.
#[test]
fn no_machine_opens_for_a_card() {
    let mut decision = changed(|_| {});
    // No office publishes such rules, and a gate does not go by them.
    decision.unattended_ok.push(ReasonCode::BearerPass);
    assert_eq!(decision.level(), Amber);
    assert!(!decision.opens(&[ReasonCode::BearerPass]));
}

#[test]
fn every_check_that_a_card_has_is_made() {
    type Change = fn(&mut World);
    let cases: &[(&str, Change, &[&str], Level)] = &[
        ("withdrawn", |w| w.status = 1, &["revoked"], Red),
        ("suspended", |w| w.status = 2, &["suspended"], Red),
        ("over", |w| w.claims.valid_until = time(NOW - HOUR), &["expired"], Red),
        ("of nobody whom the site trusts", |w| w.signer = Key::new(9), &["untrusted_issuer"], Red),
        ("of an issuer that may make none", |w| w.cards = false, &["issuer_not_authorised"], Red),
        ("at another site", |w| w.claims.sites = ["south".into()].into(), &["policy_denied"], Red),
        ("on a list of nine days", |w| w.list_issued = NOW - 9 * DAY, &["bearer_pass", "stale_revocations"], Amber),
        ("on a list that ended", |w| w.list_issued = NOW - 15 * DAY, &["bearer_pass", "status_unknown"], Grey),
        ("at a gate that is not enrolled", |w| w.enrolled_until = None, &["gate_not_enrolled"], Grey),
        ("at a gate that lapsed", |w| w.enrolled_until = Some(NOW - HOUR), &["gate_not_enrolled"], Grey),
        ("by rules that ended", |w| w.policy_ends = NOW - HOUR, &["policy_expired"], Red),
        ("at a peer", |w| w.peer = true, &["bearer_pass", "peer_check"], Amber),
    ];
    for (what, change, expected, level) in cases {
        let decision = changed(change);
        let mut found = codes(&decision);
        found.sort_unstable();
        assert_eq!((decision.level(), found.as_slice()), (*level, *expected), "{what}");
    }
}

#[test]
fn only_a_rule_for_cards_that_names_a_check_admits_one() {
    let visitor = r#"(principal == Role::"visitor", action, resource)"#;
    let card = r#"(principal, action == Action::"admit_card", resource)"#;
    for (rules, expected, step) in [
        ("", &["policy_denied"][..], None),
        (&format!("permit{visitor};"), &["policy_denied"], None),
        (&format!("@identity(\"passport\") permit{visitor};"), &["policy_denied"], None),
        (&format!("@id(\"a\") @identity(\"document\") permit{visitor};"), &["bearer_pass"], Some(Step::Identity)),
        (&format!("@id(\"a\") @identity(\"vouched\") permit{card};"), &["bearer_pass", "two_person"], Some(Step::SecondPerson)),
        (&format!("@id(\"a\") @identity(\"document\") permit{card}; @id(\"b\") forbid{visitor};"), &["policy_denied"], None),
        (waypass_schemas::DEFAULT_POLICY, &["policy_denied"], None),
    ] {
        let decision = ruled(rules);
        let due = if let Verdict::Caution(step, _) = decision.verdict { Some(step) } else { None };
        assert_eq!((codes(&decision).as_slice(), due), (expected, step), "{rules}");
    }
}

#[test]
fn a_rule_that_asks_for_a_document_needs_one_on_the_card() {
    let decision = changed(|world| world.claims.personal = Object::new().with("card", "0123456789ab").with("name", "Ada Byron"));
    assert_eq!((decision.level(), codes(&decision)), (Red, ["policy_denied"].into()));
    assert!(decision.reasons[0].detail.contains("asks for a document"), "{}", decision.reasons[0].detail);
}

/// Nobody breaks the glass for a card: for the emergency role old lists end in a refusal.
#[test]
fn there_is_no_override_for_a_card() {
    let mut world = World::card("emergency_medical");
    assert_eq!(codes(&world.run()), ["bearer_pass"]);
    world.list_issued = NOW - 15 * DAY;
    let decision = world.run();
    assert_eq!((decision.level(), codes(&decision)), (Grey, ["status_unknown", "bearer_pass"].into()));
    world.enrolled_until = Some(NOW - HOUR);
    assert_eq!(codes(&world.run()), ["gate_not_enrolled"]);
}

#[test]
fn the_gate_remembers_a_card() {
    let world = World { seen_again: Some(600), ..World::card("visitor") };
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let mut visit = |world: &World, after| {
        let (decision, commit) = world.visit(&mut gate, after, |answer| answer, |challenge| challenge);
        gate.committed(commit);
        codes(&decision)
    };
    assert_eq!(visit(&world, 0), ["bearer_pass"]);
    assert_eq!(visit(&world, 60), ["bearer_pass", "seen_recently"], "a copy, or the same card again");
    let mut other = World { seen_again: Some(600), ..World::card("visitor") };
    other.claims.status = [waypass_credential::role::StatusReference::token(super::world::LIST, 78)].into();
    assert_eq!(visit(&other, 120), ["bearer_pass"], "another card");
}

/// The gate asked a phone, and somebody holds a card up: it is judged as a card, and the question is still open.
#[test]
fn a_card_does_not_use_up_a_question() {
    let (card, phone) = (World::card("visitor"), World { policy: World::card("visitor").policy, cards: true, ..World::new() });
    let (bundle, policy) = (phone.bundle(), phone.compiled());
    let mut gate = Checkpoint::new(phone.gate.clone(), &bundle, &policy, phone.state());
    let at = gate.observe(&phone.reading(0));
    let (challenge, request) = gate.ask(Query::for_role(&Format::ALL, &["nurse"], &[]).expect("a query"), "entry", &at, &mut TestRng(1));
    let kept = challenge.to_bytes();
    let (decision, commit) = gate.step(card.credential().as_bytes(), challenge, &at, &mut TestRng(2));
    assert_eq!(codes(&decision), ["bearer_pass"]);
    gate.committed(commit);
    let (decision, _) = gate.step(&phone.answer(&request), Challenge::from_bytes(&kept).expect("kept"), &at, &mut TestRng(3));
    assert_eq!((decision.level(), codes(&decision)), (Green, ["ok"].into()));
}

#[test]
fn damage_and_other_codes_are_refused() {
    let world = World::card("visitor");
    let bytes = world.credential().as_bytes().to_vec();
    for at in 0..bytes.len() {
        let decision = world.run_with(
            |mut card| {
                card[at] ^= 4;
                card
            },
            |challenge| challenge,
        );
        assert!(decision.level() == Red, "byte {at}: {:?}", codes(&decision));
    }
    for cut in [0, 1, 100, bytes.len() - 1] {
        assert_eq!(codes(&world.run_with(|card| card[..cut].into(), |challenge| challenge)), ["malformed"]);
    }
}

/// An ordinary credential without the proof of its holder is refused as ever, and the mark of a card is not to be had for it.
#[test]
fn an_ordinary_credential_is_not_taken_for_a_card() {
    let mut world = World::new().in_format(Format::SdCwt);
    (world.policy, world.cards) = (World::card("visitor").policy, true);
    let decision = world.run_with(|_| World::new().in_format(Format::SdCwt).credential().as_bytes().to_vec(), |challenge| challenge);
    assert!(decision.level() == Red && codes(&decision).contains(&"holder_binding_failed"), "{:?}", codes(&decision));

    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let at = gate.observe(&world.reading(0));
    let marked = |world: &World| {
        let challenge = Challenge::new(&world.gate.id, Query::any_role(), &at, &mut TestRng(1));
        let shown = Presentation::parse(world.credential().as_bytes(), bundle.contexts()).map_err(Unread::Malformed);
        Act::judge(shown, &challenge, &at, |act| {
            let Ok(assessed) = act.assess(&bundle) else { panic!("genuine") };
            card::check(&assessed).map(drop).map_err(|reason| reason.code)
        })
    };
    assert_eq!(marked(&World::card("visitor")), Ok(()));
    assert_eq!(marked(&world), Err(ReasonCode::HolderBindingFailed));
}
