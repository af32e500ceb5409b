//! SD-JWT VC with key binding (draft-ietf-oauth-sd-jwt-vc): what an SD-JWT must say to be a role credential.

use super::{Holder, RoleClaims};
use crate::did;
use crate::error::{IssueError, VerifyError};
use crate::json::{Object, Value};
use crate::key::Signer;
use crate::key_source::{Claimed, KeyClaim, KeySource};
use crate::malformed::Malformed;
use crate::registered_claims::text;
use crate::sd_jwt::SdJwt;
use alloc::string::String;
use rand_core::CryptoRng;

mod claims;

/// The `typ` of an SD-JWT VC.
pub(crate) const TYP: &str = "dc+sd-jwt";

/// An SD-JWT VC without a key binding part. Unverified.
#[derive(Clone, Debug)]
pub(crate) struct SdJwtVc {
    sd_jwt: SdJwt,
    issuer: String,
    key_id: Option<String>,
    /// The claims with what is disclosed in its place. Their faults count once the signature is known to be good.
    disclosed: Result<Value<'static>, Malformed>,
}

impl SdJwtVc {
    /// Reads an SD-JWT as an SD-JWT VC. Its `typ` is checked with the signature.
    pub(crate) fn of_sd_jwt(sd_jwt: SdJwt) -> Result<Self, Malformed> {
        let payload = sd_jwt.payload()?;
        let issuer = text(payload.member("iss").ok_or(Malformed::Missing("iss"))?, "iss")?;
        let key_id = sd_jwt.header().key_id.as_ref().map(|kid| did::absolute(kid, &issuer));
        let disclosed = disclose(&sd_jwt, payload);
        Ok(Self { sd_jwt, issuer, key_id, disclosed })
    }

    /// Issues `claims`.
    pub(crate) fn issue(claims: &RoleClaims, signer: &dyn Signer, rng: &mut dyn CryptoRng) -> Result<Self, IssueError> {
        let text = claims::draft(claims, rng)?.sign(TYP, claims.key_id.as_deref(), signer)?;
        Ok(Self::of_sd_jwt(SdJwt::parse(&text)?)?)
    }

    /// Returns the text, up to and including the last `~`.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.sd_jwt.as_str().as_bytes()
    }

    /// Returns `iss` and `kid`. Unverified.
    pub(crate) fn claimed(&self) -> Claimed<'_> {
        Claimed { issuer: &self.issuer, key_id: self.key_id.as_deref() }
    }

    /// Checks the issuer's signature, then the disclosures (RFC 9901 §7.1), then reads the role.
    pub(crate) fn verify(&self, keys: &dyn KeySource) -> Result<(&Value<'static>, RoleClaims), VerifyError> {
        let key = keys.key(KeyClaim::Issuer(self.claimed())).ok_or(VerifyError::UnknownKey)?;
        self.sd_jwt.check(key, TYP)?;
        Ok(self.said()?)
    }

    /// Reads what it says, its signature unchecked.
    pub(crate) fn said(&self) -> Result<(&Value<'static>, RoleClaims), Malformed> {
        let claims = self.disclosed.as_ref().map_err(|why| *why)?;
        let role = claims::read(claims.as_object().ok_or(Malformed::WrongType("payload"))?, self.key_id.as_deref())?;
        Ok((claims, role))
    }

    /// Returns the SD-JWT.
    pub(crate) const fn sd_jwt(&self) -> &SdJwt {
        &self.sd_jwt
    }

    /// Returns the key it is bound to. Unverified.
    pub(crate) fn untrusted_holder(&self) -> Result<Option<Holder>, Malformed> {
        Holder::of_cnf(&self.sd_jwt.payload()?)
    }
}

/// Returns the claims of `payload` with what is disclosed in its place.
fn disclose<'s>(sd_jwt: &'s SdJwt, payload: Object<'s>) -> Result<Value<'static>, Malformed> {
    let disclosed = sd_jwt.disclose(payload)?;
    claims::require_always(&disclosed)?;
    Ok(Value::Object(disclosed.into_claims()).into_owned())
}

#[cfg(test)]
mod tests;
