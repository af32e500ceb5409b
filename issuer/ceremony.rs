//! Signing by people: `root` and `targets` with k-of-n keys on machines of their own. Prepare, sign elsewhere, assemble.
//!
//! A [`Paper`] travels: the payload in an envelope without signatures. Each key's machine needs only the paper,
//! [`Paper::sign`] and the key; what comes back is the same paper with one signature more. In the simple case all keys are
//! unlocked here and `Issuer::establish_root` does the three steps at once.

use crate::keys::KeyRole;
use crate::office::Issuer;
use crate::parts::{ROOTS, TARGETS, TARGETS_IN_EFFECT, root_document};
use crate::policy::PolicyRefused;
use crate::store::StoreError;
use crate::targets::Renewal;
use core::fmt;
use serde::{Deserialize, Serialize};
use waypass_credential::json::{self, Limits};
use waypass_credential::key::{PublicKey, SignError, Signer};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{BundleError, Digest, Envelope, Part, PartName, Root, RootPart, RootRoles, Rule, SigningRole, TargetsPart};

/// A part is at most 1 MiB, a third more in base64url, and its signatures.
const LIMITS: Limits = Limits { bytes: 2 * 1024 * 1024, depth: 6, values: 1024 };

/// The signing keys of a root, role by role.
pub type RootKeys = RootRoles;
/// A role's keys and how many of them must sign.
pub type Quorum = SigningRole;

/// A part to be signed, or signed in part.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    schema: Schema,
    part: PaperPart,
    envelope: Envelope,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Schema {
    #[serde(rename = "waypass.to-sign/1")]
    V1,
}

/// The part that a paper is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaperPart {
    /// The root of trust.
    Root,
    /// Issuers, gates and policy.
    Targets,
}

/// The content that somebody is asked to sign, read from the payload itself.
#[derive(Clone, PartialEq, Debug)]
pub enum Reading {
    /// A root.
    Root(RootPart),
    /// Targets.
    Targets(Box<TargetsPart>),
}

/// Why a ceremony stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CeremonyError {
    /// Not a paper to sign, or its payload is not what it says.
    NotAPaper,
    /// Papers with different payloads came together.
    DifferentPayloads,
    /// Not signed as the root demands, or against a rule.
    Refused(BundleError),
    /// The version is not the one that comes next.
    Version {
        /// The one that must come.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// No root was established yet.
    NoRoot,
    /// Under this root the targets in effect would count for nothing and nothing could be published, revocations
    /// included: targets that its keys have signed must come with it.
    TargetsLeftBehind,
    /// No key for this use is unlocked.
    NoKey(KeyRole),
    /// The policy in the targets does not compile.
    Policy(PolicyRefused),
    /// The key could not sign.
    Signer,
    /// The store failed.
    Store(StoreError),
}

/// A root to be carried to devices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootFile {
    /// Its version.
    pub version: u64,
    /// `root.json`.
    pub bytes: Vec<u8>,
    /// SHA-256 over the signed payload: what a device pins and people compare.
    pub digest: Digest,
}

impl Paper {
    fn new<P: Part>(kind: PaperPart, part: &P) -> Result<Self, CeremonyError> {
        let envelope = Envelope::sign_part(part, &[])?;
        Ok(Self { schema: Schema::V1, part: kind, envelope })
    }

    /// Reads untrusted bytes.
    pub fn parse(text: &[u8]) -> Result<Self, CeremonyError> {
        json::parse(text, LIMITS).map_err(|_| CeremonyError::NotAPaper)?;
        let paper: Self = serde_json::from_slice(text).map_err(|_| CeremonyError::NotAPaper)?;
        paper.read()?;
        Ok(paper)
    }

    /// Returns the JSON text.
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_string(self).into_bytes()
    }

    /// Returns the content of the payload: to be shown before anybody signs.
    pub fn read(&self) -> Result<Reading, CeremonyError> {
        let payload = self.payload()?;
        Ok(match self.part {
            PaperPart::Root => Reading::Root(part(&payload)?),
            PaperPart::Targets => Reading::Targets(Box::new(part(&payload)?)),
        })
    }

    /// SHA-256 over the payload: the same on every machine that is asked to sign the same.
    pub fn digest(&self) -> Result<Digest, CeremonyError> {
        Ok(Digest::of(&self.payload()?))
    }

    /// Which part it is.
    pub const fn part(&self) -> PaperPart {
        self.part
    }

    /// Returns this paper with one more signature. Needs no issuer: runs on the key's own machine.
    pub fn sign(mut self, signer: &dyn Signer) -> Result<Self, CeremonyError> {
        self.envelope.add_signature(self.typ(), signer)?;
        Ok(self)
    }

    fn typ(&self) -> &'static str {
        match self.part {
            PaperPart::Root => RootPart::TYP,
            PaperPart::Targets => TargetsPart::TYP,
        }
    }

    fn payload(&self) -> Result<Vec<u8>, CeremonyError> {
        self.envelope.untrusted_payload().map_err(|_| CeremonyError::NotAPaper)
    }
}

