//! `waypass verifier ready`.

use super::aside;
use crate::exit::Outcome;
use crate::home::Role;
use crate::ready::{Args, Report};
use crate::{Run, gate, unlock, words};
use waypass_machine::clock;

pub(super) fn run(run: &Run, args: &Args) -> Outcome {
    let report = unlock::with(run, Role::Verifier, &args.open, |vault| {
        let gate = gate::opened(run, vault)?;
        let status = gate.status(&clock::read()).map_err(gate::failure)?;
        let identity = gate.identity();
        let mut report = Report::begin(run, (Role::Verifier, identity.name.clone()), args, status.at.at(), vault)?;
        if let Some(how) = &status.trust_tampering {
            report.already(how.to_string(), "bring the newest bundle of this site: waypass trust bundle FILE");
        }
        for found in &status.device_tampering {
            report.already(found, "look at it, then go on: waypass verifier acknowledge --by NAME");
        }
        if status.at.doubt().is_some() {
            let next = "compare it with a watch, set it if it is wrong, then synchronise, or: waypass verifier clock confirm --by NAME";
            report.already(format!("the clock: {}", words::clock(status.at.confidence())), next);
        }
        match (&status.bundle, status.enrolled_until) {
            (None, _) if status.trust_tampering.is_some() => {}
            (None, _) => report.already("it trusts no site yet", "pin one: waypass trust pin FILE --digest NUMBER"),
            (Some(_), None) => report.already("the site does not know this gate", "have it enrolled: waypass verifier enroll, then sync"),
            (Some(bundle), Some(until)) => {
                report.until(until, "its enrolment ends", "let the office publish: waypass issuer publish, then sync");
                for (role, horizon) in bundle.horizons(bundle.gate(&identity.id).as_ref()) {
                    report.until(horizon.until, format!("{} is too old to decide about {role}", horizon.binding), "waypass verifier sync");
                }
            }
        }
        if let Some(aside) = &status.aside {
            report.note(aside::words(aside));
        }
        if status.open_flags > 0 {
            report.note(format!("{} admission(s) that this gate would now refuse: waypass audit list --flagged", status.open_flags));
        }
        if status.lost_clock || !clock::runs_while_off() {
            report.note("no clock with a battery was found: after a power cut, set the clock before this gate is asked to decide");
        }
        Ok(report)
    })?;
    report.told(run)
}
