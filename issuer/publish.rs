//! Publishing: status lists, the trust bundle, versions that are never used twice.
//!
//! Every number is durable before anything is signed under it, and what is handed out is durable before it is handed out:
//! a crash between two steps costs a version number and nothing else.

use crate::ceremony::CeremonyError;
use crate::issue::Issuer;
use crate::keys::KeyUse;
use crate::store::StoreError;
use core::fmt;
use waypass_credential::key::Signer;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{BundleDraft, BundleError, Envelope, Part, PartName, Root, SigningRole, TargetsPart, TrustBundle, Versions};
use waypass_trust::status::ListError;

mod targets;

pub use targets::GATE_LIFETIME_SECONDS;

const BUNDLE: &str = "bundle";
/// Publications within one second get list times that run ahead of the clock; not further than a gate tolerates.
const MAX_AHEAD: i64 = 30;

/// What was published.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The trust bundle file.
    pub bundle: Vec<u8>,
    /// The version of `root`.
    pub root: u64,
    /// The version of `targets`.
    pub targets: u64,
    /// The version of `snapshot`.
    pub snapshot: u64,
    /// The version of `timestamp`.
    pub timestamp: u64,
    /// When.
    pub published_at: Timestamp,
    /// The status lists: URI and signed text, a token or a `BitstringStatusListCredential`.
    pub lists: Vec<(String, String)>,
    /// The root chain: version and envelope, oldest first.
    pub roots: Vec<(u64, Vec<u8>)>,
    /// Issuers, gates or policy have changed, or their signature runs out, and the keys to sign them are not here:
    /// [`Issuer::prepare_targets`].
    pub targets_due: bool,
    opened: TrustBundle,
}

/// Why nothing was published. What was published before stays as it is.
#[derive(Clone, PartialEq, Debug)]
pub enum PublishError {
    /// No root was established yet.
    NoRoot,
    /// There are no targets yet and their keys are not unlocked here: prepare them, have them signed, assemble.
    NoTargets,
    /// No active key for this use is unlocked.
    NoKey(KeyUse),
    /// The clock stands before the last publication.
    ClockBehind {
        /// The last publication.
        last: Timestamp,
    },
    /// Another process published something newer meanwhile; try again.
    Overtaken,
    /// A status list could not be signed.
    List(ListError),
    /// The bundle would not be accepted by a gate.
    Bundle(BundleError),
    /// The root or the targets are not usable.
    Ceremony(CeremonyError),
    /// The store failed.
    Store(StoreError),
}

impl Publication {
    fn new(opened: TrustBundle, bundle: Vec<u8>, roots: &[Envelope], targets_due: bool) -> Self {
        let Versions { root, timestamp, snapshot, targets, .. } = opened.versions();
        let token = |uri: &str| opened.list_token(uri).map(ToOwned::to_owned);
        let lists = opened.lists().into_iter().filter_map(|list| Some((token(&list.uri)?, list.uri))).map(|(token, uri)| (uri, token));
        Self {
            bundle,
            root,
            targets,
            snapshot,
            timestamp,
            published_at: opened.issued_at(),
            lists: lists.collect(),
            roots: (1..).zip(roots.iter().map(Envelope::to_bytes)).collect(),
            targets_due,
            opened,
        }
    }

    /// The bundle as a gate holds it.
    pub const fn opened(&self) -> &TrustBundle {
        &self.opened
    }
}

