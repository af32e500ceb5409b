//! `waypass verifier sync`: newer trust down, the log up, in trust.md's order; each step kept before the next.

use super::failure;
use crate::Session;
use crate::exit::{Exit, Outcome};
use crate::sync::{self, SyncArgs};
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::json;
use std::path::PathBuf;
use waypass_trust::audit::FlagAnswer;
use waypass_vault::{SystemRng, clock};

/// Arguments of `verifier sync`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: SyncArgs,
    /// Put the log into FILE, to be carried to the issuer
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    let mut transport = sync::transport(session, args.place.from.as_deref(), args.to.as_deref())?;
    let (outcome, flagged, taken_back) = super::with(session, &args.open, |gate| {
        let mut device = gate.sync(&clock::read);
        let outcome = sync::run(session, &mut device, &mut *transport, failure)?;
        let flagged = device.end(!outcome.steps.is_empty(), &mut SystemRng).map_err(failure)?;
        Ok((outcome, flagged, gate.taken_back().map_err(failure)?))
    })?;
    let late: Vec<&FlagAnswer> = flagged.iter().filter(|answer| answer.already_revoked).collect();
    let documents: Vec<_> = late.iter().map(|answer| json!({ "seq": answer.seq, "revoked_at": answer.revoked_at })).collect();
    sync::tell(session, &outcome, &documents)?;
    for answer in late {
        let since = answer.revoked_at.and_then(waypass_credential::time::Timestamp::from_unix).map(words::when).unwrap_or_default();
        session.out.warn(&format!(
            "record {} let somebody in whose credential had been withdrawn since {since}: waypass audit show {}",
            answer.seq, answer.seq
        ));
    }
    super::status::warn_of_taken_back(session, &taken_back);
    Ok(Exit::Done)
}
