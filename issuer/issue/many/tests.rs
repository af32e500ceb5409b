use super::{Copied, File, Found, Occasion, Person};
use crate::issue::{Format, IssueError, Issued, Order, Validity};
use crate::keys::{KeyUse, Keys};
use crate::office::Issuer;
use crate::revoke::{Cause, Grounds};
use crate::store::{CredentialRecord, Filter, StoreError};
use crate::testing::crash::{Crash, Crashing};
use crate::testing::{Key, TestRng, at, issuer, keys, moment, order, reopened, seal, store, told};
use std::collections::BTreeSet;
use waypass_credential::Credential;
use waypass_credential::json::Object;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::{Algorithm, Signer as _};
use waypass_trust::assess::assess;
use waypass_trust::bundle::ListKind;

fn person(number: u8, run: &str) -> Person {
    let order = Order { label: format!("badge {number}"), ..order() };
    Person { occasion: Occasion::Run(run.into()), order, holder: Key::ed25519(number).public_key().clone() }
}

fn people(count: u8) -> Vec<Person> {
    (100..100 + count).map(|number| person(number, "")).collect()
}

type Done = Result<Vec<Result<Issued, Box<CredentialRecord>>>, IssueError>;

fn issue(issuer: &mut Issuer<'_>, people: &[Person], second: i64) -> Done {
    issuer.issue_all(people, "ines", at(second), &mut TestRng::new(u64::try_from(second).expect("small")))
}

fn ids(done: &Done) -> (Vec<&str>, usize) {
    let done = done.as_ref().expect("issued");
    let ids = done.iter().map(|done| match done {
        Ok(issued) => issued.record.id.as_str(),
        Err(record) => record.id.as_str(),
    });
    (ids.collect(), done.iter().filter(|done| done.is_ok()).count())
}

#[test]
fn each_person_is_issued_to_once_however_often_it_is_tried() {
    let (dir, mut issuer) = issuer();
    let all = people(5);
    let first = issue(&mut issuer, &all[..3], 10);
    let (three, new) = ids(&first);
    assert_eq!(new, 3);
    drop(issuer);
    let mut issuer = reopened(dir.path());
    let found = issuer.look_up(&all, at(20), &mut TestRng::new(1)).expect("looked up");
    assert_eq!(found.iter().map(|found| *found == Found::Nothing).collect::<Vec<_>>(), [false, false, false, true, true]);
    // In another order, and with more people: those of the first time are found.
    let again: Vec<Person> = all.iter().rev().cloned().collect();
    let second = issue(&mut issuer, &again, 20);
    let (five, new) = ids(&second);
    assert_eq!((new, five.len()), (2, 5));
    assert_eq!(five[2..].iter().rev().copied().collect::<Vec<_>>(), three);
    assert_eq!(issuer.credentials(&Filter::default()).expect("read").len(), 5);
    // A change in the order, and another run, are for another credential.
    let changed = Person { order: Order { zones: vec!["*".into()], ..all[0].order.clone() }, ..all[0].clone() };
    let other = [changed, person(101, "next year")];
    assert_eq!(ids(&issue(&mut issuer, &other, 30)).1, 2);
    assert_eq!(ids(&issue(&mut issuer, &other, 40)).1, 0);
    assert_eq!(issuer.credentials(&Filter::default()).expect("read").len(), 7);
}

/// A credential is renewed once, whatever the new order says.
#[test]
fn a_renewal_has_one_successor() {
    let (_dir, mut issuer) = issuer();
    let old = issue(&mut issuer, &people(1), 10).expect("issued").remove(0).expect("new").record;
    let renewal = Person { occasion: Occasion::Renewal(old.id.clone()), ..people(1).remove(0) };
    let longer = Person { order: Order { validity: Validity::For(99 * 86_400), ..renewal.order.clone() }, ..renewal.clone() };
    let first = issue(&mut issuer, &[renewal], 20).expect("issued").remove(0).expect("new").record;
    assert_ne!(first.id, old.id);
    assert_eq!(issue(&mut issuer, &[longer], 30).expect("issued").remove(0).expect_err("there is one"), Box::new(first));
}

#[test]
fn one_refused_order_keeps_all_from_being_issued() {
    let (_dir, mut issuer) = issuer();
    let mut all = people(3);
    all[1].order.roles = vec!["king".into()];
    let refused = IssueError::OutsideSettings { what: "role", name: "king".into() };
    assert_eq!(issue(&mut issuer, &all, 10), Err(refused.clone()));
    assert_eq!(issuer.credentials(&Filter::default()).expect("read"), []);
    let found = issuer.look_up(&all, at(20), &mut TestRng::new(1)).expect("looked up");
    assert_eq!(found, [Found::Nothing, Found::Refused(refused), Found::Nothing]);
}

