//! Was the challenge ours, and still open?

use crate::act::{Act, Tie};
use crate::challenge::LIFETIME_SECONDS;
use alloc::format;
use waypass_trust::reason::{Reason, ReasonCode};

/// Left behind by an answer that came in time, on the boot clock.
#[derive(Debug)]
pub(crate) struct Timely<'act>(Tie<'act>);

/// The holder's own idea of the time (`iat` of a key binding JWT, RFC 9901 §7.3 step 5.d) is not asked: this clock cannot
/// be set, theirs can.
pub(crate) fn check<'act>(act: &Act<'act, '_>, audience: &str) -> Result<Timely<'act>, Reason> {
    let (challenge, at) = (act.challenge, act.at);
    if challenge.audience != audience {
        return Err(Reason::new(ReasonCode::WrongAudience, "the challenge is another gate's"));
    }
    if challenge.is_open(at) {
        return Ok(Timely(act.tie()));
    }
    let detail = match at.milliseconds_since(&challenge.asked) {
        Some(elapsed) => format!("answered after {} s of {LIFETIME_SECONDS}", elapsed / 1000),
        None => "this gate was restarted since it asked".into(),
    };
    Err(Reason::new(ReasonCode::ChallengeExpired, detail))
}
