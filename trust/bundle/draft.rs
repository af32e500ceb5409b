//! The write side: what an issuer publishes is put together, signed and opened once as a gate would.

use alloc::{string::String, vec::Vec};
use waypass_credential::{key::Signer, time::Timestamp};

use super::{TrustBundle, envelope::Envelope, error::BundleError};

/// What goes into a bundle, before snapshot and timestamp are made.
#[derive(Clone, Debug)]
pub struct BundleDraft {
    /// The root chain, oldest first, ending in the root that signs for this bundle.
    pub root: Vec<Envelope>,
    /// The signed [`super::TargetsPart`].
    pub targets: Envelope,
    /// One status list token for every URI that the targets announce.
    pub lists: Vec<String>,
    /// Version of snapshot and timestamp: one more than last published.
    pub version: u64,
    /// The time of publishing.
    pub issued_at: Timestamp,
    /// Until when the timestamp and snapshot are stood behind.
    pub expires_at: Timestamp,
}

impl BundleDraft {
    /// Signs snapshot and timestamp, checks everything a gate will check and the rules of publishing besides.
    pub fn seal(self, snapshot: &[&dyn Signer], timestamp: &[&dyn Signer]) -> Result<TrustBundle, BundleError> {
        let _ = (self, snapshot, timestamp);
        todo!()
    }
}
