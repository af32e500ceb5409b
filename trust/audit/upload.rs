//! A device's log on its way to its server: `waypass.audit/1`.

use super::admissions::Admissions;
use super::chain::{Chain, FirstBad, Summary, verify};
use super::entry::{Entry, StatusUsed};
use super::leaf::{Leaf, MAX_LEAF};
use crate::bundle::{Authority, TrustBundle};
use crate::status::Status;
use crate::time::{Moment, TOLERANCE_SECONDS};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Serialize};
use waypass_credential::json::{self, Limits};
use waypass_credential::jws::{self, Jws};
use waypass_credential::key::{PublicKey, SignError, Signer};
use waypass_credential::time::Timestamp;
use waypass_credential::{base64url, did};

const SCHEMA: &str = "waypass.audit/1";
const HEAD_TYP: &str = "waypass-audit-head+jwt";
/// Most records in one upload; a longer log goes up in several.
pub(super) const MAX_LEAVES: usize = 4096;
/// All of them at their largest, in base64url, and the rest.
const LIMITS: Limits = Limits { bytes: MAX_LEAVES * (MAX_LEAF * 4 / 3 + 8) + 1024 * 1024, depth: 8, values: 1 << 16 };
const MAX_HEAD: usize = 4096;

/// A chain's end, signed by its device: anyone who keeps it notices later if the records it covers were rewritten.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The chain's end.
    pub chain: Chain,
    /// When the device signed it, by its own clock.
    pub signed_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadWire {
    dev: String,
    size: u64,
    head: String,
    at: i64,
}

/// An admission that a newer list shows as withdrawn: admitted while possibly already revoked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flagged {
    /// The record.
    pub seq: u64,
    /// The status list.
    pub uri: String,
    /// The credential's index in it.
    pub idx: u64,
    /// When it was admitted, by the gate's clock, in Unix seconds.
    pub admitted_at: i64,
}

/// Records from a position on, the signed head they end at, and the flagged admissions among all of the device's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upload {
    dev: String,
    from: u64,
    leaves: Vec<Vec<u8>>,
    head: String,
    flagged: Vec<Flagged>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadWire {
    schema: String,
    dev: String,
    from_seq: u64,
    leaves: Vec<String>,
    head: String,
    flagged: Vec<Flagged>,
}

/// Why an upload is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UploadError {
    /// Not an upload of version 1, or larger than allowed.
    Malformed,
    /// The head is not signed by the device it names.
    HeadProof,
    /// The head names a time in our future.
    HeadAhead,
    /// Records are missing between what is held and what came.
    Missing {
        /// How many records are held.
        held: u64,
        /// The number of the first record.
        from: u64,
    },
    /// It contradicts records that are held already: the device's log has been rewritten, or two devices share its key.
    Fork {
        /// The first position at which they differ.
        seq: u64,
    },
    /// The records do not form a chain, or not one that ends at the head.
    Chain(FirstBad),
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("not an audit upload"),
            Self::HeadProof => f.write_str("the head is not signed by the device"),
            Self::HeadAhead => f.write_str("the head was signed in the future"),
            Self::Missing { held, from } => write!(f, "{held} records are held and the upload begins at record {from}"),
            Self::Fork { seq } => write!(f, "record {seq} differs from the one that is held: the log was rewritten or its key copied"),
            Self::Chain(first) => first.fmt(f),
        }
    }
}

impl core::error::Error for UploadError {}

impl Head {
    /// Signs the end of `chain`, which must be the chain of `signer`'s own `did:key`.
    fn sign(chain: &Chain, at: Timestamp, signer: &dyn Signer) -> Result<String, SignError> {
        let wire = HeadWire { dev: chain.device().to_owned(), size: chain.size(), head: base64url::encode(&chain.head()), at: at.unix() };
        if did::to_did_key(signer.public_key()) != wire.dev {
            return Err(SignError);
        }
        jws::sign(HEAD_TYP, Some(&did::key_id(signer.public_key())), json::to_string(&wire).as_bytes(), signer)
    }

