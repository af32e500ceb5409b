//! Expansion and deserialization to RDF in one walk (JSON-LD 1.1 API §5.1 and §7.1, restricted as the module above says).

use super::active::{Active, By, Definition, Frames};
use super::head::Head;
use super::repeats::{Named, ambiguous, any_equal};
use super::table::{Keyword, Means};
use super::{ContextList, KnownContexts, LdError, value};
use crate::canon::rdf::{Dataset, Node, Quad, Term};
use crate::canon::rdfc::MAX_QUADS;
use crate::json::{Object, Value};
use alloc::borrow::Cow;
use alloc::vec::Vec;

mod place;
mod types;
mod values;

use place::{Made, Place, Subject};
use types::types;

/// Deepest nesting, for trees that were not read under [`crate::json::Limits`] (which allow a credential 16).
const DEEPEST: u32 = 32;

/// The content that the signature covers, and that must not be lost on the way to statements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signed {
    /// The statements: a value that makes none, or makes one twice, would go unsigned.
    Statements,
    /// The text: only the meaning of the names is looked at.
    Text,
}

pub(super) fn to_rdf<'x>(
    document: &'x Object<'x>,
    contexts: &ContextList<'x>,
    without: Option<&str>,
    signed: Signed,
) -> Result<Dataset<'x>, LdError> {
    let mut walk = Walk {
        signed,
        known: contexts.known,
        frames: Frames::new(),
        out: Dataset::with_capacity(64),
        described: Vec::new(),
        mentioned: Vec::new(),
        predicates: Vec::with_capacity(32),
        depth: 0,
    };
    if document.member("@context").is_some_and(|named| !contexts.is_named_by(named)) {
        return Err(LdError::OtherContext);
    }
    let active = walk.apply_list(Active { top: 0, previous: 0 }, contexts)?;
    let head = walk.scan(active, document)?;
    if head.value.is_some() || head.list.is_some() || head.set.is_some() {
        return Err(LdError::Keyword);
    }
    walk.head_node(active, document, &head, None, without)?;
    if signed == Signed::Text {
        return Ok(walk.out);
    }
    if walk.out.is_empty() {
        return Err(LdError::Empty);
    }
    if ambiguous(&mut walk.described, &mut walk.mentioned) {
        return Err(LdError::AmbiguousNode);
    }
    Ok(walk.out)
}

pub(super) struct Walk<'x> {
    signed: Signed,
    known: &'x KnownContexts,
    pub(super) frames: Frames<'x>,
    out: Dataset<'x>,
    /// The graphs and names of the nodes that have members.
    described: Vec<Named<'x>>,
    /// The graphs and identifiers that are values.
    mentioned: Vec<Named<'x>>,
    /// The predicates that terms gave the nodes being walked, innermost last.
    predicates: Vec<&'x str>,
    depth: u32,
}

impl<'x> Walk<'x> {
    fn apply_list(&mut self, mut active: Active, list: &ContextList<'x>) -> Result<Active, LdError> {
        for (_, context) in &list.contexts {
            active = self.frames.apply(active, context, &context.layers[0], By::Document)?;
        }
        Ok(active)
    }

    #[inline]
    fn push(&mut self, subject: Subject<'x>, predicate: Cow<'x, str>, object: Term<'x>, graph: Option<u32>) -> Result<(), LdError> {
        if self.out.len() >= MAX_QUADS {
            return Err(LdError::TooMany);
        }
        self.out.push(Quad { subject: subject.into(), predicate, object, graph: graph.map(Node::Blank) });
        Ok(())
    }

