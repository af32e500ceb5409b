//! `waypass verifier enroll`: the gate's signed request to be taken into the bundle.

use crate::Run;
use crate::exit::{Exit, Outcome};
use crate::file::{self, Readers};
use crate::gate::failure;
use crate::unlock::OpenArgs;
use serde_json::json;
use std::path::PathBuf;
use waypass_machine::clock;

/// Arguments of `verifier enroll`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// File for the enrolment
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let (enrolment, text) = super::with(run, &args.open, |gate| gate.enrolment(&clock::read()).map_err(failure))?;
    let delivered = file::deliver(run.out, &args.output, text.as_bytes(), Readers::All)?;
    let document = json!({
        "schema": "waypass.gate-enrolment/1", "id": enrolment.id, "name": enrolment.name, "site": enrolment.site, "zone": enrolment.zone,
        "issued_at": enrolment.issued_at.unix(),
    });
    run.out.json(&file::with(document, delivered))?;
    run.out.note("take it to the issuer: waypass issuer enroll FILE");
    Ok(Exit::Done)
}