/// The process dies at each of its writes, and somebody runs the same again.
#[test]
fn whenever_it_is_cut_off_the_next_try_leaves_one_credential_for_each() {
    let all = people(3);
    let mut cut = 0;
    for step in 0.. {
        for after in [false, true] {
            let (dir, first) = issuer();
            drop(first);
            let crashing = Crashing::new(store(dir.path()), Crash::new(step, after));
            let Ok(mut failing) = Issuer::open(Box::new(crashing), seal(), keys()) else { continue };
            let done = issue(&mut failing, &all, 10);
            drop(failing);
            let mut issuer = reopened(dir.path());
            let before = issuer.credentials(&Filter::default()).expect("read").len();
            assert!(before == 0 || before == 3, "all of them or none: {before}");
            issue(&mut issuer, &all, 20).expect("issued");
            let records = issuer.credentials(&Filter::default()).expect("read");
            assert_eq!(records.iter().map(|record| &record.holder).collect::<BTreeSet<_>>().len(), 3);
            assert_eq!(records.len(), 3);
            match done {
                Ok(_) => {
                    assert!(cut > 4, "only {cut} cuts");
                    return;
                }
                Err(_) => cut += 1,
            }
        }
    }
}

/// Another credential has the id by chance.
#[test]
fn an_id_of_somebody_else_is_passed_over() {
    let (_dir, mut issuer) = issuer();
    let wanted = person(100, "");
    let id = issuer.store.id_for(&wanted.what(), 0);
    let other = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued").record;
    let stranger = CredentialRecord { id: id.clone(), index: (other.index + 1) % 64, ..other };
    issuer.store.transact(|tx| tx.add_credential(&stranger, &[], &super::issued_event("ines", at(0)), None)).expect("added");
    let issued = issue(&mut issuer, std::slice::from_ref(&wanted), 10).expect("issued").remove(0).expect("new").record;
    assert_ne!(issued.id, id);
    assert_eq!(issue(&mut issuer, &[wanted], 20).expect("issued").remove(0).expect_err("there is one"), Box::new(issued));
}

#[test]
fn many_entries_are_drawn_at_once_and_none_twice() {
    let (_dir, mut issuer) = issuer();
    let mut all = people(150);
    for (number, person) in all.iter_mut().enumerate() {
        if number % 3 == 0 {
            person.order = Order { format: Format::DataIntegrity, status: Some(ListKind::Bitstring), ..person.order.clone() };
        }
    }
    let done = issue(&mut issuer, &all, 10).expect("issued");
    let entries: Vec<(u32, u32)> =
        done.iter().map(|issued| issued.as_ref().expect("new")).map(|new| (new.record.list, new.record.index)).collect();
    assert_eq!(entries.iter().collect::<BTreeSet<_>>().len(), 150);
    let published = issuer.publish(at(20)).expect("published");
    for issued in done {
        let credential = Credential::parse(&issued.expect("new").credential, &KnownContexts::new()).expect("readable");
        assert!(assess(&credential, published.opened(), &moment(at(60))).is_ok());
    }
    // 64 entries of each token list: the last lists are begun only when the others are full.
    let token: BTreeSet<u32> = entries.iter().enumerate().filter(|(n, _)| n % 3 != 0).map(|(_, (list, _))| *list).collect();
    assert_eq!(token.len(), 2);
}

fn copies(issuer: &mut Issuer<'_>, person: &Person, record: &CredentialRecord, held: Option<Vec<u8>>, second: i64) -> Copied {
    let file = File { person, record, held };
    issuer.copies(&[file], at(second), &mut TestRng::new(77)).expect("read").remove(0)
}

#[test]
fn a_lost_file_is_made_again_as_the_same_credential() {
    for bitstring in [false, true] {
        let (_dir, mut issuer) = issuer();
        let mut person = person(100, "");
        if bitstring {
            person.order = Order { format: Format::DataIntegrity, status: Some(ListKind::Bitstring), ..person.order.clone() };
        }
        let issued = issue(&mut issuer, std::slice::from_ref(&person), 1000).expect("issued").remove(0).expect("new");
        let copy = copies(&mut issuer, &person, &issued.record, None, 9000).expect("made").expect("bytes");
        let said = |bytes: &[u8]| {
            let credential = Credential::parse(bytes, &KnownContexts::new()).expect("readable");
            let role = credential.untrusted().expect("readable").role.clone();
            (role.issued_at, role.valid_from, role.valid_until, role.status.clone(), role.personal.clone(), role.key_id)
        };
        assert_eq!(said(&copy), said(&issued.credential));
        for bytes in [&copy, &issued.credential] {
            let shown = crate::names::shown_id(bytes);
            assert_eq!(issuer.find(&shown).expect("found by what a wallet shows").id, issued.record.id);
        }
        let published = issuer.publish(at(9100)).expect("published");
        let credential = Credential::parse(&copy, &KnownContexts::new()).expect("readable");
        assert!(assess(&credential, published.opened(), &moment(at(9200))).is_ok());
        // One that is there is left alone; a half one, or one of somebody else, is not.
        assert_eq!(copies(&mut issuer, &person, &issued.record, Some(copy.clone()), 9000), Ok(None));
        assert!(copies(&mut issuer, &person, &issued.record, Some(copy[..copy.len() / 2].to_vec()), 9000).expect("made").is_some());
        let other = Person { holder: Key::ed25519(90).public_key().clone(), ..person.clone() };
        let other = issue(&mut issuer, &[other], 9300).expect("issued").remove(0).expect("new");
        assert!(copies(&mut issuer, &person, &issued.record, Some(other.credential), 9400).expect("made").is_some());
        let again = Person { occasion: Occasion::Run("another".into()), ..person.clone() };
        let again = issue(&mut issuer, &[again], 9500).expect("issued").remove(0).expect("new");
        assert!(copies(&mut issuer, &person, &issued.record, Some(again.credential), 9600).expect("made").is_some());
    }
}

