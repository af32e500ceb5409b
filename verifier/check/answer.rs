//! Does the presentation show what was asked for?

use crate::challenge::Challenge;
use waypass_credential::format::Format;
use waypass_trust::assess::Assessment;
use waypass_trust::reason::{Reason, ReasonCode};

/// Left behind by a presentation that answers the query and shows a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Answers(());

pub(crate) fn check(assessed: &Assessment<'_>, format: Format, challenge: &Challenge) -> Result<Answers, Reason> {
    let role = assessed.role();
    if role.roles.is_empty() {
        return Err(Reason::new(ReasonCode::RoleMissing, "no role is disclosed"));
    }
    match challenge.query.first_match(assessed.claims(), format, &role.kind) {
        Some(_) => Ok(Answers(())),
        None => Err(Reason::new(ReasonCode::RoleMissing, "what is disclosed does not answer what was asked")),
    }
}
