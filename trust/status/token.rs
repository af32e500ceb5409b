//! Status list tokens: the signed JWT around a compressed bitmap (draft-ietf-oauth-status-list §5.1).

use alloc::{borrow::Cow, string::String, vec::Vec};
use miniz_oxide::{
    deflate::compress_to_vec_zlib,
    inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit},
};
use waypass_credential::{
    base64url,
    json::{self, Limits, Object, Value},
    jws::{self, Jws},
    key::{PublicKey, Signer},
    time::Timestamp,
};

use super::{
    ListError,
    list::{Bits, StatusList, StatusListBuf},
};
use crate::parts::MAX_LIST;

/// No bitmap inflates above this, whatever is announced: 32 Mi entries of 2 bits; an issuer with more splits its list.
pub(crate) const HARD_CAP: usize = 8 * 1024 * 1024;
/// The JOSE `typ` of a token (§5.1).
const TYP: &str = "statuslist+jwt";
/// A token's payload has a handful of members and one long string.
const PAYLOAD: Limits = Limits { bytes: MAX_LIST, depth: 8, values: 256 };
/// §4.1 recommends the highest compression level; 9 is as far as ZLIB counts.
const LEVEL: u8 = 9;

/// The content that an issuer signs: the list's address, its time and its lifetime.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusListToken {
    /// `sub`: the list's URI.
    pub uri: String,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Option<Timestamp>,
    /// `ttl` in seconds: how long to wait before asking for a newer one.
    pub ttl_seconds: Option<u64>,
}

impl StatusListToken {
    /// Compresses and signs `list` under `key_id`.
    pub fn sign(&self, list: &StatusListBuf, key_id: &str, signer: &dyn Signer) -> Result<String, ListError> {
        let list = list.as_list();
        let compressed = compress_to_vec_zlib(list.as_bytes(), LEVEL);
        let lst = base64url::encode(&compressed);
        let status_list = Object::new().with("bits", i64::from(list.bits().get())).with("lst", lst);
        let mut payload = Object::new().with("sub", self.uri.as_str()).with("iat", self.issued_at.unix());
        if let Some(expires_at) = self.expires_at {
            payload.set("exp", expires_at.unix());
        }
        if let Some(ttl) = self.ttl_seconds {
            payload.set("ttl", i64::try_from(ttl).map_err(|_| ListError::Malformed)?);
        }
        let payload = json::to_string(&Value::Object(payload.with("status_list", status_list)));
        let text = jws::sign(TYP, Some(key_id), payload.as_bytes(), signer).map_err(|_| ListError::Signer)?;
        if text.len() > MAX_LIST { Err(ListError::TooLarge) } else { Ok(text) }
    }

    /// Verifies a token text with a key that the caller trusts for it; the bitmap may inflate to `max_bytes`.
    pub fn verify(text: &str, key: &PublicKey, max_bytes: usize) -> Result<VerifiedList, ListError> {
        SignedClaims::read(verified_payload(&unverified(text)?, key)?)?.inflate(max_bytes)
    }
}

/// Splits a token text; only its `kid` is good for anything before the signature is checked.
pub(crate) fn unverified(text: &str) -> Result<Jws<'_>, ListError> {
    Jws::parse(text, MAX_LIST).map_err(|_| ListError::Malformed)
}

/// Checks the signature and returns the payload.
pub(crate) fn verified_payload<'j>(jws: &'j Jws<'_>, key: &PublicKey) -> Result<&'j [u8], ListError> {
    jws.verify(key, TYP).map_err(|_| ListError::InvalidProof)
}

/// The claims of a token whose signature was checked, the bitmap still compressed.
pub(crate) struct SignedClaims<'a> {
    pub(crate) token: StatusListToken,
    pub(crate) bits: Bits,
    lst: Cow<'a, str>,
}

impl<'a> SignedClaims<'a> {
    /// Reads a payload (§5.1, §4.2); members that are not ours are left alone.
    pub(crate) fn read(payload: &'a [u8]) -> Result<Self, ListError> {
        let Ok(Value::Object(mut claims)) = json::parse(payload, PAYLOAD) else { return Err(ListError::Malformed) };
        let uri = claims.text("sub").filter(|uri| !uri.is_empty()).ok_or(ListError::Malformed)?.into();
        // RFC 7519 §2: a time may have a fraction. An end comes earlier, and so does the time from which the list's age counts.
        let time = |name| match claims.member(name) {
            None => Ok(None),
            Some(value) => value.floor().and_then(Timestamp::from_unix).map(Some).ok_or(ListError::Malformed),
        };
        let issued_at = time("iat")?.ok_or(ListError::Malformed)?;
        let expires_at = time("exp")?;
        if expires_at.is_some_and(|end| end < issued_at) {
            return Err(ListError::Malformed);
        }
        let ttl_seconds = match claims.member("ttl") {
            None => None,
            // §5.1: a positive number.
            Some(ttl) => Some(ttl.floor().and_then(|ttl| u64::try_from(ttl).ok()).filter(|ttl| *ttl > 0).ok_or(ListError::Malformed)?),
        };
        let Some(Value::Object(mut list)) = claims.remove("status_list") else { return Err(ListError::Malformed) };
        let bits = list.member("bits").and_then(Value::as_i64).ok_or(ListError::Malformed)?;
        let bits = u8::try_from(bits).ok().and_then(Bits::new).ok_or(ListError::Bits)?;
        let Some(Value::String(lst)) = list.remove("lst") else { return Err(ListError::Malformed) };
        Ok(Self { token: StatusListToken { uri, issued_at, expires_at, ttl_seconds }, bits, lst })
    }

    /// Inflates the bitmap to at most `max_bytes`; nothing larger is ever allocated (threats.md A11).
    pub(crate) fn inflate(self, max_bytes: usize) -> Result<VerifiedList, ListError> {
        let compressed = base64url::decode(self.lst.as_bytes()).map_err(|_| ListError::Malformed)?;
        let bytes = inflate(&compressed, max_bytes.min(HARD_CAP))?;
        Ok(VerifiedList { token: self.token, bits: self.bits, bytes })
    }
}

fn inflate(compressed: &[u8], max_bytes: usize) -> Result<Vec<u8>, ListError> {
    decompress_to_vec_zlib_with_limit(compressed, max_bytes).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => ListError::TooLarge,
        _ => ListError::Compression,
    })
}

/// A token whose signature was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedList {
    /// Its own description.
    pub token: StatusListToken,
    bits: Bits,
    bytes: Vec<u8>,
}

impl VerifiedList {
    /// Returns the bitmap.
    pub(crate) fn list(&self) -> StatusList<'_> {
        StatusList::new(self.bits, &self.bytes)
    }
}
