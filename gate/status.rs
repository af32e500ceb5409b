//! What a gate knows, how old that is, and until when it can decide.

use crate::error::GateError;
use crate::gate::Gate;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{OfflineHorizon, TrustBundle};
use waypass_trust::time::{Moment, Reading};
use waypass_vault::{BeliefError, Tampering};

/// The standing of a gate at one moment.
#[derive(Debug)]
pub struct Status {
    /// The moment.
    pub at: Moment,
    /// Records in the log.
    pub records: u64,
    /// What is wrong with the trust files.
    pub trust_tampering: Option<Tampering>,
    /// What is wrong with the gate itself, a line each.
    pub device_tampering: Vec<String>,
    /// The bundle.
    pub bundle: Option<TrustBundle>,
    /// Until when the gate is enrolled; `None` if it is not in the bundle.
    pub enrolled_until: Option<Timestamp>,
    /// Until when it was enrolled by an earlier bundle.
    pub was_enrolled_until: Option<Timestamp>,
    /// The role with the tightest limits, and until when the gate can decide about it. `None` if it can decide about nobody.
    pub horizon: Option<(String, OfflineHorizon)>,
}

impl Gate<'_> {
    /// Returns the standing of this gate.
    pub fn status(&self, reading: &Reading) -> Result<Status, GateError> {
        let (bundle, trust_tampering) = match self.belief.bundle() {
            Ok(bundle) => (bundle, None),
            Err(BeliefError::Tampered(how)) => (None, Some(how)),
            Err(why) => return Err(why.into()),
        };
        let state = self.stored_state()?.unwrap_or_else(|| waypass_verifier::DeviceState::new(&self.identity.id));
        let at = Self::moment(&state, bundle.as_ref(), reading);
        self.challenges()?;
        let enrolled = bundle.as_ref().and_then(|bundle| bundle.gate(&self.identity.id));
        // A gate that is not enrolled decides about nobody, however new its data is.
        let horizon = bundle.as_ref().zip(enrolled.as_ref()).and_then(|(bundle, entry)| {
            let roles = bundle.authorities().iter().flat_map(|authority| &authority.roles);
            let ends = roles.map(|role| (role.clone(), bundle.works_offline_until(role, Some(entry))));
            ends.min_by_key(|(_, horizon)| horizon.until)
        });
        let enrolled_until = enrolled.map(|entry| entry.not_after);
        let was_enrolled_until = match self.belief.floor() {
            Ok(floor) => floor.and_then(|floor| floor.enrolled_until),
            Err(_) => None,
        };
        Ok(Status {
            at,
            records: self.records(),
            trust_tampering,
            device_tampering: self.tampering()?,
            bundle,
            enrolled_until,
            was_enrolled_until,
            horizon,
        })
    }
}
