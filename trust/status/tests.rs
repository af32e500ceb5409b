//! Bitmaps and tokens on their own: bit order, round trips, bombs, damage.

use alloc::{string::String, vec, vec::Vec};
use miniz_oxide::deflate::compress_to_vec_zlib;
use proptest::prelude::*;
use waypass_credential::cbor::Writer;
use waypass_credential::{base64url, cwt, json, jws};

use super::list::StatusList;
use super::{token::SignedClaims, *};
use crate::testing::{HOUR, NOON, TestKey};

fn token() -> StatusListToken {
    StatusListToken { uri: "https://issuer.example/1".into(), issued_at: NOON, expires_at: Some(NOON.plus(HOUR)), ttl_seconds: Some(600) }
}

fn sign_payload(payload: &str) -> String {
    jws::sign("statuslist+jwt", Some("k"), payload.as_bytes(), &TestKey::new(1)).expect("signs")
}

fn verify(text: &str, max_bytes: usize) -> Result<VerifiedList, ListError> {
    StatusListToken::verify(text, &TestKey::new(1).public(), max_bytes)
}

#[test]
fn reads_least_significant_bits_first() {
    // draft-ietf-oauth-status-list §4.1 and §4.2: the two examples.
    let one = StatusList::new(Bits::One, &[0xb9, 0xa3]);
    let expected = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
    assert!(expected.iter().enumerate().all(|(index, value)| one.get(index as u64) == Some(*value)));
    assert_eq!((one.len(), one.get(16), one.get(u64::MAX)), (16, None, None));
    let two = StatusList::new(Bits::Two, &[0xc9, 0x44, 0xf9]);
    let expected = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];
    assert!(expected.iter().enumerate().all(|(index, value)| two.get(index as u64) == Some(*value)));
}

#[test]
fn tokens_say_what_was_signed() {
    let mut list = StatusListBuf::new(Bits::Four, 100);
    list.set(99, 15).expect("fits");
    assert_eq!(list.set(99, 16), None, "five bits");
    assert_eq!(list.set(100, 1), None, "outside");
    let text = token().sign(&list, TokenForm::Jwt, "k", &TestKey::new(1)).expect("signs");
    let verified = verify(&text, 50).expect("verifies");
    assert_eq!(verified.token, token());
    assert_eq!(verified.list().get(99), Some(15));
    assert_eq!(verify(&text, 49), Err(ListError::TooLarge));
    assert_eq!(StatusListToken::verify(&text, &TestKey::new(2).public(), 50), Err(ListError::InvalidProof));
}

