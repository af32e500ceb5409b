//! `waypass issuer revoke|suspend|reinstate|message`.

use super::publish::{self, Publishing};
use super::{now, operator, store_failure};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::{file, words};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use waypass_issuer::Issuer;
use waypass_issuer::revoke::{Cause, Change, ChangeError, Grounds};
use waypass_issuer::store::{Filter, GateRow, StatusEvent};

/// Arguments of `issuer revoke`, `suspend` and `reinstate`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The credentials' ids, or how they begin; to end a gate's enrolment, the gate's DID
    #[arg(value_name = "ID", required_unless_present_any = ["holder", "from"])]
    ids: Vec<String>,
    /// Every credential of this holder that can be changed so
    #[arg(long, value_name = "DID", conflicts_with_all = ["ids", "from"])]
    holder: Option<String>,
    /// Read the ids from FILE, one a line; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Why
    #[arg(long, value_name = "REASON", value_parser = reasons())]
    reason: Cause,
    /// More words; needed with `other`
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Person who decided, for the history [default: the user's login name]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `issuer message`.
#[derive(clap::Args)]
pub(crate) struct MessageArgs {
    /// The credential's id, or how it begins
    id: String,
    /// The message's number in the issuer's settings; 0 is that there is nothing to say
    number: u8,
    /// Person who decided, for the history [default: the user's login name]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    open: OpenArgs,
}

/// The change.
enum Changed {
    Credential { id: String, event: StatusEvent },
    Gate(GateRow),
}

/// The outcome for every id.
#[derive(Default)]
struct Tally {
    changed: Vec<Changed>,
    refused: Vec<(String, Failure)>,
    /// An earlier run may have been cut off between a change and its publication.
    perhaps_unpublished: bool,
}

const GATES_KNOW_LATER: &str = "published; a gate knows after its next sync, not before";

pub(crate) fn message(session: &Session, args: &MessageArgs) -> Outcome {
    let operator = operator(args.operator.as_deref());
    let ((id, event), published) = publish::after(session, &args.open, &args.publishing, |issuer| {
        let id = issuer.find(&args.id).map_err(failure)?.id;
        let event = issuer.set_message(&id, args.number, &operator, now()).map_err(failure)?;
        Ok((id, event))
    })?;
    session.out.json(&json!({
        "schema": "waypass.status-message/1", "id": id, "number": args.number, "message": event.note, "at": event.at.unix(),
        "timestamp": published.as_ref().ok().map(|published| published.timestamp),
    }))?;
    session.out.words(&format!("{id} says \"{}\" since {}", event.note, words::when(event.at)));
    publish::tell(session, published, publish::TARGETS_DUE, GATES_KNOW_LATER)
}

pub(crate) fn run(session: &Session, change: Change, args: &Args) -> Outcome {
    let mut ids = args.ids.clone();
    if let Some(path) = &args.from {
        ids.extend(lines(path)?);
    }
    let grounds = Grounds { cause: args.reason, note: args.note.clone(), operator: operator(args.operator.as_deref()) };
    let clock = args.publishing.clock(session)?;
    let (tally, published) = super::with(session, &args.open, |issuer| {
        if let Some(holder) = &args.holder {
            ids = of_holder(issuer, change, holder)?;
        }
        let mut tally = Tally::default();
        for id in &ids {
            tally.take(issuer, id, change, &grounds);
        }
        // A change that is not published reaches nobody: one publication for all of them.
        let is_due = !tally.changed.is_empty() || tally.perhaps_unpublished;
        Ok((tally, is_due.then(|| clock.publish(session, issuer).map_err(publish::unpublished))))
    })?;
    let timestamp = published.as_ref().and_then(|published| published.as_ref().ok()).map(|published| published.timestamp);
    tally.tell(session, ids.len(), timestamp)?;
    if let Some(published) = published {
        let known = match tally.changed.as_slice() {
            [] => "",
            changed if changed.iter().any(|changed| matches!(changed, Changed::Gate(_))) => "published; devices know after their next sync",
            _ => GATES_KNOW_LATER,
        };
        publish::tell(session, published, publish::TARGETS_DUE, known)?;
    }
    let outcome = tally.outcome(session, ids.len());
    match &args.from {
        Some(path) => outcome.map_err(|failure| failure.about(path)),
        None => outcome,
    }
}

impl Tally {
    fn take(&mut self, issuer: &mut Issuer<'_>, id: &str, change: Change, grounds: &Grounds) {
        match changed(issuer, id, change, grounds) {
            Ok(changed) => self.changed.push(changed),
            Err(refused) => {
                self.perhaps_unpublished |= matches!(refused, Refused::Change(ChangeError::NotAllowed { .. }));
                self.refused.push((id.to_owned(), refused.failure()));
            }
        }
    }

    /// One id has a result of its own; several have one together.
    fn tell(&self, session: &Session, asked: usize, timestamp: Option<u64>) -> Result<(), Failure> {
        let documents: Vec<Value> = self.changed.iter().map(|changed| changed.document(timestamp)).collect();
        match documents.first() {
            Some(document) if asked == 1 => session.out.json(document)?,
            None if asked == 1 => {}
            _ => {
                let refused = |(id, why): &(String, Failure)| json!({ "id": id, "why": why.what });
                session.out.json(&json!({
                    "schema": "waypass.status-changes/1", "changed": documents,
                    "refused": self.refused.iter().map(refused).collect::<Vec<_>>(), "timestamp": timestamp,
                }))?;
            }
        }
        for changed in &self.changed {
            session.out.words(&changed.words());
        }
        Ok(())
    }

    fn outcome(mut self, session: &Session, asked: usize) -> Outcome {
        if asked == 0 {
            session.out.note("there is nothing to change so");
        }
        if asked > 1 {
            for (id, why) in &self.refused {
                session.out.warn(&format!("{} was not changed: {}", id, why.what));
            }
        }
        let count = self.refused.len();
        // A failure of the machine comes before a mistake of the caller.
        let worst = self.refused.iter().position(|(_, why)| why.exit != Exit::Usage).unwrap_or(0);
        if count == 0 {
            return Ok(Exit::Done);
        }
        let (_, why) = self.refused.swap_remove(worst);
        if asked == 1 {
            return Err(why);
        }
        Err(Failure { what: format!("{count} of {asked} were not changed, the others were"), ..why })
    }
}

impl Changed {
    fn document(&self, timestamp: Option<u64>) -> Value {
        match self {
            Self::Credential { id, event } => json!({
                "schema": "waypass.status-change/1", "id": id, "state": event.to.as_str(), "cause": event.cause.as_str(), "at": event.at.unix(),
                "timestamp": timestamp,
            }),
            Self::Gate(gate) => json!({ "schema": "waypass.gate/1", "id": gate.id, "name": gate.name, "enrolled": false }),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Credential { id, event } => format!("{id} is {} since {} ({})", event.to.as_str(), words::when(event.at), event.cause),
            Self::Gate(gate) => {
                let reason = gate.revoked.as_ref().map_or("", |(_, reason)| reason);
                format!("the enrolment of {} has ended ({})", gate.name, reason)
            }
        }
    }
}

/// Why an id was left as it is.
enum Refused {
    Change(ChangeError),
    Other(Failure),
}

impl Refused {
    fn failure(self) -> Failure {
        match self {
            Self::Change(why) => failure(why),
            Self::Other(why) => why,
        }
    }
}

fn changed(issuer: &mut Issuer<'_>, id: &str, change: Change, grounds: &Grounds) -> Result<Changed, Refused> {
    if change == Change::Revoke && id.starts_with("did:key:") {
        // The gate leaves the bundle, and wallets call it unknown.
        let why = format!("{} {}", grounds.cause, grounds.note);
        let gate = issuer.revoke_gate(id, why.trim(), now()).map_err(|why| Refused::Other(super::gates::enroll_failure(why)))?;
        return Ok(Changed::Gate(gate));
    }
    let id = issuer.find(id).map_err(Refused::Change)?.id;
    let event = issuer.change(&id, change, grounds, now()).map_err(Refused::Change)?;
    Ok(Changed::Credential { id, event })
}

/// Returns the credentials of a holder that the change is possible for.
fn of_holder(issuer: &Issuer<'_>, change: Change, holder: &str) -> Result<Vec<String>, Failure> {
    let records = issuer.credentials(&Filter { holder: Some(holder.to_owned()), ..Filter::default() }).map_err(store_failure)?;
    if records.is_empty() {
        return Err(Failure::usage(format!("nothing was issued to the holder `{holder}`"), "see what there is: waypass issuer list"));
    }
    Ok(records.into_iter().filter(|record| change.apply(record.state).is_some()).map(|record| record.id).collect())
}

/// Reads one id a line.
fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    let bytes = file::read(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage(format!("{} is not text", path.display()), "give a file with one id a line"))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Returns the causes by name, for the grammar, its help and the completions.
fn reasons() -> impl TypedValueParser<Value = Cause> {
    PossibleValuesParser::new(Cause::ALL.map(Cause::as_str)).try_map(|name| Cause::parse(&name).ok_or("no reason"))
}

pub(super) fn failure(error: ChangeError) -> Failure {
    match error {
        ChangeError::Unknown | ChangeError::Ambiguous { .. } => Failure::usage(error, "see what there is: waypass issuer list"),
        ChangeError::NotAllowed { .. } => Failure::usage(error, "see what happened to it: waypass issuer show ID"),
        ChangeError::NoMessage => Failure::usage(error, "see what there is: waypass issuer settings"),
        ChangeError::NoteRequired | ChangeError::Text(_) => Failure::usage(error, "correct --note or --operator"),
        ChangeError::Store(why) => store_failure(why),
    }
}
