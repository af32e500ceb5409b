//! Signing by people: `root` and `targets` with k-of-n keys on machines of their own. Prepare, sign elsewhere, assemble.

use crate::issue::Issuer;
use crate::store::StoreError;
use core::fmt;
use waypass_credential::key::{PublicKey, Signer};
use waypass_credential::time::Timestamp;

/// A role's keys and how many of them must sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quorum {
    /// The keys.
    pub keys: Vec<PublicKey>,
    /// How many different ones must sign.
    pub threshold: u32,
}

/// The keys of a root, role by role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootKeys {
    /// Sign `root`.
    pub root: Quorum,
    /// Sign `targets`.
    pub targets: Quorum,
    /// Sign `snapshot`.
    pub snapshot: Quorum,
    /// Sign `timestamp`.
    pub timestamp: Quorum,
}

/// Why a ceremony stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CeremonyError {
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Root keys of the simple case: one key per role, all in this issuer's vault.
    pub fn own_root_keys(&self) -> Result<RootKeys, CeremonyError> {
        todo!()
    }

    /// Prepares the next `root`: a file (JSON) to be signed by [`sign`] on the machines that hold the keys.
    pub fn prepare_root(&mut self, keys: &RootKeys, at: Timestamp) -> Result<Vec<u8>, CeremonyError> {
        let _ = (keys, at);
        todo!()
    }

    /// Prepares the next `targets`, likewise.
    pub fn prepare_targets(&mut self, at: Timestamp) -> Result<Vec<u8>, CeremonyError> {
        let _ = at;
        todo!()
    }

    /// Puts the signatures to what was prepared; once the thresholds are met it takes effect with the next publication.
    pub fn assemble(&mut self, request: &[u8], signatures: &[Vec<u8>], at: Timestamp) -> Result<(), CeremonyError> {
        let _ = (request, signatures, at);
        todo!()
    }

    /// The newest root, its file (`root.json`) and the digest to pin and to read out over the telephone.
    pub fn root(&self) -> Result<Option<RootFile>, CeremonyError> {
        todo!()
    }
}

/// A root to be carried to devices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootFile {
    /// Its version.
    pub version: u64,
    /// `root.json`.
    pub bytes: Vec<u8>,
    /// SHA-256 over the signed payload, lower-case hexadecimal.
    pub digest: String,
}

/// Signs a prepared request with one key; needs no issuer, runs on the key's own machine. Gives the signature file.
pub fn sign(request: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, CeremonyError> {
    let _ = (request, signer);
    todo!()
}

impl fmt::Display for CeremonyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for CeremonyError {}
