//! One record and its final encoding.

use crate::reason::{Level, ReasonCode};
use crate::time::{Confidence, Doubt};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use sha2::{Digest, Sha256};
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;

/// The largest encoded leaf: every field at its limit stays below it.
pub(crate) const MAX_LEAF: usize = 4096;
/// The version of the encoding. It is final: a later one is another number next to it.
const VERSION: u64 = 1;
/// The version of a record about another record.
const VERSION_ABOUT: u64 = 2;
/// A `did:key` of P-256 has 58 bytes; other device names are as short.
const MAX_DEVICE: usize = 256;
/// A reason code has at most 24 bytes and a decision cannot have more reasons than there are codes.
const MAX_REASONS: usize = 64;

/// One record of an audit chain.
///
/// Encoded as deterministic CBOR (RFC 8949 §4.2.1), a map with the integer keys 0 to 12, or 0 to 13 where the record is about another one
/// (`schemas/audit/leaf.cddl`):
///
/// | key | field | type |
/// |---|---|---|
/// | 0 | `v` | 1, or 2 where there is a key 13 |
/// | 1 | `dev` | text, the device's `did:key` |
/// | 2 | `seq` | unsigned, from 0 without gaps |
/// | 3 | `prev` | 32 bytes, hash of the leaf before; zeros in the first |
/// | 4 | `boot` | 16 bytes, changes with every boot |
/// | 5 | `wall` | integer, wall clock in Unix seconds, unjudged |
/// | 6 | `mono` | unsigned, milliseconds since boot |
/// | 7 | `time_conf` | unsigned: 0 anchored, 1 low; doubt: 2 behind signed, 3 behind seen, 4 stepped, 5 boots, 6 decisions, 7 evidence ahead |
/// | 8 | `actor` | 32 bytes, SHA-256(16 bytes of salt, actor in UTF-8); in version 2 of the note in CBOR |
/// | 9 | `event` | text, `[a-z_]{1,32}` |
/// | 10 | `subject` | 32 bytes, as `actor` with its own salt |
/// | 11 | `decision` | null, or `[level, [reason codes]]`, level 0 green, 1 amber, 2 grey, 3 red |
/// | 12 | `bundle_version` | unsigned, the targets version believed at the time; 0 without a bundle |
/// | 13 | `about` | unsigned, the position of the record that this one is about; below its own |
///
/// The hash of a leaf is SHA-256(0x00, encoding), RFC 6962 §2.1's leaf hash, so that a Merkle tree can be built over the
/// same records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// The device whose chain this is.
    pub device: String,
    /// Position in the chain, from 0.
    pub seq: u64,
    /// Hash of the leaf before.
    pub previous: [u8; 32],
    /// The boot during which it was written.
    pub boot_id: [u8; 16],
    /// The wall clock, unjudged.
    pub wall: Timestamp,
    /// Milliseconds since boot.
    pub boottime_ms: u64,
    /// How far the clock could be believed.
    pub confidence: Confidence,
    /// Salted hash of who acted.
    pub actor: [u8; 32],
    /// The event.
    pub event: Event,
    /// Salted hash of who or what it happened to.
    pub subject: [u8; 32],
    /// The decision, if there was one.
    pub outcome: Option<Outcome>,
    /// The targets version of the bundle believed at the time.
    pub bundle_version: u64,
    /// The position of the record that this one is about.
    pub about: Option<u64>,
}

/// The kind of a record.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// A checkpoint decided about a presentation.
    Decided,
    /// A device that is not a gate checked a presentation; nobody was admitted by it.
    Checked,
    /// A person changed what the device believes: pinned a root, brought a bundle, or removed both.
    TrustChanged,
    /// The device found its keys, state, challenges or log damaged, deleted or put back from an older copy.
    Found,
    /// A person looked at what was found, or at the flagged admission that the record is about.
    Acknowledged,
    /// A person said that the clock is right.
    ClockConfirmed,
    /// The extra step of the amber decision that the record is about was done: the person went in.
    Confirmed,
    /// The person whom the amber decision was about did not go in.
    TurnedAway,
    /// Wrong secrets were tried before somebody opened the device.
    WrongTries,
    /// So many wrong secrets were tried that only the recovery code opened the device.
    LockedOut,
    /// A person changed what opens the device.
    FactorsChanged,
    /// A person had everything erased that the log knew about somebody.
    Erased,
    /// The device's files were brought to a newer format.
    Upgraded,
    /// A newer status list takes final revocations back, or one that did was followed by another; they stay.
    TakenBack,
    /// A person overrode a decision in an emergency.
    BreakGlass,
    /// A wallet took a credential in.
    Held,
    /// A wallet presented a credential.
    Presented,
    /// A wallet removed a credential.
    Removed,
    /// A synchronization ended.
    Synced,
    /// A wallet declined a request.
    Declined,
    /// A wallet was restored from a backup.
    Restored,
    /// A person looked at everything in a credential that the wallet holds, or wrote it to a file.
    Read,
    /// A person opened a session, so that commands ask for no secret until it locks.
    Unlocked,
    /// A kind of a later version, by its name.
    Other(OtherEvent),
}

