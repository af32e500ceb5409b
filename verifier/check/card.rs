//! A card answers no question and nobody signs for it. So who brings it is a person's to find out, by the check that a rule names.

use super::freshness::{self, FreshEnough};
use super::role::{refusal, ruled_out};
use crate::act::{Assessed, Tie};
use crate::step::Step;
use alloc::{format, string::String, vec::Vec};
use waypass_credential::Format;
use waypass_credential::role::CARD;
use waypass_trust::policy::{Ask, GatePolicy, IdentityCheck, Permitted, Ruling};
use waypass_trust::reason::{Reason, ReasonCode};

/// Left behind by a credential that its issuer made as a card. No other credential leaves it, so nothing else gets by without a holder.
#[derive(Debug)]
pub(crate) struct IsCard<'act>(Tie<'act>);

/// Left behind by a rule that permits a card. It is not the mark of a rule that permits a holder.
#[derive(Debug)]
pub(crate) struct CardPermitted<'act> {
    /// The role that may act.
    pub(crate) role: String,
    /// The rule that permits it.
    pub(crate) rule: String,
    /// Only [`admit`] makes one.
    _act: Tie<'act>,
}

/// The answer of policy and age of evidence together.
#[derive(Debug, Default)]
pub(crate) struct CardAdmission<'act> {
    pub(crate) markers: Option<(CardPermitted<'act>, FreshEnough<'act>)>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) steps: Vec<Step>,
    /// The deciding rule, a `forbid` included.
    pub(crate) rule: Option<String>,
    /// The role decided about.
    pub(crate) role: Option<String>,
}

/// Checks the signed type: an ordinary credential without the proof of its holder is not a card.
pub(crate) fn check<'act>(assessed: &Assessed<'act, '_>) -> Result<IsCard<'act>, Reason> {
    let (format, role) = (assessed.presentation().credential().format(), assessed.assessment().role());
    if format != Format::Card || role.kind != CARD || role.holder.is_some() {
        return Err(Reason::new(ReasonCode::HolderBindingFailed, "nobody signed the presentation, and it is not a card"));
    }
    Ok(IsCard(assessed.tie()))
}

/// Asks the rules about a card. There is no override for cards: where the evidence asks for one, the card is refused.
pub(crate) fn admit<'act>(
    policy: &GatePolicy<'_>,
    ask: &Ask<'_>,
    assessed: &Assessed<'act, '_>,
    lapsed: Option<Reason>,
) -> CardAdmission<'act> {
    if let Some(lapsed) = lapsed {
        return CardAdmission { reasons: [lapsed].into(), ..CardAdmission::default() };
    }
    let by = match policy.card(ask) {
        Ruling::Permit { by, .. } => by,
        refused => {
            let (reason, rule) = refusal(refused);
            return CardAdmission { reasons: [reason].into(), rule, ..CardAdmission::default() };
        }
    };
    let candidates = by.into_iter().filter_map(|by| {
        let reading = freshness::check(assessed.assessment().freshness_for(&by.role)?, assessed.tie());
        Some((by, reading.without_break_glass_rule()))
    });
    let Some((by, reading)) = candidates.min_by_key(|(_, reading)| reading.rank()) else {
        return CardAdmission { reasons: [ruled_out()].into(), ..CardAdmission::default() };
    };
    let mut admission = CardAdmission { reasons: reading.reasons, steps: reading.steps, ..CardAdmission::default() };
    admission.rule = Some(by.rule.clone());
    admission.role = Some(by.role.clone());
    match identify(&by, assessed) {
        Ok((reasons, step)) => {
            admission.reasons.extend(reasons);
            admission.steps.push(step);
            let Permitted { role, rule, .. } = by;
            admission.markers = reading.marker.map(|fresh| (CardPermitted { role, rule, _act: assessed.tie() }, fresh));
        }
        Err(why) => admission.reasons.push(why),
    }
    admission
}

/// Returns the reasons and the step of the identity check that the rule names.
fn identify(by: &Permitted, assessed: &Assessed<'_, '_>) -> Result<(Vec<Reason>, Step), Reason> {
    let Permitted { rule, identity, .. } = by;
    match identity {
        Some(IdentityCheck::Document) if assessed.assessment().role().personal.member("document_ending").is_none() => {
            Err(Reason::new(ReasonCode::PolicyDenied, format!("rule {rule} asks for a document, and the card names none")))
        }
        Some(IdentityCheck::Document) => {
            let reason =
                Reason::new(ReasonCode::BearerPass, format!("rule {rule}: compare an identity document with name and document_ending"));
            Ok(([reason].into(), Step::Identity))
        }
        Some(IdentityCheck::Vouched) => {
            let who = format!("rule {rule}: somebody who knows the person says that it is them");
            Ok((
                [Reason::new(ReasonCode::BearerPass, who), Reason::new(ReasonCode::TwoPerson, format!("rule {rule}"))].into(),
                Step::SecondPerson,
            ))
        }
        None => Err(Reason::new(ReasonCode::PolicyError, format!("rule {rule} names no identity check"))),
    }
}
