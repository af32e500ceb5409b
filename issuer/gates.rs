//! Which gates belong to the enterprise.

use crate::issue::Issuer;
use crate::store::{GateRow, StoreError};
use core::fmt;
use waypass_credential::time::Timestamp;

/// Why a gate was not enrolled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EnrolError {
    /// Not an enrolment document, or not signed by the gate's own key.
    Invalid,
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Enrols the gate that signed `enrolment` (JWS, typ `waypass-enrolment+jwt`: id, name, site, zone, iat).
    pub fn enroll_gate(&mut self, enrolment: &str, at: Timestamp) -> Result<GateRow, EnrolError> {
        let _ = (enrolment, at);
        todo!()
    }

    /// Ends a gate's enrolment: it leaves the bundle with the next publication.
    pub fn revoke_gate(&mut self, id: &str, reason: &str, at: Timestamp) -> Result<GateRow, EnrolError> {
        let _ = (id, reason, at);
        todo!()
    }

    /// All gates ever enrolled, by name.
    pub fn gates(&self) -> Result<Vec<GateRow>, StoreError> {
        self.store.gates()
    }
}

impl fmt::Display for EnrolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("not an enrolment signed by the gate's own key"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for EnrolError {}
