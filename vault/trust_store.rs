//! The trust files: the root and the trust bundle, as plain files. They are public and signed, so they are not encrypted. They are
//! verified anew whenever they are read, and replaced in one step, so that cutting the power leaves the old or the new one.
//!
//! Files are a copy. What a device really believes stands in its vault, and [`crate::Belief`] compares. The reading functions here are
//! for commands that open no vault; they verify signatures, and cannot tell an old or foreign copy from the newest.
//!
//! `bundle.json` is opened with the root in `root.json`. A newer root that arrived before its bundle waits in
//! `root-next.json`: from then on only bundles that follow it are taken, and the old bundle is still believed.

#[cfg(test)]
pub(crate) mod tests;

use crate::durable;
use crate::error::StorageError;
use crate::lock_file::{LockFile, LockHolder, NotLocked};
use core::{fmt, time::Duration};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use waypass_trust::bundle::{BundleError, MAX_BUNDLE, Root, TrustBundle};

/// The folder with what a device believes.
#[derive(Clone, Debug)]
pub struct TrustStore {
    dir: PathBuf,
}

/// The files as they are, nothing verified.
pub(crate) struct Files {
    pub(crate) root: Option<Vec<u8>>,
    pub(crate) next: Option<Vec<u8>>,
    pub(crate) bundle: Option<Vec<u8>>,
}

/// Why something was not read or not kept.
#[derive(Debug)]
pub enum TrustStoreError {
    /// No root is pinned, so nothing can be believed.
    NotPinned,
    /// Another root is pinned already.
    OtherRoot {
        /// The digest of the root that is pinned, as people compare it.
        held: String,
    },
    /// What is on the disk is damaged. It was renamed, not deleted, and this is said once: from now on there is none.
    Quarantined {
        /// Where the file is now.
        path: PathBuf,
        /// What was wrong with it.
        why: BundleError,
    },
    /// What came is not believed, or is not a step forward from what is held.
    Bundle(BundleError),
    /// Another process is changing the store and does not come to an end.
    Busy(LockHolder),
    /// The files could not be read or written.
    Storage(StorageError),
}

