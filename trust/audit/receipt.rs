//! The server's signed word that it holds a log up to a head: only then may a device prune.

use super::chain::Chain;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Serialize};
use waypass_credential::jws::{self, Jws};
use waypass_credential::key::{PublicKey, SignError, Signer};
use waypass_credential::time::Timestamp;
use waypass_credential::{base64url, json};

const TYP: &str = "waypass-receipt+jwt";
/// A receipt answers at most as many flags as an upload may carry.
const MAX_BYTES: usize = 1024 * 1024;

/// The records that the server stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The end of the log it holds: device, size and head.
    pub chain: Chain,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// The answers about flagged admissions.
    pub flagged: Vec<FlagAnswer>,
}

/// The issuer's knowledge about a flagged admission.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagAnswer {
    /// The record.
    pub seq: u64,
    /// When the credential was revoked, in Unix seconds; `null` when it is not.
    pub revoked_at: Option<i64>,
    /// True if that was before the admission.
    pub already_revoked: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    dev: String,
    size: u64,
    head: String,
    stored_at: i64,
    flagged: Vec<FlagAnswer>,
}

/// Why a text is not a receipt for this device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiptError {
    /// Not a receipt.
    Malformed,
    /// Not signed by the intake key.
    InvalidProof,
    /// It is for another device's log.
    WrongDevice,
    /// It covers records or a head this device never had.
    NotOurs,
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a receipt for an audit log",
            Self::InvalidProof => "the receipt is not signed by the intake key",
            Self::WrongDevice => "the receipt is for another device",
            Self::NotOurs => "the receipt covers a log that is not this device's",
        })
    }
}

impl core::error::Error for ReceiptError {}

impl Receipt {
    /// Signs it with the intake key.
    pub fn sign(&self, key_id: &str, signer: &dyn Signer) -> Result<String, SignError> {
        let wire = Wire {
            dev: self.chain.device().to_owned(),
            size: self.chain.size(),
            head: base64url::encode(&self.chain.head()),
            stored_at: self.stored_at.unix(),
            flagged: self.flagged.clone(),
        };
        jws::sign(TYP, Some(key_id), json::to_string(&wire).as_bytes(), signer)
    }

    /// Returns the `kid` a receipt claims, for finding the key record in the bundle; nothing else may be concluded from it.
    pub fn claimed_key_id(text: &str) -> Option<String> {
        Jws::parse(text, MAX_BYTES).ok()?.header().key_id.clone()
    }

    /// Reads a receipt under `intake`, a key whose record in the bundle has the use `intake`, for a device whose leaf
    /// hashes `hash_at` knows.
    pub fn open(text: &str, intake: &PublicKey, device: &str, hash_at: &dyn Fn(u64) -> Option<[u8; 32]>) -> Result<Self, ReceiptError> {
        let jws = Jws::parse(text, MAX_BYTES).map_err(|_| ReceiptError::Malformed)?;
        let payload = jws.into_verified(intake, TYP).map_err(|_| ReceiptError::InvalidProof)?;
        let wire: Wire = serde_json::from_slice(&payload).map_err(|_| ReceiptError::Malformed)?;
        if wire.dev != device {
            return Err(ReceiptError::WrongDevice);
        }
        let head = base64url::decode_array(&wire.head).map_err(|_| ReceiptError::Malformed)?;
        let ours = match wire.size.checked_sub(1) {
            None => Some([0; 32]),
            Some(last) => hash_at(last),
        };
        if ours != Some(head) {
            return Err(ReceiptError::NotOurs);
        }
        let stored_at = Timestamp::from_unix(wire.stored_at).ok_or(ReceiptError::Malformed)?;
        Ok(Self { chain: Chain::resume(device, wire.size, head), stored_at, flagged: wire.flagged })
    }
}
