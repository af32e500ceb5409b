//! The sealed record of belief, and how files are judged by it.

use super::{Belief, BeliefError, Tampering};
use crate::error::VaultError;
use crate::trust_store::Files;
use crate::unlocked::Unlocked;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_trust::bundle::{BundleError, Digest, Floor, MAX_ROOT_STEPS, Root, TrustBundle};

const ID: &[u8] = b"floor";
const VERSION: u64 = 1;
/// Digests of roots that are remembered: two chains of the longest kind.
const MAX_KNOWN: usize = 2 * (MAX_ROOT_STEPS + 1);

/// The sealed record: `[1, newest root, [digest, ...], null / [root of the bundle, floor]]`.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    /// The newest root, which the next bundle must follow from.
    pub(super) newest: Root,
    /// The digests of the roots that this device has trusted, the newest last.
    pub(super) known: Vec<Digest>,
    pub(super) held: Option<Held>,
}

/// The remembered part of the bundle.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// The root it was opened with.
    pub(super) root: Root,
    pub(super) floor: Floor,
}

/// Files that are what the vault has sealed, or ahead of it.
pub(super) struct Judged {
    /// The bundle, and the digest of its file.
    pub(super) bundle: Option<(TrustBundle, Digest)>,
    /// A next root that came before its bundle.
    pub(super) stepped: Option<Root>,
    /// Set if a copy of a root is missing or damaged.
    pub(super) root_lost: bool,
}

impl Sealed {
    pub(super) fn load(vault: &Unlocked<'_>) -> Result<Option<Self>, BeliefError> {
        let Some(bytes) = vault.get(Belief::TABLE, ID)? else { return Ok(None) };
        Self::read(&bytes).map(Some).map_err(|NotCanonical| BeliefError::Tampered(Tampering::Seal))
    }

    /// Writes the record, unless it is `before`.
    pub(super) fn store(&self, vault: &Unlocked<'_>, before: Option<&Self>) -> Result<(), VaultError> {
        let bytes = self.to_bytes();
        if before.is_some_and(|before| before.to_bytes() == bytes) {
            return Ok(());
        }
        vault.put(Belief::TABLE, ID, &bytes, &[])
    }

    pub(super) fn erase(vault: &Unlocked<'_>) -> Result<(), VaultError> {
        vault.remove(Belief::TABLE, ID).map(drop)
    }

    pub(super) fn knows(&self, root: Digest) -> bool {
        self.known.contains(&root)
    }

    /// Returns the record after the next root was taken.
    pub(super) fn stepped_to(mut self, root: Root) -> Self {
        self.know(root.digest());
        self.newest = root;
        self
    }

    /// Returns the record after `bundle` was taken.
    pub(super) fn holding(mut self, held: Held, bundle: &TrustBundle) -> Self {
        bundle.root_digests().for_each(|digest| self.know(digest));
        if bundle.root().version() >= self.newest.version() {
            self.newest = bundle.root().clone();
        }
        self.held = Some(held);
        self
    }

    fn know(&mut self, root: Digest) {
        if !self.knows(root) {
            self.known.push(root);
            let surplus = self.known.len().saturating_sub(MAX_KNOWN);
            self.known.drain(..surplus);
        }
    }

    /// Compares the files with the seal.
    pub(super) fn judge(&self, files: &Files) -> Result<Judged, Tampering> {
        let bundle = self.judge_bundle(files.bundle.as_deref())?;
        let known = |root: &Root| {
            self.knows(root.digest())
                || bundle.as_ref().is_some_and(|(bundle, _)| bundle.root_digests().any(|digest| digest == root.digest()))
        };
        let read = |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(|bytes| Root::open(bytes).ok());
        let (root, next) = (read(&files.root), read(&files.next));
        if let Some(foreign) = root.as_ref().filter(|root| !known(root)) {
            return Err(Tampering::OtherRoot(foreign.digest().to_string()));
        }
        let mut stepped = None;
        if let Some(next) = next.as_ref().filter(|next| !known(next)) {
            match self.newest.next(&next.to_bytes()) {
                Ok(root) => stepped = Some(root),
                // Further ahead than one step: the bundle that follows brings the roots between.
                Err(BundleError::RootChain { expected, found }) if found > expected => {}
                Err(_) => return Err(Tampering::OtherRoot(next.digest().to_string())),
            }
        }
        let opening = bundle.as_ref().map_or(self.newest.version(), |(bundle, _)| bundle.root().version());
        let root_lost = root.is_none() || (self.newest.version() > opening && next.is_none());
        Ok(Judged { bundle, stepped, root_lost })
    }

    fn judge_bundle(&self, file: Option<&[u8]>) -> Result<Option<(TrustBundle, Digest)>, Tampering> {
        let Some(bytes) = file else {
            return if self.held.is_some() { Err(Tampering::Missing) } else { Ok(None) };
        };
        let digest = Digest::of(bytes);
        if let Some(held) = self.held.as_ref().filter(|held| held.floor.file == digest) {
            return TrustBundle::open(bytes, &held.root).map(|bundle| Some((bundle, digest))).map_err(Tampering::Bundle);
        }
        let ahead = TrustBundle::open(bytes, &self.newest).map_err(Tampering::Bundle)?;
        if let Some(held) = &self.held {
            held.floor.admits(&held.root, &ahead).map_err(Tampering::Bundle)?;
        }
        Ok(Some((ahead, digest)))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::new();
        to.array(4).unsigned(VERSION).bytes(&self.newest.to_bytes()).array(self.known.len());
        for digest in &self.known {
            to.bytes(&digest.0);
        }
        match &self.held {
            None => to.array(0),
            Some(held) => to.array(2).bytes(&held.root.to_bytes()).bytes(&held.floor.to_bytes()),
        };
        to.into_bytes()
    }

    fn read(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let root = |bytes| Root::open(bytes).map_err(|_| NotCanonical);
        let mut from = Reader::new(bytes);
        from.array_of(4)?;
        if from.unsigned()? != VERSION {
            return Err(NotCanonical);
        }
        let newest = root(from.bytes()?)?;
        let known = (0..from.array_up_to(MAX_KNOWN)?).map(|_| from.bytes_array().map(Digest)).collect::<Result<Vec<_>, _>>()?;
        let held = match from.array()? {
            0 => None,
            2 => {
                let root = root(from.bytes()?)?;
                Some(Held { root, floor: Floor::from_bytes(from.bytes()?).map_err(|_| NotCanonical)? })
            }
            _ => return Err(NotCanonical),
        };
        from.end().map(|()| Self { newest, known, held })
    }
}
