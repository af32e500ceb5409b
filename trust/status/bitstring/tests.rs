//! Bitstrings and their credentials on their own: bit order, round trips, what is not read.

use alloc::{format, string::String, vec, vec::Vec};
use proptest::prelude::*;
use waypass_credential::json::{Object, Value};
use waypass_credential::role::StatusPurpose;
use waypass_credential::vcdm::secured::Securing;
use waypass_credential::{json, jws};

use super::*;
use crate::status::TokenForm;
use crate::testing::{HOUR, NOON, TestKey};

const URI: &str = "https://issuer.example/bits/1";

fn list() -> BitstringList {
    BitstringList {
        uri: URI.into(),
        issuer: TestKey::new(1).did(),
        purposes: vec![StatusPurpose::Revocation],
        messages: Vec::new(),
        issued_at: NOON,
        expires_at: Some(NOON.plus(HOUR)),
        ttl_milliseconds: Some(300_000),
    }
}

fn bits() -> BitstringBuf {
    let mut bits = BitstringBuf::new(1, MIN_ENTRIES).expect("a list");
    bits.set(94_567, 1).expect("in the list");
    bits
}

fn verify(text: &str) -> Result<VerifiedBitstring, ListError> {
    BitstringList::verify(text, &TestKey::new(1).public(), 1 << 20)
}

#[test]
fn a_list_of_either_kind_says_its_name_before_it_is_checked() {
    let key = TestKey::new(1);
    for by in [Securing::DataIntegrity, Securing::Jose] {
        let text = list().sign(&bits(), by, &key.kid(), &key).expect("signed");
        assert_eq!(crate::status::claimed(&text), Some((URI.into(), NOON)));
        assert_eq!(crate::status::claimed(&text[1..]), None);
    }
    let token = crate::status::StatusListToken { uri: URI.into(), issued_at: NOON, expires_at: None, ttl_seconds: None };
    let bitmap = crate::status::StatusListBuf::new(crate::status::Bits::Two, 8);
    let text = token.sign(&bitmap, TokenForm::Jwt, &key.kid(), &key).expect("signed");
    assert_eq!(crate::status::claimed(&text), Some((URI.into(), NOON)));
    for none in ["", "{}", "a.b.c", r#"{"id":"x"}"#, r#"{"id":"x","validFrom":"soon"}"#] {
        assert_eq!(crate::status::claimed(none), None, "{none}");
    }
}

/// The credential changed by `change` and signed by the issuer: only the reader can refuse it.
fn changed(change: impl FnOnce(&mut Object<'static>, &mut Object<'static>)) -> Result<VerifiedBitstring, ListError> {
    let mut document = list().document(&bits()).expect("a credential");
    let Some(Value::Object(mut subject)) = document.remove("credentialSubject") else { panic!("no subject") };
    change(&mut document, &mut subject);
    let payload = json::to_string(&Value::Object(document.with("credentialSubject", subject)));
    let key = TestKey::new(1);
    verify(&jws::sign("vc+jwt", Some(&key.kid()), payload.as_bytes(), &key).expect("signs"))
}

#[test]
fn the_first_entry_is_the_highest_bit() {
    let one = Bitstring::new(1, &[0b1000_0000, 0b0000_0001]).expect("a size");
    assert_eq!((one.len(), one.get(0), one.get(1), one.get(14), one.get(15), one.get(16)), (16, Some(1), Some(0), Some(0), Some(1), None));
    assert_eq!(one.get(u64::MAX), None);
    // Entries of three bits: 101 011 10|0 000 010|1 - the last bit belongs to no entry of its own.
    let three = Bitstring::new(3, &[0b1010_1110, 0b0000_0101]).expect("a size");
    assert_eq!((0..6).map(|index| three.get(index)).collect::<Vec<_>>(), [Some(5), Some(3), Some(4), Some(0), Some(2), None]);
    assert_eq!((Bitstring::new(0, &[]), Bitstring::new(9, &[])), (None, None));
}

