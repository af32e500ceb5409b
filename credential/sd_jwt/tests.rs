//! Each rule of RFC 9901 §7.1 broken by itself, in SD-JWTs written by hand and properly signed.

use super::{Draft, SdJwt, digest, split_key_binding};
use crate::base64url;
use crate::claim_path::ClaimPath;
use crate::error::{PresentError, VerifyError};
use crate::format::MAX_DISCLOSURES;
use crate::json::{JsonError, Limits, Object, Value, parse, to_string};
use crate::jws;
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::testing::{Key, TestRng};
use alloc::{format, string::String, string::ToString, vec, vec::Vec};
use proptest::prelude::*;

const TYP: &str = "example+sd-jwt";

/// Signs `payload`, in which `$0`, `$1` ... stand for the digests of `disclosures` (JSON texts), which may refer to
/// later ones the same way.
fn signed(payload: &str, disclosures: &[&str]) -> String {
    let fill = |text: &str, done: &[(String, String)]| {
        done.iter().fold(String::from(text), |text, (mark, text_of)| text.replace(mark, &digest_text(text_of)))
    };
    let mut done: Vec<(String, String)> = Vec::new();
    for (at, json) in disclosures.iter().enumerate().rev() {
        let text = base64url::encode(fill(json, &done).as_bytes());
        done.push((format!("${at}"), text));
    }
    let jwt = jws::sign(TYP, None, fill(payload, &done).as_bytes(), &Key::issuer()).expect("a signature");
    done.reverse();
    done.iter().fold(jwt + "~", |text, (_, disclosure)| text + disclosure + "~")
}

fn digest_text(disclosure: &str) -> String {
    digest(disclosure).into_iter().map(char::from).collect()
}

fn processed(payload: &str, disclosures: &[&str]) -> Result<String, Malformed> {
    let sd_jwt = SdJwt::parse(&signed(payload, disclosures))?;
    match sd_jwt.verify(Key::issuer().public_key(), TYP) {
        Ok(disclosed) => Ok(to_string(&Value::Object(disclosed.into_claims()))),
        Err(VerifyError::Malformed(why)) => Err(why),
        Err(VerifyError::InvalidProof | VerifyError::UnknownKey) => panic!("signed above"),
    }
}

/// A claim goes behind a disclosure in its place, comes back there, and the claims next to it stay.
#[test]
fn a_claim_is_concealed_where_it_stands() {
    let claims = r#"{"a":1,"b":{"c":2,"d":[10,{"e":3},12]}}"#;
    let Value::Object(document) = parse(claims.as_bytes(), Limits::CREDENTIAL).expect("JSON").into_owned() else { panic!("an object") };
    let path = |text: &[&str]| ClaimPath::names(text.iter().copied());
    let d = || path(&["b", "d"]);
    let mut rng = TestRng(1);
    let mut draft = Draft::new(document, &mut rng);
    for concealed in [path(&["a"]), d().then(1).then("e"), d().then(0), path(&["b", "c"])] {
        assert_eq!(draft.conceal(&concealed), Some(()), "{concealed}");
    }
    for none in [path(&["a"]), d().then(0), d().then(3), path(&["b", "_sd"]), path(&["a", "b"]), path(&[])] {
        assert_eq!(draft.conceal(&none), None, "{none}");
    }
    let text = draft.sign(TYP, None, &Key::issuer()).expect("signed");
    let whole = SdJwt::parse(&text).expect("its own text");
    let shown = |sd_jwt: &SdJwt| {
        let disclosed = sd_jwt.verify(Key::issuer().public_key(), TYP).expect("genuine").into_claims();
        serde_json::from_str::<serde_json::Value>(&to_string(&Value::Object(disclosed))).expect("JSON")
    };
    assert_eq!(shown(&whole), serde_json::from_str::<serde_json::Value>(claims).expect("JSON"));
    let jwt_alone = SdJwt::parse(&whole.with_only(&[]).expect("nothing")).expect("well formed");
    assert_eq!(shown(&jwt_alone), serde_json::json!({ "b": { "d": [{}, 12] } }));
}

