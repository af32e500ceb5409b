//! Names and identifiers: what a text stands for (JSON-LD 1.1 API §5.2.2), and the spellings that are refused.

use super::LdError;
use super::active::Active;
use super::expand::Walk;
use super::table::{Means, is_iri, keyword_like};
use super::value::has_own_form;
use alloc::borrow::Cow;
use alloc::string::String;

impl<'x> Walk<'x> {
    /// Returns an identifier as a value or `@id` (API §5.2.2, not relative to anything).
    pub(super) fn id(&self, top: u32, text: &'x str) -> Result<&'x str, LdError> {
        self.absolute(top, text, LdError::RelativeId).map(|()| text)
    }

    /// Returns a type, a datatype or another vocabulary item (API §5.2.2 with `vocab`).
    pub(super) fn vocabulary(&self, top: u32, text: &'x str) -> Result<Cow<'x, str>, LdError> {
        if text.contains(':') {
            self.absolute(top, text, LdError::RelativeType)?;
            return if self.frames.names(top, text) { Err(LdError::Spelling) } else { Ok(Cow::Borrowed(text)) };
        }
        match self.frames.find(top, text).map(|(_, term)| &term.means) {
            Some(Means::Iri(iri)) => Ok(Cow::Borrowed(iri)),
            Some(Means::Keyword(_)) => Err(LdError::Keyword),
            Some(Means::Nothing) => Err(LdError::UndefinedTerm),
            None if keyword_like(text) => Err(LdError::Keyword),
            None => self.in_vocab(top, text)?.map(Cow::Owned).ok_or(LdError::RelativeType),
        }
    }

    /// The datatype of a value object. One whose literals have a form of their own is rejected, and so is a type with a scoped context,
    /// because that is not a datatype.
    pub(super) fn datatype(&self, active: Active, kind: &'x str) -> Result<Cow<'x, str>, LdError> {
        let datatype = self.vocabulary(active.top, kind)?;
        let is_scoped = self.frames.find(active.top, kind).is_some_and(|(_, term)| term.scope.is_some());
        if is_scoped || has_own_form(&datatype) { Err(LdError::Value) } else { Ok(datatype) }
    }

    fn absolute(&self, top: u32, text: &str, otherwise: LdError) -> Result<(), LdError> {
        if text.starts_with("_:") {
            return Err(LdError::BlankNode);
        }
        if !is_iri(text) {
            return Err(if keyword_like(text) { LdError::Keyword } else { otherwise });
        }
        if self.frames.is_compact(top, text) { Err(LdError::Spelling) } else { Ok(()) }
    }

    /// `name` under the `@vocab` in force, if there is one.
    pub(super) fn in_vocab(&self, top: u32, name: &str) -> Result<Option<String>, LdError> {
        let Some(vocab) = self.frames.vocab(top) else { return Ok(None) };
        let iri = [vocab, name].concat();
        if name.is_empty() || !is_iri(&iri) {
            return Err(LdError::UndefinedTerm);
        }
        if self.frames.names(top, &iri) { Err(LdError::Spelling) } else { Ok(Some(iri)) }
    }
}
