//! A verdict for a tired guard: one big word, then who, why, how old, and what to do now.

use crate::message::{Evidence, Message, Plain, Side};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use waypass_credential::Format;
use waypass_credential::json;
use waypass_credential::role::Scope;
use waypass_trust::reason::{Level, Reason, ReasonCode};
use waypass_trust::time::Confidence;
use waypass_verifier::{Age, Decision, Verdict};

/// A verdict as messages. Only a decision makes one, so that nothing but a green decision is ever drawn green.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerdictView {
    level: Level,
    /// The big word.
    pub word: Message,
    /// Two or three words more; green needs none.
    pub headline: Option<Message>,
    /// The claims of an assessed credential, and its issuer.
    pub who: Vec<Fact>,
    /// Every check that failed, then those that passed.
    pub checks: Vec<Checked>,
    /// The age of the evidence, and what else the decision rests on.
    pub evidence: Vec<Fact>,
    /// The actions that are due now, in order.
    pub next: Vec<Message>,
    /// True if the presentation answered a question of this gate.
    pub(crate) is_answer: bool,
}

/// A label and what it names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// The label.
    pub label: Message,
    /// The value.
    pub value: Message,
}

/// A check and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Green if it passed.
    pub level: Level,
    /// The check, or what is wrong.
    pub what: Message,
    /// The fact behind it, for the log; may be empty. In English, with times as RFC 3339.
    pub detail: String,
    /// The stable code of a check that failed.
    pub code: Option<ReasonCode>,
}

impl VerdictView {
    /// Returns the view of a decision.
    pub fn of(decision: &Decision) -> Self {
        let level = decision.level();
        // Green needs no second word.
        let first = decision.reasons.first().filter(|_| level != Level::Green);
        Self {
            level,
            word: Message::word(level),
            headline: first.map(|reason| Message::Reason(reason.code, Side::Headline)),
            who: who(decision),
            checks: checks(decision),
            evidence: evidence(decision),
            next: next(decision),
            is_answer: decision.evidence.challenge.is_some(),
        }
    }

    /// Returns the level of the decision.
    pub const fn level(&self) -> Level {
        self.level
    }
}

fn fact(label: Plain, value: impl Into<Message>) -> Fact {
    Fact { label: label.into(), value: value.into() }
}

fn texts<T: AsRef<str>>(texts: &[T]) -> Vec<Message> {
    texts.iter().map(|text| Message::Text(text.as_ref().to_owned())).collect()
}

fn who(decision: &Decision) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(who) = &decision.evidence.who {
        facts.push(fact(Plain::Role, if who.roles.is_empty() { Plain::NoRole.into() } else { Message::List(texts(&who.roles)) }));
        let place = |place: &String| if Scope::of(place) == Scope::Any { Plain::Everywhere.into() } else { Message::Text(place.clone()) };
        facts.push(fact(Plain::Where, Message::List(who.sites.iter().chain(&who.zones).map(place).collect())));
        for (name, value) in who.claims.iter() {
            let value = value.as_str().map_or_else(|| json::to_string(value), ToOwned::to_owned);
            facts.push(Fact { label: Message::Text((*name).into()), value: Message::Text(value) });
        }
        facts.push(fact(Plain::ValidUntil, Message::Date(who.valid_until)));
        if !who.not_acted_on.is_empty() {
            facts.push(fact(Plain::AlsoSays, Message::NotChecked(texts(&who.not_acted_on))));
        }
    }
    facts.extend(decision.evidence.issuer_name.iter().map(|issuer| fact(Plain::IssuedBy, Message::Text(issuer.clone()))));
    facts
}

/// Returns the checks one by one: those that failed by their reason, the others as passed. Without a credential that could be
/// read, nothing was checked and nothing is claimed.
fn checks(decision: &Decision) -> Vec<Checked> {
    let failed = decision.reasons.iter().filter(|reason| reason.code != ReasonCode::Ok);
    let mut lines: Vec<Checked> = failed.map(of_reason).collect();
    if let Some(who) = &decision.evidence.who {
        // A card answers nothing, whatever else is said of it.
        let is_card = who.format == Format::Card;
        let failed = |codes: &[ReasonCode]| {
            is_card && codes.contains(&ReasonCode::BearerPass) || decision.reasons.iter().any(|reason| codes.contains(&reason.code))
        };
        let passed = CHECKS.iter().filter(|(_, codes)| !failed(codes));
        lines.extend(passed.map(|(what, _)| Checked { level: Level::Green, what: (*what).into(), detail: String::new(), code: None }));
    }
    lines
}

