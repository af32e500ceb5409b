extern crate std;

use super::{ContextError, DOCUMENT, compile};
use crate::jsonld::COMPILED;
use crate::jsonld::table::{Coercion, Container, Context, Means, Term, Vocab, hash};
use crate::{hex, json};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384};
use std::path::Path;
use std::string::{String, ToString as _};
use std::{format, fs, println};

fn context(body: &Value) -> Result<Context, ContextError> {
    document(json!({ "@context": body }).to_string().as_bytes())
}

fn document(bytes: &[u8]) -> Result<Context, ContextError> {
    compile(&json::parse(bytes, DOCUMENT).expect("JSON"))
}

fn term<'c>(context: &'c Context, layer: usize, name: &str) -> &'c Term {
    context.layers[layer].find(hash(name), name).expect("a term")
}

fn iri(text: &'static str) -> Means {
    Means::Iri(text.into())
}

/// The order of the members decides nothing: a chain is as long from either end.
#[test]
fn members_are_defined_by_name_and_not_in_the_order_of_the_text() {
    let chain = |names: &[&str]| {
        let links = names.windows(2).map(|pair| format!(r#""{}":"{}""#, pair[0], pair[1]));
        let mut links: std::vec::Vec<String> = links.chain([format!(r#""{}":"urn:x""#, names[names.len() - 1])]).collect();
        let forward = document(format!(r#"{{"@context":{{{}}}}}"#, links.join(",")).as_bytes());
        links.reverse();
        assert_eq!(forward, document(format!(r#"{{"@context":{{{}}}}}"#, links.join(",")).as_bytes()));
        forward
    };
    assert!(chain(&["a", "b", "c"]).is_ok());
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    assert_eq!(chain(&names), Err(ContextError::TooLarge));
}

/// The package the build script reads from is not the publisher: each table is what the published document says.
#[test]
fn every_table_is_that_of_the_pinned_document() {
    let folder = std::env::var("WAYPASS_VECTORS").unwrap_or_else(|_| format!("{}/../../shared/vectors", env!("CARGO_MANIFEST_DIR")));
    let folder = Path::new(&folder).join("contexts");
    let Ok(index) = fs::read(folder.join("index.json")) else {
        assert!(std::env::var_os("CI").is_none(), "no test vectors; set WAYPASS_VECTORS to their folder");
        println!("SKIP contexts: no test vectors; set WAYPASS_VECTORS to their folder");
        return;
    };
    let index: Value = serde_json::from_slice(&index).expect("JSON");
    let mut compared = 0;
    for known in &COMPILED {
        let bytes = match index.get(known.id) {
            Some(entry) => fs::read(folder.join(entry["file"].as_str().expect("a file name"))).expect("a context"),
            None => waypass_schemas::ROLE_CONTEXT.into(),
        };
        let digest = hex::encode(&Sha256::digest(&bytes));
        assert_eq!(digest, known.sha256, "{}", known.id);
        let digest = hex::encode(&Sha384::digest(&bytes));
        assert_eq!(digest, known.sha384, "{}", known.id);
        let published = document(&bytes).expect("a context we compile");
        assert_eq!(&published, known.table, "{}", known.id);
        compared += 1;
    }
    assert_eq!(compared, 7);
    // Those that only a bundle can bring compile as well.
    for (id, entry) in index.as_object().expect("an index") {
        let bytes = fs::read(folder.join(entry["file"].as_str().expect("a file name"))).expect("a context");
        let compiled = document(&bytes).unwrap_or_else(|why| panic!("{id}: {why}"));
        let terms: usize = compiled.layers.iter().map(|layer| layer.terms.len()).sum();
        println!("{id}: {} layers, {terms} terms", compiled.layers.len());
    }
}

#[test]
fn iris_are_resolved_when_compiled() {
    let context = context(&json!({
        "@version": 1.1, "@protected": true, "@vocab": "https://v.example/#",
        "ex": "https://e.example/", "weak": {"@id": "https://w.example/"}, "strong": {"@id": "urn:s", "@prefix": true},
        "a": "ex:a", "b": {"@id": "a", "@type": "ex:type"}, "c": {}, "d": "strong:d", "e": "weak:e", "f": "rel", "g": null,
        "h": {"@id": "ex:h", "@type": "@vocab", "@container": ["@set", "@graph"], "@protected": false}, "id": "@id"
    }))
    .expect("a context");
    assert_eq!(context.layers[0].vocab, Vocab::Iri("https://v.example/#".into()));
    let means = |name| term(&context, 0, name).means.clone();
    assert_eq!(means("a"), iri("https://e.example/a"));
    assert_eq!(means("b"), iri("https://e.example/a"));
    assert_eq!(term(&context, 0, "b").coercion, Coercion::Datatype("https://e.example/type".into()));
    assert_eq!(means("c"), iri("https://v.example/#c"));
    assert_eq!(means("d"), iri("urn:sd"));
    assert_eq!(means("e"), iri("weak:e"), "an expanded definition is no prefix unless it says so");
    assert_eq!(means("f"), iri("https://v.example/#rel"));
    assert_eq!(means("g"), Means::Nothing);
    assert_eq!(term(&context, 0, "h").container, Container::GraphSet);
    assert!(!term(&context, 0, "h").protected && term(&context, 0, "a").protected);
    assert!(term(&context, 0, "ex").prefix && context.layers[0].prefixes);
    assert_eq!(context.layers[0].alias_lengths, 1 << 2);
}

#[test]
fn what_comes_from_outside_a_layer_is_noted() {
    let context = context(&json!({
        "@vocab": "https://v.example/#", "ex": "https://e.example/",
        "T": {"@id": "urn:T", "@context": {"a": "ex:a", "b": "nowhere:b", "c": {}}}
    }))
    .expect("a context");
    let needs: std::vec::Vec<_> = context.layers[1].needs.iter().map(|need| (need.name.as_ref(), need.found.clone())).collect();
    let expected =
        [("@vocab", Some((iri("https://v.example/#"), false))), ("ex", Some((iri("https://e.example/"), true))), ("nowhere", None)];
    assert_eq!(needs, expected);
    assert_eq!(term(&context, 1, "a").means, iri("https://e.example/a"));
}

#[test]
fn a_scope_that_redefines_a_protected_term_is_marked() {
    let body = |inner: Value| json!({"@protected": true, "a": "urn:a", "T": {"@id": "urn:T", "@context": inner}});
    let clean = |inner| context(&body(inner)).expect("a context").layers[1].clean;
    assert!(clean(json!({"a": "urn:a", "b": "urn:b"})));
    assert!(!clean(json!({"a": "urn:other"})));
    assert!(!clean(json!({"a": {"@id": "urn:a", "@type": "@id"}})));
    assert!(!clean(json!(null)));
}

#[test]
fn features_we_do_not_implement_are_refused() {
    let cases = [
        json!({"@base": "https://b.example/"}),
        json!({"@import": "https://b.example/"}),
        json!({"@language": "en"}),
        json!({"@direction": "rtl"}),
        json!({"@type": {"@container": "@set"}}),
        json!({"@vocab": ""}),
        json!({"@vocab": "rel"}),
        json!({"a:b": "urn:x"}),
        json!({"a": "_:b"}),
        json!({"a": {"@id": "urn:x", "@reverse": "urn:x"}}),
        json!({"a": {"@id": "urn:x", "@index": "urn:y"}}),
        json!({"a": {"@id": "urn:x", "@language": "en"}}),
        json!({"a": {"@id": "urn:x", "@direction": "ltr"}}),
        json!({"a": {"@id": "urn:x", "@nest": "@nest"}}),
        json!({"a": {"@id": "urn:x", "@container": "@index"}}),
        json!({"a": {"@id": "urn:x", "@container": ["@graph", "@id"]}}),
        json!({"a": {"@id": "urn:x", "@type": "@json", "@container": "@list"}}),
        json!({"a": {"@id": "@id", "@type": "@id"}}),
        json!({"a": "@graph"}),
        json!({"a": "@value"}),
        json!({"a": {"@id": "urn:x", "@context": "https://elsewhere.example/"}}),
        json!({"a": {"@id": "urn:x", "@context": [{}, {}]}}),
    ];
    for case in cases {
        assert!(matches!(context(&case), Err(ContextError::Unsupported(_))), "{case}: {:?}", context(&case));
    }
}

#[test]
fn invalid_contexts_are_refused() {
    let cases = [
        json!({"@version": 1.0}),
        json!({"@protected": "yes"}),
        json!({"@foo": 1}),
        json!({"@id": "urn:x"}),
        json!({"": "urn:x"}),
        json!({"a": "relative"}),
        json!({"a": {}}),
        json!({"a": "b", "b": "a"}),
        json!({"a": "@foo"}),
        json!({"a": "@context"}),
        json!({"a": 5}),
        json!({"a": {"@id": 5}}),
        json!({"a": {"@id": "urn:x", "colour": "red"}}),
        json!({"a": {"@id": "urn:x", "@type": "@set"}}),
        json!({"a": {"@id": "urn:x", "@type": "relative"}}),
        json!({"a": {"@id": "urn:x", "@container": 5}}),
        json!({"a": "https://e.example/with space"}),
        json!({"a": {"@id": "urn:x", "@context": 5}}),
    ];
    for case in cases {
        assert!(matches!(context(&case), Err(ContextError::Invalid(_))), "{case}: {:?}", context(&case));
    }
    for case in [json!(null), json!([]), json!({}), json!({"@context": "https://e.example"}), json!({"@context": [{}]})] {
        assert_eq!(document(case.to_string().as_bytes()), Err(ContextError::NotAContext), "{case}");
    }
}

#[test]
fn size_is_bounded() {
    let chain: Value = (0..20).map(|n| (format!("t{n}"), json!(format!("t{}", n + 1)))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(context(&chain), Err(ContextError::TooLarge));
    // The reader bounds how deep scopes nest.
    let nested = |scopes| (0..scopes).fold(json!({}), |inner, _| json!({"a": {"@id": "urn:x", "@context": inner}}));
    let text = |scopes| json!({ "@context": nested(scopes) }).to_string();
    assert!(document(text(7).as_bytes()).is_ok());
    assert_eq!(json::parse(text(8).as_bytes(), DOCUMENT), Err(json::JsonError::TooDeep));
    let many: Value = (0..5000).map(|n| (format!("t{n}"), json!("urn:x"))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(context(&many), Err(ContextError::TooLarge));
    let long = json!({"p": format!("urn:{}#", "x".repeat(600)), "a": format!("p:{}", "y".repeat(600))});
    assert_eq!(context(&long), Err(ContextError::TooLarge));
}
