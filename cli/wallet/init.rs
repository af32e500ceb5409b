//! `waypass wallet init`, `status` and `key`.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::scope::Scope;
use crate::unlock::{self, CreateArgs, OpenArgs};
use crate::vault::storage_failure;
use crate::{belief, session, slot, user, words};
use serde_json::json;
use waypass_credential::did;
use waypass_credential::key::Algorithm;
use waypass_machine::clock;
use waypass_vault::KeyPurpose;

/// Arguments of `wallet init`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    create: CreateArgs,
    /// Put the person's name on the list that everybody at this device can read; with --user NAME
    #[arg(long)]
    listed: bool,
}

/// Arguments of `wallet status`.
#[derive(clap::Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `wallet key`.
#[derive(clap::Args)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    curve: CurveArgs,
    #[command(flatten)]
    open: OpenArgs,
}

/// Which of the holder's keys; without a flag the Ed25519 one, or for an offer one that the issuer takes.
#[derive(clap::Args)]
pub(crate) struct CurveArgs {
    /// Use a P-256 key, for issuers that take nothing else; made if the wallet has none
    #[arg(long)]
    p256: bool,
    /// Use a P-384 key, for issuers that take nothing else; made if the wallet has none
    #[arg(long, conflicts_with = "p256")]
    p384: bool,
}

impl KeyArgs {
    /// A key of a named kind is made if the wallet lacks it.
    pub(crate) const fn scope(&self) -> Scope {
        if self.curve.asked().is_some() { Scope::Keys } else { Scope::Read }
    }
}

impl CurveArgs {
    /// Returns the kind that was asked for, if one was.
    pub(crate) const fn asked(&self) -> Option<Algorithm> {
        match (self.p256, self.p384) {
            (true, _) => Some(Algorithm::Es256),
            (_, true) => Some(Algorithm::Es384),
            _ => None,
        }
    }
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let person = run.home.person();
    if args.listed && person.is_none() {
        return Err(Failure::usage(
            "this wallet is nobody's in particular, so there is no name for the list",
            "name the person: --user NAME",
        ));
    }
    super::admin::refuse_unpermitted(run)?;
    let key = unlock::create(run, Role::Wallet, &args.create, |vault| Ok(vault.generate_key(Algorithm::EdDsa, KeyPurpose::Holder)?))?;
    if let Some(person) = person {
        person.user.used_permit().map_err(|error| Failure::file("write in", person.user.folder(), &error))?;
    }
    let name = person.and_then(|person| person.name.as_ref().map(|name| (name, &person.user)));
    if let Some((name, user)) = name.filter(|_| args.listed) {
        user.list(name).map_err(|error| Failure::file("write in", user.folder(), &error))?;
    }
    let did = did::to_did_key(&key.public_key);
    run.out.json(&json!({ "schema": "waypass.key/1", "did": did, "algorithm": "EdDSA" }))?;
    run.out.words([
        format!("{} is ready", name.map_or_else(|| "the wallet".to_owned(), |(name, _)| format!("the wallet of {name}"))),
        format!("  {did}"),
    ]);
    let whose = name.map(|(name, _)| format!(" --user {}", user::quoted(name))).unwrap_or_default();
    run.out.note(&format!("give this line to an issuer; next, learn whom to trust: waypass trust pin FILE --digest NUMBER{whose}"));
    Ok(Exit::Done)
}

pub(crate) fn key(run: &Run, args: &KeyArgs) -> Outcome {
    let algorithm = args.curve.asked().unwrap_or(Algorithm::EdDsa);
    let open = super::open(run, &args.open)?;
    let key = open.wallet.holder_key(algorithm)?;
    let did = did::to_did_key(&key.public_key);
    run.out.json(&json!({ "schema": "waypass.key/1", "did": did, "algorithm": algorithm.jose_name() }))?;
    run.out.words(&did);
    Ok(Exit::Done)
}

/// There are no files that could say anything: the session does.
fn guests_status(run: &Run) -> Outcome {
    let standing = session::standing(run, Role::Wallet)?;
    run.out.json(&json!({
        "schema": "waypass.wallet-status/1", "locked": standing.is_none(), "session": standing.as_ref().map(session::document), "guest": true,
    }))?;
    run.out.words("open, for a guest");
    if let Some(standing) = &standing {
        run.out.words(&session::line(standing));
    }
    Ok(Exit::Done)
}

pub(crate) fn status(run: &Run, args: &StatusArgs) -> Outcome {
    if run.home.is_guest() {
        return guests_status(run);
    }
    // It needs no secret. With one, what the files say is compared with the vault.
    if args.open.is_given() {
        super::look(run, &args.open)?.believed()?;
    }
    let vault = unlock::open(run, Role::Wallet)?;
    let status = vault.status(&clock::read()).map_err(|error| storage_failure(&error))?;
    let aside = waypass_wallet::aside_in(&vault).map_err(|error| storage_failure(&error))?;
    let mut opens: Vec<String> = status.slots.iter().map(slot::kinds).collect();
    opens.sort();
    let standing = session::standing(run, Role::Wallet)?;
    let bundle = belief::bundle(run)?;
    let age = bundle.as_ref().map(|bundle| clock::read().wall.since(bundle.issued_at()));
    run.out.json(&json!({
        "schema": "waypass.wallet-status/1", "locked": standing.is_none(), "session": standing.as_ref().map(session::document), "attempts_left": status.attempts_left, "wait_seconds": status.wait_seconds,
        "slots": opens, "trust_age_seconds": age, "aside": aside,
    }))?;
    let out = run.out;
    out.words(if standing.is_some() { "open" } else { "locked" });
    if let Some(standing) = &standing {
        out.words(&session::line(standing));
    }
    out.words(&format!("  tries    {} left{}", status.attempts_left, wait(status.wait_seconds)?));
    out.words(&format!("  opens    with {}", words::list(&opens)));
    out.words(&match age {
        Some(age) => format!("  trust    {} old", words::span(age)),
        None => "  trust    none yet: waypass trust pin FILE --digest NUMBER".to_owned(),
    });
    if aside > 0 {
        out.words(&format!("  aside    {aside}, from pick-ups that are not finished: waypass wallet add"));
    }
    Ok(Exit::Done)
}

fn wait(seconds: u64) -> Result<String, Failure> {
    if seconds == 0 {
        return Ok(String::new());
    }
    let seconds = i64::try_from(seconds).map_err(|error| Failure::internal(error, "run `waypass doctor`"))?;
    Ok(format!(", the next one in {}", words::span(seconds)))
}
