//! RDF 1.1 datasets as canonicalization needs them: terms that borrow from what they were read from, quads, and dense blank nodes.
//!
//! A value here is what the model can say and no more: literals are objects only, predicates are IRIs. The reader
//! that made an IRI checks that it is well-formed. Base direction has no canonical N-Quads and so no place here:
//! readers refuse it.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The datatype of a plain literal (RDF 1.1 Concepts §3.3).
pub(crate) const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
/// The datatype of a literal with a language tag (RDF 1.1 Concepts §3.3).
pub(crate) const RDF_LANG_STRING: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString";

/// The kinds of subject and graph name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node<'a> {
    /// An absolute IRI, without angle brackets or escapes.
    Iri(Cow<'a, str>),
    /// A blank node, by its number in the dataset; see [`Dataset::fresh_blank`].
    Blank(u32),
}

/// The kinds of object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Term<'a> {
    /// An absolute IRI, without angle brackets or escapes.
    Iri(Cow<'a, str>),
    /// A blank node, by its number in the dataset; see [`Dataset::fresh_blank`].
    Blank(u32),
    /// A literal.
    Literal(Literal<'a>),
}

/// A literal: its text and what the text means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Literal<'a> {
    /// The lexical form, unescaped.
    pub value: Cow<'a, str>,
    /// The full datatype IRI: `XSD_STRING` for a plain literal, `RDF_LANG_STRING` when there is a language.
    pub datatype: Cow<'a, str>,
    /// The language tag, as it was written; compared byte by byte.
    pub language: Option<Cow<'a, str>>,
}

/// One statement, in the default graph when `graph` is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Quad<'a> {
    /// The subject.
    pub subject: Node<'a>,
    /// The predicate's absolute IRI.
    pub predicate: Cow<'a, str>,
    /// The predicate.
    pub object: Term<'a>,
    /// The graph of the statement.
    pub graph: Option<Node<'a>>,
}

/// Statements with blank nodes numbered from zero. May hold a statement twice; canonicalization writes it once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dataset<'a> {
    quads: Vec<Quad<'a>>,
    blanks: u32,
}

impl<'a> Dataset<'a> {
    /// Returns an empty dataset.
    #[cfg(test)]
    pub(crate) const fn new() -> Self {
        Self { quads: Vec::new(), blanks: 0 }
    }

    /// Returns an empty dataset with room for `quads` statements.
    pub(crate) fn with_capacity(quads: usize) -> Self {
        Self { quads: Vec::with_capacity(quads), blanks: 0 }
    }

    /// Returns the number of a blank node that is not yet in the dataset.
    #[inline]
    pub(crate) fn fresh_blank(&mut self) -> u32 {
        let number = self.blanks;
        self.blanks = number.saturating_add(1);
        number
    }

    /// Adds a statement. Its blank nodes come from [`Self::fresh_blank`]; one numbered higher counts as issued by this.
    #[inline]
    pub(crate) fn push(&mut self, quad: Quad<'a>) {
        let graph = quad.graph.as_ref().and_then(Node::blank);
        for number in [quad.subject.blank(), quad.object.blank(), graph].into_iter().flatten() {
            self.blanks = self.blanks.max(number.saturating_add(1));
        }
        self.quads.push(quad);
    }

    /// Returns the statements in the order they were added.
    pub(crate) fn iter(&self) -> core::slice::Iter<'_, Quad<'a>> {
        self.quads.iter()
    }

    /// Returns the statements in the order they were added.
    pub(crate) fn quads(&self) -> &[Quad<'a>] {
        &self.quads
    }

    /// Returns how many blank nodes were issued; they are numbered from 0. Not all need occur in a statement.
    pub(crate) const fn blanks(&self) -> u32 {
        self.blanks
    }

    /// Returns how many statements there are, repeated ones included.
    pub(crate) fn len(&self) -> usize {
        self.quads.len()
    }

    /// Returns true if there is no statement.
    pub(crate) fn is_empty(&self) -> bool {
        self.quads.is_empty()
    }
}

impl<'d, 'a> IntoIterator for &'d Dataset<'a> {
    type Item = &'d Quad<'a>;
    type IntoIter = core::slice::Iter<'d, Quad<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Node<'_> {
    /// Returns the blank node's number, if this is one.
    #[inline]
    pub(crate) const fn blank(&self) -> Option<u32> {
        match self {
            Node::Blank(number) => Some(*number),
            Node::Iri(_) => None,
        }
    }
}

impl Term<'_> {
    /// Returns the blank node's number, if this is one.
    #[inline]
    pub(crate) const fn blank(&self) -> Option<u32> {
        match self {
            Term::Blank(number) => Some(*number),
            Term::Iri(_) | Term::Literal(_) => None,
        }
    }
}

impl<'a> From<Node<'a>> for Term<'a> {
    fn from(node: Node<'a>) -> Self {
        match node {
            Node::Iri(iri) => Term::Iri(iri),
            Node::Blank(number) => Term::Blank(number),
        }
    }
}

impl<'a> Literal<'a> {
    /// Returns a plain literal.
    pub(crate) fn plain(value: impl Into<Cow<'a, str>>) -> Self {
        Self { value: value.into(), datatype: Cow::Borrowed(XSD_STRING), language: None }
    }

    /// Returns a literal with a datatype, a full IRI other than `RDF_LANG_STRING`.
    pub(crate) fn typed(value: impl Into<Cow<'a, str>>, datatype: impl Into<Cow<'a, str>>) -> Self {
        Self { value: value.into(), datatype: datatype.into(), language: None }
    }

    /// Returns a literal with a language tag.
    pub(crate) fn tagged(value: impl Into<Cow<'a, str>>, language: impl Into<Cow<'a, str>>) -> Self {
        Self { value: value.into(), datatype: Cow::Borrowed(RDF_LANG_STRING), language: Some(language.into()) }
    }
}
