//! A path under way, compared with the least one so far, and the orders it is tried in.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// A path and how much of it is known to equal the least one.
#[derive(Default)]
pub(super) struct Path {
    bytes: Vec<u8>,
    equal: usize,
    /// It has come out less, and stays so whatever follows.
    less: bool,
}

impl Path {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.equal = 0;
        self.less = false;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the text to append to.
    pub(super) fn extend(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Returns true if the path is greater than `least` whatever follows. Nothing (no path yet) is not exceeded.
    ///
    /// §4.8.3 steps 5.4.4.3 and 5.4.5.5 also ask that it be no shorter. A shorter one that differs is abandoned here too, as its
    /// first difference decides in the end.
    pub(super) fn exceeds(&mut self, least: &[u8]) -> bool {
        if self.less || least.is_empty() {
            return false;
        }
        let both = self.bytes.len().min(least.len());
        match self.bytes[self.equal..both].cmp(&least[self.equal..both]) {
            Ordering::Less => self.less = true,
            Ordering::Equal => self.equal = both,
            Ordering::Greater => return true,
        }
        self.equal < self.bytes.len() && self.equal == least.len()
    }

    /// Returns true if this path, now whole, comes before `least` in code point order; every path comes before none.
    pub(super) fn is_less(&self, least: &[u8]) -> bool {
        least.is_empty() || self.bytes.as_slice() < least
    }
}

/// Puts `items` into the next greater order; false, and all in rising order again, after the last. Equal items are not exchanged.
pub(super) fn next_permutation(items: &mut [u32]) -> bool {
    let Some(rise) = items.windows(2).rposition(|pair| pair[0] < pair[1]) else {
        items.reverse();
        return false;
    };
    if let Some(greater) = items.iter().rposition(|item| *item > items[rise]) {
        items.swap(rise, greater);
    }
    items[rise + 1..].reverse();
    true
}
