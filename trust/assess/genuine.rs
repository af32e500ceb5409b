//! Did the keys that the credential names really sign it, and does the bundle have them?

use super::{Reason, ReasonCode};
use crate::bundle::{Authority, KeyRecord, KeyState, KeyUse, TrustBundle};
use alloc::{format, vec::Vec};
use waypass_credential::{
    format::{Credential, ProofClaim, Verified, VerifyError},
    json::Value,
    key::PublicKey,
    role::RoleClaims,
};

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
    /// Of the proofs besides the issuer's, in their order.
    pub(super) further: Vec<&'b KeyRecord>,
}

/// The records of the keys that the credential names; an unverified name is good for finding a key, for nothing else.
///
/// Every proof of a set must be by a key in the bundle, the issuer's or another's. One that nobody here can check is not left alone:
/// it may be that of a stolen key, and anybody can have added it.
pub(super) fn signers<'b>(credential: &Credential, bundle: &'b TrustBundle) -> Result<Signers<'b>, Reason> {
    let claimed = credential.claimed();
    let found = if let Some(kid) = claimed.key_id {
        bundle.key_for(claimed.issuer, kid)
    } else {
        // Without a key id only an issuer with one credential key can be meant.
        let mut keys = bundle.keys_for_use(KeyUse::Credential).filter(|(_, record)| record.issuer == claimed.issuer);
        keys.next().filter(|_| keys.next().is_none())
    };
    let (authority, issuer) = found.ok_or_else(|| Reason::from(ReasonCode::UntrustedIssuer))?;
    let record = |proof: &ProofClaim| {
        let found = bundle.key_with_id(&proof.key_id).map(|(_, record)| record);
        found.ok_or_else(|| Reason::new(ReasonCode::UntrustedIssuer, "one of its proofs is by a key that the bundle does not have"))
    };
    let further = credential.further_proofs().iter().map(record).collect::<Result<_, _>>()?;
    Ok(Signers { authority, issuer, further })
}

/// The keys that the bundle has for a credential's proofs, the issuer's first, as [`Credential::verify_all`] takes them.
pub fn keys<'b>(credential: &Credential, bundle: &'b TrustBundle) -> Option<Vec<&'b PublicKey>> {
    let Signers { issuer, further, .. } = signers(credential, bundle).ok()?;
    Some(core::iter::once(issuer).chain(further).map(|record| &record.key).collect())
}

impl<'c> Genuine<'c> {
    /// The proofs first: whatever is wrong with a key's record is said about a credential that the key really signed.
    pub(super) fn prove(credential: &'c Credential, signers: &Signers<'_>) -> Result<Self, Reason> {
        let Signers { issuer, further, .. } = signers;
        let verified = if further.is_empty() {
            credential.verify(&issuer.key)
        } else {
            let keys: Vec<&PublicKey> = core::iter::once(issuer).chain(further).map(|record| &record.key).collect();
            credential.verify_all(&keys)
        };
        let verified = verified.map_err(|why| match why {
            VerifyError::InvalidProof => Reason::from(ReasonCode::BadSignature),
            VerifyError::Malformed(why) => Reason::new(ReasonCode::Malformed, format!("{why}")),
        })?;
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

    /// What the credential says.
    pub(super) fn role(&self) -> &RoleClaims {
        self.verified.role()
    }

    /// The disclosed claims.
    pub(super) fn claims(&self) -> &Value<'c> {
        self.verified.claims()
    }

    /// The proofs besides the issuer's.
    pub(super) const fn further_proofs(&self) -> &'c [ProofClaim] {
        self.proofs
    }
}
