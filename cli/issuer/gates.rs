//! `waypass issuer enroll` and `intake`: gates that come by file instead of by HTTP.

use super::publish::{self, Publishing};
use super::{now, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Readers};
use crate::unlock::OpenArgs;
use serde_json::json;
use std::path::PathBuf;
use waypass_issuer::Issuer;
use waypass_issuer::gates::{EnrolError, known_time_zone};
use waypass_issuer::intake::IntakeError;
use waypass_issuer::store::GateRow;
use waypass_trust::enrolment::Enrolment;
use waypass_trust::sync::Parcel;

/// Arguments of `issuer enroll`.
#[derive(clap::Args)]
pub(crate) struct EnrollArgs {
    /// The files that `waypass verifier enroll` made; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The time zone whose hours the rules may speak of at these gates, such as Asia/Kathmandu
    #[arg(long, value_name = "NAME")]
    time_zone: Option<String>,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `issuer intake`.
#[derive(clap::Args)]
pub(crate) struct IntakeArgs {
    /// The file that `waypass verifier sync --to` made; `-` reads standard input
    file: PathBuf,
    /// Folder for receipts and the newest bundle, for the way back
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn enroll(run: &Run, args: &EnrollArgs) -> Outcome {
    let texts = args.files.iter().map(|path| file::read(run.input, path)).collect::<Result<Vec<_>, _>>()?;
    let (((gates, without_hours), refused), published) = publish::after(run, &args.open, &args.publishing, |issuer| {
        // Read all of them before the first is taken in, so that a wrong file changes nothing.
        let texts = args.files.iter().zip(&texts).map(|(path, bytes)| enrolment(bytes).map_err(|failure| failure.about(path)));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        args.time_zone.as_deref().map_or(Ok(()), known_time_zone).map_err(enroll_failure)?;
        let mut gates: Vec<GateRow> = Vec::new();
        for text in texts {
            match issuer.enroll_gate(text, args.time_zone.as_deref(), now()).map_err(enroll_failure) {
                Ok(gate) => gates.push(gate),
                // Those before it are recorded, and are published.
                Err(refused) if !gates.is_empty() => return Ok((hours(issuer, gates), Some(refused))),
                Err(refused) => return Err(refused),
            }
        }
        Ok((hours(issuer, gates), None))
    })?;
    let document =
        |gate: &GateRow| json!({ "schema": "waypass.gate/1", "id": gate.id, "name": gate.name, "site": gate.site, "zone": gate.zone });
    match gates.as_slice() {
        [gate] => run.out.json(&document(gate))?,
        gates => run.out.json(&json!({ "schema": "waypass.gates/1", "gates": gates.iter().map(document).collect::<Vec<_>>() }))?,
    }
    for gate in &gates {
        run.out.words([format!("enrolled {} (site {}, zone {})", gate.name, gate.site, gate.zone), format!("  {}", gate.id)]);
    }
    for (gate, rule) in &without_hours {
        run.out.warn(&format!(
            "the rule {rule} speaks of local hours and {gate} has no time zone, so that rule closes this gate: give it one with \
             --time-zone NAME"
        ));
    }
    publish::tell(run, published, publish::TARGETS_DUE, "")?;
    refused.map_or(Ok(Exit::Done), Err)
}

/// Returns the gates, and which of them a rule closes because it asks for hours that they do not have: the gate's name and the rule's.
fn hours(issuer: &Issuer<'_>, gates: Vec<GateRow>) -> (Vec<GateRow>, Vec<(String, String)>) {
    let without = gates.iter().filter_map(|gate| Some((gate.name.clone(), issuer.rule_without_hours(gate)?))).collect();
    (gates, without)
}

fn enrolment(bytes: &[u8]) -> Result<&str, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|_| enroll_failure(EnrolError::Invalid))?.trim();
    Enrolment::open(text).map_err(|why| enroll_failure(why.into()))?;
    Ok(text)
}

pub(crate) fn intake(run: &Run, args: &IntakeArgs) -> Outcome {
    let bytes = file::read(run.input, &args.file)?;
    // A stick carries a parcel; a log exported on its own is taken too.
    let uploads = match Parcel::parse(&bytes) {
        Ok(parcel) => parcel.uploads,
        Err(_) => vec![bytes],
    };
    if uploads.is_empty() {
        let empty = Failure::usage("there is no log in this file", "make it on the gate: waypass verifier sync --to FILE");
        return Err(empty.about(&args.file));
    }
    let parcel = super::with(run, &args.open, |issuer| {
        let taken = |upload: &Vec<u8>| issuer.intake(upload, now()).map_err(|error| intake_failure(error).about(&args.file));
        let receipts = uploads.iter().map(taken).collect::<Result<_, _>>()?;
        let published = issuer.published().map_err(store_failure)?;
        Ok(Parcel { bundle: published.map(|published| published.bundle), uploads: Vec::new(), receipts })
    })?;
    let bytes = parcel.to_bytes().map_err(|error| Failure::internal(error, "run `waypass doctor`"))?;
    let delivered = file::deliver(run.out, &args.output, &bytes, Readers::All)?;
    let done = format!("{} log(s) stored; the file takes receipts and the newest bundle back to the gate", uploads.len());
    run.out.json(&file::with(json!({ "schema": "waypass.intake/1", "logs": uploads.len() }), delivered))?;
    run.out.delivered(&args.output, &done);
    Ok(Exit::Done)
}

/// Returns the words for a gate that was not enrolled or not dismissed.
pub(super) fn enroll_failure(error: EnrolError) -> Failure {
    match error {
        EnrolError::Store(why) => store_failure(why),
        EnrolError::TimeZone(_) => Failure::usage(error, "use a name of the IANA database, such as Europe/Paris"),
        EnrolError::Unknown => Failure::usage(error, "see the gates: waypass issuer show"),
        EnrolError::Site(_) => Failure::usage(error, "this issuer's sites: waypass issuer show"),
        EnrolError::Place(_) => {
            Failure::usage(error, "make the gate again with another place: waypass verifier init --site SITE --zone ZONE")
        }
        EnrolError::Ended { .. } => Failure::usage(error, "make the gate again in a new home, which gives it a new key"),
        EnrolError::Invalid | EnrolError::Text(_) | EnrolError::Age { .. } | EnrolError::Older => {
            Failure::usage(error, "make the file again on the gate: waypass verifier enroll -o FILE")
        }
    }
}

fn intake_failure(error: IntakeError) -> Failure {
    match error {
        IntakeError::Store(why) => store_failure(why),
        IntakeError::Fork { .. } => {
            Failure::new(Exit::Tamper, error, "take the gate out of service and look into it; its enrolment should end")
        }
        IntakeError::NotEnrolled => Failure::usage(error, "enrol it first: waypass issuer enroll FILE"),
        IntakeError::Invalid(_) | IntakeError::Gap { .. } => {
            Failure::usage(error, "make the file again on the gate: waypass verifier sync --to FILE")
        }
        IntakeError::NoKey | IntakeError::Sign => Failure::internal(error, "run the command again; the log is kept"),
    }
}
