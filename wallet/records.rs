//! Credentials as they are in the vault: sealed, tagged for indexed queries, with the keys that they verified under.

use crate::credential_id::CredentialId;
use crate::error::WalletError;
use sha2::{Digest, Sha256};
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::PublicKey;
use waypass_credential::role::RoleClaims;
use waypass_credential::time::Timestamp;
use waypass_credential::{Credential, Verified};
use waypass_credential::{KeyClaim, KeySource};
use waypass_trust::bundle::TrustBundle;
use waypass_vault::{KeyId, Unlocked, VaultError};

/// The vault's table of what is kept aside. It is in no backup: its credentials are bound to keys of this device.
pub(crate) const ASIDE: &str = "aside";
/// The vault's table of credentials.
pub(crate) const TABLE: &str = "credentials";
pub(crate) const FORMAT: &str = "format";
pub(crate) const KIND: &str = "kind";
pub(crate) const ISSUER: &str = "issuer";
pub(crate) const ROLE: &str = "role";

#[cfg(test)]
std::thread_local! {
    /// How often this thread looked at a signature.
    pub(crate) static VERIFIED: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// A context of the bundle that a credential was taken in with, kept with it: the bundle may move on, the names stay.
pub(crate) struct Carried {
    id: String,
    document: String,
}

impl Carried {
    /// Those that `credential` names.
    pub(crate) fn of(credential: &Credential, bundle: &TrustBundle) -> Vec<Self> {
        let carried = |id: String| bundle.context_document(&id).map(|document| Self { id, document: document.to_owned() });
        credential.further_contexts().into_iter().filter_map(carried).collect()
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        from.array_of(2)?;
        Ok(Self { id: from.text()?.to_owned(), document: from.text()?.to_owned() })
    }

    fn known(all: &[Self]) -> Result<KnownContexts, NotCanonical> {
        let mut known = KnownContexts::new();
        for Self { id, document } in all {
            known.carry(id, &Sha256::digest(document).into(), document.as_bytes()).map_err(|_| NotCanonical)?;
        }
        Ok(known)
    }
}

/// The keys that a credential was taken in with, in the order of its proofs.
struct Kept<'r> {
    shown: &'r Credential,
    keys: &'r [PublicKey],
}

impl KeySource for Kept<'_> {
    fn key(&self, claim: KeyClaim<'_>) -> Option<&PublicKey> {
        match claim {
            KeyClaim::Issuer(_) | KeyClaim::Thumbprint { .. } => self.keys.first(),
            KeyClaim::Further(id) => {
                let at = self.shown.further_proofs().iter().position(|proof| proof.key_id == id)?;
                self.keys.get(at + 1)
            }
        }
    }
}

/// One stored credential.
pub(crate) struct Record {
    pub(crate) credential: Credential,
    /// The holder key it is bound to.
    pub(crate) key: KeyId,
    /// The keys it verified under when it was taken in: the issuer's, then those of its further proofs.
    pub(crate) keys: Vec<PublicKey>,
    /// The contexts by which its names were read then.
    pub(crate) contexts: Vec<Carried>,
    /// The issuer's display name at that time, for when the bundle no longer knows it.
    pub(crate) issuer_name: String,
    pub(crate) held_at: Timestamp,
}

impl Record {
    /// Deterministic CBOR `[2, bytes, key id, [multikey, ...], [[url, document], ...], issuer name, held at]`. Version
    /// 1 had one key in place
    /// of the two lists.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(7).unsigned(2).bytes(self.credential.as_bytes()).bytes(self.key.as_bytes());
        out.array(self.keys.len());
        for key in &self.keys {
            out.text(&key.to_multikey());
        }
        out.array(self.contexts.len());
        for Carried { id, document } in &self.contexts {
            out.array(2).text(id).text(document);
        }
        out.text(&self.issuer_name).signed(self.held_at.unix());
        out.into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        let members = from.array()?;
        let is_first = match (from.unsigned()?, members) {
            (1, 6) => true,
            (2, 7) => false,
            _ => return Err(NotCanonical),
        };
        let credential = from.bytes()?;
        let key = KeyId::from_bytes(from.bytes_array()?);
        let multikey = |from: &mut Reader<'_>| PublicKey::from_multikey(from.text()?).map_err(|_| NotCanonical);
        let (keys, contexts) = if is_first {
            (vec![multikey(&mut from)?], Vec::new())
        } else {
            let keys = (0..from.array()?).map(|_| multikey(&mut from)).collect::<Result<_, _>>()?;
            (keys, (0..from.array()?).map(|_| Carried::read(&mut from)).collect::<Result<_, _>>()?)
        };
        let credential = Credential::parse(credential, &Carried::known(&contexts)?).map_err(|_| NotCanonical)?;
        let issuer_name = from.text()?.to_owned();
        let held_at = Timestamp::from_unix(from.signed()?).ok_or(NotCanonical)?;
        from.end()?;
        Ok(Self { credential, key, keys, contexts, issuer_name, held_at })
    }

    /// Returns what the credential says, under the keys that it was taken in with.
    pub(crate) fn verified(&self) -> Option<Verified<'_>> {
        #[cfg(test)]
        VERIFIED.set(VERIFIED.get() + 1);
        self.verify(&self.credential)
    }

    /// Checks a presentation of the credential likewise.
    pub(crate) fn verify<'c>(&self, shown: &'c Credential) -> Option<Verified<'c>> {
        shown.verify(&Kept { shown, keys: &self.keys }).ok()
    }

    /// Returns the tags that find it. The roles are here because a gate asks by role.
    pub(crate) fn tags<'t>(&'t self, role: &'t RoleClaims) -> Vec<(&'static str, &'t [u8])> {
        let mut tags: Vec<(&'static str, &[u8])> = vec![
            (waypass_vault::CNF_TAG, self.key.as_bytes()),
            (FORMAT, self.credential.format().as_str().as_bytes()),
            (KIND, role.kind.as_bytes()),
            (ISSUER, role.issuer.as_bytes()),
        ];
        tags.extend(role.roles.iter().map(|name| (ROLE, name.as_bytes())));
        tags
    }
}

/// Returns one record; `Ok(None)` when it is not there.
pub(crate) fn load(vault: &Unlocked<'_>, id: CredentialId) -> Result<Option<Record>, WalletError> {
    let Some(bytes) = vault.get(TABLE, id.as_bytes())? else {
        return Ok(None);
    };
    Record::from_bytes(&bytes).map(Some).map_err(|_| WalletError::Damaged(id))
}

/// Returns the ids in the table, or those with a tag.
pub(crate) fn ids(vault: &Unlocked<'_>, tag: Option<(&str, &[u8])>) -> Result<Vec<CredentialId>, VaultError> {
    let ids = match tag {
        None => vault.ids(TABLE)?,
        Some((name, value)) => vault.find(TABLE, name, value)?,
    };
    Ok(ids.iter().filter_map(|id| CredentialId::from_bytes(id)).collect())
}

/// Returns the one of `ids` that begins with these hexadecimal digits.
pub(crate) fn starting(ids: impl Iterator<Item = CredentialId>, beginning: &str) -> Result<CredentialId, WalletError> {
    let beginning = beginning.to_ascii_lowercase();
    let ids: Vec<_> = ids.filter(|id| !beginning.is_empty() && id.to_string().starts_with(&beginning)).collect();
    match ids[..] {
        [] => Err(WalletError::NotHeld),
        [id] => Ok(id),
        _ => Err(WalletError::Ambiguous { count: ids.len() }),
    }
}
