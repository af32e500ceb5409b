//! From a JSON-LD 1.1 context document to its [`Context`] tables (JSON-LD 1.1 API §4.1 and §4.2).
//!
//! The build script compiles the contexts we ship, the library those a trust bundle carries. Both include this file and read the documents
//! with [`crate::json`], so that both mean the same. The compiler refuses what it does not implement; no feature is skipped over.

use super::table::{Coercion, Container, Context, Keyword, Layer, Means, Need, Term, Vocab, hash, is_iri, keyword_like};
use crate::json::{Limits, Number, Object, Value};
use alloc::borrow::{Cow, ToOwned};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A context document. The largest in use has 60 kB, and scoped contexts in use are three deep; this depth allows seven.
pub(crate) const DOCUMENT: Limits = Limits { bytes: 256 * 1024, depth: 16, values: 16 * 1024 };
/// Most terms in one document, scoped ones included; the largest in use here has some 120.
const MOST_TERMS: usize = 4096;
/// Longest chain of definitions that refer to each other; those in use have two.
const LONGEST_CHAIN: usize = 8;
/// Longest IRI, so that prefixes cannot multiply a document's size.
const LONGEST_IRI: usize = 1024;
/// Members that a term definition may have (JSON-LD 1.1 §9.15.1) and that are not read.
const NOT_READ: [&str; 5] = ["@reverse", "@index", "@language", "@direction", "@nest"];

/// Why a document was not compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextError {
    /// Not an object with an `@context` object.
    NotAContext,
    /// More terms, longer chains or longer IRIs than allowed.
    TooLarge,
    /// JSON-LD 1.1 allows it, we do not implement it: the feature.
    Unsupported(&'static str),
    /// JSON-LD 1.1 forbids it: what is wrong.
    Invalid(&'static str),
}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAContext => f.write_str("not a JSON-LD context document"),
            Self::TooLarge => f.write_str("the context asks for more than allowed"),
            Self::Unsupported(feature) => write!(f, "the context uses a feature that is not supported: {feature}"),
            Self::Invalid(what) => write!(f, "the context is not valid: {what}"),
        }
    }
}

impl core::error::Error for ContextError {}

/// Compiles the `@context` of `document`, which was read within the limits of [`DOCUMENT`].
pub(crate) fn compile(document: &Value<'_>) -> Result<Context, ContextError> {
    let context = document.member("@context").filter(|context| context.as_object().is_some()).ok_or(ContextError::NotAContext)?;
    let mut compiler = Compiler { layers: Vec::new(), terms: 0 };
    compiler.layer(context, &[])?;
    let mut layers = compiler.layers;
    mark_clean(&mut layers);
    Ok(Context { layers: Cow::Owned(layers) })
}

/// Notes for each layer whether it leaves the protected terms of layer 0 alone.
fn mark_clean(layers: &mut Vec<Layer>) {
    let context = Context { layers: Cow::Owned(core::mem::take(layers)) };
    let base = &context.layers[0];
    let redefines = |term: &Term| base.find(term.hash, &term.name).is_some_and(|old| old.protected && !context.agrees(term, &context, old));
    let clean: Vec<bool> = context.layers.iter().map(|layer| !layer.reset && !layer.terms.iter().any(redefines)).collect();
    *layers = context.layers.into_owned();
    layers.iter_mut().zip(clean).for_each(|(layer, clean)| layer.clean = clean);
}

struct Compiler {
    layers: Vec<Layer>,
    terms: usize,
}

