//! `waypass wallet present`: who asks, what they would see, what stays private; then yes or no.

use super::{Open, failure};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::output::{Tone, paint};
use crate::unlock::OpenArgs;
use crate::{file, qr, secret, words};
use serde_json::json;
use std::path::PathBuf;
use waypass_credential::request::PathStep;
use waypass_vault::SystemRng;
use waypass_wallet::{AskError, Asked, Asker, Claim, PresentError, Proposal};

/// Arguments of `wallet present`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The gate's challenge: a file, `-`, or the PNG pictures of its QR codes
    #[arg(long = "request", value_name = "FILE", required = true, num_args = 1..)]
    request: Vec<PathBuf>,
    /// Answer with this credential
    #[arg(long, value_name = "ID")]
    credential: Option<String>,
    /// Agree without being asked, for scripts
    #[arg(long)]
    yes: bool,
    /// Answer although it is not an enrolled gate that asks
    #[arg(long)]
    to_unknown: bool,
    /// Where the answer goes
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    codes: qr::ShowArgs,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    let bytes = qr::read_any(&args.request)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::usage("this is not a gate's challenge", "scan the gate's code again"))?;
    let open = super::open(session, &args.open)?;
    let bundle = open.believed()?;
    let Open { wallet, at, .. } = &open;
    let asked = Asked::open(text, bundle, at).map_err(|why| match why {
        AskError::Request(_) => super::about(&args.request, ask_failure(why)),
        why => ask_failure(why),
    })?;
    let proposal = match &args.credential {
        Some(id) => wallet.propose_with(asked, wallet.find_id(id).map_err(failure)?, bundle, at),
        None => wallet.propose(asked, bundle, at),
    };
    let proposal = proposal.map_err(present_failure)?;
    session.out.note(&consent(&proposal));
    // Said before anybody is asked: a yes would not be enough.
    if !proposal.asked().is_enrolled() && !args.to_unknown {
        return Err(present_failure(PresentError::NotEnrolled));
    }
    let proposal = if args.to_unknown { proposal.to_unknown() } else { proposal };
    if !args.yes && !secret::confirm(session.input, "Show this?", "--yes")? {
        proposal.decline(&mut SystemRng, at).map_err(present_failure)?;
        return Err(secret::declined("nothing was shown"));
    }
    let (shared, withheld) = (names(proposal.discloses()), names(proposal.withholds()));
    let along: Vec<String> = technical(proposal.technical()).into_iter().map(str::to_owned).collect();
    let asked_by = asked_by(&proposal);
    let warnings: Vec<String> = proposal.warnings().iter().map(ToString::to_string).collect();
    let presentation = proposal.approve(&mut SystemRng, at).map_err(present_failure)?;

    let nowhere = args.output.is_none() && args.codes.is_none();
    if let Some(path) = args.output.clone().or_else(|| nowhere.then(|| PathBuf::from("-"))) {
        file::write(session.out, &path, presentation.as_bytes())?;
    }
    args.codes.show(session, presentation.as_bytes())?;
    if !nowhere && args.output.as_deref().is_none_or(|path| !file::is_dash(path)) {
        session.out.json(&json!({
            "schema": "waypass.presented/1", "asked_by": asked_by, "shared": shared, "withheld": withheld,
            "technical": along, "warnings": warnings,
            "bytes": presentation.as_bytes().len(),
        }))?;
    }
    Ok(Exit::Done)
}

/// Other credentials that are named; the rest are a number.
const OTHERS: usize = 5;

