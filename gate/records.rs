//! The names of what a gate keeps in its vault.

/// The audit log.
pub(crate) const LOG: &str = "audit";
/// The gate's own records.
pub(crate) const GATE: &str = "gate";
/// The challenges that were asked lately.
pub(crate) const CHALLENGES: &str = "challenges";
/// The entries that each list denied when it was last looked at.
pub(crate) const COMPARED: &str = "compared";
/// Admissions that the gate would now refuse.
pub(crate) const FLAGS: &str = "flags";
/// The tag of a decision that may be an admission: its status entry.
pub(crate) const ENTRY: &str = "entry";
/// The tag of a record that says what became of another one.
pub(crate) const ABOUT: &str = "about";
pub(crate) const IDENTITY: &[u8] = b"identity";
pub(crate) const STATE: &[u8] = b"state";
/// The bundle that waits for the clock or for a person.
pub(crate) const ASIDE: &[u8] = b"bundle-aside";
pub(crate) const RECEIPT: &[u8] = b"receipt";
pub(crate) const VALIDATION: &[u8] = b"policy-validation";
