//! JSON-LD 1.1 to RDF in safe mode: known contexts only, and nothing is dropped.
//!
//! RDF canonicalization signs what a document *means*, while the rest of the program reads it by its JSON names. That is sound only
//! if the two cannot drift apart (threats.md A14, A23), so a document is refused unless
//! - its `@context` is a list of URLs whose documents are known by digest: compiled in, or carried by a trust bundle;
//! - every member name is a term of those contexts, spelled as the term, and no context redefines a protected term of another;
//! - every member adds a statement; identifiers and types are absolute; blank nodes have no names;
//! - every node is described in one place, and a described node is mentioned in one place only, so that no claim can be moved
//!   to another part of the tree without changing the statements;
//! - every value has one canonical form that all implementations agree on.
//!
//! Terms are resolved in compiled tables (`table`) and statements written as the tree is walked; the
//! expanded document never exists. A context that ends in `@vocab` makes every name a term: see `ContextList::is_open`.

mod active;
mod compile;
mod compiled;
mod contexts;
mod expand;
mod head;
mod names;
mod repeats;
mod table;
mod value;

pub use compile::ContextError;
pub(crate) use compiled::{COMPILED, CompiledContext};
pub(crate) use contexts::ContextList;
pub use contexts::{CarriedError, KnownContexts};
use expand::Signed;
pub use table::is_iri;

use crate::canon::rdf::Dataset;
use crate::json::Object;
use core::fmt;

/// Why a document has no RDF here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LdError {
    /// No `@context`, or one that is neither a URL nor a list of URLs, or too long a list.
    Context,
    /// A context object is in the document.
    InlineContext,
    /// A context whose digest is not known.
    UnknownContext,
    /// The document names other contexts than those it is read with.
    OtherContext,
    /// An `@context` within the document, other than at the head of a graph of its own.
    NestedContext,
    /// A context redefines a protected term, or clears all of them.
    ProtectedTerm,
    /// A combination of contexts, or of contexts and document, whose meaning we do not implement.
    Unsupported,
    /// A name that no context defines, or an IRI where a name should be.
    UndefinedTerm,
    /// A keyword in a place where it may not be, or that JSON-LD does not know.
    Keyword,
    /// A keyword appears twice in one object, by its name and an alias.
    RepeatedKeyword,
    /// An identifier that is not an absolute IRI.
    RelativeId,
    /// A type, datatype or other vocabulary item that is neither a term nor an absolute IRI.
    RelativeType,
    /// A blank node label as an identifier.
    BlankNode,
    /// An IRI abbreviated by a prefix, or one written in full that has a name.
    Spelling,
    /// A member that makes no statement: an empty array, or a node or graph without content.
    Empty,
    /// `null`, which JSON-LD drops.
    Null,
    /// An array in an array.
    NestedArray,
    /// A value appears twice, or two names of one node mean the same.
    Repeated,
    /// A node is described in two places, or mentioned elsewhere than where it is described.
    AmbiguousNode,
    /// A value object that is malformed, or a value that the term's type does not fit.
    Value,
    /// A language tag that is not well-formed (BCP 47).
    Language,
    /// A number without one canonical form: an integer beyond 2^53 - 1, more than 15 significant digits, or minus zero.
    Number,
    /// Nested deeper than allowed.
    TooDeep,
    /// More statements than allowed.
    TooMany,
}

impl fmt::Display for LdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Context => "@context is not a list of URLs",
            Self::InlineContext => "the document carries a context of its own",
            Self::UnknownContext => "the document names a context that is not known",
            Self::OtherContext => "the document names other contexts than those it is read with",
            Self::NestedContext => "an @context is within the document",
            Self::ProtectedTerm => "a context redefines a protected term",
            Self::Unsupported => "the contexts combine in a way that is not supported",
            Self::UndefinedTerm => "a member name is not defined by any context",
            Self::Keyword => "a keyword is unknown or misplaced",
            Self::RepeatedKeyword => "a keyword appears twice in one object",
            Self::RelativeId => "an identifier is not an absolute URL",
            Self::RelativeType => "a type is neither defined nor an absolute URL",
            Self::BlankNode => "a blank node has a name",
            Self::Spelling => "an IRI is not spelled the one way it should be",
            Self::Empty => "a member says nothing",
            Self::Null => "a member is null",
            Self::NestedArray => "an array is in an array",
            Self::Repeated => "the same statement is made twice",
            Self::AmbiguousNode => "a node is described or mentioned in two places",
            Self::Value => "a value does not fit its place",
            Self::Language => "a language tag is not well-formed",
            Self::Number => "a number has no single canonical form",
            Self::TooDeep => "the document is nested deeper than allowed",
            Self::TooMany => "the document makes more statements than allowed",
        })
    }
}

impl core::error::Error for LdError {}

/// Returns the statements of `document`, read with `contexts`: those it names itself ([`KnownContexts::list`]), or for an object without
/// `@context`, such as a proof, those of the document it belongs to.
pub(crate) fn to_rdf<'x>(document: &'x Object<'x>, contexts: &ContextList<'x>) -> Result<Dataset<'x>, LdError> {
    expand::to_rdf(document, contexts, None, Signed::Statements)
}

/// Returns the statements as if the member `without` were not there: `proof` of a secured document, `proofValue` of a proof configuration
/// (VC Data Integrity §4.2 and §4.3).
pub(crate) fn to_rdf_without<'x>(document: &'x Object<'x>, contexts: &ContextList<'x>, without: &str) -> Result<Dataset<'x>, LdError> {
    expand::to_rdf(document, contexts, Some(without), Signed::Statements)
}

/// Checks that every name in `document` without its `proof` has a meaning under `contexts`. For a document whose text is signed:
/// values that statements would lose (null, an empty list, one item twice, a list in a list, a long number) are not faults.
pub(crate) fn check_names<'x>(document: &'x Object<'x>, contexts: &ContextList<'x>) -> Result<(), LdError> {
    expand::to_rdf(document, contexts, Some("proof"), Signed::Text).map(drop)
}

#[cfg(test)]
mod tests;
