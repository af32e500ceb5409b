use super::{CeremonyError, Paper, PaperPart, Quorum, Reading, RootKeys};
use crate::keys::{KeyRole, KeyUse, Keys};
use crate::office::Issuer;
use crate::publish::PublishError;
use crate::testing::crash::{Crash, Crashing};
use crate::testing::{Key, at, enrolment, reopened, seal, settings, store};
use proptest::prelude::*;
use std::path::Path;
use waypass_credential::key::Signer as _;
use waypass_trust::bundle::{BundleError, Root, TrustBundle};

/// Keys of the online machine: no root, no targets.
fn online() -> Keys<'static> {
    Keys::new()
        .with(KeyUse::Credential, Key::ed25519(1))
        .with(KeyUse::Status, Key::ed25519(3))
        .with(KeyUse::Intake, Key::ed25519(4))
        .with(KeyRole::Snapshot, Key::ed25519(7))
        .with(KeyRole::Timestamp, Key::ed25519(8))
}

fn quorum(numbers: &[u8], threshold: u32) -> Quorum {
    Quorum { keys: numbers.iter().map(|number| Key::ed25519(*number).public_key().clone()).collect(), threshold }
}

fn two_of_three(root: &[u8]) -> RootKeys {
    RootKeys { root: quorum(root, 2), targets: quorum(&[61, 62], 2), snapshot: quorum(&[7], 1), timestamp: quorum(&[8], 1) }
}

fn offline_issuer(dir: &Path) -> Issuer<'static> {
    Issuer::create(Box::new(store(dir)), seal(), settings(), online(), at(0)).expect("set up")
}

/// The steps on each key's machine: it gets bytes, shows what they say, and gives bytes back.
fn signed_by(paper: &Paper, numbers: &[u8]) -> Vec<Paper> {
    let elsewhere = |number: &u8| {
        let carried = Paper::parse(&paper.to_bytes()).expect("arrived");
        assert_eq!(carried.digest(), paper.digest());
        let signed = carried.sign(&Key::ed25519(*number)).expect("signed");
        Paper::parse(&signed.to_bytes()).expect("came back")
    };
    numbers.iter().map(elsewhere).collect()
}

#[test]
fn a_root_and_targets_signed_on_machines_of_their_own() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut issuer = offline_issuer(dir.path());
    assert_eq!(issuer.root(), Ok(None));
    let paper = issuer.prepare_root(&two_of_three(&[51, 52, 53]), at(0)).expect("prepared");
    assert!(matches!(paper.read(), Ok(Reading::Root(part)) if part.version == 1 && part.roles.root.threshold == 2));
    let one = issuer.assemble(&signed_by(&paper, &[51]), at(1));
    assert!(matches!(one, Err(CeremonyError::Refused(BundleError::Threshold { needed: 2, found: 1, .. }))), "{one:?}");
    let twice = issuer.assemble(&signed_by(&paper, &[51, 51]), at(1));
    assert!(matches!(twice, Err(CeremonyError::Refused(BundleError::Threshold { found: 1, .. }))), "{twice:?}");
    let stranger = issuer.assemble(&signed_by(&paper, &[51, 99]), at(1));
    assert!(matches!(stranger, Err(CeremonyError::Refused(BundleError::Threshold { found: 1, .. }))), "{stranger:?}");
    issuer.assemble(&signed_by(&paper, &[53, 51]), at(1)).expect("established");
    let root = issuer.root().expect("read").expect("there");
    assert_eq!((root.version, Ok(root.digest)), (1, paper.digest()));
    assert_eq!(issuer.assemble(&signed_by(&paper, &[53, 51]), at(1)), Err(CeremonyError::Version { expected: 2, found: 1 }));

    assert_eq!(issuer.publish(at(2)).map(drop), Err(PublishError::NoTargets));
    let targets = issuer.prepare_targets(at(2)).expect("prepared");
    assert!(issuer.assemble(&signed_by(&targets, &[61]), at(2)).is_err());
    issuer.assemble(&signed_by(&targets, &[61, 62]), at(2)).expect("assembled");
    let first = issuer.publish(at(3)).expect("published");
    assert!(!first.targets_due);

    // A new gate needs new targets: revocations go out meanwhile all the same.
    let (_, signed) = enrolment(30, at(4));
    let gate = issuer.enroll_gate(&signed, None, at(4)).expect("enrolled");
    let second = issuer.publish(at(5)).expect("published");
    assert!(second.targets_due && second.targets == first.targets && second.opened().gate(&gate.id).is_none());
    let older = targets;
    let targets = issuer.prepare_targets(at(6)).expect("prepared");
    issuer.assemble(&signed_by(&targets, &[61, 62]), at(6)).expect("assembled");
    let third = issuer.publish(at(7)).expect("published");
    assert!(!third.targets_due && third.opened().gate(&gate.id).is_some());
    assert!(matches!(issuer.assemble(&signed_by(&older, &[61, 62]), at(8)), Err(CeremonyError::Version { .. })));
}

