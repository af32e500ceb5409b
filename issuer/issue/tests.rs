use super::{CardOrder, Format, IssueError, Issuer, NameKind, NotPrinted, Order, Validity, rounded};
use crate::create::CreateError;
use crate::draw::below;
use crate::keys::{KeyUse, Keys};
use crate::open::OpenError;
use crate::rotate::KeyError;
use crate::settings::Settings;
use crate::store::{Credentials as _, State};
use crate::testing::{Key, TestRng, at, issuer, keys, moment, order, reopened, seal, settings, store, told};
use std::collections::BTreeSet;
use waypass_credential::data_integrity::Suite;
use waypass_credential::did;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::{Algorithm, ShortThumbprint, Signer as _};
use waypass_credential::role::CARD;
use waypass_credential::{Credential, KeyClaim};
use waypass_trust::assess::assess;
use waypass_trust::reason::ReasonCode;
use waypass_trust::status::Status;

#[test]
fn what_is_issued_a_gate_believes() {
    let (_dir, mut issuer) = issuer();
    let mut rng = TestRng::new(1);
    for (format, algorithm, holder) in [
        (Format::SdJwtVc, Algorithm::EdDsa, Key::p256(9)),
        (Format::SdJwtVc, Algorithm::Es256, Key::ed25519(9)),
        (Format::SdJwtVc, Algorithm::Es384, Key::p384(9)),
        (Format::DataIntegrity, Algorithm::EdDsa, Key::ed25519(10)),
        (Format::DataIntegrity, Algorithm::Es256, Key::p384(10)),
        (Format::DataIntegrity, Algorithm::Es384, Key::p256(10)),
    ] {
        let order = Order { format, algorithm: Some(algorithm), ..order() };
        let issued = issuer.issue(&order, holder.public_key(), "ines", at(1000), &mut rng).expect("issued");
        let published = issuer.publish(at(1000)).expect("published");
        let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("readable");
        let assessment = assess(&credential, published.opened(), &moment(at(1060))).expect("believed");
        assert_eq!(assessment.status(), Status::Valid);
        let role = assessment.role();
        assert_eq!((&role.roles, &role.sites, &role.zones), (&order.roles, &order.sites, &order.zones));
        assert!(role.holder.as_ref().is_some_and(|bound| bound == holder.public_key()));
        assert_eq!(role.personal.text("family_name"), Some("Quisenberry"));
        assert_eq!(role.issued_at, at(0), "rounded to the hour");
        assert_eq!(Validity::For(role.valid_until.since(role.issued_at)), order.validity);
        let [reference] = role.status.as_slice() else { panic!("one status") };
        assert_eq!((reference.uri.as_str(), reference.index), ("http://127.0.0.1:8240/t1/lists/1", issued.record.index.into()));
        assert_eq!(issued.record.holder, did::to_did_key(holder.public_key()));
    }
}

#[test]
fn a_revocation_reaches_the_gate_with_the_next_publication_and_not_before() {
    let (_dir, mut issuer) = issuer();
    let issued = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
    let before = issuer.publish(at(10)).expect("published");
    let grounds = crate::revoke::Grounds { cause: crate::revoke::Cause::Lost, note: String::new(), operator: "ines".into() };
    let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("readable");
    let codes = |published: &crate::publish::Publication| match assess(&credential, published.opened(), &moment(at(40))) {
        Ok(_) => vec![],
        Err(refused) => refused.reasons.into_iter().map(|reason| reason.code).collect(),
    };
    issuer.suspend(&issued.record.id, &grounds, at(15)).expect("suspended");
    let suspended = issuer.publish(at(20)).expect("published");
    issuer.revoke(&issued.record.id, &grounds, at(25)).expect("revoked");
    let revoked = issuer.publish(at(30)).expect("published");
    assert_eq!(codes(&before), []);
    assert_eq!(codes(&suspended), [ReasonCode::Suspended]);
    assert_eq!(codes(&revoked), [ReasonCode::Revoked]);
}

