//! `waypass issuer publish`.

use super::{now, store_failure};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::file;
use crate::unlock::OpenArgs;
use serde_json::json;
use std::path::PathBuf;
use waypass_issuer::Issuer;
use waypass_issuer::ceremony::{CeremonyError, RootFile};
use waypass_issuer::policy::{PolicyDraft, PolicyRefused};
use waypass_issuer::publish::PublishError;
use waypass_trust::bundle::BundleError;

/// Arguments of `issuer publish`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the trust bundle to FILE, for a USB stick
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Put the rules in FILE into force first (`issuer show --policy` prints those in force)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    open: OpenArgs,
}

/// What was published lacks a change that only officers can sign.
pub(super) const TARGETS_DUE: &str = "issuers, gates or rules have changed and the keys that sign them are not here; they are not in this bundle \
    yet: waypass issuer ceremony prepare targets -o PAPER";

/// As [`TARGETS_DUE`], for those who changed just that.
pub(super) const TAKES_EFFECT_LATER: &str =
    "the keys that sign issuers and rules are not here; the change takes effect when they have signed";

/// Does `work` and publishes what came of it; `due` is what to say where the targets must be signed elsewhere first.
pub(super) fn after<T>(
    session: &Session,
    open: &OpenArgs,
    due: &str,
    work: impl FnOnce(&mut Issuer<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (done, is_due) = super::with(session, open, |issuer| {
        let done = work(issuer)?;
        Ok((done, issuer.publish(now()).map_err(failure)?.targets_due))
    })?;
    if is_due {
        session.out.warn(due);
    }
    Ok(done)
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    let policy = args.policy.as_deref().map(|path| PolicyDraft::parse(&file::read(path)?).map_err(policy_failure)).transpose()?;
    let (published, root) = super::with(session, &args.open, |issuer| {
        if let Some(policy) = &policy {
            issuer.set_policy(policy).map_err(policy_failure)?;
        }
        let published = issuer.publish(now()).map_err(failure)?;
        Ok((published, root(issuer)?))
    })?;
    if let Some(path) = &args.output {
        file::write(session.out, path, &published.bundle)?;
        if file::is_dash(path) {
            return Ok(Exit::Done);
        }
    }
    session.out.json(&json!({
        "schema": "waypass.publication/1", "root": { "version": published.root, "digest": root.digest }, "targets": published.targets,
        "snapshot": published.snapshot, "timestamp": published.timestamp, "lists": published.lists.len(), "bytes": published.bundle.len(),
    }))?;
    if published.targets_due {
        session.out.warn(TARGETS_DUE);
    }
    let parts = format!("timestamp {}, snapshot {}, targets {}", published.timestamp, published.snapshot, published.targets);
    session.out.words([
        format!("published: {parts}, {} status list(s), {} bytes", published.lists.len(), published.bundle.len()),
        format!("root {} {}", published.root, root.digest),
    ]);
    Ok(Exit::Done)
}

/// The newest root; an issuer that was set up has one.
pub(crate) fn root(issuer: &Issuer<'_>) -> Result<RootFile, Failure> {
    issuer
        .root()
        .map_err(|error| ceremony_failure(&error))?
        .ok_or_else(|| Failure::internal("this issuer has no root of trust", "make it again with `waypass issuer init` in a new home"))
}

/// The words for a root or targets that could not be made.
pub(crate) fn ceremony_failure(error: &CeremonyError) -> Failure {
    match error {
        CeremonyError::Store(why) => store_failure(why.clone()),
        CeremonyError::Policy(_) => Failure::usage(error, "correct the rules; nothing was published"),
        CeremonyError::NotAPaper => Failure::usage(error, "name a file that `waypass issuer ceremony prepare` or `sign` wrote"),
        CeremonyError::DifferentPayloads => {
            Failure::usage(error, "give only copies of one prepared paper; compare the numbers that `ceremony sign` shows")
        }
        CeremonyError::Version { .. } => {
            Failure::usage(error, "prepare a new paper from what is in effect now: waypass issuer ceremony prepare")
        }
        CeremonyError::Refused(BundleError::Threshold { .. }) => {
            Failure::usage(error, "nothing was changed; have more of its keys sign: waypass issuer ceremony sign PAPER -o PAPER")
        }
        CeremonyError::TargetsLeftBehind => {
            Failure::usage(error, "nothing was changed; assemble both at once: waypass issuer ceremony prepare targets -o PAPER")
        }
        CeremonyError::Refused(_) => {
            Failure::usage(error, "nothing was changed; correct the keys and the numbers, then prepare and sign it again")
        }
        other => Failure::internal(other, "run `waypass doctor`"),
    }
}

/// The words for rules that were not taken.
pub(super) fn policy_failure(error: PolicyRefused) -> Failure {
    match error {
        PolicyRefused::Store(why) => store_failure(why),
        other => Failure::usage(other, "correct the file; `waypass issuer show --policy` prints the rules in force as a pattern"),
    }
}

/// The words for a publication that failed.
pub(crate) fn failure(error: PublishError) -> Failure {
    match error {
        PublishError::Store(why) => store_failure(why),
        PublishError::Ceremony(why) => ceremony_failure(&why),
        PublishError::ClockBehind { .. } => Failure::internal(error, "set this machine's clock; what was published before still stands"),
        PublishError::NoTargets => Failure::usage(error, "prepare them: waypass issuer ceremony prepare targets -o PAPER"),
        PublishError::Overtaken => Failure::internal(error, "run the command again"),
        other => Failure::internal(other, "nothing was published; what was published before still stands"),
    }
}
