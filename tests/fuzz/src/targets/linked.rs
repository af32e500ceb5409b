//! JSON-LD and the canonical form of graphs.

use crate::guard::{require, violation};
use crate::world::at;
use sha2::{Digest as _, Sha256};
use std::hint::black_box;
use waypass_credential::fuzzing;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::vcdm::document::{Asked, verify_credential, verify_presentation};

/// Any document under known, adopted and carried contexts. Its statements do not depend on the order of its members.
pub(super) fn jsonld(data: &[u8]) {
    let Ok(Value::Object(document)) = json::parse(data, Limits::CREDENTIAL) else { return };
    statements(&document, &KnownContexts::new());
    if let Some((known, adopted)) = fuzzing::adopted(&document) {
        statements(&adopted, &known);
    }
    let digest = Sha256::digest(data).into();
    black_box(KnownContexts::new().carry("https://clinic.example/c/1", &digest, data).is_ok());
    black_box(verify_credential(&document, Asked::default(), at(0)).is_ok());
    black_box(verify_presentation(&document, Asked::default(), at(0)).is_ok());
}

fn statements(document: &Object<'_>, known: &KnownContexts) {
    let reversed: Object<'_> = {
        let mut members: Vec<_> = document.iter().collect();
        members.reverse();
        members.into_iter().fold(Object::new(), |object, (name, value)| object.with(name.to_owned(), value.clone()))
    };
    let read = |document: &Object<'_>| fuzzing::statements(document, known, None);
    require(read(document) == read(&reversed), "the order of members changes the statements");
    black_box(fuzzing::statements(document, known, Some("proof")));
}

/// Blank nodes under other labels and in another order: the same bytes, or the same refusal.
pub(super) fn graph(data: &[u8]) {
    let Some((count, edges)) = data.split_first() else { return };
    let count = u32::from(*count).max(1);
    let build = |label: &dyn Fn(u32) -> u32, edges: &mut dyn Iterator<Item = &[u8]>| {
        let quads = edges.map(|edge| {
            let (from, to) = (label(u32::from(edge[0]) % count), u32::from(edge[1]));
            let node = label(to % count);
            let object = if to % 7 == 6 { Err(format!("{}", to % 3)) } else { Ok(node) };
            let predicate = if to.is_multiple_of(5) { "urn:p" } else { "urn:q" };
            let graph = (edge[0] > 250).then_some(node);
            (from, predicate, object, graph)
        });
        fuzzing::graph(count, quads)
    };
    let straight = build(&|blank| blank, &mut edges.chunks_exact(2));
    let turned = build(&|blank| count - 1 - blank, &mut edges.chunks_exact(2).rev());
    match (straight, turned) {
        (Ok(one), Ok(other)) => require(one == other, "other labels give other bytes"),
        (Err(_), Err(_)) => {}
        (one, other) => violation("labels or order decide whether it is too hard", &format!("{:?} {:?}", one.err(), other.err())),
    }
}
