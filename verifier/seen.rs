//! The memory of answers: nonces until their challenge ends, credentials for as long as the gate wants to notice.

use alloc::vec::Vec;
use waypass_credential::Nonce;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::SeenAgain;
use waypass_trust::time::Moment;

/// Most nonces held at a time. Each is held for a minute: sixty answers a second before a gate says that it cannot check.
pub(crate) const SEEN_CAPACITY: usize = 4096;

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

    /// Returns when the credential last passed, if that is not longer ago than `within`.
    pub(crate) fn passed_within(&self, mark: &CredentialMark, within: SeenAgain, at: &Moment) -> Option<Timestamp> {
        self.passed.iter().rev().find(|seen| seen.0 == *mark && is_recent(seen.1, within, at)).map(|seen| seen.1)
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

    /// Remembers the credential that passed, if one did, and forgets those that passed longer ago than `within`: all of them where the
    /// rules ask for no memory. The oldest gives way to a new one, because this memory only ever adds caution.
    pub(crate) fn remember_passed(&mut self, passed: Option<CredentialMark>, within: Option<SeenAgain>, at: &Moment) {
        self.passed.retain(|seen| Some(seen.0) != passed && within.is_some_and(|within| is_recent(seen.1, within, at)));
        let (Some(mark), Some(_)) = (passed, within) else { return };
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

/// Returns true if `then` is close to now, on either side: a clock may have been set back.
fn is_recent(then: Timestamp, within: SeenAgain, at: &Moment) -> bool {
    at.at().since(then).abs() <= i64::from(within.seconds())
}

const fn bounded(len: usize) -> Result<usize, NotCanonical> {
    if len <= SEEN_CAPACITY { Ok(len) } else { Err(NotCanonical) }
}
