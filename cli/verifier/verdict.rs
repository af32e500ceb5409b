//! A verdict for a tired guard: one big line, then who, why, how old, and what to do now.

use crate::text::Text;
use crate::tone::{Tone, banner};
use crate::words;
use waypass_credential::role::Scope;
use waypass_trust::reason::{Level, Reason, ReasonCode};
use waypass_trust::time::Confidence;
use waypass_verifier::{Age, Decision, Evidence, Step, Verdict};

/// The big line fills this many columns.
const WIDTH: usize = 60;

pub(super) fn render(decision: &Decision) -> Vec<Text> {
    let (word, tone) = word(&decision.verdict);
    // Green needs no second word.
    let headline = if decision.level() == Level::Green { "" } else { decision.headline() };
    let mut lines = vec![Text::styled(banner(tone), format!("{:<WIDTH$}", format!("  {word}   {headline}")))];
    lines.extend(who(&decision.evidence).into_iter().map(Text::from));
    lines.push(Text::default());
    lines.extend(checks(decision));
    lines.push(Text::default());
    lines.extend(evidence(&decision.evidence).into_iter().map(Text::from));
    if let Verdict::Caution(step, _) = &decision.verdict {
        lines.push(format!("  extra step   {}", step_words(*step)).into());
    }
    lines.push(Text::from("  ").then_in(Tone::Strong, "now").then(format!("          {}", decision.next_action())));
    lines
}

const fn word(verdict: &Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Allow(_) => ("✔ ALLOW", Tone::Green),
        Verdict::Caution(..) => ("▲ CAUTION", Tone::Amber),
        Verdict::Deny => ("✖ DENY", Tone::Red),
        Verdict::CannotCheck => ("? CANNOT CHECK", Tone::Grey),
    }
}

fn who(evidence: &Evidence) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(who) = &evidence.who {
        lines.push(format!("  role         {}", if who.roles.is_empty() { "none shown".to_owned() } else { words::list(&who.roles) }));
        let places: Vec<String> = who
            .sites
            .iter()
            .chain(&who.zones)
            .map(|place| if Scope::of(place) == Scope::Any { "everywhere".to_owned() } else { place.clone() })
            .collect();
        lines.push(format!("  where        {}", words::list(&places)));
        for (name, value) in who.claims.iter() {
            let value = value.as_str().map_or_else(|| waypass_credential::json::to_string(value), str::to_owned);
            lines.push(format!("  {name:<12} {value}"));
        }
        lines.push(format!("  valid until  {}", words::when(who.valid_until)));
        lines.extend(words::not_acted_on(&who.not_acted_on));
    }
    if let Some(issuer) = &evidence.issuer_name {
        lines.push(format!("  issued by    {issuer}"));
    }
    lines
}

/// Returns the checks one by one: those that failed by their reason, the others as passed. Without a credential that could be
/// read, nothing was checked and nothing is claimed.
fn checks(decision: &Decision) -> Vec<Text> {
    let mut lines: Vec<Text> = decision.reasons.iter().filter(|reason| reason.code != ReasonCode::Ok).map(reason_line).collect();
    if decision.evidence.who.is_some() {
        let failed = |codes: &[ReasonCode]| decision.reasons.iter().any(|reason| codes.contains(&reason.code));
        for (text, codes) in CHECKS {
            if !failed(codes) {
                lines.push(Text::from("  ").then_in(Tone::Green, "✔").then(format!(" {text}")));
            }
        }
    }
    lines
}

/// A check in the guard's words, and the reasons that say it failed. Listed only once the credential was assessed, so that
/// signature and issuer hold whenever this is shown.
const CHECKS: [(&str, &[ReasonCode]); 7] = [
    (
        "genuine, and the issuer may say it",
        &[ReasonCode::BadSignature, ReasonCode::UntrustedIssuer, ReasonCode::IssuerNotAuthorised, ReasonCode::KeyCompromised],
    ),
    ("within its dates", &[ReasonCode::Expired, ReasonCode::NotYetValid]),
    (
        "not withdrawn, as far as this gate knows",
        &[ReasonCode::Revoked, ReasonCode::Suspended, ReasonCode::StatusUnknown, ReasonCode::DataTooOld],
    ),
    ("presented by the device it was issued to", UNANSWERED),
    (
        "answers this gate's question, just now",
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
        "shows what was asked for",
        &[
            ReasonCode::BearerPass,
            ReasonCode::HolderBindingFailed,
            ReasonCode::Malformed,
            ReasonCode::NonceMismatch,
            ReasonCode::WrongAudience,
            ReasonCode::RoleMissing,
        ],
    ),
    (
        "allowed here by the site's rules",
        &[ReasonCode::PolicyDenied, ReasonCode::PolicyExpired, ReasonCode::PolicyError, ReasonCode::RoleMissing],
    ),
];

/// The holder's device did not answer this gate: a credential that somebody brought in a file answers nothing and shows nothing, and
/// nor does a card.
const UNANSWERED: &[ReasonCode] =
    &[ReasonCode::BearerPass, ReasonCode::HolderBindingFailed, ReasonCode::Malformed, ReasonCode::NonceMismatch, ReasonCode::WrongAudience];

fn reason_line(reason: &Reason) -> Text {
    let (mark, tone) = match reason.code.level() {
        Level::Green => ("✔", Tone::Green),
        Level::Amber => ("▲", Tone::Amber),
        Level::Red => ("✖", Tone::Red),
        Level::Grey => ("?", Tone::Grey),
    };
    let detail = if reason.detail.is_empty() { String::new() } else { format!(" ({})", words::with_local_times(&reason.detail)) };
    Text::from("  ")
        .then_in(tone, mark)
        .then(format!(" {}{detail} ", reason.code.meaning().trim_end_matches('.')))
        .then_in(Tone::Quiet, format!("[{}]", reason.code.as_str()))
}

fn evidence(evidence: &Evidence) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, age) in [("revocation list", evidence.revocation), ("trust bundle", evidence.trust), ("rules", evidence.policy)] {
        if let Some(age) = age {
            lines.push(age_words(name, age));
        }
    }
    let mut lines = if lines.is_empty() { lines } else { vec![format!("  evidence     {}", lines.join(", "))] };
    if let Some(rule) = &evidence.rule {
        lines.push(format!("  rule         {rule}"));
    }
    if let Some(clock @ (Confidence::Low | Confidence::Suspect | Confidence::Doubt(_))) = evidence.clock {
        lines.push(format!("  clock        {}", words::clock(clock)));
    }
    if let Some(horizon) = &evidence.works_offline_until {
        let until = words::until(horizon.until, evidence.decided_at.unwrap_or(horizon.until));
        let works = if until.starts_with("until") { "works for this role " } else { "" };
        lines.push(format!("  offline      {works}{until} ({})", horizon.binding));
    }
    lines
}

fn age_words(name: &str, age: Age) -> String {
    match age.seconds {
        Some(seconds) => format!("{name} {} old", words::span(seconds)),
        None => format!("{name} of {}", words::when(age.as_of)),
    }
}

const fn step_words(step: Step) -> &'static str {
    match step {
        Step::Confirm => "look, and confirm",
        Step::Identity => "check who the person is, and write down how",
        Step::Override => "decide yourself; it is written down as an override",
        Step::Escort => "somebody of the site stays with the person",
        Step::SecondPerson => "a second guard must agree",
        Step::BreakGlass => "emergency only; it is written down and reviewed",
    }
}
