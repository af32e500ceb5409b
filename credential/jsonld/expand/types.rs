//! The types of a node: the statements that they make, and the contexts that come with them.

use super::super::LdError;
use super::super::active::{Active, By};
use super::Walk;
use super::place::{Place, Subject};
use crate::canon::rdf::Term;
use crate::json::Value;
use alloc::borrow::Cow;

const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// Returns the values of `@type`.
pub(super) fn types<'x>(value: &'x Value<'x>) -> Result<&'x [Value<'x>], LdError> {
    match value {
        Value::String(_) => Ok(core::slice::from_ref(value)),
        Value::Array(items) if items.is_empty() => Err(LdError::Empty),
        Value::Array(items) => Ok(items),
        _ => Err(LdError::RelativeType),
    }
}

impl<'x> Walk<'x> {
    /// Adds the statements that the node has these types.
    pub(super) fn kinds(
        &mut self,
        active: Active,
        subject: Subject<'x>,
        types: &'x [Value<'x>],
        graph: Option<u32>,
    ) -> Result<(), LdError> {
        let start = self.out.len();
        for name in types {
            let iri = self.vocabulary(active.top, name.as_str().ok_or(LdError::RelativeType)?)?;
            self.push(subject, Cow::Borrowed(RDF_TYPE), Term::Iri(iri), graph)?;
        }
        let place = Place { active, subject, predicate: Cow::Borrowed(RDF_TYPE), definition: None, graph };
        if types.len() == 1 { Ok(()) } else { self.check_repeated(&place, start) }
    }

    /// Applies the type-scoped contexts of `types` in the order of the names (API §5.1 step 11).
    pub(super) fn scoped_by(&mut self, outside: Active, types: &'x [Value<'x>]) -> Result<Active, LdError> {
        let mut active = outside;
        let mut last: Option<&str> = None;
        loop {
            let scoped = types.iter().filter_map(|name| {
                let name = name.as_str().filter(|name| last.is_none_or(|last| *name > last))?;
                let (context, term) = self.frames.find(outside.top, name)?;
                Some((name, context, context.scope(term)?))
            });
            let Some((name, context, layer)) = scoped.min_by_key(|(name, ..)| *name) else { return Ok(active) };
            active = self.frames.apply(active, context, layer, By::Type)?;
            last = Some(name);
        }
    }
}
