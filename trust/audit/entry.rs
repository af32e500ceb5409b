//! A leaf together with what only this device may know.

use super::leaf::{BadEntry, Event, Leaf, MAX_LEAF, Outcome};
use super::note::{MAX_NAME, Note};
use crate::time::Moment;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;

/// Longest status list URI; the bundle's own are shorter.
const MAX_URI: usize = 1024;

/// Two fresh salts, drawn before the record is made.
#[derive(Clone, PartialEq, Eq)]
pub struct Salts {
    actor: [u8; 16],
    subject: [u8; 16],
}

impl Salts {
    /// Draws both.
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut salts = Self { actor: [0; 16], subject: [0; 16] };
        rng.fill_bytes(&mut salts.actor);
        rng.fill_bytes(&mut salts.subject);
        salts
    }

    /// Both, one after the other.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.actor);
        bytes[16..].copy_from_slice(&self.subject);
        bytes
    }

    /// Reads the bytes of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut salts = Self { actor: [0; 16], subject: [0; 16] };
        salts.actor.copy_from_slice(&bytes[..16]);
        salts.subject.copy_from_slice(&bytes[16..]);
        salts
    }
}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salts(..)")
    }
}

/// An event to be recorded; [`super::Chain::append`] adds the place in the chain.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// When, and how far the clock could be believed.
    pub at: &'a Moment,
    /// The actor: the operator, or the device itself.
    pub actor: &'a str,
    /// The event.
    pub event: Event,
    /// The subject of the event.
    pub subject: &'a str,
    /// The decision, if there was one.
    pub outcome: Option<Outcome>,
    /// The targets version of the bundle believed at the time; 0 without one.
    pub bundle_version: u64,
    /// Which status evidence the decision rested on.
    pub status: Option<StatusUsed>,
}

/// A person's remark about an earlier record; [`super::Chain::append_about`] adds the place in the chain.
#[derive(Clone, Debug)]
pub struct Remark<'a> {
    /// When, and how far the clock could be believed.
    pub at: &'a Moment,
    /// The event.
    pub event: Event,
    /// The record that it is about.
    pub about: u64,
    /// Whom that record is about.
    pub subject: &'a str,
    /// The person's words.
    pub note: Note,
    /// The targets version of the bundle believed at the time; 0 without one.
    pub bundle_version: u64,
}

/// The status list entry a decision looked at: local until somebody must be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusUsed {
    /// The list.
    pub uri: String,
    /// The credential's index in it.
    pub index: u64,
    /// `iat` of the list that was used; `None` when there was none.
    pub list_issued_at: Option<Timestamp>,
}

/// The private half of an entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    salts: Salts,
    /// The actor.
    pub actor: String,
    /// The subject of the event.
    pub subject: String,
    /// Which status evidence the decision rested on.
    pub status: Option<StatusUsed>,
    /// A person's remark about an earlier record.
    pub note: Option<Note>,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(..)")
    }
}

/// A leaf and, until it is forgotten, its opening. Stored encrypted; only the leaf ever leaves the device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    leaf: Vec<u8>,
    opening: Option<Opening>,
}

pub(super) fn salted(salt: &[u8; 16], name: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(name).finalize().into()
}

/// The version of an entry's encoding.
const VERSION: u64 = 1;
/// The version of an entry with a note.
const VERSION_NOTE: u64 = 2;

impl Entry {
    pub(super) fn new(device: &str, seq: u64, previous: [u8; 32], draft: Draft<'_>, salts: Salts) -> Self {
        let Draft { at, actor, event, subject, outcome, bundle_version, status } = draft;
        let status = status.filter(|used| used.uri.len() <= MAX_URI);
        let opening = Opening { salts, actor: shortened(actor), subject: shortened(subject), status, note: None };
        Self::sealed(device, seq, previous, at, opening, |leaf| Leaf { event, outcome, bundle_version, ..leaf })
    }

    pub(super) fn about(device: &str, seq: u64, previous: [u8; 32], remark: Remark<'_>, salts: Salts) -> Self {
        let Remark { at, event, about, subject, note, bundle_version } = remark;
        let opening = Opening { salts, actor: note.by().to_owned(), subject: shortened(subject), status: None, note: Some(note) };
        Self::sealed(device, seq, previous, at, opening, |leaf| Leaf { event, about: Some(about), bundle_version, ..leaf })
    }

