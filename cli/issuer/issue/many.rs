//! `waypass issuer issue --from TABLE`: to many people, a file and a line of the result for each. It can be cut off at any time and run
//! again: nobody is issued to twice.

use super::people::{self, Row};
use super::{Args, failure};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Readers};
use crate::issuer::list::standing;
use crate::issuer::publish::Answers;
use crate::issuer::{now, store_failure};
use crate::progress::Progress;
use crate::{folder, secret, sheet, stdio, words};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use waypass_issuer::Issuer;
use waypass_issuer::issue::{self, Found, IssueError, Order, Person};
use waypass_issuer::store::CredentialRecord;
use waypass_machine::SystemRng;

/// People in one transaction.
const BATCH: usize = 500;
/// People who are shown before the question.
const SHOWN: usize = 5;

const HEADING: &str = "line,status,id,file,holder,label,valid_until,why";

/// What there is to do.
struct Plan<'r> {
    /// Those to whom something is issued, or was before.
    people: Vec<(&'r Row, &'r Person)>,
    /// How many of them have their credential.
    before: usize,
    faulty: Vec<(&'r Row, String)>,
}

/// What became of a line.
struct Done {
    line: u64,
    record: CredentialRecord,
    is_new: bool,
    /// Why there is no file.
    why: Option<String>,
}

pub(super) fn run(session: &Session, args: &Args, table: &Path, order: &Order, operator: &str) -> Outcome {
    if stdio::is_dash(&args.output) {
        return Err(Failure::usage("there is a file for each person, and no folder for them", "name one: -o FOLDER"));
    }
    let rows = people::read(table, order, &args.run)?;
    let answers = Answers::new(session, args.yes);
    let made = answers.with(&args.open, &mut || Ok(false), |issuer| {
        let plan = Plan::of(issuer, &rows)?;
        plan.refuse(session, args).map_err(|failure| failure.about(table))?;
        let asks = "Issue these credentials?";
        if plan.before < plan.people.len() && !answers.to(&plan.words(&args.output), asks)? {
            return Ok(None);
        }
        let done = issue_all(session, issuer, &plan, &args.output, operator)?;
        tell_of_new_lists(session, issuer, done.iter().map(|done| done.record.list))?;
        let result = plan.result(&done);
        Ok(Some((done, plan.faulty.len(), result)))
    })?;
    let Some((done, faulty, result)) = made else { return Err(secret::declined("nothing was issued")) };
    let path = args.output.join("result.csv");
    file::deliver(session.out, &path, result.as_bytes(), Readers::Owner)?;
    tell(session, args, &done, faulty, &path)
}

impl<'r> Plan<'r> {
    fn of(issuer: &mut Issuer<'_>, rows: &'r [Row]) -> Result<Self, Failure> {
        let mut plan = Self { people: Vec::new(), before: 0, faulty: Vec::new() };
        for rows in rows.chunks(BATCH) {
            let readable: Vec<Person> = rows.iter().filter_map(|row| row.person.as_ref().ok().cloned()).collect();
            let mut found = issuer.look_up(&readable, now(), &mut SystemRng).map_err(failure)?.into_iter();
            for row in rows {
                match &row.person {
                    Err(why) => plan.faulty.push((row, why.clone())),
                    Ok(person) => match found.next() {
                        Some(Found::Refused(why)) => plan.faulty.push((row, why.to_string())),
                        found => {
                            plan.before += usize::from(matches!(found, Some(Found::Before(_))));
                            plan.people.push((row, person));
                        }
                    },
                }
            }
        }
        Ok(plan)
    }

    /// Names each faulty line. With one, nothing is issued, unless somebody said that those may be left out.
    fn refuse(&self, session: &Session, args: &Args) -> Result<(), Failure> {
        for (row, why) in &self.faulty {
            session.out.warn(&format!("line {}: {why}", row.number));
        }
        let (faulty, all) = (self.faulty.len(), self.faulty.len() + self.people.len());
        if faulty == 0 || (args.skip_faulty && !self.people.is_empty()) {
            return Ok(());
        }
        Err(Failure::usage(
            format!("{faulty} of {all} lines are faulty, and nothing was issued"),
            "correct them and run the command again, or leave them out with --skip-faulty",
        ))
    }

    fn words(&self, folder: &Path) -> Vec<String> {
        let new = self.people.len() - self.before;
        let mut lines = vec![format!("{new} credential(s) into {}", folder.display())];
        for (row, Person { order, holder, .. }) in self.people.iter().take(SHOWN) {
            let name = if row.label.is_empty() { holder.to_multikey() } else { row.label.clone() };
            let (roles, sites, zones) = (words::list(&order.roles), words::list(&order.sites), words::list(&order.zones));
            let claims: Vec<&str> = order.personal.iter().map(|(name, _)| name).collect();
            let claims = if claims.is_empty() { String::new() } else { format!(", with {}", words::list(&claims)) };
            lines.push(format!("  line {}: {name}, roles {roles}, sites {sites}, zones {zones}{claims}", row.number));
        }
        if self.people.len() > SHOWN {
            lines.push(format!("  and {} more", self.people.len() - SHOWN));
        }
        if self.before > 0 {
            lines.push(format!("{} of them were issued before, and are not issued again", self.before));
        }
        if !self.faulty.is_empty() {
            lines.push(format!("{} faulty line(s) are left out", self.faulty.len()));
        }
        lines
    }

