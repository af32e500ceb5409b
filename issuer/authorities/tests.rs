use super::{AuthorityError, read, read_with_document};
use crate::ceremony::Paper;
use crate::keys::{KeyRole, Keys};
use crate::office::Issuer;
use crate::testing::{Key, at, issuer, reopened, seal, store};
use waypass_credential::did::{self, MethodError};
use waypass_credential::json;
use waypass_credential::key::Signer;
use waypass_credential::{Claimed, KeyClaim};
use waypass_trust::bundle::{Authority, KeyRecord, KeyState, KeyUse, ListKind, StatusUri};
use waypass_trust::status::{Bits, StatusListBuf, StatusListToken, TokenForm};

const LIST: &str = "https://south.example/lists/1";
const DAY: i64 = 86_400;

fn record(key: &Key, key_use: KeyUse) -> KeyRecord {
    let key = key.public_key();
    KeyRecord {
        kid: did::key_id(key),
        issuer: did::to_did_key(key),
        key: key.clone(),
        alg: key.algorithm().jose_name().into(),
        key_use,
        not_before: at(0),
        not_after: at(300 * DAY),
        state: KeyState::Active,
        issued_until: None,
    }
}

fn south() -> Authority {
    Authority {
        name: "Clinic South".into(),
        keys: vec![record(&Key::p256(40), KeyUse::Credential), record(&Key::ed25519(41), KeyUse::Status)],
        types: vec!["https://waypass.example/vct/role/1".into()],
        roles: vec!["doctor".into()],
        sites: vec!["north".into()],
        max_validity_seconds: 86_400,
        status_uris: vec![StatusUri { uri: LIST.into(), max_entries: 64, bits: 2, irrevocable: false, kind: ListKind::Token }],
    }
}

fn token(seconds: i64, signer: &Key) -> Vec<u8> {
    let token = StatusListToken { uri: LIST.into(), issued_at: at(seconds), expires_at: None, ttl_seconds: None };
    let list = StatusListBuf::new(Bits::Two, 64);
    token.sign(&list, TokenForm::Jwt, &did::key_id(signer.public_key()), signer).expect("a token").into_bytes()
}

#[test]
fn another_issuer_and_its_list_enter_the_bundle_and_leave_it() {
    let (dir, mut issuer) = issuer();
    issuer.publish(at(1)).expect("published alone");
    let lists = issuer.add_authority(&south(), &[token(10, &Key::ed25519(41))], false, at(11)).expect("taken in");
    assert_eq!(lists.iter().map(|list| list.uri.as_str()).collect::<Vec<_>>(), [LIST]);

    let mut issuer = reopened(dir.path());
    let published = issuer.publish(at(12)).expect("published beside");
    let bundle = published.opened();
    assert_eq!(bundle.authorities().last(), Some(&south()));
    let key = &south().keys[0];
    let south_key = KeyClaim::Issuer(Claimed { issuer: &key.issuer, key_id: Some(&key.kid) });
    assert_eq!(bundle.record(south_key).map(|(by, _)| by.name.as_str()), Some("Clinic South"));
    assert!(bundle.missing_lists().is_empty());

    issuer.refresh_lists(&[token(20, &Key::ed25519(41))], at(21)).expect("newer");
    let published = issuer.publish(at(22)).expect("published again");
    let list = published.opened().lists().into_iter().find(|list| list.uri == LIST);
    assert_eq!(list.map(|list| list.issued_at), Some(at(20)));

    assert_eq!(issuer.remove_authority("Clinic South", at(23)), Ok(south()));
    let published = issuer.publish(at(24)).expect("published alone again");
    assert_eq!(published.opened().authorities().len(), 1);
    assert!(!published.lists.iter().any(|(uri, _)| uri == LIST));
}

#[test]
fn what_a_publication_could_not_carry_is_refused_before_it_is_kept() {
    let (_dir, mut issuer) = issuer();
    let ours = issuer.settings().name.clone();
    let list = [token(10, &Key::ed25519(41))];
    let refused = |issuer: &mut Issuer<'_>, change: &dyn Fn(&mut Authority), lists: &[Vec<u8>]| {
        let mut authority = south();
        change(&mut authority);
        issuer.add_authority(&authority, lists, false, at(11)).expect_err("must be refused")
    };
    assert_eq!(refused(&mut issuer, &|_| {}, &[]), AuthorityError::NoList(LIST.into()));
    for change in [
        &(|south: &mut Authority| south.name.clone_from(&ours)) as &dyn Fn(&mut Authority),
        &|south| south.roles.clear(),
        &|south| south.keys[1] = record(&Key::p256(40), KeyUse::Status),
        &|south| south.keys[0] = record(&Key::ed25519(1), KeyUse::Credential),
        &|south| south.keys[0].alg = "EdDSA".into(),
        &|south| south.status_uris[0].bits = 3,
    ] {
        assert!(matches!(refused(&mut issuer, change, &list), AuthorityError::Refused(_)));
    }
    for signer in [Key::p256(40), Key::ed25519(42), Key::ed25519(3)] {
        assert!(matches!(refused(&mut issuer, &|_| {}, &[token(10, &signer)]), AuthorityError::List { place: 0, .. }));
    }
    assert_eq!(issuer.authorities(), Ok(vec![]));
    issuer.publish(at(12)).expect("nothing of it is in the way");
}

