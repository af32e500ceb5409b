//! A gate's question: a signed, short-lived request that carries a query and a nonce.
//!
//! It has two forms. A JWS with a DCQL query is the one for files and for other programs. A COSE_Sign1 says it in so few bytes that it
//! fits into one QR code. An answer to a code is bound to the digest of the code, and so to everything that was asked.

use crate::binding::{Binding, Nonce};
use crate::format::{Serialization, from_file};
use crate::jws::{self, Jws};
use crate::key::{InvalidProof, PublicKey, SignError, Signer};
use crate::malformed::Malformed;
use crate::time::Timestamp;
use crate::{did, json};
use alloc::{borrow::Cow, string::String};
use core::fmt;
use query::Dcql;
use serde::{Deserialize, Serialize};

mod code;
mod query;

pub use code::{Code, SignedCode};
pub use query::{ClaimQuery, ClaimValue, CredentialQuery, Match, Query, QueryError};

/// The JWS `typ` of a request.
pub(crate) const TYP: &str = "waypass-request+jwt";
/// The longest time a request may be good for, in seconds.
pub(crate) const MAX_LIFETIME: i64 = 300;
/// The longest purpose, in characters.
pub(crate) const MAX_PURPOSE: usize = 200;
/// The largest request, in bytes: what a few QR codes carry.
pub(crate) const MAX_BYTES: usize = 16 * 1024;

/// A gate's question: who asks, what, why, and until when.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    /// The gate: `did:key` of the key that signs; the audience of the answer.
    pub client_id: String,
    /// The nonce that the answer must contain, so that it is fresh.
    pub nonce: Nonce,
    /// When it was asked.
    pub issued_at: Timestamp,
    /// The time until which an answer is taken.
    pub expires_at: Timestamp,
    /// Why, in words for the holder.
    pub purpose: String,
    /// The query.
    pub query: Query,
    /// The code that it came as, if it came as one.
    pub code: Option<Code>,
}

/// Why bytes are not a request to answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RequestError {
    /// Not a JWS of ours.
    Jws(crate::jws::JwsError),
    /// Not a COSE_Sign1 of ours.
    Cose(Malformed),
    /// The payload lacks members, has others than ours, or of the wrong type.
    Payload,
    /// This member has a value that we refuse.
    Member(&'static str),
    /// Signed by another key than the one that `client_id` names.
    NotTheGate,
    /// The signature does not hold.
    InvalidProof,
    /// Good for longer than `MAX_LIFETIME`, or for less than nothing.
    Lifetime,
    /// The query asks in a way we do not support.
    Query(QueryError),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jws(why) => why.fmt(f),
            Self::Cose(why) => why.fmt(f),
            Self::Payload => f.write_str("the request's content is not as it must be"),
            Self::Member(name) => write!(f, "the request's {name} is not as it must be"),
            Self::NotTheGate => f.write_str("the request is signed by another key than the gate's"),
            Self::InvalidProof => f.write_str("the request's signature is not valid"),
            Self::Lifetime => write!(f, "a request may be good for at most {MAX_LIFETIME} seconds"),
            Self::Query(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for RequestError {}

impl Request {
    /// Returns the signed text that a gate shows. Fails also where [`Self::open`] would refuse it, such as for a signer that does
    /// not hold the key of `client_id`.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, SignError> {
        let key = signer.public_key();
        self.require_signer(key)?;
        let payload = Payload {
            client_id: self.client_id.as_str().into(),
            nonce: self.nonce.to_text().into(),
            iat: self.issued_at.unix(),
            exp: self.expires_at.unix(),
            purpose: self.purpose.as_str().into(),
            dcql_query: Dcql::from(&self.query),
        };
        jws::sign(TYP, Some(&did::key_id(key)), json::to_string(&payload).as_bytes(), signer)
    }

    /// Reads a signed request in either form, and checks the signature with the key that `client_id` itself names. The caller checks
    /// that the gate is known and that the request has not expired.
    pub fn open(signed: &(impl AsRef<[u8]> + ?Sized)) -> Result<Self, RequestError> {
        let signed = signed.as_ref();
        let request = if Serialization::of(signed) == Serialization::Cose {
            code::open(signed)?
        } else {
            // A byte order mark and line breaks around a text are an editor's.
            Self::open_text(core::str::from_utf8(from_file(signed)).map_err(|_| RequestError::Payload)?)?
        };
        request.check()?;
        Ok(request)
    }

    fn open_text(text: &str) -> Result<Self, RequestError> {
        let jws = Jws::parse(text, MAX_BYTES).map_err(RequestError::Jws)?;
        let payload: Payload<'_> = serde_json::from_slice(jws.untrusted_payload()).map_err(|_| RequestError::Payload)?;
        let key = gate_key(&payload.client_id)?;
        if jws.header().key_id.as_deref() != Some(did::key_id(&key).as_str()) {
            return Err(RequestError::NotTheGate);
        }
        jws.verify(&key, TYP).map_err(|InvalidProof| RequestError::InvalidProof)?;
        Ok(Self {
            nonce: Nonce::parse(&payload.nonce).map_err(|_| RequestError::Member("nonce"))?,
            issued_at: Timestamp::from_unix(payload.iat).ok_or(RequestError::Member("iat"))?,
            expires_at: Timestamp::from_unix(payload.exp).ok_or(RequestError::Member("exp"))?,
            query: payload.dcql_query.try_into().map_err(RequestError::Query)?,
            purpose: payload.purpose.into_owned(),
            client_id: payload.client_id.into_owned(),
            code: None,
        })
    }

    /// Returns what an answer must be bound to.
    pub fn binding(&self) -> Binding<'_> {
        match &self.code {
            None => Binding::challenge(&self.nonce, &self.client_id),
            Some(code) => Binding::Question { digest: code.digest, audience: &self.client_id },
        }
    }

    /// Checks that the gate's own key would sign what [`Self::open`] reads.
    fn require_signer(&self, key: &PublicKey) -> Result<(), SignError> {
        if self.client_id != did::to_did_key(key) || self.check().is_err() { Err(SignError) } else { Ok(()) }
    }

    fn check(&self) -> Result<(), RequestError> {
        if !(1..=MAX_LIFETIME).contains(&self.expires_at.since(self.issued_at)) {
            return Err(RequestError::Lifetime);
        }
        if self.purpose.chars().count() > MAX_PURPOSE || self.purpose.chars().any(is_unseen) {
            return Err(RequestError::Member("purpose"));
        }
        Ok(())
    }
}

/// Returns the key that a gate's name is. Only the one spelling that signing writes is read: no other DID method, no fragment.
fn gate_key(client_id: &str) -> Result<PublicKey, RequestError> {
    let key = did::resolve(client_id).map_err(|_| RequestError::Member("client_id"))?;
    if client_id == did::to_did_key(&key) { Ok(key) } else { Err(RequestError::NotTheGate) }
}

/// The signed payload.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload<'a> {
    #[serde(borrow)]
    client_id: Cow<'a, str>,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    iat: i64,
    exp: i64,
    #[serde(borrow)]
    purpose: Cow<'a, str>,
    dcql_query: Dcql,
}

/// Control characters and those that reorder or hide text (Unicode TR 36 §2.10): the purpose is shown before consent.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
