//! Units are tested through the whole: each result is compared with [`literal`], with itself under other names, or with vectors.

extern crate std;

mod literal;
mod poison;
mod properties;

use super::{HashAlgorithm, MAX_BYTES, MAX_QUADS, RdfcError, canonicalize, issue};
use crate::canon::rdf::{Dataset, Literal, Node, Quad, Term};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

const HASHES: [HashAlgorithm; 2] = [HashAlgorithm::Sha256, HashAlgorithm::Sha384];

fn dataset<'a>(quads: impl IntoIterator<Item = Quad<'a>>) -> Dataset<'a> {
    let mut dataset = Dataset::new();
    quads.into_iter().for_each(|quad| dataset.push(quad));
    dataset
}

fn canonical_with(dataset: &Dataset<'_>, hash: HashAlgorithm) -> Result<String, RdfcError> {
    let mut out = Vec::new();
    canonicalize(dataset, hash, &mut out).inspect_err(|_| assert!(out.is_empty(), "nothing is written on failure"))?;
    Ok(String::from_utf8(out).expect("UTF-8"))
}

fn canonical(dataset: &Dataset<'_>) -> Result<String, RdfcError> {
    canonical_with(dataset, HashAlgorithm::Sha256)
}

/// `from` knows `to`, both blank nodes.
fn edge(from: u32, to: u32) -> Quad<'static> {
    Quad { subject: Node::Blank(from), predicate: "p:p".into(), object: Term::Blank(to), graph: None }
}

#[test]
fn lines_are_sorted_and_each_is_there_once() {
    let said = |value: &'static str| Quad {
        subject: Node::Iri("s:s".into()),
        predicate: "p:p".into(),
        object: Term::Literal(Literal::plain(value)),
        graph: None,
    };
    let mut out = b"before ".to_vec();
    canonicalize(&dataset([said("b"), said("a"), said("ab"), said("b")]), HashAlgorithm::Sha256, &mut out).expect("canonical");
    assert_eq!(out, b"before <s:s> <p:p> \"a\" .\n<s:s> <p:p> \"ab\" .\n<s:s> <p:p> \"b\" .\n");
    assert_eq!(canonical(&Dataset::new()).as_deref(), Ok(""));
}

#[test]
fn a_repeated_statement_changes_no_hash() {
    let about = |blank: u32, value: &'static str| Quad {
        subject: Node::Blank(blank),
        predicate: "p:p".into(),
        object: Term::Literal(Literal::plain(value)),
        graph: None,
    };
    let all = [edge(0, 1), edge(0, 2), edge(1, 2), about(1, "x"), about(2, "x")];
    let expected = literal::canonical(&dataset(all.clone()), HashAlgorithm::Sha256);
    for repeated in 0..all.len() {
        let more = dataset(all.iter().cloned().chain([all[repeated].clone()]));
        assert_eq!(canonical(&more).expect("canonical"), expected, "statement {repeated} twice");
    }
}

#[test]
fn numbers_are_those_of_the_canonical_form() {
    let mut graph = dataset([edge(3, 1), edge(1, 1)]);
    graph.fresh_blank();
    let numbers = issue(&graph, HashAlgorithm::Sha256).expect("issued");
    assert_eq!((numbers.len(), numbers[0], numbers[2], numbers[4]), (5, None, None, None));
    let (from, to) = (numbers[3].expect("issued"), numbers[1].expect("issued"));
    assert_eq!(from + to, 1);
    let text = canonical(&graph).expect("canonical");
    assert!(
        text.contains(&format!("_:c14n{from} <p:p> _:c14n{to} .\n_")) || text.contains(&format!("\n_:c14n{from} <p:p> _:c14n{to} .\n"))
    );
    assert_eq!(issue(&Dataset::new(), HashAlgorithm::Sha256), Ok(vec![]));
    assert_eq!(issue(&dataset([edge(1, 1)]), HashAlgorithm::Sha256), Ok(vec![None, Some(0)]));
}

#[test]
fn size_is_bounded() {
    let said = |value: String| Quad {
        subject: Node::Iri("s:s".into()),
        predicate: "p:p".into(),
        object: Term::Literal(Literal::plain(value)),
        graph: None,
    };
    assert!(canonical(&dataset((0..MAX_QUADS).map(|n| said(format!("{n}"))))).is_ok());
    assert_eq!(canonical(&dataset((0..=MAX_QUADS).map(|n| said(format!("{n}"))))), Err(RdfcError::TooLarge));
    let overhead = canonical(&dataset([said(String::new())])).expect("canonical").len();
    assert!(canonical(&dataset([said("a".repeat(MAX_BYTES - overhead))])).is_ok());
    assert_eq!(canonical(&dataset([said("a".repeat(MAX_BYTES - overhead + 1))])), Err(RdfcError::TooLarge));
    assert_eq!(canonical(&dataset([edge(0, u32::MAX)])), Err(RdfcError::TooLarge));
    assert_eq!(issue(&dataset([edge(0, u32::MAX)]), HashAlgorithm::Sha256), Err(RdfcError::TooLarge));
}

#[test]
fn what_cannot_be_written_is_refused() {
    let mut quad = edge(0, 1);
    quad.predicate = "p:p> <o:o> .\n<s:s> <p:p".into();
    assert_eq!(canonical(&dataset([quad])), Err(RdfcError::Unwritable));
}

/// The position of a graph name is hashed without the predicate (§4.7.3 step 2), unlike the others.
#[test]
fn graph_names_are_related_without_predicates() {
    let hard = |predicates: [&'static str; 2]| {
        let statement = |subject, object, graph| {
            predicates.map(|predicate| Quad { predicate: predicate.into(), graph: Some(Node::Blank(graph)), ..edge(subject, object) })
        };
        dataset((0..4).flat_map(|at| statement(at, (at + 1) % 4, (at + 2) % 4)))
    };
    for other in ["p:a", "p:b", "p:c", "p:d", "p:e", "p:f", "p:g", "p:h"] {
        let dataset = hard(["p:p", other]);
        for hash in HASHES {
            assert_eq!(canonical_with(&dataset, hash), Ok(literal::canonical(&dataset, hash)), "{other}");
        }
    }
}
