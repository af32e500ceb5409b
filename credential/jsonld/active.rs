//! Active contexts: stacks of compiled layers.
//!
//! A context is applied by putting a frame on the stack, not by building a merged table. A name is looked up frame by frame, from
//! the newest down. Typical documents have two to four frames.

use super::LdError;
use super::table::{Context, Keyword, Layer, Means, Term, Vocab, hash, keyword_like};
use alloc::vec::Vec;

/// Which frames are in force: the newest one, and the newest of the context that returns in the next nested node ("previous
/// context" of JSON-LD 1.1 API §4.1). Frames are counted from one, zero is the empty context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Active {
    pub(super) top: u32,
    pub(super) previous: u32,
}

/// A term and the document that defines it.
pub(super) type Definition<'x> = (&'x Context, &'x Term);

#[derive(Clone, Copy)]
struct Frame<'x> {
    context: &'x Context,
    layer: &'x Layer,
    below: u32,
    /// Property-scoped: it may redefine what is protected.
    overrides: bool,
    /// True if a term here or below may be a prefix.
    prefixes: bool,
    /// The union of [`Layer::alias_lengths`] here and below.
    alias_lengths: u64,
    vocab: Option<&'x str>,
}

/// How a context comes to be applied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The document's `@context`.
    Document,
    /// A type of the node.
    Type,
    /// The property whose value is entered.
    Property,
}

#[derive(Default)]
pub(super) struct Frames<'x>(Vec<Frame<'x>>);

impl<'x> Frames<'x> {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(16))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets the frames of what has been left.
    pub(super) fn leave(&mut self, len: usize) {
        self.0.truncate(len);
    }

    #[inline]
    fn frame(&self, number: u32) -> Option<&Frame<'x>> {
        self.0.get((number as usize).wrapping_sub(1))
    }

    /// Applies `layer` of `context` (JSON-LD 1.1 API §4.1.2).
    pub(super) fn apply(&mut self, active: Active, context: &'x Context, layer: &'x Layer, by: By) -> Result<Active, LdError> {
        let overrides = by == By::Property;
        let propagate = layer.propagate.unwrap_or(by != By::Type);
        if !propagate && (by == By::Document || active.top == 0) {
            return Err(LdError::Unsupported);
        }
        if layer.reset {
            if !overrides && self.any_protected(active.top) {
                return Err(LdError::ProtectedTerm);
            }
        } else {
            self.check_needs(active.top, layer)?;
            if !overrides {
                self.check_protected(active.top, context, layer)?;
            }
        }
        let below = if layer.reset { None } else { self.frame(active.top) };
        let frame = Frame {
            context,
            layer,
            below: if layer.reset { 0 } else { active.top },
            overrides,
            prefixes: layer.prefixes || below.is_some_and(|below| below.prefixes),
            alias_lengths: layer.alias_lengths | below.map_or(0, |below| below.alias_lengths),
            vocab: match &layer.vocab {
                Vocab::Unchanged => below.and_then(|below| below.vocab),
                Vocab::Cleared => None,
                Vocab::Iri(iri) => Some(iri),
            },
        };
        self.0.push(frame);
        let top = u32::try_from(self.0.len()).map_err(|_| LdError::TooMany)?;
        let previous = match propagate {
            false if active.previous == 0 => active.top,
            true if layer.reset => 0,
            _ => active.previous,
        };
        Ok(Active { top, previous })
    }

    fn any_protected(&self, top: u32) -> bool {
        let mut at = top;
        while let Some(frame) = self.frame(at) {
            if frame.layer.terms.iter().any(|term| term.protected) {
                return true;
            }
            at = frame.below;
        }
        false
    }

    /// The context that the layer was compiled against must be in force where it is applied, or its IRIs would be others.
    fn check_needs(&self, top: u32, layer: &Layer) -> Result<(), LdError> {
        for need in layer.needs.iter() {
            let holds = if need.name == "@vocab" {
                let assumed = if let Some((Means::Iri(iri), _)) = &need.found { Some(iri.as_ref()) } else { None };
                self.vocab(top) == assumed
            } else {
                let found = self.find_hashed(top, need.hash, &need.name).map(|(_, term)| (&term.means, term.prefix));
                found == need.found.as_ref().map(|(means, prefix)| (means, *prefix))
            };
            if !holds {
                return Err(LdError::Unsupported);
            }
        }
        Ok(())
    }

    /// No term of `layer` may say something else than a protected definition in force (API §4.2.2 step 27).
    fn check_protected(&self, top: u32, context: &Context, layer: &Layer) -> Result<(), LdError> {
        let own = context.layers.first().filter(|_| layer.clean);
        for term in layer.terms.iter() {
            let mut at = top;
            while let Some(frame) = self.frame(at) {
                // Over its own document's definitions the compiler has checked it.
                let checked = own.is_some_and(|own| core::ptr::eq(own, frame.layer));
                if !checked && let Some(old) = frame.layer.find(term.hash, &term.name) {
                    if old.protected {
                        if !context.agrees(term, frame.context, old) {
                            return Err(LdError::ProtectedTerm);
                        }
                        break;
                    }
                    if frame.overrides {
                        // It took the place of whatever is below.
                        break;
                    }
                }
                at = frame.below;
            }
        }
        Ok(())
    }

    /// Returns the definition of `name`.
    pub(super) fn find(&self, top: u32, name: &str) -> Option<Definition<'x>> {
        self.find_hashed(top, hash(name), name)
    }

    fn find_hashed(&self, top: u32, hash: u32, name: &str) -> Option<Definition<'x>> {
        let mut at = top;
        while let Some(frame) = self.frame(at) {
            if let Some(term) = frame.layer.find(hash, name) {
                return Some((frame.context, term));
            }
            at = frame.below;
        }
        None
    }

    /// Returns true if a term in force means `iri`.
    pub(super) fn names(&self, top: u32, iri: &str) -> bool {
        let hash = hash(iri);
        let mut at = top;
        while let Some(frame) = self.frame(at) {
            if frame.layer.names(hash, iri) {
                return true;
            }
            at = frame.below;
        }
        false
    }

    pub(super) fn vocab(&self, top: u32) -> Option<&'x str> {
        self.frame(top).and_then(|frame| frame.vocab)
    }

    /// Returns true if `text`, which has a colon, would be read as prefix and suffix (API §5.2.2 step 6).
    pub(super) fn is_compact(&self, top: u32, text: &str) -> bool {
        self.frame(top).is_some_and(|frame| frame.prefixes)
            && text
                .split_once(':')
                .is_some_and(|(prefix, suffix)| !suffix.starts_with("//") && self.find(top, prefix).is_some_and(|(_, term)| term.prefix))
    }

    /// Returns the keyword that `name` is or stands for.
    pub(super) fn keyword(&self, top: u32, name: &str) -> Result<Option<Keyword>, LdError> {
        if name.starts_with('@') {
            return match Keyword::read(name) {
                None if keyword_like(name) => Err(LdError::Keyword),
                keyword => Ok(keyword),
            };
        }
        if self.frame(top).is_none_or(|frame| frame.alias_lengths >> name.len().min(63) & 1 == 0) {
            return Ok(None);
        }
        Ok(self.find(top, name).and_then(|(_, term)| if let Means::Keyword(keyword) = term.means { Some(keyword) } else { None }))
    }
}
