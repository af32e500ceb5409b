//! The transformation of the RDFC suites (vc-di-eddsa §3.2.3, §3.2.5; vc-di-ecdsa §3.2.3, §3.2.5).
//!
//! Outside of chains the document is never copied: its statements are read around its `proof`, those of the proof around its `proofValue`, and both
//! by the document's contexts.

use super::ProofError;
use crate::canon::rdfc::{HashAlgorithm, canonicalize};
use crate::json::{Object, Value};
use crate::jsonld::{ContextList, to_rdf, to_rdf_without};
use crate::key::Algorithm;
use alloc::vec::Vec;

/// Returns the hash within RDFC-1.0 for a suite's keys (vc-di-ecdsa §3.2.3 step 2: SHA-384 for P-384).
pub(crate) const fn hash_algorithm(algorithm: Algorithm) -> HashAlgorithm {
    match algorithm {
        Algorithm::EdDsa | Algorithm::Es256 => HashAlgorithm::Sha256,
        Algorithm::Es384 => HashAlgorithm::Sha384,
    }
}

/// Appends the canonical proof options: the proof without `proofValue`, read with the contexts of its document (§3.2.5 step 4). A
/// proof that carries contexts must carry just these.
pub(crate) fn configure(proof: &Object<'_>, contexts: &ContextList<'_>, hash: HashAlgorithm, out: &mut Vec<u8>) -> Result<(), ProofError> {
    write(proof, contexts, "proofValue", hash, out)
}

/// Appends the canonical document without its proof, or with the proofs that the proof covers, `previous`, in its place (VC Data
/// Integrity §4.5).
pub(crate) fn transform(
    document: &Object<'_>,
    contexts: &ContextList<'_>,
    previous: Option<&Value<'_>>,
    hash: HashAlgorithm,
    out: &mut Vec<u8>,
) -> Result<(), ProofError> {
    let Some(previous) = previous else { return write(document, contexts, "proof", hash, out) };
    let chained = document.clone().with("proof", previous.clone());
    Ok(canonicalize(&to_rdf(&chained, contexts)?, hash, out)?)
}

fn write(object: &Object<'_>, contexts: &ContextList<'_>, without: &str, hash: HashAlgorithm, out: &mut Vec<u8>) -> Result<(), ProofError> {
    Ok(canonicalize(&to_rdf_without(object, contexts, without)?, hash, out)?)
}