/// What the holder sees before anything leaves the device.
fn consent(proposal: &Proposal<'_, '_>) -> String {
    let strong = paint(Tone::Strong);
    let amber = paint(Tone::Amber);
    let card = proposal.card();
    let mut lines = vec![
        format!("{strong}{}{strong:#} asks: {}", asked_by(proposal), words::safe(&proposal.asked().request().purpose)),
        format!(
            "  with       {} from {}, {}",
            super::list::short(&card.id),
            words::safe(&card.issuer_name),
            card.standing.words(&words::safe(&card.issuer_name))
        ),
    ];
    let shown = proposal.discloses();
    lines.push(format!("  would see  {} {}", shown.len(), if shown.len() == 1 { "claim" } else { "claims" }));
    let is_emptied = |claim: &Claim| proposal.withholds().iter().any(|kept| claim.path.is_prefix_of(&kept.path));
    let value = |claim: &Claim| if is_emptied(claim) { "nothing of what is in it".to_owned() } else { words::safe(&claim.value) };
    let line = |claim: &Claim| format!("    {:<14} {}", words::safe(&claim.path.to_string()), value(claim));
    lines.extend(shown.iter().map(line));
    lines.push(format!("  with it    {}, as with every answer", words::list(&technical(proposal.technical()))));
    let kept = names(proposal.withholds());
    lines.push(format!("  stays private: {}", words::list(&kept)));
    lines.extend(proposal.warnings().iter().map(|warning| format!("  {amber}▲{amber:#} {}", words::safe(&warning.to_string()))));
    if !proposal.others().is_empty() {
        let (named, more) = proposal.others().split_at(proposal.others().len().min(OTHERS));
        let mut others: Vec<String> = named.iter().map(super::list::short).collect();
        if !more.is_empty() {
            others.push(format!("{} more", more.len()));
        }
        lines.push(format!("  would answer too: {} (--credential ID)", words::list(&others)));
    }
    lines.join("\n")
}

fn asked_by(proposal: &Proposal<'_, '_>) -> String {
    let asked = proposal.asked();
    match asked.asker() {
        Asker::Known(gate) => format!("{} (site {}, known)", words::safe(&gate.name), words::safe(&gate.site)),
        Asker::Lapsed(gate) => format!("{} (enrolment ended)", words::safe(&gate.name)),
        Asker::Unknown | Asker::NoBundle => format!("{} (NOT KNOWN)", asked.asker_name()),
    }
}

fn names(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(|claim| words::safe(&claim.path.to_string())).collect()
}

/// What the technical members are for, each purpose once.
fn technical(claims: &[Claim]) -> Vec<&'static str> {
    let purpose = |claim: &Claim| match claim.path.steps() {
        [PathStep::Name(name), ..] => match name.as_str() {
            "iss" | "issuer" => "who issued it",
            "iat" | "nbf" | "exp" | "validFrom" | "validUntil" => "its dates",
            "status" | "credentialStatus" => "where its status stands",
            "cnf" | "credentialSubject" => "the key it is bound to",
            _ => "what kind of credential it is",
        },
        _ => "what kind of credential it is",
    };
    let mut purposes = Vec::new();
    for claim in claims {
        let purpose = purpose(claim);
        if !purposes.contains(&purpose) {
            purposes.push(purpose);
        }
    }
    purposes
}

fn ask_failure(error: AskError) -> Failure {
    let next = match error {
        AskError::Request(_) => "scan the gate's code again; if it stays, do not show anything there",
        AskError::Expired { .. } => "ask the guard for a new code",
        AskError::Ahead { .. } => "compare both clocks with a watch",
    };
    Failure::usage(error, next)
}

fn present_failure(error: PresentError) -> Failure {
    match error {
        PresentError::NothingMatches(_) => Failure::usage(words::safe(&error.to_string()), "see what is held: waypass wallet list"),
        PresentError::NotEnrolled => Failure::new(
            Exit::Red,
            error,
            "ask the guard who they are, and sync if the gate is new; only if you know who asks, add --to-unknown",
        ),
        PresentError::KeysElsewhere(_) => {
            Failure::usage(error, "ask the issuer for a new one, bound to the line `waypass wallet key` prints")
        }
        PresentError::KeysLost(_) => {
            Failure::new(Exit::Tamper, error, "ask the issuer for a new one, bound to the line `waypass wallet key` prints")
        }
        PresentError::RequestExpired => Failure::usage(error, "ask the guard for a new code"),
        PresentError::Malformed(_) | PresentError::NotWhatWasAgreed => {
            Failure::new(Exit::Tamper, error, "ask the issuer for the credential again")
        }
        PresentError::Sign(_) => Failure::internal(error, "run the command again"),
        PresentError::Wallet(why) => failure(why),
    }
}