impl Compiler {
    /// Compiles `local` and what is scoped within it; `outer` are the layers around it, outermost first. Returns its place.
    fn layer(&mut self, local: &Value<'_>, outer: &[usize]) -> Result<usize, ContextError> {
        let place = self.layers.len();
        let context = match local {
            Value::Null => {
                self.layers.push(Layer { reset: true, ..Layer::default() });
                return Ok(place);
            }
            Value::Array(items) if items.len() == 1 && items[0].as_array().is_none() => return self.layer(&items[0], outer),
            Value::Object(context) => context.iter().collect::<Members<'_, '_>>(),
            Value::String(_) => return Err(ContextError::Unsupported("a reference to another context")),
            Value::Array(_) => return Err(ContextError::Unsupported("several contexts in one")),
            _ => return Err(ContextError::Invalid("a local context")),
        };
        let mut definer = Definer {
            compiler: self,
            outer,
            context: &context,
            protected: false,
            vocab: Vocab::Unchanged,
            done: BTreeMap::new(),
            open: BTreeSet::new(),
            needs: BTreeMap::new(),
        };
        let propagate = definer.header()?;
        for name in context.keys().copied().filter(|name| !name.starts_with('@')) {
            definer.define(name)?;
        }
        let Definer { vocab, done, needs, .. } = definer;
        let terms: Vec<Term> = done.into_values().collect();
        let needs: Vec<Need> = needs.into_values().collect();
        self.terms += terms.len();
        if self.terms > MOST_TERMS {
            return Err(ContextError::TooLarge);
        }
        self.layers.push(Layer {
            reset: false,
            propagate,
            vocab,
            slots: Cow::Owned(slots(terms.iter().map(|term| Some(term.hash)).collect())),
            iris: Cow::Owned(slots(
                terms.iter().map(|term| if let Means::Iri(iri) = &term.means { Some(hash(iri)) } else { None }).collect(),
            )),
            alias_lengths: terms
                .iter()
                .filter(|term| matches!(term.means, Means::Keyword(_)))
                .fold(0, |set, term| set | 1 << term.name.len().min(63)),
            prefixes: terms.iter().any(|term| term.prefix),
            terms: Cow::Owned(terms),
            needs: Cow::Owned(needs),
            clean: false,
        });
        self.scopes(&context, place, outer)?;
        Ok(place)
    }

    /// Compiles the scoped contexts of the layer at `place`, now that its own terms are compiled.
    fn scopes(&mut self, context: &Members<'_, '_>, place: usize, outer: &[usize]) -> Result<(), ContextError> {
        let around = [outer, &[place]].concat();
        for at in 0..self.layers[place].terms.len() {
            let definition = context.get(self.layers[place].terms[at].name.as_ref());
            let scoped = definition.and_then(|definition| definition.member("@context"));
            if let Some(scoped) = scoped {
                let scope = u16::try_from(self.layer(scoped, &around)?).map_err(|_| ContextError::TooLarge)?;
                self.layers[place].terms.to_mut()[at].scope = Some(scope);
            }
        }
        Ok(())
    }
}

/// An object's members by name: a document has thousands, and each may be looked up by others. Their order decides nothing.
type Members<'c, 'v> = BTreeMap<&'c str, &'c Value<'v>>;

/// One layer while its terms are defined.
struct Definer<'c, 'v> {
    compiler: &'c Compiler,
    outer: &'c [usize],
    context: &'c Members<'c, 'v>,
    protected: bool,
    vocab: Vocab,
    done: BTreeMap<&'c str, Term>,
    open: BTreeSet<&'c str>,
    needs: BTreeMap<String, Need>,
}

impl<'c, 'v> Definer<'c, 'v> {
    /// Reads the context's own keywords (API §4.1.2 step 5); returns `@propagate`.
    fn header(&mut self) -> Result<Option<bool>, ContextError> {
        let mut propagate = None;
        for (name, value) in self.context.iter().filter(|(name, _)| name.starts_with('@')) {
            match *name {
                "@version" if **value == Value::Number(Number::Float(1.1)) => {}
                "@version" => return Err(ContextError::Invalid("@version is not 1.1")),
                "@protected" => self.protected = value.as_bool().ok_or(ContextError::Invalid("@protected is not true or false"))?,
                "@propagate" => propagate = Some(value.as_bool().ok_or(ContextError::Invalid("@propagate is not true or false"))?),
                "@vocab" => {}
                "@base" => return Err(ContextError::Unsupported("@base")),
                "@import" => return Err(ContextError::Unsupported("@import")),
                "@language" => return Err(ContextError::Unsupported("@language")),
                "@direction" => return Err(ContextError::Unsupported("@direction")),
                "@type" => return Err(ContextError::Unsupported("a definition of @type")),
                _ => return Err(ContextError::Invalid("a keyword is redefined")),
            }
        }
        match self.context.get("@vocab") {
            None => {}
            Some(Value::Null) => self.vocab = Vocab::Cleared,
            // Absolute only: one relative to the vocabulary around it would have two meanings.
            Some(Value::String(iri)) if is_iri(iri) && iri.contains("://") => self.vocab = Vocab::Iri(owned(iri)?),
            Some(_) => return Err(ContextError::Unsupported("an @vocab that is not an absolute IRI")),
        }
        Ok(propagate)
    }

