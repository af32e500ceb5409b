//! The assessment of a credential: genuine, authorised, in force, and on evidence how fresh. The wallet asks before it
//! holds, the checkpoint before its policy; both get the same answer.
//!
//! Nothing a credential says is believed before its proof was checked with a key from the bundle.

use alloc::{format, string::String, vec::Vec};
use waypass_credential::Credential;
use waypass_credential::json::Value;
use waypass_credential::role::RoleClaims;
use waypass_credential::time::Timestamp;

use crate::{
    bundle::TrustBundle,
    freshness::{Ages, Freshness},
    reason::{Reason, ReasonCode},
    status::{HeldStatus, Status, Why},
    time::{Confidence, Moment},
};

mod authorised;
mod genuine;
mod standing;
mod valid;

pub use genuine::keys;

use authorised::Authorised;
use genuine::{Genuine, signers};
use standing::NotWithdrawn;
use valid::Valid;

/// A credential that ends within this time, or the last tenth of its validity where that is shorter, `expires_soon`.
const SOON_SECONDS: i64 = 3600;

/// A credential that is genuine, authorised and, as far as known, in force.
///
/// Each check has left its mark in it, and each mark holds what was judged. It cannot be copied, and a mark cannot be taken out of it: an
/// assessment is always that of one credential.
///
/// ```compile_fail,E0308
/// use waypass_trust::assess::Assessment;
/// fn reuse<'c>(assessment: &Assessment<'c>) -> Assessment<'c> {
///     assessment.clone()
/// }
/// ```
///
/// ```compile_fail,E0603
/// use waypass_trust::assess::Genuine;
/// ```
#[derive(Debug)]
#[must_use]
pub struct Assessment<'c> {
    genuine: Genuine<'c>,
    authorised: Authorised,
    valid: Valid,
    standing: NotWithdrawn,
    readings: Vec<RoleReading>,
    ages: Ages,
    notes: Vec<Reason>,
}

/// How fresh the evidence about one disclosed role is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct RoleReading {
    /// The role.
    pub role: String,
    /// Of the status list that covers the credential.
    pub revocation: Freshness,
    /// Of the bundle.
    pub trust: Freshness,
}

/// A credential on which nothing may be decided, and why: the gravest reason first.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Refused {
    /// Never empty.
    pub reasons: Vec<Reason>,
    /// The ages of the evidence.
    pub ages: Ages,
    /// The display name of the issuer, once the credential is known to be genuine.
    pub issuer: Option<String>,
}

/// Assesses `credential` at one moment. Total: every outcome is an answer.
pub fn assess<'c>(credential: &'c Credential, bundle: &TrustBundle, at: &Moment) -> Result<Assessment<'c>, Refused> {
    let mut ages = bundle_ages(bundle, at);
    let refused = |reason| Refused { reasons: [reason].into(), ages, issuer: None };

    let signers = signers(credential, bundle).map_err(refused)?;
    let genuine = Genuine::prove(credential, bundle, &signers).map_err(refused)?;
    let role = genuine.role();
    let at = &at.considering(bundle.issued_at()).considering(role.issued_at);

    let mut reasons = Vec::new();
    let authorised = Authorised::judge(&genuine, &signers, &mut reasons);
    let valid = Valid::judge(&genuine, at, &mut reasons);
    let held = bundle.status(signers.authority, &role.status, at);
    ages.revocation = held.as_of.and_then(|as_of| age(as_of, at));
    let standing = NotWithdrawn::judge(&genuine, &held, &mut reasons);

    let (Some(authorised), Some(valid), Some(standing), true) = (authorised, valid, standing, reasons.is_empty()) else {
        reasons.sort_by_key(|reason| core::cmp::Reverse(reason.code.level()));
        return Err(Refused { reasons, ages, issuer: Some(signers.authority.name.clone()) });
    };
    let readings = role.roles.iter().map(|name| read_role(name, &held, bundle, at)).collect();
    let notes = notes(role, at);
    Ok(Assessment { genuine, authorised, valid, standing, readings, ages, notes })
}

