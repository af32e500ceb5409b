//! Which gates belong to the enterprise: a gate signs who it is, the issuer takes it in, the bundle says so to everybody.

use crate::office::Issuer;
use crate::store::{GateRow, StoreError};
use core::fmt;
use waypass_credential::role::{NAME_RULE, Scope, is_name};
use waypass_credential::time::Timestamp;
use waypass_trust::enrolment::{BadEnrolment, Enrolment, MAX_GATE_NAME};
use waypass_trust::policy::LocalTime;

const MAX_REASON: usize = 500;
/// An enrolment is carried by hand; one older than this is another day's.
const MAX_AGE: i64 = 30 * 86_400;
/// How far a gate's clock may be ahead of ours.
const MAX_AHEAD: i64 = 300;

/// Why a gate was not enrolled, or its enrolment not ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EnrolError {
    /// Not an enrolment document, or not signed by the gate's own key.
    Invalid,
    /// The name or the reason is empty, too long, or has control characters.
    Text(&'static str),
    /// The site or zone is not one that a credential can name.
    Place(&'static str),
    /// This issuer does not speak for the site.
    Site(String),
    /// Signed too long ago, or in the future.
    Age {
        /// When it was signed.
        signed: Timestamp,
    },
    /// Its enrolment was ended; a gate that comes back comes with a new key.
    Ended {
        /// When.
        at: Timestamp,
    },
    /// An enrolment signed later is on record.
    Older,
    /// Not a time zone of the IANA database.
    TimeZone(String),
    /// No gate has this id.
    Unknown,
    /// The store failed.
    Store(StoreError),
}

/// Refuses a time zone that this program does not know.
pub fn known_time_zone(name: &str) -> Result<(), EnrolError> {
    LocalTime::named(name).map(drop).ok_or_else(|| EnrolError::TimeZone(name.into()))
}

impl Issuer<'_> {
    /// Enrols the gate that signed `enrolment`. It enters the bundle with the next publication. `time_zone` is whose hours the rules may
    /// speak of there, by its name in the IANA database. Without one an earlier word of the office about the gate stays.
    pub fn enroll_gate(&mut self, enrolment: &str, time_zone: Option<&str>, at: Timestamp) -> Result<GateRow, EnrolError> {
        time_zone.map(known_time_zone).transpose()?;
        let Enrolment { id, name, site, zone, issued_at } = Enrolment::open(enrolment)?;
        if name.trim().is_empty() || name.len() > MAX_GATE_NAME || name.chars().any(char::is_control) {
            return Err(EnrolError::Text("name"));
        }
        if !Scope::reaches(&self.settings.sites, &site) {
            return Err(EnrolError::Site(site));
        }
        if issued_at.since(at) > MAX_AHEAD || at.since(issued_at) > MAX_AGE {
            return Err(EnrolError::Age { signed: issued_at });
        }
        let held = match self.store.gate(&id)? {
            Some(GateRow { revoked: Some((at, _)), .. }) => return Err(EnrolError::Ended { at }),
            Some(held) if held.enrolled_at > issued_at => return Err(EnrolError::Older),
            held => held,
        };
        // A gate that was enrolled under other rules keeps the place that it has.
        let (kept_site, kept_zone) = held.as_ref().map(|held| (&held.site, &held.zone)).unzip();
        for (what, place, kept) in [("site", &site, kept_site), ("zone", &zone, kept_zone)] {
            if !is_name(place) && kept != Some(place) {
                return Err(EnrolError::Place(what));
            }
        }
        let time_zone = time_zone.map(str::to_owned).or_else(|| held.and_then(|held| held.time_zone));
        let gate = GateRow { id, name, site, zone, time_zone, enrolled_at: issued_at, revoked: None };
        self.store.transact(|tx| {
            tx.put_gate(&gate);
            Ok(())
        })?;
        Ok(gate)
    }

    /// Ends a gate's enrolment: it leaves the bundle with the next publication, and sends no more logs.
    pub fn revoke_gate(&mut self, id: &str, reason: &str, at: Timestamp) -> Result<GateRow, EnrolError> {
        if reason.trim().is_empty() || reason.len() > MAX_REASON || reason.chars().any(char::is_control) {
            return Err(EnrolError::Text("reason"));
        }
        let mut gate = self.store.gate(id)?.ok_or(EnrolError::Unknown)?;
        if let Some((at, _)) = gate.revoked {
            return Err(EnrolError::Ended { at });
        }
        gate.revoked = Some((at, reason.into()));
        self.store.transact(|tx| {
            tx.put_gate(&gate);
            Ok(())
        })?;
        Ok(gate)
    }
}

impl fmt::Display for EnrolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => BadEnrolment.fmt(f),
            Self::Text(what) => write!(f, "the {what} is empty, too long, or contains control characters"),
            Self::Place(what) => write!(f, "the {what} must have {NAME_RULE}; no credential can name another"),
            Self::Site(site) => write!(f, "this issuer does not speak for the site {site:?}"),
            Self::Age { signed } => write!(f, "the enrolment was signed at {signed}: too long ago, or by a wrong clock"),
            Self::Ended { at } => write!(f, "the enrolment of this gate was ended at {at}"),
            Self::Older => f.write_str("a newer enrolment of this gate is on record"),
            Self::TimeZone(name) => write!(f, "{name:?} is not a time zone that this program knows"),
            Self::Unknown => f.write_str("no gate has this id"),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for EnrolError {}

impl From<BadEnrolment> for EnrolError {
    fn from(BadEnrolment: BadEnrolment) -> Self {
        Self::Invalid
    }
}

impl From<StoreError> for EnrolError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

#[cfg(test)]
mod tests;