fn of_reason(reason: &Reason) -> Checked {
    Checked {
        level: reason.code.level(),
        what: Message::Reason(reason.code, Side::Meaning),
        detail: reason.detail.clone(),
        code: Some(reason.code),
    }
}

/// A check in the guard's words, and the reasons that say it failed. Listed only once the credential was assessed, so that
/// signature and issuer hold whenever this is shown.
const CHECKS: [(Plain, &[ReasonCode]); 7] = [
    (Plain::Genuine, &[ReasonCode::BadSignature, ReasonCode::UntrustedIssuer, ReasonCode::IssuerNotAuthorised, ReasonCode::KeyCompromised]),
    (Plain::WithinDates, &[ReasonCode::Expired, ReasonCode::NotYetValid]),
    (Plain::NotWithdrawn, &[ReasonCode::Revoked, ReasonCode::Suspended, ReasonCode::StatusUnknown, ReasonCode::DataTooOld]),
    (Plain::OwnDevice, UNANSWERED),
    (
        Plain::AnswersQuestion,
        &[
            ReasonCode::HolderBindingFailed,
            ReasonCode::Malformed,
            ReasonCode::ChallengeExpired,
            ReasonCode::Replayed,
            ReasonCode::NonceMismatch,
            ReasonCode::WrongAudience,
            ReasonCode::BearerPass,
        ],
    ),
    (
        Plain::ShowsAsked,
        &[
            ReasonCode::BearerPass,
            ReasonCode::HolderBindingFailed,
            ReasonCode::Malformed,
            ReasonCode::NonceMismatch,
            ReasonCode::WrongAudience,
            ReasonCode::RoleMissing,
        ],
    ),
    (Plain::AllowedHere, &[ReasonCode::PolicyDenied, ReasonCode::PolicyExpired, ReasonCode::PolicyError, ReasonCode::RoleMissing]),
];

/// The holder's device did not answer this gate: a credential that somebody brought in a file answers nothing and shows nothing, and
/// nor does a card.
const UNANSWERED: &[ReasonCode] =
    &[ReasonCode::BearerPass, ReasonCode::HolderBindingFailed, ReasonCode::Malformed, ReasonCode::NonceMismatch, ReasonCode::WrongAudience];

fn evidence(decision: &Decision) -> Vec<Fact> {
    let evidence = &decision.evidence;
    let ages = [(Evidence::Revocation, evidence.revocation), (Evidence::Trust, evidence.trust), (Evidence::Rules, evidence.policy)];
    let ages: Vec<Message> = ages.into_iter().filter_map(|(what, age)| Some(aged(what, age?))).collect();
    let mut facts = Vec::new();
    if !ages.is_empty() {
        facts.push(fact(Plain::Evidence, Message::Row(ages)));
    }
    facts.extend(evidence.rule.iter().map(|rule| fact(Plain::Rule, Message::Text(rule.clone()))));
    if let Some(clock @ (Confidence::Low | Confidence::Suspect | Confidence::Doubt(_))) = evidence.clock {
        facts.push(fact(Plain::Clock, Message::Clock(clock)));
    }
    if let Some(horizon) = &evidence.works_offline_until {
        let (until, binding) = (horizon.until, horizon.binding.clone());
        let works = match evidence.decided_at {
            Some(now) if until > now => Message::Works { until, binding },
            now => Message::Ended { ago: now.map_or(0, |now| now.since(until)), at: until, binding },
        };
        facts.push(fact(Plain::Offline, works));
    }
    if let Verdict::Caution(step, _) = &decision.verdict {
        facts.push(fact(Plain::ExtraStep, Message::Step(*step)));
    }
    facts
}

fn aged(what: Evidence, age: Age) -> Message {
    age.seconds.map_or(Message::Dated(what, age.as_of), |seconds| Message::Aged(what, seconds))
}

/// Returns what the person at the gate does now, like [`Decision::next_action`]: no sentence twice.
fn next(decision: &Decision) -> Vec<Message> {
    let mut codes: Vec<ReasonCode> = Vec::new();
    for reason in decision.due() {
        if codes.iter().all(|code| code.next_action() != reason.code.next_action()) {
            codes.push(reason.code);
        }
    }
    codes.into_iter().map(|code| Message::Reason(code, Side::Next)).collect()
}
