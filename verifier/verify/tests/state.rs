//! The memory of a checkpoint, and the commits that it leaves behind.

use super::world::{LIST, NOW, TestRng, World, codes, gate_key, holder, time};
use crate::seen::SEEN_CAPACITY;
use crate::{Challenge, Checkpoint, DeviceState};
use alloc::{vec, vec::Vec};
use waypass_credential::role::StatusReference;
use waypass_trust::audit::{Chain, Entry, verify};
use waypass_trust::bundle::SeenAgain;
use waypass_trust::reason::Level;

#[test]
fn nothing_changes_before_the_commit_is_taken_over() {
    let world = World::new();
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let before = {
        let _ = gate.observe(&world.reading(0));
        gate.state().clone()
    };
    let (_, commit) = world.visit(&mut gate, 0, |answer| answer, |challenge| challenge);
    assert_eq!((gate.state().chain.size(), gate.state().chain.head()), (0, before.chain.head()));
    let stored = commit.state_bytes();
    let decided = gate.state().time.decided();
    gate.committed(commit);
    assert_eq!(gate.state().to_bytes(), stored);
    assert_eq!(gate.state().time, decided);
}

#[test]
fn every_decision_leaves_a_record_that_verifies() {
    let mut world = World::new();
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let mut entries = Vec::new();
    for (visit, takes) in [5, 90, 5].into_iter().enumerate() {
        world.takes = takes;
        let (_, commit) = world.visit(&mut gate, visit as u64 * 100, |answer| answer, |challenge| challenge);
        assert_eq!(commit.seq(), visit as u64);
        entries.push(Entry::from_bytes(&commit.entry().to_bytes()).expect("its own bytes"));
        gate.committed(commit);
    }
    let leaves = entries.iter().map(Entry::leaf_bytes);
    let summary = verify(&Chain::new(&gate_key().id()), leaves).expect("a chain").ends_at(&gate.state().chain).expect("whole");
    assert_eq!((summary.decided, summary.admitted), (3, 2));

    let leaf = entries[0].leaf().expect("a leaf");
    assert_eq!((leaf.bundle_version, leaf.wall), (3, time(NOW + 5)));
    assert_eq!(leaf.outcome.as_ref().map(|outcome| outcome.level), Some(Level::Green));
    let opening = entries[0].opening().expect("not forgotten");
    assert_eq!((opening.subject.as_str(), opening.actor.as_str()), (&*holder().id(), &*gate_key().id()));
    let used = opening.status.as_ref().expect("a status");
    assert_eq!((used.index, used.list_issued_at), (77, Some(time(world.list_issued))));
    assert_eq!(entries[1].leaf().expect("a leaf").outcome.expect("decided").reasons, ["challenge_expired"]);
}

#[test]
fn state_and_challenge_survive_as_bytes() {
    let world = World::new();
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let (_, commit) = world.visit(&mut gate, 0, |answer| answer, |challenge| challenge);
    gate.committed(commit);
    let stored = gate.state().to_bytes();
    assert_eq!(DeviceState::from_bytes(&stored).as_ref(), Ok(gate.state()));
    let at = gate.observe(&world.reading(10));
    let (challenge, _) = gate.ask(world.query.clone(), "entry", &at, &mut TestRng(3));
    let kept = challenge.to_bytes();
    assert_eq!(Challenge::from_bytes(&kept).expect("stored").to_bytes(), kept);
    for cut in 0..stored.len() {
        assert!(DeviceState::from_bytes(&stored[..cut]).is_err());
    }
    for cut in 0..kept.len() {
        assert!(Challenge::from_bytes(&kept[..cut]).is_err());
    }
}

#[test]
fn a_bundle_brings_signed_time() {
    let world = World::new();
    let bundle = world.bundle();
    let mut state = world.state();
    let _adopted = state.learn_time(&bundle, &world.reading(0));
    assert_eq!(state.time.bound(), Some(bundle.issued_at()));
}

#[test]
fn withdrawn_later_is_flagged() {
    let world = World::new();
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state());
    let (decision, commit) = world.visit(&mut gate, 0, |answer| answer, |challenge| challenge);
    assert_eq!(codes(&decision), ["ok"]);
    let entries = [commit.entry().clone()];
    assert!(waypass_trust::audit::flag(&entries, &bundle, &gate.observe(&world.reading(9))).is_empty());
    let later = World { status: 1, list_issued: NOW + 60, bundle_issued: NOW + 60, ..World::new() };
    let flagged = waypass_trust::audit::flag(&entries, &later.bundle(), &gate.observe(&world.reading(99)));
    assert_eq!(flagged.len(), 1);
    assert_eq!((flagged[0].idx, flagged[0].seq), (77, 0));
}

#[test]
fn who_passed_is_remembered_as_the_rules_say_and_by_gates_only() {
    let mut world = World::new();
    world.seen_again = Some(300);
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, world.state()).as_peer();
    let (decision, commit) = world.visit(&mut gate, 0, |answer| answer, |challenge| challenge);
    assert_eq!(codes(&decision), ["peer_check"]);
    gate.committed(commit);
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, gate.state().clone());
    for (after, expected) in [(20, "ok"), (40, "seen_recently")] {
        let (decision, commit) = world.visit(&mut gate, after, |answer| answer, |challenge| challenge);
        assert_eq!(codes(&decision), [expected]);
        gate.committed(commit);
    }
    // Rules that ask for no memory end the one that there was.
    let mut forgetful = World::new();
    let mut kept = gate.state().clone();
    for (seen_again, after, expected) in [(None, 60, "ok"), (Some(300), 80, "ok")] {
        forgetful.seen_again = seen_again;
        // Somebody else comes while there is no memory.
        forgetful.claims.status = vec![StatusReference::token(LIST, if seen_again.is_none() { 78 } else { 77 })];
        let (bundle, policy) = (forgetful.bundle(), forgetful.compiled());
        let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, kept);
        let (decision, commit) = forgetful.visit(&mut gate, after, |answer| answer, |challenge| challenge);
        assert_eq!(codes(&decision), [expected], "after {after} s");
        gate.committed(commit);
        kept = gate.state().clone();
    }
}

#[test]
fn the_memory_of_who_passed_stays_within_its_bound() {
    let mut world = World::new();
    world.seen_again = Some(SeenAgain::MAX);
    let (bundle, policy) = (world.bundle(), world.compiled());
    let mut state = world.state();
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, state.clone());
    let at = gate.observe(&world.reading(0));
    for n in 0..u128::try_from(SEEN_CAPACITY + 2).expect("small") {
        state.seen.remember_passed(Some(n.to_be_bytes()), SeenAgain::new(SeenAgain::MAX), &at);
    }
    let most = state.to_bytes();
    assert!(most.len() < 128 * 1024, "{}", most.len());
    let mut gate = Checkpoint::new(world.gate.clone(), &bundle, &policy, DeviceState::from_bytes(&most).expect("stored"));
    let (_, commit) = world.visit(&mut gate, 0, |answer| answer, |challenge| challenge);
    assert!(commit.state_bytes().len() < most.len() + 128, "one came and one went");
    gate.committed(commit);
    let again = world.visit(&mut gate, 20, |answer| answer, |challenge| challenge).0;
    assert_eq!(codes(&again), ["seen_recently"], "the newest is there");
}
