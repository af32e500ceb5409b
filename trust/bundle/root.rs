//! The root of trust and its chain: k of n keys, each step signed by the thresholds of both versions.

use alloc::vec::Vec;

use super::{digest::Digest, envelope::Envelope, error::BundleError, parts::RootPart};

/// A root that is trusted: pinned first, then followed step by step.
#[derive(Clone, Debug)]
pub struct Root {
    pub(super) part: RootPart,
    pub(super) envelope: Envelope,
    pub(super) digest: Digest,
}

impl Root {
    /// Trusts the root in an envelope file that came by a trusted way; it must be signed by its own threshold.
    pub fn open(envelope: &[u8]) -> Result<Self, BundleError> {
        let _ = envelope;
        todo!()
    }

    /// Finds the root whose payload has this SHA-256 digest, in a root envelope or in a bundle file.
    pub fn pin(signed: &[u8], digest: &Digest) -> Result<Self, BundleError> {
        let _ = (signed, digest);
        todo!()
    }

    /// The envelope as JSON: opens again with [`Self::open`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.envelope.to_bytes()
    }

    /// SHA-256 of the payload: what a person compares, and what [`Self::pin`] takes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its version.
    pub fn version(&self) -> u64 {
        self.part.version
    }

    /// What it says.
    pub fn part(&self) -> &RootPart {
        &self.part
    }
}
