//! Contexts in a bundle: what the targets name is there, is what they name, and goes when they say so.

use super::*;
use crate::{assess::assess, reason::ReasonCode};
use waypass_credential::Issuance;
use waypass_credential::json::Object;
use waypass_credential::jsonld::CarriedError;
use waypass_credential::{Credential, Format, Malformed};

const SITE: &str = "https://north.example/contexts/site/v1";
const DOCUMENT: &str = r#"{"@context": {"@protected": true, "qualification": "https://north.example/vocab#qualification"}}"#;
const OTHER: &str = r#"{"@context": {"@protected": true, "qualification": "https://north.example/vocab#other"}}"#;

fn named(id: &str, document: &str) -> ContextReference {
    ContextReference { id: id.into(), sha256: Digest::of(document.as_bytes()) }
}

/// A site whose targets name the first documents, and whose file has the second.
fn seal(named_in_targets: &[(&str, &str)], in_the_file: &[&str]) -> (Site, Result<TrustBundle, BundleError>) {
    let mut site = Site::new();
    site.targets.contexts = named_in_targets.iter().map(|(id, document)| named(id, document)).collect();
    let draft = BundleDraft { contexts: in_the_file.iter().map(|document| (*document).into()).collect(), ..site.draft() };
    let sealed = draft.seal(&[&site.snapshot_key], &[&site.timestamp_key]);
    (site, sealed)
}

fn qualified(site: &Site, bundle: &TrustBundle) -> Credential {
    let mut claims = site.claims(Format::DataIntegrity);
    claims.personal = Object::new().with("qualification", "x-ray");
    Credential::issue(
        &claims,
        Issuance { contexts: bundle.contexts(), ..Format::DataIntegrity.into() },
        &site.issuer,
        &mut crate::testing::Counter(7),
    )
    .expect("issues")
}

#[test]
fn a_carried_context_is_read_by() {
    let (site, sealed) = seal(&[(SITE, DOCUMENT)], &[DOCUMENT]);
    let opened = TrustBundle::open(&sealed.expect("seals").to_bytes(), &site.pinned()).expect("opens");
    assert_eq!((opened.context_document(SITE), opened.context_document("urn:x")), (Some(DOCUMENT), None));
    let bytes = qualified(&site, &opened).as_bytes().to_vec();
    let credential = Credential::parse(&bytes, opened.contexts()).expect("reads");
    let assessed = assess(&credential, &opened, &moment(NOON)).expect("believed");
    assert_eq!(assessed.role().personal.text("qualification"), Some("x-ray"));
    // Step by step too: without the lists, not without what names mean.
    let stepped = TrustBundle::open(&opened.to_bytes_with_lists(|_| false), &site.pinned()).expect("opens");
    assert!(Credential::parse(&bytes, stepped.contexts()).is_ok());
    // A site without it knows nothing of its names.
    let without = Site::new().seal();
    assert_eq!(Credential::parse(&bytes, without.contexts()).err(), Some(Malformed::Context));
    assert!(!String::from_utf8(without.to_bytes()).expect("JSON").contains("\"contexts\""), "the file is as it was without them");
}

#[test]
fn the_file_has_what_the_targets_name_and_nothing_else() {
    let rule = |named: &[(&str, &str)], documents: &[&str]| match seal(named, documents).1 {
        Err(BundleError::Rule { broken, .. }) => Some(broken),
        _ => None,
    };
    let digest = |document: &str| Digest::of(document.as_bytes());
    assert_eq!(rule(&[(SITE, DOCUMENT)], &[]), Some(Rule::MissingContext(SITE.into())));
    assert_eq!(rule(&[(SITE, DOCUMENT)], &[OTHER]), Some(Rule::UnknownContext(digest(OTHER))));
    assert_eq!(rule(&[], &[DOCUMENT]), Some(Rule::UnknownContext(digest(DOCUMENT))));
    assert_eq!(rule(&[(SITE, DOCUMENT)], &[DOCUMENT, DOCUMENT]), Some(Rule::Duplicate("a context document".into())));
    assert_eq!(rule(&[(SITE, DOCUMENT), (SITE, DOCUMENT)], &[DOCUMENT]), Some(Rule::Duplicate(["the context ", SITE].concat())));
    for id in ["site", "", "https://north.example/ x"] {
        assert_eq!(rule(&[(id, DOCUMENT)], &[DOCUMENT]), Some(Rule::ContextUrl(id.into())));
    }
    let ids: Vec<String> = (0..15).map(|n| [SITE, &n.to_string()].concat()).collect();
    let many: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), DOCUMENT)).collect();
    assert_eq!(rule(&many, &[DOCUMENT]), Some(Rule::TooMany("contexts".into())));
    // One document, two URLs: carried once.
    let (site, twice) = seal(&many[..2], &[DOCUMENT]);
    let twice = TrustBundle::open(&twice.expect("seals").to_bytes(), &site.pinned()).expect("opens");
    assert_eq!([ids[0].as_str(), ids[1].as_str()].map(|id| twice.context_document(id)), [Some(DOCUMENT); 2]);
}

