//! Requests survive their own text and nothing else does.

use super::{MAX_LIFETIME, MAX_PURPOSE, Nonce, Query, Request, RequestError, TYP};
use crate::format::Format;
use crate::key::{SignError, Signer};
use crate::testing::{Key, TestRng};
use crate::time::Timestamp;
use crate::{base64url, did, jws};
use alloc::{format, string::String, string::ToString};
use proptest::prelude::*;

fn request() -> Request {
    let at = Timestamp::from_unix(1_795_172_571).expect("in range");
    Request {
        client_id: did::to_did_key(Key::gate().public_key()),
        nonce: Nonce::random(&mut TestRng(1)),
        issued_at: at,
        expires_at: at.plus(60),
        purpose: "Entry to the ward, été".into(),
        query: Query::for_role(&[Format::SdJwtVc, Format::DataIntegrity], &["nurse", "doctor"], &[]).expect("a query"),
    }
}

/// The payload of a good request with one text replaced by another, signed by the gate.
fn with(from: &str, to: &str) -> String {
    let good = request().sign(&Key::gate()).expect("signed");
    let payload = good.split('.').nth(1).expect("a payload");
    let payload = String::from_utf8(base64url::decode(payload).expect("base64url")).expect("text");
    assert!(payload.contains(from), "{payload}");
    let key_id = did::key_id(Key::gate().public_key());
    jws::sign(TYP, Some(&key_id), payload.replacen(from, to, 1).as_bytes(), &Key::gate()).expect("signed")
}

#[test]
fn a_request_survives_its_text() {
    for gate in [Key::gate(), Key::p256(4)] {
        let request = Request { client_id: did::to_did_key(gate.public_key()), ..request() };
        assert_eq!(Request::open(&request.sign(&gate).expect("signed")), Ok(request));
    }
}

#[test]
fn each_fault_is_named() {
    let late = format!("\"exp\":{}", request().issued_at.plus(MAX_LIFETIME + 1).unix());
    let exp = request().expires_at.unix();
    let cases = [
        (with("\"nonce\":\"", "\"nonce\":\"A"), RequestError::Member("nonce")),
        (with("\"iat\":1795172571", "\"iat\":-5"), RequestError::Member("iat")),
        (with(&format!("\"exp\":{exp}"), &late), RequestError::Lifetime),
        (with(&format!("\"exp\":{exp}"), "\"exp\":1795172571"), RequestError::Lifetime),
        (with("Entry", "\\u202eEntry"), RequestError::Member("purpose")),
        (with("Entry", &"x".repeat(MAX_PURPOSE)), RequestError::Member("purpose")),
        (with("\"purpose\"", "\"aud\":\"x\",\"purpose\""), RequestError::Payload),
        (with("\"purpose\"", "\"iat\":1,\"purpose\""), RequestError::Payload),
        (with(&request().client_id, &did::to_did_key(Key::issuer().public_key())), RequestError::NotTheGate),
        (with(&request().client_id, &did::key_id(Key::gate().public_key())), RequestError::NotTheGate),
        (with(&request().client_id, "gate"), RequestError::Member("client_id")),
    ];
    for (at, (text, why)) in cases.into_iter().enumerate() {
        assert_eq!(Request::open(&text), Err(why), "case {at}");
    }
    // Right in everything but the signature's purpose.
    let good = request().sign(&Key::gate()).expect("signed");
    let payload = base64url::decode(good.split('.').nth(1).expect("a payload")).expect("base64url");
    let retyped = jws::sign("kb+jwt", Some(&did::key_id(Key::gate().public_key())), &payload, &Key::gate()).expect("signed");
    assert_eq!(Request::open(&retyped), Err(RequestError::InvalidProof));
}

#[test]
fn what_nobody_would_open_is_not_signed() {
    let good = request();
    assert_eq!(good.sign(&Key::issuer()), Err(SignError));
    let endless = Request { expires_at: good.issued_at.plus(MAX_LIFETIME + 1), ..good.clone() };
    assert_eq!(endless.sign(&Key::gate()), Err(SignError));
    let hidden = Request { purpose: "a\u{202e}b".to_string(), ..good };
    assert_eq!(hidden.sign(&Key::gate()), Err(SignError));
}

#[test]
fn no_bit_can_be_changed() {
    let good = request().sign(&Key::gate()).expect("signed");
    let mut bytes = good.clone().into_bytes();
    for at in 0..bytes.len() * 8 {
        bytes[at / 8] ^= 1 << (at % 8);
        if let Ok(text) = core::str::from_utf8(&bytes) {
            assert!(Request::open(text).is_err(), "bit {at}");
        }
        bytes[at / 8] ^= 1 << (at % 8);
    }
}

proptest! {
    #[test]
    fn any_payload_is_answered(payload in "\\PC{0,60}") {
        let key_id = did::key_id(Key::gate().public_key());
        let text = jws::sign(TYP, Some(&key_id), payload.as_bytes(), &Key::gate()).expect("signed");
        prop_assert!(Request::open(&text).is_err());
        prop_assert!(Request::open(&payload).is_err());
    }
}
