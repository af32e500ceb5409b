//! Which key signs what. Private keys stay where they were unlocked (the vault, an HSM); here are only [`Signer`]s.

use core::fmt;
use waypass_credential::key::{Algorithm, PublicKey, Signer};

pub use waypass_trust::bundle::{KeyState, KeyUse};

/// The role of an unlocked key; a key has one role (threats.md A13, A21).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyRole {
    /// The use in its record in the bundle: credentials, status lists or receipts.
    Record(KeyUse),
    /// Signs `root`: k of n, best kept offline.
    Root,
    /// Signs `targets` (authorities, gates, policy): k of n, may be kept offline.
    Targets,
    /// Signs `snapshot`: which versions belong together.
    Snapshot,
    /// Signs `timestamp`: how fresh all of it is.
    Timestamp,
}

impl KeyRole {
    /// Every role of an issuer's keys, in the order `init` creates them.
    pub const ALL: [Self; 7] = [
        Self::Record(KeyUse::Credential),
        Self::Record(KeyUse::Status),
        Self::Record(KeyUse::Intake),
        Self::Root,
        Self::Targets,
        Self::Snapshot,
        Self::Timestamp,
    ];

    /// Returns the name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record(KeyUse::Credential) => "credential",
            Self::Record(KeyUse::Status) => "status",
            Self::Record(KeyUse::Lease) => "lease",
            Self::Record(KeyUse::Time) => "time",
            Self::Record(KeyUse::Intake) => "intake",
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
        }
    }
}

impl From<KeyUse> for KeyRole {
    fn from(key_use: KeyUse) -> Self {
        Self::Record(key_use)
    }
}

impl fmt::Display for KeyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The unlocked keys of one session. Dropping it does not lock the vault they came from.
#[derive(Default)]
pub struct Keys<'k>(Vec<(KeyRole, Box<dyn Signer + 'k>)>);

impl<'k> Keys<'k> {
    /// Returns a set without keys.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns these keys and one more. Several keys may share a role: two algorithms for credentials, n of a threshold.
    #[must_use]
    pub fn with(mut self, role: impl Into<KeyRole>, signer: impl Signer + 'k) -> Self {
        self.add(role, signer);
        self
    }

    /// Adds a key.
    pub fn add(&mut self, role: impl Into<KeyRole>, signer: impl Signer + 'k) {
        self.0.push((role.into(), Box::new(signer)));
    }

    /// Returns the keys of one role, in the order they were added.
    pub fn of(&self, role: impl Into<KeyRole>) -> impl Iterator<Item = &(dyn Signer + 'k)> {
        let role = role.into();
        self.0.iter().filter(move |(held, _)| *held == role).map(|(_, signer)| &**signer)
    }

    /// Returns the first key of a role that signs with `algorithm`.
    pub fn signing(&self, role: impl Into<KeyRole>, algorithm: Algorithm) -> Option<&(dyn Signer + 'k)> {
        self.of(role).find(|signer| signer.public_key().algorithm() == algorithm)
    }

    /// Returns the key of a role whose public half is `key`.
    pub fn matching(&self, role: impl Into<KeyRole>, key: &PublicKey) -> Option<&(dyn Signer + 'k)> {
        self.of(role).find(|signer| signer.public_key() == key)
    }
}

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(role, signer)| (role, signer.public_key()))).finish()
    }
}
