//! `waypass issuer escrow ..`: an officer who, together with another one, lets people in who have forgotten a secret.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::scope::Scope;
use crate::unlock::{self, OpenArgs};
use crate::{qr, secret, words};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::PathBuf;
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::time::Timestamp;
use waypass_machine::{SystemRng, clock};
use waypass_trust::bundle::{MAX_OFFICER, Officer};
use waypass_vault::Unlocked;
use waypass_vault::escrow::Request;

/// The vault's table for the officer's key, its one record, and the log of codes that were given.
const TABLE: &str = "escrow";
const KEY: &[u8] = b"key";

/// The verbs of `issuer escrow`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Print the entry of this officer for the rules; the first time, make the key
    Key {
        /// The officer's name, as people who forget a secret know it
        #[arg(long)]
        name: String,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Read a request, and give the code that lets its person in together with another officer's
    Release(ReleaseArgs),
    /// List the codes that were given here
    List {
        #[command(flatten)]
        open: OpenArgs,
    },
}

/// Arguments of `escrow release`.
#[derive(clap::Args)]
pub(crate) struct ReleaseArgs {
    /// The request: its file, or all of its pictures
    #[arg(required = true)]
    request: Vec<PathBuf>,
    /// The other officer who gives a code; not needed if there are two
    #[arg(long, value_name = "NAME")]
    with: Option<String>,
    /// Do not ask: you know who it is, and the number is right
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    open: OpenArgs,
}

/// A code that was given, as the log keeps it.
#[derive(Serialize, Deserialize)]
struct Given {
    at: i64,
    number: String,
    owner: String,
    reason: String,
    with: String,
}

impl Verb {
    pub(super) const fn scope(&self) -> Scope {
        match self {
            Self::Key { .. } | Self::Release(_) => Scope::Keys,
            Self::List { .. } => Scope::Read,
        }
    }
}

pub(crate) fn run(run: &Run, verb: Verb) -> Outcome {
    match verb {
        Verb::Key { name, open } => key(run, name, &open),
        Verb::Release(args) => release(run, &args),
        Verb::List { open } => list(run, &open),
    }
}

fn key(run: &Run, name: String, open: &OpenArgs) -> Outcome {
    if !(1..=MAX_OFFICER).contains(&name.len()) {
        return Err(Failure::usage(format!("a name of an officer has 1 to {MAX_OFFICER} bytes"), "shorten it"));
    }
    let secret = unlock::with(run, Role::Issuer, open, |vault| {
        if let Some(secret) = stored(vault)? {
            return Ok(secret);
        }
        let secret = RecipientSecret::random(&mut SystemRng);
        vault.put(TABLE, KEY, &secret.to_bytes()[..], &[])?;
        Ok(secret)
    })?;
    let officer = Officer { name, key: secret.recipient() };
    run.out.json(&json!({ "schema": "waypass.escrow-officer/1", "officer": officer }))?;
    run.out.words(&json!(officer).to_string());
    run.out.note("an entry of `officers` in the rules; it is public, but must arrive unchanged");
    Ok(Exit::Done)
}

fn stored(vault: &Unlocked<'_>) -> Result<Option<RecipientSecret>, Failure> {
    let Some(bytes) = vault.get(TABLE, KEY)? else { return Ok(None) };
    let bytes = bytes.as_slice().try_into();
    let lost = |_| Failure::new(Exit::Tamper, "the key of this officer cannot be read", "restore a copy of this folder, or make a new key");
    bytes.map(RecipientSecret::from_bytes).map(Some).map_err(lost)
}

fn release(run: &Run, args: &ReleaseArgs) -> Outcome {
    let bytes = qr::read_any(run.out, run.input, &args.request)?;
    let not_one = || Failure::usage("this is not a request to officers", "name what `waypass wallet unlock --ask-officers` wrote");
    let request = Request::parse(&bytes).map_err(|_| not_one().about_first(&args.request))?;
    let mut vault = unlock::keep(run, Role::Issuer, &args.open)?;
    let secret =
        stored(&vault)?.ok_or_else(|| Failure::usage("this officer has no key", "make one: waypass issuer escrow key --name NAME"))?;
    let own = request.place_of(&secret.recipient());
    let own = own.ok_or_else(|| Failure::usage("the request is not for this officer", "the wallet was made for others; it names them"))?;
    let with = partner(&request, own, args.with.as_deref())?;
    let name = |place: usize| request.officers().nth(place).unwrap_or_default();
    let changed = || Failure::usage("the request was changed on its way", "ask for a new one");
    let opened = request.open(&secret, with).and_then(Result::ok).ok_or_else(changed)?;
    let now = clock::read().wall;
    run.out.warn([
        &*format!("number {}", request.number()),
        &*format!("for {}, by the name that was given when the wallet was told of you; another officer: {}", opened.owner(), name(with)),
        &*format!("the device says: {:?}, {:?}, {}", request.whose, request.reason, words::relative(request.at, now)),
    ]);
    if !args.yes {
        let question = format!("Did you call {} back, and is the number the same there?", opened.owner());
        let input = run.input.while_open(Role::Issuer);
        if !unlock::aside(run, Role::Issuer, &mut vault, || secret::confirm(input, &question, "--yes"))?? {
            return Err(secret::declined("no code was given"));
        }
    }
    // On the record before it is said.
    let given = Given {
        at: now.unix(),
        number: request.number(),
        owner: opened.owner().to_owned(),
        reason: request.reason.clone(),
        with: name(with).to_owned(),
    };
    vault.append(TABLE, json!(given).to_string().as_bytes())?;
    run.out.json(&json!({ "schema": "waypass.escrow-code/1", "code": opened.code(), "given": given }))?;
    run.out.words(opened.code());
    run.out.note("say it to nobody but that person; it cannot be taken back, except by the owner, who makes the way in anew");
    Ok(Exit::Done)
}

/// Returns the place of the other officer.
fn partner(request: &Request, own: usize, named: Option<&str>) -> Result<usize, Failure> {
    let others: Vec<(usize, &str)> = request.officers().enumerate().filter(|(place, _)| *place != own).collect();
    let names = || words::list(&others.iter().map(|(_, name)| *name).collect::<Vec<_>>());
    match (named, &others[..]) {
        (None, [(place, _)]) => Ok(*place),
        (None, _) => Err(Failure::usage("another officer must give a code too", format!("say who: --with NAME, one of {}", names()))),
        (Some(named), others) => {
            let found = others.iter().find(|(_, name)| *name == named).map(|(place, _)| *place);
            found.ok_or_else(|| Failure::usage(format!("{named} is not another officer of this request"), format!("it names {}", names())))
        }
    }
}

fn list(run: &Run, open: &OpenArgs) -> Outcome {
    let given = unlock::with(run, Role::Issuer, open, |vault| {
        let entry = |seq| Ok(vault.log_entry(TABLE, seq)?.and_then(|bytes| serde_json::from_slice::<Given>(&bytes).ok()));
        (0..vault.log_len(TABLE)).map(entry).collect::<Result<Vec<_>, Failure>>()
    })?;
    let given: Vec<Given> = given.into_iter().flatten().collect();
    run.out.list("waypass.escrow-codes/1", "codes", &given, || {
        for Given { at, number, owner, reason, with } in &given {
            let at = Timestamp::from_unix(*at).map(words::when).unwrap_or_default();
            let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            run.out.words(&format!("{at}  {number}  {owner}, with {with}{reason}"));
        }
    })?;
    Ok(Exit::Done)
}
