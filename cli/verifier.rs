//! `waypass verifier ..`: the checkpoint. Challenge and verdict may be two processes; what lies between is in the vault.

use crate::Run;
use crate::acknowledge as looked;
use crate::exit::{Failure, Outcome};
use crate::gate;
use crate::home::Role;
use crate::scope::Scope;
use crate::session::{self, UnlockArgs};
use crate::unlock::{self, OpenArgs};
use waypass_gate::{Gate, Mode};

mod acknowledge;
mod aside;
mod challenge;
mod clock;
mod confirm;
mod door;
mod enroll;
mod init;
mod input;
mod kiosk;
mod ready;
mod scan;
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
    /// Open a session: commands that need the gate ask for no secret until it locks
    Unlock(UnlockArgs),
    /// Close the session
    Lock,
    /// Write the file that asks an issuer to enrol this gate
    Enroll(enroll::Args),
    /// Say what the gate knows, how old that is and until when it works offline
    Status(status::Args),
    /// Say what fails first without a link, when, and what to do now
    Ready(crate::ready::Args),
    /// Ask: make a challenge for a wallet to answer within a minute
    Challenge(challenge::Args),
    /// Decide about what a wallet presented
    Verify(verify::Args),
    /// Ask and decide one person after the other: lines of a scanner in, verdicts out
    Scan(scan::Args),
    /// Show the checkpoint page on this machine, with the gate of this machine behind it
    Kiosk(kiosk::Args),
    /// Check what a wallet presented on a device that is not a gate: say what is known, admit nobody
    Check(verify::Args),
    /// Say who did the extra step of an amber verdict, or that the person was turned away
    Confirm(confirm::Args),
    /// Go on after looking at what was found changed on this gate
    Acknowledge(looked::Args),
    /// Time as this gate sees it
    #[command(subcommand)]
    Clock(clock::Verb),
    /// Fetch what is newer and deliver the log, over HTTP or by file
    Sync(sync::Args),
    /// Factors that open this gate
    #[command(subcommand)]
    Slot(crate::slot::Verb),
}

impl Args {
    /// Returns true if the command only brings the gate up to date.
    pub(crate) const fn is_sync(&self) -> bool {
        matches!(self.verb, Verb::Sync(_))
    }

    /// Returns what the command does with the gate. `None` if it needs no open one, or stays and opens it for itself.
    pub(crate) fn scope(&self) -> Option<Scope> {
        match &self.verb {
            Verb::Init(_) | Verb::Unlock(_) | Verb::Lock | Verb::Scan(_) | Verb::Kiosk(_) => None,
            Verb::Status(_) | Verb::Ready(_) => Some(Scope::Read),
            Verb::Challenge(_) | Verb::Verify(_) | Verb::Check(_) | Verb::Confirm(_) => Some(Scope::Present),
            Verb::Enroll(_) | Verb::Acknowledge(_) | Verb::Clock(_) | Verb::Sync(_) => Some(Scope::Records),
            Verb::Slot(verb) => verb.scope(),
        }
    }
}

pub(crate) fn run(run: &Run, args: Args) -> Outcome {
    match args.verb {
        Verb::Init(args) => init::run(run, &args),
        Verb::Unlock(args) => session::unlock(run, Role::Verifier, &args),
        Verb::Lock => session::lock(run, Role::Verifier),
        Verb::Enroll(args) => enroll::run(run, &args),
        Verb::Status(args) => status::run(run, &args),
        Verb::Ready(args) => ready::run(run, &args),
        Verb::Challenge(args) => challenge::run(run, &args),
        Verb::Verify(args) => verify::run(run, &args, Mode::Gate),
        Verb::Check(args) => verify::run(run, &args, Mode::Peer),
        Verb::Scan(args) => scan::run(run, &args),
        Verb::Kiosk(args) => kiosk::run(run, &args),
        Verb::Confirm(args) => confirm::run(run, &args),
        Verb::Acknowledge(args) => looked::run(run, &args, |open, looked| acknowledge::findings(run, open, looked)),
        Verb::Clock(verb) => clock::run(run, &verb),
        Verb::Sync(args) => sync::run(run, &args),
        Verb::Slot(verb) => crate::slot::run(run, Role::Verifier, verb),
    }
}

/// Opens the gate and does `work` with it.
pub(crate) fn with<T>(run: &Run, args: &OpenArgs, work: impl FnOnce(&Gate<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    unlock::with(run, Role::Verifier, args, |vault| work(&gate::opened(run, vault)?))
}
