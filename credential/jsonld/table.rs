//! Compiled contexts: what a JSON-LD 1.1 context says, as flat tables that are read without allocating.
//!
//! One [`Context`] is one context document. Its layers are the document's own definitions (layer 0) and those of each scoped
//! context within. An active context is a stack of layers of several documents. Every IRI in a table is absolute already; where
//! that took a name from outside the layer, [`Layer::needs`] says what was assumed of it.

use alloc::borrow::Cow;

/// A compiled context document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// The document's own definitions first, then those of its scoped contexts; never empty.
    pub(crate) layers: Cow<'static, [Layer]>,
}

/// The definitions of one local context.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Layer {
    /// The context is `null`: nothing defined before holds any longer.
    pub(crate) reset: bool,
    /// `@propagate`, where it is written; type-scoped contexts do not propagate by default, others do.
    pub(crate) propagate: Option<bool>,
    /// `@vocab`, where it is written.
    pub(crate) vocab: Vocab,
    /// The terms, ordered by name.
    pub(crate) terms: Cow<'static, [Term]>,
    /// The place that a name's hash leads to: see [`Layer::find`].
    pub(crate) slots: Cow<'static, [u32]>,
    /// The place that an IRI's hash leads to: see [`Layer::names`].
    pub(crate) iris: Cow<'static, [u32]>,
    /// The terms that the definitions took from outside this layer.
    pub(crate) needs: Cow<'static, [Need]>,
    /// Bit `n` says that a name of `n` bytes stands for a keyword (bit 63: of 63 or more).
    pub(crate) alias_lengths: u64,
    /// True if a term may be the prefix of a compact IRI.
    pub(crate) prefixes: bool,
    /// Applied to its own document's definitions, this redefines no protected term.
    pub(crate) clean: bool,
}

/// A context's statement about `@vocab`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum Vocab {
    /// Nothing.
    #[default]
    Unchanged,
    /// `null`: names without a definition mean nothing.
    Cleared,
    /// Names without a definition mean this IRI followed by the name.
    Iri(Cow<'static, str>),
}

/// One term definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// The name that documents use.
    pub(crate) name: Cow<'static, str>,
    /// [`hash`] of the name.
    pub(crate) hash: u32,
    /// The meaning of the name.
    pub(crate) means: Means,
    /// The meaning of a bare value.
    pub(crate) coercion: Coercion,
    /// The meaning of an array of values.
    pub(crate) container: Container,
    /// True if it may be the prefix of a compact IRI.
    pub(crate) prefix: bool,
    /// True if later contexts must leave it alone (JSON-LD 1.1 §4.1.11).
    pub(crate) protected: bool,
    /// The scoped context, by its place in [`Context::layers`].
    pub(crate) scope: Option<u16>,
}

/// The meaning of a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// An absolute IRI.
    Iri(Cow<'static, str>),
    /// A keyword.
    Keyword(Keyword),
    /// Nothing: the term is explicitly undefined.
    Nothing,
}

/// The keywords a document may use, and those it may not. Only `@id` and `@type` have aliases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    /// `@id`
    Id,
    /// `@type`
    Type,
    /// `@value`
    Value,
    /// `@language`
    Language,
    /// `@direction`
    Direction,
    /// `@list`
    List,
    /// `@set`
    Set,
    /// `@context`
    Context,
    /// A keyword of JSON-LD 1.1 that we refuse in documents.
    Refused,
}

/// The meaning of a bare value (JSON-LD 1.1 §4.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Coercion {
    /// Its kind: a string, a number or a truth value.
    Plain,
    /// Said by `@none`.
    None,
    /// An identifier.
    Id,
    /// A term or an identifier.
    Vocab,
    /// A JSON literal.
    Json,
    /// A literal of this datatype.
    Datatype(Cow<'static, str>),
}

/// The meaning of an array of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// Several values.
    Plain,
    /// Said by `@set`.
    Set,
    /// One ordered list.
    List,
    /// Several values, each a graph of its own.
    Graph,
    /// Said by `@graph` and `@set`.
    GraphSet,
}

/// A term that a layer took from outside itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// A name, or `@vocab`.
    pub(crate) name: Cow<'static, str>,
    /// [`hash`] of the name.
    pub(crate) hash: u32,
    /// Its meaning there, and if it could be a prefix; `None`: it was not defined.
    pub(crate) found: Option<(Means, bool)>,
}

impl Layer {
    /// Returns the definition of `name`, whose [`hash`] the caller has.
    #[inline]
    pub(crate) fn find(&self, hash: u32, name: &str) -> Option<&Term> {
        self.probe(&self.slots, hash, |term| term.name == name)
    }

