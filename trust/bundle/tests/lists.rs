//! Status lists in a bundle: who may sign them, what they prove, and for how long.

use super::*;
use crate::status::{Bits, Status, StatusListBuf, StatusListToken, TokenForm, Why};
use crate::testing::{ENTRIES, doubted};

fn status(bundle: &TrustBundle, index: u64, at: &Moment) -> Status {
    bundle.status(&bundle.authorities()[0], &[StatusReference::token(LIST, index)], at).status
}

fn refused(bundle: &TrustBundle, token: &str) -> Option<ListError> {
    match bundle.clone().ingest_list(token.as_bytes()) {
        Err(BundleError::List { why, .. }) => Some(why),
        _ => None,
    }
}

#[test]
fn the_status_table_holds_fresh_and_expired() {
    let mut site = Site::new();
    for (index, value) in [(1, 1), (2, 2), (3, 3)] {
        site.set_status(index, value);
    }
    let bundle = site.seal();
    let (now, expired) = (moment(NOON), moment(NOON.plus(14 * DAY)));
    assert_eq!(status(&bundle, 0, &now), Status::Valid);
    assert_eq!(status(&bundle, 0, &moment(NOON.plus(14 * DAY - 1))), Status::Valid);
    assert_eq!(status(&bundle, 0, &expired), Status::Unknown(Why::ListExpired));
    assert_eq!(status(&bundle, 1, &now), Status::Revoked);
    assert_eq!(status(&bundle, 1, &expired), Status::Revoked);
    assert_eq!(status(&bundle, 2, &now), Status::Suspended);
    assert_eq!(status(&bundle, 2, &expired), Status::Suspended);
    assert_eq!(status(&bundle, 3, &now), Status::Unknown(Why::NotCovered));
    let outside = bundle.status(&bundle.authorities()[0], &[StatusReference::token(LIST, ENTRIES)], &now);
    assert!(outside.out_of_range);
    assert_eq!(status(&bundle, 0, &doubted(NOON)), Status::Unknown(Why::ClockDoubt));
    assert_eq!(status(&bundle, 1, &doubted(NOON)), Status::Revoked);
    assert_eq!(status(&bundle, 2, &doubted(NOON)), Status::Suspended);
    assert_eq!(status(&bundle, 0, &moment(NOON.plus(-HOUR))), Status::Unknown(Why::ClockDoubt), "a list from the future");
    let elsewhere = bundle.status(&bundle.authorities()[0], &[StatusReference::token("https://issuer.example/status/2", 0)], &now);
    assert_eq!(elsewhere.status, Status::Unknown(Why::NotCovered));
}

#[test]
fn suspension_is_lifted_by_a_newer_list() {
    let mut site = Site::new();
    site.set_status(5, 2);
    let mut bundle = site.seal();
    assert_eq!(status(&bundle, 5, &moment(NOON)), Status::Suspended);
    site.set_status(5, 0);
    assert_eq!(bundle.ingest_list(site.token_by(&site.status_key, NOON.plus(1)).as_bytes()), Ok(Ingested::Newest));
    assert_eq!(status(&bundle, 5, &moment(NOON.plus(1))), Status::Valid);
}

#[test]
fn an_older_list_is_a_rollback() {
    let site = Site::new();
    let mut bundle = site.seal();
    let older = site.token_by(&site.status_key, NOON.plus(-1));
    let seconds = NOON.unix().unsigned_abs();
    assert_eq!(
        bundle.ingest_list(older.as_bytes()),
        Err(BundleError::Rollback { part: PartName::List(LIST.into()), held: seconds, found: seconds - 1 })
    );
    assert_eq!(bundle.ingest_list(site.token().as_bytes()), Ok(Ingested::Known));
}

#[test]
fn final_revocations_outlive_newer_lists() {
    for irrevocable in [true, false] {
        let mut site = Site::new();
        site.authority().status_uris[0].irrevocable = irrevocable;
        site.set_status(5, 1);
        let mut bundle = site.seal();
        site.set_status(5, 0);
        for step in 1..=20 {
            let token = site.token_by(&site.status_key, NOON.plus(step));
            assert_eq!(bundle.ingest_list(token.as_bytes()), Ok(Ingested::Newest), "a witness is kept once");
        }
        let expected = if irrevocable { Status::Revoked } else { Status::Valid };
        assert_eq!(status(&bundle, 5, &moment(NOON.plus(20))), expected);
        let again = TrustBundle::open(&bundle.to_bytes(), &site.pinned()).expect("opens");
        assert_eq!(status(&again, 5, &moment(NOON.plus(20))), expected, "also after a restart");
        site.advance(HOUR);
        bundle.replace(site.seal()).expect("replaces");
        assert_eq!(status(&bundle, 5, &moment(NOON.plus(HOUR))), expected, "and after an update");
    }
}

