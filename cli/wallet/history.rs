//! `waypass wallet history`.

use super::failure;
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::json;
use waypass_wallet::{HistoryEntry, HistoryError};

/// Arguments of `wallet history`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Check that no entry was changed, removed or added
    #[arg(long)]
    verify: bool,
    /// Forget what entry N was about; that something happened stays
    #[arg(long, value_name = "N", conflicts_with = "verify")]
    forget: Option<u64>,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let open = super::look(run, &args.open)?;
    if args.verify {
        let summary = open.wallet.verify_history().map_err(broken)?;
        run.out.json(&json!({ "schema": "waypass.audit-check/1", "whole": true, "records": summary.size }))?;
        run.out.words(&format!("{} entries, the chain is whole", summary.size));
        return Ok(Exit::Done);
    }
    if let Some(seq) = args.forget {
        let found = open.wallet.forget(seq).map_err(failure)?;
        if !found {
            return Err(Failure::usage(
                format!("there is nothing to forget about entry {seq}"),
                "see what there is: waypass wallet history",
            ));
        }
        run.out.json(&json!({ "schema": "waypass.forgotten/1", "seq": seq }))?;
        run.out.words(&format!("forgotten what entry {seq} was about"));
        return Ok(Exit::Done);
    }
    let entries = open.wallet.history().map_err(failure)?;
    let items: Vec<_> = entries.iter().map(document).collect();
    run.out.list("waypass.history/1", "entries", &items, || {
        for entry in &entries {
            run.out.words(&line(entry));
        }
    })?;
    Ok(Exit::Done)
}

fn line(entry: &HistoryEntry) -> String {
    let about = entry.detail.as_ref().map_or_else(
        || "(forgotten)".to_owned(),
        |detail| {
            let mut parts = Vec::new();
            match (&detail.gate_name, &detail.gate) {
                (Some(name), _) => parts.push(format!("at {name}")),
                (None, Some(_)) => parts.push("at an unknown person's device".to_owned()),
                (None, None) => parts.extend(detail.issuer.as_ref().map(|issuer| format!("from {issuer}"))),
            }
            parts.extend(detail.what.clone());
            if !detail.claims.is_empty() {
                parts.push(format!("showing {}", words::list(&detail.claims)));
            }
            parts.join(", ")
        },
    );
    format!("{:>4}  {}  {:<10} {about}", entry.seq, words::when(entry.at), entry.event).trim_end().to_owned()
}

fn document(entry: &HistoryEntry) -> serde_json::Value {
    json!({ "seq": entry.seq, "at": entry.at.unix(), "event": entry.event, "detail": entry.detail })
}

fn broken(error: HistoryError) -> Failure {
    match error {
        HistoryError::Wallet(why) => failure(why),
        HistoryError::Bad(_) | HistoryError::Detail { .. } => {
            Failure::new(Exit::Tamper, error, "somebody or something changed the stored history; keep a copy of the folder")
        }
    }
}