impl fmt::Display for TrustStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPinned => f.write_str("no root of trust is pinned on this device"),
            Self::OtherRoot { held } => write!(f, "another root of trust is pinned on this device: {held}"),
            Self::Quarantined { path, why } => {
                write!(f, "the stored trust data is damaged ({why}) and was set aside as {}", path.display())
            }
            Self::Bundle(why) => why.fmt(f),
            Self::Busy(holder) => write!(f, "the trust data is in use by {holder}"),
            Self::Storage(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for TrustStoreError {}

impl From<BundleError> for TrustStoreError {
    fn from(why: BundleError) -> Self {
        Self::Bundle(why)
    }
}

/// Why a file gave nothing.
enum Unread {
    Damaged { path: PathBuf, why: BundleError },
    Other(TrustStoreError),
}

const ROOT: &str = "root.json";
const NEXT: &str = "root-next.json";
const BUNDLE: &str = "bundle.json";

/// A change takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

impl TrustStore {
    /// The store in `dir`, which is made when something is first kept.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The newest root of this device, `None` before one is pinned: what the next bundle must follow from.
    pub fn root(&self) -> Result<Option<Root>, TrustStoreError> {
        self.settled(Self::newest_root)
    }

    /// Puts a root that a person compared into an empty folder. Refuses where another root of trust lies there already.
    pub(crate) fn claim_root(&self, root: &Root) -> Result<(), TrustStoreError> {
        let lock = self.lock()?;
        let Some(held) = self.opening_root().map_err(Unread::set_aside)? else { return self.put_roots(&lock, root, root) };
        let bundle = self.held_bundle().map_err(Unread::set_aside)?;
        let known =
            held.digest() == root.digest() || bundle.is_some_and(|bundle| bundle.root_digests().any(|digest| digest == root.digest()));
        if known { Ok(()) } else { Err(TrustStoreError::OtherRoot { held: held.digest().to_string() }) }
    }

    /// Takes the next root: signed by the thresholds of the newest one here and by its own.
    pub fn step_root(&self, envelope: &[u8]) -> Result<(), TrustStoreError> {
        let lock = self.lock()?;
        let next = self.newest_root().map_err(Unread::set_aside)?.ok_or(TrustStoreError::NotPinned)?.next(envelope)?;
        self.put_next(&lock, &next)
    }

    /// The bundle of this device, verified from its root on; `None` before there is one.
    pub fn load(&self) -> Result<Option<TrustBundle>, TrustStoreError> {
        self.settled(Self::held_bundle)
    }

    /// Opens a bundle that came from outside, which must follow from the newest root here.
    pub fn open(&self, signed: &[u8]) -> Result<TrustBundle, TrustStoreError> {
        Ok(TrustBundle::open(signed, &self.root()?.ok_or(TrustStoreError::NotPinned)?)?)
    }

    /// Keeps a bundle in place of the one before, joined with the status lists that are held already. A step back is refused, also when
    /// another process stored the newer one meanwhile. It is on the disk when this returns.
    pub fn install(&self, bundle: &TrustBundle) -> Result<(), TrustStoreError> {
        let lock = self.lock()?;
        self.opening_root().map_err(Unread::set_aside)?.ok_or(TrustStoreError::NotPinned)?;
        let joined = match self.held_bundle().map_err(Unread::set_aside) {
            Ok(Some(mut held)) => {
                held.replace(bundle.clone())?;
                held
            }
            // A damaged one was set aside just now; the new one takes its place.
            Ok(None) | Err(TrustStoreError::Quarantined { .. }) => bundle.clone(),
            Err(why) => return Err(why),
        };
        self.put(&lock, &joined.to_bytes(), &joined)
    }

    /// Reads every file once, as it is.
    pub(crate) fn files(&self) -> Result<Files, TrustStoreError> {
        Ok(Files { root: self.read(ROOT)?, next: self.read(NEXT)?, bundle: self.read(BUNDLE)? })
    }

    /// Writes a bundle and the root that opens it. The bundle first: its chain starts no later than the root it was opened with, so the
    /// older root still opens it if the power fails between the two.
    pub(crate) fn put(&self, lock: &LockFile, file: &[u8], bundle: &TrustBundle) -> Result<(), TrustStoreError> {
        self.replace(BUNDLE, file)?;
        let held = self.opening_root().ok().flatten().map(|root| root.digest());
        if held == Some(bundle.root().digest()) { Ok(()) } else { self.put_roots(lock, bundle.root(), bundle.root()) }
    }

    /// Writes the copies of the root that opens the bundle and of the newest root, where that is a later one.
    pub(crate) fn put_roots(&self, lock: &LockFile, opening: &Root, newest: &Root) -> Result<(), TrustStoreError> {
        if newest.version() > opening.version() {
            self.put_next(lock, newest)?;
        }
        self.replace(ROOT, &opening.to_bytes())
    }

    /// Writes a next root that waits for its bundle. The lock is an argument so that nobody writes without it.
    pub(crate) fn put_next(&self, _lock: &LockFile, next: &Root) -> Result<(), TrustStoreError> {
        self.replace(NEXT, &next.to_bytes())
    }

    /// Removes root and bundle.
    pub(crate) fn clear(&self, _lock: &LockFile) -> Result<(), TrustStoreError> {
        for name in [BUNDLE, NEXT, ROOT] {
            match fs::remove_file(self.dir.join(name)) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(self.failed("removing the trust bundle", source)),
                _ => {}
            }
        }
        durable::sync_parent(&self.dir.join(ROOT)).map_err(|source| self.failed("removing the trust bundle", source))
    }

    /// Reads without the lock, which is for writers. What looks damaged is read again under it before it is set aside: a
    /// writer may just have put a good file in its place.
    fn settled<T>(&self, read: impl Fn(&Self) -> Result<T, Unread>) -> Result<T, TrustStoreError> {
        match read(self) {
            Err(Unread::Damaged { .. }) => {
                let _lock = self.lock()?;
                read(self).map_err(Unread::set_aside)
            }
            done => done.map_err(Unread::set_aside),
        }
    }

    fn held_bundle(&self) -> Result<Option<TrustBundle>, Unread> {
        let Some(root) = self.opening_root()? else { return Ok(None) };
        self.parsed(BUNDLE, |bytes| TrustBundle::open(bytes, &root))
    }

    fn newest_root(&self) -> Result<Option<Root>, Unread> {
        let Some(held) = self.opening_root()? else { return Ok(None) };
        let next = self.parsed(NEXT, Root::open)?;
        Ok(Some(next.filter(|next| next.version() > held.version()).unwrap_or(held)))
    }

    fn opening_root(&self) -> Result<Option<Root>, Unread> {
        self.parsed(ROOT, Root::open)
    }

    fn parsed<T>(&self, name: &str, parse: impl FnOnce(&[u8]) -> Result<T, BundleError>) -> Result<Option<T>, Unread> {
        let Some(bytes) = self.read(name).map_err(Unread::Other)? else { return Ok(None) };
        parse(&bytes).map(Some).map_err(|why| Unread::Damaged { path: self.dir.join(name), why })
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TrustStoreError> {
        let mut bytes = Vec::new();
        match File::open(self.dir.join(name)).and_then(|file| file.take(MAX_BUNDLE as u64 + 1).read_to_end(&mut bytes)) {
            Ok(_) => Ok(Some(bytes)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.failed("reading the trust bundle", source)),
        }
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), TrustStoreError> {
        durable::replace(&self.dir.join(name), bytes).map_err(|source| self.failed("keeping the trust bundle", source))
    }

    pub(crate) fn lock(&self) -> Result<LockFile, TrustStoreError> {
        durable::make_dir(&self.dir).map_err(|source| self.failed("making the trust folder", source))?;
        let lock = LockFile::take(&self.dir.join("lock"), PATIENCE, &mut |_| ()).map_err(|why| match why {
            NotLocked::Busy(holder) => TrustStoreError::Busy(holder),
            NotLocked::Io(source) => self.failed("locking the trust folder", source),
        })?;
        durable::remove_leftovers(&self.dir);
        Ok(lock)
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> TrustStoreError {
        TrustStoreError::Storage(StorageError::of(doing, &self.dir, source))
    }
}

impl Unread {
    /// Renames what is damaged to the first free name, so that an earlier one is kept too.
    fn set_aside(self) -> TrustStoreError {
        let (path, why) = match self {
            Self::Damaged { path, why } => (path, why),
            Self::Other(why) => return why,
        };
        let mut names = (0..1000).map(|n| path.with_extension(if n == 0 { "json.bad".to_owned() } else { format!("json.bad{n}") }));
        let Some(aside) = names.find(|aside| !aside.exists()) else { return TrustStoreError::Quarantined { path, why } };
        match fs::rename(&path, &aside).and_then(|()| durable::sync_parent(&aside)) {
            Ok(()) => TrustStoreError::Quarantined { path: aside, why },
            Err(source) => TrustStoreError::Storage(StorageError::Io { doing: "setting damaged trust data aside", source }),
        }
    }
}
