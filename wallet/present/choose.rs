//! Which held credentials answer a query, found without verifying any of them.
//!
//! Each was verified when it was taken in, and its record is sealed since: what it says is read from it unverified, to find and to order
//! the candidates. A credential is verified again before it is shown, by the caller that takes a candidate from here.

use crate::ask::Asked;
use crate::credential_id::CredentialId;
use crate::error::{Missing, PresentError, WalletError};
use crate::records::{self, KIND, ROLE, Record};
use crate::show::{KnownKeys, Standing};
use std::collections::BTreeSet;
use waypass_credential::Format;
use waypass_credential::PathStep;
use waypass_credential::json::Value;
use waypass_credential::request::{ClaimQuery, ClaimValue, CredentialQuery, Query};
use waypass_credential::role::{RoleClaims, Scope};
use waypass_credential::time::Phase;
use waypass_trust::bundle::Gate;
use waypass_trust::time::Moment;
use waypass_vault::{Unlocked, VaultError};

/// A held credential that answers.
pub(super) struct Candidate {
    pub(super) id: CredentialId,
    /// Why this device cannot sign for it, where it cannot.
    pub(super) missing: Option<Standing>,
}

/// The place that a credential names, seen from here. `Site` is the site without the zone: rules may open a zone to everybody
/// whom the site admits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Place {
    Here,
    Site,
    Elsewhere,
}

impl Place {
    /// Compares with the place of the gate; of an unknown gate that is not known.
    pub(super) fn of(role: &RoleClaims, gate: Option<&Gate>) -> Self {
        let Some(gate) = gate else { return Self::Here };
        match (Scope::reaches(&role.sites, &gate.site), Scope::reaches(&role.zones, &gate.zone)) {
            (true, true) => Self::Here,
            (true, false) => Self::Site,
            (false, _) => Self::Elsewhere,
        }
    }
}

/// Returns the credentials that answer, in the order to try them: within their dates before anything else, then those that name the
/// place of the gate, then those whose answer needs the fewest codes if it is shown as codes, then in the order the gate prefers, then
/// what lasts longest.
pub(super) fn candidates(vault: &Unlocked<'_>, asked: &Asked, keys: &KnownKeys, at: &Moment) -> Result<Vec<Candidate>, PresentError> {
    let (query, gate) = (&asked.request().query, asked.gate());
    let mut ids = BTreeSet::new();
    for alternative in query.alternatives() {
        ids.extend(indexed(vault, alternative)?);
    }
    let mut found = Vec::new();
    for id in ids {
        let Some(record) = readable(vault, id)? else { continue };
        let Ok(content) = record.credential.untrusted() else { continue };
        let Some(answer) = query.first_match(content.claims, record.credential.format(), &content.role.kind) else { continue };
        let preferred = query.alternatives().iter().position(|alternative| alternative.id == answer.query_id).unwrap_or(usize::MAX);
        let in_time = content.role.validity().at(at.at()) == Phase::Within;
        // A credential that cannot be shown at all comes last.
        let codes = asked.codes().map(|count| {
            let rehearsed = record.credential.rehearse(&answer.paths, &asked.request().binding(), at.at());
            rehearsed.map_or(usize::MAX, |bytes| count(&bytes))
        });
        let rank = (!in_time, Place::of(&content.role, gate), codes, preferred, -content.role.valid_until.unix(), id);
        found.push((rank, Candidate { id, missing: keys.missing(&record.key) }));
    }
    found.sort_unstable_by_key(|(rank, _)| *rank);
    Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
}

/// Says what is missing where nothing answers `query`: what the credential that comes nearest lacks.
pub(super) fn missing(vault: &Unlocked<'_>, query: &Query) -> Result<Missing, WalletError> {
    let mut nearest = Missing::Everything;
    for id in records::ids(vault, None)? {
        let Some(record) = readable(vault, id)? else { continue };
        let Ok(content) = record.credential.untrusted() else { continue };
        let format = record.credential.format();
        for alternative in query.alternatives() {
            let lacks = if alternative.format != format {
                Missing::Format { asked: query.alternatives().iter().map(|asked| asked.format).collect(), held: format }
            } else if !alternative.kinds.contains(&content.role.kind) {
                Missing::Kind { asked: alternative.kinds.clone() }
            } else {
                lacks(alternative, content.claims)
            };
            if lacks.nearness() > nearest.nearness() {
                nearest = lacks;
            }
        }
    }
    Ok(nearest)
}

/// Returns what a credential of the right format and kind lacks.
fn lacks(alternative: &CredentialQuery, claims: &Value<'_>) -> Missing {
    let unanswered = alternative.unanswered(claims);
    let roles = unanswered.iter().find_map(|claim| roles_asked(claim, alternative.format));
    match roles {
        Some(roles) => Missing::Role { asked: roles.into_iter().map(str::to_owned).collect() },
        None => Missing::Claims { asked: unanswered.into_iter().map(|claim| claim.path.clone()).collect() },
    }
}

/// Returns a record that reads; what does not cannot be shown, and the listing tells about it.
pub(super) fn readable(vault: &Unlocked<'_>, id: CredentialId) -> Result<Option<Record>, WalletError> {
    match records::load(vault, id) {
        Err(WalletError::Damaged(_) | WalletError::Vault(VaultError::Quarantined)) => Ok(None),
        record => record,
    }
}

/// Those that may answer `alternative` by what the index knows: the kind, and the roles where the query names some.
fn indexed(vault: &Unlocked<'_>, alternative: &CredentialQuery) -> Result<Vec<CredentialId>, VaultError> {
    let mut found = Vec::new();
    for kind in &alternative.kinds {
        found.extend(records::ids(vault, Some((KIND, kind.as_bytes())))?);
    }
    for roles in alternative.claims.iter().filter_map(|claim| roles_asked(claim, alternative.format)) {
        let mut with_role = BTreeSet::new();
        for role in roles {
            with_role.extend(records::ids(vault, Some((ROLE, role.as_bytes())))?);
        }
        found.retain(|id| with_role.contains(id));
    }
    Ok(found)
}

/// Returns the roles any of which would do, where this claim asks for some by name.
fn roles_asked(claim: &ClaimQuery, format: Format) -> Option<Vec<&str>> {
    let above: &[&str] = if format.is_vcdm() { &["credentialSubject", "roles"] } else { &["roles"] };
    let steps = claim.path.steps();
    let is_role =
        steps.len() >= above.len() && steps.iter().zip(above).all(|(step, name)| matches!(step, PathStep::Name(found) if found == name));
    if !is_role || claim.values.is_empty() {
        return None;
    }
    // A value that is not a text is not a role: then the index cannot tell, and all are looked at.
    claim.values.iter().map(|value| if let ClaimValue::Text(role) = value { Some(role.as_str()) } else { None }).collect()
}
