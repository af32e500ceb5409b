//! Files that are there completely or not at all, also after a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Creates a file of mode 0600 that was not there before; one that could not be written is not there after either.
pub(crate) fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if let Err(why) = file.write_all(content).and_then(|()| file.sync_all()) {
        // The error to report is the first one.
        let _ = fs::remove_file(path);
        return Err(why);
    }
    sync_parent(path)
}

/// Reads a file of at most `most` bytes, and of a larger one so many and one more.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take((most as u64).saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

/// Puts `content` in place of what is at `path`, with mode 0600, completely or not at all: temporary file, flush, rename, flush of the
/// folder.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_by(path, |file| file.write_all(content))
}

/// Replaces like [`replace`], by a content that `write` writes piece by piece. If that fails, what is at `path` stays.
pub fn replace_by<E: From<io::Error>>(path: &Path, write: impl FnOnce(&mut File) -> Result<(), E>) -> Result<(), E> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let written = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        write(&mut file)?;
        file.sync_all()?;
        Ok(fs::rename(&temporary, path)?)
    };
    if let Err(why) = written() {
        // The error to report is the first one; a leftover is overwritten by the next try.
        let _ = fs::remove_file(&temporary);
        return Err(why);
    }
    Ok(sync_parent(path)?)
}

/// Removes what interrupted calls of [`replace`] have left in a folder. Only the holder of that folder's lock may.
pub(crate) fn remove_leftovers(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_leftover = path.extension().is_some_and(|end| end == "new") && path.symlink_metadata().is_ok_and(|about| !about.is_dir());
        if is_leftover {
            // One that stays is overwritten by the next call.
            let _ = fs::remove_file(&path);
        }
    }
}

/// Makes the folder, with mode 0700, and what is missing above it.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    sync_parent(dir)
}

/// Makes a new, renamed or removed name in the folder of `path` durable.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}
