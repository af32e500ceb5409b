use super::EntryError;
use crate::issue::{Format, IssueError, Issued, Order};
use crate::office::Issuer;
use crate::publish::Publication;
use crate::revoke::{Cause, Change, Grounds};
use crate::settings::Settings;
use crate::store::State;
use crate::testing::{Key, Log, TestRng, at, enrolment, issuer, keys, moment, order, reopened, seal, settings, store};
use std::collections::BTreeSet;
use waypass_credential::Credential;
use waypass_credential::did;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::Signer as _;
use waypass_credential::role::{Mechanism, StatusPurpose, credential_status};
use waypass_trust::assess::assess;
use waypass_trust::audit::{Flagged, Receipt};
use waypass_trust::bundle::ListKind;
use waypass_trust::reason::ReasonCode;
use waypass_trust::status::Status;
use waypass_trust::status::bitstring::{BitstringList, MIN_ENTRIES, VerifiedBitstring};

const BASE: &str = "http://127.0.0.1:8240/t1/lists/";

fn on_bitstrings(format: Format) -> Order {
    Order { format, status: Some(ListKind::Bitstring), ..order() }
}

fn with_messages() -> (tempfile::TempDir, Issuer<'static>) {
    let dir = tempfile::tempdir().expect("a folder");
    let messages = ["nothing", "ask at the desk", "to be renewed", "moved"].map(String::from).to_vec();
    let settings = Settings { status: ListKind::Bitstring, status_messages: messages, ..settings() };
    let issuer = Issuer::create(Box::new(store(dir.path())), seal(), settings, keys(), at(0)).expect("set up");
    (dir, issuer)
}

fn grounds() -> Grounds {
    Grounds { cause: Cause::Lost, note: String::new(), operator: "ines".into() }
}

/// The list with this number as it was published, verified with the status key alone.
fn published_list(published: &Publication, number: u32) -> VerifiedBitstring {
    let uri = format!("{BASE}{number}");
    let (_, text) = published.lists.iter().find(|(found, _)| *found == uri).expect("published");
    BitstringList::verify(text, Key::ed25519(3).public_key(), 1 << 20).expect("a list of ours")
}

/// Returns what a gate that holds `published` thinks of the credential.
fn judged(issued: &Issued, published: &Publication) -> Result<Status, Vec<ReasonCode>> {
    let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("readable");
    match assess(&credential, published.opened(), &moment(published.published_at.plus(5))) {
        Ok(assessment) => Ok(assessment.status()),
        Err(refused) => Err(refused.reasons.into_iter().map(|reason| reason.code).collect()),
    }
}

