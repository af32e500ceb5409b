//! The trust files: the root and the trust bundle, in a storage of their own that needs no key. They are public and signed, so they are not
//! encrypted. They are verified anew whenever they are read, and each is replaced in one step, so that cutting the power leaves the old or
//! the new one.
//!
//! Files are a copy. The vault keeps what a device really believes, and [`crate::Belief`] compares. The reading functions here are
//! for commands that open no vault; they verify signatures, and cannot tell an old or foreign copy from the newest.
//!
//! The bundle is opened with the root. A newer root that arrived before its bundle waits as the next root: from then on only bundles that
//! follow it are taken, and the old bundle is still believed.

mod journal;
mod storage;
#[cfg(test)]
pub(crate) mod tests;

pub use journal::TrustJournal;
pub use storage::{MemoryTrust, TrustFile, TrustStorage, TrustWriter};

use crate::error::StorageError;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use waypass_trust::bundle::{BundleError, Root, TrustBundle};

/// The trust files of a device, verified as they are read.
pub struct TrustStore {
    files: Box<dyn TrustStorage>,
}

/// The files as they are, nothing verified.
pub(crate) struct Files {
    pub(crate) root: Option<Vec<u8>>,
    pub(crate) next: Option<Vec<u8>>,
    pub(crate) bundle: Option<Vec<u8>>,
}

/// Why something was not read or not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TrustStoreError {
    /// No root is pinned, so nothing can be believed.
    NotPinned,
    /// Another root is pinned already.
    OtherRoot {
        /// The digest of the root that is pinned, as people compare it.
        held: String,
    },
    /// The stored data is damaged. It was renamed, not deleted, and this is said once: from now on there is no such file.
    Quarantined {
        /// The present path of the file.
        aside: String,
        /// The fault.
        why: BundleError,
    },
    /// The new bundle is not believed, or is not a step forward from what is held.
    Bundle(BundleError),
    /// Something else is changing the files and does not come to an end.
    Busy {
        /// Its name, in words.
        holder: String,
    },
    /// The files could not be read or written.
    Storage(StorageError),
}

impl fmt::Debug for TrustStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustStore").finish_non_exhaustive()
    }
}

impl fmt::Display for TrustStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPinned => f.write_str("no root of trust is pinned on this device"),
            Self::OtherRoot { held } => write!(f, "another root of trust is pinned on this device: {held}"),
            Self::Quarantined { aside, why } => write!(f, "the stored trust data is damaged ({why}) and was set aside as {aside}"),
            Self::Bundle(why) => why.fmt(f),
            Self::Busy { holder } => write!(f, "the trust data is in use by {holder}"),
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

impl From<StorageError> for TrustStoreError {
    fn from(why: StorageError) -> Self {
        match why {
            StorageError::Busy { holder } => Self::Busy { holder },
            why => Self::Storage(why),
        }
    }
}

/// Why a file gave nothing.
enum Unread {
    Damaged { file: TrustFile, why: BundleError },
    Storage(StorageError),
}

impl TrustStore {
    /// Returns the store over these files.
    pub fn new(files: impl TrustStorage + 'static) -> Self {
        Self { files: Box::new(files) }
    }

    /// Returns the newest root of this device, `None` before one is pinned: what the next bundle must follow from.
    pub fn root(&self) -> Result<Option<Root>, TrustStoreError> {
        self.settled(Self::newest_root)
    }

    /// Puts a root that a person compared into an empty folder. Refuses where another root of trust lies there already.
    pub(crate) fn claim_root(&self, root: &Root) -> Result<(), TrustStoreError> {
        let mut writer = self.lock()?;
        let Some(held) = self.opening_root().map_err(|why| why.set_aside(&mut *writer))? else {
            return Ok(put_roots(&mut *writer, root, root)?);
        };
        let bundle = self.held_bundle().map_err(|why| why.set_aside(&mut *writer))?;
        let known =
            held.digest() == root.digest() || bundle.is_some_and(|bundle| bundle.root_digests().any(|digest| digest == root.digest()));
        if known { Ok(()) } else { Err(TrustStoreError::OtherRoot { held: held.digest().to_string() }) }
    }

    /// Takes the next root: signed by the thresholds of the newest one here and by its own.
    pub fn step_root(&self, envelope: &[u8]) -> Result<(), TrustStoreError> {
        let mut writer = self.lock()?;
        let newest = self.newest_root().map_err(|why| why.set_aside(&mut *writer))?;
        let next = newest.ok_or(TrustStoreError::NotPinned)?.next(envelope)?;
        Ok(put_next(&mut *writer, &next)?)
    }

    /// Returns the bundle of this device, verified from its root on; `None` before there is one.
    pub fn load(&self) -> Result<Option<TrustBundle>, TrustStoreError> {
        self.settled(Self::held_bundle)
    }

