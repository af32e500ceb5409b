//! Gates.

use waypass_credential::time::Timestamp;

/// An enrolled gate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GateRow {
    /// `did:key` of the gate's key: its id and audience.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Its site.
    pub site: String,
    /// Its zone.
    pub zone: String,
    /// The name of the time zone whose hours the rules may speak of here (IANA database).
    pub time_zone: Option<String>,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When, and why, its enrolment ended.
    pub revoked: Option<(Timestamp, String)>,
}
