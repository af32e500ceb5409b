//! `waypass issuer log ..`: what gates sent.

use super::{now, store_failure};
use crate::Run;
use crate::audit;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Readers};
use crate::scope::Scope;
use crate::sheet;
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::{Value, json};
use std::path::PathBuf;
use waypass_credential::time::Timestamp;
use waypass_issuer::Issuer;
use waypass_issuer::received::{Acknowledged, Flag, ReceivedError, ReceivedRecord, RecordFilter};
use waypass_trust::reason::Level;

/// The verbs of `issuer log`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// List the records that gates sent, gate after gate, newest last
    List {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Show one record, and for a flagged one whose credential it was
    Show {
        /// The gate's name or DID
        gate: String,
        /// The record's number
        seq: u64,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Say that somebody looked at flagged admissions
    Acknowledge(AcknowledgeArgs),
    /// Write the records as JSON Lines, or as CSV for a spreadsheet
    Export {
        #[command(flatten)]
        which: Which,
        /// Write CSV
        #[arg(long)]
        csv: bool,
        /// File to write to
        #[arg(short, long, value_name = "FILE", default_value = "-")]
        output: PathBuf,
        #[command(flatten)]
        open: OpenArgs,
    },
}

impl Verb {
    pub(super) const fn scope(&self) -> Scope {
        match self {
            Self::List { .. } | Self::Show { .. } | Self::Export { .. } => Scope::Read,
            Self::Acknowledge(_) => Scope::Records,
        }
    }
}

/// Arguments of `issuer log acknowledge`.
#[derive(clap::Args)]
pub(crate) struct AcknowledgeArgs {
    /// The gate's name or DID
    #[arg(required_unless_present = "all")]
    gate: Option<String>,
    /// The record's number
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    seq: Option<u64>,
    /// All that are flagged, of this gate or of every gate
    #[arg(long)]
    all: bool,
    /// Person who looked; it stays with the record
    #[arg(long, value_name = "NAME")]
    by: String,
    /// The finding, in words
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    open: OpenArgs,
}

/// Which records.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// Only this gate, by its name or DID
    #[arg(long, value_name = "GATE")]
    gate: Option<String>,
    /// Only the time since then: 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = words::parse_span)]
    since: Option<i64>,
    /// Only the time before then: 1h, 1d
    #[arg(long, value_name = "TIME", value_parser = words::parse_span)]
    until: Option<i64>,
    /// Only decisions of this colour
    #[arg(long, value_name = "COLOUR")]
    verdict: Option<Colour>,
    /// Only admissions of a credential that had been withdrawn already
    #[arg(long)]
    flagged: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Colour {
    Green,
    Amber,
    Red,
    Grey,
}

const HEADING: &str = "gate,gate_id,seq,at,received_at,event,level,reasons,targets,clock,flagged_since,acknowledged_by";

pub(crate) fn run(run: &Run, verb: Verb) -> Outcome {
    match verb {
        Verb::List { which, open } => list(run, &which, &open)?,
        Verb::Show { gate, seq, open } => show(run, &gate, seq, &open)?,
        Verb::Acknowledge(args) => acknowledge(run, &args)?,
        Verb::Export { which, csv, output, open } => {
            let records = read(run, &which, &open)?;
            let mut text = if csv { format!("{HEADING}\n") } else { String::new() };
            for record in &records {
                text.push_str(&if csv { row(record) } else { document(record).to_string() });
                text.push('\n');
            }
            let delivered = file::deliver(run.out, &output, text.as_bytes(), Readers::All)?;
            let document = json!({ "schema": "waypass.received-export/1", "records": records.len(), "csv": csv });
            run.out.json(&file::with(document, delivered))?;
        }
    }
    Ok(Exit::Done)
}

fn list(run: &Run, which: &Which, open: &OpenArgs) -> Result<(), Failure> {
    let records = read(run, which, open)?;
    let items: Vec<Value> = records.iter().map(document).collect();
    run.out.list("waypass.received-list/1", "records", &items, || {
        let mut gate = None;
        for record in &records {
            if gate != Some(&record.leaf.device) {
                run.out.words(&record.gate);
                gate = Some(&record.leaf.device);
            }
            let flag = record.flag.as_ref().map_or("", |_| "  withdrawn already");
            let looked = record.flag.as_ref().and_then(|flag| flag.acknowledged.as_ref());
            let looked = looked.map_or_else(String::new, |looked| format!("; acknowledged by {}", looked.by));
            run.out.words(&format!("{}{flag}{looked}", audit::line(&record.leaf)));
        }
        if records.is_empty() {
            run.out.note("no gate has sent such a record");
        }
    })
}

fn show(run: &Run, gate: &str, seq: u64, open: &OpenArgs) -> Result<(), Failure> {
    let (record, credential) = super::with(run, open, |issuer| {
        let record = issuer.received_record(gate, seq).map_err(failure)?;
        let credential = record.flag.as_ref().map(|flag| credential(issuer, flag)).transpose()?.flatten();
        Ok((record, credential))
    })?;
    let mut found = document(&record);
    if let Some(members) = found.as_object_mut() {
        members.insert("schema".to_owned(), json!("waypass.received/1"));
        members.insert("credential".to_owned(), json!(credential.as_ref().map(|(id, _)| id)));
    }
    run.out.json(&found)?;
    run.out.words([format!("{}  {}", record.gate, record.leaf.device), audit::line(&record.leaf)]);
    run.out.words(&format!("  trust bundle version {}, clock {}", record.leaf.bundle_version, words::clock(record.leaf.confidence)));
    run.out.words(&format!("  received {}", words::when(record.received_at)));
    if let Some((id, label)) = credential {
        run.out.words(&format!("  the credential {id} ({label}) had been withdrawn: waypass issuer show {id}"));
    }
    if let Some(looked) = record.flag.as_ref().and_then(|flag| flag.acknowledged.as_ref()) {
        let note = looked.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
        let at = Timestamp::from_unix(looked.at).map_or_else(String::new, words::when);
        run.out.words(&format!("  acknowledged by {} at {at}{note}", looked.by));
    }
    Ok(())
}

fn acknowledge(run: &Run, args: &AcknowledgeArgs) -> Result<(), Failure> {
    let note = crate::gate::note(&args.by, None, args.note.as_deref())?;
    let done =
        super::with(run, &args.open, |issuer| issuer.acknowledge_flags(args.gate.as_deref(), args.seq, &note, now()).map_err(failure))?;
    let records: Vec<Value> = done.iter().map(|(gate, seq)| json!({ "gate": gate, "seq": seq })).collect();
    run.out.json(&json!({ "schema": "waypass.received-acknowledged/1", "records": records }))?;
    for (gate, seq) in &done {
        run.out.words(&format!("{gate}, record {seq}: acknowledged by {}", note.by()));
    }
    if done.is_empty() {
        run.out.note("nothing is flagged");
    }
    Ok(())
}

/// Returns the credential that a flagged admission was about: its id and label.
fn credential(issuer: &Issuer<'_>, flag: &Flag) -> Result<Option<(String, String)>, Failure> {
    let found = issuer.credential_at(&flag.uri, flag.idx).map_err(store_failure)?;
    Ok(found.map(|record| (record.id, record.label)))
}

fn read(run: &Run, which: &Which, open: &OpenArgs) -> Result<Vec<ReceivedRecord>, Failure> {
    let ago = |seconds: i64| now().plus(-seconds);
    let filter = RecordFilter {
        gate: which.gate.clone(),
        since: which.since.map(ago),
        until: which.until.map(ago),
        level: which.verdict.map(|colour| match colour {
            Colour::Green => Level::Green,
            Colour::Amber => Level::Amber,
            Colour::Red => Level::Red,
            Colour::Grey => Level::Grey,
        }),
        flagged: which.flagged,
    };
    super::with(run, open, |issuer| {
        let mut records = Vec::new();
        issuer.received_records(&filter, &mut |record| records.push(record)).map_err(failure)?;
        Ok(records)
    })
}

fn document(record: &ReceivedRecord) -> Value {
    let mut found = audit::document(&record.leaf);
    if let Some(members) = found.as_object_mut() {
        members.insert("gate".to_owned(), json!(record.gate));
        members.insert("gate_id".to_owned(), json!(record.leaf.device));
        members.insert("clock".to_owned(), json!(record.leaf.confidence.as_str()));
        members.insert("received_at".to_owned(), json!(record.received_at.unix()));
        let looked = |looked: &Acknowledged| json!({ "by": looked.by, "note": looked.note, "at": looked.at });
        let flag = |flag: &Flag| {
            let looked = flag.acknowledged.as_ref().map(looked);
            json!({ "revoked_at": flag.revoked_at, "uri": flag.uri, "index": flag.idx, "acknowledged": looked })
        };
        members.insert("flag".to_owned(), json!(record.flag.as_ref().map(flag)));
    }
    found
}

fn row(record: &ReceivedRecord) -> String {
    let leaf = &record.leaf;
    let outcome = leaf.outcome.as_ref();
    let fields = [
        record.gate.clone(),
        leaf.device.clone(),
        leaf.seq.to_string(),
        leaf.wall.to_string(),
        record.received_at.to_string(),
        leaf.event.as_str().to_owned(),
        outcome.map_or_else(String::new, |outcome| outcome.level.as_str().to_owned()),
        outcome.map_or_else(String::new, |outcome| outcome.reasons.join(" ")),
        leaf.bundle_version.to_string(),
        leaf.confidence.as_str().to_owned(),
        record.flag.as_ref().map_or_else(String::new, |flag| flag.revoked_at.to_string()),
        record.flag.as_ref().and_then(|flag| flag.acknowledged.as_ref()).map_or_else(String::new, |looked| looked.by.clone()),
    ];
    sheet::line(&fields)
}

fn failure(error: ReceivedError) -> Failure {
    match error {
        ReceivedError::Store(why) => store_failure(why),
        ReceivedError::UnknownGate => Failure::usage(error, "see the gates: waypass issuer gates"),
        ReceivedError::NoRecord => Failure::usage(error, "see what there is: waypass issuer log list --gate GATE"),
        ReceivedError::NotFlagged => Failure::usage(error, "see what is flagged: waypass issuer log list --flagged"),
    }
}

/// `waypass issuer gates`: every gate and how up to date it is.
pub(super) fn gates(run: &Run, open: &OpenArgs) -> Outcome {
    let (gates, published) = super::with(run, open, |issuer| {
        let published = issuer.published().map_err(store_failure)?.map_or(0, |published| published.targets);
        Ok((issuer.gate_overview().map_err(failure)?, published))
    })?;
    let items: Vec<Value> = gates
        .iter()
        .map(|found| {
            let ended = found.gate.revoked.as_ref().map(|(at, reason)| json!({ "at": at.unix(), "reason": reason }));
            json!({
                "id": found.gate.id, "name": found.gate.name, "site": found.gate.site, "zone": found.gate.zone, "ended": ended,
                "enrolled_until": found.enrolled_until.map(Timestamp::unix), "records": found.records,
                "last_received": found.last_received.map(Timestamp::unix), "targets_held": found.targets_held,
                "targets_published": published, "flags": found.flags, "forked_at_record": found.forked.map(|(_, seq)| seq),
            })
        })
        .collect();
    run.out.list("waypass.gate-list/1", "gates", &items, || {
        for found in &gates {
            let [name, site, zone] = [&found.gate.name, &found.gate.site, &found.gate.zone].map(|text| text);
            let enrolment = match (&found.gate.revoked, found.enrolled_until) {
                (Some((at, reason)), _) => format!("ended {} ({})", words::when(*at), reason),
                (None, Some(until)) => format!("enrolled until {}", words::when(until)),
                (None, None) => "not in the last publication".to_owned(),
            };
            let news = found.last_received.map_or_else(
                || "nothing received yet".to_owned(),
                |at| format!("{} records, the newest received {}", found.records, words::when(at)),
            );
            let held = found.targets_held.map_or_else(String::new, |held| format!("; had targets {held} of {published}"));
            run.out.words([
                format!("{name} (site {site}, zone {zone})  {enrolment}"),
                format!("  {news}{held}"),
                format!("  {}", found.gate.id),
            ]);
            if found.flags > 0 {
                run.out.words(&format!(
                    "  {} let in with a credential that had been withdrawn: waypass issuer log list --flagged",
                    found.flags
                ));
            }
            if let Some((_, seq)) = found.forked {
                run.out.words(&format!("  its log contradicts itself at record {seq}: take it out of service"));
            }
        }
        if gates.is_empty() {
            run.out.note("no gate was ever enrolled");
        }
    })?;
    Ok(Exit::Done)
}
