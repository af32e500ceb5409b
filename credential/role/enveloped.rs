//! Role credentials as VCDM 2.0 documents in a JWS, an SD-JWT or a COSE_Sign1 (Securing Verifiable Credentials using JOSE and COSE
//! §3.1, §3.2, §3.3).
//!
//! The document is the payload, byte for byte, in an SD-JWT once what is disclosed is in its place. Contexts and terms are nailed
//! down as for Data Integrity. OpenID4VP calls the first format `jwt_vc_json`, and knows no other name for a W3C credential signed as
//! a JWS. It has none for the others, which go by their media subtypes here.

use super::document::draft;
use super::vocabulary::{further_contexts, require_statements, require_terms, role_contexts};
use super::{Holder, RoleClaims, VC_TYPE, vcdm};
use crate::claim_path::ClaimPath;
use crate::cose::Sign1;
use crate::error::{IssueError, VerifyError};
use crate::format::{Format, MAX_BYTES};
use crate::json::{Limits, Value};
use crate::jsonld::KnownContexts;
use crate::key::Signer;
use crate::key_source::{Claimed, KeyClaim, KeySource};
use crate::malformed::Malformed;
use crate::registered_claims::{RegisteredClaims, SignatureTimes};
use crate::sd_jwt::SdJwt;
use crate::vcdm::envelope::{self, Content, Envelope, Material};
use crate::vcdm::member::{issuer, require_controller, unlist_subject};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use rand_core::CryptoRng;

mod disclosable;
pub(crate) mod presentation;

/// A VCDM 2.0 credential in its envelope. Unverified.
#[derive(Clone, Debug)]
pub(crate) struct Enveloped {
    envelope: Envelope,
    issuer: String,
    key_id: Option<String>,
    /// The content of the envelope. Its faults count once the signature is known to be good.
    said: Result<Said, Malformed>,
    contexts: KnownContexts,
}

/// The content of an envelope.
#[derive(Clone, Debug)]
struct Said {
    /// The document, without the claims next to it.
    document: Value<'static>,
    times: SignatureTimes,
    /// The key in `cnf` (RFC 7800).
    bound: Option<Holder>,
}

impl Enveloped {
    /// Reads a compact JWS, an SD-JWT without key binding or a COSE_Sign1 that may name contexts in `known`; checks no signature.
    pub(crate) fn parse(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        Self::of_envelope(Envelope::parse(bytes, Content::Credential, MAX_BYTES)?, known)
    }

    /// Reads an SD-JWT as the envelope of a document.
    pub(crate) fn of_sd_jwt(sd_jwt: SdJwt, known: &KnownContexts) -> Result<Self, Malformed> {
        Self::of_envelope(Envelope::of_sd_jwt(sd_jwt, Content::Credential)?, known)
    }

    /// Reads a COSE_Sign1 as the envelope of a document.
    pub(crate) fn of_cose(message: Sign1, known: &KnownContexts) -> Result<Self, Malformed> {
        Self::of_envelope(Envelope::of_cose(message, Content::Credential)?, known)
    }

    fn of_envelope(envelope: Envelope, known: &KnownContexts) -> Result<Self, Malformed> {
        let (issuer, said) = if let Some(sd_jwt) = envelope.sd_jwt() {
            let payload = sd_jwt.payload()?;
            (issuer(&payload)?.to_owned(), disclosable::disclose(sd_jwt, payload))
        } else {
            let document = envelope.document(Limits::CREDENTIAL)?;
            let bound = Holder::of_cnf(&document);
            (issuer(&document)?.to_owned(), bound.map(|bound| (document, bound)))
        };
        let key_id = envelope.key_id_under(&issuer);
        if let Some(key_id) = &key_id {
            require_controller(key_id, &issuer)?;
        }
        let said = said.and_then(|(mut document, bound)| {
            let times = envelope.claims(&mut document)?.times;
            document.remove("cnf");
            unlist_subject(&mut document);
            Ok(Said { document: Value::Object(document).into_owned(), times, bound })
        });
        Ok(Self { envelope, issuer, key_id, said, contexts: known.clone() })
    }

