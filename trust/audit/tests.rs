use super::upload::flag_where;
use super::{Bad, BadNote, Chain, Draft, Entry, Event, FirstBad, FlagAnswer, Flagged, Head, Leaf, Outcome, Receipt, ReceiptError, Salts};
use super::{Note, Remark, StatusUsed, Upload, UploadError, verify};
use crate::reason::{Level, ReasonCode};
use crate::time::{Limits, Moment, Reading, TimeGuard, TimeState};
use alloc::{format, string::String, vec, vec::Vec};
use ed25519_dalek::Signer as _;
use proptest::prelude::*;
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};
use waypass_credential::{did, hex, json, time::Timestamp};

const AT: i64 = 1_795_532_400;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).expect("in range")
}

struct Key(ed25519_dalek::SigningKey, PublicKey);

impl Key {
    fn new(seed: u8) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::ed25519(key.verifying_key().as_bytes()).expect("a key");
        Self(key, public)
    }

    fn id(&self) -> String {
        did::to_did_key(&self.1)
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.0.sign(message).to_bytes().into())
    }
}

fn moment(after: u64) -> Moment {
    let wall = time(AT + i64::try_from(after).expect("small"));
    let reading = Reading { wall, boottime_ms: after * 1000, boot_id: [7; 16] };
    TimeGuard::observe(&TimeState::default(), &reading, &Limits::default()).0
}

fn append(chain: &mut Chain, after: u64, level: Level, index: u64) -> Entry {
    let at = moment(after);
    let reasons = if level == Level::Green { vec![ReasonCode::Ok] } else { vec![ReasonCode::Revoked] };
    let draft = Draft {
        at: &at,
        actor: "the gate",
        event: Event::Decided,
        subject: "did:key:somebody",
        outcome: Some(Outcome::new(level, reasons)),
        bundle_version: 3,
        status: Some(StatusUsed { uri: "https://issuer.example/list".into(), index, list_issued_at: Some(time(AT - 60)) }),
    };
    let salt = u8::try_from(after).expect("small");
    chain.append(draft, Salts::from_bytes(&[salt; 32]))
}

fn log(key: &Key, len: u64) -> (Chain, Vec<Entry>) {
    let mut chain = Chain::new(&key.id());
    let entries = (0..len).map(|n| append(&mut chain, n, if n % 2 == 0 { Level::Green } else { Level::Red }, n)).collect();
    (chain, entries)
}

fn leaves(entries: &[Entry]) -> Vec<Vec<u8>> {
    entries.iter().map(|entry| entry.leaf_bytes().to_vec()).collect()
}

fn check(device: &str, leaves: &[Vec<u8>]) -> Result<super::Summary, FirstBad> {
    verify(&Chain::new(device), leaves.iter().map(Vec::as_slice))
}

/// The encoding is final: these bytes may never change.
#[test]
fn the_encoding_is_the_published_one() {
    let leaf = Leaf {
        device: "did:key:z".into(),
        seq: 24,
        previous: [1; 32],
        boot_id: [2; 16],
        wall: time(1_000_000),
        boottime_ms: 500,
        confidence: crate::time::Confidence::Low,
        actor: [3; 32],
        event: Event::Decided,
        subject: [4; 32],
        outcome: Some(Outcome::new(Level::Amber, [ReasonCode::TwoPerson])),
        bundle_version: 7,
        about: None,
    };
    let expected = format!(
        "ad0001{}{}035820{}0450{}051a000f4240061901f40701085820{}0967{}0a5820{}0b820181{}0c07",
        format_args!("0169{}", hex::encode(b"did:key:z")),
        "021818",
        "01".repeat(32),
        "02".repeat(16),
        "03".repeat(32),
        hex::encode(b"decided"),
        "04".repeat(32),
        format_args!("6a{}", hex::encode(b"two_person")),
    );
    assert_eq!(hex::encode(&leaf.to_bytes()), expected);
    assert_eq!(Leaf::from_bytes(&leaf.to_bytes()), Ok(leaf));
}

