//! `waypass verifier status`: what the gate knows, how old that is, and until when it works offline.

use super::failure;
use crate::Session;
use crate::exit::{Exit, Outcome};
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::json;
use waypass_gate::Status;
use waypass_trust::bundle::OfflineHorizon;
use waypass_vault::clock;

/// Arguments of `verifier status`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    super::with(session, &args.open, |device| {
        let gate = device.identity();
        let status = device.status(&clock::read()).map_err(failure)?;
        let age = status.bundle.as_ref().map(|bundle| status.at.at().since(bundle.issued_at()));
        let tampering = status.trust_tampering.as_ref().map(ToString::to_string);
        session.out.json(&json!({
            "schema": "waypass.gate-status/1", "id": gate.id, "name": gate.name, "site": gate.site, "zone": gate.zone,
            "enrolled": status.enrolled_until.is_some(), "clock": status.at.confidence().as_str(), "records": status.records,
            "trust_age_seconds": age, "trust_tampered": tampering, "device_tampered": status.device_tampering,
            "works_offline_until": status.horizon.as_ref().map(|(_, horizon)| words::when(horizon.until)),
            "binding": status.horizon.as_ref().map(|(role, horizon)| binding(role, horizon)),
        }))?;
        let out = session.out;
        out.words([format!("{} (site {}, zone {})", gate.name, gate.site, gate.zone), format!("  {}", gate.id)]);
        out.words(&format!("  trust    {}", trust(&status, age)));
        if let Some((role, horizon)) = &status.horizon {
            let until = words::when(horizon.until);
            out.words(&format!("  offline  works for every role until {until}; what ends then: {}", binding(role, horizon)));
        }
        out.words(&format!("  clock    {}", words::clock(status.at.confidence())));
        out.words(&format!("  log      {} record(s)", status.records));
        for found in &status.device_tampering {
            out.words(&format!("  FOUND    {found}"));
        }
        if !status.device_tampering.is_empty() {
            out.note("this gate decides about nobody until a person has looked: waypass verifier acknowledge --by YOUR-NAME");
        }
        let tampered = tampering.is_some() || !status.device_tampering.is_empty();
        Ok(if tampered { Exit::Tamper } else { Exit::Done })
    })
}

fn trust(status: &Status, age: Option<i64>) -> String {
    if let Some(how) = &status.trust_tampering {
        return format!("CHANGED: {how}; bring the newest bundle: waypass trust bundle FILE");
    }
    let Some(age) = age else { return "none: this gate can decide about nobody yet (waypass trust pin FILE)".to_owned() };
    let old = words::span(age);
    match (status.enrolled_until, status.was_enrolled_until) {
        (Some(until), _) => format!("{old} old; enrolled until {}", words::when(until)),
        (None, Some(_)) => format!("{old} old; the site ENDED the enrolment of this gate: it decides about nobody"),
        (None, None) => {
            format!("{old} old, but this gate is not in it: it decides about nobody until it is enrolled (waypass verifier enroll)")
        }
    }
}

fn binding(role: &str, horizon: &OfflineHorizon) -> String {
    format!("{} (role {role})", horizon.binding)
}
