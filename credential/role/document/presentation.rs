//! Verifiable presentations (VCDM 2.0 §4.13) of one credential, with an `authentication` proof by its subject.

use super::DataIntegrity;
use crate::binding::{Binding, HolderError, HolderProof};
use crate::canon::jcs;
use crate::data_integrity::{Options, Seal, create};
use crate::did::{DidUrl, Purpose};
use crate::error::PresentError;
use crate::format::MAX_BYTES;
use crate::json::{Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::malformed::Malformed;
use crate::role::presented::{method_of, require_own_contexts, shown};
use crate::time::Timestamp;
use crate::vcdm::member::{holder, object, read_proof, subject_id};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use waypass_schemas::contexts;

/// The members of a presentation (VCDM 2.0 §4.13); `termsOfUse` is not ours to accept.
const MEMBERS: [&str; 6] = ["@context", "holder", "id", "proof", "type", "verifiableCredential"];

/// The holder's proof, read. Unverified.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    challenge: String,
    domain: String,
    created: Option<Timestamp>,
    expires: Option<Timestamp>,
    seal: Seal,
}

/// Reads a presentation of a credential that may name contexts in `known`; checks no proof.
///
/// Holder, subject of the credential and controller of the proof's key are compared here, as text. Verifying with the subject's key
/// therefore covers all three.
pub(crate) fn parse(bytes: &[u8], known: &KnownContexts) -> Result<(DataIntegrity, Option<Answer>), Malformed> {
    let mut document = object(bytes)?;
    require_own_contexts(&document)?;
    if let Some((name, _)) = document.iter().find(|(name, _)| !MEMBERS.contains(name)) {
        return Err(Malformed::member(name));
    }
    let credential = shown(&document)?;
    let subject = subject_id(credential);
    let holder = holder(&document)?;
    if holder.is_some() && holder != subject {
        return Err(Malformed::OutOfRange("holder"));
    }
    let answer = match document.member("proof") {
        None => None,
        Some(_) => Some(Answer::read(&document, subject.ok_or(Malformed::Missing("credentialSubject.id"))?, known)?),
    };
    let mut own_bytes = Vec::with_capacity(bytes.len());
    jcs::write_object(credential.iter(), &mut own_bytes);
    let credential = match document.remove("verifiableCredential") {
        Some(Value::Array(mut items)) => items.pop(),
        one => one,
    };
    let Some(Value::Object(credential)) = credential else { return Err(Malformed::WrongType("verifiableCredential")) };
    Ok((DataIntegrity::read(own_bytes, credential, known)?, answer))
}

/// Makes the presentation of `credential`. The holder signs over the same canonical form as the issuer: a verifier that reads the one
/// reads the other.
pub(crate) fn present(
    credential: &DataIntegrity,
    binding: &Binding<'_>,
    at: Timestamp,
    signer: &dyn Signer,
) -> Result<Vec<u8>, PresentError> {
    let known = &credential.contexts;
    let suite = credential.proofs.issuers.suite.with_algorithm(signer.public_key().algorithm());
    let credential = object(&credential.bytes)?;
    let subject = subject_id(&credential).ok_or(PresentError::NotTheHolder)?.to_owned();
    let verification_method = method_of(&subject, signer)?;
    let nonce = binding.nonce();
    let options = Options {
        verification_method: &verification_method,
        purpose: Purpose::Authentication,
        created: Some(at),
        expires: None,
        challenge: Some(&nonce),
        domain: Some(binding.audience()),
    };
    let document = Object::new()
        .with("@context", Value::from_iter([contexts::CREDENTIALS_V2.id]))
        .with("holder", subject.clone())
        .with("type", Value::from_iter(["VerifiablePresentation"]))
        .with("verifiableCredential", Value::Array([Value::Object(credential)].into()));
    let proof = create(suite, &document, &options, known, signer)?;
    let bytes = jcs::to_vec(&Value::Object(document.with("proof", proof)));
    if bytes.len() > MAX_BYTES {
        return Err(Malformed::TooLarge.into());
    }
    Ok(bytes)
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

    /// Returns the `challenge` it names. Unverified.
    pub(crate) fn untrusted_nonce(&self) -> &str {
        &self.challenge
    }

    /// Checks that `holder` made it for `binding`.
    pub(crate) fn verify(&self, holder: &PublicKey, binding: &Binding<'_>) -> Result<HolderProof, HolderError> {
        self.seal.verify(holder)?;
        binding.require(&self.challenge, &self.domain)?;
        Ok(HolderProof { signed_at: self.created, not_before: None, expires_at: self.expires })
    }
}