#[test]
fn a_full_list_has_every_index_once_and_the_next_one_opens() {
    let dir = tempfile::tempdir().expect("a folder");
    let small = Settings { list_capacity: 64, ..settings() };
    let mut issuer = Issuer::create(Box::new(store(dir.path())), seal(), small, keys(), at(0)).expect("set up");
    let mut rng = TestRng::new(3);
    let mut drawn = Vec::new();
    for i in 0..70 {
        if i % 16 == 0 {
            issuer = reopened(dir.path());
        }
        let record = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(i), &mut rng).expect("issued").record;
        drawn.push((record.list, record.index));
    }
    let first: Vec<u32> = drawn.iter().filter(|(list, _)| *list == 1).map(|(_, index)| *index).collect();
    assert_eq!(first.iter().copied().collect::<BTreeSet<_>>(), (0..64).collect::<BTreeSet<_>>());
    assert_eq!(first.len(), 64);
    assert!(drawn[64..].iter().all(|(list, _)| *list == 2));
    let in_order = first.windows(2).filter(|pair| pair[1] == pair[0] + 1).count();
    assert!(in_order < 8, "indices tell the order of issuing: {first:?}");
}

#[test]
fn draws_are_uniform() {
    let mut rng = TestRng::new(5);
    let mut counts = [0_u32; 6];
    for _ in 0..6000 {
        counts[below(6, &mut rng) as usize] += 1;
    }
    assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
}

#[test]
fn bounds() {
    let (_dir, mut issuer) = issuer();
    let holder = Key::p256(9);
    let mut rng = TestRng::new(1);
    let mut refused = |order: Order| issuer.issue(&order, holder.public_key(), "ines", at(0), &mut rng).map(drop);
    let max = 365 * 86_400;
    assert_eq!(refused(Order { validity: Validity::For(max), ..order() }), Ok(()));
    assert_eq!(refused(Order { validity: Validity::For(max + 1), ..order() }), Err(IssueError::TooLong { asked: max + 1, bound: max }));
    let later = Order { validity: Validity::For(max), valid_from: Some(at(60)), ..order() };
    assert_eq!(refused(later), Err(IssueError::TooLong { asked: max + 60, bound: max }));
    assert_eq!(refused(Order { validity: Validity::For(0), ..order() }), Err(IssueError::Empty));
    assert_eq!(refused(Order { validity: Validity::For(10), valid_from: Some(at(-20)), ..order() }), Err(IssueError::Empty));
    assert!(refused(Order { validity: Validity::For(i64::MAX), ..order() }).is_err());
    // An end of its own is kept to the second, whatever is rounded.
    assert_eq!(refused(Order { validity: Validity::Until(at(max)), ..order() }), Ok(()));
    let far = Order { validity: Validity::Until(at(max + 1)), ..order() };
    assert_eq!(refused(far), Err(IssueError::TooLong { asked: max + 1, bound: max }));
    assert_eq!(refused(Order { validity: Validity::Until(at(0)), ..order() }), Err(IssueError::Empty));
    let outside = |what, name: &str| Err(IssueError::OutsideSettings { what, name: name.into() });
    assert_eq!(refused(Order { roles: vec!["king".into()], ..order() }), outside("role", "king"));
    for names in [vec![], vec!["nurse".to_owned(); 2]] {
        assert_eq!(refused(Order { roles: names, ..order() }), Err(IssueError::Names(NameKind::Roles)));
    }
    for sites in [vec![], vec!["north".to_owned(); 2], vec!["Küche".into()], vec!["a b".into()]] {
        assert_eq!(refused(Order { sites, ..order() }), Err(IssueError::Names(NameKind::Sites)));
    }
    for (zone, fits) in
        [("x".repeat(64), true), ("x".repeat(65), false), ("ward 3".into(), false), (String::new(), false), ("*".into(), true)]
    {
        let done = refused(Order { zones: vec![zone], ..order() });
        assert_eq!(done, if fits { Ok(()) } else { Err(IssueError::Names(NameKind::Zones)) });
    }
    assert_eq!(
        IssueError::Names(NameKind::Zones).to_string(),
        "the zones must be 0 to 64 different names of 1 to 64 letters (a to z), digits and the signs - _ . : /; * is every zone"
    );
    assert_eq!(refused(Order { label: "\u{7}".into(), ..order() }), Err(IssueError::Label));
    let told = refused(Order { validity: Validity::For(max + 1), ..order() }).expect_err("too long").to_string();
    assert_eq!(told, "a validity of 365 days and 1 s is longer than this issuer allows, which is 365 days (max_validity_seconds)");
}

