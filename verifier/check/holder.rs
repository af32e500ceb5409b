//! Did the device the credential was issued to make this presentation, for this challenge and this gate?

use crate::act::{Act, Assessed, Tie};
use alloc::format;
use waypass_credential::time::Validity;
use waypass_credential::{HolderError, HolderProof};
use waypass_trust::reason::{Reason, ReasonCode};
use waypass_trust::time::{Moment, TOLERANCE_SECONDS};

/// Left behind by a holder's proof over our nonce and our audience.
#[derive(Debug)]
pub(crate) struct HolderPresent<'act>(Tie<'act>);

/// Asks only for the key that the *verified* credential names.
pub(crate) fn check<'act>(act: &Act<'act, '_>, assessed: &Assessed<'act, '_>) -> Result<HolderPresent<'act>, Reason> {
    let Some(holder) = &assessed.assessment().role().holder else {
        return Err(Reason::new(ReasonCode::HolderBindingFailed, "the credential is bound to no holder"));
    };
    let Ok(holder) = holder.key() else {
        return Err(Reason::new(ReasonCode::HolderBindingFailed, "the credential is bound to something that is not a key"));
    };
    match assessed.presentation().verify_holder(&holder, &act.challenge.binding()) {
        Ok(proof) => in_force(&proof, act.at).map(|()| HolderPresent(act.tie())),
        Err(HolderError::Missing) => Err(Reason::new(ReasonCode::HolderBindingFailed, "nobody signed the presentation")),
        Err(HolderError::InvalidProof) => Err(Reason::from(ReasonCode::HolderBindingFailed)),
        Err(HolderError::NonceMismatch) => Err(Reason::from(ReasonCode::NonceMismatch)),
        Err(HolderError::WrongAudience) => Err(Reason::from(ReasonCode::WrongAudience)),
        Err(HolderError::Malformed(why)) => Err(Reason::new(ReasonCode::Malformed, format!("{why}"))),
    }
}

/// Checks that the answer is in force by its own `nbf` and `exp` (RFC 9901 §7.3 step 5, RFC 7519 §4.1.4 and §4.1.5; VC
/// Data Integrity §2.1 for
/// `expires`). Two honest clocks differ, so both get the leeway that RFC 7519 leaves for it.
fn in_force(proof: &HolderProof, at: &Moment) -> Result<(), Reason> {
    if let Some(ended) = proof.expires_at.filter(|ends| Validity::ending(ends.plus(TOLERANCE_SECONDS)).is_over(at.at())) {
        return Err(Reason::new(ReasonCode::ChallengeExpired, format!("the answer itself ended {ended}")));
    }
    let Some(begins) = proof.not_before else { return Ok(()) };
    match at.has_reached(begins.plus(-TOLERANCE_SECONDS)) {
        Some(true) => Ok(()),
        Some(false) => Err(Reason::new(ReasonCode::NotYetValid, format!("the answer itself begins {begins}"))),
        None => Err(Reason::new(ReasonCode::ClockUnusable, format!("the answer begins {begins}, and the clock is in doubt"))),
    }
}
