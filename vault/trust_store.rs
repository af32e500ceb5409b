//! What a device believes: the pinned root and the trust bundle, as plain files. They are public and signed, so they are
//! not encrypted; they are verified anew whenever they are read.
//!
//! `bundle.json` is opened with the root in `root.json`. A newer root that arrived before its bundle waits in
//! `root-next.json`: from then on only bundles that follow it are taken, and the old bundle is still believed.

use crate::error::StorageError;
use core::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use waypass_trust::bundle::{BundleError, MAX_BUNDLE, Root, TrustBundle};

/// The folder with what a device believes.
#[derive(Clone, Debug)]
pub struct TrustStore {
    dir: PathBuf,
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
    /// What is on the disk, or what came, is not believed.
    Bundle(BundleError),
    /// The files could not be read or written.
    Storage(StorageError),
}

impl fmt::Display for TrustStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPinned => f.write_str("no root of trust is pinned on this device"),
            Self::OtherRoot { held } => write!(f, "another root of trust is pinned on this device: {held}"),
            Self::Bundle(why) => why.fmt(f),
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

const ROOT: &str = "root.json";
const NEXT: &str = "root-next.json";
const BUNDLE: &str = "bundle.json";

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
        let Some(held) = self.opening_root()? else { return Ok(None) };
        let next = self.read(NEXT)?.map(|bytes| Root::open(&bytes)).transpose()?;
        Ok(Some(next.filter(|next| next.version() > held.version()).unwrap_or(held)))
    }

    /// Trusts a root that a person compared; a device has one root of trust, and it changes only by its own signatures.
    pub fn pin_root(&self, root: &Root) -> Result<(), TrustStoreError> {
        match self.opening_root()? {
            Some(held) if held.digest() == root.digest() => Ok(()),
            Some(held) => Err(TrustStoreError::OtherRoot { held: held.digest().to_string() }),
            None => self.replace(ROOT, &root.to_bytes()),
        }
    }

    /// Takes the next root: signed by the thresholds of the newest one here and by its own.
    pub fn step_root(&self, envelope: &[u8]) -> Result<(), TrustStoreError> {
        let next = self.root()?.ok_or(TrustStoreError::NotPinned)?.next(envelope)?;
        self.replace(NEXT, &next.to_bytes())
    }

    /// The bundle of this device, verified from its root on; `None` before there is one.
    pub fn load(&self) -> Result<Option<TrustBundle>, TrustStoreError> {
        let Some(root) = self.opening_root()? else { return Ok(None) };
        Ok(self.read(BUNDLE)?.map(|bytes| TrustBundle::open(&bytes, &root)).transpose()?)
    }

    /// Opens a bundle that came from outside, which must follow from the newest root here.
    pub fn open(&self, signed: &[u8]) -> Result<TrustBundle, TrustStoreError> {
        Ok(TrustBundle::open(signed, &self.root()?.ok_or(TrustStoreError::NotPinned)?)?)
    }

    /// Keeps a bundle, with everything in it, in place of the one before. It is on the disk when this returns.
    pub fn install(&self, bundle: &TrustBundle) -> Result<(), TrustStoreError> {
        // The bundle first: its chain starts no later than the root it was opened with, so the older root still opens
        // it if the power fails between the two.
        self.replace(BUNDLE, &bundle.to_bytes())?;
        let newest = bundle.root();
        if self.opening_root()?.is_none_or(|held| held.version() < newest.version()) {
            self.replace(ROOT, &newest.to_bytes())?;
        }
        Ok(())
    }

    fn opening_root(&self) -> Result<Option<Root>, TrustStoreError> {
        Ok(self.read(ROOT)?.map(|bytes| Root::open(&bytes)).transpose()?)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TrustStoreError> {
        let mut bytes = Vec::new();
        let read = File::open(self.dir.join(name)).and_then(|file| file.take(MAX_BUNDLE as u64 + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) => Ok(Some(bytes)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TrustStoreError::Storage(StorageError::Io { doing: "reading the trust bundle", source })),
        }
    }

    /// Whole or not at all, also after a power cut.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), TrustStoreError> {
        let write = || -> io::Result<()> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
            let fresh = self.dir.join(format!("{name}.new"));
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&fresh, self.dir.join(name))?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(|source| {
            TrustStoreError::Storage(match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::Full { dir: self.dir.clone() },
                _ => StorageError::Io { doing: "keeping the trust bundle", source },
            })
        })
    }
}
