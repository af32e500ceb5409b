//! Issuing a role credential.

use crate::keys::{KeyUse, Keys};
use crate::publish::TargetsChange;
use crate::sealed::{Anchor, Seal, Sealed, Upgrade};
use crate::settings::{Settings, SettingsError};
use crate::store::{CredentialRecord, Documents as _, Entry, Filter, KeyRow, Pickup, State, StatusEvent, Store, StoreError};
use rand_core::CryptoRng;
use waypass_credential::data_integrity::{MAX_PROOFS, Suite};
use waypass_credential::did;
use waypass_credential::hex;
use waypass_credential::json::{self, Limits, Object};
use waypass_credential::key::{Algorithm, PublicKey, Signer};
use waypass_credential::role::RoleClaims;
use waypass_credential::role::kind_in;
use waypass_credential::time::Timestamp;
use waypass_credential::{Credential, Issuance};
use waypass_trust::bundle::ListKind;

mod error;
pub(crate) mod index;
mod validity;

pub use error::{IssueError, OpenError};
pub use validity::Validity;
pub use waypass_credential::Format;

/// The document that holds the settings.
const SETTINGS: &str = "settings";
const SETTINGS_LIMITS: Limits = Limits { bytes: 256 * 1024, depth: 4, values: 2048 };
/// Roles, sites or zones of one credential; a credential has at most 64 KiB.
const MAX_NAMES: usize = 32;
const MAX_NAME: usize = 128;
const MAX_LABEL: usize = 200;

/// The issuer: a store, the keys somebody unlocked, and settings.
pub struct Issuer<'k> {
    pub(crate) store: Sealed<'k>,
    pub(crate) keys: Keys<'k>,
    pub(crate) settings: Settings,
    /// Whether targets are signed anew only where nothing in them changes but their dates.
    pub(crate) only_renews: bool,
    /// Changes that an issuer of version 0.1.0 had recorded and not published, until a person confirms them.
    pub(crate) unasked: Option<TargetsChange>,
}

/// What to issue. The holder key is given separately: by the operator, or proven at pick-up.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
    /// The format.
    pub format: Format,
    /// The algorithm to sign with, where several credential keys exist; by default the first of EdDSA, ES256 and ES384 that there is.
    pub algorithm: Option<Algorithm>,
    /// The suites of its Data Integrity proofs, one proof in each, by the keys that they take; the credential is issued under the
    /// first one's. None for one proof in the JCS suite of the key.
    pub suites: Vec<Suite>,
    /// The kind of list its status stands in; without one, that of the settings, if the format has it.
    pub status: Option<ListKind>,
    /// One role or several, each within the settings.
    pub roles: Vec<String>,
    /// The sites, each within the settings; `*` only where the settings have it.
    pub sites: Vec<String>,
    /// The zones; `*` for every zone, none for a credential that opens no zone.
    pub zones: Vec<String>,
    /// First second of validity; `None` for now.
    pub valid_from: Option<Timestamp>,
    /// When its validity ends; refused where that is later than the settings' `max_validity_seconds` after the issuing.
    pub validity: Validity,
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
    /// The suites it is signed in, in a format that has suites.
    pub suites: Vec<Suite>,
}

/// Makes, of a credential just signed, what its pick-up uses up and what is kept of it.
pub(crate) type PickupOf<'p> = &'p dyn Fn(&[u8]) -> Pickup;

