//! `waypass issuer renew`: a new credential for the same person, with a new end.

use super::change;
use super::issue::{claims, validity};
use super::many::{self, Job, Row};
use super::publish::{self, Published, Publishing};
use super::refused::failure;
use super::{now, operator, store_failure};
use crate::Run;
use crate::exit::{Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::words;
use std::path::PathBuf;
use std::rc::Rc;
use waypass_credential::json::Object;
use waypass_credential::time::Timestamp;
use waypass_issuer::Issuer;
use waypass_issuer::issue::{Found, Validity};
use waypass_issuer::revoke::{Cause, Change, Grounds};
use waypass_issuer::store::{CredentialRecord, Filter, State};
use waypass_machine::SystemRng;

/// One that would end less than this later is not renewed: it was only just issued.
const GAIN: i64 = 86_400;

/// Arguments of `issuer renew`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The credentials' ids, or how they begin
    #[arg(value_name = "ID", required_unless_present_any = ["holder", "ends_within"])]
    ids: Vec<String>,
    /// Every credential of this holder that is in force
    #[arg(long, value_name = "DID", conflicts_with = "ids")]
    holder: Option<String>,
    /// Every credential in force that ends within this time, such as 30d
    #[arg(long, value_name = "TIME", value_parser = words::parse_span, conflicts_with = "ids")]
    ends_within: Option<i64>,
    /// How long the new ones are valid: 90d, 12h; or their last day, such as 2027-03-31, in this machine's time zone
    #[arg(long, value_name = "TIME|DATE", default_value = "90d", value_parser = validity)]
    valid: Validity,
    /// A JSON file with the personal claims of the new credential, for one ID: the office keeps none, so without it the new one has none
    #[arg(long, value_name = "FILE", conflicts_with_all = ["holder", "ends_within"])]
    claims: Option<PathBuf>,
    /// Withdraw the old credentials at once. Without this they run out by themselves, so that nobody stands at a gate with a withdrawn
    /// credential before the new one has come
    #[arg(long)]
    revoke_old: bool,
    /// Leave out those that cannot be renewed; without this, one of them keeps everything from being issued
    #[arg(long)]
    skip_faulty: bool,
    /// Folder for the new credentials and their list, result.csv
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// Person who issues, for the history [default: the user's login name]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let personal = args.claims.as_deref().map_or_else(|| Ok(Object::new()), |path| claims(run, path))?;
    if args.claims.is_some() && args.ids.len() > 1 {
        return Err(Failure::usage("the claims are those of one person, and there are several ids", "renew each by itself"));
    }
    let clock = if args.revoke_old { Some(args.publishing.clock(run)?) } else { None };
    let operator = operator(args.operator.as_deref());
    let mut notes = Vec::new();
    if args.claims.is_none() {
        notes.push("the office keeps no personal claims: the new credentials have roles, sites and zones only".to_owned());
    }
    notes.push(
        if args.revoke_old { "the old ones are withdrawn at once" } else { "the old ones stay in force until their own end" }.to_owned(),
    );
    let job = Job {
        unit: "credential",
        column: "renews",
        notes,
        folder: &args.output,
        skip_faulty: args.skip_faulty,
        yes: args.publishing.yes,
        operator: &operator,
        open: &args.open,
    };
    let report = many::run(run, &job, &|issuer| rows(issuer, args, &personal).map(Rc::new), &|issuer, renewed| {
        let Some(clock) = &clock else { return Ok(None) };
        withdraw(issuer, renewed, &operator)?;
        // Also where all had been withdrawn: an earlier run may have been cut off before it published that.
        Ok(Some(clock.publish(run, issuer).map_err(publish::unpublished)))
    })?;
    let published: Option<Published> = report.tell(run, &job, "waypass.renewed/1", "").map(|_| report.after)?;
    match published {
        Some(published) => publish::tell(run, published, publish::TARGETS_DUE, change::GATES_KNOW_LATER),
        None => Ok(crate::exit::Exit::Done),
    }
}

