//! `waypass verifier ..`: the checkpoint. Challenge and verdict may be two processes; what lies between is in the vault.

use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::trust;
use crate::unlock::{self, OpenArgs};
use waypass_gate::{Gate, GateError, Mode};
use waypass_trust::audit::ReceiptError;
use waypass_vault::Unlocked;

mod acknowledge;
mod challenge;
mod clock;
pub(crate) mod confirm;
mod enroll;
mod init;
mod status;
mod sync;
mod verdict;
mod verify;

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
    /// Check what a wallet presented on a device that is not a gate: say what is known, admit nobody
    Check(verify::Args),
    /// Say who did the extra step of an amber verdict, or that the person was turned away
    Confirm(confirm::Args),
    /// Go on after looking at what was found changed on this gate
    Acknowledge(acknowledge::Args),
    /// Time as this gate sees it
    #[command(subcommand)]
    Clock(clock::Verb),
    /// Fetch what is newer and deliver the log, over HTTP or by file
    Sync(sync::Args),
    /// Factors that open this gate
    #[command(subcommand)]
    Slot(crate::slot::Verb),
}

pub(crate) fn run(session: &Session, args: Args) -> Outcome {
    match args.verb {
        Verb::Init(args) => init::run(session, &args),
        Verb::Enroll(args) => enroll::run(session, &args),
        Verb::Status(args) => status::run(session, &args),
        Verb::Challenge(args) => challenge::run(session, &args),
        Verb::Verify(args) => verify::run(session, &args, Mode::Gate),
        Verb::Check(args) => verify::run(session, &args, Mode::Peer),
        Verb::Confirm(args) => confirm::run(session, &args),
        Verb::Acknowledge(args) => acknowledge::run(session, &args),
        Verb::Clock(verb) => clock::run(session, &verb),
        Verb::Sync(args) => sync::run(session, &args),
        Verb::Slot(verb) => crate::slot::run(session, Role::Verifier, verb),
    }
}

/// Opens the gate of an open vault over this home's trust files.
pub(crate) fn opened<'v>(session: &Session, vault: &'v Unlocked<'v>) -> Result<Gate<'v>, Failure> {
    Gate::open(vault, trust::store(session)).map_err(failure)
}

/// Opens the gate and does `work` with it.
pub(crate) fn with<T>(session: &Session, args: &OpenArgs, work: impl FnOnce(&Gate<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    unlock::with(session, Role::Verifier, args, |vault| work(&opened(session, vault)?))
}

/// Returns the words for a gate that could not do what was asked.
pub(crate) fn failure(error: GateError) -> Failure {
    match error {
        GateError::NoIdentity => Failure::new(Exit::Tamper, error, "make the gate again in a new home and enrol it"),
        GateError::NoBundle => Failure::new(Exit::Grey, error, "bring one: waypass trust pin FILE --digest NUMBER"),
        GateError::Tampered(_) => {
            Failure::new(Exit::Tamper, error, "look at it, then go on with: waypass verifier acknowledge --by YOUR-NAME")
        }
        GateError::Policy(why) => trust::policy_failure(&why),
        GateError::Belief(why) => trust::belief_failure(why),
        GateError::Log(_) | GateError::Record { .. } => {
            Failure::new(Exit::Tamper, error, "keep the device as it is and report this gate to the issuer")
        }
        GateError::NotAmber { .. } => Failure::usage(error, "only CAUTION is confirmed; see the log: waypass audit list"),
        GateError::AlreadySettled { by, .. } => Failure::usage(&error, format!("read it: waypass audit show {by}")),
        GateError::NeedsSecond { .. } => Failure::usage(error, "name the second guard: --second NAME; or say --turned-away"),
        GateError::NeedsReason { .. } => Failure::usage(error, "say why: --reason TEXT; or say --turned-away"),
        GateError::NoFlag { .. } => Failure::usage(error, "see which are: waypass audit list --flagged"),
        GateError::Flagged { seq } => Failure::usage(&error, format!("look at it first: waypass audit acknowledge {seq} --by NAME")),
        GateError::NoPerson => Failure::usage(error, "name the person as `waypass audit show` does"),
        GateError::Note(why) => confirm::bad_note(&why),
        GateError::NoRecord { .. } => Failure::usage(error, "see what there is: waypass audit list"),
        GateError::WrongClock(_) => Failure::usage(error, "set the clock with your system's own tool, then confirm it"),
        GateError::Receipt(ReceiptError::Malformed) => Failure::usage(error, "name the file that the issuer wrote"),
        GateError::Receipt(_) => Failure::new(Exit::Tamper, error, "the log was not marked as delivered; tell the issuer's operator"),
        GateError::TooLong => Failure::usage(error, "shorten --purpose or the query"),
        GateError::Signer => Failure::internal(error, "run the command again"),
        GateError::Vault(why) => why.into(),
    }
}