    /// Returns the text of the result file: every line of the table, in its order.
    fn result(&self, done: &[Done]) -> String {
        let now = now();
        let mut lines: Vec<(u64, String)> = Vec::with_capacity(done.len() + self.faulty.len());
        for (Done { line, record, why, .. }, (row, _)) in done.iter().zip(&self.people) {
            let status = standing(record, now);
            let status = if status == "valid" { "issued" } else { status };
            let file = if status == "issued" && why.is_none() { file_name(record) } else { String::new() };
            let cells = [
                line.to_string(),
                status.to_owned(),
                record.id.clone(),
                file,
                record.holder.clone(),
                row.label.clone(),
                record.valid_until.to_string(),
                why.clone().unwrap_or_default(),
            ];
            lines.push((*line, sheet::line(&cells)));
        }
        for (row, why) in &self.faulty {
            let cells = [&*row.number.to_string(), "faulty", "", "", "", &row.label, "", why].map(str::to_owned);
            lines.push((row.number, sheet::line(&cells)));
        }
        lines.sort_unstable_by_key(|(number, _)| *number);
        lines.into_iter().fold(format!("{HEADING}\n"), |text, (_, line)| text + &line + "\n")
    }
}

/// Issues to those who have nothing yet, in transactions of many, and writes a file for each. A file that a run before this one did not
/// come to is written from the record.
fn issue_all(session: &Session, issuer: &mut Issuer<'_>, plan: &Plan<'_>, into: &Path, operator: &str) -> Result<Vec<Done>, Failure> {
    folder::make(into)?;
    let bar = Progress::new(session.out, "issuing", plan.people.len() as u64);
    let mut done = Vec::with_capacity(plan.people.len());
    for batch in plan.people.chunks(BATCH) {
        let people: Vec<Person> = batch.iter().map(|(_, person)| (*person).clone()).collect();
        let issued = issuer.issue_all(&people, operator, now(), &mut SystemRng).map_err(failure)?;
        let (mut files, mut lost) = (Vec::new(), Vec::new());
        let first = done.len();
        for (((row, _), person), issued) in batch.iter().zip(&people).zip(issued) {
            let is_new = issued.is_ok();
            let record = match issued {
                Ok(issued) => {
                    files.push((file_name(&issued.record), issued.credential));
                    issued.record
                }
                Err(record) => {
                    let held = folder::read(&into.join(file_name(&record)))?;
                    lost.push((done.len(), person, record.clone(), held));
                    record
                }
            };
            done.push(Done { line: row.number, record, is_new, why: None });
        }
        let wanted: Vec<issue::File<'_>> =
            lost.iter().map(|(_, person, record, held)| issue::File { person, record, held: held.clone() }).collect();
        let copies = issuer.copies(&wanted, now(), &mut SystemRng).map_err(failure)?;
        for ((at, _, record, _), copy) in lost.iter().zip(copies) {
            match copy {
                Ok(None) => {}
                Ok(Some(credential)) => files.push((file_name(record), credential)),
                Err(IssueError::Store(why)) => return Err(store_failure(why)),
                Err(why) => done[*at].why = Some(why.to_string()),
            }
        }
        folder::write_all(into, &files).map_err(|why| cut_off(why, done.len() - first))?;
        batch.iter().for_each(|_| bar.step());
    }
    Ok(done)
}

fn file_name(record: &CredentialRecord) -> String {
    format!("{}.credential", record.id)
}

fn cut_off(failure: Failure, batch: usize) -> Failure {
    Failure {
        what: format!("{}; up to {batch} credentials are on record and have no file yet", failure.what),
        next: format!("{}; run the same command again: nobody is issued to twice, and what is missing is written", failure.next),
        exit: failure.exit,
    }
}

fn tell(session: &Session, args: &Args, done: &[Done], faulty: usize, result: &Path) -> Outcome {
    let now = now();
    let over = done.iter().filter(|done| standing(&done.record, now) != "valid").count();
    let fileless: Vec<&Done> = done.iter().filter(|done| done.why.is_some()).collect();
    let new = done.iter().filter(|done| done.is_new).count();
    session.out.json(&json!({
        "schema": "waypass.issued-many/1", "issued": new, "before": done.len() - new, "over": over, "faulty": faulty,
        "without_file": fileless.len(), "folder": args.output, "result": result,
    }))?;
    session.out.words([
        format!("issued {new} credential(s); {} had been issued before", done.len() - new),
        format!("  {} in {}", "a file for each", args.output.display()),
        format!("  each line and what became of it in {}", result.display()),
    ]);
    for done in &fileless {
        let why = done.why.as_deref().unwrap_or_default();
        session.out.warn(&format!("line {}: {why}; revoke it, and issue to this person by --holder", done.line));
    }
    if over > 0 {
        session.out.note(&format!(
            "{over} that had been issued before are withdrawn or past their end; to issue to the same people once more, name another run: --run NAME"
        ));
    }
    Ok(Exit::Done)
}

/// Says so if a list is new to gates.
pub(super) fn tell_of_new_lists(session: &Session, issuer: &Issuer<'_>, lists: impl IntoIterator<Item = u32>) -> Result<(), Failure> {
    let lists: BTreeSet<u32> = lists.into_iter().collect();
    for list in lists {
        if !issuer.is_announced(list).map_err(store_failure)? {
            session.out.note("its status list is new: gates and wallets believe it after the next `waypass issuer publish` and a sync");
        }
    }
    Ok(())
}
