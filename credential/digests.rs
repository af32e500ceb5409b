//! The digests of disclosures, and those met in the claims: a digest is met once, and a disclosure has one place
//! (RFC 9901 §7.1 steps 3 to 5, draft-ietf-spice-sd-cwt-08 §9 step 8).

use crate::malformed::Malformed;
use alloc::{borrow::Cow, vec::Vec};
use core::mem;

/// Digests of `N` bytes.
pub(crate) struct Digests<'a, const N: usize> {
    /// The digest of each disclosure, sorted, with its number and true if it has found its place.
    index: Vec<([u8; N], usize, bool)>,
    /// Every digest met, to see if one is repeated.
    met: Vec<Cow<'a, [u8]>>,
}

impl<'a, const N: usize> Digests<'a, N> {
    /// Takes the digests of the disclosures in their order, and refuses a disclosure that is there twice.
    pub(crate) fn of(disclosures: impl Iterator<Item = [u8; N]>) -> Result<Self, Malformed> {
        let mut index: Vec<_> = disclosures.enumerate().map(|(at, digest)| (digest, at, false)).collect();
        index.sort_unstable();
        if index.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Malformed::DuplicateDigest);
        }
        Ok(Self { index, met: Vec::new() })
    }

    /// Notes a digest in the claims; returns the disclosure it belongs to.
    pub(crate) fn meet(&mut self, digest: Cow<'a, [u8]>) -> Result<Option<usize>, Malformed> {
        let found = self.index.binary_search_by(|(known, _, _)| known.as_slice().cmp(&digest)).ok();
        self.met.push(digest);
        let Some(found) = found else { return Ok(None) };
        let (_, at, used) = &mut self.index[found];
        if mem::replace(used, true) { Err(Malformed::DuplicateDigest) } else { Ok(Some(*at)) }
    }

    /// Checks, once all claims were walked, that no digest was met twice, whether a disclosure belongs to it or not, and that every
    /// disclosure has found its place.
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        self.met.sort_unstable();
        if self.met.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Malformed::DuplicateDigest);
        }
        if self.index.iter().any(|(_, _, used)| !used) {
            return Err(Malformed::UnreferencedDisclosure);
        }
        Ok(())
    }
}
