//! The counts of a shift, for a supervisor.

use waypass_trust::reason::Level;

/// The counts of a shift.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counters {
    /// Green verdicts.
    pub allowed: u64,
    /// Amber verdicts.
    pub cautions: u64,
    /// Red verdicts.
    pub denied: u64,
    /// Grey verdicts.
    pub unknown: u64,
}

impl Counters {
    pub(crate) const fn count(&mut self, level: Level) {
        let of_level = match level {
            Level::Green => &mut self.allowed,
            Level::Amber => &mut self.cautions,
            Level::Red => &mut self.denied,
            Level::Grey => &mut self.unknown,
        };
        *of_level = of_level.saturating_add(1);
    }
}
