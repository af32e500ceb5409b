//! JSON Web Signature, compact serialization (RFC 7515 §7.1): the one place that reads a JOSE header.
//!
//! The algorithm comes from the key; the header must merely agree. `typ` is pinned by the caller, `crit` is refused,
//! `jwk`, `jku`, `x5u` and `x5c` are ignored (threats.md A13).

use crate::base64url;
use crate::json::{self, JsonError, Limits, Object, Value};
use crate::key::{Algorithm, InvalidProof, PublicKey, SignError, Signature, Signer};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;

/// An unverified JWS.
#[derive(Clone, Debug)]
pub struct Jws<'a> {
    signing_input: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: Signature,
}

/// The header members we read; all other members are without effect.
#[derive(Clone, Debug)]
pub struct Header {
    /// `alg`: what the header claims; compared with the key's own algorithm, never chosen from.
    pub algorithm: Algorithm,
    /// `typ` in lower case, without a leading `application/` (RFC 7515 §4.1.9).
    pub typ: Option<String>,
    /// `cty`, written as `typ` is.
    pub content_type: Option<String>,
    /// `kid`.
    pub key_id: Option<String>,
}

/// Why a text is not a JWS that we read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JwsError {
    /// Longer than the caller's limit.
    TooLarge,
    /// Not three dots-separated parts of strict base64url.
    Serialization,
    /// The header is not acceptable JSON.
    Header(JsonError),
    /// `alg` is missing or not one of ours; `none` is not.
    Algorithm,
    /// The header names critical extensions, none of which we know (RFC 7515 §4.1.11).
    Critical,
    /// A header member has the wrong JSON type.
    Member,
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the signed text is larger than allowed"),
            Self::Serialization => f.write_str("not a compact JWS"),
            Self::Header(why) => write!(f, "JWS header: {why}"),
            Self::Algorithm => f.write_str("the JWS names no supported algorithm"),
            Self::Critical => f.write_str("the JWS requires an extension that is not supported"),
            Self::Member => f.write_str("a JWS header member has the wrong type"),
        }
    }
}

impl core::error::Error for JwsError {}

/// A JOSE header is a few hundred bytes; certificates chains in `x5c` are the largest thing in one.
const HEADER: Limits = Limits { bytes: 16 * 1024, depth: 8, values: 256 };

impl<'a> Jws<'a> {
    /// Splits and decodes `text` of at most `max_bytes`; the signature is not checked.
    pub fn parse(text: &'a str, max_bytes: usize) -> Result<Self, JwsError> {
        if text.len() > max_bytes {
            return Err(JwsError::TooLarge);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::Serialization)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Serialization)?;
        let signature = base64url::decode(signature).map_err(|_| JwsError::Serialization)?;
        let header = Header::parse(&base64url::decode(header).map_err(|_| JwsError::Serialization)?)?;
        // A second dot would be inside `payload`, where base64url refuses it.
        let payload = base64url::decode(payload).map_err(|_| JwsError::Serialization)?;
        let signature = Signature::try_from(signature.as_slice()).map_err(|_| JwsError::Serialization)?;
        Ok(Self { signing_input, header, payload, signature })
    }

    /// Returns the header. Unverified: use it only to look up the key.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the payload. Unverified: use it only to look up the key.
    pub fn untrusted_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks the signature, and that header and key agree on the algorithm and the header's `typ` is `typ`
    /// (RFC 8725 §3.1, §3.11); returns the payload.
    pub fn verify(&self, key: &PublicKey, typ: &str) -> Result<&[u8], InvalidProof> {
        self.header.check(key, typ, self.signing_input, &self.signature)?;
        Ok(&self.payload)
    }

    /// Header, payload and signature for a caller that keeps the text itself; still unverified, see [`Header::check`].
    pub(crate) fn into_parts(self) -> (Header, Vec<u8>, Signature) {
        (self.header, self.payload, self.signature)
    }

    /// Like [`Self::verify`], and hands the payload over.
    pub fn into_verified(self, key: &PublicKey, typ: &str) -> Result<Vec<u8>, InvalidProof> {
        self.verify(key, typ)?;
        Ok(self.payload)
    }
}

impl Header {
    /// Checks `signature` over `signing_input`, and that key and header agree.
    pub(crate) fn check(&self, key: &PublicKey, typ: &str, signing_input: &str, signature: &Signature) -> Result<(), InvalidProof> {
        if self.algorithm != key.algorithm() || self.typ.as_deref() != Some(typ) {
            return Err(InvalidProof);
        }
        key.verify(signing_input.as_bytes(), signature)
    }

    fn parse(bytes: &[u8]) -> Result<Self, JwsError> {
        let header = json::parse(bytes, HEADER).map_err(JwsError::Header)?;
        let header = header.as_object().ok_or(JwsError::Header(JsonError::Syntax))?;
        // `b64` changes what is signed (RFC 7797) and must be listed in `crit`; refuse it even where it is not.
        if header.member("crit").is_some() || header.member("b64").is_some() {
            return Err(JwsError::Critical);
        }
        let text = |name| match header.member(name) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(JwsError::Member),
        };
        let algorithm = text("alg")?.and_then(Algorithm::from_jose_name).ok_or(JwsError::Algorithm)?;
        let (typ, content_type) = (text("typ")?.map(media_type), text("cty")?.map(media_type));
        Ok(Self { algorithm, typ, content_type, key_id: text("kid")?.map(ToOwned::to_owned) })
    }
}

/// Returns a media type as headers abbreviate it: lower case, without `application/` (RFC 7515 §4.1.9, RFC 9596 §2).
pub(crate) fn media_type(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    text.strip_prefix("application/").map(ToOwned::to_owned).unwrap_or(text)
}

/// Signs `payload` as a compact JWS with `typ` and, where given, `kid`.
pub fn sign(typ: &str, key_id: Option<&str>, payload: &[u8], signer: &dyn Signer) -> Result<String, SignError> {
    let mut header = Object::new().with("alg", signer.public_key().algorithm().jose_name()).with("typ", typ);
    if let Some(key_id) = key_id {
        header.set("kid", key_id);
    }
    sign_with_header(&header, payload, signer)
}

/// Signs `payload` under a header that carries more than [`sign`] writes; `alg` is set from the key.
pub(crate) fn sign_with_header(header: &Object<'_>, payload: &[u8], signer: &dyn Signer) -> Result<String, SignError> {
    sign_named(signer.public_key().algorithm().jose_name(), header, payload, signer)
}

/// Signs `payload` under a header that carries more than [`sign`] writes, for a reader that knows the algorithm as `name`
/// ([`crate::key::Algorithm::jose_names`]). A name of another algorithm is refused.
pub fn sign_named(name: &str, header: &Object<'_>, payload: &[u8], signer: &dyn Signer) -> Result<String, SignError> {
    if !signer.public_key().algorithm().jose_names().contains(&name) {
        return Err(SignError);
    }
    let header = header.clone().with("alg", name);
    let mut text = base64url::encode(json::to_string(&Value::Object(header)).as_bytes());
    text.push('.');
    base64url::encode_into(payload, &mut text);
    let signature = signer.sign(text.as_bytes())?;
    text.push('.');
    base64url::encode_into(&signature, &mut text);
    Ok(text)
}

#[cfg(test)]
mod tests;
