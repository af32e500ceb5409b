//! Issuing a role credential.

use crate::keys::Keys;
use crate::settings::{Settings, SettingsError};
use crate::store::{CredentialRecord, Filter, StatusEvent, Store, StoreError};
use core::fmt;
use rand_core::CryptoRng;
use waypass_credential::json::Object;
use waypass_credential::key::{Algorithm, PublicKey};
use waypass_credential::time::Timestamp;

/// The format of a credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// SD-JWT VC.
    SdJwtVc,
    /// VCDM 2.0 with a Data Integrity proof.
    DataIntegrity,
}

/// The issuer: a store, the keys somebody unlocked, and settings.
pub struct Issuer<'k> {
    pub(crate) store: Box<dyn Store + 'k>,
    pub(crate) keys: Keys<'k>,
    pub(crate) settings: Settings,
}

/// What to issue. The holder key is given separately: by the operator, or proven at pick-up.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
    /// The format.
    pub format: Format,
    /// The algorithm to sign with, where several credential keys exist; Data Integrity needs Ed25519.
    pub algorithm: Option<Algorithm>,
    /// One role or several, each within the settings.
    pub roles: Vec<String>,
    /// The sites, each within the settings; `*` only where the settings have it.
    pub sites: Vec<String>,
    /// The zones; may be empty.
    pub zones: Vec<String>,
    /// First second of validity; `None` for now.
    pub valid_from: Option<Timestamp>,
    /// Seconds of validity from `valid_from`; refused above the settings' `max_validity_seconds`.
    pub valid_seconds: i64,
    /// What the operator calls this credential; kept in the store.
    pub label: String,
    /// Personal claims: signed into the credential, not kept in the store.
    pub personal: Object<'static>,
}

/// A credential just issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What the store keeps.
    pub record: CredentialRecord,
    /// The credential, to be handed to its holder.
    pub credential: Vec<u8>,
}

/// Why the issuer could not be opened or set up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OpenError {
    /// The settings cannot work.
    Settings(SettingsError),
    /// The store holds no issuer yet.
    NotSetUp,
    /// The store already holds an issuer.
    AlreadySetUp,
    /// The store failed.
    Store(StoreError),
}

/// Why a credential was not issued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IssueError {
    /// Asked for longer than allowed.
    TooLong {
        /// Seconds asked for.
        asked: i64,
        /// The issuer's bound.
        bound: i64,
    },
    /// The store failed.
    Store(StoreError),
}

impl<'k> Issuer<'k> {
    /// Sets up a new issuer in an empty store and registers its keys.
    pub fn create(store: Box<dyn Store + 'k>, settings: Settings, keys: Keys<'k>, at: Timestamp) -> Result<Self, OpenError> {
        let _ = (store, settings, keys, at);
        todo!()
    }

    /// Opens an issuer that was set up before.
    pub fn open(store: Box<dyn Store + 'k>, keys: Keys<'k>) -> Result<Self, OpenError> {
        let _ = (store, keys);
        todo!()
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Issues a credential to `holder`.
    pub fn issue(
        &mut self,
        order: &Order,
        holder: &PublicKey,
        operator: &str,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Issued, IssueError> {
        let _ = (&self.store, &self.keys, order, holder, operator, at, rng);
        todo!()
    }

    /// The credentials a filter selects, newest first.
    pub fn credentials(&self, filter: &Filter) -> Result<Vec<CredentialRecord>, StoreError> {
        self.store.credentials(filter)
    }

    /// One credential.
    pub fn credential(&self, id: &str) -> Result<Option<CredentialRecord>, StoreError> {
        self.store.credential(id)
    }

    /// A credential's status history, oldest first.
    pub fn history(&self, id: &str) -> Result<Vec<StatusEvent>, StoreError> {
        self.store.history(id)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(why) => why.fmt(f),
            Self::NotSetUp => f.write_str("no issuer was set up here"),
            Self::AlreadySetUp => f.write_str("an issuer was already set up here"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { asked, bound } => {
                write!(f, "a validity of {asked} seconds exceeds the issuer's max_validity_seconds of {bound}")
            }
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for OpenError {}
impl core::error::Error for IssueError {}

impl From<StoreError> for OpenError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl From<StoreError> for IssueError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
