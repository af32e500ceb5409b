//! The state of a credential as people say it.

use waypass_credential::time::{Timestamp, Validity};
use waypass_issuer::store::{CredentialRecord, State};

/// Returns the state of a credential now: one that nobody withdrew comes to its end all the same.
pub(super) fn standing(record: &CredentialRecord, now: Timestamp) -> &'static str {
    if record.state == State::Valid && Validity::ending(record.valid_until).is_over(now) { "ended" } else { record.state.as_str() }
}
