//! The seal of an issuer's database, as its vault keeps it.

use serde::{Deserialize, Serialize};
use waypass_credential::{base64url, json};
use waypass_issuer::sealed::{Anchor, Seal};
use waypass_machine::SystemRng;
use waypass_vault::{Unlocked, VaultError};
use zeroize::Zeroizing;

/// The vault's table for what it keeps of its issuer.
const TABLE: &str = "issuer";
const SEAL: &[u8] = b"seal";

/// The data that a vault keeps of its issuer.
pub(crate) struct Kept {
    key: Zeroizing<[u8; 32]>,
    anchor: Option<Anchor>,
    /// True if the vault was made by version 0.1.0 and its issuer's database is not under the seal yet.
    adopts: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    schema: Schema,
    key: String,
    anchor: Option<Anchor>,
    adopts: bool,
}

#[derive(Serialize, Deserialize)]
enum Schema {
    #[serde(rename = "waypass.issuer-seal/1")]
    V1,
}

impl Kept {
    /// Returns the bytes that the vault keeps, if it keeps any.
    pub(crate) fn stored(vault: &Unlocked<'_>) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        vault.get(TABLE, SEAL)
    }

    /// Makes the key for a new issuer, or for one of version 0.1.0, unless an earlier try that was cut short made it.
    pub(crate) fn begin(vault: &Unlocked<'_>, adopts: bool) -> Result<Self, VaultError> {
        if let Some(kept) = Self::stored(vault)?.and_then(|bytes| Self::read(&bytes)) {
            return Ok(kept);
        }
        let kept = Self { key: Seal::new_key(&mut SystemRng), anchor: None, adopts };
        kept.put(vault)?;
        Ok(kept)
    }

    pub(crate) fn seal(&self) -> Seal {
        if self.adopts { Seal::adopting(&self.key) } else { Seal::new(&self.key, self.anchor.clone()) }
    }

    /// Has the vault keep how far the issuer came.
    pub(crate) fn keep(self, vault: &Unlocked<'_>, anchor: Anchor) -> Result<(), VaultError> {
        let anchor = Some(anchor);
        if anchor == self.anchor {
            return Ok(());
        }
        Self { anchor, adopts: false, ..self }.put(vault)
    }

    fn put(&self, vault: &Unlocked<'_>) -> Result<(), VaultError> {
        let key = base64url::encode(&*self.key);
        let wire = Wire { schema: Schema::V1, key, anchor: self.anchor.clone(), adopts: self.adopts };
        let text = Zeroizing::new(json::to_string(&wire));
        drop(Zeroizing::new(wire.key));
        vault.put(TABLE, SEAL, text.as_bytes(), &[])
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let Wire { key, anchor, adopts, .. } = serde_json::from_slice(bytes).ok()?;
        let key = Zeroizing::new(base64url::decode_array(&Zeroizing::new(key)).ok()?);
        Some(Self { key, anchor, adopts })
    }
}