    /// Reads a signed head and checks that the device it names signed it.
    pub fn open(text: &str) -> Result<Self, UploadError> {
        let jws = Jws::parse(text, MAX_HEAD).map_err(|_| UploadError::Malformed)?;
        let claimed: HeadWire = serde_json::from_slice(jws.untrusted_payload()).map_err(|_| UploadError::Malformed)?;
        let key = did::resolve(&claimed.dev).map_err(|_| UploadError::Malformed)?;
        if jws.header().key_id.as_deref() != Some(&did::key_id(&key)) {
            return Err(UploadError::HeadProof);
        }
        jws.verify(&key, HEAD_TYP).map_err(|_| UploadError::HeadProof)?;
        let head = base64url::decode_array(&claimed.head).map_err(|_| UploadError::Malformed)?;
        let signed_at = Timestamp::from_unix(claimed.at).ok_or(UploadError::Malformed)?;
        Ok(Self { chain: Chain::resume(&claimed.dev, claimed.size, head), signed_at })
    }
}

/// The records of an upload, verified against what was held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted<'u> {
    /// The records not held before, in order; the first has position [`Self::first_new`].
    pub new: &'u [Vec<u8>],
    /// The position of the first new record.
    pub first_new: u64,
    /// The head the device signed, which the records end at.
    pub head: Head,
    /// The whole of what came.
    pub summary: Summary,
    /// Admissions the device asks about.
    pub flagged: &'u [Flagged],
}

impl Upload {
    /// Returns `entries`, the last records of `chain`, under its end signed at `at`. The chain must be that of `signer`'s own `did:key`.
    ///
    /// At most 4,096 records travel in one upload; a longer log goes up in several.
    pub fn sign(entries: &[Entry], chain: &Chain, at: Timestamp, flagged: Vec<Flagged>, signer: &dyn Signer) -> Result<Self, SignError> {
        let from = chain.size().checked_sub(entries.len() as u64).ok_or(SignError)?;
        let leaves = entries.iter().map(|entry| entry.leaf_bytes().to_owned()).collect();
        Ok(Self { dev: chain.device().to_owned(), from, leaves, head: Head::sign(chain, at, signer)?, flagged })
    }

