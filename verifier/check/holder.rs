//! Did the device the credential was issued to make this presentation, for this challenge and this gate?

use crate::challenge::Challenge;
use alloc::format;
use waypass_credential::format::{HolderError, Presentation};
use waypass_trust::assess::Assessment;
use waypass_trust::reason::{Reason, ReasonCode};

/// Left behind by a holder's proof over our nonce and our audience.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HolderPresent(());

/// Asks only for the key that the *verified* credential names.
pub(crate) fn check(presentation: &Presentation, assessed: &Assessment<'_>, challenge: &Challenge) -> Result<HolderPresent, Reason> {
    let Some(holder) = &assessed.role().holder else {
        return Err(Reason::new(ReasonCode::HolderBindingFailed, "the credential is bound to no holder"));
    };
    let Ok(holder) = holder.key() else {
        return Err(Reason::new(ReasonCode::HolderBindingFailed, "the credential is bound to something that is no key"));
    };
    match presentation.verify_holder(&holder, &challenge.nonce, &challenge.audience) {
        Ok(_) => Ok(HolderPresent(())),
        Err(HolderError::Missing) => Err(Reason::new(ReasonCode::HolderBindingFailed, "nobody signed the presentation")),
        Err(HolderError::InvalidProof) => Err(Reason::from(ReasonCode::HolderBindingFailed)),
        Err(HolderError::NonceMismatch) => Err(Reason::from(ReasonCode::NonceMismatch)),
        Err(HolderError::WrongAudience) => Err(Reason::from(ReasonCode::WrongAudience)),
        Err(HolderError::Malformed(why)) => Err(Reason::new(ReasonCode::Malformed, format!("{why}"))),
    }
}
