//! Vectors of the W3C groups: canonical documents and proof configurations, and the data model's inputs.

use super::{KnownContexts, LdError, carrying, quads, quads_without};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, string::ToString};

extern crate std;
use std::path::PathBuf;
use std::{fs, println};

fn folder() -> Option<PathBuf> {
    let named = std::env::var("WAYPASS_VECTORS").unwrap_or_else(|_| format!("{}/../../shared/vectors", env!("CARGO_MANIFEST_DIR")));
    let folder = PathBuf::from(named);
    if folder.join("contexts/index.json").exists() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "no test vectors; set WAYPASS_VECTORS to their folder");
    println!("SKIP jsonld: no test vectors; set WAYPASS_VECTORS to their folder");
    None
}

fn read(path: &PathBuf) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// All contexts of the vectors: those compiled in, and the others as a bundle would carry them.
fn all_contexts(folder: &std::path::Path) -> KnownContexts {
    let index: BTreeMap<String, serde_json::Value> = serde_json::from_str(&read(&folder.join("contexts/index.json"))).expect("an index");
    let documents: Vec<(&str, String)> = index
        .iter()
        .map(|(id, entry)| (id.as_str(), read(&folder.join("contexts").join(entry["file"].as_str().expect("a name")))))
        .collect();
    carrying(&documents.iter().map(|(id, text)| (*id, text.as_str())).collect::<Vec<_>>())
}

#[test]
fn documents_and_proof_configurations_have_their_canonical_forms() {
    let Some(folder) = folder() else { return };
    let known = all_contexts(&folder);
    let sets = [
        ("vc-di-eddsa/eddsa-rdfc-2022", "DataInt"),
        ("vc-di-ecdsa/ecdsa-rdfc-2019-p256", "ECDSAP256"),
        ("vc-di-ecdsa/ecdsa-rdfc-2019-p384", "ECDSAP384"),
    ];
    for (set, suffix) in sets {
        let file = |stem: &str, end: &str| read(&folder.join(set).join(format!("{stem}{suffix}.{end}")));
        let document = quads_without(&known, &file("signed", "json"), Some("proof")).unwrap_or_else(|why| panic!("{set}: {why}"));
        assert_eq!(document, file("canonDoc", "txt"), "{set}");
        let proof = quads(&known, &file("proofConfig", "json")).unwrap_or_else(|why| panic!("{set}: {why}"));
        assert_eq!(proof, file("proofCanon", "txt"), "{set}");
        // The proof as it stands in the document, read with the document's contexts.
        let signed: serde_json::Value = serde_json::from_str(&file("signed", "json")).expect("JSON");
        let mut standing = signed["proof"].clone();
        standing["@context"] = signed["@context"].clone();
        assert_eq!(quads_without(&known, &standing.to_string(), Some("proofValue")), Ok(proof), "{set}");
    }
}

/// The data model's inputs that safe mode refuses, and why. Those with an inline context or a base direction are valid JSON-LD,
/// and still not for a gate.
const REFUSED: [(&str, LdError); 36] = [
    ("credential-context-combo2-ok", LdError::InlineContext),
    ("credential-context-combo4-fail", LdError::Context),
    ("credential-description-language-direction-en-ok", LdError::Keyword),
    ("credential-evidences-ok", LdError::InlineContext),
    ("credential-id-multi-fail", LdError::RelativeId),
    ("credential-id-not-url-fail", LdError::RelativeId),
    ("credential-id-subject-multi-fail", LdError::RelativeId),
    ("credential-issuer-null-fail", LdError::Null),
    ("credential-issuer-object-id-no-url-fail", LdError::RelativeId),
    ("credential-name-extra-prop-en-fail", LdError::Value),
    ("credential-name-language-direction-en-ok", LdError::Keyword),
    ("credential-no-context-fail-or-inject", LdError::Context),
    ("credential-no-type-fail", LdError::UndefinedTerm),
    ("credential-proof-missing-type-fail", LdError::UnknownContext),
    ("credential-proof-ok", LdError::InlineContext),
    ("credential-redef-type2-fail", LdError::InlineContext),
    ("credential-refresh-type-ok", LdError::InlineContext),
    ("credential-schema-non-url-id-fail", LdError::RelativeId),
    ("credential-schema-type-ok", LdError::InlineContext),
    ("credential-status-multiple-id-fail", LdError::InlineContext),
    ("credential-status-ok", LdError::InlineContext),
    ("credential-status-type-nonurl-fail", LdError::InlineContext),
    ("credential-termsofuses-ok", LdError::InlineContext),
    ("credential-type-mapped-nonurl-fail", LdError::InlineContext),
    ("credential-type-unmapped-fail", LdError::InlineContext),
    ("issuer-description-language-direction-en-ok", LdError::Keyword),
    ("issuer-name-extra-prop-en-fail", LdError::Value),
    ("issuer-name-language-direction-en-ok", LdError::Keyword),
    ("presentation-context-combo2-ok", LdError::InlineContext),
    ("presentation-context-order-fail", LdError::InlineContext),
    ("presentation-holder-fail", LdError::RelativeId),
    ("presentation-holder-object-fail", LdError::RelativeId),
    ("presentation-no-context-fail-or-inject", LdError::Context),
    ("presentation-optional-type-ok", LdError::InlineContext),
    ("presentation-vc-as-string-fail", LdError::Empty),
    ("presentation-vc-missing-required-type-fail", LdError::Empty),
];

/// A `-fail` that is not in the list above is good JSON-LD: the data model refuses it.
#[test]
fn the_data_models_inputs() {
    let Some(folder) = folder() else { return };
    let known = all_contexts(&folder);
    let (mut cases, mut refused) = (0, 0);
    for part in ["vcdm2", "vcdm2/names-and-descriptions"] {
        let files = fs::read_dir(folder.join(part)).expect("a folder").map(|entry| entry.expect("an entry").path());
        for file in files.filter(|file| file.extension().is_some_and(|end| end == "json")) {
            let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
            let expected = REFUSED.iter().find(|(refused, _)| *refused == name).map_or(Ok(()), |(_, why)| Err(*why));
            assert_eq!(quads(&known, &read(&file)).map(|_| ()), expected, "{name}");
            cases += 1;
            refused += usize::from(expected.is_err());
        }
    }
    assert!(cases > 60 && refused == REFUSED.len(), "{cases} cases, {refused} refused");
}
