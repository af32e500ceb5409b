//! Which records let somebody in.

use super::leaf::{Event, Leaf};
use crate::reason::Level;
use alloc::collections::BTreeSet;

/// The admissions of a log, read in order: every green decision, and every amber one that a later record confirms.
///
/// A check by a peer is not an admission, whatever its colour.
#[derive(Debug)]
pub(super) struct Admissions {
    from: u64,
    admitted: BTreeSet<u64>,
    amber: BTreeSet<u64>,
    /// Decisions before `from`, of which only what became of them was seen.
    settled: BTreeSet<u64>,
}

impl Admissions {
    /// Begins at record `from`; what was decided before it is believed of the records that are about it.
    pub(super) const fn from(from: u64) -> Self {
        Self { from, admitted: BTreeSet::new(), amber: BTreeSet::new(), settled: BTreeSet::new() }
    }

    pub(super) fn take(&mut self, leaf: &Leaf) {
        if leaf.event == Event::Decided
            && let Some(outcome) = &leaf.outcome
        {
            if outcome.admitted() {
                self.admitted.insert(leaf.seq);
            } else if outcome.level == Level::Amber {
                self.amber.insert(leaf.seq);
            }
        }
        let Some(about) = leaf.about.filter(|_| leaf.event == Event::Confirmed || leaf.event == Event::TurnedAway) else { return };
        // The first word about a decision counts.
        let first = if about < self.from { self.settled.insert(about) } else { self.amber.remove(&about) };
        if first && leaf.event == Event::Confirmed {
            self.admitted.insert(about);
        }
    }

    pub(super) fn contains(&self, seq: u64) -> bool {
        self.admitted.contains(&seq)
    }

    pub(super) fn admitted(&self) -> u64 {
        self.admitted.len() as u64
    }

    /// Counts the amber decisions of which nothing was said yet.
    pub(super) fn open(&self) -> u64 {
        self.amber.len() as u64
    }
}
