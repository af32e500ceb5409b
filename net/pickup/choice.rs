//! The part of an offer that is taken, decided before its code is spent: something the trust bundle lets somebody
//! issue, and a kind of key that
//! the issuer takes.

use super::{Configuration, Offer, Pickup, PickupError};
use reqwest::Url;
use waypass_credential::key::Algorithm;
use waypass_trust::bundle::Authority;

/// A choice: the configuration asked for, and the kind of key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    pub(super) at: usize,
    /// The kind of key that makes the proof, and that the credential is bound to.
    pub algorithm: Algorithm,
    /// The issuer's name for it.
    pub(super) name: &'static str,
}

impl Pickup {
    /// Chooses the first offered configuration that one of `trusted` may issue and that a key of one of `algorithms` can be bound to, the
    /// first being preferred.
    pub fn choose(&self, trusted: &[Authority], algorithms: &[Algorithm]) -> Result<Choice, PickupError> {
        let may_issue = |configuration: &&Configuration| {
            let is_issued = |kind: &String| trusted.iter().any(|authority| authority.types.contains(kind));
            configuration.kinds.is_empty() || configuration.kinds.iter().any(is_issued)
        };
        let mut accepted: Option<&Configuration> = None;
        for configuration in self.configurations.iter().filter(may_issue) {
            for &algorithm in algorithms {
                if let Some(name) = configuration.name_for(algorithm) {
                    let at = self.configurations.iter().position(|found| core::ptr::eq(found, configuration));
                    let at = at.ok_or(PickupError::Unsupported { what: "offered configuration" })?;
                    return Ok(Choice { at, algorithm, name });
                }
            }
            accepted = accepted.or(Some(configuration));
        }
        Err(match accepted {
            Some(configuration) => PickupError::Algorithm { accepted: configuration.algorithms.clone() },
            None => PickupError::Kind { offered: self.configurations.iter().flat_map(|offered| offered.kinds.clone()).collect() },
        })
    }
}

impl Offer {
    /// Returns the one of `trusted` that has an identifier or a status list at the offer's address. An issuer whose identifier is a
    /// key and whose lists are elsewhere is not found: what it sends must be assessed.
    pub fn known_to<'t>(&self, trusted: &'t [Authority]) -> Option<&'t Authority> {
        let at = origin(&self.issuer)?;
        trusted.iter().find(|authority| {
            let ids = authority.keys.iter().map(|key| &key.issuer).chain(authority.status_uris.iter().map(|list| &list.uri));
            ids.into_iter().any(|id| origin(id).as_ref() == Some(&at))
        })
    }
}

/// Host and port of an address or of a `did:web` (did:web §3.1: a port has its colon escaped).
fn origin(id: &str) -> Option<(String, u16)> {
    let address = match id.strip_prefix("did:web:") {
        Some(rest) => format!("https://{}", rest.split([':', '#']).next()?.replace("%3A", ":").replace("%3a", ":")),
        None => id.to_owned(),
    };
    let url = Url::parse(&address).ok()?;
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}
