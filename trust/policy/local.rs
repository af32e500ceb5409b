//! The reading of a clock on the wall next to a gate: the hours that rules for people speak of.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use waypass_credential::time::Timestamp;

/// The time zone of a gate, by the rules compiled into this program. Neither the system's zone nor its files are asked: every gate with
/// one version of the program decides alike.
#[derive(Clone, Debug)]
pub struct LocalTime(TimeZone);

impl LocalTime {
    /// Returns the zone with this name of the IANA database, such as `Asia/Kathmandu`; `None` if this program does not know it.
    pub fn named(name: &str) -> Option<Self> {
        TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }

    /// Returns the hour, 0 to 23, and the day of the week, 1 (Monday) to 7.
    pub(super) fn hour_and_weekday(&self, at: Timestamp) -> Option<(i64, i64)> {
        let local = self.0.to_datetime(jiff::Timestamp::from_second(at.unix()).ok()?);
        Some((local.hour().into(), local.weekday().to_monday_one_offset().into()))
    }
}
