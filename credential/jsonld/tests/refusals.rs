//! The refusals of safe mode, one test each.

use super::{EXAMPLES, KnownContexts, LdError, ROLE, TEST, V2, carrying, quads, role, with_context};
use alloc::format;
use alloc::string::String;

fn document(context: &str) -> Result<String, LdError> {
    quads(&KnownContexts::new(), &format!(r#"{{"@context": {context}, "type": "VerifiableCredential"}}"#))
}

fn refused(members: &str, why: LdError) {
    assert_eq!(role(members), Err(why), "{members}");
}

#[test]
fn contexts_are_known_urls() {
    assert!(document(&format!(r#""{V2}""#)).is_ok());
    for context in ["{}", &format!(r#"["{V2}", {{"roles": "urn:swapped"}}]"#), &format!(r#"["{V2}", {{"@vocab": null}}]"#)] {
        assert_eq!(document(context), Err(LdError::InlineContext), "{context}");
    }
    for context in [r#""https://www.w3.org/ns/credentials/v3""#, &format!(r#"["{V2}", "urn:x"]"#), &format!(r#""{V2}/""#)] {
        assert_eq!(document(context), Err(LdError::UnknownContext), "{context}");
    }
    for context in ["null", "5", "[]", "[null]", "[[]]"] {
        assert_eq!(document(context), Err(LdError::Context), "{context}");
    }
    let many = format!("[{}]", [format!(r#""{V2}""#).as_str(); 17].join(","));
    assert_eq!(document(&many), Err(LdError::Context));
}

#[test]
fn undefined_terms_are_refused() {
    refused(r#""role": "medic""#, LdError::UndefinedTerm);
    refused(r#""type": "VerifiableCredential", "credentialSubject": {"role": "medic"}"#, LdError::UndefinedTerm);
    // Defined for credentials only.
    refused(r#""type": "RoleCredential", "validUntil": "2026-01-01T00:00:00Z""#, LdError::UndefinedTerm);
    refused(r#""type": "VerifiableCredential", "credentialSubject": {"issuer": "did:example:x"}"#, LdError::UndefinedTerm);
}

/// A claim whose name is its IRI verifies like the claim, and no reader finds it.
#[test]
fn names_are_not_spelled_as_iris() {
    refused(r#""type": "VerifiableCredential", "https://www.w3.org/2018/credentials#validUntil": "x""#, LdError::UndefinedTerm);
    refused(r#""type": "https://www.w3.org/2018/credentials#VerifiableCredential""#, LdError::Spelling);
    let context = r#"{"ex": "urn:ex#", "name": "ex:name", "i": {"@id": "urn:i", "@type": "@id"}, "T": "ex:T"}"#;
    assert_eq!(with_context(context, r#""ex:name": 1"#), Err(LdError::UndefinedTerm));
    for members in [r#""i": "ex:x""#, r#""@id": "ex:x", "name": 1"#, r#""@type": "ex:T""#] {
        assert_eq!(with_context(context, members), Err(LdError::Spelling), "{members}");
    }
    assert!(with_context(context, r#""i": "ex2:x", "@type": "urn:ex#Other""#).is_ok());
}

#[test]
fn identifiers_are_absolute() {
    for id in ["x", "", "/x", "#x", "//e.example/x", "did", "https ://not-a-url", "https://e.example/a b", "1:2"] {
        refused(&format!(r#""id": "{id}", "type": "VerifiableCredential""#), LdError::RelativeId);
        refused(&format!(r#""type": "VerifiableCredential", "issuer": "{id}""#), LdError::RelativeId);
        refused(&format!(r#""type": "VerifiableCredential", "issuer": {{"id": "{id}", "name": "x"}}"#), LdError::RelativeId);
    }
    for id in ["5", "null", "[\"urn:x\"]", "{}", "true"] {
        refused(&format!(r#""id": {id}, "type": "VerifiableCredential""#), LdError::RelativeId);
    }
    for id in ["5", "true"] {
        refused(&format!(r#""type": "VerifiableCredential", "issuer": {id}"#), LdError::Value);
    }
    for id in ["_:b0", "_:"] {
        refused(&format!(r#""id": "{id}", "type": "VerifiableCredential""#), LdError::BlankNode);
        refused(&format!(r#""type": "VerifiableCredential", "issuer": "{id}""#), LdError::BlankNode);
        refused(&format!(r#""type": ["VerifiableCredential", "{id}"]"#), LdError::BlankNode);
    }
}

#[test]
fn types_are_defined_or_absolute() {
    refused(r#""type": ["VerifiableCredential", "Unheard"]"#, LdError::RelativeType);
    refused(r#""type": "https ://not-a-url""#, LdError::RelativeType);
    refused(r#""type": "id""#, LdError::Keyword);
    for kind in ["5", "null", "{}", "[5]", "[[\"RoleCredential\"]]"] {
        refused(&format!(r#""type": {kind}"#), LdError::RelativeType);
    }
    refused(r#""type": []"#, LdError::Empty);
    refused(r#""type": ["RoleCredential", "RoleCredential"]"#, LdError::Repeated);
    assert!(role(r#""type": ["VerifiableCredential", "https://example.org/#ExampleCredential"]"#).is_ok());
    refused(r#""type": "DataIntegrityProof", "proofPurpose": "unheard""#, LdError::RelativeType);
}

#[test]
fn keywords_stand_where_they_may() {
    for name in ["@foo", "@graph", "@included", "@reverse", "@index", "@nest", "@direction", "@vocab", "@base", "@json", "@none"] {
        refused(&format!(r#""type": "RoleCredential", "{name}": "x""#), LdError::Keyword);
        refused(&format!(r#""type": "VerifiableCredential", "credentialSubject": {{"{name}": []}}"#), LdError::Keyword);
    }
    for members in [r#""@value": "x""#, r#""@list": ["x"]"#, r#""@set": ["x"]"#, r#""@language": "en", "type": "RoleCredential""#] {
        refused(members, LdError::Keyword);
    }
    refused(r#""type": "@foo""#, LdError::Keyword);
    refused(r#""type": "VerifiableCredential", "issuer": {"@list": ["urn:x"], "id": "urn:y"}"#, LdError::Keyword);
    refused(r#""type": "RoleCredential", "@type": "RoleCredential""#, LdError::RepeatedKeyword);
    refused(r#""type": "RoleCredential", "id": "urn:x", "@id": "urn:x""#, LdError::RepeatedKeyword);
    // It has the form of no keyword, and no context defines it.
    refused(r#""@1": "x""#, LdError::UndefinedTerm);
}

#[test]
fn every_member_says_something() {
    refused(r#""type": "VerifiableCredential", "evidence": null"#, LdError::Null);
    refused(r#""type": "VerifiableCredential", "evidence": []"#, LdError::Empty);
    refused(r#""roles": ["medic", null]"#, LdError::Null);
    refused(r#""roles": {"@set": []}"#, LdError::Empty);
    refused(r#""name": {"@value": null}"#, LdError::Null);
    refused(r#""name": {"@value": null, "@language": "en"}"#, LdError::Null);
    refused(r#""id": "urn:x""#, LdError::Empty);
    assert_eq!(quads(&KnownContexts::new(), &format!(r#"{{"@context": "{V2}"}}"#)), Err(LdError::Empty));
    // A graph around a bare identifier has no statement in it.
    for value in [r#""urn:x""#, r#"{"id": "urn:x"}"#, "{}", "5"] {
        let members = format!(r#""type": "VerifiableCredential", "proof": {value}"#);
        refused(&members, LdError::Empty);
    }
}

#[test]
fn arrays_do_not_nest() {
    refused(r#""roles": [["medic"], "driver"]"#, LdError::NestedArray);
    refused(r#""roles": {"@set": [{"@set": ["medic"]}]}"#, LdError::NestedArray);
    refused(r#""roles": {"@list": [["medic"]]}"#, LdError::NestedArray);
}

/// RDF is a set: a second equal statement would be signed by nobody.
#[test]
fn nothing_is_said_twice() {
    refused(r#""roles": ["medic", "driver", "medic"]"#, LdError::Repeated);
    refused(r#""roles": ["medic", {"@value": "medic"}]"#, LdError::Repeated);
    refused(r#""roles": [1, 1.0]"#, LdError::Repeated);
    refused(r#""type": "VerifiableCredential", "termsOfUse": ["urn:x", {"id": "urn:x"}]"#, LdError::Repeated);
    let many: alloc::vec::Vec<String> = (0..100).map(|n| format!("\"{}\"", n % 99)).collect();
    refused(&format!(r#""roles": [{}]"#, many.join(",")), LdError::Repeated);
    let context = r#"{"a": "urn:a", "b": "urn:a", "v": {"@id": "urn:v", "@type": "@vocab"}}"#;
    assert_eq!(with_context(context, r#""v": ["a", "b"]"#), Err(LdError::Repeated));
    assert_eq!(with_context(context, r#""a": 1, "b": 2"#), Err(LdError::Repeated));
    assert!(role(r#""roles": ["medic", {"@value": "medic", "@language": "en"}]"#).is_ok());
    assert!(role(r#""type": "VerifiableCredential", "evidence": [{}, {}]"#).is_ok());
}

/// Equal statements from differently shaped trees: the claims a reader finds would depend on who wrote the tree last.
#[test]
fn a_node_is_described_where_it_is_mentioned() {
    let ambiguous = [
        // Two halves of one node.
        r#""credentialSubject": {"id": "urn:h", "roles": "medic"}, "issuer": {"id": "urn:h", "sites": "north"}"#,
        // Claims moved from the subject to the issuer, or back.
        r#""issuer": {"id": "urn:h", "roles": "medic"}, "credentialSubject": {"id": "urn:h"}"#,
        r#""issuer": "urn:h", "credentialSubject": {"id": "urn:h", "roles": "medic"}"#,
        // A member of the credential hidden in a node that bears its name.
        r#""termsOfUse": {"id": "urn:c", "type": "VerifiableCredential", "validUntil": "2026-01-01T00:00:00Z"}"#,
        r#""termsOfUse": "urn:c""#,
    ];
    for members in ambiguous {
        let members = format!(r#""id": "urn:c", "type": "VerifiableCredential", {members}"#);
        refused(&members, LdError::AmbiguousNode);
    }
    let halves = r#"[{"id": "urn:h", "roles": "medic"}, {"id": "urn:h", "sites": "north"}]"#;
    refused(&format!(r#""type": "VerifiableCredential", "credentialSubject": {halves}"#), LdError::Repeated);
    let several: alloc::vec::Vec<String> = (0..80).map(|n| format!(r#"{{"id": "urn:{n}", "roles": "r"}}"#)).collect();
    let many = |last: &str| format!(r#""type": "VerifiableCredential", "credentialSubject": [{}], "issuer": "{last}""#, several.join(","));
    assert!(role(&many("urn:other")).is_ok());
    refused(&many("urn:7"), LdError::AmbiguousNode);
    // Mentions without a description say nothing about the node.
    assert!(role(r#""type": "VerifiableCredential", "issuer": "urn:h", "credentialSubject": {"id": "urn:h"}"#).is_ok());
}

#[test]
fn values_fit_where_they_stand() {
    for value in [
        r#"{"@value": "x", "id": "urn:x"}"#,
        r#"{"@value": "x", "name": "y"}"#,
        r#"{"@value": ["x"]}"#,
        r#"{"@value": {}}"#,
        r#"{"@value": "x", "@type": "urn:t", "@language": "en"}"#,
        r#"{"@value": 5, "@language": "en"}"#,
        r#"{"@value": "x", "@type": ["urn:t"]}"#,
        r#"{"@value": "x", "@type": "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON"}"#,
        r#"{"@value": "x", "@type": "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"}"#,
        r#"{"@value": "x", "@type": "VerifiableCredential"}"#,
        r#"{"@value": "x", "@type": "https://www.w3.org/ns/i18n#en_ltr"}"#,
        r#"{"@value": "x", "@direction": "up"}"#,
        r#"{"@value": "x", "@direction": null}"#,
        r#"{"@value": 5, "@direction": "ltr"}"#,
        r#"{"@value": "x", "@direction": "ltr", "@type": "urn:t"}"#,
    ] {
        refused(&format!(r#""name": {value}"#), LdError::Value);
    }
    for (value, why) in [
        (r#"{"@direction": "rtl"}"#, LdError::Keyword),
        (r#"{"@value": "x", "@direction": "rtl", "@language": "en_GB"}"#, LdError::Language),
        (r#"{"@value": "x", "@index": "1"}"#, LdError::Keyword),
        (r#"{"@language": "en"}"#, LdError::Keyword),
        (r#"{"@value": "x", "@type": "relative"}"#, LdError::RelativeType),
        (r#"{"@value": "x", "@type": "_:b"}"#, LdError::BlankNode),
        (r#"{"@value": "x", "@language": ""}"#, LdError::Language),
        (r#"{"@value": "x", "@language": "en_GB"}"#, LdError::Language),
        (r#"{"@value": "x", "@language": "toolongtag"}"#, LdError::Language),
        (r#"{"@value": "x", "@language": "1a"}"#, LdError::Language),
        (r#"{"@value": "x", "@language": 5}"#, LdError::Language),
    ] {
        refused(&format!(r#""name": {value}"#), why);
    }
}

#[test]
fn numbers_have_one_canonical_form() {
    for number in
        ["9007199254740992", "-9007199254740992", "18446744073709551615", "1e21", "1e300", "-0", "-0.0", "0.1234567890123456", "5e-324"]
    {
        let expected = if number == "5e-324" { Ok(()) } else { Err(LdError::Number) };
        assert_eq!(role(&format!(r#""roles": {number}"#)).map(|_| ()), expected, "{number}");
    }
}

#[test]
fn contexts_stand_at_the_head() {
    for members in [
        format!(r#""type": "VerifiableCredential", "credentialSubject": {{"@context": "{V2}", "roles": "medic"}}"#),
        format!(r#""roles": {{"@context": "{ROLE}", "sites": "x"}}"#),
    ] {
        refused(&members, LdError::NestedContext);
    }
    let vp = |context: &str| {
        let credential = format!(r#"{{"@context": {context}, "type": "VerifiableCredential"}}"#);
        quads(
            &KnownContexts::new(),
            &format!(r#"{{"@context": "{V2}", "type": "VerifiablePresentation", "verifiableCredential": {credential}}}"#),
        )
    };
    assert!(vp(&format!(r#"["{V2}"]"#)).is_ok());
    assert_eq!(vp("{}"), Err(LdError::InlineContext));
    assert_eq!(vp(r#""urn:x""#), Err(LdError::UnknownContext));
    // Without contexts of its own nothing in it is defined.
    let bare =
        format!(r#"{{"@context": "{V2}", "type": "VerifiablePresentation", "verifiableCredential": {{"type": "VerifiableCredential"}}}}"#);
    assert_eq!(quads(&KnownContexts::new(), &bare), Err(LdError::UndefinedTerm));
}

#[test]
fn protected_terms_are_not_redefined() {
    let redefine = |body: &str| {
        let known = carrying(&[(TEST, &format!(r#"{{"@context": {body}}}"#))]);
        quads(&known, &format!(r#"{{"@context": ["{V2}", "{TEST}"], "type": "VerifiableCredential"}}"#)).map(|_| ())
    };
    for body in [
        r#"{"VerifiableCredential": "https://example.org/#BadVerifiableCredential"}"#,
        r#"{"name": "https://schema.org/alternateName"}"#,
        r#"{"name": {"@id": "https://schema.org/name", "@type": "@id"}}"#,
        r#"{"id": "https://schema.org/identifier"}"#,
        r#"{"name": null}"#,
    ] {
        assert_eq!(redefine(body), Err(LdError::ProtectedTerm), "{body}");
    }
    assert_eq!(redefine(r#"{"name": "https://schema.org/name", "fresh": "urn:fresh"}"#), Ok(()));
    // A type-scoped context may not either; a property-scoped one may (JSON-LD 1.1 §4.1.11).
    let context = r#"{"@version": 1.1, "@protected": true, "a": "urn:a", "T": {"@id": "urn:T", "@context": {"a": "urn:other"}},
        "N": {"@id": "urn:N", "@context": null}, "p": {"@id": "urn:p", "@context": {"a": "urn:other"}}}"#;
    assert_eq!(with_context(context, r#""@type": "T", "a": 1"#), Err(LdError::ProtectedTerm));
    assert_eq!(with_context(context, r#""@type": "N", "a": 1"#), Err(LdError::ProtectedTerm));
    assert!(with_context(context, r#""p": {"a": 1}"#).expect("statements").contains("<urn:other>"));
    // A name that the property redefined without protection is no longer protected.
    let context = r#"{"@version": 1.1, "a": {"@id": "urn:a", "@protected": true}, "T": {"@id": "urn:T", "@context": {"a": "urn:third"}},
        "p": {"@id": "urn:p", "@context": {"a": "urn:other"}}}"#;
    assert_eq!(with_context(context, r#""@type": "T", "a": 1"#), Err(LdError::ProtectedTerm));
    assert!(with_context(context, r#""p": {"@type": "T", "a": 1}"#).expect("statements").contains("<urn:third>"));
}

/// threats.md A23: two terms trade places in an inline context, their values trade places in the claims, and the statements stay.
#[test]
fn terms_cannot_be_swapped() {
    let honest = r#"{"given_name": "urn:given", "family_name": "urn:family"}"#;
    let swapped = r#"{"given_name": "urn:family", "family_name": "urn:given"}"#;
    let before = with_context(honest, r#""@id": "urn:h", "given_name": "Ada", "family_name": "Byron""#);
    assert_eq!(before, with_context(swapped, r#""@id": "urn:h", "given_name": "Byron", "family_name": "Ada""#), "the attack itself");
    // Within a document it needs a context of its own ...
    let inline = format!(r#"{{"@context": ["{V2}", {swapped}], "given_name": "Byron"}}"#);
    assert_eq!(quads(&KnownContexts::new(), &inline), Err(LdError::InlineContext));
    // ... or a known one that redefines the role context's terms, which are protected.
    let known = carrying(&[(TEST, &format!(r#"{{"@context": {swapped}}}"#))]);
    for list in [format!(r#""{ROLE}", "{TEST}""#), format!(r#""{TEST}", "{ROLE}""#)] {
        let document = format!(r#"{{"@context": ["{V2}", {list}], "given_name": "Byron"}}"#);
        let found = quads(&known, &document);
        if list.starts_with(&format!("\"{ROLE}")) {
            assert_eq!(found, Err(LdError::ProtectedTerm));
        } else {
            assert!(found.expect("statements").contains("jwt#given_name"), "the protected definition counts");
        }
    }
}

/// threats.md A23: the same document under another known list means something else, so its statements differ or it is refused.
#[test]
fn contexts_cannot_be_swapped() {
    let document = |context: &str| {
        let text = format!(
            r#"{{"@context": {context}, "type": "VerifiableCredential", "credentialSubject": {{"id": "urn:h", "roles": "medic"}}}}"#
        );
        quads(&KnownContexts::new(), &text)
    };
    let honest = document(&format!(r#"["{V2}", "{ROLE}"]"#)).expect("statements");
    assert_ne!(document(&format!(r#"["{V2}", "{EXAMPLES}"]"#)).expect("statements"), honest);
    assert_eq!(document(&format!(r#""{V2}""#)), Err(LdError::UndefinedTerm));
    assert_eq!(document(&format!(r#""{ROLE}""#)), Err(LdError::UndefinedTerm), "nothing defines `type`");
}
