//! `waypass verifier acknowledge`: a person has looked at what was found changed.

use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::gate::failure;
use crate::unlock::OpenArgs;
use serde_json::json;
use waypass_machine::{SystemRng, clock};

/// Arguments of `verifier acknowledge`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Person who looked; it goes into the log
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    if args.by.trim().is_empty() {
        return Err(Failure::usage("nobody is named", "say who looked: --by NAME"));
    }
    let done = super::with(session, &args.open, |gate| gate.acknowledge(&args.by, &clock::read(), &mut SystemRng).map_err(failure))?;
    session.out.json(&json!({ "schema": "waypass.acknowledged/1", "findings": done.findings, "new_state": done.new_state }))?;
    for finding in &done.findings {
        session.out.words(&format!("acknowledged: {finding}"));
    }
    if done.findings.is_empty() {
        session.out.words("nothing was found changed");
    }
    if done.new_state {
        session.out.note("the gate begins with a new state; every question it had asked is void");
    }
    Ok(Exit::Done)
}
