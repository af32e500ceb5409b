//! The holder: holds, presents with consent, keeps history. It does no I/O of its own: what it keeps is in the vault that it is given.
//!
//! A [`Wallet`] is built on an open vault. [`Wallet::hold`] verifies a credential before it keeps it. [`Wallet::list`] says what each is
//! worth now; [`Wallet::propose`] finds the answer to a gate's request and says what it would show, and only [`Proposal::approve`] makes
//! it. Everything that happens goes into the holder's own history before it takes effect.
//!
//! Losing the device loses the holder keys: a restored backup says which credentials must be issued again.

use waypass_credential::key::{Algorithm, PublicKey};
use waypass_vault::{Belief, BeliefError, KeyInfo, KeyPurpose, KeySigner, TrustStore, Unlocked, VaultError};

mod acknowledge;
mod aside;
mod ask;
mod backup;
mod credential_id;
mod error;
mod history;
mod hold;
mod present;
mod records;
mod show;
mod sync;

pub use aside::{Aside, Awaited, Kept, Unfinished, aside_in};
pub use ask::{AskError, Asked, Asker};
pub use backup::{DEVICE_TABLE, Restored};
pub use credential_id::{CredentialId, NotAnId};
pub use error::{HoldError, Missing, PresentError, WalletError};
pub use history::{Detail, HistoryEntry, HistoryError};
pub use hold::{Held, Removal};
pub use present::{Claim, ClaimKind, Proposal, Warning};
pub use show::{Card, Filter, Listing, Standing};
pub use sync::Reader;

/// A holder's wallet on an open vault; dropping it locks the vault.
pub struct Wallet<'v> {
    vault: Unlocked<'v>,
}

impl<'v> Wallet<'v> {
    /// Returns the wallet kept in this vault; an empty vault is an empty wallet.
    pub const fn new(vault: Unlocked<'v>) -> Self {
        Self { vault }
    }

    /// Returns the vault: slots, findings, locking.
    pub const fn vault(&self) -> &Unlocked<'v> {
        &self.vault
    }

    /// Returns the vault, to be parked while a person is asked.
    pub const fn vault_mut(&mut self) -> &mut Unlocked<'v> {
        &mut self.vault
    }

    /// Makes a holder key. Ed25519 suits both credential formats; issuers that take P-256 or P-384 alone need another.
    pub fn create_holder_key(&self, algorithm: Algorithm) -> Result<KeyInfo, VaultError> {
        self.vault.generate_key(algorithm, KeyPurpose::Holder)
    }

    /// Returns the holder keys that can sign: neither retired nor concerned by something that the vault found.
    pub(crate) fn holder_keys(&self) -> Result<Vec<KeyInfo>, VaultError> {
        let (mut keys, altered) = (self.vault.keys()?, self.vault.altered_keys()?);
        keys.retain(|key| key.purpose == KeyPurpose::Holder && !key.retired && !altered.contains(&key.id));
        Ok(keys)
    }

    /// Returns the first holder key of this algorithm, made if the wallet has none.
    pub fn holder_key(&self, algorithm: Algorithm) -> Result<KeyInfo, VaultError> {
        match self.holder_keys()?.into_iter().find(|key| key.public_key.algorithm() == algorithm) {
            Some(key) => Ok(key),
            None => self.create_holder_key(algorithm),
        }
    }

    /// Returns every kind of key that can hold a credential, in the order to prefer: those that this wallet has a key of come first.
    pub fn algorithms(&self) -> Result<Vec<Algorithm>, VaultError> {
        let held = self.holder_keys()?;
        let has_key = |algorithm: &Algorithm| held.iter().any(|key| key.public_key.algorithm() == *algorithm);
        let mut algorithms = vec![Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];
        algorithms.sort_by_key(|algorithm| !has_key(algorithm));
        Ok(algorithms)
    }

    /// Returns a signer for a holder key that can sign: for the key proof when a credential is picked up, with the vault parked.
    pub fn signer(&self, key: &PublicKey) -> Result<KeySigner<'static>, HoldError> {
        let id = self.usable(|held| held == key)?.id;
        Ok(self.vault.service_signer(id)?)
    }

    /// Finds the holder key that `is_it`, and says why if nothing can be signed with it.
    fn usable(&self, is_it: impl Fn(&PublicKey) -> bool) -> Result<KeyInfo, HoldError> {
        if let Some(key) = self.holder_keys()?.into_iter().find(|key| is_it(&key.public_key)) {
            return Ok(key);
        }
        let altered = self.vault.altered_keys()?;
        let is_altered = self.vault.keys()?.iter().any(|key| is_it(&key.public_key) && altered.contains(&key.id));
        Err(if is_altered { HoldError::KeyAltered } else { HoldError::AnotherHolder })
    }
}

/// Upgrades the vault of a wallet of 0.1.0: adopts the trust files that lie there, this once. Returns true if something was upgraded.
pub fn upgrade(vault: &Unlocked<'_>, store: TrustStore) -> Result<bool, BeliefError> {
    if !vault.needs_upgrade() {
        return Ok(false);
    }
    vault.upgrade(|_| Belief::new(vault, store, None).adopt_files_of_0_1_0())?;
    Ok(true)
}

#[cfg(test)]
mod tests;
