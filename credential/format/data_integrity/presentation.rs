//! Verifiable presentations (VCDM 2.0 §4.13) of one credential, with an `authentication` proof by its subject.

use super::{DataIntegrity, object, only, read_proof};
use crate::canon::jcs;
use crate::did::DidUrl;
use crate::format::vocabulary::require_contexts;
use crate::format::{Credential, HolderError, HolderProof, MAX_BYTES, Malformed, PresentError};
use crate::json::{Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, SignError, Signer};
use crate::proof::{CreateError, Options, Purpose, Seal, create};
use crate::request::{Nonce, Request};
use crate::time::Timestamp;
use crate::vcdm::is_url;
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use waypass_schemas::contexts;

/// The members of a presentation (VCDM 2.0 §4.13); `termsOfUse` is not ours to accept.
const MEMBERS: [&str; 6] = ["@context", "holder", "id", "proof", "type", "verifiableCredential"];

/// A verifiable presentation with one credential; nobody has checked anything yet.
#[derive(Clone, Debug)]
pub struct Presentation {
    bytes: Vec<u8>,
    credential: Credential,
    answer: Option<Box<Answer>>,
}

/// The holder's proof, read.
#[derive(Clone, Debug)]
struct Answer {
    challenge: String,
    domain: String,
    created: Option<Timestamp>,
    expires: Option<Timestamp>,
    seal: Seal,
}

impl Presentation {
    /// Reads a presentation; checks no proof.
    ///
    /// Holder, subject of the credential and controller of the proof's key are compared here, as text: whoever verifies with
    /// the subject's key has then verified all three.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::parse_in(bytes, &KnownContexts::new())
    }

    /// The same where the credential may also name contexts that `known` carries.
    pub fn parse_in(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        Self::read(bytes.to_vec(), &object(bytes)?, known)
    }

    fn read(bytes: Vec<u8>, document: &Object<'_>, known: &KnownContexts) -> Result<Self, Malformed> {
        // The credential brings its own contexts; around it, the base context says all, and ours may stand beside it.
        require_contexts(document, &contexts::ROLE_CREDENTIAL[..1]).or_else(|_| require_contexts(document, &contexts::ROLE_CREDENTIAL))?;
        if let Some((name, _)) = document.iter().find(|(name, _)| !MEMBERS.contains(name)) {
            return Err(Malformed::member(name));
        }
        let kind = only(document, "type")?.as_str();
        if kind != Some("VerifiablePresentation") {
            return Err(Malformed::OutOfRange("type"));
        }
        if document.member("id").is_some_and(|id| !id.as_str().is_some_and(is_url)) {
            return Err(Malformed::OutOfRange("id"));
        }
        let credential = only(document, "verifiableCredential")?.as_object().ok_or(Malformed::WrongType("verifiableCredential"))?;
        let subject = credential.member("credentialSubject").and_then(|subject| subject.member("id")).and_then(Value::as_str);
        let holder = document.member("holder").map(|holder| holder.as_str().ok_or(Malformed::WrongType("holder"))).transpose()?;
        if holder.is_some() && holder != subject {
            return Err(Malformed::OutOfRange("holder"));
        }
        let answer = match document.member("proof") {
            None => None,
            Some(_) => Some(Box::new(Answer::read(document, subject.ok_or(Malformed::Missing("credentialSubject.id"))?, known)?)),
        };
        let mut own_bytes = Vec::with_capacity(bytes.len());
        jcs::write_object(credential.iter(), &mut own_bytes);
        let credential = Credential::DataIntegrity(DataIntegrity::read(own_bytes, credential, known)?);
        Ok(Self { bytes, credential, answer })
    }

    /// The holder signs over the same canonical form as the issuer: a verifier that reads the one reads the other.
    pub(super) fn create(credential: &DataIntegrity, request: &Request, at: Timestamp, holder: &dyn Signer) -> Result<Self, PresentError> {
        let known = &credential.contexts;
        let suite = credential.proofs.issuers.suite.with_algorithm(holder.public_key().algorithm());
        let credential = object(&credential.bytes)?;
        let subject = credential.member("credentialSubject").and_then(|subject| subject.member("id")).and_then(Value::as_str);
        let subject = subject.ok_or(PresentError::NotTheHolder)?.to_owned();
        let url = DidUrl::parse(&subject).map_err(|_| PresentError::NotTheHolder)?;
        if !url.resolve().is_ok_and(|key| key == *holder.public_key()) {
            return Err(PresentError::NotTheHolder);
        }
        let nonce = request.nonce.to_text();
        let verification_method = url.verification_method().ok_or(PresentError::NotTheHolder)?;
        let options = Options {
            verification_method: &verification_method,
            purpose: Purpose::Authentication,
            created: Some(at),
            expires: None,
            challenge: Some(&nonce),
            domain: Some(&request.client_id),
        };
        let document = Object::new()
            .with("@context", Value::from_iter([contexts::CREDENTIALS_V2.id]))
            .with("holder", subject.clone())
            .with("type", Value::from_iter(["VerifiablePresentation"]))
            .with("verifiableCredential", Value::Array([Value::Object(credential)].into()));
        let proof = create(suite, &document, &options, known, holder).map_err(|why| match why {
            CreateError::Algorithm => PresentError::Sign(SignError),
            CreateError::Document(why) => PresentError::Malformed(why.into()),
            CreateError::Sign(why) => PresentError::Sign(why),
        })?;
        let document = document.with("proof", proof);
        let bytes = jcs::to_vec(&Value::Object(document.clone()));
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::TooLarge.into());
        }
        Ok(Self::read(bytes, &document, known)?)
    }

    /// The document as it was read or made.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The credential shown, in canonical form.
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The `challenge` of the holder's proof, unverified.
    pub fn untrusted_nonce(&self) -> Option<Nonce> {
        Nonce::parse(&self.answer.as_ref()?.challenge).ok()
    }

    /// Checks that `holder` made this presentation for `nonce` and `audience`.
    pub fn verify_holder(&self, holder: &PublicKey, nonce: &Nonce, audience: &str) -> Result<HolderProof, HolderError> {
        let answer = self.answer.as_ref().ok_or(HolderError::Missing)?;
        answer.seal.verify(holder)?;
        if answer.challenge != nonce.to_text() {
            return Err(HolderError::NonceMismatch);
        }
        if answer.domain != audience {
            return Err(HolderError::WrongAudience);
        }
        Ok(HolderProof { signed_at: answer.created, not_before: None, expires_at: answer.expires })
    }
}

impl Answer {
    /// Reads the proof of a presentation whose credential is about `subject`.
    fn read(document: &Object<'_>, subject: &str, known: &KnownContexts) -> Result<Self, Malformed> {
        let proof = read_proof(document, Purpose::Authentication)?;
        let options = proof.options;
        let method = DidUrl::parse(options.verification_method).map_err(|_| Malformed::OutOfRange("verificationMethod"))?;
        if !method.is_verification_method_of(subject) {
            return Err(Malformed::OutOfRange("verificationMethod"));
        }
        Ok(Self {
            challenge: options.challenge.ok_or(Malformed::Missing("challenge"))?.to_owned(),
            domain: options.domain.ok_or(Malformed::Missing("domain"))?.to_owned(),
            created: options.created,
            expires: options.expires,
            seal: proof.seal(known)?,
        })
    }
}
