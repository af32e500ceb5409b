//! The COSE working group's COSE_Sign1 examples that carry their algorithm in the protected header and no external data, the signed
//! CWT of RFC 8392 among them; and its messages of other kinds, which are not taken for one.

use super::suite::{hex, run, text};
use crate::base64url;
use crate::cose::Sign1;
use crate::json::{self, Limits};
use crate::key::PublicKey;
use serde_json::{Map, Value};
use std::format;
use std::prelude::rust_2024::*;

/// The public half of a key, if it is of a kind that we have.
pub(crate) fn public_half(jwk: &Value) -> Option<PublicKey> {
    let members = ["crv", "kty", "x", "y"].into_iter().filter_map(|name| Some((name.to_owned(), jwk.get(name)?.clone())));
    let bare = Value::Object(members.collect::<Map<_, _>>()).to_string();
    PublicKey::from_jwk(&json::parse(bare.as_bytes(), Limits::CREDENTIAL).expect("JSON")).ok()
}

/// The public half of an example's key, whose members are in base64url, or in hexadecimal digits under another name.
fn example_key(key: &Value) -> Option<PublicKey> {
    let member = |name: &str| {
        let spelled = || key.get(format!("{name}_hex")).map(|digits| base64url::encode(&hex(text(digits))).into());
        Some((name.to_owned(), key.get(name).cloned().or_else(spelled)?))
    };
    public_half(&Value::Object(["crv", "kty", "x", "y"].into_iter().filter_map(member).collect()))
}

#[test]
fn sign1_examples() {
    run("cose", "cose", |suite| {
        for folder in ["sign1-tests", "ecdsa-examples", "eddsa-examples", "CWT", "mac0-tests", "encrypted-tests"] {
            for name in suite.names(folder) {
                let case = suite.json(format!("{folder}/{name}"));
                let sign = &case["input"]["sign0"];
                let message = hex(text(&case["output"]["cbor"]));
                if sign.is_null() {
                    // Without its tag a COSE_Mac0 has the same parts.
                    if message.first().is_some_and(|first| first >> 5 == 6) {
                        suite.case(format!("{folder}/{name}: of another kind"), Sign1::parse(&message).is_err());
                    }
                    continue;
                }
                let key = example_key(&sign["key"]);
                let algorithm = sign["protected"]["alg"].as_str();
                // An algorithm of another strength than the key's, and external data, are nothing that VC-JOSE-COSE uses.
                let is_ours = key.as_ref().is_some_and(|key| algorithm == Some(key.algorithm().jose_name()));
                let expected = is_ours && sign.get("external").is_none() && case.get("fail").is_none();
                let verify =
                    |bytes: &[u8]| key.as_ref().is_some_and(|key| Sign1::parse(bytes).is_ok_and(|message| message.verify(key).is_ok()));
                suite.equal(format!("{folder}/{name}"), verify(&message), expected);
                if expected {
                    let (last, rest) = message.split_last().expect("a message");
                    suite.case(format!("{folder}/{name}: altered"), !verify(&[rest, &[last ^ 1]].concat()));
                }
            }
        }
    });
}
