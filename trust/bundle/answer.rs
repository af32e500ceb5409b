//! A time answer: what a time signer says to one device that asks for the time now (unlock.md "TimeGuard" rule 4).
//!
//! A bundle proves that it is at least so late. An answer over a nonce that the device drew just now proves in addition that it is
//! hardly later.

use alloc::string::String;
use serde::{Deserialize, Serialize};
use waypass_credential::{
    base64url, json,
    key::{SignError, Signer},
    time::Timestamp,
};

use super::{envelope::Envelope, error::BundleError, root::Root, signed::check_schema};
use crate::parts::PartName;
use crate::time::SignedTime;

const SCHEMA: &str = "waypass.time/1";
const TYP: &str = "waypass-time+json";
/// An answer takes 400 bytes, and each further signature 300.
pub const MAX_TIME_ANSWER: usize = 16 * 1024;

/// The number that a device draws for each question, so that no earlier answer fits.
pub type TimeNonce = [u8; 32];

/// The signed content.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    schema: String,
    /// The nonce, base64url.
    nonce: String,
    /// Unix seconds.
    #[serde(with = "crate::parts::unix")]
    at: Timestamp,
}

/// Answers the question `nonce` with the time `at`. `signers` are the keys of the root's timestamp role.
pub fn answer_time(nonce: &TimeNonce, at: Timestamp, signers: &[&dyn Signer]) -> Result<Envelope, SignError> {
    let said = Said { schema: SCHEMA.into(), nonce: base64url::encode(nonce), at };
    Envelope::sign(json::to_string(&said).as_bytes(), TYP, signers)
}

impl Root {
    /// Believes an answer to the question `nonce` that the timestamp role of this root signed.
    pub fn open_time_answer(&self, answer: &[u8], nonce: &TimeNonce) -> Result<SignedTime, BundleError> {
        let part = PartName::TimeAnswer;
        if answer.len() > MAX_TIME_ANSWER {
            return Err(BundleError::TooLarge { part, bytes: answer.len(), limit: MAX_TIME_ANSWER });
        }
        let envelope: Envelope = serde_json::from_slice(answer).map_err(|_| BundleError::Syntax(part.clone()))?;
        let payload = envelope.verify(TYP, &part, &self.part().roles.timestamp)?;
        check_schema(&payload, SCHEMA, &part)?;
        let said: Said = serde_json::from_slice(&payload).map_err(|_| BundleError::Syntax(part.clone()))?;
        if said.nonce != base64url::encode(nonce) {
            return Err(BundleError::OtherQuestion);
        }
        Ok(SignedTime { at: said.at, signer: self.time_signer() })
    }
}
