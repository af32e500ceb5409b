//! Which contexts are known, and which of them a document names.

use super::LdError;
use super::compile::{ContextError, DOCUMENT, compile};
use super::compiled::COMPILED;
use super::table::{Context, Keyword, Layer, Means, Vocab, hash};
use crate::hex::{self, is_hex};
use crate::json::{self, JsonError, Object, Value};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use sha2::{Digest, Sha256};
use waypass_schemas::contexts::ROLE_CREDENTIAL;

/// Most contexts in one list; documents in the wild name up to five.
const LONGEST_LIST: usize = 16;

/// The contexts compiled in and those that a trust bundle carries.
#[derive(Clone, Debug, Default)]
pub struct KnownContexts {
    carried: Vec<Arc<Carried>>,
}

#[derive(Debug)]
struct Carried {
    id: String,
    sha256: [u8; 32],
    table: Context,
}

/// Why a carried context was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarriedError {
    /// The document does not have the digest it is carried under.
    Digest,
    /// The URL is known already, by another digest.
    Conflict,
    /// Not JSON as we read it.
    Json(JsonError),
    /// Not a context we can compile.
    Context(ContextError),
    /// The context is compiled in: documents name it where they may, and nowhere else.
    BuiltIn,
    /// It has an `@vocab`, under which every name is a term.
    Open,
    /// A name in it stands for a keyword, or has its definition taken away.
    Keyword,
    /// It has a second name for what already has one.
    SecondName,
}

impl fmt::Display for CarriedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest => f.write_str("the context does not have the digest it is carried under"),
            Self::Conflict => f.write_str("the context's URL is known already, by another digest"),
            Self::Json(why) => why.fmt(f),
            Self::Context(why) => why.fmt(f),
            Self::BuiltIn => f.write_str("the context is built in and cannot be carried"),
            Self::Open => f.write_str("the context gives every name a meaning (@vocab)"),
            Self::Keyword => f.write_str("the context has another name for a keyword, or takes a name away"),
            Self::SecondName => f.write_str("the context has a second name for what already has one"),
        }
    }
}

impl core::error::Error for CarriedError {}

impl KnownContexts {
    /// Returns the contexts compiled in.
    pub const fn new() -> Self {
        Self { carried: Vec::new() }
    }

    /// Adds a context that a bundle carries under `id`, with the SHA-256 that the bundle's signers gave it.
    pub(crate) fn add(&mut self, id: &str, sha256: &[u8; 32], document: &[u8]) -> Result<(), CarriedError> {
        if Sha256::digest(document).as_slice() != sha256 {
            return Err(CarriedError::Digest);
        }
        if let Some(known) = COMPILED.iter().find(|context| context.id == id) {
            return if is_hex(known.sha256, sha256) { Ok(()) } else { Err(CarriedError::Conflict) };
        }
        if let Some(known) = self.carried.iter().find(|context| context.id == id) {
            return if known.sha256 == *sha256 { Ok(()) } else { Err(CarriedError::Conflict) };
        }
        let tree = json::parse(document, DOCUMENT).map_err(CarriedError::Json)?;
        let table = compile(&tree).map_err(CarriedError::Context)?;
        self.carried.push(Arc::new(Carried { id: id.to_owned(), sha256: *sha256, table }));
        Ok(())
    }

    /// Takes the contexts that are in `document` itself, wherever an `@context` is, and puts names in their place. Only
    /// its author knows what an inline context makes of a document: this is for tools that must read any document, and
    /// a gate does without.
    pub(crate) fn adopt(&mut self, document: &mut Object<'_>) -> Result<(), CarriedError> {
        for (name, value) in document.members_mut() {
            match value {
                Value::Array(items) if name == "@context" => items.iter_mut().try_for_each(|item| self.name(item))?,
                value if name == "@context" => self.name(value)?,
                value => self.adopt_within(value)?,
            }
        }
        Ok(())
    }

