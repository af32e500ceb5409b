//! Signed payloads: JWS general JSON serialization (RFC 7515 §7.2.1), k of n distinct keys.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use credential::{
    base64url, json,
    jws::{self, Jws},
    key::{PublicKey, SignError, Signer},
};
use serde::{Deserialize, Serialize};
use waypass_credential as credential;

use super::error::{BundleError, Rule};
use crate::parts::{Part, PartName, SigningRole};

/// A part may be this large (trust.md "Trust bundle").
pub const MAX_PART: usize = 1024 * 1024;
/// More signatures than any sensible n; each costs a verification.
const MAX_SIGNATURES: usize = 32;

/// `alg`, `kid`, `typ` and a signature take 300 bytes.
const MAX_HEADER: usize = 2048;

/// A payload and its signatures, as transported.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    payload: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSignature {
    protected: String,
    signature: String,
}

impl Envelope {
    /// Signs `payload` with every signer; `typ` says what kind of part it is. The key id is the key's Multikey text.
    pub(crate) fn sign(payload: &[u8], typ: &str, signers: &[&dyn Signer]) -> Result<Self, SignError> {
        let mut signatures = Vec::with_capacity(signers.len());
        for signer in signers {
            signatures.push(EnvelopeSignature::make(payload, typ, *signer)?);
        }
        Ok(Self { payload: base64url::encode(payload), signatures })
    }

    /// Signs `part` under its own type.
    pub fn sign_part<P: Part>(part: &P, signers: &[&dyn Signer]) -> Result<Self, SignError> {
        Self::sign(json::to_string(part).as_bytes(), P::TYP, signers)
    }

    /// Adds one more signature, for signers who are not in one place.
    pub fn add_signature(&mut self, typ: &str, signer: &dyn Signer) -> Result<(), SignError> {
        let payload = self.untrusted_payload().map_err(|_| SignError)?;
        self.signatures.push(EnvelopeSignature::make(&payload, typ, signer)?);
        Ok(())
    }

    /// Takes over the signatures of another copy whose signer was elsewhere; whether the payload was the same. A key that
    /// signed both counts once.
    #[must_use]
    pub fn join(&mut self, other: Self) -> bool {
        if self.payload != other.payload {
            return false;
        }
        for signature in other.signatures {
            if !self.signatures.iter().any(|held| held.key_id() == signature.key_id()) {
                self.signatures.push(signature);
            }
        }
        true
    }

    /// Returns the payload, unverified. Use it only to show what somebody is asked to sign.
    pub fn untrusted_payload(&self) -> Result<Vec<u8>, base64url::NotBase64Url> {
        base64url::decode(&self.payload)
    }

    /// Returns the envelope as JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_string(self).into_bytes()
    }
}

impl Envelope {
    /// Returns the payload, once at least `threshold` distinct keys of `role` have signed it as `typ`. Signatures of other keys
    /// do not count: during a rotation an envelope carries those of the old and of the new role. Each must still be one by the
    /// key that it names, so that no byte of an envelope can change without being noticed.
    pub fn verify(&self, typ: &str, part: &PartName, role: &SigningRole) -> Result<Vec<u8>, BundleError> {
        let most = MAX_PART.div_ceil(3) * 4;
        if self.payload.len() > most {
            return Err(BundleError::TooLarge { part: part.clone(), bytes: self.payload.len() / 4 * 3, limit: MAX_PART });
        }
        if self.signatures.len() > MAX_SIGNATURES {
            return Err(BundleError::Rule { part: part.clone(), broken: Rule::TooMany("signatures".to_owned()) });
        }
        let mut seen: Vec<String> = Vec::with_capacity(self.signatures.len());
        let mut counted: Vec<&PublicKey> = Vec::new();
        for signature in &self.signatures {
            let kid = signature.key_id().ok_or_else(|| BundleError::Syntax(part.clone()))?;
            let key = role.keys.iter().find(|key| key.to_multikey() == kid);
            if seen.contains(&kid) {
                return Err(BundleError::DuplicateSignature(part.clone()));
            }
            let stranger = if key.is_none() { PublicKey::from_multikey(&kid).ok() } else { None };
            seen.push(kid);
            let invalid = || BundleError::InvalidProof(part.clone());
            if let Some(key) = key {
                signature.verify(&self.payload, typ, key).ok_or_else(invalid)?;
                counted.push(key);
            } else {
                signature.verify(&self.payload, typ, &stranger.ok_or_else(invalid)?).ok_or_else(invalid)?;
            }
        }
        let found = u32::try_from(counted.len()).unwrap_or(u32::MAX);
        if found < role.threshold || role.threshold == 0 {
            return Err(BundleError::Threshold { part: part.clone(), needed: role.threshold, found });
        }
        self.untrusted_payload().map_err(|_| BundleError::Syntax(part.clone()))
    }
}

impl EnvelopeSignature {
    /// Returns the key id in the header, for finding the key.
    fn key_id(&self) -> Option<String> {
        let detached = [&self.protected, "", &self.signature].join(".");
        Jws::parse(&detached, MAX_HEADER).ok()?.header().key_id.clone()
    }

    fn verify(&self, payload: &str, typ: &str, key: &PublicKey) -> Option<()> {
        let compact = [&self.protected, payload, &self.signature].join(".");
        Jws::parse(&compact, compact.len()).ok()?.verify(key, typ).ok().map(|_| ())
    }

    fn make(payload: &[u8], typ: &str, signer: &dyn Signer) -> Result<Self, SignError> {
        let compact = jws::sign(typ, Some(&signer.public_key().to_multikey()), payload, signer)?;
        let (rest, signature) = compact.rsplit_once('.').ok_or(SignError)?;
        let (protected, _) = rest.split_once('.').ok_or(SignError)?;
        Ok(Self { protected: protected.to_owned(), signature: signature.to_owned() })
    }
}
