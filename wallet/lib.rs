//! The holder: holds, presents with consent, keeps history. It does no I/O of its own: what it keeps is in the vault that it is given.
//!
//! A [`Wallet`] is built on an open vault. [`Wallet::hold`] verifies a credential before it keeps it. [`Wallet::list`] says what each is
//! worth now; [`Wallet::propose`] finds the answer to a gate's request and says what it would show, and only [`Proposal::approve`] makes
//! it. Everything that happens goes into the holder's own history before it takes effect.
//!
//! Losing the device loses the holder keys: a restored backup says which credentials must be issued again.
//!
//! ```
//! use waypass_credential::request::{Query, Request};
//! use waypass_wallet::{Asked, Filter, Standing, Wallet};
//! # use std::path::Path;
//! # use waypass_credential::key::Signer as _;
//! # use waypass_credential::{Nonce, did};
//! # use waypass_machine::{SystemRng, clock, key_file};
//! # use waypass_trust::bundle::{Root, TrustBundle};
//! # use waypass_trust::time::{Limits, Reading, TimeGuard, TimeState};
//! # use waypass_vault::{Factors, KeyPurpose, Unlocked};
//! # type Fault = Box<dyn std::error::Error>;
//! # let place = tempfile::tempdir()?;
//! # let made = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/compat/0.1.0"));
//! # // Vaults that 0.1.0 made, copied where they may be written to.
//! # let opened = |home: &str, role: &str| -> Result<Unlocked<'static>, Fault> {
//! #     let folder = place.path().join(home);
//! #     std::fs::create_dir(&folder)?;
//! #     std::fs::copy(made.join(home).join(role).join("vault.db"), folder.join("vault.db"))?;
//! #     let file = place.path().join(format!("{home}.key"));
//! #     std::fs::copy(made.join(format!("{home}.key")), &file)?;
//! #     std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
//! #     let key = key_file::read(&file)?;
//! #     let vault = waypass_machine::open(&folder)?;
//! #     vault.into_unlocked(&Factors::one(&key), &clock::read()).map_err(|(_, why)| why.into())
//! # };
//! # let (vault, door) = (opened("wallet", "wallet")?, opened("gate", "verifier")?);
//! # let root = Root::open(&std::fs::read(made.join("wallet/trust/root.json"))?)?;
//! # let bundle = TrustBundle::open(&std::fs::read(made.join("bundle"))?, &root)?;
//! # let reading = Reading { wall: bundle.issued_at(), boottime_ms: 5_000, boot_id: [1; 16] };
//! # let (now, _) = TimeGuard::observe(&TimeState::default(), &reading, &Limits::default());
//! # let key = door.keys()?.into_iter().find(|key| key.purpose == KeyPurpose::Gate).ok_or("no gate")?;
//! # let signer = door.signer(key.id)?;
//! # let request = Request {
//! #     client_id: did::to_did_key(signer.public_key()),
//! #     nonce: Nonce([7; 16]),
//! #     issued_at: now.at(),
//! #     expires_at: now.at().plus(60),
//! #     purpose: "Night shift".into(),
//! #     query: Query::any_role(),
//! #     code: None,
//! # };
//! # let scanned = request.sign(&signer).map_err(|_| "not signed")?;
//!
//! // `vault` is unlocked, `bundle` is what this device believes, `now` is a moment that passed its time guard.
//! let wallet = Wallet::new(vault);
//! let held = wallet.list(Filter::All, Some(&bundle), &now)?.cards;
//! assert_eq!(held.iter().filter(|card| card.standing == Standing::InForce).count(), 1);
//!
//! // A gate's question, as it was scanned.
//! let asked = Asked::open(&scanned, Some(&bundle), &now)?;
//! assert_eq!(asked.request().purpose, "Night shift");
//! let proposal = wallet.propose(asked, Some(&bundle), &now)?;
//! // The holder sees each claim that would be shown, and agrees. Without that there is no presentation.
//! let shown: Vec<String> = proposal.discloses().iter().map(|claim| claim.path.to_string()).collect();
//! assert!(!shown.is_empty(), "{shown:?}");
//! let answer = proposal.approve(&mut SystemRng, &now)?;
//! assert!(!answer.as_bytes().is_empty());
//! assert_eq!(wallet.history()?.last().map(|entry| entry.event.clone()), Some("presented".to_owned()));
//! # Ok::<(), Fault>(())
//! ```

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
pub use ask::{AskError, Asked, Asker, CountCodes};
pub use backup::{DEVICE_TABLE, Restored};
pub use credential_id::{CredentialId, NotAnId};
pub use error::{HoldError, Missing, PresentError, WalletError};
pub use history::{Detail, HistoryEntry, HistoryError, note};
pub use hold::{Held, Removal};
pub use present::{Answer, Claim, ClaimKind, Proposal, Warning};
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
