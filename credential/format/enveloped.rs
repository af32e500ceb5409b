//! Role credentials as VCDM 2.0 documents in a JWS or in a COSE_Sign1 (Securing Verifiable Credentials using JOSE and COSE §3.1,
//! §3.3).
//!
//! The document is the payload, byte for byte; contexts and terms are nailed down as for Data Integrity. OpenID4VP calls the
//! first format `jwt_vc_json`, and knows no other name for a W3C credential signed as a JWS; it has none for the second.

use super::data_integrity::{draft, object, require_contexts, require_controller, require_terms};
use super::envelope::{Claims, Content, Envelope, Material};
use super::{Claimed, Format, IssueError, MAX_BYTES, Malformed, PresentError, Untrusted, Verified, VerifyError};
use crate::json::Value;
use crate::key::{PublicKey, Signer};
use crate::request::Request;
use crate::role::{RoleClaims, VC_TYPE, vcdm};
use crate::time::Timestamp;
use alloc::string::String;
use waypass_schemas::contexts;

mod presentation;

pub use presentation::Presentation;

/// A VCDM 2.0 credential in its envelope; nobody has checked the signature yet.
#[derive(Clone, Debug)]
pub struct Enveloped {
    envelope: Envelope,
    issuer: String,
    key_id: Option<String>,
}

impl Enveloped {
    /// Reads a compact JWS or a tagged COSE_Sign1; checks no signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let envelope = Envelope::parse(bytes, Content::Credential, MAX_BYTES)?;
        let (issuer, key_id) = envelope.signer()?;
        if let Some(key_id) = &key_id {
            require_controller(key_id, &issuer)?;
        }
        Ok(Self { envelope, issuer, key_id })
    }

    /// The bytes as they were read or issued.
    pub fn as_bytes(&self) -> &[u8] {
        self.envelope.as_bytes()
    }

    /// `issuer` and `kid`, unverified.
    pub fn claimed(&self) -> Claimed<'_> {
        Claimed { issuer: &self.issuer, key_id: self.key_id.as_deref() }
    }

    /// Checks the issuer's signature, then reads the role. The signature's own times (`iat`, `nbf`, `exp`, §3.1.3) bound the
    /// validity.
    pub fn verify(&self, issuer: &PublicKey) -> Result<Verified<'_>, VerifyError> {
        self.envelope.verify(issuer)?;
        let Untrusted { claims, role } = self.untrusted()?;
        Ok(Verified::new(claims, role))
    }

    /// What it says, its signature unchecked.
    pub fn untrusted(&self) -> Result<Untrusted<'_>, Malformed> {
        let mut document = object(self.envelope.untrusted())?;
        let times = self.envelope.claims(&mut document)?.times;
        require_contexts(&document, &contexts::ROLE_CREDENTIAL)?;
        require_terms(&document)?;
        // A proof inside the signed document is one that nobody would check.
        if document.member("proof").is_some() {
            return Err(Malformed::UndefinedTerm);
        }
        let mut role = vcdm::read(&document, self.key_id.as_deref(), times.issued_at)?;
        if role.kind != VC_TYPE {
            return Err(Malformed::OutOfRange("type"));
        }
        role.valid_from = times.not_before.map_or(role.valid_from, |begin| begin.max(role.valid_from));
        role.valid_until = times.expires_at.map_or(role.valid_until, |end| end.min(role.valid_until));
        Ok(Untrusted { claims: Value::Object(document), role: role.checked()? })
    }

    /// Issues `claims`. Claims without `key_id` are signed under the signer's `did:key`.
    pub(crate) fn sign(claims: &RoleClaims, format: Format, signer: &dyn Signer) -> Result<Self, IssueError> {
        let (document, key_id) = draft(claims, signer)?;
        let material = if format == Format::VcCose { Material::Cose } else { Material::Jose };
        let beside = Claims::made_at(claims.issued_at);
        Ok(Self::parse(&Envelope::sign(document, &beside, Content::Credential, material, &key_id, signer)?)?)
    }

    /// Which of the two formats this is.
    pub fn format(&self) -> Format {
        match self.envelope.material() {
            Material::Jose => Format::VcJwt,
            Material::Cose => Format::VcCose,
        }
    }

    /// Shows the credential, bound to the request's nonce and gate.
    pub fn present(&self, request: &Request, at: Timestamp, holder: &dyn Signer) -> Result<Presentation, PresentError> {
        Presentation::create(self, request, at, holder)
    }

    /// Whom the document is about, unverified.
    fn subject(&self) -> Result<Option<String>, Malformed> {
        let document = object(self.envelope.untrusted())?;
        let subject = document.member("credentialSubject").and_then(|subject| subject.member("id"));
        Ok(subject.and_then(Value::as_str).map(String::from))
    }
}

#[cfg(test)]
mod tests;
