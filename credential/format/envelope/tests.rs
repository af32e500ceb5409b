//! The W3C working group's own envelopes, where they are: `WAYPASS_VECTORS`, else beside the repository.

extern crate std;

use super::{Content, Envelope};
use crate::json::{self, Limits, Value};
use crate::key::PublicKey;
use alloc::vec::Vec;
use base64_simd::STANDARD_NO_PAD;
use std::{fs, path::PathBuf};

const MOST: usize = 1 << 20;

fn directory(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let found = std::env::var_os("WAYPASS_VECTORS").map_or_else(beside, PathBuf::from).join(name);
    if !found.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "no vectors");
        std::println!("SKIP {name}: no vectors");
        return None;
    }
    Some(found)
}

/// Every mapped verification in a JWS or a COSE_Sign1, down to the signature: what the documents say is not ours to read here.
#[test]
fn working_group_envelopes_open_as_mapped() {
    let Some(files) = directory("vc-jose-cose") else { return };
    let read = |name: &str| fs::read(files.join(name)).expect("a vector");
    let mapping = read("test-mapping.json");
    let mapping = json::parse(&mapping, Limits::BUNDLE).expect("JSON");
    let (mut accepted, mut refused) = (0, 0);
    for case in mapping.as_array().expect("cases") {
        let text = |name: &str| case.member(name).and_then(Value::as_str).expect("a text");
        let feature = text("feature");
        if text("fn") != "verify" || feature.ends_with("sdjwt") {
            continue;
        }
        let key = read(text("key"));
        let key = json::parse(&key, Limits::CREDENTIAL).expect("JSON");
        let content = if feature.starts_with("credential") { Content::Credential } else { Content::Presentation };
        let input = read(text("input"));
        let input = input.trim_ascii();
        let message = if feature.ends_with("cose") { STANDARD_NO_PAD.decode_to_vec(input).expect("base64") } else { input.to_vec() };
        // A P-521 key is none of ours; the case it stands in is one to refuse.
        let verified = PublicKey::from_jwk(&bare(key.member("publicKeyJwk").expect("a key")))
            .is_ok_and(|key| Envelope::parse(&message, content, MOST).is_ok_and(|envelope| envelope.verify(&key).is_ok()));
        assert_eq!(verified, text("expected") == "success", "{}", text("name"));
        if verified { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted >= 4 && refused >= 6, "{accepted} accepted, {refused} refused");
}

/// The members that make the key.
fn bare(jwk: &Value<'_>) -> Value<'static> {
    let members = ["crv", "kty", "x", "y"].into_iter().filter_map(|name| Some((name, jwk.member(name)?.clone().into_owned())));
    Value::Object(members.fold(json::Object::new(), |object, (name, value)| object.with(name, value)))
}

/// The COSE working group's COSE_Sign1 examples that carry their algorithm in the protected header and no external data.
#[test]
fn cose_examples_verify() {
    let Some(files) = directory("cose") else { return };
    let (mut accepted, mut refused) = (0, 0);
    for folder in ["sign1-tests", "ecdsa-examples", "eddsa-examples"] {
        for file in fs::read_dir(files.join(folder)).expect("examples") {
            let text = fs::read(file.expect("a file").path()).expect("readable");
            let case = json::parse(&text, Limits::BUNDLE).expect("JSON");
            let Some(sign) = case.member("input").and_then(|input| input.member("sign0")) else { continue };
            let bytes = case.member("output").and_then(|output| output.member("cbor")).and_then(Value::as_str).expect("CBOR");
            let bytes = hex(bytes);
            let fails = case.member("fail").is_some();
            let key = sign.member("key").map(bare).and_then(|jwk| PublicKey::from_jwk(&jwk).ok());
            let alg = sign.member("protected").and_then(|header| header.member("alg")).and_then(Value::as_str);
            // An algorithm of another strength than the key's, and external data, are nothing that VC-JOSE-COSE uses.
            let is_ours = key.as_ref().is_some_and(|key| alg == Some(key.algorithm().jose_name())) && sign.member("external").is_none();
            let verified =
                key.as_ref().is_some_and(|key| super::cose::Sign1::parse(&bytes).is_ok_and(|message| message.verify(key).is_ok()));
            assert_eq!(verified, is_ours && !fails, "{:?}", case.member("title"));
            if verified { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(accepted >= 1 && refused >= 5, "{accepted} accepted, {refused} refused");
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("a byte")).collect()
}
