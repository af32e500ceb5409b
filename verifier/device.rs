//! The state that a checkpoint must not forget between two decisions.

use crate::seen::SeenSet;
use alloc::vec::Vec;
use core::fmt;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_trust::audit::Chain;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::{Adopted, Reading, SignedTime, TimeState};

/// Time, answered nonces, and the end of the audit chain: one small record, stored whole with every decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceState {
    /// The knowledge about time.
    pub time: TimeState,
    /// The end of the device's audit chain.
    pub chain: Chain,
    pub(crate) seen: SeenSet,
}

/// The stored state is not one of ours: a gate without it cannot tell a replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadState;

impl fmt::Display for BadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stored state of this checkpoint is damaged")
    }
}

impl core::error::Error for BadState {}

impl From<NotCanonical> for BadState {
    fn from(_: NotCanonical) -> Self {
        Self
    }
}

impl DeviceState {
    /// Returns the state of a device that has done nothing yet; `device` is its `did:key`.
    pub fn new(device: &str) -> Self {
        Self { time: TimeState::default(), chain: Chain::new(device), seen: SeenSet::default() }
    }

    /// Takes the signed time of a bundle, read at `reading`. A bundle whose time is [`Adopted::Aside`] must not be installed.
    pub fn learn_time(&mut self, bundle: &TrustBundle, reading: &Reading) -> Adopted {
        let (time, adopted) = self.time.adopt(&bundle.signed_time(), reading);
        self.time = time;
        adopted
    }

    /// Takes the answer to a question for the time that was asked at `asked`, read at `reading`.
    pub fn learn_answer(&mut self, signed: &SignedTime, asked: &Reading, reading: &Reading) -> Adopted {
        let (time, adopted) = self.time.answered(signed, asked, reading);
        self.time = time;
        adopted
    }

    /// Deterministic CBOR `[1, device, chain size, chain head, time state, seen]`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(6).unsigned(1).text(self.chain.device()).unsigned(self.chain.size()).bytes(&self.chain.head());
        out.bytes(&self.time.to_bytes());
        self.seen.write(&mut out);
        out.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadState> {
        let mut from = Reader::new(bytes);
        from.array_of(6)?;
        if from.unsigned()? != 1 {
            return Err(BadState);
        }
        let device = from.string(256)?;
        let (size, head) = (from.unsigned()?, from.bytes_array()?);
        let time = TimeState::from_bytes(from.bytes()?).map_err(|_| BadState)?;
        let seen = SeenSet::read(&mut from)?;
        from.end()?;
        Ok(Self { time, chain: Chain::resume(&device, size, head), seen })
    }
}
