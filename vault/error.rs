//! What can go wrong, and what to do about it. Cryptographic failures carry nothing; everything else carries facts.

use crate::lock_file::LockHolder;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// The store could not do what was asked. After [`StorageError::Poisoned`] the vault must be opened again.
#[derive(Debug)]
pub enum StorageError {
    /// There is no room: nothing was written.
    Full {
        /// The vault's folder.
        dir: PathBuf,
        /// What has come to its end.
        room: Room,
    },
    /// An input or output error.
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The store's own structure is damaged.
    Corrupt {
        /// What SQLite said.
        detail: String,
    },
    /// An earlier write failed in a way that leaves unknown what is on disk.
    Poisoned,
}

/// What a write needs and can find used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// Space on the disk, or the quota on it.
    Disk,
    /// The largest size that this process or file system allows a file (`EFBIG`).
    FileSize,
}

impl Room {
    /// What an error of the system says is used up, if that is what it says.
    pub fn missing(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Self::Disk),
            io::ErrorKind::FileTooLarge => Some(Self::FileSize),
            _ => None,
        }
    }
}

impl StorageError {
    /// What the system said while something was done in `dir`.
    pub(crate) fn of(doing: &'static str, dir: &Path, source: io::Error) -> Self {
        match Room::missing(&source) {
            Some(room) => Self::Full { dir: dir.to_owned(), room },
            None => Self::Io { doing, source },
        }
    }
}

/// A file or folder that other users of this machine could change, and that could not be put right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exposed {
    /// Others may write, and the mode could not be changed.
    Writable {
        /// Which file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Something else is where a file belongs: a link or a folder.
    NotAFile {
        /// Where.
        path: PathBuf,
    },
}

/// Why a parked vault was not opened again. Its keys are gone; unlock it anew.
#[derive(Debug)]
pub enum ResumeError {
    /// It could not be opened.
    Open(OpenError),
    /// What is there now does not follow from what was parked: another vault, an older copy, or a damaged state.
    Changed,
    /// The store failed.
    Storage(StorageError),
}

/// Why a vault was not created.
#[derive(Debug)]
pub enum CreateError {
    /// The folder holds a vault already.
    Exists(PathBuf),
    /// The factor could not be enrolled.
    Factor(FactorError),
    /// The store failed.
    Storage(StorageError),
    /// Another process is using the folder.
    Busy(LockHolder),
    /// Other users could change the folder.
    Exposed(Exposed),
}

/// Why a vault was not opened.
#[derive(Debug)]
pub enum OpenError {
    /// There is no vault in this folder.
    NotFound(PathBuf),
    /// Another process holds it and did not let go in time.
    Busy(LockHolder),
    /// Written by a newer version: nothing was touched.
    Newer {
        /// The version in the file.
        found: u64,
        /// The newest version that this program reads.
        supported: u64,
    },
    /// The header is damaged.
    Damaged,
    /// Its creation was cut short; nothing was kept in it.
    Unfinished(PathBuf),
    /// Other users could change it.
    Exposed(Exposed),
    /// The store failed.
    Storage(StorageError),
}

/// Why a vault stayed locked.
#[derive(Debug)]
pub enum UnlockError {
    /// The factors do not open any slot.
    WrongSecret {
        /// How many more tries are left before the lockout.
        attempts_left: u32,
    },
    /// Too many failures; the factors were not tried.
    Throttled {
        /// How long to wait.
        seconds: u64,
    },
    /// No tries left. The recovery code and key files still open the vault.
    LockedOut,
    /// No slot takes this combination of factors; nothing was tried or counted.
    NoSlot,
    /// The slot is damaged on disk; the secret may well be right.
    Damaged,
    /// A factor could not be used.
    Factor(FactorError),
    /// The store failed, perhaps while counting the try.
    Storage(StorageError),
}

/// Why a factor gave no key.
#[derive(Debug)]
pub enum FactorError {
    /// KDF parameters outside the limits: a hostile or damaged header.
    Parameters,
    /// Not enough memory for the key derivation.
    Memory,
    /// The key file could not be read, or is not one.
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// What the system said; `None` when the content is not a key.
        source: Option<io::Error>,
    },
    /// Not a recovery code: a letter outside the alphabet, a wrong length or a wrong check letter.
    NotARecoveryCode,
    /// The password is empty.
    Empty,
}

