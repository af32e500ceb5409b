//! A device's belief, compared with what its vault has sealed (trust.md "Belief is under the seal").
//!
//! The trust files are public, signed, and open to every program of the same user. Their signatures prove who made them. They do not
//! prove that they are the newest ones this device has seen, nor that this is the site it was set up for. So the vault keeps the newest
//! root and a [`Floor`], and every read compares:
//!
//! | file | answer |
//! |---|---|
//! | has the digest of the floor | believed |
//! | is ahead of the floor, and opens from the sealed root | adopted and sealed |
//! | is behind, missing, unreadable, or of another root | [`Tampering`] |
//!
//! Files are written first and sealed second. A power cut between the two leaves a file that is ahead, never one that is behind.
//! Several vaults share one trust folder, each with a floor of its own.

mod sealed;
#[cfg(test)]
mod tests;

use crate::error::{StorageError, VaultError};
use crate::trust_store::{TrustStore, TrustStoreError, put_next, put_roots};
use crate::unlocked::Unlocked;
use alloc::string::{String, ToString as _};
use core::fmt;
use sealed::{Held, Judged, Sealed};
use waypass_trust::bundle::{BundleError, Digest, Floor, Ingested, PartName, Root, TrustBundle};

/// The belief of the device of one open vault.
pub struct Belief<'v> {
    vault: &'v Unlocked<'v>,
    store: TrustStore,
    /// The id under which this device can be enrolled as a gate.
    device: Option<String>,
}

/// How the trust files differ from what the vault has sealed. Nothing is decided on them until a person brings better ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tampering {
    /// The bundle was removed.
    Missing,
    /// The bundle, or the root in the file, is older than what this device has seen, unreadable, or not signed as it must be.
    Bundle(BundleError),
    /// The root file names another root of trust. Its digest, as people compare it.
    OtherRoot(String),
    /// The vault's own records about trust cannot be read.
    Seal,
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the trust bundle was removed from this device"),
            Self::Bundle(why @ (BundleError::Rollback { .. } | BundleError::Equivocation { .. })) => {
                write!(f, "the trust bundle on this device was put back or replaced: {why}")
            }
            Self::Bundle(why) => write!(f, "the trust bundle on this device was changed: {why}"),
            Self::OtherRoot(digest) => write!(f, "the root of trust on this device was replaced by another one: {digest}"),
            Self::Seal => f.write_str("what the vault keeps about trust is damaged"),
        }
    }
}

/// Why there is no answer about belief.
#[derive(Debug)]
pub enum BeliefError {
    /// The files are not what this device has seen.
    Tampered(Tampering),
    /// No root was pinned with this vault's factors.
    NotPinned,
    /// Another root is pinned already. Its digest, as people compare it.
    OtherRoot(String),
    /// The bundle is not believed, or is below the floor.
    Refused(BundleError),
    /// The trust files could not be read or written.
    Store(TrustStoreError),
    /// The vault failed.
    Vault(VaultError),
}

