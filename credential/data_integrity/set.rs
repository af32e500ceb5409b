//! Proof sets and proof chains (VC Data Integrity 1.0 §2.1.1, §2.1.2, §4.5): several proofs of one document, some of them over others.

use super::{Options, Proof, ProofError, options};
use crate::error::VerifyError;
use crate::json::{Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{InvalidProof, PublicKey};
use alloc::{vec, vec::Vec};
use core::fmt;

/// Proofs of one document. Each costs a signature check and, in a chain, a hash of the document of its own.
pub const MAX_PROOFS: usize = 8;

/// All proofs of a document, read and put in an order in which each comes after those it covers. Unverified.
#[derive(Clone, Debug)]
pub(crate) struct ProofSet<'v, 'a> {
    entries: Vec<Entry<'v, 'a>>,
    order: Vec<usize>,
}

/// One proof. A suite that we do not have makes it unreadable, not the others.
#[derive(Clone, Debug)]
struct Entry<'v, 'a> {
    proof: Option<Proof<'v, 'a>>,
    config: &'v Object<'a>,
    previous: Vec<usize>,
}

/// A verifier's knowledge of a proof's key, and of its owner.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standing<'k> {
    /// The issuer's own key.
    Issuer(&'k PublicKey),
    /// The key of somebody else who is trusted.
    Trusted(&'k PublicKey),
    /// No key that is trusted was found.
    Unknown,
}

/// Why a set does not prove its document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SetError {
    /// A proof does not hold. Deliberately says nothing more.
    InvalidProof,
    /// None of the proofs is the issuer's.
    NotByIssuer,
    /// A proof is by a key that is not trusted.
    NotTrusted,
    /// A suite could not transform the document.
    Document(ProofError),
}

impl<'v, 'a> ProofSet<'v, 'a> {
    /// Reads every proof of `document`: one object, or a list of at most [`MAX_PROOFS`]. Repeated ids, references to
    /// proofs that are not there, and proofs that cover themselves are refused.
    pub(crate) fn read(document: &'v Object<'a>) -> Result<Self, ProofError> {
        let member = document.member("proof").ok_or(ProofError::Missing("proof"))?;
        let listed = member.one_or_more();
        if listed.is_empty() || listed.len() > MAX_PROOFS {
            return Err(ProofError::OutOfRange("proof"));
        }
        let configs = listed.iter().map(|proof| proof.as_object().ok_or(ProofError::WrongType("proof")));
        let configs: Vec<&'v Object<'a>> = configs.collect::<Result<_, _>>()?;
        let ids = configs.iter().map(|config| options::text(config, "id")).collect::<Result<Vec<_>, _>>()?;
        if (1..ids.len()).any(|n| ids[n].is_some() && ids[..n].contains(&ids[n])) {
            return Err(ProofError::OutOfRange("id"));
        }
        let entry = |config: &'v Object<'a>| {
            let named = options::previous(config)?;
            // Matching proofs are in the order of the document, each once (§4.5 step 4).
            let previous = (0..ids.len()).filter(|n| ids[*n].is_some_and(|id| named.contains(&id))).collect();
            if !named.iter().all(|id| ids.contains(&Some(*id))) {
                return Err(ProofError::PreviousProof);
            }
            let proof = match Proof::from_config(document, config) {
                Ok(proof) => Some(proof),
                Err(ProofError::Unsupported) => None,
                Err(why) => return Err(why),
            };
            Ok(Entry { proof, config, previous })
        };
        let entries: Vec<Entry<'v, 'a>> = configs.into_iter().map(entry).collect::<Result<_, _>>()?;
        let order = in_order(&entries).ok_or(ProofError::PreviousProof)?;
        Ok(Self { entries, order })
    }

    /// Returns the readable proofs, in the order of the document.
    pub(crate) fn proofs(&self) -> impl Iterator<Item = &Proof<'v, 'a>> {
        self.entries.iter().filter_map(|entry| entry.proof.as_ref())
    }

    /// Returns true if every proof is in a suite that we have.
    pub(crate) fn is_readable(&self) -> bool {
        self.entries.iter().all(|entry| entry.proof.is_some())
    }

    /// Checks that every proof is by a trusted key and holds, with all that it covers, and that one of them is the issuer's. Proofs in RDFC
    /// suites read the document by contexts in `contexts`. `standing` says of each readable proof what is known of its key. It is asked once
    /// per proof, in the order of the document, and answers [`Standing::Unknown`] for one whose purpose or time does not fit.
    pub(crate) fn verify<'k>(
        &self,
        contexts: &KnownContexts,
        mut standing: impl FnMut(&Options<'v>) -> Standing<'k>,
    ) -> Result<(), SetError> {
        let known = self.entries.iter().map(|entry| entry.proof.as_ref().map_or(Standing::Unknown, |proof| standing(&proof.options)));
        let known: Vec<Standing<'k>> = known.collect();
        if !known.iter().any(|standing| matches!(standing, Standing::Issuer(_))) {
            return Err(SetError::NotByIssuer);
        }
        if known.iter().any(|standing| matches!(standing, Standing::Unknown)) {
            return Err(SetError::NotTrusted);
        }
        for n in self.order.iter().copied() {
            let (Some(proof), Standing::Issuer(key) | Standing::Trusted(key)) = (&self.entries[n].proof, known[n]) else {
                return Err(SetError::InvalidProof);
            };
            let seal = proof.seal_over(self.matching(n).as_ref(), contexts).map_err(SetError::Document)?;
            seal.verify(key)?;
        }
        Ok(())
    }

    /// Returns the proofs that the `n`th covers, as they are in the document that it hashes; `None` if it covers none.
    fn matching(&self, n: usize) -> Option<Value<'a>> {
        let previous = &self.entries[n].previous;
        (!previous.is_empty()).then(|| previous.iter().map(|before| Value::Object(self.entries[*before].config.clone())).collect())
    }
}

