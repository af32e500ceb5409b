//! `waypass verifier verify`: one presentation, one decision, kept before it is shown.

use super::device::{self, Device};
use super::verdict;
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::{qr, trust};
use std::path::PathBuf;
use waypass_credential::format;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::reason::{Level, Reason, ReasonCode};
use waypass_vault::{SystemRng, clock};
use waypass_verifier::{Checkpoint, Decision};

/// Arguments of `verifier verify`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The presentation: a file, `-`, or the PNG pictures of its QR codes
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Open on this amber reason too, repeatable; only reasons the site's policy marks safe without a person
    #[arg(long, value_name = "CODE", value_parser = amber)]
    accept_amber: Vec<ReasonCode>,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    // What cannot be read as a picture is red like everything else a stranger brings; a missing file is the guard's mistake.
    let presentation = match qr::read_any(&args.files) {
        Ok(bytes) => bytes,
        Err(failure) if args.files.iter().all(|path| crate::file::is_dash(path) || path.exists()) => {
            session.out.detail(&failure.what);
            Vec::new()
        }
        Err(failure) => return Err(failure),
    };
    let Some(bundle) = trust::bundle(session)? else { return show(session, args, &Decision::cannot(ReasonCode::NoBundle)) };
    // Shown before the device is closed: closing tidies the disk, and the guard need not wait for it.
    device::with(session, &args.open, |device| show(session, args, &decide(device, &bundle, format::from_file(&presentation))?))
}

fn show(session: &Session, args: &Args, decision: &Decision) -> Outcome {
    session.out.json(&waypass_credential::json::Value::Object(decision.to_json()))?;
    session.out.words(&verdict::render(decision));
    Ok(if decision.opens(&args.accept_amber) { Exit::Done } else { exit(decision.level()) })
}

fn decide(device: &Device<'_>, bundle: &TrustBundle, presentation: &[u8]) -> Result<Decision, Failure> {
    let policy = match device.policy(bundle)? {
        Ok(policy) => policy,
        Err(why) => return Ok(Decision::cannot(Reason::new(ReasonCode::PolicyError, why.to_string()))),
    };
    let mut checkpoint = Checkpoint::new(device.identity.clone(), bundle, &policy, device.state()?);
    let at = checkpoint.observe(&clock::read());
    let answered = device.challenges()?.answered_by(presentation, bundle);
    let challenge = answered.unwrap_or_else(|| checkpoint.unasked(&at, &mut SystemRng));
    let (decision, commit) = checkpoint.step(presentation, challenge, &at);
    // Nobody acts on what is not written down.
    Ok(match device.commit(&commit) {
        Ok(()) => decision,
        Err(why) => Decision::cannot(Reason::new(ReasonCode::StorageFailed, why.to_string())),
    })
}

const fn exit(level: Level) -> Exit {
    match level {
        Level::Green => Exit::Done,
        Level::Amber => Exit::Amber,
        Level::Red => Exit::Red,
        Level::Grey => Exit::Grey,
    }
}

fn amber(text: &str) -> Result<ReasonCode, String> {
    ReasonCode::parse(text).filter(|code| code.level() == Level::Amber).ok_or_else(|| {
        let codes: Vec<_> = ReasonCode::ALL.iter().filter(|code| code.level() == Level::Amber).map(|code| code.as_str()).collect();
        format!("one of {}", codes.join(", "))
    })
}
