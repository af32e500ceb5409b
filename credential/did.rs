//! Decentralized identifiers (DID Core 1.0): `did:key` and `did:jwk`, whose key is in the identifier itself, and `did:web`, whose
//! document somebody else holds.
//!
//! Nothing is fetched. A `did:web` names a key only together with the bytes of its document ([`DidDocument`]). A DID of any other
//! method only if the trust bundle says so.

use crate::key::PublicKey;
use alloc::{borrow::ToOwned, string::String};
use core::fmt;

mod document;
mod jwk;
pub(crate) mod key;
mod purpose;
pub mod resolution;
mod web;

pub use document::{DidDocument, DocumentError, MethodError, VerificationMethod};
pub use purpose::Purpose;
pub use web::WebDid;

/// Longer than any DID URL of the methods we read (a `did:jwk` with a P-384 key has about 250 characters).
pub(crate) const MAX_TEXT: usize = 2048;

/// Why a text names no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DidError {
    /// Not a DID or DID URL (DID Core §3.1, §3.2), or longer than `MAX_TEXT`.
    Syntax,
    /// A DID whose method does not hold the key in the identifier.
    UnsupportedMethod,
    /// The identifier holds no acceptable Ed25519, P-256 or P-384 key.
    InvalidKey,
    /// A `did:web` whose host can be no host of the DNS.
    NoHost,
    /// The DID URL points at something other than the DID's verification method.
    NotAVerificationMethod,
}

impl fmt::Display for DidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not a DID",
            Self::UnsupportedMethod => "the DID method is neither did:key nor did:jwk",
            Self::NoHost => "the did:web names no host",
            Self::InvalidKey => "the DID holds no acceptable public key",
            Self::NotAVerificationMethod => "the DID URL does not name the DID's verification method",
        })
    }
}

impl core::error::Error for DidError {}

/// A DID URL in its parts (DID Core §3.2). A bare DID is one without path, query and fragment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DidUrl<'a> {
    did: &'a str,
    method: &'a str,
    id: &'a str,
    path_and_query: &'a str,
    fragment: Option<&'a str>,
}

impl<'a> DidUrl<'a> {
    /// Splits `text`; checks syntax only.
    pub(crate) fn parse(text: &'a str) -> Result<Self, DidError> {
        if text.len() > MAX_TEXT {
            return Err(DidError::Syntax);
        }
        let (resource, fragment) = match text.split_once('#') {
            Some((resource, fragment)) => (resource, Some(fragment)),
            None => (text, None),
        };
        let did_end = resource.find(['/', '?']).unwrap_or(resource.len());
        let (did, path_and_query) = resource.split_at(did_end);
        let (method, id) = did.strip_prefix("did:").and_then(|rest| rest.split_once(':')).ok_or(DidError::Syntax)?;
        let method_ok = !method.is_empty() && method.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        // The last colon-separated part of the method-specific identifier must not be empty.
        let id_ok = !id.is_empty() && !id.ends_with(':') && is_made_of(id, b":");
        let tail_ok = is_made_of(path_and_query, b"/?:@!$&'()*+,;=~");
        let fragment_ok = fragment.is_none_or(|text| is_made_of(text, b"/?:@!$&'()*+,;=~"));
        if method_ok && id_ok && tail_ok && fragment_ok {
            Ok(Self { did, method, id, path_and_query, fragment })
        } else {
            Err(DidError::Syntax)
        }
    }

    /// Returns the DID, without path, query and fragment: who controls what the URL names.
    pub(crate) fn did(&self) -> &'a str {
        self.did
    }

    /// Returns the method name, such as `key`.
    pub(crate) fn method(&self) -> &'a str {
        self.method
    }

    /// Returns the fragment, without its `#`.
    pub(crate) fn fragment(&self) -> Option<&'a str> {
        self.fragment
    }

    /// Returns the key that this DID, or its one verification method, stands for.
    pub(crate) fn resolve(&self) -> Result<PublicKey, DidError> {
        let key = match self.method {
            key::METHOD => key::decode(self.id)?,
            jwk::METHOD => jwk::decode(self.id)?,
            _ => return Err(DidError::UnsupportedMethod),
        };
        if self.path_and_query.is_empty() && (self.fragment.is_none() || self.fragment == self.method_fragment()) {
            Ok(key)
        } else {
            Err(DidError::NotAVerificationMethod)
        }
    }

    /// Returns the key material that this DID holds; some of it verifies nothing ([`KeyMaterial`]). The DID must be bare.
    #[cfg(test)]
    pub(crate) fn material(&self) -> Result<crate::key::KeyMaterial, DidError> {
        if !self.path_and_query.is_empty() || self.fragment.is_some() {
            return Err(DidError::NotAVerificationMethod);
        }
        match self.method {
            key::METHOD => key::material(self.id),
            jwk::METHOD => jwk::read(self.id).map(|(_, material)| material),
            _ => Err(DidError::UnsupportedMethod),
        }
    }

    /// Returns the URL of the DID's one verification method, for a `did:key` or `did:jwk`.
    pub(crate) fn verification_method(&self) -> Option<String> {
        self.method_fragment().map(|fragment| alloc::format!("{}#{fragment}", self.did))
    }

    /// Returns true if this URL names the one verification method of `did`, a `did:key` or `did:jwk`. Compares text, decodes no key.
    pub(crate) fn is_verification_method_of(&self, did: &str) -> bool {
        self.did == did && self.path_and_query.is_empty() && self.fragment.is_some() && self.fragment == self.method_fragment()
    }

    fn method_fragment(&self) -> Option<&'a str> {
        match self.method {
            key::METHOD => Some(self.id),
            jwk::METHOD => Some(jwk::FRAGMENT),
            _ => None,
        }
    }
}

/// Returns the key that `did_or_url` holds; a fragment must name the DID's own verification method.
pub fn resolve(did_or_url: &str) -> Result<PublicKey, DidError> {
    DidUrl::parse(did_or_url)?.resolve()
}

/// Returns the `did:key` of a key: `did:key:z...`.
pub fn to_did_key(key: &PublicKey) -> String {
    key::encode(key)
}

/// Returns the DID URL that a key id of `issuer` stands for: one that starts with `#` is relative to it.
pub(crate) fn absolute(kid: &str, issuer: &str) -> String {
    if kid.starts_with('#') { [issuer, kid].concat() } else { kid.to_owned() }
}

/// Returns the verification method id (`kid`) of a key as a `did:key`: `did:key:z...#z...`.
pub fn key_id(key: &PublicKey) -> String {
    key::verification_method(key)
}

/// Returns the `did:jwk` of a key, over the JWK with its required members only. Its verification method is this DID and `#0`.
#[cfg(test)]
pub(crate) fn to_did_jwk(key: &PublicKey) -> String {
    jwk::encode(key)
}

/// `pchar` of RFC 3986 without what `extra` does not list: ALPHA, DIGIT, `.`, `-`, `_`, percent-encoded bytes and `extra`.
fn is_made_of(text: &str, extra: &[u8]) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let ok = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|b| b.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b".-_".contains(&byte) || extra.contains(&byte),
        };
        if !ok {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests;
