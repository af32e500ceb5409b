//! A question in one QR code: a COSE_Sign1 whose payload says in CBOR what the JWS says in JSON (`schemas/request/code.cddl`).

use super::query::{MAX_ALTERNATIVES, MAX_CLAIMS, MAX_KINDS, MAX_TEXT, MAX_VALUES};
use super::{ClaimQuery, ClaimValue, CredentialQuery, MAX_BYTES, Nonce, Query, Request, RequestError, gate_key};
use crate::cbor::{NotCanonical, Reader, Writer};
use crate::claim_path::{ClaimPath, MAX_STEPS, PathStep};
use crate::cose::{self, Sign1, claim, label};
use crate::format::Format;
use crate::key::{InvalidProof, SignError, Signer};
use crate::malformed::Malformed;
use crate::recipient::Recipient;
use crate::role::kind_in;
use crate::time::Timestamp;
use alloc::{format, string::String, vec, vec::Vec};
use sha2::{Digest, Sha256};

/// The `typ` of the message.
const TYP: &str = "waypass-request+cwt";
/// Claims under numbers for private use (RFC 8392 §9.1).
const PURPOSE: i64 = -65_538;
const QUERY: i64 = -65_539;
const RECIPIENT: i64 = -65_540;
/// The numbers of the formats in a query.
const FORMATS: [(Format, u64); 6] =
    [(Format::SdJwtVc, 1), (Format::DataIntegrity, 2), (Format::VcJwt, 3), (Format::VcSdJwt, 4), (Format::VcCose, 5), (Format::SdCwt, 6)];

/// The properties that a question has only as a code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Code {
    /// SHA-256 of the signed bytes: the nonce of the answer.
    pub digest: [u8; 32],
    /// The gate's key for this answer alone, to which personal claims are sealed.
    pub recipient: Recipient,
}

/// A question that is signed to be shown as a code.
pub struct SignedCode {
    /// The content of the code.
    pub bytes: Vec<u8>,
    /// The properties that a wallet reads from it, besides the question.
    pub code: Code,
}

impl Request {
    /// Signs the question for a code; personal claims of the answer are sealed to `recipient`. Fails also where [`Self::open`] would
    /// refuse it.
    pub fn sign_code(&self, recipient: Recipient, signer: &dyn Signer) -> Result<SignedCode, SignError> {
        let key = signer.public_key();
        self.require_signer(key)?;
        let mut header = Writer::with_capacity(48);
        header.map(2).signed(label::ALG).signed(key.algorithm().cose_id());
        header.signed(label::TYP).text(&["application/", TYP].concat());
        let mut payload = Writer::with_capacity(256);
        payload.map(7).signed(claim::ISS).text(&self.client_id);
        payload.signed(claim::EXP).signed(self.expires_at.unix()).signed(claim::IAT).signed(self.issued_at.unix());
        payload.signed(claim::NONCE).bytes(&self.nonce.0);
        payload.signed(PURPOSE).text(&self.purpose).signed(QUERY);
        write(&self.query, &mut payload);
        payload.signed(RECIPIENT).bytes(&recipient.0);
        let bytes = cose::sign_parts(&header.into_bytes(), &payload.into_bytes(), signer)?;
        if bytes.len() > MAX_BYTES {
            return Err(SignError);
        }
        let digest = Sha256::digest(&bytes).into();
        Ok(SignedCode { bytes, code: Code { digest, recipient } })
    }
}

/// Reads a code's content, and checks the signature by the key that the gate's name is.
pub(super) fn open(bytes: &[u8]) -> Result<Request, RequestError> {
    if bytes.len() > MAX_BYTES {
        return Err(RequestError::Cose(Malformed::TooLarge));
    }
    let message = Sign1::parse(bytes).map_err(RequestError::Cose)?;
    if message.typ.as_deref() != Some(TYP) {
        return Err(RequestError::Cose(Malformed::OutOfRange("typ")));
    }
    let said = Said::read(&message.payload).map_err(|NotCanonical| RequestError::Payload)?;
    let key = gate_key(said.client_id)?;
    message.verify(&key).map_err(|InvalidProof| RequestError::InvalidProof)?;
    Ok(Request {
        client_id: said.client_id.into(),
        nonce: said.nonce,
        issued_at: Timestamp::from_unix(said.issued_at).ok_or(RequestError::Member("iat"))?,
        expires_at: Timestamp::from_unix(said.expires_at).ok_or(RequestError::Member("exp"))?,
        purpose: said.purpose,
        query: Query::new(said.alternatives).map_err(RequestError::Query)?,
        code: Some(Code { digest: Sha256::digest(bytes).into(), recipient: said.recipient }),
    })
}

