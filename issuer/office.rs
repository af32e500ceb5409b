//! The office itself: what every verb works on. The verbs are files above this one; each adds its methods to [`Issuer`].

use crate::keys::{KeyState, KeyUse, Keys};
use crate::parts::{self, TargetsChange};
use crate::policy::PolicyDraft;
use crate::sealed::{Anchor, Sealed, Upgrade};
use crate::settings::Settings;
use crate::store::{CredentialRecord, Documents as _, Filter, GateRow, KeyRow, StatusEvent, StoreError};
use core::cell::RefCell;
use std::rc::Rc;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::Signer;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Authority, ContextReference, Digest, Envelope, Root, TargetsPart};

/// The document that holds the settings.
pub(crate) const SETTINGS: &str = "settings";
pub(crate) const POLICY: &str = "policy";
pub(crate) const AUTHORITIES: &str = "authorities";
pub(crate) const CONTEXTS: &str = "contexts";

/// The issuer: a store, the keys somebody unlocked, and settings.
pub struct Issuer<'k> {
    pub(crate) store: Sealed<'k>,
    pub(crate) keys: Keys<'k>,
    pub(crate) settings: Settings,
    /// The digest of the document that they were read from.
    pub(crate) settings_digest: Option<Digest>,
    /// True if targets are signed anew only where nothing in them changes but their dates.
    pub(crate) only_renews: bool,
    /// Changes that an issuer of version 0.1.0 had recorded and not published, until a person confirms them.
    pub(crate) unasked: Option<TargetsChange>,
    /// The contexts that credentials are issued under, as they were compiled last.
    pub(crate) compiled: RefCell<Option<Compiled>>,
}

/// Contexts that credentials are issued under.
pub(crate) struct Compiled {
    /// The digests of the documents that they were compiled from.
    pub(crate) of: [Option<Digest>; 3],
    pub(crate) contexts: Rc<KnownContexts>,
}

impl<'k> Issuer<'k> {
    pub(crate) const fn new(store: Sealed<'k>, keys: Keys<'k>, settings: Settings) -> Self {
        Self { store, keys, settings, settings_digest: None, only_renews: false, unasked: None, compiled: RefCell::new(None) }
    }

    /// Returns how far this issuer's memory has come. Keep it in the vault that keeps the seal's key.
    pub fn anchor(&self) -> Result<Anchor, StoreError> {
        self.store.anchor()
    }

    /// Returns what was upgraded when this issuer was opened.
    pub const fn upgrade(&self) -> Option<&Upgrade> {
        self.store.upgrade()
    }

    /// Returns the settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the credentials a filter selects, newest first.
    pub fn credentials(&self, filter: &Filter) -> Result<Vec<CredentialRecord>, StoreError> {
        self.store.credentials(filter)
    }

    /// Returns one credential.
    pub fn credential(&self, id: &str) -> Result<Option<CredentialRecord>, StoreError> {
        self.store.credential(id)
    }

    /// Returns a credential's status history, oldest first.
    pub fn history(&self, id: &str) -> Result<Vec<StatusEvent>, StoreError> {
        self.store.history(id)
    }

    /// Returns all credential, status and intake keys, oldest first.
    pub fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        self.store.keys()
    }

    /// Returns all gates ever enrolled, by name.
    pub fn gates(&self) -> Result<Vec<GateRow>, StoreError> {
        self.store.gates()
    }

    /// Returns the gates whose enrolment was not ended.
    pub(crate) fn enrolled_gates(&self) -> Result<impl Iterator<Item = GateRow> + use<>, StoreError> {
        Ok(self.store.gates()?.into_iter().filter(|gate| gate.revoked.is_none()))
    }

    /// Returns the policy that the next targets will carry.
    pub fn policy(&self) -> Result<PolicyDraft, StoreError> {
        let draft = match self.store.document(POLICY)? {
            Some(text) => PolicyDraft::parse(&text),
            None => PolicyDraft::initial(),
        };
        draft.map_err(|_| StoreError::Corrupt("the policy"))
    }

    /// Returns the other issuers that the next targets will carry.
    pub fn authorities(&self) -> Result<Vec<Authority>, StoreError> {
        self.held(AUTHORITIES, "the other issuers")
    }

    /// Returns the contexts that the next targets will name.
    pub fn contexts(&self) -> Result<Vec<ContextReference>, StoreError> {
        self.held(CONTEXTS, "the contexts")
    }

    /// Returns every root, oldest first.
    pub(crate) fn roots(&self) -> Result<Vec<Envelope>, StoreError> {
        parts::roots(&self.store)
    }

    pub(crate) fn newest_root(&self) -> Result<Option<Root>, StoreError> {
        parts::newest_root(&self.store)
    }

    /// Returns the targets in effect.
    pub(crate) fn targets(&self) -> Result<Option<(Envelope, TargetsPart)>, StoreError> {
        parts::targets(&self.store)
    }

    /// Reads a document that holds a list.
    pub(crate) fn held<T: serde::de::DeserializeOwned>(&self, document: &str, what: &'static str) -> Result<Vec<T>, StoreError> {
        let Some(text) = self.store.document(document)? else { return Ok(Vec::new()) };
        serde_json::from_slice(&text).map_err(|_| StoreError::Corrupt(what))
    }

    /// Returns true if a registered key has this use and signs at `at`.
    pub(crate) fn is_active(&self, row: &KeyRow, key_use: KeyUse, at: Timestamp) -> bool {
        row.key_use == key_use && row.state == KeyState::Active && at <= row.not_before.plus(self.settings.key_lifetime_seconds)
    }

    /// Returns the registered keys of one use that sign at `at`, as multikey text.
    pub(crate) fn active_keys(&self, key_use: KeyUse, at: Timestamp) -> Result<Vec<String>, StoreError> {
        let table = self.store.keys()?;
        Ok(table.into_iter().filter(|row| self.is_active(row, key_use, at)).map(|row| row.multikey).collect())
    }

    /// Returns the unlocked, registered and active key of one use.
    pub(crate) fn active_signer(&self, key_use: KeyUse, at: Timestamp) -> Result<Option<&(dyn Signer + 'k)>, StoreError> {
        let active = self.active_keys(key_use, at)?;
        Ok(self.keys.of(key_use).find(|signer| active.contains(&signer.public_key().to_multikey())))
    }

    /// Returns the number of one of our own lists.
    pub(crate) fn list_number(&self, uri: &str) -> Option<u32> {
        uri.strip_prefix(self.settings.base_url.as_str())?.strip_prefix("/lists/")?.parse().ok()
    }
}
