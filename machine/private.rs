//! Modes and links. Everything in a vault's folder belongs to its owner alone, and is the file itself.
//!
//! A fault that can be put right is put right and reported. Any other fault is refused, because another user could change it.

use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Bits that let other users change something.
const OTHERS_WRITE: u32 = 0o022;
/// Bits that let other users do anything.
const OTHERS: u32 = 0o077;
/// Others may add files to such a folder, and remove only their own.
const STICKY: u32 = 0o1000;

/// Something that other users could have read or changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Repair {
    /// The mode let other users in; it was changed.
    Mode {
        /// Which file or folder.
        path: PathBuf,
        /// Its mode before.
        was: u32,
    },
    /// A link led to another file. The link was removed, and what it led to was not touched.
    Link {
        /// The path of the link.
        path: PathBuf,
    },
    /// Other users may read it, and the file system does not let the mode be changed.
    Readable {
        /// Which file or folder.
        path: PathBuf,
    },
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode { path, was } => {
                write!(f, "other users of this machine had access to {} (mode {was:o}); its mode was changed", path.display())
            }
            Self::Link { path } => write!(f, "{} was a link to another file; the link was removed", path.display()),
            Self::Readable { path } => {
                write!(f, "other users of this machine may read {}, and this file system does not let the mode be changed", path.display())
            }
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
        /// The path.
        path: PathBuf,
    },
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

impl std::error::Error for Exposed {}

/// Takes from other users the right to change a device's home. A home that others may read stays readable: its files are not.
pub fn close_home(home: &Path) -> Result<Option<Repair>, Exposed> {
    match fs::metadata(home) {
        Ok(about) if about.mode() & OTHERS_WRITE != 0 && about.mode() & STICKY == 0 => close(home, about.mode(), OTHERS_WRITE),
        // A missing or unreadable file is reported by the code that opens it.
        _ => Ok(None),
    }
}

/// Makes a vault's folder private.
pub(crate) fn close_folder(dir: &Path, repairs: &mut Vec<Repair>) -> Result<(), Exposed> {
    if let Ok(about) = fs::metadata(dir)
        && about.mode() & OTHERS != 0
    {
        repairs.extend(close(dir, about.mode(), OTHERS)?);
    }
    Ok(())
}

/// Makes a file private. A link is refused: SQLite would keep the log of the database in another folder.
pub(crate) fn close_file(path: &Path, repairs: &mut Vec<Repair>) -> Result<(), Exposed> {
    let Ok(about) = fs::symlink_metadata(path) else { return Ok(()) };
    if !about.is_file() {
        return Err(Exposed::NotAFile { path: path.to_owned() });
    }
    if about.mode() & OTHERS != 0 {
        repairs.extend(close(path, about.mode(), OTHERS)?);
    }
    Ok(())
}

/// Removes a name that leads to another file: a symbolic link, or one of several names. Returns true if it did.
pub(crate) fn unlink_foreign(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_symlink() || (about.is_file() && about.nlink() > 1) => fs::remove_file(path).map(|()| true),
        Ok(_) => Ok(false),
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(false),
        Err(why) => Err(why),
    }
}

fn close(path: &Path, mode: u32, bits: u32) -> Result<Option<Repair>, Exposed> {
    let was = mode & 0o7777;
    let changed = fs::set_permissions(path, Permissions::from_mode(was & !bits));
    let now = fs::metadata(path).map_or(mode, |about| about.mode());
    if changed.is_ok() && now & bits == 0 {
        return Ok(Some(Repair::Mode { path: path.to_owned(), was }));
    }
    // Some file systems have no modes. Sealed files may be read there, but nobody else may change it.
    if now & OTHERS_WRITE == 0 {
        return Ok(Some(Repair::Readable { path: path.to_owned() }));
    }
    Err(Exposed::Writable { path: path.to_owned(), mode: now & 0o7777 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").mode() & 0o7777
    }

    #[test]
    fn a_home_keeps_its_readers_and_loses_its_writers() {
        let dir = tempfile::tempdir().expect("temporary folder");
        for (was, now) in [(0o777, 0o755), (0o770, 0o750), (0o755, 0o755), (0o700, 0o700), (0o1777, 0o1777)] {
            fs::set_permissions(dir.path(), Permissions::from_mode(was)).expect("set");
            let repair = close_home(dir.path()).expect("closed");
            assert_eq!(mode(dir.path()), now, "{was:o}");
            assert_eq!(repair, (was != now).then(|| Repair::Mode { path: dir.path().to_owned(), was }), "{was:o}");
        }
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("set");
    }

    #[test]
    fn only_a_foreign_name_is_removed() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let [victim, link, other, own] = ["victim", "link", "other", "own"].map(|name| dir.path().join(name));
        fs::write(&victim, "content").expect("written");
        fs::write(&own, "mine").expect("written");
        std::os::unix::fs::symlink(&victim, &link).expect("linked");
        fs::hard_link(&victim, &other).expect("linked");
        assert!(unlink_foreign(&link).expect("looked") && unlink_foreign(&other).expect("looked"));
        assert!(!unlink_foreign(&own).expect("looked") && !unlink_foreign(&dir.path().join("absent")).expect("looked"));
        assert_eq!(fs::read(&victim).expect("there"), b"content");
        assert!(own.exists() && !link.exists() && !other.exists());
    }
}
