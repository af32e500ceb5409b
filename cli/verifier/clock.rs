//! `waypass verifier clock`: a person's word for the clock.

use super::aside;
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::gate::{self, failure};
use crate::home::Role;
use crate::unlock::{self, OpenArgs};
use crate::{secret, words};
use serde_json::json;
use waypass_machine::{SystemRng, clock};

/// The advice about the clock.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Say that the clock is right, after comparing it with a watch
    Confirm(Args),
}

/// Arguments of `verifier clock confirm`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Person who compared it; it goes into the log
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Confirm the date of the bundle that is kept aside, instead of this device's clock
    #[arg(long)]
    kept_aside: bool,
    /// Do not ask: the clock was compared
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, verb: &Verb) -> Outcome {
    let Verb::Confirm(args) = verb;
    if args.by.trim().is_empty() {
        return Err(Failure::usage("nobody is named", "say who compared the clock: --by NAME"));
    }
    if args.kept_aside {
        return confirm_aside(run, args);
    }
    run.out.note(&format!("this device's clock says {}", words::when(clock::read().wall)));
    if !args.yes && !secret::confirm(run.input, "Does a watch say the same?", "--yes")? {
        return Err(secret::declined("the clock was not confirmed: set it with your system's own tool"));
    }
    // Read after the answer: people take their time.
    let reading = super::with(run, &args.open, |gate| {
        let reading = clock::read();
        gate.confirm_clock(&args.by, &reading, &mut SystemRng).map_err(failure).map(|()| reading)
    })?;
    run.out.json(&json!({ "schema": "waypass.clock/1", "confirmed_at": reading.wall.unix() }))?;
    run.out.words("confirmed; the verdicts of this gate are amber until a bundle brings newer signed time");
    Ok(Exit::Done)
}

/// The vault is opened twice: a person is asked in between, and nothing is locked while they think.
fn confirm_aside(run: &Run, args: &Args) -> Outcome {
    let vault = unlock::keep(run, Role::Verifier, &args.open)?;
    let waiting = gate::opened(run, &vault)?.settle_aside(&clock::read()).map_err(failure)?;
    let vault = vault.park();
    let none = || Failure::usage("no bundle is kept aside", "see what the gate knows: waypass verifier status");
    run.out.note(&aside::words(&waiting.ok_or_else(none)?));
    if !args.yes
        && !secret::confirm(
            run.input.while_open(Role::Verifier),
            "Is it really as late as the bundle says, by a watch or a calendar?",
            "--yes",
        )?
    {
        run.out.note("if this device's clock is right, tell the site's operator: somebody signs bundles with a wrong date");
        return Err(secret::declined("the bundle was not taken"));
    }
    let vault = unlock::resume(run, Role::Verifier, vault)?;
    let gate = gate::opened(run, &vault)?;
    let taken = gate.confirm_aside(&args.by, &clock::read(), &mut SystemRng).map_err(failure)?.ok_or_else(none)?;
    run.out.json(&json!({ "schema": "waypass.clock/1", "taken": aside::document(&taken) }))?;
    run.out.words(&format!("taken: the bundle of {}; set this device's clock as soon as you can", words::when(taken.signed_at)));
    Ok(Exit::Done)
}
