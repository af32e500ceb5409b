//! Selective Disclosure for JWTs (RFC 9901), compact serialization: the layer below SD-JWT VC, without opinion on claims.

use crate::base64url;
use crate::claim_path::ClaimPath;
use crate::error::PresentError;
use crate::format::{MAX_BYTES, MAX_DISCLOSURES};
use crate::json::{self, Limits, Object, Value};
use crate::jws::{Header, Jws, JwsError};
use crate::key::{InvalidProof, PublicKey, Signature};
use crate::malformed::Malformed;
use alloc::{string::String, vec::Vec};
use core::{fmt, ops::Range};
use sha2::{Digest, Sha256};

mod disclose;
mod issue;
pub(crate) mod key_binding;

pub(crate) use disclose::Disclosed;
pub(crate) use issue::Draft;

/// An unverified SD-JWT without its key binding part.
///
/// Each part is decoded once; the claims borrow from what was decoded.
#[derive(Clone)]
pub(crate) struct SdJwt {
    text: String,
    signing_input: usize,
    header: Header,
    payload: Vec<u8>,
    signature: Signature,
    disclosures: Vec<Disclosure>,
    decoded: Vec<u8>,
}

/// The place of one disclosure in the text, and its JSON among the decoded.
#[derive(Clone)]
struct Disclosure {
    text: Range<usize>,
    json: Range<usize>,
}

/// Personal data stays out of logs.
impl fmt::Debug for SdJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdJwt").field("bytes", &self.text.len()).field("disclosures", &self.disclosures.len()).finish_non_exhaustive()
    }
}

/// Splits an SD-JWT+KB into the SD-JWT, up to and including its last `~`, and the KB-JWT, which may be empty (RFC 9901 §4).
pub(crate) fn split_key_binding(text: &str) -> Result<(&str, &str), Malformed> {
    if text.len() > MAX_BYTES {
        return Err(Malformed::TooLarge);
    }
    let end = text.rfind('~').ok_or(Malformed::Serialization)? + 1;
    Ok(text.split_at(end))
}

impl SdJwt {
    /// Reads an SD-JWT without key binding: `<jwt>~<disclosure>~...~`.
    pub(crate) fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_BYTES {
            return Err(Malformed::TooLarge);
        }
        let jwt = text.split_once('~').ok_or(Malformed::Serialization)?.0;
        let signing_input = jwt.rfind('.').ok_or(Malformed::Jws(JwsError::Serialization))?;
        let (header, payload, signature) = Jws::parse(jwt, MAX_BYTES)?.into_parts();
        let mut disclosures = Vec::new();
        let mut decoded = Vec::with_capacity(text.len() - jwt.len());
        let mut at = jwt.len() + 1;
        while at < text.len() {
            if disclosures.len() == MAX_DISCLOSURES {
                return Err(Malformed::TooManyDisclosures);
            }
            let end = at + text[at..].find('~').ok_or(Malformed::Serialization)?;
            let start = decoded.len();
            base64url::decode_into(&text[at..end], &mut decoded).map_err(|_| Malformed::Disclosure)?;
            disclosures.push(Disclosure { text: at..end, json: start..decoded.len() });
            at = end + 1;
        }
        Ok(Self { text: text.into(), signing_input, header, payload, signature, disclosures, decoded })
    }

    /// Returns the text, up to and including the last `~`.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the issuer's JOSE header, unverified.
    pub(crate) const fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the issuer's payload with its digests. Unverified.
    pub(crate) fn payload(&self) -> Result<Object<'_>, Malformed> {
        match json::parse(&self.payload, Limits::CREDENTIAL)? {
            Value::Object(payload) => Ok(payload),
            _ => Err(Malformed::WrongType("payload")),
        }
    }

    /// Checks the issuer's signature and `typ`, and no disclosure.
    pub(crate) fn check(&self, issuer: &PublicKey, typ: &str) -> Result<(), InvalidProof> {
        self.header.check(issuer, typ, &self.text[..self.signing_input], &self.signature)
    }

    /// Checks the issuer's signature and `typ`, then puts the disclosed claims in their places (RFC 9901 §7.1).
    #[cfg(test)]
    pub(crate) fn verify(&self, issuer: &PublicKey, typ: &str) -> Result<Disclosed<'_>, crate::error::VerifyError> {
        self.check(issuer, typ)?;
        Ok(self.disclose(self.payload()?)?)
    }

    /// Puts what is disclosed into its place in `payload` (RFC 9901 §7.1 steps 3 to 5). The signature is not checked.
    pub(crate) fn disclose<'s>(&'s self, payload: Object<'s>) -> Result<Disclosed<'s>, Malformed> {
        disclose::claims(self, payload)
    }

    /// Returns the place of every disclosure's claim once all are disclosed, in the order of the disclosures. The signature is
    /// not checked.
    pub(crate) fn paths(&self) -> Result<Vec<ClaimPath>, Malformed> {
        Ok(disclose::survey(self)?.1)
    }

    /// Returns the SD-JWT with only those disclosures that show the claims at `paths`: theirs, those above that contain them,
    /// and those below them. The signature is not checked.
    pub(crate) fn with_only(&self, paths: &[ClaimPath]) -> Result<String, PresentError> {
        let keep = disclose::select(self, paths)?;
        let mut text = String::with_capacity(self.text.len());
        text.push_str(self.jwt());
        text.push('~');
        for (disclosure, keep) in self.disclosures.iter().zip(keep) {
            if keep {
                text.push_str(&self.text[disclosure.text.clone()]);
                text.push('~');
            }
        }
        Ok(text)
    }

    fn jwt(&self) -> &str {
        self.text.split_once('~').map_or("", |(jwt, _)| jwt)
    }
}

/// Returns the digest in the form of `_sd`: base64url of SHA-256 over the text (RFC 9901 §4.2.3).
fn digest(text: &str) -> [u8; 43] {
    let mut digest = [0; 43];
    let hash = Sha256::digest(text.as_bytes());
    let _ = base64_simd::URL_SAFE_NO_PAD.encode(&hash, base64_simd::Out::from_slice(&mut digest));
    digest
}

#[cfg(test)]
mod tests;
