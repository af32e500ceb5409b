//! How the state is stored: deterministic CBOR with a version of its own.

use super::{
    TimeSigner, TimeState,
    state::{Boot, MICROSECONDS, Proven},
};
use alloc::vec::Vec;
use core::fmt;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;

/// The version that [`TimeState::to_bytes`] writes.
const VERSION: u64 = 2;

/// A stored time state that is not ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadTimeState;

impl fmt::Display for BadTimeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stored time state is damaged")
    }
}

impl core::error::Error for BadTimeState {}

impl TimeState {
    /// Writes `[2, proven, wall_hi, boot, confirmed, lost, boots, decisions]` as deterministic CBOR, where `proven` is `null` or
    /// `[signed_at, signer, bound_us, unaccounted_us]`, and `boot` is `null` or
    /// `[id, read_ms, offset, anchored]`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(8).unsigned(VERSION);
        out.option(self.proven, |out, proven| {
            out.array(4).signed(proven.signed_at.unix());
            out.option(proven.signer, |out, signer| {
                out.bytes(&signer.0);
            });
            out.signed(proven.bound_us).signed(proven.unaccounted_us);
        });
        out.option(self.wall_hi, time);
        out.option(self.boot, |out, boot| {
            out.array(4).bytes(&boot.id);
            out.option(boot.read_ms, |out, ms| {
                out.unsigned(ms);
            });
            out.option(boot.offset, |out, offset| {
                out.signed(offset);
            });
            out.bool(boot.anchored);
        });
        out.option(self.confirmed, time);
        out.bool(self.lost);
        out.unsigned(self.boots_since_signed.into()).unsigned(self.decisions_since_signed.into());
        out.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote, and what 0.1.0 wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadTimeState> {
        read(&mut Reader::new(bytes)).map_err(|_| BadTimeState)
    }
}

fn read(from: &mut Reader<'_>) -> Result<TimeState, NotCanonical> {
    let state = match from.array()? {
        8 => second(from)?,
        7 => first(from)?,
        _ => return Err(NotCanonical),
    };
    from.end()?;
    Ok(state)
}

fn second(from: &mut Reader<'_>) -> Result<TimeState, NotCanonical> {
    version(from, VERSION)?;
    let proven = from.option(|from| {
        from.array_of(4)?;
        let signed_at = read_time(from)?;
        let signer = from.option(|from| from.bytes_array().map(TimeSigner))?;
        let (bound_us, unaccounted_us) = (from.signed()?, from.signed()?);
        if bound_us < 0 || unaccounted_us < 0 {
            return Err(NotCanonical);
        }
        Ok(Proven { signed_at, signer, bound_us, unaccounted_us })
    })?;
    let wall_hi = from.option(read_time)?;
    let boot = from.option(|from| {
        from.array_of(4)?;
        let id = from.bytes_array()?;
        Ok(Boot { id, read_ms: from.option(Reader::unsigned)?, offset: from.option(Reader::signed)?, anchored: from.bool()? })
    })?;
    let (confirmed, lost) = (from.option(read_time)?, from.bool()?);
    let (boots_since_signed, decisions_since_signed) = (from.unsigned32()?, from.unsigned32()?);
    Ok(TimeState { proven, wall_hi, boot, confirmed, lost, boots_since_signed, decisions_since_signed })
}

/// `[1, signed_lo, signed_claim, wall_hi, null / [id, offset, anchored], boots, decisions]`, as 0.1.0 wrote it: nothing ran on from the
/// signed time, and its signer was not kept. The claim is what was signed, before jumps of more than a year were cut.
fn first(from: &mut Reader<'_>) -> Result<TimeState, NotCanonical> {
    version(from, 1)?;
    let signed_lo = from.option(read_time)?;
    let _claim = from.option(read_time)?;
    let bound = |at: Timestamp| Proven { signed_at: at, signer: None, bound_us: at.unix().saturating_mul(MICROSECONDS), unaccounted_us: 0 };
    Ok(TimeState {
        proven: signed_lo.map(bound),
        wall_hi: from.option(read_time)?,
        boot: from.option(|from| {
            from.array_of(3)?;
            Ok(Boot { id: from.bytes_array()?, read_ms: None, offset: from.option(Reader::signed)?, anchored: from.bool()? })
        })?,
        boots_since_signed: from.unsigned32()?,
        decisions_since_signed: from.unsigned32()?,
        ..TimeState::default()
    })
}

fn version(from: &mut Reader<'_>, expected: u64) -> Result<(), NotCanonical> {
    if from.unsigned()? == expected { Ok(()) } else { Err(NotCanonical) }
}

fn time(out: &mut Writer, time: Timestamp) {
    out.signed(time.unix());
}

fn read_time(from: &mut Reader<'_>) -> Result<Timestamp, NotCanonical> {
    Timestamp::from_unix(from.signed()?).ok_or(NotCanonical)
}
