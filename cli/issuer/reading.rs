//! A paper in words, for the person who is asked to sign it.

use crate::words;
use waypass_credential::role::{CARD, Scope};
use waypass_issuer::ceremony::{CeremonyError, Paper, PaperPart, Quorum, Reading};
use waypass_trust::bundle::{Authority, Digest, KeyRecord, MOST_TRIES, Policy, RootPart, TargetsPart, USUAL_DELAYS, Unlocking, VaultRules};

pub(super) const fn name(part: PaperPart) -> &'static str {
    match part {
        PaperPart::Root => "root",
        PaperPart::Targets => "targets",
    }
}

/// Everything a signature would stand for; the number is the same on every machine that is asked to sign the same.
pub(super) fn words(paper: &Paper) -> Result<Vec<String>, CeremonyError> {
    let mut lines = match paper.read()? {
        Reading::Root(part) => root(&part),
        Reading::Targets(part) => targets(&part),
    };
    lines.push(format!("compare with the others who sign: {}", paper.digest()?));
    Ok(lines)
}

fn root(part: &RootPart) -> Vec<String> {
    let mut lines = vec![format!(
        "You are asked to sign root {}: who may sign for this site, from {} to {}",
        part.version,
        words::when(part.issued_at),
        words::when(part.expires_at)
    )];
    let roles = &part.roles;
    for (what, role) in [
        ("the next root", &roles.root),
        ("issuers, gates and rules (targets)", &roles.targets),
        ("which versions belong together (snapshot)", &roles.snapshot),
        ("how fresh it is (timestamp)", &roles.timestamp),
    ] {
        lines.push(format!("  {what}: {}", of(role)));
        lines.extend(role.keys.iter().map(|key| format!("    {}", key.to_multikey())));
    }
    lines
}

fn of(role: &Quorum) -> String {
    format!("{} of {} must sign", role.threshold, role.keys.len())
}

/// Returns the changes between the targets in effect and those wanted, line by line.
pub(super) fn difference(before: &TargetsPart, after: &TargetsPart) -> Vec<String> {
    let (before, after) = (content(before), content(after));
    let gone = before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {}", line.trim_start()));
    let new = after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {}", line.trim_start()));
    gone.chain(new).collect()
}

fn targets(part: &TargetsPart) -> Vec<String> {
    let mut lines = vec![format!(
        "You are asked to sign targets {}: whom this site believes, from {} to {}",
        part.version,
        words::when(part.issued_at),
        words::when(part.expires_at)
    )];
    lines.extend(content(part));
    lines
}

fn content(part: &TargetsPart) -> Vec<String> {
    let mut lines = Vec::new();
    lines.push(format!("{} issuer(s)", part.authorities.len()));
    for authority in &part.authorities {
        lines.extend(limits(authority).iter().map(|line| format!("  {line}")));
        // A key id is a name; what would be believed is the key.
        let key = |record: &KeyRecord| format!("    {} for {}, {}", record.key.to_multikey(), word(&record.key_use), word(&record.state));
        lines.extend(authority.keys.iter().map(key));
    }
    lines.push(format!("{} gate(s)", part.gates.len()));
    for gate in &part.gates {
        let hours = gate.time_zone.as_ref().map_or_else(String::new, |name| format!(", time zone {name}"));
        lines.push(format!("  {} (site {}, zone {}{hours}) until {}", gate.name, gate.site, gate.zone, words::when(gate.not_after)));
        lines.push(format!("    {}", gate.id));
    }
    lines.extend(part.contexts.iter().map(|context| format!("  context {} with SHA-256 {}", context.id, context.sha256)));
    lines.extend(policy(&part.policy));
    lines
}

/// Returns the issuer that is to be believed.
pub(super) fn limits(authority: &Authority) -> Vec<String> {
    let sites = if Scope::is_everywhere(&authority.sites) { "every site".to_owned() } else { words::list(&authority.sites) };
    let mut lines = vec![format!(
        "{}: {} for {sites}, each for at most {}",
        authority.name,
        words::list(&authority.roles),
        words::span(i64::try_from(authority.max_validity_seconds).unwrap_or(i64::MAX))
    )];
    if authority.types.iter().any(|kind| kind == CARD) {
        lines.push("  makes cards, for people without a wallet".to_owned());
    }
    lines.extend(authority.keys.iter().map(|key| format!("  key          {}", key.kid)));
    lines.extend(authority.status_uris.iter().map(|list| format!("  status list  {}", list.uri)));
    lines
}

