//! The values of one member: each makes a statement, or a list of them (API §5.1 steps 13 and 14, §7.3).

use super::super::active::By;
use super::super::repeats::{any_equal, different_strings, order};
use super::super::table::{Coercion, Container};
use super::super::{LdError, value};
use super::place::{Made, Place, Subject};
use super::{DEEPEST, Signed, Walk};
use crate::canon::rdf::{Node, Term};
use crate::json::Value;
use alloc::borrow::Cow;
use alloc::vec::Vec;

const RDF_FIRST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
const RDF_REST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
const RDF_NIL: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";

impl<'x> Walk<'x> {
    /// Adds all values of one member.
    pub(super) fn values(&mut self, place: &Place<'x>, value: &'x Value<'x>) -> Result<(), LdError> {
        let term = place.definition.map(|(_, term)| term);
        if term.is_some_and(|term| term.coercion == Coercion::Json) {
            let object = Term::Literal(value::json(value)?);
            return self.state(place, object);
        }
        let container = term.map_or(Container::Plain, |term| term.container);
        let Value::Array(items) = value else {
            return match container {
                // A list object in a list container is that list (API §5.1 step 13.12).
                Container::List if value.member("@list").is_none() => self.list(place, core::slice::from_ref(value)),
                _ => self.one(place, value, false),
            };
        };
        if container == Container::List {
            return self.list(place, items);
        }
        if items.is_empty() {
            return self.says_nothing();
        }
        let start = self.out.len();
        for item in items {
            self.one(place, item, false)?;
        }
        // Two words of a vocabulary may mean one IRI.
        let words = term.is_some_and(|term| term.coercion == Coercion::Vocab);
        if !words && different_strings(items) { Ok(()) } else { self.check_repeated(place, start) }
    }

    /// Adds one value of a member, which is not in a list.
    fn one(&mut self, place: &Place<'x>, value: &'x Value<'x>, in_set: bool) -> Result<(), LdError> {
        if self.signed == Signed::Text {
            match value {
                Value::Null | Value::Bool(_) | Value::Number(_) => return Ok(()),
                Value::Array(items) => return items.iter().try_for_each(|item| self.one(place, item, in_set)),
                Value::String(_) | Value::Object(_) => {}
            }
        }
        match self.made(place, value)? {
            Made::One(object) => self.state(place, object),
            Made::Several(inner) if !in_set => {
                let items = inner.one_or_more();
                if items.is_empty() {
                    return self.says_nothing();
                }
                let start = self.out.len();
                items.iter().try_for_each(|item| self.one(place, item, true))?;
                self.check_repeated(place, start)
            }
            Made::Several(_) => Err(LdError::NestedArray),
        }
    }

    /// Refuses a member that makes no statement, where statements are signed.
    fn says_nothing(&self) -> Result<(), LdError> {
        if self.signed == Signed::Text { Ok(()) } else { Err(LdError::Empty) }
    }

