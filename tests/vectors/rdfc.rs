//! RDF Dataset Canonicalization 1.0: the test suite of the Recommendation.

use super::suite::{items, run, text};
use crate::canon::nquads::tests::read::read;
use crate::canon::rdfc::{HashAlgorithm, RdfcError, canonicalize, issue};
use std::collections::BTreeMap;
use std::prelude::rust_2024::*;
use std::{format, panic};

#[test]
fn the_suite_of_the_recommendation() {
    run("rdfc-1.0", "rdfc-1.0", |suite| {
        let manifest = suite.json("manifest.json");
        for entry in items(&manifest["entries"]) {
            let (name, kind) = (text(&entry["id"]), text(&entry["type"]));
            let file = |member: &str| String::from_utf8(suite.bytes(text(&entry[member]))).expect("UTF-8");
            let hash = match entry["hashAlgorithm"].as_str() {
                None | Some("SHA256") => HashAlgorithm::Sha256,
                Some("SHA384") => HashAlgorithm::Sha384,
                Some(other) => panic!("{name}: {other}"),
            };
            let input = file("action");
            let (dataset, labels) = read(&input).expect("N-Quads");
            let mut canonical = Vec::new();
            let done = canonicalize(&dataset, hash, &mut canonical);
            match kind {
                "rdfc:RDFC10EvalTest" => {
                    let expected = file("result");
                    suite.equal(name, done.map(|()| String::from_utf8_lossy(&canonical).into_owned()), Ok(expected));
                }
                "rdfc:RDFC10MapTest" => {
                    let expected: BTreeMap<String, String> = serde_json::from_str(&file("result")).expect("a map");
                    let numbers = issue(&dataset, hash).expect("issued");
                    let named = |number: Option<u32>| format!("c14n{}", number.expect("mentioned"));
                    let found = labels.iter().map(|label| (*label).to_owned()).zip(numbers.into_iter().map(named)).collect();
                    suite.equal(name, found, expected);
                }
                "rdfc:RDFC10NegativeEvalTest" => suite.equal(name, done, Err(RdfcError::TooHard)),
                other => panic!("{name}: {other}"),
            }
        }
    });
}
