//! From everything that was found to one verdict: red over grey over amber over green, every reason listed.

use crate::decision::{Decision, Evidence, Verdict};
use crate::grant::Passed;
use crate::step::Step;
use alloc::vec::Vec;
use core::cmp::Reverse;
use waypass_trust::bundle::Policy;
use waypass_trust::reason::{Level, Reason, ReasonCode};

/// Without every mark nobody passes, whatever the reasons say; with a reason against, the marks do not help.
pub(crate) fn decide(passed: Option<Passed>, mut reasons: Vec<Reason>, steps: &[Step], evidence: Evidence, policy: &Policy) -> Decision {
    let mut kept: Vec<Reason> = Vec::with_capacity(reasons.len());
    reasons.sort_by_key(|reason| Reverse(reason.code.level()));
    for reason in reasons {
        if !kept.contains(&reason) {
            kept.push(reason);
        }
    }
    let worst = kept.first().map_or(Level::Green, |reason| reason.code.level());
    let verdict = match (worst, passed) {
        (Level::Red, _) => Verdict::Deny,
        (Level::Green, Some(Passed::Gate(grant))) if steps.is_empty() => {
            kept = [Reason::from(ReasonCode::Ok)].into();
            Verdict::Allow(grant)
        }
        (Level::Green, Some(passed @ Passed::Gate(_))) | (Level::Amber, Some(passed)) => {
            Verdict::Caution(steps.iter().copied().max().unwrap_or(Step::Confirm), passed)
        }
        (Level::Grey | Level::Green | Level::Amber, _) => Verdict::CannotCheck,
    };
    let unattended_ok = policy.unattended_ok.iter().filter_map(|code| ReasonCode::parse(code)).collect();
    Decision { verdict, reasons: kept, evidence, unattended_ok }
}
