//! An answer that only the gate can read: sealed to a key that the gate made for this question alone.
//!
//! A COSE_Encrypt0 in the integrated mode of HPKE (draft-ietf-cose-hpke-26), with the primitives of [`crate::recipient`]. The digest of the question is authenticated with it, so it opens under no other question.

use crate::cbor::{Reader, Writer};
use crate::cose::{self, label};
use crate::format::{MAX_BYTES, Serialization};
use crate::malformed::Malformed;
use crate::recipient::{NotOpened, NotSealed, Recipient, RecipientSecret};
use alloc::vec::Vec;
use rand_core::CryptoRng;

/// COSE_Encrypt0 (RFC 9052 §2).
const TAG: u64 = 16;
/// HPKE-4 among the algorithms of COSE.
const HPKE_4: i64 = 42;
/// The encapsulated key among the header parameters.
const EK: i64 = -4;
/// How many bytes of a question's digest name it.
const NAME: usize = 8;

/// A sealed answer, not opened.
pub struct Sealed<'m> {
    protected: &'m [u8],
    question: [u8; NAME],
    encapsulated: [u8; 32],
    ciphertext: &'m [u8],
}

/// Returns true if `bytes` begin as a sealed answer does. No text does.
pub fn is_sealed(bytes: &[u8]) -> bool {
    Serialization::of(bytes) == Serialization::Sealed
}

/// Seals `answer` to `recipient`, for the question with this digest.
pub fn seal(answer: &[u8], recipient: &Recipient, question: &[u8; 32], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, NotSealed> {
    let mut header = Writer::new();
    header.map(1).signed(label::ALG).signed(HPKE_4);
    let protected = header.into_bytes();
    let (encapsulated, ciphertext) = recipient.seal(&[], &enc_structure(&protected, question), answer, rng)?;
    let mut out = Writer::with_capacity(ciphertext.len() + 64);
    out.tag(TAG).array(3).bytes(&protected).map(2).signed(label::KID).bytes(&question[..NAME]);
    out.signed(EK).bytes(&encapsulated).bytes(&ciphertext);
    Ok(out.into_bytes())
}

impl<'m> Sealed<'m> {
    /// Reads a sealed answer; opens nothing.
    pub fn parse(bytes: &'m [u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::TooLarge);
        }
        let mut from = Reader::new(bytes);
        if from.tag()? != TAG {
            return Err(Malformed::Serialization);
        }
        from.array_of(3)?;
        let protected = from.bytes()?;
        let mut header = Reader::new(protected);
        let (mut algorithm, mut question, mut encapsulated) = (None, None, None);
        for parameter in cose::parameters(&mut header)? {
            match parameter.label() {
                Some(label::ALG) => algorithm = Some(parameter.value.clone().signed()?),
                Some(label::CRIT) => return Err(Malformed::OutOfRange("crit")),
                _ => {}
            }
        }
        header.end()?;
        for parameter in cose::parameters(&mut from)? {
            match parameter.label() {
                Some(label::KID) => question = Some(parameter.value.clone().bytes_array()?),
                Some(EK) => encapsulated = Some(parameter.value.clone().bytes_array()?),
                Some(label::ALG | label::CRIT) => return Err(Malformed::Unprotected),
                _ => {}
            }
        }
        let ciphertext = from.bytes()?;
        from.end()?;
        if algorithm != Some(HPKE_4) {
            return Err(Malformed::OutOfRange("alg"));
        }
        let question = question.ok_or(Malformed::Missing("kid"))?;
        Ok(Self { protected, question, encapsulated: encapsulated.ok_or(Malformed::Missing("ek"))?, ciphertext })
    }

    /// Returns the first bytes of the digest of the question that it says it answers.
    pub fn question(&self) -> &[u8] {
        &self.question
    }

    /// Returns true if it says that it answers the question with this digest. Opening it finds out.
    pub fn names(&self, question: &[u8; 32]) -> bool {
        question.starts_with(&self.question)
    }

    /// Opens it with the key that was made for the question with this digest.
    pub fn open(&self, secret: &RecipientSecret, question: &[u8; 32]) -> Result<Vec<u8>, NotOpened> {
        secret.open(&self.encapsulated, &[], &enc_structure(self.protected, question), self.ciphertext)
    }
}

/// `Enc_structure` (RFC 9052 §5.3), the question's digest being the external data.
fn enc_structure(protected: &[u8], question: &[u8; 32]) -> Vec<u8> {
    let mut structure = Writer::with_capacity(protected.len() + 64);
    structure.array(3).text("Encrypt0").bytes(protected).bytes(question);
    structure.into_bytes()
}

#[cfg(test)]
mod tests;
