//! Bitstring Status Lists in a bundle: whose entries say what, for how long, and together with which others.

use alloc::{string::String, vec, vec::Vec};
use waypass_credential::role::{BitstringEntry, Mechanism, StatusPurpose, StatusReference};
use waypass_credential::vcdm::secured::Securing;

use super::*;
use crate::status::{
    Status, TokenForm, Why,
    bitstring::{BitstringBuf, BitstringList, MIN_ENTRIES},
};

const BITS: &str = "https://issuer.example/bits/1";

/// A site that announces a bitstring of `purposes` in addition to its token list.
struct Listed {
    site: Site,
    list: BitstringList,
    bits: BitstringBuf,
}

impl Listed {
    fn new(purposes: &[StatusPurpose], size: u8) -> Self {
        let mut site = Site::new();
        let entry = StatusUri { uri: BITS.into(), max_entries: MIN_ENTRIES, bits: size, irrevocable: false, kind: ListKind::Bitstring };
        site.authority().status_uris.push(entry);
        let messages = if size == 1 { Vec::new() } else { vec!["m".into(); 1 << size] };
        let list = BitstringList {
            uri: BITS.into(),
            issuer: site.status_key.did(),
            purposes: purposes.to_vec(),
            messages,
            issued_at: NOON,
            expires_at: Some(NOON.plus(14 * DAY)),
            ttl_milliseconds: None,
        };
        Self { site, list, bits: BitstringBuf::new(size, MIN_ENTRIES).expect("a list") }
    }

    fn text(&self, by: Securing) -> String {
        self.signed_by(&self.site.status_key, by)
    }

    fn signed_by(&self, key: &TestKey, by: Securing) -> String {
        self.list.sign(&self.bits, by, &key.kid(), key).expect("signs")
    }

    fn seal(&self, by: Securing) -> TrustBundle {
        let mut draft = self.site.draft();
        draft.lists.push(self.text(by));
        draft.seal(&[&self.site.snapshot_key], &[&self.site.timestamp_key]).expect("seals")
    }

    /// The list `seconds` after the first, with `changes` made.
    fn next(&mut self, seconds: i64, changes: &[(u64, u8)]) -> String {
        self.list.issued_at = NOON.plus(seconds);
        for (index, value) in changes {
            self.bits.set(*index, *value).expect("in the list");
        }
        self.text(Securing::Jose)
    }
}

fn entry(index: u64, purpose: StatusPurpose) -> StatusReference {
    StatusReference::bitstring(BITS, index, purpose)
}

fn held(bundle: &TrustBundle, references: &[StatusReference], at: Timestamp) -> HeldStatus {
    bundle.status(&bundle.authorities()[0], references, &moment(at))
}

fn status(bundle: &TrustBundle, references: &[StatusReference], at: Timestamp) -> Status {
    held(bundle, references, at).status
}

use StatusPurpose::{Message, Refresh, Revocation, Suspension};

#[test]
fn set_entries_say_what_their_purpose_is() {
    for by in [Securing::DataIntegrity, Securing::Jose] {
        let mut site = Listed::new(&[Revocation, Suspension], 1);
        site.next(0, &[(5, 1), (6, 1)]);
        let bundle = site.seal(by);
        let bundle = TrustBundle::open(&bundle.to_bytes(), &site.site.pinned()).expect("opens");
        let ends = NOON.plus(14 * DAY);
        assert_eq!(status(&bundle, &[entry(4, Revocation)], NOON), Status::Valid);
        assert_eq!(held(&bundle, &[entry(4, Revocation)], NOON).as_of, Some(NOON), "of an age from validFrom");
        assert_eq!(status(&bundle, &[entry(5, Revocation)], NOON), Status::Revoked);
        assert_eq!(status(&bundle, &[entry(5, Revocation)], ends.plus(1)), Status::Revoked, "even in an expired list");
        assert_eq!(status(&bundle, &[entry(6, Suspension)], NOON), Status::Suspended);
        assert_eq!(status(&bundle, &[entry(4, Suspension)], ends.plus(-1)), Status::Valid);
        assert_eq!(status(&bundle, &[entry(4, Suspension)], ends), Status::Unknown(Why::ListExpired));
        // Both purposes of one credential, each at its own place.
        assert_eq!(status(&bundle, &[entry(3, Revocation), entry(4, Suspension)], NOON), Status::Valid);
        assert_eq!(status(&bundle, &[entry(3, Revocation), entry(6, Suspension)], NOON), Status::Suspended);
        assert_eq!(status(&bundle, &[entry(6, Suspension), entry(5, Revocation)], NOON), Status::Revoked);
    }
}