    /// Returns the JSON text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let wire = UploadWire {
            schema: SCHEMA.to_owned(),
            dev: self.dev.clone(),
            from_seq: self.from,
            leaves: self.leaves.iter().map(|leaf| base64url::encode(leaf)).collect(),
            head: self.head.clone(),
            flagged: self.flagged.clone(),
        };
        json::to_string(&wire).into_bytes()
    }

    /// Returns the signed head, as text; [`Head::open`] reads it.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Reads untrusted bytes; nothing is verified yet.
    pub fn parse(bytes: &[u8]) -> Result<Self, UploadError> {
        json::parse(bytes, LIMITS).map_err(|_| UploadError::Malformed)?;
        let wire: UploadWire = serde_json::from_slice(bytes).map_err(|_| UploadError::Malformed)?;
        if wire.schema != SCHEMA || wire.leaves.len() > MAX_LEAVES || wire.flagged.len() > MAX_LEAVES {
            return Err(UploadError::Malformed);
        }
        let leaves = wire.leaves.iter().map(base64url::decode).collect::<Result<_, _>>().map_err(|_| UploadError::Malformed)?;
        Ok(Self { dev: wire.dev, from: wire.from_seq, leaves, head: wire.head, flagged: wire.flagged })
    }

    /// Returns the device whose log this is: it signed the head. The server says if it is a known one.
    pub fn device(&self) -> Result<String, UploadError> {
        let head = Head::open(&self.head)?;
        if head.chain.device() == self.dev { Ok(self.dev.clone()) } else { Err(UploadError::HeadProof) }
    }

    /// Checks an upload of the device with `key` against what is held of its log: `held_size` records, whose hashes
    /// `leaf_at` returns. Records that are held already are compared, not taken twice, so that an upload whose
    /// receipt got lost can be repeated. `at` is the server's time.
    pub fn verify(
        &self,
        key: &PublicKey,
        held_size: u64,
        hash_at: &dyn Fn(u64) -> Option<[u8; 32]>,
        at: Timestamp,
    ) -> Result<Accepted<'_>, UploadError> {
        let head = Head::open(&self.head)?;
        let device = did::to_did_key(key);
        if head.chain.device() != device || self.dev != device {
            return Err(UploadError::HeadProof);
        }
        if head.signed_at.since(at) > TOLERANCE_SECONDS {
            return Err(UploadError::HeadAhead);
        }
        if self.from > held_size {
            return Err(UploadError::Missing { held: held_size, from: self.from });
        }
        let before = match self.from.checked_sub(1) {
            None => [0; 32],
            Some(last) => hash_at(last).ok_or(UploadError::Missing { held: last, from: self.from })?,
        };
        let start = Chain::resume(&device, self.from, before);
        let mut overlap = 0;
        for (seq, leaf) in (self.from..held_size).zip(&self.leaves) {
            if hash_at(seq) != Some(Leaf::hash(leaf)) {
                return Err(self.contradiction(seq, &head));
            }
            overlap += 1;
        }
        let summary = verify(&start, self.leaves.iter().map(Vec::as_slice)).map_err(|first| match first {
            // The first new record does not follow what we hold: the device's history is another one.
            FirstBad { seq, why: super::Bad::BrokenLink } if seq == held_size => self.contradiction(seq, &head),
            other => UploadError::Chain(other),
        })?;
        let summary = summary.ends_at(&head.chain).map_err(UploadError::Chain)?;
        Ok(Accepted { new: &self.leaves[overlap..], first_new: self.from + overlap as u64, head, summary, flagged: &self.flagged })
    }

    /// Records that differ from those held speak against the device only if it signed them: they must lead to its head. Otherwise the file
    /// was damaged on its way, by anybody.
    fn contradiction(&self, seq: u64, head: &Head) -> UploadError {
        let claimed = self.leaves.first().filter(|_| self.from > 0).and_then(|leaf| Leaf::from_bytes(leaf).ok());
        let start = Chain::resume(head.chain.device(), self.from, claimed.map_or([0; 32], |leaf| leaf.previous));
        let whole = verify(&start, self.leaves.iter().map(Vec::as_slice)).and_then(|summary| summary.ends_at(&head.chain));
        whole.map_or_else(UploadError::Chain, |_| UploadError::Fork { seq })
    }
}

impl Flagged {
    /// Returns the flag for an entry that was an admission; `None` if it used no list, or whom it was about was erased.
    pub fn of(entry: &Entry) -> Option<Self> {
        let leaf = entry.leaf().ok()?;
        let used = entry.opening()?.status.as_ref()?;
        Some(Self { seq: leaf.seq, uri: used.uri.clone(), idx: used.index, admitted_at: leaf.wall.unix() })
    }
}

/// Returns the admissions among `entries`, a log from its start, whose credential is revoked by now, in a list newer
/// than the one the decision
/// used: admitted while possibly already revoked. Only the issuer knows whether it was ([`super::FlagAnswer`]).
///
/// Reads every entry; a device with a long log finds them by an index.
pub fn flag<'e>(entries: impl IntoIterator<Item = &'e Entry>, bundle: &TrustBundle, at: &Moment) -> Vec<Flagged> {
    flag_where(entries, &|used| {
        let announced = |authority: &'_ Authority| authority.status_uris.iter().position(|list| list.uri == used.uri);
        let found = bundle.authorities().iter().find_map(|authority| Some((authority, &authority.status_uris[announced(authority)?])));
        let Some((authority, list)) = found else { return false };
        let held = bundle.status(authority, &[list.revocation(used.index)], at);
        held.status == Status::Revoked && held.as_of > used.list_issued_at
    })
}

pub(super) fn flag_where<'e>(entries: impl IntoIterator<Item = &'e Entry>, revoked_since: &dyn Fn(&StatusUsed) -> bool) -> Vec<Flagged> {
    let mut found = Vec::new();
    let mut admissions = Admissions::from(0);
    for entry in entries {
        if let Ok(leaf) = entry.leaf() {
            admissions.take(&leaf);
        }
        let used = entry.opening().and_then(|opening| opening.status.as_ref());
        if used.is_some_and(revoked_since) {
            found.extend(Flagged::of(entry));
        }
    }
    found.retain(|flag| admissions.contains(flag.seq));
    found
}
