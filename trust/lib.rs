//! A device's belief, and how old that is: the signed trust bundle, status lists, freshness, and the assessment of a
//! credential against them.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. Time is an argument ([`time::Moment`]), bytes come and go
//! as slices and vectors; keeping them is the caller's.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod assess;
pub mod audit;
pub mod bundle;
pub mod freshness;
mod parts;
#[cfg(feature = "policy")]
pub mod policy;
pub mod reason;
pub mod status;
pub mod sync;
pub mod time;

/// Doors for the fuzzer (tests/fuzz), which no other build has.
#[cfg(fuzzing)]
pub mod fuzzing {
    use crate::audit::{Event, Leaf};
    use crate::bundle::Envelope;
    use crate::status::VerifiedList;
    use crate::status::bitstring::{self, VerifiedBitstring};
    use alloc::vec::Vec;
    use waypass_credential::key::{SignError, Signer};

    /// Reads a leaf and writes it again.
    pub fn leaf(bytes: &[u8]) -> Option<Vec<u8>> {
        Leaf::from_bytes(bytes).ok().map(|leaf| leaf.to_bytes())
    }

    /// Signs any bytes as a part of a bundle.
    pub fn part(payload: &[u8], typ: &str, signers: &[&dyn Signer]) -> Result<Envelope, SignError> {
        Envelope::sign(payload, typ, signers)
    }

    /// Reads the name of an event.
    pub fn event(name: &str) -> Option<Event> {
        Event::parse(name)
    }

    /// Returns the bits of an `encodedList`.
    pub fn bits(encoded: &str, most: usize) -> Option<Vec<u8>> {
        bitstring::decode(encoded, most).ok()
    }

    /// Returns how many bytes a list has, and true if no entry lies beyond its end.
    pub fn token(list: &VerifiedList) -> (usize, bool) {
        let list = list.list();
        (list.as_bytes().len(), list.get(list.len()).is_none() && list.get(u64::MAX).is_none())
    }

    /// Returns how many bytes a list has.
    pub fn length(list: &VerifiedBitstring) -> usize {
        list.bitstring().as_bytes().len()
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
#[path = "../tests/vectors/lists.rs"]
mod vectors;
