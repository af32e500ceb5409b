//! Status list tokens: the signed JWT or CWT around a compressed bitmap (draft-ietf-oauth-status-list §5).
//!
//! A CWT is written as base64url where a text is wanted, as in a trust bundle. No JWT looks like it, because a JWT has dots.

use alloc::{borrow::Cow, string::String, vec::Vec};
use miniz_oxide::{
    deflate::compress_to_vec_zlib,
    inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit},
};
use serde::{Deserialize, Serialize};
use waypass_credential::{
    Malformed, base64url,
    cbor::Writer,
    cwt::{self, Cwt},
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
/// The `typ` of a token (§5.1, §5.2).
const TYP: &str = "statuslist+jwt";
const TYP_CWT: &str = "statuslist+cwt";
/// Claims of a CWT (§5.2, RFC 8392 §4).
mod claim {
    pub(super) const SUB: i64 = 2;
    pub(super) const EXP: i64 = 4;
    pub(super) const IAT: i64 = 6;
    pub(super) const STATUS_LIST: i64 = 65_533;
    pub(super) const TTL: i64 = 65_534;
}
/// A token's payload has a handful of members and one long string.
const PAYLOAD: Limits = Limits { bytes: MAX_LIST, depth: 8, values: 256 };
/// §4.1 recommends the highest compression level; 9 is as far as ZLIB counts.
const LEVEL: u8 = 9;

/// How a token is secured.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenForm {
    /// A JWT, which every reader of the draft knows.
    #[default]
    Jwt,
    /// A CWT: a quarter shorter, and not read by programs of version 0.1.0.
    Cwt,
}

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
    /// Compresses and signs `list` under `key_id`. A CWT is returned in base64url.
    pub fn sign(&self, list: &StatusListBuf, form: TokenForm, key_id: &str, signer: &dyn Signer) -> Result<String, ListError> {
        let list = list.as_list();
        let compressed = compress_to_vec_zlib(list.as_bytes(), LEVEL);
        let text = match form {
            TokenForm::Jwt => self.sign_jwt(list.bits(), &compressed, key_id, signer)?,
            TokenForm::Cwt => self.sign_cwt(list.bits(), &compressed, key_id, signer)?,
        };
        if text.len() > MAX_LIST { Err(ListError::TooLarge) } else { Ok(text) }
    }

    fn sign_jwt(&self, bits: Bits, compressed: &[u8], key_id: &str, signer: &dyn Signer) -> Result<String, ListError> {
        let lst = base64url::encode(compressed);
        let status_list = Object::new().with("bits", i64::from(bits.get())).with("lst", lst);
        let mut payload = Object::new().with("sub", self.uri.as_str()).with("iat", self.issued_at.unix());
        if let Some(expires_at) = self.expires_at {
            payload.set("exp", expires_at.unix());
        }
        if let Some(ttl) = self.ttl_seconds {
            payload.set("ttl", i64::try_from(ttl).map_err(|_| ListError::Malformed)?);
        }
        let payload = json::to_string(&Value::Object(payload.with("status_list", status_list)));
        jws::sign(TYP, Some(key_id), payload.as_bytes(), signer).map_err(|_| ListError::Signer)
    }

    fn sign_cwt(&self, bits: Bits, compressed: &[u8], key_id: &str, signer: &dyn Signer) -> Result<String, ListError> {
        let mut claims = Writer::new();
        claims.map(3 + usize::from(self.expires_at.is_some()) + usize::from(self.ttl_seconds.is_some()));
        claims.signed(claim::SUB).text(&self.uri);
        if let Some(expires_at) = self.expires_at {
            claims.signed(claim::EXP).signed(expires_at.unix());
        }
        claims.signed(claim::IAT).signed(self.issued_at.unix());
        claims.signed(claim::STATUS_LIST).map(2);
        claims.text("lst").bytes(compressed).text("bits").unsigned(bits.get().into());
        if let Some(ttl) = self.ttl_seconds {
            claims.signed(claim::TTL).unsigned(ttl);
        }
        let signed = cwt::sign(TYP_CWT, key_id, &claims.into_bytes(), signer).map_err(|_| ListError::Signer)?;
        Ok(base64url::encode(&signed))
    }

    /// Checks what both forms must say: an address, an end after the beginning, and a waiting time that is positive (§5.1, §5.2).
    fn checked(self) -> Result<Self, ListError> {
        let ends_early = self.expires_at.is_some_and(|end| end < self.issued_at);
        if self.uri.is_empty() || ends_early || self.ttl_seconds == Some(0) { Err(ListError::Malformed) } else { Ok(self) }
    }

    /// Verifies a token text with a key that the caller trusts for it; the bitmap may inflate to `max_bytes`.
    pub fn verify(text: &str, key: &PublicKey, max_bytes: usize) -> Result<VerifiedList, ListError> {
        Unverified::parse(text)?.claims(key)?.inflate(max_bytes)
    }
}

/// A token, split. Only its `kid` is good for anything before the signature is checked.
pub(crate) enum Unverified<'t> {
    Jwt(Jws<'t>),
    Cwt(Cwt),
}

