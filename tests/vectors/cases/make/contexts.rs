//! Contexts that the bundle carries, for claims that only a site has.

use super::{Arrival, Case, Maker};
use crate::world::TestRng;
use crate::world::{DAY, HOUR, World, at};
use waypass_credential::Issuance;
use waypass_credential::data_integrity::Suite;
use waypass_credential::{Credential, Format};
use waypass_trust::bundle::{ContextReference, Digest, TrustBundle};

const SITE: &str = "https://clinic.example/contexts/site/v1";
const DOCUMENT: &str = r#"{"@context": {"@protected": true, "qualification": "https://clinic.example/vocab#qualification"}}"#;
const OTHER: &str = r#"{"@context": {"@protected": true, "qualification": "https://clinic.example/vocab#salary"}}"#;

pub(super) fn cases() -> Vec<Case> {
    let rdfc = Suite::EddsaRdfc2022;
    let carried = Maker::new("context-carried", "A claim has a name of a context that the bundle carries.");
    let not_carried = Maker::new("context-not-carried", "The credential names a context that another site's bundle carries.");
    let taken_out = Maker::new("context-taken-out", "The next bundle no longer carries the context: nobody says what the name means.");
    let changed = Maker::new("context-changed", "The next bundle has another document for the URL: the statements are not those signed.");
    vec![
        with(carried, Suite::EddsaJcs2022, &[Some(DOCUMENT)], "green", &["ok"]),
        with(not_carried, rdfc, &[None], "red", &["malformed"]),
        with(taken_out, rdfc, &[Some(DOCUMENT), None], "red", &["malformed"]),
        with(changed, rdfc, &[Some(DOCUMENT), Some(OTHER)], "red", &["bad_signature"]),
    ]
}

/// Bundles with these documents for the URL, one after the other; then a nurse with a qualification.
fn with(mut maker: Maker, suite: Suite, documents: &[Option<&str>], level: &str, reasons: &[&str]) -> Case {
    for (version, document) in (1..).zip(documents) {
        let bundle = bundle(&maker.world, version, *document);
        maker = maker.at(HOUR * i64::try_from(version).expect("small")).install(&bundle, Arrival::Taken);
    }
    let issued_under = bundle(&maker.world, 1, Some(DOCUMENT));
    let mut claims = World::nurse(&maker.world.issuer, &maker.world.holder, Format::DataIntegrity);
    claims.personal = claims.personal.with("qualification", "x-ray");
    let signed = Credential::issue(
        &claims,
        Issuance { contexts: issued_under.contexts(), ..suite.into() },
        &maker.world.issuer,
        &mut TestRng::new("presented"),
    )
    .expect("a document");
    let credential = Credential::parse(signed.as_bytes(), issued_under.contexts()).expect("reads");
    let maker = maker.ask();
    let answer = maker.answer(&credential, &maker.world.holder);
    maker.present(answer, level, reasons).done()
}

fn bundle(world: &World, version: u64, document: Option<&str>) -> TrustBundle {
    let issued = HOUR * i64::try_from(version - 1).expect("small");
    let mut targets = world.targets(version, at(issued));
    targets.contexts =
        document.iter().map(|document| ContextReference { id: SITE.into(), sha256: Digest::of(document.as_bytes()) }).collect();
    let documents = document.iter().map(|document| (*document).into()).collect();
    world.bundle_with(version, &targets, documents, vec![world.list(at(issued), 30 * DAY, &[])])
}
