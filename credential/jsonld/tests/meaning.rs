//! The meaning of documents: each feature against statements written by hand.

use super::{lines, role, with_context};
use alloc::format;

const TYPE: &str = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>";
const FIRST: &str = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#first>";
const REST: &str = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest>";
const NIL: &str = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>";

#[test]
fn a_role_credential() {
    let found = role(
        r#""id": "urn:c", "type": ["VerifiableCredential", "RoleCredential"], "issuer": "did:example:i",
        "validFrom": "2026-01-01T00:00:00Z", "name": {"@value": "Kart", "@language": "sv-SE"},
        "credentialSubject": {"id": "did:example:h", "roles": ["medic", "driver"], "birthdate": "2000-01-01"},
        "credentialStatus": {"type": "TokenStatusListEntry", "uri": "https://s.example/1", "idx": 7}"#,
    );
    let (cred, vocab) = ("https://www.w3.org/2018/credentials#", "https://waypass.example/vocab#");
    let xsd = "http://www.w3.org/2001/XMLSchema#";
    let expected = [
        &format!("<urn:c> {TYPE} <{cred}VerifiableCredential>"),
        &format!("<urn:c> {TYPE} <{vocab}RoleCredential>"),
        &format!("<urn:c> <{cred}issuer> <did:example:i>"),
        &format!("<urn:c> <{cred}validFrom> \"2026-01-01T00:00:00Z\"^^<{xsd}dateTime>"),
        "<urn:c> <https://schema.org/name> \"Kart\"@sv-se",
        &format!("<urn:c> <{cred}credentialSubject> <did:example:h>"),
        &format!("<did:example:h> <{vocab}role> \"medic\""),
        &format!("<did:example:h> <{vocab}role> \"driver\""),
        &format!("<did:example:h> <https://www.iana.org/assignments/jwt#birthdate> \"2000-01-01\"^^<{xsd}date>"),
        &format!("<urn:c> <{cred}credentialStatus> _:c14n0"),
        &format!("_:c14n0 {TYPE} <{vocab}TokenStatusListEntry>"),
        &format!("_:c14n0 <{vocab}statusListUri> <https://s.example/1>"),
        &format!("_:c14n0 <{vocab}statusListIndex> \"7\"^^<{xsd}nonNegativeInteger>"),
    ];
    let expected: alloc::vec::Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
    assert_eq!(found, Ok(lines(&expected)));
}

