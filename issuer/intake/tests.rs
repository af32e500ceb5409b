use super::IntakeError;
use crate::office::Issuer;
use crate::revoke::{Cause, Grounds};
use crate::testing::{Key, Log, TestRng, at, enrolment, issuer, order, reopened};
use proptest::prelude::*;
use waypass_credential::did;
use waypass_credential::key::Signer as _;
use waypass_trust::audit::{Flagged, Receipt};

fn enrolled() -> (tempfile::TempDir, Issuer<'static>, Log) {
    let (dir, mut issuer) = issuer();
    let (key, signed) = enrolment(30, at(0));
    issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
    (dir, issuer, Log::new(key))
}

fn open(receipt: &str, log: &Log) -> Receipt {
    let hash_at = |seq: u64| {
        let entry = log.entries.get(usize::try_from(seq).ok()?)?;
        Some(waypass_trust::audit::Leaf::hash(entry.leaf_bytes()))
    };
    let device = did::to_did_key(log.gate.public_key());
    Receipt::open(receipt, Key::ed25519(4).public_key(), &device, &hash_at).expect("a receipt of ours")
}

#[test]
fn a_log_arrives_in_pieces_and_twice() {
    let (dir, mut issuer, mut log) = enrolled();
    for i in 0..5 {
        log.append("somebody", at(i));
    }
    let first = log.upload(0, at(10), vec![]);
    let receipt = open(&issuer.intake(&first, at(11)).expect("taken"), &log);
    assert_eq!((receipt.chain.size(), receipt.stored_at), (5, at(11)));
    // The receipt got lost: the same upload again, in another process.
    let mut issuer = {
        drop(issuer);
        reopened(dir.path())
    };
    let again = open(&issuer.intake(&first, at(12)).expect("taken"), &log);
    assert_eq!(again.chain, receipt.chain);
    for i in 5..8 {
        log.append("somebody", at(i));
    }
    // Beginning inside what is held, and exactly after it.
    let overlap = open(&issuer.intake(&log.upload(3, at(20), vec![]), at(21)).expect("taken"), &log);
    assert_eq!(overlap.chain.size(), 8);
    log.append("somebody", at(9));
    issuer.intake(&log.upload(8, at(22), vec![]), at(22)).expect("taken");
    let device = did::to_did_key(log.gate.public_key());
    assert_eq!(issuer.received(&device), Ok(9));
    let stored: Vec<Vec<u8>> = issuer.store.leaves(&device, 0, 100).expect("read").into_iter().map(|row| row.leaf).collect();
    let sent: Vec<Vec<u8>> = log.entries.iter().map(|entry| entry.leaf_bytes().to_vec()).collect();
    assert_eq!(stored, sent);
}

#[test]
fn a_gap_names_what_comes_next() {
    let (_dir, mut issuer, mut log) = enrolled();
    for i in 0..6 {
        log.append("somebody", at(i));
    }
    assert_eq!(issuer.intake(&log.upload(2, at(10), vec![]), at(10)), Err(IntakeError::Gap { expected: 0 }));
}

#[test]
fn two_histories_of_one_device_are_a_fork_and_it_is_remembered() {
    let (_dir, mut issuer, mut log) = enrolled();
    let mut clone = Log::new(log.gate.clone());
    for i in 0..3 {
        log.append("somebody", at(i));
        clone.append("somebody", at(i));
    }
    issuer.intake(&log.upload(0, at(10), vec![]), at(10)).expect("taken");
    clone.append("somebody else", at(4));
    log.append("somebody", at(4));
    issuer.intake(&log.upload(3, at(11), vec![]), at(11)).expect("taken");
    let forked = Err(IntakeError::Fork { seq: 3 });
    assert_eq!(issuer.intake(&clone.upload(3, at(12), vec![]), at(12)), forked);
    // Nothing is taken from it any more, not even what fits.
    log.append("somebody", at(5));
    assert_eq!(issuer.intake(&log.upload(4, at(13), vec![]), at(13)), forked);
    assert_eq!(issuer.received(&did::to_did_key(log.gate.public_key())), Ok(4));
}

#[test]
fn strangers_and_former_gates_send_nothing() {
    let (_dir, mut issuer, mut log) = enrolled();
    log.append("somebody", at(0));
    let mut stranger = Log::new(Key::ed25519(77));
    stranger.append("somebody", at(0));
    assert_eq!(issuer.intake(&stranger.upload(0, at(1), vec![]), at(1)), Err(IntakeError::NotEnrolled));
    let id = did::to_did_key(log.gate.public_key());
    issuer.revoke_gate(&id, "stolen", at(2)).expect("ended");
    assert_eq!(issuer.intake(&log.upload(0, at(3), vec![]), at(3)), Err(IntakeError::NotEnrolled));
}

#[test]
fn an_admission_after_the_revocation_is_told_from_one_before() {
    let (_dir, mut issuer, mut log) = enrolled();
    let mut rng = TestRng::new(1);
    let mut issue = || issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut rng).expect("issued").record;
    let (revoked, suspended, valid) = (issue(), issue(), issue());
    let grounds = Grounds { cause: Cause::Lost, note: String::new(), operator: "ines".into() };
    issuer.revoke(&revoked.id, &grounds, at(100)).expect("revoked");
    issuer.suspend(&suspended.id, &grounds, at(100)).expect("suspended");
    for i in 0..6 {
        log.append("somebody", at(90 + i));
    }
    let uri = "http://127.0.0.1:8240/t1/lists/1";
    let flag = |seq, uri: &str, index: u64, admitted| Flagged { seq, uri: uri.into(), idx: index, admitted_at: at(admitted).unix() };
    let flags = vec![
        flag(0, uri, revoked.index.into(), 99),
        flag(1, uri, revoked.index.into(), 100),
        flag(2, uri, suspended.index.into(), 120),
        flag(3, "http://elsewhere/lists/1", revoked.index.into(), 120),
        flag(4, uri, u64::MAX, 120),
        flag(5, uri, valid.index.into(), 120),
    ];
    let receipt = open(&issuer.intake(&log.upload(0, at(130), flags), at(130)).expect("taken"), &log);
    let answers: Vec<_> = receipt.flagged.iter().map(|answer| (answer.seq, answer.revoked_at, answer.already_revoked)).collect();
    let revoked_at = Some(at(100).unix());
    assert_eq!(answers[..2], [(0, revoked_at, false), (1, revoked_at, true)]);
    assert_eq!(answers[2..], [2, 3, 4, 5].map(|seq| (seq, None, false)), "nobody revoked those");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        let (_dir, mut issuer, _) = enrolled();
        prop_assert!(matches!(issuer.intake(&bytes, at(0)), Err(IntakeError::Invalid(_))));
    }

    #[test]
    fn an_altered_upload_is_refused(place: prop::sample::Index, bit in 0..7_u8) {
        let (_dir, mut issuer, mut log) = enrolled();
        log.append("somebody", at(0));
        log.append("somebody", at(1));
        let upload = log.upload(0, at(2), vec![]);
        let mut altered = upload.clone();
        let place = place.index(altered.len());
        altered[place] ^= 1 << bit;
        // White space and the flags, which the device answers for at its own receipt, are not part of the chain.
        if let Ok(receipt) = issuer.intake(&altered, at(3)) {
            prop_assert_eq!(open(&receipt, &log).chain.size(), 2);
            prop_assert!(altered[place].is_ascii_whitespace() || upload[place].is_ascii_whitespace());
        }
    }
}
