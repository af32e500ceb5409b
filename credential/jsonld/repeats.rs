//! Finds repeated items: pairwise among few, by sorting among many.

use crate::canon::rdf::Term;
use crate::json::Value;
use core::cmp::Ordering;

/// Up to here a pairwise comparison is quicker than sorting.
const FEW: usize = 32;

/// Returns true if these are few strings, no two of them equal: under one property they make different statements,
/// unless they are words. The statements themselves tell what is not seen at this glance.
pub(super) fn different_strings(items: &[Value<'_>]) -> bool {
    items.len() <= FEW / 2
        && items.iter().enumerate().all(|(i, item)| matches!(item, Value::String(_)) && items[..i].iter().all(|earlier| earlier != item))
}

/// Returns true if two of `items` are equal; reorders them if there are many.
pub(super) fn any_equal<T, K: ?Sized + PartialEq>(items: &mut [T], key: impl Fn(&T) -> &K, order: impl Fn(&K, &K) -> Ordering) -> bool {
    if items.len() <= FEW {
        return items.iter().enumerate().any(|(i, item)| items[..i].iter().any(|earlier| key(earlier) == key(item)));
    }
    items.sort_unstable_by(|a, b| order(key(a), key(b)));
    items.windows(2).any(|pair| key(&pair[0]) == key(&pair[1]))
}

/// Returns some total order of terms that are not blank nodes.
pub(super) fn order(a: &Term<'_>, b: &Term<'_>) -> Ordering {
    fn key<'t>(term: &'t Term<'_>) -> (u8, &'t str, &'t str, Option<&'t str>) {
        match term {
            Term::Iri(iri) => (0, iri, "", None),
            Term::Literal(literal) => (1, &literal.value, &literal.datatype, literal.language.as_deref()),
            Term::Blank(_) => (2, "", "", None),
        }
    }
    key(a).cmp(&key(b))
}

/// A node in a graph: the graph's blank node, none for the default graph, and the node's name.
pub(super) type Named<'x> = (Option<u32>, &'x str);

/// Returns true if a node is described in two places, or a described one mentioned in two.
pub(super) fn ambiguous<'x>(described: &mut [Named<'x>], mentioned: &mut [Named<'x>]) -> bool {
    if any_equal(described, |node| node, Ord::cmp) {
        return true;
    }
    if described.len() * mentioned.len() <= FEW * FEW {
        return described.iter().any(|node| mentioned.iter().filter(|mention| *mention == node).count() > 1);
    }
    mentioned.sort_unstable();
    let mentions = |node| mentioned.partition_point(|mention| mention <= node) - mentioned.partition_point(|mention| mention < node);
    described.iter().any(|node| mentions(node) > 1)
}
