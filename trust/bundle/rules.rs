//! The rules for signed content, in addition to its signatures: contradictions are refused when read, carelessness when published.

use alloc::{borrow::ToOwned, collections::BTreeSet, string::String, vec::Vec};

use waypass_credential::jsonld::is_iri;
use waypass_credential::role::Scope;

use super::error::{BundleError, Rule};
use crate::parts::{Authority, KeyRecord, KeyState, ListKind, PartName, Policy, RootPart, SigningRole, StatusUri, TargetsPart};
use crate::{
    reason::{Level, ReasonCode},
    status::{
        Bits, HARD_CAP,
        bitstring::{Bitstring, MIN_ENTRIES, bytes_for},
    },
};

/// Keys of one root: above any sensible n.
const MAX_ROOT_KEYS: usize = 64;
/// Status lists of one bundle: what a manifest may name.
const MAX_LISTS: usize = 4096;

/// Contexts of one bundle: a credential can name 14 in addition to its own two, and each is compiled whenever the bundle is opened.
const MAX_CONTEXTS: usize = 14;
/// As long as an issuer's id may be.
const MAX_CONTEXT_URL: usize = 1024;

/// Checks that a root does not contradict itself.
pub(super) fn root(root: &RootPart) -> Result<(), BundleError> {
    let check = || {
        if root.expires_at < root.issued_at {
            return Err(Rule::Times("the root".to_owned()));
        }
        if root.keys.len() > MAX_ROOT_KEYS {
            return Err(Rule::TooMany("root keys".to_owned()));
        }
        let roles = &root.roles;
        [&roles.root, &roles.targets, &roles.snapshot, &roles.timestamp].into_iter().try_for_each(|role| signing_role(role, root))
    };
    check().map_err(|broken| BundleError::Rule { part: PartName::Root, broken })
}

fn signing_role(role: &SigningRole, root: &RootPart) -> Result<(), Rule> {
    let mut keys = role.keys.iter().enumerate();
    if role.keys.len() > MAX_ROOT_KEYS || !keys.all(|(at, key)| root.keys.contains(key) && !role.keys[..at].contains(key)) {
        return Err(Rule::RoleKeys);
    }
    let reachable = usize::try_from(role.threshold).is_ok_and(|threshold| (1..=role.keys.len()).contains(&threshold));
    if reachable { Ok(()) } else { Err(Rule::Threshold) }
}

/// Targets that do not contradict themselves.
pub(super) fn targets(targets: &TargetsPart) -> Result<(), BundleError> {
    check_targets(targets).map_err(|broken| BundleError::Rule { part: PartName::Targets, broken })
}

fn check_targets(targets: &TargetsPart) -> Result<(), Rule> {
    let authorities = &targets.authorities;
    unique("the issuer", authorities.iter().map(|authority| authority.name.as_str()))?;
    let records = || authorities.iter().flat_map(|authority| &authority.keys);
    unique("the key id", records().map(|record| record.kid.as_str()))?;
    // A key has one use: a status key that could also issue would undo their separation.
    let mut keys = BTreeSet::new();
    records().try_for_each(|record| {
        key_record(record)?;
        if keys.insert(record.key.to_bytes()) { Ok(()) } else { Err(Rule::SharedKey(record.kid.clone())) }
    })?;

    let lists = || authorities.iter().flat_map(|authority| &authority.status_uris);
    if lists().count() > MAX_LISTS {
        return Err(Rule::TooMany("status lists".to_owned()));
    }
    unique("the status list", lists().map(|list| list.uri.as_str()))?;
    lists().try_for_each(status_uri)?;

    if targets.contexts.len() > MAX_CONTEXTS {
        return Err(Rule::TooMany("contexts".to_owned()));
    }
    unique("the context", targets.contexts.iter().map(|context| context.id.as_str()))?;
    let is_url = |id: &str| id.len() <= MAX_CONTEXT_URL && is_iri(id);
    if let Some(wrong) = targets.contexts.iter().find(|context| !is_url(&context.id)) {
        return Err(Rule::ContextUrl(wrong.id.clone()));
    }

    unique("the gate", targets.gates.iter().map(|gate| gate.id.as_str()))?;
    policy(&targets.policy)?;
    if targets.expires_at < targets.issued_at { Err(Rule::Times("the targets part".to_owned())) } else { Ok(()) }
}

fn key_record(record: &KeyRecord) -> Result<(), Rule> {
    if record.alg != record.key.algorithm().jose_name() {
        return Err(Rule::Algorithm(record.kid.clone()));
    }
    if record.not_after < record.not_before {
        return Err(Rule::Times(record.kid.clone()));
    }
    if (record.state == KeyState::Retired) != record.issued_until.is_some() {
        return Err(Rule::RetiredUntil(record.kid.clone()));
    }
    Ok(())
}

fn status_uri(list: &StatusUri) -> Result<(), Rule> {
    let bits = || Rule::Bits(list.uri.clone());
    let bytes = match list.kind {
        ListKind::Token => Bits::new(list.bits).ok_or_else(bits)?.bytes_for(list.max_entries),
        ListKind::Bitstring => {
            Bitstring::new(list.bits, &[]).ok_or_else(bits)?;
            if list.max_entries < MIN_ENTRIES {
                return Err(Rule::ListTooShort(list.uri.clone()));
            }
            bytes_for(list.bits, list.max_entries).map_or(u64::MAX, |bytes| bytes as u64)
        }
    };
    if bytes > HARD_CAP as u64 { Err(Rule::ListSize(list.uri.clone())) } else { Ok(()) }
}

fn policy(policy: &Policy) -> Result<(), Rule> {
    unique("the limit for", policy.limits.iter().map(|limit| limit.role.as_str()))?;
    if !policy.limits.iter().any(|limit| Scope::of(&limit.role) == Scope::Any) {
        return Err(Rule::NoDefaultLimit);
    }
    if let Some(limit) = policy.limits.iter().find(|limit| limit.stale_seconds < limit.fresh_seconds) {
        return Err(Rule::Limit(limit.role.clone()));
    }
    if policy.expires_at < policy.issued_at { Err(Rule::Times("the policy".to_owned())) } else { Ok(()) }
}

/// Content that a gate would accept but nobody should publish.
pub(super) fn publishable(targets: &TargetsPart) -> Result<(), BundleError> {
    // A machine cannot look at the person who brings a card.
    let amber = |code: &String| ReasonCode::parse(code).is_some_and(|code| code.level() == Level::Amber && code != ReasonCode::BearerPass);
    let broken = if let Some(code) = targets.policy.unattended_ok.iter().find(|code| !amber(code)) {
        Some(Rule::UnattendedCode(code.clone()))
    } else {
        targets.authorities.iter().find(|authority| is_mute(authority)).map(|authority| Rule::EmptyAuthority(authority.name.clone()))
    };
    broken.map_or(Ok(()), |broken| Err(BundleError::Rule { part: PartName::Targets, broken }))
}

/// Returns true if nothing that an authority could issue would be accepted.
fn is_mute(authority: &Authority) -> bool {
    let Authority { keys, types, roles, sites, max_validity_seconds, .. } = authority;
    keys.is_empty() || types.is_empty() || roles.is_empty() || sites.is_empty() || *max_validity_seconds == 0
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Rule> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Rule::Duplicate([what, pair[0]].join(" "))),
        None => Ok(()),
    }
}