impl Assessment<'_> {
    /// Returns the claims of the credential (of a presentation: those that are disclosed).
    pub fn role(&self) -> &RoleClaims {
        self.genuine.role()
    }

    /// Returns the members of the document that are read past: they say more and restrict nothing.
    pub fn not_acted_on(&self) -> Vec<&'static str> {
        self.genuine.not_acted_on()
    }

    /// Returns the disclosed claims.
    pub fn claims(&self) -> &Value<'static> {
        self.genuine.claims()
    }

    /// Returns the display name of the issuer, from the bundle.
    pub fn issuer(&self) -> &str {
        self.authorised.issuer()
    }

    /// Returns when the credential ends.
    pub const fn valid_until(&self) -> Timestamp {
        self.valid.until()
    }

    /// [`Status::Valid`] or [`Status::Unknown`]; everything else was refused.
    pub const fn status(&self) -> Status {
        self.standing.status()
    }

    /// Returns how fresh the evidence about each disclosed role is. Each has limits of its own: the gate takes the role
    /// that its policy admits.
    pub fn readings(&self) -> &[RoleReading] {
        &self.readings
    }

    /// Returns how fresh the evidence about one role is; `None` for a role that is not disclosed.
    pub fn freshness_for(&self, role: &str) -> Option<&RoleReading> {
        self.readings.iter().find(|reading| reading.role == role)
    }

    /// Returns how old the evidence is.
    pub fn ages(&self) -> Ages {
        self.ages
    }

    /// Amber reasons that hold whatever role is decided about.
    pub fn notes(&self) -> &[Reason] {
        &self.notes
    }
}

impl RoleReading {
    /// Returns the reasons that keep it from being current.
    pub fn reasons(&self) -> Vec<Reason> {
        let both = [(self.revocation, ReasonCode::StaleRevocations), (self.trust, ReasonCode::StaleTrust)];
        both.into_iter().filter_map(|(freshness, stale)| reason_for(freshness, stale)).collect()
    }
}

fn reason_for(freshness: Freshness, stale: ReasonCode) -> Option<Reason> {
    match freshness {
        Freshness::Current { .. } => None,
        Freshness::Stale { as_of, overdue, .. } => Some(Reason::new(stale, format!("of {as_of}, {} s past the limit", overdue.as_secs()))),
        Freshness::TooOld { as_of, overdue, .. } => {
            Some(Reason::new(ReasonCode::DataTooOld, format!("of {as_of}, {} s past the last limit", overdue.as_secs())))
        }
        Freshness::Unknown { why: Why::ClockDoubt, .. } if stale == ReasonCode::StaleTrust => None,
        Freshness::Unknown { why, .. } => Some(Reason::new(ReasonCode::StatusUnknown, format!("{why}"))),
    }
}

fn read_role(name: &str, held: &HeldStatus, bundle: &TrustBundle, at: &Moment) -> RoleReading {
    let limit = bundle.policy().limit(name);
    let unknown = |why| Freshness::Unknown { why, action: limit.unknown };
    let revocation = match (held.status, held.as_of) {
        (Status::Valid, Some(as_of)) => Freshness::of(as_of, at.at(), &limit),
        (Status::Unknown(why), _) => unknown(why),
        (Status::Valid | Status::Suspended | Status::Revoked, _) => unknown(Why::NotCovered),
    };
    let trust = if at.doubt().is_some() { unknown(Why::ClockDoubt) } else { bundle.trust_freshness(&limit, at.at()) };
    RoleReading { role: name.into(), revocation, trust }
}

fn notes(role: &RoleClaims, at: &Moment) -> Vec<Reason> {
    let mut notes = Vec::new();
    match at.confidence() {
        Confidence::Doubt(doubt) => notes.push(Reason::new(ReasonCode::ClockSuspect, format!("{doubt}"))),
        Confidence::Suspect => notes.push(Reason::new(ReasonCode::ClockSuspect, format!("taken for {}", at.at()))),
        Confidence::Anchored | Confidence::Low => {}
    }
    let soon = (role.valid_until.since(role.valid_from) / 10).min(SOON_SECONDS);
    if role.valid_until.since(at.at()) < soon {
        notes.push(Reason::new(ReasonCode::ExpiresSoon, format!("ends {}", role.valid_until)));
    }
    notes
}

/// Returns the ages that a verdict without any credential has.
pub fn bundle_ages(bundle: &TrustBundle, at: &Moment) -> Ages {
    let age = |as_of| age(as_of, at);
    Ages { trust: age(bundle.issued_at()), revocation: None, policy: age(bundle.policy().issued_at) }
}

/// A doubted clock tells no age.
fn age(as_of: Timestamp, at: &Moment) -> Option<i64> {
    let at = at.considering(as_of);
    at.doubt().is_none().then(|| at.at().since(as_of).max(0))
}

#[cfg(test)]
mod tests;
