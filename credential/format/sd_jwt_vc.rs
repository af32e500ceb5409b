//! SD-JWT VC with key binding (draft-ietf-oauth-sd-jwt-vc): what an SD-JWT must say to be a role credential.

use super::key_bound::KeyBound;
use super::sd_jwt::{Disclosed, SdJwt};
use super::{Claimed, IssueError, Malformed, PresentError, Untrusted, Verified, VerifyError};
use crate::json::{JsonError, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::request::{ClaimPath, Request};
use crate::role::RoleClaims;
use crate::time::Timestamp;
use alloc::{borrow::Cow, string::String, vec::Vec};
use rand_core::CryptoRng;
use serde::Deserialize;

mod claims;

/// The `typ` of an SD-JWT VC.
pub const TYP: &str = "dc+sd-jwt";

/// An SD-JWT VC without a key binding part; nobody has checked its signature yet.
#[derive(Clone, Debug)]
pub struct SdJwtVc {
    sd_jwt: SdJwt,
    issuer: String,
    key_id: Option<String>,
}

/// What is read before the signature is checked, to find the key.
#[derive(Deserialize)]
struct Issuer<'a> {
    #[serde(borrow)]
    iss: Option<Cow<'a, str>>,
}

impl SdJwtVc {
    /// Reads the compact serialization; checks no signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let text = core::str::from_utf8(bytes).map_err(|_| Malformed::Serialization)?;
        Self::of_sd_jwt(SdJwt::parse(text)?)
    }

    /// An SD-JWT as an SD-JWT VC; its `typ` is looked at with the signature.
    pub(super) fn of_sd_jwt(sd_jwt: SdJwt) -> Result<Self, Malformed> {
        let Issuer { iss } = serde_json::from_slice(sd_jwt.untrusted_payload()).map_err(|_| Malformed::Json(JsonError::Syntax))?;
        let issuer = iss.ok_or(Malformed::Missing("iss"))?.into_owned();
        // A relative DID URL is relative to the issuer.
        let key_id =
            sd_jwt.header().key_id.as_ref().map(|kid| if kid.starts_with('#') { [&issuer, kid.as_str()].concat() } else { kid.clone() });
        Ok(Self { sd_jwt, issuer, key_id })
    }

    /// Issues `claims`.
    pub(crate) fn sign(claims: &RoleClaims, signer: &dyn Signer, rng: &mut dyn CryptoRng) -> Result<Self, IssueError> {
        let text = claims::draft(claims, rng)?.sign(TYP, claims.key_id.as_deref(), signer)?;
        Ok(Self::parse(text.as_bytes())?)
    }

    /// The text, up to and including the last `~`.
    pub fn as_bytes(&self) -> &[u8] {
        self.sd_jwt.as_str().as_bytes()
    }

    /// `iss` and `kid`, unverified.
    pub fn claimed(&self) -> Claimed<'_> {
        Claimed { issuer: &self.issuer, key_id: self.key_id.as_deref() }
    }

    /// Checks the issuer's signature, then the disclosures (RFC 9901 §7.1), then reads the role.
    pub fn verify(&self, issuer: &PublicKey) -> Result<Verified<'_>, VerifyError> {
        let Untrusted { claims, role } = self.read(self.sd_jwt.verify(issuer, TYP)?)?;
        Ok(Verified::new(claims, role))
    }

    /// What it says, its signature unchecked.
    pub fn untrusted(&self) -> Result<Untrusted<'_>, Malformed> {
        self.read(self.sd_jwt.untrusted_claims()?)
    }

    fn read<'s>(&self, disclosed: Disclosed<'s>) -> Result<Untrusted<'s>, Malformed> {
        let role = claims::read(&disclosed, self.key_id.as_deref())?;
        Ok(Untrusted { claims: Value::Object(disclosed.into_claims()), role })
    }

    /// The paths of all claims behind a disclosure.
    pub fn disclosable(&self) -> Result<Vec<ClaimPath>, Malformed> {
        self.sd_jwt.paths()
    }

    /// Shows the claims at `disclose`, bound to the request's nonce and gate.
    pub fn present(&self, disclose: &[ClaimPath], request: &Request, at: Timestamp, holder: &dyn Signer) -> Result<KeyBound, PresentError> {
        let bound_key = claims::holder(&self.sd_jwt)?;
        KeyBound::create(&self.sd_jwt, &KnownContexts::new(), bound_key.as_ref(), disclose, request, at, holder)
    }
}

#[cfg(test)]
mod tests;
