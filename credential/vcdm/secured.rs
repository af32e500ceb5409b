//! VCDM 2.0 documents of any type under the proof that secures them: what a status list travels in.
//!
//! A role credential is read by [`crate::Credential`]; this is for documents that say something else and are signed alike. The
//! reader of such a document decides about its members; here the contexts are pinned and the proof is checked.

use super::envelope::{Content, Envelope, Material};
use super::member::{issuer, read_proof, require_contexts, require_controller};
use crate::canon::jcs;
use crate::data_integrity::{Options, Suite, create};
use crate::did::Purpose;
use crate::error::{IssueError, VerifyError};
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::Signer;
use crate::key_source::{Claimed, KeyClaim, KeySource};
use crate::malformed::Malformed;
use crate::registered_claims::{RegisteredClaims, SignatureTimes};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use waypass_schemas::contexts::KnownContext;

/// The contexts that are compiled in, and no others.
const KNOWN: KnownContexts = KnownContexts::new();

/// How a document is secured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Securing {
    /// An embedded Data Integrity proof in the JCS suite of the key.
    DataIntegrity,
    /// A compact JWS around the document, `vc+jwt`.
    Jose,
    /// A COSE_Sign1 around the document, `vc+cose`.
    Cose,
}

/// A secured document, decoded. Unverified.
#[derive(Clone, Debug)]
pub struct Secured {
    limits: Limits,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    DataIntegrity(Vec<u8>),
    Enveloped(Envelope),
}

/// A document whose proof was checked, without the proof and without the claims next to it in its envelope.
#[derive(Clone, Debug)]
pub struct VerifiedDocument<'a> {
    /// The document.
    pub document: Object<'a>,
    /// Its issuer.
    pub issuer: String,
    /// The header's `kid`, or the proof's `verificationMethod`.
    pub key_id: Option<String>,
    /// The proof's `created`, or `iat`.
    pub signed_at: Option<Timestamp>,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// The proof's `expires`, or `exp`.
    pub expires_at: Option<Timestamp>,
}

impl Secured {
    /// Decodes untrusted bytes within `limits`: a JSON object has an embedded proof, everything else must be a compact JWS
    /// or a COSE_Sign1.
    pub fn parse(bytes: &[u8], limits: Limits) -> Result<Self, Malformed> {
        if bytes.len() > limits.bytes {
            return Err(Malformed::TooLarge);
        }
        let form = if bytes.trim_ascii_start().first() == Some(&b'{') {
            Form::DataIntegrity(bytes.to_vec())
        } else {
            Form::Enveloped(Envelope::parse(bytes, Content::Credential, limits.bytes)?)
        };
        Ok(Self { limits, form })
    }

    /// Checks the proof with the key that `keys` has for it, and that the document's contexts are exactly `contexts`.
    pub fn verify(&self, keys: &dyn KeySource, contexts: &[KnownContext]) -> Result<VerifiedDocument<'_>, VerifyError> {
        match &self.form {
            Form::DataIntegrity(bytes) => self.verify_embedded(bytes, keys, contexts),
            Form::Enveloped(envelope) => self.verify_envelope(envelope, keys, contexts),
        }
    }

    fn verify_embedded<'s>(
        &self,
        bytes: &'s [u8],
        keys: &dyn KeySource,
        contexts: &[KnownContext],
    ) -> Result<VerifiedDocument<'s>, VerifyError> {
        let Value::Object(mut document) = json::parse(bytes, self.limits).map_err(Malformed::from)? else {
            return Err(Malformed::Serialization.into());
        };
        require_contexts(&document, contexts)?;
        let issuer = issuer(&document)?.to_owned();
        let proof = read_proof(&document, Purpose::AssertionMethod)?;
        let Options { verification_method, created, expires, challenge, domain, .. } = proof.options;
        // A proof made for one verifier (`challenge`, `domain`) does not make a credential.
        if challenge.is_some() || domain.is_some() {
            return Err(Malformed::Proof.into());
        }
        require_controller(verification_method, &issuer)?;
        let key_id = verification_method.to_owned();
        let key = keys.key(KeyClaim::Issuer(Claimed { issuer: &issuer, key_id: Some(&key_id) })).ok_or(VerifyError::UnknownKey)?;
        proof.seal(&KNOWN).map_err(Malformed::from)?.verify(key)?;
        document.remove("proof");
        Ok(VerifiedDocument { document, issuer, key_id: Some(key_id), signed_at: created, not_before: None, expires_at: expires })
    }

    fn verify_envelope<'s>(
        &self,
        envelope: &'s Envelope,
        keys: &dyn KeySource,
        contexts: &[KnownContext],
    ) -> Result<VerifiedDocument<'s>, VerifyError> {
        let mut document = envelope.document(self.limits)?;
        let issuer = issuer(&document)?.to_owned();
        let key_id = envelope.key_id_under(&issuer);
        let key = keys.key(KeyClaim::Issuer(Claimed { issuer: &issuer, key_id: key_id.as_deref() })).ok_or(VerifyError::UnknownKey)?;
        envelope.verify(key)?;
        // Nobody would check a second, inner proof.
        if document.member("proof").is_some() {
            return Err(Malformed::member("proof").into());
        }
        let SignatureTimes { issued_at, not_before, expires_at } = envelope.claims(&mut document)?.times;
        require_contexts(&document, contexts)?;
        Ok(VerifiedDocument { document, issuer, key_id, signed_at: issued_at, not_before, expires_at })
    }
}

/// Secures `document` under `key_id`, a verification method of its issuer. `at` is the proof's `created`, or `iat`.
pub fn secure(document: Object<'_>, by: Securing, key_id: &str, at: Timestamp, signer: &dyn Signer) -> Result<Vec<u8>, IssueError> {
    match by {
        Securing::DataIntegrity => {
            let options = Options {
                verification_method: key_id,
                purpose: Purpose::AssertionMethod,
                created: Some(at),
                expires: None,
                challenge: None,
                domain: None,
            };
            let proof = create(Suite::jcs(signer.public_key().algorithm()), &document, &options, &KNOWN, signer)?;
            Ok(jcs::to_vec(&Value::Object(document.with("proof", proof))))
        }
        Securing::Jose | Securing::Cose => {
            let material = if by == Securing::Cose { Material::Cose } else { Material::Jose };
            Ok(Envelope::sign(document, &RegisteredClaims::made_at(at), Content::Credential, material, key_id, signer)?)
        }
    }
}

#[cfg(test)]
mod tests;
