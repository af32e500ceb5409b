//! Sealed signing keys: one key store for issuer, gate and holder keys.

use core::{fmt, marker::PhantomData};
use waypass_credential::key::{PublicKey, SignError, Signature, Signer};

/// Names a sealed key in its vault.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId([u8; 16]);

impl KeyId {
    /// From its 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a key is for. A key has one purpose.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyPurpose {
    /// Bound into a credential as `cnf`; never leaves the device, not even in a backup.
    Holder,
    /// A gate's identity; never leaves the device.
    Gate,
    /// Signs credentials.
    Credential,
    /// Signs status lists.
    Status,
    /// Signs leases.
    Lease,
    /// Signs time.
    Time,
    /// Signs audit receipts.
    Intake,
    /// Signs the root of trust.
    Root,
    /// Signs bundle targets.
    Targets,
    /// Signs bundle snapshots.
    Snapshot,
    /// Signs bundle timestamps.
    Timestamp,
}

/// A sealed key as anyone may know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyInfo {
    /// Its name in this vault.
    pub id: KeyId,
    /// The public half.
    pub public_key: PublicKey,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// Retired keys are kept and listed, and sign no more.
    pub retired: bool,
}

/// A signer whose private key is wiped when it is dropped; it cannot outlive the unlocked vault it came from
/// (`'static` ones, from [`crate::Unlocked::service_signer`], can).
pub struct KeySigner<'u> {
    public_key: PublicKey,
    scope: PhantomData<&'u ()>,
}

impl Signer for KeySigner<'_> {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        todo!()
    }
}