#[test]
fn claims_are_read_strictly() {
    let lst = base64url::encode(&compress_to_vec_zlib(&[0; 4], 9));
    let good =
        alloc::format!(r#"{{"sub":"u","iat":1,"exp":2,"ttl":3,"iss":"x","status_list":{{"bits":1,"lst":"{lst}","aggregation_uri":"y"}}}}"#);
    assert!(verify(&sign_payload(&good), 4).is_ok());
    let bad = [
        (r#""sub":"u","#, "", ListError::Malformed),
        (r#""sub":"u""#, r#""sub":"""#, ListError::Malformed),
        (r#""iat":1,"#, "", ListError::Malformed),
        (r#""iat":1"#, r#""iat":"1""#, ListError::Malformed),
        (r#""iat":1"#, r#""iat":-1"#, ListError::Malformed),
        (r#""iat":1"#, r#""iat":9"#, ListError::Malformed),
        (r#""ttl":3"#, r#""ttl":0"#, ListError::Malformed),
        (r#""bits":1"#, r#""bits":3"#, ListError::Bits),
        (r#""bits":1"#, r#""bits":257"#, ListError::Bits),
        (r#""bits":1"#, r#""bits":1,"bits":1"#, ListError::Malformed),
        (r#""lst":"#, r#""list":"#, ListError::Malformed),
        (lst.as_str(), "eNo", ListError::Compression),
        (lst.as_str(), "====", ListError::Malformed),
    ];
    for (from, to, why) in bad {
        let text = sign_payload(&good.replace(from, to));
        assert_eq!(verify(&text, 4).err(), Some(why), "{from} -> {to}");
    }
    // The checksum of RFC 1950 is checked.
    let mut damaged = compress_to_vec_zlib(&[0; 4], 9);
    *damaged.last_mut().expect("a checksum") ^= 1;
    let text = sign_payload(&good.replace(&lst, &base64url::encode(&damaged)));
    assert_eq!(verify(&text, 4).err(), Some(ListError::Compression));
}

/// Claims: labels and encoded values.
type Labelled = Vec<(i64, Vec<u8>)>;

fn cwt_payload(list: &[u8], change: impl FnOnce(&mut Labelled)) -> Vec<u8> {
    let item = |write: &dyn Fn(&mut Writer)| {
        let mut out = Writer::new();
        write(&mut out);
        out.into_bytes()
    };
    let listed = item(&|out| {
        out.map(2).text("lst").bytes(list).text("bits").unsigned(1);
    });
    let mut claims = vec![(2, item(&|out| _ = out.text("u"))), (4, integer(2)), (6, integer(1)), (65_533, listed), (65_534, integer(3))];
    change(&mut claims);
    let mut out = Writer::new();
    out.map(claims.len());
    let mut bytes = out.into_bytes();
    for (label, value) in claims {
        let mut out = Writer::new();
        out.signed(label);
        bytes.extend(out.into_bytes());
        bytes.extend(value);
    }
    bytes
}

fn integer(value: i64) -> Vec<u8> {
    let mut out = Writer::new();
    out.signed(value);
    out.into_bytes()
}

#[test]
fn a_cwt_says_what_the_jwt_says() {
    let mut list = StatusListBuf::new(Bits::Two, 1000);
    list.set(999, 3).expect("fits");
    let tokens = [TokenForm::Jwt, TokenForm::Cwt].map(|form| token().sign(&list, form, "k", &TestKey::new(1)).expect("signs"));
    let [jwt, cwt] = tokens.each_ref().map(|text| verify(text, 250).expect("verifies"));
    assert_eq!(jwt, cwt);
    assert_eq!(super::claimed(&tokens[1]), Some((token().uri, token().issued_at)));
    assert_eq!(verify(&tokens[1], 249), Err(ListError::TooLarge));
    assert_eq!(StatusListToken::verify(&tokens[1], &TestKey::new(2).public(), 250), Err(ListError::InvalidProof));
    let mut bytes = base64url::decode(&tokens[1]).expect("base64url");
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        assert!(verify(&base64url::encode(&bytes), 250).is_err(), "byte {at}");
        bytes[at] ^= 1;
    }
}

#[test]
fn claims_of_a_cwt_are_read_strictly() {
    let compressed = compress_to_vec_zlib(&[0; 4], 9);
    let signed = |claims: &[u8]| base64url::encode(&cwt::sign("statuslist+cwt", "k", claims, &TestKey::new(1)).expect("signs"));
    let with = |change: &dyn Fn(&mut Labelled)| verify(&signed(&cwt_payload(&compressed, change)), 4).map(drop);
    assert_eq!(with(&|_| {}), Ok(()));
    // The issuer's own claims, whatever they say.
    assert_eq!(with(&|claims| claims.insert(0, (1, integer(5)))), Ok(()));
    let set = |label: i64, value: Vec<u8>| {
        with(&|claims: &mut Labelled| {
            claims.iter_mut().filter(|(found, _)| *found == label).for_each(|(_, held)| held.clone_from(&value));
        })
    };
    for label in [2, 6, 65_533] {
        assert_eq!(with(&|claims| claims.retain(|(found, _)| *found != label)), Err(ListError::Malformed), "without {label}");
    }
    for (label, value) in
        [(2, vec![0x60]), (2, integer(1)), (4, integer(0)), (6, integer(-1)), (6, integer(9)), (6, integer(i64::MAX)), (65_534, integer(0))]
    {
        assert_eq!(set(label, value.clone()), Err(ListError::Malformed), "{label}: {value:x?}");
    }
    let list = |bits: u64, lst: &[u8]| {
        let mut out = Writer::new();
        out.map(2).text("lst").bytes(lst).text("bits").unsigned(bits);
        out.into_bytes()
    };
    assert_eq!(set(65_533, list(3, &compressed)), Err(ListError::Bits));
    assert_eq!(set(65_533, list(257, &compressed)), Err(ListError::Bits));
    assert_eq!(set(65_533, list(1, b"no")), Err(ListError::Compression));
    assert_eq!(set(65_533, vec![0xa0]), Err(ListError::Malformed));
    let good = cwt_payload(&compressed, |_| {});
    assert_eq!(verify(&signed(&[&good[..], &[0]].concat()), 4).map(drop), Err(ListError::Malformed), "something after it");
    let other = base64url::encode(&cwt::sign("sd-cwt", "k", &good, &TestKey::new(1)).expect("signs"));
    assert_eq!(verify(&other, 4).map(drop), Err(ListError::InvalidProof), "another type");
    for text in ["", "AAAA", "no base64url!"] {
        assert_eq!(verify(text, 4).map(drop), Err(ListError::Malformed), "{text:?}");
    }
}

#[test]
fn another_typ_is_another_document() {
    let payload = json::to_string(&waypass_credential::json::Value::Null);
    let text = jws::sign("dc+sd-jwt", Some("k"), payload.as_bytes(), &TestKey::new(1)).expect("signs");
    assert_eq!(verify(&text, 4).err(), Some(ListError::InvalidProof));
}

/// DEFLATE data, within ZLIB or bare, that inflates to `megabytes` MiB of zeros, made without ever holding them: one compressed
/// MiB, repeated.
pub(crate) fn deflated_zeros(megabytes: usize, zlib: bool) -> Vec<u8> {
    use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress, create_comp_flags_from_zip_params};
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, i32::from(zlib), 0));
    let chunk = vec![0; 1 << 20];
    let mut out = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    for round in 0..megabytes {
        let flush = if round + 1 == megabytes { TDEFLFlush::Finish } else { TDEFLFlush::None };
        let mut left = chunk.as_slice();
        loop {
            let (status, read, written) = compress(&mut compressor, left, &mut buffer, flush);
            out.extend_from_slice(&buffer[..written]);
            left = &left[read..];
            let done = matches!(status, miniz_oxide::deflate::core::TDEFLStatus::Done);
            if done || (left.is_empty() && written == 0 && flush == TDEFLFlush::None) {
                break;
            }
        }
    }
    out
}

#[test]
fn bombs_are_refused_at_their_announced_size() {
    let bomb = deflated_zeros(1024, true);
    assert!(bomb.len() < 2 << 20, "a gibibyte in {} bytes", bomb.len());
    let read = |compressed: &[u8]| {
        let lst = base64url::encode(compressed);
        let payload = alloc::format!(r#"{{"sub":"u","iat":1,"status_list":{{"bits":1,"lst":"{lst}"}}}}"#);
        SignedClaims::read(payload.as_bytes()).and_then(|claims| claims.inflate(usize::MAX)).map(|list| list.list().len())
    };
    assert_eq!(read(&bomb), Err(ListError::TooLarge), "whatever the caller allows, the hard cap stands");
    // A bomb in a bomb is bytes like any others: only one layer is ever inflated.
    let nested = compress_to_vec_zlib(&bomb, 9);
    assert_eq!(read(&nested), Ok(bomb.len() as u64 * 8));
}

proptest! {
    #[test]
    fn lists_round_trip(values in proptest::collection::vec(0_u8..4, 1..300)) {
        let mut list = StatusListBuf::new(Bits::Two, values.len() as u64);
        for (index, value) in values.iter().enumerate() {
            prop_assert_eq!(list.set(index as u64, *value), Some(()));
        }
        let text = token().sign(&list, TokenForm::Jwt, "k", &TestKey::new(1)).expect("signs");
        let verified = verify(&text, list.as_list().as_bytes().len()).expect("verifies");
        for (index, value) in values.iter().enumerate() {
            prop_assert_eq!(verified.list().get(index as u64), Some(*value));
        }
    }

    #[test]
    fn arbitrary_payloads_are_answered(payload: Vec<u8>, lst: Vec<u8>) {
        prop_assert!(SignedClaims::read(&payload).is_err());
        let lst = base64url::encode(&lst);
        let payload = alloc::format!(r#"{{"sub":"u","iat":1,"status_list":{{"bits":8,"lst":"{lst}"}}}}"#);
        let _ = SignedClaims::read(payload.as_bytes()).and_then(|claims| claims.inflate(1000));
    }

    #[test]
    fn ones_are_counted_alike(byte: u8) {
        for bits in [Bits::One, Bits::Two, Bits::Four, Bits::Eight] {
            let list = [byte];
            let list = StatusList::new(bits, &list);
            let ones = (0..list.len()).filter(|index| list.get(*index) == Some(1)).count();
            prop_assert_eq!(bits.mask_of_ones(byte).count_ones() as usize, ones);
        }
    }
}

#[test]
fn a_flipped_bit_in_a_token_is_refused() {
    let list = StatusListBuf::new(Bits::Two, 64);
    let text = token().sign(&list, TokenForm::Jwt, "k", &TestKey::new(1)).expect("signs");
    let mut damaged = text.clone().into_bytes();
    for at in 0..damaged.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            let refused = core::str::from_utf8(&damaged).is_ok_and(|text| verify(text, 64).is_ok());
            assert!(!refused, "byte {at} bit {bit}");
            damaged[at] ^= 1 << bit;
        }
    }
}
