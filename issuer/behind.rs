//! An issuer restored from a copy: it has forgotten what it published since, and gates have not.
//!
//! The uploads of gates say what they have seen: the version of the targets they decided by, and the entries of our lists that they
//! know to be revoked. An issuer that is behind publishes nothing: its lists would take revocations back.

use crate::keys::{KeyState, KeyUse};
use crate::lists::CLOSED;
use crate::office::Issuer;
use crate::parts::{LEAST_TARGETS, TARGETS, TIMESTAMP};
use crate::store::{Entry, KeyRow, StoreError};
use core::fmt;
use waypass_trust::audit::Flagged;

/// The numbers that an issuer that was restored skips: more publications than one makes in a century of 15-minute steps.
const SKIP: u64 = 4_000_000;

/// Counts how often this issuer was put back from a backup.
const RESTORED: &str = "restored";
/// The number of restorations after which somebody said that all was withdrawn again.
const MADE_GOOD: &str = "restored-made-good";

/// A gate has seen this of this issuer, and this issuer knows nothing of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Behind {
    /// Targets of a version that was not given out yet.
    Targets {
        /// The gate.
        gate: String,
        /// The version it decided by.
        seen: u64,
        /// The newest that this issuer knows of.
        known: u64,
    },
    /// A log that goes on after records of which this issuer holds none, and for which the gate has a receipt.
    Log {
        /// The gate.
        gate: String,
        /// How many records its log has.
        seen: u64,
        /// How many of them this issuer holds.
        known: u64,
    },
    /// An entry of one of our lists that is revoked, and is not revoked here.
    Revoked {
        /// The gate.
        gate: String,
        /// The list.
        list: u32,
        /// The entry.
        index: u32,
        /// The credential at this entry, if this issuer knows one.
        credential: Option<String>,
    },
}

impl Issuer<'_> {
    /// Facts about this issuer that enrolled gates have seen and that it knows nothing of. A gate whose enrolment has
    /// ended is not heard, and once a
    /// key for status lists was given up as stolen, revocations that only gates know of prove nothing.
    pub fn behind(&self) -> Result<Vec<Behind>, StoreError> {
        let enrolled: Vec<String> = self.enrolled_gates()?.map(|gate| gate.id).collect();
        let known = self.store.version(TARGETS)?;
        let mut behind = Vec::new();
        for (gate, device) in self.store.devices()? {
            if !enrolled.contains(&gate) {
                continue;
            }
            if device.ahead > device.next_seq && !device.forgiven {
                behind.push(Behind::Log { gate: gate.clone(), seen: device.ahead, known: device.next_seq });
            }
            if device.targets > known {
                behind.push(Behind::Targets { gate, seen: device.targets, known });
            }
        }
        // A list by a stolen key may have said anything.
        let is_stolen = |key: &KeyRow| key.key_use == KeyUse::Status && key.state == KeyState::Compromised;
        if self.store.keys()?.iter().any(is_stolen) {
            return Ok(behind);
        }
        for (Entry { list, index }, gate) in self.store.contradictions()? {
            if enrolled.contains(&gate) {
                let credential = self.store.credential_at(list, index)?.map(|credential| credential.id);
                behind.push(Behind::Revoked { gate, list, index, credential });
            }
        }
        Ok(behind)
    }

    /// Notes that this issuer was just put back from a backup. It publishes nothing until [`Self::skip_versions`], and issues in new lists
    /// only: it does not know which entries of the others it gave away since. Returns how many credentials it knows.
    pub fn note_restored(&mut self) -> Result<u64, StoreError> {
        let newest = self.store.lists()?.iter().map(|list| list.id).max().unwrap_or(0);
        self.store.transact(|tx| {
            tx.next_version(RESTORED);
            tx.raise_versions(&[(CLOSED, newest.into())]);
            Ok(tx.credential_count())
        })
    }

    /// Returns true if this issuer was put back from a backup, until somebody says that all was withdrawn again.
    pub(crate) fn is_restored(&self) -> Result<bool, StoreError> {
        Ok(self.store.version(RESTORED)? > self.store.version(MADE_GOOD)?)
    }

    /// Skips the numbers that publications since the copy may have used, so that gates take the next one, and revokes the entries
    /// that gates have seen revoked and of whose credentials this issuer has forgotten all. Others stay open until they are revoked.
    pub fn skip_versions(&mut self) -> Result<(), StoreError> {
        let mut unknown = Vec::new();
        for (entry, _) in self.store.contradictions()? {
            if self.store.credential_at(entry.list, entry.index)?.is_none() {
                unknown.push(entry);
            }
        }
        let devices = self.store.devices()?;
        let seen = devices.iter().map(|(_, device)| device.targets).max().unwrap_or(0);
        let next = |known: u64| known.max(seen.min(known.saturating_add(SKIP))).saturating_add(SKIP);
        let (targets, timestamp) = (next(self.store.version(TARGETS)?), next(self.store.version(TIMESTAMP)?));
        let restored = self.store.version(RESTORED)?;
        self.store.transact(|tx| {
            unknown.iter().try_for_each(|entry| tx.revoke_unknown(*entry))?;
            for (gate, _) in devices.iter().filter(|(_, device)| device.ahead > device.next_seq) {
                tx.forgive(gate)?;
            }
            tx.raise_versions(&[(TARGETS, targets), (LEAST_TARGETS, targets), (TIMESTAMP, timestamp), (MADE_GOOD, restored)]);
            Ok(())
        })
    }

    /// Keeps what a gate has seen revoked.
    pub(crate) fn note_seen(&mut self, gate: &str, flagged: &[Flagged]) -> Result<(), StoreError> {
        let ours = |flag: &Flagged| Some(Entry { list: self.list_number(&flag.uri)?, index: u32::try_from(flag.idx).ok()? });
        let entries: Vec<Entry> = flagged.iter().filter_map(ours).collect();
        if entries.is_empty() { Ok(()) } else { self.store.transact(|tx| tx.note_seen(gate, &entries)) }
    }
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Targets { gate, seen, known } => {
                write!(f, "the gate {gate} has decided by targets {seen}, and the newest that this issuer knows are {known}")
            }
            Self::Log { gate, seen, known } => {
                write!(f, "the gate {gate} has a receipt for more of its {seen} log records than the {known} that this issuer holds")
            }
            Self::Revoked { gate, list, index, credential: Some(id) } => {
                write!(f, "the gate {gate} has seen entry {index} of list {list} revoked, and here the credential {id} is not")
            }
            Self::Revoked { gate, list, index, credential: None } => {
                write!(f, "the gate {gate} has seen entry {index} of list {list} revoked, and this issuer knows no such credential")
            }
        }
    }
}

#[cfg(test)]
mod tests;