    /// Create Term Definition (API §4.2.2).
    fn define(&mut self, name: &'c str) -> Result<(), ContextError> {
        if self.done.contains_key(name) {
            return Ok(());
        }
        if name.is_empty() {
            return Err(ContextError::Invalid("a term without a name"));
        }
        if name.contains([':', '/']) {
            return Err(ContextError::Unsupported("an IRI as a term"));
        }
        if self.open.len() >= LONGEST_CHAIN {
            return Err(ContextError::TooLarge);
        }
        if !self.open.insert(name) {
            return Err(ContextError::Invalid("terms are defined by each other"));
        }
        let term = match self.context[name] {
            Value::Null => self.term(name, Means::Nothing),
            Value::String(id) => {
                let means = self.means(name, Some(id))?;
                // A simple term is a prefix if its IRI ends in a general delimiter (RFC 3986 §2.2).
                let prefix = matches!(&means, Means::Iri(iri) if iri.ends_with([':', '/', '?', '#', '[', ']', '@']));
                Term { prefix, ..self.term(name, means) }
            }
            Value::Object(definition) => self.expanded(name, definition)?,
            _ => return Err(ContextError::Invalid("a term definition")),
        };
        self.open.remove(name);
        self.done.insert(name, term);
        Ok(())
    }

    fn term(&self, name: &str, means: Means) -> Term {
        let name = Cow::Owned(name.to_owned());
        let (coercion, container) = (Coercion::Plain, Container::Plain);
        Term { hash: hash(&name), name, means, coercion, container, prefix: false, protected: self.protected, scope: None }
    }

    fn expanded(&mut self, name: &str, definition: &'c Object<'v>) -> Result<Term, ContextError> {
        // Before anything else, because each of them changes what the rest must be.
        if let Some(feature) = NOT_READ.into_iter().find(|feature| definition.member(feature).is_some()) {
            return Err(ContextError::Unsupported(feature));
        }
        let means = match definition.member("@id") {
            None => self.means(name, None)?,
            Some(Value::Null) => Means::Nothing,
            Some(Value::String(id)) => self.means(name, Some(id))?,
            Some(_) => return Err(ContextError::Invalid("@id is not a string")),
        };
        let mut term = self.term(name, means);
        for (key, value) in definition.iter() {
            match key {
                // The scoped context is compiled when all terms around it are.
                "@id" | "@context" => {}
                "@protected" => term.protected = value.as_bool().ok_or(ContextError::Invalid("@protected is not true or false"))?,
                "@prefix" => term.prefix = value.as_bool().ok_or(ContextError::Invalid("@prefix is not true or false"))?,
                "@type" => term.coercion = self.coercion(value.as_str().ok_or(ContextError::Invalid("@type is not a string"))?)?,
                "@container" => term.container = container(value)?,
                _ => return Err(ContextError::Invalid("a term definition has a member that is not a keyword")),
            }
        }
        let plain = term.coercion == Coercion::Plain && definition.member("@context").is_none() && !term.prefix;
        match &term.means {
            Means::Iri(_) => {}
            Means::Keyword(Keyword::Type) if plain && matches!(term.container, Container::Plain | Container::Set) => {}
            Means::Keyword(_) | Means::Nothing if plain && term.container == Container::Plain => {}
            Means::Keyword(_) | Means::Nothing => return Err(ContextError::Unsupported("a keyword alias that says more")),
        }
        if matches!(term.container, Container::List | Container::Graph | Container::GraphSet) && term.coercion == Coercion::Json {
            return Err(ContextError::Unsupported("JSON literals in a container"));
        }
        Ok(term)
    }

    /// Returns what `name` stands for if its definition says `id`.
    fn means(&mut self, name: &str, id: Option<&'c str>) -> Result<Means, ContextError> {
        match id {
            Some(id) if id != name => match self.expand(id)? {
                Means::Keyword(Keyword::Context) => Err(ContextError::Invalid("an alias of @context")),
                means @ (Means::Iri(_) | Means::Nothing | Means::Keyword(Keyword::Id | Keyword::Type)) => Ok(means),
                Means::Keyword(_) => Err(ContextError::Unsupported("an alias of a keyword other than @id and @type")),
            },
            _ => self.in_vocab(name),
        }
    }

    /// IRI Expansion with `vocab` true (API §5.2.2), as definitions use it.
    fn expand(&mut self, text: &'c str) -> Result<Means, ContextError> {
        if let Some(keyword) = Keyword::read(text) {
            return Ok(Means::Keyword(keyword));
        }
        if keyword_like(text) {
            return Err(ContextError::Invalid("an unknown keyword"));
        }
        if let Some((prefix, suffix)) = text.split_once(':').filter(|(prefix, _)| !prefix.is_empty()) {
            if prefix == "_" {
                return Err(ContextError::Unsupported("a blank node as an IRI"));
            }
            if !suffix.starts_with("//")
                && let Some((Means::Iri(iri), true)) = self.resolve(prefix)?
            {
                return Ok(Means::Iri(owned(&format!("{iri}{suffix}"))?));
            }
            return Ok(Means::Iri(owned(text)?));
        }
        match self.resolve(text)? {
            Some((means, _)) => Ok(means),
            None => self.in_vocab(text),
        }
    }

