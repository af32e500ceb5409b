//! Issuing to many people: a preview and a question, a file for each, and a table of what became of each. It can be cut off at any time and
//! run again: nobody is issued to twice.

use super::publish::Answers;
use super::refused::failure;
use super::standing::standing;
use super::{now, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Readers};
use crate::progress::Progress;
use crate::sheet::{self, Sheet};
use crate::unlock::OpenArgs;
use crate::{folder, secret, stdio, words};
use serde_json::json;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use waypass_issuer::Issuer;
use waypass_issuer::issue::{self, Found, IssueError, Person};
use waypass_issuer::store::CredentialRecord;
use waypass_machine::SystemRng;

/// The most people in one run. What was read of them is kept until all are issued to.
pub(super) const MOST: usize = 100_000;
/// People in one transaction.
const BATCH: usize = 500;
/// People who are shown before the question.
const SHOWN: usize = 5;
/// The file that tells what became of each.
const RESULT: &str = "result.csv";

/// One of those who are to be issued to.
pub(super) struct Row {
    /// Where it was asked for: the number of a line, or the id of a credential.
    pub(super) name: String,
    /// The name for lists, to be shown.
    pub(super) label: String,
    /// The person, or why nothing can be issued.
    pub(super) person: Result<Person, String>,
}

/// What is asked for, and how it is told.
pub(super) struct Job<'j> {
    /// The word for a row: `line` or `credential`.
    pub(super) unit: &'static str,
    /// The first column of the result.
    pub(super) column: &'static str,
    /// Lines that the preview ends with.
    pub(super) notes: Vec<String>,
    pub(super) folder: &'j Path,
    pub(super) skip_faulty: bool,
    pub(super) yes: bool,
    pub(super) operator: &'j str,
    pub(super) open: &'j OpenArgs,
}