#[test]
fn a_signer_who_keeps_taking_back_is_refused() {
    let mut site = Site::new();
    site.authority().status_uris[0].irrevocable = true;
    let mut bundle = site.seal();
    let mut last = Ok(Ingested::Newest);
    for step in 1..=20_u32 {
        site.set_status(step.into(), 1);
        site.set_status(u64::from(step) - 1, 0);
        last = bundle.ingest_list(site.token_by(&site.status_key, NOON.plus(step.into())).as_bytes());
        if last.is_err() {
            break;
        }
    }
    assert_eq!(last, Err(BundleError::List { uri: LIST.into(), why: ListError::Contradiction }));
    assert_eq!(status(&bundle, 1, &moment(NOON.plus(20))), Status::Revoked);
}

#[test]
fn copies_of_one_time_disagree_only_where_they_differ() {
    let mut site = Site::new();
    site.set_status(1, 1);
    let mut bundle = site.seal();
    site.set_status(2, 2);
    site.set_status(3, 1);
    assert_eq!(bundle.ingest_list(site.token().as_bytes()), Ok(Ingested::Disagrees));
    for bundle in [bundle.clone(), TrustBundle::open(&bundle.to_bytes(), &site.pinned()).expect("opens")] {
        let now = moment(NOON);
        assert_eq!(status(&bundle, 0, &now), Status::Valid);
        assert_eq!(status(&bundle, 1, &now), Status::Revoked);
        assert_eq!(status(&bundle, 2, &now), Status::Unknown(Why::Disagreement));
        assert_eq!(status(&bundle, 3, &now), Status::Revoked, "revoked in any list");
    }
    // A newer list settles it.
    assert_eq!(bundle.ingest_list(site.token_by(&site.status_key, NOON.plus(1)).as_bytes()), Ok(Ingested::Newest));
    assert_eq!(status(&bundle, 2, &moment(NOON.plus(1))), Status::Suspended);
}

#[test]
fn copies_of_one_time_are_bounded() {
    let mut site = Site::new();
    let mut bundle = site.seal();
    let mut taken = |index| {
        site.set_status(index, 2);
        bundle.ingest_list(site.token().as_bytes())
    };
    for index in 1..4 {
        assert_eq!(taken(index), Ok(Ingested::Disagrees));
    }
    assert_eq!(taken(4), Err(BundleError::List { uri: LIST.into(), why: ListError::Contradiction }));
}

#[test]
fn a_signature_made_anew_is_no_contradiction() {
    let site = Site::new();
    let mut bundle = site.seal();
    let token = StatusListToken { uri: LIST.into(), issued_at: NOON, expires_at: Some(NOON.plus(15 * DAY)), ttl_seconds: None };
    let again = token.sign(&site.list, TokenForm::Jwt, &site.status_key.kid(), &site.status_key).expect("signs");
    assert_eq!(bundle.ingest_list(again.as_bytes()), Ok(Ingested::Known));
}

#[test]
fn only_status_keys_of_the_announcing_issuer_sign_lists() {
    let (site, bundle, neighbour) = two_authorities();
    let stranger = TestKey::new(70);
    let at = NOON.plus(1);
    assert_eq!(refused(&bundle, &site.token_by(&stranger, at)), Some(ListError::UntrustedSigner));
    assert_eq!(refused(&bundle, &site.token_by(&site.issuer, at)), Some(ListError::UntrustedSigner), "a credential key");
    assert_eq!(refused(&bundle, &site.token_by(&neighbour, at)), Some(ListError::UntrustedSigner), "another issuer's list");
    assert_eq!(refused(&bundle, &site.token_by(&site.status_key, at)), None);
    // The right key id over another key's signature.
    let token = StatusListToken { uri: LIST.into(), issued_at: at, expires_at: None, ttl_seconds: None };
    let forged = token.sign(&site.list, TokenForm::Jwt, &site.status_key.kid(), &stranger).expect("signs");
    assert_eq!(refused(&bundle, &forged), Some(ListError::InvalidProof));
}

const NEIGHBOURS_LIST: &str = "https://neighbour.example/1";