/// Why an operation on an open vault failed.
#[derive(Debug)]
pub enum VaultError {
    /// The store failed.
    Storage(StorageError),
    /// A factor could not be enrolled.
    Factor(FactorError),
    /// A table name, tag or record outside the limits.
    Limit {
        /// Which limit.
        what: &'static str,
        /// The largest allowed.
        max: usize,
    },
    /// There is no such key, or it is retired.
    NoSuchKey,
    /// There is no such slot.
    NoSuchSlot,
    /// The last slot cannot be removed.
    LastSlot,
    /// The record was damaged; it is in quarantine now.
    Quarantined,
    /// The log entry is missing or damaged.
    LogDamaged {
        /// Its number.
        seq: u64,
    },
    /// The index of a log is not what the last commit left; it can be made again.
    LogIndexDamaged,
    /// Tables that begin with a dot are the vault's own.
    Reserved,
    /// A batch is being written; another cannot be begun inside it.
    BatchOpen,
}

/// Why there is no backup, or why it was not restored.
#[derive(Debug)]
pub enum BackupError {
    /// A backup is sealed by a recovery code and one factor more.
    NeedsTwoFactors,
    /// The secrets do not open this backup, or it was altered.
    Refused,
    /// Not a backup file, or cut short.
    NotABackup,
    /// The vault to restore into holds something already.
    NotEmpty,
    /// Written by a newer version.
    Newer {
        /// The version in the file.
        found: u64,
        /// The newest version that this program reads.
        supported: u64,
    },
    /// The vault failed.
    Vault(VaultError),
    /// A factor could not be used.
    Factor(FactorError),
    /// The file could not be read or written.
    Io(io::Error),
}

