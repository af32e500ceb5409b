//! The acts of the office itself, each with who did it: changes of the settings, and findings of its vault that somebody looked at.
//!
//! They are a document under the seal, written in one transaction with what they tell about. They have no end: an office has few.

use crate::office::Issuer;
use crate::settings::Settings;
use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use waypass_credential::json;
use waypass_credential::time::Timestamp;
use waypass_trust::audit::Note;

/// The document that holds them, oldest first.
pub(crate) const ACTS: &str = "acts";

/// One thing that somebody did to the office itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// When, in Unix seconds.
    pub at: i64,
    /// The person who did it.
    pub operator: String,
    /// The deed.
    pub deed: Deed,
}

/// A deed that concerns the office itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Deed {
    /// Changed the settings.
    Settings {
        /// The settings until then.
        before: Box<Settings>,
        /// The settings since then.
        after: Box<Settings>,
    },
    /// Looked at findings of the vault.
    Acknowledged {
        /// The findings, a line each.
        findings: Vec<String>,
    },
}

impl Issuer<'_> {
    /// Returns the acts, oldest first.
    pub fn acts(&self) -> Result<Vec<Act>, StoreError> {
        self.held(ACTS, "the acts of the office")
    }

    /// Writes down who looked at findings of the vault. The vault still has to be told to forget them.
    pub fn note_findings(&mut self, findings: &[String], looked: &Note, at: Timestamp) -> Result<(), StoreError> {
        let deed = Deed::Acknowledged { findings: findings.to_vec() };
        let acts = self.acts_and(Act { at: at.unix(), operator: looked.by().to_owned(), deed })?;
        self.store.transact(|tx| tx.set_documents(&[(ACTS, acts.as_bytes())]))
    }

    /// Returns the document with one act more.
    pub(crate) fn acts_and(&self, act: Act) -> Result<String, StoreError> {
        let mut acts = self.acts()?;
        acts.push(act);
        Ok(json::to_string(&acts))
    }
}
