//! The names of what a gate keeps in its vault.

/// The audit log.
pub(crate) const LOG: &str = "audit";
/// The gate's own records.
pub(crate) const GATE: &str = "gate";
/// The challenges that were asked lately.
pub(crate) const CHALLENGES: &str = "challenges";
pub(crate) const IDENTITY: &[u8] = b"identity";
pub(crate) const STATE: &[u8] = b"state";
pub(crate) const RECEIPT: &[u8] = b"receipt";
pub(crate) const VALIDATION: &[u8] = b"policy-validation";