#[test]
fn an_entry_is_replaced_only_when_that_is_meant_and_no_list_steps_back() {
    let (_dir, mut issuer) = issuer();
    let key = Key::ed25519(41);
    issuer.add_authority(&south(), &[token(10, &key)], false, at(11)).expect("taken in");
    let wider = Authority { roles: vec!["doctor".into(), "nurse".into()], ..south() };
    assert_eq!(issuer.add_authority(&wider, &[], false, at(12)), Err(AuthorityError::Taken("Clinic South".into())));
    for (what, name) in [("role", "ward nurse"), ("site", "yard 2"), ("role", "*")] {
        let mut wrong = wider.clone();
        (if what == "role" { &mut wrong.roles } else { &mut wrong.sites }).push(name.into());
        assert_eq!(issuer.add_authority(&wrong, &[], true, at(12)), Err(AuthorityError::Unnameable(what, name.into())));
    }
    assert_eq!(issuer.add_authority(&wider, &[], true, at(12)), Ok(vec![]));
    assert_eq!(issuer.authorities(), Ok(vec![wider]));

    assert_eq!(issuer.refresh_lists(&[token(10, &key)], at(12)), Ok(vec![]));
    let older = AuthorityError::NotNewer { uri: LIST.into(), held: at(10), found: at(9) };
    assert_eq!(issuer.refresh_lists(&[token(9, &key)], at(12)), Err(older));
    assert_eq!(issuer.remove_authority("Clinic West", at(13)), Err(AuthorityError::Unknown("Clinic West".into())));
}

#[test]
fn our_own_list_is_not_anothers() {
    let (_dir, mut issuer) = issuer();
    let published = issuer.publish(at(1)).expect("published");
    let (uri, own) = published.lists.first().expect("a list").clone();
    assert_eq!(issuer.refresh_lists(&[own.into_bytes()], at(2)), Err(AuthorityError::NotAnnounced(uri)));
}

/// With the targets' keys elsewhere, what is announced and what is wanted differ for a while; the revocations of this
/// issuer must go out all the same.
#[test]
fn publishing_goes_on_while_the_new_targets_wait_for_their_signature() {
    let (dir, mut issuer) = issuer();
    let (old, new) = (Key::ed25519(41), Key::ed25519(43));
    issuer.add_authority(&south(), &[token(10, &old)], false, at(11)).expect("taken in");
    issuer.publish(at(12)).expect("published");

    let online = Keys::new()
        .with(KeyUse::Status, Key::ed25519(3))
        .with(KeyRole::Snapshot, Key::ed25519(7))
        .with(KeyRole::Timestamp, Key::ed25519(8));
    let mut service = Issuer::open(Box::new(store(dir.path())), seal(), online).expect("opened");
    let mut changed = south();
    changed.keys[1] = record(&new, KeyUse::Status);
    service.add_authority(&changed, &[token(20, &new)], true, at(21)).expect("replaced");
    let waiting = service.publish(at(22)).expect("published with the targets in effect");
    assert!(waiting.targets_due);
    assert_eq!(waiting.opened().authorities().last(), Some(&south()));

    let paper = service.prepare_targets(at(23)).and_then(|paper| Paper::sign(paper, &Key::ed25519(6))).expect("signed elsewhere");
    service.assemble(&[paper], at(24)).expect("assembled");
    let after = service.publish(at(25)).expect("published");
    assert_eq!(after.opened().authorities().last(), Some(&changed));
    service.remove_authority("Clinic South", at(26)).expect("removed");
    assert!(service.publish(at(27)).expect("the old targets still announce the list").opened().missing_lists().is_empty());
}

