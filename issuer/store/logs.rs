//! The records that gates sent.

use super::Result;
use waypass_credential::time::Timestamp;

/// How far a device's audit log was received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceRow {
    /// The next sequence number expected.
    pub next_seq: u64,
    /// The chain head after the last received leaf.
    pub head: [u8; 32],
    /// When and at which sequence number the device contradicted itself.
    pub forked: Option<(Timestamp, u64)>,
    /// The newest version of the targets that its records name.
    pub targets: u64,
    /// The length of its log where it began to send after what is held here; 0 if it never did.
    pub ahead: u64,
    /// True if somebody knows why, so that it proves nothing any more.
    pub forgiven: bool,
}

impl DeviceRow {
    /// A device of which nothing was received.
    pub const NEW: Self = Self { next_seq: 0, head: [0; 32], forked: None, targets: 0, ahead: 0, forgiven: false };
}

/// One received audit leaf.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeafRow {
    /// Its place in the device's log.
    pub seq: u64,
    /// Its hash, as the next leaf names it.
    pub hash: [u8; 32],
    /// Its bytes.
    pub leaf: Vec<u8>,
    /// When it was received.
    pub received_at: Timestamp,
}

/// Reads received logs.
pub trait Logs {
    /// Returns received leaves of a device from `from_seq` on, at most `limit`.
    fn leaves(&self, device: &str, from_seq: u64, limit: u32) -> Result<Vec<LeafRow>>;
}

/// Adds to received logs.
pub trait WriteLogs {
    /// Appends leaves to a device's log; [`super::StoreError::Taken`] if one is there.
    fn add_leaves(&mut self, device: &str, leaves: &[LeafRow]) -> Result<()>;
}