#[test]
fn a_whole_log_verifies_and_is_counted() {
    let key = Key::new(1);
    let (chain, entries) = log(&key, 6);
    let summary = check(&key.id(), &leaves(&entries)).expect("whole");
    assert_eq!((summary.size, summary.head, summary.decided, summary.admitted), (6, chain.head(), 6, 3));
    assert_eq!(summary.span, Some((time(AT), time(AT + 5))));
    assert!(summary.ends_at(&chain).is_ok());
    // From any point on.
    let middle = Chain::resume(&key.id(), 3, Leaf::hash(entries[2].leaf_bytes()));
    assert!(verify(&middle, leaves(&entries[3..]).iter().map(Vec::as_slice)).expect("the rest").ends_at(&chain).is_ok());
}

#[test]
fn the_first_bad_record_is_named() {
    let key = Key::new(1);
    let (chain, entries) = log(&key, 6);
    let whole = leaves(&entries);
    let bad = |leaves: &[Vec<u8>]| check(&key.id(), leaves).expect_err("bad");

    for at in 0..5 {
        let mut missing = whole.clone();
        missing.remove(at);
        assert_eq!(bad(&missing), FirstBad { seq: at as u64, why: Bad::Position { found: at as u64 + 1 } });
        let mut swapped = whole.clone();
        swapped.swap(at, at + 1);
        assert_eq!(bad(&swapped), FirstBad { seq: at as u64, why: Bad::Position { found: at as u64 + 1 } });
        // Rewritten in place: the record itself is well formed, the one after it does not follow.
        let mut rewritten = whole.clone();
        let mut leaf = Leaf::from_bytes(&rewritten[at]).expect("a leaf");
        leaf.outcome = None;
        rewritten[at] = leaf.to_bytes();
        assert_eq!(bad(&rewritten), FirstBad { seq: at as u64 + 1, why: Bad::BrokenLink });
    }
    let mut doubled = whole.clone();
    doubled.insert(3, whole[2].clone());
    assert_eq!(bad(&doubled), FirstBad { seq: 3, why: Bad::Position { found: 2 } });
    assert_eq!(check("did:key:other", &whole), Err(FirstBad { seq: 0, why: Bad::WrongDevice }));
    for cut in 0..6 {
        let shorter = check(&key.id(), &whole[..cut]).expect("a chain cannot know that its end is missing");
        assert_eq!(shorter.ends_at(&chain), Err(FirstBad { seq: cut as u64, why: Bad::Ends { expected_size: 6 } }));
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let key = Key::new(1);
    let (chain, entries) = log(&key, 3);
    let whole = leaves(&entries);
    for (at, leaf) in whole.iter().enumerate() {
        for bit in 0..leaf.len() * 8 {
            let mut changed = whole.clone();
            changed[at][bit / 8] ^= 1 << (bit % 8);
            let first = check(&key.id(), &changed).and_then(|summary| summary.ends_at(&chain)).expect_err("noticed");
            assert!((at as u64..=at as u64 + 1).contains(&first.seq), "record {at} bit {bit}: {first}");
        }
    }
}

#[test]
fn openings_fit_their_leaf_and_can_be_forgotten() {
    let mut chain = Chain::new("did:key:gate");
    let mut entry = append(&mut chain, 1, Level::Green, 9);
    let stored = entry.to_bytes();
    assert_eq!(Entry::from_bytes(&stored).as_ref(), Ok(&entry));
    let text = String::from_utf8_lossy(entry.leaf_bytes()).into_owned();
    assert!(!text.contains("somebody") && !text.contains("issuer.example"), "no personal data in a leaf");
    for bit in 0..stored.len() * 8 {
        let mut changed = stored.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(Entry::from_bytes(&changed).as_ref(), Ok(&entry), "bit {bit}");
    }
    let leaf = entry.leaf_bytes().to_vec();
    entry.forget();
    let forgotten = Entry::from_bytes(&entry.to_bytes()).expect("still an entry");
    assert_eq!((forgotten.opening(), forgotten.leaf_bytes()), (None, &leaf[..]));
}

#[test]
fn equal_names_look_different_under_other_salts() {
    let (mut one, mut other) = (Chain::new("g"), Chain::new("g"));
    let (a, b) = (append(&mut one, 1, Level::Green, 0), append(&mut other, 2, Level::Green, 0));
    assert_ne!(a.leaf().expect("a").subject, b.leaf().expect("b").subject);
    assert_ne!(a.leaf().expect("a").subject, a.leaf().expect("a").actor);
}

/// As the first version's, with the position of another record: these bytes may never change either.
#[test]
fn a_record_about_another_has_version_2_and_one_encoding() {
    let mut chain = Chain::resume("did:key:z", 24, [1; 32]);
    let entry = say(&mut chain, 9, Event::Confirmed, 3, &note());
    let leaf = entry.leaf().expect("a leaf");
    assert_eq!((leaf.about, leaf.outcome.clone(), leaf.event.as_str()), (Some(3), None, "confirmed"));
    let encoded = hex::encode(entry.leaf_bytes());
    assert!(encoded.starts_with("ae0002") && encoded.ends_with("0bf60c030d03"), "{encoded}");
    assert_eq!(Leaf::from_bytes(entry.leaf_bytes()).expect("a leaf").to_bytes(), entry.leaf_bytes());
    // Nothing is about itself or about a later record, and version 1 has no such member.
    for about in [24, 25, u64::MAX] {
        assert!(Leaf::from_bytes(&Leaf { about: Some(about), ..leaf.clone() }.to_bytes()).is_err());
    }
    let mut first = entry.leaf_bytes().to_vec();
    first[2] = 1;
    assert!(Leaf::from_bytes(&first).is_err());
}

fn note() -> Note {
    Note::new(" Bea Guard", Some("Carl"), Some("the list was a day old")).expect("a note")
}

fn say(chain: &mut Chain, after: u64, event: Event, about: u64, note: &Note) -> Entry {
    let at = moment(after);
    let remark = Remark { at: &at, event, about, subject: "did:key:somebody", note: note.clone(), bundle_version: 3 };
    chain.append_about(remark, Salts::from_bytes(&[u8::try_from(after).expect("small"); 32]))
}

#[test]
fn what_a_person_says_is_private_and_bound_to_the_chain() {
    let mut chain = Chain::new("did:key:gate");
    append(&mut chain, 1, Level::Amber, 9);
    let mut entry = say(&mut chain, 2, Event::Confirmed, 0, &note());
    let text = String::from_utf8_lossy(entry.leaf_bytes()).into_owned();
    assert!(!text.contains("Bea") && !text.contains("Carl") && !text.contains("day old"));
    let stored = entry.to_bytes();
    assert_eq!(Entry::from_bytes(&stored).as_ref(), Ok(&entry));
    let opening = entry.opening().expect("not forgotten");
    assert_eq!((opening.actor.as_str(), opening.note.as_ref()), ("Bea Guard", Some(&note())));
    for bit in 0..stored.len() * 8 {
        let mut changed = stored.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(Entry::from_bytes(&changed).as_ref(), Ok(&entry), "bit {bit}");
    }
    // Another reason under the same leaf is refused: the leaf's hash covers all that was said.
    let at = stored.windows(7).position(|bytes| bytes == b"day old").expect("the reason");
    let mut other = stored;
    other[at] = b'D';
    assert!(Entry::from_bytes(&other).is_err());
    entry.forget();
    assert_eq!(Entry::from_bytes(&entry.to_bytes()).expect("still an entry").opening(), None);
}

#[test]
fn a_note_names_two_people_and_says_something() {
    let refused = |by: &str, second: Option<&str>, reason: Option<&str>| Note::new(by, second, reason).expect_err("refused");
    assert_eq!(refused("  ", None, None), BadNote::Empty { what: "the name" });
    assert_eq!(refused("Bea", Some(""), None), BadNote::Empty { what: "the second name" });
    assert_eq!(refused("Bea", None, Some(" ")), BadNote::Empty { what: "the reason" });
    assert_eq!(refused("Bea", Some(" bea "), None), BadNote::SamePerson);
    assert_eq!(refused("Bea", None, Some(&"x".repeat(1025))), BadNote::TooLong { what: "the reason", max: 1024 });
}

/// Amber is an admission only when a later record says so, and the first word about it counts.
#[test]
fn an_unconfirmed_amber_is_not_an_admission() {
    let mut chain = Chain::new("did:key:gate");
    let mut entries: Vec<Entry> = [Level::Green, Level::Amber, Level::Amber, Level::Amber, Level::Red]
        .into_iter()
        .zip(0..)
        .map(|(level, n)| append(&mut chain, n, level, n))
        .collect();
    let counts = |entries: &[Entry]| {
        let summary = check("did:key:gate", &leaves(entries)).expect("whole");
        (summary.decided, summary.admitted, summary.unconfirmed)
    };
    assert_eq!(counts(&entries), (5, 1, 3));
    let flagged = |entries: &[Entry]| flag_where(entries, &|_| true).iter().map(|flag| flag.seq).collect::<Vec<_>>();
    assert_eq!(flagged(&entries), [0]);
    entries.push(say(&mut chain, 10, Event::Confirmed, 1, &note()));
    assert_eq!(counts(&entries), (5, 2, 2));
    entries.push(say(&mut chain, 11, Event::TurnedAway, 2, &note()));
    assert_eq!(counts(&entries), (5, 2, 1));
    // Neither red nor what was settled becomes an admission, and looking at a flag changes nothing.
    for (event, about) in [(Event::Confirmed, 4), (Event::Confirmed, 2), (Event::Confirmed, 1), (Event::Acknowledged, 3)] {
        entries.push(say(&mut chain, 12, event, about, &note()));
    }
    assert_eq!(counts(&entries), (5, 2, 1));
    assert_eq!(flagged(&entries), [0, 1]);
    // A part of the log believes what it says about the part before it, once.
    let part =
        verify(&Chain::resume("did:key:gate", 5, Leaf::hash(entries[4].leaf_bytes())), leaves(&entries[5..]).iter().map(Vec::as_slice));
    assert_eq!(part.expect("a part").admitted, 2);
}

/// A server that holds the first `held` records of `entries`.
fn receive<'u>(upload: &'u Upload, key: &Key, entries: &[Entry], held: usize) -> Result<super::Accepted<'u>, UploadError> {
    let hash_at = |seq: u64| entries[..held].get(usize::try_from(seq).expect("small")).map(|entry| Leaf::hash(entry.leaf_bytes()));
    upload.verify(&key.1, held as u64, &hash_at, time(AT + 100))
}

