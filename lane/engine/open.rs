//! Using the open gate: its rows are open for one request at a time.

use super::refusal::Refusal;
use super::{Engine, Home, Stage};
use waypass_gate::Gate;
use waypass_vault::{Unlocked, Vault};

/// Opens the gate of an open vault.
pub(super) fn opened<'v>(vault: &'v Unlocked<'v>, home: &dyn Home) -> Result<Gate<'v>, Refusal> {
    Ok(Gate::open(vault, home.trust())?)
}

impl<H: Home> Engine<H> {
    /// Does `work` with the open vault.
    pub(super) fn with_vault<T>(&mut self, work: impl FnOnce(&Unlocked<'_>, &H) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let Stage::Open(parked) = &mut self.stage else { return Err(Refusal::locked()) };
        let vault = Vault::open(self.home.host()?)?;
        let home = &self.home;
        parked.briefly(vault, |vault| work(vault, home))?
    }

    /// Does `work` with the open gate.
    pub(super) fn with_gate<T>(&mut self, work: impl FnOnce(&Gate<'_>, &H) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.with_vault(|vault, home| work(&opened(vault, home)?, home))
    }
}
