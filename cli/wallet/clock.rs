//! `waypass wallet clock`: the holder's word for the clock of the device.

use crate::exit::{Exit, Outcome};
use crate::holder;
use crate::home::Role;
use crate::unlock::{self, OpenArgs};
use crate::{Run, secret, words};
use serde_json::json;
use waypass_machine::clock;
use waypass_trust::audit::Event;

/// The advice about the clock.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Say that the clock is right, after comparing it with a watch
    Confirm(Args),
}

/// Arguments of `wallet clock confirm`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Do not ask: the clock was compared
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    open: OpenArgs,
}

pub(super) fn run(run: &Run, verb: &Verb) -> Outcome {
    let Verb::Confirm(args) = verb;
    run.out.note(&format!("this device's clock says {}", words::when(clock::read().wall)));
    if !args.yes && !secret::confirm(run.input, "Does a watch say the same?", "--yes")? {
        return Err(secret::declined("the clock was not confirmed: set it with your system's own tool"));
    }
    let reading = unlock::with(run, Role::Wallet, &args.open, |vault| {
        // Read after the answer: people take their time.
        let reading = clock::read();
        holder::confirm_clock(run, vault, &reading)?;
        holder::note(run, vault, Event::ClockConfirmed, "the clock was confirmed");
        Ok(reading)
    })?;
    run.out.json(&json!({ "schema": "waypass.clock/1", "confirmed_at": reading.wall.unix() }))?;
    run.out.words("confirmed; this device goes by it until signed time says better");
    Ok(Exit::Done)
}
