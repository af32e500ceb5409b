//! The history, for the holder alone: a view of the wallet's own audit chain. It never leaves the device.
//!
//! Leaves are in an append-only log. Their subjects are in records next to it, which can be forgotten one by one
//! without breaking the chain.

use crate::Wallet;
use crate::credential_id::CredentialId;
use crate::error::WalletError;
use core::fmt;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;
use waypass_credential::{base64url, json};
use waypass_trust::audit::{self, Chain, Draft, Entry, Event, FirstBad, Leaf, Salts, Summary};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::Moment;
use waypass_vault::{Batch, Unlocked, VaultError};

/// The append-only log of leaves.
const LOG: &str = "history";
/// The subjects of the leaves, by position.
pub(crate) const DETAILS: &str = "history_details";
/// The wallet's name in its own chain.
pub(crate) const ABOUT: &str = "wallet";
const DEVICE: &[u8] = b"device";
pub(crate) const GATE: &str = "gate";
const CREDENTIAL: &str = "credential";
/// The actor in a wallet.
const ACTOR: &str = "holder";

/// The subject of an entry. Empty where it was forgotten.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// The credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
    /// The issuer's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The gate that asked: its `did:key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// The gate's name in the bundle; none for an unknown person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate_name: Option<String>,
    /// Why it asked, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The claims that were shown, or would have been.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// The faults of the vault that a person looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// The person who looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What happened to the wallet itself, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryEntry {
    /// Its position, from 0.
    pub seq: u64,
    /// The reading of the device's clock.
    pub at: Timestamp,
    /// The event: `held`, `presented`, `declined`, `removed`, `restored`, `read`, `acknowledged`, `unlocked`, `wrong_tries`, `locked_out`,
    /// `factors_changed`, `trust_changed`, `clock_confirmed`, `found`.
    pub event: String,
    /// Its subject; `None` once forgotten.
    pub detail: Option<Detail>,
}

/// The fault of a history.
#[derive(Debug)]
pub enum HistoryError {
    /// The first entry that does not belong.
    Bad(FirstBad),
    /// The details of this entry are not what was recorded.
    Detail {
        /// Its position.
        seq: u64,
    },
    /// The wallet failed.
    Wallet(WalletError),
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(why) => why.fmt(f),
            Self::Detail { seq } => write!(f, "record {seq}: its details are not what was recorded"),
            Self::Wallet(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for HistoryError {}

impl<E: Into<WalletError>> From<E> for HistoryError {
    fn from(why: E) -> Self {
        Self::Wallet(why.into())
    }
}

impl Wallet<'_> {
    /// Writes down that a person saw everything in a credential of this issuer; `what` says how.
    pub fn note_read(
        &self,
        (id, issuer): (CredentialId, &str),
        what: &str,
        at: &Moment,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), WalletError> {
        let detail = Detail { credential: Some(id), issuer: Some(issuer.to_owned()), what: Some(what.to_owned()), ..Detail::default() };
        self.vault.batch(|batch| append(&self.vault, batch, What { event: Event::Read, detail: &detail, bundle: None }, at, rng))
    }

    /// Returns the history, oldest first.
    pub fn history(&self) -> Result<Vec<HistoryEntry>, WalletError> {
        self.vault.log_from(LOG, 0).map(|entry| entry.map_err(WalletError::from).and_then(|(seq, leaf)| self.entry(seq, &leaf))).collect()
    }

    /// Returns the entries about one gate, oldest first; found by index.
    pub(crate) fn history_with(&self, gate: &str) -> Result<Vec<HistoryEntry>, WalletError> {
        let mut entries = Vec::new();
        for id in self.vault.find(DETAILS, GATE, gate.as_bytes())? {
            let seq = u64::from_be_bytes(id.try_into().map_err(|_| WalletError::Bookkeeping)?);
            let leaf = self.vault.log_entry(LOG, seq)?.ok_or(WalletError::Bookkeeping)?;
            entries.push(self.entry(seq, &leaf)?);
        }
        Ok(entries)
    }

    /// Forgets what an entry was about, and removes it from the vault's files. That something happened, and when, stays, and the chain still verifies.
    pub fn forget(&self, seq: u64) -> Result<bool, WalletError> {
        self.vault.batch(|batch| {
            batch.leave_no_trace();
            Ok(batch.remove(DETAILS, &seq.to_be_bytes())?)
        })
    }

    /// Checks the whole chain, and that the details fit it.
    pub fn verify_history(&self) -> Result<Summary, HistoryError> {
        let mut leaves = Vec::new();
        for entry in self.vault.log_from(LOG, 0) {
            let (seq, leaf) = entry?;
            if let Some((stored, _)) = self.stored(seq)? {
                let same = stored.leaf_bytes() == &leaf[..];
                if !same {
                    return Err(HistoryError::Detail { seq });
                }
            }
            leaves.push(leaf);
        }
        let device = device(|id| self.vault.get(ABOUT, id))?.unwrap_or_default();
        audit::verify(&Chain::new(&device), leaves.iter().map(|leaf| &leaf[..])).map_err(HistoryError::Bad)
    }

    fn entry(&self, seq: u64, leaf: &[u8]) -> Result<HistoryEntry, WalletError> {
        let leaf = Leaf::from_bytes(leaf).map_err(|_| WalletError::Bookkeeping)?;
        let detail = self.stored(seq)?.map(|(_, detail)| detail);
        Ok(HistoryEntry { seq, at: leaf.wall, event: leaf.event.as_str().to_owned(), detail })
    }

    /// `[1, entry, detail]`; the detail is the entry's subject, or what the subject is the hash of.
    fn stored(&self, seq: u64) -> Result<Option<(Entry, Detail)>, WalletError> {
        let Some(bytes) = self.vault.get(DETAILS, &seq.to_be_bytes())? else {
            return Ok(None);
        };
        let read = |bytes| -> Result<(Entry, Detail), NotCanonical> {
            let mut from = Reader::new(bytes);
            from.array_of(3)?;
            if from.unsigned()? != 1 {
                return Err(NotCanonical);
            }
            let entry = Entry::from_bytes(from.bytes()?).map_err(|_| NotCanonical)?;
            let text = from.text()?;
            from.end()?;
            let subject = entry.opening().map(|opening| opening.subject.as_str());
            if subject != Some(text) && subject != Some(&hashed(text)) {
                return Err(NotCanonical);
            }
            let detail = serde_json::from_str(text).map_err(|_| NotCanonical)?;
            Ok((entry, detail))
        };
        read(&bytes).map(Some).map_err(|_| WalletError::Bookkeeping)
    }
}

/// Writes down something that happened to the wallet itself: `event` says what kind, and `what` how, in words.
pub fn note(vault: &Unlocked<'_>, event: Event, what: &str, at: &Moment, rng: &mut dyn CryptoRng) -> Result<(), WalletError> {
    let detail = Detail { what: Some(what.to_owned()), ..Detail::default() };
    vault.batch(|batch| append(vault, batch, What { event, detail: &detail, bundle: None }, at, rng))
}

/// An event to be recorded.
pub(crate) struct What<'a> {
    pub(crate) event: Event,
    pub(crate) detail: &'a Detail,
    pub(crate) bundle: Option<&'a TrustBundle>,
}

