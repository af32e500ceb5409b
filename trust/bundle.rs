//! The trust bundle: issuers, gates, policy and status lists, signed and versioned, in one file (trust.md "Trust bundle").
//!
//! The shape is that of The Update Framework: a root chain says who may sign, a timestamp what is newest, a snapshot what
//! belongs together, the targets what is believed. One deviation: opening never fails for age. Expiry and age feed
//! [`crate::freshness`], and the limits of the signed policy decide.

use alloc::{string::String, vec::Vec};
use waypass_credential::{
    jsonld::KnownContexts,
    key::ShortThumbprint,
    role::StatusReference,
    time::{Timestamp, Validity},
};

use crate::{
    freshness::Freshness,
    status::{Basis, Denials, Evidence, HeldList, HeldStatus, ListInfo, Taken, TakenBack, together},
    time::{Moment, SignedTime, TOLERANCE_SECONDS},
};

mod answer;
mod aside;
mod contexts;
mod draft;
mod enrolment;
mod envelope;
mod error;
mod file;
mod floor;
mod former;
mod horizon;
mod keys;
mod replace;
mod root;
mod rules;
mod signed;

pub use crate::parts::{
    Authority, Consequence, ContextReference, Delay, DeviceFinding, DeviceRules, Digest, FactorName, Gate, KeyRecord, KeyState, KeyUse,
    ListKind, ListReference, MAX_LIST, MAX_OFFICER, MOST_OFFICERS, MOST_TRIES, NotADigest, Officer, Part, PartName, PartReference, Policy,
    RoleLimit, RootPart, RootRoles, SeenAgain, SigningRole, SnapshotPart, StaleAction, StatusUri, TargetsPart, TimestampPart, USUAL_DELAYS,
    UnknownAction, Unlocking, VaultRules,
};
pub use answer::{MAX_TIME_ANSWER, TimeNonce, answer_time};
pub use contexts::MAX_CONTEXT;
pub use draft::BundleDraft;
pub use enrolment::gate_list_name;
pub use envelope::{Envelope, MAX_PART};
pub use error::{BundleError, Rule};
pub use floor::{BadFloor, Floor};
pub use horizon::{Item, OfflineHorizon};
pub use root::{MAX_ROOT_STEPS, Root};

use contexts::Contexts;
use former::Former;
use signed::Signed;

/// A bundle file may be this large (trust.md "Trust bundle").
pub const MAX_BUNDLE: usize = 16 * 1024 * 1024;

/// Everything a site believes, verified.
#[derive(Clone, Debug)]
pub struct TrustBundle {
    /// From the root it was first opened with to the newest; never empty.
    chain: Vec<Root>,
    timestamp: Signed<TimestampPart>,
    snapshot: Signed<SnapshotPart>,
    targets: Signed<TargetsPart>,
    /// Of the keys in the targets, in their order.
    thumbprints: Vec<ShortThumbprint>,
    /// Earlier targets by which final revocations are known that those in effect no longer prove.
    former: Former,
    contexts: Contexts,
    evidence: Vec<Evidence>,
    /// Lists that are dated after the bundle. Only their denials count.
    early: Vec<Evidence>,
    /// The lists of a bundle that is kept aside, likewise; never stored.
    aside: Vec<Evidence>,
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

/// The outcome for a status list.
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
    /// Opens a bundle file: every signature, version and digest is verified before anything is believed.
    ///
    /// Status lists may be absent ([`Self::missing_lists`] names them; what they would cover is unknown until
    /// [`Self::ingest_list`]); each that is there must be the one the snapshot names. `root` is the pinned root or the
    /// newest one held.
    pub fn open(signed: &[u8], root: &Root) -> Result<Self, BundleError> {
        file::open(signed, root)
    }

    /// Puts `newer` in this bundle's place and carries over what is held of status lists.
    ///
    /// Refuses every step back, of any part, and another content under a version that is held. On error nothing changes.
    pub fn replace(&mut self, newer: Self) -> Result<(), BundleError> {
        *self = replace::merged(self, newer)?;
        Ok(())
    }

    /// Takes one status list token on its own signature: the text as published, without white space around it.
    ///
    /// One that is dated after the bundle only denies, until it is brought again with a bundle that is as new.
    pub fn ingest_list(&mut self, token: &[u8]) -> Result<Ingested, BundleError> {
        let list = self.verify_list(token)?;
        if is_early(self.issued_at(), &list) {
            return take(&mut self.early, list);
        }
        let taken = take(&mut self.evidence, list)?;
        self.early = still_early(core::mem::take(&mut self.early), &self.evidence);
        Ok(taken)
    }

