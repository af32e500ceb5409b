//! The root of trust and its chain: k of n keys, each step signed by the thresholds of both versions.

use alloc::{string::String, vec::Vec};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use waypass_credential::key::PublicKey;

use super::{
    envelope::Envelope,
    error::BundleError,
    rules,
    signed::{Signed, read, untrusted_version},
};
use crate::parts::{Digest, PartName, RootPart, SigningRole};
use crate::time::TimeSigner;

/// Root steps that one update may take (trust.md "root steps per update are capped"; TUF §5.3.3 leaves the number open).
/// A published file carries this many roots before its newest.
pub const MAX_ROOT_STEPS: usize = 32;

/// A root that is trusted: pinned first, then followed step by step.
#[derive(Clone, Debug)]
pub struct Root(pub(super) Signed<RootPart>);

impl Root {
    /// Trusts the root in an envelope that came by a trusted way; it must be signed by its own threshold.
    pub fn open(envelope: &[u8]) -> Result<Self, BundleError> {
        if envelope.len() > 2 * super::MAX_PART {
            return Err(BundleError::TooLarge { part: PartName::Root, bytes: envelope.len(), limit: 2 * super::MAX_PART });
        }
        Self::from_envelope(serde_json::from_slice(envelope).map_err(|_| BundleError::Syntax(PartName::Root))?)
    }

    /// Finds the root whose payload has this SHA-256 digest, in a root envelope or in a bundle file.
    pub fn pin(signed: &[u8], digest: &Digest) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Chain {
            root: Vec<Envelope>,
        }
        if signed.len() > super::MAX_BUNDLE {
            return Err(BundleError::TooLarge { part: PartName::File, bytes: signed.len(), limit: super::MAX_BUNDLE });
        }
        let roots = match serde_json::from_slice::<Chain>(signed) {
            Ok(chain) => chain.root,
            Err(_) => [serde_json::from_slice(signed).map_err(|_| BundleError::Syntax(PartName::Root))?].into(),
        };
        let pinned = |root: &Envelope| root.untrusted_payload().is_ok_and(|payload| Digest::of(&payload) == *digest);
        let envelope = roots.into_iter().find(pinned).ok_or(BundleError::NotPinned(*digest))?;
        Self::from_envelope(envelope)
    }

    /// Returns the envelope as JSON: opens again with [`Self::open`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.envelope.to_bytes()
    }

    /// SHA-256 of the payload: what a person compares, and what [`Self::pin`] takes.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// Returns its version.
    pub fn version(&self) -> u64 {
        self.0.part.version
    }

    /// Returns its content.
    pub fn part(&self) -> &RootPart {
        &self.0.part
    }

    /// Returns true if `newer` has the same timestamp and snapshot keys as this root.
    pub(crate) fn keeps_online_keys(&self, newer: &Self) -> bool {
        let same = |a: &SigningRole, b: &SigningRole| a.keys.len() == b.keys.len() && a.keys.iter().all(|key| b.has(key));
        let (old, new) = (&self.part().roles, &newer.part().roles);
        same(&old.timestamp, &new.timestamp) && same(&old.snapshot, &new.snapshot)
    }

    /// Returns whose signed times count under this root: the timestamp role, in any order of its keys.
    pub(super) fn time_signer(&self) -> TimeSigner {
        let mut keys: Vec<String> = self.part().roles.timestamp.keys.iter().map(PublicKey::to_multikey).collect();
        keys.sort_unstable();
        let hash = Sha256::new().chain_update(b"waypass/v1/time-signer");
        TimeSigner(keys.iter().fold(hash, |hash, key| hash.chain_update([0]).chain_update(key)).finalize().into())
    }

    /// Returns the root after this one: its version is the next, and both thresholds signed it.
    pub fn next(&self, envelope: &[u8]) -> Result<Self, BundleError> {
        if envelope.len() > 2 * super::MAX_PART {
            return Err(BundleError::TooLarge { part: PartName::Root, bytes: envelope.len(), limit: 2 * super::MAX_PART });
        }
        let envelope: Envelope = serde_json::from_slice(envelope).map_err(|_| BundleError::Syntax(PartName::Root))?;
        let (version, _) = untrusted_version(&envelope, &PartName::Root)?;
        self.step(envelope, version)
    }

    /// Returns a root signed by the threshold that it names itself.
    fn from_envelope(envelope: Envelope) -> Result<Self, BundleError> {
        let payload = envelope.untrusted_payload().map_err(|_| BundleError::Syntax(PartName::Root))?;
        let claimed: RootPart = read(&payload)?;
        rules::root(&claimed)?;
        Signed::open(envelope, &claimed.roles.root).map(Self)
    }

    /// Follows a chain through this root to the newest, each step verified. The roots before this one prove nothing to
    /// a device that has it. They are kept for devices with an older one, so they must be consistent too.
    pub(super) fn follow(&self, chain: Vec<Envelope>) -> Result<Vec<Self>, BundleError> {
        if chain.len() > MAX_ROOT_STEPS + 1 {
            return Err(BundleError::TooManyRoots { found: chain.len(), limit: MAX_ROOT_STEPS + 1 });
        }
        let mut followed: Vec<Self> = Vec::with_capacity(chain.len() + 1);
        for envelope in chain {
            let (version, payload) = untrusted_version(&envelope, &PartName::Root)?;
            if version == self.version() && Digest::of(&payload) != self.digest() {
                return Err(BundleError::Equivocation { part: PartName::Root, version });
            }
            let root = match followed.last() {
                Some(before) => before.step(envelope, version)?,
                // Its payload is this one, but its signatures here are a copy of their own: nothing in a file goes unread.
                None if version == self.version() => Self::from_envelope(envelope)?,
                None if version < self.version() => Self::from_envelope(envelope)?,
                None => {
                    let next = self.step(envelope, version)?;
                    followed.push(self.clone());
                    next
                }
            };
            followed.push(root);
        }
        match followed.last().map(Self::version) {
            Some(last) if last < self.version() => Err(BundleError::Rollback { part: PartName::Root, held: self.version(), found: last }),
            Some(_) => Ok(followed),
            None => Err(BundleError::Syntax(PartName::Root)),
        }
    }

    /// Returns true if `chain` comes through this root, or starts with the one that follows it.
    pub(super) fn leads_to(&self, chain: &[Self]) -> Result<(), BundleError> {
        let first = chain.first().ok_or(BundleError::Syntax(PartName::Root))?;
        if first.version() > self.version() {
            return self.step(first.0.envelope.clone(), first.version()).map(|_| ());
        }
        if chain.iter().any(|root| root.digest() == self.digest()) {
            return Ok(());
        }
        Err(BundleError::Equivocation { part: PartName::Root, version: self.version() })
    }

    /// Takes one step: the next version, signed by the threshold of this root and by its own (TUF §5.3.4, §5.3.5).
    fn step(&self, envelope: Envelope, version: u64) -> Result<Self, BundleError> {
        let expected = self.version().saturating_add(1);
        if version != expected {
            return Err(BundleError::RootChain { expected, found: version });
        }
        let next = Signed::<RootPart>::open(envelope, &self.part().roles.root)?;
        rules::root(&next.part)?;
        Signed::open(next.envelope, &next.part.roles.root).map(Self)
    }
}
