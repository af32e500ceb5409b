//! Changing the settings.

use crate::office::{Issuer, SETTINGS};
use crate::settings::{Settings, SettingsError};
use crate::store::StoreError;
use core::fmt;
use waypass_credential::json;

/// Why settings were not changed.
#[derive(Clone, PartialEq, Debug)]
pub enum ConfigureError {
    /// The settings cannot work.
    Settings(SettingsError),
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Changes the settings. The base address stays: status list URIs in issued credentials begin with it.
    pub fn change_settings(&mut self, settings: Settings) -> Result<(), ConfigureError> {
        settings.check().map_err(ConfigureError::Settings)?;
        settings.check_names(Some(&self.settings)).map_err(ConfigureError::Settings)?;
        if settings.base_url != self.settings.base_url {
            return Err(ConfigureError::Settings(SettingsError::BaseUrl));
        }
        self.store.transact(|tx| tx.set_documents(&[(SETTINGS, json::to_string(&settings).as_bytes())]))?;
        self.settings = settings;
        Ok(())
    }
}

impl fmt::Display for ConfigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(why) => why.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for ConfigureError {}

impl From<StoreError> for ConfigureError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