impl Issuer<'_> {
    /// Publishes the current state. Even if nothing has changed, lists and timestamp are signed anew: that renews freshness.
    pub fn publish(&mut self, at: Timestamp) -> Result<Publication, PublishError> {
        let root = self.newest_root()?.ok_or(PublishError::NoRoot)?;
        let last = self.published()?;
        let issued_at = match &last {
            // Two lists of one time and different content would contradict each other.
            Some(last) => at.max(last.published_at.plus(1)),
            None => at,
        };
        if let Some(last) = &last
            && issued_at.since(at) > MAX_AHEAD
        {
            return Err(PublishError::ClockBehind { last: last.published_at });
        }
        self.open_spare_lists()?;
        let (targets, part, targets_due) = self.current_targets(&root, at)?;
        let lists = self.sign_lists(&part, issued_at, at)?;
        let version = self.store.next_version("timestamp")?;
        let roots = self.roots()?;
        let draft = BundleDraft {
            root: roots.clone(),
            contexts: self.context_documents(&part)?,
            targets,
            lists,
            version,
            issued_at,
            expires_at: issued_at.plus(self.settings.timestamp_lifetime_seconds),
        };
        let bundle = draft.seal(
            &self.signers(KeyUse::Snapshot, &root.part().roles.snapshot)?,
            &self.signers(KeyUse::Timestamp, &root.part().roles.timestamp)?,
        )?;
        let bytes = bundle.to_bytes();
        // A gate that holds the last publication must be able to take this one.
        if let Some(last) = last {
            let mut held = last.opened;
            held.replace(TrustBundle::open(&bytes, held.root())?)?;
        }
        match self.store.advance("published", version, &[(BUNDLE, &bytes)]) {
            Ok(()) => Ok(Publication::new(bundle, bytes, &roots, targets_due)),
            Err(StoreError::Changed) => Err(PublishError::Overtaken),
            Err(why) => Err(why.into()),
        }
    }

    /// What was published last.
    pub fn published(&self) -> Result<Option<Publication>, PublishError> {
        let Some(bytes) = self.store.document(BUNDLE)? else { return Ok(None) };
        let roots = self.roots()?;
        let first = roots[roots.len().saturating_sub(waypass_trust::bundle::MAX_ROOT_STEPS)..].first().ok_or(PublishError::NoRoot)?;
        let bundle = TrustBundle::open(&bytes, &Root::open(&first.to_bytes())?)?;
        Ok(Some(Publication::new(bundle, bytes, &roots, false)))
    }

    /// The targets to publish, and whether they ought to be signed anew by keys that are not here.
    fn current_targets(&mut self, root: &Root, at: Timestamp) -> Result<(Envelope, TargetsPart, bool), PublishError> {
        let role = &root.part().roles.targets;
        let held = match self.targets()? {
            Some((envelope, part)) if envelope.verify(TargetsPart::TYP, &PartName::Targets, role).is_ok() => Some((envelope, part)),
            _ => None,
        };
        let due = match &held {
            Some((_, part)) => self.targets_are_due(part, at)?,
            None => true,
        };
        if due && self.signers(KeyUse::Targets, role).is_ok() {
            let paper = self.prepare_targets(at)?;
            let signed = self.signers(KeyUse::Targets, role)?.into_iter().try_fold(paper, crate::ceremony::Paper::sign)?;
            self.assemble(&[signed], at)?;
            let (envelope, part) = self.targets()?.ok_or(PublishError::NoTargets)?;
            return Ok((envelope, part, false));
        }
        let (envelope, part) = held.ok_or(PublishError::NoTargets)?;
        Ok((envelope, part, due))
    }

    /// One text for every list that the targets announce: ours signed now, those of others as they were brought.
    fn sign_lists(&self, targets: &TargetsPart, issued_at: Timestamp, at: Timestamp) -> Result<Vec<String>, PublishError> {
        let signer = self.active_signer(KeyUse::Status, at)?.ok_or(PublishError::NoKey(KeyUse::Status))?;
        let longest = i64::try_from(targets.policy.longest_stale_seconds()).unwrap_or(i64::MAX);
        let lifetime = longest.max(self.settings.timestamp_lifetime_seconds);
        let announced = |uri: &str| targets.authorities.iter().flat_map(|authority| &authority.status_uris).any(|list| list.uri == uri);
        let mut texts = Vec::new();
        for list in self.store.lists()? {
            if announced(&self.settings.list_uri(list.id)) {
                texts.push(self.sign_list(&list, issued_at, lifetime, signer)?);
            }
        }
        texts.extend(self.carried_lists(targets)?);
        Ok(texts)
    }

    /// The unlocked keys of a root's role, if they reach its threshold.
    fn signers(&self, key_use: KeyUse, role: &SigningRole) -> Result<Vec<&dyn Signer>, PublishError> {
        let mut signers: Vec<&dyn Signer> = Vec::new();
        for signer in self.keys.of(key_use) {
            if role.has(signer.public_key()) && !signers.iter().any(|held| held.public_key() == signer.public_key()) {
                signers.push(signer);
            }
        }
        let enough = u32::try_from(signers.len()).is_ok_and(|count| count >= role.threshold);
        if enough { Ok(signers) } else { Err(PublishError::NoKey(key_use)) }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoot => f.write_str("there is no root of trust yet"),
            Self::NoTargets => f.write_str("there are no signed targets, and their keys are not unlocked here"),
            Self::NoKey(key_use) => write!(f, "not enough active {key_use} keys are unlocked here"),
            Self::ClockBehind { last } => write!(f, "the clock stands before the last publication at {last}"),
            Self::Overtaken => f.write_str("another process published something newer meanwhile"),
            Self::List(why) => write!(f, "status list: {why}"),
            Self::Bundle(why) => why.fmt(f),
            Self::Ceremony(why) => why.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for PublishError {}

impl From<StoreError> for PublishError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl From<BundleError> for PublishError {
    fn from(why: BundleError) -> Self {
        Self::Bundle(why)
    }
}

impl From<CeremonyError> for PublishError {
    fn from(why: CeremonyError) -> Self {
        match why {
            CeremonyError::NoRoot => Self::NoRoot,
            CeremonyError::Store(why) => Self::Store(why),
            why => Self::Ceremony(why),
        }
    }
}

#[cfg(test)]
mod tests;