#[test]
fn uploads_travel_repeat_and_are_checked() {
    let key = Key::new(1);
    let (chain, entries) = log(&key, 6);
    let flagged = vec![Flagged { seq: 2, uri: "u".into(), idx: 2, admitted_at: AT }];
    let upload = Upload::sign(&entries[2..], &chain, time(AT + 9), flagged.clone(), &key).expect("signed").to_bytes();
    let mut cut: serde_json::Value = serde_json::from_slice(&upload).expect("JSON");
    let upload = Upload::parse(&upload).expect("its own text");

    let accepted = receive(&upload, &key, &entries, 2).expect("continues");
    assert_eq!((accepted.first_new, accepted.new.len(), accepted.flagged), (2, 4, &flagged[..]));
    let again = receive(&upload, &key, &entries, 5).expect("a repetition");
    assert_eq!((again.first_new, again.new.len()), (5, 1));
    assert_eq!(receive(&upload, &key, &entries, 6).expect("all of it").new.len(), 0);
    assert_eq!(receive(&upload, &key, &entries, 1), Err(UploadError::Missing { held: 1, from: 2 }));
    assert_eq!(receive(&upload, &key, &entries, 0), Err(UploadError::Missing { held: 0, from: 2 }), "from where it is missing");

    // Another history is at those positions: the key was copied or the log rewritten.
    let (_, other) = {
        let mut chain = Chain::new(&key.id());
        let entries: Vec<Entry> = (0..6).map(|n| append(&mut chain, n + 20, Level::Red, n)).collect();
        (chain, entries)
    };
    assert_eq!(receive(&upload, &key, &other, 4), Err(UploadError::Fork { seq: 2 }));
    assert_eq!(receive(&upload, &key, &other, 2), Err(UploadError::Fork { seq: 2 }));

    assert_eq!(receive(&upload, &Key::new(2), &entries, 2), Err(UploadError::HeadProof));
    cut["leaves"].as_array_mut().expect("leaves").pop();
    let cut = Upload::parse(json::to_string(&cut).as_bytes()).expect("a shape");
    assert!(matches!(receive(&cut, &key, &entries, 2), Err(UploadError::Chain(FirstBad { seq: 5, why: Bad::Ends { .. } }))));
    let early = Upload::sign(&entries[2..], &chain, time(AT + 500), Vec::new(), &key).expect("signed");
    assert_eq!(receive(&early, &key, &entries, 2), Err(UploadError::HeadAhead));
    assert_eq!(Upload::sign(&entries, &chain, time(AT), Vec::new(), &Key::new(2)), Err(SignError));
    assert_eq!(
        Upload::sign(&entries, &Chain::new(&key.id()), time(AT), Vec::new(), &key),
        Err(SignError),
        "more records than the chain has"
    );
}

