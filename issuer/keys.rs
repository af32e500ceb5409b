//! Which key signs what. Private keys stay with whoever unlocked them (the vault, an HSM); here are only [`Signer`]s.

use core::fmt;
use waypass_credential::key::{Algorithm, PublicKey, Signer};

/// What a key is for; a key has one use (threats.md A13, A21).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyUse {
    /// Signs credentials.
    Credential,
    /// Signs status lists.
    Status,
    /// Signs receipts for uploaded audit logs.
    Intake,
    /// Signs `root`: k of n, best kept offline.
    Root,
    /// Signs `targets` (authorities, gates, policy): k of n, may be kept offline.
    Targets,
    /// Signs `snapshot`: which versions belong together.
    Snapshot,
    /// Signs `timestamp`: how fresh all of it is.
    Timestamp,
}

impl KeyUse {
    /// Every use, in the order `init` creates them.
    pub const ALL: [Self; 7] = [Self::Credential, Self::Status, Self::Intake, Self::Root, Self::Targets, Self::Snapshot, Self::Timestamp];

    /// The name, used as the vault's key label: `credential`, `status`, `intake`, `root`, `targets`, `snapshot`, `timestamp`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Status => "status",
            Self::Intake => "intake",
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
        }
    }

    /// The use of a name; a label may carry a suffix after a dot (`credential.es256`).
    pub fn parse(label: &str) -> Option<Self> {
        let name = label.split_once('.').map_or(label, |(name, _)| name);
        Self::ALL.into_iter().find(|key_use| key_use.as_str() == name)
    }
}

impl fmt::Display for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The unlocked keys of one session. Dropping it does not lock the vault they came from.
#[derive(Default)]
pub struct Keys<'k>(Vec<(KeyUse, Box<dyn Signer + 'k>)>);

impl<'k> Keys<'k> {
    /// No keys.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// These keys and one more. Several keys may share a use: two algorithms for credentials, n of a threshold.
    #[must_use]
    pub fn with(mut self, key_use: KeyUse, signer: impl Signer + 'k) -> Self {
        self.add(key_use, signer);
        self
    }

    /// Adds a key.
    pub fn add(&mut self, key_use: KeyUse, signer: impl Signer + 'k) {
        self.0.push((key_use, Box::new(signer)));
    }

    /// The keys of one use, in the order they were added.
    pub fn of(&self, key_use: KeyUse) -> impl Iterator<Item = &(dyn Signer + 'k)> {
        self.0.iter().filter(move |(u, _)| *u == key_use).map(|(_, signer)| &**signer)
    }

    /// The first key of a use that signs with `algorithm`.
    pub fn signing(&self, key_use: KeyUse, algorithm: Algorithm) -> Option<&(dyn Signer + 'k)> {
        self.of(key_use).find(|signer| signer.public_key().algorithm() == algorithm)
    }

    /// The key of a use whose public half is `key`.
    pub fn matching(&self, key_use: KeyUse, key: &PublicKey) -> Option<&(dyn Signer + 'k)> {
        self.of(key_use).find(|signer| signer.public_key() == key)
    }
}

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(key_use, signer)| (key_use, signer.public_key()))).finish()
    }
}
