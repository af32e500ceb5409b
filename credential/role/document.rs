//! Role credentials as Verifiable Credentials Data Model 2.0 documents with a Data Integrity proof, or a set or chain of them:
//! `eddsa-jcs-2022` or `eddsa-rdfc-2022` by Ed25519 keys, `ecdsa-jcs-2019` or `ecdsa-rdfc-2019` by P-256 and P-384 keys.
//!
//! JCS signs the text of a document, not its meaning, and RDF canonicalization the meaning but not the text. Neither is
//! enough alone, so the names are nailed down as well: `@context` must be exactly the list of contexts known by digest, perhaps with
//! others after it that the trust bundle carries, and every member must be one that they define and that we act on (threats.md A14).

use super::vocabulary::{contexts_for, further_contexts, require_statements, require_terms, role_contexts};
use super::{RoleClaims, VC_TYPE, vcdm};
use crate::canon::jcs;
use crate::data_integrity::{MAX_PROOFS, Options, Suite, create};
use crate::did::{self, Purpose};
use crate::error::{IssueError, VerifyError};
use crate::format::MAX_BYTES;
use crate::json::{Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::Signer;
use crate::key_source::{Claimed, KeySource};
use crate::malformed::Malformed;
use crate::vcdm::member::{issuer, object, require_controller, unlist_subject};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

pub(crate) mod presentation;
mod proofs;

pub use proofs::ProofClaim;

use proofs::Proofs;

/// A VCDM 2.0 credential with a Data Integrity proof. Unverified.
///
/// The checks that come before the look-up of a key are made: size, JSON, contexts, and a proof of the right suite and
/// purpose by a method of the issuer.
#[derive(Clone, Debug)]
pub(crate) struct DataIntegrity {
    bytes: Vec<u8>,
    issuer: String,
    proofs: Proofs,
    /// As it was read, without its proofs.
    document: Value<'static>,
    /// Those it was read with, where it names others than those compiled in.
    contexts: KnownContexts,
}

impl DataIntegrity {
    /// Reads a credential that may name contexts in `known`; checks no proof.
    pub(crate) fn parse(bytes: &[u8], known: &KnownContexts) -> Result<Self, Malformed> {
        Self::read(bytes.to_vec(), object(bytes)?, known)
    }

    /// Reads the document that `bytes` hold.
    fn read(bytes: Vec<u8>, mut document: Object<'_>, known: &KnownContexts) -> Result<Self, Malformed> {
        let further = role_contexts(&document, known)?;
        let issuer = issuer(&document)?.to_owned();
        let proofs = Proofs::read(&document, &issuer, known)?;
        let contexts = if further.is_some() { known.clone() } else { KnownContexts::new() };
        document.remove("proof");
        unlist_subject(&mut document);
        Ok(Self { bytes, issuer, proofs, document: Value::Object(document).into_owned(), contexts })
    }

    /// Returns the document as it was read or issued.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the contexts it was read with.
    pub(crate) const fn contexts(&self) -> &KnownContexts {
        &self.contexts
    }

    /// Returns the URLs of the contexts it names after those of every role credential.
    pub(crate) fn further_contexts(&self) -> Vec<String> {
        self.document.as_object().map_or_else(Vec::new, further_contexts)
    }

    /// Returns the suites of its proofs, the issuer's first.
    pub(crate) fn suites(&self) -> Vec<Suite> {
        core::iter::once(&self.proofs.issuers).chain(&self.proofs.further).map(|claim| claim.suite).collect()
    }

    /// Returns `issuer` and the `verificationMethod` of its proof. Unverified.
    pub(crate) fn claimed(&self) -> Claimed<'_> {
        Claimed { issuer: &self.issuer, key_id: Some(&self.proofs.issuers.key_id) }
    }

    /// Returns what its other proofs say about themselves. Unverified.
    pub(crate) fn further_proofs(&self) -> &[ProofClaim] {
        &self.proofs.further
    }

    /// Checks every proof, then reads the role.
    pub(crate) fn verify(&self, keys: &dyn KeySource) -> Result<(&Value<'static>, RoleClaims), VerifyError> {
        self.proofs.verify(&self.issuer, &self.contexts, keys)?;
        Ok(self.said()?)
    }

    /// Reads what it says, its proof unchecked. A proof that expires before the document bounds the validity.
    pub(crate) fn said(&self) -> Result<(&Value<'static>, RoleClaims), Malformed> {
        let document = self.document.as_object().ok_or(Malformed::Serialization)?;
        let further = role_contexts(document, &self.contexts)?;
        require_terms(document, further.as_ref())?;
        // A proof that signs statements has been hashed under these contexts: then there are statements.
        if let Some(further) = further.filter(|_| !self.proofs.has_read_statements()) {
            require_statements(document, &further)?;
        }
        let ProofClaim { key_id, created, .. } = &self.proofs.issuers;
        let mut role = vcdm::read(document, Some(key_id), Some(*created))?;
        if role.kind != VC_TYPE {
            return Err(Malformed::OutOfRange("type"));
        }
        role.valid_until = self.proofs.expires().map_or(role.valid_until, |expires| expires.min(role.valid_until));
        Ok((&self.document, role.checked()?))
    }

    /// Issues `claims` as a document in canonical form with one proof by each of `signers`: the issuer's key first, under which the
    /// claims are issued. The others sign under their own `did:key`. At most [`MAX_PROOFS`]. Personal claims may have names that `known`
    /// carries. Claims without `key_id` are signed under the signer's `did:key`.
    pub(crate) fn issue(signers: &[(Suite, &dyn Signer)], claims: &RoleClaims, known: &KnownContexts) -> Result<Self, IssueError> {
        let ((_, issuer), 1..=MAX_PROOFS) = (signers.first().ok_or(IssueError::Algorithm)?, signers.len()) else {
            return Err(Malformed::OutOfRange("proof").into());
        };
        let (document, key_id) = draft(claims, *issuer, known)?;
        let mut proofs = Vec::with_capacity(signers.len());
        for (n, (suite, signer)) in signers.iter().enumerate() {
            let own = did::key_id(signer.public_key());
            let options = Options {
                verification_method: if n == 0 { &key_id } else { &own },
                purpose: Purpose::AssertionMethod,
                created: Some(claims.issued_at),
                expires: None,
                challenge: None,
                domain: None,
            };
            proofs.push(Value::Object(create(*suite, &document, &options, known, *signer)?));
        }
        let proof = if proofs.len() == 1 { proofs.remove(0) } else { Value::Array(proofs) };
        let document = document.with("proof", proof);
        let mut bytes = Vec::with_capacity(4096);
        jcs::write_object(document.iter(), &mut bytes);
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::TooLarge.into());
        }
        Ok(Self::read(bytes, document, known)?)
    }
}

/// Returns the document that says `claims`, without a proof, and the verification method it will be signed under: the signer's own
/// `did:key` where the claims name none.
pub(super) fn draft(claims: &RoleClaims, signer: &dyn Signer, known: &KnownContexts) -> Result<(Object<'static>, String), IssueError> {
    if claims.kind != VC_TYPE {
        return Err(Malformed::OutOfRange("type").into());
    }
    let document = vcdm::document(claims, contexts_for(&claims.personal, known))?;
    let further = role_contexts(&document, known)?;
    require_terms(&document, further.as_ref())?;
    if let Some(further) = further {
        require_statements(&document, &further)?;
    }
    let key_id = claims.key_id.clone().unwrap_or_else(|| did::key_id(signer.public_key()));
    require_controller(&key_id, &claims.issuer)?;
    if did::resolve(&key_id).is_ok_and(|key| key != *signer.public_key()) {
        return Err(Malformed::OutOfRange("key id").into());
    }
    Ok((document, key_id))
}

#[cfg(test)]
mod tests;
