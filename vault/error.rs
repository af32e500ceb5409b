//! The errors of a vault, and what to do about them. Cryptographic failures carry nothing; everything else carries facts.

use alloc::string::String;
use core::fmt;

/// The store could not do what was asked. After [`StorageError::Poisoned`] the vault must be opened again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StorageError {
    /// There is no room: nothing was written.
    Full {
        /// The place without room, in words.
        place: String,
        /// The resource that has come to its end.
        room: Room,
    },
    /// Something else is using the store and does not come to an end.
    Busy {
        /// Its name, in words.
        holder: String,
    },
    /// This user may not do that there.
    Refused {
        /// The step that failed.
        doing: &'static str,
        /// The system's own words.
        why: String,
    },
    /// An input or output error.
    Io {
        /// The step that failed.
        doing: &'static str,
        /// The system's own words.
        why: String,
    },
    /// The store's own structure is damaged.
    Corrupt {
        /// The damage that was found.
        detail: String,
    },
    /// Written by a newer version: nothing was touched.
    Newer {
        /// The version in the store.
        found: u64,
        /// The newest version that this program reads.
        supported: u64,
    },
    /// An earlier write failed in a way that leaves unknown what is on disk.
    Poisoned,
}

/// A resource that a write needs and that can be used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// Space on the disk, or the quota on it.
    Disk,
    /// The largest size that this process or file system allows a file (`EFBIG`).
    FileSize,
}

/// Why a parked vault was not opened again. Its keys are gone; unlock it anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResumeError {
    /// The vault that is there now does not follow from the parked one: another vault, an older copy, or a damaged state.
    Changed,
    /// There is no memory for a copy of its keys.
    Memory,
    /// The store failed.
    Storage(StorageError),
}

/// Why a vault was not created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CreateError {
    /// The storage holds a vault already.
    Exists,
    /// The rules do not permit one of the combinations, or no slot was named.
    Forbidden,
    /// The factor could not be enrolled.
    Factor(FactorError),
    /// The store failed.
    Storage(StorageError),
}

/// Why a vault was not opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OpenError {
    /// The storage holds no vault.
    NotFound,
    /// The header is damaged.
    Damaged,
    /// Its creation was cut short; nothing was kept in it.
    Unfinished,
    /// The store failed.
    Storage(StorageError),
}

/// Why a vault stayed locked.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// The secret is right, and its slot has come to its end.
    Ended,
    /// A device refused the secret. That is a try, here as on the device.
    Refused {
        /// The tries that are left on the device, if it says so.
        left: Option<u32>,
        /// How many more tries are left here before the lockout.
        attempts_left: u32,
    },
    /// The slot is damaged on disk; the secret may well be right.
    Damaged,
    /// A factor could not be used.
    Factor(FactorError),
    /// The store failed, perhaps while counting the try.
    Storage(StorageError),
}

/// Why a factor gave no key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FactorError {
    /// KDF parameters outside the limits: a hostile or damaged header.
    Parameters,
    /// Not enough memory for the key derivation.
    Memory,
    /// Not the content of a key file.
    NotAKeyFile,
    /// Not a recovery code: a letter outside the alphabet, a wrong length or a wrong check letter.
    NotARecoveryCode,
    /// Not 6 to 32 digits.
    NotAPin,
    /// The password is empty.
    Empty,
    /// The device refused the secret and has counted the try.
    Refused {
        /// The tries that are left on the device, if it says so.
        left: Option<u32>,
    },
    /// The device is not there.
    Absent,
    /// The device was taken away before it answered.
    Removed,
    /// The device takes no tries now.
    Blocked {
        /// For how many seconds, if it says so.
        seconds: Option<u64>,
    },
    /// The device was asked for another slot in this unlock; it is asked once.
    AskedBefore,
}

/// Why an operation on an open vault failed.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// The rules do not permit this combination of factors.
    Forbidden,
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
#[derive(Clone, PartialEq, Eq, Debug)]
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
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { place, room: Room::Disk } => {
                write!(f, "the disk that holds {place} is full; nothing was saved. Free some space there and try again")
            }
            Self::Full { place, room: Room::FileSize } => {
                write!(f, "files in {place} may not grow: the limit on the size of files is reached; nothing was saved")
            }
            Self::Busy { holder } => write!(f, "the store is in use by {holder}"),
            Self::Refused { doing, why } | Self::Io { doing, why } => write!(f, "{doing}: {why}"),
            Self::Corrupt { detail } => write!(f, "the store is damaged: {detail}"),
            Self::Newer { found, supported } => {
                write!(f, "the store has format version {found}; this program reads up to {supported}")
            }
            Self::Poisoned => f.write_str("an earlier write failed, so what is on disk is not known; close the vault and open it again"),
        }
    }
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("there is a vault already"),
            Self::Forbidden => f.write_str("the rules do not permit this combination of factors"),
            Self::Factor(why) => why.fmt(f),
            Self::Storage(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("the vault was replaced by another one or by an older copy while the command waited"),
            Self::Memory => f.write_str("there is no memory for its keys"),
            Self::Storage(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no vault"),
            Self::Damaged => f.write_str("the vault's header is damaged; restore a backup"),
            Self::Unfinished => f.write_str("making the vault was cut short; nothing was kept in it"),
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
            Self::Ended => f.write_str("that opened the vault for a time that is over"),
            Self::Refused { left, attempts_left } => {
                FactorError::Refused { left: *left }.fmt(f)?;
                write!(f, ", {attempts_left} here")
            }
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
            Self::NotAKeyFile => f.write_str("not a key file"),
            Self::NotARecoveryCode => f.write_str("not a recovery code; check it letter by letter"),
            Self::NotAPin => f.write_str("a PIN has 6 to 32 digits"),
            Self::Empty => f.write_str("the password is empty"),
            Self::Refused { left: None } => f.write_str("the device refused the secret"),
            Self::Refused { left: Some(1) } => f.write_str("the device refused the secret; 1 try left on it"),
            Self::Refused { left: Some(left) } => write!(f, "the device refused the secret; {left} tries left on it"),
            Self::Absent => f.write_str("the device that this needs is not there"),
            Self::Removed => f.write_str("the device was taken away before it answered"),
            Self::Blocked { seconds: None } => f.write_str("the device takes no more tries"),
            Self::Blocked { seconds: Some(seconds) } => write!(f, "the device takes no tries for {seconds} seconds"),
            Self::AskedBefore => f.write_str("the device was asked already; try again"),
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
            Self::Forbidden => f.write_str("the rules do not permit this combination of factors"),
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
        }
    }
}

impl core::error::Error for StorageError {}
impl core::error::Error for ResumeError {}
impl core::error::Error for CreateError {}
impl core::error::Error for OpenError {}
impl core::error::Error for UnlockError {}
impl core::error::Error for FactorError {}
impl core::error::Error for VaultError {}
impl core::error::Error for BackupError {}

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
