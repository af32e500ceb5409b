//! Graphs made to take for ever.

use super::std::thread;
use super::{HASHES, RdfcError, canonical_with, dataset, edge};
use crate::canon::rdf::{Node, Quad, Term};
use alloc::borrow::ToOwned;
use alloc::vec::Vec;

/// Returns true if the graph has a canonical form under both hashes; it is answered either way.
fn is_canonical(name: &str, quads: impl IntoIterator<Item = Quad<'static>>) -> bool {
    let dataset = dataset(quads);
    let answers = HASHES.map(|hash| {
        let answer = canonical_with(&dataset, hash);
        assert!(matches!(answer, Ok(_) | Err(RdfcError::TooHard)), "{name}: {answer:?}");
        answer.is_ok()
    });
    answers == [true; 2]
}

fn both(from: u32, to: u32) -> [Quad<'static>; 2] {
    [edge(from, to), edge(to, from)]
}

fn pairs(count: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..count).flat_map(move |a| (0..a).map(move |b| (a, b)))
}

fn clique(count: u32) -> Vec<Quad<'static>> {
    pairs(count).flat_map(|(a, b)| both(a, b)).collect()
}

#[test]
fn cliques() {
    for count in 2..=4 {
        assert!(is_canonical("clique", clique(count)), "{count}");
    }
    for count in [10, 20, 45, 64] {
        assert!(!is_canonical("clique", clique(count)), "{count}");
    }
}

#[test]
fn bipartite_graphs() {
    for count in [8, 16, 64] {
        let quads = (0..count).flat_map(|a| (count..2 * count).map(move |b| edge(a, b)));
        assert!(!is_canonical("bipartite", quads), "{count}");
    }
}

#[test]
fn cubes_and_grids() {
    for dimensions in [5, 8] {
        let quads = (0..1_u32 << dimensions).flat_map(|corner| (0..dimensions).map(move |axis| edge(corner, corner ^ (1 << axis))));
        assert!(!is_canonical("cube", quads), "{dimensions}");
    }
    for side in [8, 32] {
        let quads = (0..side * side).flat_map(|at| {
            let (row, column) = (at / side, at % side);
            [edge(at, row * side + (column + 1) % side), edge(at, (row + 1) % side * side + column)]
        });
        is_canonical("torus", quads);
    }
}

#[test]
fn circles_and_chains() {
    for count in [3, 10, 32] {
        assert!(is_canonical("circle", (0..count).map(|from| edge(from, (from + 1) % count))), "{count}");
    }
    assert!(!is_canonical("circle", (0..4096).map(|from| edge(from, (from + 1) % 4096))));
    // All but the ends look alike.
    assert!(is_canonical("chain", (0..32).map(|from| edge(from, from + 1))));
    assert!(!is_canonical("chain", (0..4096).map(|from| edge(from, from + 1))));
    // Many small parts are no hard graph, however many there are.
    assert!(is_canonical("pairs", (0..512).flat_map(|pair| both(2 * pair, 2 * pair + 1))));
}

#[test]
fn the_deepest_path_fits_a_small_stack() {
    let deep = || !is_canonical("circle", (0..1024).map(|from| edge(from, (from + 1) % 1024)));
    let thread = thread::Builder::new().stack_size(256 * 1024).spawn(deep).expect("a thread");
    assert!(thread.join().expect("no overflow"));
}

#[test]
fn stars() {
    // Leaves that nothing else is known of are all the same: their order is free, but there are n! of them.
    assert!(is_canonical("star", (1..8).map(|leaf| edge(0, leaf))));
    for leaves in [64, 4096] {
        let stars = (0..2).flat_map(|star| (1..=leaves / 2).map(move |leaf| edge(star, 2 + star * leaves + leaf)));
        assert!(!is_canonical("stars", stars), "{leaves}");
    }
    // Leaves of an IRI need no order.
    let leaf = |leaf: u32| Quad { subject: Node::Iri("s:s".into()), predicate: "p:p".into(), object: Term::Blank(leaf), graph: None };
    assert!(is_canonical("leaves", (0..4096).map(leaf)));
}

#[test]
fn everything_in_every_graph() {
    let quads = |count: u32| {
        pairs(count).flat_map(move |(a, b)| {
            let [one, other] = both(a, b);
            (0..count).flat_map(move |graph| [one.clone(), other.clone()].map(|quad| Quad { graph: Some(Node::Blank(graph)), ..quad }))
        })
    };
    assert!(!is_canonical("graphs", quads(15)));
}

#[test]
fn long_predicates_count_as_work() {
    let circle = |predicate: &str| {
        let edges = (0..32).map(|from| Quad { predicate: predicate.to_owned().into(), ..edge(from, (from + 1) % 32) });
        is_canonical("circle with a long predicate", edges)
    };
    assert!(circle("p:p"));
    assert!(!circle(&["p:", &"p".repeat(2000)].concat()));
}