#[test]
fn lists_say_what_was_signed() {
    let key = TestKey::new(1);
    for by in [Securing::DataIntegrity, Securing::Jose] {
        let text = list().sign(&bits(), by, &key.kid(), &key).expect("signs");
        let verified = verify(&text).expect("verifies");
        assert_eq!(verified.list, list());
        assert_eq!(verified.bitstring(), bits().as_bitstring());
        assert_eq!(BitstringList::verify(&text, &TestKey::new(2).public(), 1 << 20), Err(ListError::InvalidProof));
        assert_eq!(BitstringList::verify(&text, &key.public(), 16_383), Err(ListError::TooLarge));
        let mut damaged = text.clone().into_bytes();
        for at in 0..damaged.len() {
            damaged[at] ^= 1 << (at % 7);
            let accepted = core::str::from_utf8(&damaged).is_ok_and(|text| verify(text).is_ok_and(|found| found == verified));
            assert!(!accepted, "{by:?} byte {at}");
            damaged[at] ^= 1 << (at % 7);
        }
    }
}

#[test]
fn messages_come_with_their_texts() {
    let messages = ["fine", "late", "lost", "found"].map(String::from).to_vec();
    let list = BitstringList { purposes: vec![StatusPurpose::Message, StatusPurpose::Refresh], messages, ..list() };
    let mut bits = BitstringBuf::new(2, MIN_ENTRIES).expect("a list");
    bits.set(9, 2).expect("in the list");
    let key = TestKey::new(1);
    let text = list.sign(&bits, Securing::Jose, &key.kid(), &key).expect("signs");
    let verified = verify(&text).expect("verifies");
    assert_eq!((&verified.list, verified.bitstring().size(), verified.bitstring().get(9)), (&list, 2, Some(2)));
    let wordless = BitstringList { messages: Vec::new(), ..list.clone() };
    assert_eq!(wordless.document(&bits), Err(ListError::Malformed));
    let purposeless = BitstringList { purposes: Vec::new(), ..list };
    assert_eq!(purposeless.document(&bits), Err(ListError::Malformed));
}

#[test]
fn members_are_read_strictly() {
    assert!(changed(|_, _| ()).is_ok());
    assert!(
        changed(|document, subject| {
            document.set("name", "what others write beside it");
            document.set("type", Value::from_iter(["BitstringStatusListCredential", "VerifiableCredential"]));
            subject.set("statusReference", "https://issuer.example/help");
            subject.set("statusPurpose", Value::from_iter(["revocation", "something of their own"]));
        })
        .is_ok()
    );
    let refused = |why: ListError, change: &dyn Fn(&mut Object<'static>, &mut Object<'static>)| {
        assert_eq!(changed(|document, subject| change(document, subject)).err(), Some(why));
    };
    let malformed = |change: &dyn Fn(&mut Object<'static>, &mut Object<'static>)| refused(ListError::Malformed, change);
    for name in ["id", "type", "issuer", "validFrom", "@context"] {
        malformed(&|document, _| drop(document.remove(name)));
        malformed(&|document, _| document.set(name, 7));
    }
    for name in ["type", "statusPurpose", "encodedList"] {
        malformed(&|_, subject| drop(subject.remove(name)));
        malformed(&|_, subject| subject.set(name, 7));
    }
    malformed(&|document, _| document.set("type", Value::from_iter(["VerifiableCredential"])));
    malformed(&|document, _| document.set("validUntil", NOON.plus(-1).to_rfc3339()));
    malformed(&|document, _| document.set("validUntil", "tomorrow"));
    malformed(&|document, _| document.set("nbf", NOON.plus(1).unix()));
    malformed(&|document, _| document.set("exp", NOON.plus(-1).unix()));
    malformed(&|document, _| document.set("iss", "did:example:other"));
    malformed(&|_, subject| subject.set("type", "StatusList2021"));
    malformed(&|_, subject| subject.set("statusPurpose", Value::Array(Vec::new())));
    malformed(&|_, subject| subject.set("statusSize", 0));
    malformed(&|_, subject| subject.set("statusSize", 9));
    malformed(&|_, subject| subject.set("statusPurpose", "message"));
    malformed(&|_, subject| subject.set("ttl", -1));
    malformed(&|_, subject| subject.set("ttl", "300000"));
    malformed(&|_, subject| subject.set("statusMessages", Value::Array(Vec::new())));
    refused(ListError::TooShort, &|_, subject| subject.set("statusSize", 2));
    assert_eq!(changed(|document, _| document.set("exp", NOON.plus(60).unix())).expect("reads").list.expires_at, Some(NOON.plus(60)));
}

