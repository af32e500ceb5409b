//! `waypass verifier ..`: the checkpoint. Challenge and verdict may be two processes; what lies between is in the vault.

use crate::Session;
use crate::exit::Outcome;
use crate::home::Role;

mod challenge;
mod device;
mod enroll;
mod init;
mod status;
mod sync;
mod verdict;
mod verify;

pub(crate) use device::{Device, LOG, with as with_device};

/// Arguments of `verifier`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Make this device a gate
    Init(init::Args),
    /// Write the file that asks an issuer to enrol this gate
    Enroll(enroll::Args),
    /// Say what the gate knows, how old that is and until when it works offline
    Status(status::Args),
    /// Ask: make a challenge for a wallet to answer within a minute
    Challenge(challenge::Args),
    /// Decide about what a wallet presented
    Verify(verify::Args),
    /// Fetch what is newer and deliver the log, over HTTP or by file
    Sync(sync::Args),
    /// What opens this gate
    #[command(subcommand)]
    Slot(crate::slot::Verb),
}

pub(crate) fn run(session: &Session, args: Args) -> Outcome {
    match args.verb {
        Verb::Init(args) => init::run(session, &args),
        Verb::Enroll(args) => enroll::run(session, &args),
        Verb::Status(args) => status::run(session, &args),
        Verb::Challenge(args) => challenge::run(session, &args),
        Verb::Verify(args) => verify::run(session, &args),
        Verb::Sync(args) => sync::run(session, &args),
        Verb::Slot(verb) => crate::slot::run(session, Role::Verifier, verb),
    }
}