    fn scan(&self, active: Active, object: &'x Object<'x>) -> Result<Head<'x>, LdError> {
        let mut head = Head::default();
        for (name, value) in object.iter() {
            let Some(keyword) = self.frames.keyword(active.top, name)? else { continue };
            let place = match keyword {
                Keyword::Id => &mut head.id,
                Keyword::Type => &mut head.kind,
                Keyword::Value => &mut head.value,
                Keyword::Language => &mut head.language,
                Keyword::Direction => &mut head.direction,
                Keyword::List => &mut head.list,
                Keyword::Set => &mut head.set,
                Keyword::Context => &mut head.context,
                Keyword::Refused => return Err(LdError::Keyword),
            };
            if place.replace(value).is_some() {
                return Err(LdError::RepeatedKeyword);
            }
        }
        Ok(head)
    }

    /// Returns the contexts in force inside `object`, and its keywords by them (API §5.1 steps 7 to 9).
    fn enter(&mut self, place: &Place<'x>, object: &'x Object<'x>, heads_graph: bool) -> Result<(Active, Head<'x>), LdError> {
        let mut active = place.active;
        let mut head = self.scan(active, object)?;
        let bare = head.id.is_some() && object.len() == 1;
        if active.previous != 0 && head.value.is_none() && !bare {
            active = Active { top: active.previous, previous: 0 };
        }
        if let Some((context, term)) = place.definition
            && let Some(layer) = context.scope(term)
        {
            active = self.frames.apply(active, context, layer, By::Property)?;
        }
        if let Some(named) = head.context {
            // Elsewhere it would give names another meaning than the document's contexts do.
            if !heads_graph {
                return Err(LdError::NestedContext);
            }
            let list = self.known.read(named)?;
            active = self.apply_list(active, &list)?;
        }
        if active != place.active {
            head = self.scan(active, object)?;
        }
        Ok((active, head))
    }

    fn object(&mut self, place: &Place<'x>, object: &'x Object<'x>) -> Result<Made<'x>, LdError> {
        let (active, head) = self.enter(place, object, false)?;
        if head.value.is_some() {
            let literal = value::value_object(object.len(), &head, |kind| self.datatype(active, kind))?;
            return Ok(Made::One(Term::Literal(literal)));
        }
        match (head.list.or(head.set), object.len()) {
            (None, _) => {}
            (Some(inner), 1) => {
                // Inside, the walk goes on with the contexts around; they must be the same.
                if active != place.active {
                    return Err(LdError::Unsupported);
                }
                if head.set.is_some() {
                    return Ok(Made::Several(inner));
                }
                return self.chain(place, inner.one_or_more()).map(Made::One);
            }
            _ => return Err(LdError::Keyword),
        }
        let node = self.node(active, object, &head, place.graph, None)?;
        if let Subject::Iri(iri) = node {
            self.mentioned.push((place.graph, iri));
        }
        Ok(Made::One(Node::from(node).into()))
    }

    /// Adds a node in a graph of its own (API §5.1 step 13.11.4).
    fn graph(&mut self, place: &Place<'x>, object: &'x Object<'x>) -> Result<Term<'x>, LdError> {
        let (active, head) = self.enter(place, object, true)?;
        if head.value.is_some() || head.list.is_some() || head.set.is_some() {
            return Err(LdError::Keyword);
        }
        let graph = self.out.fresh_blank();
        let before = self.out.len();
        self.head_node(active, object, &head, Some(graph), None)?;
        if self.out.len() == before {
            return Err(LdError::Empty);
        }
        Ok(Term::Blank(graph))
    }

    /// Adds the node that a graph is about. That counts as its mention: were it mentioned again, another node could be the head.
    fn head_node(
        &mut self,
        active: Active,
        object: &'x Object<'x>,
        head: &Head<'x>,
        graph: Option<u32>,
        without: Option<&str>,
    ) -> Result<(), LdError> {
        if let Subject::Iri(iri) = self.node(active, object, head, graph, without)? {
            self.mentioned.push((graph, iri));
        }
        Ok(())
    }

    /// Adds a node object: its statements, and its identifier or a fresh blank node.
    fn node(
        &mut self,
        outside: Active,
        object: &'x Object<'x>,
        head: &Head<'x>,
        graph: Option<u32>,
        without: Option<&str>,
    ) -> Result<Subject<'x>, LdError> {
        if head.language.is_some() || head.direction.is_some() {
            return Err(LdError::Keyword);
        }
        let subject = match head.id {
            None => Subject::Blank(self.out.fresh_blank()),
            Some(Value::String(id)) => Subject::Iri(self.id(outside.top, id)?),
            Some(_) => return Err(LdError::RelativeId),
        };
        let active = match head.kind {
            None => outside,
            Some(kind) => {
                let types = types(kind)?;
                self.kinds(outside, subject, types, graph)?;
                self.scoped_by(outside, types)?
            }
        };
        let (start, mut members) = (self.predicates.len(), 0_usize);
        for (name, value) in object.iter() {
            if self.is_keyword(active, head, name, value)? || without == Some(name) {
                continue;
            }
            let (predicate, definition) = self.property(active, name)?;
            members += 1;
            // Names under `@vocab` differ from each other and from every term.
            if let Cow::Borrowed(iri) = predicate {
                self.predicates.push(iri);
            }
            self.values(&Place { active, subject, predicate, definition, graph }, value)?;
        }
        let repeated = any_equal(&mut self.predicates[start..], |predicate| *predicate, Ord::cmp);
        self.predicates.truncate(start);
        if repeated {
            return Err(LdError::Repeated);
        }
        if let Subject::Iri(id) = subject
            && (members > 0 || head.kind.is_some())
        {
            self.described.push((graph, id));
        }
        Ok(subject)
    }

    /// Returns true if the member is one of those in `head`. Type-scoped contexts must leave the keywords as they were.
    fn is_keyword(&self, active: Active, head: &Head<'x>, name: &str, value: &'x Value<'x>) -> Result<bool, LdError> {
        let same = |noted: Option<&'x Value<'x>>| noted.is_some_and(|noted| core::ptr::eq(noted, value));
        match self.frames.keyword(active.top, name)? {
            None if !same(head.id) && !same(head.kind) => Ok(false),
            Some(Keyword::Id) if same(head.id) => Ok(true),
            Some(Keyword::Type) if same(head.kind) => Ok(true),
            Some(Keyword::Context) => Ok(true),
            Some(_) => Err(LdError::Keyword),
            None => Err(LdError::Unsupported),
        }
    }

    /// Returns the predicate that `name` stands for. Names written as IRIs are refused: a second spelling that readers would not see.
    fn property(&self, active: Active, name: &'x str) -> Result<(Cow<'x, str>, Option<Definition<'x>>), LdError> {
        match self.frames.find(active.top, name) {
            Some((context, term)) => match &term.means {
                Means::Iri(iri) => Ok((Cow::Borrowed(iri), Some((context, term)))),
                Means::Keyword(_) => Err(LdError::Keyword),
                Means::Nothing => Err(LdError::UndefinedTerm),
            },
            None if name.contains(':') => Err(LdError::UndefinedTerm),
            None => match self.in_vocab(active.top, name)? {
                Some(iri) => Ok((Cow::Owned(iri), None)),
                None => Err(LdError::UndefinedTerm),
            },
        }
    }
}