impl<'k> Issuer<'k> {
    /// Sets up a new issuer in an empty store and registers its credential, status and intake keys.
    ///
    /// Where keys for all four signing roles are unlocked too, root version 1 is established with them, one of which must
    /// sign. Otherwise the root of trust comes next: [`Issuer::prepare_root`].
    pub fn create(store: Box<dyn Store + 'k>, seal: Seal, settings: Settings, keys: Keys<'k>, at: Timestamp) -> Result<Self, OpenError> {
        settings.check().map_err(OpenError::Settings)?;
        let mut store = Sealed::open(store, seal, &mut |_| ())?;
        if store.document(SETTINGS)?.is_some() || !store.keys()?.is_empty() {
            return Err(OpenError::AlreadySetUp);
        }
        let not_before = rounded(at, settings.time_granularity_seconds);
        let rows = [KeyUse::Credential, KeyUse::Status, KeyUse::Intake].into_iter().flat_map(|key_use| {
            keys.of(key_use).map(move |signer| KeyRow {
                multikey: signer.public_key().to_multikey(),
                key_use: key_use.as_str().into(),
                state: "active".into(),
                not_before,
                issued_until: None,
            })
        });
        store.put_keys(&rows.collect::<Vec<_>>())?;
        let mut issuer = Self { store, keys, settings, only_renews: false, unasked: None };
        // A token list in any case: not every format has a place for bitstrings.
        for kind in [ListKind::Token, issuer.settings.status] {
            issuer.open_lists(kind)?;
        }
        if let Ok(keys) = issuer.own_root_keys() {
            issuer.establish_root(&keys, at)?;
        }
        // Last, so that a set-up that was interrupted can be run again in a new place and never half works in this one.
        issuer.store.set_documents(&[(SETTINGS, json::to_string(&issuer.settings).as_bytes())])?;
        Ok(issuer)
    }

    /// Opens an issuer that was set up before. What is in the store must be what was written under `seal`.
    pub fn open(store: Box<dyn Store + 'k>, seal: Seal, keys: Keys<'k>) -> Result<Self, OpenError> {
        Self::open_telling(store, seal, keys, &mut |_| ())
    }

    /// Opens it like [`Self::open`]. Where a database of version 0.1.0 is put under the seal, `step` is called twice for each of its
    /// credentials, with their number: a million of them take a while.
    pub fn open_telling(store: Box<dyn Store + 'k>, seal: Seal, keys: Keys<'k>, step: &mut dyn FnMut(u64)) -> Result<Self, OpenError> {
        let store = Sealed::open(store, seal, step)?;
        let text = store.document(SETTINGS)?.ok_or(OpenError::NotSetUp)?;
        json::parse(&text, SETTINGS_LIMITS).map_err(|_| OpenError::Damaged)?;
        let settings: Settings = serde_json::from_slice(&text).map_err(|_| OpenError::Damaged)?;
        settings.check().map_err(OpenError::Settings)?;
        let mut issuer = Self { store, keys, settings, only_renews: false, unasked: None };
        issuer.find_unasked()?;
        Ok(issuer)
    }

    /// Returns how far this issuer's memory has come. Keep it in the vault that keeps the seal's key.
    pub fn anchor(&self) -> Result<Anchor, StoreError> {
        self.store.anchor()
    }