    /// Returns the bundle file with everything held; opens again to the same.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::write(self, |_| true)
    }

    /// Returns the bundle file with those held status lists whose URI is `wanted`.
    pub fn to_bytes_with_lists(&self, wanted: impl Fn(&str) -> bool) -> Vec<u8> {
        file::write(self, wanted)
    }

    /// Returns the newest root: the one to open the next file with.
    pub fn root(&self) -> &Root {
        // The chain starts with the root the bundle was opened with.
        &self.chain[self.chain.len() - 1]
    }

    /// Returns the digests of every root in the chain, the oldest first.
    pub fn root_digests(&self) -> impl Iterator<Item = Digest> + '_ {
        self.chain.iter().map(Root::digest)
    }

    /// Returns the signed time that this bundle brings: its timestamp role is the time signer that the root names.
    pub fn signed_time(&self) -> SignedTime {
        SignedTime { at: self.issued_at(), signer: self.root().time_signer() }
    }

    /// Returns the issuers.
    pub fn authorities(&self) -> &[Authority] {
        &self.targets.part.authorities
    }

    /// Returns the JSON-LD contexts by which credentials are read here: those compiled in and those carried.
    pub fn contexts(&self) -> &KnownContexts {
        &self.contexts.known
    }

    /// Returns the document of a carried context.
    pub fn context_document(&self, id: &str) -> Option<&str> {
        let named = self.targets.part.contexts.iter().find(|context| context.id == id)?;
        self.contexts.documents.iter().map(String::as_str).find(|document| Digest::of(document.as_bytes()) == named.sha256)
    }

    /// Returns the policy.
    pub fn policy(&self) -> &Policy {
        &self.targets.part.policy
    }

    /// Returns the content of the targets part, for the writer of its next version.
    pub fn targets(&self) -> &TargetsPart {
        &self.targets.part
    }

    /// Returns the version of every part.
    pub fn versions(&self) -> Versions {
        Versions {
            root: self.root().version(),
            timestamp: self.timestamp.part.version,
            snapshot: self.snapshot.part.version,
            targets: self.targets.part.version,
            policy: self.policy().version,
        }
    }

    /// Returns when the bundle was made: its timestamp's time of issue, which a signer named in the root vouches for.
    pub fn issued_at(&self) -> Timestamp {
        self.timestamp.part.issued_at
    }

    /// Returns the lists named by the snapshot: URI and digest of the token text.
    pub(crate) fn announced_lists(&self) -> &[ListReference] {
        &self.snapshot.part.lists
    }

    /// Announced lists that are neither held nor superseded by a later one.
    pub fn missing_lists(&self) -> Vec<&ListReference> {
        let made = self.snapshot.part.issued_at;
        let held = |wanted: &ListReference| {
            self.evidence_for(&wanted.uri).is_some_and(|evidence| {
                let later = evidence.current().is_some_and(|list| list.issued_at() > made);
                later || evidence.all().any(|list| list.digest == wanted.sha256)
            })
        };
        self.announced_lists().iter().filter(|wanted| !held(wanted)).collect()
    }

    /// Returns the newest held list of every URI.
    pub fn lists(&self) -> Vec<ListInfo> {
        self.evidence.iter().filter_map(Evidence::info).collect()
    }

    /// Returns the final revocations that the newest lists take back: none, unless an issuer went back to an older copy of its
    /// records or somebody has its status key.
    pub fn taken_back(&self) -> Vec<TakenBack> {
        self.evidence.iter().filter_map(Evidence::taken_back).collect()
    }

    /// Returns what every held list denies, to compare with what was held before.
    pub fn denials(&self) -> impl Iterator<Item = Denials<'_>> {
        let mut about: Vec<Denials<'_>> = Vec::new();
        for evidence in self.evidence.iter().chain(&self.early).chain(&self.aside) {
            match about.iter_mut().find(|list| list.uri() == evidence.uri()) {
                Some(list) => list.0.push(evidence),
                None => about.push(Denials([evidence].into())),
            }
        }
        about.into_iter()
    }

    /// Returns the token text of the newest held list of a URI, to pass on.
    pub fn list_token(&self, uri: &str) -> Option<&str> {
        Some(self.evidence_for(uri)?.current()?.text.as_str())
    }

    /// Returns what the held lists say together about the entries of one credential. Lists that `authority` does not announce say
    /// nothing.
    pub fn status(&self, authority: &Authority, references: &[StatusReference], at: &Moment) -> HeldStatus {
        together(references, |reference| {
            if !authority.status_uris.iter().any(|list| list.uri == reference.uri) {
                return HeldStatus::not_covered();
            }
            let held = self.evidence_for(&reference.uri).map_or(HeldStatus::not_covered(), |evidence| evidence.status(reference, at));
            let withdrawing = self.early.iter().chain(&self.aside).filter(|list| list.uri() == reference.uri);
            withdrawing.fold(held, |held, list| list.withdraw(held, reference, at))
        })
    }

    /// Returns how old the bundle itself is, judged by a role's limit.
    ///
    /// The age is that of the timestamp. Root and targets are signed offline. Once one of them has expired, the online keys
    /// alone cannot keep the bundle current: the second of that expiry is the first one after the fresh limit.
    pub(crate) fn trust_freshness(&self, limit: &RoleLimit, at: Timestamp) -> Freshness {
        let as_of = self.issued_at();
        let fresh = i64::try_from(limit.fresh_seconds).unwrap_or(i64::MAX);
        let end = self.root().part().expires_at.min(self.targets.part.expires_at);
        let age = at.since(as_of);
        let age = if Validity::ending(end).is_over(at) { age.max(fresh.saturating_add(1).saturating_add(at.since(end))) } else { age };
        Freshness::with_age(as_of, age, limit)
    }

    /// Returns the time until which this device can decide about `role` without a link, and what ends first. Computed from verified data
    /// only; `gate` is the device's own entry, where it is a gate.
    pub fn works_offline_until(&self, role: &str, gate: Option<&Gate>) -> OfflineHorizon {
        horizon::of(self, role, gate)
    }

    /// Returns [`Self::works_offline_until`] for each role that an issuer may assert.
    pub fn horizons(&self, gate: Option<&Gate>) -> Vec<(String, OfflineHorizon)> {
        let roles = self.authorities().iter().flat_map(|authority| &authority.roles);
        roles.map(|role| (role.clone(), self.works_offline_until(role, gate))).collect()
    }

    fn evidence_for(&self, uri: &str) -> Option<&Evidence> {
        self.evidence.iter().find(|evidence| evidence.uri() == uri)
    }

    fn verify_list(&self, token: &[u8]) -> Result<HeldList, BundleError> {
        self.former.verify_list(token, &self.targets.part)
    }
}

