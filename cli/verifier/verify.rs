//! `waypass verifier verify` and `check`: one presentation, one decision, kept before it is shown.

use super::verdict;
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::gate::failure;
use crate::qr;
use crate::unlock::OpenArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;
use waypass_gate::{Mode, Needs, Recorded};
use waypass_machine::{SystemRng, clock};
use waypass_screen::{Brought, VerdictView};
use waypass_trust::reason::{Level, ReasonCode};
use waypass_verifier::Decision;

/// Arguments of `verifier verify`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The presentation: a file, `-` (also for a scanner's lines), or PNG or JPEG pictures of its QR codes
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Open on this amber reason too, repeatable; only reasons the site's policy marks safe without a person
    #[arg(long, value_name = "CODE", value_parser = ambers(), hide_possible_values = true)]
    accept_amber: Vec<ReasonCode>,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args, mode: Mode) -> Outcome {
    let bytes = qr::read_any(run.out, run.input, &args.files)?;
    let presentation = meant(&bytes).map_err(|failure| failure.about_first(&args.files))?;
    // Shown before the device is closed: closing tidies the disk, and the guard need not wait for it.
    super::with(run, &args.open, |gate| {
        let decided = gate.decide(presentation, mode, &args.accept_amber, &clock::read(), &mut SystemRng).map_err(failure)?;
        show(run, args, mode, &decided)
    })
}

/// Refuses what no person can have presented, and so the guard cannot have meant: that is not a verdict about anybody,
/// and has no entry in the log.
fn meant(bytes: &[u8]) -> Result<&[u8], Failure> {
    match Brought::of(bytes) {
        Brought::Answer(answer) => Ok(answer),
        Brought::Empty => Err(Failure::usage("there is no answer in it: it is empty", "ask the person to present again")),
        Brought::TooLong { bytes } => Err(Failure::usage(
            format!("{bytes} bytes are more than the {} that an answer has", waypass_credential::MAX_BYTES),
            "check the name of the file",
        )),
        Brought::Question | Brought::Foreign => {
            Err(Failure::usage("this is a gate's question, and not an answer to one", "give the file or the code that the wallet made"))
        }
    }
}

/// Takes only what is recorded, so that nobody acts on what is not written down.
fn show(run: &Run, args: &Args, mode: Mode, recorded: &Recorded) -> Outcome {
    let decision = recorded.decision();
    run.out.json(&waypass_credential::json::Value::Object(decision.to_json()))?;
    run.out.words(verdict::render(&VerdictView::of(decision), &run.words));
    let opened = decision.opens(&args.accept_amber);
    if let (Mode::Gate, Level::Amber, false, Some(seq)) = (mode, decision.level(), opened, recorded.seq()) {
        for line in to_confirm(decision, seq) {
            run.out.note(&line);
        }
    }
    Ok(if opened { Exit::Done } else { exit(decision) })
}

/// Returns how to write down that the extra step was done; until then nobody was let in.
pub(super) fn to_confirm(decision: &Decision, seq: u64) -> [String; 2] {
    let needs = Needs::of(decision.reasons.iter().map(|reason| reason.code.as_str()));
    let second = if needs.second { " --second NAME" } else { "" };
    let reason = if needs.reason { " --reason TEXT" } else { "" };
    [
        format!("record {seq}: when the step is done: waypass verifier confirm {seq} --by NAME{second}{reason}"),
        format!("record {seq}: if not: waypass verifier confirm {seq} --by NAME --turned-away"),
    ]
}

fn exit(decision: &Decision) -> Exit {
    let tampered = |code| matches!(code, ReasonCode::TrustTampered | ReasonCode::DeviceTampered);
    match decision.level() {
        Level::Green => Exit::Done,
        Level::Amber => Exit::Amber,
        Level::Red => Exit::Red,
        Level::Grey if decision.reasons.iter().any(|reason| tampered(reason.code)) => Exit::Tamper,
        Level::Grey => Exit::Grey,
    }
}

/// Returns the amber reasons by name, for the grammar and the completions.
pub(super) fn ambers() -> impl TypedValueParser<Value = ReasonCode> {
    let codes = ReasonCode::ALL.iter().filter(|code| code.level() == Level::Amber).map(|code| code.as_str());
    PossibleValuesParser::new(codes).try_map(|name| ReasonCode::parse(&name).ok_or("no reason"))
}