impl fmt::Display for BeliefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tampered(how) => how.fmt(f),
            Self::NotPinned => f.write_str("no root of trust was pinned with this vault"),
            Self::OtherRoot(digest) => write!(f, "another root of trust is pinned on this device: {digest}"),
            Self::Refused(why) => why.fmt(f),
            Self::Store(why) => why.fmt(f),
            Self::Vault(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for BeliefError {}

impl From<VaultError> for BeliefError {
    fn from(why: VaultError) -> Self {
        // A row that cannot be opened was changed without the key.
        if matches!(why, VaultError::Quarantined) { Self::Tampered(Tampering::Seal) } else { Self::Vault(why) }
    }
}

impl From<TrustStoreError> for BeliefError {
    fn from(why: TrustStoreError) -> Self {
        Self::Store(why)
    }
}

impl From<StorageError> for BeliefError {
    fn from(why: StorageError) -> Self {
        Self::Store(why.into())
    }
}

impl From<BundleError> for BeliefError {
    fn from(why: BundleError) -> Self {
        Self::Refused(why)
    }
}

impl<'v> Belief<'v> {
    /// The table of the sealed record. It belongs to one device, so it is in no backup.
    pub const TABLE: &'static str = "belief";

    /// Returns the belief of `vault` over the files in `store`. `device` is the id under which this device can be enrolled as a gate.
    pub fn new(vault: &'v Unlocked<'v>, store: TrustStore, device: Option<String>) -> Self {
        Self { vault, store, device }
    }

    /// Returns the newest root; `None` before one was pinned with this vault.
    pub fn root(&self) -> Result<Option<Root>, BeliefError> {
        Ok(self.sealed()?.map(|sealed| sealed.newest))
    }

    /// Returns the floor; `None` before a bundle was taken.
    pub fn floor(&self) -> Result<Option<Floor>, BeliefError> {
        Ok(self.sealed()?.and_then(|sealed| sealed.held).map(|held| held.floor))
    }

    /// Returns the bundle; `None` before there is one. Adopts what is ahead, and makes lost copies of the root again.
    pub fn bundle(&self) -> Result<Option<TrustBundle>, BeliefError> {
        let Some(sealed) = self.sealed()? else { return Ok(None) };
        let judged = match sealed.judge(&self.store.files()?) {
            Ok(judged) if !judged.root_lost => judged,
            // Another role may be writing just now: what looks wrong is read again while nobody writes.
            _ => {
                let mut writer = self.store.lock()?;
                let judged = sealed.judge(&self.store.files()?).map_err(BeliefError::Tampered)?;
                if judged.root_lost {
                    let opening = judged.bundle.as_ref().map_or(&sealed.newest, |(bundle, _)| bundle.root());
                    put_roots(&mut *writer, opening, &sealed.newest)?;
                }
                judged
            }
        };
        let next = self.caught_up(&sealed, &judged);
        next.store(self.vault, Some(&sealed))?;
        let bundle = judged.bundle.map(|(bundle, _)| bundle);
        self.follow(bundle.as_ref())?;
        Ok(bundle)
    }

    /// Trusts a root that a person compared. Does nothing if it is trusted already; refuses another one.
    pub fn pin(&self, root: &Root) -> Result<(), BeliefError> {
        let sealed = match self.sealed() {
            // The person's comparison takes the place of what was damaged.
            Err(BeliefError::Tampered(_)) => None,
            read => read?,
        };
        match sealed {
            Some(sealed) if sealed.knows(root.digest()) => Ok(()),
            Some(sealed) => Err(BeliefError::OtherRoot(sealed.newest.digest().to_string())),
            None => {
                self.store.claim_root(root)?;
                let sealed = Sealed { newest: root.clone(), known: [root.digest()].into(), held: None };
                Ok(sealed.store(self.vault, None)?)
            }
        }
    }

    /// Opens a bundle from outside from the sealed root, and takes nothing.
    pub fn open(&self, signed: &[u8]) -> Result<TrustBundle, BeliefError> {
        let sealed = self.sealed()?.ok_or(BeliefError::NotPinned)?;
        Ok(TrustBundle::open(signed, &sealed.newest)?)
    }

    /// Takes a bundle from outside: it opens from the sealed root, is at or above the floor, and no part of it steps back. It is on the
    /// disk and under the seal when this returns. It repairs files that were tampered with.
    pub fn take(&self, signed: &[u8]) -> Result<TrustBundle, BeliefError> {
        self.change(|held, newest| {
            let newer = TrustBundle::open(signed, newest)?;
            match held {
                Some(mut held) => held.replace(newer).map(|()| held),
                None => Ok(newer),
            }
        })
    }

    /// Takes a status list on its own signature.
    pub fn take_list(&self, token: &[u8]) -> Result<Ingested, BeliefError> {
        // Joined with what the vault has sealed, never with files that nobody compared.
        self.bundle()?.ok_or(BeliefError::NotPinned)?;
        let mut taken = Ingested::Known;
        self.change(|held, _| {
            let mut held = held.ok_or(BundleError::Syntax(PartName::File))?;
            taken = held.ingest_list(token)?;
            Ok(held)
        })?;
        Ok(taken)
    }

    /// Takes the next root: signed by the thresholds of the newest one here and by its own.
    pub fn step_root(&self, envelope: &[u8]) -> Result<(), BeliefError> {
        let sealed = self.sealed()?.ok_or(BeliefError::NotPinned)?;
        let next = sealed.newest.next(envelope)?;
        put_next(&mut *self.store.lock()?, &next)?;
        Ok(sealed.clone().stepped_to(next).store(self.vault, Some(&sealed))?)
    }

    /// Forgets root and bundle in this vault alone. The files stay, for other vaults of the same folder.
    pub fn forget(&self) -> Result<(), BeliefError> {
        Sealed::erase(self.vault)?;
        self.follow(None)
    }

    /// Forgets root and bundle, here and on the disk. Other vaults of the same folder keep their floors until they are told too.
    pub fn remove(&self) -> Result<(), BeliefError> {
        Sealed::erase(self.vault)?;
        self.follow(None)?;
        Ok(self.store.lock()?.clear()?)
    }

    /// Adopts what lies in the trust folder without a comparison: only the upgrade of a home of 0.1.0 may, which had no seal.
    pub fn adopt_files_of_0_1_0(&self) -> Result<(), BeliefError> {
        let bundle = whole(self.store.load())?;
        let Some(newest) = whole(self.store.root())? else { return Ok(()) };
        let mut sealed = Sealed { known: [newest.digest()].into(), newest, held: None };
        if let (Some(bundle), Some(file)) = (&bundle, self.store.files()?.bundle) {
            sealed = sealed.holding(self.held(bundle, Digest::of(&file), None), bundle);
        }
        Ok(sealed.store(self.vault, None)?)
    }

    /// Changes the bundle: under the lock of the folder, from what is held now, files first and seal second.
    fn change(
        &self,
        change: impl FnOnce(Option<TrustBundle>, &Root) -> Result<TrustBundle, BundleError>,
    ) -> Result<TrustBundle, BeliefError> {
        let before = self.sealed()?.ok_or(BeliefError::NotPinned)?;
        let mut writer = self.store.lock()?;
        // A bundle that was tampered with is not joined: what is brought has to reach the floor by itself.
        let judged = before.judge(&self.store.files()?).ok();
        let sealed = judged.as_ref().map_or_else(|| before.clone(), |judged| self.caught_up(&before, judged));
        let bundle = change(judged.and_then(|judged| judged.bundle).map(|(bundle, _)| bundle), &sealed.newest)?;
        if let Some(held) = &sealed.held {
            held.floor.admits(&held.root, &bundle)?;
        }
        let file = bundle.to_bytes();
        self.store.put(&mut *writer, &file, &bundle)?;
        drop(writer);
        let held = self.held(&bundle, Digest::of(&file), sealed.held.as_ref());
        sealed.holding(held, &bundle).store(self.vault, Some(&before))?;
        self.follow(Some(&bundle))?;
        Ok(bundle)
    }

    /// Lets the vault take over what the site asks of those who open it. A full disk leaves that to the next time.
    fn follow(&self, bundle: Option<&TrustBundle>) -> Result<(), BeliefError> {
        let rules = bundle.and_then(|bundle| {
            let unlocking = bundle.policy().unlocking.as_ref()?;
            let rules = match self.vault.kind() {
                "wallet" => unlocking.wallets.as_ref(),
                "verifier" => unlocking.gates.as_ref(),
                _ => None,
            };
            // What is older decides about nobody, so nobody learns of it later than that.
            let oldest = i64::try_from(bundle.policy().longest_stale_seconds()).unwrap_or(i64::MAX);
            rules.map(|rules| (rules, bundle.issued_at()..=bundle.issued_at().plus(oldest)))
        });
        match self.vault.follow(rules) {
            Err(VaultError::Storage(StorageError::Full { .. })) => Ok(()),
            done => Ok(done?),
        }
    }

    /// Returns the seal after what was read ahead of it.
    fn caught_up(&self, sealed: &Sealed, judged: &Judged) -> Sealed {
        let mut next = sealed.clone();
        if let Some(root) = &judged.stepped {
            next = next.stepped_to(root.clone());
        }
        if let Some((bundle, file)) = &judged.bundle
            && sealed.held.as_ref().is_none_or(|held| held.floor.file != *file)
        {
            next = next.holding(self.held(bundle, *file, sealed.held.as_ref()), bundle);
        }
        next
    }

    fn held(&self, bundle: &TrustBundle, file: Digest, before: Option<&Held>) -> Held {
        let floor = Floor::of(bundle, file, self.device.as_deref(), before.map(|held| &held.floor));
        Held { root: bundle.root().clone(), floor }
    }

    fn sealed(&self) -> Result<Option<Sealed>, BeliefError> {
        Sealed::load(self.vault)
    }
}

/// A damaged row that was set aside just now must not be adopted.
fn whole<T>(read: Result<Option<T>, TrustStoreError>) -> Result<Option<T>, TrustStoreError> {
    match read {
        Err(TrustStoreError::Quarantined { .. }) => Ok(None),
        read => read,
    }
}
