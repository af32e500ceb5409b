//! Opening a vault with what the person or the service shows, and the words for every way that can end.

use crate::Run;
use crate::exit::Failure;
use crate::home::Role;
use crate::secret::{self, SecretArgs};
use crate::vault::{
    FOREIGN, after_looking, create_failure, exposed_failure, factor_failure, finding_words, is_refused, key_file_failure, open_failure,
    resume_failure, storage_failure, unlock_failure,
};
use crate::{belief, gate, seal};
use std::path::{Path, PathBuf};
use std::time::Duration;
use waypass_machine::{CALIBRATED, CreateError, LockHolder, OpenError, SystemRng, Unfinished, Wait, clock, close_home, key_file};
use waypass_vault::{Factor, Factors, KeyFile, Parked, Password, RecoveryCode, UnlockError, Unlocked, Vault, VaultStatus};

/// How long a command waits for another process that holds the vault.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How a vault is opened.
#[derive(clap::Args, Clone, Default, Debug)]
pub(crate) struct OpenArgs {
    #[command(flatten)]
    secret: SecretArgs,
    /// The secret is the printed recovery code
    #[arg(long, conflicts_with = "key_file")]
    recovery: bool,
    /// Open with this key file, without a person
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret_file", "secret_fd"])]
    key_file: Option<PathBuf>,
}

impl OpenArgs {
    /// Opens with a key file and without a person.
    pub(crate) fn key_file(path: &Path) -> Self {
        Self { key_file: Some(path.to_owned()), ..Self::default() }
    }

    /// Returns true if a factor is named. Commands that need none open the vault when they are given one.
    pub(crate) const fn is_given(&self) -> bool {
        self.recovery || self.key_file.is_some() || self.secret.secret_file.is_some() || self.secret.secret_fd.is_some()
    }
}

/// How a new vault will be opened.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    secret: SecretArgs,
    /// Make FILE a key file that opens it without a person; it protects nothing from who has the file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret_file", "secret_fd"])]
    key_file: Option<PathBuf>,
    /// Write the recovery code to FILE instead of showing it once
    #[arg(long, value_name = "FILE")]
    recovery_file: Option<PathBuf>,
}

/// Opens the vault of `role` and does `work` with it; it is locked again afterwards, whatever happens.
pub(crate) fn with<T>(
    run: &Run,
    role: Role,
    args: &OpenArgs,
    work: impl FnOnce(&Unlocked<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let unlocked = keep(run, role, args)?;
    let done = work(&unlocked);
    tell_findings(run, role, &unlocked);
    done
}

/// Says what was found before, and what this command came upon.
pub(crate) fn tell_findings(run: &Run, role: Role, vault: &Unlocked<'_>) {
    let findings = vault.findings();
    for finding in &findings {
        run.out.warn(&finding_words(finding));
    }
    if !findings.is_empty() {
        run.out.note(&after_looking(role));
    }
}

/// Opens the vault for a caller that keeps it open, and closes it by dropping it.
pub(crate) fn keep(run: &Run, role: Role, args: &OpenArgs) -> Result<Unlocked<'static>, Failure> {
    // No vault, or one that is damaged, is said before a secret is asked for. The lock is not held while a person types.
    drop(open(run, role)?);
    let factor = factor(run, args, role)?;
    let vault = open(run, role)?;
    let gate = (role == Role::Verifier).then(|| vault.status(&clock::read())).transpose();
    let before = gate.map_err(|error| storage_failure(&error))?;
    let opened = vault.into_unlocked(&Factors::one(&*factor), &clock::read());
    let unlocked = opened.map_err(|(_, error)| unlock_failure(error, args.key_file.as_deref(), role))?;
    upgrade(run, role, &unlocked)?;
    if let Some(before) = before {
        tried(run, args, &before, &unlocked)?;
    }
    Ok(unlocked)
}

/// Lets a gate write down the wrong tries that this opening has cleared.
fn tried(run: &Run, args: &OpenArgs, before: &VaultStatus, vault: &Unlocked<'_>) -> Result<(), Failure> {
    let (wrong, is_locked_out) = match args {
        OpenArgs { key_file: Some(_), .. } => return Ok(()),
        OpenArgs { recovery: true, .. } => (before.wrong_tries + before.wrong_recovery_tries, before.attempts_left == 0),
        _ => (before.wrong_tries, false),
    };
    if wrong == 0 {
        return Ok(());
    }
    let gate = gate::opened(run, vault)?;
    gate.tried(wrong, is_locked_out, &clock::read(), &mut SystemRng).map_err(gate::failure)
}

/// How every vault of a home that believes something is opened, one after the other.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct OpenAllArgs {
    /// Read a secret from the first line of FILE instead of asking on the terminal; repeatable, one for each vault
    #[arg(long, value_name = "FILE")]
    secret_file: Vec<PathBuf>,
    /// The secrets are the printed recovery codes
    #[arg(long)]
    recovery: bool,
    /// Open with this key file, without a person; repeatable, one for each vault
    #[arg(long, value_name = "FILE")]
    key_file: Vec<PathBuf>,
}

