//! A part that was verified, together with the envelope that proves it.

use alloc::{string::String, vec::Vec};
use serde::Deserialize;

use super::{envelope::Envelope, error::BundleError};
use crate::parts::{Digest, Part, PartName, PartReference, SigningRole};

/// A verified part.
#[derive(Clone, Debug)]
pub(super) struct Signed<P> {
    pub(super) envelope: Envelope,
    pub(super) part: P,
    pub(super) digest: Digest,
}

impl<P: Part> Signed<P> {
    /// Believes an envelope that `role` signed.
    pub(super) fn open(envelope: Envelope, role: &SigningRole) -> Result<Self, BundleError> {
        let payload = envelope.verify(P::TYP, &P::NAME, role)?;
        let part = read(&payload)?;
        Ok(Self { envelope, part, digest: Digest::of(&payload) })
    }

    /// Like [`Self::open`] for a part that a part above it names.
    pub(super) fn open_named(envelope: Envelope, role: &SigningRole, reference: &PartReference) -> Result<Self, BundleError> {
        let signed = Self::open(envelope, role)?;
        if signed.digest != reference.sha256 {
            return Err(BundleError::Mismatch { part: P::NAME, expected: reference.sha256, found: signed.digest });
        }
        if signed.part.version() != reference.version {
            return Err(BundleError::VersionMismatch { part: P::NAME, expected: reference.version, found: signed.part.version() });
        }
        Ok(signed)
    }

    /// Returns the reference by which others name this part.
    pub(super) fn reference(&self) -> PartReference {
        PartReference { version: self.part.version(), sha256: self.digest }
    }

    /// Refuses a step back from `held`, and another content under its version.
    pub(super) fn no_older_than(&self, held: &Self) -> Result<(), BundleError> {
        let (held_version, version) = (held.part.version(), self.part.version());
        if version < held_version {
            return Err(BundleError::Rollback { part: P::NAME, held: held_version, found: version });
        }
        if version == held_version && self.digest != held.digest {
            return Err(BundleError::Equivocation { part: P::NAME, version });
        }
        Ok(())
    }
}

/// Reads a payload, its schema first: what another version wrote is not guessed at.
pub(super) fn read<P: Part>(payload: &[u8]) -> Result<P, BundleError> {
    check_schema(payload, P::SCHEMA, &P::NAME)?;
    serde_json::from_slice(payload).map_err(|_| BundleError::Syntax(P::NAME))
}

pub(super) fn check_schema(json: &[u8], schema: &str, part: &PartName) -> Result<(), BundleError> {
    #[derive(Deserialize)]
    struct Named {
        schema: String,
    }
    let named: Named = serde_json::from_slice(json).map_err(|_| BundleError::Syntax(part.clone()))?;
    if named.schema == schema { Ok(()) } else { Err(BundleError::Schema { part: part.clone(), found: named.schema }) }
}

/// Reads a version without believing anything else.
pub(super) fn untrusted_version(envelope: &Envelope, part: &PartName) -> Result<(u64, Vec<u8>), BundleError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    let payload = envelope.untrusted_payload().map_err(|_| BundleError::Syntax(part.clone()))?;
    let versioned: Versioned = serde_json::from_slice(&payload).map_err(|_| BundleError::Syntax(part.clone()))?;
    Ok((versioned.version, payload))
}
