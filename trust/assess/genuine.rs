//! Did the keys that the credential names really sign it, and does the bundle have them?

use super::{Reason, ReasonCode};
use crate::bundle::{Authority, KeyRecord, KeyState, TrustBundle};
use alloc::{format, vec::Vec};
use waypass_credential::json::Value;
use waypass_credential::key::PublicKey;
use waypass_credential::role::{ProofClaim, RoleClaims};
use waypass_credential::{Credential, KeyClaim, Verified, VerifyError};

/// A credential whose proofs verified under keys from the bundle, none of which is compromised. Only [`Genuine::prove`] makes one.
#[derive(Debug)]
pub(super) struct Genuine<'c> {
    verified: Verified<'c>,
    proofs: &'c [ProofClaim],
}

/// Whose keys a credential names.
pub(super) struct Signers<'b> {
    pub(super) authority: &'b Authority,
    pub(super) issuer: &'b KeyRecord,
    /// Of the proofs after the issuer's, in their order.
    pub(super) further: Vec<&'b KeyRecord>,
}

/// Returns the records of the keys that the credential names. Unverified: a name is only good for looking up a key.
///
/// Every proof of a set must be by a key in the bundle, the issuer's or another's. One that cannot be checked is not ignored:
/// it may be that of a stolen key, and anybody can have added it.
pub(super) fn signers<'b>(credential: &Credential, bundle: &'b TrustBundle) -> Result<Signers<'b>, Reason> {
    let found = bundle.record(credential.key_claim());
    let (authority, issuer) = found.ok_or_else(|| Reason::from(ReasonCode::UntrustedIssuer))?;
    let record = |proof: &ProofClaim| {
        let found = bundle.record(KeyClaim::Further(&proof.key_id)).map(|(_, record)| record);
        found.ok_or_else(|| Reason::new(ReasonCode::UntrustedIssuer, "one of its proofs is by a key that the bundle does not have"))
    };
    let further = credential.further_proofs().iter().map(record).collect::<Result<_, _>>()?;
    Ok(Signers { authority, issuer, further })
}

/// Returns the keys that the bundle has for a credential's proofs, the issuer's first, then those of
/// [`Credential::further_proofs`] in their order.
pub fn keys<'b>(credential: &Credential, bundle: &'b TrustBundle) -> Option<Vec<&'b PublicKey>> {
    let Signers { issuer, further, .. } = signers(credential, bundle).ok()?;
    Some(core::iter::once(issuer).chain(further).map(|record| &record.key).collect())
}

impl<'c> Genuine<'c> {
    /// The proofs first: whatever is wrong with a key's record is said about a credential that the key really signed.
    pub(super) fn prove(credential: &'c Credential, bundle: &TrustBundle, signers: &Signers<'_>) -> Result<Self, Reason> {
        let verified = credential.verify(bundle).map_err(|why| match why {
            VerifyError::InvalidProof => Reason::from(ReasonCode::BadSignature),
            VerifyError::UnknownKey => Reason::from(ReasonCode::UntrustedIssuer),
            VerifyError::Malformed(why) => Reason::new(ReasonCode::Malformed, format!("{why}")),
        })?;
        let Signers { issuer, further, .. } = signers;
        if verified.role().issuer != issuer.issuer {
            return Err(Reason::new(ReasonCode::BadSignature, "the signed issuer is not the key's"));
        }
        // Its date says nothing: the thief of a key writes the date (threats.md A21). A second proof changes nothing either, for the thief
        // can add his to a good one just as well.
        if core::iter::once(issuer).chain(further).any(|record| record.state == KeyState::Compromised) {
            return Err(Reason::from(ReasonCode::KeyCompromised));
        }
        Ok(Self { verified, proofs: credential.further_proofs() })
    }

    /// Returns the claims of the credential.
    pub(super) fn role(&self) -> &RoleClaims {
        self.verified.role()
    }

    /// Returns the members of the document that are read past.
    pub(super) fn not_acted_on(&self) -> Vec<&'static str> {
        self.verified.not_acted_on()
    }

    /// Returns the disclosed claims.
    pub(super) fn claims(&self) -> &Value<'static> {
        self.verified.claims()
    }

    /// Returns the proofs besides the issuer's.
    pub(super) const fn further_proofs(&self) -> &'c [ProofClaim] {
        self.proofs
    }
}
