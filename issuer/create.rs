//! Setting up an issuer.

use crate::ceremony::CeremonyError;
use crate::keys::{KeyState, KeyUse, Keys};
use crate::office::{Issuer, SETTINGS};
use crate::sealed::{Seal, Sealed};
use crate::settings::{Settings, SettingsError, rounded};
use crate::store::{Documents as _, KeyRow, Store, StoreError};
use core::fmt;
use waypass_credential::json;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::ListKind;

/// Why an issuer was not set up.
#[derive(Clone, PartialEq, Debug)]
pub enum CreateError {
    /// The settings cannot work.
    Settings(SettingsError),
    /// The store already holds an issuer.
    AlreadySetUp,
    /// The root of trust could not be established.
    Root(CeremonyError),
    /// The store failed.
    Store(StoreError),
}

impl<'k> Issuer<'k> {
    /// Sets up a new issuer in an empty store and registers its credential, status and intake keys.
    ///
    /// If keys for all four signing roles are unlocked too, root version 1 is established with them, one of which must
    /// sign. Otherwise the root of trust comes next: [`Issuer::prepare_root`].
    pub fn create(store: Box<dyn Store + 'k>, seal: Seal, settings: Settings, keys: Keys<'k>, at: Timestamp) -> Result<Self, CreateError> {
        settings.check().and_then(|()| settings.check_names(None)).map_err(CreateError::Settings)?;
        let mut store = Sealed::open(store, seal, &mut |_| ())?;
        if store.document(SETTINGS)?.is_some() || !store.keys()?.is_empty() {
            return Err(CreateError::AlreadySetUp);
        }
        let not_before = rounded(at, settings.time_granularity_seconds);
        let rows = [KeyUse::Credential, KeyUse::Status, KeyUse::Intake].into_iter().flat_map(|key_use| {
            keys.of(key_use).map(move |signer| KeyRow {
                multikey: signer.public_key().to_multikey(),
                key_use,
                state: KeyState::Active,
                not_before,
                issued_until: None,
            })
        });
        let rows: Vec<KeyRow> = rows.collect();
        store.transact(|tx| {
            tx.put_keys(&rows);
            Ok(())
        })?;
        let mut issuer = Self::new(store, keys, settings);
        // A token list in any case: not every format has a place for bitstrings.
        for kind in [ListKind::Token, issuer.settings.status] {
            issuer.open_lists(kind)?;
        }
        if let Ok(keys) = issuer.own_root_keys() {
            issuer.establish_root(&keys, at).map_err(CreateError::Root)?;
        }
        // Last, so that a set-up that was interrupted can be run again in a new place and never half works in this one.
        issuer.store.transact(|tx| tx.set_documents(&[(SETTINGS, json::to_string(&issuer.settings).as_bytes())]))?;
        Ok(issuer)
    }
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(why) => why.fmt(f),
            Self::AlreadySetUp => f.write_str("an issuer was already set up here"),
            Self::Root(why) => why.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for CreateError {}

impl From<StoreError> for CreateError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
