//! The pinned contexts: the digest of the W3C context and the terms we say it defines.

use crate::suite::{run, text};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use waypass_schemas::contexts::{CREDENTIALS_V2, ROLE_V1};

#[test]
fn contexts() {
    run("contexts", "contexts", |suite| {
        let index = suite.json("index.json");
        let entry = &index[CREDENTIALS_V2.id];
        suite.equal("the published digest", text(&entry["sha256"]), CREDENTIALS_V2.sha256);
        let document = suite.bytes(text(&entry["file"]));
        let digest = waypass_credential::hex::encode(&Sha256::digest(&document));
        suite.equal("the document's digest", digest.as_str(), CREDENTIALS_V2.sha256);

        let document: serde_json::Value = serde_json::from_slice(&document).expect("JSON");
        let context = &document["@context"];
        let terms = |context: &serde_json::Value| {
            let names = context.as_object().expect("a context").keys();
            names.filter(|name| !name.starts_with('@')).cloned().collect::<BTreeSet<_>>()
        };
        for scope in CREDENTIALS_V2.scopes {
            let own = if scope.within.is_empty() { context } else { &context[scope.within]["@context"] };
            suite.equal(format!("terms within {:?}", scope.within), terms(own), scope.terms.iter().map(ToString::to_string).collect());
            suite.case(format!("{:?} is protected", scope.within), own["@protected"] == true);
        }
        // JSON-LD 1.1 §4.1.11: redefining a protected term would make every role credential invalid to a JSON-LD processor.
        let taken = terms(context);
        for term in ROLE_V1.terms("") {
            suite.case(format!("{term} is free to define"), !taken.contains(*term));
        }
    });
}
