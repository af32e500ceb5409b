//! The place of a value, and what becomes of it there.

use super::super::active::{Active, Definition};
use crate::canon::rdf::{Node, Term};
use crate::json::Value;
use alloc::borrow::Cow;

/// A node by its identifier in the document or its number; unlike [`Node`] cheap to hand on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject<'x> {
    Iri(&'x str),
    Blank(u32),
}

impl<'x> From<Subject<'x>> for Node<'x> {
    #[inline]
    fn from(subject: Subject<'x>) -> Self {
        match subject {
            Subject::Iri(iri) => Node::Iri(Cow::Borrowed(iri)),
            Subject::Blank(number) => Node::Blank(number),
        }
    }
}

/// The place of a value.
pub(super) struct Place<'x> {
    pub(super) active: Active,
    pub(super) subject: Subject<'x>,
    pub(super) predicate: Cow<'x, str>,
    /// The property's definition; none if only `@vocab` gave it a meaning.
    pub(super) definition: Option<Definition<'x>>,
    pub(super) graph: Option<u32>,
}

/// The kind of an object.
pub(super) enum Made<'x> {
    One(Term<'x>),
    /// `@set`: the values are inside.
    Several(&'x Value<'x>),
}
