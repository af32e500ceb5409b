//! The upgrade of a vault that 0.1.0 made.

use super::{Batch, Unlocked};
use crate::error::VaultError;
use crate::keys::{KeyId, TABLE};
use crate::state::{FIRST_FORMAT, FORMAT, Finding};
use alloc::vec::Vec;

impl Unlocked<'_> {
    /// Returns true if the vault was made by 0.1.0 and has not been upgraded. Only the sealed state says so.
    pub fn needs_upgrade(&self) -> bool {
        self.committed(|state| state.format == FIRST_FORMAT)
    }

    /// Puts the vault back to the format of 0.1.0.
    #[cfg(test)]
    pub(crate) fn pretend_to_be_of_0_1_0(&self) {
        let done: Result<(), VaultError> = self.transaction(|| {
            self.change_state(|state| state.format = 1);
            Ok(())
        });
        done.expect("committed");
    }

    /// Upgrades the vault in one transaction: what `work` writes, and the mark under the seal that it is done. Does nothing to a
    /// vault that is up to date.
    pub fn upgrade<E: From<VaultError>>(&self, work: impl FnOnce(&mut Batch<'_>) -> Result<(), E>) -> Result<(), E> {
        if !self.needs_upgrade() {
            return Ok(());
        }
        self.batch(|batch| {
            work(batch)?;
            // Format 1 did not note which keys were in an altered part.
            let altered = self.keys_of_altered_tables()?;
            self.change_state(|state| {
                state.note(Finding::KeysAltered { keys: altered });
                state.format = FORMAT;
            });
            Ok(())
        })
    }

    /// Returns all keys, if a finding says that keys may be among what was altered.
    fn keys_of_altered_tables(&self) -> Result<Vec<KeyId>, VaultError> {
        let is_about_keys = |finding: &Finding| matches!(finding, Finding::Altered { tables } if tables.iter().any(|table| table == TABLE));
        if !self.state(|state| state.findings.iter().any(is_about_keys)) {
            return Ok(Vec::new());
        }
        Ok(self.keys()?.into_iter().map(|key| key.id).collect())
    }
}