const DAY: i64 = 86_400;

/// Officers sign once; the online keys renew the enrolments with each publication, and end one without them.
#[test]
fn online_keys_renew_what_officers_signed() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut issuer = offline_issuer(dir.path());
    let paper = issuer.prepare_root(&two_of_three(&[51, 52, 53]), at(0)).expect("prepared");
    issuer.assemble(&signed_by(&paper, &[51, 52]), at(0)).expect("established");
    let mut gates = Vec::new();
    for number in [30, 31] {
        let (_, signed) = enrolment(number, at(0));
        gates.push(issuer.enroll_gate(&signed, None, at(0)).expect("enrolled").id);
    }
    let targets = issuer.prepare_targets(at(0)).expect("prepared");
    issuer.assemble(&signed_by(&targets, &[61, 62]), at(0)).expect("assembled");
    let first = issuer.publish(at(1)).expect("published");
    let length = i64::try_from(first.opened().policy().longest_stale_seconds()).expect("small");
    let mut held = first.opened().clone();
    for day in [0, 6, 12, 18, 24, 30, 36, 42] {
        let published = issuer.publish(at(day * DAY + 2)).expect("published");
        assert!(!published.targets_due && published.targets == first.targets, "day {day}: no officer is needed");
        held.replace(published.opened().clone()).expect("taken");
        assert!(gates.iter().all(|id| held.gate(id).is_some_and(|gate| gate.not_after == at(day * DAY + 2 + length))), "day {day}");
    }
    // A device of 0.1.0 reads the targets alone.
    assert!(held.targets().gates.iter().all(|gate| gate.not_after == held.targets().expires_at));
    // Without the list of gates the enrolment is short, never long.
    let bare = TrustBundle::open(&held.to_bytes_with_lists(|_| false), held.root()).expect("opened");
    assert_eq!(bare.gate(&gates[0]).expect("there").not_after, at(43 * DAY + 2));

    issuer.revoke_gate(&gates[0], "stolen", at(42 * DAY + 3)).expect("ended");
    let ended = issuer.publish(at(42 * DAY + 3)).expect("published");
    assert!(ended.targets_due && ended.targets == first.targets, "officers have not signed yet");
    held.replace(ended.opened().clone()).expect("taken");
    assert!(held.gate(&gates[0]).is_none() && held.gate(&gates[1]).is_some(), "ended all the same");
    assert_eq!(held.gates().len(), 1);
}

#[test]
fn a_root_is_rotated_by_the_old_and_the_new_keys() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut issuer = offline_issuer(dir.path());
    let paper = issuer.prepare_root(&two_of_three(&[51, 52, 53]), at(0)).expect("prepared");
    issuer.assemble(&signed_by(&paper, &[51, 52]), at(0)).expect("established");
    let targets = issuer.prepare_targets(at(0)).expect("prepared");
    issuer.assemble(&signed_by(&targets, &[61, 62]), at(0)).expect("assembled");
    let first = issuer.publish(at(1)).expect("published");
    let pinned = Root::open(&issuer.root().expect("read").expect("there").bytes).expect("a root");
    let mut held = TrustBundle::open(&first.bundle, &pinned).expect("opened");

    let paper = issuer.prepare_root(&two_of_three(&[52, 54, 55]), at(2)).expect("prepared");
    // Two new ones but only one of the old; two old ones but only one of the new.
    assert!(issuer.assemble(&signed_by(&paper, &[52, 54]), at(2)).is_err());
    assert!(issuer.assemble(&signed_by(&paper, &[51, 52]), at(2)).is_err());
    issuer.assemble(&signed_by(&paper, &[51, 52, 54]), at(2)).expect("rotated");
    let second = issuer.publish(at(3)).expect("published");
    assert_eq!((second.root, second.roots.len()), (2, 2));
    held.replace(TrustBundle::open(&second.bundle, held.root()).expect("opened")).expect("followed");
    assert_eq!(held.root().version(), 2);
}

