//! A folder of many files, each whole or not there. They are synced together: a disk that is asked for each would take minutes.

use crate::exit::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The most that is read of a file to see if it is what it should be; a credential is smaller.
const MOST: u64 = 256 * 1024;

/// Makes a folder that only its owner may enter, unless it is there.
pub(crate) fn make(path: &Path) -> Result<(), Failure> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            Failure::usage(format!("{} is not a folder", path.display()), "name a folder: -o FOLDER")
        }
        _ => Failure::file("make the folder", path, &error),
    })
}

/// Returns the content of a file, if there is one.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read", path, &error)),
    }
}

/// Writes files that only their owner may read: under other names, then synced, then under their own.
pub(crate) fn write_all(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    let fresh = |name: &str| folder.join(format!("{name}.new"));
    for (name, bytes) in files {
        let path = fresh(name);
        // Left by a command that was killed.
        drop(fs::remove_file(&path));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(bytes)).map_err(|error| {
            drop(fs::remove_file(&path));
            Failure::file("write", &path, &error)
        })?;
    }
    if files.is_empty() {
        return Ok(());
    }
    sync(folder)?;
    for (name, _) in files {
        fs::rename(fresh(name), folder.join(name)).map_err(|error| Failure::file("write", &folder.join(name), &error))?;
    }
    sync(folder)
}

fn sync(folder: &Path) -> Result<(), Failure> {
    let done = File::open(folder).and_then(|folder| Ok(rustix::fs::syncfs(&folder)?));
    done.map_err(|error| Failure::file("write into", folder, &error))
}

#[cfg(test)]
mod tests {
    use super::{make, read, write_all};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn files_are_whole_private_and_never_written_through_a_link() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("a/b");
        make(&folder).expect("made");
        make(&folder).expect("there");
        let outside = dir.path().join("outside");
        std::fs::write(&outside, "mine").expect("written");
        for name in ["x", "y.new"] {
            symlink(&outside, folder.join(name)).expect("linked");
        }
        std::fs::write(folder.join("x.new"), "half").expect("written");
        write_all(&folder, &[("x".into(), b"one".to_vec()), ("y".into(), b"two".to_vec())]).expect("written");
        assert_eq!(read(&folder.join("x")).expect("read").as_deref(), Some(&b"one"[..]));
        assert_eq!(read(&folder.join("y")).expect("read").as_deref(), Some(&b"two"[..]));
        assert_eq!(std::fs::read(&outside).expect("read"), b"mine");
        assert_eq!(std::fs::metadata(folder.join("x")).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(&folder).expect("there").permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::read_dir(&folder).expect("listed").count(), 2);
        assert_eq!(read(&folder.join("z")).expect("read"), None);
        assert!(make(&outside).is_err_and(|why| why.what.ends_with("is not a folder")));
    }
}
