//! What the targets say: this issuer and its limits, the issuers of others, the gates, the policy.

use crate::ceremony::CeremonyError;
use crate::issue::Issuer;
use crate::lists::announcement;
use crate::store::{KeyRow, StoreError};
use waypass_credential::did;
use waypass_credential::key::PublicKey;
use waypass_credential::role::{VC_TYPE, VCT};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Authority, Gate, KeyRecord, KeyState, KeyUse, Part, TargetsPart};

/// A stolen gate is believed for this long after it was last published (threats.md A25); publishing renews it.
pub const GATE_LIFETIME_SECONDS: i64 = 7 * 86_400;

impl Issuer<'_> {
    pub(crate) fn targets_part(&self, version: u64, at: Timestamp) -> Result<TargetsPart, CeremonyError> {
        self.targets_beside(&self.authorities()?, version, at)
    }

    /// The targets with the entries of `others` after this issuer's own.
    pub(crate) fn targets_beside(&self, others: &[Authority], version: u64, at: Timestamp) -> Result<TargetsPart, CeremonyError> {
        let policy = self.policy().map_err(|why| CeremonyError::Policy(why.to_string()))?;
        let expires_at = at.plus(self.settings.targets_lifetime_seconds);
        Ok(TargetsPart {
            schema: TargetsPart::SCHEMA.into(),
            version,
            issued_at: at,
            expires_at,
            authorities: core::iter::once(self.authority()?).chain(others.iter().cloned()).collect(),
            gates: self.gate_entries(at)?,
            contexts: self.contexts()?,
            // The policy grows with the targets that carry it: its version never decreases because theirs does not.
            policy: policy.part(version, at, expires_at),
            delegations: [],
        })
    }

    /// Whether other targets ought to be published: their content has changed, half of their lifetime has passed, or half
    /// of their gates' lifetime has.
    pub(super) fn targets_are_due(&self, held: &TargetsPart, at: Timestamp) -> Result<bool, CeremonyError> {
        let mut wanted = self.targets_part(held.version, held.issued_at)?;
        // The lifetime may have been set differently since; the dates of what is held are its own.
        wanted.expires_at = held.expires_at;
        wanted.policy.expires_at = held.policy.expires_at;
        let half_over = |until: Timestamp, lifetime: i64| until.since(at) < lifetime / 2;
        let ends_soon = half_over(held.expires_at, held.expires_at.since(held.issued_at));
        let gates_end_soon = held.gates.iter().any(|gate| half_over(gate.not_after, GATE_LIFETIME_SECONDS));
        Ok(wanted != *held || ends_soon || gates_end_soon)
    }

    fn authority(&self) -> Result<Authority, StoreError> {
        let settings = &self.settings;
        let keys = self.store.keys()?.iter().map(|row| self.key_record(row)).collect::<Result<_, _>>()?;
        let lists = self.store.lists()?.into_iter().map(|list| announcement(&list, settings.list_uri(list.id)));
        Ok(Authority {
            name: settings.name.clone(),
            keys,
            types: vec![VCT.into(), VC_TYPE.into()],
            roles: settings.roles.clone(),
            sites: settings.sites.clone(),
            max_validity_seconds: u64::try_from(settings.max_validity_seconds).unwrap_or(0),
            status_uris: lists.collect(),
        })
    }

    fn key_record(&self, row: &KeyRow) -> Result<KeyRecord, StoreError> {
        let key = PublicKey::from_multikey(&row.multikey).map_err(|_| StoreError::Corrupt("a key"))?;
        let state = match row.state.as_str() {
            "active" => KeyState::Active,
            "retired" => KeyState::Retired,
            // Anything else is believed least.
            _ => KeyState::Compromised,
        };
        let key_use = match row.key_use.as_str() {
            "credential" => KeyUse::Credential,
            "status" => KeyUse::Status,
            "intake" => KeyUse::Intake,
            _ => return Err(StoreError::Corrupt("a key's use")),
        };
        Ok(KeyRecord {
            kid: did::key_id(&key),
            issuer: did::to_did_key(&key),
            alg: key.algorithm().jose_name().into(),
            key_use,
            not_before: row.not_before,
            not_after: row.not_before.plus(self.settings.key_lifetime_seconds),
            state,
            issued_until: row.issued_until,
            key,
        })
    }

    fn gate_entries(&self, at: Timestamp) -> Result<Vec<Gate>, StoreError> {
        let enrolled = self.store.gates()?.into_iter().filter(|gate| gate.revoked.is_none());
        Ok(enrolled
            .map(|gate| Gate {
                id: gate.id,
                name: gate.name,
                site: gate.site,
                zone: gate.zone,
                time_zone: None,
                not_after: at.plus(GATE_LIFETIME_SECONDS),
            })
            .collect())
    }
}