#[test]
fn encodings_have_one_multibase_and_no_damage() {
    let good = encode(bits().as_bitstring());
    assert_eq!(decode(&good, 16_384).as_deref(), Ok(bits().as_bitstring().as_bytes()));
    let body = &good[1..];
    for bad in [
        format!("z{body}"),
        format!("U{body}"),
        format!("m{body}"),
        String::from(body),
        String::new(),
        String::from("u"),
        format!("{good}="),
    ] {
        assert!(matches!(decode(&bad, 16_384), Err(ListError::Malformed | ListError::Compression)), "{}", &bad[..bad.len().min(4)]);
    }
    assert_eq!(decode(&format!("H4{body}"), 16_384), Err(ListError::Malformed));
}

/// Inflates no list above the hard cap, whatever the caller allows.
#[test]
fn no_caller_lifts_the_hard_cap() {
    let zeros = |bytes: usize| encode(Bitstring::new(1, &vec![0; bytes]).expect("a size"));
    assert_eq!(decode(&zeros(HARD_CAP), usize::MAX).map(|bits| bits.len()), Ok(HARD_CAP));
    assert_eq!(decode(&zeros(HARD_CAP + 1), usize::MAX), Err(ListError::TooLarge));
}

#[test]
fn small_and_large_lists_are_not_made() {
    assert_eq!(BitstringBuf::new(1, MIN_ENTRIES - 1), None);
    assert_eq!((BitstringBuf::new(0, MIN_ENTRIES), BitstringBuf::new(9, MIN_ENTRIES)), (None, None));
    assert_eq!(BitstringBuf::new(8, HARD_CAP as u64 + 1), None);
    assert_eq!(BitstringBuf::new(8, u64::MAX), None);
    let short = vec![0; 16_383];
    let short = Bitstring::new(1, &short).expect("a size");
    assert_eq!(changed(|_, subject| subject.set("encodedList", encode(short))).err(), Some(ListError::TooShort));
}

proptest! {
    // Each case counts a whole list.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn entries_keep_to_themselves(size in 1..=8_u8, values in proptest::collection::vec((0..MIN_ENTRIES, any::<u8>()), 1..40)) {
        let mut bits = BitstringBuf::new(size, MIN_ENTRIES).expect("a list");
        let mut expected = alloc::collections::BTreeMap::new();
        for (index, value) in values {
            let fits = value >> 1 >> (size - 1) == 0;
            prop_assert_eq!(bits.set(index, value).is_some(), fits);
            if fits {
                expected.insert(index, value);
            }
        }
        prop_assert_eq!(bits.set(MIN_ENTRIES, 0), None);
        for (index, value) in expected.clone() {
            prop_assert_eq!(bits.as_bitstring().get(index), Some(value));
        }
        let set: u64 = (0..MIN_ENTRIES).filter(|index| bits.as_bitstring().get(*index) != Some(0)).count() as u64;
        prop_assert_eq!(set, expected.values().filter(|value| **value != 0).count() as u64);
    }

}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}", lst: Vec<u8>) {
        prop_assert!(verify(&text).is_err());
        prop_assert!(decode(&text, 100).is_err());
        let _ = decode(&format!("u{}", base64url::encode(&lst)), 100);
    }
}
