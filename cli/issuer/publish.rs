//! `waypass issuer publish`.

use super::reading;
use super::store_failure;
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Readers};
use crate::secret;
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::json;
use std::path::{Path, PathBuf};
use waypass_issuer::Issuer;
use waypass_issuer::behind::Behind;
use waypass_issuer::ceremony::{CeremonyError, RootFile};
use waypass_issuer::policy::{PolicyDraft, PolicyRefused};
use waypass_issuer::publish::{Publication, PublishError};
use waypass_issuer::rules::RulesError;
use waypass_trust::bundle::BundleError;

mod answers;
mod clock;

pub(super) use answers::Answers;
pub(super) use clock::{Clock, Publishing};

/// The outcome of a publication that followed a change.
pub(super) type Published = Result<Publication, Failure>;

/// Arguments of `issuer publish`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the trust bundle to FILE, for a USB stick
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Put the rules in FILE into force first (`issuer show --policy` prints those in force)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Add rules that admit visitors and staff with a printed card, after a look at their identity document
    #[arg(long)]
    admit_cards: bool,
    /// After a copy of this office was put back: skip the numbers that were used since
    #[arg(long)]
    restored: bool,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    open: OpenArgs,
}

/// The publication lacks a change that only officers can sign.
pub(super) const TARGETS_DUE: &str = "issuers, gates or rules have changed and the keys that sign them are not here; they are not in this bundle \
    yet: waypass issuer ceremony prepare targets -o PAPER";

/// Like [`TARGETS_DUE`], for those who changed just that.
pub(super) const TAKES_EFFECT_LATER: &str =
    "the keys that sign issuers and rules are not here; the change takes effect when they have signed";

/// The question about a database whose write-ahead log is lost.
const WITHOUT_LOG: &str = "issuer.db lies there without its write-ahead log, so what was done last may be missing. Go on with what it has?";

/// Does `work` and publishes what came of it. A change stays made if the publication fails: then the second part says why,
/// for [`tell`].
pub(super) fn after<T>(
    run: &Run,
    open: &OpenArgs,
    publishing: &Publishing,
    work: impl FnOnce(&mut Issuer<'_>) -> Result<T, Failure>,
) -> Result<(T, Published), Failure> {
    let clock = publishing.clock(run)?;
    super::with(run, open, |issuer| {
        let done = work(issuer)?;
        Ok((done, clock.publish(run, issuer).map_err(unpublished)))
    })
}

/// Says what became of the publication that followed a change. `due` is for targets that must be signed elsewhere first, `known` says
/// who knows of the change when.
pub(super) fn tell(run: &Run, published: Published, due: &str, known: &str) -> Outcome {
    if published?.targets_due {
        run.out.warn(due);
    }
    if !known.is_empty() {
        run.out.note(known);
    }
    Ok(Exit::Done)
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let policy = args
        .policy
        .as_deref()
        .map(|path| PolicyDraft::parse(&file::read(run.input, path)?).map_err(|error| policy_failure(&error).about(path)))
        .transpose()?;
    let clock = args.publishing.clock(run)?;
    let answers = Answers::new(run, args.publishing.yes);
    let work = |issuer: &mut Issuer<'_>| {
        let policy = match &policy {
            None if args.admit_cards => Some(issuer.policy().map_err(store_failure)?.with_cards()),
            given => given.clone().map(|policy| if args.admit_cards { policy.with_cards() } else { policy }),
        };
        if !agreed(args, &answers, issuer, policy.as_ref())? {
            return Ok(None);
        }
        issuer.confirm_unasked().map_err(store_failure)?;
        if let Some(policy) = &policy {
            issuer.set_policy(policy).map_err(rules_failure)?;
        }
        if args.restored {
            issuer.skip_versions().map_err(store_failure)?;
        }
        clock.publish(run, issuer).map(Some).map_err(if policy.is_some() { unpublished } else { failure })
    };
    let mut go_on = || if args.restored { answers.to(&[], WITHOUT_LOG) } else { Ok(false) };
    let Some(published) = answers.with(&args.open, &mut go_on, work)? else {
        return Err(secret::declined("nothing was published"));
    };
    let (root, digest) = (published.root, published.opened().root().digest());
    let output = args.output.as_deref();
    let delivered = output.map(|path| file::deliver(run.out, path, &published.bundle, Readers::All)).transpose()?;
    let document = json!({
        "schema": "waypass.publication/1", "root": { "version": root, "digest": digest }, "targets": published.targets,
        "snapshot": published.snapshot, "timestamp": published.timestamp, "lists": published.lists.len(), "bytes": published.bundle.len(),
        "published_at": published.published_at.unix(),
    });
    run.out.json(&file::with(document, delivered.unwrap_or_default()))?;
    if published.targets_due {
        run.out.warn(TARGETS_DUE);
    }
    if !published.roles_beyond_enrolment.is_empty() {
        run.out.warn(&format!(
            "the rules let a gate use older lists for {} than it is enrolled for: without news it stops before they do: \
             waypass issuer settings --gate-enrolment TIME",
            words::list(&published.roles_beyond_enrolment)
        ));
    }
    let parts = format!("timestamp {}, snapshot {}, targets {}", published.timestamp, published.snapshot, published.targets);
    let lines = [
        format!("published: {parts}, {} status list(s), {} bytes", published.lists.len(), published.bundle.len()),
        format!("root {root} {digest}"),
    ];
    run.out.delivered(output.unwrap_or(Path::new("")), lines);
    Ok(Exit::Done)
}

