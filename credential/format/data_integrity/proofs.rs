//! The proofs of a credential: one, or a set or chain of them in which every proof must hold (VC Data Integrity 1.0 §4.5).
//!
//! A member of a set is signed by none of the others: anybody can append one, or take one away. So a proof that nobody can check is
//! no ornament that is left alone, it makes the credential unreadable; and what one proof alone would be refused for, each is
//! refused for.

use super::{object, require_controller};
use crate::format::{Malformed, VerifyError};
use crate::json::{Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::PublicKey;
use crate::proof::{Options, Proof, ProofSet, Purpose, Requirement, Seal, SetError, Standing, Suite};
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// What a proof of a credential says about itself, unverified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProofClaim {
    /// The verification method: the id of the key.
    pub key_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it may be used.
    pub expires: Option<Timestamp>,
    /// The suite it was made in.
    pub suite: Suite,
}

/// The proofs of a credential, read; none has been checked.
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
    /// Several, each hashed once those it is made over hold: the work for a bad one is that of one. The issuer's has this place.
    Later { issuers: usize },
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
        let proof = super::read_proof(document, Purpose::AssertionMethod)?;
        let issuers = ProofClaim::read(&proof)?;
        require_controller(&issuers.key_id, issuer)?;
        Ok(Self { issuers, further: Vec::new(), hashed: Hashed::One(proof.seal(contexts)?) })
    }

    fn several(document: &Object<'_>, listed: &[Value<'_>], issuer: &str) -> Result<Self, Malformed> {
        let set = ProofSet::read(document)?;
        let mut further = set.proofs().map(ProofClaim::read).collect::<Result<Vec<_>, _>>()?;
        // A suite that we do not have is one that we cannot check.
        if further.len() != listed.len() {
            return Err(Malformed::Proof);
        }
        listed.iter().try_for_each(|proof| super::require_all_contexts(document, proof))?;
        // Beside a DID every method says whose it is; for another issuer the first proof must be its own.
        let issuers = further.iter().position(|claim| require_controller(&claim.key_id, issuer).is_ok());
        let issuers = issuers.ok_or(Malformed::OutOfRange("verificationMethod"))?;
        Ok(Self { issuers: further.remove(issuers), further, hashed: Hashed::Later { issuers } })
    }

    /// The earliest end that a proof sets.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        core::iter::once(&self.issuers).chain(&self.further).filter_map(|claim| claim.expires).min()
    }

    /// Checks every proof of the document in `bytes`: the issuer's with the first key, the others in their order with those after it.
    pub(super) fn verify(&self, bytes: &[u8], contexts: &KnownContexts, keys: &[&PublicKey]) -> Result<(), VerifyError> {
        let Some((issuer, others)) = keys.split_first().filter(|(_, others)| others.len() == self.further.len()) else {
            return Err(VerifyError::InvalidProof);
        };
        let place = match &self.hashed {
            Hashed::One(seal) => return Ok(seal.verify(issuer)?),
            Hashed::Later { issuers } => *issuers,
        };
        let document = object(bytes)?;
        let mut others = others.iter();
        let mut asked = 0;
        let standing = |_: &Options<'_>| {
            asked += 1;
            if asked - 1 == place {
                Standing::Issuer(issuer)
            } else {
                others.next().map_or(Standing::Unknown, |key| Standing::Trusted(key))
            }
        };
        let set = ProofSet::read(&document).map_err(Malformed::from)?;
        set.verify(Requirement::EveryProofAndTheIssuers, contexts, standing).map(drop).map_err(|why| match why {
            SetError::Document(why) => VerifyError::Malformed(why.into()),
            SetError::InvalidProof | SetError::NotByIssuer | SetError::NotTrusted => VerifyError::InvalidProof,
        })
    }
}

#[cfg(test)]
mod tests;