/// Those of the document's proofs that have these ids, as a list in the document's order; `None` for no ids.
pub(super) fn named<'a>(document: &Object<'a>, ids: &[&str]) -> Result<Option<Value<'a>>, ProofError> {
    if ids.is_empty() {
        return Ok(None);
    }
    let member = document.member("proof").ok_or(ProofError::PreviousProof)?;
    let listed = member.one_or_more();
    let is_named = |proof: &&Value<'a>, id: &str| proof.member("id").and_then(Value::as_str) == Some(id);
    if ids.iter().any(|id| listed.iter().filter(|proof| is_named(proof, id)).count() != 1) {
        return Err(ProofError::PreviousProof);
    }
    Ok(Some(listed.iter().filter(|proof| ids.iter().any(|id| is_named(proof, id))).cloned().collect()))
}

/// Returns each proof after those it covers; `None` if they go in a circle.
fn in_order(entries: &[Entry<'_, '_>]) -> Option<Vec<usize>> {
    let mut order = Vec::with_capacity(entries.len());
    let mut is_placed = vec![false; entries.len()];
    while order.len() < entries.len() {
        let ready = |n: &usize| !is_placed[*n] && entries[*n].previous.iter().all(|before| is_placed[*before]);
        let next = (0..entries.len()).find(ready)?;
        is_placed[next] = true;
        order.push(next);
    }
    Some(order)
}

impl From<InvalidProof> for SetError {
    fn from(InvalidProof: InvalidProof) -> Self {
        Self::InvalidProof
    }
}

/// A set that lacks the issuer's proof, or has one by a key that is not trusted, proves nothing.
impl From<SetError> for VerifyError {
    fn from(why: SetError) -> Self {
        match why {
            SetError::InvalidProof | SetError::NotByIssuer | SetError::NotTrusted => Self::InvalidProof,
            SetError::Document(why) => Self::Malformed(why.into()),
        }
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidProof => InvalidProof.fmt(f),
            Self::NotByIssuer => f.write_str("none of the proofs is the issuer's"),
            Self::NotTrusted => f.write_str("one of the proofs is by nobody who is trusted"),
            Self::Document(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for SetError {}

#[cfg(test)]
mod tests;