/// Says who is to be issued to.
type Asked<'f> = &'f dyn Fn(&mut Issuer<'_>) -> Result<Rc<Vec<Row>>, Failure>;
/// Does what comes after the issuing; it is given the names of the rows that have their credential and its file.
type After<'f, T> = &'f dyn Fn(&mut Issuer<'_>, &[String]) -> Result<T, Failure>;

/// What was done.
pub(super) struct Report<T> {
    done: Vec<Done>,
    faulty: usize,
    result: PathBuf,
    /// What came of the work after the issuing.
    pub(super) after: T,
}

/// What there is to do.
struct Plan<'r> {
    job: &'r Job<'r>,
    rows: &'r [Row],
    /// What is found for each row, or why it is faulty.
    found: Vec<Result<&'r Person, String>>,
    /// The ids of those that were issued before.
    before: HashSet<String>,
}

/// What became of a row.
struct Done {
    row: usize,
    record: CredentialRecord,
    is_new: bool,
    /// Why there is no file.
    why: Option<String>,
}

/// Checks and shows what is wanted, asks, issues, and does what comes after.
pub(super) fn run<T>(run: &Run, job: &Job<'_>, rows: Asked<'_>, after: After<'_, T>) -> Result<Report<T>, Failure> {
    if stdio::is_dash(job.folder) {
        return Err(Failure::usage("there is a file for each credential, and no folder for them", "name one: -o FOLDER"));
    }
    let answers = Answers::new(run, job.yes);
    let made = answers.with(job.open, &mut || Ok(false), |issuer| {
        let rows = rows(issuer)?;
        let plan = Plan::of(issuer, job, &rows)?;
        plan.refuse(run)?;
        plan.refuse_other_result(run)?;
        if plan.before.len() < plan.people().count() && !answers.to(&plan.words(), "Issue these credentials?")? {
            return Ok(None);
        }
        let done = plan.issue_all(run, issuer)?;
        tell_of_new_lists(run, issuer, done.iter().map(|done| done.record.list))?;
        let result = job.folder.join(RESULT);
        file::deliver(run.out, &result, plan.result(&done).as_bytes(), Readers::Owner)?;
        let names: Vec<String> = done.iter().filter(|done| done.why.is_none()).map(|done| rows[done.row].name.clone()).collect();
        Ok(Some(Report { faulty: plan.rows.len() - done.len(), done, result, after: after(issuer, &names)? }))
    })?;
    made.ok_or_else(|| secret::declined("nothing was issued"))
}

impl<'r> Plan<'r> {
    fn of(issuer: &mut Issuer<'_>, job: &'r Job<'r>, rows: &'r [Row]) -> Result<Self, Failure> {
        let mut plan = Self { job, rows, found: Vec::with_capacity(rows.len()), before: HashSet::new() };
        for rows in rows.chunks(BATCH) {
            let readable: Vec<Person> = rows.iter().filter_map(|row| row.person.as_ref().ok().cloned()).collect();
            let mut found = issuer.look_up(&readable, now(), &mut SystemRng).map_err(failure)?.into_iter();
            for row in rows {
                plan.found.push(match &row.person {
                    Err(why) => Err(why.clone()),
                    Ok(person) => match found.next() {
                        Some(Found::Refused(why)) => Err(why.to_string()),
                        Some(Found::Before(record)) => {
                            plan.before.insert(record.id);
                            Ok(person)
                        }
                        _ => Ok(person),
                    },
                });
            }
        }
        Ok(plan)
    }

    /// Returns those to whom something is issued, or was before, each with the place of its row.
    fn people(&self) -> impl Iterator<Item = (usize, &'r Person)> {
        self.found.iter().enumerate().filter_map(|(at, found)| Some((at, *found.as_ref().ok()?)))
    }

    /// Names each faulty row. With one, nothing is issued, unless somebody said that those may be left out.
    fn refuse(&self, run: &Run) -> Result<(), Failure> {
        let mut faulty = 0;
        for (row, why) in self.rows.iter().zip(&self.found).filter_map(|(row, found)| Some((row, found.as_ref().err()?))) {
            run.out.warn(&format!("{} {}: {why}", self.job.unit, row.name));
            faulty += 1;
        }
        if faulty == 0 || (self.job.skip_faulty && faulty < self.rows.len()) {
            return Ok(());
        }
        Err(Failure::usage(
            format!("{faulty} of {} {}s are faulty, and nothing was issued", self.rows.len(), self.job.unit),
            "correct them and run the command again, or leave them out with --skip-faulty",
        ))
    }

    /// Refuses a folder that has the result of something else: it would be lost.
    fn refuse_other_result(&self, run: &Run) -> Result<(), Failure> {
        let path = self.job.folder.join(RESULT);
        if !path.exists() {
            return Ok(());
        }
        let mut sheet = Sheet::open(run.input, &path)?;
        let at = sheet.columns.iter().position(|name| name == "id");
        while let Some(line) = sheet.next()? {
            let is_ours = at.and_then(|at| line.cells.get(at)).is_some_and(|id| id.is_empty() || self.before.contains(id));
            if !is_ours {
                return Err(Failure::usage(
                    format!("{} tells of credentials that are not among these, and would be overwritten", path.display()),
                    "name another folder: -o FOLDER; nothing was issued",
                ));
            }
        }
        Ok(())
    }

    fn words(&self) -> Vec<String> {
        let (all, before) = (self.people().count(), self.before.len());
        let mut lines = vec![format!("{} credential(s) into {}", all - before, self.job.folder.display())];
        for (at, Person { order, holder, .. }) in self.people().take(SHOWN) {
            let row = &self.rows[at];
            let name = if row.label.is_empty() { holder.to_multikey() } else { row.label.clone() };
            let (roles, sites, zones) = (words::list(&order.roles), words::list(&order.sites), words::list(&order.zones));
            let claims: Vec<&str> = order.personal.iter().map(|(name, _)| name).collect();
            let claims = if claims.is_empty() { String::new() } else { format!(", with {}", words::list(&claims)) };
            lines.push(format!("  {} {}: {name}, roles {roles}, sites {sites}, zones {zones}{claims}", self.job.unit, row.name));
        }
        if all > SHOWN {
            lines.push(format!("  and {} more", all - SHOWN));
        }
        if before > 0 {
            lines.push(format!("{before} of them were issued before, and are not issued again"));
        }
        if all < self.rows.len() {
            lines.push(format!("{} faulty {}(s) are left out", self.rows.len() - all, self.job.unit));
        }
        lines.extend(self.job.notes.iter().cloned());
        lines
    }

    /// Issues to those who have nothing yet, in transactions of many, and writes a file for each. A file that a run before this one did
    /// not come to is made from the record.
    fn issue_all(&self, run: &Run, issuer: &mut Issuer<'_>) -> Result<Vec<Done>, Failure> {
        folder::make(self.job.folder)?;
        let people: Vec<(usize, &Person)> = self.people().collect();
        let bar = Progress::new(run.out, "issuing", people.len() as u64);
        let mut done = Vec::with_capacity(people.len());
        for batch in people.chunks(BATCH) {
            let people: Vec<Person> = batch.iter().map(|(_, person)| (*person).clone()).collect();
            let issued = issuer.issue_all(&people, self.job.operator, now(), &mut SystemRng).map_err(failure)?;
            let (mut files, mut held) = (Vec::new(), Vec::new());
            for ((row, _), issued) in batch.iter().zip(issued) {
                let is_new = issued.is_ok();
                let record = match issued {
                    Ok(issued) => {
                        files.push((file_name(&issued.record), issued.credential));
                        issued.record
                    }
                    Err(record) => {
                        let record = *record;
                        held.push((done.len(), folder::read(&self.job.folder.join(file_name(&record)))?));
                        record
                    }
                };
                done.push(Done { row: *row, record, is_new, why: None });
            }
            self.write_copies(issuer, &mut done, held, &mut files)?;
            folder::write_all(self.job.folder, &files).map_err(|failure| cut_off(&failure))?;
            for _ in batch {
                bar.step();
            }
        }
        Ok(done)
    }

    /// Returns the text of the result: every row, in its order.
    fn result(&self, done: &[Done]) -> String {
        let (now, mut done) = (now(), done.iter().peekable());
        let mut text = format!("{},status,id,file,holder,label,valid_until,why\n", self.job.column);
        for (at, row) in self.rows.iter().enumerate() {
            let cells = if let Some(Done { record, why, .. }) = done.next_if(|done| done.row == at) {
                let standing = standing(record, now);
                let status = if standing == "valid" { "issued" } else { standing };
                let file = if status == "issued" && why.is_none() { file_name(record) } else { String::new() };
                let (until, why) = (record.valid_until.to_string(), why.clone().unwrap_or_default());
                [row.name.clone(), status.to_owned(), record.id.clone(), file, record.holder.clone(), row.label.clone(), until, why]
            } else {
                let why = self.found[at].as_ref().err().map_or("", String::as_str);
                [&row.name, "faulty", "", "", "", &row.label, "", why].map(str::to_owned)
            };
            text.push_str(&sheet::line(&cells));
            text.push('\n');
        }
        text
    }
}

fn file_name(record: &CredentialRecord) -> String {
    format!("{}.credential", record.id)
}

fn cut_off(failure: &Failure) -> Failure {
    Failure {
        what: format!("{}; some credentials are on record and have no file yet", failure.what),
        next: format!("{}; run the same command again: nobody is issued to twice, and what is missing is written", failure.next),
        exit: failure.exit,
    }
}

impl Plan<'_> {
    /// Adds the files of those who were issued to before, where the file is missing or is not that credential.
    fn write_copies(
        &self,
        issuer: &mut Issuer<'_>,
        done: &mut [Done],
        held: Vec<(usize, Option<Vec<u8>>)>,
        files: &mut Vec<(String, Vec<u8>)>,
    ) -> Result<(), Failure> {
        let places: Vec<usize> = held.iter().map(|(at, _)| *at).collect();
        let wanted: Vec<issue::File<'_>> = held
            .into_iter()
            .filter_map(|(at, held)| {
                let Done { row, record, .. } = &done[at];
                Some(issue::File { person: self.found[*row].as_ref().ok()?, record, held })
            })
            .collect();
        let copies = issuer.copies(&wanted, now(), &mut SystemRng).map_err(failure)?;
        for (at, copy) in places.into_iter().zip(copies) {
            match copy {
                Ok(None) => {}
                Ok(Some(credential)) => files.push((file_name(&done[at].record), credential)),
                Err(IssueError::Store(why)) => return Err(store_failure(why)),
                Err(why) => done[at].why = Some(why.to_string()),
            }
        }
        Ok(())
    }
}

