//! Is the credential withdrawn or suspended, as far as known? `RoleReading` says if that knowledge is fresh enough.

use super::genuine::Genuine;
use super::{HeldStatus, Reason, ReasonCode, Status};
use alloc::{format, string::String, vec::Vec};
use waypass_credential::role::{Mechanism, StatusReference};

/// Left behind by a status that is neither revoked nor suspended. Only [`NotWithdrawn::judge`] makes one.
#[derive(Debug)]
pub(super) struct NotWithdrawn {
    /// [`Status::Valid`] or [`Status::Unknown`].
    status: Status,
}

impl NotWithdrawn {
    pub(super) fn judge(genuine: &Genuine<'_>, held: &HeldStatus, reasons: &mut Vec<Reason>) -> Option<Self> {
        let (role, before) = (genuine.role(), reasons.len());
        let as_of = || held.as_of.map_or(String::new(), |as_of| format!("list of {as_of}"));
        match held.status {
            Status::Revoked => reasons.push(Reason::new(ReasonCode::Revoked, as_of())),
            Status::Suspended => reasons.push(Reason::new(ReasonCode::Suspended, as_of())),
            Status::Unknown(_) if held.out_of_range => {
                let entries: Vec<String> = role.status.iter().map(entry).collect();
                reasons.push(Reason::new(ReasonCode::Malformed, format!("its list has no entry {}", entries.join(" or "))));
            }
            Status::Valid | Status::Unknown(_) => {}
        }
        (reasons.len() == before).then_some(Self { status: held.status })
    }

    /// Returns [`Status::Valid`] or [`Status::Unknown`].
    pub(super) const fn status(&self) -> Status {
        self.status
    }
}

/// Returns a status entry in words: its index, and what it is about where the credential says that.
fn entry(reference: &StatusReference) -> String {
    match &reference.mechanism {
        Mechanism::TokenList => format!("{}", reference.index),
        Mechanism::Bitstring(entry) => format!("{} for {}", reference.index, entry.purpose),
    }
}
