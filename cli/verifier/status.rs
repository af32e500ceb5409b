//! `waypass verifier status`: what the gate knows, how old that is, and until when it works offline.

use super::aside;
use crate::Run;
use crate::exit::{Exit, Outcome};
use crate::gate::failure;
use crate::home::Role;
use crate::unlock::OpenArgs;
use crate::{session, site_rules, words};
use serde_json::json;
use waypass_credential::time::{Timestamp, Validity};
use waypass_gate::{Decides, Status};
use waypass_machine::clock;
use waypass_trust::bundle::OfflineHorizon;
use waypass_trust::status::TakenBack;

/// Arguments of `verifier status`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let standing = session::standing(run, Role::Verifier)?;
    super::with(run, &args.open, |device| {
        let gate = device.identity();
        let status = device.status(&clock::read()).map_err(failure)?;
        let age = status.bundle.as_ref().map(|bundle| status.at.at().since(bundle.issued_at()));
        let decides = status.decides();
        let tampering = status.trust_tampering.as_ref().map(ToString::to_string);
        run.out.json(&json!({
            "schema": "waypass.gate-status/1", "id": gate.id, "name": gate.name, "site": gate.site, "zone": gate.zone,
            "enrolled": status.enrolled_until.is_some(), "clock": status.at.confidence().as_str(), "records": status.records, "open_flags": status.open_flags,
            "trust_age_seconds": age, "trust_tampered": tampering, "device_tampered": status.device_tampering,
            "session": standing.as_ref().map(session::document), "lost_clock": status.lost_clock, "kept_aside": status.aside.as_ref().map(aside::document),
            "decides": matches!(decides, Decides::AboutAll | Decides::AboutSome), "decides_about_every_role": decides == Decides::AboutAll,
            "works_offline_until": status.horizon.as_ref().map(|(_, horizon)| horizon.until.unix()),
            "enrolled_until": status.enrolled_until.map(Timestamp::unix),
            "binding": status.horizon.as_ref().map(|(role, horizon)| binding(role, horizon)),
        }))?;
        let out = run.out;
        out.words([format!("{} (site {}, zone {})", gate.name, gate.site, gate.zone), format!("  {}", gate.id)]);
        out.words(&format!("  trust    {}", trust(&status, age)));
        if let Some(standing) = &standing {
            out.words(&session::line(standing));
        }
        if let Some((role, horizon)) = &status.horizon {
            out.words(&format!("  offline  {}", offline(role, horizon, status.at.at())));
        }
        if let Some(found) = &status.forbidden {
            site_rules::warn(run, Role::Verifier, found, status.at.at());
        }
        match decides {
            Decides::NoLonger if status.at.doubt().is_some() => {
                out.words(
                    "  DECIDES  about nobody while its clock is in doubt: compare it with a watch, set it if it is wrong, then synchronise",
                );
            }
            Decides::NoLonger => out.words("  DECIDES  about nobody any more: bring newer data (waypass verifier sync)"),
            Decides::Forbidden => out.words("  DECIDES  about nobody: the rules of the site forbid how this gate opens"),
            Decides::AboutSome => out.words("  DECIDES  about some roles only: its data is too old for the others (waypass verifier sync)"),
            Decides::NotYet if age.is_none() => {
                out.words("  DECIDES  about nobody yet: bring the site's bundle (waypass trust pin FILE --digest NUMBER)");
            }
            Decides::NotYet => out.words("  DECIDES  about nobody yet: have it enrolled (waypass verifier enroll), then sync"),
            Decides::AboutAll => {}
        }
        out.words(&format!("  clock    {}", words::clock(status.at.confidence())));
        if status.lost_clock {
            out.words("           it had lost the time when this device was started: it has no battery, or an empty one");
        }
        if let Some(aside) = &status.aside {
            out.words(&format!("  ASIDE    {}", aside::words(aside)));
            out.note(aside::NEXT);
        }
        out.words(&format!("  log      {} record(s)", status.records));
        let taken_back = device.taken_back().unwrap_or_default();
        warn_of_taken_back(run, &taken_back);
        if status.open_flags > 0 {
            out.words(&format!(
                "  flags    {} admission(s) that this gate would now refuse: waypass audit list --flagged",
                status.open_flags
            ));
        }
        for found in &status.device_tampering {
            out.words(&format!("  FOUND    {found}"));
        }
        if !status.device_tampering.is_empty() {
            out.note("this gate decides about nobody until a person has looked: waypass verifier acknowledge --by YOUR-NAME");
        }
        let tampered = tampering.is_some() || !status.device_tampering.is_empty();
        Ok(match decides {
            _ if tampered => Exit::Tamper,
            Decides::NoLonger | Decides::NotYet | Decides::Forbidden => Exit::Grey,
            Decides::AboutSome => Exit::Amber,
            Decides::AboutAll => Exit::Done,
        })
    })
}

fn offline(role: &str, horizon: &OfflineHorizon, now: Timestamp) -> String {
    let until = words::until(horizon.until, now);
    if Validity::ending(horizon.until).is_over(now) {
        format!("{until}; what ended then: {}", binding(role, horizon))
    } else {
        format!("works for every role {until}; what ends then: {}", binding(role, horizon))
    }
}

/// Says which final revocations the newest lists take back: nothing happens to them, but somebody must ask the issuer.
pub(super) fn warn_of_taken_back(run: &Run, taken_back: &[TakenBack]) {
    for found in taken_back {
        run.out.warn(&format!("{found}; ask the issuer, whose records may be an old copy"));
    }
}

fn trust(status: &Status, age: Option<i64>) -> String {
    if let Some(how) = &status.trust_tampering {
        return format!("CHANGED: {how}; bring the newest bundle: waypass trust bundle FILE");
    }
    let Some(age) = age else { return "none".to_owned() };
    let old = words::span(age);
    match (status.enrolled_until, status.was_enrolled_until) {
        (Some(until), _) if !Validity::ending(until).is_over(status.at.at()) => format!("{old} old; enrolled until {}", words::when(until)),
        (Some(until), _) => format!("{old} old; its enrolment {}", words::until(until, status.at.at())),
        (None, Some(_)) => format!("{old} old; the site ENDED the enrolment of this gate: it decides about nobody"),
        (None, None) => {
            format!("{old} old, but this gate is not in it")
        }
    }
}

fn binding(role: &str, horizon: &OfflineHorizon) -> String {
    format!("{} (role {role})", horizon.binding)
}
