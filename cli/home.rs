//! The place where a device keeps its files, and the small settings file. The layout is documented in `waypass help environment`.

use crate::exit::Failure;
use serde::Deserialize;
use std::env;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use waypass_machine::{DeviceTime, User, UserName, Users};

/// The folders of this device.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    data: PathBuf,
    state: PathBuf,
    server: Option<String>,
    unread: Vec<Failure>,
    person: Option<Person>,
    /// True if the wallet is that of a guest, who leaves nothing.
    is_guest: bool,
}

/// The person whose wallet a command works with, on a device that several share.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// What the command called the person; `None` for the one whose session is open.
    pub(crate) name: Option<UserName>,
    /// The person's folder.
    pub(crate) user: User,
}

/// The settings that `config.toml` may have; flags and `WAYPASS_*` come first.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Config {
    home: Option<PathBuf>,
    profile: Option<String>,
    server: Option<String>,
}

impl Home {
    /// `--home`, else `WAYPASS_HOME`, else the settings files, else the XDG folders.
    /// A profile is a device of its own below that, found by the same precedence.
    ///
    /// A settings file that cannot be read stops only a command that was not told the home: it might have named another one.
    pub(crate) fn find(flag: Option<PathBuf>, profile: Option<String>) -> Result<Self, Failure> {
        let told = flag.or_else(|| path("WAYPASS_HOME"));
        let mut unread = Vec::new();
        let mut settings = |path: &Path| match config(path) {
            Err(failure) if told.is_some() => {
                unread.push(failure);
                Ok(Config::default())
            }
            done => done,
        };
        let user =
            xdg("XDG_CONFIG_HOME", ".config").map_or_else(|| Ok(Config::default()), |folder| settings(&folder.join("config.toml")))?;
        let system = settings(Path::new("/etc/waypass/config.toml"))?;
        let server = text("WAYPASS_SERVER").or(user.server).or(system.server);
        let (data, state) = match told.or(user.home).or(system.home) {
            Some(home) => (home.clone(), home),
            None => xdg("XDG_DATA_HOME", ".local/share").zip(xdg("XDG_STATE_HOME", ".local/state")).ok_or_else(nowhere)?,
        };
        let (data, state) = match profile.or_else(|| text("WAYPASS_PROFILE")).or(user.profile).or(system.profile) {
            Some(name) => (profile_folder(&data, &name)?, profile_folder(&state, &name)?),
            None => (data, state),
        };
        Ok(Self { data, state, server, unread, person: None, is_guest: false })
    }

    /// Returns the same folders, whatever the working folder becomes.
    pub(crate) fn absolute(self) -> Result<Self, Failure> {
        let absolute = |path: &Path| std::path::absolute(path).map_err(|error| Failure::file("find", path, &error));
        Ok(Self { data: absolute(&self.data)?, state: absolute(&self.state)?, ..self })
    }

    /// Returns the same folders with another place to sync with.
    pub(crate) fn with_server(self, server: Option<String>) -> Self {
        Self { server, ..self }
    }

    /// Returns the same folders with the wallet of a person.
    pub(crate) fn of(self, person: Person) -> Self {
        Self { person: Some(person), ..self }
    }

    /// Returns the same folders with the wallet of a guest.
    pub(crate) fn of_guest(self) -> Self {
        Self { person: None, is_guest: true, ..self }
    }

    /// Returns true if the wallet is that of a guest, who leaves nothing.
    pub(crate) const fn is_guest(&self) -> bool {
        self.is_guest
    }

    /// Returns the person whose wallet it is, on a device that several share.
    pub(crate) const fn person(&self) -> Option<&Person> {
        self.person.as_ref()
    }

    /// Returns the people who share this device.
    pub(crate) fn users(&self) -> Users {
        Users::new(self.data.join("users"))
    }

    /// Returns the settings files that could not be read, and why; the command goes on without them.
    pub(crate) fn unread(&self) -> &[Failure] {
        &self.unread
    }

    /// Returns the sealed keys and records of one role.
    pub(crate) fn vault(&self, role: Role) -> PathBuf {
        match (&self.person, role) {
            // The socket of a guest's session, and nothing else.
            (_, Role::Wallet) if self.is_guest => self.guest(),
            (Some(person), Role::Wallet) => wallet_of(&person.user),
            _ => self.data.join(role.folder()),
        }
    }

    /// Returns the folder that is there while a guest uses this device.
    pub(crate) fn guest(&self) -> PathBuf {
        self.data.join("guest")
    }

