//! The proofs of a credential: one, or a set or chain of them in which every proof must hold (VC Data Integrity 1.0 §4.5).
//!
//! A member of a set is signed by none of the others: anybody can append one, or take one away. So a proof that cannot be checked is
//! not ignored, it makes the credential unreadable. And what one proof alone would be refused for, each is refused for.

use crate::data_integrity::{Options, Proof, ProofSet, Seal, Standing, Suite};
use crate::did::Purpose;
use crate::error::VerifyError;
use crate::json::{Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::PublicKey;
use crate::key_source::{Claimed, KeyClaim, KeySource};
use crate::malformed::Malformed;
use crate::time::Timestamp;
use crate::vcdm::member::{read_proof, require_all_contexts, require_controller};
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};

/// The content of a credential's proof. Unverified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProofClaim {
    /// The verification method: the id of the key.
    pub key_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// The end of its use.
    pub expires: Option<Timestamp>,
    /// The suite it was made in.
    pub suite: Suite,
}

/// The proofs of a credential, read. Unverified.
#[derive(Clone, Debug)]
pub(super) struct Proofs {
    /// The issuer's own; of several the first.
    pub(super) issuers: ProofClaim,
    /// All others, in the order of the document.
    pub(super) further: Vec<ProofClaim>,
    hashed: Hashed,
}

#[derive(Clone, Debug)]
enum Hashed {
    /// One proof, hashed when it was read.
    One(Seal),
    /// Several over this document, each hashed once those that it covers hold: the work for a bad one is that of one.
    Later(Box<Object<'static>>),
}

impl ProofClaim {
    fn read(proof: &Proof<'_, '_>) -> Result<Self, Malformed> {
        let Options { verification_method, purpose, created, expires, challenge, domain } = proof.options;
        // A proof made for one verifier (`challenge`, `domain`) does not make a credential.
        if purpose != Purpose::AssertionMethod || challenge.is_some() || domain.is_some() {
            return Err(Malformed::Proof);
        }
        let created = created.ok_or(Malformed::Missing("created"))?;
        Ok(Self { key_id: verification_method.to_owned(), created, expires, suite: proof.suite })
    }
}

impl Proofs {
    /// Reads the proof or the list of proofs of `document`, at least one of which must be by a method of `issuer`.
    pub(super) fn read(document: &Object<'_>, issuer: &str, contexts: &KnownContexts) -> Result<Self, Malformed> {
        match document.member("proof") {
            Some(Value::Array(listed)) => Self::several(document, listed, issuer),
            _ => Self::one(document, issuer, contexts),
        }
    }

    fn one(document: &Object<'_>, issuer: &str, contexts: &KnownContexts) -> Result<Self, Malformed> {
        let proof = read_proof(document, Purpose::AssertionMethod)?;
        let issuers = ProofClaim::read(&proof)?;
        require_controller(&issuers.key_id, issuer)?;
        Ok(Self { issuers, further: Vec::new(), hashed: Hashed::One(proof.seal(contexts)?) })
    }

    fn several(document: &Object<'_>, listed: &[Value<'_>], issuer: &str) -> Result<Self, Malformed> {
        let set = ProofSet::read(document)?;
        let mut further = set.proofs().map(ProofClaim::read).collect::<Result<Vec<_>, _>>()?;
        // A suite that we do not have is one that we cannot check.
        if !set.is_readable() {
            return Err(Malformed::Proof);
        }
        listed.iter().try_for_each(|proof| require_all_contexts(document, proof))?;
        // A DID in a method says whose it is; for another issuer the first proof must be its own.
        let issuers = further.iter().position(|claim| require_controller(&claim.key_id, issuer).is_ok());
        let issuers = issuers.ok_or(Malformed::OutOfRange("verificationMethod"))?;
        Ok(Self { issuers: further.remove(issuers), further, hashed: Hashed::Later(Box::new(document.clone().into_owned())) })
    }

    /// Returns the earliest end that a proof sets.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        core::iter::once(&self.issuers).chain(&self.further).filter_map(|claim| claim.expires).min()
    }

    /// Returns true if the document has been read as statements, because its proof signs them.
    pub(super) fn has_read_statements(&self) -> bool {
        matches!(self.hashed, Hashed::One(_)) && self.issuers.suite.reads_meaning()
    }

    /// Checks every proof with the key that `keys` has for it.
    pub(super) fn verify(&self, issuer: &str, contexts: &KnownContexts, keys: &dyn KeySource) -> Result<(), VerifyError> {
        let claimed = Claimed { issuer, key_id: Some(&self.issuers.key_id) };
        let own = keys.key(KeyClaim::Issuer(claimed)).ok_or(VerifyError::UnknownKey)?;
        let document = match &self.hashed {
            Hashed::One(seal) => return Ok(seal.verify(own)?),
            Hashed::Later(document) => document,
        };
        let key = |claim: &ProofClaim| keys.key(KeyClaim::Further(&claim.key_id)).ok_or(VerifyError::UnknownKey);
        let others: Vec<&PublicKey> = self.further.iter().map(key).collect::<Result<_, _>>()?;
        let standing = |options: &Options<'_>| {
            if options.verification_method == self.issuers.key_id {
                return Standing::Issuer(own);
            }
            let other = self.further.iter().position(|claim| claim.key_id == options.verification_method);
            other.map_or(Standing::Unknown, |at| Standing::Trusted(others[at]))
        };
        let set = ProofSet::read(document).map_err(Malformed::from)?;
        set.verify(contexts, standing)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