    /// Opens a bundle that came from outside, which must follow from the newest root here.
    pub fn open(&self, signed: &[u8]) -> Result<TrustBundle, TrustStoreError> {
        Ok(TrustBundle::open(signed, &self.root()?.ok_or(TrustStoreError::NotPinned)?)?)
    }

    /// Keeps a bundle in place of the one before, joined with the status lists that are held already. A step back is refused, also when
    /// another process stored the newer one meanwhile. It is durable when this returns.
    pub fn install(&self, bundle: &TrustBundle) -> Result<(), TrustStoreError> {
        let mut writer = self.lock()?;
        self.opening_root().map_err(|why| why.set_aside(&mut *writer))?.ok_or(TrustStoreError::NotPinned)?;
        let joined = match self.held_bundle().map_err(|why| why.set_aside(&mut *writer)) {
            Ok(Some(mut held)) => {
                held.replace(bundle.clone())?;
                held
            }
            // A damaged one was set aside just now; the new one takes its place.
            Ok(None) | Err(TrustStoreError::Quarantined { .. }) => bundle.clone(),
            Err(why) => return Err(why),
        };
        Ok(self.put(&mut *writer, &joined.to_bytes(), &joined)?)
    }

    /// Reads every file once, as it is.
    pub(crate) fn files(&self) -> Result<Files, StorageError> {
        let read = |file| self.files.get(file);
        Ok(Files { root: read(TrustFile::Root)?, next: read(TrustFile::NextRoot)?, bundle: read(TrustFile::Bundle)? })
    }

    /// Keeps everyone else from writing until the writer is dropped.
    pub(crate) fn lock(&self) -> Result<Box<dyn TrustWriter + '_>, TrustStoreError> {
        Ok(self.files.lock()?)
    }

    /// Writes a bundle and the root that opens it. The bundle first: its chain starts no later than the root it was opened with, so the
    /// older root still opens it if the power fails between the two.
    pub(crate) fn put(&self, writer: &mut dyn TrustWriter, file: &[u8], bundle: &TrustBundle) -> Result<(), StorageError> {
        writer.replace(TrustFile::Bundle, file)?;
        let held = self.opening_root().ok().flatten().map(|root| root.digest());
        if held == Some(bundle.root().digest()) { Ok(()) } else { put_roots(writer, bundle.root(), bundle.root()) }
    }

    /// Reads without the lock, which is for writers. A file that looks damaged is read again under it before it is set aside: a
    /// writer may just have put a good file in its place.
    fn settled<T>(&self, read: impl Fn(&Self) -> Result<T, Unread>) -> Result<T, TrustStoreError> {
        match read(self) {
            Ok(done) => Ok(done),
            Err(Unread::Storage(why)) => Err(why.into()),
            Err(Unread::Damaged { .. }) => {
                let mut writer = self.lock()?;
                read(self).map_err(|why| why.set_aside(&mut *writer))
            }
        }
    }

    fn held_bundle(&self) -> Result<Option<TrustBundle>, Unread> {
        let Some(root) = self.opening_root()? else { return Ok(None) };
        self.parsed(TrustFile::Bundle, |bytes| TrustBundle::open(bytes, &root))
    }

    fn newest_root(&self) -> Result<Option<Root>, Unread> {
        let Some(held) = self.opening_root()? else { return Ok(None) };
        let next = self.parsed(TrustFile::NextRoot, Root::open)?;
        Ok(Some(next.filter(|next| next.version() > held.version()).unwrap_or(held)))
    }

    fn opening_root(&self) -> Result<Option<Root>, Unread> {
        self.parsed(TrustFile::Root, Root::open)
    }

    fn parsed<T>(&self, file: TrustFile, parse: impl FnOnce(&[u8]) -> Result<T, BundleError>) -> Result<Option<T>, Unread> {
        let Some(bytes) = self.files.get(file).map_err(Unread::Storage)? else { return Ok(None) };
        parse(&bytes).map(Some).map_err(|why| Unread::Damaged { file, why })
    }
}

/// Writes the copies of the root that opens the bundle and of the newest root, where that is a later one.
pub(crate) fn put_roots(writer: &mut dyn TrustWriter, opening: &Root, newest: &Root) -> Result<(), StorageError> {
    if newest.version() > opening.version() {
        put_next(writer, newest)?;
    }
    writer.replace(TrustFile::Root, &opening.to_bytes())
}

/// Writes a next root that waits for its bundle.
pub(crate) fn put_next(writer: &mut dyn TrustWriter, next: &Root) -> Result<(), StorageError> {
    writer.replace(TrustFile::NextRoot, &next.to_bytes())
}

impl Unread {
    /// Has what is damaged set aside.
    fn set_aside(self, writer: &mut dyn TrustWriter) -> TrustStoreError {
        match self {
            Self::Storage(why) => why.into(),
            Self::Damaged { file, why } => match writer.set_aside(file) {
                Ok(aside) => TrustStoreError::Quarantined { aside, why },
                Err(why) => why.into(),
            },
        }
    }
}
