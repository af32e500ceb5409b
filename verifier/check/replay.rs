//! Was this challenge answered before?

use crate::challenge::Challenge;
use crate::seen::{Memory, SeenSet};
use waypass_trust::reason::{Reason, ReasonCode};
use waypass_trust::time::Moment;

/// Left behind by the first answer to a challenge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FirstAnswer(());

/// A memory that is full cannot tell, so the gate cannot check (threats.md A8).
pub(crate) fn check(seen: &SeenSet, challenge: &Challenge, at: &Moment) -> Result<FirstAnswer, Reason> {
    match seen.look_up(&challenge.nonce, at) {
        Memory::New => Ok(FirstAnswer(())),
        Memory::Seen => Err(Reason::from(ReasonCode::Replayed)),
        Memory::Full => Err(Reason::new(ReasonCode::StorageFailed, "too many answers within a minute to remember them")),
    }
}
