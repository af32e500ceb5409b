//! The trust files as files: `root.json`, `root-next.json` and `bundle.json` in one folder, with a lock file for writers.

use crate::durable;
use crate::error::storage_error;
use crate::lock_file::{LockFile, NotLocked};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use waypass_trust::bundle::MAX_BUNDLE;
use waypass_vault::{StorageError, TrustFile, TrustStorage, TrustWriter};

/// The folder with what a device believes. It is made when something is first kept.
#[derive(Clone, Debug)]
pub struct TrustFolder {
    dir: PathBuf,
}

/// A change takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

impl TrustFolder {
    /// Returns the folder `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    fn path(&self, file: TrustFile) -> PathBuf {
        self.dir.join(match file {
            TrustFile::Root => "root.json",
            TrustFile::NextRoot => "root-next.json",
            TrustFile::Bundle => "bundle.json",
        })
    }

    fn failed(&self, doing: &'static str, source: &io::Error) -> StorageError {
        storage_error(doing, &self.dir, source)
    }

    fn lock_waiting(&self, wait: Duration) -> Result<Writer<'_>, StorageError> {
        durable::make_dir(&self.dir).map_err(|source| self.failed("making the trust folder", &source))?;
        let lock = LockFile::take(&self.dir.join("lock"), wait, &mut |_| ()).map_err(|why| match why {
            NotLocked::Busy(holder) => StorageError::Busy { holder: holder.to_string() },
            NotLocked::Io(source) => self.failed("locking the trust folder", &source),
        })?;
        durable::remove_leftovers(&self.dir);
        Ok(Writer { folder: self, _lock: lock })
    }
}

impl TrustStorage for TrustFolder {
    fn get(&self, file: TrustFile) -> Result<Option<Vec<u8>>, StorageError> {
        match durable::read(&self.path(file), MAX_BUNDLE) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.failed("reading the trust bundle", &source)),
        }
    }

    fn lock(&self) -> Result<Box<dyn TrustWriter + '_>, StorageError> {
        Ok(Box::new(self.lock_waiting(PATIENCE)?))
    }
}

struct Writer<'f> {
    folder: &'f TrustFolder,
    _lock: LockFile,
}

impl TrustWriter for Writer<'_> {
    fn replace(&mut self, file: TrustFile, bytes: &[u8]) -> Result<(), StorageError> {
        durable::replace(&self.folder.path(file), bytes).map_err(|source| self.folder.failed("keeping the trust bundle", &source))
    }

    fn clear(&mut self) -> Result<(), StorageError> {
        let failed = |source: io::Error| self.folder.failed("removing the trust bundle", &source);
        // The bundle first: a root without a bundle is a state that every command knows.
        for file in [TrustFile::Bundle, TrustFile::NextRoot, TrustFile::Root] {
            match fs::remove_file(self.folder.path(file)) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(failed(source)),
                _ => {}
            }
        }
        durable::sync_parent(&self.folder.path(TrustFile::Root)).map_err(failed)
    }

    /// Takes the first free name, so that an earlier one is kept too.
    fn set_aside(&mut self, file: TrustFile) -> Result<String, StorageError> {
        let path = self.folder.path(file);
        let mut names = (0..1000).map(|n| path.with_extension(if n == 0 { "json.bad".to_owned() } else { format!("json.bad{n}") }));
        let Some(aside) = names.find(|aside| !aside.exists()) else { return Ok(path.display().to_string()) };
        match fs::rename(&path, &aside).and_then(|()| durable::sync_parent(&aside)) {
            Ok(()) => Ok(aside.display().to_string()),
            Err(source) => Err(self.folder.failed("setting damaged trust data aside", &source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folder with a writer who does not wait as long as a person would.
    struct Impatient(TrustFolder);

    impl TrustStorage for Impatient {
        fn get(&self, file: TrustFile) -> Result<Option<Vec<u8>>, StorageError> {
            self.0.get(file)
        }

        fn lock(&self) -> Result<Box<dyn TrustWriter + '_>, StorageError> {
            Ok(Box::new(self.0.lock_waiting(Duration::ZERO)?))
        }
    }

    fn open() -> (Impatient, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("temporary folder");
        (Impatient(TrustFolder::new(dir.path().join("trust"))), dir)
    }

    waypass_vault::trust_storage_tests!(folder, open: open);

    #[test]
    fn the_files_have_the_names_they_always_had() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let folder = TrustFolder::new(dir.path());
        let mut writer = folder.lock().expect("locks");
        for (file, name) in [(TrustFile::Root, "root.json"), (TrustFile::NextRoot, "root-next.json"), (TrustFile::Bundle, "bundle.json")] {
            writer.replace(file, name.as_bytes()).expect("writes");
            assert_eq!(fs::read(dir.path().join(name)).expect("there"), name.as_bytes());
        }
        let aside = writer.set_aside(TrustFile::Bundle).expect("set aside");
        assert_eq!(aside, dir.path().join("bundle.json.bad").display().to_string());
        assert_eq!(fs::read(&aside).expect("there"), b"bundle.json");
    }

    #[test]
    fn leftovers_of_a_cut_off_replacement_do_no_harm() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let folder = TrustFolder::new(dir.path());
        folder.lock().expect("locks").replace(TrustFile::Bundle, b"one").expect("writes");
        fs::write(dir.path().join("bundle.json.new"), b"half a bun").expect("written");
        assert_eq!(folder.get(TrustFile::Bundle).expect("reads").as_deref(), Some(&b"one"[..]));
        folder.lock().expect("locks").replace(TrustFile::Bundle, b"two").expect("writes");
        assert_eq!(folder.get(TrustFile::Bundle).expect("reads").as_deref(), Some(&b"two"[..]));
        assert!(!dir.path().join("bundle.json.new").exists());
    }
}