/// Opens the wallet and the gate of this home, whichever there are: what they believe is changed for all of them or for none.
pub(crate) fn all(run: &Run, args: &OpenAllArgs) -> Result<Vec<(Role, Unlocked<'static>)>, Failure> {
    let roles: Vec<Role> =
        [Role::Wallet, Role::Verifier].into_iter().filter(|role| run.home.vault(*role).join("vault.db").exists()).collect();
    if roles.is_empty() {
        return Err(Failure::usage(
            "there is no wallet and no gate here, so nothing could keep what is trusted",
            "make one first: waypass wallet init, or waypass verifier init",
        ));
    }
    let key_files =
        args.key_file.iter().map(|path| key_file::read(path).map_err(|error| key_file_failure(&error))).collect::<Result<Vec<_>, _>>()?;
    let mut secrets = args.secret_file.iter();
    // One waits, parked, while the secret of the next is typed.
    let parked = roles.into_iter().map(|role| {
        let Some(unlocked) = opened_by(run, role, &key_files)? else {
            let secret = SecretArgs { secret_file: secrets.next().cloned(), secret_fd: None };
            let open = OpenArgs { secret, recovery: args.recovery, key_file: None };
            return keep(run, role, &open).map(|vault| (role, vault.park()));
        };
        upgrade(run, role, &unlocked)?;
        Ok((role, unlocked.park()))
    });
    let parked = parked.collect::<Result<Vec<_>, Failure>>()?;
    parked.into_iter().map(|(role, parked)| Ok((role, resume(run, role, parked)?))).collect()
}

/// Opens the vault with the first of the key files that is its own.
fn opened_by(run: &Run, role: Role, key_files: &[KeyFile]) -> Result<Option<Unlocked<'static>>, Failure> {
    let mut vault = open(run, role)?;
    for key_file in key_files {
        match vault.into_unlocked(&Factors::one(key_file), &clock::read()) {
            Ok(unlocked) => return Ok(Some(unlocked)),
            // The key file of another vault: no try is counted for one.
            Err((back, UnlockError::WrongSecret { .. } | UnlockError::NoSlot)) => vault = *back,
            Err((_, error)) => return Err(unlock_failure(error, None, role)),
        }
    }
    Ok(None)
}

/// Brings a vault of 0.1.0 to the format of today, and says so.
fn upgrade(run: &Run, role: Role, vault: &Unlocked<'_>) -> Result<(), Failure> {
    let upgraded = match role {
        _ if !vault.needs_upgrade() => false,
        Role::Verifier => {
            let gate = gate::opened(run, vault)?;
            gate.upgrade(&clock::read(), &mut SystemRng).map_err(gate::failure)?
        }
        Role::Wallet => waypass_wallet::upgrade(vault, belief::store(run)).map_err(belief::belief_failure)?,
        Role::Issuer => {
            vault.upgrade(|_| seal::Kept::begin(vault, true).map(drop))?;
            true
        }
    };
    if upgraded {
        run.out.note(&format!("upgraded this {} from 0.1.0: what it decides by lies under its seal from now on", role.folder()));
    }
    Ok(())
}

/// Does `work` with the vault parked: a person's answer and a server's may take long, and others need the vault meanwhile.
pub(crate) fn aside<T>(run: &Run, role: Role, vault: &mut Unlocked<'_>, work: impl FnOnce() -> T) -> Result<T, Failure> {
    let done = waypass_machine::aside(vault, &run.home.vault(role), Wait::new(PATIENCE, &mut waiting(run)), work);
    done.map_err(|error| resume_failure(&error, role))
}

