//! Was the challenge ours, and still open?

use crate::challenge::{Challenge, LIFETIME_SECONDS};
use alloc::format;
use waypass_trust::reason::{Reason, ReasonCode};
use waypass_trust::time::Moment;

/// Left behind by an answer that came in time, on the boot clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Timely(());

/// The holder's own idea of the time (`iat` of a key binding JWT, RFC 9901 §7.3 step 5.d) is not asked: this clock cannot
/// be set, theirs can.
pub(crate) fn check(challenge: &Challenge, audience: &str, at: &Moment) -> Result<Timely, Reason> {
    if challenge.audience != audience {
        return Err(Reason::new(ReasonCode::WrongAudience, "the challenge is another gate's"));
    }
    if challenge.is_open(at) {
        return Ok(Timely(()));
    }
    let detail = match at.milliseconds_since(&challenge.asked) {
        Some(elapsed) => format!("answered after {} s of {LIFETIME_SECONDS}", elapsed / 1000),
        None => "this gate was restarted since it asked".into(),
    };
    Err(Reason::new(ReasonCode::ChallengeExpired, detail))
}
