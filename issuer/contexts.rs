//! JSON-LD contexts for claims that only this site has: taken in from a file, published in the bundle, used in issuing.
//!
//! A context brings names for personal claims into documents. Gates and wallets know it by its digest in the signed targets and never
//! fetch it; the URL is a name. Credentials are issued under a context once targets that name it are in effect: gates that lack it
//! would refuse them.

use crate::office::{CONTEXTS, Compiled, Issuer};
use crate::parts::TARGETS;
use crate::store::StoreError;
use crate::targets::Renewal;
use core::fmt;
use std::rc::Rc;
use waypass_credential::json;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{BundleError, ContextReference, Digest, MAX_CONTEXT, TargetsPart};

/// The documents, those included that only the targets in effect still name.
const DOCUMENTS: &str = "context-documents";

/// Why a context is not taken in, or not let go. Earlier contexts stay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ContextError {
    /// The document is not UTF-8.
    NotText,
    /// A context of this URL is there already.
    Taken(String),
    /// No context has this URL.
    Unknown(String),
    /// A publication with it would not be accepted by a gate.
    Refused(BundleError),
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Takes in a context under `id`; `replace` puts it in the place of the one with that URL. It enters the bundle with the next
    /// publication.
    pub fn add_context(&mut self, id: &str, document: &[u8], replace: bool, at: Timestamp) -> Result<ContextReference, ContextError> {
        if document.len() > MAX_CONTEXT {
            let part = waypass_trust::bundle::PartName::File;
            return Err(ContextError::Refused(BundleError::TooLarge { part, bytes: document.len(), limit: MAX_CONTEXT }));
        }
        let document = core::str::from_utf8(document).map_err(|_| ContextError::NotText)?;
        let added = ContextReference { id: id.to_owned(), sha256: Digest::of(document.as_bytes()) };
        let mut contexts = self.contexts()?;
        match contexts.iter_mut().find(|held| held.id == id) {
            Some(_) if !replace => return Err(ContextError::Taken(id.to_owned())),
            Some(held) => *held = added.clone(),
            None => contexts.push(added.clone()),
        }
        self.keep_contexts(contexts, Some(document), at)?;
        Ok(added)
    }

    /// Lets a context go: it leaves the bundle with the next publication, and credentials that name it are read no more.
    pub fn remove_context(&mut self, id: &str, at: Timestamp) -> Result<ContextReference, ContextError> {
        let mut contexts = self.contexts()?;
        let place = contexts.iter().position(|held| held.id == id).ok_or_else(|| ContextError::Unknown(id.to_owned()))?;
        let removed = contexts.remove(place);
        self.keep_contexts(contexts, None, at)?;
        Ok(removed)
    }

    /// Returns the documents of the contexts that `targets` name.
    pub(crate) fn context_documents(&self, targets: &TargetsPart) -> Result<Vec<String>, StoreError> {
        if targets.contexts.is_empty() {
            return Ok(Vec::new());
        }
        let documents: Vec<String> = self.held(DOCUMENTS, "the context documents")?;
        Ok(documents.into_iter().filter(|document| is_named(document, targets)).collect())
    }

    /// Returns those under which credentials may be issued now: named by the targets in effect, and to be named by the next. They are
    /// compiled when one of the documents that they come from has changed, and kept.
    pub(crate) fn usable_contexts(&self) -> Result<Rc<KnownContexts>, StoreError> {
        let of = self.store.digests([TARGETS, CONTEXTS, DOCUMENTS])?;
        if let Some(compiled) = self.compiled.borrow().as_ref().filter(|compiled| compiled.of == of) {
            return Ok(Rc::clone(&compiled.contexts));
        }
        tracing::trace!(event = "contexts_compiled");
        let contexts = Rc::new(self.compile_contexts()?);
        self.compiled.replace(Some(Compiled { of, contexts: Rc::clone(&contexts) }));
        Ok(contexts)
    }

    fn compile_contexts(&self) -> Result<KnownContexts, StoreError> {
        let wanted = self.contexts()?;
        let Some((_, mut in_effect)) = self.targets()?.filter(|_| !wanted.is_empty()) else { return Ok(KnownContexts::new()) };
        in_effect.contexts.retain(|context| wanted.contains(context));
        // They were checked before they were stored.
        in_effect.check_contexts(self.context_documents(&in_effect)?).map_err(|_| StoreError::Corrupt("the contexts"))
    }

    fn keep_contexts(&mut self, contexts: Vec<ContextReference>, brought: Option<&str>, at: Timestamp) -> Result<(), ContextError> {
        let mut wanted = self.targets_part(1, Renewal::Targets, at)?;
        wanted.contexts = contexts;
        wanted.check()?;
        let mut documents: Vec<String> = self.held(DOCUMENTS, "the context documents")?;
        documents.extend(brought.filter(|brought| !documents.iter().any(|held| held == brought)).map(str::to_owned));
        wanted.check_contexts(documents.iter().filter(|document| is_named(document, &wanted)).cloned().collect())?;
        // Until other targets are signed, perhaps far from here, publications still need what those in effect name.
        let in_effect = self.targets()?.map(|(_, part)| part);
        documents.retain(|document| is_named(document, &wanted) || in_effect.as_ref().is_some_and(|part| is_named(document, part)));
        let (contexts, documents) = (json::to_string(&wanted.contexts), json::to_string(&documents));
        Ok(self.store.transact(|tx| tx.set_documents(&[(CONTEXTS, contexts.as_bytes()), (DOCUMENTS, documents.as_bytes())]))?)
    }
}

fn is_named(document: &str, targets: &TargetsPart) -> bool {
    let digest = Digest::of(document.as_bytes());
    targets.contexts.iter().any(|named| named.sha256 == digest)
}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText => f.write_str("the context is not a text in UTF-8"),
            Self::Taken(id) => write!(f, "a context called {id:?} is in use already"),
            Self::Unknown(id) => write!(f, "no context is called {id:?}"),
            Self::Refused(why) => why.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for ContextError {}

impl From<StoreError> for ContextError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl From<BundleError> for ContextError {
    fn from(why: BundleError) -> Self {
        Self::Refused(why)
    }
}

#[cfg(test)]
mod tests;
