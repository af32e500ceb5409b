//! SD-JWT VC with key binding (RFC 9901, draft-ietf-oauth-sd-jwt-vc).

use super::{Claimed, Credential, HolderError, HolderProof, Malformed, PresentError, Verified, VerifyError};
use crate::key::{PublicKey, Signer};
use crate::request::{ClaimPath, Nonce, Request};
use crate::time::Timestamp;
use alloc::{string::String, vec::Vec};

/// An SD-JWT VC without a key binding part; nobody has checked its signature yet.
#[derive(Clone, Debug)]
pub struct SdJwtVc {
    text: String,
}

/// An SD-JWT VC with its KB-JWT; nobody has checked anything yet.
#[derive(Clone, Debug)]
pub struct Presentation {
    text: String,
    credential: Credential,
}

impl SdJwtVc {
    /// Reads the compact serialization; checks no signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let _ = bytes;
        todo!()
    }

    /// The text, up to and including the last `~`.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// `iss` and `kid`, unverified.
    pub fn claimed(&self) -> Claimed<'_> {
        todo!()
    }

    /// Checks the issuer's signature, then the disclosures (RFC 9901 §7.1), then reads the role.
    pub fn verify(&self, issuer: &PublicKey) -> Result<Verified<'_>, VerifyError> {
        let _ = issuer;
        todo!()
    }

    /// The paths of all claims behind a disclosure.
    pub fn disclosable(&self) -> Result<Vec<ClaimPath>, Malformed> {
        todo!()
    }

    /// Shows the claims at `disclose`, bound to the request's nonce and gate.
    pub fn present(
        &self,
        disclose: &[ClaimPath],
        request: &Request,
        at: Timestamp,
        holder: &dyn Signer,
    ) -> Result<Presentation, PresentError> {
        let _ = (disclose, request, at, holder);
        todo!()
    }
}

impl Presentation {
    /// Reads the compact serialization; checks no signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let _ = bytes;
        todo!()
    }

    /// The whole text.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The credential as presented.
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Checks the KB-JWT (RFC 9901 §7.3 step 5).
    pub fn verify_holder(&self, holder: &PublicKey, nonce: &Nonce, audience: &str) -> Result<HolderProof, HolderError> {
        let _ = (holder, nonce, audience);
        todo!()
    }
}
