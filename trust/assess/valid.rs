//! Is the credential within its time?

use super::genuine::Genuine;
use super::{Reason, ReasonCode};
use crate::time::{Moment, TOLERANCE_SECONDS};
use alloc::{format, vec::Vec};
use waypass_credential::time::Timestamp;

/// Left behind by a validity that has begun and not ended. Only [`Valid::judge`] makes one.
#[derive(Debug)]
pub(super) struct Valid {
    until: Timestamp,
}

impl Valid {
    pub(super) fn judge(genuine: &Genuine<'_>, at: &Moment, reasons: &mut Vec<Reason>) -> Option<Self> {
        let (role, before) = (genuine.role(), reasons.len());
        if role.validity().is_over(at.at()) {
            reasons.push(Reason::new(ReasonCode::Expired, format!("ended {}", role.valid_until)));
        }
        // Two honest clocks differ: what was issued a moment ago elsewhere is not early here.
        match at.has_reached(role.valid_from.plus(-TOLERANCE_SECONDS)) {
            Some(true) => {}
            Some(false) => reasons.push(Reason::new(ReasonCode::NotYetValid, format!("begins {}", role.valid_from))),
            None => reasons.push(Reason::new(ReasonCode::ClockUnusable, format!("begins {}, and the clock is in doubt", role.valid_from))),
        }
        (reasons.len() == before).then_some(Self { until: role.valid_until })
    }

    /// Returns when it ends.
    pub(super) const fn until(&self) -> Timestamp {
        self.until
    }
}