#[test]
fn reads_an_entry_and_nothing_else() {
    let text = json::to_string(&south());
    assert_eq!(read(text.as_bytes()), Ok(south()));
    assert!(matches!(read(b"{"), Err(AuthorityError::Json(_))));
    assert!(matches!(read(b"{}"), Err(AuthorityError::Shape(_))));
    assert!(matches!(read(text.replace("\"roles\"", "\"rules\"").as_bytes()), Err(AuthorityError::Shape(_))));
    assert_eq!(read(text.replace("Clinic South", "\\u001b[2J").as_bytes()), Err(AuthorityError::Name));
    for use_of_its_own in ["intake", "time", "lease"] {
        let text = text.replace("\"use\":\"status\"", &format!("\"use\":\"{use_of_its_own}\""));
        assert!(matches!(read(text.as_bytes()), Err(AuthorityError::KeyUse(_))));
    }
}

/// The keys of a `did:web` become records of their own, with dates and a state; what else the document says stays outside.
#[test]
fn the_keys_of_a_document_become_records() {
    const DID: &str = "did:web:south.example";
    let (first, second, third) = (Key::ed25519(50), Key::p256(51), Key::p384(52));
    let method = |name: &str, key: &Key| {
        let multikey = key.public_key().to_multikey();
        format!(r#"{{"id": "{DID}#{name}", "type": "Multikey", "controller": "{DID}", "publicKeyMultibase": "{multikey}"}}"#)
    };
    let document = format!(
        r##"{{"@context": ["https://www.w3.org/ns/did/v1"], "id": "{DID}", "verificationMethod": [{}, {}, {}],
            "assertionMethod": ["{DID}#credentials", "#lists"], "authentication": ["{DID}#login"]}}"##,
        method("credentials", &first),
        method("lists", &second),
        method("login", &third)
    );
    let entry = r#"{"name": "Clinic South", "types": ["RoleCredential"], "roles": ["doctor"], "sites": ["north"], "max_validity_seconds": 86400,
        "status_uris": []}"#;
    let lists = [format!("{DID}#lists")];
    let authority = read_with_document(entry.as_bytes(), document.as_bytes(), DID, &lists, at(10 * DAY)).expect("an entry");
    let found: Vec<_> = authority.keys.iter().map(|key| (key.kid.as_str(), key.key_use, &key.key)).collect();
    let (credentials, login) = (format!("{DID}#credentials"), format!("{DID}#login"));
    assert_eq!(
        found,
        [(credentials.as_str(), KeyUse::Credential, first.public_key()), (lists[0].as_str(), KeyUse::Status, second.public_key())]
    );
    assert!(authority.keys.iter().all(|key| key.issuer == DID && key.not_before == at(9 * DAY) && key.not_after > at(300 * DAY)));
    assert_eq!((authority.name.as_str(), authority.max_validity_seconds), ("Clinic South", 86_400));

    let refused = |entry: &str, document: &str, did: &str, lists: &[String]| {
        read_with_document(entry.as_bytes(), document.as_bytes(), did, lists, at(0)).expect_err("not believed")
    };
    let with_keys = entry.replacen('{', r#"{"keys": [], "#, 1);
    assert!(matches!(refused(&with_keys, &document, DID, &lists), AuthorityError::Shape(_)));
    assert!(matches!(refused("[]", &document, DID, &lists), AuthorityError::Shape(_)));
    assert!(matches!(refused(entry, &document, "did:web:north.example", &lists), AuthorityError::Document(_)));
    assert!(matches!(refused(entry, "{}", DID, &lists), AuthorityError::Document(_)));
    // A key for another purpose signs no lists, and somebody must sign credentials.
    assert_eq!(
        refused(entry, &document, DID, core::slice::from_ref(&login)),
        AuthorityError::NoMethod(login, Some(MethodError::WrongPurpose))
    );
    let all = [credentials, lists[0].clone()];
    assert_eq!(refused(entry, &document, DID, &all), AuthorityError::NoMethod("assertionMethod".into(), None));
    // The fault in the method is said.
    let ended = document.replacen("\"controller\"", "\"expires\": \"2020-01-01T00:00:00Z\", \"controller\"", 9);
    let why = refused(entry, &ended, DID, &lists).to_string();
    assert!(why.ends_with("the verification method ended at 2020-01-01T00:00:00Z"), "{why}");
    // Most documents in the field: the kind is named, because "no key" would send somebody looking for a key that is there.
    let kind = "Ed25519VerificationKey2020";
    let older = document.replace("\"Multikey\"", &format!("{kind:?}")).replace("\"JsonWebKey\"", &format!("{kind:?}"));
    let AuthorityError::KeyKinds(kinds) = refused(entry, &older, DID, &lists) else { panic!("the kind is not named") };
    assert!(!kinds.is_empty() && kinds.iter().all(|named| named.starts_with(kind)), "{kinds:?}");
}