fn part<P: Part>(payload: &[u8]) -> Result<P, CeremonyError> {
    let part: P = serde_json::from_slice(payload).map_err(|_| CeremonyError::NotAPaper)?;
    if part.schema() == P::SCHEMA { Ok(part) } else { Err(CeremonyError::NotAPaper) }
}

fn envelope_part<P: Part>(envelope: &Envelope) -> Result<P, CeremonyError> {
    part(&envelope.untrusted_payload().map_err(|_| CeremonyError::NotAPaper)?)
}

/// Returns the copies of one part with all their signatures.
fn joined(papers: &[Paper], kind: PaperPart) -> Result<Option<Envelope>, CeremonyError> {
    let mut copies = papers.iter().filter(|paper| paper.part == kind).map(|paper| &paper.envelope);
    let Some(mut whole) = copies.next().cloned() else { return Ok(None) };
    for copy in copies {
        if !whole.join(copy.clone()) {
            return Err(CeremonyError::DifferentPayloads);
        }
    }
    Ok(Some(whole))
}

/// Checks for a fault that would only be noticed once everybody has signed.
fn check_keys(keys: &RootKeys) -> Result<(), CeremonyError> {
    let refused = |broken| Err(CeremonyError::Refused(BundleError::Rule { part: PartName::Root, broken }));
    let mut seen: Vec<&PublicKey> = Vec::new();
    for role in [&keys.root, &keys.targets, &keys.snapshot, &keys.timestamp] {
        if !usize::try_from(role.threshold).is_ok_and(|threshold| (1..=role.keys.len()).contains(&threshold)) {
            return refused(Rule::Threshold);
        }
        for key in &role.keys {
            if seen.contains(&key) {
                return refused(Rule::SharedKey(key.to_multikey()));
            }
            seen.push(key);
        }
    }
    Ok(())
}

