//! Hash First Degree Quads (§4.6): what a blank node's own statements say, whatever blank nodes are called.

use super::hash::{Digest, HashAlgorithm};
use super::lines::Labelled;
use super::mentions::Mentions;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Some statement with blank nodes was there twice.
pub(super) struct Repeated;

/// Returns the first-degree hash of every blank node that is mentioned, by its number; of the others, nothing.
///
/// A dataset is a set: these hashes would see a repeated statement twice. As both are together here, they are found for free.
pub(super) fn digests(mentions: &Mentions<'_, '_>, buffer: &[u8], hash: HashAlgorithm) -> Result<Vec<Digest>, Repeated> {
    let count = mentions.blanks().last().map_or(0, |last| *last as usize + 1);
    let mut digests = vec![Digest::ZERO; count];
    let (mut text, mut sorted) = (Vec::new(), Vec::new());
    let mut lines: Vec<(Range<usize>, &Labelled<'_>)> = Vec::new();
    for blank in mentions.blanks() {
        text.clear();
        lines.clear();
        for line in mentions.lines(*blank) {
            let start = text.len();
            line.write_seen_from(*blank, buffer, &mut text);
            lines.push((start..text.len(), line));
        }
        let seen = |(range, _): &(Range<usize>, &Labelled<'_>)| &text[range.clone()];
        lines.sort_unstable_by(|a, b| seen(a).cmp(seen(b)).then_with(|| a.1.blank_numbers().cmp(b.1.blank_numbers())));
        if lines.windows(2).any(|pair| pair[0].1.blank_numbers() == pair[1].1.blank_numbers() && seen(&pair[0]) == seen(&pair[1])) {
            return Err(Repeated);
        }
        sorted.clear();
        for line in &lines {
            sorted.extend_from_slice(seen(line));
        }
        digests[*blank as usize] = hash.digest(&sorted);
    }
    Ok(digests)
}
