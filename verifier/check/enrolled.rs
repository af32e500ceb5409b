//! Is this device a gate of the site, by the newest bundle that it has?

use crate::act::{Act, Tie};
use alloc::format;
use waypass_credential::time::Validity;
use waypass_trust::bundle::{Gate, TrustBundle};
use waypass_trust::reason::{Reason, ReasonCode};

/// Left behind by a gate that is in the bundle. Only [`check`] makes it.
#[derive(Debug)]
pub(crate) struct Enrolled<'act> {
    /// The gate's entry.
    pub(crate) entry: Gate,
    /// The enrolment has ended, and no news said so: only the emergency rule may act.
    is_lapsed: bool,
    _act: Tie<'act>,
}

/// Refuses a device that is not in the bundle: it was never enrolled, or the site ended it (trust.md "A gate that is not enrolled").
pub(crate) fn check<'act>(act: &Act<'act, '_>, gate: &str, bundle: &TrustBundle) -> Result<Enrolled<'act>, Reason> {
    let entry = bundle.gate(gate).ok_or_else(|| Reason::new(ReasonCode::GateNotEnrolled, "this gate is not in the trust bundle"))?;
    Ok(Enrolled { is_lapsed: Validity::ending(entry.not_after).is_over(act.at.at()), entry, _act: act.tie() })
}

impl Enrolled<'_> {
    /// Returns the reason that a lapsed gate gives where no emergency rule acts.
    pub(crate) fn lapsed(&self) -> Option<Reason> {
        let ended = || Reason::new(ReasonCode::GateNotEnrolled, format!("its enrolment ended {}", self.entry.not_after));
        self.is_lapsed.then(ended)
    }
}
