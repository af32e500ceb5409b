//! Selective Disclosure CBOR Web Tokens (draft-ietf-spice-sd-cwt-08): the layer below role credentials, without opinion on claims.
//!
//! Ours are tagged and deterministically encoded. Those of others may come without the tag, and with the keys of their claims in any
//! order; lengths must be definite and integers in their shortest form. Floats, and tags other than that of a redacted element, are
//! not read.
//!
//! A digest is that of a disclosure as a CBOR byte string, with its head. The signed examples of the draft and its appendix G say so;
//! its figure 8 shows the digest of the content alone.
//!
//! Claims are in the payload only: `CWT Claims` in a header (RFC 9597) are refused. So are disclosures that are encrypted for somebody
//! else, because this verifier has no other part that could read them.

use crate::cbor::{Map, Reader, Writer};
use crate::cose::{self, Parts, label};
use crate::format::MAX_DISCLOSURES;
use crate::jws::media_type;
use crate::key::{InvalidProof, PublicKey, Signature};
use crate::malformed::Malformed;
use alloc::vec::Vec;
use core::fmt;
use sha2::{Digest, Sha256};

mod disclose;
mod issue;
pub(crate) mod key_binding;
mod times;

pub(crate) use disclose::{Disclosed, Step};
pub(crate) use issue::Draft;
pub(crate) use times::{read_times, require_ordered};

/// Deepest nesting of claims (§5.5): the claims themselves are the first level.
pub(crate) const MAX_DEPTH: usize = 16;
/// SHA-256 among the algorithms of COSE (RFC 9054 §2.1).
const SHA_256: i64 = -16;
/// The map key whose value is the digests of redacted keys (§4.1).
const REDACTED_KEYS: u8 = 59;
/// The tag around the digest of a redacted element (§4.1).
const REDACTED_ELEMENT: u64 = 60;
/// The longest text that is a key of a map, in bytes (§5.3).
const MAX_LABEL: usize = 255;

/// Header parameters of the draft (§17.1), and the one in which a key binding token has its SD-CWT (RFC 9528).
mod parameter {
    pub(super) const KCWT: i64 = 13;
    pub(super) const SD_CLAIMS: i64 = 17;
    pub(super) const SD_ALG: i64 = 170;
    pub(super) const SD_AEAD_ENCRYPTED_CLAIMS: i64 = 171;
    pub(super) const SD_AEAD: i64 = 172;
}

/// The type of a COSE_Sign1, by its protected header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Typ {
    /// An SD-CWT (§4).
    SdCwt,
    /// A key binding token (§8.1).
    KeyBinding,
}

impl Typ {
    /// Returns the number of its CoAP content format.
    const fn content_format(self) -> i64 {
        match self {
            Self::SdCwt => 293,
            Self::KeyBinding => 294,
        }
    }

    /// Returns the type that `parts` names, if it is one of these. Unverified.
    pub(crate) fn of(parts: &Parts<'_>) -> Option<Self> {
        let mut typ = parts.parameter(label::TYP)?;
        if typ.is_text() {
            return match media_type(typ.text().ok()?).as_str() {
                "sd-cwt" => Some(Self::SdCwt),
                "kb+cwt" => Some(Self::KeyBinding),
                _ => None,
            };
        }
        let number = typ.signed().ok()?;
        [Self::SdCwt, Self::KeyBinding].into_iter().find(|typ| typ.content_format() == number)
    }
}

/// An unverified SD-CWT without its key binding token.
#[derive(Clone)]
pub(crate) struct SdCwt {
    bytes: Vec<u8>,
    protected: Vec<u8>,
    algorithm: i64,
    key_id: Option<Vec<u8>>,
    /// The parameters of the unprotected header that are not disclosures, as they were.
    others: Vec<(Vec<u8>, Vec<u8>)>,
    /// Each as it is in the header: a byte string with its head.
    disclosures: Vec<Vec<u8>>,
    payload: Vec<u8>,
    signature: Signature,
}

/// Personal data stays out of logs.
impl fmt::Debug for SdCwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdCwt").field("bytes", &self.bytes.len()).field("disclosures", &self.disclosures.len()).finish_non_exhaustive()
    }
}

impl SdCwt {
    /// Reads the SD-CWT whose parts these are; checks no signature and no disclosure.
    pub(crate) fn of(parts: &Parts<'_>, bytes: &[u8]) -> Result<Self, Malformed> {
        if Typ::of(parts) != Some(Typ::SdCwt) {
            return Err(Malformed::OutOfRange("typ"));
        }
        let protected = Protected::read(parts)?;
        let (mut key_id, mut others, mut disclosures) = (protected.key_id, Vec::new(), Vec::new());
        for parameter in &parts.unprotected {
            match parameter.label() {
                Some(parameter::SD_CLAIMS) => {
                    disclosures = read_disclosures(parameter.value.clone())?;
                    continue;
                }
                Some(parameter::SD_AEAD_ENCRYPTED_CLAIMS | parameter::SD_AEAD) => {
                    return Err(Malformed::OutOfRange("sd_aead_encrypted_claims"));
                }
                Some(label::KID) if key_id.is_none() => key_id = Some(parameter.value.clone().bytes()?.to_vec()),
                Some(label::KID | label::ALG | label::CRIT | label::TYP | label::CWT_CLAIMS | parameter::SD_ALG) => {
                    return Err(Malformed::Unprotected);
                }
                _ => {}
            }
            others.push((parameter.key.rest().to_vec(), parameter.value.rest().to_vec()));
        }
        Ok(Self {
            bytes: bytes.to_vec(),
            protected: parts.protected.to_vec(),
            algorithm: protected.algorithm,
            key_id,
            others,
            disclosures,
            payload: parts.payload.to_vec(),
            signature: parts.signature,
        })
    }

