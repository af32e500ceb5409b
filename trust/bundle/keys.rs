//! The keys that the bundle believes: the joint that verification asks.

use super::{Authority, KeyRecord, KeyUse, TrustBundle};
use waypass_credential::key::PublicKey;
use waypass_credential::{Claimed, KeyClaim, KeySource};

impl KeySource for TrustBundle {
    fn key(&self, claim: KeyClaim<'_>) -> Option<&PublicKey> {
        self.record(claim).map(|(_, record)| &record.key)
    }
}

impl TrustBundle {
    /// Returns the record of a key by the issuer id and key id it signs under, with its authority. A key id that starts with
    /// `#` is relative to the issuer id.
    pub fn key_for(&self, issuer: &str, kid: &str) -> Option<(&Authority, &KeyRecord)> {
        let names = |key: &KeyRecord| match kid.strip_prefix('#') {
            Some(_) => key.kid.strip_prefix(issuer) == Some(kid),
            None => key.kid == kid,
        };
        self.targets.part.key_records().find(|(_, key)| key.issuer == issuer && names(key))
    }

    /// Returns the record of the key that a proof names, with its authority. Without a key id only an issuer with one credential key
    /// can be meant.
    pub(crate) fn record(&self, claim: KeyClaim<'_>) -> Option<(&Authority, &KeyRecord)> {
        match claim {
            KeyClaim::Issuer(Claimed { issuer, key_id: Some(kid) }) => self.key_for(issuer, kid),
            KeyClaim::Issuer(Claimed { issuer, key_id: None }) => {
                let mut keys = self.keys_for_use(KeyUse::Credential).filter(|(_, record)| record.issuer == issuer);
                keys.next().filter(|_| keys.next().is_none())
            }
            KeyClaim::Further(kid) => self.key_with_id(kid),
        }
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
