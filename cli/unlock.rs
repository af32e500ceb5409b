//! Opening a vault with what the person or the service shows, and the words for every way that can end.

use crate::Session;
use crate::exit::{Exit, Failure};
use crate::home::Role;
use crate::secret::{self, SecretArgs};
use crate::words;
use std::path::{Path, PathBuf};
use std::time::Duration;
use waypass_machine::{
    CALIBRATED, CreateError, Exposed, KeyFileError, LockHolder, OpenError, ResumeError, SystemRng, Unfinished, Wait, clock, close_home,
    key_file,
};
use waypass_vault::{
    BackupError, Factor, FactorError, Factors, KeyFile, Parked, Password, RecoveryCode, Room, StorageError, UnlockError, Unlocked, Vault,
    VaultError, VaultStatus,
};

/// How long a command waits for another process that holds the vault.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The advice for files that may not grow, though there is room on the disk.
pub(crate) const LIFT_THE_LIMIT: &str = "lift the limit on the size of files (ulimit -f), then run the command again; nothing was lost";

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
    session: &Session,
    role: Role,
    args: &OpenArgs,
    work: impl FnOnce(&Unlocked<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let unlocked = keep(session, role, args)?;
    let done = work(&unlocked);
    tell_findings(session, &unlocked);
    done
}

/// Says what was found before, and what this command came upon.
pub(crate) fn tell_findings(session: &Session, vault: &Unlocked<'_>) {
    for finding in vault.findings() {
        session.out.warn(&crate::doctor::finding_words(&finding));
    }
}

/// Opens the vault for a caller that keeps it open, and closes it by dropping it.
pub(crate) fn keep(session: &Session, role: Role, args: &OpenArgs) -> Result<Unlocked<'static>, Failure> {
    // No vault, or one that is damaged, is said before a secret is asked for. The lock is not held while a person types.
    drop(open(session, role)?);
    let factor = factor(session, args, role)?;
    let vault = open(session, role)?;
    let gate = (role == Role::Verifier).then(|| vault.status(&clock::read())).transpose();
    let before = gate.map_err(|error| storage_failure(&error))?;
    let opened = vault.into_unlocked(&Factors::one(&*factor), &clock::read());
    let unlocked = opened.map_err(|(_, error)| unlock_failure(error, args, role))?;
    upgrade(session, role, &unlocked)?;
    if let Some(before) = before {
        tried(session, args, &before, &unlocked)?;
    }
    Ok(unlocked)
}

/// Lets a gate write down the wrong tries that this opening has cleared.
fn tried(session: &Session, args: &OpenArgs, before: &VaultStatus, vault: &Unlocked<'_>) -> Result<(), Failure> {
    let (wrong, is_locked_out) = match args {
        OpenArgs { key_file: Some(_), .. } => return Ok(()),
        OpenArgs { recovery: true, .. } => (before.wrong_tries + before.wrong_recovery_tries, before.attempts_left == 0),
        _ => (before.wrong_tries, false),
    };
    if wrong == 0 {
        return Ok(());
    }
    let gate = crate::verifier::opened(session, vault)?;
    gate.tried(wrong, is_locked_out, &clock::read(), &mut SystemRng).map_err(crate::verifier::failure)
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
pub(crate) fn all(session: &Session, args: &OpenAllArgs) -> Result<Vec<(Role, Unlocked<'static>)>, Failure> {
    let roles: Vec<Role> =
        [Role::Wallet, Role::Verifier].into_iter().filter(|role| session.home.vault(*role).join("vault.db").exists()).collect();
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
        let Some(unlocked) = opened_by(session, role, &key_files)? else {
            let secret = SecretArgs { secret_file: secrets.next().cloned(), secret_fd: None };
            let open = OpenArgs { secret, recovery: args.recovery, key_file: None };
            return keep(session, role, &open).map(|vault| (role, vault.park()));
        };
        upgrade(session, role, &unlocked)?;
        Ok((role, unlocked.park()))
    });
    let parked = parked.collect::<Result<Vec<_>, Failure>>()?;
    parked.into_iter().map(|(role, parked)| Ok((role, resume(session, role, parked)?))).collect()
}

