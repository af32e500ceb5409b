//! COSE_Sign1 (RFC 9052 §4.2) with CWT claims in its header (RFC 9597).
//!
//! Ours are tagged and deterministically encoded. Those of others may come without the tag and with header parameters in any order,
//! because the signature covers the header as bytes.
//!
//! As with JOSE the algorithm comes from the key and the header must merely agree. `crit` is refused, and keys or certificates
//! in a header are not asked. A parameter that decides must be in the protected header.

use crate::cbor::{NotCanonical, Reader, Writer};
use crate::jws::media_type;
use crate::key::{InvalidProof, PublicKey, SignError, Signature, Signer};
use crate::malformed::Malformed;
use crate::registered_claims::{RegisteredClaims, SignatureTimes};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// COSE_Sign1 (RFC 9052 §2).
pub(crate) const TAG: u64 = 18;

/// Most parameters in a header, and most claims in one.
const MAX_PARAMETERS: usize = 32;

/// Header parameters (RFC 9052 §3.1, RFC 9596 §2, RFC 9597 §2).
pub(crate) mod label {
    pub(crate) const ALG: i64 = 1;
    pub(crate) const CRIT: i64 = 2;
    pub(crate) const CONTENT_TYPE: i64 = 3;
    pub(crate) const KID: i64 = 4;
    pub(crate) const CWT_CLAIMS: i64 = 15;
    pub(crate) const TYP: i64 = 16;
}

/// CWT claims (RFC 8392 §4); the nonce is that of RFC 9711 §4.1.
pub(crate) mod claim {
    pub(crate) const ISS: i64 = 1;
    pub(crate) const SUB: i64 = 2;
    pub(crate) const AUD: i64 = 3;
    pub(crate) const EXP: i64 = 4;
    pub(crate) const NBF: i64 = 5;
    pub(crate) const IAT: i64 = 6;
    pub(crate) const NONCE: i64 = 10;
}

/// An unverified message.
#[derive(Clone, Debug)]
pub(crate) struct Sign1 {
    bytes: Vec<u8>,
    protected: Vec<u8>,
    algorithm: i64,
    pub(crate) typ: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) key_id: Option<String>,
    pub(crate) claims: RegisteredClaims,
    pub(crate) payload: Vec<u8>,
    signature: Signature,
}

#[derive(Default)]
struct Header {
    algorithm: Option<i64>,
    content_type: Option<String>,
    typ: Option<String>,
    key_id: Option<String>,
    claims: RegisteredClaims,
}

/// The parts of a message where they are in its bytes. Every label of a header is there once; what they mean is the caller's to say.
#[derive(Clone, Debug)]
pub(crate) struct Parts<'m> {
    pub(crate) protected: &'m [u8],
    pub(crate) header: Vec<Parameter<'m>>,
    pub(crate) unprotected: Vec<Parameter<'m>>,
    pub(crate) payload: &'m [u8],
    pub(crate) signature: Signature,
}

/// One parameter of a header. Its readers are at the key and at the value.
#[derive(Clone, Debug)]
pub(crate) struct Parameter<'m> {
    pub(crate) key: Reader<'m>,
    pub(crate) value: Reader<'m>,
}

impl Parameter<'_> {
    /// Returns the label. A parameter named by a text is unknown, and may be ignored (RFC 9052 §3.1 `crit`).
    pub(crate) fn label(&self) -> Option<i64> {
        self.key.clone().signed().ok()
    }
}

impl<'m> Parts<'m> {
    /// Reads a message, with or without the tag.
    pub(crate) fn parse(bytes: &'m [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.is_tag() && reader.tag()? != TAG || reader.array()? != 4 {
            return Err(Malformed::Serialization);
        }
        let protected = reader.bytes()?;
        // RFC 9052 §3: an empty header is an empty string; ours never is.
        let mut inner = Reader::new(protected);
        let header = parameters(&mut inner)?;
        inner.end()?;
        let unprotected = parameters(&mut reader)?;
        let payload = reader.bytes()?;
        let signature = Signature::try_from(reader.bytes()?).map_err(|_| Malformed::Serialization)?;
        reader.end()?;
        Ok(Self { protected, header, unprotected, payload, signature })
    }

    /// Returns the value of a parameter of the protected header.
    pub(crate) fn parameter(&self, label: i64) -> Option<Reader<'m>> {
        self.header.iter().find(|parameter| parameter.label() == Some(label)).map(|parameter| parameter.value.clone())
    }
}