    fn sealed(device: &str, seq: u64, previous: [u8; 32], at: &Moment, opening: Opening, fill: impl FnOnce(Leaf) -> Leaf) -> Self {
        let reading = at.reading();
        let leaf = fill(Leaf {
            device: device.to_owned(),
            seq,
            previous,
            boot_id: reading.boot_id,
            wall: reading.wall,
            boottime_ms: reading.boottime_ms,
            confidence: at.confidence(),
            actor: opening.actor_hash(),
            event: Event::Decided,
            subject: opening.subject_hash(),
            outcome: None,
            bundle_version: 0,
            about: None,
        });
        Self { leaf: leaf.to_bytes(), opening: Some(opening) }
    }

    /// Returns the encoded leaf: the public half.
    pub fn leaf_bytes(&self) -> &[u8] {
        &self.leaf
    }

    /// Returns the leaf, decoded.
    pub fn leaf(&self) -> Result<Leaf, BadEntry> {
        Leaf::from_bytes(&self.leaf)
    }

    /// Returns the private half, unless it was forgotten.
    pub const fn opening(&self) -> Option<&Opening> {
        self.opening.as_ref()
    }

    /// Erases the person: the leaf stays, the chain still verifies, and nobody can tell any more whom it was about.
    pub fn forget(&mut self) {
        self.opening = None;
    }

    /// Deterministic CBOR `[1, leaf, null / [salts, actor, subject, null / [uri, index, null / list iat]]]`; where a person says something
    /// about an earlier record, `[2, leaf, [salts, note, subject, null / ..]]` with the note `[by, second / null, reason / null]`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let has_note = self.opening.as_ref().is_some_and(|opening| opening.note.is_some());
        let mut out = Writer::new();
        out.array(3).unsigned(if has_note { VERSION_NOTE } else { VERSION }).bytes(&self.leaf);
        out.option(self.opening.as_ref(), |out, opening| {
            out.array(4).bytes(&opening.salts.to_bytes());
            match &opening.note {
                Some(note) => note.write(out),
                None => {
                    out.text(&opening.actor);
                }
            }
            out.text(&opening.subject).option(opening.status.as_ref(), |out, used| {
                out.array(3).text(&used.uri).unsigned(used.index).option(used.list_issued_at, |out, at| {
                    out.signed(at.unix());
                });
            });
        });
        out.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote; an opening that does not fit the leaf's hashes is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadEntry> {
        let mut from = Reader::new(bytes);
        from.array_of(3)?;
        let version = from.unsigned()?;
        if !(VERSION..=VERSION_NOTE).contains(&version) {
            return Err(BadEntry);
        }
        let encoded = from.bytes()?;
        if encoded.len() > MAX_LEAF {
            return Err(BadEntry);
        }
        let leaf = Leaf::from_bytes(encoded)?;
        let opening = from.option(|from| {
            from.array_of(4)?;
            let salts = Salts::from_bytes(&from.bytes_array()?);
            let note = if version == VERSION_NOTE { Some(Note::read(from)?) } else { None };
            let actor = match &note {
                Some(note) => note.by().to_owned(),
                None => from.string(MAX_NAME)?,
            };
            let subject = from.string(MAX_NAME)?;
            let status = from.option(|from| {
                from.array_of(3)?;
                Ok(StatusUsed {
                    uri: from.string(MAX_URI)?,
                    index: from.unsigned()?,
                    list_issued_at: from.option(|from| Timestamp::from_unix(from.signed()?).ok_or(NotCanonical))?,
                })
            })?;
            Ok(Opening { salts, actor, subject, status, note })
        })?;
        from.end()?;
        // A forgotten entry has one encoding: that without a note.
        let fits = opening.as_ref().map_or(version == VERSION, |opening| opening.fits(&leaf));
        if fits { Ok(Self { leaf: encoded.to_owned(), opening }) } else { Err(BadEntry) }
    }
}

impl Opening {
    /// Returns true if the names and salts are those the leaf was made from.
    pub(crate) fn fits(&self, leaf: &Leaf) -> bool {
        self.actor_hash() == leaf.actor && self.subject_hash() == leaf.subject && self.note.is_some() == leaf.about.is_some()
    }

    /// Returns the hash of who acted, or of all that they say.
    fn actor_hash(&self) -> [u8; 32] {
        match &self.note {
            Some(note) => salted(&self.salts.actor, &note.to_bytes()),
            None => salted(&self.salts.actor, self.actor.as_bytes()),
        }
    }

    fn subject_hash(&self) -> [u8; 32] {
        salted(&self.salts.subject, self.subject.as_bytes())
    }
}

/// Returns a name that fits an opening: itself, or `sha-256:` and its hash where somebody sent us a novel.
fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    alloc::format!("sha-256:{}", waypass_credential::base64url::encode(&Sha256::digest(name.as_bytes())))
}
