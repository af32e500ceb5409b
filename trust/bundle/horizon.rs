//! "Works offline until": the first thing to end, from verified data only.

use alloc::string::String;
use core::fmt;
use waypass_credential::time::Timestamp;

use super::TrustBundle;
use crate::parts::{Gate, RoleLimit, StaleAction};
use crate::status::HeldList;

/// The time until which a device can decide about a role without a link, and what ends first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfflineHorizon {
    /// From this second on nothing is promised.
    pub until: Timestamp,
    /// The evidence that ends then.
    pub binding: Item,
}

/// The evidence that can end an offline time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// The status list with this URI gets too old.
    List(String),
    /// The status list with this URI is not held at all: there is no offline time for those it covers.
    MissingList(String),
    /// The bundle as a whole gets too old.
    Timestamp,
    /// The part with issuers and policy has expired, or the root has.
    OfflineParts,
    /// The policy ends.
    Policy,
    /// The gate's enrolment ends.
    Gate,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(uri) => write!(f, "status list {uri}"),
            Self::MissingList(uri) => write!(f, "missing status list {uri}"),
            Self::Timestamp => f.write_str("age of the trust bundle"),
            Self::OfflineParts => f.write_str("expiry of the trust bundle"),
            Self::Policy => f.write_str("policy"),
            Self::Gate => f.write_str("enrolment of this gate"),
        }
    }
}

/// The expiry of a timestamp or snapshot ends nothing; the limits of the role do.
pub(super) fn of(bundle: &TrustBundle, role: &str, gate: Option<&Gate>) -> OfflineHorizon {
    let policy = bundle.policy();
    let limit = policy.limit(role);
    let usable = usable_seconds(&limit);
    let offline_parts_end = bundle.root().part().expires_at.min(bundle.targets.part.expires_at);
    let grace = usable.saturating_sub(seconds(limit.fresh_seconds));

    let mut first = OfflineHorizon { until: policy.expires_at, binding: Item::Policy };
    let mut consider = |until: Timestamp, binding: Item| {
        if until < first.until {
            first = OfflineHorizon { until, binding };
        }
    };
    if let Some(gate) = gate {
        consider(gate.not_after, Item::Gate);
    }
    consider(bundle.issued_at().plus(usable), Item::Timestamp);
    consider(offline_parts_end.plus(grace), Item::OfflineParts);
    let issuers = bundle.authorities().iter().filter(|authority| authority.roles.iter().any(|asserted| asserted == role));
    // The list of gates ends with the gate's own enrolment.
    for list in issuers.flat_map(|authority| &authority.status_uris).filter(|list| !bundle.is_gate_list(&list.uri)) {
        match bundle.evidence_for(&list.uri).and_then(|evidence| evidence.current()) {
            Some(held) => consider(list_end(held, usable), Item::List(list.uri.clone())),
            None => consider(bundle.issued_at(), Item::MissingList(list.uri.clone())),
        }
    }
    first
}

fn list_end(list: &HeldList, usable: i64) -> Timestamp {
    list.issued_at().plus(usable).min(list.expires_at())
}

/// Returns how old evidence may get before it admits nobody.
fn usable_seconds(limit: &RoleLimit) -> i64 {
    match limit.stale {
        StaleAction::Deny => seconds(limit.fresh_seconds),
        StaleAction::Override | StaleAction::TwoPerson => seconds(limit.stale_seconds),
    }
}

fn seconds(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