impl Issuer<'_> {
    /// Root keys of the simple case: the keys unlocked here, of each role one must sign.
    pub fn own_root_keys(&self) -> Result<RootKeys, CeremonyError> {
        let role = |key_use| {
            let keys: Vec<PublicKey> = self.keys.of(key_use).map(|signer| signer.public_key().clone()).collect();
            if keys.is_empty() { Err(CeremonyError::NoKey(key_use)) } else { Ok(SigningRole { keys, threshold: 1 }) }
        };
        Ok(RootKeys {
            root: role(KeyRole::Root)?,
            targets: role(KeyRole::Targets)?,
            snapshot: role(KeyRole::Snapshot)?,
            timestamp: role(KeyRole::Timestamp)?,
        })
    }

    /// Prepares, signs and assembles the next root with the keys unlocked here.
    pub(crate) fn establish_root(&mut self, keys: &RootKeys, at: Timestamp) -> Result<RootFile, CeremonyError> {
        let mut paper = self.prepare_root(keys, at)?;
        let asked = self.newest_root()?.map(|root| root.part().roles.root.keys.clone()).unwrap_or_default();
        for signer in self.keys.of(KeyRole::Root) {
            if keys.root.has(signer.public_key()) || asked.contains(signer.public_key()) {
                paper = paper.sign(signer)?;
            }
        }
        self.assemble(&[paper], at)?;
        self.root()?.ok_or(CeremonyError::NoRoot)
    }

    /// Prepares the next root: version 1, or a rotation, which the keys of the old and of the new root must sign.
    pub fn prepare_root(&self, keys: &RootKeys, at: Timestamp) -> Result<Paper, CeremonyError> {
        check_keys(keys)?;
        let version = self.newest_root()?.map_or(0, |root| root.version()) + 1;
        let mut all: Vec<PublicKey> = Vec::new();
        for key in [&keys.root, &keys.targets, &keys.snapshot, &keys.timestamp].into_iter().flat_map(|role| &role.keys) {
            if !all.contains(key) {
                all.push(key.clone());
            }
        }
        let part = RootPart {
            schema: RootPart::SCHEMA.into(),
            version,
            issued_at: at,
            expires_at: at.plus(self.settings.root_lifetime_seconds),
            keys: all,
            roles: keys.clone(),
        };
        Paper::new(PaperPart::Root, &part)
    }

    /// Prepares the next targets from the settings, the registered keys, the lists, the gates and the policy. Their
    /// signers are elsewhere, so the online keys renew the enrolments in them.
    pub fn prepare_targets(&mut self, at: Timestamp) -> Result<Paper, CeremonyError> {
        self.policy()?.check().map_err(CeremonyError::Policy)?;
        let version = self.store.transact(|tx| Ok(tx.next_version(TARGETS)))?;
        let part = self.targets_part(version, Renewal::Online, at)?;
        part.check()?;
        Paper::new(PaperPart::Targets, &part)
    }

    /// Joins what was signed on several machines: copies of a root, of targets, or of both. All of it is checked before any
    /// of it counts. A root takes effect at once, targets with the next publication.
    pub fn assemble(&mut self, papers: &[Paper], _at: Timestamp) -> Result<(), CeremonyError> {
        let (root, targets) = (joined(papers, PaperPart::Root)?, joined(papers, PaperPart::Targets)?);
        if root.is_none() && targets.is_none() {
            return Err(CeremonyError::NotAPaper);
        }
        let next = root.map(|envelope| self.check_root(&envelope)).transpose()?;
        let newest = match &next {
            Some(next) => Some(next.part().roles.targets.clone()),
            None => self.newest_root()?.map(|root| root.part().roles.targets.clone()),
        };
        let role = newest.ok_or(CeremonyError::NoRoot)?;
        let targets = match targets {
            Some(envelope) => Some((self.check_targets(&envelope, &role)?, envelope)),
            None if next.is_some() && self.leaves_targets_behind(&role)? => return Err(CeremonyError::TargetsLeftBehind),
            None => None,
        };
        let held = self.targets()?.map_or(0, |(_, held)| held.version);
        // Both or neither: a root alone, whose keys have signed no targets, could publish nothing, revocations included.
        self.store.transact(|tx| {
            if let Some(next) = &next {
                // The counter refuses a second root of this version that another process assembled meanwhile.
                tx.advance(ROOTS, next.version() - 1, next.version(), &[(&root_document(next.version()), &next.to_bytes())])?;
            }
            match &targets {
                Some((version, envelope)) => tx.advance(TARGETS_IN_EFFECT, held, *version, &[(TARGETS, &envelope.to_bytes())]),
                None => Ok(()),
            }
        })?;
        Ok(())
    }

    fn check_root(&self, envelope: &Envelope) -> Result<Root, CeremonyError> {
        let newest = self.newest_root()?;
        let expected = newest.as_ref().map_or(0, Root::version) + 1;
        let found = envelope_part::<RootPart>(envelope)?.version;
        if found != expected {
            return Err(CeremonyError::Version { expected, found });
        }
        if let Some(newest) = &newest {
            envelope.verify(RootPart::TYP, &PartName::Root, &newest.part().roles.root)?;
        }
        Ok(Root::open(&envelope.to_bytes())?)
    }

    fn check_targets(&self, envelope: &Envelope, role: &SigningRole) -> Result<u64, CeremonyError> {
        let part: TargetsPart = envelope_part(envelope)?;
        envelope.verify(TargetsPart::TYP, &PartName::Targets, role)?;
        let held = self.targets()?.map_or(0, |(_, held)| held.version);
        if part.version <= held {
            return Err(CeremonyError::Version { expected: held + 1, found: part.version });
        }
        waypass_trust::policy::RolePolicy::compile(&part.policy).map_err(|why| CeremonyError::Policy(PolicyRefused::Rules(why)))?;
        // Kept unchecked, targets that break a rule would stop every later publication, revocations included.
        part.check()?;
        part.check_contexts(self.context_documents(&part)?)?;
        Ok(part.version)
    }

    /// Returns true if the targets in effect are not signed as `role` demands, and cannot be signed anew here.
    fn leaves_targets_behind(&self, role: &SigningRole) -> Result<bool, StoreError> {
        let Some((envelope, _)) = self.targets()? else { return Ok(false) };
        let here = role.keys.iter().filter(|key| self.keys.matching(KeyRole::Targets, key).is_some()).count();
        let enough = usize::try_from(role.threshold).is_ok_and(|threshold| here >= threshold);
        Ok(!enough && envelope.verify(TargetsPart::TYP, &PartName::Targets, role).is_err())
    }

    /// Returns the newest root, to be carried to devices.
    pub fn root(&self) -> Result<Option<RootFile>, StoreError> {
        let file = |root: Root| RootFile { version: root.version(), bytes: root.to_bytes(), digest: root.digest() };
        Ok(self.newest_root()?.map(file))
    }
}

impl fmt::Display for CeremonyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPaper => f.write_str("not a prepared root or targets to sign"),
            Self::DifferentPayloads => f.write_str("the signatures are for different contents"),
            Self::Refused(why) => why.fmt(f),
            Self::Version { expected, found } => write!(f, "version {expected} comes next, this is version {found}"),
            Self::NoRoot => f.write_str("there is no root of trust yet"),
            Self::TargetsLeftBehind => f.write_str(
                "this root changes who signs issuers, gates and rules, and they have not signed yet: nothing could be published",
            ),
            Self::NoKey(role) => write!(f, "no {role} key is unlocked here"),
            Self::Policy(why) => write!(f, "the policy cannot be published: {why}"),
            Self::Signer => SignError.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for CeremonyError {}

impl From<StoreError> for CeremonyError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl From<BundleError> for CeremonyError {
    fn from(why: BundleError) -> Self {
        Self::Refused(why)
    }
}

impl From<SignError> for CeremonyError {
    fn from(SignError: SignError) -> Self {
        Self::Signer
    }
}

#[cfg(test)]
mod tests;
