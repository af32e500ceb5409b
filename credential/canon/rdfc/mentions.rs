//! Which statements mention a blank node (§4.4.3 step 2, the blank node to quads map).

use super::lines::Labelled;
use alloc::vec;
use alloc::vec::Vec;

/// The statements with blank nodes, and for each blank node those that mention it.
pub(super) struct Mentions<'l, 'd> {
    lines: &'l [Labelled<'d>],
    /// The lines' indices, blank node after blank node.
    by_blank: Vec<u32>,
    /// The ends of each blank node's part in `by_blank`; it begins where the one before ends.
    ends: Vec<u32>,
    blanks: Vec<u32>,
}

impl<'l, 'd> Mentions<'l, 'd> {
    /// Sorts lines, each of which is there once, by which of `count` blank nodes they mention.
    pub(super) fn of(lines: &'l [Labelled<'d>], count: u32) -> Self {
        let mut ends = vec![0_u32; count as usize];
        for blank in lines.iter().flat_map(Labelled::distinct_blanks) {
            ends[blank as usize] += 1;
        }
        let blanks = (0..count).filter(|blank| ends[*blank as usize] > 0).collect();
        let mut total = 0;
        for end in &mut ends {
            total += *end;
            *end = total - *end;
        }
        // Each entry is now where its part begins, and moves to its end while the part is filled.
        let mut by_blank = vec![0; total as usize];
        for (index, line) in (0..).zip(lines) {
            for blank in line.distinct_blanks() {
                let next = &mut ends[blank as usize];
                by_blank[*next as usize] = index;
                *next += 1;
            }
        }
        Self { lines, by_blank, ends, blanks }
    }

    /// Returns the blank nodes that some statement mentions, in rising order.
    pub(super) fn blanks(&self) -> &[u32] {
        &self.blanks
    }

    /// Returns the statements that mention `blank`, each once.
    pub(super) fn lines(&self, blank: u32) -> impl ExactSizeIterator<Item = &'l Labelled<'d>> {
        let blank = blank as usize;
        let start = blank.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.by_blank[start as usize..self.ends[blank] as usize].iter().map(|index| &self.lines[*index as usize])
    }
}