/// Opens the vault with the first of the key files that is its own.
fn opened_by(session: &Session, role: Role, key_files: &[KeyFile]) -> Result<Option<Unlocked<'static>>, Failure> {
    let mut vault = open(session, role)?;
    for key_file in key_files {
        match vault.into_unlocked(&Factors::one(key_file), &clock::read()) {
            Ok(unlocked) => return Ok(Some(unlocked)),
            // The key file of another vault: no try is counted for one.
            Err((back, UnlockError::WrongSecret { .. } | UnlockError::NoSlot)) => vault = *back,
            Err((_, error)) => return Err(unlock_failure(error, &OpenArgs::default(), role)),
        }
    }
    Ok(None)
}

/// Brings a vault of 0.1.0 to the format of today, and says so.
fn upgrade(session: &Session, role: Role, vault: &Unlocked<'_>) -> Result<(), Failure> {
    let upgraded = match role {
        _ if !vault.needs_upgrade() => false,
        Role::Verifier => {
            let gate = crate::verifier::opened(session, vault)?;
            gate.upgrade(&clock::read(), &mut SystemRng).map_err(crate::verifier::failure)?
        }
        Role::Wallet => waypass_wallet::upgrade(vault, crate::trust::store(session)).map_err(crate::trust::belief_failure)?,
        Role::Issuer => {
            vault.upgrade(|_| crate::issuer::begin_seal(vault))?;
            true
        }
    };
    if upgraded {
        session.out.note(&format!("upgraded this {} from 0.1.0: what it decides by lies under its seal from now on", role.folder()));
    }
    Ok(())
}

/// Does `work` with the vault parked: a person's answer and a server's may take long, and others need the vault meanwhile.
pub(crate) fn aside<T>(session: &Session, role: Role, vault: &mut Unlocked<'_>, work: impl FnOnce() -> T) -> Result<T, Failure> {
    let done = waypass_machine::aside(vault, &session.home.vault(role), Wait::new(PATIENCE, &mut waiting(session)), work);
    done.map_err(|error| resume_failure(&error, role))
}

