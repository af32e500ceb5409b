//! `waypass ROLE unlock` and `lock`: one process that holds a vault open, and does the commands of its user.
//!
//! A command that needs the vault looks for the session first (`client`). If there is one, the command travels: its words, its working
//! folder and its standard input go there, and the session runs the same verb (`host`). Keys never travel. Without a session each command
//! opens the vault by itself.

mod client;
mod host;
mod hours;
pub(crate) mod link;
mod logout;
mod start;

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::scope::{self, Scope};
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use waypass_net::session::{Broken, Channel, NotReached, Request, Response, Standing, reach};

/// Does a command: in the session, if one is open for what it needs, else in this process. A session does it by itself.
pub(crate) fn within(run: &Run, needs: Option<(Role, Scope)>, work: impl FnOnce(&Run) -> Outcome) -> Outcome {
    let Some((role, scope)) = needs else { return work(run) };
    match run.held {
        Some(held) if !held.scopes().contains(&scope) => Err(narrow(role, held.scopes(), scope)),
        Some(_) => work(run),
        None => match client::call(run, role)? {
            Some(exit) => Ok(exit),
            None => work(run),
        },
    }
}

/// Arguments of `unlock`.
#[derive(clap::Args)]
pub(crate) struct UnlockArgs {
    /// Let commands do only this in the session [default: everything]
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    scope: Vec<Scope>,
    /// Ask two officers of the site to let you in: write the request to FILE, as a picture if it ends in .png, and ask for their codes. The
    /// session can then only change what opens it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scope", "foreground"])]
    ask_officers: Option<PathBuf>,
    /// Tell the officers why
    #[arg(long, value_name = "TEXT", requires = "ask_officers", default_value = "")]
    reason: String,
    /// Open a wallet for a guest: it is in no file, and gone when it locks
    #[arg(long, conflicts_with_all = ["ask_officers", "foreground", "secret_file", "secret_fd", "recovery", "key_file"])]
    guest: bool,
    /// Stay in the foreground, for a service manager
    #[arg(long)]
    foreground: bool,
    /// Leave the terminal once the vault is open
    #[arg(long, hide = true, conflicts_with = "foreground")]
    resident: bool,
    #[command(flatten)]
    open: OpenArgs,
}

impl UnlockArgs {
    /// Returns what commands may do in the session.
    fn scopes(&self) -> Vec<Scope> {
        if self.scope.is_empty() { Scope::ALL.to_vec() } else { Scope::ALL.into_iter().filter(|s| self.scope.contains(s)).collect() }
    }

    /// Returns true if it opens a wallet that leaves nothing.
    pub(crate) const fn is_for_guest(&self) -> bool {
        self.guest
    }
}

/// How long the session may take for an answer that needs no work.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a session.
pub(crate) fn unlock(run: &Run, role: Role, args: &UnlockArgs) -> Outcome {
    if args.guest && role != Role::Wallet {
        return Err(Failure::usage("a guest has a wallet", "say so: waypass wallet unlock --guest"));
    }
    if args.ask_officers.is_some() && role != Role::Wallet {
        return Err(Failure::usage(
            "officers let people into their wallets",
            format!("see what opens this: waypass {} slot list", role.folder()),
        ));
    }
    if args.resident || args.foreground {
        return start::here(run, role, args);
    }
    if let Some(standing) = standing(run, role)? {
        return Err(already(role, Some(&standing)));
    }
    let ended = start::apart(run)?;
    if ended != Exit::Done {
        return Ok(ended);
    }
    let Some(standing) = standing(run, role)? else {
        return Err(Failure::new(Exit::Locked, format!("the session of this {} ended at once", role.folder()), "run the command again"));
    };
    run.out.json(&file(&standing))?;
    run.out.words([format!("{} is open", run.home.whose(role)), line(&standing)]);
    if args.ask_officers.is_some() {
        let slot = format!("waypass {} slot", role.folder());
        run.out.note(&format!(
            "choose a new secret now: {slot} list, then {slot} change ID --new-secret-file -; then lock it, and open it with that"
        ));
    }
    Ok(Exit::Done)
}

/// Closes the session.
pub(crate) fn lock(run: &Run, role: Role) -> Outcome {
    // A person who leaves a shared device need not say whose wallet is open.
    let vaults = match (role, run.home.person()) {
        (Role::Wallet, None) => run.home.wallet_sessions()?,
        _ => vec![run.home.vault(role)],
    };
    let mut was_open = false;
    for vault in &vaults {
        was_open |= closed(vault)?;
    }
    run.out.json(&json!({ "schema": "waypass.locked/1", "was_open": was_open }))?;
    run.out.words(if was_open { "locked" } else { "no session was open; it is locked" });
    Ok(Exit::Done)
}

