//! `waypass verifier acknowledge`: a person has looked at what was found changed.

use crate::Run;
use crate::acknowledge::Acknowledged;
use crate::exit::Failure;
use crate::gate::failure;
use crate::unlock::OpenArgs;
use waypass_machine::{SystemRng, clock};
use waypass_trust::audit::Note;

/// Lets the gate go on after somebody looked at what it found.
pub(super) fn findings(run: &Run, args: &OpenArgs, looked: &Note) -> Result<Acknowledged, Failure> {
    let done = super::with(run, args, |gate| gate.acknowledge(looked.by(), &clock::read(), &mut SystemRng).map_err(failure))?;
    let note = if done.new_state { "the gate begins with a new state; every question it had asked is void" } else { "" };
    Ok(Acknowledged { findings: done.findings, new_state: done.new_state, note })
}
