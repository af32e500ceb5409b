use super::{Version, check_credential, check_presentation, credentials, is_url};
use crate::json::{self, Limits, Object, Value};
use crate::malformed::Malformed;
use alloc::format;
use proptest::prelude::*;

const V2: &str = "https://www.w3.org/ns/credentials/v2";

fn object(text: &str) -> Object<'_> {
    match json::parse(text.as_bytes(), Limits::CREDENTIAL) {
        Ok(Value::Object(object)) => object,
        other => panic!("{text}: {other:?}"),
    }
}

fn owned(text: &str) -> Object<'static> {
    match Value::Object(object(text)).into_owned() {
        Value::Object(object) => object,
        _ => unreachable!("an object stays one"),
    }
}

/// A good credential with `members` instead of those of the same name.
fn credential(members: &str) -> Result<Version, Malformed> {
    let good = format!(
        r#"{{"@context": ["{V2}"], "type": ["VerifiableCredential"], "issuer": "did:example:north", "credentialSubject": {{"id": "urn:ada"}}}}"#
    );
    let text = format!("{{{members}}}");
    let mut changed = owned(&good);
    for (name, value) in object(&text) {
        changed.set(name.into_owned(), value.into_owned());
    }
    check_credential(&changed)
}

fn accepted(members: &str) {
    assert_eq!(credential(members), Ok(Version::V2_0), "{members}");
}

fn refused(members: &str, why: Malformed) {
    assert_eq!(credential(members), Err(why), "{members}");
}

