//! The words for a vault: why it did not open, why something was not stored, what it found wrong with its content.

use crate::exit::{Exit, Failure, LIFT_THE_LIMIT, plain_text};
use crate::home::Role;
use crate::words;
use std::path::Path;
use waypass_machine::{CreateError, Exposed, KeyFileError, OpenError, ResumeError};
use waypass_vault::{BackupError, FactorError, Room, StorageError, UnlockError, VaultError};

/// Returns true if a parked vault is not what was parked, and false if it can be tried again.
pub(crate) const fn is_tampering(error: &ResumeError) -> bool {
    matches!(error, ResumeError::Changed | ResumeError::Open(OpenError::NotFound(_) | OpenError::Damaged))
}

pub(crate) fn resume_failure(error: &ResumeError, role: Role) -> Failure {
    match error {
        ResumeError::Open(why) => open_failure(why, role),
        ResumeError::Storage(why) => storage_failure(why),
        ResumeError::Memory => Failure::internal(error, "close other programs and try again"),
        ResumeError::Changed => {
            Failure::new(Exit::Tamper, error, "nothing was done; find out who changed the folder before this device is used again")
        }
    }
}

pub(crate) fn open_failure(error: &OpenError, role: Role) -> Failure {
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

pub(crate) fn create_failure(error: CreateError) -> Failure {
    match error {
        CreateError::Exists(_) => Failure::usage(error, "use it, or choose another place with --home DIR"),
        CreateError::Forbidden => Failure::usage(error, "choose others with --require"),
        CreateError::Factor(why) => factor_failure(&why),
        CreateError::Storage(why) => storage_failure(&why),
        CreateError::Busy(_) => Failure::internal(error, "let the other command end, then run this one again"),
        CreateError::Exposed(why) => exposed_failure(&why),
    }
}

pub(crate) fn exposed_failure(error: &Exposed) -> Failure {
    let next = match error {
        Exposed::Writable { .. } => "keep it on a file system that has modes, in a folder of your own",
        Exposed::NotAFile { .. } => "put the file itself there, or choose another place with --home DIR",
    };
    Failure::new(Exit::Tamper, error, next)
}

pub(crate) fn unlock_failure(error: UnlockError, key_file: Option<&Path>, role: Role) -> Failure {
    match error {
        UnlockError::WrongSecret { .. } => match key_file {
            Some(path) => Failure::new(
                Exit::WrongSecret,
                format!("the key file {} does not open this {}", path.display(), role.folder()),
                "name the key file that was made for it, or open it with its pass phrase or recovery code",
            ),
            None => {
                Failure::new(Exit::WrongSecret, &error, "check the keyboard and try again; the recovery code opens it too (--recovery)")
            }
        },
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
        UnlockError::Refused { .. } => Failure::new(Exit::WrongSecret, &error, "check the secret and try again"),
        UnlockError::Ended => Failure::new(Exit::Locked, &error, "ask who gave it for another, or use what opens it always"),
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
        FactorError::NotAPin => Failure::usage(error, "choose 6 to 32 digits"),
        FactorError::Memory => Failure::internal(error, "close other programs and try again"),
        FactorError::Parameters => Failure::new(Exit::Tamper, error, "restore a backup"),
        FactorError::Refused { .. } => Failure::new(Exit::WrongSecret, error, "check the secret and try again"),
        FactorError::Blocked { .. } => Failure::new(Exit::Throttled, error, "wait, or open it with another factor"),
        FactorError::Absent | FactorError::Removed | FactorError::AskedBefore => {
            Failure::new(Exit::Locked, error, "connect it, leave it there, and try again")
        }
    }
}

/// Returns true if the system let this user not write, for want of a right or because the file system is read-only.
pub(crate) fn is_refused(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem)
}

/// The next step in a folder that this user may not use.
pub(crate) const FOREIGN: &str = "this user may not use that folder: `waypass doctor` says whose it is and what to do";

/// Returns the words for a store that failed.
pub(crate) fn storage_failure(error: &StorageError) -> Failure {
    match error {
        StorageError::Full { room: Room::FileSize, .. } => Failure::internal(error, LIFT_THE_LIMIT),
        StorageError::Full { room: Room::Disk, .. } => {
            Failure::internal(error, "free some space on that disk, then run the command again; nothing acknowledged was lost")
        }
        StorageError::Corrupt { .. } => Failure::new(Exit::Tamper, error, "keep the folder as it is and restore a backup into a new home"),
        StorageError::Newer { .. } => Failure::internal(error, "install the newer version of waypass; nothing was changed"),
        StorageError::Busy { .. } => Failure::internal(error, "let the other command end, then run this one again"),
        StorageError::Refused { doing, why } => Failure::usage(format!("{doing}: {}", plain_text(why)), FOREIGN),
        StorageError::Io { doing, why } => {
            Failure::internal(format!("{doing}: {}", plain_text(why)), "check the disk, then run the command again")
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
            VaultError::Forbidden => Self::usage(&error, "see what they permit: slot list"),
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

/// Returns the way on from findings.
pub(crate) fn after_looking(role: Role) -> String {
    format!("each command says so until a person has looked: waypass {} acknowledge --by YOUR-NAME", role.folder())
}

/// Returns the faults that a vault found in its own content, in words.
pub(crate) fn finding_words(finding: &waypass_vault::Finding) -> String {
    use waypass_vault::Finding;
    match finding {
        found if found.is_lost_key() => {
            "a key of this device was damaged and set aside; what is bound to it can no longer be used and must be issued or enrolled again"
                .to_owned()
        }
        Finding::Quarantined { table, .. } => format!("a record in {table} could not be read and was set aside"),
        Finding::Altered { tables } if tables.is_empty() => "records were deleted, replaced or added from outside".to_owned(),
        Finding::Altered { tables } => {
            let tables: Vec<&str> = tables.iter().map(|table| table.trim_start_matches('.')).collect();
            format!("records were deleted, replaced or added from outside in {}", words::list(&tables))
        }
        Finding::LogEntry { log, seq } => format!("entry {seq} of the log {log} is missing or damaged"),
        Finding::IndexRebuilt => "the index was damaged and was made again from the records; nothing is lost".to_owned(),
        Finding::StateLost => "the record of the last change is damaged; deletions before now cannot be noticed".to_owned(),
        Finding::LimitsAltered => "how often a wrong secret may be tried was changed from outside, and was put back".to_owned(),
        Finding::WriteAheadLogMissing => {
            "the vault was there without its write-ahead log (vault.db-wal); what was done last may be missing".to_owned()
        }
        Finding::KeysAltered { keys } => format!(
            "{} in a part of the vault that was changed from outside; a wallet shows nothing with such a key, and what is bound to it must \
             be issued again",
            if let [_] = keys[..] { "a key of this device is".to_owned() } else { format!("{} keys of this device are", keys.len()) },
        ),
    }
}
