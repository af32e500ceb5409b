//! Is the evidence about a role fresh enough, and if not quite, who must do what?
//!
//! The limits are the signed policy's (trust.md "Verdict"): within the first limit nothing is asked; within the second
//! what the role's `stale` says; beyond it only the break-glass rule may act.

use crate::act::Tie;
use crate::step::Step;
use alloc::{format, string::String, vec, vec::Vec};
use waypass_trust::assess::RoleReading;
use waypass_trust::bundle::{StaleAction, UnknownAction};
use waypass_trust::freshness::Freshness;
use waypass_trust::reason::{Level, Reason, ReasonCode};
use waypass_trust::status::Why;

/// Left behind by evidence that is fresh enough, perhaps with an extra step. Only [`check`] makes it.
#[derive(Debug)]
pub(crate) struct FreshEnough<'act>(Tie<'act>);

/// The effect that the age of the evidence about one role has.
#[derive(Debug)]
pub(crate) struct Reading<'act> {
    /// Present unless something is red or grey.
    pub(crate) marker: Option<FreshEnough<'act>>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) steps: Vec<Step>,
}

impl Reading<'_> {
    /// Better readings are less.
    pub(crate) fn rank(&self) -> (Level, Option<Step>) {
        let worst = self.reasons.iter().map(|reason| reason.code.level()).max();
        (worst.unwrap_or(Level::Green), self.steps.iter().copied().max())
    }

    pub(crate) fn needs_break_glass(&self) -> bool {
        self.steps.contains(&Step::BreakGlass)
    }

    /// Returns this reading for a device that has no rules: nobody there can break the glass.
    pub(crate) fn without_break_glass_rule(self) -> Self {
        if self.needs_break_glass() { self.without_break_glass() } else { self }
    }

    /// Returns the same reading where no rule lets anybody break the glass.
    pub(crate) fn without_break_glass(self) -> Self {
        let reasons = self.reasons.into_iter().map(|reason| match reason.code {
            ReasonCode::BreakGlass => Reason::new(ReasonCode::StatusUnknown, reason.detail),
            _ => reason,
        });
        Self { marker: None, reasons: reasons.collect(), steps: Vec::new() }
    }
}

pub(crate) fn check<'act>(reading: &RoleReading, tie: Tie<'act>) -> Reading<'act> {
    let mut reasons = Vec::new();
    let mut steps = Vec::new();
    for (freshness, stale, what) in [
        (reading.revocation, ReasonCode::StaleRevocations, "the list of withdrawn credentials"),
        (reading.trust, ReasonCode::StaleTrust, "the trust data"),
    ] {
        let (more_reasons, step) = judge(freshness, stale, what);
        // Doubt about the clock makes both unknown; it is said once.
        for reason in more_reasons {
            if !reasons.iter().any(|known: &Reason| known.code == reason.code && freshness_is_unknown(freshness)) {
                reasons.push(reason);
            }
        }
        steps.extend(step);
    }
    let passable = reasons.iter().all(|reason| reason.code.level() <= Level::Amber);
    Reading { marker: passable.then_some(FreshEnough(tie)), reasons, steps }
}

const fn freshness_is_unknown(freshness: Freshness) -> bool {
    matches!(freshness, Freshness::Unknown { .. })
}

fn judge(freshness: Freshness, stale: ReasonCode, what: &str) -> (Vec<Reason>, Option<Step>) {
    match freshness {
        Freshness::Current { .. } => (Vec::new(), None),
        Freshness::Stale { as_of, overdue, action } => {
            let detail: String = format!("{what} is of {as_of}, {} h past the limit", overdue.as_secs() / 3600);
            match action {
                StaleAction::Deny => (vec![Reason::new(ReasonCode::DataTooOld, detail)], None),
                StaleAction::Override => (vec![Reason::new(stale, detail)], Some(Step::Override)),
                // Two reasons: a device that may accept old lists by itself may not be the second person.
                StaleAction::TwoPerson => {
                    (vec![Reason::new(stale, detail), Reason::new(ReasonCode::TwoPerson, "because of old data")], Some(Step::SecondPerson))
                }
            }
        }
        Freshness::TooOld { as_of, overdue, action } => {
            let detail: String = format!("{what} is of {as_of}, {} h past the last limit", overdue.as_secs() / 3600);
            match action {
                UnknownAction::BreakGlass => (vec![Reason::new(ReasonCode::BreakGlass, detail)], Some(Step::BreakGlass)),
                UnknownAction::Escort | UnknownAction::Deny => (vec![Reason::new(ReasonCode::DataTooOld, detail)], None),
            }
        }
        Freshness::Unknown { why, action } => {
            let detail: String = format!("{why}");
            match (action, why) {
                (UnknownAction::BreakGlass, _) => (vec![Reason::new(ReasonCode::BreakGlass, detail)], Some(Step::BreakGlass)),
                // After a list's own end only break-glass may act.
                (UnknownAction::Escort, Why::NotCovered | Why::ClockDoubt | Why::Disagreement) => {
                    (vec![Reason::new(ReasonCode::Escort, detail)], Some(Step::Escort))
                }
                (UnknownAction::Escort | UnknownAction::Deny, _) => (vec![Reason::new(ReasonCode::StatusUnknown, detail)], None),
            }
        }
    }
}
