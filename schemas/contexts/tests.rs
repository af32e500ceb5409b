use super::{KnownContext, ROLE_CREDENTIAL, ROLE_V1};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, format, string::String};

fn terms(context: &Map<String, Value>) -> BTreeSet<&str> {
    context.keys().map(String::as_str).filter(|name| !name.starts_with('@')).collect()
}

fn role_context() -> Map<String, Value> {
    let document: Value = serde_json::from_str(crate::ROLE_CONTEXT).expect("JSON");
    document["@context"].as_object().expect("a context object").clone()
}

#[test]
fn the_role_context_is_the_pinned_one() {
    let digest = Sha256::digest(crate::ROLE_CONTEXT).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    assert_eq!(digest, ROLE_V1.sha256);
}

#[test]
fn the_listed_terms_are_those_of_the_role_context() {
    let context = role_context();
    assert_eq!(terms(&context), ROLE_V1.terms("").iter().copied().collect());
    for scope in ROLE_V1.scopes.iter().filter(|scope| !scope.within.is_empty()) {
        let scoped = context[scope.within]["@context"].as_object().expect("a scoped context");
        assert_eq!(terms(scoped), scope.terms.iter().copied().collect(), "{}", scope.within);
        assert_eq!(scoped["@protected"], true, "{}", scope.within);
    }
}

/// JSON-LD 1.1 §4.1.11: a later context may not redefine a protected term, and nobody may redefine ours.
#[test]
fn terms_are_protected_and_defined_once() {
    assert_eq!(role_context()["@protected"], true);
    let mut seen = BTreeSet::new();
    for term in ROLE_CREDENTIAL.iter().flat_map(|context: &KnownContext| context.terms("")) {
        assert!(seen.insert(term), "{term} is defined twice");
    }
}
