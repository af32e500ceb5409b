//! The person whose wallet a command works with, on a device that several people share.

use crate::exit::{Failure, Outcome};
use crate::home::{self, Home, Person, Role, is_made, wallet_of};
use crate::scope::Scope;
use crate::unlock::{self, OpenArgs};
use crate::{Run, exit::Exit};
use serde_json::{Value, json};
use waypass_machine::{User, UserName};
use waypass_net::session::reach;

/// What a command does with the wallet that it is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Use {
    /// It makes the wallet.
    Makes,
    /// It opens the wallet of a guest.
    Guests,
    /// It works with the wallet.
    Works,
    /// It does not need one.
    Spares,
}

/// Returns the home with the wallet of the person who is named. Without a name it is the wallet that is nobody's in particular, and on a
/// device without one that of the person whose session is open.
pub(crate) fn settle(home: Home, name: Option<&str>, what: Use) -> Result<Home, Failure> {
    let named = name.map(str::to_owned).or_else(|| home::text("WAYPASS_USER"));
    if what == Use::Guests {
        return Ok(home.of_guest());
    }
    let Some(named) = named else { return unnamed(home, what) };
    let called = UserName::new(&named)
        .ok_or_else(|| Failure::usage(format!("`{named}` is not a name for a person"), "use one line of at most 64 characters"))?;
    let users = home.users();
    let found = if what == Use::Makes { users.make(&called).map(Some) } else { users.find(&called) };
    match found.map_err(|error| unread(&error))? {
        // As it is on the list, however it was typed.
        Some(user) => Ok(home.of(Person { name: Some(user.listed_name().unwrap_or(called)), user })),
        // Of the environment, it is for the commands that need a wallet.
        None if what == Use::Spares && name.is_none() => Ok(home),
        None => Err(Failure::usage(
            format!("nobody who is called `{called}` has a wallet here"),
            format!("see who has: waypass wallet users; or make one: waypass wallet init --user {}", quoted(&called)),
        )),
    }
}

fn unnamed(home: Home, what: Use) -> Result<Home, Failure> {
    if what == Use::Works && reach(&home.guest()).is_ok_and(|session| session.is_some()) {
        return Ok(home.of_guest());
    }
    if what == Use::Spares || is_made(&home.vault(Role::Wallet)) {
        return Ok(home);
    }
    let users = home.people().map_err(|error| unread(&error))?;
    if users.is_empty() {
        return Ok(home);
    }
    if what == Use::Makes {
        return Err(Failure::usage("people share this device, and each has a wallet of their own", "say whose it will be: --user NAME"));
    }
    match users.into_iter().find(is_open) {
        Some(user) => Ok(home.of(Person { name: None, user })),
        None => Err(Failure::usage("people share this device, and nobody's wallet is open", "say whose it is: --user NAME")),
    }
}

fn unread(error: &std::io::Error) -> Failure {
    Failure::internal(format!("the users of this device: {}", crate::exit::plain(error)), "run `waypass doctor`")
}

/// Returns the people on the list of this device, by name, and how many more have a wallet.
pub(crate) fn listed(home: &Home) -> Result<(Vec<(UserName, User)>, usize), Failure> {
    let users = home.people().map_err(|error| unread(&error))?;
    let all = users.len();
    let mut listed: Vec<_> = users.into_iter().filter_map(|user| Some((user.listed_name()?, user))).collect();
    listed.sort_by_key(|(name, _)| name.to_string());
    let others = all - listed.len();
    Ok((listed, others))
}

/// Returns true if somebody's session is open.
pub(crate) fn is_anybody_in(home: &Home) -> Result<bool, Failure> {
    Ok(home.people().map_err(|error| unread(&error))?.iter().any(is_open))
}

/// Returns true if a session of the person is open.
fn is_open(user: &User) -> bool {
    reach(&wallet_of(user)).is_ok_and(|session| session.is_some())
}

/// Returns a name as one word of a command line.
pub(crate) fn quoted(name: &UserName) -> String {
    format!("'{}'", name.to_string().replace('\'', "'\\''"))
}

/// Arguments of `wallet users`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Put your name on this list: everybody at this device can read it
    #[arg(long)]
    list: bool,
    /// Take your name off this list
    #[arg(long, conflicts_with = "list")]
    unlist: bool,
    #[command(flatten)]
    open: OpenArgs,
}

impl Args {
    /// A change is the person's own. The list itself needs nothing.
    pub(crate) fn scope(&self) -> Option<Scope> {
        (self.list || self.unlist).then_some(Scope::Records)
    }

    pub(crate) const fn what(&self) -> Use {
        if self.list || self.unlist { Use::Works } else { Use::Spares }
    }
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    if args.scope().is_some() {
        return change(run, args);
    }
    let (listed, others) = listed(&run.home)?;
    let listed: Vec<(String, bool)> = listed.into_iter().map(|(name, user)| (name.to_string(), is_open(&user))).collect();
    let items: Vec<Value> = listed.iter().map(|(name, is_open)| json!({ "name": name, "open": is_open })).collect();
    run.out.json(&json!({ "schema": "waypass.users/1", "users": items, "unlisted": others }))?;
    for (name, is_open) in &listed {
        run.out.words(&format!("{name}{}", if *is_open { "  (open)" } else { "" }));
    }
    match (listed.len(), others) {
        (0, 0) => run.out.note("nobody shares this device: waypass wallet init --user NAME makes a wallet for a person"),
        (_, 0) => {}
        (0, others) => run.out.words(&format!("nobody is on this list; not on it: {others}")),
        (_, others) => run.out.words(&format!("not on this list: {others}")),
    }
    Ok(Exit::Done)
}

fn change(run: &Run, args: &Args) -> Outcome {
    let Some(person) = run.home.person() else {
        return Err(Failure::usage("this wallet is nobody's in particular", "say whose list entry it is: --user NAME"));
    };
    let vault = unlock::keep(run, Role::Wallet, &args.open)?;
    unlock::tell_findings(run, Role::Wallet, &vault);
    drop(vault);
    let failed = |error| Failure::file("write in", person.user.folder(), &error);
    match &person.name {
        Some(name) if args.list => person.user.list(name).map_err(failed)?,
        None if args.list => return Err(Failure::usage("the list needs the name as it shall be read", "say it: --user NAME")),
        _ => person.user.unlist().map_err(failed)?,
    }
    run.out.json(&json!({ "schema": "waypass.user/1", "listed": args.list }))?;
    run.out.words(if args.list { "your name is on the list of this device" } else { "your name is not on the list of this device" });
    Ok(Exit::Done)
}
