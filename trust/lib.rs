//! A device's belief, and how old that is: the signed trust bundle, status lists, freshness, and the assessment of a
//! credential against them.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. Time is an argument ([`time::Moment`]), bytes come and go
//! as slices and vectors; keeping them is the caller's.
//!
//! ```
//! use waypass_credential::Credential;
//! use waypass_credential::time::Timestamp;
//! use waypass_trust::assess::assess;
//! use waypass_trust::bundle::{Digest, Root, TrustBundle};
//! use waypass_trust::status::Status;
//! use waypass_trust::time::{Limits, Reading, TimeGuard, TimeState};
//!
//! # let case: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors/waypass/admit-sd-jwt-vc.json"))?;
//! # let file = case["steps"][0]["bundle"].to_string();
//! # let file = file.as_bytes();
//! # let first_root = case["steps"][0]["bundle"]["root"][0].to_string();
//! # let first_root = first_root.as_bytes();
//! # let shown = case["steps"][2]["presentation"].as_str().ok_or("no presentation")?;
//! # let bytes = shown[..=shown.rfind('~').ok_or("no SD-JWT")?].as_bytes();
//! // The number that a person compares once. It decides about everything that follows.
//! let number: Digest = "9558642541df3748360b64af51902d0c4a5d9ca38e166c6447bdfa4776d3b94e".parse()?;
//! let bundle = TrustBundle::open(file, &Root::pin(first_root, &number)?)?;
//!
//! // What the clock says is judged too, by what this device has seen before.
//! let wall = Timestamp::from_unix(1_795_161_610).ok_or("no time")?;
//! let reading = Reading { wall, boottime_ms: 86_410_000, boot_id: [1; 16] };
//! let (now, _) = TimeGuard::observe(&TimeState::default(), &reading, &Limits::default());
//!
//! let credential = Credential::parse(bytes, bundle.contexts())?;
//! let assessment = assess(&credential, &bundle, &now).map_err(|refused| format!("{:?}", refused.reasons))?;
//! assert_eq!(assessment.issuer(), "St. Anna Clinic");
//! assert_eq!(assessment.status(), Status::Valid);
//! assert_eq!(assessment.ages().revocation, Some(10));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod assess;
pub mod audit;
pub mod bundle;
pub mod enrolment;
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
