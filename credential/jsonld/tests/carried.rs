//! Contexts that a bundle carries: what is taken, and that they mean the same as those compiled in.

use super::super::{COMPILED, CarriedError, ContextError};
use super::{KnownContexts, LdError, TEST, V2, carrying, quads, role, with_context};
use crate::json::{JsonError, Limits};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn add(id: &str, document: &str) -> Result<(), CarriedError> {
    KnownContexts::new().add(id, &Sha256::digest(document).into(), document.as_bytes())
}

#[test]
fn a_carried_context_is_what_its_digest_says() {
    assert_eq!(add(TEST, r#"{"@context": {"a": "urn:a"}}"#), Ok(()));
    let mut known = KnownContexts::new();
    assert_eq!(known.add(TEST, &[0; 32], br#"{"@context": {"a": "urn:a"}}"#), Err(CarriedError::Digest));
    assert_eq!(add(TEST, r#"{"@context": {"a": "urn:a", "a": "urn:b"}}"#), Err(CarriedError::Json(JsonError::DuplicateName)));
    assert_eq!(add(TEST, "{"), Err(CarriedError::Json(JsonError::Syntax)));
    assert_eq!(add(TEST, r#"{"@context": "urn:elsewhere"}"#), Err(CarriedError::Context(ContextError::NotAContext)));
    assert!(matches!(add(TEST, r#"{"@context": {"@base": "urn:x"}}"#), Err(CarriedError::Context(ContextError::Unsupported(_)))));
    let nested = format!("{}{}", r#"{"@context":{"a":"#.repeat(40), "}}".repeat(40));
    assert_eq!(add(TEST, &nested), Err(CarriedError::Json(JsonError::TooDeep)));
}

/// An inline context means what the same context means that a bundle carries, and is refused until somebody adopts it.
#[test]
fn an_inline_context_can_be_adopted() {
    let text = format!(
        r#"{{"@context": ["{V2}", {{"T": "urn:T", "said": "urn:said"}}], "type": ["VerifiablePresentation", "T"], "said": "x",
            "verifiableCredential": {{"@context": ["{V2}", {{"U": "urn:U"}}], "type": ["VerifiableCredential", "U"]}}}}"#
    );
    assert_eq!(quads(&KnownContexts::new(), &text), Err(LdError::InlineContext));
    let Ok(crate::json::Value::Object(mut document)) = crate::json::parse(text.as_bytes(), Limits::CREDENTIAL) else { panic!("an object") };
    let mut known = KnownContexts::new();
    assert_eq!(known.adopt(&mut document), Ok(()));
    let adopted = quads(&known, &crate::json::to_string(&crate::json::Value::Object(document.clone()))).expect("statements");
    let (first, second) = (r#"{"@context": {"T": "urn:T", "said": "urn:said"}}"#, r#"{"@context": {"U": "urn:U"}}"#);
    let named = text.replace(r#"{"T": "urn:T", "said": "urn:said"}"#, r#""urn:first""#).replace(r#"{"U": "urn:U"}"#, r#""urn:second""#);
    assert_eq!(Ok(adopted), quads(&carrying(&[("urn:first", first), ("urn:second", second)]), &named));
    let wrapped = text.replace(r#"{"U": "urn:U"}"#, r#"{"@context": {"U": "urn:U"}}"#);
    let mut wrapped = crate::json::parse(wrapped.as_bytes(), Limits::CREDENTIAL).expect("JSON").as_object().expect("an object").clone();
    assert_eq!(known.adopt(&mut wrapped), Ok(()));
    assert_eq!(wrapped, document);
    // Nothing is left to adopt, and a context that cannot be compiled is refused.
    let before = document.clone();
    assert_eq!(known.adopt(&mut document), Ok(()));
    assert_eq!(document, before);
    let base = crate::json::parse(br#"{"@context": {"@base": "urn:x"}}"#, Limits::CREDENTIAL).expect("JSON");
    let mut base = base.as_object().expect("an object").clone();
    assert!(matches!(known.adopt(&mut base), Err(CarriedError::Context(ContextError::Unsupported(_)))));
}

#[test]
fn a_url_has_one_document() {
    let (one, two) = (r#"{"@context": {"a": "urn:a"}}"#, r#"{"@context": {"a": "urn:b"}}"#);
    let mut known = carrying(&[(TEST, one), (TEST, one)]);
    assert_eq!(known.add(TEST, &Sha256::digest(two).into(), two.as_bytes()), Err(CarriedError::Conflict));
    assert_eq!(add(V2, one), Err(CarriedError::Conflict), "what is compiled in is not replaced");
    let ours = waypass_schemas::ROLE_CONTEXT;
    assert_eq!(add(super::ROLE, ours), Ok(()), "the very document that was compiled in");
}

/// The names that role credentials may use: a value must have one possible place.
#[test]
fn a_context_for_claims_has_its_own_names() {
    let carry = |known: &mut KnownContexts, id: &str, terms: &str| {
        let document = format!(r#"{{"@context": {{{terms}}}}}"#);
        known.carry(id, &Sha256::digest(&document).into(), document.as_bytes())
    };
    let alone = |terms: &str| carry(&mut KnownContexts::new(), TEST, terms);
    for good in [
        r#""@protected": true, "qualification": "urn:q""#,
        r#""id": "@id", "type": "@type", "qualification": "urn:q""#,
        // A name with the meaning that it has in the role context.
        r#""roles": {"@id": "https://waypass.example/vocab#role", "@container": "@set"}, "qualification": "urn:q""#,
        r#""x": "https://x.example/", "xsd": "http://www.w3.org/2001/XMLSchema#", "grade": {"@id": "x:grade", "@type": "xsd:integer"}"#,
    ] {
        assert_eq!(alone(good), Ok(()), "{good}");
    }
    for (terms, why) in [
        (r#""@vocab": "https://x.example/vocab#", "a": "urn:a""#, CarriedError::Open),
        (r#""T": {"@id": "urn:T", "@context": {"@vocab": "https://x.example/vocab#"}}"#, CarriedError::Open),
        (r#""identity": "@id""#, CarriedError::Keyword),
        (r#""kind": "@type""#, CarriedError::Keyword),
        (r#""roles": null"#, CarriedError::Keyword),
        // The holder of the credential could move a value from one name to the other.
        (r#""area": "https://waypass.example/vocab#zone""#, CarriedError::SecondName),
        (r#""first": "https://www.iana.org/assignments/jwt#given_name""#, CarriedError::SecondName),
        (r#""ends": "https://www.w3.org/2018/credentials#validUntil""#, CarriedError::SecondName),
        (r#""a": "urn:a", "b": "urn:a""#, CarriedError::SecondName),
    ] {
        assert_eq!(alone(terms), Err(why), "{terms}");
    }
    let mut known = KnownContexts::new();
    assert_eq!(carry(&mut known, TEST, r#""a": "urn:a""#), Ok(()));
    let (other, document) = ("https://carried.example/other", r#"{"@context": {"a": "urn:a"}}"#);
    assert_eq!(carry(&mut known, other, r#""b": "urn:a""#), Err(CarriedError::SecondName));
    assert!(known.carries(TEST) && !known.carries(other), "what is refused is not kept");
    assert_eq!((known.carrier_of("a"), known.carrier_of("b"), known.carrier_of("roles")), (Some(TEST), None, None));
    assert_eq!(known.carry(other, &[0; 32], document.as_bytes()), Err(CarriedError::Digest));
    assert_eq!(carry(&mut known, V2, r#""a": "urn:a""#), Err(CarriedError::BuiltIn));
    let ours = waypass_schemas::ROLE_CONTEXT;
    assert_eq!(known.carry(super::ROLE, &Sha256::digest(ours).into(), ours.as_bytes()), Err(CarriedError::BuiltIn));
}

/// A scoped context that took a prefix from around it is refused where that prefix means something else.
#[test]
fn what_a_layer_assumed_must_hold_where_it_is_applied() {
    let first = r#"{"@context": {"ex": "urn:first#", "T": {"@id": "urn:T", "@context": {"a": "ex:a"}}}}"#;
    let second = r#"{"@context": {"ex": "urn:second#"}}"#;
    let third = r#"{"@context": {"b": "free:b"}}"#;
    let (one, two, three) = ("https://carried.example/1", "https://carried.example/2", "https://carried.example/3");
    let free = r#"{"@context": {"free": "urn:free#"}}"#;
    let known = carrying(&[(one, first), (two, second), (three, third), (TEST, free)]);
    let read = |list: &str| quads(&known, &format!(r#"{{"@context": [{list}], "@type": "T", "a": 1}}"#));
    assert!(read(&format!(r#""{one}""#)).expect("statements").contains("<urn:first#a>"));
    assert_eq!(read(&format!(r#""{one}", "{two}""#)), Err(LdError::Unsupported));
    assert!(read(&format!(r#""{two}", "{one}""#)).is_ok());
    // The third took `free:` for a scheme.
    let read = |list: &str| quads(&known, &format!(r#"{{"@context": [{list}], "b": 1}}"#));
    assert!(read(&format!(r#""{three}", "{TEST}""#)).expect("statements").contains("<free:b>"));
    assert_eq!(read(&format!(r#""{TEST}", "{three}""#)), Err(LdError::Unsupported));
}

#[test]
fn what_the_stack_cannot_say_is_refused() {
    // A context for the document that would not reach below its head.
    assert_eq!(with_context(r#"{"@version": 1.1, "@propagate": false, "a": "urn:a"}"#, r#""a": 1"#), Err(LdError::Unsupported));
    // A type that takes the meaning of `@type` away.
    let context = r#"{"kind": "@type", "T": {"@id": "urn:T", "@context": {"kind": "urn:kind"}}}"#;
    assert_eq!(with_context(context, r#""kind": "T""#), Err(LdError::Unsupported));
}

/// The published documents under other URLs, so that the general path reads them.
fn twins() -> KnownContexts {
    let documents = [
        ("/v2", ssi_contexts::CREDENTIALS_V2),
        ("/examples", ssi_contexts::CREDENTIALS_EXAMPLES_V2),
        ("/v1", ssi_contexts::CREDENTIALS_V1),
        ("/di", ssi_contexts::W3ID_DATA_INTEGRITY_V2),
        ("/vdl", ssi_contexts::VDL_V1),
        ("/role", waypass_schemas::ROLE_CONTEXT),
    ];
    let urls: Vec<(String, &str)> = documents.iter().map(|(path, text)| (format!("{TWIN}{path}"), *text)).collect();
    carrying(&urls.iter().map(|(url, text)| (url.as_str(), *text)).collect::<Vec<_>>())
}

const TWIN: &str = "https://carried.example";
const LISTS: [(&str, &str); 6] = [
    (r#""https://www.w3.org/ns/credentials/v2", "https://waypass.example/contexts/role/v1""#, r#""{}/v2", "{}/role""#),
    (r#""https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2""#, r#""{}/v2", "{}/examples""#),
    (r#""https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/data-integrity/v2""#, r#""{}/v1", "{}/di""#),
    (r#""https://www.w3.org/2018/credentials/v1", "https://w3id.org/vdl/v1""#, r#""{}/v1", "{}/vdl""#),
    (r#""https://www.w3.org/ns/credentials/v2", "https://w3id.org/vdl/v1""#, r#""{}/v2", "{}/vdl""#),
    (r#""https://www.w3.org/ns/credentials/v2", "https://w3id.org/security/data-integrity/v2""#, r#""{}/v2", "{}/di""#),
];

/// Names of every table, and some that are in none.
fn names() -> Vec<String> {
    let terms = COMPILED.iter().flat_map(|context| context.table.layers.iter()).flat_map(|layer| layer.terms.iter());
    let mut names: Vec<String> = terms.map(|term| term.name.clone().into_owned()).filter(|name| name != "id" && name != "type").collect();
    names.sort_unstable();
    names.dedup();
    names.extend(["unheard", "@value", "@list", "@set", "@type"].map(String::from));
    names
}

fn values() -> impl Strategy<Value = String> {
    let types = prop_oneof![
        4 => Just(r#""VerifiableCredential""#),
        2 => Just(r#""VerifiablePresentation""#),
        2 => Just(r#""DataIntegrityProof""#),
        1 => Just(r#""BitstringStatusListEntry""#),
        1 => Just(r#"["VerifiableCredential", "RoleCredential"]"#),
        1 => Just(r#"["VerifiableCredential", "Iso18013DriversLicenseCredential"]"#),
        1 => Just(r#"["TokenStatusListEntry", "DataIntegrityProof"]"#),
        1 => Just(r#""Unheard""#),
    ];
    let leaf = prop_oneof![
        4 => (0..9_u8).prop_map(|n| format!(r#""urn:n{n}""#)),
        2 => "[a-c]{1,3}".prop_map(|text| format!("{text:?}")),
        1 => any::<i32>().prop_map(|n| format!("{n}")),
        1 => (-1e9..1e9_f64).prop_map(|n| format!("{n:.3}")),
        1 => Just("true".into()),
        1 => Just(r#"{"@value": "x", "@language": "en"}"#.into()),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        let member = (prop::sample::select(names()), inner.clone());
        let object = (prop::option::weighted(0.7, types.clone()), prop::option::of(0..40_u8), prop::collection::vec(member, 0..5));
        prop_oneof![
            4 => object.prop_map(|(kind, id, members)| {
                let mut all: Vec<String> = kind.map(|kind| format!("\"type\": {kind}")).into_iter().collect();
                all.extend(id.map(|id| format!(r#""id": "urn:id{id}""#)));
                let mut seen = vec!["type".into()];
                for (name, value) in members {
                    if !seen.contains(&name) {
                        all.push(format!("{name:?}: {value}"));
                        seen.push(name);
                    }
                }
                format!("{{{}}}", all.join(", "))
            }),
            1 => prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The tables of the build and the compiler at run time: the same statements, or the same refusal.
    #[test]
    fn both_paths_say_the_same(list in prop::sample::select(&LISTS[..]), value in values()) {
        let Some(members) = value.strip_prefix('{').filter(|members| members.len() > 1) else { return Ok(()) };
        let fast = quads(&KnownContexts::new(), &format!(r#"{{"@context": [{}], {members}"#, list.0));
        let general = quads(&twins(), &format!(r#"{{"@context": [{}], {members}"#, list.1.replace("{}", TWIN)));
        prop_assert_eq!(fast, general);
    }

    /// A valid credential of generated claims: both paths say it, and say all of it.
    #[test]
    fn valid_documents_are_said_in_full(claims in prop::collection::btree_map("(roles|sites|zones|email|staff_id|organization)", "[a-z]{1,8}", 1..5)) {
        let members: Vec<String> = claims.iter().map(|(name, value)| format!("{name:?}: {value:?}")).collect();
        let body = format!(r#""type": "VerifiableCredential", "credentialSubject": {{{}}}"#, members.join(", "));
        let fast = role(&body).expect("statements");
        prop_assert_eq!(fast.lines().count(), 2 + claims.len());
        let list = LISTS[0].1.replace("{}", TWIN);
        prop_assert_eq!(quads(&twins(), &format!(r#"{{"@context": [{list}], {body}}}"#)), Ok(fast));
    }
}