/// Returns those that are to be renewed, or why one cannot be.
fn rows(issuer: &mut Issuer<'_>, args: &Args, personal: &Object<'static>) -> Result<Vec<Row>, Failure> {
    let now = now();
    let end = match args.valid {
        Validity::For(seconds) => now.plus(seconds),
        Validity::Until(end) => end,
    };
    let gains = |record: &CredentialRecord| end.since(record.valid_until) >= GAIN;
    let mut rows = Vec::new();
    let mut records = Vec::new();
    if args.ids.is_empty() {
        records = in_force(issuer, args, now)?;
        bounded(records.len())?;
        records.retain(gains);
        if records.is_empty() {
            return Err(Failure::usage("no credential is to be renewed", "see what there is: waypass issuer list --ends-within TIME"));
        }
    }
    for (id, found) in args.ids.iter().zip(issuer.find_all(&args.ids).map_err(store_failure)?) {
        match found {
            Ok(record) if records.iter().any(|held: &CredentialRecord| held.id == record.id) => {}
            Ok(record) => records.push(record),
            Err(why) => rows.push(Row { name: id.clone(), label: String::new(), person: Err(why.to_string()) }),
        }
    }
    let people = issuer.renewals(&records, args.valid, personal).map_err(store_failure)?;
    for (record, person) in records.into_iter().zip(people) {
        let refused = match record.state {
            State::Valid if gains(&record) => None,
            State::Valid => Some(format!("it ends at {}, and a new one would not end later", words::when(record.valid_until))),
            state => Some(format!("it is {state} since {}", words::when(record.changed_at))),
        };
        // One that was renewed, and then withdrawn by that, is found again.
        let person = match refused {
            Some(why) if !is_renewed(issuer, &person)? => Err(why),
            _ => Ok(person),
        };
        rows.push(Row { name: record.id, label: record.label, person });
    }
    Ok(rows)
}

fn is_renewed(issuer: &mut Issuer<'_>, person: &waypass_issuer::issue::Person) -> Result<bool, Failure> {
    let found = issuer.look_up(std::slice::from_ref(person), now(), &mut SystemRng).map_err(failure)?;
    Ok(matches!(found.as_slice(), [Found::Before(_)]))
}

fn in_force(issuer: &Issuer<'_>, args: &Args, now: Timestamp) -> Result<Vec<CredentialRecord>, Failure> {
    let filter = Filter {
        state: Some(State::Valid),
        ends_after: Some(now),
        ended_by: args.ends_within.map(|seconds| now.plus(seconds)),
        holder: args.holder.clone(),
        limit: u32::try_from(many::MOST + 1).ok(),
        ..Filter::default()
    };
    issuer.credentials(&filter).map_err(store_failure)
}

/// Withdraws those that were renewed and are in force, in one transaction.
fn withdraw(issuer: &mut Issuer<'_>, renewed: &[String], operator: &str) -> Result<(), Failure> {
    let records = issuer.find_all(renewed).map_err(store_failure)?.into_iter().flatten();
    let ids: Vec<String> = records.filter(|record| record.state == State::Valid).map(|record| record.id).collect();
    let grounds = Grounds { cause: Cause::Replaced, note: String::new(), operator: operator.to_owned() };
    issuer.change_all(&ids, Change::Revoke, &grounds, now()).map(drop).map_err(change::failure)
}

/// Refuses more than one run takes: what was read of them is kept until all are issued to.
fn bounded(count: usize) -> Result<(), Failure> {
    if count > many::MOST {
        return Err(Failure::usage(
            format!("more than {} credentials are to be renewed", many::MOST),
            "renew those that end first, by a smaller --ends-within; nothing was issued",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{bounded, many};
    use crate::exit::Exit;

    #[test]
    fn a_renewal_of_too_many_is_refused() {
        assert!(bounded(many::MOST).is_ok());
        let refused = bounded(many::MOST + 1).expect_err("too many");
        assert!(refused.exit == Exit::Usage && refused.what.contains("100000"), "{}", refused.what);
    }
}
