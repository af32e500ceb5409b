//! `waypass audit ..`: a gate's log.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Readers};
use crate::gate::{self, failure};
use crate::progress::Progress;
use crate::scope::Scope;
use crate::unlock::OpenArgs;
use crate::{flag, secret, verifier, words};
use serde_json::{Value, json};
use std::path::PathBuf;
use waypass_credential::time::Timestamp;
use waypass_gate::Which;
use waypass_machine::{SystemRng, clock};
use waypass_trust::audit::{Head, Leaf, Summary, Upload};

/// Arguments of `audit`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// The records, newest last
    List {
        /// Only the last N
        #[arg(long, value_name = "N")]
        last: Option<u64>,
        /// Only the admissions that this gate would now refuse, until somebody acknowledges them
        #[arg(long, conflicts_with = "last")]
        flagged: bool,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// One record with everything this gate knows about it
    Show {
        /// Its number
        seq: u64,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Say that somebody looked at a flagged admission
    Acknowledge {
        /// The record
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        seq: Option<u64>,
        /// All that are flagged
        #[arg(long)]
        all: bool,
        /// Person who looked; it goes into the log
        #[arg(long, value_name = "NAME")]
        by: String,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Erase a person from the log: what was decided stays, whom it was about does not
    Erase {
        /// A holder or a guard, as `waypass audit show` names them
        person: String,
        /// Person who erases; it goes into the log
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Check that no record was changed, removed or added, and name the first that was
    Verify {
        /// An exported log instead of this gate's own
        file: Option<PathBuf>,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Write the log without what identifies people, signed by the gate
    Export {
        /// File to write to
        #[arg(short, long, value_name = "FILE", default_value = "-")]
        output: PathBuf,
        /// From this record on
        #[arg(long, value_name = "N", default_value_t = 0)]
        from: u64,
        #[command(flatten)]
        open: OpenArgs,
    },
}

impl Args {
    /// Returns what the command does with the gate. `None` for a log that was brought as a file.
    pub(crate) const fn scope(&self) -> Option<Scope> {
        match self.verb {
            Verb::Verify { file: Some(_), .. } => None,
            Verb::List { .. } | Verb::Show { .. } | Verb::Verify { file: None, .. } | Verb::Export { .. } => Some(Scope::Read),
            Verb::Acknowledge { .. } | Verb::Erase { .. } => Some(Scope::Records),
        }
    }
}

pub(crate) fn run(run: &Run, args: Args) -> Outcome {
    match args.verb {
        Verb::List { flagged: true, open, .. } => list_flagged(run, &open),
        Verb::List { last, open, .. } => list(run, last, &open),
        Verb::Acknowledge { seq, by, open, .. } => acknowledge(run, seq, &by, &open),
        Verb::Erase { person, by, yes, open } => erase(run, &person, &by, yes, &open),
        Verb::Show { seq, open } => show(run, seq, &open),
        Verb::Verify { file: Some(path), .. } => verify_file(run, &file::read(run.input, &path)?).map_err(|failure| failure.about(&path)),
        Verb::Verify { file: None, open } => verify_own(run, &open),
        Verb::Export { output, from, open } => {
            let bytes = verifier::with(run, &open, |gate| gate.export(from, &clock::read()).map_err(failure))?;
            let delivered = file::deliver(run.out, &output, &bytes, Readers::All)?;
            let document = json!({ "schema": "waypass.audit-export/1", "from": from, "bytes": bytes.len() });
            run.out.json(&file::with(document, delivered))?;
            Ok(Exit::Done)
        }
    }
}

fn list(run: &Run, last: Option<u64>, open: &OpenArgs) -> Outcome {
    let leaves = verifier::with(run, open, |gate| {
        let size = gate.records();
        let from = last.map_or(0, |last| size.saturating_sub(last));
        (from..size).map(|seq| gate.leaf(seq)).collect::<Result<Vec<_>, _>>().map_err(failure)
    })?;
    let items: Vec<Value> = leaves.iter().map(document).collect();
    run.out.list("waypass.audit-list/1", "records", &items, || {
        for leaf in &leaves {
            run.out.words(&line(leaf));
        }
        if leaves.is_empty() {
            run.out.note("nothing was recorded yet");
        }
    })?;
    Ok(Exit::Done)
}

fn list_flagged(run: &Run, open: &OpenArgs) -> Outcome {
    let flags = verifier::with(run, open, |gate| {
        // Another role of this home may have brought a newer list.
        gate.compare_lists().and_then(|()| gate.flags()).map_err(failure)
    })?;
    let items: Vec<Value> = flags.iter().map(flag::document).collect();
    run.out.list("waypass.audit-flags/1", "flagged", &items, || {
        for flag in &flags {
            run.out.words(&flag::words(flag));
        }
        if flags.is_empty() {
            run.out.note("nothing is flagged");
        }
    })?;
    Ok(Exit::Done)
}

fn acknowledge(run: &Run, seq: Option<u64>, by: &str, open: &OpenArgs) -> Outcome {
    let note = gate::note(by, None, None)?;
    let which = seq.map_or(Which::All, Which::One);
    let done = verifier::with(run, open, |gate| gate.acknowledge_flags(which, &note, &clock::read(), &mut SystemRng).map_err(failure))?;
    run.out.json(&json!({ "schema": "waypass.audit-acknowledged/1", "records": done }))?;
    for seq in &done {
        run.out.words(&format!("record {seq}: acknowledged by {}", note.by()));
    }
    if done.is_empty() {
        run.out.note("nothing is flagged");
    }
    Ok(Exit::Done)
}

fn erase(run: &Run, person: &str, by: &str, yes: bool, open: &OpenArgs) -> Outcome {
    let note = gate::note(by, None, None)?;
    if !yes && !secret::confirm(run.input, "Erase this person from the log for good?", "--yes")? {
        return Err(secret::declined("nobody was erased"));
    }
    let done = verifier::with(run, open, |gate| gate.erase(person, &note, &clock::read(), &mut SystemRng).map_err(failure))?;
    if done.is_empty() {
        return Err(Failure::usage("no record of this gate names this person", "see how it names people: waypass audit show SEQ"));
    }
    run.out.json(&json!({ "schema": "waypass.audit-erased/1", "records": done }))?;
    run.out.words(&format!("{} record(s) say no more whom they are about", done.len()));
    Ok(Exit::Done)
}

fn show(run: &Run, seq: u64, open: &OpenArgs) -> Outcome {
    let (leaf, entry) = verifier::with(run, open, |gate| Ok((gate.leaf(seq).map_err(failure)?, gate.entry(seq).map_err(failure)?)))?;
    let mut found = document(&leaf);
    if let (Some(members), Some(opening)) = (found.as_object_mut(), entry.opening()) {
        members.insert("schema".to_owned(), json!("waypass.audit-record/1"));
        members.insert("actor".to_owned(), json!(opening.actor));
        members.insert("subject".to_owned(), json!(opening.subject));
        if let Some(note) = &opening.note {
            members.insert("by".to_owned(), json!(note.by()));
            members.insert("second".to_owned(), json!(note.second()));
            members.insert("reason".to_owned(), json!(note.reason()));
        }
        if let Some(status) = &opening.status {
            let list = json!({ "uri": status.uri, "index": status.index, "list_issued_at": status.list_issued_at.map(Timestamp::unix) });
            members.insert("status".to_owned(), list);
        }
    }
    run.out.json(&found)?;
    run.out.words(&line(&leaf));
    run.out.words(&format!("  trust bundle version {}, clock {}", leaf.bundle_version, words::clock(leaf.confidence)));
    match entry.opening() {
        Some(opening) => {
            run.out.words(&format!("  about {}", &opening.subject));
            if let Some(note) = &opening.note {
                let second = note.second().map_or_else(String::new, |second| format!(" and {second}"));
                let reason = note.reason().map_or_else(String::new, |reason| format!(": {reason}"));
                run.out.words(&format!("  by {}{second}{reason}", note.by()));
            }
            if let Some(status) = &opening.status {
                let as_of = status.list_issued_at.map_or_else(|| "no list".to_owned(), |at| format!("list of {}", words::when(at)));
                run.out.words(&format!("  status entry {} of {} ({as_of})", status.index, status.uri));
            }
        }
        None => run.out.words("  whom it was about has been erased"),
    }
    Ok(Exit::Done)
}

fn verify_own(run: &Run, open: &OpenArgs) -> Outcome {
    let summary = verifier::with(run, open, |gate| {
        let bar = Progress::new(run.out, "checking the log", gate.records());
        gate.verify_log(|| bar.step()).map_err(failure)
    })?;
    told(run, &summary)
}

fn verify_file(run: &Run, bytes: &[u8]) -> Outcome {
    let not_a_log =
        |why: String| Failure::usage(format!("this is not an exported log: {why}"), "name the file that `waypass audit export` wrote");
    let upload = Upload::parse(bytes).map_err(|error| not_a_log(error.to_string()))?;
    let head = Head::open(upload.head()).map_err(|error| Failure::new(Exit::Tamper, error, "get the file again from the gate"))?;
    let key = waypass_credential::did::resolve(head.chain.device()).map_err(|error| not_a_log(error.to_string()))?;
    let accepted = upload
        .verify(&key, 0, &|_| None, clock::read().wall)
        .map_err(|error| Failure::new(Exit::Tamper, error, "get the file again from the gate, from record 0 on"))?;
    let summary = accepted.summary.clone();
    run.out.note(&format!("signed by {}", head.chain.device()));
    told(run, &summary)
}

fn told(run: &Run, summary: &Summary) -> Outcome {
    run.out.json(&json!({ "schema": "waypass.audit-check/1", "whole": true, "records": summary.size, "decided": summary.decided, "admitted": summary.admitted, "unconfirmed": summary.unconfirmed }))?;
    let open = if summary.unconfirmed > 0 { format!(", {} CAUTION not confirmed", summary.unconfirmed) } else { String::new() };
    run.out.words(&format!(
        "{} record(s), the chain is whole: {} decision(s), {} admitted{open}",
        summary.size, summary.decided, summary.admitted
    ));
    Ok(Exit::Done)
}

/// Returns one record as a line.
pub(crate) fn line(leaf: &Leaf) -> String {
    let outcome =
        leaf.outcome.as_ref().map_or_else(String::new, |outcome| format!("  {:<5} {}", outcome.level.as_str(), outcome.reasons.join(" ")));
    let about = leaf.about.map_or_else(String::new, |about| format!("  record {about}"));
    format!("{:>5}  {}  {:<16}{outcome}{about}", leaf.seq, words::when(leaf.wall), leaf.event.as_str()).trim_end().to_owned()
}

/// Returns one record as JSON.
pub(crate) fn document(leaf: &Leaf) -> Value {
    json!({
        "seq": leaf.seq, "at": leaf.wall.unix(), "event": leaf.event.as_str(), "level": leaf.outcome.as_ref().map(|outcome| outcome.level.as_str()),
        "reasons": leaf.outcome.as_ref().map(|outcome| outcome.reasons.clone()), "bundle_version": leaf.bundle_version, "about": leaf.about,
    })
}
