//! The trust bundle: signed, versioned, in one file (trust.md "Trust bundle"). Opening never fails for age.

use alloc::{string::String, vec::Vec};
use waypass_credential::{key::PublicKey, time::Timestamp};

use crate::{
    status::{HeldStatus, ListInfo},
    time::Moment,
};

mod digest;
mod draft;
mod envelope;
mod error;
mod parts;
mod root;
mod unix;

pub use digest::{Digest, NotADigest};
pub use draft::BundleDraft;
pub use envelope::{Envelope, MAX_PART};
pub use error::{BundleError, PartName, Rule};
pub use parts::{
    Authority, Gate, KeyRecord, KeyState, KeyUse, ListReference, Part, PartReference, Policy, RoleLimit, RootPart, RootRoles, SigningRole,
    SnapshotPart, StaleAction, StatusUri, TargetsPart, TimestampPart, UnknownAction,
};
pub use root::Root;

/// A bundle file may be this large.
pub const MAX_BUNDLE: usize = 16 * 1024 * 1024;
/// One status list token may be this large.
pub const MAX_LIST: usize = 4 * 1024 * 1024;

/// Everything a site believes, verified.
#[derive(Clone, Debug)]
pub struct TrustBundle {
    root: Root,
}

/// The version of every part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Versions {
    /// Of the root.
    pub root: u64,
    /// Of the timestamp.
    pub timestamp: u64,
    /// Of the snapshot.
    pub snapshot: u64,
    /// Of the targets.
    pub targets: u64,
    /// Of the policy.
    pub policy: u64,
}

/// Until when a device can decide about a role without a link, and what ends first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfflineHorizon {
    /// The last second.
    pub until: Timestamp,
    /// What ends then.
    pub binding: Item,
}

/// What can end an offline time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// The status list with this URI gets too old.
    List(String),
    /// The status list with this URI is not held at all.
    MissingList(String),
    /// The bundle as a whole gets too old.
    Timestamp,
    /// The signers of issuers and policy no longer stand behind them.
    Targets,
    /// The signers of the root no longer stand behind it.
    Root,
    /// The policy ends.
    Policy,
    /// The gate's enrolment ends.
    Gate,
}

/// What became of a status list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ingested {
    /// It is the newest of its URI now.
    Newest,
    /// It was held already.
    Known,
    /// It contradicts a held list of the same time; where they differ nothing is known.
    Disagrees,
}

impl TrustBundle {
    /// Opens a bundle file: every signature, version and digest is verified before anything is believed. Status lists
    /// may be absent ([`Self::missing_lists`]); each that is there must be the one the snapshot names.
    pub fn open(signed: &[u8], root: &Root) -> Result<Self, BundleError> {
        let _ = (signed, root);
        todo!()
    }

    /// Puts `newer` in this bundle's place, keeping held lists that are newer than its own. Refuses every step back.
    pub fn replace(&mut self, newer: Self) -> Result<(), BundleError> {
        self.root = newer.root;
        todo!()
    }

    /// Takes one status list token on its own signature.
    pub fn ingest_list(&mut self, token: &[u8]) -> Result<Ingested, BundleError> {
        let _ = (&mut self.root, token);
        todo!()
    }

    /// The bundle file, with everything held: opens again to the same.
    pub fn to_bytes(&self) -> Vec<u8> {
        todo!()
    }

    /// The bundle file without status lists, for updates step by step.
    pub fn to_bytes_without_lists(&self) -> Vec<u8> {
        todo!()
    }

    /// The newest root.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The issuers.
    pub fn authorities(&self) -> &[Authority] {
        todo!()
    }

    /// The enrolled gates.
    pub fn gates(&self) -> &[Gate] {
        todo!()
    }

    /// The gate with this id.
    pub fn gate(&self, id: &str) -> Option<&Gate> {
        self.gates().iter().find(|gate| gate.id == id)
    }

    /// How to decide.
    pub fn policy(&self) -> &Policy {
        todo!()
    }

    /// The version of every part.
    pub fn versions(&self) -> Versions {
        todo!()
    }

    /// When the bundle was made: its timestamp's time of issue.
    pub fn issued_at(&self) -> Timestamp {
        todo!()
    }

    /// The record of a key by the issuer id and key id it signs under, with its authority.
    pub fn key_for(&self, issuer: &str, kid: &str) -> Option<(&Authority, &KeyRecord)> {
        self.authorities()
            .iter()
            .find_map(|authority| authority.keys.iter().find(|key| key.issuer == issuer && key.kid == kid).map(|key| (authority, key)))
    }

    /// The audit intake's key records, for checking receipts.
    pub fn keys_for_use(&self, key_use: KeyUse) -> impl Iterator<Item = (&Authority, &KeyRecord)> {
        self.authorities()
            .iter()
            .flat_map(|authority| authority.keys.iter().map(move |key| (authority, key)))
            .filter(move |(_, key)| key.key_use == key_use)
    }

    /// The lists named by the snapshot: URI and digest of the token text.
    pub fn announced_lists(&self) -> &[ListReference] {
        todo!()
    }

    /// Announced lists that are neither held nor superseded by a held one.
    pub fn missing_lists(&self) -> Vec<&ListReference> {
        todo!()
    }

    /// The newest held list of every URI.
    pub fn lists(&self) -> Vec<ListInfo> {
        todo!()
    }

    /// What the held lists say about one entry.
    pub fn status(&self, authority: &Authority, uri: &str, index: u64, at: &Moment) -> HeldStatus {
        let _ = (&self.root, authority, uri, index, at);
        todo!()
    }

    /// Until when this device can decide about `role` without a link, computed from verified data only.
    pub fn works_offline_until(&self, role: &str, gate: Option<&Gate>) -> OfflineHorizon {
        let _ = (&self.root, role, gate);
        todo!()
    }
}

/// A public key as key id in envelopes.
pub fn envelope_key_id(key: &PublicKey) -> String {
    key.to_multikey()
}
