//! Signed payloads: JWS general JSON serialization (RFC 7515 §7.2.1), k of n distinct keys.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use credential::{base64url, json, jws, key::SignError, key::Signer};
use serde::{Deserialize, Serialize};
use waypass_credential as credential;

use super::{
    digest::Digest,
    error::{BundleError, PartName},
    parts::{Part, SigningRole},
};

/// A part may be this large (trust.md "Trust bundle").
pub const MAX_PART: usize = 1024 * 1024;
/// More signatures than any sensible n; each costs a verification.
const MAX_SIGNATURES: usize = 32;

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
    pub fn sign(payload: &[u8], typ: &str, signers: &[&dyn Signer]) -> Result<Self, SignError> {
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

    /// The payload, unverified: for showing what somebody is asked to sign, for nothing else.
    pub fn untrusted_payload(&self) -> Result<Vec<u8>, base64url::NotBase64Url> {
        base64url::decode(&self.payload)
    }

    /// The envelope as JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_string(self).into_bytes()
    }
}

impl EnvelopeSignature {
    fn make(payload: &[u8], typ: &str, signer: &dyn Signer) -> Result<Self, SignError> {
        let compact = jws::sign(typ, Some(&signer.public_key().to_multikey()), payload, signer)?;
        let (rest, signature) = compact.rsplit_once('.').ok_or(SignError)?;
        let (protected, _) = rest.split_once('.').ok_or(SignError)?;
        Ok(Self { protected: protected.to_owned(), signature: signature.to_owned() })
    }
}