    fn in_vocab(&mut self, name: &str) -> Result<Means, ContextError> {
        let vocab = match &self.vocab {
            Vocab::Iri(iri) => Some(iri.clone()),
            Vocab::Cleared => None,
            Vocab::Unchanged => {
                let around = self.outer.iter().rev().map(|at| &self.compiler.layers[*at].vocab).find(|vocab| **vocab != Vocab::Unchanged);
                let found = if let Some(Vocab::Iri(iri)) = around { Some(iri.clone()) } else { None };
                self.need("@vocab", found.clone().map(|iri| (Means::Iri(iri), false)));
                found
            }
        };
        let iri = format!("{}{name}", vocab.ok_or(ContextError::Invalid("a term without an absolute IRI"))?);
        Ok(Means::Iri(owned(&iri)?))
    }

    /// Returns the definition of `name` here or around, and whether it may be a prefix.
    fn resolve(&mut self, name: &'c str) -> Result<Option<(Means, bool)>, ContextError> {
        if self.context.contains_key(name) {
            self.define(name)?;
            return Ok(self.done.get(name).map(|term| (term.means.clone(), term.prefix)));
        }
        let around = self.outer.iter().rev().find_map(|at| self.compiler.layers[*at].find(hash(name), name));
        let found = around.map(|term| (term.means.clone(), term.prefix));
        self.need(name, found.clone());
        Ok(found)
    }

    fn need(&mut self, name: &str, found: Option<(Means, bool)>) {
        self.needs.insert(name.to_owned(), Need { name: Cow::Owned(name.to_owned()), hash: hash(name), found });
    }

    fn coercion(&mut self, text: &'c str) -> Result<Coercion, ContextError> {
        Ok(match text {
            "@id" => Coercion::Id,
            "@vocab" => Coercion::Vocab,
            "@json" => Coercion::Json,
            "@none" => Coercion::None,
            _ => match self.expand(text)? {
                Means::Iri(iri) => Coercion::Datatype(iri),
                _ => return Err(ContextError::Invalid("@type is neither a datatype nor a keyword for it")),
            },
        })
    }
}

fn container(value: &Value<'_>) -> Result<Container, ContextError> {
    let names: BTreeSet<&str> = match value {
        Value::String(name) => BTreeSet::from([name.as_ref()]),
        Value::Array(names) => {
            names.iter().map(|name| name.as_str().ok_or(ContextError::Invalid("@container"))).collect::<Result<_, _>>()?
        }
        _ => return Err(ContextError::Invalid("@container")),
    };
    Ok(match names.into_iter().collect::<Vec<_>>().as_slice() {
        ["@set"] => Container::Set,
        ["@list"] => Container::List,
        ["@graph"] => Container::Graph,
        ["@graph", "@set"] => Container::GraphSet,
        names => return Err(ContextError::Unsupported(names.iter().find_map(|name| map_of(name)).unwrap_or("this @container"))),
    })
}

/// Returns the maps of JSON-LD 1.1 (§4.6), none of which is read.
fn map_of(container: &str) -> Option<&'static str> {
    Some(match container {
        "@language" => "an @container of @language (a language map)",
        "@index" => "an @container of @index",
        "@id" => "an @container of @id",
        "@type" => "an @container of @type",
        _ => return None,
    })
}

fn owned(iri: &str) -> Result<Cow<'static, str>, ContextError> {
    if !is_iri(iri) {
        return Err(ContextError::Invalid("a term without an absolute IRI"));
    }
    if iri.len() > LONGEST_IRI {
        return Err(ContextError::TooLarge);
    }
    Ok(Cow::Owned(iri.to_owned()))
}

/// Returns the hash table of a layer's terms by these hashes, in their order: twice as many slots as terms, rounded up to a power of two.
fn slots(hashes: Vec<Option<u32>>) -> Vec<u32> {
    if hashes.is_empty() {
        return Vec::new();
    }
    let mut slots = alloc::vec![0_u32; (hashes.len() * 2).next_power_of_two()];
    let mask = slots.len() - 1;
    for (hash, number) in hashes.into_iter().zip(1_u32..) {
        let Some(hash) = hash else { continue };
        let mut at = hash as usize & mask;
        while slots[at] != 0 {
            at = (at + 1) & mask;
        }
        slots[at] = hash & 0xffff_0000 | number;
    }
    slots
}

#[cfg(test)]
mod tests;
