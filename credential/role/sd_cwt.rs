//! Role credentials as SD-CWT with a key binding token (draft-ietf-spice-sd-cwt-08): what an SD-CWT must say to be one.
//!
//! They are made to fit into one QR code. So `kid` is the short thumbprint of the issuer's key, and an issuer whose name is the
//! `did:key` of that key leaves `iss` out. The claims are written down in `schemas/role/sd-cwt.cddl`.

use super::RoleClaims;
use crate::binding::{Binding, HolderError, HolderProof};
use crate::claim_path::{self, ClaimPath};
use crate::cose::{Parts, claim};
use crate::did;
use crate::error::{IssueError, PresentError, VerifyError};
use crate::json::Value;
use crate::key::{PublicKey, ShortThumbprint, Signer};
use crate::key_source::{Claimed, KeyClaim, KeySource};
use crate::malformed::Malformed;
use crate::registered_claims::SignatureTimes;
use crate::sd_cwt::SdCwt;
use crate::sd_cwt::key_binding::{self, KeyBinding};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, boxed::Box, string::String, string::ToString, vec::Vec};
use rand_core::CryptoRng;

pub(super) mod claims;
mod view;

/// A role credential in an SD-CWT, without a key binding token. Unverified.
#[derive(Clone, Debug)]
pub(crate) struct RoleCwt {
    sd_cwt: SdCwt,
    signer: Named,
    /// Its faults count once the signature is known to be good.
    said: Result<Box<Said>, Malformed>,
}

/// The signer by its own account.
#[derive(Clone, Debug)]
enum Named {
    /// By the key, and by a name if `iss` is there.
    Thumbprint { issuer: Option<String>, thumbprint: ShortThumbprint },
    /// By `iss`, and by a `kid` that is a text.
    Id { issuer: String, key_id: Option<String> },
}

/// The content of a credential.
#[derive(Clone, Debug)]
struct Said {
    /// The claims by their names, those disclosed in their places.
    claims: Value<'static>,
    /// Of each disclosure the path of its claim; `None` for a decoy.
    places: Vec<Option<ClaimPath>>,
    role: RoleClaims,
    times: SignatureTimes,
}

impl RoleCwt {
    /// Reads the SD-CWT whose parts these are; checks no signature.
    pub(crate) fn of(parts: &Parts<'_>, bytes: &[u8]) -> Result<Self, Malformed> {
        let sd_cwt = SdCwt::of(parts, bytes)?;
        let payload = sd_cwt.payload()?;
        let issuer = payload.at(claim::ISS).map(|iss| iss.as_text().map(ToOwned::to_owned).ok_or(Malformed::WrongType("iss")));
        let signer = Named::of(issuer.transpose()?, sd_cwt.key_id())?;
        let said = sd_cwt.disclose(payload).and_then(|disclosed| claims::read(disclosed, &signer)).map(Box::new);
        Ok(Self { sd_cwt, signer, said })
    }