    fn list(&mut self, place: &Place<'x>, items: &'x [Value<'x>]) -> Result<(), LdError> {
        if self.signed == Signed::Text {
            return items.iter().try_for_each(|item| self.one(place, item, true));
        }
        let object = self.chain(place, items)?;
        self.state(place, object)
    }

    /// List to RDF Conversion (API §7.3).
    pub(super) fn chain(&mut self, place: &Place<'x>, items: &'x [Value<'x>]) -> Result<Term<'x>, LdError> {
        let mut cells = items.iter().map(|item| (self.out.fresh_blank(), item)).collect::<Vec<_>>().into_iter().peekable();
        let head = cells.peek().map_or(Term::Iri(Cow::Borrowed(RDF_NIL)), |(cell, _)| Term::Blank(*cell));
        while let Some((cell, item)) = cells.next() {
            let Made::One(object) = self.made(place, item)? else { return Err(LdError::NestedArray) };
            self.push(Subject::Blank(cell), Cow::Borrowed(RDF_FIRST), object, place.graph)?;
            let rest = cells.peek().map_or(Term::Iri(Cow::Borrowed(RDF_NIL)), |(next, _)| Term::Blank(*next));
            self.push(Subject::Blank(cell), Cow::Borrowed(RDF_REST), rest, place.graph)?;
        }
        Ok(head)
    }

    /// Returns what `value` becomes as an object of `place` (API §5.1 and §5.3).
    fn made(&mut self, place: &Place<'x>, value: &'x Value<'x>) -> Result<Made<'x>, LdError> {
        let graph = place.definition.is_some_and(|(_, term)| matches!(term.container, Container::Graph | Container::GraphSet));
        match value {
            Value::Null => Err(LdError::Null),
            Value::Array(_) => Err(LdError::NestedArray),
            // A graph of one bare identifier or one literal says nothing.
            Value::String(_) | Value::Number(_) | Value::Bool(_) if graph => Err(LdError::Empty),
            Value::Object(object) => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(LdError::TooDeep);
                }
                let frames = self.frames.len();
                let made = if graph { self.graph(place, object).map(Made::One) } else { self.object(place, object) };
                self.frames.leave(frames);
                self.depth -= 1;
                made
            }
            scalar => self.scalar(place, scalar).map(Made::One),
        }
    }

    fn scalar(&mut self, place: &Place<'x>, value: &'x Value<'x>) -> Result<Term<'x>, LdError> {
        let Some((context, term)) = place.definition else { return value::literal(value, None).map(Term::Literal) };
        let identifier = match (&term.coercion, value) {
            (Coercion::Id, Value::String(text)) => self.id(place.active.top, text)?,
            (Coercion::Vocab, Value::String(text)) => {
                let frames = self.frames.len();
                let active = match context.scope(term) {
                    Some(layer) => self.frames.apply(place.active, context, layer, By::Property)?,
                    None => place.active,
                };
                let found = self.vocabulary(active.top, text);
                self.frames.leave(frames);
                let found = found?;
                if let Cow::Borrowed(iri) = found {
                    self.mentioned.push((place.graph, iri));
                }
                return Ok(Term::Iri(found));
            }
            (Coercion::Id | Coercion::Vocab | Coercion::Json, _) => return Err(LdError::Value),
            (Coercion::Datatype(datatype), _) => return value::literal(value, Some(Cow::Borrowed(datatype))).map(Term::Literal),
            (Coercion::Plain | Coercion::None, _) => return value::literal(value, None).map(Term::Literal),
        };
        self.mentioned.push((place.graph, identifier));
        Ok(Term::Iri(Cow::Borrowed(identifier)))
    }

    /// The statements since `start` that are about `place` must differ: RDF would keep one of two.
    pub(super) fn check_repeated(&self, place: &Place<'x>, start: usize) -> Result<(), LdError> {
        if self.signed == Signed::Text {
            return Ok(());
        }
        let added = self.out.quads()[start..].iter();
        let subject = Node::from(place.subject);
        let own = added.filter(|quad| quad.subject == subject && quad.predicate == place.predicate);
        let mut objects: Vec<&Term<'x>> = own.map(|quad| &quad.object).filter(|object| object.blank().is_none()).collect();
        if any_equal(&mut objects, |object| *object, order) { Err(LdError::Repeated) } else { Ok(()) }
    }

    /// Adds the statement that `object` is at `place`.
    #[inline]
    fn state(&mut self, place: &Place<'x>, object: Term<'x>) -> Result<(), LdError> {
        self.push(place.subject, again(&place.predicate), object, place.graph)
    }
}

/// Returns the same text; of a borrowed one no copy is made.
#[inline]
fn again<'x>(text: &Cow<'x, str>) -> Cow<'x, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text),
        Cow::Owned(text) => Cow::Owned(text.clone()),
    }
}