/// Opens a parked vault again.
pub(crate) fn resume(session: &Session, role: Role, parked: Parked<'static>) -> Result<Unlocked<'static>, Failure> {
    let resumed = waypass_machine::resume(parked, &session.home.vault(role), Wait::new(PATIENCE, &mut waiting(session)));
    resumed.map_err(|error| resume_failure(&error, role))
}

/// Returns true if a parked vault is not what was parked, and false if it can be tried again.
pub(crate) const fn is_tampering(error: &ResumeError) -> bool {
    matches!(error, ResumeError::Changed | ResumeError::Open(OpenError::NotFound(_) | OpenError::Damaged))
}

pub(crate) fn resume_failure(error: &ResumeError, role: Role) -> Failure {
    match error {
        ResumeError::Open(why) => open_failure(why, role),
        ResumeError::Storage(why) => storage_failure(why),
        ResumeError::Changed => {
            Failure::new(Exit::Tamper, error, "nothing was done; find out who changed the folder before this device is used again")
        }
    }
}

/// Returns the locked vault. Modes and links that let other users in are put right, and said.
pub(crate) fn open(session: &Session, role: Role) -> Result<Vault, Failure> {
    let dir = session.home.vault(role);
    match std::fs::metadata(&dir) {
        Ok(_) => close_homes(session)?,
        // A vault that cannot be looked into may be there all the same.
        Err(error) if is_refused(&error) => {
            return Err(Failure::usage(format!("cannot look into {}: {}", dir.display(), crate::exit::plain(&error)), FOREIGN));
        }
        Err(_) => {}
    }
    let opened = waypass_machine::open_waiting(&dir, Wait::new(PATIENCE, &mut waiting(session)));
    let opened = opened.map_err(|error| open_failure(&error, role))?;
    opened.repairs.iter().for_each(|repair| session.out.warn(&repair.to_string()));
    Ok(opened.vault)
}

fn close_homes(session: &Session) -> Result<(), Failure> {
    for home in session.home.folders() {
        if let Some(repair) = close_home(home).map_err(|error| exposed_failure(&error))? {
            session.out.warn(&repair.to_string());
        }
    }
    Ok(())
}

fn waiting(session: &Session) -> impl FnMut(&LockHolder) {
    let out = session.out;
    move |holder| out.note(&format!("waiting for {holder}"))
}

/// Makes the vault of `role` and does the first `work` in it. Key file and recovery code are on the disk, or were shown, and `work` is
/// done before the vault counts as made: until then the same command can be run again.
pub(crate) fn create<T>(
    session: &Session,
    role: Role,
    args: &CreateArgs,
    work: impl FnOnce(&Unlocked<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let dir = session.home.vault(role);
    match waypass_machine::open(&dir) {
        Ok(_) => return Err(create_failure(CreateError::Exists(dir))),
        Err(OpenError::NotFound(_)) => {}
        Err(OpenError::Unfinished(_)) => {
            forget_key_file(&dir, args.key_file.as_deref(), role)?;
            session.out.note("the last try was cut short and is begun anew; a recovery code that it showed opens nothing");
        }
        Err(other) => return Err(open_failure(&other, role)),
    }
    let key = args.key_file.as_ref().map(|path| key_file::make_room(path).map(|()| (path, KeyFile::generate(&mut SystemRng))));
    let key = key.transpose().map_err(|error| key_file_failure(&error))?;
    let typed = match key {
        Some(_) => None,
        None => Some(password(&args.secret.choose(session.out, session.input, "choose a pass phrase")?)?),
    };
    let factor: &dyn Factor = match (&key, &typed) {
        (Some((_, key)), _) => key,
        (None, Some(typed)) => &**typed,
        (None, None) => return Err(Failure::usage("nothing was chosen to open it", "give a pass phrase or --key-file FILE")),
    };
    if let Some(parent) = dir.parent() {
        crate::home::private_folder(parent)?;
    }
    close_homes(session)?;
    let (mut unfinished, code) = Unfinished::begin(&dir, role.folder(), factor, CALIBRATED).map_err(create_failure)?;
    if let Some((path, key)) = &key {
        key_file::write(path, key).map_err(|error| key_file_failure(&error))?;
    }
    match &args.recovery_file {
        Some(path) => write_recovery_code(session, path, &code)?,
        None => {
            session.out.warn(["write this recovery code down now, it is shown only once:", "", &format!("    {}", &*code.printed()), ""]);
        }
    }
    let unlocked = unfinished
        .vault()
        .unlock(&Factors::one(factor), &clock::read())
        .map_err(|error| unlock_failure(error, &OpenArgs::default(), role))?;
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
fn write_recovery_code(session: &Session, path: &Path, code: &RecoveryCode) -> Result<(), Failure> {
    crate::file::write_private(session.out, path, format!("{}\n", &*code.printed()).as_bytes())?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flushed = std::fs::File::open(parent).and_then(|folder| folder.sync_all());
    flushed.map_err(|error| Failure::file("flush", parent, &error))
}

/// Returns the factor the person shows.
fn factor(session: &Session, args: &OpenArgs, role: Role) -> Result<Box<dyn Factor>, Failure> {
    if let Some(path) = &args.key_file {
        return Ok(Box::new(key_file::read(path).map_err(|error| key_file_failure(&error))?));
    }
    let prompt = if args.recovery {
        format!("recovery code of this {}: ", role.folder())
    } else {
        format!("pass phrase of this {}: ", role.folder())
    };
    let secret = args.secret.read(session.out, session.input, &prompt)?;
    if args.recovery {
        let code = RecoveryCode::parse(secret::text(&secret)?).map_err(|error| factor_failure(&error))?;
        return Ok(Box::new(code));
    }
    password(&secret)
}

fn password(secret: &[u8]) -> Result<Box<dyn Factor>, Failure> {
    Ok(Box::new(Password::new(secret::text(secret)?)))
}

fn open_failure(error: &OpenError, role: Role) -> Failure {
    let name = role.folder();
    match error {
        OpenError::NotFound(dir) => Failure::usage(
            format!("there is no {name} in {}", dir.display()),
            format!("make one with `waypass {name} init`, or say where it is with --home DIR"),
        ),
        OpenError::Busy(_) => Failure::internal(error, "let the other command end, then run this one again"),
        OpenError::Newer { .. } => Failure::internal(error, "install the newer version of waypass; nothing was changed"),
        OpenError::Damaged => Failure::new(Exit::Tamper, error, "keep the folder as it is and restore a backup into a new home"),
        OpenError::Unfinished(dir) => Failure::usage(
            format!("making the {name} in {} was cut short; nothing was kept", dir.display()),
            format!("run `waypass {name} init` again"),
        ),
        OpenError::Exposed(why) => exposed_failure(why),
        OpenError::Storage(why) => storage_failure(why),
    }
}

fn create_failure(error: CreateError) -> Failure {
    match error {
        CreateError::Exists(_) => Failure::usage(error, "use it, or choose another place with --home DIR"),
        CreateError::Factor(why) => factor_failure(&why),
        CreateError::Storage(why) => storage_failure(&why),
        CreateError::Busy(_) => Failure::internal(error, "let the other command end, then run this one again"),
        CreateError::Exposed(why) => exposed_failure(&why),
    }
}

fn exposed_failure(error: &Exposed) -> Failure {
    let next = match error {
        Exposed::Writable { .. } => "keep it on a file system that has modes, in a folder of your own",
        Exposed::NotAFile { .. } => "put the file itself there, or choose another place with --home DIR",
    };
    Failure::new(Exit::Tamper, error, next)
}

fn unlock_failure(error: UnlockError, args: &OpenArgs, role: Role) -> Failure {
    match error {
        UnlockError::WrongSecret { .. } if args.key_file.is_some() => {
            let path = args.key_file.as_deref().unwrap_or(Path::new(""));
            Failure::new(
                Exit::WrongSecret,
                format!("the key file {} does not open this {}", path.display(), role.folder()),
                "name the key file that was made for it, or open it with its pass phrase or recovery code",
            )
        }
        UnlockError::WrongSecret { .. } => {
            Failure::new(Exit::WrongSecret, &error, "check the keyboard and try again; the recovery code opens it too (--recovery)")
        }
        UnlockError::Throttled { seconds } => {
            let wait = words::span(i64::try_from(seconds).unwrap_or(i64::MAX));
            Failure::new(
                Exit::Throttled,
                "too many wrong tries; this one was not made",
                format!("wait {wait}, then try again; the recovery code opens it too (--recovery)"),
            )
        }
        UnlockError::LockedOut => {
            Failure::new(Exit::Throttled, "no tries are left for the pass phrase", "open it with the recovery code (--recovery)")
        }
        UnlockError::NoSlot => Failure::new(Exit::Locked, &error, "see what opens it: waypass ROLE status"),
        UnlockError::Damaged => Failure::new(Exit::Tamper, &error, "open it with another factor, or restore a backup"),
        UnlockError::Factor(why) => factor_failure(&why),
        UnlockError::Storage(why) => storage_failure(&why),
    }
}

/// The next step for a file that is not a key file.
const KEY_FILES: &str = "name the file that `init --key-file` or `slot add --key-file` made";

/// Returns the words for a key file that cannot be used.
pub(crate) fn key_file_failure(error: &KeyFileError) -> Failure {
    match error {
        KeyFileError::Io { path, source } if source.kind() == std::io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("the key file {} is there already and may open something else", path.display()), "choose another name")
        }
        KeyFileError::Io { path, source } => Failure::file("use the key file", path, source),
        KeyFileError::NotAKeyFile { .. } => Failure::usage(error, KEY_FILES),
    }
}

/// Returns the words for a factor that cannot be used.
pub(crate) fn factor_failure(error: &FactorError) -> Failure {
    match error {
        FactorError::NotAKeyFile => Failure::usage(error, KEY_FILES),
        FactorError::NotARecoveryCode => {
            Failure::new(Exit::WrongSecret, error, "type it as printed; spaces, hyphens and case do not matter")
        }
        FactorError::Empty => Failure::usage(error, "choose a pass phrase of several words"),
        FactorError::Memory => Failure::internal(error, "close other programs and try again"),
        FactorError::Parameters => Failure::new(Exit::Tamper, error, "restore a backup"),
    }
}

/// Returns true if the system let this user not write, for want of a right or because the file system is read-only.
fn is_refused(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem)
}

