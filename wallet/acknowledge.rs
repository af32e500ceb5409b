//! Going on after a person has looked at what the vault found wrong with its own content.

use crate::Wallet;
use crate::error::WalletError;
use crate::history::{self, Detail, What};
use rand_core::CryptoRng;
use waypass_trust::audit::{Event, Note};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::Moment;
use waypass_vault::Finding;

impl Wallet<'_> {
    /// Writes the findings and who looked at them into the history, and forgets them. Returns them.
    ///
    /// Reads the whole vault first, so that nothing is found a second time. Keys that a finding concerned can sign again. What is lost
    /// stays lost, and [`Wallet::verify_history`] goes on to name an entry that is missing.
    pub fn acknowledge(
        &self,
        looked: &Note,
        bundle: Option<&TrustBundle>,
        at: &Moment,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<Finding>, WalletError> {
        let found = self.vault.verify_all()?;
        if found.is_empty() {
            return Ok(found);
        }
        let findings = found.iter().map(ToString::to_string).collect();
        let detail = Detail { findings, by: Some(looked.by().to_owned()), ..Detail::default() };
        self.vault.batch(|batch| -> Result<(), WalletError> {
            // First, so that what was set aside counts as gone.
            self.vault.acknowledge_findings()?;
            history::append(&self.vault, batch, What { event: Event::Acknowledged, detail: &detail, bundle }, at, rng)
        })?;
        Ok(found)
    }
}
