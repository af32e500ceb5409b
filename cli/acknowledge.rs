//! `waypass ROLE acknowledge`: a person has looked at what a vault found changed, and the device goes on.

use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::{Run, gate};
use serde_json::json;
use waypass_trust::audit::Note;

/// Arguments of `acknowledge`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Person who looked; it is written down with what was found
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    open: OpenArgs,
}

/// The findings that a person has looked at, and what follows from that.
pub(crate) struct Acknowledged {
    /// The findings, a line each.
    pub(crate) findings: Vec<String>,
    /// True if a gate begins with a new state.
    pub(crate) new_state: bool,
    /// The consequence for this role, if anything was found.
    pub(crate) note: &'static str,
}

/// Has a role acknowledge what its vault found, and says what that was.
pub(crate) fn run(run: &Run, args: &Args, role: impl FnOnce(&OpenArgs, &Note) -> Result<Acknowledged, Failure>) -> Outcome {
    let looked = gate::note(&args.by, None, None)?;
    let done = role(&args.open, &looked)?;
    run.out.json(&json!({ "schema": "waypass.acknowledged/1", "findings": done.findings, "new_state": done.new_state }))?;
    for finding in &done.findings {
        run.out.words(&format!("acknowledged: {finding}"));
    }
    if done.findings.is_empty() {
        run.out.words("nothing was found changed");
    }
    if !done.note.is_empty() {
        run.out.note(done.note);
    }
    Ok(Exit::Done)
}
