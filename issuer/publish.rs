//! Publishing: status lists, the trust bundle, versions that are never used twice.
//!
//! Every number is durable before anything is signed under it, and what is handed out is durable before it is handed out:
//! a crash between two steps costs a version number and nothing else.
//!
//! A publication carries the time of the clock, never a later one, and no two carry the same (`dates`).

use crate::behind::Behind;
use crate::keys::{KeyRole, KeyUse};
use crate::office::Issuer;
use crate::parts::{self, TARGETS, TARGETS_IN_EFFECT, TIMESTAMP};
use crate::policy::PolicyRefused;
use crate::store::{Documents, StoreError};
use crate::targets::Renewal;
use core::fmt;
use waypass_credential::key::{SignError, Signer};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{
    BundleDraft, BundleError, Envelope, MAX_ROOT_STEPS, Part as _, PartName, Root, SigningRole, TargetsPart, TimeNonce, TrustBundle,
    Versions, answer_time,
};
use waypass_trust::status::ListError;

mod dates;
mod gate_list;
mod pace;
mod unasked;

pub use dates::ClockDoubt;
pub use pace::Pace;

use dates::{Dates, Judged};

const BUNDLE: &str = "bundle";
/// The counter of publications; its value is the version of the newest timestamp.
const PUBLISHED: &str = "published";

/// The publication.
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
    /// Roles whose lists may be used for longer than this publication enrols a gate.
    pub roles_beyond_enrolment: Vec<String>,
    opened: TrustBundle,
}

/// Why nothing was published. The earlier publication stays as it is.
#[derive(Clone, PartialEq, Debug)]
pub enum PublishError {
    /// No root was established yet.
    NoRoot,
    /// There are no targets yet and their keys are not unlocked here: prepare them, have them signed, assemble.
    NoTargets,
    /// No active key for this use is unlocked.
    NoKey(KeyRole),
    /// The clock is far from the last publication, and it is not confirmed: [`Issuer::publish_confirmed`].
    Unconfirmed(ClockDoubt),
    /// Publications carry whole seconds, and this one is used; `next` is the earliest time to try again.
    TooSoon {
        /// The next second that may be free.
        next: Timestamp,
    },
    /// The last publication is dated later than the clock, and the key that signed its status lists is still in use: devices
    /// that have them would refuse every earlier list by this key.
    ListKeyStands {
        /// The last publication.
        last: Timestamp,
    },
    /// Gates have seen what this issuer knows nothing of: it was restored from a copy.
    Behind(Behind),
    /// This issuer was put back from a backup. Somebody must say first that what was withdrawn since is withdrawn again:
    /// [`Issuer::skip_versions`].
    Restored,
    /// Changes from before the upgrade would be published too, and no person has confirmed them: [`Issuer::unasked`].
    Unasked,
    /// Another process published something newer meanwhile; try again.
    Overtaken,
    /// A status list could not be signed.
    List(ListError),
    /// The bundle would not be accepted by a gate.
    Bundle(BundleError),
    /// The policy in the next targets does not compile.
    Policy(PolicyRefused),
    /// The next targets would not be accepted by a gate.
    Targets(BundleError),
    /// A key could not sign.
    Signer,
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
            roles_beyond_enrolment: Vec::new(),
            opened,
        }
    }

    /// Returns the bundle as a gate holds it.
    pub const fn opened(&self) -> &TrustBundle {
        &self.opened
    }
}

