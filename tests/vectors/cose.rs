//! The COSE working group's COSE_Sign1 examples that carry their algorithm in the protected header and no external data.

use super::suite::{hex, run, text};
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

#[test]
fn sign1_examples() {
    run("cose", "cose", |suite| {
        for folder in ["sign1-tests", "ecdsa-examples", "eddsa-examples"] {
            for name in suite.names(folder) {
                let case = suite.json(format!("{folder}/{name}"));
                let sign = &case["input"]["sign0"];
                if sign.is_null() {
                    continue;
                }
                let message = hex(text(&case["output"]["cbor"]));
                let key = public_half(&sign["key"]);
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