#[test]
fn nothing_is_made_again_of_what_is_over() {
    let (_dir, mut issuer) = issuer();
    let person = person(100, "");
    let record = issue(&mut issuer, std::slice::from_ref(&person), 10).expect("issued").remove(0).expect("new").record;
    assert_eq!(copies(&mut issuer, &person, &record, None, 30 * 86_400 + 10), Ok(None));
    let grounds = Grounds { cause: Cause::Lost, note: String::new(), operator: "ines".into() };
    issuer.revoke(&record.id, &grounds, at(20)).expect("revoked");
    let record = issuer.credential(&record.id).expect("read").expect("there");
    assert_eq!(copies(&mut issuer, &person, &record, None, 30), Ok(None));
}

#[test]
fn a_copy_is_made_by_the_key_of_the_first_or_not_at_all() {
    let (dir, mut issuer) = issuer();
    let person = person(100, "");
    let record = issue(&mut issuer, std::slice::from_ref(&person), 10).expect("issued").remove(0).expect("new").record;
    issuer.rotate_key(KeyUse::Credential, Key::ed25519(21).public_key(), at(20)).expect("rotated");
    drop(issuer);
    let keys: Keys<'_> = keys().with(KeyUse::Credential, Key::ed25519(21));
    let mut issuer = Issuer::open(Box::new(store(dir.path())), seal(), keys).expect("opened");
    assert_eq!(copies(&mut issuer, &person, &record, None, 30), Err(IssueError::OtherKey(record.id.clone())));
}

/// Keys and contexts are read for all of them together.
#[test]
fn many_read_the_keys_as_often_as_one() {
    let (_dir, mut issuer) = issuer();
    let all = people(40);
    let ((), text) = told(|| {
        issuer.look_up(&all, at(10), &mut TestRng::new(1)).expect("looked up");
        let done = issue(&mut issuer, &all, 10).expect("issued");
        let records: Vec<CredentialRecord> = done.into_iter().map(|issued| issued.expect("new").record).collect();
        let files: Vec<File<'_>> = all.iter().zip(&records).map(|(person, record)| File { person, record, held: None }).collect();
        let copies = issuer.copies(&files, at(20), &mut TestRng::new(2)).expect("made");
        assert!(copies.iter().all(|copy| matches!(copy, Ok(Some(_)))));
    });
    assert_eq!(text.matches("keys_read").count(), 3);
}

#[test]
fn a_taken_id_that_nobody_has_is_an_error() {
    let (_dir, mut issuer) = issuer();
    let twice = [person(100, ""), person(100, "")];
    assert_eq!(issue(&mut issuer, &twice, 10), Err(IssueError::Store(StoreError::Taken)));
}

/// A renewal repeats the order, with a key and a list of the kind that the old credential has; the claims are those that somebody gives.
#[test]
fn a_renewal_asks_for_what_there_was() {
    let (_dir, mut issuer) = issuer();
    for (algorithm, status) in [(Algorithm::Es256, ListKind::Token), (Algorithm::Es384, ListKind::Bitstring)] {
        let order = Order { format: Format::DataIntegrity, algorithm: Some(algorithm), status: Some(status), ..order() };
        let rng = &mut TestRng::new(if status == ListKind::Token { 5 } else { 6 });
        let old = issuer.issue(&order, Key::p384(9).public_key(), "ines", at(0), rng).expect("issued").record;
        let claims = Object::new().with("given_name", "Berta");
        let renewals = issuer.renewals(std::slice::from_ref(&old), Validity::For(86_400), &claims).expect("read");
        let expected = Order { validity: Validity::For(86_400), personal: claims, ..order };
        let holder = Key::p384(9).public_key().clone();
        assert_eq!(renewals, [Person { occasion: Occasion::Renewal(old.id.clone()), order: expected, holder }]);
        let new = issue(&mut issuer, &renewals, 20).expect("issued").remove(0).expect("new").record;
        assert_eq!((new.holder, new.key_id, new.valid_until), (old.holder, old.key_id, at(86_400)));
    }
}
