//! Verifiable Credentials Data Model 2.0 with a Data Integrity proof.

use super::{Claimed, Credential, HolderError, HolderProof, IssueError, Malformed, PresentError, Verified, VerifyError};
use crate::key::{PublicKey, Signer};
use crate::request::{Nonce, Request};
use crate::role::RoleClaims;
use crate::time::Timestamp;
use alloc::vec::Vec;

/// A VCDM 2.0 credential; nobody has checked its proof yet.
#[derive(Clone, Debug)]
pub struct DataIntegrity {
    bytes: Vec<u8>,
}

/// A verifiable presentation with one credential; nobody has checked anything yet.
#[derive(Clone, Debug)]
pub struct Presentation {
    bytes: Vec<u8>,
    credential: Credential,
}

impl DataIntegrity {
    /// Reads a credential; checks no proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let _ = bytes;
        todo!()
    }

    /// The document as it was read.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `issuer` and `verificationMethod`, unverified.
    pub fn claimed(&self) -> Claimed<'_> {
        todo!()
    }

    /// Checks the issuer's proof, then reads the role.
    pub fn verify(&self, issuer: &PublicKey) -> Result<Verified<'_>, VerifyError> {
        let _ = issuer;
        todo!()
    }

    /// Issues `claims`.
    pub fn sign(claims: &RoleClaims, signer: &dyn Signer) -> Result<Self, IssueError> {
        let _ = (claims, signer);
        todo!()
    }

    /// Shows the credential, bound to the request's nonce and gate.
    pub fn present(&self, request: &Request, at: Timestamp, holder: &dyn Signer) -> Result<Presentation, PresentError> {
        let _ = (request, at, holder);
        todo!()
    }
}

impl Presentation {
    /// Reads a presentation; checks no proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let _ = bytes;
        todo!()
    }

    /// The document as it was read.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The one credential.
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Checks the `authentication` proof.
    pub fn verify_holder(&self, holder: &PublicKey, nonce: &Nonce, audience: &str) -> Result<HolderProof, HolderError> {
        let _ = (holder, nonce, audience);
        todo!()
    }
}
