use super::ContextError;
use crate::issue::{Format, IssueError, Order};
use crate::keys::{KeyRole, KeyUse, Keys};
use crate::testing::{Key, TestRng, at, issuer, moment, order, reopened, seal, store};
use waypass_credential::json::Object;
use waypass_credential::jsonld::CarriedError;
use waypass_credential::key::Signer;
use waypass_credential::{Credential, Malformed};
use waypass_trust::assess::assess;
use waypass_trust::bundle::{BundleError, MAX_CONTEXT, Rule};

const SITE: &str = "https://north.example/contexts/site/v1";
const DOCUMENT: &str = r#"{"@context": {"@protected": true, "qualification": "https://north.example/vocab#qualification"}}"#;
const CHANGED: &str = r#"{"@context": {"@protected": true, "grade": "https://north.example/vocab#grade"}}"#;

fn qualified(format: Format) -> Order {
    Order { format, personal: Object::new().with("qualification", "x-ray"), ..order() }
}

fn undefined() -> IssueError {
    IssueError::Credential(waypass_credential::IssueError::Malformed(Malformed::Member("qualification".into())))
}

#[test]
fn a_context_enters_the_bundle_is_used_and_leaves_it() {
    let (dir, mut issuer) = issuer();
    let (holder, mut rng) = (Key::p256(9), TestRng::new(1));
    let issue = |issuer: &mut crate::Issuer<'_>, order: &Order, rng: &mut TestRng| {
        issuer.issue(order, holder.public_key(), "ines", at(0), rng).map(|issued| issued.credential)
    };
    assert_eq!(issue(&mut issuer, &qualified(Format::VcJwt), &mut rng), Err(undefined()));
    let added = issuer.add_context(SITE, DOCUMENT.as_bytes(), false, at(1)).expect("taken in");
    assert_eq!((added.id.as_str(), issuer.contexts()), (SITE, Ok(vec![added.clone()])));
    // Gates do not have it yet: nothing is issued that they would refuse.
    assert_eq!(issue(&mut issuer, &qualified(Format::VcJwt), &mut rng), Err(undefined()));

    let published = issuer.publish(at(2)).expect("published");
    let bundle = published.opened();
    assert_eq!(bundle.context_document(SITE), Some(DOCUMENT));
    let mut issuer = reopened(dir.path());
    let mut credentials = Vec::new();
    for format in [Format::DataIntegrity, Format::VcJwt, Format::VcCose] {
        let bytes = issue(&mut issuer, &qualified(format), &mut rng).expect("issued");
        let credential = Credential::parse(&bytes, bundle.contexts()).expect("a credential");
        let assessed = assess(&credential, bundle, &moment(at(2))).expect("believed");
        assert_eq!(assessed.role().personal, qualified(format).personal);
        credentials.push(bytes);
    }

    assert_eq!(issuer.remove_context(SITE, at(3)), Ok(added));
    assert_eq!(issue(&mut issuer, &qualified(Format::VcJwt), &mut rng), Err(undefined()), "nothing new under what will be gone");
    let published = issuer.publish(at(4)).expect("published without");
    assert!(published.opened().targets().contexts.is_empty());
    assert!(Credential::parse(&credentials[0], published.opened().contexts()).is_err());
    assert_eq!(issuer.remove_context(SITE, at(5)), Err(ContextError::Unknown(SITE.into())));
}

#[test]
fn what_a_gate_would_not_take_is_refused_before_it_is_kept() {
    let (_dir, mut issuer) = issuer();
    let refused =
        |issuer: &mut crate::Issuer<'_>, id: &str, document: &[u8]| issuer.add_context(id, document, false, at(1)).expect_err("refused");
    let carried = |why| ContextError::Refused(BundleError::Context { id: SITE.into(), why });
    assert_eq!(refused(&mut issuer, SITE, br#"{"@context": {"@vocab": "https://x.example/vocab#"}}"#), carried(CarriedError::Open));
    assert_eq!(
        refused(&mut issuer, SITE, br#"{"@context": {"area": "https://waypass.example/vocab#zone"}}"#),
        carried(CarriedError::SecondName)
    );
    assert_eq!(refused(&mut issuer, SITE, b"\xff"), ContextError::NotText);
    assert!(matches!(refused(&mut issuer, SITE, b"{"), ContextError::Refused(BundleError::Context { why: CarriedError::Json(_), .. })));
    assert!(matches!(refused(&mut issuer, SITE, &vec![b' '; MAX_CONTEXT + 1]), ContextError::Refused(BundleError::TooLarge { .. })));
    let no_url = refused(&mut issuer, "site", DOCUMENT.as_bytes());
    assert!(matches!(no_url, ContextError::Refused(BundleError::Rule { broken: Rule::ContextUrl(_), .. })), "{no_url:?}");
    assert_eq!(issuer.contexts(), Ok(vec![]));
    issuer.add_context(SITE, DOCUMENT.as_bytes(), false, at(1)).expect("taken in");
    assert_eq!(refused(&mut issuer, SITE, CHANGED.as_bytes()), ContextError::Taken(SITE.into()));
    // A second URL for the same names would be a second place for the same claim, and yet the same meaning: it is carried once.
    issuer.add_context("https://north.example/again", DOCUMENT.as_bytes(), false, at(1)).expect("the same document by another URL");
    let published = issuer.publish(at(2)).expect("published");
    assert_eq!(published.opened().targets().contexts.len(), 2);
    assert_eq!(String::from_utf8_lossy(&published.bundle).matches("vocab#qualification").count(), 1, "one document in the file");
    let replaced = issuer.add_context(SITE, CHANGED.as_bytes(), true, at(3)).expect("in its place");
    issuer.publish(at(4)).expect("published");
    assert!(issuer.contexts().expect("readable").contains(&replaced));
}

/// The keys of the targets are elsewhere: until they have signed, publications carry what the targets in effect name.
#[test]
fn what_is_in_effect_is_carried_until_others_have_signed() {
    let (dir, mut issuer) = issuer();
    issuer.add_context(SITE, DOCUMENT.as_bytes(), false, at(1)).expect("taken in");
    issuer.publish(at(2)).expect("published");
    drop(issuer);
    let online = || {
        let keys = Keys::new().with(KeyUse::Credential, Key::ed25519(1)).with(KeyUse::Status, Key::ed25519(3));
        keys.with(KeyRole::Snapshot, Key::ed25519(7)).with(KeyRole::Timestamp, Key::ed25519(8))
    };
    let mut issuer = crate::Issuer::open(Box::new(store(dir.path())), seal(), online()).expect("opened");
    issuer.remove_context(SITE, at(3)).expect("let go");
    let published = issuer.publish(at(4)).expect("published with the targets in effect");
    assert!(published.targets_due);
    assert_eq!(published.opened().context_document(SITE), Some(DOCUMENT));
}