impl<T> Report<T> {
    /// Says what was done.
    pub(super) fn tell(&self, run: &Run, job: &Job<'_>, schema: &str, once_more: &str) -> Outcome {
        let now = now();
        let Self { done, faulty, result, .. } = self;
        let over = done.iter().filter(|done| standing(&done.record, now) != "valid").count();
        let new = done.iter().filter(|done| done.is_new).count();
        let fileless: Vec<&Done> = done.iter().filter(|done| done.why.is_some()).collect();
        run.out.json(&json!({
            "schema": schema, "issued": new, "before": done.len() - new, "over": over, "faulty": faulty, "without_file": fileless.len(),
            "folder": job.folder, "result": result,
        }))?;
        run.out.words([
            format!("issued {new} credential(s), a file for each, into {}", job.folder.display()),
            format!("  {} had been issued before", done.len() - new),
            format!("  what became of each is in {}", result.display()),
        ]);
        for done in &fileless {
            let (id, why) = (&done.record.id, done.why.as_deref().unwrap_or_default());
            run.out.warn(&format!("{why}; revoke {id}, and issue to {} by --holder", done.record.holder));
        }
        if over > 0 {
            run.out.note(&format!("{over} that had been issued before are withdrawn or past their end{once_more}"));
        }
        Ok(Exit::Done)
    }
}

/// Says so if a list is new to gates.
pub(super) fn tell_of_new_lists(run: &Run, issuer: &Issuer<'_>, lists: impl IntoIterator<Item = u32>) -> Result<(), Failure> {
    let lists: BTreeSet<u32> = lists.into_iter().collect();
    for list in lists {
        if !issuer.is_announced(list).map_err(store_failure)? {
            run.out.note("its status list is new: gates and wallets believe it after the next `waypass issuer publish` and a sync");
        }
    }
    Ok(())
}