#[test]
fn no_flipped_bit_of_an_upload_is_taken() {
    let key = Key::new(1);
    let (chain, entries) = log(&key, 3);
    let bytes = Upload::sign(&entries, &chain, time(AT), Vec::new(), &key).expect("signed").to_bytes();
    let sent = Upload::parse(&bytes).expect("its own text");
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let Ok(upload) = Upload::parse(&changed) else { continue };
        assert_ne!(upload, sent, "bit {bit}");
        for held in 0..=3 {
            let refused = receive(&upload, &key, &entries, held);
            // Damage on the way is not evidence against the device.
            assert!(matches!(&refused, Err(why) if !matches!(why, UploadError::Fork { .. })), "bit {bit}, {held} held: {refused:?}");
        }
    }
}

#[test]
fn receipts_are_for_this_device_under_the_intake_key() {
    let (key, intake) = (Key::new(1), Key::new(9));
    let (chain, entries) = log(&key, 4);
    let flagged = vec![FlagAnswer { seq: 2, revoked_at: Some(AT - 5), already_revoked: true }];
    let receipt = Receipt { chain: chain.clone(), stored_at: time(AT + 50), flagged };
    let text = receipt.sign("did:key:intake#1", &intake).expect("signed");
    let hash_at = |seq: u64| entries.get(usize::try_from(seq).expect("small")).map(|entry| Leaf::hash(entry.leaf_bytes()));
    assert_eq!(Receipt::claimed_key_id(&text).as_deref(), Some("did:key:intake#1"));
    assert_eq!(Receipt::open(&text, &intake.1, &key.id(), &hash_at), Ok(receipt.clone()));
    assert_eq!(Receipt::open(&text, &key.1, &key.id(), &hash_at), Err(ReceiptError::InvalidProof));
    assert_eq!(Receipt::open(&text, &intake.1, "did:key:other", &hash_at), Err(ReceiptError::WrongDevice));
    assert_eq!(Receipt::open(&text, &intake.1, &key.id(), &|_| Some([0; 32])), Err(ReceiptError::NotOurs));
    let longer = Receipt { chain: Chain::resume(&key.id(), 5, [1; 32]), ..receipt };
    let longer = longer.sign("k", &intake).expect("signed");
    assert_eq!(Receipt::open(&longer, &intake.1, &key.id(), &hash_at), Err(ReceiptError::NotOurs));
}

#[test]
fn admissions_of_the_withdrawn_are_flagged() {
    let (_, entries) = log(&Key::new(1), 6);
    // 2 and 3 are revoked by now; 3 was not admitted.
    let revoked = |used: &StatusUsed| used.list_issued_at == Some(time(AT - 60)) && (used.index == 2 || used.index == 3);
    let flagged = flag_where(&entries, &revoked);
    assert_eq!(flagged, [Flagged { seq: 2, uri: "https://issuer.example/list".into(), idx: 2, admitted_at: AT + 2 }]);
    let mut forgotten = entries.clone();
    forgotten[2].forget();
    assert!(flag_where(&forgotten, &revoked).is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Entry::from_bytes(&bytes);
        let _ = Upload::parse(&bytes);
        let _ = Head::open(&String::from_utf8_lossy(&bytes));
        let _ = Receipt::open(&String::from_utf8_lossy(&bytes), &Key::new(1).1, "d", &|_| None);
        if let Ok(leaf) = Leaf::from_bytes(&bytes) {
            prop_assert_eq!(leaf.to_bytes(), bytes);
        }
    }
}
