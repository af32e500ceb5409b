use super::{Keyword, Means, hash, is_iri, keyword_like};
use crate::jsonld::COMPILED;
use alloc::collections::BTreeSet;
use alloc::format;
use waypass_schemas::contexts::{CREDENTIALS_V2, ROLE_V1};

#[test]
fn every_term_is_found_by_its_name_and_no_other_name_is() {
    let mut terms = 0;
    for context in &COMPILED {
        for layer in context.table.layers.iter() {
            for term in layer.terms.iter() {
                assert_eq!(term.hash, hash(&term.name));
                assert_eq!(layer.find(term.hash, &term.name), Some(term), "{} {}", context.id, term.name);
                for other in [format!("{}x", term.name), format!("x{}", term.name), term.name[1..].into()] {
                    let listed = layer.terms.iter().any(|term| term.name == other);
                    assert_eq!(layer.find(hash(&other), &other).is_some(), listed, "{other}");
                    // A wrong hash finds nothing even if it leads to the same slot.
                    assert_eq!(layer.find(term.hash, &other), None);
                }
                if let Means::Iri(iri) = &term.means {
                    assert!(layer.names(hash(iri), iri), "{iri}");
                    assert!(!layer.names(hash(iri), &format!("{iri}x")) && !layer.names(hash(&term.name), &term.name));
                }
                terms += 1;
            }
        }
    }
    assert!(terms > 200, "{terms} terms in all tables");
}

/// The JCS path checks names against the list by which the RDF path resolves them.
#[test]
fn the_listed_scopes_are_those_of_the_tables() {
    for known in [CREDENTIALS_V2, ROLE_V1] {
        let table = COMPILED.iter().find(|context| context.id == known.id).expect("a table").table;
        for scope in known.scopes {
            let layer = match table.layers[0].find(hash(scope.within), scope.within) {
                Some(term) => table.scope(term).expect("a scoped context"),
                None => &table.layers[0],
            };
            let names: BTreeSet<&str> = layer.terms.iter().map(|term| term.name.as_ref()).collect();
            assert_eq!(names, scope.terms.iter().copied().collect(), "{} {:?}", known.id, scope.within);
            assert!(layer.terms.iter().all(|term| term.protected), "{} {:?}", known.id, scope.within);
        }
    }
}

#[test]
fn iris_are_absolute_and_fit_between_angle_brackets() {
    for good in ["urn:x", "https://e.example/ü?q#f", "did:key:z6Mk", "a+b-c.d:e", "data:image/png;base64,AA=="] {
        assert!(is_iri(good), "{good}");
    }
    for bad in [
        "",
        ":",
        "x",
        "/x",
        "#x",
        "1a:b",
        "_:b",
        "a b:c",
        "https ://x",
        "a:",
        "a:b c",
        "a:<",
        "a:>",
        "a:\"",
        "a:{",
        "a:}",
        "a:|",
        "a:^",
        "a:`",
        "a:\\",
        "a:\n",
        "a:\u{7f}",
    ] {
        assert!(!is_iri(bad), "{bad:?}");
    }
}

#[test]
fn keywords_are_known_or_refused() {
    assert_eq!(Keyword::read("@id"), Some(Keyword::Id));
    assert_eq!(Keyword::read("@graph"), Some(Keyword::Refused));
    assert_eq!(Keyword::read("@foo"), None);
    assert!(keyword_like("@foo") && keyword_like("@id"));
    assert!(!keyword_like("@") && !keyword_like("@foo1") && !keyword_like("foo@"));
}
