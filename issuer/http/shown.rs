//! The published documents, in memory, in the pieces that are asked for.

use crate::publish::Publication;
use crate::settings::Settings;
use axum::body::Bytes;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use waypass_credential::base64url;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::Digest;
use waypass_trust::sync::{ListHeld, Manifest};

/// One answer: its bytes and their entity tag.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) bytes: Bytes,
    pub(super) tag: String,
}

impl Shown {
    fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { tag: format!("\"{}\"", Digest::of(&bytes)), bytes }
    }
}

/// Everything of one publication.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) at: Timestamp,
    pub(super) timestamp: u64,
    pub(super) bundle: Shown,
    pub(super) metadata: Shown,
    pub(super) manifest: Shown,
    pub(super) roots: BTreeMap<u64, Shown>,
    pub(super) lists: BTreeMap<String, Shown>,
}

/// The publication shown now; readers take a reference and are not disturbed by the next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    shown: Arc<RwLock<Option<Arc<Published>>>>,
    waiting: Arc<AtomicBool>,
}

impl Board {
    pub(super) fn read(&self) -> Option<Arc<Published>> {
        // A reference is swapped in one step: a writer that panicked left a whole one.
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_filled(&self) -> bool {
        self.read().is_some()
    }

    /// Returns true if nothing newer is published until a person has said something about the clock.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    pub(super) fn published_at(&self) -> Option<Timestamp> {
        self.read().map(|published| published.at)
    }

    pub(super) fn fill(&self, publication: &Publication, settings: &Settings) {
        let bundle = publication.opened();
        let versions = bundle.versions();
        let mut manifest = Manifest::default();
        manifest.root = versions.root;
        manifest.timestamp = versions.timestamp;
        manifest.snapshot = versions.snapshot;
        manifest.targets = versions.targets;
        manifest.policy = versions.policy;
        let prefix = format!("{}/lists/", settings.base_url);
        // Lists under our own address are asked for one by one. The lists of other issuers come with the metadata: their
        // addresses are not ours to answer for.
        manifest.lists = bundle
            .lists()
            .into_iter()
            .filter(|list| list.uri.starts_with(&prefix))
            .map(|list| ListHeld { uri: list.uri, issued_at: list.issued_at.unix(), sha256: list.digest.to_string() })
            .collect();
        let lists = publication.lists.iter().filter_map(|(uri, token)| {
            let id = uri.strip_prefix(&prefix)?;
            // A CWT is in the bundle as a text, and here as it is.
            let cwt = if token.contains(['.', '{']) { None } else { base64url::decode(token).ok() };
            Some((id.to_owned(), cwt.map_or_else(|| Shown::new(token.clone()), Shown::new)))
        });
        let published = Published {
            at: publication.published_at,
            timestamp: versions.timestamp,
            bundle: Shown::new(publication.bundle.clone()),
            metadata: Shown::new(bundle.to_bytes_with_lists(|uri| !uri.starts_with(&prefix))),
            manifest: Shown::new(manifest.to_bytes()),
            roots: publication.roots.iter().map(|(version, root)| (*version, Shown::new(root.clone()))).collect(),
            lists: lists.collect(),
        };
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(published));
    }
}
