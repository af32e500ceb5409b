//! Role credentials as VCDM 2.0 documents in a JWS, an SD-JWT or a COSE_Sign1 (Securing Verifiable Credentials using JOSE and COSE
//! §3.1, §3.2, §3.3).
//!
//! The document is the payload, byte for byte, in an SD-JWT once what is disclosed is in its place; contexts and terms are nailed
//! down as for Data Integrity. OpenID4VP calls the first format `jwt_vc_json`, and knows no other name for a W3C credential signed as
//! a JWS; it has none for the others, which go by their media subtypes here.

use super::data_integrity::{draft, require_controller};
use super::envelope::{self, Claims, Content, Envelope, Material};
use super::sd_jwt::SdJwt;
use super::vocabulary::{further_contexts, require_terms, role_contexts};
use super::{Claimed, Format, IssueError, KeyBound, MAX_BYTES, Malformed, PresentError, Untrusted, Verified, VerifyError};
use crate::json::{Limits, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::request::{ClaimPath, Request};
use crate::role::{RoleClaims, VC_TYPE, vcdm};
use crate::time::Timestamp;
use alloc::{string::String, vec::Vec};
use rand_core::CryptoRng;

mod disclosable;
mod presentation;

pub use presentation::Presentation;

/// A VCDM 2.0 credential in its envelope; nobody has checked the signature yet.
#[derive(Clone, Debug)]
pub struct Enveloped {
    envelope: Envelope,
    issuer: String,
    key_id: Option<String>,
    contexts: KnownContexts,
}

impl Enveloped {
    /// Reads a compact JWS, an SD-JWT without key binding or a tagged COSE_Sign1, under the contexts that are compiled in; checks no
    /// signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::parse_in(bytes, &KnownContexts::new())
    }

    /// The same for a credential that may also name contexts that `known` carries.
    pub fn parse_in(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        Self::of_envelope(Envelope::parse(bytes, Content::Credential, MAX_BYTES)?, known)
    }

    /// An SD-JWT as the envelope of a document.
    pub(super) fn of_sd_jwt(sd_jwt: SdJwt, known: &KnownContexts) -> Result<Self, Malformed> {
        Self::of_envelope(Envelope::of_sd_jwt(sd_jwt, Content::Credential)?, known)
    }

    fn of_envelope(envelope: Envelope, known: &KnownContexts) -> Result<Self, Malformed> {
        let (issuer, key_id) = envelope.signer()?;
        if let Some(key_id) = &key_id {
            require_controller(key_id, &issuer)?;
        }
        Ok(Self { envelope, issuer, key_id, contexts: known.clone() })
    }

    /// The bytes as they were read or issued.
    pub fn as_bytes(&self) -> &[u8] {
        self.envelope.as_bytes()
    }

    /// The URLs of the contexts it names beside those of every role credential, unverified.
    pub fn further_contexts(&self) -> Vec<String> {
        self.envelope.document(Limits::CREDENTIAL).map_or_else(|_| Vec::new(), |document| further_contexts(&document))
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
        let mut document = self.envelope.document(Limits::CREDENTIAL)?;
        let bound = match self.envelope.sd_jwt() {
            Some(sd_jwt) => {
                disclosable::require_open(sd_jwt)?;
                disclosable::take_binding(&mut document)?
            }
            None => None,
        };
        let times = self.envelope.claims(&mut document)?.times;
        require_terms(&document, role_contexts(&document, &self.contexts)?.as_ref())?;
        // A proof inside the signed document is one that nobody would check.
        if document.member("proof").is_some() {
            return Err(Malformed::member("proof"));
        }
        let mut role = vcdm::read(&document, self.key_id.as_deref(), times.issued_at)?;
        if role.kind != VC_TYPE {
            return Err(Malformed::OutOfRange("type"));
        }
        // Whom the document is about and whose key answers for it are one.
        if bound.is_some() && role.holder.is_some() && bound != role.holder {
            return Err(Malformed::OutOfRange("cnf"));
        }
        role.holder = role.holder.or(bound);
        role.valid_from = times.not_before.map_or(role.valid_from, |begin| begin.max(role.valid_from));
        role.valid_until = times.expires_at.map_or(role.valid_until, |end| end.min(role.valid_until));
        Ok(Untrusted { claims: Value::Object(document), role: role.checked()? })
    }

    /// Issues `claims` in a JWS or in COSE; personal ones may have names that `known` carries. Claims without `key_id` are signed under the
    /// signer's `did:key`.
    pub(crate) fn sign(claims: &RoleClaims, format: Format, signer: &dyn Signer, known: &KnownContexts) -> Result<Self, IssueError> {
        let (document, key_id) = draft(claims, signer, known)?;
        let material = if format == Format::VcCose { Material::Cose } else { Material::Jose };
        let beside = Claims::made_at(claims.issued_at);
        Ok(Self::parse_in(&Envelope::sign(document, &beside, Content::Credential, material, &key_id, signer)?, known)?)
    }

    /// Issues `claims` in an SD-JWT, its roles and personal claims behind disclosures, and bound to the holder's key in `cnf` too.
    pub(crate) fn sign_disclosable(
        claims: &RoleClaims,
        signer: &dyn Signer,
        rng: &mut dyn CryptoRng,
        known: &KnownContexts,
    ) -> Result<Self, IssueError> {
        let (document, key_id) = draft(claims, signer, known)?;
        let header = envelope::header(Content::Credential, Material::SdJwt, &key_id);
        // `iss` repeats the issuer for those who know SD-JWT and not VCDM.
        let beside = Claims { issuer: Some(claims.issuer.clone()), ..Claims::made_at(claims.issued_at) };
        let payload = beside.put(document);
        let text = disclosable::sign(payload, claims.holder.as_ref(), &header, signer, rng)?;
        Ok(Self::parse_in(text.as_bytes(), known)?)
    }

    /// Which of the formats this is.
    pub fn format(&self) -> Format {
        match self.envelope.material() {
            Material::Jose => Format::VcJwt,
            Material::SdJwt => Format::VcSdJwt,
            Material::Cose => Format::VcCose,
        }
    }

    /// The paths of all claims behind a disclosure; none but in an SD-JWT.
    pub fn disclosable(&self) -> Result<Vec<ClaimPath>, Malformed> {
        self.envelope.sd_jwt().map_or_else(|| Ok(Vec::new()), SdJwt::paths)
    }

    /// Shows the credential, bound to the request's nonce and gate: of an SD-JWT the claims at `disclose`, with a KB-JWT, of others
    /// all there is, in a presentation.
    pub fn present(
        &self,
        disclose: &[ClaimPath],
        request: &Request,
        at: Timestamp,
        holder: &dyn Signer,
    ) -> Result<super::Presentation, PresentError> {
        let Some(sd_jwt) = self.envelope.sd_jwt() else {
            return Presentation::create(self, request, at, holder).map(super::Presentation::Enveloped);
        };
        let bound_key = self.untrusted()?.role.holder;
        KeyBound::create(sd_jwt, &self.contexts, bound_key.as_ref(), disclose, request, at, holder).map(super::Presentation::KeyBound)
    }

    /// Whom the document is about, unverified.
    fn subject(&self) -> Result<Option<String>, Malformed> {
        let document = self.envelope.document(Limits::CREDENTIAL)?;
        let subject = document.member("credentialSubject").and_then(|subject| subject.member("id"));
        Ok(subject.and_then(Value::as_str).map(String::from))
    }
}

#[cfg(test)]
mod tests;