#[test]
fn a_root_with_other_signers_of_targets_comes_with_their_targets() {
    let (_dir, mut issuer) = crate::testing::issuer();
    issuer.publish(at(1)).expect("published");
    let keys = RootKeys { targets: quorum(&[61, 62], 2), ..issuer.own_root_keys().expect("all here") };
    assert_eq!(issuer.establish_root(&keys, at(2)), Err(CeremonyError::TargetsLeftBehind));

    let root = issuer.prepare_root(&keys, at(3)).expect("prepared");
    let own = issuer.keys.of(KeyRole::Root).next().expect("a root key");
    let root = root.sign(own).expect("signed");
    let targets = issuer.prepare_targets(at(3)).expect("prepared");
    let one = [vec![root.clone()], signed_by(&targets, &[61])].concat();
    assert!(matches!(issuer.assemble(&one, at(4)), Err(CeremonyError::Refused(BundleError::Threshold { needed: 2, found: 1, .. }))));
    // Nothing of it counted: the root before is in effect and publishes.
    assert_eq!(issuer.publish(at(5)).expect("published").root, 1);
    let both = [vec![root], signed_by(&targets, &[61, 62])].concat();
    issuer.assemble(&both, at(6)).expect("assembled");
    assert_eq!(issuer.publish(at(7)).expect("published").root, 2);
}

/// A root and the targets that its keys signed come into effect together, wherever the process dies.
#[test]
fn a_root_and_its_targets_take_effect_together_or_not_at_all() {
    let mut effects = [0, 0];
    for after in [false, true] {
        for step in 0..6 {
            let (dir, mut issuer) = crate::testing::issuer();
            issuer.publish(at(1)).expect("published");
            let keys = RootKeys { targets: quorum(&[61, 62], 2), ..issuer.own_root_keys().expect("all here") };
            let root = issuer.prepare_root(&keys, at(3)).expect("prepared");
            let root = root.sign(issuer.keys.of(KeyRole::Root).next().expect("a root key")).expect("signed");
            let targets = issuer.prepare_targets(at(3)).expect("prepared");
            let both = [vec![root], signed_by(&targets, &[61, 62])].concat();
            drop(issuer);
            let failing = Crashing::new(store(dir.path()), Crash::new(step, after));
            let mut dying = Issuer::open(Box::new(failing), seal(), crate::testing::keys()).expect("opened");
            let done = dying.assemble(&both, at(4)).is_ok();
            drop(dying);
            let mut issuer = reopened(dir.path());
            let version = issuer.targets().expect("read").expect("there").1.version;
            let is_new = issuer.root().expect("read").expect("there").version == 2;
            assert_eq!(version == 2, is_new, "step {step}, after {after}: one of the two is in effect");
            assert!(is_new || !done, "step {step}: it is not in effect");
            assert_eq!(issuer.publish(at(5)).expect("published").root, if is_new { 2 } else { 1 });
            // The same command says what is missing, or that nothing is.
            assert_eq!(issuer.assemble(&both, at(6)).is_ok(), !is_new);
            effects[usize::from(is_new)] += 1;
        }
    }
    assert!(effects.iter().all(|count| *count > 0), "{effects:?}");
}

