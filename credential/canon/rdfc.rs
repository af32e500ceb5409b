//! RDF Dataset Canonicalization, RDFC-1.0 (W3C Recommendation, 21 May 2024): one byte string for all ways to write a dataset.
//!
//! Nearly every credential has no blank node, or few that differ in what their own statements say (§4.6): each statement is then
//! written once, and only blank nodes' labels are put in later. Blank nodes that look alike are told apart by what lies around
//! them (§4.8), which takes exponential time on graphs made for it. [`RdfcError::TooHard`] ends those.

mod first_degree;
mod hash;
mod issuer;
mod lines;
mod mentions;
mod n_degree;

use super::rdf::Dataset;
use alloc::vec::Vec;
use core::fmt;
pub(crate) use hash::HashAlgorithm;
use issuer::Issuer;
use lines::Lines;
use mentions::Mentions;
use n_degree::Explorer;

/// Most statements. A document of [`crate::json::Limits::CREDENTIAL`] has as many values at most, and a value makes one statement. Only a
/// value in a list makes two.
pub(crate) const MAX_QUADS: usize = 4096;

/// Longest canonical form, in bytes: a credential of 64 KiB (threats.md A12) repeats its subjects and writes its terms out, so
/// a statement may be 256 bytes.
pub(crate) const MAX_BYTES: usize = MAX_QUADS * 256;

/// Why a dataset has no canonical form here. Carries nothing of the dataset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RdfcError {
    /// More statements than allowed, more blank nodes than these could name, or too long a canonical form.
    TooLarge,
    /// An IRI or a language tag has a character that N-Quads does not allow there.
    Unwritable,
    /// Telling the blank nodes apart takes more work than any credential needs (§7.1 "Dataset Poisoning").
    TooHard,
}

impl fmt::Display for RdfcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the dataset is larger than allowed",
            Self::Unwritable => "the dataset has an iri or a language tag with a forbidden character",
            Self::TooHard => "the dataset's blank nodes take too much work to tell apart",
        })
    }
}

impl core::error::Error for RdfcError {}

/// Appends the canonical N-Quads of `dataset` to `out` (§5). `out` is as it was when this fails.
///
/// `hash` is the hash inside the algorithm, SHA-256 unless a cryptosuite says otherwise (§4.1); it shows in the labels of blank
/// nodes only. Hashing the canonical form is the caller's.
pub(crate) fn canonicalize(dataset: &Dataset<'_>, hash: HashAlgorithm, out: &mut Vec<u8>) -> Result<(), RdfcError> {
    let mut lines = Lines::write(dataset)?;
    if !lines.labelled().is_empty() {
        let numbers = number(&mut lines, dataset, hash)?;
        lines.label(&numbers);
    }
    lines.sort_into(out);
    Ok(())
}

/// Returns the canonical number of every blank node of `dataset`, by its number there: 3 stands for `_:c14n3` (§4.3, the issued
/// identifiers map). `None` for a blank node that no statement mentions.
#[cfg(test)]
pub(crate) fn issue(dataset: &Dataset<'_>, hash: HashAlgorithm) -> Result<Vec<Option<u32>>, RdfcError> {
    let mut lines = Lines::write(dataset)?;
    let issuer = number(&mut lines, dataset, hash)?;
    Ok((0..dataset.blanks()).map(|blank| issuer.number(blank)).collect())
}

/// §4.4.3, steps 2 to 5: issues the canonical identifiers.
fn number(lines: &mut Lines<'_>, dataset: &Dataset<'_>, hash: HashAlgorithm) -> Result<Issuer, RdfcError> {
    let mut canonical = Issuer::new(dataset.blanks());
    // A single blank node needs no telling apart: whatever it hashes to, it is the first.
    if let Some(only) = lines.only_blank() {
        canonical.issue(only);
        return Ok(canonical);
    }
    let mentions = Mentions::of(lines.labelled(), dataset.blanks());
    let Ok(digests) = first_degree::digests(&mentions, lines.buffer(), hash) else {
        // Once: what made them look repeated is what removes them.
        lines.dedup_labelled();
        return number(lines, dataset, hash);
    };
    let mut order = mentions.blanks().to_vec();
    order.sort_unstable_by_key(|blank| &digests[*blank as usize]);
    let alike = |a: &u32, b: &u32| digests[*a as usize] == digests[*b as usize];
    for group in order.chunk_by(alike) {
        if let [unique] = group {
            canonical.issue(*unique);
        }
    }
    if canonical.len() == order.len() {
        return Ok(canonical);
    }
    let mut explorer = Explorer::new(&mentions, &digests, hash, canonical, dataset.blanks());
    for group in order.chunk_by(alike).filter(|group| group.len() > 1) {
        explorer.resolve(group)?;
    }
    Ok(explorer.into_canonical())
}

#[cfg(test)]
mod tests;
