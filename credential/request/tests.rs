//! Requests survive their own text and nothing else does.

use super::{
    ClaimQuery, ClaimValue, CredentialQuery, MAX_LIFETIME, MAX_PURPOSE, Nonce, Query, QueryError, Request, RequestError, SignedCode, TYP,
};
use crate::binding::Binding;
use crate::cbor::Writer;
use crate::claim_path::{ClaimPath, PathStep};
use crate::cose;
use crate::format::Format;
use crate::key::{SignError, Signer};
use crate::malformed::Malformed;
use crate::recipient::Recipient;
use crate::testing::{Key, TestRng};
use crate::time::Timestamp;
use crate::{base64url, did, jws};
use alloc::{format, string::String, string::ToString, vec, vec::Vec};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn request() -> Request {
    let at = Timestamp::from_unix(1_795_172_571).expect("in range");
    Request {
        client_id: did::to_did_key(Key::gate().public_key()),
        nonce: Nonce::random(&mut TestRng(1)),
        issued_at: at,
        expires_at: at.plus(60),
        purpose: "Entry to the ward, été".into(),
        query: Query::for_role(&[Format::SdJwtVc, Format::DataIntegrity], &["nurse", "doctor"], &[]).expect("a query"),
        code: None,
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

/// The parts of the payload of a code, each a label and what follows it, signed again by the gate.
fn coded(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let recipient = Recipient([6; 32]);
    let Request { client_id, nonce, issued_at, expires_at, purpose, .. } = request();
    let part = |label: i64, write: &dyn for<'w> Fn(&'w mut Writer) -> &'w mut Writer| {
        let mut out = Writer::new();
        out.signed(label);
        write(&mut out);
        out.into_bytes()
    };
    let mut parts = vec![
        part(1, &|out| out.text(&client_id)),
        part(4, &|out| out.signed(expires_at.unix())),
        part(6, &|out| out.signed(issued_at.unix())),
        part(10, &|out| out.bytes(&nonce.0)),
        part(-65_538, &|out| out.text(&purpose)),
        part(-65_539, &|out| out.array(1).array(3).unsigned(6).option(None::<()>, |_, ()| ()).array(0)),
        part(-65_540, &|out| out.bytes(&recipient.0)),
    ];
    change(&mut parts);
    let mut payload = Writer::new();
    payload.map(parts.len());
    for part in &parts {
        payload.encoded(part);
    }
    let mut header = Writer::new();
    header.map(2).signed(1).signed(-19).signed(16).text("application/waypass-request+cwt");
    let (header, payload) = (header.into_bytes(), payload.into_bytes());
    let signature = Key::gate().sign(&cose::to_be_signed(&header, &payload)).expect("signs");
    let mut out = Writer::new();
    out.tag(cose::TAG).array(4).bytes(&header).map(0).bytes(&payload).bytes(&signature);
    out.into_bytes()
}

fn encoded(label: i64, write: impl for<'w> FnOnce(&'w mut Writer) -> &'w mut Writer) -> Vec<u8> {
    let mut out = Writer::new();
    out.signed(label);
    write(&mut out);
    out.into_bytes()
}

#[test]
fn a_request_survives_its_code_and_fits_into_one() {
    let claim = |name: &str, values: &[ClaimValue]| ClaimQuery {
        path: ClaimPath::names([name]).then(PathStep::All).then(3),
        values: values.to_vec(),
    };
    let values = [ClaimValue::Bool(false), ClaimValue::Integer(-7), ClaimValue::Text("nurse".into())];
    let alternative = |id: &str, format, kind: &str| CredentialQuery {
        id: id.into(),
        format,
        kinds: vec![kind.into(), "another".into()],
        claims: vec![claim("roles", &values), claim("x", &[])],
    };
    let odd = Query::new(vec![alternative("1", Format::VcCose, "k"), alternative("2", Format::SdCwt, "k")]).expect("a query");
    let usual = Query::for_role(
        &[Format::SdCwt, Format::SdJwtVc, Format::DataIntegrity],
        &["nurse", "doctor"],
        &[ClaimPath::names(["family_name"])],
    );
    for gate in [Key::gate(), Key::p256(4), Key::p384(4)] {
        for query in [&odd, &usual.clone().expect("a query"), &Query::any_role()] {
            let request = Request { client_id: did::to_did_key(gate.public_key()), query: query.clone(), ..request() };
            let SignedCode { bytes, code } = request.sign_code(Recipient([6; 32]), &gate).expect("signed");
            let read = Request::open(&bytes).expect("reads");
            assert_eq!(read.code, Some(code.clone()));
            assert_eq!(read.binding(), Binding::Question { digest: code.digest, audience: &request.client_id });
            assert_eq!(code.digest, <[u8; 32]>::from(Sha256::digest(&bytes)));
            // Alternatives are named by their places.
            let placed =
                query.alternatives().iter().enumerate().map(|(at, one)| CredentialQuery { id: format!("{}", at + 1), ..one.clone() });
            let query = Query::new(placed.collect()).expect("a query");
            assert_eq!(read, Request { query, code: Some(code), ..request });
        }
    }
    let code = Request { query: usual.expect("a query"), ..request() }.sign_code(Recipient([6; 32]), &Key::gate()).expect("signed");
    assert!(code.bytes.len() <= 526, "{} bytes of at most 526", code.bytes.len());
}

