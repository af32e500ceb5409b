//! Does a rule of this gate admit one of the roles shown, on evidence of this age?

use super::freshness::{self, FreshEnough};
use crate::act::{Assessed, Tie};
use crate::step::Step;
use alloc::{format, string::String, vec::Vec};
use waypass_trust::policy::{Action, Ask, GatePolicy, PolicyError, Ruling};
use waypass_trust::reason::{Reason, ReasonCode};

/// Left behind by a rule that permits.
#[derive(Debug)]
pub(crate) struct Permitted<'act> {
    /// The role that may act.
    pub(crate) role: String,
    /// The rule that permits it.
    pub(crate) rule: String,
    /// Only [`check`] makes one.
    _act: Tie<'act>,
}

/// The answer of policy and age of evidence together.
#[derive(Debug, Default)]
pub(crate) struct Admission<'act> {
    pub(crate) markers: Option<(Permitted<'act>, FreshEnough<'act>)>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) steps: Vec<Step>,
    /// The deciding rule, a `forbid` included.
    pub(crate) rule: Option<String>,
    /// The role decided about.
    pub(crate) role: Option<String>,
}

impl Admission<'_> {
    /// The rules could not be set up at all.
    pub(crate) fn unusable(why: &PolicyError) -> Self {
        Self::denied(Reason::new(ReasonCode::PolicyError, format!("{why}")), None)
    }

    fn refused(ruling: Ruling) -> Self {
        let (reason, rule) = refusal(ruling);
        Self::denied(reason, rule)
    }

    fn denied(reason: Reason, rule: Option<String>) -> Self {
        Self { reasons: [reason].into(), rule, ..Self::default() }
    }
}

/// Asks the rules. A gate whose enrolment `lapsed` may only break the glass; the reason says what it gives otherwise.
pub(crate) fn check<'act>(
    policy: &GatePolicy<'_>,
    ask: &Ask<'_>,
    assessed: &Assessed<'act, '_>,
    lapsed: Option<Reason>,
) -> Admission<'act> {
    // The answer's own check says so; a rule that denies nobody in particular would only add noise.
    if ask.roles.is_empty() {
        return Admission::default();
    }
    let ruling = if lapsed.is_some() { policy.break_glass(ask) } else { policy.decide(ask) };
    let (action, by) = match (ruling, lapsed) {
        (Ruling::Permit { action, by }, _) => (action, by),
        (Ruling::Deny { rule }, Some(lapsed)) => return Admission::denied(lapsed, rule),
        (refused, _) => return Admission::refused(refused),
    };
    // Several roles may be permitted: the person acts in the one whose evidence asks for least.
    let candidates = by.into_iter().filter_map(|by| {
        let reading = freshness::check(assessed.assessment().freshness_for(&by.role)?, assessed.tie());
        Some((by, reading))
    });
    let Some((by, mut reading)) = candidates.min_by_key(|(_, reading)| reading.rank()) else {
        return Admission::denied(ruled_out(), None);
    };
    let mut rule = by.rule;
    if reading.needs_break_glass() && action != Action::BreakGlass {
        // The limits allow an override of old evidence; whether this person may have it is the policy's to say.
        let only = Ask { roles: core::slice::from_ref(&by.role), ..*ask };
        match policy.break_glass(&only) {
            Ruling::Permit { by, .. } => rule = by.into_iter().next().map_or(rule, |by| by.rule),
            Ruling::Deny { .. } => reading = reading.without_break_glass(),
            failed @ (Ruling::Error { .. } | Ruling::Expired { .. }) => return Admission::refused(failed),
        }
    }
    let mut admission = Admission { reasons: reading.reasons, steps: reading.steps, ..Admission::default() };
    match action {
        Action::Admit => {}
        Action::AdmitTwoPerson => {
            admission.reasons.push(Reason::new(ReasonCode::TwoPerson, format!("rule {rule}")));
            admission.steps.push(Step::SecondPerson);
        }
        Action::BreakGlass => {
            admission.reasons.push(Reason::new(ReasonCode::BreakGlass, format!("rule {rule}")));
            admission.steps.push(Step::BreakGlass);
        }
        // It is asked about cards alone; about a holder it permits nothing.
        Action::AdmitCard => return Admission::denied(ruled_out(), Some(rule)),
    }
    admission.rule = Some(rule.clone());
    admission.role = Some(by.role.clone());
    admission.markers = reading.marker.map(|fresh| (Permitted { role: by.role, rule, _act: assessed.tie() }, fresh));
    admission
}

/// Returns the reason that no role on the credential can be decided about.
pub(crate) fn ruled_out() -> Reason {
    Reason::from(ReasonCode::RoleMissing)
}

/// Returns the reason of a ruling that permits nothing, and its rule.
pub(crate) fn refusal(ruling: Ruling) -> (Reason, Option<String>) {
    match ruling {
        Ruling::Error { rule } => (Reason::new(ReasonCode::PolicyError, format!("rule {rule} could not be evaluated")), Some(rule)),
        Ruling::Expired { at } => (Reason::new(ReasonCode::PolicyExpired, format!("ended {at}")), None),
        Ruling::Deny { rule: Some(rule) } => (Reason::new(ReasonCode::PolicyDenied, format!("rule {rule} forbids it")), Some(rule)),
        Ruling::Deny { rule: None } | Ruling::Permit { .. } => (Reason::new(ReasonCode::PolicyDenied, "no rule permits it"), None),
    }
}
