//! The rules by which a reading of the clocks is judged.

use super::{Confidence, Doubt, Moment, Reading, TOLERANCE_SECONDS, TimeState};

/// How long a device may go without signed time, from the signed policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Boots since the last signed time.
    pub boots: u32,
    /// Decisions since the last signed time.
    pub decisions: u32,
}

/// Until a policy says otherwise: a boot a day and a thousand decisions a day for a month.
impl Default for Limits {
    fn default() -> Self {
        Self { boots: 30, decisions: 30_000 }
    }
}

/// The rules; see the module's documentation.
#[derive(Clone, Copy, Debug)]
pub struct TimeGuard;

impl TimeGuard {
    /// Judges one reading. The new state is stored with whatever is decided at the moment.
    pub fn observe(state: &TimeState, reading: &Reading, limits: &Limits) -> (Moment, TimeState) {
        let mut next = state.at(reading);
        next.settle(reading);
        let against = next.against(reading.wall);
        let first = next.boot.and_then(|boot| boot.offset);
        let stepped = first.is_some_and(|first| first.abs_diff(reading.offset()) > TOLERANCE_SECONDS.unsigned_abs());
        let anchored = next.boot.is_some_and(|boot| boot.anchored);
        // A device whose clock was wrong from its start, and that learned newer signed time since: the bound is its clock.
        let carried = against.proof && anchored && first.is_none();

        // The first that applies names the doubt; what is proven comes before what we merely remember.
        let confidence = if against.proof && !carried {
            Confidence::Doubt(Doubt::BehindSigned)
        } else if stepped {
            Confidence::Doubt(Doubt::Stepped)
        } else if against.memory {
            Confidence::Doubt(Doubt::BehindSeen)
        } else if next.boots_since_signed > limits.boots {
            Confidence::Doubt(Doubt::TooManyBoots)
        } else if next.decisions_since_signed >= limits.decisions {
            Confidence::Doubt(Doubt::TooManyDecisions)
        } else if carried || next.confirmed.is_some() {
            Confidence::Suspect
        } else if anchored {
            Confidence::Anchored
        } else {
            Confidence::Low
        };
        // A glitch within a boot is visible as a step and is not remembered as a time that has been (rule 4).
        if !stepped {
            next.wall_hi = Some(next.wall_hi.map_or(reading.wall, |hi| hi.max(reading.wall)));
        }
        (Moment { reading: *reading, bound: next.bound(), confidence }, next)
    }
}
