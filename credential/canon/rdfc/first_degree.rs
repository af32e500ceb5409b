//! Hash First Degree Quads (§4.6): what a blank node's own statements say, whatever blank nodes are called.

use super::hash::{Digest, HashAlgorithm};
use super::mentions::Mentions;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// The first-degree hash of every blank node that is mentioned, by its number; of the others, the hash of nothing.
pub(super) fn digests(mentions: &Mentions<'_, '_>, buffer: &[u8], hash: HashAlgorithm) -> Vec<Digest> {
    let count = mentions.blanks().last().map_or(0, |last| *last as usize + 1);
    let mut digests = vec![Digest::ZERO; count];
    let mut text = Vec::new();
    let mut lines: Vec<Range<usize>> = Vec::new();
    for blank in mentions.blanks() {
        text.clear();
        lines.clear();
        for line in mentions.lines(*blank) {
            let start = text.len();
            line.write_seen_from(*blank, buffer, &mut text);
            lines.push(start..text.len());
        }
        lines.sort_unstable_by(|a, b| text[a.clone()].cmp(&text[b.clone()]));
        digests[*blank as usize] = hash.digest(lines.iter().map(|line| &text[line.clone()]));
    }
    digests
}
