//! The keys that the bundle believes: the joint that verification asks.

use super::{Authority, KeyRecord, KeyUse, TargetsPart, TrustBundle};
use alloc::vec::Vec;
use waypass_credential::did;
use waypass_credential::key::{PublicKey, ShortThumbprint};
use waypass_credential::{Claimed, KeyClaim, KeySource};

impl KeySource for TrustBundle {
    fn key(&self, claim: KeyClaim<'_>) -> Option<&PublicKey> {
        self.record(claim).map(|(_, record)| &record.key)
    }
}

impl TrustBundle {
    /// Returns the record of a key by the issuer id and key id it signs under, with its authority. A key id that starts with
    /// `#` is relative to the issuer id.
    pub(super) fn key_for(&self, issuer: &str, kid: &str) -> Option<(&Authority, &KeyRecord)> {
        let names = |key: &KeyRecord| match kid.strip_prefix('#') {
            Some(_) => key.kid.strip_prefix(issuer) == Some(kid),
            None => key.kid == kid,
        };
        self.targets.part.key_records().find(|(_, key)| key.issuer == issuer && names(key))
    }

    /// Returns the record of the key that a proof names, with its authority. Without a key id only an issuer with one credential key
    /// can be meant.
    pub fn record(&self, claim: KeyClaim<'_>) -> Option<(&Authority, &KeyRecord)> {
        match claim {
            KeyClaim::Issuer(Claimed { issuer, key_id: Some(kid) }) => self.key_for(issuer, kid),
            KeyClaim::Issuer(Claimed { issuer, key_id: None }) => {
                let mut keys = self.keys_for_use(KeyUse::Credential).filter(|(_, record)| record.issuer == issuer);
                keys.next().filter(|_| keys.next().is_none())
            }
            KeyClaim::Thumbprint { issuer, thumbprint } => self.key_with_thumbprint(issuer, thumbprint),
            KeyClaim::Further(kid) => self.key_with_id(kid),
        }
    }

    /// Returns the record of the one key of `issuer` with this thumbprint, with its authority. Without a name, the issuer is the
    /// `did:key` of that key. Two keys with one short thumbprint are not told apart, so neither is meant.
    fn key_with_thumbprint(&self, issuer: Option<&str>, thumbprint: ShortThumbprint) -> Option<(&Authority, &KeyRecord)> {
        let mut named = self.targets.part.key_records().zip(&self.thumbprints).filter(|(_, found)| **found == thumbprint);
        let is_meant = |(_, record): &(&Authority, &KeyRecord)| match issuer {
            Some(issuer) => record.issuer == issuer,
            None => record.issuer == did::to_did_key(&record.key),
        };
        let (found, _) = named.find(|(entry, _)| is_meant(entry))?;
        let mut others = named.filter(|(entry, _)| is_meant(entry));
        others.next().is_none().then_some(found)
    }

    /// Returns the record of a key by its id alone, with its authority; no two records of a bundle share one.
    pub(crate) fn key_with_id(&self, kid: &str) -> Option<(&Authority, &KeyRecord)> {
        self.targets.part.key_records().find(|(_, key)| key.kid == kid)
    }

    /// Returns every key record of one use, with its authority.
    pub fn keys_for_use(&self, key_use: KeyUse) -> impl Iterator<Item = (&Authority, &KeyRecord)> {
        self.targets.part.key_records().filter(move |(_, key)| key.key_use == key_use)
    }
}

/// Returns the short thumbprint of each key, in the order of [`TargetsPart::key_records`]. Hashed once, not at each look-up.
pub(super) fn thumbprints(targets: &TargetsPart) -> Vec<ShortThumbprint> {
    targets.key_records().map(|(_, record)| ShortThumbprint::of(&record.key)).collect()
}