impl Issuer<'_> {
    /// Publishes the current state. Even if nothing has changed, lists and timestamp are signed anew: that renews freshness.
    ///
    /// Asks for a person ([`PublishError::Unconfirmed`]) where the clock is before the last publication or long after it. Within
    /// the second of the last publication it returns that one if it says the same, else [`PublishError::TooSoon`].
    pub fn publish(&mut self, at: Timestamp) -> Result<Publication, PublishError> {
        self.publish_at(at, false)
    }

    /// Publishes like [`Self::publish`], after a person has confirmed the clock.
    pub fn publish_confirmed(&mut self, at: Timestamp) -> Result<Publication, PublishError> {
        self.publish_at(at, true)
    }

    fn publish_at(&mut self, at: Timestamp, confirmed: bool) -> Result<Publication, PublishError> {
        self.follow_settings()?;
        let root = self.newest_root()?.ok_or(PublishError::NoRoot)?;
        let last = self.published()?;
        let mut dates = Dates::read(&self.store, &root, last.as_ref())?;
        self.store.check()?;
        if let Some(behind) = self.behind()?.into_iter().next() {
            return Err(PublishError::Behind(behind));
        }
        if self.is_restored()? {
            return Err(PublishError::Restored);
        }
        self.open_spare_lists()?;
        match dates.judge(at) {
            Judged::Used { next } => match last {
                Some(last) if at <= last.published_at && self.is_unchanged(&root, &last, at)? => {
                    return Ok(Publication { roles_beyond_enrolment: self.roles_beyond_enrolment(last.opened.policy()), ..last });
                }
                _ => return Err(PublishError::TooSoon { next }),
            },
            Judged::Doubt(doubt) if !confirmed => return Err(PublishError::Unconfirmed(doubt)),
            Judged::Doubt(_) if dates.is_used(at) => return Err(PublishError::TooSoon { next: at.plus(1) }),
            Judged::Free | Judged::Doubt(_) => {}
        }
        let (targets, part, targets_due) = self.current_targets(&root, at)?;
        let lists = self.sign_lists(&part, at, at)?;
        let version = self.store.transact(|tx| Ok(tx.next_version(TIMESTAMP)))?;
        let roots = self.roots()?;
        let draft = BundleDraft {
            root: roots.clone(),
            contexts: self.context_documents(&part)?,
            targets,
            lists,
            version,
            issued_at: at,
            expires_at: at.plus(self.settings.timestamp_lifetime_seconds),
        };
        let bundle = draft.seal(
            &self.signers(KeyRole::Snapshot, &root.part().roles.snapshot)?,
            &self.signers(KeyRole::Timestamp, &root.part().roles.timestamp)?,
        )?;
        let bytes = bundle.to_bytes();
        let before = last.as_ref().map_or(0, |last| last.timestamp);
        if let Some(last) = last {
            follows(&last, &bytes, dates.binds() && at < last.published_at)?;
        }
        dates.take(at);
        match self.store.transact(|tx| tx.advance(PUBLISHED, before, version, &[(BUNDLE, &bytes), (dates::DOCUMENT, &dates.to_bytes())])) {
            Ok(()) => {
                let roles_beyond_enrolment = self.roles_beyond_enrolment(&part.policy);
                Ok(Publication { roles_beyond_enrolment, ..Publication::new(bundle, bytes, &roots, targets_due) })
            }
            Err(StoreError::Changed) => Err(PublishError::Overtaken),
            Err(why) => Err(why.into()),
        }
    }

    /// Returns true if a publication made now would say what the last one says.
    fn is_unchanged(&self, root: &Root, last: &Publication, at: Timestamp) -> Result<bool, PublishError> {
        let Some((_, part)) = self.targets()? else { return Ok(false) };
        if root.version() != last.root || part.version != last.targets || self.targets_are_due(&part, at)? {
            return Ok(false);
        }
        let lists = self.sign_lists(&part, last.published_at, at)?;
        Ok(lists.len() == last.lists.len() && lists.iter().all(|text| last.lists.iter().any(|(_, published)| published == text)))
    }

    /// Signs what time it is for a device that asks over a nonce of its own. Returns the signed envelope as JSON.
    pub fn answer_time(&self, question: &TimeNonce, at: Timestamp) -> Result<Vec<u8>, PublishError> {
        let root = self.newest_root()?.ok_or(PublishError::NoRoot)?;
        let signers = self.signers(KeyRole::Timestamp, &root.part().roles.timestamp)?;
        let answer = answer_time(question, at, &signers).map_err(|_| PublishError::NoKey(KeyRole::Timestamp))?;
        Ok(answer.to_bytes())
    }

    /// Returns the last publication.
    pub fn published(&self) -> Result<Option<Publication>, StoreError> {
        last_published(&self.store)
    }

    /// Returns the version of the newest publication; 0 before the first.
    pub(crate) fn published_version(&self) -> Result<u64, StoreError> {
        self.store.version(PUBLISHED)
    }

    /// Returns true if the keys that the newest root asks for are unlocked here, so that a publication signs new targets.
    pub fn signs_targets(&self) -> Result<bool, StoreError> {
        let Some(root) = self.newest_root()? else { return Ok(false) };
        Ok(self.signers(KeyRole::Targets, &root.part().roles.targets).is_ok())
    }

    /// Returns the targets to publish, and whether they ought to be signed anew by keys that are not here.
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
        let may_sign = match &held {
            Some((_, part)) if self.only_renews => self.targets_change(part, None)?.is_none(),
            _ => !self.only_renews,
        };
        if due && may_sign && self.signers(KeyRole::Targets, role).is_ok() {
            if self.unasked.is_some() {
                return Err(PublishError::Unasked);
            }
            let (envelope, part) = self.sign_targets(role, at)?;
            return Ok((envelope, part, false));
        }
        let (envelope, part) = held.ok_or(PublishError::NoTargets)?;
        Ok((envelope, part, due))
    }

    /// Makes, signs and keeps the next targets with the keys that are unlocked here.
    fn sign_targets(&mut self, role: &SigningRole, at: Timestamp) -> Result<(Envelope, TargetsPart), PublishError> {
        self.policy()?.check().map_err(PublishError::Policy)?;
        let held = self.targets()?.map_or(0, |(_, held)| held.version);
        let version = self.store.transact(|tx| Ok(tx.next_version(TARGETS)))?;
        let part = self.targets_part(version, Renewal::Targets, at)?;
        // Kept unchecked, targets that break a rule would stop every later publication, revocations included.
        part.check().map_err(PublishError::Targets)?;
        part.check_contexts(self.context_documents(&part)?).map_err(PublishError::Targets)?;
        let mut envelope = Envelope::sign_part(&part, &[]).map_err(|SignError| PublishError::Signer)?;
        for signer in self.signers(KeyRole::Targets, role)? {
            envelope.add_signature(TargetsPart::TYP, signer).map_err(|SignError| PublishError::Signer)?;
        }
        match self.store.transact(|tx| tx.advance(TARGETS_IN_EFFECT, held, version, &[(TARGETS, &envelope.to_bytes())])) {
            Ok(()) => Ok((envelope, part)),
            Err(StoreError::Changed) => Err(PublishError::Overtaken),
            Err(why) => Err(why.into()),
        }
    }

    /// Returns one text for every list that the targets announce: ours signed now, those of others as they were brought.
    fn sign_lists(&self, targets: &TargetsPart, issued_at: Timestamp, at: Timestamp) -> Result<Vec<String>, PublishError> {
        let signer = self.active_signer(KeyUse::Status, at)?.ok_or(PublishError::NoKey(KeyUse::Status.into()))?;
        let longest = i64::try_from(targets.policy.longest_stale_seconds()).unwrap_or(i64::MAX);
        let lifetime = longest.max(self.settings.timestamp_lifetime_seconds);
        let announced = |uri: &str| targets.authorities.iter().flat_map(|authority| &authority.status_uris).any(|list| list.uri == uri);
        let mut texts = Vec::new();
        for list in self.store.lists()? {
            if announced(&self.settings.list_uri(list.id)) {
                let bitmap = self.bitmap(&list)?;
                texts.push(self.sign_list(&list, &bitmap, issued_at, lifetime, signer).map_err(PublishError::List)?);
            }
        }
        texts.extend(self.sign_gate_list(targets, issued_at, signer)?);
        texts.extend(self.carried_lists(targets)?);
        Ok(texts)
    }

    /// Returns the unlocked keys of a root's role, if they reach its threshold.
    fn signers(&self, key: KeyRole, role: &SigningRole) -> Result<Vec<&dyn Signer>, PublishError> {
        let mut signers: Vec<&dyn Signer> = Vec::new();
        for signer in self.keys.of(key) {
            if role.has(signer.public_key()) && !signers.iter().any(|held| held.public_key() == signer.public_key()) {
                signers.push(signer);
            }
        }
        let enough = u32::try_from(signers.len()).is_ok_and(|count| count >= role.threshold);
        if enough { Ok(signers) } else { Err(PublishError::NoKey(key)) }
    }
}

