//! Opening an issuer that was set up before.

use crate::keys::Keys;
use crate::office::{Issuer, SETTINGS};
use crate::sealed::{Seal, Sealed};
use crate::settings::{Settings, SettingsError};
use crate::store::{Documents as _, Store, StoreError};
use core::fmt;
use waypass_credential::json::{self, Limits};
use waypass_trust::bundle::Digest;

/// 256 status messages of 1 KiB whose every byte is escaped are 1.5 MiB (`Settings::check`).
const LIMITS: Limits = Limits { bytes: 2 * 1024 * 1024, depth: 4, values: 2048 };

/// Why an issuer was not opened.
#[derive(Clone, PartialEq, Debug)]
pub enum OpenError {
    /// The settings cannot work.
    Settings(SettingsError),
    /// The store holds no issuer yet.
    NotSetUp,
    /// The stored settings are not readable.
    Damaged,
    /// The store failed.
    Store(StoreError),
}

impl<'k> Issuer<'k> {
    /// Opens an issuer that was set up before. The store must have what was written under `seal`.
    pub fn open(store: Box<dyn Store + 'k>, seal: Seal, keys: Keys<'k>) -> Result<Self, OpenError> {
        Self::open_telling(store, seal, keys, &mut |_| ())
    }

    /// Opens it like [`Self::open`]. If a database of version 0.1.0 is put under the seal, `step` is called twice for each of its
    /// credentials, with their number: a million of them take a while.
    pub fn open_telling(store: Box<dyn Store + 'k>, seal: Seal, keys: Keys<'k>, step: &mut dyn FnMut(u64)) -> Result<Self, OpenError> {
        let store = Sealed::open(store, seal, step)?;
        let (settings, digest) = settings(&store)?;
        let mut issuer = Self::new(store, keys, settings);
        issuer.settings_digest = digest;
        issuer.find_unasked()?;
        Ok(issuer)
    }
}

/// Reads the settings, and the digest of their document.
pub(crate) fn settings(store: &Sealed<'_>) -> Result<(Settings, Option<Digest>), OpenError> {
    let text = store.document(SETTINGS)?.ok_or(OpenError::NotSetUp)?;
    json::parse(&text, LIMITS).map_err(|_| OpenError::Damaged)?;
    let settings: Settings = serde_json::from_slice(&text).map_err(|_| OpenError::Damaged)?;
    settings.check().map_err(OpenError::Settings)?;
    Ok((settings, Some(Digest::of(&text))))
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(why) => why.fmt(f),
            Self::NotSetUp => f.write_str("no issuer was set up here"),
            Self::Damaged => f.write_str("the issuer's settings are damaged"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for OpenError {}

impl From<StoreError> for OpenError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
