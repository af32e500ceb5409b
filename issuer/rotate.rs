//! Replacing keys: a new one takes the place of one that retires or was stolen.

use crate::ceremony::{CeremonyError, RootFile, RootKeys};
use crate::keys::{KeyRole, KeyState, KeyUse};
use crate::office::Issuer;
use crate::settings::rounded;
use crate::store::{KeyRow, StoreError};
use core::fmt;
use waypass_credential::key::PublicKey;
use waypass_credential::time::Timestamp;

/// Why a key was not registered, retired or given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyError {
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
    /// Registers `new` for `key_use` and retires the keys of that use with the same algorithm: what they signed up to now
    /// stays good. Gates learn of both with the next publication; the signer must be among the unlocked keys by then.
    pub fn rotate_key(&mut self, key_use: KeyUse, new: &PublicKey, at: Timestamp) -> Result<(), KeyError> {
        let mut rows = self.store.keys()?;
        let multikey = new.to_multikey();
        if rows.iter().any(|row| row.multikey == multikey) {
            return Err(KeyError::Registered);
        }
        let replaced = |row: &KeyRow| {
            let same_algorithm = PublicKey::from_multikey(&row.multikey).is_ok_and(|key| key.algorithm() == new.algorithm());
            row.key_use == key_use && row.state == KeyState::Active && same_algorithm
        };
        rows.retain(replaced);
        for row in &mut rows {
            row.state = KeyState::Retired;
            row.issued_until = Some(at);
        }
        rows.push(KeyRow {
            multikey,
            key_use,
            state: KeyState::Active,
            not_before: rounded(at, self.settings.time_granularity_seconds),
            issued_until: None,
        });
        Ok(self.store.transact(|tx| {
            tx.put_keys(&rows);
            Ok(())
        })?)
    }

    /// Returns the keys that the newest root names, each with its role there.
    pub fn root_keys(&self) -> Result<Vec<(KeyRole, PublicKey)>, StoreError> {
        let Some(root) = self.newest_root()? else { return Ok(Vec::new()) };
        let RootKeys { root, targets, snapshot, timestamp } = root.part().roles.clone();
        let all = [(KeyRole::Root, root), (KeyRole::Targets, targets), (KeyRole::Snapshot, snapshot), (KeyRole::Timestamp, timestamp)];
        Ok(all.into_iter().flat_map(|(role, quorum)| quorum.keys.into_iter().map(move |key| (role, key))).collect())
    }

    /// Puts `new` in the place of `old` in the root of trust, with the keys that are unlocked here: the next root is made, signed and in
    /// effect at once. If officers elsewhere must sign, it takes a ceremony ([`Self::prepare_root`]).
    pub fn replace_root_key(&mut self, old: &PublicKey, new: &PublicKey, at: Timestamp) -> Result<RootFile, CeremonyError> {
        let mut keys = self.newest_root()?.ok_or(CeremonyError::NoRoot)?.part().roles.clone();
        for role in [&mut keys.root, &mut keys.targets, &mut keys.snapshot, &mut keys.timestamp] {
            role.keys.iter_mut().filter(|key| *key == old).for_each(|key| key.clone_from(new));
        }
        self.establish_root(&keys, at)
    }

    /// Gives a stolen key up: with the next publication everything it ever signed is refused. Cannot be undone.
    pub fn give_up_key(&mut self, key: &PublicKey) -> Result<(), KeyError> {
        let multikey = key.to_multikey();
        let mut row = self.store.keys()?.into_iter().find(|row| row.multikey == multikey).ok_or(KeyError::Unknown)?;
        if row.state == KeyState::Compromised {
            return Err(KeyError::Compromised);
        }
        row.state = KeyState::Compromised;
        row.issued_until = None;
        Ok(self.store.transact(|tx| {
            tx.put_keys(core::slice::from_ref(&row));
            Ok(())
        })?)
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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
