//! An answer that only the gate can read: sealed to a key that the gate made for this question alone.
//!
//! A COSE_Encrypt0 in the integrated mode of HPKE (draft-ietf-cose-hpke-26; RFC 9180 in base mode) with DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256 and ChaCha20-Poly1305. The digest of the question is authenticated with it, so it opens under no other question.

use crate::cbor::{Reader, Writer};
use crate::cose::{self, label};
use crate::format::{MAX_BYTES, Serialization};
use crate::malformed::Malformed;
use alloc::vec::Vec;
use core::fmt;
use hpke::{Deserializable, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

type Kem = hpke::kem::X25519HkdfSha256;
type Kdf = hpke::kdf::HkdfSha256;
type Aead = hpke::aead::ChaCha20Poly1305;

/// COSE_Encrypt0 (RFC 9052 §2).
const TAG: u64 = 16;
/// HPKE-4 among the algorithms of COSE.
const HPKE_4: i64 = 42;
/// The encapsulated key among the header parameters.
const EK: i64 = -4;
/// How many bytes of a question's digest name it.
const NAME: usize = 8;

/// The key to which an answer is sealed: an X25519 public key (RFC 7748).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recipient(pub [u8; 32]);

/// The gate's half of a [`Recipient`]. Zeroized when dropped.
pub struct RecipientSecret(Zeroizing<[u8; 32]>);

/// A sealed answer, not opened.
pub struct Sealed<'m> {
    protected: &'m [u8],
    question: [u8; NAME],
    encapsulated: [u8; 32],
    ciphertext: &'m [u8],
}

/// The answer cannot be opened with this key under this question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotOpened;

/// The key cannot be sealed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotSealed;

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is not sealed to this question")
    }
}

impl core::error::Error for NotOpened {}

impl fmt::Display for NotSealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the question names no key that an answer can be sealed to; ask the gate for a new one")
    }
}

impl core::error::Error for NotSealed {}

impl fmt::Debug for RecipientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecipientSecret")
    }
}

impl RecipientSecret {
    /// Draws a new key.
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        Self(bytes)
    }

    /// Takes the bytes of [`Self::to_bytes`].
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the bytes, for a store that keeps them encrypted.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }

    /// Returns the half that goes into the question.
    pub fn recipient(&self) -> Recipient {
        let public = self.key().map(|key| <Kem as hpke::Kem>::sk_to_pk(&key).to_bytes());
        Recipient(public.map_or([0; 32], Into::into))
    }

    fn key(&self) -> Result<<Kem as hpke::Kem>::PrivateKey, hpke::HpkeError> {
        <Kem as hpke::Kem>::PrivateKey::from_bytes(self.0.as_ref())
    }
}

/// Returns true if `bytes` begin as a sealed answer does. No text does.
pub fn is_sealed(bytes: &[u8]) -> bool {
    Serialization::of(bytes) == Serialization::Sealed
}

/// Seals `answer` to `recipient`, for the question with this digest.
pub fn seal(answer: &[u8], recipient: &Recipient, question: &[u8; 32], mut rng: &mut dyn CryptoRng) -> Result<Vec<u8>, NotSealed> {
    let mut header = Writer::new();
    header.map(1).signed(label::ALG).signed(HPKE_4);
    let protected = header.into_bytes();
    let key = <Kem as hpke::Kem>::PublicKey::from_bytes(&recipient.0).map_err(|_| NotSealed)?;
    let aad = enc_structure(&protected, question);
    let (encapsulated, ciphertext) =
        hpke::single_shot_seal_with_rng::<Aead, Kdf, Kem>(&OpModeS::Base, &key, &[], answer, &aad, &mut rng).map_err(|_| NotSealed)?;
    let mut out = Writer::with_capacity(ciphertext.len() + 64);
    out.tag(TAG).array(3).bytes(&protected).map(2).signed(label::KID).bytes(&question[..NAME]);
    out.signed(EK).bytes(&encapsulated.to_bytes()).bytes(&ciphertext);
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
        let opened = secret.key().and_then(|key| {
            let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(&self.encapsulated)?;
            let aad = enc_structure(self.protected, question);
            hpke::single_shot_open::<Aead, Kdf, Kem>(&OpModeR::Base, &key, &encapsulated, &[], self.ciphertext, &aad)
        });
        opened.map_err(|_| NotOpened)
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