/// The name of an event that this version does not know: 1 to 32 lower-case letters and underscores.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OtherEvent(String);

/// The events that this version knows.
const KNOWN: [Event; 23] = [
    Event::Decided,
    Event::Checked,
    Event::TrustChanged,
    Event::Found,
    Event::Acknowledged,
    Event::ClockConfirmed,
    Event::Confirmed,
    Event::TurnedAway,
    Event::WrongTries,
    Event::LockedOut,
    Event::FactorsChanged,
    Event::Erased,
    Event::Upgraded,
    Event::TakenBack,
    Event::BreakGlass,
    Event::Held,
    Event::Presented,
    Event::Removed,
    Event::Synced,
    Event::Declined,
    Event::Restored,
    Event::Read,
    Event::Unlocked,
];

impl Event {
    /// Returns every kind that this version knows.
    pub fn known() -> impl Iterator<Item = Self> {
        KNOWN.into_iter()
    }

    /// Reads a kind from its name; `None` unless it is 1 to 32 lower-case letters and underscores.
    pub fn parse(name: &str) -> Option<Self> {
        let fits = (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let known = KNOWN.into_iter().find(|event| event.as_str() == name);
        fits.then(|| known.unwrap_or_else(|| Self::Other(OtherEvent(name.to_owned()))))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Decided => "decided",
            Self::Checked => "checked",
            Self::TrustChanged => "trust_changed",
            Self::Found => "found",
            Self::Acknowledged => "acknowledged",
            Self::ClockConfirmed => "clock_confirmed",
            Self::Confirmed => "confirmed",
            Self::TurnedAway => "turned_away",
            Self::WrongTries => "wrong_tries",
            Self::LockedOut => "locked_out",
            Self::FactorsChanged => "factors_changed",
            Self::Erased => "erased",
            Self::Upgraded => "upgraded",
            Self::TakenBack => "revocations_taken_back",
            Self::BreakGlass => "break_glass",
            Self::Held => "held",
            Self::Presented => "presented",
            Self::Removed => "removed",
            Self::Synced => "synced",
            Self::Declined => "declined",
            Self::Restored => "restored",
            Self::Read => "read",
            Self::Unlocked => "unlocked",
            Self::Other(OtherEvent(name)) => name,
        }
    }
}

/// The decision: the level and every reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Green, amber, grey or red.
    pub level: Level,
    /// The codes by their stable names; a later version's codes stay readable.
    pub reasons: Vec<String>,
}

impl Outcome {
    /// From the codes of this version.
    pub fn new(level: Level, reasons: impl IntoIterator<Item = ReasonCode>) -> Self {
        Self { level, reasons: reasons.into_iter().map(|code| code.as_str().to_owned()).collect() }
    }

    /// Returns true if the decision alone let somebody in: green. Amber does so only when a later record says that it was confirmed.
    pub(crate) fn admitted(&self) -> bool {
        self.level == Level::Green
    }
}

/// The bytes are not a leaf or an entry of a version that is known here, in its one encoding, or the opening does not fit its leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadEntry;

impl fmt::Display for BadEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an audit record in its canonical encoding")
    }
}

impl core::error::Error for BadEntry {}

impl From<NotCanonical> for BadEntry {
    fn from(_: NotCanonical) -> Self {
        Self
    }
}

impl Leaf {
    /// Returns the hash of an encoded leaf.
    pub fn hash(encoded: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update([0]).chain_update(encoded).finalize().into()
    }

