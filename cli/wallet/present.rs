//! `waypass wallet present`: who asks, what they would see, what stays private; then yes or no.

use super::{Open, failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Members, Readers};
use crate::home::Role;
use crate::text::Text;
use crate::tone::Tone;
use crate::unlock::OpenArgs;
use crate::{qr, secret, words};
use serde_json::json;
use std::path::PathBuf;
use waypass_credential::PathStep;
use waypass_machine::SystemRng;
use waypass_wallet::{AskError, Asked, Asker, Claim, CredentialId, PresentError, Proposal, Warning};

/// Arguments of `wallet present`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The gate's challenge: a file, `-` (also for a scanner's lines), or PNG or JPEG pictures of its QR codes
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
    /// File for the answer
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    codes: qr::ShowArgs,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let bytes = qr::read_any(run.out, run.input, &args.request)?;
    let mut open = super::open(run, &args.open)?;
    let chosen = args.credential.as_deref().map(|id| open.wallet.find_id(id)).transpose().map_err(failure)?;
    let agreed = if args.yes { None } else { Some(consented(run, &mut open, args, chosen, &bytes)?) };
    if let Some((shown, false)) = agreed {
        // Whatever became of it meanwhile, nothing is shown; the history says that it was asked for.
        if let Ok(proposal) = propose(&open, args, &bytes, Some(shown)) {
            proposal.decline(&mut SystemRng, &open.at).map_err(present_failure)?;
        }
        return Err(secret::declined("nothing was shown"));
    }
    let proposal = propose(&open, args, &bytes, agreed.map_or(chosen, |(shown, _)| Some(shown)))?;
    if agreed.is_none() {
        run.out.note(consent(&proposal));
    }
    let (shared, withheld) = (names(proposal.discloses()), names(proposal.withholds()));
    let along: Vec<String> = technical(proposal.technical()).into_iter().map(str::to_owned).collect();
    let asked_by = asked_by(&proposal);
    let warnings: Vec<String> = proposal.warnings().iter().map(ToString::to_string).collect();
    let sealed = proposal.is_sealed();
    let answer = proposal.approve(&mut SystemRng, &open.at).map_err(present_failure)?;

    let nowhere = args.output.is_none() && args.codes.is_none();
    let mut members = Members::new();
    if let Some(path) = args.output.clone().or_else(|| nowhere.then(|| PathBuf::from("-"))) {
        members.extend(file::deliver(run.out, &path, answer.as_bytes(), Readers::Owner)?);
    }
    members.extend(args.codes.show(run.out, answer.as_bytes())?);
    let document = json!({
        "schema": "waypass.presented/1", "asked_by": asked_by, "shared": shared, "withheld": withheld,
        "technical": along, "warnings": warnings, "sealed": sealed,
        "bytes": answer.as_bytes().len(),
    });
    run.out.json(&file::with(document, members))?;
    Ok(Exit::Done)
}

fn propose<'o>(open: &'o Open, args: &Args, question: &[u8], credential: Option<CredentialId>) -> Result<Proposal<'o, 'static>, Failure> {
    let bundle = open.believed()?;
    let Open { wallet, at, .. } = open;
    let mut asked = Asked::open(question, bundle, at).map_err(|why| match why {
        AskError::Request(_) => ask_failure(why).about_first(&args.request),
        why => ask_failure(why),
    })?;
    // Who asks by a code is answered by codes.
    if asked.request().code.is_some() || !args.codes.is_none() {
        asked = asked.answered_in_codes(qr::count);
    }
    let proposal = match credential {
        Some(id) => wallet.propose_with(asked, id, bundle, at),
        None => wallet.propose(asked, bundle, at),
    };
    let proposal = proposal.map_err(present_failure)?;
    Ok(if args.to_unknown { proposal.to_unknown() } else { proposal })
}

/// Asks the person, with the vault parked: others may use the wallet meanwhile. An answer counts for what would be shown at that moment,
/// so what is shown is worked out again, and asked again if it is something else. Returns the credential, and the answer.
fn consented(
    run: &Run,
    open: &mut Open,
    args: &Args,
    chosen: Option<CredentialId>,
    question: &[u8],
) -> Result<(CredentialId, bool), Failure> {
    let mut agreed: Option<(CredentialId, Vec<String>)> = None;
    loop {
        let again = agreed.as_ref().and_then(|(id, _)| propose(open, args, question, Some(*id)).ok());
        let proposal = match again {
            Some(proposal) => proposal,
            None => propose(open, args, question, chosen)?,
        };
        let shown = (proposal.card().id, substance(&proposal));
        if agreed.as_ref() == Some(&shown) {
            return Ok((shown.0, true));
        }
        if agreed.is_some() {
            run.out.note("what would be shown has changed meanwhile:");
        }
        run.out.note(consent(&proposal));
        // Said before anybody is asked: a yes would not be enough.
        if !proposal.asked().is_enrolled() && !args.to_unknown {
            return Err(present_failure(PresentError::NotEnrolled));
        }
        drop(proposal);
        if !open.aside(run, || secret::confirm(run.input.while_open(Role::Wallet), "Show this?", "--yes"))?? {
            return Ok((shown.0, false));
        }
        agreed = Some(shown);
    }
}