#[test]
fn a_context_that_decisions_cannot_rest_on_is_refused() {
    let refused = |id: &str, document: &str| match seal(&[(id, document)], &[document]).1 {
        Err(BundleError::Context { why, .. }) => Some(why),
        _ => None,
    };
    assert_eq!(refused(SITE, r#"{"@context": {"@vocab": "https://north.example/vocab#"}}"#), Some(CarriedError::Open));
    assert_eq!(refused(SITE, r#"{"@context": {"area": "https://waypass.example/vocab#zone"}}"#), Some(CarriedError::SecondName));
    assert_eq!(refused("https://www.w3.org/ns/credentials/v2", DOCUMENT), Some(CarriedError::BuiltIn));
    assert!(matches!(refused(SITE, "{}"), Some(CarriedError::Context(_))));
    let large = [DOCUMENT, &" ".repeat(MAX_CONTEXT)].concat();
    assert!(matches!(seal(&[(SITE, &large)], &[&large]).1, Err(BundleError::TooLarge { limit: MAX_CONTEXT, .. })));
}

/// The document is covered by the digest in the targets, and the targets by their signatures and versions.
#[test]
fn a_context_is_not_exchanged_or_taken_back() {
    let (site, sealed) = seal(&[(SITE, DOCUMENT)], &[DOCUMENT]);
    let sealed = sealed.expect("seals");
    let mut changed = file(&sealed);
    changed["contexts"][0] = OTHER.into();
    assert!(matches!(open(&changed, &site), Err(BundleError::Rule { broken: Rule::UnknownContext(_), .. })));
    changed["contexts"] = json!([]);
    assert!(matches!(open(&changed, &site), Err(BundleError::Rule { broken: Rule::MissingContext(_), .. })));

    let (mut later, _) = seal(&[], &[]);
    later.advance(HOUR);
    later.targets.contexts = Vec::new();
    let mut held = later.seal();
    let bytes = qualified(&site, &sealed).as_bytes().to_vec();
    assert!(held.replace(sealed.clone()).is_err(), "the older bundle does not bring it back");
    assert!(Credential::parse(&bytes, held.contexts()).is_err());
    let mut held = sealed;
    assert!(Credential::parse(&bytes, held.contexts()).is_ok());
    held.replace(later.seal()).expect("newer");
    assert!(Credential::parse(&bytes, held.contexts()).is_err(), "what was taken out is read no more");
    assert_eq!(held.context_document(SITE), None);
}

/// Another meaning under the same URL: what was signed under the first is no statement under the second.
#[test]
fn a_changed_meaning_is_another_credential() {
    let (site, sealed) = seal(&[(SITE, DOCUMENT)], &[DOCUMENT]);
    let sealed = sealed.expect("seals");
    let mut claims = site.claims(Format::DataIntegrity);
    claims.personal = Object::new().with("qualification", "x-ray");
    let suite = waypass_credential::data_integrity::Suite::EddsaRdfc2022;
    let signed =
        Credential::issue(&claims, Issuance { contexts: sealed.contexts(), ..suite.into() }, &site.issuer, &mut crate::testing::Counter(7))
            .expect("issues");
    let other = seal(&[(SITE, OTHER)], &[OTHER]).1.expect("seals");
    let read = Credential::parse(signed.as_bytes(), other.contexts()).expect("reads");
    let refused = assess(&read, &other, &moment(NOON)).expect_err("another meaning");
    assert_eq!(refused.reasons.iter().map(|reason| reason.code).collect::<Vec<_>>(), [ReasonCode::BadSignature]);
}
