//! `waypass verifier scan`: a gate on a terminal. It asks, reads the lines of a scanner, decides, draws the verdict and asks the next. The
//! vault is open only while it is needed, so that other commands of this gate work meanwhile.

mod desk;
mod paint;
mod question;

use super::challenge::QuestionArgs;
use super::verify;
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::unlock::{self, OpenArgs};
use crate::{qr, words};
use desk::{Desk, Until};
use std::path::PathBuf;
use waypass_lane::Question;
use waypass_trust::reason::ReasonCode;

/// Arguments of `verifier scan`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Read the codes from this serial line, pipe or file instead of standard input, which is for the guard's keys then
    #[arg(long, value_name = "PATH")]
    device: Option<PathBuf>,
    /// Write each new question to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Run this program when a verdict opens the door: words separated by spaces, no shell
    #[arg(long, value_name = "COMMAND")]
    on_green: Option<String>,
    /// Open on this amber reason too, repeatable; only reasons the site's policy marks safe without a person
    #[arg(long, value_name = "CODE", value_parser = verify::ambers(), hide_possible_values = true)]
    accept_amber: Vec<ReasonCode>,
    #[command(flatten)]
    question: QuestionArgs,
    #[command(flatten)]
    codes: qr::ShowArgs,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let carrier = question::carrier(run.out, args);
    let question = Question { query: args.question.query(run, carrier)?, purpose: args.question.purpose.clone(), carrier };
    let vault = unlock::keep(run, Role::Verifier, &args.open)?;
    unlock::tell_findings(run, Role::Verifier, &vault);
    let mut parked = vault.park();
    // A pass phrase was typed by a person, who may have gone; a key file is there for a gate without one.
    let idle = (!args.open.is_given()).then(|| Role::Verifier.idle());
    let mut desk = Desk::new(run, args, question, idle)?;
    loop {
        while let Some(effect) = desk.next_for_gate() {
            let done = unlock::briefly(run, Role::Verifier, &mut parked, |vault| {
                desk.with_gate(&crate::gate::opened(run, vault)?, effect.clone());
                Ok(())
            });
            if let Err(failure) = done {
                desk.failed(&effect, &failure)?;
            }
        }
        match desk.wait() {
            Until::Gate => {}
            Until::Ended => return Ok(Exit::Done),
            Until::Interrupted => return Ok(Exit::Interrupted),
            Until::Idle(idle) => {
                let span = words::span(i64::try_from(idle.as_secs()).unwrap_or(i64::MAX));
                return Err(Failure::new(
                    Exit::Locked,
                    format!("nobody used this gate for {span}, so it locked itself"),
                    "run the command again; a gate without a person is opened with --key-file FILE",
                ));
            }
        }
    }
}