#[test]
fn keys_that_could_never_sign_are_refused_before_anybody_signs() {
    let dir = tempfile::tempdir().expect("a folder");
    let issuer = offline_issuer(dir.path());
    let good = two_of_three(&[51, 52, 53]);
    for keys in [
        RootKeys { root: quorum(&[51, 52], 3), ..good.clone() },
        RootKeys { root: quorum(&[51], 0), ..good.clone() },
        RootKeys { root: quorum(&[51, 51], 1), ..good.clone() },
        RootKeys { root: quorum(&[51, 61], 1), ..good },
    ] {
        let refused = issuer.prepare_root(&keys, at(0));
        assert!(matches!(refused, Err(CeremonyError::Refused(BundleError::Rule { .. }))), "{refused:?}");
    }
}

#[test]
fn all_keys_in_one_place_take_one_step() {
    let (_dir, mut issuer) = crate::testing::issuer();
    let keys = issuer.own_root_keys().expect("all here");
    assert_eq!(issuer.root().expect("read").expect("there").version, 1);
    assert_eq!(issuer.establish_root(&keys, at(10)).expect("rotated").version, 2);
    assert_eq!(issuer.publish(at(11)).expect("published").root, 2);
}

#[test]
fn papers_of_different_contents_are_not_joined() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut issuer = offline_issuer(dir.path());
    let one = issuer.prepare_root(&two_of_three(&[51, 52, 53]), at(0)).expect("prepared");
    let other = issuer.prepare_root(&two_of_three(&[51, 52, 53]), at(1)).expect("prepared");
    let mixed = [signed_by(&one, &[51]), signed_by(&other, &[52])].concat();
    assert_eq!(issuer.assemble(&mixed, at(2)), Err(CeremonyError::DifferentPayloads));
    assert_eq!(issuer.assemble(&[], at(2)), Err(CeremonyError::NotAPaper));
    // Called by another name, so that a signature for targets would count for a root.
    let renamed = Paper { part: PaperPart::Targets, ..one };
    assert_eq!(Paper::parse(&renamed.to_bytes()), Err(CeremonyError::NotAPaper));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        prop_assert!(Paper::parse(&bytes).is_err());
    }
}

/// With the keys in one place a key of the root is replaced in one step; devices that have the old root follow.
#[test]
fn each_key_of_the_root_is_replaced_where_the_keys_are_here() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut issuer = Issuer::create(Box::new(store(dir.path())), seal(), settings(), crate::testing::keys(), at(0)).expect("set up");
    let mut held = issuer.publish(at(1)).expect("published").opened().clone();
    drop(issuer);
    let new: Vec<(KeyRole, u8)> = vec![(KeyRole::Root, 71), (KeyRole::Targets, 72), (KeyRole::Snapshot, 73), (KeyRole::Timestamp, 74)];
    let keys = || new.iter().fold(crate::testing::keys(), |keys, (role, number)| keys.with(*role, Key::ed25519(*number)));
    for (step, (role, number)) in (1..).zip(&new) {
        let mut issuer = Issuer::open(Box::new(store(dir.path())), seal(), keys()).expect("opened");
        let of = |issuer: &Issuer<'_>| issuer.root_keys().expect("read").into_iter().find(|(held, _)| held == role).expect("a key").1;
        let (old, new) = (of(&issuer), Key::ed25519(*number).public_key().clone());
        let root = issuer.replace_root_key(&old, &new, at(step * 10)).expect("replaced");
        assert_eq!((root.version, of(&issuer)), (u64::try_from(step).expect("small") + 1, new));
        let published = issuer.publish(at(step * 10 + 1)).expect("published");
        held.replace(TrustBundle::open(&published.bundle, held.root()).expect("signed as the old root demands")).expect("newer");
    }
}

#[test]
fn a_key_of_officers_is_not_replaced_without_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut issuer = offline_issuer(dir.path());
    let paper = issuer.prepare_root(&two_of_three(&[51, 52, 53]), at(0)).expect("prepared");
    issuer.assemble(&signed_by(&paper, &[53, 51]), at(1)).expect("established");
    let replaced = issuer.replace_root_key(Key::ed25519(8).public_key(), Key::ed25519(74).public_key(), at(2));
    assert!(matches!(replaced, Err(CeremonyError::Refused(BundleError::Threshold { .. }))), "{replaced:?}");
    assert_eq!(issuer.root().expect("read").expect("there").version, 1);
}
