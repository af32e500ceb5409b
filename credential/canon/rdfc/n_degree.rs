//! Hash N-Degree Quads (§4.8): tells blank nodes apart that look alike by the shortest path through what lies around them.

mod path;

use super::RdfcError;
use super::hash::{Digest, HashAlgorithm};
use super::issuer::Issuer;
use super::lines::Labelled;
use super::mentions::Mentions;
use crate::canon::nquads::Position;
use alloc::vec::Vec;
use path::Path;

/// How much work one dataset may ask for, in steps of about one compressed block: a related hash, a call, a permutation.
///
/// §7.1 leaves the limit to the implementation. The hardest graphs of the W3C test suite that have a canonical form (test044 and
/// test046, named "evil") take a quarter of it, and all of it takes some ten milliseconds with SHA-256, twice that with SHA-384.
const MAX_WORK: u32 = 1 << 15;

/// How deep the paths may go; each level is a frame of the stack.
const MAX_DEPTH: u32 = 256;

/// The search over all groups of blank nodes with equal first-degree hashes.
pub(super) struct Explorer<'m, 'l, 'd> {
    mentions: &'m Mentions<'l, 'd>,
    /// First-degree hashes by blank node.
    digests: &'m [Digest],
    hash: HashAlgorithm,
    canonical: Issuer,
    /// The temporary issuer of the path being explored. The specification copies its state; here it is undone and done again.
    temporary: Issuer,
    work: u32,
    input: Vec<u8>,
}

impl<'m, 'l, 'd> Explorer<'m, 'l, 'd> {
    /// Begins with the identifiers that first-degree hashes decide; blank nodes are numbered below `blanks`.
    pub(super) fn new(mentions: &'m Mentions<'l, 'd>, digests: &'m [Digest], hash: HashAlgorithm, canonical: Issuer, blanks: u32) -> Self {
        let temporary = Issuer::temporary(blanks);
        Self { mentions, digests, hash, canonical, temporary, work: MAX_WORK, input: Vec::new() }
    }

    /// Returns the issuer of canonical identifiers.
    pub(super) fn into_canonical(self) -> Issuer {
        self.canonical
    }

    /// Issues canonical identifiers to blank nodes with the same first-degree hash and to all that the paths from them reach
    /// (§4.4.3 step 5).
    pub(super) fn resolve(&mut self, group: &[u32]) -> Result<(), RdfcError> {
        let mut found: Vec<(Digest, Vec<u32>)> = Vec::new();
        for blank in group {
            if self.canonical.number(*blank).is_none() {
                self.temporary.rewind(0);
                self.temporary.issue(*blank);
                let digest = self.explore(*blank, 0)?;
                found.push((digest, self.temporary.issued(0).to_vec()));
            }
        }
        found.sort_by_key(|(digest, _)| *digest);
        for blank in found.iter().flat_map(|(_, order)| order) {
            self.canonical.issue(*blank);
        }
        Ok(())
    }

    /// §4.8.3: the hash of what lies around `blank`; blank nodes on the way have temporary identifiers afterwards.
    fn explore(&mut self, blank: u32, depth: u32) -> Result<Digest, RdfcError> {
        if depth == MAX_DEPTH {
            return Err(RdfcError::TooHard);
        }
        // Steps 1 to 3: the map Hn, as a list sorted by hash. Equal entries are together, so permutations can leave them out.
        let mentions = self.mentions;
        let mut related = Vec::with_capacity(mentions.lines(blank).len());
        for line in mentions.lines(blank) {
            for (position, other) in line.blanks().filter(|(_, other)| *other != blank) {
                related.push((self.related(line, position, other)?, other));
            }
        }
        related.sort_unstable();
        // Steps 4 and 5.
        let mut data = Vec::new();
        for group in related.chunk_by(|a, b| a.0 == b.0) {
            self.hash.write_hex(&group[0].0, &mut data);
            let mut blanks: Vec<u32> = group.iter().map(|(_, other)| *other).collect();
            self.choose(&mut blanks, depth, &mut data)?;
        }
        // Step 6.
        self.spend(1 + data.len() / 64)?;
        Ok(self.hash.digest(&data))
    }

    /// §4.7.3: the hash of `other` in its place in `line`.
    fn related(&mut self, line: &Labelled<'_>, position: Position, other: u32) -> Result<Digest, RdfcError> {
        self.input.clear();
        self.input.push(match position {
            Position::Subject => b's',
            Position::Object => b'o',
            Position::Graph => b'g',
        });
        if position != Position::Graph {
            self.input.push(b'<');
            self.input.extend_from_slice(line.predicate().as_bytes());
            self.input.push(b'>');
        }
        if !self.canonical.write_label(other, &mut self.input) && !self.temporary.write_label(other, &mut self.input) {
            self.hash.write_hex(&self.digests[other as usize], &mut self.input);
        }
        self.spend(1 + self.input.len() / 64)?;
        Ok(self.hash.digest(&self.input))
    }

    /// Step 5.4 to 5.6 for one related hash: appends the least path over all orders of `blanks`, which come sorted, to `data` and
    /// keeps the temporary identifiers issued on it.
    fn choose(&mut self, blanks: &mut [u32], depth: u32, data: &mut Vec<u8>) -> Result<(), RdfcError> {
        let before = self.temporary.len();
        let mut chosen: Option<(Vec<u8>, Vec<u32>)> = None;
        let mut path = Path::default();
        loop {
            self.spend(1 + blanks.len() / 8)?;
            path.clear();
            let least = chosen.as_ref().map_or(&[][..], |(least, _)| least);
            if self.walk(blanks, depth, &mut path, least)? && path.is_less(least) {
                chosen = Some((path.bytes().to_vec(), self.temporary.issued(before).to_vec()));
            }
            if !path::next_permutation(blanks) {
                break;
            }
            self.temporary.rewind(before);
        }
        if let Some((path, order)) = chosen {
            self.temporary.rewind(before);
            for blank in order {
                self.temporary.issue(blank);
            }
            data.extend_from_slice(&path);
        }
        Ok(())
    }

    /// Steps 5.4.4 and 5.4.5 for one order of `blanks`. False as soon as the path cannot become less than `least`.
    fn walk(&mut self, blanks: &[u32], depth: u32, path: &mut Path, least: &[u8]) -> Result<bool, RdfcError> {
        let first = self.temporary.len();
        for blank in blanks {
            if !self.canonical.write_label(*blank, path.extend()) {
                self.temporary.issue(*blank);
                self.temporary.write_label(*blank, path.extend());
            }
            if path.exceeds(least) {
                return Ok(false);
            }
        }
        // Those that got their identifiers just now are the recursion list.
        for index in first..self.temporary.len() {
            let blank = self.temporary.issued(index)[0];
            let digest = self.explore(blank, depth + 1)?;
            self.temporary.write_label(blank, path.extend());
            path.extend().push(b'<');
            self.hash.write_hex(&digest, path.extend());
            path.extend().push(b'>');
            if path.exceeds(least) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn spend(&mut self, steps: usize) -> Result<(), RdfcError> {
        let left = u32::try_from(steps).ok().and_then(|steps| self.work.checked_sub(steps));
        self.work = left.ok_or(RdfcError::TooHard)?;
        Ok(())
    }
}
