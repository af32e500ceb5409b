//! The floor: the least that a device may believe again, kept where only its own key writes (trust.md "Belief is under the seal").
//!
//! A bundle file lies open on the disk. Its signatures prove who made it, and not that it is the newest one this device has
//! seen. The floor remembers that. It does not keep the content of the bundle.

use alloc::{string::String, vec::Vec};
use core::fmt;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;

use super::{TrustBundle, error::BundleError, root::Root};
use crate::parts::{Digest, KeyUse, PartName, PartReference};
use crate::status::{Evidence, HeldList};

/// Lists one floor remembers, as many as a bundle can announce.
const MAX_LISTS: usize = 4096;
/// The longest URI or key id that is kept; both are in signed parts, which are bounded.
const MAX_TEXT: usize = 4096;
const VERSION: u64 = 1;

/// The least that a device may believe again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Floor {
    /// SHA-256 of the bundle file as it was last stored.
    pub file: Digest,
    /// When the newest timestamp was signed.
    pub signed_at: Timestamp,
    /// The end of this device's enrolment as a gate, by the newest bundle that had it.
    pub enrolled_until: Option<Timestamp>,
    timestamp: PartReference,
    snapshot: PartReference,
    targets: PartReference,
    lists: Vec<ListMark>,
}

/// The newest list of one URI, and the key that signed it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct ListMark {
    uri: String,
    issued_at: Timestamp,
    kid: String,
}

/// The stored bytes are not a floor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadFloor;

impl fmt::Display for BadFloor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stored floor is damaged")
    }
}

impl core::error::Error for BadFloor {}

impl Floor {
    /// Returns the floor of a device that stored `bundle` as a file with the digest `file`. `device` is the device's own id,
    /// where it can be enrolled as a gate. `before` is the floor until now.
    pub fn of(bundle: &TrustBundle, file: Digest, device: Option<&str>, before: Option<&Self>) -> Self {
        let enrolled = device.and_then(|device| bundle.gate(device)).map(|gate| gate.not_after);
        let lists = bundle.evidence.iter().filter_map(Evidence::current);
        let mark = |list: &HeldList| ListMark { uri: list.uri().into(), issued_at: list.issued_at(), kid: list.key_id().into() };
        Self {
            file,
            signed_at: bundle.issued_at(),
            enrolled_until: enrolled.or_else(|| before.and_then(|floor| floor.enrolled_until)),
            timestamp: bundle.timestamp.reference(),
            snapshot: bundle.snapshot.reference(),
            targets: bundle.targets.reference(),
            lists: lists.map(mark).collect(),
        }
    }

    /// Checks that `bundle` is at or above this floor. `held` is the root of the bundle that the floor was made from.
    ///
    /// A root that changed the keys of timestamp or snapshot clears what these keys signed (TUF 5.3.11). A list may be missing
    /// only where its URI is announced no more, or the key that signed it is believed no more.
    pub fn admits(&self, held: &Root, bundle: &TrustBundle) -> Result<(), BundleError> {
        bundle.root().0.no_older_than(&held.0)?;
        held.leads_to(&bundle.chain)?;
        if held.keeps_online_keys(bundle.root()) {
            no_older(PartName::Timestamp, &self.timestamp, &bundle.timestamp.reference())?;
            no_older(PartName::Snapshot, &self.snapshot, &bundle.snapshot.reference())?;
        }
        no_older(PartName::Targets, &self.targets, &bundle.targets.reference())?;
        self.lists.iter().filter(|mark| mark.still_counts(bundle)).try_for_each(|mark| {
            let found = bundle.evidence_for(&mark.uri).and_then(Evidence::current).map(HeldList::issued_at);
            if found.is_some_and(|found| found >= mark.issued_at) {
                return Ok(());
            }
            let seconds = |time: Timestamp| time.unix().unsigned_abs();
            let part = PartName::List(mark.uri.clone());
            Err(BundleError::Rollback { part, held: seconds(mark.issued_at), found: found.map_or(0, seconds) })
        })
    }

    /// Returns deterministic CBOR:
    /// `[1, file, signed_at, enrolled_until / null, [version, sha256] of timestamp, snapshot and targets, [[uri, issued_at, kid], ...]]`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(8).unsigned(VERSION).bytes(&self.file.0).signed(self.signed_at.unix());
        out.option(self.enrolled_until, |out, until| {
            out.signed(until.unix());
        });
        for part in [&self.timestamp, &self.snapshot, &self.targets] {
            out.array(2).unsigned(part.version).bytes(&part.sha256.0);
        }
        out.array(self.lists.len());
        for list in &self.lists {
            out.array(3).text(&list.uri).signed(list.issued_at.unix()).text(&list.kid);
        }
        out.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadFloor> {
        Self::read(&mut Reader::new(bytes)).map_err(|_| BadFloor)
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        from.array_of(8)?;
        if from.unsigned()? != VERSION {
            return Err(NotCanonical);
        }
        let time = |from: &mut Reader<'_>| Timestamp::from_unix(from.signed()?).ok_or(NotCanonical);
        let part = |from: &mut Reader<'_>| -> Result<PartReference, NotCanonical> {
            from.array_of(2)?;
            Ok(PartReference { version: from.unsigned()?, sha256: Digest(from.bytes_array()?) })
        };
        let file = Digest(from.bytes_array()?);
        let (signed_at, enrolled_until) = (time(from)?, from.option(time)?);
        let (timestamp, snapshot, targets) = (part(from)?, part(from)?, part(from)?);
        let count = from.array()?;
        if count > MAX_LISTS {
            return Err(NotCanonical);
        }
        let list = |from: &mut Reader<'_>| {
            from.array_of(3)?;
            Ok(ListMark { uri: from.string(MAX_TEXT)?, issued_at: time(from)?, kid: from.string(MAX_TEXT)? })
        };
        let lists = (0..count).map(|_| list(from)).collect::<Result<_, NotCanonical>>()?;
        from.end()?;
        Ok(Self { file, signed_at, enrolled_until, timestamp, snapshot, targets, lists })
    }
}

impl ListMark {
    /// Returns true if `bundle` must still hold a list as new as this one.
    fn still_counts(&self, bundle: &TrustBundle) -> bool {
        let announced = bundle.authorities().iter().any(|authority| authority.status_uris.iter().any(|list| list.uri == self.uri));
        let believed = bundle.keys_for_use(KeyUse::Status).any(|(_, record)| record.kid == self.kid && record.covers(self.issued_at));
        announced && believed
    }
}

fn no_older(part: PartName, floor: &PartReference, found: &PartReference) -> Result<(), BundleError> {
    if found.version < floor.version {
        return Err(BundleError::Rollback { part, held: floor.version, found: found.version });
    }
    if found.version == floor.version && found.sha256 != floor.sha256 {
        return Err(BundleError::Equivocation { part, version: found.version });
    }
    Ok(())
}