/// The payload: exactly these claims, in this order.
struct Said<'m> {
    client_id: &'m str,
    expires_at: i64,
    issued_at: i64,
    nonce: Nonce,
    purpose: String,
    alternatives: Vec<CredentialQuery>,
    recipient: Recipient,
}

impl<'m> Said<'m> {
    fn read(payload: &'m [u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(payload);
        from.map_of(7)?;
        let said = Self {
            client_id: labelled(&mut from, claim::ISS)?.text()?,
            expires_at: labelled(&mut from, claim::EXP)?.signed()?,
            issued_at: labelled(&mut from, claim::IAT)?.signed()?,
            nonce: Nonce(labelled(&mut from, claim::NONCE)?.bytes_array()?),
            purpose: labelled(&mut from, PURPOSE)?.string(MAX_TEXT)?,
            alternatives: list(labelled(&mut from, QUERY)?, MAX_ALTERNATIVES, alternative)?,
            recipient: Recipient(labelled(&mut from, RECIPIENT)?.bytes_array()?),
        };
        from.end()?;
        Ok(said)
    }
}

/// Returns `from` at the value of `label`, which must come next.
fn labelled<'r, 'm>(from: &'r mut Reader<'m>, label: i64) -> Result<&'r mut Reader<'m>, NotCanonical> {
    if from.signed()? == label { Ok(from) } else { Err(NotCanonical) }
}

/// Reads an array of at most `most` items.
fn list<T>(
    from: &mut Reader<'_>,
    most: usize,
    mut read: impl FnMut(&mut Reader<'_>, usize) -> Result<T, NotCanonical>,
) -> Result<Vec<T>, NotCanonical> {
    let count = from.array_up_to(most)?;
    (0..count).map(|at| read(from, at)).collect()
}

fn write(query: &Query, out: &mut Writer) {
    out.array(query.alternatives().len());
    for CredentialQuery { id: _, format, kinds, claims } in query.alternatives() {
        let number = FORMATS.iter().find(|(known, _)| known == format).map_or(0, |(_, number)| *number);
        let named = (*kinds != [kind_in(*format)]).then_some(kinds);
        out.array(3).unsigned(number).option(named, |out, kinds| {
            out.array(kinds.len());
            for kind in kinds {
                out.text(kind);
            }
        });
        out.array(claims.len());
        for ClaimQuery { path, values } in claims {
            out.array(2).array(path.steps().len());
            for step in path.steps() {
                match step {
                    PathStep::Name(name) => out.text(name),
                    PathStep::Index(index) => out.unsigned(*index as u64),
                    PathStep::All => out.option(None::<()>, |_, ()| ()),
                };
            }
            out.array(values.len());
            for value in values {
                match value {
                    ClaimValue::Bool(truth) => out.bool(*truth),
                    ClaimValue::Integer(number) => out.signed(*number),
                    ClaimValue::Text(text) => out.text(text),
                };
            }
        }
    }
}

/// Reads one alternative. Its name is its place.
fn alternative(from: &mut Reader<'_>, at: usize) -> Result<CredentialQuery, NotCanonical> {
    from.array_of(3)?;
    let number = from.unsigned()?;
    let (format, _) = FORMATS.into_iter().find(|(_, known)| *known == number).ok_or(NotCanonical)?;
    let kinds = from.option(|from| list(from, MAX_KINDS, |from, _| from.string(MAX_TEXT)))?;
    let kinds = kinds.unwrap_or_else(|| vec![kind_in(format).into()]);
    let claims = list(from, MAX_CLAIMS, |from, _| {
        from.array_of(2)?;
        Ok(ClaimQuery {
            path: ClaimPath(list(from, MAX_STEPS, |from, _| step(from))?),
            values: list(from, MAX_VALUES, |from, _| value(from))?,
        })
    })?;
    Ok(CredentialQuery { id: format!("{}", at + 1), format, kinds, claims })
}

fn step(from: &mut Reader<'_>) -> Result<PathStep, NotCanonical> {
    let named = from.option(|from| {
        if from.is_text() {
            return Ok(PathStep::Name(from.string(MAX_TEXT)?));
        }
        Ok(PathStep::Index(usize::try_from(from.unsigned()?).map_err(|_| NotCanonical)?))
    })?;
    Ok(named.unwrap_or(PathStep::All))
}

fn value(from: &mut Reader<'_>) -> Result<ClaimValue, NotCanonical> {
    if from.is_text() {
        return Ok(ClaimValue::Text(from.string(MAX_TEXT)?));
    }
    let mut truth = from.clone();
    if let Ok(value) = truth.bool() {
        *from = truth;
        return Ok(ClaimValue::Bool(value));
    }
    from.signed().map(ClaimValue::Integer)
}