/// Every change of a credential's state reaches a gate through the lists of its purposes, in every format that has a place for
/// them.
#[test]
fn states_are_told_by_the_list_of_their_purpose() {
    for format in Format::ALL.into_iter().filter(|format| format.is_vcdm()) {
        let (_dir, mut issuer) = issuer();
        let holder = Key::ed25519(9);
        let issued = issuer.issue(&on_bitstrings(format), holder.public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
        assert!(!issuer.is_announced(issued.record.list).expect("read"), "before it is published nobody can know the list");
        let first = issuer.publish(at(10)).expect("published");
        assert!(issuer.is_announced(issued.record.list).expect("read"));
        let entries = issuer.store.entries(&issued.record.id).expect("read");
        let [revocation, suspension] = <[_; 2]>::try_from(entries).expect("two entries");
        assert_eq!((issued.record.list, issued.record.index), (revocation.list, revocation.index));

        let mut change = |change: Change, second: i64| {
            let event = issuer.change(&issued.record.id, change, &grounds(), at(second)).expect("changed");
            let published = issuer.publish(at(second + 1)).expect("published");
            let bits = [revocation, suspension].map(|entry| published_list(&published, entry.list).get(entry.index.into()));
            (event.to, judged(&issued, &published), bits)
        };
        assert_eq!(judged(&issued, &first), Ok(Status::Valid), "{format}");
        let suspended = (State::Suspended, Err(vec![ReasonCode::Suspended]), [Some(0), Some(1)]);
        assert_eq!(change(Change::Suspend, 20), suspended, "{format}");
        assert_eq!(change(Change::Reinstate, 30), (State::Valid, Ok(Status::Valid), [Some(0), Some(0)]), "{format}");
        assert_eq!(change(Change::Suspend, 40), suspended, "{format}");
        let revoked = (State::Revoked, Err(vec![ReasonCode::Revoked]), [Some(1), Some(0)]);
        assert_eq!(change(Change::Revoke, 50), revoked, "{format}");
    }
}

#[test]
fn a_published_list_says_what_the_standard_asks_for() {
    let (_dir, mut issuer) = with_messages();
    let holder = Key::ed25519(9);
    let issued = issuer.issue(&on_bitstrings(Format::VcJwt), holder.public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
    let published = issuer.publish(at(10)).expect("published");
    let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("readable");
    let read = credential.untrusted().expect("a role");
    let entries = read.claims.member("credentialStatus").and_then(|entries| entries.as_array()).expect("several");
    let purposes = ["revocation", "suspension", "message"];
    assert_eq!(entries.len(), purposes.len());
    let lists = issuer.store.lists().expect("read");
    for (entry, purpose) in entries.iter().zip(purposes) {
        let text = |name: &str| entry.member(name).and_then(|value| value.as_str()).expect("a text");
        assert_eq!((text("type"), text("statusPurpose")), ("BitstringStatusListEntry", purpose));
        let uri = text("statusListCredential");
        let list = lists.iter().find(|list| format!("{BASE}{}", list.id) == uri).expect("one of ours");
        assert!(issuer.store.is_taken(list.id, text("statusListIndex").parse().expect("digits")).expect("read"));
        let VerifiedBitstring { list: said, .. } = &published_list(&published, list.id);
        assert_eq!((said.uri.as_str(), said.issuer.as_str()), (uri, did::to_did_key(Key::ed25519(3).public_key()).as_str()));
        assert_eq!((said.purposes[0].as_str(), said.purposes.len()), (purpose, 1));
        assert_eq!((said.issued_at, said.ttl_milliseconds), (at(10), Some(900_000)));
        let longest = i64::try_from(published.opened().policy().longest_stale_seconds()).expect("small");
        assert!(said.expires_at.expect("an end").since(said.issued_at) >= longest);
        // However small the settings want it.
        assert_eq!(u64::from(list.capacity), MIN_ENTRIES);
    }
    // The token list is there too, for the formats that have no place for bitstrings.
    let plain = issuer.issue(&order(), holder.public_key(), "ines", at(20), &mut TestRng::new(2)).expect("issued");
    assert_eq!(lists[plain.record.list as usize - 1].mechanism, Mechanism::TokenList);
    let refused = issuer.issue(&on_bitstrings(Format::SdJwtVc), holder.public_key(), "ines", at(20), &mut TestRng::new(2)).map(drop);
    assert_eq!(refused, Err(IssueError::StatusFormat(Format::SdJwtVc)));
    // If nobody asks, the settings decide; if somebody does, the order.
    let data_integrity = Order { format: Format::DataIntegrity, ..order() };
    let by_settings = issuer.issue(&data_integrity, holder.public_key(), "ines", at(20), &mut TestRng::new(3)).expect("issued");
    assert_ne!(lists[by_settings.record.list as usize - 1].mechanism, Mechanism::TokenList);
    let asked = Order { status: Some(ListKind::Token), ..data_integrity };
    let by_order = issuer.issue(&asked, holder.public_key(), "ines", at(20), &mut TestRng::new(4)).expect("issued");
    assert_eq!(lists[by_order.record.list as usize - 1].mechanism, Mechanism::TokenList);
}

#[test]
fn a_message_reaches_the_gate_as_its_number() {
    let (_dir, mut issuer) = with_messages();
    let order = on_bitstrings(Format::DataIntegrity);
    let issued = issuer.issue(&order, Key::ed25519(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
    let id = issued.record.id.as_str();
    assert_eq!(judged(&issued, &issuer.publish(at(10)).expect("published")), Ok(Status::Valid));
    let event = issuer.set_message(id, 2, "ines", at(11)).expect("set");
    assert_eq!((event.to, event.cause.as_str(), event.note.as_str()), (State::Valid, "message", "to be renewed"));
    let published = issuer.publish(at(12)).expect("published");
    let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("readable");
    let assessment = assess(&credential, published.opened(), &moment(at(20))).expect("genuine");
    assert!(matches!(assessment.status(), Status::Unknown(_)), "what only the issuer understands is not in force");
    issuer.set_message(id, 0, "ines", at(13)).expect("taken back");
    assert_eq!(judged(&issued, &issuer.publish(at(14)).expect("published")), Ok(Status::Valid));
    assert!(issuer.set_message(id, 4, "ines", at(15)).is_err(), "four messages have the numbers 0 to 3");
    assert_eq!(issuer.history(id).expect("read").len(), 3);
    // The list keeps its messages, whatever the settings name for lists to come.
    let others = Settings { status_messages: vec!["a".into(), "b".into()], ..issuer.settings().clone() };
    issuer.change_settings(others, "ines", at(15)).expect("changed");
    assert_eq!(issuer.set_message(id, 3, "ines", at(16)).expect("set").note, "moved");
}

#[test]
fn indices_are_random_and_given_once() {
    let (dir, mut issuer) = issuer();
    let mut rng = TestRng::new(3);
    let mut drawn = Vec::new();
    for i in 0..60 {
        if i % 20 == 0 {
            issuer = reopened(dir.path());
        }
        let purposes = [StatusPurpose::Revocation, StatusPurpose::Suspension];
        drawn.extend(issuer.allocate_status(&purposes, &mut rng).expect("allocated").into_iter().map(|entry| (entry.uri, entry.index)));
        let record =
            issuer.issue(&on_bitstrings(Format::VcJwt), Key::ed25519(9).public_key(), "ines", at(i), &mut rng).expect("issued").record;
        let entries = issuer.store.entries(&record.id).expect("read");
        drawn.extend(entries.into_iter().map(|entry| (format!("{BASE}{}", entry.list), entry.index.into())));
    }
    assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 240, "an index was given twice");
    assert_eq!(drawn.iter().map(|(uri, _)| uri).collect::<BTreeSet<_>>().len(), 2);
    let in_order = drawn.windows(2).filter(|pair| pair[1].1 == pair[0].1 + 1).count();
    assert!(in_order < 4, "indices tell the order of issuing: {drawn:?}");
    assert!(drawn.iter().any(|(_, index)| *index > MIN_ENTRIES / 2));
}

#[test]
fn documents_have_entries_without_being_on_record() {
    let (_dir, mut issuer) = with_messages();
    let mut rng = TestRng::new(7);
    let purposes = [StatusPurpose::Revocation, StatusPurpose::Message];
    let allocated = issuer.allocate_status(&purposes, &mut rng).expect("allocated");
    let [revocation, message] = allocated.as_slice() else { panic!("two entries") };
    let json = credential_status(&allocated).expect("entries").expect("not none");
    let json = waypass_credential::json::to_string(&json);
    assert!(json.contains(&format!(r#""statusListIndex":"{}""#, revocation.index)) && json.contains(r#""statusSize":2"#), "{json}");
    let number = issuer.list_number(&revocation.uri).expect("ours");
    let bit = |issuer: &Issuer<'_>, second: i64| {
        let text = issuer.status_list(number, at(second)).expect("signed").expect("there");
        assert!(text.starts_with('{') && text.contains(r#""encodedList":"u"#), "{text}");
        let list = BitstringList::verify(&text, Key::ed25519(3).public_key(), 1 << 20).expect("a list");
        assert_eq!((list.list.uri.as_str(), list.list.issued_at), (revocation.uri.as_str(), at(second)));
        list.get(revocation.index)
    };
    assert_eq!(bit(&issuer, 1), Some(0));
    issuer.set_status(revocation, 1).expect("set");
    assert_eq!(bit(&issuer, 2), Some(1));
    assert_eq!(issuer.set_status(revocation, 0), Err(EntryError::NotOurs), "a revocation was taken back");
    assert_eq!(issuer.set_status(revocation, 2), Err(EntryError::Value));
    issuer.set_status(message, 3).expect("set");
    let elsewhere = waypass_credential::role::StatusReference { uri: "https://elsewhere.example/lists/2".into(), ..revocation.clone() };
    assert_eq!(issuer.set_status(&elsewhere, 1), Err(EntryError::NotOurs));
    assert_eq!(issuer.status_list(99, at(3)).expect("read"), None);
    let (_dir, mut without) = self::issuer();
    assert_eq!(without.allocate_status(&purposes, &mut rng), Err(EntryError::NoMessages));
}

/// A gate that admitted somebody after the revocation is told so, for entries of bitstrings as for those of token lists.
#[test]
fn late_admissions_are_flagged() {
    let (_dir, mut issuer) = issuer();
    let (gate, signed) = enrolment(30, at(0));
    issuer.enroll_gate(&signed, None, at(0)).expect("enrolled");
    let issued = issuer
        .issue(&on_bitstrings(Format::DataIntegrity), Key::ed25519(9).public_key(), "ines", at(0), &mut TestRng::new(1))
        .expect("issued");
    issuer.revoke(&issued.record.id, &grounds(), at(5)).expect("revoked");
    let mut log = Log::new(gate);
    log.append("somebody", at(10));
    let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("readable");
    let role = credential.untrusted().expect("a role").role;
    // A gate opens the entry of its record that can revoke.
    let reference = role.status.iter().find(|entry| entry.can_revoke()).expect("one that revokes");
    let flag = Flagged { seq: 0, uri: reference.uri.clone(), idx: reference.index, admitted_at: at(10).unix() };
    let receipt = issuer.intake(&log.upload(0, at(11), vec![flag]), at(11)).expect("taken");
    let hash_at = |seq: u64| Some(waypass_trust::audit::Leaf::hash(log.entries.get(usize::try_from(seq).ok()?)?.leaf_bytes()));
    let device = did::to_did_key(log.gate.public_key());
    let receipt = Receipt::open(&receipt, Key::ed25519(4).public_key(), &device, &hash_at).expect("a receipt");
    assert_eq!(
        receipt.flagged.iter().map(|flag| (flag.revoked_at, flag.already_revoked)).collect::<Vec<_>>(),
        [(Some(at(5).unix()), true)]
    );
}

/// A half-full bitstring gets its successor announced, each purpose by itself.
#[test]
fn a_spare_list_for_each_purpose() {
    let (_dir, mut issuer) = issuer();
    let purposes = [StatusPurpose::Revocation, StatusPurpose::Suspension];
    issuer.allocate_status(&purposes, &mut TestRng::new(1)).expect("allocated");
    let raw = |issuer: &mut Issuer<'_>| issuer.publish(at(1)).expect("published").lists.len();
    assert_eq!(raw(&mut issuer), 3, "one token list, two bitstrings");
    issuer.open_lists(ListKind::Bitstring).expect("there already");
    assert_eq!(raw(&mut issuer), 3);
}

/// The bundle's description of our lists: a gate that has seen a revocation keeps it, and only a suspension can be lifted.
#[test]
fn our_lists_say_that_revocations_are_final() {
    let (_dir, mut issuer) = issuer();
    issuer.open_lists(ListKind::Bitstring).expect("opened");
    let published = issuer.publish(at(0)).expect("published");
    let lists = &published.opened().authorities()[0].status_uris;
    let said: Vec<(ListKind, bool)> = lists.iter().map(|list| (list.kind, list.irrevocable)).collect();
    assert_eq!(said, [(ListKind::Token, true), (ListKind::Bitstring, true), (ListKind::Bitstring, false)]);
}