    /// Reads an SD-CWT without key binding; checks no signature.
    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::of(&Parts::parse(bytes)?, bytes)
    }

    /// Issues `claims`, which must read back: this format has no floats and no integers beyond 64 bits.
    pub(crate) fn issue(claims: &RoleClaims, signer: &dyn Signer, rng: &mut dyn CryptoRng) -> Result<Self, IssueError> {
        let key_id = ShortThumbprint::of(signer.public_key());
        let issued = Self::parse(&claims::draft(claims, signer.public_key(), rng)?.sign(&key_id.0, signer)?)?;
        issued.said()?;
        Ok(issued)
    }

    /// Returns the bytes as they were read or issued.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.sd_cwt.as_bytes()
    }

    /// Returns whose key must have signed it. Unverified.
    pub(crate) fn key_claim(&self) -> KeyClaim<'_> {
        match &self.signer {
            Named::Thumbprint { issuer, thumbprint } => KeyClaim::Thumbprint { issuer: issuer.as_deref(), thumbprint: *thumbprint },
            Named::Id { issuer, key_id } => KeyClaim::Issuer(Claimed { issuer, key_id: key_id.as_deref() }),
        }
    }

    /// Checks the issuer's signature, then reads the role. An issuer without a name is its key.
    pub(crate) fn verify(&self, keys: &dyn KeySource) -> Result<(&Value<'static>, RoleClaims), VerifyError> {
        let key = keys.key(self.key_claim()).ok_or(VerifyError::UnknownKey)?;
        self.sd_cwt.check(key)?;
        let (claims, mut role) = self.said()?;
        if let Named::Thumbprint { issuer: None, .. } = self.signer {
            // One spelling of the key is enough: its id begins with its DID.
            let key_id = did::key_id(key);
            key_id.split('#').next().unwrap_or_default().clone_into(&mut role.issuer);
            role.key_id = Some(key_id);
        }
        Ok((claims, role))
    }

    /// Reads what it says, its signature unchecked. An issuer without a name is the thumbprint of its key here.
    pub(crate) fn said(&self) -> Result<(&Value<'static>, RoleClaims), Malformed> {
        let said = self.said.as_ref().map_err(|why| *why)?;
        Ok((&said.claims, said.role.clone()))
    }

    /// Returns the claims that the holder may show or withhold.
    pub(crate) fn disclosable(&self) -> Result<Vec<ClaimPath>, Malformed> {
        let said = self.said.as_ref().map_err(|why| *why)?;
        Ok(said.places.iter().flatten().cloned().collect())
    }

    /// Shows the claims at `disclose`, with a key binding token by the key that the issuer bound.
    pub(crate) fn present(
        &self,
        disclose: &[ClaimPath],
        binding: &Binding<'_>,
        at: Timestamp,
        holder: &dyn Signer,
    ) -> Result<Vec<u8>, PresentError> {
        let said = self.said.as_ref().map_err(|why| *why)?;
        if said.role.holder.as_ref().is_none_or(|bound| bound != holder.public_key()) {
            return Err(PresentError::NotTheHolder);
        }
        let places: Vec<Option<&ClaimPath>> = said.places.iter().map(Option::as_ref).collect();
        let keep = claim_path::kept(disclose, &said.claims, &places).map_err(PresentError::NoSuchClaim)?;
        key_binding::sign(&self.sd_cwt.with_only(&keep), binding, at, holder)
    }

    /// Checks that `holder` made `token` around this credential for `binding`.
    pub(crate) fn verify_holder(&self, token: &KeyBinding, holder: &PublicKey, binding: &Binding<'_>) -> Result<HolderProof, HolderError> {
        token.verify(holder, binding, self.said.as_ref().map_err(|why| *why)?.times)
    }
}

impl Named {
    /// Reads `iss` and `kid`. A `kid` of 8 bytes is a short thumbprint, of another length a text.
    fn of(issuer: Option<String>, kid: Option<&[u8]>) -> Result<Self, Malformed> {
        if let Some(thumbprint) = kid.and_then(|kid| kid.try_into().ok()) {
            return Ok(Self::Thumbprint { issuer, thumbprint: ShortThumbprint(thumbprint) });
        }
        let issuer = issuer.ok_or(Malformed::Missing("iss"))?;
        let text = |kid| core::str::from_utf8(kid).map_err(|_| Malformed::WrongType("kid"));
        let key_id = kid.map(text).transpose()?.map(|kid| did::absolute(kid, &issuer));
        Ok(Self::Id { issuer, key_id })
    }

    /// Returns the issuer by its own account.
    fn issuer(&self) -> String {
        match self {
            Self::Thumbprint { issuer: None, thumbprint } => thumbprint.to_string(),
            Self::Thumbprint { issuer: Some(issuer), .. } | Self::Id { issuer, .. } => issuer.clone(),
        }
    }

    fn key_id(&self) -> Option<String> {
        if let Self::Id { key_id, .. } = self { key_id.clone() } else { None }
    }
}

/// `sub`: the draft wants a subject, and the subject is the holder of the key in `cnf`.
const SUBJECT: &str = "";

#[cfg(test)]
mod tests;
