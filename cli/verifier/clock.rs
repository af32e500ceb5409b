//! `waypass verifier clock`: a person's word for the clock.

use super::failure;
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::{secret, words};
use serde_json::json;
use waypass_vault::{SystemRng, clock};

/// What to do about the clock.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Say that the clock is right, after comparing it with a watch
    Confirm(Args),
}

/// Arguments of `verifier clock confirm`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Who compared it; it goes into the log
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Do not ask: the clock was compared
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(session: &Session, verb: &Verb) -> Outcome {
    let Verb::Confirm(args) = verb;
    if args.by.trim().is_empty() {
        return Err(Failure::usage("nobody is named", "say who compared the clock: --by NAME"));
    }
    session.out.note(&format!("this device's clock says {}", words::when(clock::read().wall)));
    if !args.yes && !secret::confirm(session.input, "Does a watch say the same?", "--yes")? {
        return Err(secret::declined("the clock was not confirmed: set it with your system's own tool"));
    }
    // Read after the answer: people take their time.
    let reading = super::with(session, &args.open, |gate| {
        let reading = clock::read();
        gate.confirm_clock(&args.by, &reading, &mut SystemRng).map_err(failure).map(|()| reading)
    })?;
    session.out.json(&json!({ "schema": "waypass.clock/1", "confirmed_at": reading.wall.unix() }))?;
    session.out.words("confirmed; the verdicts of this gate are amber until a bundle brings newer signed time");
    Ok(Exit::Done)
}
