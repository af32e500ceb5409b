//! VCDM 2.0 documents of any type under the proof that secures them: what a status list travels in.
//!
//! A role credential is read by [`super::Credential`]; this is for documents that say something else and are signed alike. The
//! reader of such a document decides about its members; here the contexts are pinned and the proof is checked.

use super::data_integrity::{issuer, read_proof, require_controller};
use super::envelope::{Claims, Content, Envelope, Material, SignatureTimes};
use super::vocabulary::require_contexts;
use super::{Claimed, IssueError, Malformed, VerifyError};
use crate::canon::jcs;
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::proof::{Options, Purpose, Seal, Suite, create};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
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

/// A secured document; nobody has checked its proof yet.
#[derive(Clone, Debug)]
pub struct Secured {
    issuer: String,
    key_id: Option<String>,
    limits: Limits,
    form: Form,
}

/// A document with a proof in it.
#[derive(Clone, Debug)]
struct Embedded {
    bytes: Vec<u8>,
    times: SignatureTimes,
    seal: Seal,
}

#[derive(Clone, Debug)]
enum Form {
    DataIntegrity(Box<Embedded>),
    Enveloped(Envelope),
}

/// A document whose proof was checked, without the proof and without what stands beside the document in its envelope.
#[derive(Clone, Debug)]
pub struct VerifiedDocument<'a> {
    /// What it says.
    pub document: Object<'a>,
    /// The proof's `created`, or `iat`.
    pub signed_at: Option<Timestamp>,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// The proof's `expires`, or `exp`.
    pub expires_at: Option<Timestamp>,
}

impl Secured {
    /// Reads untrusted bytes within `limits`: a JSON object has an embedded proof, everything else must be a compact JWS
    /// or a tagged COSE_Sign1. The
    /// document's contexts must be exactly `contexts`; those of an envelope are looked at with its signature.
    pub fn parse(bytes: &[u8], limits: Limits, contexts: &[KnownContext]) -> Result<Self, Malformed> {
        if bytes.len() > limits.bytes {
            return Err(Malformed::TooLarge);
        }
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            let envelope = Envelope::parse(bytes, Content::Credential, limits.bytes)?;
            let (issuer, key_id) = envelope.signer()?;
            return Ok(Self { issuer, key_id, limits, form: Form::Enveloped(envelope) });
        }
        let document = object(bytes, limits)?;
        require_contexts(&document, contexts)?;
        let issuer = issuer(&document)?;
        let proof = read_proof(&document, Purpose::AssertionMethod)?;
        let options = proof.options;
        // A proof made for one verifier (`challenge`, `domain`) does not make a credential.
        if options.challenge.is_some() || options.domain.is_some() {
            return Err(Malformed::Proof);
        }
        require_controller(options.verification_method, issuer)?;
        let times = SignatureTimes { issued_at: options.created, not_before: None, expires_at: options.expires };
        let form = Form::DataIntegrity(Box::new(Embedded { bytes: bytes.to_vec(), times, seal: proof.seal(&KNOWN)? }));
        Ok(Self { issuer: issuer.to_owned(), key_id: Some(options.verification_method.to_owned()), limits, form })
    }

    /// Who claims to have signed this; unverified.
    pub fn claimed(&self) -> Claimed<'_> {
        Claimed { issuer: &self.issuer, key_id: self.key_id.as_deref() }
    }

    /// Checks the proof with `key` and the document's contexts; gives the document.
    pub fn verify(&self, key: &PublicKey, contexts: &[KnownContext]) -> Result<VerifiedDocument<'_>, VerifyError> {
        let (document, times) = match &self.form {
            Form::DataIntegrity(embedded) => {
                embedded.seal.verify(key)?;
                let mut document = object(&embedded.bytes, self.limits)?;
                document.remove("proof");
                (document, embedded.times)
            }
            Form::Enveloped(envelope) => {
                envelope.verify(key)?;
                let mut document = envelope.document(self.limits)?;
                // Two proofs would be one too many: the inner one would go unread.
                if document.member("proof").is_some() {
                    return Err(Malformed::member("proof").into());
                }
                let times = envelope.claims(&mut document)?.times;
                (document, times)
            }
        };
        require_contexts(&document, contexts)?;
        let SignatureTimes { issued_at, not_before, expires_at } = times;
        Ok(VerifiedDocument { document, signed_at: issued_at, not_before, expires_at })
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
            Ok(Envelope::sign(document, &Claims::made_at(at), Content::Credential, material, key_id, signer)?)
        }
    }
}

fn object(bytes: &[u8], limits: Limits) -> Result<Object<'_>, Malformed> {
    match json::parse(bytes, limits)? {
        Value::Object(object) => Ok(object),
        _ => Err(Malformed::Serialization),
    }
}

#[cfg(test)]
mod tests;
