//! That a search by holder finds everything: of each bucket of holders' tags the events hold the sum over its rows.
//!
//! Rows are found by a tag in the file, and a tag that something else changed would hide a row from a bulk revocation. The sum is the
//! exclusive or of a MAC for each row (as in an XOR MAC; the MACs are seen by nobody, since events are ciphertext), so a row that was
//! changed, added or deleted changes the sum of its bucket.

use super::seal::Seal;
use crate::store::Tag;
use std::collections::BTreeMap;
use waypass_trust::bundle::Digest;

/// 4,096 buckets: of a million credentials one has about 244.
const BITS: u32 = 12;

pub(super) const fn bucket(holder: &Tag) -> u16 {
    u16::from_be_bytes([holder[0], holder[1]]) >> (16 - BITS)
}

/// Returns the first and the last tag of a bucket.
pub(super) const fn tags_of(bucket: u16) -> (Tag, Tag) {
    let first = bucket << (16 - BITS);
    let (mut low, mut high) = ([0; 16], [0xff; 16]);
    [low[0], low[1]] = first.to_be_bytes();
    [high[0], high[1]] = (first | ((1 << (16 - BITS)) - 1)).to_be_bytes();
    (low, high)
}

pub(super) fn add(sum: &mut [u8; 32], row: &[u8; 32]) {
    sum.iter_mut().zip(row).for_each(|(sum, row)| *sum ^= row);
}

impl Seal {
    /// Returns the value that a credential's row adds to the sum of its bucket.
    pub(super) fn holder_sum(&self, id: &str, holder: &Tag) -> (u16, Digest) {
        (bucket(holder), Digest(self.of("holder", &[id.as_bytes(), holder])))
    }

    /// Returns the sums over many rows.
    pub(super) fn holder_sums<'r>(&self, rows: impl Iterator<Item = (&'r str, Tag)>) -> Vec<(u16, Digest)> {
        let mut sums: BTreeMap<u16, [u8; 32]> = BTreeMap::new();
        for (id, holder) in rows {
            let (bucket, Digest(row)) = self.holder_sum(id, &holder);
            add(sums.entry(bucket).or_default(), &row);
        }
        sums.into_iter().map(|(bucket, sum)| (bucket, Digest(sum))).collect()
    }
}
