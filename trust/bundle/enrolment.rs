//! The end of a gate's enrolment: the one that the officers signed, within what the online keys renew.
//!
//! Officers sign the gates into the targets, for as long as the targets live. A stolen gate must not be believed for that long, and no
//! officer comes every week. So the targets may announce one Token Status List more, the list of gates: its entry n is that of the
//! n-th gate, anything but 0 ends that enrolment, and the others last until the list's own `exp`. It is signed with each
//! publication, so its URI names the version of the targets whose order it speaks of. A device of 0.1.0 reads it as a list that
//! no credential refers to, and goes by the targets alone.

use alloc::{format, string::String, vec::Vec};
use waypass_credential::role::StatusReference;

use super::TrustBundle;
use crate::parts::{Gate, ListKind, StatusUri, TargetsPart};
use crate::status::Evidence;

/// The shortest time that a publication enrols a gate for. So long a device goes on that has new targets and misses their list.
pub(crate) const SHORTEST_ENROLMENT: i64 = 86_400;

impl TargetsPart {
    /// Returns the list of gates that these targets announce, if they do: one of the first authority, whose the gates are.
    pub fn gate_list(&self) -> Option<&StatusUri> {
        let name = gate_list_name(self.version);
        let is_it = |list: &&StatusUri| list.kind == ListKind::Token && list.uri.rsplit_once('/').is_some_and(|(_, last)| last == name);
        self.authorities.first()?.status_uris.iter().find(is_it)
    }
}

/// Returns the last segment of the URI of a list of gates.
pub fn gate_list_name(targets: u64) -> String {
    format!("gates-{targets}")
}

impl TrustBundle {
    /// Returns the enrolled gates, each with the end of its enrolment.
    pub fn gates(&self) -> Vec<Gate> {
        (0..self.targets.part.gates.len()).filter_map(|at| self.enrolled(at)).collect()
    }

    /// Returns the gate with this id, if its enrolment was not ended.
    pub fn gate(&self, id: &str) -> Option<Gate> {
        self.enrolled(self.targets.part.gates.iter().position(|gate| gate.id == id)?)
    }

    fn enrolled(&self, at: usize) -> Option<Gate> {
        let gate = self.targets.part.gates.get(at)?.clone();
        let Some(list) = self.targets.part.gate_list() else { return Some(gate) };
        let until = match self.evidence_for(&list.uri).and_then(Evidence::current) {
            Some(held) => held.is_clear(&StatusReference::token(&list.uri, u64::try_from(at).ok()?)).then(|| held.expires_at())?,
            None => self.issued_at().plus(SHORTEST_ENROLMENT),
        };
        Some(Gate { not_after: until.min(gate.not_after), ..gate })
    }

    /// Returns true if this URI is the list of gates, which says nothing about credentials.
    pub(super) fn is_gate_list(&self, uri: &str) -> bool {
        self.targets.part.gate_list().is_some_and(|list| list.uri == uri)
    }
}