#[test]
fn a_code_is_read_as_it_is_written_and_not_otherwise() {
    assert!(Request::open(&coded(|_| {})).is_ok());
    for at in 0..7 {
        let without = coded(|parts| drop(parts.remove(at)));
        assert_eq!(Request::open(&without), Err(RequestError::Payload), "part {at}");
    }
    let at = request().issued_at.unix();
    let cases = [
        (coded(|parts| parts.push(encoded(-65_541, |out| out.unsigned(1)))), RequestError::Payload),
        // One more is announced than there is.
        (coded(|parts| parts.push(Vec::new())), RequestError::Payload),
        // Something comes after the last claim.
        (coded(|parts| parts[6].push(0)), RequestError::Payload),
        (coded(|parts| parts.swap(1, 2)), RequestError::Payload),
        (coded(|parts| parts[1] = encoded(4, |out| out.signed(at + MAX_LIFETIME + 1))), RequestError::Lifetime),
        (coded(|parts| parts[1] = encoded(4, |out| out.signed(at))), RequestError::Lifetime),
        (coded(|parts| parts[2] = encoded(6, |out| out.signed(i64::MAX))), RequestError::Member("iat")),
        (coded(|parts| parts[4] = encoded(-65_538, |out| out.text("a\u{202e}b"))), RequestError::Member("purpose")),
        (coded(|parts| parts[0] = encoded(1, |out| out.text("gate"))), RequestError::Member("client_id")),
        (coded(|parts| parts[0] = encoded(1, |out| out.text(&did::key_id(Key::gate().public_key())))), RequestError::NotTheGate),
        (coded(|parts| parts[0] = encoded(1, |out| out.text(&did::to_did_key(Key::issuer().public_key())))), RequestError::InvalidProof),
        (coded(|parts| parts[5] = encoded(-65_539, |out| out.array(0))), RequestError::Query(QueryError::Malformed("credentials"))),
        // A format of tomorrow.
        (
            coded(|parts| parts[5] = encoded(-65_539, |out| out.array(1).array(3).unsigned(7).option(None::<()>, |_, ()| ()).array(0))),
            RequestError::Payload,
        ),
    ];
    for (at, (code, why)) in cases.into_iter().enumerate() {
        assert_eq!(Request::open(&code), Err(why), "case {at}");
    }
    // A credential is no question.
    let mut code = request().sign_code(Recipient([6; 32]), &Key::gate()).expect("signed").bytes;
    let at = code.windows(7).position(|window| window == b"request").expect("the type");
    code[at] = b'x';
    assert_eq!(Request::open(&code), Err(RequestError::Cose(Malformed::OutOfRange("typ"))));
    assert_eq!(request().sign_code(Recipient([6; 32]), &Key::issuer()).map(drop), Err(SignError));
}

#[test]
fn every_flipped_bit_of_a_code_is_refused() {
    let mut code = request().sign_code(Recipient([6; 32]), &Key::gate()).expect("signed").bytes;
    for at in 0..code.len() {
        for bit in 0..8 {
            code[at] ^= 1 << bit;
            assert!(Request::open(&code).is_err(), "byte {at} bit {bit}");
            code[at] ^= 1 << bit;
        }
    }
}
