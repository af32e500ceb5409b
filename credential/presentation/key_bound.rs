//! An SD-JWT shown with its KB-JWT (RFC 9901 §4.3): an SD-JWT VC or a VCDM document, the same in both.

use super::sd_jwt::{SdJwt, key_binding, split_key_binding};
use super::{Credential, HolderError, HolderProof, Malformed, PresentError, selective};
use crate::json::Object;
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::binding::Nonce;
use crate::claim_path::ClaimPath;
use crate::request::Request;
use crate::role::Holder;
use crate::time::Timestamp;
use alloc::string::String;

/// An SD-JWT with its KB-JWT; nobody has checked anything yet.
#[derive(Clone, Debug)]
pub struct KeyBound {
    credential: Credential,
    text: String,
    bound: usize,
}

impl KeyBound {
    /// Reads the compact serialization; checks no signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::parse_in(bytes, &KnownContexts::new())
    }

    /// The same where a document may also name contexts that `known` carries.
    pub(crate) fn parse_in(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        let text = core::str::from_utf8(bytes).map_err(|_| Malformed::Serialization)?;
        let (credential, _) = split_key_binding(text)?;
        let bound = credential.len();
        Ok(Self { credential: selective(credential.as_bytes(), known)?, text: text.into(), bound })
    }

    /// Shows the claims at `disclose`, bound to the request's nonce and gate by the key that the issuer bound.
    pub(super) fn create(
        sd_jwt: &SdJwt,
        known: &KnownContexts,
        bound_key: Option<&Holder>,
        disclose: &[ClaimPath],
        request: &Request,
        at: Timestamp,
        holder: &dyn Signer,
    ) -> Result<Self, PresentError> {
        if bound_key.is_none_or(|bound| bound != holder.public_key()) {
            return Err(PresentError::NotTheHolder);
        }
        let mut text = sd_jwt.with_only(disclose)?;
        text.push_str(&key_binding::sign(&text, &request.nonce.to_text(), &request.client_id, at, holder)?);
        Ok(Self::parse_in(text.as_bytes(), known)?)
    }

    /// The whole text.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The credential as presented.
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The `nonce` of the KB-JWT, unverified.
    pub fn untrusted_nonce(&self) -> Option<Nonce> {
        key_binding::untrusted_nonce(&self.text[self.bound..])
    }

    /// Checks the KB-JWT (RFC 9901 §7.3 step 5).
    pub fn verify_holder(&self, holder: &PublicKey, nonce: &Nonce, audience: &str) -> Result<HolderProof, HolderError> {
        let (sd_jwt, kb_jwt) = self.text.split_at(self.bound);
        key_binding::verify(sd_jwt, kb_jwt, holder, &nonce.to_text(), audience)
    }
}

/// `cnf.jwk` only (RFC 7800 §3.2): another confirmation must not pass for "bound to nobody".
pub(super) fn bound_key(claims: &Object<'_>) -> Result<Option<Holder>, Malformed> {
    let Some(cnf) = claims.member("cnf") else { return Ok(None) };
    let jwk = cnf.member("jwk").ok_or(Malformed::Missing("jwk"))?;
    PublicKey::from_jwk(jwk).map(|key| Some(key.into())).map_err(|_| Malformed::OutOfRange("cnf"))
}