    /// Returns true if a term means `iri`, whose [`hash`] the caller has.
    pub(crate) fn names(&self, hash: u32, iri: &str) -> bool {
        self.probe(&self.iris, hash, |term| matches!(&term.means, Means::Iri(own) if own == iri)).is_some()
    }

    /// A slot holds the upper half of a hash and, below it, a term's index plus one; zero ends the search. At most half of the
    /// slots are taken, so there is an end.
    #[inline]
    fn probe(&self, slots: &[u32], hash: u32, is: impl Fn(&Term) -> bool) -> Option<&Term> {
        let mask = slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let slot = slots[at];
            if slot == 0 {
                return None;
            }
            if slot >> 16 == hash >> 16 {
                let term = &self.terms[(slot & 0xffff) as usize - 1];
                if is(term) {
                    return Some(term);
                }
            }
            at = (at + 1) & mask;
        }
    }
}

impl Context {
    /// Returns the scoped context of `term`, a term of this document.
    pub(crate) fn scope(&self, term: &Term) -> Option<&Layer> {
        self.layers.get(usize::from(term.scope?))
    }

    /// Returns true if `own`, a term here, says the same as `their`, a term of `other`, protection aside (JSON-LD 1.1 API §4.2.2 step 27).
    pub(crate) fn agrees(&self, own: &Term, other: &Self, their: &Term) -> bool {
        own.name == their.name
            && own.means == their.means
            && own.coercion == their.coercion
            && own.container == their.container
            && own.prefix == their.prefix
            && match (self.scope(own), other.scope(their)) {
                (None, None) => true,
                (Some(ours), Some(theirs)) => self.same_layer(ours, other, theirs),
                _ => false,
            }
    }

    fn same_layer(&self, own: &Layer, other: &Self, their: &Layer) -> bool {
        own.reset == their.reset
            && own.propagate == their.propagate
            && own.vocab == their.vocab
            && own.needs == their.needs
            && own.terms.len() == their.terms.len()
            && own.terms.iter().zip(their.terms.iter()).all(|(a, b)| a.protected == b.protected && self.agrees(a, other, b))
    }
}

impl Keyword {
    /// Returns the keyword that `text` is (JSON-LD 1.1 §9.16).
    pub(crate) fn read(text: &str) -> Option<Self> {
        Some(match text {
            "@id" => Self::Id,
            "@type" => Self::Type,
            "@value" => Self::Value,
            "@language" => Self::Language,
            "@direction" => Self::Direction,
            "@list" => Self::List,
            "@set" => Self::Set,
            "@context" => Self::Context,
            "@base" | "@container" | "@graph" | "@import" | "@included" | "@index" | "@json" | "@nest" | "@none" | "@prefix"
            | "@propagate" | "@protected" | "@reverse" | "@version" | "@vocab" => Self::Refused,
            _ => return None,
        })
    }
}

/// Returns true if `text` has the form of a keyword: `@` and then letters. Later versions of JSON-LD may give it a meaning.
pub(crate) fn keyword_like(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Returns true if `text` is an absolute IRI as far as RDF needs it: a scheme (RFC 3986 §3.1), something behind it, and no character that
/// N-Quads forbids between angle brackets. Blank node labels have no scheme.
pub fn is_iri(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(colon) = bytes.iter().position(|byte| *byte == b':') else { return false };
    let (scheme, rest) = (&bytes[..colon], &bytes[colon + 1..]);
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && !rest.is_empty()
        && rest.iter().all(|byte| IRI[usize::from(*byte)])
}

/// The bytes that may be in an IRI: those N-Quads does not forbid (`IRIREF`), all of UTF-8 beyond ASCII included.
const IRI: [bool; 256] = {
    let mut allowed = [true; 256];
    let mut byte = 0;
    while byte <= 0x20 {
        allowed[byte] = false;
        byte += 1;
    }
    let forbidden = b"<>\"{}|^`\\\x7f";
    let mut i = 0;
    while i < forbidden.len() {
        allowed[forbidden[i] as usize] = false;
        i += 1;
    }
    allowed
};

/// Returns the hash of a name, from its first and last eight bytes and its length. Tables are fixed before a document is read, so a
/// document cannot make names collide in them.
#[inline]
pub(crate) fn hash(name: &str) -> u32 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let bytes = name.as_bytes();
    let (head, tail) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(head), Some(tail)) => (u64::from(u32::from_le_bytes(*head)), u64::from(u32::from_le_bytes(*tail))),
            _ => (bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0),
        },
    };
    let mixed = (head ^ bytes.len() as u64).wrapping_mul(MIX).rotate_left(29) ^ tail;
    (mixed.wrapping_mul(MIX) >> 32) as u32
}

#[cfg(test)]
mod tests;