#[test]
fn a_credential_that_contradicts_the_list_is_out_of_range() {
    let bundle = Listed::new(&[Revocation], 1).seal(Securing::Jose);
    let sized = |size| {
        let entry = BitstringEntry { purpose: Revocation, size, messages: vec!["m".into(); 1 << size] };
        StatusReference { uri: BITS.into(), index: 0, mechanism: Mechanism::Bitstring(entry) }
    };
    let wrong = [
        entry(MIN_ENTRIES, Revocation),
        entry(u64::MAX, Revocation),
        entry(0, Suspension),
        entry(0, Message),
        entry(0, Refresh),
        sized(2),
        StatusReference::token(BITS, 0),
        StatusReference::bitstring(LIST, 0, Revocation),
    ];
    for reference in wrong {
        let held = held(&bundle, &[entry(1, Revocation), reference.clone()], NOON);
        assert!(held.out_of_range && held.status == Status::Unknown(Why::NotCovered), "{reference:?}");
    }
    assert!(!held(&bundle, &[sized(1)], NOON).out_of_range);
}

#[test]
fn hints_and_messages_cover_nothing() {
    let mut site = Listed::new(&[Revocation, Refresh, Message], 2);
    site.next(0, &[(1, 1), (2, 3)]);
    let bundle = site.seal(Securing::Jose);
    let sized = |index, purpose| {
        let entry = BitstringEntry { purpose, size: 2, messages: vec!["m".into(); 4] };
        StatusReference { uri: BITS.into(), index, mechanism: Mechanism::Bitstring(entry) }
    };
    let revocation = sized(0, Revocation);
    assert_eq!(status(&bundle, &[], NOON), Status::Unknown(Why::NotCovered));
    assert_eq!(status(&bundle, &[sized(0, Refresh)], NOON), Status::Unknown(Why::NotCovered), "nobody could have revoked it");
    assert_eq!(status(&bundle, &[sized(0, Message)], NOON), Status::Unknown(Why::NotCovered));
    let refresh = held(&bundle, &[revocation.clone(), sized(1, Refresh)], NOON);
    assert_eq!((refresh.status, refresh.update_available), (Status::Valid, true), "still in force (§2.1)");
    assert!(!held(&bundle, &[revocation.clone(), sized(0, Refresh)], NOON).update_available);
    let message = held(&bundle, &[revocation.clone(), sized(2, Message)], NOON);
    assert_eq!((message.status, message.message), (Status::Unknown(Why::NotCovered), Some(3)), "a meaning of the issuer's own");
    assert_eq!(status(&bundle, &[revocation, sized(0, Message)], NOON), Status::Valid);
}

#[test]
fn entries_in_two_lists_are_as_old_as_the_older() {
    let mut site = Listed::new(&[Suspension], 1);
    site.site.lists_issued_at = NOON.plus(-HOUR);
    let both = [entry(1, Suspension), StatusReference::token(LIST, 1)];
    assert_eq!(held(&site.seal(Securing::Jose), &both, NOON).as_of, Some(NOON.plus(-HOUR)));
    site.site.lists_issued_at = NOON;
    site.list.issued_at = NOON.plus(-DAY);
    assert_eq!(held(&site.seal(Securing::Jose), &both, NOON).as_of, Some(NOON.plus(-DAY)));
    let elsewhere = StatusReference::bitstring("https://issuer.example/bits/2", 1, Revocation);
    assert_eq!(status(&site.seal(Securing::Jose), &[both[0].clone(), elsewhere], NOON), Status::Unknown(Why::NotCovered));
}

#[test]
fn revocations_are_final_and_suspensions_are_not() {
    for purposes in [&[Revocation][..], &[Revocation, Suspension]] {
        let mut site = Listed::new(purposes, 1);
        site.next(0, &[(5, 1)]);
        let mut bundle = site.seal(Securing::Jose);
        assert_eq!(bundle.ingest_list(site.next(1, &[(5, 0)]).as_bytes()), Ok(Ingested::Newest));
        assert_eq!(status(&bundle, &[entry(5, Revocation)], NOON.plus(1)), Status::Revoked, "the standard says so (§2.1)");
        let again = TrustBundle::open(&bundle.to_bytes(), &site.site.pinned()).expect("opens");
        assert_eq!(status(&again, &[entry(5, Revocation)], NOON.plus(1)), Status::Revoked, "also after a restart");
        if purposes.len() > 1 {
            assert_eq!(status(&bundle, &[entry(5, Suspension)], NOON.plus(1)), Status::Valid, "the same bit for another purpose");
        }
    }
}

#[test]
fn a_shared_list_may_lift_suspensions_for_ever() {
    let mut site = Listed::new(&[Revocation, Suspension], 1);
    let mut bundle = site.seal(Securing::Jose);
    for step in 1..=20_u32 {
        let text = site.next(step.into(), &[(step.into(), 1), (u64::from(step) - 1, 0)]);
        assert_eq!(bundle.ingest_list(text.as_bytes()), Ok(Ingested::Newest));
    }
    // A list of revocations alone that does so contradicts itself.
    let mut strict = Listed::new(&[Revocation], 1);
    let mut bundle = strict.seal(Securing::Jose);
    let refused = (1..=20_u32).find_map(|step| {
        let text = strict.next(step.into(), &[(step.into(), 1), (u64::from(step) - 1, 0)]);
        bundle.ingest_list(text.as_bytes()).err()
    });
    assert_eq!(refused, Some(BundleError::List { uri: BITS.into(), why: ListError::Contradiction }));
}

