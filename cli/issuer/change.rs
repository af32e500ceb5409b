//! `waypass issuer revoke|suspend|reinstate|message`.

use super::publish::{self, Answers, Publishing};
use super::{now, operator, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::sheet::Sheet;
use crate::unlock::OpenArgs;
use crate::{file, secret, words};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use waypass_issuer::Issuer;
use waypass_issuer::revoke::{Cause, Change, ChangeError, Grounds};
use waypass_issuer::store::{CredentialRecord, Filter, GateRow, StatusEvent};

/// Arguments of `issuer revoke`, `suspend` and `reinstate`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The credentials' ids, or how they begin; to end a gate's enrolment, the gate's DID
    #[arg(value_name = "ID", required_unless_present_any = ["holder", "from"])]
    ids: Vec<String>,
    /// Every credential of this holder that can be changed so
    #[arg(long, value_name = "DID", conflicts_with_all = ["ids", "from"])]
    holder: Option<String>,
    /// Read the ids from FILE, one a line, or from the result.csv of `issuer issue --from`; `-` reads standard input
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

/// Credentials that are shown before the question.
const SHOWN: usize = 20;

pub(super) const GATES_KNOW_LATER: &str = "published; a gate knows after its next sync, not before";

pub(crate) fn message(run: &Run, args: &MessageArgs) -> Outcome {
    let operator = operator(args.operator.as_deref());
    let ((id, event), published) = publish::after(run, &args.open, &args.publishing, |issuer| {
        let id = issuer.find(&args.id).map_err(failure)?.id;
        let event = issuer.set_message(&id, args.number, &operator, now()).map_err(failure)?;
        Ok((id, event))
    })?;
    run.out.json(&json!({
        "schema": "waypass.status-message/1", "id": id, "number": args.number, "message": event.note, "at": event.at.unix(),
        "timestamp": published.as_ref().ok().map(|published| published.timestamp),
    }))?;
    run.out.words(&format!("{id} says \"{}\" since {}", event.note, words::when(event.at)));
    publish::tell(run, published, publish::TARGETS_DUE, GATES_KNOW_LATER)
}

pub(crate) fn run(run: &Run, change: Change, args: &Args) -> Outcome {
    let mut given = args.ids.clone();
    if let Some(path) = &args.from {
        given.extend(listed(run, path)?);
    }
    let grounds = Grounds { cause: args.reason, note: args.note.clone(), operator: operator(args.operator.as_deref()) };
    let clock = args.publishing.clock(run)?;
    let answers = Answers::new(run, args.publishing.yes);
    // Of ids that somebody typed nobody needs to be told which they are.
    let is_shown = args.holder.is_some() || args.from.is_some();
    let done = answers.with(&args.open, &mut || Ok(false), |issuer| {
        let ids = args.holder.as_ref().map_or_else(|| Ok(given.clone()), |holder| of_holder(issuer, change, holder))?;
        let plan = Plan::of(issuer, change, &ids)?;
        let is_agreed = !is_shown || plan.is_empty() || answers.to(&plan.words(change), question(change))?;
        if !is_agreed {
            return Ok(None);
        }
        let tally = plan.carry_out(issuer, change, &grounds)?;
        // A change that is not published reaches nobody: one publication for all of them.
        let is_due = !tally.changed.is_empty() || tally.perhaps_unpublished;
        Ok(Some((tally, ids.len(), is_due.then(|| clock.publish(run, issuer).map_err(publish::unpublished)))))
    })?;
    let Some((tally, asked, published)) = done else { return Err(secret::declined("nothing was changed")) };
    let timestamp = published.as_ref().and_then(|published| published.as_ref().ok()).map(|published| published.timestamp);
    tally.tell(run, asked, timestamp)?;
    if let Some(published) = published {
        let known = match tally.changed.as_slice() {
            [] => "",
            changed if changed.iter().any(|changed| matches!(changed, Changed::Gate(_))) => "published; devices know after their next sync",
            _ => GATES_KNOW_LATER,
        };
        publish::tell(run, published, publish::TARGETS_DUE, known)?;
    }
    let outcome = tally.outcome(run, asked);
    match &args.from {
        Some(path) => outcome.map_err(|failure| failure.about(path)),
        None => outcome,
    }
}

/// What was asked for, as far as it is possible.
#[derive(Default)]
struct Plan {
    credentials: Vec<CredentialRecord>,
    gates: Vec<String>,
    refused: Vec<(String, ChangeError)>,
}

impl Plan {
    fn of(issuer: &Issuer<'_>, change: Change, ids: &[String]) -> Result<Self, Failure> {
        let is_gate = |id: &String| change == Change::Revoke && id.starts_with("did:key:");
        let (gates, ids): (Vec<String>, Vec<String>) = ids.iter().cloned().partition(is_gate);
        let mut plan = Self { gates, ..Self::default() };
        let mut seen = HashSet::new();
        for (id, found) in ids.iter().zip(issuer.find_all(&ids).map_err(store_failure)?) {
            match found {
                Err(why) => plan.refused.push((id.clone(), why)),
                Ok(record) if !seen.insert(record.id.clone()) => {}
                Ok(record) if change.apply(record.state).is_some() => plan.credentials.push(record),
                Ok(CredentialRecord { state, changed_at, .. }) => {
                    plan.refused.push((id.clone(), ChangeError::NotAllowed { change, state, since: changed_at }));
                }
            }
        }
        Ok(plan)
    }

    const fn is_empty(&self) -> bool {
        self.credentials.is_empty() && self.gates.is_empty()
    }

    fn words(&self, change: Change) -> Vec<String> {
        let mut lines = vec![format!("{change} {} credential(s):", self.credentials.len())];
        for record in self.credentials.iter().take(SHOWN) {
            let (roles, until) = (words::list(&record.roles), words::when(record.valid_until));
            lines.push(format!("  {}  {roles}, until {until}  {}", record.id, record.label));
        }
        if self.credentials.len() > SHOWN {
            lines.push(format!("  and {} more", self.credentials.len() - SHOWN));
        }
        lines.extend(self.gates.iter().map(|gate| format!("end the enrolment of {gate}")));
        lines
    }

    /// Changes all the credentials or none, and then ends the enrolments.
    fn carry_out(self, issuer: &mut Issuer<'_>, change: Change, grounds: &Grounds) -> Result<Tally, Failure> {
        let ids: Vec<String> = self.credentials.into_iter().map(|record| record.id).collect();
        let events = issuer.change_all(&ids, change, grounds, now()).map_err(failure)?;
        let changed = ids.into_iter().zip(events).map(|(id, event)| Changed::Credential { id, event }).collect();
        let perhaps_unpublished = self.refused.iter().any(|(_, why)| matches!(why, ChangeError::NotAllowed { .. }));
        let refused = self.refused.into_iter().map(|(id, why)| (id, failure(why))).collect();
        let mut tally = Tally { changed, refused, perhaps_unpublished };
        for gate in self.gates {
            // The gate leaves the bundle, and wallets call it unknown.
            let why = format!("{} {}", grounds.cause, grounds.note);
            match issuer.revoke_gate(&gate, why.trim(), now()) {
                Ok(gate) => tally.changed.push(Changed::Gate(gate)),
                Err(why) => tally.refused.push((gate, super::gates::enroll_failure(why))),
            }
        }
        Ok(tally)
    }
}

const fn question(change: Change) -> &'static str {
    match change {
        Change::Revoke => "Withdraw them for good?",
        Change::Suspend => "Withdraw them for now?",
        Change::Reinstate => "Lift these suspensions?",
    }
}

