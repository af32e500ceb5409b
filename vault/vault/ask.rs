//! Asking officers to let somebody in (`crate::escrow`).

use super::Vault;
use crate::error::StorageError;
use crate::escrow::Asked;
use crate::factor::FactorKind;
use crate::slot::Slot;
use waypass_credential::time::{Timestamp, Validity};

impl Vault {
    /// Makes a request to the officers of a slot that takes nothing else than `shown` with their codes, and has not ended at `at`. The codes
    /// that answer it are of use only together with what is returned. `None` if no slot is like that.
    pub fn ask_officers(&self, shown: &[FactorKind], whose: &str, reason: &str, at: Timestamp) -> Result<Option<Asked>, StorageError> {
        let is_open = |slot: &&Slot| !slot.place.ends.is_some_and(|ends| Validity::ending(ends).is_over(at));
        let has_all = |slot: &&Slot| slot.kinds().iter().all(|kind| *kind == FactorKind::Officers || shown.contains(kind));
        let slots = self.slots()?.readable;
        let found = slots
            .iter()
            .filter(is_open)
            .filter(has_all)
            .find_map(|slot| Asked::about(slot.parameters_of(FactorKind::Officers)?, whose, reason, at, &mut **self.entropy()));
        Ok(found)
    }
}
