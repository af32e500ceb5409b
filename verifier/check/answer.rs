//! Does the presentation show what was asked for?

use crate::act::{Act, Assessed, Tie};
use waypass_trust::reason::{Reason, ReasonCode};

/// Left behind by a presentation that answers the query and shows a role.
#[derive(Debug)]
pub(crate) struct Answers<'act>(Tie<'act>);

pub(crate) fn check<'act>(act: &Act<'act, '_>, assessed: &Assessed<'act, '_>) -> Result<Answers<'act>, Reason> {
    let (format, assessed) = (assessed.presentation().credential().format(), assessed.assessment());
    let role = assessed.role();
    if role.roles.is_empty() {
        return Err(Reason::new(ReasonCode::RoleMissing, "no role is disclosed"));
    }
    match act.challenge.query.first_match(assessed.claims(), format, &role.kind) {
        Some(_) => Ok(Answers(act.tie())),
        None => Err(Reason::new(ReasonCode::RoleMissing, "what is disclosed does not answer what was asked")),
    }
}
