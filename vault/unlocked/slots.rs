//! Changing what opens the vault. Only the slot concerned is rewritten; the vault key and the other slots stay.

use super::Unlocked;
use crate::error::VaultError;
use crate::factor::{Factors, KdfCost};
use crate::slot::{MAX_SLOTS, Place, Slot, SlotId, SlotInfo};
use crate::storage::Space;
use alloc::vec::Vec;

impl Unlocked<'_> {
    /// Returns the slots.
    pub fn slots(&self) -> Result<Vec<SlotInfo>, VaultError> {
        Ok(self.vault().slots()?.0.iter().map(Slot::info).collect())
    }

    /// Adds a slot for this combination of factors: all of them together will open the vault.
    pub fn add_slot(&self, factors: &Factors<'_>, kdf: KdfCost) -> Result<SlotInfo, VaultError> {
        if self.slots()?.len() >= MAX_SLOTS {
            return Err(VaultError::Limit { what: "the number of slots", max: MAX_SLOTS });
        }
        let mut id = [0; 8];
        rand_core::Rng::fill_bytes(&mut **self.entropy(), &mut id);
        self.write_slot(id, 1, factors, kdf)
    }

    /// Replaces one slot's factors (a changed password); the other slots stay as they are.
    pub fn replace_slot(&self, id: SlotId, factors: &Factors<'_>, kdf: KdfCost) -> Result<SlotInfo, VaultError> {
        let held = self.state(|state| state.slots.iter().find(|(held, _)| *held == id).copied());
        let (_, epoch) = held.ok_or(VaultError::NoSuchSlot)?;
        self.write_slot(id, epoch.saturating_add(1), factors, kdf)
    }

    /// Removes a slot; the last one stays.
    pub fn remove_slot(&self, id: SlotId) -> Result<(), VaultError> {
        let slots = self.slots()?;
        if !self.state(|state| state.slots.iter().any(|(held, _)| *held == id)) {
            return Err(VaultError::NoSuchSlot);
        }
        // Damaged slots open nothing, so they do not count.
        if slots.iter().all(|slot| slot.id == id) {
            return Err(VaultError::LastSlot);
        }
        self.transaction(|| {
            self.change(Space::Slot, id.to_vec(), None);
            self.change_state(|state| state.slots.retain(|(held, _)| *held != id));
            Ok(())
        })
    }

    fn write_slot(&self, id: SlotId, epoch: u64, factors: &Factors<'_>, kdf: KdfCost) -> Result<SlotInfo, VaultError> {
        let place = Place { vault: self.vault().header.vault, id, epoch, generation: self.keys.generation };
        let slot = Slot::seal(&place, factors, kdf, self.keys.vk(), &mut **self.entropy())?;
        self.transaction(|| {
            self.change(Space::Slot, id.to_vec(), Some(slot.to_row()));
            self.change_state(|state| {
                state.slots.retain(|(held, _)| *held != id);
                state.slots.push((id, epoch));
            });
            Ok(slot.info())
        })
    }
}
