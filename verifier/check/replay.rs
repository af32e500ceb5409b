//! Was this challenge answered before?

use crate::act::{Act, Tie};
use crate::seen::{Memory, SeenSet};
use waypass_trust::reason::{Reason, ReasonCode};

/// Left behind by the first answer to a challenge.
#[derive(Debug)]
pub(crate) struct FirstAnswer<'act>(Tie<'act>);

/// A memory that is full cannot tell, so the gate cannot check (threats.md A8).
pub(crate) fn check<'act>(act: &Act<'act, '_>, seen: &SeenSet) -> Result<FirstAnswer<'act>, Reason> {
    match seen.look_up(&act.challenge.nonce, act.at) {
        Memory::New => Ok(FirstAnswer(act.tie())),
        Memory::Seen => Err(Reason::from(ReasonCode::Replayed)),
        Memory::Full => Err(Reason::new(ReasonCode::StorageFailed, "too many answers within a minute to remember them")),
    }
}