#[test]
fn the_base_context_comes_first() {
    accepted(&format!(r#""@context": "{V2}""#));
    accepted(&format!(r#""@context": ["{V2}", "urn:x", {{"a": "urn:a"}}]"#));
    for contexts in [
        "[]".into(),
        "null".into(),
        r#"["urn:x"]"#.into(),
        format!(r#"["urn:x", "{V2}"]"#),
        format!(r#"["{V2}", 5]"#),
        format!(r#"["{V2}", "https ://x"]"#),
    ] {
        refused(&format!(r#""@context": {contexts}"#), Malformed::Context);
    }
}

#[test]
fn types_identifiers_and_issuers() {
    accepted(r#""type": "VerifiableCredential""#);
    accepted(
        r#""id": "urn:uuid:1", "issuer": {"id": "did:example:north", "name": "North", "description": [{"@value": "x", "@language": "en"}]}"#,
    );
    refused(r#""type": ["RoleCredential"]"#, Malformed::OutOfRange("type"));
    refused(r#""type": ["VerifiableCredential", 5]"#, Malformed::WrongType("type"));
    refused(r#""id": null"#, Malformed::WrongType("id"));
    refused(r#""id": ["urn:a", "urn:b"]"#, Malformed::WrongType("id"));
    refused(r#""id": "https ://x""#, Malformed::OutOfRange("id"));
    refused(r#""issuer": null"#, Malformed::WrongType("issuer"));
    refused(r#""issuer": "north""#, Malformed::OutOfRange("issuer"));
    refused(r#""issuer": {}"#, Malformed::Missing("issuer"));
    refused(r#""issuer": {"id": "north"}"#, Malformed::OutOfRange("id"));
    refused(r#""issuer": {"id": "urn:n", "name": {"@value": "x", "url": "urn:u"}}"#, Malformed::OutOfRange("name"));
}

#[test]
fn subjects_say_something() {
    accepted(r#""credentialSubject": [{"id": "urn:a"}, {"name": "b"}]"#);
    refused(r#""credentialSubject": {}"#, Malformed::OutOfRange("credentialSubject"));
    refused(r#""credentialSubject": []"#, Malformed::OutOfRange("credentialSubject"));
    refused(r#""credentialSubject": [{"id": "urn:a"}, {}]"#, Malformed::OutOfRange("credentialSubject"));
    refused(r#""credentialSubject": "urn:a""#, Malformed::WrongType("credentialSubject"));
    refused(r#""credentialSubject": {"id": ["urn:a"]}"#, Malformed::WrongType("id"));
    let without = object(r#"{"@context": "https://www.w3.org/ns/credentials/v2", "type": "VerifiableCredential", "issuer": "urn:n"}"#);
    assert_eq!(check_credential(&without), Err(Malformed::Missing("credentialSubject")));
}

#[test]
fn validity_is_a_period() {
    accepted(r#""validFrom": "2026-11-20T08:00:00Z", "validUntil": "2026-11-20T08:00:00.5+00:00""#);
    refused(r#""validFrom": "2026-11-20""#, Malformed::OutOfRange("validFrom"));
    refused(r#""validUntil": 5"#, Malformed::WrongType("validUntil"));
    refused(r#""validFrom": "2026-11-20T08:00:00Z", "validUntil": "2026-11-20T07:59:59Z""#, Malformed::OutOfRange("validUntil"));
}

#[test]
fn version_1_1_has_names_of_its_own() {
    let v1 = |members: &str| credential(&format!(r#""@context": ["https://www.w3.org/2018/credentials/v1"]{members}"#));
    assert_eq!(v1(r#", "issuanceDate": "2026-11-20T08:00:00Z""#), Ok(Version::V1_1));
    assert_eq!(v1(""), Err(Malformed::Missing("issuanceDate")));
    let status = |entry: &str| v1(&format!(r#", "issuanceDate": "2026-11-20T08:00:00Z", "credentialStatus": {entry}"#));
    assert_eq!(status(r#"{"id": "urn:s", "type": "List"}"#), Ok(Version::V1_1));
    assert_eq!(status(r#"{"type": "List"}"#), Err(Malformed::Missing("credentialStatus")));
}

#[test]
fn what_has_a_type_must_say_it() {
    for name in ["credentialStatus", "refreshService", "termsOfUse", "evidence", "confidenceMethod", "renderMethod"] {
        accepted(&format!(r#""{name}": [{{"type": "urn:t"}}, {{"type": ["urn:t", "urn:u"], "id": "urn:i"}}]"#));
        refused(&format!(r#""{name}": {{"id": "urn:i"}}"#), Malformed::Missing(name));
        refused(&format!(r#""{name}": {{"type": 2}}"#), Malformed::WrongType(name));
        refused(&format!(r#""{name}": {{"type": []}}"#), Malformed::WrongType(name));
        refused(&format!(r#""{name}": []"#), Malformed::OutOfRange(name));
        refused(&format!(r#""{name}": "urn:t""#), Malformed::WrongType(name));
        refused(&format!(r#""{name}": {{"type": "urn:t", "id": "https ://x"}}"#), Malformed::OutOfRange("id"));
    }
    accepted(r#""credentialSchema": {"type": "urn:t", "id": "urn:s"}"#);
    refused(r#""credentialSchema": {"type": "urn:t"}"#, Malformed::Missing("credentialSchema"));
}

#[test]
fn bitstring_entries_have_a_form() {
    let entry = |index: &str, list: &str| {
        format!(
            r#""credentialStatus": {{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": {index}, "statusListCredential": {list}}}"#
        )
    };
    accepted(&entry(r#""0""#, r#""https://x.example/1""#));
    accepted(&entry(r#""94567""#, r#""https://x.example/1""#));
    for index in [r#""-1""#, r#""""#, r#""007""#, r#""1e3""#, r#""x""#] {
        refused(&entry(index, r#""https://x.example/1""#), Malformed::OutOfRange("statusListIndex"));
    }
    refused(&entry("5", r#""https://x.example/1""#), Malformed::WrongType("statusListIndex"));
    refused(&entry(r#""5""#, "[]"), Malformed::WrongType("statusListCredential"));
    refused(&entry(r#""5""#, r#""list""#), Malformed::OutOfRange("statusListCredential"));
}

#[test]
fn related_resources_have_the_digests_they_say() {
    const SRI: &str = "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU";
    const MULTIBASE: &str = "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA";
    let related = |value: &str| format!(r#""relatedResource": {value}"#);
    let v2 = |digests: &str| related(&format!(r#"{{"id": "{V2}"{digests}}}"#));
    accepted(&v2(&format!(r#", "digestSRI": "{SRI}""#)));
    accepted(&v2(&format!(
        r#", "digestSRI": "{SRI}?x sha256-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ=", "mediaType": "application/ld+json""#
    )));
    accepted(&v2(&format!(r#", "digestMultibase": "{MULTIBASE}""#)));
    // Of what we do not have, only the form is checked.
    accepted(&related(&format!(
        r#"[{{"id": "urn:photo", "digestSRI": "{SRI}"}}, {{"id": "urn:other", "digestMultibase": "{MULTIBASE}"}}]"#
    )));
    refused(&v2(""), Malformed::Missing("digestSRI"));
    refused(&related(r#"["urn:photo"]"#), Malformed::WrongType("relatedResource"));
    refused(&related(&format!(r#"[{{"digestSRI": "{SRI}"}}]"#)), Malformed::Missing("id"));
    let twice = format!(r#"{{"id": "urn:photo", "digestSRI": "{SRI}"}}"#);
    refused(&related(&format!("[{twice}, {twice}]")), Malformed::OutOfRange("relatedResource"));
    // Another digest, one by a function that the context is not known by, and texts that are not digests.
    for sri in [
        "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha384-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ=",
        "sha384-_rCVIV7fSXXTNIvpiq26jRDyj8JG8TDjij-tD0ewLk4JpnXEz6a5AeeY_1qQ0d0P",
        "md5-AAAA",
        "",
        "sha384",
    ] {
        refused(&v2(&format!(r#", "digestSRI": "{sri}""#)), Malformed::OutOfRange("digestSRI"));
    }
    for multibase in ["uM4RgWQc3RUDtjJCSgTJtTfvpZ7SPEg_LNO0ESlovQC0", "uEiBZ", "", "?"] {
        refused(&v2(&format!(r#", "digestMultibase": "{multibase}""#)), Malformed::OutOfRange("digestMultibase"));
    }
    refused(&v2(r#", "digestSRI": 5"#), Malformed::WrongType("digestSRI"));
}

#[test]
fn presentations() {
    let good = format!(r#"{{"@context": "{V2}", "type": "VerifiablePresentation"}}"#);
    let with = |name: &'static str, value: &str| {
        let value = json::parse(value.as_bytes(), Limits::CREDENTIAL).expect("JSON").into_owned();
        let changed = owned(&good).with(name, value);
        check_presentation(&changed).map(|_| changed)
    };
    assert!(with("holder", r#"{"id": "urn:ada"}"#).is_ok());
    assert!(with("holder", r#""urn:ada""#).is_ok());
    assert_eq!(with("holder", "{}").map(|_| ()), Err(Malformed::Missing("holder")));
    assert_eq!(with("holder", "5").map(|_| ()), Err(Malformed::WrongType("holder")));
    assert_eq!(with("id", r#""x""#).map(|_| ()), Err(Malformed::OutOfRange("id")));
    assert_eq!(with("type", r#""VerifiableCredential""#).map(|_| ()), Err(Malformed::OutOfRange("type")));
    let listed = |value: &str| credentials(&with("verifiableCredential", value).expect("a presentation")).map(|all| all.len());
    assert_eq!(listed("[{}, {}]"), Ok(2));
    assert_eq!(listed("{}"), Ok(1));
    assert_eq!(listed(r#"["eyJ"]"#), Err(Malformed::WrongType("verifiableCredential")));
}

#[test]
fn urls_have_a_scheme_and_no_space() {
    for url in
        ["did:example:1", "urn:uuid:1", "https://x.example/a?b#c", "a:\u{e4}", "https://klinik.example/\u{fc}", "a:\u{6f22}", "a:\u{1f600}"]
    {
        assert!(is_url(url), "{url}");
    }
    for text in [
        "",
        "x",
        ":x",
        "1a:x",
        "a:",
        "https ://x",
        "a:b c",
        "a:<b>",
        "a:\u{202e}b",
        "a:\u{200b}",
        "a:\u{a0}b",
        "a:\u{e000}",
        "a:\u{fffe}",
        "a:\u{ad}",
    ] {
        assert!(!is_url(text), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever stands where, the answer is a typed one.
    #[test]
    fn any_member_may_hold_anything(name in 0_usize..16, value in r#"(null|5|true|"x"|"urn:x"|\[\]|\{\}|\[5\]|\[\{\}\]|\{"id": 5\}|\{"type": \[null\]\})"#) {
        const NAMES: [&str; 16] = [
            "@context", "type", "id", "issuer", "credentialSubject", "validFrom", "validUntil", "credentialStatus", "credentialSchema",
            "refreshService", "termsOfUse", "evidence", "name", "description", "relatedResource", "confidenceMethod",
        ];
        let _ = credential(&format!(r#""{}": {value}"#, NAMES[name]));
    }
}
