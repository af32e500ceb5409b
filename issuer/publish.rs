//! Publishing: status lists, the trust bundle, versions that are never used twice.

use crate::issue::Issuer;
use crate::store::StoreError;
use core::fmt;
use waypass_credential::time::Timestamp;

/// What was published last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publication {
    /// The trust bundle file.
    pub bundle: Vec<u8>,
    /// The version of `root`.
    pub root: u64,
    /// The version of `targets`.
    pub targets: u64,
    /// The version of `snapshot`.
    pub snapshot: u64,
    /// The version of `timestamp`.
    pub timestamp: u64,
    /// When.
    pub published_at: Timestamp,
    /// The status lists, each with its number and its token.
    pub lists: Vec<(u32, String)>,
}

/// Why nothing was published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PublishError {
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Publishes the current state with a fresh timestamp.
    pub fn publish(&mut self, at: Timestamp) -> Result<Publication, PublishError> {
        let _ = at;
        todo!()
    }

    /// What was published last.
    pub fn published(&self) -> Result<Option<Publication>, PublishError> {
        todo!()
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for PublishError {}
