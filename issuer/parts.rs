//! The signed parts that are in effect, as the store holds them: roots and targets.

use crate::store::{Documents, StoreError};
use waypass_trust::bundle::{Envelope, Part as _, Root, TargetsPart};

/// The document of the targets in effect, and the counter of versions that were given out for targets.
pub(crate) const TARGETS: &str = "targets";
/// The counter of targets that took effect.
pub(crate) const TARGETS_IN_EFFECT: &str = "targets-in-effect";
/// The counter of versions that were given out for timestamps.
pub(crate) const TIMESTAMP: &str = "timestamp";
/// The counter of root versions that took effect.
pub(crate) const ROOTS: &str = "roots";
/// The counter below which targets in effect are signed anew, even if they say the same.
pub(crate) const LEAST_TARGETS: &str = "least-targets";

/// Targets as they are and as they would be, with the same dates.
#[derive(Clone, PartialEq, Debug)]
pub struct TargetsChange {
    /// In effect.
    pub before: TargetsPart,
    /// Wanted.
    pub after: TargetsPart,
}

/// Returns every root that a store has, oldest first.
pub(crate) fn roots(store: &dyn Documents) -> Result<Vec<Envelope>, StoreError> {
    let mut roots = Vec::new();
    while let Some(bytes) = store.document(&root_document(roots.len() as u64 + 1))? {
        roots.push(serde_json::from_slice(&bytes).map_err(|_| StoreError::Corrupt("a root"))?);
    }
    Ok(roots)
}

/// Returns the newest root.
pub(crate) fn newest_root(store: &dyn Documents) -> Result<Option<Root>, StoreError> {
    let newest = roots(store)?.pop();
    newest.map(|envelope| opened(&envelope)).transpose()
}

/// Opens a root that was checked before it was stored.
pub(crate) fn opened(root: &Envelope) -> Result<Root, StoreError> {
    Root::open(&root.to_bytes()).map_err(|_| StoreError::Corrupt("a root"))
}

/// Returns the targets in effect.
pub(crate) fn targets(store: &dyn Documents) -> Result<Option<(Envelope, TargetsPart)>, StoreError> {
    const DAMAGED: StoreError = StoreError::Corrupt("the targets");
    let Some(bytes) = store.document(TARGETS)? else { return Ok(None) };
    let envelope: Envelope = serde_json::from_slice(&bytes).map_err(|_| DAMAGED)?;
    let payload = envelope.untrusted_payload().map_err(|_| DAMAGED)?;
    let part: TargetsPart = serde_json::from_slice(&payload).map_err(|_| DAMAGED)?;
    if part.schema() == TargetsPart::SCHEMA { Ok(Some((envelope, part))) } else { Err(DAMAGED) }
}

pub(crate) fn root_document(version: u64) -> String {
    format!("root/{version}")
}
