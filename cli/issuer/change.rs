//! `waypass issuer revoke|suspend|reinstate`.

use super::{now, operator, store_failure};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::json;
use waypass_issuer::revoke::{Cause, Change, ChangeError, Grounds};

/// Arguments of `issuer revoke`, `suspend` and `reinstate`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The credential's id; to end a gate's enrolment, the gate's DID
    id: String,
    /// Why: lost, compromised, role_ended, replaced, issued_in_error, misuse, investigation, cleared, other
    #[arg(long, value_name = "REASON", value_parser = reason)]
    reason: Cause,
    /// More words; needed with `other`
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Who decided, for the history [default: the user's login name]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `issuer message`.
#[derive(clap::Args)]
pub(crate) struct MessageArgs {
    /// The credential's id
    id: String,
    /// The message's number in the issuer's settings; 0 is that there is nothing to say
    number: u8,
    /// Who decided, for the history [default: the user's login name]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn message(session: &Session, args: &MessageArgs) -> Outcome {
    let operator = operator(args.operator.as_deref());
    let (event, published) = super::with(session, &args.open, |issuer| {
        let event = issuer.set_message(&args.id, args.number, &operator, now()).map_err(failure)?;
        Ok((event, issuer.publish(now()).map_err(super::publish::failure)?))
    })?;
    session.out.json(&json!({
        "schema": "waypass.status-message/1", "id": args.id, "number": args.number, "message": event.note, "at": event.at.unix(),
        "timestamp": published.timestamp,
    }))?;
    session.out.words(&format!("{} says \"{}\" since {}", args.id, event.note, words::when(event.at)));
    session.out.note("published; a gate knows after its next sync, not before");
    Ok(Exit::Done)
}

pub(crate) fn run(session: &Session, change: Change, args: &Args) -> Outcome {
    if change == Change::Revoke && args.id.starts_with("did:key:") {
        return dismiss(session, args);
    }
    let grounds = Grounds { cause: args.reason, note: args.note.clone(), operator: operator(args.operator.as_deref()) };
    let (event, published) = super::with(session, &args.open, |issuer| {
        let event = match issuer.change(&args.id, change, &grounds, now()) {
            Ok(event) => event,
            // Perhaps an earlier run was cut off between the change and its publication: make up for that, then say that nothing changed.
            Err(refused @ ChangeError::NotAllowed { .. }) => {
                issuer.publish(now()).map_err(super::publish::failure)?;
                return Err(failure(refused));
            }
            Err(other) => return Err(failure(other)),
        };
        // What is not published reaches nobody.
        let published = issuer.publish(now()).map_err(super::publish::failure)?;
        Ok((event, published))
    })?;
    session.out.json(&json!({
        "schema": "waypass.status-change/1", "id": args.id, "state": event.to.as_str(), "cause": event.cause, "at": event.at.unix(),
        "timestamp": published.timestamp,
    }))?;
    session.out.words(&format!("{} is {} since {} ({})", args.id, event.to.as_str(), words::when(event.at), event.cause));
    session.out.note("published; a gate knows after its next sync, not before");
    Ok(Exit::Done)
}

/// A gate's enrolment ends: it leaves the bundle, and wallets call it unknown after their next sync.
fn dismiss(session: &Session, args: &Args) -> Outcome {
    let why = format!("{} {}", args.reason, args.note);
    let gate = super::with(session, &args.open, |issuer| {
        let gate = issuer.revoke_gate(&args.id, why.trim(), now()).map_err(super::gates::enroll_failure)?;
        issuer.publish(now()).map_err(super::publish::failure)?;
        Ok(gate)
    })?;
    session.out.json(&json!({ "schema": "waypass.gate/1", "id": gate.id, "name": gate.name, "enrolled": false }))?;
    session.out.words(&format!("the enrolment of {} has ended ({})", gate.name, args.reason));
    session.out.note("published; wallets know after their next sync");
    Ok(Exit::Done)
}

fn reason(text: &str) -> Result<Cause, String> {
    Cause::parse(text).ok_or_else(|| format!("one of {}", Cause::ALL.map(Cause::as_str).join(", ")))
}

fn failure(error: ChangeError) -> Failure {
    match error {
        ChangeError::Unknown => Failure::usage(error, "see what there is: waypass issuer list"),
        ChangeError::NotAllowed { .. } => Failure::usage(error, "see what happened to it: waypass issuer show ID"),
        ChangeError::NoMessage => Failure::usage(error, "see what there is: waypass issuer show"),
        ChangeError::NoteRequired | ChangeError::Text(_) => Failure::usage(error, "correct --note or --operator"),
        ChangeError::ClockBehind { .. } => Failure::internal(error, "set this machine's clock, then run the command again"),
        ChangeError::Store(why) => store_failure(why),
    }
}