/// Returns true if signed time has not reached a list. Such a list would hide how long a device has had it: only signed
/// time is counted on while
/// the device runs.
fn is_early(signed_at: Timestamp, list: &HeldList) -> bool {
    !matches!(list.basis(), Basis::Former(_)) && list.issued_at().since(signed_at) > TOLERANCE_SECONDS
}

/// Returns what is left of early lists once `evidence` is held: a later one takes their place, unless it takes back what is final.
fn still_early(early: Vec<Evidence>, evidence: &[Evidence]) -> Vec<Evidence> {
    let replaced = |early: &Evidence| evidence.iter().any(|held| held.uri() == early.uri() && held.takes_the_place_of(early));
    early.into_iter().filter(|early| !replaced(early)).collect()
}

/// Adds a verified list to what is held.
fn take(evidence: &mut Vec<Evidence>, list: HeldList) -> Result<Ingested, BundleError> {
    let Some(held) = evidence.iter_mut().find(|held| held.uri() == list.uri()) else {
        evidence.push(Evidence::new(list));
        return Ok(Ingested::Newest);
    };
    let uri = list.uri().into();
    let issued_at = list.issued_at();
    match held.take(list) {
        Ok(Taken::Newest) => Ok(Ingested::Newest),
        Ok(Taken::Known) => Ok(Ingested::Known),
        Ok(Taken::Disagrees) => Ok(Ingested::Disagrees),
        Ok(Taken::Older(held)) => {
            let seconds = |time: Timestamp| time.unix().unsigned_abs();
            Err(BundleError::Rollback { part: PartName::List(uri), held: seconds(held), found: seconds(issued_at) })
        }
        Err(why) => Err(BundleError::List { uri, why }),
    }
}

#[cfg(test)]
mod tests;