    /// Returns the bytes as they were read or issued.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.envelope.as_bytes()
    }

    /// Returns the contexts it was read with.
    pub(crate) const fn contexts(&self) -> &KnownContexts {
        &self.contexts
    }

    /// Returns the URLs of the contexts it names after those of every role credential.
    pub(crate) fn further_contexts(&self) -> Vec<String> {
        self.said.as_ref().ok().and_then(|said| said.document.as_object()).map_or_else(Vec::new, further_contexts)
    }

    /// Returns `issuer` and `kid`. Unverified.
    pub(crate) fn claimed(&self) -> Claimed<'_> {
        Claimed { issuer: &self.issuer, key_id: self.key_id.as_deref() }
    }

    /// Checks the issuer's signature, then reads the role.
    pub(crate) fn verify(&self, keys: &dyn KeySource) -> Result<(&Value<'static>, RoleClaims), VerifyError> {
        let key = keys.key(KeyClaim::Issuer(self.claimed())).ok_or(VerifyError::UnknownKey)?;
        self.envelope.verify(key)?;
        Ok(self.said()?)
    }

    /// Reads what it says, its signature unchecked. The signature's own times (`iat`, `nbf`, `exp`, §3.1.3) bound the validity.
    pub(crate) fn said(&self) -> Result<(&Value<'static>, RoleClaims), Malformed> {
        let Said { document: claims, times, bound } = self.said.as_ref().map_err(|why| *why)?;
        let document = claims.as_object().ok_or(Malformed::Serialization)?;
        let further = role_contexts(document, &self.contexts)?;
        require_terms(document, further.as_ref())?;
        if let Some(further) = further {
            require_statements(document, &further)?;
        }
        // Nobody would check a proof inside the signed document.
        if document.member("proof").is_some() {
            return Err(Malformed::member("proof"));
        }
        let mut role = vcdm::read(document, self.key_id.as_deref(), times.issued_at)?;
        if role.kind != VC_TYPE {
            return Err(Malformed::OutOfRange("type"));
        }
        // Whom the document is about and whose key answers for it are one.
        if bound.is_some() && role.holder.is_some() && *bound != role.holder {
            return Err(Malformed::OutOfRange("cnf"));
        }
        role.holder = role.holder.or_else(|| bound.clone());
        role.valid_from = times.not_before.map_or(role.valid_from, |begin| begin.max(role.valid_from));
        role.valid_until = times.expires_at.map_or(role.valid_until, |end| end.min(role.valid_until));
        Ok((claims, role.checked()?))
    }

    /// Issues `claims` in a JWS or in COSE; personal ones may have names that `known` carries. Claims without `key_id` are signed under the
    /// signer's `did:key`.
    pub(crate) fn issue(claims: &RoleClaims, format: Format, signer: &dyn Signer, known: &KnownContexts) -> Result<Self, IssueError> {
        let (document, key_id) = draft(claims, signer, known)?;
        let material = if format == Format::VcCose { Material::Cose } else { Material::Jose };
        let beside = RegisteredClaims::made_at(claims.issued_at);
        Ok(Self::parse(&Envelope::sign(document, &beside, Content::Credential, material, &key_id, signer)?, known)?)
    }

    /// Issues `claims` in an SD-JWT, its roles and personal claims behind disclosures, and bound to the holder's key in `cnf` too.
    pub(crate) fn issue_disclosable(
        claims: &RoleClaims,
        signer: &dyn Signer,
        rng: &mut dyn CryptoRng,
        known: &KnownContexts,
    ) -> Result<Self, IssueError> {
        let (document, key_id) = draft(claims, signer, known)?;
        let header = envelope::header(Content::Credential, Material::SdJwt, &key_id);
        // `iss` repeats the issuer for those who know SD-JWT and not VCDM.
        let beside = RegisteredClaims { issuer: Some(claims.issuer.clone()), ..RegisteredClaims::made_at(claims.issued_at) };
        let payload = beside.put(document);
        let text = disclosable::sign(payload, claims.holder.as_ref(), &header, signer, rng)?;
        Ok(Self::parse(text.as_bytes(), known)?)
    }

    /// Returns which of the formats this is.
    pub(crate) fn format(&self) -> Format {
        match self.envelope.material() {
            Material::Jose => Format::VcJwt,
            Material::SdJwt => Format::VcSdJwt,
            Material::Cose => Format::VcCose,
        }
    }

    /// Returns the SD-JWT, if it is in one.
    pub(crate) fn sd_jwt(&self) -> Option<&SdJwt> {
        self.envelope.sd_jwt()
    }

    /// Returns the paths of all claims behind a disclosure; only an SD-JWT has any.
    pub(crate) fn disclosable(&self) -> Result<Vec<ClaimPath>, Malformed> {
        self.sd_jwt().map_or_else(|| Ok(Vec::new()), SdJwt::paths)
    }
}

#[cfg(test)]
mod tests;
