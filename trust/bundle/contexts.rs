//! The JSON-LD contexts that a bundle carries: named by digest in the signed targets, their documents in the file.
//!
//! A document is carried as it is, since its digest is over its bytes, and once, however many URLs it goes by. Every context that the
//! targets name must be there: without it credentials would be unreadable that the site's issuer has signed.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use waypass_credential::jsonld::KnownContexts;

use super::error::{BundleError, Rule};
use crate::parts::{ContextReference, Digest, PartName, TargetsPart};

/// One context document may be this large; the largest in use has 60 kB, and the JSON-LD reader takes no larger one.
pub const MAX_CONTEXT: usize = 256 * 1024;

/// The contexts of a bundle, verified and compiled.
#[derive(Clone, Debug, Default)]
pub(super) struct Contexts {
    pub(super) known: KnownContexts,
    pub(super) documents: Vec<String>,
}

impl Contexts {
    /// Takes the documents that `targets` name, all of them and no others.
    pub(super) fn open(documents: Vec<String>, targets: &TargetsPart) -> Result<Self, BundleError> {
        let rule = |broken| Err(BundleError::Rule { part: PartName::Targets, broken });
        let mut digests: Vec<Digest> = Vec::with_capacity(documents.len());
        for document in &documents {
            if document.len() > MAX_CONTEXT {
                return Err(BundleError::TooLarge { part: PartName::File, bytes: document.len(), limit: MAX_CONTEXT });
            }
            let digest = Digest::of(document.as_bytes());
            if digests.contains(&digest) {
                return rule(Rule::Duplicate("a context document".to_owned()));
            }
            if !targets.contexts.iter().any(|named| named.sha256 == digest) {
                return rule(Rule::UnknownContext(digest));
            }
            digests.push(digest);
        }
        let mut known = KnownContexts::new();
        for ContextReference { id, sha256 } in &targets.contexts {
            let Some(at) = digests.iter().position(|digest| digest == sha256) else {
                return rule(Rule::MissingContext(id.clone()));
            };
            let carried = known.carry(id, &sha256.0, documents[at].as_bytes());
            carried.map_err(|why| BundleError::Context { id: id.clone(), why })?;
        }
        Ok(Self { known, documents })
    }
}