/// A site whose bundle also believes a neighbour, with the neighbour's status key.
fn two_authorities() -> (Site, TrustBundle, TestKey) {
    let mut site = Site::new();
    let neighbour = TestKey::new(71);
    let mut other = site.targets.authorities[0].clone();
    other.name = "Neighbour".into();
    other.keys = vec![neighbour.record(KeyUse::Status)];
    other.status_uris[0].uri = NEIGHBOURS_LIST.into();
    site.targets.authorities.push(other);
    let mut draft = site.draft();
    let token = StatusListToken { uri: NEIGHBOURS_LIST.into(), issued_at: NOON, expires_at: Some(NOON.plus(14 * DAY)), ttl_seconds: None };
    draft.lists.push(token.sign(&site.list, TokenForm::Jwt, &neighbour.kid(), &neighbour).expect("signs"));
    let bundle = draft.seal(&[&site.snapshot_key], &[&site.timestamp_key]).expect("seals");
    (site, bundle, neighbour)
}

/// A credential that names the list of another issuer would be in force as long as its entry there is free.
#[test]
fn a_list_says_nothing_about_the_credentials_of_another_issuer() {
    let (_, bundle, _) = two_authorities();
    let [own, neighbour] = bundle.authorities() else { panic!("two issuers") };
    let status = |authority| bundle.status(authority, &[StatusReference::token(NEIGHBOURS_LIST, 0)], &moment(NOON)).status;
    assert_eq!(status(neighbour), Status::Valid);
    assert_eq!(status(own), Status::Unknown(Why::NotCovered));
}

#[test]
fn key_states_bind_lists_and_what_was_learned_from_them() {
    let mut site = Site::new();
    site.set_status(5, 1);
    let bundle = site.seal();
    assert_eq!(status(&bundle, 5, &moment(NOON)), Status::Revoked);

    // Retired: believed up to its last day.
    site.advance(HOUR);
    let fresh = TestKey::new(72);
    site.authority().keys.push(fresh.record(KeyUse::Status));
    site.authority().keys[1].state = KeyState::Retired;
    site.authority().keys[1].issued_until = Some(NOON);
    let old_key = core::mem::replace(&mut site.status_key, fresh);
    let mut retired = bundle.clone();
    retired.replace(site.seal()).expect("replaces");
    let seconds = NOON.unix().unsigned_abs();
    assert_eq!(refused(&retired, &site.token_by(&old_key, NOON.plus(2 * HOUR))), Some(ListError::KeyNotInUse));
    assert_eq!(
        retired.clone().ingest_list(site.token_by(&old_key, NOON).as_bytes()),
        Err(BundleError::Rollback { part: PartName::List(LIST.into()), held: seconds + HOUR as u64, found: seconds })
    );

    // Compromised: its lists are evidence of nothing, whatever their date, and so is what was learned from them alone.
    site.advance(HOUR);
    site.authority().keys[1].state = KeyState::Compromised;
    site.authority().keys[1].issued_until = None;
    site.set_status(5, 0);
    let mut compromised = bundle.clone();
    compromised.replace(site.seal()).expect("replaces");
    assert_eq!(status(&compromised, 5, &moment(NOON.plus(2 * HOUR))), Status::Valid);
    assert_eq!(refused(&compromised, &site.token_by(&old_key, NOON.plus(-DAY))), Some(ListError::KeyCompromised));
}

