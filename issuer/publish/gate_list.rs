//! The list of gates: with it the online keys renew what officers signed.

use super::PublishError;
use crate::office::Issuer;
use crate::store::StoreError;
use std::collections::BTreeSet;
use waypass_credential::did;
use waypass_credential::key::Signer;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::TargetsPart;
use waypass_trust::status::{Bits, StatusListBuf, StatusListToken};

impl Issuer<'_> {
    /// Returns the list of gates that `targets` announce, made at `issued_at`. Ended gates, and gates that are not on
    /// record, are not renewed.
    pub(super) fn sign_gate_list(
        &self,
        targets: &TargetsPart,
        issued_at: Timestamp,
        signer: &dyn Signer,
    ) -> Result<Option<String>, PublishError> {
        let Some(list) = targets.gate_list() else { return Ok(None) };
        let mut bitmap = StatusListBuf::new(Bits::One, list.max_entries);
        let enrolled: BTreeSet<String> = self.enrolled_gates()?.map(|row| row.id).collect();
        for (entry, gate) in (0..).zip(&targets.gates) {
            let is_enrolled = enrolled.contains(&gate.id);
            bitmap.set(entry, u8::from(!is_enrolled)).ok_or(StoreError::Corrupt("the list of gates"))?;
        }
        let token = StatusListToken {
            uri: list.uri.clone(),
            issued_at,
            expires_at: Some(issued_at.plus(self.enrolment_seconds(targets.policy.longest_stale_seconds()))),
            ttl_seconds: u64::try_from(self.settings.list_ttl_seconds).ok(),
        };
        Ok(Some(token.sign(&bitmap, self.settings.list_form, &did::key_id(signer.public_key()), signer).map_err(PublishError::List)?))
    }
}
