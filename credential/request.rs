//! What a gate asks: a signed, short-lived request that carries a DCQL query and a nonce.

use crate::key::{SignError, Signer};
use crate::time::Timestamp;
use alloc::string::String;
use core::fmt;

mod nonce;
mod path;
mod query;

pub use nonce::Nonce;
pub use path::{ClaimPath, PathStep};
pub use query::{ClaimQuery, ClaimValue, CredentialQuery, Match, Query, QueryError};

/// The JWS `typ` of a request.
pub const TYP: &str = "waypass-request+jwt";
/// The usual time a request is good for, in seconds.
pub const LIFETIME: i64 = 60;
/// The longest time a request may be good for, in seconds.
pub const MAX_LIFETIME: i64 = 300;
/// The longest purpose, in characters.
pub const MAX_PURPOSE: usize = 200;

/// A gate's question: who asks, what, why, and until when.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    /// The gate: `did:key` of the key that signs; the audience of the answer.
    pub client_id: String,
    /// What the answer must contain so that it is fresh.
    pub nonce: Nonce,
    /// When it was asked.
    pub issued_at: Timestamp,
    /// Until when an answer is taken.
    pub expires_at: Timestamp,
    /// Why, in words for the holder.
    pub purpose: String,
    /// What is asked for.
    pub query: Query,
}

/// Why a text is not a request to answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RequestError {
    /// Not a JWS of ours.
    Jws(crate::jws::JwsError),
    /// The payload is not the JSON we read.
    Json(crate::json::JsonError),
    /// The payload lacks or misuses this member.
    Member(&'static str),
    /// Signed by another key than the one that `client_id` names.
    NotTheGate,
    /// The signature does not hold.
    InvalidProof,
    /// Good for longer than [`MAX_LIFETIME`], or for less than nothing.
    Lifetime,
    /// The query asks in a way we do not support.
    Query(QueryError),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jws(why) => why.fmt(f),
            Self::Json(why) => why.fmt(f),
            Self::Member(name) => write!(f, "the request's {name} is missing or not as it must be"),
            Self::NotTheGate => f.write_str("the request is signed by another key than the gate's"),
            Self::InvalidProof => f.write_str("the request's signature is not valid"),
            Self::Lifetime => write!(f, "a request may be good for at most {MAX_LIFETIME} seconds"),
            Self::Query(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for RequestError {}

impl Request {
    /// The signed text that a gate shows; fails also when `signer` does not hold the key of `client_id`.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, SignError> {
        let _ = signer;
        todo!()
    }

    /// Reads a signed request and checks the signature with the key that `client_id` itself names. Whether that gate is
    /// known, and whether the request has expired, is for the caller.
    pub fn open(text: &str) -> Result<Self, RequestError> {
        let _ = text;
        todo!()
    }
}
