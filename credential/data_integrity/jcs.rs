//! The transformation of the JCS suites (vc-di-eddsa §3.3.3, §3.3.5; vc-di-ecdsa §3.3.3, §3.3.5).
//!
//! The document is never copied: it is canonicalized around its `proof`, and the proof around its `proofValue`.

use crate::canon::jcs;
use crate::json::{Object, Value};
use alloc::vec::Vec;

/// Appends the canonical proof options: the proof without `proofValue`.
pub(crate) fn configure(proof: &Object<'_>, out: &mut Vec<u8>) {
    jcs::write_object(proof.iter().filter(|(name, _)| *name != "proofValue"), out);
}

/// Appends the canonical document without its proof, under `context` if the proof carries one (§3.3.2 step 4.2), and
/// with the proofs that the proof covers, `previous`, in the place of its own (VC Data Integrity §4.5).
pub(crate) fn transform<'v, 'a>(
    document: &'v Object<'a>,
    context: Option<&'v Value<'a>>,
    previous: Option<&'v Value<'a>>,
    out: &mut Vec<u8>,
) {
    let in_context = |(name, value)| match context {
        Some(context) if name == "@context" => (name, context),
        _ => (name, value),
    };
    let previous = previous.into_iter().map(|proofs| ("proof", proofs));
    jcs::write_object(document.iter().filter(|(name, _)| *name != "proof").map(in_context).chain(previous), out);
}