impl<'t> Unverified<'t> {
    /// Splits a token text: a JWT, or a CWT in base64url.
    pub(crate) fn parse(text: &'t str) -> Result<Self, ListError> {
        if text.contains('.') {
            return Jws::parse(text, MAX_LIST).map(Self::Jwt).map_err(|_| ListError::Malformed);
        }
        if text.len() > MAX_LIST {
            return Err(ListError::Malformed);
        }
        let bytes = base64url::decode(text).map_err(|_| ListError::Malformed)?;
        Cwt::parse(&bytes, MAX_LIST).map(Self::Cwt).map_err(|_| ListError::Malformed)
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        match self {
            Self::Jwt(jws) => jws.header().key_id.as_deref(),
            Self::Cwt(cwt) => cwt.key_id(),
        }
    }

    /// Checks the signature, and reads the claims.
    pub(crate) fn claims(&self, key: &PublicKey) -> Result<SignedClaims<'_>, ListError> {
        match self {
            Self::Jwt(jws) => SignedClaims::read(jws.verify(key, TYP).map_err(|_| ListError::InvalidProof)?),
            Self::Cwt(cwt) => {
                cwt.verify(key, TYP_CWT).map_err(|_| ListError::InvalidProof)?;
                SignedClaims::read_cwt(cwt)
            }
        }
    }
}

/// The claims of a token whose signature was checked, the bitmap still compressed.
pub(crate) struct SignedClaims<'a> {
    pub(crate) token: StatusListToken,
    pub(crate) bits: Bits,
    lst: Compressed<'a>,
}

/// The compressed bitmap.
enum Compressed<'a> {
    Base64Url(Cow<'a, str>),
    Bytes(Vec<u8>),
}

impl<'a> SignedClaims<'a> {
    /// Reads a payload (§5.1, §4.2); members that are not ours are left alone.
    pub(crate) fn read(payload: &'a [u8]) -> Result<Self, ListError> {
        let Ok(Value::Object(mut claims)) = json::parse(payload, PAYLOAD) else { return Err(ListError::Malformed) };
        let uri = claims.text("sub").ok_or(ListError::Malformed)?.into();
        // RFC 7519 §2: a time may have a fraction. An end comes earlier, and so does the time from which the list's age counts.
        let time = |name| match claims.member(name) {
            None => Ok(None),
            Some(value) => value.floor().and_then(Timestamp::from_unix).map(Some).ok_or(ListError::Malformed),
        };
        let issued_at = time("iat")?.ok_or(ListError::Malformed)?;
        let expires_at = time("exp")?;
        let ttl = |ttl: &Value<'_>| ttl.floor().and_then(|ttl| u64::try_from(ttl).ok()).ok_or(ListError::Malformed);
        let ttl_seconds = claims.member("ttl").map(ttl).transpose()?;
        let Some(Value::Object(mut list)) = claims.remove("status_list") else { return Err(ListError::Malformed) };
        let bits = list.member("bits").and_then(Value::as_i64).ok_or(ListError::Malformed)?;
        let bits = u8::try_from(bits).ok().and_then(Bits::new).ok_or(ListError::Bits)?;
        let Some(Value::String(lst)) = list.remove("lst") else { return Err(ListError::Malformed) };
        Ok(Self { token: StatusListToken { uri, issued_at, expires_at, ttl_seconds }.checked()?, bits, lst: Compressed::Base64Url(lst) })
    }

    /// Reads the claims of a CWT (§5.2, §4.3); those that are not ours are left alone.
    pub(crate) fn read_cwt(cwt: &Cwt) -> Result<Self, ListError> {
        let claims = cwt.untrusted()?;
        let time = |label| match claims.integer(label)? {
            None => Ok(None),
            Some(at) => Timestamp::from_unix(at).map(Some).ok_or(ListError::Malformed),
        };
        let token = StatusListToken {
            uri: claims.text(claim::SUB)?.ok_or(ListError::Malformed)?.into(),
            issued_at: time(claim::IAT)?.ok_or(ListError::Malformed)?,
            expires_at: time(claim::EXP)?,
            ttl_seconds: claims.integer(claim::TTL)?.map(|ttl| u64::try_from(ttl).map_err(|_| ListError::Malformed)).transpose()?,
        };
        let list = claims.members(claim::STATUS_LIST)?.ok_or(ListError::Malformed)?;
        let bits = list.integer("bits")?.ok_or(ListError::Malformed)?;
        let bits = u8::try_from(bits).ok().and_then(Bits::new).ok_or(ListError::Bits)?;
        let lst = Compressed::Bytes(list.bytes("lst")?.ok_or(ListError::Malformed)?.to_vec());
        Ok(Self { token: token.checked()?, bits, lst })
    }

    /// Inflates the bitmap to at most `max_bytes`; nothing larger is ever allocated (threats.md A11).
    pub(crate) fn inflate(self, max_bytes: usize) -> Result<VerifiedList, ListError> {
        let compressed = match self.lst {
            Compressed::Base64Url(text) => base64url::decode(text.as_bytes()).map_err(|_| ListError::Malformed)?,
            Compressed::Bytes(bytes) => bytes,
        };
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

impl From<Malformed> for ListError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}
