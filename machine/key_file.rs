//! Key files at their paths. [`KeyFile`] knows their content.

use crate::durable;
use crate::entropy::SystemRng;
use crate::error::KeyFileError;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::{fs, path::Path};
use waypass_vault::KeyFile;
use zeroize::Zeroizing;

/// Makes and writes a new key file; see [`write()`].
pub fn create(path: &Path) -> Result<KeyFile, KeyFileError> {
    let key = KeyFile::generate(&mut SystemRng);
    write(path, &key)?;
    Ok(key)
}

/// Writes the key to a new file of mode 0600; see [`make_room`].
pub fn write(path: &Path, key: &KeyFile) -> Result<(), KeyFileError> {
    make_room(path)?;
    durable::create(path, key.to_text().as_bytes()).map_err(|why| failed(path, why))
}

/// Checks that a key file can be written there: what is there already is never overwritten, except what a creation left that was
/// cut short. That is the beginning of a key file, and opens nothing.
pub fn make_room(path: &Path) -> Result<(), KeyFileError> {
    if is_unfinished(path) {
        return fs::remove_file(path).map_err(|why| failed(path, why));
    }
    match fs::symlink_metadata(path) {
        Ok(_) => Err(failed(path, io::ErrorKind::AlreadyExists.into())),
        Err(_) => Ok(()),
    }
}

/// Returns true if a regular file begins as a key file does. It reads no more than that.
pub fn is_one(path: &Path) -> bool {
    let mut intro = [0; KeyFile::PREFIX.len()];
    let is_file = fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() >= KeyFile::LENGTH as u64);
    is_file && fs::File::open(path).and_then(|mut file| file.read_exact(&mut intro)).is_ok() && intro == KeyFile::PREFIX.as_bytes()
}

/// Reads a key file. One that others may read is refused, as `ssh` does.
pub fn read(path: &Path) -> Result<KeyFile, KeyFileError> {
    let io = |why| failed(path, why);
    let file = fs::File::open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    if !is_private(about.mode(), about.uid(), about.gid()) {
        return Err(io(io::Error::new(io::ErrorKind::PermissionDenied, "others may read it; set its mode to 600")));
    }
    let mut text = Zeroizing::new(String::with_capacity(256));
    file.take(256).read_to_string(&mut text).map_err(io)?;
    KeyFile::parse(&text).map_err(|_| KeyFileError::NotAKeyFile { path: path.to_owned() })
}

/// Returns true if nobody but the owner may read a file, or if it belongs to root and nobody but root's group may.
///
/// The second is how systemd gives a service a credential (systemd.exec(5), `LoadCredential`): the service reads it by an access
/// control list, and the bits of the group then show the most that any entry of that list allows (acl(5)).
fn is_private(mode: u32, owner: u32, group: u32) -> bool {
    let others = if (owner, group) == (0, 0) { 0o037 } else { 0o077 };
    mode & others == 0
}

/// Returns true if a regular file of ours ends before its key does.
fn is_unfinished(path: &Path) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() < KeyFile::LENGTH as u64);
    let Some(held) = is_file.then(|| fs::read(path).ok().map(Zeroizing::new)).flatten() else { return false };
    let (intro, key) = held.split_at(held.len().min(KeyFile::PREFIX.len()));
    KeyFile::PREFIX.as_bytes().starts_with(intro) && key.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_')
}

fn failed(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::{create, is_private, read};
    use crate::error::KeyFileError;
    use std::{fs, os::unix::fs::PermissionsExt as _};
    use waypass_vault::KeyFile;

    #[test]
    fn only_root_may_let_its_group_read() {
        for (mode, owner, group, private) in [
            (0o100_600, 1000, 1000, true),
            (0o100_400, 1000, 1000, true),
            (0o100_640, 1000, 1000, false),
            (0o100_604, 0, 0, false),
            (0o100_440, 0, 0, true),
            (0o100_640, 0, 0, true),
            (0o100_660, 0, 0, false),
            (0o100_440, 0, 1000, false),
            (0o100_440, 1000, 0, false),
        ] {
            assert_eq!(is_private(mode, owner, group), private, "{mode:o} of {owner}:{group}");
        }
    }

    #[test]
    fn reads_back_and_refuses_what_is_not_private_or_not_a_key() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("key");
        let key = create(&path).expect("written");
        assert_eq!(read(&path).expect("read").to_text(), key.to_text());
        assert!(create(&path).is_err(), "overwrote a key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("mode");
        assert!(matches!(read(&path), Err(KeyFileError::Io { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
        let whole = fs::read(&path).expect("read");
        fs::write(&path, "hello").expect("written");
        assert!(create(&path).is_err(), "overwrote something else");
        assert!(matches!(read(&path), Err(KeyFileError::NotAKeyFile { .. })));
        // The rest after a power cut is not a key yet.
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).expect("written");
            let is_whole = read(&path).is_ok();
            assert_eq!(is_whole, len == KeyFile::LENGTH, "{len}");
            assert_eq!(create(&path).is_err(), is_whole, "{len}");
            assert!(read(&path).is_ok());
        }
    }
}