/// It would look newer than it is for as long as the clock takes to reach it. So it denies, and makes nothing good or fresher.
#[test]
fn a_list_that_is_dated_after_the_bundle_only_denies() {
    let mut site = Site::new();
    site.authority().status_uris[0].irrevocable = true;
    site.set_status(5, 1);
    let mut bundle = site.seal();
    for (index, value) in [(5, 0), (6, 1), (7, 2)] {
        site.set_status(index, value);
    }
    let ahead = |seconds| site.token_by(&site.status_key, NOON.plus(seconds));
    let later = moment(NOON.plus(4 * HOUR));
    let said = |bundle: &TrustBundle| [0, 5, 6, 7].map(|index| status(bundle, index, &later));
    let expected = [Status::Valid, Status::Revoked, Status::Revoked, Status::Suspended];
    assert_eq!(bundle.ingest_list(ahead(3 * HOUR).as_bytes()), Ok(Ingested::Newest));
    assert_eq!(said(&bundle), expected);
    let as_of = |bundle: &TrustBundle| bundle.status(&bundle.authorities()[0], &[StatusReference::token(LIST, 0)], &later).as_of;
    assert_eq!((as_of(&bundle), bundle.lists()[0].issued_at), (Some(NOON), NOON), "what is good is as old as before");
    let denied: Vec<u64> = bundle.denials().next().expect("a list").denied().not_in(&crate::status::Denied::default()).collect();
    assert_eq!(denied, [5, 6, 7]);
    // Also after it was stored, and when a later bundle has reached it: how long it was here is not known.
    let mut bundle = TrustBundle::open(&bundle.to_bytes(), &site.pinned()).expect("opens");
    assert_eq!(said(&bundle), expected);
    site.advance(2 * HOUR);
    site.lists_issued_at = NOON;
    for (index, value) in [(5, 1), (6, 0), (7, 0)] {
        site.set_status(index, value);
    }
    bundle.replace(site.seal()).expect("replaces");
    assert_eq!((said(&bundle), as_of(&bundle)), (expected, Some(NOON)));
    // Brought again with a bundle that is as new it counts, and a later one takes its place.
    site.advance(3 * HOUR);
    site.lists_issued_at = NOON.plus(5 * HOUR);
    let mut taken_back = bundle.clone();
    taken_back.replace(site.seal()).expect("replaces");
    let at = moment(NOON.plus(6 * HOUR));
    assert_eq!(status(&taken_back, 6, &at), Status::Revoked, "what is final stays");
    site.set_status(6, 1);
    bundle.replace(site.seal()).expect("replaces");
    assert_eq!((as_of(&bundle), bundle.early.len()), (Some(NOON.plus(5 * HOUR)), 0));
    assert_eq!([6, 7].map(|index| status(&bundle, index, &at)), [Status::Revoked, Status::Valid]);
    // A little later than the bundle: published while the gate fetched one after the other.
    let mut bundle = site.seal();
    let mine = site.token_by(&site.status_key, bundle.issued_at().plus(TOLERANCE_SECONDS));
    assert_eq!(bundle.ingest_list(mine.as_bytes()), Ok(Ingested::Newest));
    assert_eq!(bundle.lists()[0].issued_at, bundle.issued_at().plus(TOLERANCE_SECONDS));
}

/// A stolen status key signs a list for next year. It bars nothing that comes before.
#[test]
fn a_stolen_status_key_cannot_freeze_a_list_for_ever() {
    let mut site = Site::new();
    site.authority().status_uris[0].irrevocable = true;
    let mut bundle = site.seal();
    let ahead = site.token_by(&site.status_key, NOON.plus(300 * DAY));
    bundle.ingest_list(ahead.as_bytes()).expect("signed by a key that is still believed");
    assert_eq!(status(&bundle, 0, &moment(NOON)), Status::Unknown(Why::ClockDoubt));
    site.advance(HOUR);
    let fresh = TestKey::new(72);
    site.authority().keys[1].state = KeyState::Compromised;
    site.authority().keys.push(fresh.record(KeyUse::Status));
    site.status_key = fresh;
    bundle.replace(site.seal()).expect("the forged list binds nobody");
    assert_eq!(status(&bundle, 0, &moment(NOON.plus(HOUR))), Status::Valid);
}

#[test]
fn lists_keep_to_what_the_bundle_announces() {
    let site = Site::new();
    let bundle = site.seal();
    let sign = |list: StatusListBuf| {
        let token = StatusListToken { uri: LIST.into(), issued_at: NOON.plus(1), expires_at: None, ttl_seconds: None };
        token.sign(&list, TokenForm::Jwt, &site.status_key.kid(), &site.status_key).expect("signs")
    };
    let entries = ENTRIES;
    assert_eq!(refused(&bundle, &sign(StatusListBuf::new(Bits::Two, entries))), None);
    assert_eq!(refused(&bundle, &sign(StatusListBuf::new(Bits::Two, entries + 1))), Some(ListError::TooLarge));
    assert_eq!(refused(&bundle, &sign(StatusListBuf::new(Bits::One, entries))), Some(ListError::Bits));
    assert_eq!(refused(&bundle, &sign(StatusListBuf::new(Bits::Two, 1 << 24))), Some(ListError::TooLarge));
    let too_long = vec![b'a'; MAX_LIST + 1];
    assert!(matches!(bundle.clone().ingest_list(&too_long), Err(BundleError::TooLarge { .. })));
}

#[test]
fn a_list_without_expiry_gets_the_longest_stale_limit() {
    let site = Site::new();
    let mut bundle = site.seal();
    let token = StatusListToken { uri: LIST.into(), issued_at: NOON.plus(1), expires_at: None, ttl_seconds: None };
    let token = token.sign(&site.list, TokenForm::Jwt, &site.status_key.kid(), &site.status_key).expect("signs");
    bundle.ingest_list(token.as_bytes()).expect("takes");
    assert_eq!(bundle.lists()[0].expires_at, NOON.plus(1 + 14 * DAY));
}