/// Does `work` with a vault that is parked otherwise: while a gate waits for the next person, other commands can use it.
pub(crate) fn briefly<T>(
    run: &Run,
    role: Role,
    parked: &mut Parked<'static>,
    work: impl FnOnce(&Unlocked<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let done = waypass_machine::briefly(parked, &run.home.vault(role), Wait::new(PATIENCE, &mut waiting(run)), work);
    done.map_err(|error| resume_failure(&error, role))?
}

/// Opens a parked vault again.
pub(crate) fn resume(run: &Run, role: Role, parked: Parked<'static>) -> Result<Unlocked<'static>, Failure> {
    let resumed = waypass_machine::resume(parked, &run.home.vault(role), Wait::new(PATIENCE, &mut waiting(run)));
    resumed.map_err(|error| resume_failure(&error, role))
}

/// Returns the locked vault. Modes and links that let other users in are put right, and said.
pub(crate) fn open(run: &Run, role: Role) -> Result<Vault, Failure> {
    let dir = run.home.vault(role);
    match std::fs::metadata(&dir) {
        Ok(_) => close_homes(run)?,
        // A vault that cannot be looked into may be there all the same.
        Err(error) if is_refused(&error) => {
            return Err(Failure::usage(format!("cannot look into {}: {}", dir.display(), crate::exit::plain(&error)), FOREIGN));
        }
        Err(_) => {}
    }
    let opened = waypass_machine::open_waiting(&dir, Wait::new(PATIENCE, &mut waiting(run)));
    let opened = opened.map_err(|error| open_failure(&error, role))?;
    opened.repairs.iter().for_each(|repair| run.out.warn(&repair.to_string()));
    Ok(opened.vault)
}

fn close_homes(run: &Run) -> Result<(), Failure> {
    for home in run.home.folders() {
        if let Some(repair) = close_home(home).map_err(|error| exposed_failure(&error))? {
            run.out.warn(&repair.to_string());
        }
    }
    Ok(())
}

fn waiting(run: &Run) -> impl FnMut(&LockHolder) {
    let out = run.out;
    move |holder| out.note(&format!("waiting for {holder}"))
}

/// Makes the vault of `role` and does the first `work` in it. Key file and recovery code are on the disk, or were shown, and `work` is
/// done before the vault counts as made: until then the same command can be run again.
pub(crate) fn create<T>(
    run: &Run,
    role: Role,
    args: &CreateArgs,
    work: impl FnOnce(&Unlocked<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let dir = run.home.vault(role);
    match waypass_machine::open(&dir) {
        Ok(_) => return Err(create_failure(CreateError::Exists(dir))),
        Err(OpenError::NotFound(_)) => {}
        Err(OpenError::Unfinished(_)) => {
            forget_key_file(&dir, args.key_file.as_deref(), role)?;
            run.out.note("the last try was cut short and is begun anew; a recovery code that it showed opens nothing");
        }
        Err(other) => return Err(open_failure(&other, role)),
    }
    let key = args.key_file.as_ref().map(|path| key_file::make_room(path).map(|()| (path, KeyFile::generate(&mut SystemRng))));
    let key = key.transpose().map_err(|error| key_file_failure(&error))?;
    let typed = match key {
        Some(_) => None,
        None => Some(password(&args.secret.choose(run.out, run.input, "choose a pass phrase")?)?),
    };
    let factor: &dyn Factor = match (&key, &typed) {
        (Some((_, key)), _) => key,
        (None, Some(typed)) => &**typed,
        (None, None) => return Err(Failure::usage("nothing was chosen to open it", "give a pass phrase or --key-file FILE")),
    };
    if let Some(parent) = dir.parent() {
        crate::home::private_folder(parent)?;
    }
    close_homes(run)?;
    let (mut unfinished, code) = Unfinished::begin(&dir, role.folder(), factor, CALIBRATED).map_err(create_failure)?;
    if let Some((path, key)) = &key {
        key_file::write(path, key).map_err(|error| key_file_failure(&error))?;
    }
    match &args.recovery_file {
        Some(path) => write_recovery_code(run, path, &code)?,
        None => {
            run.out.warn(["write this recovery code down now, it is shown only once:", "", &format!("    {}", &*code.printed()), ""]);
        }
    }
    let unlocked = unfinished.vault().unlock(&Factors::one(factor), &clock::read()).map_err(|error| unlock_failure(error, None, role))?;
    let done = work(&unlocked)?;
    drop(unlocked);
    unfinished.finish().map_err(|error| storage_failure(&error))?;
    Ok(done)
}

/// Removes the key file of a creation that was cut short. It opens that vault and no other: it was made for it.
fn forget_key_file(dir: &Path, key_file: Option<&Path>, role: Role) -> Result<(), Failure> {
    let Some(path) = key_file else { return Ok(()) };
    let Ok(key) = key_file::read(path) else { return Ok(()) };
    let left = Unfinished::left_in(dir).map_err(|error| open_failure(&error, role))?;
    if left.is_some_and(|mut left| left.vault().unlock(&Factors::one(&key), &clock::read()).is_ok()) {
        std::fs::remove_file(path).map_err(|error| Failure::file("remove", path, &error))?;
    }
    Ok(())
}

/// Writes the code so that also a power cut leaves it.
fn write_recovery_code(run: &Run, path: &Path, code: &RecoveryCode) -> Result<(), Failure> {
    crate::file::write_private(run.out, path, format!("{}\n", &*code.printed()).as_bytes())?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flushed = std::fs::File::open(parent).and_then(|folder| folder.sync_all());
    flushed.map_err(|error| Failure::file("flush", parent, &error))
}

/// Returns the factor the person shows.
fn factor(run: &Run, args: &OpenArgs, role: Role) -> Result<Box<dyn Factor>, Failure> {
    if let Some(path) = &args.key_file {
        return Ok(Box::new(key_file::read(path).map_err(|error| key_file_failure(&error))?));
    }
    let prompt = if args.recovery {
        format!("recovery code of this {}: ", role.folder())
    } else {
        format!("pass phrase of this {}: ", role.folder())
    };
    let secret = args.secret.read(run.out, run.input, &prompt)?;
    if args.recovery {
        let code = RecoveryCode::parse(secret::text(&secret)?).map_err(|error| factor_failure(&error))?;
        return Ok(Box::new(code));
    }
    password(&secret)
}

fn password(secret: &[u8]) -> Result<Box<dyn Factor>, Failure> {
    Ok(Box::new(Password::new(secret::text(secret)?)))
}