fn policy(policy: &Policy) -> Vec<String> {
    let mut lines = vec![format!(
        "rules {}: {} line(s), SHA-256 of their text {}",
        policy.version,
        policy.cedar.lines().count(),
        Digest::of(policy.cedar.as_bytes())
    )];
    for limit in &policy.limits {
        let span = |seconds| words::span(i64::try_from(seconds).unwrap_or(i64::MAX));
        let who = if Scope::of(&limit.role) == Scope::Any { "every other role".to_owned() } else { limit.role.clone() };
        lines.push(format!(
            "  {who}: lists are current for {}, usable for {}; stale then {}, unknown then {}",
            span(limit.fresh_seconds),
            span(limit.stale_seconds),
            word(&limit.stale),
            word(&limit.unknown)
        ));
    }
    lines.push(format!("  a machine without a person may accept: {}", words::list(&policy.unattended_ok)));
    lines.push(format!(
        "  a gate doubts its clock after {} restarts or {} decisions without a signed time",
        policy.max_boots_without_signed_time, policy.max_decisions_without_signed_time
    ));
    lines.extend(policy.seen_again_seconds.map(|seen_again| {
        format!("  a credential that passes a gate again within {} is amber there", words::span(i64::from(seen_again.seconds())))
    }));
    if let Some(Unlocking { wallets, gates }) = &policy.unlocking {
        lines.extend([("wallet", wallets), ("gate", gates)].into_iter().filter_map(|(what, rules)| Some(opening(what, rules.as_ref()?))));
    }
    lines
}

/// Says what is asked of those who open a wallet or a gate.
fn opening(what: &str, rules: &VaultRules) -> String {
    let VaultRules {
        combinations,
        passphrase_characters,
        pin_digits,
        blocked,
        tries,
        delays,
        permanent,
        grace_seconds,
        officers,
        administrators,
        device,
        erased_after_tries,
    } = rules;
    let span = |seconds: u32| words::span(i64::from(seconds));
    let mut asked = Vec::new();
    if !combinations.is_empty() {
        let ways: Vec<String> = combinations.iter().map(|names| names.iter().map(word).collect::<Vec<_>>().join(" and ")).collect();
        asked.push(format!("opens with {}; what opens it otherwise goes on for {}", ways.join(", or with "), span(*grace_seconds)));
    }
    asked.extend(passphrase_characters.map(|least| format!("a new pass phrase has at least {least} characters")));
    asked.extend(pin_digits.map(|least| format!("a new PIN has at least {least} digits")));
    if !blocked.is_empty() {
        asked.push(format!("new pass phrases and PINs do not contain {}", words::list(blocked)));
    }
    let (tries, usual) = (tries.unwrap_or(MOST_TRIES), delays.is_empty());
    let waits: Vec<String> = if usual { &USUAL_DELAYS[..] } else { delays }
        .iter()
        .filter(|delay| delay.after < tries || !permanent)
        .map(|delay| format!("{} from wrong try {} on", span(delay.seconds), delay.after))
        .collect();
    asked.push(if waits.is_empty() {
        "no wait after a wrong try".to_owned()
    } else {
        format!("the next try waits {}", words::list(&waits))
    });
    asked.push(match (permanent, officers.is_empty()) {
        _ if *erased_after_tries => format!("after {tries} wrong tries it is erased"),
        (true, true) => format!("after {tries} wrong tries only a recovery code opens it"),
        (true, false) => format!("after {tries} wrong tries only a recovery code or two officers open it"),
        (false, _) => format!("after {tries} wrong tries each further one has the longest wait"),
    });
    if !officers.is_empty() {
        let names: Vec<&str> = officers.iter().map(|officer| officer.name.as_str()).collect();
        asked.push(format!("any two of {} can let in a person who wanted that", words::list(&names)));
    }
    asked.extend(administrators.as_ref().map(|role| format!("role {role} keeps the wallets of a shared device")));
    for (finding, consequence) in device.iter().flat_map(|device| &device.findings) {
        asked.push(format!("on a device with a finding of {}: {}", word(finding), word(consequence)));
    }
    format!("  a {what}: {}", asked.join("; "))
}

/// Returns an action under the name it has in the file.
fn word(action: &impl serde::Serialize) -> String {
    serde_json::to_value(action).ok().and_then(|value| value.as_str().map(|text| text.replace('_', " "))).unwrap_or_default()
}
