//! Credentials of other issuers, in shapes and spellings that ours do not have: what is held can be shown.

use super::site::{DAY, INDEX, LIST, Site, ask_by, holder, moment, noon};
use crate::{Asked, Claim, Warning};
use sha2::{Digest, Sha256};
use waypass_credential::Credential;
use waypass_credential::base64url;
use waypass_credential::data_integrity::Suite;
use waypass_credential::did;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::jws;
use waypass_credential::key::{PublicKey, Signer};
use waypass_credential::request::{ClaimQuery, CredentialQuery, Query, Request};
use waypass_credential::role::VCT;
use waypass_credential::{ClaimPath, Nonce, PathStep};
use waypass_credential::{Format, Presentation};
use waypass_machine::SystemRng;

/// A role credential with `personal` in the open, of which the claims at `concealed` are put behind disclosures of their own.
fn foreign(site: &Site, holder: &PublicKey, personal: &str, concealed: &[ClaimPath]) -> Vec<u8> {
    let names = |names: &[&'static str]| names.iter().copied().collect::<Value<'static>>();
    let status = Object::new().with("status_list", Object::new().with("idx", i64::try_from(INDEX).expect("small")).with("uri", LIST));
    let mut payload = Object::new()
        .with("iss", site.issuer.did())
        .with("vct", VCT)
        .with("iat", noon().unix())
        .with("exp", noon().plus(30 * DAY).unix())
        .with("roles", names(&["staff", "surgeon"]))
        .with("sites", names(&["clinic"]))
        .with("zones", names(&["*"]))
        .with("status", status)
        .with("cnf", Object::new().with("jwk", holder.to_jwk()));
    let Value::Object(personal) = json::parse(personal.as_bytes(), Limits::CREDENTIAL).expect("JSON").into_owned() else {
        panic!("an object")
    };
    for (name, value) in personal {
        payload.set(name, value);
    }
    let mut payload = Value::Object(payload.with("_sd_alg", "sha-256"));
    let disclosures: Vec<String> = concealed.iter().map(|path| conceal(&mut payload, path.steps())).collect();
    let key_id = did::key_id(site.issuer.public_key());
    let mut text = jws::sign("dc+sd-jwt", Some(&key_id), json::to_string(&payload).as_bytes(), &site.issuer).expect("signed");
    for disclosure in &disclosures {
        text.extend(["~", disclosure]);
    }
    (text + "~").into_bytes()
}

/// Puts the claim at `path` behind a disclosure of its own, which is returned (RFC 9901 §4.2.1, §4.2.2).
fn conceal(within: &mut Value<'static>, path: &[PathStep]) -> String {
    let disclosure = |name: Option<&str>, value: &Value<'static>| {
        let parts = [Some(Value::from("salt")), name.map(|name| Value::from(name.to_owned())), Some(value.clone())];
        let text = base64url::encode(json::to_string(&parts.into_iter().flatten().collect::<Value<'_>>()).as_bytes());
        let digest = base64url::encode(&Sha256::digest(&text));
        (text, digest)
    };
    match (within, path) {
        (Value::Object(object), [PathStep::Name(name)]) => {
            let (text, digest) = disclosure(Some(name), &object.remove(name).expect("such a claim"));
            let mut digests = object.remove("_sd").map_or_else(Vec::new, |digests| digests.as_array().expect("digests").to_vec());
            digests.push(digest.into());
            object.set("_sd", Value::Array(digests));
            text
        }
        (Value::Array(items), [PathStep::Index(index)]) => {
            let (text, digest) = disclosure(None, &items[*index]);
            items[*index] = Object::new().with("...", digest).into();
            text
        }
        (Value::Object(object), [PathStep::Name(name), rest @ ..]) => {
            let mut inner = object.remove(name).expect("such a claim");
            let text = conceal(&mut inner, rest);
            object.set(name.clone(), inner);
            text
        }
        (Value::Array(items), [PathStep::Index(index), rest @ ..]) => conceal(&mut items[*index], rest),
        (within, path) => panic!("{path:?} is not in {within:?}"),
    }
}

fn path(steps: &[&str]) -> ClaimPath {
    ClaimPath(steps.iter().map(|step| step.parse::<usize>().map_or_else(|_| PathStep::from(*step), PathStep::Index)).collect())
}

/// Asks for the role credential and these of its claims.
fn ask(site: &Site, claims: &[ClaimPath]) -> String {
    let claims = claims.iter().map(|path| ClaimQuery { path: path.clone(), values: Vec::new() }).collect();
    let query = CredentialQuery { id: "a".into(), format: Format::SdJwtVc, kinds: vec![VCT.into()], claims };
    let request = Request {
        client_id: site.gate.did(),
        nonce: Nonce::random(&mut SystemRng),
        issued_at: noon(),
        expires_at: noon().plus(60),
        purpose: "Entry to the ward".into(),
        query: Query::new(vec![query]).expect("a query"),
        code: None,
    };
    request.sign(&site.gate).expect("signed")
}

/// RFC 9901 §4.2.4.2 and §4.2.4.1: an array or an object stays, and is empty, when all that is in it is withheld. An EU identity has
/// both shapes. It was held and could never be shown.
#[test]
fn what_is_withheld_whole_leaves_an_empty_container_that_can_be_shown() {
    let shapes: [(&str, &[&[&str]], &str); 6] = [
        (r#"{"nationalities":["NP","GB"]}"#, &[&["nationalities", "0"], &["nationalities", "1"]], r#""nationalities":[]"#),
        (r#"{"nationalities":["NP"]}"#, &[&["nationalities", "0"]], r#""nationalities":[]"#),
        (r#"{"address":{"locality":"London","country":"GB"}}"#, &[&["address", "locality"], &["address", "country"]], r#""address":{}"#),
        (r#"{"age_equal_or_over":{"18":true}}"#, &[&["age_equal_or_over", "18"]], r#""age_equal_or_over":{}"#),
        (r#"{"address":{"lines":["High St"]}}"#, &[&["address", "lines", "0"]], r#""address":{"lines":[]}"#),
        (r#"{"seen":[{"by":"a"},{"by":"b"}]}"#, &[&["seen", "0", "by"], &["seen", "1", "by"]], r#""seen":[{},{}]"#),
    ];
    for (personal, concealed, seen) in shapes {
        let dir = tempfile::tempdir().expect("temporary folder");
        let (site, at) = (Site::new(), moment(noon()));
        let (wallet, key) = holder(dir.path());
        let bundle = site.bundle();
        // The age is a member named "18", which `path` takes for an index.
        let path = |steps: &&[&str]| {
            if steps.contains(&"18") { ClaimPath::names(steps.iter().copied()) } else { path(steps) }
        };
        let concealed: Vec<ClaimPath> = concealed.iter().map(path).collect();
        wallet.hold(&foreign(&site, &key, personal, &concealed), Some(&bundle), &at, &mut SystemRng).expect("held");
        for (text, sees) in [(ask(&site, &[]), true), (site.ask(&["staff"], &[]), true), (ask(&site, &concealed), false)] {
            let asked = Asked::open(&text, Some(&bundle), &at).expect("a good request");
            let proposal = wallet.propose(asked.clone(), Some(&bundle), &at).expect("an answer");
            let named = |claims: &[Claim]| claims.iter().map(|claim| claim.path.clone()).collect::<Vec<_>>();
            assert_eq!(concealed.iter().all(|path| named(proposal.withholds()).contains(path)), sees, "{personal}");
            let warned = proposal.warnings().iter().any(|warning| matches!(warning, Warning::CannotWithhold { .. }));
            assert!(!warned, "an empty container shows nothing about the person");
            let shown = proposal.approve(&mut SystemRng, &at).unwrap_or_else(|why| panic!("{personal}: {why}"));
            let shown = Presentation::parse(shown.as_bytes(), &KnownContexts::new()).expect("readable");
            shown.verify_holder(&key, &asked.request().binding()).expect("the holder's answer");
            let verified = shown.credential().verify(site.issuer.public_key()).expect("the issuer's");
            assert_eq!(json::to_string(verified.claims()).contains(seen), sees, "{personal}");
        }
    }
}

/// A container may be withheld as a whole and in parts (RFC 9901 §6.3), and be next to digests that belong to nothing.
#[test]
fn a_container_withheld_as_a_whole_leaves_nothing() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (site, at) = (Site::new(), moment(noon()));
    let (wallet, key) = holder(dir.path());
    let bundle = site.bundle();
    let personal = r#"{"address":{"locality":"London","country":"GB"},"empty":{}}"#;
    let concealed = [path(&["address", "locality"]), path(&["address", "country"]), path(&["address"])];
    wallet.hold(&foreign(&site, &key, personal, &concealed), Some(&bundle), &at, &mut SystemRng).expect("held");
    let asked = Asked::open(&ask(&site, &[]), Some(&bundle), &at).expect("a good request");
    let proposal = wallet.propose(asked, Some(&bundle), &at).expect("an answer");
    assert!(!proposal.discloses().iter().any(|claim| claim.path.to_string().starts_with("address")));
    assert!(proposal.discloses().iter().any(|claim| claim.path.to_string() == "empty" && claim.value == "{}"));
    proposal.approve(&mut SystemRng, &at).expect("shown");
}

/// Python, PHP and Java write whole numbers as `7.0`. The signature covers the value, so the wallet compares values.
#[test]
fn a_number_may_be_spelled_otherwise_than_its_signature_spells_it() {
    for suite in [Suite::EddsaJcs2022, Suite::EddsaRdfc2022] {
        for spelling in ["7", "7.0", "7e0", "70e-1", "7.00"] {
            let dir = tempfile::tempdir().expect("temporary folder");
            let (site, at) = (Site::new(), moment(noon()));
            let (wallet, key) = holder(dir.path());
            let bundle = site.bundle();
            let signed = Credential::issue(&site.claims(Format::DataIntegrity, &key), suite, &site.issuer, &mut SystemRng).expect("issued");
            let text = String::from_utf8(signed.as_bytes().to_vec()).expect("JSON");
            let spelled = text.replace(r#""idx":7,"#, &format!(r#""idx":{spelling},"#));
            assert_eq!(spelled != text, spelling != "7", "the entry is in it");
            wallet.hold(spelled.as_bytes(), Some(&bundle), &at, &mut SystemRng).expect("held");
            let text = ask_by(&site.gate, &[Format::DataIntegrity], &["staff"], &[]);
            let asked = Asked::open(&text, Some(&bundle), &at).expect("a good request");
            let shown = wallet.propose(asked, Some(&bundle), &at).expect("an answer").approve(&mut SystemRng, &at);
            let shown = shown.unwrap_or_else(|why| panic!("{spelling} in {suite:?}: {why}"));
            let shown = Presentation::parse(shown.as_bytes(), &KnownContexts::new()).expect("readable");
            assert!(waypass_trust::assess::assess(shown.credential(), &bundle, &at).is_ok());
        }
    }
}
