//! Verifiable presentations in a JWS or a COSE_Sign1 (§3.1.2, §3.3.2): one enveloped credential, and the holder's answer beside
//! it, as JWT claims or as CWT claims in the protected header (RFC 9597).
//!
//! `nonce` and `aud` are the request's (OpenID4VP 1.0 §B.1.3.1.5). A CWT has the nonce's text in a byte string, as RFC 9711 §4.1
//! wants it.

use super::Enveloped;
use crate::did::{self, DidUrl};
use crate::format::data_integrity::only;
use crate::format::envelope::{Claims, Content, Envelope, Material, SignatureTimes, read_url, write_url};
use crate::format::vocabulary::require_contexts;
use crate::format::{Credential, HolderError, HolderProof, MAX_BYTES, Malformed, PresentError};
use crate::json::{Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::request::{Nonce, Request};
use crate::time::Timestamp;
use crate::vcdm::is_url;
use waypass_schemas::contexts;

/// The members of a presentation (VCDM 2.0 §4.13); `termsOfUse` is not ours to accept.
const MEMBERS: [&str; 5] = ["@context", "holder", "id", "type", "verifiableCredential"];

/// A presentation with one credential; nobody has checked anything yet.
#[derive(Clone, Debug)]
pub struct Presentation {
    envelope: Envelope,
    credential: Credential,
}

impl Presentation {
    /// Reads a compact JWS or a tagged COSE_Sign1; checks no signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::parse_in(bytes, &KnownContexts::new())
    }

    /// The same where the credential may also name contexts that `known` carries.
    pub fn parse_in(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        let envelope = Envelope::parse(bytes, Content::Presentation, MAX_BYTES)?;
        let document = envelope.document(Limits::CREDENTIAL)?;
        require_contexts(&document, &contexts::ROLE_CREDENTIAL[..1])
            .or_else(|_| require_contexts(&document, &contexts::ROLE_CREDENTIAL))?;
        if only(&document, "type")?.as_str() != Some("VerifiablePresentation") {
            return Err(Malformed::OutOfRange("type"));
        }
        if document.member("id").is_some_and(|id| !id.as_str().is_some_and(is_url)) {
            return Err(Malformed::OutOfRange("id"));
        }
        let enveloped = only(&document, "verifiableCredential")?.as_object().ok_or(Malformed::WrongType("verifiableCredential"))?;
        let credential = open(enveloped, known)?.into();
        Ok(Self { envelope, credential })
    }

    /// Envelopes `credential`, whose subject must be a DID of the holder's key.
    pub(super) fn create(credential: &Enveloped, request: &Request, at: Timestamp, holder: &dyn Signer) -> Result<Self, PresentError> {
        let subject = credential.subject()?.ok_or(PresentError::NotTheHolder)?;
        let url = DidUrl::parse(&subject).map_err(|_| PresentError::NotTheHolder)?;
        if !url.resolve().is_ok_and(|key| key == *holder.public_key()) {
            return Err(PresentError::NotTheHolder);
        }
        let key_id = url.verification_method().ok_or(PresentError::NotTheHolder)?;
        let context = Value::from_iter([contexts::CREDENTIALS_V2.id]);
        let enveloped = write_url(credential.envelope.material(), credential.as_bytes());
        let document = Object::new()
            .with("@context", context)
            .with("type", Value::from_iter(["VerifiablePresentation"]))
            .with("holder", subject)
            .with("verifiableCredential", Value::Array([Value::Object(enveloped)].into()));
        let answer = Claims { nonce: Some(request.nonce.to_text()), audience: Some(request.client_id.clone()), ..Claims::made_at(at) };
        let material = credential.envelope.material();
        Ok(Self::parse_in(&Envelope::sign(document, &answer, Content::Presentation, material, &key_id, holder)?, &credential.contexts)?)
    }

    /// The bytes as they were read or made.
    pub fn as_bytes(&self) -> &[u8] {
        self.envelope.as_bytes()
    }

    /// The credential shown.
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The nonce that the holder's answer names, its signature unchecked.
    pub fn untrusted_nonce(&self) -> Option<Nonce> {
        let mut document = self.envelope.document(Limits::CREDENTIAL).ok()?;
        Nonce::parse(&self.envelope.claims(&mut document).ok()?.nonce?).ok()
    }

    /// Checks that `holder` made this presentation for `nonce` and `audience`. The reason given is the holder's own statement
    /// wherever possible: what the presentation says is looked at after its signature.
    pub fn verify_holder(&self, holder: &PublicKey, nonce: &Nonce, audience: &str) -> Result<HolderProof, HolderError> {
        self.envelope.verify(holder)?;
        let mut document = self.envelope.document(Limits::CREDENTIAL)?;
        let Claims { issuer, audience: meant_for, nonce: answered, times, .. } = self.envelope.claims(&mut document)?;
        let named = document.member("holder").map(|value| value.as_str().ok_or(Malformed::WrongType("holder"))).transpose()?;
        for (claim, value) in [("iss", issuer.as_deref()), ("holder", named)] {
            if value.is_some_and(|value| !is_of_key(value, holder)) {
                return Err(Malformed::OutOfRange(claim).into());
            }
        }
        if let Some((name, _)) = document.iter().find(|(name, _)| !MEMBERS.contains(name)) {
            return Err(Malformed::member(name).into());
        }
        if answered.ok_or(Malformed::Missing("nonce"))? != nonce.to_text() {
            return Err(HolderError::NonceMismatch);
        }
        if meant_for.ok_or(Malformed::Missing("aud"))? != audience {
            return Err(HolderError::WrongAudience);
        }
        let SignatureTimes { issued_at, not_before, expires_at } = times;
        Ok(HolderProof { signed_at: issued_at, not_before, expires_at })
    }
}

/// Whether `id` is a DID of `key`.
fn is_of_key(id: &str, key: &PublicKey) -> bool {
    id == did::to_did_key(key) || did::resolve(id).is_ok_and(|found| found == *key)
}

/// The credential in its envelope. One in an SD-JWT answers with a KB-JWT and not with a presentation.
fn open(enveloped: &Object<'_>, known: &KnownContexts) -> Result<Enveloped, Malformed> {
    match read_url(enveloped, Content::Credential)? {
        (Material::SdJwt, _) => Err(Malformed::OutOfRange("id")),
        (Material::Jose | Material::Cose, bytes) => Enveloped::parse_in(&bytes, known),
    }
}
