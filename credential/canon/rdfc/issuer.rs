//! Identifier issuers (§4.5), which can take back what they issued last.

use crate::canon::nquads;
use alloc::vec;
use alloc::vec::Vec;

/// Not issued.
const NONE: u32 = u32::MAX;

/// Blank nodes in the order they got their identifiers.
pub(in super::super) struct Issuer {
    prefix: &'static [u8],
    /// The issued number, by blank node.
    numbers: Vec<u32>,
    order: Vec<u32>,
}

impl Issuer {
    /// Returns the canonical issuer of a dataset with blank nodes numbered below `blanks`.
    pub(in super::super) fn new(blanks: u32) -> Self {
        Self { prefix: b"c14n", numbers: vec![NONE; blanks as usize], order: Vec::new() }
    }

    /// Returns a temporary issuer (§4.4.3 step 5.2.2).
    pub(super) fn temporary(blanks: u32) -> Self {
        Self { prefix: b"b", ..Self::new(blanks) }
    }

    /// Issues the next number to `blank`, unless it has one.
    #[expect(clippy::cast_possible_truncation, reason = "blank nodes are counted in 32 bits")]
    pub(in super::super) fn issue(&mut self, blank: u32) {
        let number = &mut self.numbers[blank as usize];
        if *number == NONE {
            *number = self.order.len() as u32;
            self.order.push(blank);
        }
    }

    /// Returns the number of `blank`.
    pub(in super::super) fn number(&self, blank: u32) -> Option<u32> {
        Some(self.numbers[blank as usize]).filter(|number| *number != NONE)
    }

    /// Appends the label of `blank`, `_:` included. Without one, appends nothing and is false.
    pub(in super::super) fn write_label(&self, blank: u32, out: &mut Vec<u8>) -> bool {
        let number = self.number(blank);
        if let Some(number) = number {
            nquads::write_label(self.prefix, number, out);
        }
        number.is_some()
    }

    /// Returns how many numbers were issued.
    pub(in super::super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns the nodes that got the numbers from `first` on, in their order.
    pub(super) fn issued(&self, first: usize) -> &[u32] {
        &self.order[first..]
    }

    /// Takes back all but the first `length` numbers.
    pub(super) fn rewind(&mut self, length: usize) {
        for blank in self.order.drain(length..) {
            self.numbers[blank as usize] = NONE;
        }
    }
}