/// Returns what a person must confirm before anything is published at `at`. Needs no key, so a person can be asked before the
/// vault is opened.
pub fn clock_doubt(store: &dyn Documents, at: Timestamp) -> Result<Option<ClockDoubt>, StoreError> {
    let Some(root) = parts::newest_root(store)? else { return Ok(None) };
    match Dates::read(store, &root, last_published(store)?.as_ref())?.judge(at) {
        Judged::Doubt(doubt) => Ok(Some(doubt)),
        Judged::Free | Judged::Used { .. } => Ok(None),
    }
}

/// Checks that a gate that holds the last publication can take this one. A person may have confirmed an `earlier` time:
/// then gates that hold the last publication refuse this one, and the others take it.
fn follows(last: &Publication, bytes: &[u8], earlier: bool) -> Result<(), PublishError> {
    let mut held = last.opened.clone();
    match held.replace(TrustBundle::open(bytes, held.root())?) {
        Err(BundleError::Rollback { part: PartName::List(_), .. }) if earlier => Ok(()),
        Err(BundleError::Rollback { part: PartName::List(_), .. }) => Err(PublishError::ListKeyStands { last: last.published_at }),
        taken => Ok(taken?),
    }
}

fn last_published(store: &dyn Documents) -> Result<Option<Publication>, StoreError> {
    const DAMAGED: StoreError = StoreError::Corrupt("the last publication");
    let Some(bytes) = store.document(BUNDLE)? else { return Ok(None) };
    let roots = parts::roots(store)?;
    let first = roots[roots.len().saturating_sub(MAX_ROOT_STEPS)..].first().ok_or(DAMAGED)?;
    let bundle = TrustBundle::open(&bytes, &parts::opened(first)?).map_err(|_| DAMAGED)?;
    Ok(Some(Publication::new(bundle, bytes, &roots, false)))
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoot => f.write_str("there is no root of trust yet"),
            Self::Restored => f.write_str("this office was put back from a backup, and what it withdrew since then is forgotten here"),
            Self::NoTargets => f.write_str("there are no signed targets, and their keys are not unlocked here"),
            Self::NoKey(role) => write!(f, "not enough active {role} keys are unlocked here"),
            Self::Unconfirmed(doubt) => doubt.fmt(f),
            Self::TooSoon { next } => write!(f, "this second is used by another publication; {next} is the next one"),
            Self::ListKeyStands { last } => {
                write!(f, "the key that signed the status lists of {last} is still in use, and this clock is behind them")
            }
            Self::Behind(why) => write!(f, "this issuer was restored from a copy and has forgotten what happened since: {why}"),
            Self::Unasked => {
                f.write_str("what was recorded before the upgrade from 0.1.0 would be published too, and no person has confirmed it")
            }
            Self::Overtaken => f.write_str("another process published something newer meanwhile"),
            Self::List(why) => write!(f, "status list: {why}"),
            Self::Bundle(why) | Self::Targets(why) => why.fmt(f),
            Self::Policy(why) => write!(f, "the policy cannot be published: {why}"),
            Self::Signer => SignError.fmt(f),
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

#[cfg(test)]
mod tests;
