//! A person's word for the clock (unlock.md "TimeGuard" rule 4).

use crate::error::GateError;
use crate::gate::Gate;
use rand_core::CryptoRng;
use waypass_trust::audit::Event;
use waypass_trust::time::Reading;

impl Gate<'_> {
    /// Takes the word of `by`, who has opened this gate's vault, that the clock is right, and writes that down.
    ///
    /// It ends doubt that comes from what the clock showed before. It ends no proof: a clock behind the bound is refused. Verdicts are amber
    /// at best until signed time reaches the confirmed clock.
    pub fn confirm_clock(&self, by: &str, reading: &Reading, rng: &mut dyn CryptoRng) -> Result<(), GateError> {
        let mut state = self.state()?;
        state.time = state.time.confirm(reading).map_err(GateError::WrongClock)?;
        self.record_in(state, by, Event::ClockConfirmed, &self.identity.id, reading, rng)
    }
}