/// Returns the content that a person agrees to, without what only the passing of time changes.
fn substance(proposal: &Proposal<'_, '_>) -> Vec<String> {
    let claims = |claims: &[Claim]| claims.iter().map(|claim| format!("{} {}", claim.path, claim.value)).collect::<Vec<_>>().join("\n");
    let warnings: Vec<String> = proposal.warnings().iter().map(ToString::to_string).collect();
    let parts = [asked_by(proposal), claims(proposal.discloses()), claims(proposal.withholds())];
    parts.into_iter().chain(warnings).collect()
}

/// Other credentials that are named; the rest are a number.
const OTHERS: usize = 5;

/// Returns the text that the holder sees before anything leaves the device.
fn consent(proposal: &Proposal<'_, '_>) -> Vec<Text> {
    let card = proposal.card();
    let mut lines = vec![
        Text::in_tone(Tone::Strong, asked_by(proposal)).then(format!(" asks: {}", proposal.asked().request().purpose)),
        Text::from(format!(
            "  with       {} from {}, {}",
            super::short(&card.id),
            card.issuer_name,
            card.standing.words(&card.issuer_name)
        )),
    ];
    let shown = proposal.discloses();
    lines.push(format!("  would see  {} {}", shown.len(), if shown.len() == 1 { "claim" } else { "claims" }).into());
    let is_emptied = |claim: &Claim| proposal.withholds().iter().any(|kept| claim.path.is_prefix_of(&kept.path));
    let value = |claim: &Claim| if is_emptied(claim) { "nothing of what is in it".to_owned() } else { claim.value.clone() };
    let line = |claim: &Claim| Text::from(format!("    {:<14} {}", claim.path.to_string(), value(claim)));
    lines.extend(shown.iter().map(line));
    lines.push(format!("  with it    {}, as with every answer", words::list(&technical(proposal.technical()))).into());
    let kept = names(proposal.withholds());
    lines.push(format!("  stays private: {}", words::list(&kept)).into());
    if proposal.is_sealed() {
        lines.push("  sealed     only this gate can read the answer; nobody who films the code can".into());
    }
    lines.extend(proposal.warnings().iter().map(warned));
    if !proposal.others().is_empty() {
        let (named, more) = proposal.others().split_at(proposal.others().len().min(OTHERS));
        let mut others: Vec<String> = named.iter().map(super::short).collect();
        if !more.is_empty() {
            others.push(format!("{} more", more.len()));
        }
        lines.push(format!("  would answer too: {} (--credential ID)", words::list(&others)).into());
    }
    lines
}

/// Returns a warning with its mark. That somebody comes to a gate again is not an alarm: a mark for it would teach
/// people to overlook marks.
fn warned(warning: &Warning) -> Text {
    let (tone, mark) = if matches!(warning, Warning::SeenBefore { .. }) { (Tone::Quiet, "·") } else { (Tone::Amber, "▲") };
    Text::from("  ").then_in(tone, mark).then(format!(" {warning}"))
}

fn asked_by(proposal: &Proposal<'_, '_>) -> String {
    let asked = proposal.asked();
    match asked.asker() {
        Asker::Known(gate) => format!("{} (site {}, known)", gate.name, gate.site),
        Asker::Lapsed(gate) => format!("{} (enrolment ended)", gate.name),
        Asker::Unknown | Asker::NoBundle => format!("{} (NOT KNOWN)", asked.asker_name()),
    }
}

fn names(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(|claim| claim.path.to_string()).collect()
}

/// Returns the purposes of the technical members, each purpose once.
fn technical(claims: &[Claim]) -> Vec<&'static str> {
    let purpose = |claim: &Claim| match claim.path.steps() {
        [PathStep::Name(name), ..] => match name.as_str() {
            "iss" | "issuer" => "who issued it",
            "iat" | "nbf" | "exp" | "validFrom" | "validUntil" => "its dates",
            "status" | "credentialStatus" => "its place in the status list",
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
        PresentError::NothingMatches(_) => Failure::usage(error.to_string(), "see what is held: waypass wallet list"),
        PresentError::NotEnrolled => Failure::new(
            Exit::Red,
            error,
            "ask the guard who they are, and sync if the gate is new; only if you know who asks, add --to-unknown",
        ),
        PresentError::KeysElsewhere(_) => {
            Failure::usage(error, "ask the issuer for a new one, bound to the line `waypass wallet key` prints")
        }
        PresentError::KeysLost(_) | PresentError::KeysAltered(_) => {
            Failure::new(Exit::Tamper, error, "ask the issuer for a new one, bound to the line `waypass wallet key` prints")
        }
        PresentError::NotSealed(_) => Failure::usage(error, "if it stays, do not show anything there"),
        PresentError::RequestExpired => Failure::usage(error, "ask the guard for a new code"),
        PresentError::Malformed(_) | PresentError::NotWhatWasAgreed => {
            Failure::new(Exit::Tamper, error, "ask the issuer for the credential again")
        }
        PresentError::Sign(_) => Failure::internal(error, "run the command again"),
        PresentError::Wallet(why) => failure(why),
    }
}
