//! `waypass issuer offer ..`: the offers that wait for their wallets.

use super::{now, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::{Value, json};
use waypass_issuer::offer::{CancelError, Waiting};

/// The verbs of `issuer offer`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// List the offers that no wallet has taken yet
    List {
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Take an offer back: its code opens nothing any more
    Cancel {
        /// The offers' ids, or how they begin
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        open: OpenArgs,
    },
}

pub(crate) fn run(run: &Run, verb: Verb) -> Outcome {
    match verb {
        Verb::List { open } => list(run, &open),
        Verb::Cancel { ids, open } => cancel(run, &ids, &open),
    }
}

fn list(run: &Run, open: &OpenArgs) -> Outcome {
    let waiting = super::with(run, open, |issuer| issuer.waiting_offers(now()).map_err(store_failure))?;
    let items: Vec<Value> = waiting.iter().map(document).collect();
    run.out.list("waypass.offer-list/1", "offers", &items, || {
        for offer in &waiting {
            let tries = offer.tries_left.map_or_else(String::new, |left| format!("  {left} tries at its code left"));
            run.out.words(&format!("{:<12}  open until {}{tries}", offer.id, words::when(offer.expires_at)));
        }
        if waiting.is_empty() {
            run.out.note("no offer waits");
        }
    })?;
    Ok(Exit::Done)
}

fn document(offer: &Waiting) -> Value {
    json!({ "id": offer.id, "expires_at": offer.expires_at.unix(), "tries_left": offer.tries_left })
}

fn cancel(run: &Run, ids: &[String], open: &OpenArgs) -> Outcome {
    let cancelled = super::with(run, open, |issuer| {
        let mut cancelled = Vec::new();
        for id in ids {
            match issuer.cancel_offer(id, now()) {
                Ok(id) => cancelled.push(id),
                // The ones before it are taken back: say so before the failure.
                Err(why) => {
                    if !cancelled.is_empty() {
                        run.out.note(&format!("taken back before that: {}", words::list(&cancelled)));
                    }
                    return Err(failure(why, id));
                }
            }
        }
        Ok(cancelled)
    })?;
    run.out.json(&json!({ "schema": "waypass.offers-cancelled/1", "offers": cancelled }))?;
    for id in &cancelled {
        run.out.words(&format!("{id} is taken back"));
    }
    Ok(Exit::Done)
}

fn failure(error: CancelError, id: &str) -> Failure {
    match error {
        CancelError::Store(why) => store_failure(why),
        CancelError::Unknown | CancelError::Ambiguous { .. } => Failure::usage(
            format!("{id}: {error}"),
            "see what waits: waypass issuer offer list; a credential is withdrawn with waypass issuer revoke",
        ),
    }
}