#[test]
fn sites_outside_the_settings_and_the_issuers_own_keys_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let north = Settings { sites: vec!["north".into()], ..settings() };
    let mut issuer = Issuer::create(Box::new(store(dir.path())), seal(), north, keys(), at(0)).expect("set up");
    let mut rng = TestRng::new(1);
    for site in ["south", "*"] {
        let order = Order { sites: vec!["north".into(), site.into()], ..order() };
        let refused = issuer.issue(&order, Key::p256(9).public_key(), "ines", at(0), &mut rng).map(drop);
        assert_eq!(refused, Err(IssueError::OutsideSettings { what: "site", name: site.into() }));
    }
    let own = issuer.issue(&order(), Key::ed25519(3).public_key(), "ines", at(0), &mut rng).map(drop);
    assert_eq!(own, Err(IssueError::OwnKey));
}

#[test]
fn ed25519_signs_where_nobody_asked_whichever_key_was_unlocked_first() {
    let (dir, issuer) = issuer();
    drop(issuer);
    let reversed =
        Keys::new().with(KeyUse::Credential, Key::p384(2)).with(KeyUse::Credential, Key::p256(2)).with(KeyUse::Credential, Key::ed25519(1));
    let mut issuer = Issuer::open(Box::new(store(dir.path())), seal(), reversed).expect("opened");
    for format in Format::ALL {
        let order = Order { format, ..order() };
        let issued = issuer.issue(&order, Key::ed25519(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
        let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("a credential");
        let ed25519 = Key::ed25519(1);
        match credential.key_claim() {
            KeyClaim::Issuer(claimed) => assert_eq!(claimed.issuer, did::to_did_key(ed25519.public_key()), "{format}"),
            claim => assert_eq!(claim, KeyClaim::Thumbprint { issuer: None, thumbprint: ShortThumbprint::of(ed25519.public_key()) }),
        }
    }
}

#[test]
fn a_missing_key_is_named() {
    let (dir, issuer) = issuer();
    let holder = Key::p256(9);
    drop(issuer);
    let mut one = Issuer::open(Box::new(store(dir.path())), seal(), Keys::new().with(KeyUse::Credential, Key::ed25519(1))).expect("opened");
    for format in [Format::SdJwtVc, Format::DataIntegrity] {
        let wrong = Order { format, algorithm: Some(Algorithm::Es256), ..order() };
        let refused = one.issue(&wrong, holder.public_key(), "ines", at(0), &mut TestRng::new(1)).map(drop);
        assert_eq!(refused, Err(IssueError::NoKey { format, algorithm: Some(Algorithm::Es256), suite: None }));
    }
    drop(one);
    let mut locked = Issuer::open(Box::new(store(dir.path())), seal(), Keys::new()).expect("opened");
    let refused = locked.issue(&order(), holder.public_key(), "ines", at(0), &mut TestRng::new(1)).map(drop);
    assert_eq!(refused, Err(IssueError::NoKey { format: Format::SdJwtVc, algorithm: None, suite: None }));
    assert_eq!(locked.credentials(&crate::store::Filter::default()), Ok(vec![]));
}

/// The suite chooses among the keys, and what does not fit is refused before anything is drawn or recorded.
#[test]
fn a_suite_is_asked_for_by_name() {
    let (dir, mut issuer) = issuer();
    let holder = Key::p256(9);
    let mut rng = TestRng::new(1);
    let mut issue = |order: &Order| issuer.issue(order, holder.public_key(), "ines", at(0), &mut rng);
    let vc = |suites: &[Suite], algorithm| Order { format: Format::DataIntegrity, suites: suites.into(), algorithm, ..order() };
    for suite in Suite::ALL {
        let issued = issue(&vc(&[suite], None)).expect("issued");
        assert_eq!(issued.suites, [suite]);
        let read = Credential::parse(&issued.credential, &KnownContexts::new()).expect("a document");
        assert_eq!(read.suites(), [suite]);
    }
    let p384 = issue(&vc(&[Suite::EcdsaRdfc2019], Some(Algorithm::Es384))).expect("issued");
    assert_eq!(did::resolve(&p384.record.key_id).map(|key| key.algorithm()), Ok(Algorithm::Es384));
    assert_eq!(issue(&vc(&[], Some(Algorithm::Es256))).expect("issued").suites, [Suite::EcdsaJcs2019]);
    assert_eq!(issue(&order()).expect("issued").suites, []);
    let (suite, algorithm) = (Suite::EddsaRdfc2022, Algorithm::Es256);
    let refused = |refused: Result<crate::issue::Issued, IssueError>| refused.expect_err("refused");
    assert_eq!(refused(issue(&vc(&[suite], Some(algorithm)))), IssueError::SuiteAlgorithm { suite, algorithm });
    let format = Format::SdJwtVc;
    assert_eq!(refused(issue(&Order { suites: vec![suite], ..order() })), IssueError::SuiteFormat { suite, format });
    drop(issuer);
    let mut one = Issuer::open(Box::new(store(dir.path())), seal(), Keys::new().with(KeyUse::Credential, Key::p256(1))).expect("opened");
    let missing = refused(one.issue(&vc(&[suite], None), holder.public_key(), "ines", at(0), &mut TestRng::new(1)));
    assert_eq!(missing, IssueError::NoKey { format: Format::DataIntegrity, algorithm: None, suite: Some(suite) });
    assert_eq!(missing.to_string(), "no active credential key signs ldp_vc in eddsa-rdfc-2022");
}

/// During a migration: a proof in the old suite and one in the new, by the two keys; a gate of the site takes it as issued by the first.
#[test]
fn two_suites_make_two_proofs() {
    let (_dir, mut issuer) = issuer();
    let (holder, mut rng) = (Key::p256(9), TestRng::new(1));
    let suites = [Suite::EddsaJcs2022, Suite::EcdsaRdfc2019];
    let vc = |suites: &[Suite]| Order { format: Format::DataIntegrity, suites: suites.into(), ..order() };
    let issued = issuer.issue(&vc(&suites), holder.public_key(), "ines", at(0), &mut rng).expect("issued");
    assert_eq!(issued.suites, suites);
    assert_eq!(did::resolve(&issued.record.key_id).map(|key| key.algorithm()), Ok(Algorithm::EdDsa));
    let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("a credential");
    let published = issuer.publish(at(1)).expect("published");
    let moment = crate::testing::moment(at(1));
    let assessed = waypass_trust::assess::assess(&credential, published.opened(), &moment).expect("believed");
    assert_eq!(assessed.role().issuer, did::to_did_key(Key::ed25519(1).public_key()));
    let mut refused = |suites: &[Suite]| issuer.issue(&vc(suites), holder.public_key(), "ines", at(0), &mut rng).expect_err("refused");
    assert_eq!(refused(&[suites[0], suites[0]]), IssueError::Suites);
    assert_eq!(refused(&suites.repeat(5)), IssueError::Suites);
    assert_eq!(issuer.credentials(&crate::store::Filter::default()).map(|all| all.len()), Ok(1));
}

#[test]
fn a_rotated_key_signs_no_more_and_what_it_signed_stays_good() {
    let (dir, mut issuer) = issuer();
    let holder = Key::p256(9);
    let old = issuer.issue(&order(), holder.public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
    let new = Key::ed25519(21);
    issuer.rotate_key(KeyUse::Credential, new.public_key(), at(7200)).expect("rotated");
    let again = issuer.rotate_key(KeyUse::Credential, new.public_key(), at(7200));
    assert_eq!(again, Err(KeyError::Registered));
    let mut keys = keys();
    keys.add(KeyUse::Credential, new.clone());
    drop(issuer);
    let mut issuer = Issuer::open(Box::new(store(dir.path())), seal(), keys).expect("opened");
    let ed25519 = Order { algorithm: Some(Algorithm::EdDsa), ..order() };
    let fresh = issuer.issue(&ed25519, holder.public_key(), "ines", at(7300), &mut TestRng::new(2)).expect("issued");
    assert_eq!(fresh.record.key_id, did::key_id(new.public_key()));
    let published = issuer.publish(at(7300)).expect("published");
    for issued in [&old, &fresh] {
        let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("readable");
        assert!(assess(&credential, published.opened(), &moment(at(7400))).is_ok());
    }
    // Given up as stolen, everything it signed falls.
    issuer.give_up_key(Key::ed25519(1).public_key()).expect("given up");
    assert_eq!(issuer.give_up_key(Key::ed25519(1).public_key()), Err(KeyError::Compromised));
    let published = issuer.publish(at(7400)).expect("published");
    let credential = Credential::parse(&old.credential, &KnownContexts::new()).expect("readable");
    let refused = assess(&credential, published.opened(), &moment(at(7500))).expect_err("compromised");
    assert_eq!(refused.reasons[0].code, ReasonCode::KeyCompromised);
}

#[test]
fn setting_up_happens_once() {
    let (dir, first) = issuer();
    drop(first);
    let again = Issuer::create(Box::new(store(dir.path())), seal(), settings(), keys(), at(0)).map(drop);
    assert_eq!(again, Err(CreateError::AlreadySetUp));
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(Issuer::open(Box::new(store(empty.path())), seal(), keys()).map(drop), Err(OpenError::NotSetUp));
    let mut issuer = reopened(dir.path());
    let moved = Settings { base_url: "http://elsewhere".into(), ..settings() };
    assert!(issuer.change_settings(moved, "ines", at(0)).is_err());
    let longer = Settings { max_validity_seconds: 86_400, ..settings() };
    issuer.change_settings(longer.clone(), "ines", at(0)).expect("changed");
    assert_eq!(reopened(dir.path()).settings(), &longer);
}

#[test]
fn the_store_keeps_no_personal_claims() {
    let (dir, mut issuer) = issuer();
    let issued = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
    assert_eq!(issued.record.state, State::Valid);
    drop(issuer);
    for file in std::fs::read_dir(dir.path()).expect("listed") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("read");
        assert!(!bytes.windows(11).any(|window| window == b"Quisenberry"));
    }
    assert!(store(dir.path()).credential(&issued.record.id).expect("read").is_some());
}

#[test]
fn rounding() {
    assert_eq!(rounded(at(3599), 3600), at(0));
    assert_eq!(rounded(at(3600), 3600), at(3600));
    assert_eq!(rounded(at(17), 1), at(17));
}

/// An issuing asks for the keys once, and compiles the site's contexts only when they have changed.
#[test]
fn an_issuing_reads_the_keys_once_and_compiles_nothing() {
    let (_dir, mut issuer) = issuer();
    let document = br#"{"@context": {"qualification": "https://north.example/v#qualification"}}"#;
    issuer.add_context("https://north.example/v/1", document, false, at(0)).expect("taken");
    issuer.publish(at(1)).expect("published");
    let counted = |issuer: &mut Issuer<'_>, second: i64| {
        let order = Order { format: Format::DataIntegrity, ..order() };
        let holder = Key::p256(9);
        let mut rng = TestRng::new(u64::try_from(second).expect("small"));
        let (_, text) = told(|| issuer.issue(&order, holder.public_key(), "ines", at(second), &mut rng).expect("issued"));
        ["keys_read", "contexts_compiled"].map(|event| text.matches(event).count())
    };
    assert_eq!(counted(&mut issuer, 2), [1, 1]);
    assert_eq!((counted(&mut issuer, 3), counted(&mut issuer, 4)), ([1, 0], [1, 0]));
    issuer.remove_context("https://north.example/v/1", at(5)).expect("gone");
    assert_eq!((counted(&mut issuer, 6), counted(&mut issuer, 7)), ([1, 1], [1, 0]));
    issuer.publish(at(8)).expect("published");
    assert_eq!((counted(&mut issuer, 9), counted(&mut issuer, 10)), ([1, 1], [1, 0]));
}

/// An issuer whose rules admit cards.
fn with_cards() -> (tempfile::TempDir, Issuer<'static>) {
    let (dir, mut issuer) = issuer();
    let policy = issuer.policy().expect("the initial one").with_cards();
    assert_eq!(policy.clone().with_cards(), policy, "once");
    issuer.set_policy(&policy).expect("set");
    (dir, issuer)
}

fn card() -> CardOrder {
    let Order { roles, sites, zones, validity, label, .. } = order();
    CardOrder { name: " Ada Byron ".into(), document: Some("c01x-00t478".into()), algorithm: None, roles, sites, zones, validity, label }
}

#[test]
fn a_card_is_issued_where_the_rules_admit_one() {
    let (_dir, mut plain) = issuer();
    assert_eq!(plain.issue_card(&card(), "ines", at(0), &mut TestRng::new(1)).map(drop), Err(IssueError::NoCards));
    let types = |issuer: &mut Issuer<'_>, second| issuer.publish(at(second)).expect("published").opened().authorities()[0].types.clone();
    assert!(!types(&mut plain, 1).contains(&CARD.to_owned()));

    let (_dir, mut issuer) = with_cards();
    assert!(types(&mut issuer, 1).contains(&CARD.to_owned()));
    let issued = issuer.issue_card(&card(), "ines", at(2), &mut TestRng::new(1)).expect("issued");
    let record = &issued.record;
    assert_eq!((record.format, record.holder.clone()), (Format::Card, format!("card:{}", record.id)));
    let published = issuer.publish(at(3)).expect("published");
    let credential = Credential::parse(&issued.credential, &KnownContexts::new()).expect("readable");
    let assessment = assess(&credential, published.opened(), &moment(at(60))).expect("believed");
    let personal = &assessment.role().personal;
    assert_eq!((personal.text("name"), personal.text("document_ending")), (Some("Ada Byron"), Some("T478")));
    assert_eq!(personal.text("card"), Some(record.id.as_str()), "the office finds it by what is printed");

    assert_eq!(issuer.printable(&issued.credential, at(60)).as_ref(), Ok(assessment.role()));
    assert_eq!(issuer.printable(&issued.credential, record.valid_until), Err(NotPrinted::Over));

    // It is found, and revoked, like every credential.
    assert_eq!(issuer.find(&record.id[..6]).expect("found"), *record);
    let grounds = crate::revoke::Grounds { cause: crate::revoke::Cause::Lost, note: String::new(), operator: "ines".into() };
    issuer.change(&record.id, crate::revoke::Change::Revoke, &grounds, at(70)).expect("revoked");
    let published = issuer.publish(at(71)).expect("published");
    let refused = assess(&credential, published.opened(), &moment(at(80))).map(drop).expect_err("revoked");
    assert_eq!(refused.reasons[0].code, ReasonCode::Revoked);
    assert_eq!(issuer.printable(&issued.credential, at(80)), Err(NotPrinted::Withdrawn(State::Revoked)));
}

#[test]
fn only_a_card_of_this_office_is_printed() {
    let (_dir, mut issuer) = with_cards();
    let badge = issuer.issue(&order(), Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).expect("issued");
    assert_eq!(issuer.printable(&badge.credential, at(1)), Err(NotPrinted::NotACard));
    assert_eq!(issuer.printable(b"card", at(1)), Err(NotPrinted::NotACard));
    let mut ours = issuer.issue_card(&card(), "ines", at(0), &mut TestRng::new(2)).expect("issued").credential;
    // The same keys, and another book: a card that this office's record does not have.
    let (_other, mut twin) = with_cards();
    let theirs = twin.issue_card(&card(), "ines", at(0), &mut TestRng::new(3)).expect("issued").credential;
    assert_eq!(issuer.printable(&theirs, at(1)), Err(NotPrinted::NotOurs));
    let end = ours.len() - 1;
    ours[end] ^= 1;
    assert_eq!(issuer.printable(&ours, at(1)), Err(NotPrinted::NotOurs));
}

#[test]
fn a_card_cannot_be_picked_up_or_bound_to_a_key() {
    let (_dir, mut issuer) = with_cards();
    let order = Order { format: Format::Card, personal: waypass_credential::json::Object::new().with("name", "Ada"), ..order() };
    let terms = crate::offer::OfferTerms { valid_seconds: 900, tx_code: false };
    assert!(issuer.offer(&order, &terms, "ines", at(0), &mut TestRng::new(1)).is_err());
    assert!(issuer.issue(&order, Key::p256(9).public_key(), "ines", at(0), &mut TestRng::new(1)).is_err());
    let nameless = CardOrder { name: "  ".into(), ..card() };
    let refused = issuer.issue_card(&nameless, "ines", at(0), &mut TestRng::new(1)).map(drop);
    let why = waypass_credential::IssueError::Malformed(waypass_credential::Malformed::OutOfRange("name"));
    assert_eq!(refused, Err(IssueError::Credential(why)));
}
