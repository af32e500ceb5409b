//! The write side: what an issuer publishes is put together, signed, and opened once as a gate would.

use alloc::{string::String, vec::Vec};
use waypass_credential::{jsonld::KnownContexts, key::Signer, time::Timestamp};

use super::{
    TrustBundle,
    contexts::Contexts,
    envelope::Envelope,
    error::{BundleError, Rule},
    former::Former,
    keys,
    root::{MAX_ROOT_STEPS, Root},
    rules,
    signed::Signed,
    take,
};
use crate::parts::{Digest, ListReference, Part, PartName, SnapshotPart, TargetsPart, TimestampPart};
use crate::status::{HeldList, ListInfo};

/// The content of a bundle, before snapshot and timestamp are made.
#[derive(Clone, Debug)]
pub struct BundleDraft {
    /// The root chain, oldest first, ending in the root that signs for this bundle. At most [`MAX_ROOT_STEPS`] before
    /// the newest are published.
    pub root: Vec<Envelope>,
    /// The signed [`TargetsPart`].
    pub targets: Envelope,
    /// The context documents that the targets name, each once.
    pub contexts: Vec<String>,
    /// One status list token for every URI that the targets announce.
    pub lists: Vec<String>,
    /// Version of snapshot and timestamp: one more than last published.
    pub version: u64,
    /// The time of publishing.
    pub issued_at: Timestamp,
    /// The end of timestamp and snapshot.
    pub expires_at: Timestamp,
}

impl BundleDraft {
    /// Signs snapshot and timestamp, and checks everything that a gate checks and the rules of publishing besides.
    pub fn seal(self, snapshot_signers: &[&dyn Signer], timestamp_signers: &[&dyn Signer]) -> Result<TrustBundle, BundleError> {
        let Self { mut root, targets, contexts, lists, version, issued_at, expires_at } = self;
        let surplus = root.len().saturating_sub(MAX_ROOT_STEPS + 1);
        root.drain(..surplus);
        let first = root.first().ok_or(BundleError::Syntax(PartName::Root))?.to_bytes();
        let chain = Root::open(&first)?.follow(root)?;
        let roles = chain.last().ok_or(BundleError::Syntax(PartName::Root))?.part().roles.clone();

        let targets = Signed::<TargetsPart>::open(targets, &roles.targets)?;
        targets.part.check()?;
        let contexts = Contexts::open(contexts, &targets.part)?;
        let mut evidence = Vec::new();
        let mut references = Vec::with_capacity(lists.len());
        for token in &lists {
            let list = Former::default().verify_list(token.as_bytes(), &targets.part)?;
            lives_long_enough(&list, &targets.part)?;
            references.push(ListReference { uri: list.uri().into(), sha256: Digest::of(token.as_bytes()) });
            take(&mut evidence, list)?;
        }
        every_list_is_there(&references, &targets.part)?;

        let snapshot = SnapshotPart {
            schema: SnapshotPart::SCHEMA.into(),
            version,
            issued_at,
            expires_at,
            targets: targets.reference(),
            lists: references,
        };
        let snapshot = Signed::<SnapshotPart>::open(sign(&snapshot, snapshot_signers)?, &roles.snapshot)?;
        let timestamp =
            TimestampPart { schema: TimestampPart::SCHEMA.into(), version, issued_at, expires_at, snapshot: snapshot.reference() };
        let timestamp = Signed::<TimestampPart>::open(sign(&timestamp, timestamp_signers)?, &roles.timestamp)?;
        Ok(TrustBundle {
            thumbprints: keys::thumbprints(&targets.part),
            chain,
            timestamp,
            snapshot,
            targets,
            former: Former::default(),
            contexts,
            evidence,
            early: Vec::new(),
            aside: Vec::new(),
        })
    }
}

impl TargetsPart {
    /// Checks that these targets could be published, before anybody is asked to sign them.
    pub fn check(&self) -> Result<(), BundleError> {
        rules::targets(self)?;
        rules::publishable(self)
    }

    /// Checks that a publication with these targets could carry `documents` as the contexts they name.
    pub fn check_contexts(&self, documents: Vec<String>) -> Result<KnownContexts, BundleError> {
        Ok(Contexts::open(documents, self)?.known)
    }

    /// Verifies a status list token as a publication with these targets would, whenever that is.
    pub fn check_list(&self, token: &[u8]) -> Result<ListInfo, BundleError> {
        let list = Former::default().verify_list(token, self)?;
        lives_long_enough(&list, self)?;
        Ok(list.info())
    }
}

fn sign<P: Part>(part: &P, signers: &[&dyn Signer]) -> Result<Envelope, BundleError> {
    if part.expires_at() < part.issued_at() {
        return Err(BundleError::Rule { part: P::NAME, broken: Rule::Times("the part".into()) });
    }
    Envelope::sign_part(part, signers).map_err(|_| BundleError::Rule { part: P::NAME, broken: Rule::Signer })
}

/// A list that ended sooner than the policy lets it be used would turn amber into grey behind the policy's back.
fn lives_long_enough(list: &HeldList, targets: &TargetsPart) -> Result<(), BundleError> {
    let longest = i64::try_from(targets.policy.longest_stale_seconds()).unwrap_or(i64::MAX);
    // The list of gates ends when they are enrolled no more, which the site sets.
    if targets.gate_list().is_some_and(|gates| gates.uri == list.uri()) {
        return Ok(());
    }
    if list.expires_at() >= list.issued_at().plus(longest) {
        return Ok(());
    }
    Err(BundleError::Rule { part: PartName::Snapshot, broken: Rule::ListExpiry(list.uri().into()) })
}

fn every_list_is_there(references: &[ListReference], targets: &TargetsPart) -> Result<(), BundleError> {
    let rule = |broken| Err(BundleError::Rule { part: PartName::Snapshot, broken });
    let mut announced = targets.authorities.iter().flat_map(|authority| &authority.status_uris);
    if let Some(missing) = announced.find(|list| !references.iter().any(|reference| reference.uri == list.uri)) {
        return rule(Rule::MissingList(missing.uri.clone()));
    }
    let mut doubled = references.iter().enumerate();
    match doubled.find(|(at, reference)| references[..*at].iter().any(|earlier| earlier.uri == reference.uri)) {
        Some((_, reference)) => rule(Rule::Duplicate(reference.uri.clone())),
        None => Ok(()),
    }
}