/// Closes the sessions of the other people who share this device: one wallet is open at a time. Returns true if one was open.
fn switch(run: &Run, role: Role) -> Result<bool, Failure> {
    if role != Role::Wallet {
        return Ok(false);
    }
    let mut has_closed = false;
    let own = run.home.vault(role);
    for other in run.home.wallet_sessions()?.iter().filter(|wallet| **wallet != own) {
        if closed(other)? {
            run.out.note("the wallet that was open is locked");
            has_closed = true;
        }
    }
    Ok(has_closed)
}

/// Closes the session of the vault in a folder. Returns false if there was none.
pub(crate) fn closed(vault: &Path) -> Result<bool, Failure> {
    let Some(mut session) = reached(vault)? else { return Ok(false) };
    asked(&mut session, &Request::Lock)?;
    Ok(true)
}

/// Returns how the session of `role` stands; `None` without one.
pub(crate) fn standing(run: &Run, role: Role) -> Result<Option<Standing>, Failure> {
    let Some(mut session) = reached(&run.home.vault(role))? else { return Ok(None) };
    match asked(&mut session, &Request::Status)? {
        Response::Standing(standing) => Ok(Some(standing)),
        // It has just locked itself.
        _ => Ok(None),
    }
}

/// Returns the line about a session in a status.
pub(crate) fn line(standing: &Standing) -> String {
    let span = |seconds: u64| words::span(i64::try_from(rounded_up(seconds)).unwrap_or(i64::MAX));
    let may = match &standing.user {
        Some(name) => format!("of {name}, may {}", words::list(&standing.scopes)),
        None => format!("may {}", words::list(&standing.scopes)),
    };
    if !standing.is_open {
        return format!("  session  {may}; locked, and opened by its key file when it is needed");
    }
    let ends = format!("locks when unused for {}, at the latest in {}", span(standing.idle_seconds), span(standing.whole_seconds));
    format!("  session  {may}; {ends}")
}

/// Returns a length of time as people say one that has just begun: 299 seconds are 5 minutes.
const fn rounded_up(seconds: u64) -> u64 {
    let unit = match seconds {
        0..120 => 1,
        120..7200 => 60,
        _ => 3600,
    };
    seconds.div_ceil(unit) * unit
}

/// Returns the member about a session in a document.
pub(crate) fn document(standing: &Standing) -> Value {
    json!({
        "scopes": standing.scopes, "open": standing.is_open, "idle_seconds": standing.idle_seconds,
        "whole_seconds": standing.whole_seconds, "opens_itself": standing.opens_itself, "user": standing.user,
    })
}

/// Returns the number of this process's mount namespace: names mean the same files in processes that have the same.
fn mounts() -> u64 {
    std::fs::metadata("/proc/self/ns/mnt").map_or(0, |about| about.ino())
}

fn file(standing: &Standing) -> Value {
    crate::file::with(json!({ "schema": "waypass.session/1" }), document(standing).as_object().cloned().unwrap_or_default())
}

fn already(role: Role, standing: Option<&Standing>) -> Failure {
    let may = standing.map(|standing| format!(", and may {}", words::list(&standing.scopes))).unwrap_or_default();
    Failure::usage(
        format!("a session of this {} is open already{may}", role.folder()),
        format!("use it, or close it first: waypass {} lock", role.folder()),
    )
}

fn reached(vault: &Path) -> Result<Option<Channel>, Failure> {
    reach(vault).map_err(|error| match error {
        NotReached::Foreign => Failure::new(Exit::Tamper, error, "find out who made it, and remove the file `session` from that folder"),
        NotReached::Io(why) => Failure::internal(format!("the session: {}", crate::exit::plain(&why)), "run the command again"),
    })
}

/// Sends what needs no work, and returns the answer.
fn asked(session: &mut Channel, request: &Request) -> Result<Response, Failure> {
    session.send(request, &[], PATIENCE).map_err(|why| silent(&why))?;
    session.receive(Some(PATIENCE)).map(|(response, _)| response).map_err(|why| silent(&why))
}

fn silent(why: &Broken) -> Failure {
    Failure::new(
        Exit::Locked,
        format!("the session: {why}"),
        "if that stays so, end its process; commands then open the vault by themselves",
    )
}

/// Says that a session may not do what a command needs.
fn narrow(role: Role, scopes: &[Scope], needed: Scope) -> Failure {
    let name = role.folder();
    Failure::new(
        Exit::Locked,
        format!("this session may {}, and this command needs `{}`", scope::list(scopes), needed.name()),
        format!(
            "show this one command what opens the {name} (--secret-file FILE, --key-file FILE), or open another session: \
             waypass {name} lock, then waypass {name} unlock"
        ),
    )
}
