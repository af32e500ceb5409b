//! The joint to what a verifier believes: which key may have made a proof.

use crate::key::{PublicKey, ShortThumbprint};

/// The signer of a credential, by its own account. Unverified: use it only to look up the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claimed<'c> {
    /// `iss`, or the VC's `issuer`.
    pub issuer: &'c str,
    /// The header's `kid`, or the proof's `verificationMethod`. Without one, only an issuer with one key can be meant.
    pub key_id: Option<&'c str>,
}

/// Whose key made a proof, by the proof's own account. A format whose proof carries a certificate chain adds a variant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyClaim<'c> {
    /// A key of the issuer.
    Issuer(Claimed<'c>),
    /// A key of the issuer by its thumbprint. Without a name, the issuer is the `did:key` of that key.
    Thumbprint {
        /// `iss`.
        issuer: Option<&'c str>,
        /// `kid`.
        thumbprint: ShortThumbprint,
    },
    /// A key of somebody else who signed as well, by its `verificationMethod`.
    Further(&'c str),
}

/// Answers which key may have made a proof. Verification asks it once for each proof, and checks the proof with the key it gets.
pub trait KeySource {
    /// Returns the key that `claim` names, or `None` if it is not known here.
    fn key(&self, claim: KeyClaim<'_>) -> Option<&PublicKey>;
}

/// One key that the caller has looked up already. It must have made every proof.
impl KeySource for PublicKey {
    fn key(&self, _: KeyClaim<'_>) -> Option<&PublicKey> {
        Some(self)
    }
}

impl<'c> KeyClaim<'c> {
    /// Returns the id of the key, if it has one that is a text.
    pub const fn key_id(self) -> Option<&'c str> {
        match self {
            Self::Issuer(claimed) => claimed.key_id,
            Self::Thumbprint { .. } => None,
            Self::Further(key_id) => Some(key_id),
        }
    }
}
