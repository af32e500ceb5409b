//! The beginning of a session: a process of its own, which asks for what opens the vault and then leaves the terminal.

use super::host::Signals;
use super::hours::{Now, WHOLE};
use super::link::Link;
use super::{UnlockArgs, already, host, switch};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome, plain};
use crate::factors::{self, Shown, together};
use crate::held::Held;
use crate::home::{Role, private_folder};
use crate::scope::Scope;
use crate::{holder, scope, site_rules, unlock};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use waypass_net::session::{Door, NotOpened};
use waypass_trust::audit::Event;

/// The word by which a session says that it is open.
const OPEN: &str = "open\n";

/// Starts this program once more to be the session, and waits until it is open or has said why not. It inherits the terminal for the
/// question, so no secret goes from one process to another.
pub(super) fn apart(run: &Run) -> Result<Exit, Failure> {
    let failed = |why: std::io::Error| Failure::internal(format!("cannot start the session: {}", plain(&why)), "run the command again");
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    let mut command = Command::new("/proc/self/exe");
    // The colours of one terminal are not those of the next one.
    command.arg0(name).args(words).arg("--resident").env_remove("COLORTERM").stdout(Stdio::piped());
    let mut session = command.spawn().map_err(failed)?;
    let mut said = String::new();
    if let Some(stdout) = session.stdout.take() {
        BufReader::new(stdout).read_line(&mut said).map_err(failed)?;
    }
    if said == OPEN {
        run.out.detail(&format!("the session is process {}", session.id()));
        return Ok(Exit::Done);
    }
    let ended = session.wait().map_err(failed)?;
    let code = ended.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.and_then(Exit::of).filter(|exit| *exit != Exit::Done).unwrap_or(Exit::Interrupted))
}

/// Opens the vault and is the session, until it locks.
pub(super) fn here(run: &Run, role: Role, args: &UnlockArgs) -> Outcome {
    let has_closed = switch(run, role)?;
    if args.guest {
        return guest(run, args);
    }
    let (vault, shown, officers) = if let Some(to) = &args.ask_officers {
        let (vault, shown, by) = unlock::keep_by_officers(run, role, &args.open, (to, &args.reason))?;
        (vault, shown, Some(by))
    } else {
        let (vault, shown) = unlock::keep_showing(run, role, &args.open)?;
        (vault, shown, None)
    };
    // Who was let in by officers can only change what opens it, which is what the rules want then too.
    if role == Role::Wallet && officers.is_none() {
        site_rules::keep_to(run, &vault, holder::known(run, &vault)?.at.at())?;
    }
    unlock::tell_findings(run, role, &vault);
    let with = opened_with(&shown, officers.as_ref(), &args.reason);
    // The session needs the vault's keys, and nothing of what opened it.
    drop(shown);
    let door = Door::open(&run.home.vault(role)).map_err(|error| not_opened(error, role))?;
    // Somebody else may have opened meanwhile.
    switch(run, role)?;
    let again = if officers.is_some() { None } else { args.open.again(role)? };
    let scopes = if officers.is_some() { vec![Scope::Slots] } else { args.scopes() };
    if role == Role::Wallet {
        let after = if has_closed { "; another person's was locked before" } else { "" };
        let may = format!("with {with}, and may {}{after}", scope::list(&scopes));
        holder::note(run, &vault, Event::Unlocked, &may);
    }
    let held = Held::new(role, scopes, vault);
    let home = run.home.clone().absolute()?;
    let folder = std::env::current_dir().unwrap_or_default();
    let link = Link::of(&held, &home, folder, Now::read().since_boot);
    let signals = Signals::listen();
    if args.resident {
        run.out.bytes(OPEN.as_bytes())?;
        leave_the_terminal().map_err(|why| Failure::internal(plain(&why), "run the command again"))?;
    }
    let whole = if officers.is_some() { unlock::OFFICERS_HAVE } else { WHOLE };
    Ok(host::serve((door, signals), held, home, again, whole, link))
}

/// Says what opened the vault, for the history.
fn opened_with(shown: &Shown, officers: Option<&[String; 2]>, reason: &str) -> String {
    let Some(by) = officers else { return factors::kinds(&together(shown).kinds()) };
    let key_file = if shown.len() > 1 { "key file and " } else { "" };
    format!("{key_file}the codes of {}{}", by.join(" and "), said(reason))
}

/// Makes a wallet in memory and is its session, until it locks. Its folder has the socket alone, and is removed at the end.
fn guest(run: &Run, args: &UnlockArgs) -> Outcome {
    let folder = run.home.guest();
    private_folder(&folder)?;
    let (rows, vault) = unlock::guest(run)?;
    let door = Door::open(&folder).map_err(|error| not_opened(error, Role::Wallet))?;
    switch(run, Role::Wallet)?;
    holder::note(run, &vault, Event::Unlocked, "for a guest");
    let held = Held::new(Role::Wallet, args.scopes(), vault).in_memory(rows);
    let home = run.home.clone().absolute()?;
    let signals = Signals::listen();
    if args.resident {
        run.out.bytes(OPEN.as_bytes())?;
        leave_the_terminal().map_err(|why| Failure::internal(plain(&why), "run the command again"))?;
    }
    let ended = host::serve((door, signals), held, home.clone(), None, WHOLE, None);
    // What cannot be removed holds nothing.
    let _left = std::fs::remove_dir_all(home.guest());
    Ok(ended)
}

/// Returns a reason in brackets, to be put behind something.
fn said(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

/// A session outlives the terminal that it was opened on: it has its own process group, and nothing to write to.
fn leave_the_terminal() -> std::io::Result<()> {
    let nothing = std::fs::File::options().read(true).write(true).open("/dev/null")?;
    rustix::process::setsid()?;
    rustix::process::chdir("/")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stderr(&nothing)?;
    Ok(rustix::stdio::dup2_stdout(&nothing)?)
}

fn not_opened(error: NotOpened, role: Role) -> Failure {
    match error {
        NotOpened::Open => already(role, None),
        NotOpened::Foreign => Failure::new(Exit::Tamper, error, "find out who made it, and remove the file `session` from that folder"),
        NotOpened::Io(why) => {
            Failure::internal(format!("the session's socket: {}", plain(&why)), "keep the home on a file system that has sockets")
        }
    }
}