#[test]
fn scalars_have_canonical_forms() {
    let one = |value: &str, expected: &str| {
        let found = with_context(r#"{"p": "urn:p"}"#, &format!(r#""@id": "urn:s", "p": {value}"#));
        assert_eq!(found, Ok(lines(&[&format!("<urn:s> <urn:p> {expected}")])), "{value}");
    };
    let xsd = "http://www.w3.org/2001/XMLSchema#";
    one("\"a \\\"b\\\"\"", "\"a \\\"b\\\"\"");
    one("true", &format!("\"true\"^^<{xsd}boolean>"));
    one("false", &format!("\"false\"^^<{xsd}boolean>"));
    for (number, lexical) in [("5", "5"), ("-5", "-5"), ("0", "0"), ("5.0", "5"), ("1e3", "1000"), ("9007199254740991", "9007199254740991")]
    {
        one(number, &format!("\"{lexical}\"^^<{xsd}integer>"));
    }
    // The forms of ECMAScript's toExponential(15), as in JSON-LD's own examples; 9.7 is one of those with a residue.
    for (number, lexical) in [
        ("5.5", "5.5E0"),
        ("0.1", "1.0E-1"),
        ("-1.25e-7", "-1.25E-7"),
        ("1e-300", "1.0E-300"),
        ("9.7", "9.699999999999999E0"),
        ("123456.789012345", "1.23456789012345E5"),
    ] {
        one(number, &format!("\"{lexical}\"^^<{xsd}double>"));
    }
    one(&format!(r#"{{"@value": 5, "@type": "{xsd}double"}}"#), &format!("\"5.0E0\"^^<{xsd}double>"));
    one(&format!(r#"{{"@value": 5, "@type": "{xsd}long"}}"#), &format!("\"5\"^^<{xsd}long>"));
    one(r#"{"@value": "x", "@language": "EN-gb"}"#, "\"x\"@en-gb");
    one(r#"{"@value": "x", "@language": "AR-eg", "@direction": "rtl"}"#, "\"x\"^^<https://www.w3.org/ns/i18n#ar-eg_rtl>");
    one(r#"{"@value": "x", "@direction": "ltr"}"#, "\"x\"^^<https://www.w3.org/ns/i18n#_ltr>");
    one(
        r#"{"@value": {"b": 1, "a": [null]}, "@type": "@json"}"#,
        "\"{\\\"a\\\":[null],\\\"b\\\":1}\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>",
    );
}

#[test]
fn coercion_follows_the_term() {
    let context = r#"{"i": {"@id": "urn:i", "@type": "@id"}, "v": {"@id": "urn:v", "@type": "@vocab"}, "Word": "urn:word",
        "j": {"@id": "urn:j", "@type": "@json"}, "n": {"@id": "urn:n", "@type": "@none"}, "d": {"@id": "urn:d", "@type": "urn:dt"}}"#;
    let one = |member: &str, expected: &str| {
        assert_eq!(
            with_context(context, &format!(r#""@id": "urn:s", {member}"#)),
            Ok(lines(&[&format!("<urn:s> {expected}")])),
            "{member}"
        );
    };
    one(r#""i": "urn:x""#, "<urn:i> <urn:x>");
    one(r#""i": {"@id": "urn:x"}"#, "<urn:i> <urn:x>");
    one(r#""i": {"@value": "x"}"#, "<urn:i> \"x\"");
    one(r#""v": "Word""#, "<urn:v> <urn:word>");
    one(r#""v": "urn:other""#, "<urn:v> <urn:other>");
    one(r#""n": "x""#, "<urn:n> \"x\"");
    one(r#""d": "x""#, "<urn:d> \"x\"^^<urn:dt>");
    one(r#""d": true"#, "<urn:d> \"true\"^^<urn:dt>");
    let json = "^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>";
    one(r#""j": {"b": 2, "a": 1}"#, &format!("<urn:j> \"{{\\\"a\\\":1,\\\"b\\\":2}}\"{json}"));
    one(r#""j": [1, 1, null]"#, &format!("<urn:j> \"[1,1,null]\"{json}"));
    one(r#""j": null"#, &format!("<urn:j> \"null\"{json}"));
}

#[test]
fn lists_keep_their_order() {
    let context = r#"{"l": {"@id": "urn:l", "@container": "@list"}, "p": "urn:p"}"#;
    let expected = lines(&[
        "<urn:s> <urn:l> _:c14n0",
        &format!("_:c14n0 {FIRST} \"a\""),
        &format!("_:c14n0 {REST} _:c14n1"),
        &format!("_:c14n1 {FIRST} \"a\""),
        &format!("_:c14n1 {REST} {NIL}"),
    ]);
    let list = |member: &str| {
        let found = with_context(context, &format!(r#""@id": "urn:s", {member}"#)).expect("a list");
        // Which of the two cells is first in the canonical numbering is not the point here.
        let swapped = found.replace("c14n0", "~").replace("c14n1", "c14n0").replace('~', "c14n1");
        let mut swapped: alloc::vec::Vec<&str> = swapped.lines().map(|line| line.trim_end_matches(" .")).collect();
        swapped.sort_unstable();
        (found, lines(&swapped))
    };
    for member in [r#""l": ["a", "a"]"#, r#""l": {"@list": ["a", "a"]}"#, r#""p": {"@list": ["a", "a"]}"#] {
        let (found, swapped) = list(member);
        let expected = if member.starts_with("\"p\"") { expected.replace("urn:l", "urn:p") } else { expected.clone() };
        assert!(found == expected || swapped == expected, "{member}: {found}");
    }
    for member in [r#""l": []"#, r#""l": {"@list": []}"#] {
        assert_eq!(with_context(context, &format!(r#""@id": "urn:s", {member}"#)), Ok(lines(&[&format!("<urn:s> <urn:l> {NIL}")])));
    }
    let single = with_context(context, r#""@id": "urn:s", "l": "a""#);
    assert_eq!(single, Ok(lines(&["<urn:s> <urn:l> _:c14n0", &format!("_:c14n0 {FIRST} \"a\""), &format!("_:c14n0 {REST} {NIL}")])));
}

#[test]
fn sets_are_several_values() {
    let expected = Ok(lines(&["<urn:s> <urn:p> \"a\"", "<urn:s> <urn:p> \"b\""]));
    for value in [r#"["a", "b"]"#, r#"["b", "a"]"#, r#"{"@set": ["a", "b"]}"#] {
        assert_eq!(with_context(r#"{"p": "urn:p"}"#, &format!(r#""@id": "urn:s", "p": {value}"#)), expected);
    }
}

#[test]
fn a_graph_container_holds_a_graph_of_its_own() {
    let context = r#"{"g": {"@id": "urn:g", "@container": "@graph"}, "p": "urn:p"}"#;
    let found = with_context(context, r#""@id": "urn:s", "g": [{"@id": "urn:a", "p": {"p": 1}}], "p": "x""#);
    let integer = "\"1\"^^<http://www.w3.org/2001/XMLSchema#integer>";
    let expected = |graph: &str, node: &str| {
        lines(&[
            &format!("<urn:s> <urn:g> {graph}"),
            "<urn:s> <urn:p> \"x\"",
            &format!("<urn:a> <urn:p> {node} {graph}"),
            &format!("{node} <urn:p> {integer} {graph}"),
        ])
    };
    assert!(found == Ok(expected("_:c14n0", "_:c14n1")) || found == Ok(expected("_:c14n1", "_:c14n0")), "{found:?}");
}

/// JSON-LD 1.1 §4.1.8: type-scoped contexts hold for one node, property-scoped ones for all below.
#[test]
fn scoped_contexts_reach_as_far_as_they_should() {
    let context = r#"{"@version": 1.1, "p": "urn:p", "q": "urn:q",
        "T": {"@id": "urn:T", "@context": {"x": "urn:x-in-T"}},
        "S": {"@id": "urn:S", "@context": {"@propagate": true, "x": "urn:x-in-S"}},
        "in": {"@id": "urn:in", "@context": {"x": "urn:x-in-in"}},
        "flat": {"@id": "urn:flat", "@context": {"@propagate": false, "x": "urn:x-in-flat"}},
        "none": {"@id": "urn:none", "@context": null}}"#;
    let is = |members: &str, expected: &str| {
        let found = with_context(context, members).unwrap_or_else(|why| panic!("{members}: {why}"));
        assert!(found.contains(expected), "{members}: {found}");
    };
    let refused = |members: &str| assert_eq!(with_context(context, members), Err(super::LdError::UndefinedTerm), "{members}");
    is(r#""@type": "T", "x": 1"#, "<urn:x-in-T>");
    refused(r#""@type": "T", "p": {"x": 1}"#);
    is(r#""@type": "T", "p": {"q": 1}"#, "<urn:q>");
    is(r#""@type": "S", "p": {"x": 1}"#, "<urn:x-in-S>");
    // The last in the order of names wins, whatever the order in the document.
    is(r#""@type": ["T", "S"], "x": 1"#, "<urn:x-in-T>");
    is(r#""@type": ["S", "T"], "x": 1"#, "<urn:x-in-T>");
    is(r#""in": {"x": 1}"#, "<urn:x-in-in>");
    is(r#""in": {"p": {"x": 1}}"#, "<urn:x-in-in>");
    refused(r#""p": {"x": 1}"#);
    refused(r#""in": {"p": 1}, "x": 1"#);
    is(r#""flat": {"x": 1}"#, "<urn:x-in-flat>");
    refused(r#""flat": {"p": {"x": 1}}"#);
    is(r#""flat": {"p": {"q": 1}}"#, "<urn:q>");
    is(r#""in": {"@type": "T", "x": 1}"#, "<urn:x-in-T>");
    is(r#""in": {"@type": "T", "p": {"x": 1}}"#, "<urn:x-in-in>");
    refused(r#""none": {"p": 1}"#);
    is(r#""none": {"@id": "urn:bare"}"#, "<urn:none> <urn:bare>");
}

#[test]
fn a_vocabulary_makes_every_name_a_term() {
    let context = r#"{"@vocab": "https://v.example/#", "p": "urn:p", "off": null, "T": {"@id": "urn:T", "@context": {"@vocab": null}}}"#;
    let found = with_context(context, r#""@id": "urn:s", "@type": "Kind", "word": "x", "p": 1"#).expect("statements");
    assert!(found.contains("<https://v.example/#Kind>") && found.contains("<urn:s> <https://v.example/#word> \"x\""), "{found}");
    for members in [r#""off": 1"#, r#""@type": "T", "word": 1"#, r#""a b": 1"#, r#""": 1"#] {
        assert_eq!(with_context(context, members), Err(super::LdError::UndefinedTerm), "{members}");
    }
    // A word that becomes the IRI of a term would be its second spelling.
    let context = r#"{"@vocab": "urn:v://", "role": "urn:v://roles"}"#;
    assert_eq!(with_context(context, r#""roles": 1"#), Err(super::LdError::Spelling));
}

/// VC Data Integrity: each credential of the presentation is in a graph with contexts of its own.
#[test]
fn embedded_credentials_bring_their_own_contexts() {
    let known = super::KnownContexts::new();
    let found = super::quads(
        &known,
        &format!(
            r#"{{"@context": "{v2}", "type": "VerifiablePresentation", "holder": "did:example:h", "verifiableCredential": [
            {{"@context": ["{v2}", "{role}"], "type": ["VerifiableCredential", "RoleCredential"], "issuer": "did:example:i",
              "credentialSubject": {{"id": "did:example:h", "roles": "medic"}}}},
            {{"@context": "{v2}", "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,ey"}}]}}"#,
            v2 = super::V2,
            role = super::ROLE
        ),
    )
    .expect("statements");
    assert_eq!(found.lines().filter(|line| line.contains("vocab#role> \"medic\" _:c14n")).count(), 1, "{found}");
    assert_eq!(found.lines().count(), 2 + 2 + 5 + 1, "{found}");
    let v1 = "https://www.w3.org/2018/credentials/v1";
    let found = super::quads(
        &known,
        &format!(
            r#"{{"@context": "{v1}", "type": "VerifiablePresentation", "verifiableCredential":
            {{"@context": "{v1}", "type": "VerifiableCredential", "issuer": "did:example:i", "issuanceDate": "2020-01-01T00:00:00Z",
              "credentialSubject": {{"id": "did:example:h"}}}}}}"#
        ),
    )
    .expect("statements");
    assert_eq!(found.lines().count(), 2 + 4, "{found}");
}