    fn adopt_within(&mut self, value: &mut Value<'_>) -> Result<(), CarriedError> {
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.adopt_within(item)),
            Value::Object(object) => self.adopt(object),
            _ => Ok(()),
        }
    }

    /// Puts its digest in the place of an inline context.
    fn name(&mut self, context: &mut Value<'_>) -> Result<(), CarriedError> {
        if let Some(object) = context.as_object() {
            // Wrapped like a context document, as the W3C suites write it and other processors read it, it is what it wraps.
            let inner = object.member("@context").filter(|_| object.len() == 1).unwrap_or(context);
            let document = json::to_string(&Value::Object(Object::new().with("@context", inner.clone())));
            let sha256: [u8; 32] = Sha256::digest(&document).into();
            let id = format!("urn:sha256:{}", hex::encode(&sha256));
            self.add(&id, &sha256, document.as_bytes())?;
            *context = id.into();
        }
        Ok(())
    }

    /// Adds a context that role credentials may name after their own, for further personal claims.
    ///
    /// Programs read those claims by their names and signatures may cover only their meanings, so in all contexts together one name has one
    /// meaning and one meaning one name: otherwise a value could be moved from one claim to another, or out of the holder's `id`.
    pub fn carry(&mut self, id: &str, sha256: &[u8; 32], document: &[u8]) -> Result<(), CarriedError> {
        if COMPILED.iter().any(|context| context.id == id) {
            return Err(CarriedError::BuiltIn);
        }
        let mut with = self.clone();
        with.add(id, sha256, document)?;
        if let Some((added, before)) = with.carried.split_last().filter(|_| with.carried.len() > self.carried.len()) {
            let compiled = COMPILED.iter().filter(|context| ROLE_CREDENTIAL.iter().any(|own| own.id == context.id));
            let others = compiled.map(|context| context.table).chain(before.iter().map(|context| &context.table));
            require_own_names(&added.table, &others)?;
        }
        *self = with;
        Ok(())
    }

    /// Returns true if `id` is one of the contexts added.
    pub(crate) fn carries(&self, id: &str) -> bool {
        self.carried.iter().any(|context| context.id == id)
    }

    /// Returns the first added context that defines `name`.
    pub(crate) fn carrier_of(&self, name: &str) -> Option<&str> {
        self.carried.iter().find(|context| defines(&context.table, name)).map(|context| context.id.as_str())
    }

    /// Returns the contexts that `document` names, all of them known.
    pub(crate) fn list<'c>(&'c self, document: &Object<'_>) -> Result<ContextList<'c>, LdError> {
        self.read(document.member("@context").ok_or(LdError::Context)?)
    }

    /// Returns the contexts that `value`, an `@context`, names.
    pub(super) fn read<'c>(&'c self, value: &Value<'_>) -> Result<ContextList<'c>, LdError> {
        let items = match value {
            Value::Array(items) if !items.is_empty() && items.len() <= LONGEST_LIST => items.as_slice(),
            Value::String(_) => core::slice::from_ref(value),
            Value::Object(_) => return Err(LdError::InlineContext),
            _ => return Err(LdError::Context),
        };
        let contexts = items
            .iter()
            .map(|item| match item {
                Value::String(id) => self.find(id).ok_or(LdError::UnknownContext),
                Value::Object(_) => Err(LdError::InlineContext),
                _ => Err(LdError::Context),
            })
            .collect::<Result<_, _>>()?;
        Ok(ContextList { known: self, contexts })
    }

    fn find(&self, id: &str) -> Option<(&str, &Context)> {
        let compiled = COMPILED.iter().find(|context| context.id == id).map(|context| (context.id, context.table));
        compiled.or_else(|| self.carried.iter().find(|context| context.id == id).map(|context| (context.id.as_str(), &context.table)))
    }
}

/// The contexts a document is read with, in their order.
#[derive(Clone, Debug)]
pub(crate) struct ContextList<'c> {
    pub(super) known: &'c KnownContexts,
    pub(super) contexts: Vec<(&'c str, &'c Context)>,
}

impl<'c> ContextList<'c> {
    /// Returns the URLs, in the document's order. A caller that reads claims by their JSON names compares them with the list that defines
    /// those names: under another list the same names may mean something else.
    pub(crate) fn ids(&self) -> impl ExactSizeIterator<Item = &'c str> {
        self.contexts.iter().map(|(id, _)| *id)
    }

    /// Returns true if these are exactly `ids`, in this order.
    #[cfg(test)]
    pub(crate) fn is(&self, ids: &[&str]) -> bool {
        self.ids().eq(ids.iter().copied())
    }

    /// Returns true if one of the contexts has an `@vocab`, under which every name is a term. Good for examples and test suites; a gate
    /// that decides by names it knows may do without.
    pub(crate) fn is_open(&self) -> bool {
        self.contexts.iter().any(|(_, context)| is_open(context))
    }

    /// Returns true if one of the contexts from the `first` on defines `name` for every node.
    pub(crate) fn names_from(&self, first: usize, name: &str) -> bool {
        self.contexts.iter().skip(first).any(|(_, context)| defines(context, name))
    }

    /// Returns true if `value`, an `@context`, names these contexts.
    pub(super) fn is_named_by(&self, value: &Value<'_>) -> bool {
        let items = value.one_or_more();
        items.len() == self.contexts.len() && items.iter().zip(self.ids()).all(|(item, id)| item.as_str() == Some(id))
    }
}

fn is_open(context: &Context) -> bool {
    context.layers.iter().any(|layer| matches!(layer.vocab, Vocab::Iri(_)))
}

/// Returns true if `context` gives `name` a meaning in every node.
fn defines(context: &Context, name: &str) -> bool {
    context.layers[0].find(hash(name), name).is_some_and(|term| matches!(term.means, Means::Iri(_)))
}

/// See [`KnownContexts::carry`]. Scoped contexts are left out: the types and properties that would bring them into force hold plain values in
/// a role credential.
fn require_own_names<'c>(added: &Context, others: &(impl Iterator<Item = &'c Context> + Clone)) -> Result<(), CarriedError> {
    if is_open(added) {
        return Err(CarriedError::Open);
    }
    let mut meanings = BTreeSet::new();
    for term in added.layers[0].terms.iter() {
        let iri = match (&term.means, term.name.as_ref()) {
            (Means::Iri(iri), _) => iri,
            // The base context says these too.
            (Means::Keyword(Keyword::Id), "id") | (Means::Keyword(Keyword::Type), "type") => continue,
            (Means::Keyword(_) | Means::Nothing, _) => return Err(CarriedError::Keyword),
        };
        let elsewhere =
            |layer: &Layer| layer.names(hash(iri), iri) && !layer.find(term.hash, &term.name).is_some_and(|own| own.means == term.means);
        if !meanings.insert(iri) || others.clone().any(|other| other.layers.iter().any(elsewhere)) {
            return Err(CarriedError::SecondName);
        }
    }
    Ok(())
}
