//! Errors of this computer, and the system's own errors as the vault's.

use crate::lock_file::LockHolder;
use crate::private::Exposed;
use std::path::{Path, PathBuf};
use std::{fmt, io};
use waypass_vault::{FactorError, Room, StorageError};

/// Why a vault was not created.
#[derive(Debug)]
pub enum CreateError {
    /// The folder holds a vault already.
    Exists(PathBuf),
    /// The rules do not permit one of the combinations of factors.
    Forbidden,
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
    /// Another process holds it and did not release it in time.
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

/// Why a parked vault was not opened again. Its keys are gone; unlock it anew.
#[derive(Debug)]
pub enum ResumeError {
    /// It could not be opened.
    Open(OpenError),
    /// The vault that is there now does not follow from the parked one: another vault, an older copy, or a damaged state.
    Changed,
    /// There is no memory for a copy of its keys.
    Memory,
    /// The store failed.
    Storage(StorageError),
}

/// Why a key file was not read or not written.
#[derive(Debug)]
pub enum KeyFileError {
    /// The content is not a key.
    NotAKeyFile {
        /// Which file.
        path: PathBuf,
    },
    /// The file could not be read or written.
    Io {
        /// Which file.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
}

/// Translates what the system said while something was done in `dir`.
pub(crate) fn storage_error(doing: &'static str, dir: &Path, source: &io::Error) -> StorageError {
    if let Some(room) = lacking(source) {
        return StorageError::Full { place: dir.display().to_string(), room };
    }
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StorageError::Refused { doing, why: source.to_string() },
        _ => StorageError::Io { doing, why: source.to_string() },
    }
}

/// Returns what there is no room in, if that is why something failed.
pub(crate) fn lacking(why: &io::Error) -> Option<Room> {
    match why.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Room::Disk),
        io::ErrorKind::FileTooLarge => Some(Room::FileSize),
        _ => None,
    }
}

impl OpenError {
    pub(crate) fn of(why: waypass_vault::OpenError, dir: &Path) -> Self {
        match why {
            waypass_vault::OpenError::NotFound => Self::NotFound(dir.to_owned()),
            waypass_vault::OpenError::Damaged => Self::Damaged,
            waypass_vault::OpenError::Unfinished => Self::Unfinished(dir.to_owned()),
            waypass_vault::OpenError::Storage(why) => Self::Storage(why),
        }
    }
}

impl CreateError {
    pub(crate) fn of(why: waypass_vault::CreateError, dir: &Path) -> Self {
        match why {
            waypass_vault::CreateError::Exists => Self::Exists(dir.to_owned()),
            waypass_vault::CreateError::Forbidden => Self::Forbidden,
            waypass_vault::CreateError::Factor(why) => Self::Factor(why),
            waypass_vault::CreateError::Storage(why) => Self::Storage(why),
        }
    }
}

/// Creating looks at what is there by opening it.
impl From<OpenError> for CreateError {
    fn from(why: OpenError) -> Self {
        match why {
            OpenError::Busy(holder) => Self::Busy(holder),
            OpenError::Exposed(why) => Self::Exposed(why),
            OpenError::Storage(why) => Self::Storage(why),
            OpenError::NotFound(dir) | OpenError::Unfinished(dir) => Self::Exists(dir),
            OpenError::Newer { found, supported } => Self::Storage(StorageError::Newer { found, supported }),
            OpenError::Damaged => Self::Storage(StorageError::Corrupt { detail: why.to_string() }),
        }
    }
}

impl From<Exposed> for OpenError {
    fn from(why: Exposed) -> Self {
        Self::Exposed(why)
    }
}

impl From<OpenError> for ResumeError {
    fn from(why: OpenError) -> Self {
        Self::Open(why)
    }
}

impl From<waypass_vault::ResumeError> for ResumeError {
    fn from(why: waypass_vault::ResumeError) -> Self {
        match why {
            waypass_vault::ResumeError::Changed => Self::Changed,
            waypass_vault::ResumeError::Memory => Self::Memory,
            waypass_vault::ResumeError::Storage(why) => Self::Storage(why),
        }
    }
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(dir) => write!(f, "there is a vault in {} already", dir.display()),
            Self::Forbidden => f.write_str("the rules do not permit this combination of factors"),
            Self::Factor(why) => why.fmt(f),
            Self::Storage(why) => why.fmt(f),
            Self::Busy(holder) => write!(f, "the vault is in use by {holder}"),
            Self::Exposed(why) => why.fmt(f),
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

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(why) => why.fmt(f),
            Self::Changed => waypass_vault::ResumeError::Changed.fmt(f),
            Self::Memory => waypass_vault::ResumeError::Memory.fmt(f),
            Self::Storage(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "key file {}: {source}", path.display()),
            Self::NotAKeyFile { path } => write!(f, "{} is not a key file", path.display()),
        }
    }
}

impl std::error::Error for CreateError {}
impl std::error::Error for OpenError {}
impl std::error::Error for ResumeError {}

impl std::error::Error for KeyFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Io { source, .. } = self { Some(source) } else { None }
    }
}