#[test]
fn the_digest_is_the_one_of_the_rfc() {
    // RFC 9901 §4.2.3.
    let disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
    assert_eq!(digest_text(disclosure), "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
}

#[test]
fn claims_stand_where_they_belong() {
    let cases: [(&str, &[&str], &str); 7] = [
        (r#"{"a":1,"_sd_alg":"sha-256"}"#, &[], r#"{"a":1}"#),
        (r#"{"_sd":["$0","decoy"],"a":1}"#, &[r#"["s","b",2]"#], r#"{"a":1,"b":2}"#),
        (r#"{"_sd":[],"a":[{"...":"decoy"}]}"#, &[], r#"{"a":[]}"#),
        (r#"{"a":[0,{"...":"$0"},{"...":"decoy"},2]}"#, &[r#"["s",1]"#], r#"{"a":[0,1,2]}"#),
        (r#"{"a":{"_sd":["$0"]}}"#, &[r#"["s","b",{"_sd":["$1"]}]"#, r#"["s","c",[]]"#], r#"{"a":{"b":{"c":[]}}}"#),
        (r#"{"a":[{"...":"$0"}]}"#, &[r#"["s",[{"...":"$1"}]]"#, r#"["s",{"_sd":["$2"]}]"#, r#"["s","b",3]"#], r#"{"a":[[{"b":3}]]}"#),
        // `_sd_alg` means something at the top only.
        (r#"{"a":{"_sd_alg":"sha-512"}}"#, &[], r#"{"a":{"_sd_alg":"sha-512"}}"#),
    ];
    for (payload, disclosures, claims) in cases {
        assert_eq!(processed(payload, disclosures).as_deref(), Ok(claims), "{payload}");
    }
}

#[test]
fn each_broken_rule_is_named() {
    let deep = format!(r#"["s","b",{}1{}]"#, "[".repeat(16), "]".repeat(16));
    let cases: [(&str, &[&str], Malformed); 25] = [
        (r#"{"_sd_alg":"sha-512"}"#, &[], Malformed::HashAlgorithm),
        (r#"{"_sd_alg":1}"#, &[], Malformed::HashAlgorithm),
        (r#"{"_sd":"decoy"}"#, &[], Malformed::Digest),
        (r#"{"_sd":[1]}"#, &[], Malformed::Digest),
        (r#"{"a":[{"...":1}]}"#, &[], Malformed::Digest),
        (r#"{"a":[{"...":"decoy","b":1}]}"#, &[], Malformed::Digest),
        (r#"{"...":"decoy"}"#, &[], Malformed::ClaimName),
        (r#"{"_sd":["decoy","decoy"]}"#, &[], Malformed::DuplicateDigest),
        (r#"{"_sd":["decoy"],"a":[{"...":"decoy"}]}"#, &[], Malformed::DuplicateDigest),
        (r#"{"_sd":["$0","$0"]}"#, &[r#"["s","b",1]"#], Malformed::DuplicateDigest),
        (r#"{"_sd":["$0"],"a":{"_sd":["$0"]}}"#, &[r#"["s","b",1]"#], Malformed::DuplicateDigest),
        (r#"{"_sd":["$0"]}"#, &[r#"["s","b",1]"#, r#"["s","b",1]"#], Malformed::DuplicateDigest),
        (r#"{"a":1}"#, &[r#"["s","b",1]"#], Malformed::UnreferencedDisclosure),
        (r#"{"_sd":["$0"]}"#, &[r#"["s","b",1]"#, r#"["s","c",1]"#], Malformed::UnreferencedDisclosure),
        (r#"{"_sd":["$0"],"b":0}"#, &[r#"["s","b",1]"#], Malformed::ClaimName),
        (r#"{"_sd":["$0","$1"]}"#, &[r#"["s","b",1]"#, r#"["t","b",2]"#], Malformed::ClaimName),
        (r#"{"_sd":["$0"]}"#, &[r#"["s","_sd",["x"]]"#], Malformed::ClaimName),
        (r#"{"_sd":["$0"]}"#, &[r#"["s","...","x"]"#], Malformed::ClaimName),
        (r#"{"_sd":["$0"]}"#, &[r#"["s",1]"#], Malformed::Disclosure),
        (r#"{"_sd":["$0"]}"#, &[r#"["s",1,2]"#], Malformed::Disclosure),
        (r#"{"_sd":["$0"]}"#, &[r#"["s","b",1,2]"#], Malformed::Disclosure),
        (r#"{"a":[{"...":"$0"}]}"#, &[r#"["s","b",1]"#], Malformed::Disclosure),
        (r#"{"_sd":["$0"]}"#, &[r#"[1,"b",1]"#], Malformed::Disclosure),
        (r#"{"_sd":["$0"]}"#, &[r#"["s","b",{"c":1,"c":2}]"#], Malformed::Json(JsonError::DuplicateName)),
        (r#"{"_sd":["$0"]}"#, &[&deep], Malformed::Json(JsonError::TooDeep)),
    ];
    for (payload, disclosures, why) in cases {
        assert_eq!(processed(payload, disclosures), Err(why), "{payload} {disclosures:?}");
    }
}

/// Disclosures within disclosures nest no deeper than one document may.
#[test]
fn nesting_adds_up() {
    let chain = |levels: usize| {
        let disclosures: Vec<String> = (1..=levels)
            .map(|at| if at == levels { r#"["s","b",1]"#.into() } else { format!(r#"["s","b",{{"_sd":["${at}"]}}]"#) })
            .collect();
        processed(r#"{"_sd":["$0"]}"#, &disclosures.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert!(chain(9).is_ok());
    // Ten levels would spell `$1` and `$10` alike; an array of arrays gets past them.
    let wrap = |inner: &str| processed(r#"{"a":[[[[[[[{"...":"$0"}]]]]]]]}"#, &[&format!(r#"["s",{inner}]"#)]);
    assert!(wrap("[[[[[[[[1]]]]]]]]").is_ok());
    assert_eq!(wrap("[[[[[[[[[1]]]]]]]]]"), Err(Malformed::Json(JsonError::TooDeep)));
}

#[test]
fn serialization_is_strict() {
    let good = signed(r#"{"_sd":["$0"]}"#, &[r#"["s","b",1]"#]);
    assert!(SdJwt::parse(&good).is_ok());
    let without_end = good.trim_end_matches('~');
    for (text, why) in [
        (without_end.to_string(), Malformed::Serialization),
        (good.clone() + "~", Malformed::UnreferencedDisclosure),
        (good.clone() + "a=~", Malformed::Disclosure),
        (good.split('~').next().unwrap_or_default().to_string(), Malformed::Serialization),
        (String::new(), Malformed::Serialization),
        ("x".repeat(70_000), Malformed::TooLarge),
        (good.clone() + &"e30~".repeat(MAX_DISCLOSURES), Malformed::TooManyDisclosures),
    ] {
        let answer = SdJwt::parse(&text).and_then(|sd_jwt| sd_jwt.paths());
        assert_eq!(answer, Err(why), "{}", &text[text.len().saturating_sub(20)..]);
    }
    assert_eq!(split_key_binding(&(good.clone() + "kb")), Ok((good.as_str(), "kb")));
}

#[test]
fn another_key_or_type_is_no_proof() {
    let sd_jwt = SdJwt::parse(&signed(r#"{"a":1}"#, &[])).expect("well formed");
    for (key, typ) in [(Key::ed25519(9), TYP), (Key::p256(1), TYP), (Key::issuer(), "kb+jwt")] {
        assert_eq!(sd_jwt.verify(key.public_key(), typ).map(drop), Err(VerifyError::InvalidProof));
    }
}

#[test]
fn choosing_takes_what_is_above_and_below() {
    let text = signed(
        r#"{"_sd":["$0","$3"],"list":[{"...":"$4"},{"...":"$5"}]}"#,
        &[
            r#"["s","home",{"_sd":["$1","$2"]}]"#,
            r#"["s","city","x"]"#,
            r#"["s","street","y"]"#,
            r#"["s","name","z"]"#,
            r#"["s","first"]"#,
            r#"["s","second"]"#,
        ],
    );
    let sd_jwt = SdJwt::parse(&text).expect("well formed");
    let shown = |paths: &[ClaimPath]| {
        let chosen = SdJwt::parse(&sd_jwt.with_only(paths)?)?;
        let mut shown: Vec<String> = chosen.paths()?.iter().map(ToString::to_string).collect();
        shown.sort_unstable();
        Ok::<_, PresentError>(shown)
    };
    let second = ClaimPath::names(["list"]).then(1);
    assert_eq!(shown(&[]), Ok(vec![]));
    assert_eq!(shown(&[ClaimPath::names(["home"])]), Ok(vec!["home".into(), "home.city".into(), "home.street".into()]));
    assert_eq!(shown(&[ClaimPath::names(["home", "city"])]), Ok(vec!["home".into(), "home.city".into()]));
    // Alone in what is shown, the second element is the first.
    assert_eq!(shown(core::slice::from_ref(&second)), Ok(vec!["list[0]".into()]));
    assert_eq!(shown(&[second, ClaimPath::names(["age"])]), Err(PresentError::NoSuchClaim(ClaimPath::names(["age"]))));
}

#[test]
fn decoys_vary_and_salts_do_not_repeat() {
    let mut rng = TestRng(1);
    let mut texts = Vec::new();
    let mut counts = Vec::new();
    for _ in 0..16 {
        let mut draft = Draft::new(Object::new(), &mut rng);
        draft.conceal_elements("list".into(), [Value::from("same"), Value::from("same")]);
        let sd_jwt = SdJwt::parse(&draft.sign(TYP, None, &Key::issuer()).expect("a signature")).expect("well formed");
        let payload = sd_jwt.payload().expect("JSON");
        let list = payload.member("list").and_then(Value::as_array).expect("the array");
        counts.push(list.len());
        texts.extend(list.iter().map(|item| item.member("...").and_then(Value::as_str).expect("a digest").to_string()));
    }
    assert!(counts.iter().all(|count| (3..=6).contains(count)), "{counts:?}");
    assert!(counts.iter().any(|count| *count != counts[0]), "{counts:?}");
    let all = texts.len();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), all);
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "[a-zA-Z0-9._~-]{0,80}", json in "[\\[\\]{}\",:_sd.a0]{0,40}") {
        let _ = SdJwt::parse(&text).and_then(|sd_jwt| sd_jwt.paths());
        let mut signed = signed(r#"{"_sd":["decoy"]}"#, &[]);
        signed += &base64url::encode(json.as_bytes());
        let _ = SdJwt::parse(&(signed + "~")).and_then(|sd_jwt| sd_jwt.paths());
    }

    /// Processing ends for any signed payload and any disclosures.
    #[test]
    fn any_signed_payload_is_answered(payload in "(\\{\"_sd\":\\[\"\\$0\"\\],\"a\":|)[\\[\\]{}\",:_sd.a0]{0,30}", disclosure in "\\[\"s\",[\\[\\]{}\",:_sd.a0]{0,30}") {
        let _ = processed(&payload, &[&disclosure]);
    }
}
