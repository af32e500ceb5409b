//! The memory of answers: nonces until their challenge ends, credentials for as long as the gate wants to notice.

use alloc::vec::Vec;
use waypass_credential::Nonce;
use waypass_credential::time::Timestamp;
use waypass_trust::cbor::{NotCanonical, Reader, Writer};
use waypass_trust::time::Moment;

/// Most nonces held at a time. Each is held for a minute: sixty answers a second before a gate says that it cannot check.
pub const SEEN_CAPACITY: usize = 4096;

/// The policy for a credential that passes a gate twice in a short time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SeenAgain {
    /// Nothing: people come and go.
    #[default]
    Ignore,
    /// Amber `seen_recently`: it may have been passed back to the next in the queue.
    Caution {
        /// For this long after it passed.
        within_seconds: u32,
    },
}

/// Both memories, in the order things were seen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct SeenSet {
    nonces: Vec<SeenNonce>,
    passed: Vec<(CredentialMark, Timestamp)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct SeenNonce {
    nonce: [u8; 16],
    boot_id: [u8; 16],
    /// Boot clock at which the challenge has certainly ended.
    until_ms: u64,
}

/// Half a SHA-256 that stands for a credential; two halves that agree would only ask a guard to look twice.
pub(crate) type CredentialMark = [u8; 16];

/// The memory's answer about a nonce.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Memory {
    New,
    Seen,
    Full,
}

impl SeenSet {
    pub(crate) fn look_up(&self, nonce: &Nonce, at: &Moment) -> Memory {
        if self.nonces.iter().any(|seen| seen.nonce == nonce.0) {
            Memory::Seen
        } else if self.nonces.iter().filter(|seen| seen.holds(at)).count() >= SEEN_CAPACITY {
            Memory::Full
        } else {
            Memory::New
        }
    }

    pub(crate) fn passed_within(&self, mark: &CredentialMark, seconds: u32, at: &Moment) -> Option<Timestamp> {
        let recent = |seen: &&(CredentialMark, Timestamp)| seen.0 == *mark && at.at().since(seen.1).abs() <= i64::from(seconds);
        self.passed.iter().rev().find(recent).map(|seen| seen.1)
    }

    /// Remembers an answered nonce, and forgets those whose challenge cannot be answered any more.
    pub(crate) fn remember(&mut self, nonce: &Nonce, at: &Moment, lifetime_ms: u64) {
        self.nonces.retain(|seen| seen.holds(at));
        let reading = at.reading();
        if self.nonces.len() < SEEN_CAPACITY {
            let until_ms = reading.boottime_ms.saturating_add(lifetime_ms);
            self.nonces.push(SeenNonce { nonce: nonce.0, boot_id: reading.boot_id, until_ms });
        }
    }

    /// Remembers a credential that passed; the oldest gives way, because this only ever adds caution.
    pub(crate) fn remember_passed(&mut self, mark: CredentialMark, within_seconds: u32, at: &Moment) {
        self.passed.retain(|seen| seen.0 != mark && at.at().since(seen.1).abs() <= i64::from(within_seconds));
        if self.passed.len() >= SEEN_CAPACITY {
            self.passed.remove(0);
        }
        self.passed.push((mark, at.at()));
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.array(2).array(self.nonces.len());
        for seen in &self.nonces {
            out.array(3).bytes(&seen.nonce).bytes(&seen.boot_id).unsigned(seen.until_ms);
        }
        out.array(self.passed.len());
        for (mark, at) in &self.passed {
            out.array(2).bytes(mark).signed(at.unix());
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        from.array_of(2)?;
        let mut set = Self::default();
        for _ in 0..bounded(from.array()?)? {
            from.array_of(3)?;
            set.nonces.push(SeenNonce { nonce: from.bytes_array()?, boot_id: from.bytes_array()?, until_ms: from.unsigned()? });
        }
        for _ in 0..bounded(from.array()?)? {
            from.array_of(2)?;
            set.passed.push((from.bytes_array()?, Timestamp::from_unix(from.signed()?).ok_or(NotCanonical)?));
        }
        Ok(set)
    }
}

impl SeenNonce {
    /// Returns true if its challenge might still be open; one of another boot never is.
    fn holds(&self, at: &Moment) -> bool {
        self.boot_id == at.reading().boot_id && at.reading().boottime_ms <= self.until_ms
    }
}

const fn bounded(len: usize) -> Result<usize, NotCanonical> {
    if len <= SEEN_CAPACITY { Ok(len) } else { Err(NotCanonical) }
}
