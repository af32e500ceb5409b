//! Which key signs what. Private keys stay with whoever unlocked them (the vault, an HSM); here are only [`Signer`]s.

use crate::issue::{Issuer, rounded};
use crate::store::{KeyRow, StoreError};
use core::fmt;
use waypass_credential::key::{Algorithm, PublicKey, Signer};
use waypass_credential::time::Timestamp;

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

/// Why a key was not registered, retired or given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyError {
    /// The registry is for credential, status and intake keys; the others stand in the root.
    InRoot(KeyUse),
    /// A key has one use, and one record.
    Registered,
    /// There is no such key.
    Unknown,
    /// A compromised key stays compromised.
    Compromised,
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// All credential, status and intake keys, oldest first.
    pub fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        self.store.keys()
    }

    /// Registers `new` for `key_use` and retires the keys of that use with the same algorithm: what they signed up to now
    /// stays good. Gates learn of both with the next publication; the signer must be among the unlocked keys by then.
    pub fn rotate_key(&mut self, key_use: KeyUse, new: &PublicKey, at: Timestamp) -> Result<(), KeyError> {
        if !matches!(key_use, KeyUse::Credential | KeyUse::Status | KeyUse::Intake) {
            return Err(KeyError::InRoot(key_use));
        }
        let mut rows = self.store.keys()?;
        let multikey = new.to_multikey();
        if rows.iter().any(|row| row.multikey == multikey) {
            return Err(KeyError::Registered);
        }
        let replaced = |row: &KeyRow| {
            let same_algorithm = PublicKey::from_multikey(&row.multikey).is_ok_and(|key| key.algorithm() == new.algorithm());
            row.key_use == key_use.as_str() && row.state == "active" && same_algorithm
        };
        rows.retain(replaced);
        for row in &mut rows {
            row.state = "retired".into();
            row.issued_until = Some(at);
        }
        rows.push(KeyRow {
            multikey,
            key_use: key_use.as_str().into(),
            state: "active".into(),
            not_before: rounded(at, self.settings.time_granularity_seconds),
            issued_until: None,
        });
        Ok(self.store.put_keys(&rows)?)
    }

    /// Gives a stolen key up: with the next publication everything it ever signed is refused. Cannot be undone.
    pub fn give_up_key(&mut self, key: &PublicKey) -> Result<(), KeyError> {
        let multikey = key.to_multikey();
        let mut row = self.store.keys()?.into_iter().find(|row| row.multikey == multikey).ok_or(KeyError::Unknown)?;
        if row.state == "compromised" {
            return Err(KeyError::Compromised);
        }
        row.state = "compromised".into();
        row.issued_until = None;
        Ok(self.store.put_keys(&[row])?)
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InRoot(key_use) => write!(f, "{key_use} keys stand in the root: prepare a new root instead"),
            Self::Registered => f.write_str("the key is registered already; a key has one use"),
            Self::Unknown => f.write_str("there is no such key"),
            Self::Compromised => f.write_str("the key was given up as compromised already"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for KeyError {}

impl From<StoreError> for KeyError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
