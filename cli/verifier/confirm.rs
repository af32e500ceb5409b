//! `waypass verifier confirm`: what became of an amber verdict.

use crate::Run;
use crate::exit::{Exit, Outcome};
use crate::gate::{self, failure};
use crate::unlock::OpenArgs;
use serde_json::json;
use waypass_gate::Became;
use waypass_machine::{SystemRng, clock};

/// Arguments of `verifier confirm`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The number of the record, as the verdict names it
    seq: u64,
    /// Person who did the extra step, or turned the other away
    #[arg(long, value_name = "NAME")]
    by: String,
    /// The second guard
    #[arg(long, value_name = "NAME", conflicts_with = "turned_away")]
    second: Option<String>,
    /// Why old data was overridden, or the glass broken; how the bearer of a card was identified
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The person did not go in
    #[arg(long)]
    turned_away: bool,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let note = gate::note(&args.by, args.second.as_deref(), args.reason.as_deref())?;
    let became = if args.turned_away { Became::TurnedAway } else { Became::Confirmed };
    let settled =
        super::with(run, &args.open, |gate| gate.settle(args.seq, became, note, &clock::read(), &mut SystemRng).map_err(failure))?;
    run.out.json(&json!({
        "schema": "waypass.confirmed/1", "seq": settled.seq, "about": args.seq, "admitted": !args.turned_away, "flagged": settled.flag.is_some(),
    }))?;
    run.out.words(&match became {
        Became::Confirmed => format!("record {}: {} confirmed record {}", settled.seq, &args.by, args.seq),
        Became::TurnedAway => format!("record {}: {} turned the person of record {} away", settled.seq, &args.by, args.seq),
    });
    if settled.flag.is_some() {
        run.out.warn(&format!(
            "a list that arrived meanwhile denies this credential, so record {} is flagged: waypass audit list --flagged",
            args.seq
        ));
    }
    Ok(Exit::Done)
}