/// Adds an entry within `batch`, so that it is durable exactly when what it tells about is.
pub(crate) fn append(
    vault: &Unlocked<'_>,
    batch: &mut Batch<'_>,
    what: What<'_>,
    at: &Moment,
    rng: &mut dyn CryptoRng,
) -> Result<(), WalletError> {
    let name = if let Some(name) = device(|id| batch.get(ABOUT, id))? {
        name
    } else {
        let mut random = [0; 16];
        rng.fill_bytes(&mut random);
        let name = format!("wallet:{}", base64url::encode(&random));
        batch.put(ABOUT, DEVICE, name.as_bytes(), &[])?;
        name
    };
    let size = vault.log_len(LOG);
    let mut chain = match size.checked_sub(1) {
        None => Chain::new(&name),
        Some(last) => Chain::resume(&name, size, head(vault, last, &what.event)?),
    };
    let text = json::to_string(what.detail);
    let bundle_version = what.bundle.map_or(0, |bundle| bundle.versions().targets);
    let draft = Draft { at, actor: ACTOR, event: what.event, subject: &text, outcome: None, bundle_version, status: None };
    let entry = chain.append(draft, Salts::random(rng));
    let seq = batch.append(LOG, entry.leaf_bytes())?;
    if seq != size {
        return Err(WalletError::Bookkeeping);
    }
    let mut out = Writer::new();
    out.array(3).unsigned(1).bytes(&entry.to_bytes()).text(&text);
    let mut tags: Vec<(&'static str, &[u8])> = Vec::new();
    tags.extend(what.detail.gate.as_ref().map(|gate| (GATE, gate.as_bytes())));
    tags.extend(what.detail.credential.as_ref().map(|id| (CREDENTIAL, &id.as_bytes()[..])));
    Ok(batch.put(DETAILS, &seq.to_be_bytes(), &out.into_bytes(), &tags)?)
}

/// Returns the hash of the last entry. If it is lost, only the word of a person who has looked goes on after it. [`Wallet::verify_history`]
/// goes on to say what is missing.
fn head(vault: &Unlocked<'_>, last: u64, event: &Event) -> Result<[u8; 32], WalletError> {
    match vault.log_entry(LOG, last) {
        Ok(Some(leaf)) => Ok(Leaf::hash(&leaf)),
        Ok(None) | Err(VaultError::LogDamaged { .. }) if *event == Event::Acknowledged => Ok([0; 32]),
        Ok(None) => Err(WalletError::Bookkeeping),
        Err(why) => Err(why.into()),
    }
}

fn device<T: AsRef<[u8]>>(get: impl FnOnce(&[u8]) -> Result<Option<T>, VaultError>) -> Result<Option<String>, WalletError> {
    let name = get(DEVICE)?;
    name.map(|name| String::from_utf8(name.as_ref().to_vec()).map_err(|_| WalletError::Bookkeeping)).transpose()
}

/// Returns how an entry keeps a subject that is too long for it.
fn hashed(text: &str) -> String {
    format!("sha-256:{}", base64url::encode(&Sha256::digest(text.as_bytes())))
}
