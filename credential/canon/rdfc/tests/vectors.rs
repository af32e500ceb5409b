//! The test suite of the Recommendation.

use super::std::{env, fs, path::PathBuf, println, time::Instant};
use super::{HashAlgorithm, RdfcError, canonical, issue};
use crate::canon::nquads::tests::read::read;
use crate::json::{self, Limits, Object};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

const LIMITS: Limits = Limits { bytes: 1 << 20, depth: 16, values: 1 << 16 };

fn member<'v>(object: &'v Object<'_>, name: &str) -> Option<&'v str> {
    object.member(name).and_then(json::Value::as_str)
}

#[test]
fn the_suite_of_the_recommendation() {
    let named = env::var_os("WAYPASS_VECTORS").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors")).join("rdfc-1.0");
    if !folder.is_dir() {
        assert!(env::var_os("CI").is_none(), "rdfc-1.0: no test vectors; set WAYPASS_VECTORS to their folder");
        println!("SKIP rdfc-1.0: no test vectors; set WAYPASS_VECTORS to their folder");
        return;
    }
    let text = |name: &str| fs::read_to_string(folder.join(name)).expect("a vector");
    let manifest = text("manifest.json");
    let manifest = json::parse(manifest.as_bytes(), LIMITS).expect("JSON");
    let entries = manifest.as_object().and_then(|manifest| manifest.member("entries")).and_then(json::Value::as_array).expect("entries");
    let mut ran = BTreeMap::<String, usize>::new();
    for entry in entries {
        let entry = entry.as_object().expect("an entry");
        let name = member(entry, "id").expect("an id");
        let input = text(member(entry, "action").expect("an action"));
        let expected = member(entry, "result").map(text);
        let (dataset, labels) = read(&input).expect("N-Quads");
        let hash = match member(entry, "hashAlgorithm") {
            None | Some("SHA256") => HashAlgorithm::Sha256,
            Some("SHA384") => HashAlgorithm::Sha384,
            Some(other) => panic!("{name}: {other}"),
        };
        let kind = member(entry, "type").expect("a type");
        let start = Instant::now();
        match kind {
            "rdfc:RDFC10EvalTest" => {
                let found = super::canonical_with(&dataset, hash);
                assert_eq!(found.as_ref(), Ok(expected.as_ref().expect("a result")), "{name}");
            }
            "rdfc:RDFC10MapTest" => {
                let numbers = issue(&dataset, hash).expect("issued");
                let found: BTreeMap<_, _> =
                    labels.iter().zip(numbers).map(|(label, number)| (*label, format!("c14n{}", number.expect("mentioned")))).collect();
                let expected = expected.expect("a result");
                let expected = json::parse(expected.as_bytes(), LIMITS).expect("JSON");
                let expected = expected.as_object().expect("a map").iter();
                let expected: BTreeMap<_, _> = expected.map(|(label, name)| (label, name.as_str().expect("a name").to_owned())).collect();
                assert_eq!(found, expected, "{name}");
            }
            "rdfc:RDFC10NegativeEvalTest" => assert_eq!(canonical(&dataset), Err(RdfcError::TooHard), "{name}"),
            other => panic!("{name}: {other}"),
        }
        println!("{name} {kind} {:?}", start.elapsed());
        *ran.entry(kind.into()).or_default() += 1;
    }
    println!("rdfc-1.0: {ran:?}");
    assert_eq!(ran.values().copied().collect::<alloc::vec::Vec<_>>(), [43, 12, 1]);
}