/// Creating looks at what is there by opening it.
impl From<OpenError> for CreateError {
    fn from(why: OpenError) -> Self {
        match why {
            OpenError::Busy(holder) => Self::Busy(holder),
            OpenError::Exposed(why) => Self::Exposed(why),
            OpenError::Storage(why) => Self::Storage(why),
            OpenError::NotFound(dir) | OpenError::Unfinished(dir) => Self::Exists(dir),
            OpenError::Newer { .. } | OpenError::Damaged => Self::Storage(StorageError::Corrupt { detail: why.to_string() }),
        }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { dir, room: Room::Disk } => {
                write!(f, "the disk that holds {} is full; nothing was saved. Free some space there and try again", dir.display())
            }
            Self::Full { dir, room: Room::FileSize } => {
                write!(f, "files in {} may not grow: the limit on the size of files is reached; nothing was saved", dir.display())
            }
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
            Self::Corrupt { detail } => write!(f, "the store is damaged: {detail}"),
            Self::Poisoned => f.write_str("an earlier write failed, so what is on disk is not known; close the vault and open it again"),
        }
    }
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(dir) => write!(f, "there is a vault in {} already", dir.display()),
            Self::Factor(why) => why.fmt(f),
            Self::Storage(why) => why.fmt(f),
            Self::Busy(holder) => write!(f, "the vault is in use by {holder}"),
            Self::Exposed(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writable { path, mode } => {
                write!(f, "other users of this machine may change {} (mode {mode:o}), and its mode cannot be changed", path.display())
            }
            Self::NotAFile { path } => write!(f, "{} is a link or a folder where a file belongs", path.display()),
        }
    }
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(why) => why.fmt(f),
            Self::Changed => f.write_str("the vault was replaced by another one or by an older copy while the command waited"),
            Self::Storage(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(dir) => write!(f, "there is no vault in {}", dir.display()),
            Self::Busy(holder) => write!(f, "the vault is in use by {holder}"),
            Self::Newer { found, supported } => {
                write!(
                    f,
                    "the vault has format version {found}; this program reads up to {supported}. Nothing was changed; use a newer program"
                )
            }
            Self::Damaged => f.write_str("the vault's header is damaged; restore a backup"),
            Self::Unfinished(dir) => write!(f, "making the vault in {} was cut short; nothing was kept in it", dir.display()),
            Self::Exposed(why) => why.fmt(f),
            Self::Storage(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for UnlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongSecret { attempts_left: 1 } => f.write_str("that does not open the vault; 1 try left"),
            Self::WrongSecret { attempts_left } => write!(f, "that does not open the vault; {attempts_left} tries left"),
            Self::Throttled { seconds } => write!(f, "too many wrong tries; wait {seconds} seconds"),
            Self::LockedOut => f.write_str("no tries left; use the recovery code"),
            Self::NoSlot => f.write_str("the vault does not open with this combination of factors"),
            Self::Damaged => f.write_str("the stored key slot is damaged; use another factor or restore a backup"),
            Self::Factor(why) => why.fmt(f),
            Self::Storage(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for FactorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameters => f.write_str("the key derivation parameters are outside the limits"),
            Self::Memory => f.write_str("not enough memory to derive the key"),
            Self::KeyFile { path, source: Some(source) } => write!(f, "key file {}: {source}", path.display()),
            Self::KeyFile { path, source: None } => write!(f, "{} is not a key file", path.display()),
            Self::NotARecoveryCode => f.write_str("not a recovery code; check it letter by letter"),
            Self::Empty => f.write_str("the password is empty"),
        }
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage(why) => why.fmt(f),
            Self::Factor(why) => why.fmt(f),
            Self::Limit { what, max } => write!(f, "{what} is larger than {max}"),
            Self::NoSuchKey => f.write_str("there is no such key"),
            Self::NoSuchSlot => f.write_str("there is no such slot"),
            Self::LastSlot => f.write_str("the last slot cannot be removed: nothing would open the vault"),
            Self::Quarantined => f.write_str("the record is damaged; it was set aside, not deleted"),
            Self::LogDamaged { seq } => write!(f, "log entry {seq} is missing or damaged"),
            Self::LogIndexDamaged => f.write_str("the index of the log is damaged; it can be made again from the log"),
            Self::Reserved => f.write_str("tables that begin with a dot are the vault's own"),
            Self::BatchOpen => f.write_str("a batch is being written already"),
        }
    }
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsTwoFactors => f.write_str("a backup is sealed by a recovery code and one factor more"),
            Self::Refused => f.write_str("that does not open the backup, or the backup was altered"),
            Self::NotEmpty => f.write_str("the vault holds something already; restore into a new one"),
            Self::NotABackup => f.write_str("not a backup, or cut short"),
            Self::Newer { found, supported } => {
                write!(f, "the backup has format version {found}; this program reads up to {supported}")
            }
            Self::Vault(why) => why.fmt(f),
            Self::Factor(why) => why.fmt(f),
            Self::Io(why) => write!(f, "the backup file: {why}"),
        }
    }
}

impl std::error::Error for StorageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Io { source, .. } = self { Some(source) } else { None }
    }
}
impl std::error::Error for Exposed {}
impl std::error::Error for ResumeError {}
impl std::error::Error for CreateError {}
impl std::error::Error for OpenError {}
impl std::error::Error for UnlockError {}
impl std::error::Error for FactorError {}
impl std::error::Error for VaultError {}
impl std::error::Error for BackupError {}

macro_rules! wraps {
    ($($from:ident => $into:ident :: $variant:ident;)*) => {$(
        impl From<$from> for $into {
            fn from(why: $from) -> Self {
                Self::$variant(why)
            }
        }
    )*};
}

wraps! {
    Exposed => CreateError::Exposed;
    Exposed => OpenError::Exposed;
    OpenError => ResumeError::Open;
    StorageError => ResumeError::Storage;
    StorageError => CreateError::Storage;
    StorageError => OpenError::Storage;
    StorageError => UnlockError::Storage;
    StorageError => VaultError::Storage;
    FactorError => CreateError::Factor;
    FactorError => UnlockError::Factor;
    FactorError => VaultError::Factor;
    FactorError => BackupError::Factor;
    VaultError => BackupError::Vault;
}