/// Reads the parameters of a header, each there once.
pub(crate) fn parameters<'m>(reader: &mut Reader<'m>) -> Result<Vec<Parameter<'m>>, Malformed> {
    let mut found = Vec::new();
    reader.unordered_map(MAX_PARAMETERS, |key, value| {
        found.push(Parameter { key, value });
        Ok::<(), Malformed>(())
    })?;
    Ok(found)
}

impl Sign1 {
    /// Reads a message; what its types must be is the caller's to say.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::of(&Parts::parse(bytes)?, bytes)
    }

    /// Reads the message whose parts these are.
    pub(crate) fn of(parts: &Parts<'_>, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut header = Header::default();
        parts.header.iter().try_for_each(|parameter| header.member(parameter))?;
        parts.unprotected.iter().try_for_each(|parameter| header.unprotected(parameter))?;
        Ok(Self {
            algorithm: header.algorithm.ok_or(Malformed::Missing("alg"))?,
            typ: header.typ,
            content_type: header.content_type,
            key_id: header.key_id,
            claims: header.claims,
            protected: parts.protected.to_vec(),
            payload: parts.payload.to_vec(),
            signature: parts.signature,
            bytes: bytes.to_vec(),
        })
    }

    /// Returns the bytes as they were read.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks the signature, and that the key signs with the algorithm of the header.
    pub(crate) fn verify(&self, key: &PublicKey) -> Result<(), InvalidProof> {
        verify(key, self.algorithm, &self.protected, &self.payload, &self.signature)
    }
}

/// The media types in a header, without `application/`.
#[derive(Clone, Copy)]
pub(crate) struct Types {
    /// Of the message (RFC 9596).
    pub(crate) typ: &'static str,
    /// Of the payload.
    pub(crate) content_type: &'static str,
}

/// Signs `payload`, with `claims` in the header if there are any.
pub(crate) fn sign(
    payload: &[u8],
    types: Types,
    key_id: &str,
    claims: &RegisteredClaims,
    signer: &dyn Signer,
) -> Result<Vec<u8>, SignError> {
    let has_claims = *claims != RegisteredClaims::default();
    let mut header = Writer::with_capacity(256);
    // Labels below 24 are in the order of their numbers.
    header.map(4 + usize::from(has_claims));
    // The older number: readers of these credentials came before RFC 9864.
    header.signed(label::ALG).signed(signer.public_key().algorithm().cose_ids()[1]);
    header.signed(label::CONTENT_TYPE).text(&["application/", types.content_type].concat());
    header.signed(label::KID).bytes(key_id.as_bytes());
    if has_claims {
        header.signed(label::CWT_CLAIMS);
        write_claims(claims, &mut header);
    }
    header.signed(label::TYP).text(&["application/", types.typ].concat());
    sign_parts(&header.into_bytes(), payload, signer)
}

/// Signs an encoded protected header and a payload, with nothing in the unprotected header.
pub(crate) fn sign_parts(protected: &[u8], payload: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    let signature = signer.sign(&to_be_signed(protected, payload))?;
    let mut message = Writer::with_capacity(protected.len() + payload.len() + 128);
    message.tag(TAG).array(4).bytes(protected).map(0).bytes(payload).bytes(&signature);
    Ok(message.into_bytes())
}

impl Header {
    fn member(&mut self, parameter: &Parameter<'_>) -> Result<(), Malformed> {
        let mut value = parameter.value.clone();
        let Some(label) = parameter.label() else { return Ok(()) };
        match label {
            label::ALG => self.algorithm = Some(value.signed()?),
            label::CRIT => return Err(Malformed::OutOfRange("crit")),
            label::CONTENT_TYPE => self.content_type = Some(named_type(value)?),
            label::TYP => self.typ = Some(named_type(value)?),
            label::KID => self.key_id = Some(utf8(value, "kid")?),
            label::CWT_CLAIMS => value.unordered_map(MAX_PARAMETERS, |key, value| read_claim(&mut self.claims, key, value))?,
            _ => {}
        }
        Ok(())
    }