    /// Returns the people who have a wallet.
    pub(crate) fn people(&self) -> std::io::Result<Vec<User>> {
        let mut users = self.users().all()?;
        users.retain(|user| is_made(&wallet_of(user)));
        Ok(users)
    }

    /// Returns the wallet that is nobody's in particular, and that of each person.
    pub(crate) fn wallets(&self) -> Result<Vec<PathBuf>, Failure> {
        let people = self.people().map_err(|error| Failure::file("look for users in", &self.data, &error))?;
        Ok(std::iter::once(self.data.join(Role::Wallet.folder())).chain(people.iter().map(wallet_of)).collect())
    }

    /// Returns every folder in which the session of a wallet may be: a guest's too.
    pub(crate) fn wallet_sessions(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut folders = self.wallets()?;
        folders.push(self.guest());
        Ok(folders)
    }

    /// Returns how a question calls the vault of `role`.
    pub(crate) fn whose(&self, role: Role) -> String {
        match self.person.as_ref().and_then(|person| person.name.as_ref()).filter(|_| role == Role::Wallet) {
            Some(name) => format!("the wallet of {name}"),
            None if self.is_guest && role == Role::Wallet => "the guest's wallet".to_owned(),
            None => format!("this {}", role.folder()),
        }
    }

    /// Returns the belief of this device: public, signed, shared by the roles on it.
    pub(crate) fn trust(&self) -> PathBuf {
        self.state.join("trust")
    }

    /// Returns what the users of this device have seen of time.
    pub(crate) fn device_time(&self) -> DeviceTime {
        DeviceTime::new(self.state.join("device-time"))
    }

    /// Returns the folder of the browser that shows the checkpoint page.
    pub(crate) fn kiosk(&self) -> PathBuf {
        self.state.join("kiosk")
    }

    /// Returns the place where `sync` goes when it is not told.
    pub(crate) fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// Returns the folder a person would look into.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Path> {
        let one = self.data == self.state;
        [self.data.as_path(), self.state.as_path()].into_iter().take(if one { 1 } else { 2 })
    }
}

/// The roles that keep something on this device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Issuer,
    Wallet,
    Verifier,
}

/// Returns the vault of a person's wallet.
pub(crate) fn wallet_of(user: &User) -> PathBuf {
    user.folder().join(Role::Wallet.folder())
}

/// Returns true if there is a vault in the folder.
pub(crate) fn is_made(vault: &Path) -> bool {
    vault.join("vault.db").exists()
}

impl Role {
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Wallet => "wallet",
            Self::Verifier => "verifier",
        }
    }

    /// Returns for how long a question may wait while this vault is open: a holder's device is carried about, an office and a gate are
    /// in a room.
    pub(crate) const fn idle(self) -> Duration {
        match self {
            Self::Wallet => Duration::from_mins(5),
            Self::Issuer | Self::Verifier => Duration::from_mins(15),
        }
    }
}

/// Returns the folder of a profile below the one that has them all.
fn profile_folder(base: &Path, name: &str) -> Result<PathBuf, Failure> {
    profile_name(name)?;
    Ok(base.join("profiles").join(name))
}

/// Refuses a text that cannot name a profile. The name becomes a folder, so it must not lead out of it.
pub(crate) fn profile_name(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=64).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(Failure::usage(format!("`{name}` is not a name for a profile"), "use letters, digits, `-` and `_`, at most 64"))
}

/// Makes a folder only its owner may enter.
pub(crate) fn private_folder(path: &Path) -> Result<(), Failure> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| Failure::file("make the folder", path, &error))
}

fn config(path: &Path) -> Result<Config, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|error| {
            Failure::usage(
                format!("{} is not understood: {}", path.display(), error.message()),
                "it may say `home = \"DIR\"`, `profile = \"NAME\"` and `server = \"URL\"`",
            )
        }),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => Ok(Config::default()),
        Err(error) => Err(Failure::file("read", path, &error)),
    }
}

fn path(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

pub(crate) fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// XDG Base Directory Specification: a relative path in the variable is ignored.
fn xdg(name: &str, under_home: &str) -> Option<PathBuf> {
    let named = path(name).filter(|value| value.is_absolute());
    Some(named.or_else(|| path("HOME").map(|home| home.join(under_home)))?.join("waypass"))
}

fn nowhere() -> Failure {
    Failure::usage("there is no home folder: neither HOME nor the XDG variables are set", "say where the files are with --home DIR")
}
