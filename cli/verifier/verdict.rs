//! A verdict for a tired guard: one big line, then who, why, how old, and what to do now.

use crate::output::{Tone, banner, paint};
use crate::words;
use waypass_trust::reason::{Level, Reason, ReasonCode};
use waypass_trust::time::Confidence;
use waypass_verifier::{Age, Decision, Evidence, Step, Verdict};

/// The big line fills this many columns.
const WIDTH: usize = 60;

pub(super) fn render(decision: &Decision) -> String {
    let (word, tone) = word(&decision.verdict);
    let big = banner(tone);
    // Green needs no second word.
    let headline = if decision.level() == Level::Green { "" } else { decision.headline() };
    let mut lines = vec![format!("{big}{:<WIDTH$}{big:#}", format!("  {word}   {headline}"))];
    lines.extend(who(&decision.evidence));
    lines.push(String::new());
    lines.extend(checks(decision));
    lines.push(String::new());
    lines.extend(evidence(&decision.evidence));
    let strong = paint(Tone::Strong);
    if let Verdict::Caution(step) = decision.verdict {
        lines.push(format!("  extra step   {}", step_words(step)));
    }
    lines.push(format!("  {strong}now{strong:#}          {}", decision.next_action()));
    lines.join("\n")
}

const fn word(verdict: &Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Allow(_) => ("✔ ALLOW", Tone::Green),
        Verdict::Caution(_) => ("▲ CAUTION", Tone::Amber),
        Verdict::Deny => ("✖ DENY", Tone::Red),
        Verdict::CannotCheck => ("? CANNOT CHECK", Tone::Grey),
    }
}

fn who(evidence: &Evidence) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(who) = &evidence.who {
        let roles: Vec<String> = who.roles.iter().map(|role| words::safe(role)).collect();
        lines.push(format!("  role         {}", if roles.is_empty() { "none shown".to_owned() } else { words::list(&roles) }));
        let places: Vec<String> = who
            .sites
            .iter()
            .chain(&who.zones)
            .map(|place| if place == "*" { "everywhere".to_owned() } else { words::safe(place) })
            .collect();
        lines.push(format!("  where        {}", words::list(&places)));
        for (name, value) in who.claims.iter() {
            let value = value.as_str().map_or_else(|| waypass_credential::json::to_string(value), str::to_owned);
            lines.push(format!("  {:<12} {}", words::safe(name), words::safe(&value)));
        }
        lines.push(format!("  valid until  {}", words::when(who.valid_until)));
    }
    if let Some(issuer) = &evidence.issuer_name {
        lines.push(format!("  issued by    {}", words::safe(issuer)));
    }
    lines
}

/// The checks one by one: those that failed by their reason, the others as passed. Without a credential that could be
/// read, nothing was checked and nothing is claimed.
fn checks(decision: &Decision) -> Vec<String> {
    let mut lines: Vec<String> = decision.reasons.iter().filter(|reason| reason.code != ReasonCode::Ok).map(reason_line).collect();
    let good = paint(Tone::Green);
    if decision.evidence.who.is_some() {
        let failed = |codes: &[ReasonCode]| decision.reasons.iter().any(|reason| codes.contains(&reason.code));
        for (text, codes) in CHECKS {
            if !failed(codes) {
                lines.push(format!("  {good}✔{good:#} {text}"));
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
        ],
    ),
    (
        "shows what was asked for",
        &[
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

/// The holder's device did not answer this gate: a credential that somebody brought in a file answers nothing and shows nothing.
const UNANSWERED: &[ReasonCode] =
    &[ReasonCode::HolderBindingFailed, ReasonCode::Malformed, ReasonCode::NonceMismatch, ReasonCode::WrongAudience];

fn reason_line(reason: &Reason) -> String {
    let (mark, tone) = match reason.code.level() {
        Level::Green => ("✔", Tone::Green),
        Level::Amber => ("▲", Tone::Amber),
        Level::Red => ("✖", Tone::Red),
        Level::Grey => ("?", Tone::Grey),
    };
    let style = paint(tone);
    let quiet = paint(Tone::Quiet);
    let detail = if reason.detail.is_empty() { String::new() } else { format!(" ({})", words::safe(&reason.detail)) };
    format!("  {style}{mark}{style:#} {}{detail} {quiet}[{}]{quiet:#}", reason.code.meaning().trim_end_matches('.'), reason.code.as_str())
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
        lines.push(format!("  rule         {}", words::safe(rule)));
    }
    if let Some(clock @ (Confidence::Low | Confidence::Doubt(_))) = evidence.clock {
        lines.push(format!("  clock        {}", words::clock(clock)));
    }
    if let Some(horizon) = &evidence.works_offline_until {
        lines.push(format!("  offline      works for this role until {} ({})", words::when(horizon.until), horizon.binding));
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
        Step::Override => "decide yourself; it is written down as an override",
        Step::Escort => "somebody of the site stays with the person",
        Step::SecondPerson => "a second guard must agree",
        Step::BreakGlass => "emergency only; it is written down and reviewed",
    }
}
