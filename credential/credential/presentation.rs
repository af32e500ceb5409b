//! Presentations in every format, behind one closed enum.

use super::{Credential, Form, of_sd_jwt};
use crate::binding::{Binding, HolderError, HolderProof};
use crate::cose::{Parts, Sign1};
use crate::format::{MAX_BYTES, Serialization};
use crate::jsonld::KnownContexts;
use crate::key::PublicKey;
use crate::malformed::Malformed;
use crate::role::{Card, RoleCwt, document, enveloped};
use crate::sd_cwt::{Typ, key_binding as cwt};
use crate::sd_jwt::key_binding::KeyBinding;
use crate::sd_jwt::{SdJwt, split_key_binding};
use crate::vcdm::envelope::{Content, Envelope};
use alloc::{boxed::Box, string::String, vec::Vec};

/// A credential shown by its holder to one verifier. Unverified.
#[derive(Clone, Debug)]
pub struct Presentation {
    credential: Credential,
    answer: Answer,
}

/// How the holder answers.
#[derive(Clone, Debug)]
enum Answer {
    /// With a KB-JWT after an SD-JWT, of an SD-JWT VC or of a VCDM document (RFC 9901 §4.3).
    KeyBound { text: String, bound: usize, proof: Box<Result<KeyBinding, HolderError>> },
    /// With an `authentication` proof of a verifiable presentation, if there is one.
    DataIntegrity { bytes: Vec<u8>, proof: Option<Box<document::presentation::Answer>> },
    /// With a key binding token around an SD-CWT, if there is one (draft-ietf-spice-sd-cwt §8.1).
    KeyBoundCwt { bytes: Vec<u8>, proof: Option<Box<cwt::KeyBinding>> },
    /// Not at all: a card is shown as it is.
    Card(Vec<u8>),
    /// With the signature of the envelope of a verifiable presentation.
    Enveloped(Box<enveloped::presentation::Answer>),
}

impl Presentation {
    /// Reads untrusted bytes, of a credential that may name contexts in `known` and those compiled in. Checks no proof.
    ///
    /// A JSON object is a verifiable presentation, what begins like a COSE_Sign1 is one of the kind that its header names, a text with a
    /// `~` is an SD-JWT, and everything else must be a JWS.
    pub fn parse(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::TooLarge);
        }
        match Serialization::of(bytes) {
            Serialization::Json => {
                let (credential, proof) = document::presentation::parse(bytes, known)?;
                let answer = Answer::DataIntegrity { bytes: bytes.to_vec(), proof: proof.map(Box::new) };
                Ok(Self { credential: Credential(Form::DataIntegrity(credential)), answer })
            }
            Serialization::SdJwt => Self::key_bound(bytes, known),
            Serialization::Jose => Self::enveloped(Envelope::parse(bytes, Content::Presentation, MAX_BYTES)?, known),
            Serialization::Sealed => Err(Malformed::Sealed),
            Serialization::Cose => {
                let parts = Parts::parse(bytes)?;
                match Typ::of(&parts) {
                    Some(typ) => Self::key_bound_cwt(typ, &parts, bytes),
                    None if Card::is_meant(&parts) => {
                        let card = Card::of(&parts, bytes)?;
                        Ok(Self { credential: Credential(Form::Card(card)), answer: Answer::Card(bytes.to_vec()) })
                    }
                    None => Self::enveloped(Envelope::of_cose(Sign1::of(&parts, bytes)?, Content::Presentation)?, known),
                }
            }
        }
    }

    fn enveloped(envelope: Envelope, known: &KnownContexts) -> Result<Self, Malformed> {
        let (credential, answer) = enveloped::presentation::read(envelope, known)?;
        Ok(Self { credential: Credential(Form::Enveloped(credential)), answer: Answer::Enveloped(Box::new(answer)) })
    }

    fn key_bound_cwt(typ: Typ, parts: &Parts<'_>, bytes: &[u8]) -> Result<Self, Malformed> {
        let (credential, proof) = match typ {
            Typ::SdCwt => (RoleCwt::of(parts, bytes)?, None),
            Typ::KeyBinding => {
                let (sd_cwt, proof) = cwt::KeyBinding::of(parts)?;
                (RoleCwt::of(&Parts::parse(sd_cwt)?, sd_cwt)?, Some(Box::new(proof)))
            }
        };
        Ok(Self { credential: Credential(Form::SdCwt(credential)), answer: Answer::KeyBoundCwt { bytes: bytes.to_vec(), proof } })
    }

    fn key_bound(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        let text = core::str::from_utf8(bytes).map_err(|_| Malformed::Serialization)?;
        let (sd_jwt, kb_jwt) = split_key_binding(text)?;
        let credential = of_sd_jwt(SdJwt::parse(sd_jwt)?, known)?;
        let proof = Box::new(KeyBinding::parse(kb_jwt));
        Ok(Self { credential, answer: Answer::KeyBound { bound: sd_jwt.len(), text: text.into(), proof } })
    }

    /// Returns the bytes as they were read or made.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.answer {
            Answer::KeyBound { text, .. } => text.as_bytes(),
            Answer::DataIntegrity { bytes, .. } | Answer::KeyBoundCwt { bytes, .. } | Answer::Card(bytes) => bytes,
            Answer::Enveloped(answer) => answer.as_bytes(),
        }
    }

    /// Returns the one credential shown.
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Returns the nonce that the holder's proof names. Unverified: use it only to look up the challenge.
    pub fn untrusted_nonce(&self) -> Option<&str> {
        match &self.answer {
            Answer::KeyBound { proof, .. } => proof.as_ref().as_ref().ok()?.untrusted_nonce(),
            Answer::DataIntegrity { proof, .. } => Some(proof.as_ref()?.untrusted_nonce()),
            Answer::Enveloped(answer) => answer.untrusted_nonce(),
            Answer::KeyBoundCwt { proof, .. } => proof.as_ref()?.untrusted_nonce(),
            Answer::Card(_) => None,
        }
    }

    /// Checks that `holder` (the key the issuer bound, [`crate::role::RoleClaims::holder`]) made this presentation for `binding`.
    pub fn verify_holder(&self, holder: &PublicKey, binding: &Binding<'_>) -> Result<HolderProof, HolderError> {
        match &self.answer {
            Answer::KeyBound { text, bound, proof } => {
                let (sd_jwt, kb_jwt) = text.split_at(*bound);
                proof.as_ref().as_ref().map_err(Clone::clone)?.verify(sd_jwt, kb_jwt, holder, binding)
            }
            Answer::DataIntegrity { proof, .. } => proof.as_ref().ok_or(HolderError::Missing)?.verify(holder, binding),
            Answer::Enveloped(answer) => answer.verify(holder, binding),
            Answer::Card(_) => Err(HolderError::Missing),
            Answer::KeyBoundCwt { proof, .. } => {
                let (Form::SdCwt(credential), Some(proof)) = (&self.credential.0, proof) else { return Err(HolderError::Missing) };
                credential.verify_holder(proof, holder, binding)
            }
        }
    }
}
