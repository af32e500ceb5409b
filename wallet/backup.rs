//! Backup and restore. Holder keys never leave their device, so a restored wallet says what must be issued again.

use crate::Wallet;
use crate::credential_id::CredentialId;
use crate::error::WalletError;
use crate::history::{self, ABOUT, DETAILS, Detail, What};
use crate::records::{self, TABLE};
use rand_core::CryptoRng;
use waypass_trust::audit::Event;
use waypass_trust::time::Moment;
use waypass_vault::{Belief, Factors, KdfCost, KeyId, Unlocked, VaultError};

/// The table for what belongs to the device and not to its holder, such as what its clock has shown; it is in no backup.
pub const DEVICE_TABLE: &str = "device";

/// How the ids of records begin that name a key of another device: a missing key without such a record was lost here.
const ELSEWHERE: &[u8] = b"elsewhere/";

/// The content of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restored {
    /// Credentials that came back.
    pub credentials: usize,
    /// Those whose keys stayed on the old device: ask their issuers for new ones.
    pub reissue: Vec<CredentialId>,
}

impl Wallet<'_> {
    /// Makes a backup of the credentials, sealed by a recovery code and one factor more. Holder keys and history stay on this device.
    pub fn backup(&self, factors: &Factors<'_>, kdf: KdfCost) -> Result<Vec<u8>, WalletError> {
        Ok(self.vault.backup(factors, kdf, &[ABOUT, DETAILS, DEVICE_TABLE, Belief::TABLE, records::ASIDE])?)
    }

    /// Adds a backup to what is held already.
    pub fn restore(&self, backup: &[u8], factors: &Factors<'_>, at: &Moment, rng: &mut dyn CryptoRng) -> Result<Restored, WalletError> {
        self.vault.batch(|batch| {
            let report = self.vault.restore(backup, factors)?;
            let reissue = report.reissue.iter().filter(|(table, _)| table == TABLE);
            let reissue: Vec<_> = reissue.filter_map(|(_, id)| CredentialId::from_bytes(id)).collect();
            for id in &reissue {
                if let Some(record) = records::load(&self.vault, *id)? {
                    batch.put(DEVICE_TABLE, &[ELSEWHERE, record.key.as_bytes()].concat(), &[], &[])?;
                }
            }
            history::append(&self.vault, batch, What { event: Event::Restored, detail: &Detail::default(), bundle: None }, at, rng)?;
            Ok(Restored { credentials: report.records, reissue })
        })
    }
}

/// Returns the keys that a restored credential is bound to and that stayed on another device.
pub(crate) fn keys_elsewhere(vault: &Unlocked<'_>) -> Result<Vec<KeyId>, VaultError> {
    let key = |id: &Vec<u8>| id.strip_prefix(ELSEWHERE)?.try_into().ok().map(KeyId::from_bytes);
    Ok(vault.ids(DEVICE_TABLE)?.iter().filter_map(key).collect())
}
