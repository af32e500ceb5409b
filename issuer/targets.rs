//! The content of the targets: this issuer and its limits, the issuers of others, the gates, the policy.

use crate::office::Issuer;
use crate::parts::{LEAST_TARGETS, TargetsChange};
use crate::policy::PolicyDraft;
use crate::store::{KeyRow, ListRecord, StoreError};
use waypass_credential::did;
use waypass_credential::key::PublicKey;
use waypass_credential::role::{CARD, Mechanism, StatusPurpose, VC_TYPE, VCT};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{Authority, Gate, KeyRecord, ListKind, Part, Policy, RoleLimit, StatusUri, TargetsPart, gate_list_name};
use waypass_trust::policy::admits_cards;

/// A stolen gate is believed at least for this long after it was last published (threats.md A25), unless the settings say otherwise.
const SHORTEST_DEFAULT: i64 = 7 * 86_400;

/// How the enrolments in targets are renewed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Renewal {
    /// By the targets key, which is at hand: it signs them anew in time.
    Targets,
    /// By the online keys: the targets key is elsewhere, so a list of gates is signed with each publication.
    Online,
}

impl Issuer<'_> {
    pub(crate) fn targets_part(&self, version: u64, renewal: Renewal, at: Timestamp) -> Result<TargetsPart, StoreError> {
        self.targets_beside(&self.authorities()?, version, renewal, at)
    }

    /// Returns the targets with the entries of `others` after this issuer's own.
    pub(crate) fn targets_beside(
        &self,
        others: &[Authority],
        version: u64,
        renewal: Renewal,
        at: Timestamp,
    ) -> Result<TargetsPart, StoreError> {
        let policy = self.policy()?;
        let expires_at = at.plus(self.settings.targets_lifetime_seconds);
        let mut own = self.authority(&policy)?;
        let gates = self.gate_entries(match renewal {
            Renewal::Targets => at.plus(self.enrolment_seconds(policy.longest_stale_seconds())),
            Renewal::Online => expires_at,
        })?;
        if renewal == Renewal::Online && !gates.is_empty() {
            own.status_uris.push(StatusUri {
                uri: format!("{}/lists/{}", self.settings.base_url, gate_list_name(version)),
                max_entries: gates.len() as u64,
                bits: 1,
                irrevocable: false,
                kind: ListKind::Token,
            });
        }
        Ok(TargetsPart {
            schema: TargetsPart::SCHEMA.into(),
            version,
            issued_at: at,
            expires_at,
            authorities: core::iter::once(own).chain(others.iter().cloned()).collect(),
            gates,
            contexts: self.contexts()?,
            // The policy grows with the targets that carry it: its version never decreases because theirs does not.
            policy: policy.part(version, at, expires_at),
            delegations: [],
        })
    }

    /// Returns what targets would say now, with the version and the dates of `held`: the lifetime may have been set differently since.
    fn targets_like(&self, held: &TargetsPart) -> Result<TargetsPart, StoreError> {
        let renewal = if held.gate_list().is_some() { Renewal::Online } else { Renewal::Targets };
        let mut wanted = self.targets_part(held.version, renewal, held.issued_at)?;
        wanted.expires_at = held.expires_at;
        wanted.policy.expires_at = held.policy.expires_at;
        Ok(wanted)
    }

    /// Returns true if other targets ought to be published: their content has changed, half of their lifetime has passed, or half of an
    /// enrolment that only they renew.
    pub(crate) fn targets_are_due(&self, held: &TargetsPart, at: Timestamp) -> Result<bool, StoreError> {
        let mut wanted = self.targets_like(held)?;
        if held.gate_list().is_some() {
            wanted.gates.iter_mut().for_each(|gate| gate.not_after = held.expires_at);
        }
        let half_over = |until: Timestamp| until.since(at) < until.since(held.issued_at) / 2;
        let gates_end_soon = held.gates.iter().any(|gate| half_over(gate.not_after));
        let is_skipped = held.version < self.store.version(LEAST_TARGETS)?;
        Ok(wanted != *held || half_over(held.expires_at) || gates_end_soon || is_skipped)
    }

    /// Returns how long a publication enrols a gate for.
    pub(crate) fn enrolment_seconds(&self, longest_stale: u64) -> i64 {
        let longest = i64::try_from(longest_stale).unwrap_or(i64::MAX);
        self.settings.gate_enrolment_seconds.unwrap_or_else(|| longest.max(SHORTEST_DEFAULT))
    }

    /// Returns the roles whose lists may be used for longer than a publication enrols a gate: without news the gate stops before they do.
    pub(crate) fn roles_beyond_enrolment(&self, policy: &Policy) -> Vec<String> {
        let enrolled = self.enrolment_seconds(policy.longest_stale_seconds());
        let is_longer = |limit: &&RoleLimit| i64::try_from(limit.stale_seconds).map_or(true, |stale| stale > enrolled);
        policy.limits.iter().filter(is_longer).map(|limit| limit.role.clone()).collect()
    }

    /// Returns what the next targets would say otherwise than those in effect, with the rules of `policy` if some are given. Dates and
    /// further status lists of this issuer's own are not a change: they are renewed without anybody's word.
    pub fn pending_change(&self, policy: Option<&PolicyDraft>) -> Result<Option<TargetsChange>, StoreError> {
        match self.targets()? {
            Some((_, held)) => self.targets_change(&held, policy),
            None => Ok(None),
        }
    }

    pub(crate) fn targets_change(&self, held: &TargetsPart, policy: Option<&PolicyDraft>) -> Result<Option<TargetsChange>, StoreError> {
        let mut wanted = self.targets_like(held)?;
        if let Some(policy) = policy {
            wanted.policy = policy.part(held.version, held.issued_at, held.policy.expires_at);
            if let Some(own) = wanted.authorities.first_mut() {
                own.types = types(policy);
            }
        }
        for gate in &mut wanted.gates {
            if let Some(same) = held.gates.iter().find(|same| same.id == gate.id) {
                gate.not_after = same.not_after;
            }
        }
        if let (Some(own), Some(before)) = (wanted.authorities.first_mut(), held.authorities.first()) {
            own.status_uris.retain(|list| before.status_uris.contains(list) || self.list_number(&list.uri).is_none());
        }
        Ok((wanted != *held).then(|| TargetsChange { before: held.clone(), after: wanted }))
    }

    fn authority(&self, policy: &PolicyDraft) -> Result<Authority, StoreError> {
        let settings = &self.settings;
        let keys = self.store.keys()?.iter().map(|row| self.key_record(row)).collect::<Result<_, _>>()?;
        let lists = self.store.lists()?.into_iter().map(|list| announcement(&list, settings.list_uri(list.id)));
        Ok(Authority {
            name: settings.name.clone(),
            keys,
            types: types(policy),
            roles: settings.roles.clone(),
            sites: settings.sites.clone(),
            max_validity_seconds: u64::try_from(settings.max_validity_seconds).unwrap_or(0),
            status_uris: lists.collect(),
        })
    }

    fn key_record(&self, row: &KeyRow) -> Result<KeyRecord, StoreError> {
        let key = PublicKey::from_multikey(&row.multikey).map_err(|_| StoreError::Corrupt("a key"))?;
        Ok(KeyRecord {
            kid: did::key_id(&key),
            issuer: did::to_did_key(&key),
            alg: key.algorithm().jose_name().into(),
            key_use: row.key_use,
            not_before: row.not_before,
            not_after: row.not_before.plus(self.settings.key_lifetime_seconds),
            state: row.state,
            issued_until: row.issued_until,
            key,
        })
    }

    fn gate_entries(&self, not_after: Timestamp) -> Result<Vec<Gate>, StoreError> {
        Ok(self
            .enrolled_gates()?
            .map(|gate| Gate { id: gate.id, name: gate.name, site: gate.site, zone: gate.zone, time_zone: gate.time_zone, not_after })
            .collect())
    }
}

/// Returns the types that this issuer issues: cards only where the rules admit them.
fn types(policy: &PolicyDraft) -> Vec<String> {
    let cards = admits_cards(&policy.cedar).then_some(CARD);
    [VCT, VC_TYPE].into_iter().chain(cards).map(String::from).collect()
}

/// Returns what the bundle says about a list.
fn announcement(list: &ListRecord, uri: String) -> StatusUri {
    let (kind, bits, irrevocable) = match &list.mechanism {
        // A suspension can be lifted; that a revocation cannot is our own rule, so the bundle says it for us.
        Mechanism::TokenList => (ListKind::Token, 2, true),
        Mechanism::Bitstring(entry) => (ListKind::Bitstring, entry.size, entry.purpose == StatusPurpose::Revocation),
    };
    StatusUri { uri, max_entries: list.capacity.into(), bits, irrevocable, kind }
}
