use super::{HASHES, canonical, canonical_with, dataset, edge, literal};
use crate::canon::nquads::tests::{quads, read::read};
use crate::canon::rdf::{Node, Quad, Term};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use proptest::prelude::*;

/// Returns the statement with each blank node called as `names` says.
fn renamed<'a>(quad: &Quad<'a>, names: &[u32]) -> Quad<'a> {
    let node = |node: &Node<'a>| match node {
        Node::Blank(blank) => Node::Blank(names[*blank as usize]),
        Node::Iri(_) => node.clone(),
    };
    let object = match &quad.object {
        Term::Blank(blank) => Term::Blank(names[*blank as usize]),
        other => other.clone(),
    };
    Quad { subject: node(&quad.subject), predicate: quad.predicate.clone(), object, graph: quad.graph.as_ref().map(node) }
}

/// Quads with little but blank nodes in them, so that many of these look alike.
fn symmetric(blanks: u32, most: usize) -> impl Strategy<Value = Vec<Quad<'static>>> {
    let node = (0..blanks).prop_map(Node::Blank);
    let object = prop_oneof![8 => (0..blanks).prop_map(Term::Blank), 1 => Just(Term::Iri("o:o".into()))];
    let predicate = prop_oneof![4 => Just("p:p"), 1 => Just("p:q")];
    let graph = prop_oneof![3 => Just(None), 2 => (0..blanks).prop_map(|blank| Some(Node::Blank(blank)))];
    let quad = (node, predicate, object, graph).prop_map(|(subject, predicate, object, graph)| Quad {
        subject,
        predicate: predicate.into(),
        object,
        graph,
    });
    proptest::collection::vec(quad, 0..most)
}

/// As [`symmetric`], with all quads in one graph: the datasets of which RDFC-1.0 gives one canonical form. The hash of a related node
/// does not say in which graph the quad stands (RDFC-1.0 §4.7.3), see `nodes_told_apart_by_their_graph_alone_have_no_single_form`.
fn in_one_graph(blanks: u32, most: usize) -> impl Strategy<Value = Vec<Quad<'static>>> {
    (symmetric(blanks, most), proptest::option::of(0..blanks)).prop_map(|(quads, graph)| {
        let graph = graph.map(Node::Blank);
        quads.into_iter().map(|quad| Quad { graph: graph.clone(), ..quad }).collect()
    })
}

/// A limit of the algorithm, not of this implementation. A signature over such a dataset may fail to verify; it never covers another
/// dataset, because the canonical form says all of its statements.
#[test]
fn nodes_told_apart_by_their_graph_alone_have_no_single_form() {
    let quad = |subject, predicate: &'static str, object, graph: Option<u32>| Quad {
        subject: Node::Blank(subject),
        predicate: predicate.into(),
        object: Term::Blank(object),
        graph: graph.map(Node::Blank),
    };
    let quads = [quad(1, "p:q", 3, None), quad(0, "p:p", 2, Some(1)), quad(2, "p:p", 0, Some(3))];
    let other = dataset(quads.iter().map(|quad| renamed(quad, &[1, 2, 0, 5, 4, 3])));
    let quads = dataset(quads);
    for hash in HASHES {
        let forms = [&quads, &other].map(|dataset| literal::canonical(dataset, hash));
        assert_ne!(forms[0], forms[1]);
        assert_eq!([&quads, &other].map(|dataset| canonical_with(dataset, hash).expect("canonical")), forms);
    }
}

fn any_names(count: u32) -> impl Strategy<Value = Vec<u32>> {
    Just((0..count).collect::<Vec<_>>()).prop_shuffle()
}

fn permutations(count: u32) -> Vec<Vec<u32>> {
    let Some(last) = count.checked_sub(1) else { return alloc::vec![alloc::vec![]] };
    let shorter = permutations(last);
    let inserted = |names: &Vec<u32>, at: usize| [&names[..at], &[last], &names[at..]].concat();
    shorter.iter().flat_map(|names| (0..=names.len()).map(move |at| inserted(names, at))).collect()
}

proptest! {
    #[test]
    fn names_and_order_do_not_show(
        (quads, shuffled) in prop_oneof![quads(6), in_one_graph(6, 16)].prop_flat_map(|quads| (Just(quads.clone()), Just(quads).prop_shuffle())),
        names in any_names(6),
        repeated in 0..4_usize,
    ) {
        let other = shuffled.iter().chain(shuffled.iter().take(repeated)).map(|quad| renamed(quad, &names));
        let other = dataset(other);
        for hash in HASHES {
            prop_assert_eq!(canonical_with(&dataset(quads.clone()), hash), canonical_with(&other, hash));
        }
    }

    #[test]
    fn the_canonical_form_says_what_the_dataset_said(quads in in_one_graph(4, 8)) {
        let text = canonical(&dataset(quads.clone())).expect("canonical");
        let (read, labels) = read(&text).expect("N-Quads");
        let lines = read.iter().cloned().collect::<Vec<_>>();
        prop_assert_eq!(canonical(&read).expect("canonical"), text.as_str());
        // Some way to call the blank nodes makes the two sets equal.
        let before: BTreeSet<_> = quads.iter().map(|quad| alloc::format!("{quad:?}")).collect();
        let after = |names: &Vec<u32>| lines.iter().map(|quad| alloc::format!("{:?}", renamed(quad, names))).collect::<BTreeSet<_>>();
        prop_assert!(labels.len() <= 4);
        prop_assert!(permutations(4).iter().any(|names| after(names) == before));
    }

    #[test]
    fn equal_forms_mean_equal_graphs(one in in_one_graph(3, 5), other in in_one_graph(3, 5)) {
        let set = |quads: &[Quad<'_>], names: &[u32]| quads.iter().map(|quad| alloc::format!("{:?}", renamed(quad, names))).collect::<BTreeSet<_>>();
        let same = permutations(3).iter().any(|names| set(&one, names) == set(&other, &[0, 1, 2]));
        prop_assert_eq!(canonical(&dataset(one)) == canonical(&dataset(other)), same);
    }

    #[test]
    fn every_step_is_as_it_is_written_down(quads in prop_oneof![quads(5), symmetric(5, 12)]) {
        let dataset = dataset(quads);
        for hash in HASHES {
            prop_assert_eq!(canonical_with(&dataset, hash), Ok(literal::canonical(&dataset, hash)));
        }
    }

    #[test]
    fn regular_graphs_are_as_they_are_written_down(steps in proptest::collection::btree_set(1..4_u32, 1..3), count in 2..6_u32, names in any_names(6)) {
        let edges = (0..count).flat_map(|from| steps.iter().map(move |step| edge(from, (from + step) % count)));
        let dataset = dataset(edges.map(|quad| renamed(&quad, &names)));
        for hash in HASHES {
            prop_assert_eq!(canonical_with(&dataset, hash), Ok(literal::canonical(&dataset, hash)));
        }
    }
}
