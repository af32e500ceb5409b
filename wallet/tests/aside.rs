//! A pick-up is on the disk before anything is decided about it.

use super::site::{Key, Site, holder, moment, noon, open};
use crate::{Filter, HoldError, Kept, WalletError};
use waypass_credential::Format;
use waypass_machine::SystemRng;
use waypass_trust::reason::ReasonCode;
use waypass_vault::{Factors, KdfCost, Password, RecoveryCode};

const FROM: &str = "https://issuer.example";

#[test]
fn what_is_received_stays_until_it_is_taken_in() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (mut site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    // The issuer is one that the bundle does not know yet.
    let known = std::mem::replace(&mut site.issuer, Key::new(99));
    let bytes = site.issue(Format::SdJwtVc, &key, |_| {});
    let newer = site.bundle();
    site.issuer = known;
    let older = site.bundle();

    let room = wallet.make_room(FROM, b"begun", &at, &mut SystemRng).expect("room");
    let ids = wallet.receive(room, std::slice::from_ref(&bytes), b"offer", &at).expect("kept");
    // As after a kill before anything was decided.
    drop(wallet);
    let wallet = open(dir.path());
    let [kept] = &wallet.aside().expect("a list")[..] else { panic!("one is kept") };
    assert_eq!((kept.id, kept.from.as_str(), kept.since, kept.kept), (ids[0], FROM, noon(), Kept::Credential));
    assert_eq!(wallet.list(Filter::All, Some(&older), &at).expect("a list").cards.len(), 0);
    assert!(matches!(wallet.take_in(ids[0], None, &at, &mut SystemRng), Err(HoldError::NoBundle)));
    let refused = wallet.take_in(ids[0], Some(&older), &at, &mut SystemRng);
    assert!(matches!(refused, Err(HoldError::Refused(why)) if why.reasons[0].code == ReasonCode::UntrustedIssuer));
    assert_eq!(wallet.aside().expect("a list").len(), 1, "a refusal loses nothing");
    let held = wallet.take_in(ids[0], Some(&newer), &at, &mut SystemRng).expect("held");
    assert_eq!((held.id, held.already), (ids[0], false));
    assert_eq!(wallet.export(held.id).expect("there"), bytes);
    assert_eq!(wallet.aside().expect("a list"), []);
    assert!(matches!(wallet.take_in(ids[0], Some(&newer), &at, &mut SystemRng), Err(HoldError::Wallet(WalletError::NotHeld))));

    // It comes once more by another way, while a copy of it is aside.
    let room = wallet.make_room(FROM, b"begun", &at, &mut SystemRng).expect("room");
    wallet.receive(room, std::slice::from_ref(&bytes), b"offer", &at).expect("kept");
    assert!(wallet.hold(&bytes, Some(&newer), &at, &mut SystemRng).expect("held").already);
    assert_eq!(wallet.aside().expect("a list"), []);
}

#[test]
fn what_cannot_even_be_read_is_kept_too() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = moment(noon());
    let (wallet, _) = holder(dir.path());
    let room = wallet.make_room(FROM, b"begun", &at, &mut SystemRng).expect("room");
    let ids = wallet.receive(room, &[b"no credential".to_vec(), b"nor this".to_vec()], b"offer", &at).expect("kept");
    assert!(matches!(wallet.take_in(ids[1], None, &at, &mut SystemRng), Err(HoldError::Malformed(_))));
    assert_eq!(wallet.aside().expect("a list").len(), 2);
    let beginning = ids[0].to_string();
    assert_eq!(wallet.find_aside(&beginning[..8]).expect("found").id, ids[0]);
    wallet.discard(ids[0]).expect("removed");
    assert!(matches!(wallet.discard(ids[0]), Err(WalletError::NotHeld)));
    assert!(matches!(wallet.find_aside(&beginning), Err(WalletError::NotHeld)));
    assert_eq!(wallet.aside().expect("a list").iter().map(|aside| aside.id).collect::<Vec<_>>(), ids[1..]);
}

/// A kill between spending the code and the answer: what can still be said is said.
#[test]
fn a_pick_up_that_was_cut_off_is_remembered() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = moment(noon());
    let (wallet, _) = holder(dir.path());
    let room = wallet.make_room(FROM, b"begun", &at, &mut SystemRng).expect("room");
    drop(wallet);
    let wallet = open(dir.path());
    let [cut_off] = &wallet.aside().expect("a list")[..] else { panic!("one is noted") };
    assert_eq!((cut_off.from.as_str(), cut_off.kept), (FROM, Kept::Unfinished));
    let [unfinished] = &wallet.unfinished().expect("a list")[..] else { panic!("one goes on") };
    assert_eq!(unfinished.progress.as_slice(), b"begun");
    wallet.note(&unfinished.awaited, b"redeemed").expect("noted");
    drop(wallet);
    let wallet = open(dir.path());
    let [unfinished] = &wallet.unfinished().expect("a list")[..] else { panic!("one goes on") };
    assert_eq!(unfinished.progress.as_slice(), b"redeemed");
    assert_eq!(wallet.aside().expect("a list"), std::slice::from_ref(cut_off));
    assert!(matches!(wallet.take_in(cut_off.id, None, &at, &mut SystemRng), Err(HoldError::Wallet(WalletError::NotHeld))));
    wallet.give_back(&room).expect("given back");
    assert_eq!(wallet.aside().expect("a list"), []);
    assert!(matches!(wallet.note(&room, b"late"), Err(WalletError::NotHeld)), "given up meanwhile");
}

/// Its keys are on this device alone.
#[test]
fn no_backup_has_what_is_kept_aside() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = moment(noon());
    let (wallet, _) = holder(dir.path());
    let room = wallet.make_room(FROM, b"begun", &at, &mut SystemRng).expect("room");
    wallet.receive(room, &[b"no credential".to_vec()], b"offer", &at).expect("kept");
    let (code, phrase) = (RecoveryCode::generate(&mut SystemRng), Password::new("a pass phrase of its own"));
    let file = wallet.backup(&Factors::one(&code).and(&phrase), KdfCost::Floor).expect("made");
    let other = tempfile::tempdir().expect("temporary folder");
    let (wallet, _) = holder(other.path());
    let restored = wallet.restore(&file, &Factors::one(&code).and(&phrase), &at, &mut SystemRng).expect("restored");
    assert_eq!((restored.credentials, wallet.aside().expect("a list")), (0, Vec::new()));
}
