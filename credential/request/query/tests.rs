//! DCQL in, DCQL out, and what a credential answers.

use super::{ClaimQuery, ClaimValue, CredentialQuery, Match, Query, QueryError};
use crate::claim_path::{ClaimPath, PathStep};
use crate::format::Format;
use crate::json::{Limits, parse, to_string};
use crate::role;
use alloc::{format, string::String, string::ToString, vec, vec::Vec};
use proptest::prelude::*;

const HELD: &[u8] = br#"{"roles":["doctor","nurse","staff"],"family_name":"Byron","level":3,"on_call":true,
    "address":{"city":"London"},"shifts":[{"day":1},{"day":2}]}"#;

fn ask(claims: &str) -> Option<Vec<String>> {
    let query = format!(r#"{{"credentials":[{{"id":"q","format":"dc+sd-jwt","meta":{{"vct_values":["v"]}},"claims":{claims}}}]}}"#);
    let query = Query::parse(query.as_bytes()).expect("a query");
    let held = parse(HELD, Limits::CREDENTIAL).expect("JSON");
    let found = query.first_match(&held, Format::SdJwtVc, "v")?;
    Some(found.paths.iter().map(ToString::to_string).collect())
}

#[test]
fn only_what_is_asked_for_is_matched() {
    let cases: [(&str, Option<&[&str]>); 12] = [
        (r#"[{"path":["family_name"]}]"#, Some(&["family_name"])),
        (r#"[{"path":["roles",null]}]"#, Some(&["roles[0]", "roles[1]", "roles[2]"])),
        (r#"[{"path":["roles",null],"values":["nurse","guard"]}]"#, Some(&["roles[1]"])),
        (r#"[{"path":["roles",null],"values":["guard"]}]"#, None),
        (r#"[{"path":["roles",7]}]"#, None),
        (r#"[{"path":["roles","x"]}]"#, None),
        (r#"[{"path":["address","city"]},{"path":["address","city"]}]"#, Some(&["address.city"])),
        (r#"[{"path":["shifts",null,"day"],"values":[2]}]"#, Some(&["shifts[1].day"])),
        (r#"[{"path":["level"],"values":["3"]}]"#, None),
        (r#"[{"path":["level"],"values":[3]}]"#, Some(&["level"])),
        (r#"[{"path":["on_call"],"values":[true]}]"#, Some(&["on_call"])),
        (r#"[{"path":["family_name"]},{"path":["given_name"]}]"#, None),
    ];
    for (claims, paths) in cases {
        let paths = paths.map(|paths| paths.iter().map(ToString::to_string).collect());
        assert_eq!(ask(claims), paths, "{claims}");
    }
}

#[test]
fn alternatives_are_tried_in_order() {
    let also = [ClaimPath::names(["family_name"])];
    let query = Query::for_role(&[Format::DataIntegrity, Format::SdJwtVc], &["nurse"], &also).expect("a query");
    let sd_jwt = parse(HELD, Limits::CREDENTIAL).expect("JSON");
    let text = format!(r#"{{"credentialSubject":{}}}"#, core::str::from_utf8(HELD).expect("text"));
    let document = parse(text.as_bytes(), Limits::CREDENTIAL).expect("JSON");
    let paths = |above: &ClaimPath| vec![above.clone().then("family_name"), above.clone().then("roles").then(1)];
    assert_eq!(
        query.first_match(&sd_jwt, Format::SdJwtVc, role::VCT),
        Some(Match { query_id: "sd_jwt_vc".into(), paths: paths(&ClaimPath(vec![])) })
    );
    assert_eq!(
        query.first_match(&document, Format::DataIntegrity, role::VC_TYPE),
        Some(Match { query_id: "data_integrity".into(), paths: paths(&ClaimPath::names(["credentialSubject"])) })
    );
    assert_eq!(query.first_match(&sd_jwt, Format::SdJwtVc, "other"), None);
    assert_eq!(query.first_match(&sd_jwt, Format::DataIntegrity, role::VC_TYPE), None);
}

/// The order of preference is the credential set's, not that of `credentials`.
#[test]
fn sets_are_alternatives() {
    let one = |id: &str| format!(r#"{{"id":"{id}","format":"dc+sd-jwt","meta":{{"vct_values":["v"]}}}}"#);
    let sets = |sets: &str| Query::parse(format!(r#"{{"credentials":[{},{}],"credential_sets":{sets}}}"#, one("a"), one("b")).as_bytes());
    let query = sets(r#"[{"options":[["b"],["a"]]}]"#).expect("alternatives");
    assert_eq!(query.alternatives().iter().map(|query| query.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    for (text, why) in [
        ("[]", QueryError::Unsupported("several required credentials")),
        (r#"[{"options":[["a","b"]]}]"#, QueryError::Unsupported("several required credentials")),
        (r#"[{"options":[["a"]]},{"options":[["b"]]}]"#, QueryError::Unsupported("several credential sets")),
        (r#"[{"options":[["a"],["b"]],"required":false}]"#, QueryError::Unsupported("optional credentials")),
        (r#"[{"options":[["a"]]}]"#, QueryError::Malformed("credential set")),
        (r#"[{"options":[["a"],["a"],["b"]]}]"#, QueryError::Malformed("credential set")),
        (r#"[{"options":[["a"],["c"]]}]"#, QueryError::Malformed("credential set")),
    ] {
        assert_eq!(sets(text), Err(why), "{text}");
    }
}

#[test]
fn what_is_not_supported_is_named() {
    let with = |members: &str| {
        let text = format!(r#"{{"credentials":[{{"id":"q","format":"dc+sd-jwt","meta":{{"vct_values":["v"]}},{members}}}]}}"#);
        Query::parse(text.as_bytes()).map(drop)
    };
    for (members, why) in [
        (r#""claims":[{"path":["a"]}]"#, Ok(())),
        (r#""multiple":false,"require_cryptographic_holder_binding":true"#, Ok(())),
        (r#""multiple":true"#, Err(QueryError::Unsupported("several copies of a credential"))),
        (r#""require_cryptographic_holder_binding":false"#, Err(QueryError::Unsupported("unbound credentials"))),
        (r#""claim_sets":[["a"]]"#, Err(QueryError::Unsupported("claim sets"))),
        (r#""trusted_authorities":[]"#, Err(QueryError::Unsupported("trusted authorities"))),
        (r#""claims":[{"path":["a"],"intent_to_retain":true}]"#, Err(QueryError::Unsupported("retention"))),
        (r#""claims":[{"path":[]}]"#, Err(QueryError::Malformed("JSON"))),
        (r#""claims":[{"path":["a",-1]}]"#, Err(QueryError::Malformed("JSON"))),
        (r#""claims":[{"path":["a"],"values":[{}]}]"#, Err(QueryError::Malformed("JSON"))),
        (r#""claims":[{"path":["a"],"values":[""]}]"#, Err(QueryError::Malformed("claims"))),
        (r#""id":"r""#, Err(QueryError::Malformed("JSON"))),
        (r#""extension":1"#, Err(QueryError::Malformed("JSON"))),
    ] {
        assert_eq!(with(members), why, "{members}");
    }
    for (text, why) in [
        (r#"{"credentials":[]}"#, QueryError::Malformed("credentials")),
        (r#"{"credentials":[{"id":"a b","format":"dc+sd-jwt","meta":{"vct_values":["v"]}}]}"#, QueryError::Malformed("id")),
        (r#"{"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{"vct_values":[]}}]}"#, QueryError::Malformed("meta")),
        (r#"{"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{}}]}"#, QueryError::Malformed("meta")),
        (r#"{"credentials":[{"id":"a","format":"ldp_vc","meta":{"vct_values":["v"]}}]}"#, QueryError::Malformed("meta")),
        (
            r#"{"credentials":[{"id":"a","format":"mso_mdoc","meta":{"vct_values":["v"]}}]}"#,
            QueryError::Unsupported("this credential format"),
        ),
        (
            r#"{"credentials":[{"id":"a","format":"ldp_vc","meta":{"type_values":[["A","B"]]}}]}"#,
            QueryError::Unsupported("combined credential types"),
        ),
    ] {
        assert_eq!(Query::parse(text.as_bytes()), Err(why), "{text}");
    }
    assert_eq!(Query::parse(&vec![b' '; 20_000]), Err(QueryError::Malformed("size")));
}

/// OpenID4VP 1.0 §B.1.1: types are asked for by the IRIs they expand to.
#[test]
fn types_travel_expanded() {
    let query = Query::for_role(&[Format::DataIntegrity], &[], &[]).expect("a query");
    let text = to_string(&query);
    assert!(
        text.contains(
            r#""type_values":[["https://www.w3.org/2018/credentials#VerifiableCredential","https://waypass.example/vocab#RoleCredential"]]"#
        ),
        "{text}"
    );
    assert_eq!(query.alternatives()[0].kinds, [role::VC_TYPE]);
    assert_eq!(Query::parse(text.as_bytes()), Ok(query));
}

#[test]
fn bounds_hold_for_queries_of_our_own() {
    let query = |ids: &[&str], claims: usize| {
        let path = ClaimPath::names(["a"]).then(PathStep::All);
        let one = |id: &&str| CredentialQuery {
            id: (*id).into(),
            format: Format::SdJwtVc,
            kinds: vec!["v".into()],
            claims: vec![ClaimQuery { path: path.clone(), values: vec![ClaimValue::Integer(1)] }; claims],
        };
        Query::new(ids.iter().map(one).collect()).map(drop)
    };
    assert_eq!(query(&["a", "b"], 64), Ok(()));
    assert_eq!(query(&["a", "a"], 1), Err(QueryError::Malformed("id")));
    assert_eq!(query(&["a"], 65), Err(QueryError::Malformed("claims")));
    assert_eq!(query(&["a", "b", "c", "d", "e", "f", "g", "h", "i"], 1), Err(QueryError::Malformed("credentials")));
    assert_eq!(Query::for_role(&[], &[], &[]).map(drop), Err(QueryError::Malformed("credentials")));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>, text in "[\\[\\]{}\",:a-z0]{0,60}") {
        let _ = Query::parse(&bytes);
        let _ = Query::parse(text.as_bytes());
    }

    #[test]
    fn queries_survive_their_text(roles in prop::collection::btree_set("[a-z]{1,8}", 0..4), two: bool, name in "\\PC{1,9}", index: u16) {
        let formats: &[Format] = if two { &[Format::SdJwtVc, Format::DataIntegrity] } else { &[Format::DataIntegrity] };
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        let query = Query::for_role(formats, &roles, &[ClaimPath::names([name.as_str()]).then(usize::from(index))]).expect("a query");
        let text = to_string(&query);
        prop_assert_eq!(Query::parse(text.as_bytes()), Ok(query.clone()));
        prop_assert_eq!(serde_json::from_str::<Query>(&text).expect("the same"), query);
    }
}
