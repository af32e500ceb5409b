//! Changing what opens the vault. Only the slot concerned is rewritten; the vault key and the other slots stay.

use super::Unlocked;
use super::records::within;
use crate::error::{StorageError, VaultError};
use crate::factor::{FactorKind, KdfCost};
use crate::rules::Rules;
use crate::site_rules::{Forbidden, SiteRules};
use crate::slot::{MAX_SLOTS, NewSlot, Place, Slot, SlotId, SlotInfo};
use crate::state::{MAX_LABEL, SlotRecord, State};
use crate::storage::{Change, Space};
use crate::vault::{LIMITS, no_tries, record_of, sealed_slot, slot_change};
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;
use waypass_credential::time::{Timestamp, Validity};
use waypass_trust::bundle::VaultRules;

/// A slot, as the open vault knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldSlot {
    /// What anybody can read.
    pub info: SlotInfo,
    /// What its owner calls it; may be empty.
    pub label: String,
    /// When it was made; unknown for slots of 0.1.0.
    pub added: Option<Timestamp>,
    /// The last day on which it opened the vault.
    pub used: Option<Timestamp>,
}

impl Unlocked<'_> {
    /// Returns the slots that can be read.
    pub fn slots(&self) -> Result<Vec<HeldSlot>, VaultError> {
        let slots = self.vault().slots()?.readable;
        Ok(slots.iter().map(|slot| self.held(slot)).collect())
    }

    fn held(&self, slot: &Slot) -> HeldSlot {
        let record = self.state(|state| state.slot(slot.place.id).cloned());
        let SlotRecord { label, added, used, .. } = record.unwrap_or_else(|| SlotRecord::of(slot.place.id, slot.place.epoch));
        HeldSlot { info: slot.info(), label, added, used }
    }

    /// Returns the combinations of factors that may open the vault.
    pub fn rules(&self) -> Rules {
        self.state(|state| state.rules.clone())
    }

    /// Returns what the site of this device asks of those who open the vault; `None` in a personal vault.
    pub fn site_rules(&self) -> Option<SiteRules> {
        self.state(|state| state.site.clone())
    }

    /// Takes over what the site asks, with the signed times between which this device learned of it. Of these the last use counts, as the
    /// clock noted it.
    pub(crate) fn follow(&self, rules: Option<(&VaultRules, RangeInclusive<Timestamp>)>) -> Result<(), VaultError> {
        let (before, slots) = (self.site_rules(), self.counting_slots()?);
        let used = self.state(State::newest_use);
        let site = rules.map(|(rules, learned)| {
            let since = used.map_or(*learned.start(), |used| used.clamp(*learned.start(), *learned.end()));
            SiteRules::of(rules, since).after(before.as_ref(), &slots)
        });
        if site == before {
            return Ok(());
        }
        let limits = |site: &Option<SiteRules>| site.as_ref().map(|site| site.limits.to_row());
        self.transaction(|| {
            if limits(&site) != limits(&before) {
                self.change(Space::Meta, LIMITS.to_vec(), limits(&site));
                // Earlier tries were counted by other limits, and the owner is here.
                for Change { space, key, value } in no_tries() {
                    self.change(space, key, value);
                }
            }
            self.change_state(|state| state.site = site);
            Ok(())
        })
    }

    /// Returns the ways to open the vault that its site forbids, if there are any. A clock behind anything that the vault has seen does not
    /// make their time longer.
    pub fn forbidden(&self, at: Timestamp) -> Result<Option<Forbidden>, VaultError> {
        let Some(site) = self.site_rules() else { return Ok(None) };
        let at = self.state(State::newest_use).map_or(at, |newest| newest.max(at));
        let is_open = |slot: &&Slot| !slot.place.ends.is_some_and(|ends| Validity::ending(ends).is_over(at));
        let counting = self.counting_slots()?;
        let slots: Vec<SlotInfo> = counting.iter().filter(is_open).filter(|slot| !site.permit(slot)).map(Slot::info).collect();
        let until = site.until();
        let is_over = Validity::ending(until).is_over(at);
        Ok(if slots.is_empty() { None } else { Some(Forbidden { slots, rules: site.rules, until, is_over }) })
    }

    /// Forgets which tries administrators gave back, once the owner's log has it.
    pub fn noted_pardons(&self) -> Result<(), StorageError> {
        self.vault().forget_pardons()
    }

    /// Returns the slots that open the vault: those that can be read, and that the sealed state knows.
    fn counting_slots(&self) -> Result<Vec<Slot>, VaultError> {
        let mut slots = self.vault().slots()?.readable;
        slots.retain(|slot| self.state(|state| state.slot(slot.place.id).is_some_and(|held| held.epoch == slot.place.epoch)));
        Ok(slots)
    }

    /// Returns true if a slot may take these kinds together. What the site says about combinations counts instead of what the vault was
    /// made with.
    pub fn permits(&self, kinds: &[FactorKind]) -> bool {
        self.state(|state| {
            let site = state.site.as_ref().map(|site| &site.rules).filter(|rules| !rules.combinations().is_empty());
            site.unwrap_or(&state.rules).permit(kinds)
        })
    }

    /// Adds a slot: all of its factors together will open the vault. `at` is the moment, as the clock says.
    pub fn add_slot(&self, new: &NewSlot<'_>, cost: KdfCost, at: Timestamp) -> Result<HeldSlot, VaultError> {
        within("the number of slots", self.state(|state| state.slots.len()) + 1, MAX_SLOTS)?;
        self.check(new)?;
        let slot = sealed_slot(self.keys.realm, new, cost, self.keys.vk(), &mut **self.entropy())?;
        self.keep_slot(&slot, record_of(&slot, new, Some(at)))
    }

    /// Replaces one slot's factors (a changed password); the other slots stay as they are. The slot of before is removed
    /// from the files too: it would open the vault with the old factors.
    pub fn replace_slot(&self, id: SlotId, new: &NewSlot<'_>, cost: KdfCost, at: Timestamp) -> Result<HeldSlot, VaultError> {
        let held = self.state(|state| state.slot(id).map(|held| held.epoch));
        let epoch = held.ok_or(VaultError::NoSuchSlot)?.saturating_add(1);
        self.check(new)?;
        let place = Place { realm: self.keys.realm, id, epoch, ends: new.ends };
        let slot = Slot::seal(place, &new.factors, cost, self.keys.vk(), &mut **self.entropy())?;
        self.transaction(|| {
            self.leave_no_trace();
            self.keep_slot(&slot, record_of(&slot, new, Some(at)))
        })
    }

    /// Changes what the owner calls a slot.
    pub fn label_slot(&self, id: SlotId, label: &str) -> Result<(), VaultError> {
        within("the label", label.len(), MAX_LABEL)?;
        self.transaction(|| {
            if self.state(|state| state.slot(id).is_none()) {
                return Err(VaultError::NoSuchSlot);
            }
            self.change_state(|state| {
                if let Some(held) = state.slots.iter_mut().find(|held| held.id == id) {
                    label.clone_into(&mut held.label);
                }
            });
            Ok(())
        })
    }

    /// Removes a slot, from the files too; the last one that this program can open stays.
    pub fn remove_slot(&self, id: SlotId) -> Result<(), VaultError> {
        if self.state(|state| state.slot(id).is_none()) {
            return Err(VaultError::NoSuchSlot);
        }
        // Damaged slots open nothing, and what a newer version wrote opens nothing here, so they do not count.
        if self.vault().slots()?.readable.iter().all(|slot| slot.place.id == id || !slot.is_known()) {
            return Err(VaultError::LastSlot);
        }
        self.transaction(|| {
            self.leave_no_trace();
            self.change(Space::Slot, id.to_vec(), None);
            self.change_state(|state| state.slots.retain(|held| held.id != id));
            Ok(())
        })
    }

    /// Refuses what the rules forbid, before anybody waits for a key derivation.
    pub(super) fn check(&self, new: &NewSlot<'_>) -> Result<(), VaultError> {
        within("the label", new.label.len(), MAX_LABEL)?;
        if self.permits(&new.factors.kinds()) { Ok(()) } else { Err(VaultError::Forbidden) }
    }

    fn keep_slot(&self, slot: &Slot, record: SlotRecord) -> Result<HeldSlot, VaultError> {
        self.transaction(|| {
            let Change { space, key, value } = slot_change(slot);
            self.change(space, key, value);
            self.change_state(|state| {
                state.slots.retain(|held| held.id != record.id);
                state.slots.push(record);
            });
            Ok(self.held(slot))
        })
    }
}