    /// Returns the encoding.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        let (members, version) = if self.about.is_some() { (14, VERSION_ABOUT) } else { (13, VERSION) };
        out.map(members).unsigned(0).unsigned(version);
        out.unsigned(1).text(&self.device);
        out.unsigned(2).unsigned(self.seq);
        out.unsigned(3).bytes(&self.previous);
        out.unsigned(4).bytes(&self.boot_id);
        out.unsigned(5).signed(self.wall.unix());
        out.unsigned(6).unsigned(self.boottime_ms);
        out.unsigned(7).unsigned(confidence_number(self.confidence));
        out.unsigned(8).bytes(&self.actor);
        out.unsigned(9).text(self.event.as_str());
        out.unsigned(10).bytes(&self.subject);
        out.unsigned(11).option(self.outcome.as_ref(), |out, outcome| {
            out.array(2).unsigned(level_number(outcome.level)).array(outcome.reasons.len());
            for reason in &outcome.reasons {
                out.text(reason);
            }
        });
        out.unsigned(12).unsigned(self.bundle_version);
        if let Some(about) = self.about {
            out.unsigned(13).unsigned(about);
        }
        out.into_bytes()
    }

    /// Reads an encoding; exactly one byte string decodes to each leaf.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadEntry> {
        if bytes.len() > MAX_LEAF {
            return Err(BadEntry);
        }
        let mut from = Reader::new(bytes);
        let is_about = Reader::new(bytes).map_of(14).is_ok();
        from.map_of(if is_about { 14 } else { 13 })?;
        key(&mut from, 0)?;
        if from.unsigned()? != if is_about { VERSION_ABOUT } else { VERSION } {
            return Err(BadEntry);
        }
        key(&mut from, 1)?;
        let device = from.string(MAX_DEVICE)?;
        key(&mut from, 2)?;
        let seq = from.unsigned()?;
        key(&mut from, 3)?;
        let previous = from.bytes_array()?;
        key(&mut from, 4)?;
        let boot_id = from.bytes_array()?;
        key(&mut from, 5)?;
        let wall = Timestamp::from_unix(from.signed()?).ok_or(BadEntry)?;
        key(&mut from, 6)?;
        let boottime_ms = from.unsigned()?;
        key(&mut from, 7)?;
        let confidence = confidence_from(from.unsigned()?).ok_or(BadEntry)?;
        key(&mut from, 8)?;
        let actor = from.bytes_array()?;
        key(&mut from, 9)?;
        let event = Event::parse(from.text()?).ok_or(BadEntry)?;
        key(&mut from, 10)?;
        let subject = from.bytes_array()?;
        key(&mut from, 11)?;
        let outcome = from.option(outcome)?;
        key(&mut from, 12)?;
        let bundle_version = from.unsigned()?;
        let about = if is_about { Some(about(&mut from, seq)?) } else { None };
        from.end()?;
        Ok(Self { device, seq, previous, boot_id, wall, boottime_ms, confidence, actor, event, subject, outcome, bundle_version, about })
    }
}

fn key(from: &mut Reader<'_>, expected: u64) -> Result<(), NotCanonical> {
    if from.unsigned()? == expected { Ok(()) } else { Err(NotCanonical) }
}

/// Reads the position of an earlier record; no record is about a later one.
fn about(from: &mut Reader<'_>, seq: u64) -> Result<u64, NotCanonical> {
    key(from, 13)?;
    let about = from.unsigned()?;
    if about < seq { Ok(about) } else { Err(NotCanonical) }
}

fn outcome(from: &mut Reader<'_>) -> Result<Outcome, NotCanonical> {
    from.array_of(2)?;
    let level = match from.unsigned()? {
        0 => Level::Green,
        1 => Level::Amber,
        2 => Level::Grey,
        3 => Level::Red,
        _ => return Err(NotCanonical),
    };
    let count = from.array()?;
    if count > MAX_REASONS {
        return Err(NotCanonical);
    }
    let reasons = (0..count).map(|_| from.string(32)).collect::<Result<_, _>>()?;
    Ok(Outcome { level, reasons })
}

const fn level_number(level: Level) -> u64 {
    match level {
        Level::Green => 0,
        Level::Amber => 1,
        Level::Grey => 2,
        Level::Red => 3,
    }
}

const CONFIDENCES: [Confidence; 9] = [
    Confidence::Anchored,
    Confidence::Low,
    Confidence::Doubt(Doubt::BehindSigned),
    Confidence::Doubt(Doubt::BehindSeen),
    Confidence::Doubt(Doubt::Stepped),
    Confidence::Doubt(Doubt::TooManyBoots),
    Confidence::Doubt(Doubt::TooManyDecisions),
    Confidence::Doubt(Doubt::EvidenceAhead),
    Confidence::Suspect,
];

const fn confidence_number(confidence: Confidence) -> u64 {
    match confidence {
        Confidence::Anchored => 0,
        Confidence::Low => 1,
        Confidence::Doubt(Doubt::BehindSigned) => 2,
        Confidence::Doubt(Doubt::BehindSeen) => 3,
        Confidence::Doubt(Doubt::Stepped) => 4,
        Confidence::Doubt(Doubt::TooManyBoots) => 5,
        Confidence::Doubt(Doubt::TooManyDecisions) => 6,
        Confidence::Doubt(Doubt::EvidenceAhead) => 7,
        Confidence::Suspect => 8,
    }
}

fn confidence_from(number: u64) -> Option<Confidence> {
    CONFIDENCES.get(usize::try_from(number).ok()?).copied()
}