    /// Returns the bytes as they were read or issued.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns `kid`. Unverified: use it only to look up the key.
    pub(crate) fn key_id(&self) -> Option<&[u8]> {
        self.key_id.as_deref()
    }

    /// Checks the issuer's signature, and that the key signs with the algorithm of the header. Checks no disclosure.
    pub(crate) fn check(&self, issuer: &PublicKey) -> Result<(), InvalidProof> {
        cose::verify(issuer, self.algorithm, &self.protected, &self.payload, &self.signature)
    }

    /// Reads the claims with their digests. Unverified.
    pub(crate) fn payload(&self) -> Result<Map<'_>, Malformed> {
        read_claims(&self.payload)
    }

    /// Puts what is disclosed into its place in `payload` (§7, §9 step 8). The signature is not checked.
    pub(crate) fn disclose<'s>(&'s self, payload: Map<'s>) -> Result<Disclosed<'s>, Malformed> {
        disclose::claims(self, payload)
    }

    /// Returns the SD-CWT with only those disclosures that `keep` has true for. The signature is not checked.
    pub(crate) fn with_only(&self, keep: &[bool]) -> Vec<u8> {
        let kept = || self.disclosures.iter().zip(keep).filter(|(_, keep)| **keep).map(|(disclosure, _)| disclosure.as_slice());
        write(&self.protected, &self.others, kept(), &self.payload, &self.signature)
    }
}

/// The parameters of a protected header that both tokens have.
struct Protected {
    algorithm: i64,
    key_id: Option<Vec<u8>>,
}

impl Protected {
    fn read(parts: &Parts<'_>) -> Result<Self, Malformed> {
        let (mut algorithm, mut key_id) = (None, None);
        for parameter in &parts.header {
            let mut value = parameter.value.clone();
            match parameter.label() {
                Some(label::ALG) => algorithm = Some(value.signed()?),
                Some(label::CRIT) => return Err(Malformed::OutOfRange("crit")),
                Some(label::KID) => key_id = Some(value.bytes()?.to_vec()),
                Some(label::CWT_CLAIMS) => return Err(Malformed::OutOfRange("CWT Claims")),
                Some(parameter::SD_CLAIMS) => return Err(Malformed::OutOfRange("sd_claims")),
                Some(parameter::SD_AEAD_ENCRYPTED_CLAIMS | parameter::SD_AEAD) => return Err(Malformed::OutOfRange("sd_aead")),
                // §6: SHA-256 is also meant when it is absent.
                Some(parameter::SD_ALG) if value.signed()? != SHA_256 => return Err(Malformed::HashAlgorithm),
                _ => {}
            }
        }
        Ok(Self { algorithm: algorithm.ok_or(Malformed::Missing("alg"))?, key_id })
    }
}

/// Reads the claims of either token.
fn read_claims(payload: &[u8]) -> Result<Map<'_>, Malformed> {
    Ok(Map::parse(payload, MAX_DEPTH)?)
}

/// Reads `sd_claims`, which is absent rather than empty (§9 step 2).
fn read_disclosures(mut list: Reader<'_>) -> Result<Vec<Vec<u8>>, Malformed> {
    let count = list.array()?;
    if count == 0 {
        return Err(Malformed::OutOfRange("sd_claims"));
    }
    if count > MAX_DISCLOSURES {
        return Err(Malformed::TooManyDisclosures);
    }
    let mut disclosures = Vec::with_capacity(count);
    for _ in 0..count {
        let before = list.rest();
        list.bytes()?;
        disclosures.push(before[..before.len() - list.rest().len()].to_vec());
    }
    Ok(disclosures)
}

/// Writes an SD-CWT with these disclosures, each a byte string with its head.
fn write<'d>(
    protected: &[u8],
    others: &[(Vec<u8>, Vec<u8>)],
    disclosures: impl Iterator<Item = &'d [u8]> + Clone,
    payload: &[u8],
    signature: &[u8],
) -> Vec<u8> {
    let count = disclosures.clone().count();
    let mut parameters = others.to_vec();
    if count > 0 {
        let (mut key, mut list) = (Writer::new(), Writer::new());
        key.signed(parameter::SD_CLAIMS);
        list.array(count);
        disclosures.for_each(|disclosure| list.encoded(disclosure));
        parameters.push((key.into_bytes(), list.into_bytes()));
    }
    parameters.sort_unstable();
    let mut out = Writer::with_capacity(protected.len() + payload.len() + 512);
    out.tag(cose::TAG).array(4).bytes(protected).map(parameters.len());
    for (key, value) in &parameters {
        out.encoded(key);
        out.encoded(value);
    }
    out.bytes(payload).bytes(signature);
    out.into_bytes()
}

/// Returns the digest of a disclosure, which comes with its head.
fn digest(disclosure: &[u8]) -> [u8; 32] {
    Sha256::digest(disclosure).into()
}

#[cfg(test)]
mod tests;