/// Shows what a publication would change in whom gates believe, and asks. The officers themselves are shown what only they can sign.
fn agreed(args: &Args, answers: &Answers<'_>, issuer: &Issuer<'_>, policy: Option<&PolicyDraft>) -> Result<bool, Failure> {
    if let Some(policy) = policy {
        issuer.check_policy(policy).map_err(rules_failure)?;
    }
    if args.restored {
        let behind: Vec<String> = issuer.behind().map_err(store_failure)?.iter().map(ToString::to_string).collect();
        if !answers.to(&behind, "Was everything withdrawn again that had been withdrawn since the copy was made?")? {
            return Ok(false);
        }
    }
    let change = issuer.pending_change(policy).map_err(store_failure)?;
    let Some(change) = change.filter(|_| issuer.signs_targets().unwrap_or(true)) else { return Ok(true) };
    let mut shown = vec!["this changes whom gates and wallets believe:".to_owned()];
    shown.extend(reading::difference(&change.before, &change.after));
    answers.to(&shown, "Publish this?")
}

/// Returns the newest root; an issuer that was set up has one.
pub(crate) fn root(issuer: &Issuer<'_>) -> Result<RootFile, Failure> {
    issuer
        .root()
        .map_err(store_failure)?
        .ok_or_else(|| Failure::internal("this issuer has no root of trust", "make it again with `waypass issuer init` in a new home"))
}

const CORRECT_RULES: &str = "correct the rules; nothing was published";
const CORRECT_KEYS: &str = "nothing was changed; correct the keys and the numbers, then prepare and sign it again";

/// Returns the words for a root or targets that could not be made.
pub(crate) fn ceremony_failure(error: &CeremonyError) -> Failure {
    match error {
        CeremonyError::Store(why) => store_failure(why.clone()),
        CeremonyError::Policy(_) => Failure::usage(error, CORRECT_RULES),
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
        CeremonyError::Refused(_) => Failure::usage(error, CORRECT_KEYS),
        other => Failure::internal(other, "run `waypass doctor`"),
    }
}

/// Returns the words for rules that were not taken.
fn rules_failure(error: RulesError) -> Failure {
    match error {
        RulesError::Store(why) => store_failure(why),
        RulesError::Refused(why) => policy_failure(&why),
    }
}

fn policy_failure(error: &PolicyRefused) -> Failure {
    Failure::usage(error, "correct the file; `waypass issuer show --policy` prints the rules in force as a pattern")
}

/// Returns the words for a publication that failed where nothing else was to be done.
pub(crate) fn failure(error: PublishError) -> Failure {
    const STANDS: &str = "the earlier publication is still in force";
    match error {
        PublishError::Store(why) => store_failure(why),
        PublishError::Policy(_) => Failure::usage(error, CORRECT_RULES),
        PublishError::Targets(_) => Failure::usage(error, CORRECT_KEYS),
        PublishError::Signer => Failure::internal(error, "run `waypass doctor`"),
        PublishError::NoTargets => Failure::usage(error, "prepare them: waypass issuer ceremony prepare targets -o PAPER"),
        PublishError::TooSoon { .. } | PublishError::Overtaken => Failure::new(Exit::Unpublished, error, "run the command again"),
        PublishError::Unconfirmed(_) => Failure::new(
            Exit::Unpublished,
            error,
            "find out which time is right, then run `waypass issuer publish`, which asks; --yes is the answer of a script",
        ),
        PublishError::Unasked => Failure::new(
            Exit::Unpublished,
            error,
            "look at it: waypass issuer publish, which shows it and asks; --yes is the answer of a script",
        ),
        PublishError::ListKeyStands { .. } => Failure::new(
            Exit::Unpublished,
            error,
            "replace that key: waypass issuer key replace KEY (`waypass issuer key list` names it); then publish again",
        ),
        PublishError::Behind(Behind::Revoked { credential: Some(ref id), .. }) => {
            let next = format!(
                "nothing was published; withdraw what was withdrawn since the copy was made: waypass issuer revoke {id}; \
                 if nobody put a copy back, the key for lists was stolen: waypass issuer key replace KEY --stolen"
            );
            Failure::new(Exit::Tamper, error, next)
        }
        PublishError::Restored => Failure::new(
            Exit::Unpublished,
            error,
            "nothing was published; take in what gates bring (waypass issuer intake FILE), withdraw again what was withdrawn since the \
             backup, then: waypass issuer publish --restored, which asks",
        ),
        PublishError::Behind(_) => Failure::new(
            Exit::Tamper,
            error,
            "nothing was published; withdraw again what was withdrawn since the copy, then: waypass issuer publish --restored",
        ),
        other => Failure::internal(format!("nothing was published: {other}"), STANDS),
    }
}

/// Returns the words for the same failure after something was recorded: that is not lost, and only its publication is missing.
pub(super) fn unpublished(error: PublishError) -> Failure {
    let Failure { exit, what, next } = failure(error);
    let exit = if exit == Exit::Tamper { exit } else { Exit::Unpublished };
    let what = format!("recorded, not yet published, so no device knows of it: {what}");
    let next = if next.contains("publish") { next } else { format!("{next}; then publish: waypass issuer publish") };
    Failure { exit, what, next }
}
