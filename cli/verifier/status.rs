//! `waypass verifier status`: what the gate knows, how old that is, and until when it works offline.

use super::device;
use crate::Session;
use crate::exit::{Exit, Outcome};
use crate::unlock::OpenArgs;
use crate::{trust, words};
use serde_json::json;
use waypass_trust::bundle::OfflineHorizon;
use waypass_trust::time::{Limits, TimeGuard};
use waypass_vault::clock;

/// Arguments of `verifier status`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    let bundle = trust::bundle(session)?;
    device::with(session, &args.open, |device| {
        let gate = &device.identity;
        let state = device.state()?;
        let reading = clock::read();
        let limits = bundle.as_ref().map_or_else(Limits::default, |bundle| {
            let policy = bundle.policy();
            Limits { boots: policy.max_boots_without_signed_time, decisions: policy.max_decisions_without_signed_time }
        });
        let (at, _) = TimeGuard::observe(&state.time, &reading, &limits);
        let enrolled = bundle.as_ref().and_then(|bundle| bundle.gate(&gate.id));
        // The role with the tightest limits decides until when everybody can be checked.
        let horizon = bundle.as_ref().and_then(|bundle| {
            let roles = bundle.authorities().iter().flat_map(|authority| &authority.roles);
            roles.map(|role| (role, bundle.works_offline_until(role, enrolled))).min_by_key(|(_, horizon)| horizon.until)
        });
        session.out.json(&json!({
            "schema": "waypass.gate-status/1", "id": gate.id, "name": gate.name, "site": gate.site, "zone": gate.zone,
            "enrolled": enrolled.is_some(), "clock": at.confidence().as_str(), "records": state.chain.size(),
            "trust_age_seconds": bundle.as_ref().map(|bundle| at.at().since(bundle.issued_at())),
            "works_offline_until": horizon.as_ref().map(|(_, horizon)| words::when(horizon.until)),
            "binding": horizon.as_ref().map(|(role, horizon)| binding(role, horizon)),
        }))?;
        let out = session.out;
        out.words(&format!("{} (site {}, zone {})\n  {}", gate.name, gate.site, gate.zone, gate.id));
        match (&bundle, enrolled) {
            (None, _) => out.words("  trust    none: this gate can decide about nobody yet (waypass trust pin FILE)"),
            (Some(_), None) => out.words("  trust    held, but this gate is not in it: enrol it, or wallets will call it unknown"),
            (Some(bundle), Some(entry)) => out.words(&format!(
                "  trust    {} old; enrolled until {}",
                words::span(at.at().since(bundle.issued_at())),
                words::when(entry.not_after)
            )),
        }
        if let Some((role, horizon)) = &horizon {
            out.words(&format!(
                "  offline  works for every role until {}; what ends then: {}",
                words::when(horizon.until),
                binding(role, horizon)
            ));
        }
        out.words(&format!("  clock    {}", words::clock(at.confidence())));
        out.words(&format!("  log      {} record(s)", state.chain.size()));
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn binding(role: &str, horizon: &OfflineHorizon) -> String {
    format!("{} (role {})", horizon.binding, words::safe(role))
}