impl Tally {
    /// One id has a result of its own; several have one together.
    fn tell(&self, run: &Run, asked: usize, timestamp: Option<u64>) -> Result<(), Failure> {
        let documents: Vec<Value> = self.changed.iter().map(|changed| changed.document(timestamp)).collect();
        match documents.first() {
            Some(document) if asked == 1 => run.out.json(document)?,
            None if asked == 1 => {}
            _ => {
                let refused = |(id, why): &(String, Failure)| json!({ "id": id, "why": why.what });
                run.out.json(&json!({
                    "schema": "waypass.status-changes/1", "changed": documents,
                    "refused": self.refused.iter().map(refused).collect::<Vec<_>>(), "timestamp": timestamp,
                }))?;
            }
        }
        for changed in &self.changed {
            run.out.words(&changed.words());
        }
        Ok(())
    }

    fn outcome(mut self, run: &Run, asked: usize) -> Outcome {
        if asked == 0 {
            run.out.note("there is nothing to change so");
        }
        if asked > 1 {
            for (id, why) in &self.refused {
                run.out.warn(&format!("{} was not changed: {}", id, why.what));
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

/// Returns the credentials of a holder that the change is possible for.
fn of_holder(issuer: &Issuer<'_>, change: Change, holder: &str) -> Result<Vec<String>, Failure> {
    let records = issuer.credentials(&Filter { holder: Some(holder.to_owned()), ..Filter::default() }).map_err(store_failure)?;
    if records.is_empty() {
        return Err(Failure::usage(format!("nothing was issued to the holder `{holder}`"), "see what there is: waypass issuer list"));
    }
    Ok(records.into_iter().filter(|record| change.apply(record.state).is_some()).map(|record| record.id).collect())
}

/// Reads one id a line; or a table with a column `id`, such as the result of `issuer issue --from`.
fn listed(run: &Run, path: &Path) -> Result<Vec<String>, Failure> {
    let bytes = file::read(run.input, path)?;
    let mut sheet = Sheet::of(Box::new(Cursor::new(bytes.clone())), path)?;
    if let Some(at) = sheet.columns.iter().position(|name| name == "id") {
        let mut ids = Vec::new();
        while let Some(line) = sheet.next()? {
            ids.extend(line.cells.into_iter().nth(at).filter(|id| !id.is_empty()));
        }
        return Ok(ids);
    }
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