/// The next step in a folder that this user may not use.
const FOREIGN: &str = "this user may not use that folder: `waypass doctor` says whose it is and what to do";

/// Returns the words for a store that failed.
pub(crate) fn storage_failure(error: &StorageError) -> Failure {
    match error {
        StorageError::Full { room: Room::FileSize, .. } => Failure::internal(error, LIFT_THE_LIMIT),
        StorageError::Full { room: Room::Disk, .. } => {
            Failure::internal(error, "free some space on that disk, then run the command again; nothing acknowledged was lost")
        }
        StorageError::Corrupt { .. } => Failure::new(Exit::Tamper, error, "keep the folder as it is and restore a backup into a new home"),
        StorageError::Busy { .. } => Failure::internal(error, "let the other command end, then run this one again"),
        StorageError::Refused { doing, why } => Failure::usage(format!("{doing}: {}", crate::exit::plain_text(why)), FOREIGN),
        StorageError::Io { doing, why } => {
            Failure::internal(format!("{doing}: {}", crate::exit::plain_text(why)), "check the disk, then run the command again")
        }
        StorageError::Poisoned => Failure::internal(error, "check the disk, then run the command again"),
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        match &error {
            VaultError::Storage(why) => storage_failure(why),
            VaultError::Factor(why) => factor_failure(why),
            VaultError::Quarantined => Self::new(Exit::Tamper, &error, "see `waypass doctor`; a backup may still hold it"),
            VaultError::NoSuchSlot => Self::usage(&error, "the list names them: slot list"),
            VaultError::LastSlot => Self::usage(&error, "add another slot first: slot add"),
            VaultError::LogDamaged { .. } | VaultError::LogIndexDamaged => Self::new(Exit::Tamper, &error, "see `waypass doctor`"),
            VaultError::Limit { .. } | VaultError::NoSuchKey | VaultError::Reserved | VaultError::BatchOpen => {
                Self::internal(&error, "run `waypass doctor`")
            }
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Refused => Self::new(
                Exit::WrongSecret,
                &error,
                "check the pass phrase and the recovery code, and that the file is the one that was made",
            ),
            BackupError::NotEmpty => Self::usage(&error, "restore into a new vault"),
            BackupError::NotABackup => Self::usage(&error, "name the file that `waypass wallet backup` made"),
            BackupError::Newer { .. } => Self::usage(&error, "install the newer version of waypass"),
            BackupError::NeedsTwoFactors => Self::usage(&error, "give a pass phrase and the recovery code"),
            BackupError::Vault(why) => why.into(),
            BackupError::Factor(why) => factor_failure(&why),
        }
    }
}
