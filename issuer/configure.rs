//! Changing the settings after the set-up, and what a change would cost.

use crate::acts::{ACTS, Act, Deed};
use crate::office::{Issuer, SETTINGS};
use crate::open;
use crate::revoke::{MAX_OPERATOR, require_text};
use crate::settings::{Settings, SettingsError};
use crate::store::{CredentialRecord, Filter, State, StoreError};
use core::fmt;
use waypass_credential::json;
use waypass_credential::role::Scope;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Digest, ListKind};
use waypass_trust::status::TokenForm;

/// A change of the settings. What is `None` or empty stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SettingsChange {
    /// Another display name.
    pub name: Option<String>,
    /// Roles that it may assert from now on.
    pub add_roles: Vec<String>,
    /// Roles that it may no longer assert.
    pub remove_roles: Vec<String>,
    /// Sites that it may assert roles for from now on.
    pub add_sites: Vec<String>,
    /// Sites that it may no longer assert roles for.
    pub remove_sites: Vec<String>,
    /// Another longest validity of a credential, in seconds.
    pub max_validity_seconds: Option<i64>,
    /// Another time for which a publication enrols a gate, in seconds; `Some(None)` goes back to what follows from the rules.
    pub gate_enrolment_seconds: Option<Option<i64>>,
    /// Another kind of status list.
    pub status: Option<ListKind>,
    /// Another form of Token Status Lists.
    pub list_form: Option<TokenForm>,
    /// Other status messages; with an empty list, new lists carry no messages.
    pub status_messages: Option<Vec<String>>,
}

/// Why settings were not changed.
#[derive(Clone, PartialEq, Debug)]
pub enum ConfigureError {
    /// The settings cannot work.
    Settings(SettingsError),
    /// The name is in the list already.
    There {
        /// The list.
        list: &'static str,
        /// The name.
        name: String,
    },
    /// The name is not in the list.
    NotThere {
        /// The list.
        list: &'static str,
        /// The name.
        name: String,
    },
    /// The operator's name is too long or has control characters.
    Operator,
    /// The store failed.
    Store(StoreError),
}

impl SettingsChange {
    /// Returns true if nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the settings after the change, checked.
    pub fn apply(&self, settings: &Settings) -> Result<Settings, ConfigureError> {
        let mut wanted = settings.clone();
        wanted.name = self.name.clone().unwrap_or(wanted.name);
        amend("role", &mut wanted.roles, &self.add_roles, &self.remove_roles)?;
        amend("site", &mut wanted.sites, &self.add_sites, &self.remove_sites)?;
        wanted.max_validity_seconds = self.max_validity_seconds.unwrap_or(wanted.max_validity_seconds);
        wanted.gate_enrolment_seconds = self.gate_enrolment_seconds.unwrap_or(wanted.gate_enrolment_seconds);
        wanted.status = self.status.unwrap_or(wanted.status);
        wanted.list_form = self.list_form.unwrap_or(wanted.list_form);
        wanted.status_messages = self.status_messages.clone().unwrap_or(wanted.status_messages);
        wanted.check().map_err(ConfigureError::Settings)?;
        wanted.check_names(Some(settings)).map_err(ConfigureError::Settings)?;
        Ok(wanted)
    }
}

fn amend(list: &'static str, names: &mut Vec<String>, add: &[String], remove: &[String]) -> Result<(), ConfigureError> {
    for name in remove {
        let place = names.iter().position(|held| held == name);
        names.remove(place.ok_or_else(|| ConfigureError::NotThere { list, name: name.clone() })?);
    }
    for name in add {
        if names.contains(name) {
            return Err(ConfigureError::There { list, name: name.clone() });
        }
        names.push(name.clone());
    }
    Ok(())
}

impl Issuer<'_> {
    /// Changes the settings, and writes down who did it. Nothing happens if they are what they were. The next publication tells gates.
    ///
    /// The base address stays: status list URIs in issued credentials begin with it. Lists of a new kind are opened at once, so that the
    /// next targets announce them.
    pub fn change_settings(&mut self, settings: Settings, operator: &str, at: Timestamp) -> Result<(), ConfigureError> {
        settings.check().map_err(ConfigureError::Settings)?;
        settings.check_names(Some(&self.settings)).map_err(ConfigureError::Settings)?;
        if settings.base_url != self.settings.base_url {
            return Err(ConfigureError::Settings(SettingsError::BaseUrl));
        }
        require_text("operator", operator, MAX_OPERATOR).map_err(|_| ConfigureError::Operator)?;
        if settings == self.settings {
            return Ok(());
        }
        let deed = Deed::Settings { before: Box::new(self.settings.clone()), after: Box::new(settings.clone()) };
        let acts = self.acts_and(Act { at: at.unix(), operator: operator.to_owned(), deed })?;
        let text = json::to_string(&settings);
        self.store.transact(|tx| tx.set_documents(&[(SETTINGS, text.as_bytes()), (ACTS, acts.as_bytes())]))?;
        (self.settings, self.settings_digest) = (settings, Some(Digest::of(text.as_bytes())));
        Ok(self.open_lists(self.settings.status)?)
    }

    /// Returns the credentials in force that gates refuse once they know these settings, because they say more than the issuer may then.
    pub fn refused_under(&self, settings: &Settings, at: Timestamp) -> Result<Vec<CredentialRecord>, StoreError> {
        let mut refused = self.credentials(&Filter { ends_after: Some(at), ..Filter::default() })?;
        refused.retain(|record| record.state != State::Revoked && allows(&self.settings, record) && !allows(settings, record));
        Ok(refused)
    }

    /// Reads the settings again if another process has changed them: a service that knew only the old ones would go on by them.
    pub(crate) fn follow_settings(&mut self) -> Result<(), StoreError> {
        let [held] = self.store.digests([SETTINGS])?;
        if held != self.settings_digest {
            (self.settings, self.settings_digest) = open::settings(&self.store).map_err(|_| StoreError::Corrupt("the settings"))?;
        }
        Ok(())
    }
}

/// Returns true if an issuer with these settings may say what the credential says, as `waypass_trust::assess` judges it.
fn allows(settings: &Settings, record: &CredentialRecord) -> bool {
    let every_site = Scope::is_everywhere(&settings.sites);
    let is_site = |site: &String| settings.sites.contains(site);
    record.roles.iter().all(|role| settings.roles.contains(role))
        && (every_site || !record.sites.is_empty() && record.sites.iter().all(is_site))
        && record.valid_until.since(record.valid_from) <= settings.max_validity_seconds
}

impl fmt::Display for ConfigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(why) => why.fmt(f),
            Self::There { list, name } => write!(f, "the {list} `{name}` is among those that it may issue for already"),
            Self::NotThere { list, name } => write!(f, "the {list} `{name}` is not among those that it may issue for"),
            Self::Operator => f.write_str("the operator is too long or contains control characters"),
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

#[cfg(test)]
mod tests;
