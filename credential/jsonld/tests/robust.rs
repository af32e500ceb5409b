//! Hostile documents end quickly and in an answer.

use super::{KnownContexts, LdError, ROLE, V2, quads, role};
use crate::json::{Object, Value};
use crate::jsonld::to_rdf;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;

#[test]
fn nesting_is_bounded() {
    let mut value = Value::from(Object::new().with("roles", "x"));
    for _ in 0..100 {
        value = Value::from(Object::new().with("roles", value));
    }
    let Value::Object(object) = value else { return };
    let document = object.with("@context", [V2, ROLE].into_iter().collect::<Value<'_>>());
    let known = KnownContexts::new();
    let list = known.list(&document).expect("known contexts");
    assert_eq!(to_rdf(&document, &list).err(), Some(LdError::TooDeep));
}

#[test]
fn statements_are_bounded() {
    let document = Object::new()
        .with("@context", [V2, ROLE].into_iter().collect::<Value<'_>>())
        .with("roles", (0..9000_i64).map(Value::from).collect::<Value<'_>>());
    let known = KnownContexts::new();
    let list = known.list(&document).expect("known contexts");
    assert_eq!(to_rdf(&document, &list).err(), Some(LdError::TooMany));
}

/// As large as a credential may be, in the shapes that cost most; the test harness would notice a quadratic walk.
#[test]
fn the_largest_documents_are_read() {
    let many = |item: &dyn Fn(usize) -> String, count: usize| (0..count).map(item).collect::<Vec<_>>().join(",");
    let wide = many(&|n| format!("\"r{n}\""), 4000);
    assert_eq!(role(&format!(r#""roles": [{wide}]"#)).expect("statements").lines().count(), 4000);
    let nodes = many(&|n| format!(r#"{{"id":"urn:{n}","roles":"r"}}"#), 1300);
    assert!(role(&format!(r#""roles": [{nodes}]"#)).is_ok());
    let types = many(&|n| format!("\"urn:{n}\""), 4000);
    assert!(role(&format!(r#""type": [{types}]"#)).is_ok());
    let names = many(&|n| format!("\"n{n}\":1"), 2000);
    let open = format!(r#"{{"@context": ["{V2}", "{}"], {names}}}"#, super::EXAMPLES);
    assert!(quads(&KnownContexts::new(), &open).is_ok());
    let typed = many(&|_| r#"{"type":["VerifiableCredential","DataIntegrityProof"]}"#.into(), 700);
    assert!(role(&format!(r#""roles": [{typed}]"#)).is_ok());
}

fn json() -> impl Strategy<Value = Value<'static>> {
    let text = prop_oneof![
        3 => prop::sample::select(&["@id", "@type", "@value", "@list", "@set", "@graph", "@json", "@language", "@context", "@foo", "_:b", "urn:x", "id", "type", "proof",
            "credentialSubject", "roles", "verifiableCredential", "proofPurpose", "VerifiableCredential", "VerifiablePresentation", "DataIntegrityProof", "x:", ":", "",
            "https://www.w3.org/ns/credentials/v2"][..]).prop_map(String::from),
        1 => any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| Value::Number(crate::json::Number::Float(number))),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from_iter),
            prop::collection::btree_map(text.clone(), inner, 0..6).prop_map(|members| {
                Value::from(members.into_iter().fold(Object::new(), |object, (name, value)| object.with(name, value)))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_json_gets_an_answer(value in json(), open in any::<bool>()) {
        let Value::Object(object) = value else { return Ok(()) };
        let known = KnownContexts::new();
        let second = if open { super::EXAMPLES } else { ROLE };
        // As it is, and then with contexts that open the way inside.
        if let Ok(list) = known.list(&object) {
            let _ = to_rdf(&object, &list);
        }
        let document = object.with("@context", [V2, second].into_iter().collect::<Value<'_>>());
        let list = known.list(&document).expect("known contexts");
        let _ = to_rdf(&document, &list);
    }
}