    /// Returns what was upgraded when this issuer was opened.
    pub const fn upgrade(&self) -> Option<&Upgrade> {
        self.store.upgrade()
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes the settings. The base address stays: status list URIs in issued credentials begin with it.
    pub fn change_settings(&mut self, settings: Settings) -> Result<(), OpenError> {
        settings.check().map_err(OpenError::Settings)?;
        if settings.base_url != self.settings.base_url {
            return Err(OpenError::Settings(SettingsError::BaseUrl));
        }
        self.store.set_documents(&[(SETTINGS, json::to_string(&settings).as_bytes())])?;
        self.settings = settings;
        Ok(())
    }

    /// Issues a credential to `holder`. It is on record before it is handed out.
    pub fn issue(
        &mut self,
        order: &Order,
        holder: &PublicKey,
        operator: &str,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Issued, IssueError> {
        self.issue_picked_up(order, holder, operator, None, at, rng)
    }

    /// As [`Self::issue`]; `pickup` says what the credential uses up, and what is kept of it for a holder who asks again.
    pub(crate) fn issue_picked_up(
        &mut self,
        order: &Order,
        holder: &PublicKey,
        operator: &str,
        pickup: Option<PickupOf<'_>>,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Issued, IssueError> {
        let times = self.check(order, at)?;
        let signer = self.credential_key(order, order.suites.first().copied(), at)?;
        if self.store.keys()?.iter().any(|row| row.multikey == holder.to_multikey()) {
            return Err(IssueError::OwnKey);
        }
        let key_id = did::key_id(signer.public_key());
        let mut claims = RoleClaims {
            issuer: did::to_did_key(signer.public_key()),
            key_id: Some(key_id.clone()),
            kind: kind_in(order.format).into(),
            roles: order.roles.clone(),
            sites: order.sites.clone(),
            zones: order.zones.clone(),
            issued_at: times.issued_at,
            valid_from: times.valid_from,
            valid_until: times.valid_until,
            status: Vec::new(),
            holder: Some(holder.clone().into()),
            personal: order.personal.clone(),
        };
        let kind = self.status_kind(order);
        let mechanisms = self.mechanisms(kind);
        loop {
            let drawn = self.draw(&mechanisms, rng)?;
            let Some(&Entry { list, index }) = drawn.first() else { return Err(StoreError::Missing.into()) };
            let entries = if kind == ListKind::Bitstring { drawn.as_slice() } else { &[] };
            claims.status = self.references(&drawn, &mechanisms);
            let credential = self.sign(order, &claims, at, rng)?;
            let record = CredentialRecord {
                id: random_id(rng),
                format: order.format.as_str().into(),
                holder: did::to_did_key(holder),
                label: order.label.clone(),
                roles: order.roles.clone(),
                sites: order.sites.clone(),
                zones: order.zones.clone(),
                issued_at: at,
                valid_from: times.valid_from,
                valid_until: times.valid_until,
                key_id: key_id.clone(),
                list,
                index,
                state: State::Valid,
                changed_at: at,
            };
            let issued =
                StatusEvent { from: None, to: State::Valid, cause: "issued".into(), note: String::new(), operator: operator.into(), at };
            let pickup = pickup.map(|pickup| pickup(credential.as_bytes()));
            match self.store.add_credential(&record, entries, &issued, pickup.as_ref()) {
                Ok(()) => {
                    let suites = match &credential {
                        Credential::DataIntegrity(document) => document.suites(),
                        Credential::SdJwtVc(_) | Credential::Enveloped(_) => Vec::new(),
                    };
                    return Ok(Issued { record, credential: credential.as_bytes().to_vec(), suites });
                }
                // Another process drew the same index in between; a used nonce is told apart by asking for the index.
                Err(StoreError::Taken) if self.is_any_taken(&drawn)? => {}
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// Checks an order without issuing, so that an offer is refused when it is made and not when it is picked up.
    pub(crate) fn check(&self, order: &Order, at: Timestamp) -> Result<Times, IssueError> {
        for (n, suite) in order.suites.iter().copied().enumerate() {
            if order.format != Format::DataIntegrity {
                return Err(IssueError::SuiteFormat { suite, format: order.format });
            }
            if let Some(algorithm) = order.algorithm.filter(|algorithm| !suite.takes(*algorithm)) {
                return Err(IssueError::SuiteAlgorithm { suite, algorithm });
            }
            if n >= MAX_PROOFS || order.suites[..n].contains(&suite) {
                return Err(IssueError::Suites);
            }
        }
        if order.status == Some(ListKind::Bitstring) && order.format == Format::SdJwtVc {
            return Err(IssueError::StatusFormat(order.format));
        }
        for (what, names, may_be_empty) in [("roles", &order.roles, false), ("sites", &order.sites, false), ("zones", &order.zones, true)] {
            let usable = |name: &String| !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
            let repeated = names.iter().enumerate().any(|(i, name)| names[..i].contains(name));
            if (names.is_empty() && !may_be_empty) || names.len() > MAX_NAMES || repeated || !names.iter().all(usable) {
                return Err(IssueError::Names(what));
            }
        }
        if let Some(role) = order.roles.iter().find(|role| !self.settings.roles.contains(role)) {
            return Err(IssueError::OutsideSettings { what: "role", name: role.clone() });
        }
        let every_site = self.settings.sites.iter().any(|site| site == "*");
        if let Some(site) = order.sites.iter().find(|site| !every_site && !self.settings.sites.contains(site)) {
            return Err(IssueError::OutsideSettings { what: "site", name: site.clone() });
        }
        if order.label.len() > MAX_LABEL || order.label.chars().any(char::is_control) {
            return Err(IssueError::Label);
        }
        let length = order.validity.seconds(at);
        if length <= 0 {
            return Err(IssueError::Empty);
        }
        // A short validity is rounded less, so that rounding never takes more than a 24th of it.
        let granularity = self.settings.time_granularity_seconds.min(length / 24).max(1);
        let issued_at = rounded(at, granularity);
        let valid_from = order.valid_from.unwrap_or(issued_at);
        let valid_until = order.validity.end(valid_from);
        let bound = self.settings.max_validity_seconds;
        let asked = valid_until.since(issued_at).max(length);
        if asked > bound {
            return Err(IssueError::TooLong { asked, bound });
        }
        if valid_until <= at {
            return Err(IssueError::Empty);
        }
        Ok(Times { issued_at, valid_from, valid_until })
    }

    fn status_kind(&self, order: &Order) -> ListKind {
        match (order.status, order.format) {
            (Some(kind), _) => kind,
            (None, Format::SdJwtVc) => ListKind::Token,
            (None, _) => self.settings.status,
        }
    }

    fn sign(&self, order: &Order, claims: &RoleClaims, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Credential, IssueError> {
        let known = self.usable_contexts()?;
        let issuance = Issuance { contexts: &known, ..order.format.into() };
        let [suite, further @ ..] = order.suites.as_slice() else {
            return Ok(Credential::issue(claims, issuance, self.credential_key(order, None, at)?, rng)?);
        };
        let signer =
            |suite: &Suite| -> Result<(Suite, &dyn Signer), IssueError> { Ok((*suite, self.credential_key(order, Some(*suite), at)?)) };
        let further = further.iter().map(signer).collect::<Result<Vec<_>, _>>()?;
        let issuance = Issuance { suite: Some(*suite), further: &further, ..issuance };
        Ok(Credential::issue(claims, issuance, self.credential_key(order, Some(*suite), at)?, rng)?)
    }

    fn credential_key(&self, order: &Order, suite: Option<Suite>, at: Timestamp) -> Result<&(dyn Signer + 'k), IssueError> {
        let Order { format, algorithm, .. } = *order;
        let active = self.active_keys(KeyUse::Credential, at)?;
        let fits = |signer: &&(dyn Signer + 'k)| {
            let has = signer.public_key().algorithm();
            let fits = algorithm.is_none_or(|wanted| wanted == has) && suite.is_none_or(|suite| suite.takes(has));
            fits && active.contains(&signer.public_key().to_multikey())
        };
        // The order in which keys were unlocked means nothing: where nobody asked for one, Ed25519 comes first.
        let rank = |signer: &&(dyn Signer + 'k)| match signer.public_key().algorithm() {
            Algorithm::EdDsa => 0,
            Algorithm::Es256 => 1,
            Algorithm::Es384 => 2,
        };
        self.keys.of(KeyUse::Credential).filter(fits).min_by_key(rank).ok_or(IssueError::NoKey { format, algorithm, suite })
    }

    /// The registered keys of one use that sign at `at`, as multikey text.
    pub(crate) fn active_keys(&self, key_use: KeyUse, at: Timestamp) -> Result<Vec<String>, StoreError> {
        let lifetime = self.settings.key_lifetime_seconds;
        let signs = |row: &KeyRow| row.key_use == key_use.as_str() && row.state == "active" && at <= row.not_before.plus(lifetime);
        Ok(self.store.keys()?.into_iter().filter(signs).map(|row| row.multikey).collect())
    }

    /// The unlocked, registered and active key of one use.
    pub(crate) fn active_signer(&self, key_use: KeyUse, at: Timestamp) -> Result<Option<&(dyn Signer + 'k)>, StoreError> {
        let active = self.active_keys(key_use, at)?;
        Ok(self.keys.of(key_use).find(|signer| active.contains(&signer.public_key().to_multikey())))
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

/// The times a credential carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Times {
    pub(crate) issued_at: Timestamp,
    pub(crate) valid_from: Timestamp,
    pub(crate) valid_until: Timestamp,
}

/// `at` rounded down to a multiple of `granularity` seconds.
pub(crate) fn rounded(at: Timestamp, granularity: i64) -> Timestamp {
    at.plus(-(at.unix() % granularity.max(1)))
}

/// Twelve random hexadecimal digits: short enough to be typed, and the store refuses a repetition.
pub(crate) fn random_id(rng: &mut dyn CryptoRng) -> String {
    let mut bytes = [0; 6];
    rng.fill_bytes(&mut bytes);
    hex::encode(&bytes)
}

#[cfg(test)]
mod tests;