#[test]
fn copies_of_one_time_disagree_where_they_differ() {
    let mut site = Listed::new(&[Suspension], 1);
    let mut bundle = site.seal(Securing::DataIntegrity);
    assert_eq!(bundle.ingest_list(site.text(Securing::Jose).as_bytes()), Ok(Ingested::Known), "the same under another proof");
    assert_eq!(bundle.ingest_list(site.next(0, &[(3, 1)]).as_bytes()), Ok(Ingested::Disagrees));
    assert_eq!(status(&bundle, &[entry(3, Suspension)], NOON), Status::Unknown(Why::Disagreement));
    assert_eq!(status(&bundle, &[entry(4, Suspension)], NOON), Status::Valid);
    assert!(matches!(bundle.ingest_list(site.next(-1, &[]).as_bytes()), Err(BundleError::Rollback { .. })));
}

#[test]
fn lists_keep_to_what_the_bundle_announces() {
    let site = Listed::new(&[Revocation], 1);
    let bundle = site.seal(Securing::Jose);
    let refused = |text: &str| match bundle.clone().ingest_list(text.as_bytes()) {
        Ok(_) => None,
        Err(BundleError::List { why, .. }) => Some(why),
        Err(other) => panic!("{other}"),
    };
    let later = BitstringList { issued_at: NOON.plus(1), ..site.list.clone() };
    let key = &site.site.status_key;
    let sign = |list: &BitstringList, size: u8, entries: u64, key: &TestKey| {
        let bits = BitstringBuf::new(size, entries).expect("a list");
        list.sign(&bits, Securing::DataIntegrity, &key.kid(), key).expect("signs")
    };
    assert_eq!(refused(&sign(&later, 1, MIN_ENTRIES, key)), None);
    assert_eq!(refused(&sign(&later, 1, MIN_ENTRIES + 8, key)), Some(ListError::TooLarge));
    let sized = BitstringList { messages: vec!["m".into(); 4], ..later.clone() };
    assert_eq!(refused(&sign(&sized, 2, MIN_ENTRIES, key)), Some(ListError::Bits));
    let token_place = BitstringList { uri: LIST.into(), ..later.clone() };
    assert_eq!(refused(&sign(&token_place, 1, MIN_ENTRIES, key)), Some(ListError::Kind));
    let elsewhere = BitstringList { uri: "https://issuer.example/bits/2".into(), ..later.clone() };
    assert_eq!(refused(&sign(&elsewhere, 1, MIN_ENTRIES, key)), Some(ListError::UntrustedSigner));
    let token = crate::status::StatusListToken { uri: BITS.into(), issued_at: NOON.plus(1), expires_at: None, ttl_seconds: None };
    let bits = crate::status::StatusListBuf::new(crate::status::Bits::One, MIN_ENTRIES);
    assert_eq!(refused(&token.sign(&bits, TokenForm::Jwt, &key.kid(), key).expect("signs")), Some(ListError::Kind));
    // By whom.
    let stranger = TestKey::new(70);
    let by_stranger = BitstringList { issuer: stranger.did(), ..later.clone() };
    assert_eq!(refused(&sign(&by_stranger, 1, MIN_ENTRIES, &stranger)), Some(ListError::UntrustedSigner));
    let by_issuer = BitstringList { issuer: site.site.issuer.did(), ..later.clone() };
    assert_eq!(refused(&sign(&by_issuer, 1, MIN_ENTRIES, &site.site.issuer)), Some(ListError::UntrustedSigner), "a credential key");
    let bits = BitstringBuf::new(1, MIN_ENTRIES).expect("a list");
    let forged = later.sign(&bits, Securing::Jose, &key.kid(), &stranger).expect("signs");
    assert_eq!(refused(&forged), Some(ListError::InvalidProof), "the right key id over another key's signature");
    let renamed = BitstringList { issuer: "https://issuer.example".into(), ..later };
    let renamed = renamed.sign(&bits, Securing::Jose, &key.kid(), key).expect("signs");
    assert_eq!(refused(&renamed), Some(ListError::UntrustedSigner), "the signed issuer is not the key's");
}

#[test]
fn announcements_keep_to_the_standard() {
    let refused = |bits, max_entries| {
        let mut site = Site::new();
        let entry = StatusUri { uri: BITS.into(), max_entries, bits, irrevocable: false, kind: ListKind::Bitstring };
        site.authority().status_uris.push(entry);
        site.targets.check().err()
    };
    let rule = |broken| Some(BundleError::Rule { part: PartName::Targets, broken });
    assert_eq!((refused(1, MIN_ENTRIES), refused(3, MIN_ENTRIES), refused(8, 1 << 23)), (None, None, None));
    assert_eq!(refused(0, MIN_ENTRIES), rule(Rule::Bits(BITS.into())));
    assert_eq!(refused(9, MIN_ENTRIES), rule(Rule::Bits(BITS.into())));
    assert_eq!(refused(1, MIN_ENTRIES - 1), rule(Rule::ListTooShort(BITS.into())));
    assert_eq!(refused(8, (1 << 23) + 1), rule(Rule::ListSize(BITS.into())));
    assert_eq!(refused(8, u64::MAX), rule(Rule::ListSize(BITS.into())));
}