    /// The unprotected header may help to find the key and may decide nothing.
    fn unprotected(&mut self, parameter: &Parameter<'_>) -> Result<(), Malformed> {
        match parameter.label() {
            Some(label::KID) if self.key_id.is_none() => self.key_id = Some(utf8(parameter.value.clone(), "kid")?),
            Some(label::KID | label::ALG | label::CRIT | label::CONTENT_TYPE | label::TYP | label::CWT_CLAIMS) => {
                return Err(Malformed::Unprotected);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads a media type, or the number of a CoAP content format (RFC 9596 §2), of which none is ours.
fn named_type(mut value: Reader<'_>) -> Result<String, Malformed> {
    if value.is_text() { Ok(media_type(value.text()?)) } else { Ok(format!("{}", value.signed()?)) }
}

/// Byte strings that hold a text: `kid`, and the nonce of a request.
fn utf8(mut value: Reader<'_>, name: &'static str) -> Result<String, Malformed> {
    core::str::from_utf8(value.bytes()?).map(ToOwned::to_owned).map_err(|_| Malformed::WrongType(name))
}

fn read_claim(claims: &mut RegisteredClaims, mut key: Reader<'_>, mut value: Reader<'_>) -> Result<(), Malformed> {
    let time = |mut value: Reader<'_>, name| Timestamp::from_unix(value.signed()?).map(Some).ok_or(Malformed::OutOfRange(name));
    // A claim named by a text is unknown.
    let Ok(label) = key.signed() else { return Ok(()) };
    match label {
        claim::ISS => claims.issuer = Some(value.text()?.to_owned()),
        claim::SUB => claims.subject = Some(value.text()?.to_owned()),
        claim::AUD => {
            // RFC 8392 §3.1.3: alone, or a list of one.
            if !value.is_text() && value.array()? != 1 {
                return Err(Malformed::OutOfRange("aud"));
            }
            claims.audience = Some(value.text()?.to_owned());
        }
        claim::EXP => claims.times.expires_at = time(value, "exp")?,
        claim::NBF => claims.times.not_before = time(value, "nbf")?,
        claim::IAT => claims.times.issued_at = time(value, "iat")?,
        claim::NONCE => claims.nonce = Some(utf8(value, "nonce")?),
        _ => {}
    }
    Ok(())
}

fn write_claims(claims: &RegisteredClaims, out: &mut Writer) {
    let texts = [(claim::ISS, &claims.issuer), (claim::SUB, &claims.subject), (claim::AUD, &claims.audience)];
    let SignatureTimes { issued_at, not_before, expires_at } = claims.times;
    let times = [(claim::EXP, expires_at), (claim::NBF, not_before), (claim::IAT, issued_at)];
    let texts = texts.into_iter().filter_map(|(label, text)| Some((label, text.as_ref()?)));
    let times = times.into_iter().filter_map(|(label, time)| Some((label, time?)));
    out.map(texts.clone().count() + times.clone().count() + usize::from(claims.nonce.is_some()));
    for (label, text) in texts {
        out.signed(label).text(text);
    }
    for (label, time) in times {
        out.signed(label).signed(time.unix());
    }
    if let Some(nonce) = &claims.nonce {
        out.signed(claim::NONCE).bytes(nonce.as_bytes());
    }
}

/// Checks the signature of a message, and that `key` signs with `algorithm`, which its protected header names.
pub(crate) fn verify(key: &PublicKey, algorithm: i64, protected: &[u8], payload: &[u8], signature: &Signature) -> Result<(), InvalidProof> {
    if !key.algorithm().cose_ids().contains(&algorithm) {
        return Err(InvalidProof);
    }
    key.verify(&to_be_signed(protected, payload), signature)
}

/// `Sig_structure` (RFC 9052 §4.4).
pub(crate) fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut structure = Writer::with_capacity(protected.len() + payload.len() + 32);
    structure.array(4).text("Signature1").bytes(protected).bytes(&[]).bytes(payload);
    structure.into_bytes()
}

impl From<NotCanonical> for Malformed {
    fn from(NotCanonical: NotCanonical) -> Self {
        Self::Serialization
    }
}

#[cfg(test)]
mod tests;
