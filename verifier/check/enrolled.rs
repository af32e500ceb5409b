//! Is this device a gate of the site, by the newest bundle that it has?

use crate::act::{Act, Tie};
use alloc::format;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::reason::{Reason, ReasonCode};

/// Left behind by a gate that is in the bundle. Only [`check`] makes it.
#[derive(Debug)]
pub(crate) struct Enrolled<'act> {
    /// The enrolment has ended, and no news said so: only the emergency rule may act.
    pub(crate) lapsed: bool,
    _act: Tie<'act>,
}

/// Refuses a device that is not in the bundle: it was never enrolled, or the site ended it (trust.md "A gate that is not enrolled").
pub(crate) fn check<'act>(act: &Act<'act, '_>, gate: &str, bundle: &TrustBundle) -> Result<Enrolled<'act>, Reason> {
    let entry = bundle.gate(gate).ok_or_else(|| Reason::new(ReasonCode::GateNotEnrolled, "this gate is not in the trust bundle"))?;
    Ok(Enrolled { lapsed: entry.not_after < act.at.at(), _act: act.tie() })
}

/// Returns the reason that a lapsed gate gives where no emergency rule acts.
pub(crate) fn lapsed(gate: &str, bundle: &TrustBundle) -> Reason {
    let ended = bundle.gate(gate).map_or_else(Default::default, |entry| format!("its enrolment ended {}", entry.not_after));
    Reason::new(ReasonCode::GateNotEnrolled, ended)
}
