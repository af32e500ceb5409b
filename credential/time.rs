//! Points in time as arguments: Unix seconds, and their RFC 3339 text. There is no `now()`.

mod validity;

pub use validity::{Phase, Validity};

use alloc::string::String;
use core::fmt;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted (RFC 7519 §2 `NumericDate`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(i64);

/// The last second of the year 9999, the largest RFC 3339 can write.
const MAX: i64 = 253_402_300_799;
const DAY: i64 = 86_400;

impl Timestamp {
    /// Unix seconds, held to the years 1970 to 9999 so that arithmetic on untrusted times cannot overflow.
    pub const fn from_unix(seconds: i64) -> Option<Self> {
        if seconds >= 0 && seconds <= MAX { Some(Self(seconds)) } else { None }
    }

    /// Returns the time at `seconds`, held to the years 1970 to 9999: nothing is judged before the one or after the other.
    pub const fn clamped(seconds: i64) -> Self {
        Self(if seconds < 0 {
            0
        } else if seconds > MAX {
            MAX
        } else {
            seconds
        })
    }

    /// Seconds since the Unix epoch.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// Returns this time and `seconds` more (or less, when negative), clamped to the years 1970 to 9999.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self::clamped(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this time; negative when this time is the earlier one.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Reads an XML Schema `dateTimeStamp` (XSD 1.1 §3.4.28, which VCDM 2.0 §4.9 names), with a year of four digits. A time zone is
    /// required, fractions of a second are cut off, and the result is [`Self::clamped`].
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |from: usize, len: usize| -> Option<i64> {
            let digits = bytes.get(from..from + len)?;
            digits.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
        };
        let is = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|b| allowed.contains(b));
        if !(is(4, b"-") && is(7, b"-") && is(10, b"T") && is(13, b":") && is(16, b":")) {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
        let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) || hour > 24 || minute > 59 || second > 59 {
            return None;
        }
        let mut is_whole = minute == 0 && second == 0;
        let mut at = 19;
        if is(at, b".") {
            at += 1;
            let start = at;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                is_whole &= bytes[at] == b'0';
                at += 1;
            }
            if at == start {
                return None;
            }
        }
        // §3.3.7.2: the hour 24 is the midnight that ends the day.
        if hour == 24 && !is_whole {
            return None;
        }
        let offset = match bytes.get(at)? {
            b'Z' if bytes.len() == at + 1 => 0,
            sign @ (b'+' | b'-') if bytes.len() == at + 6 && is(at + 3, b":") => {
                let (hours, minutes) = (number(at + 1, 2)?, number(at + 4, 2)?);
                // §3.3.7.2: fourteen hours at most.
                if hours > 14 || minutes > 59 || hours == 14 && minutes > 0 {
                    return None;
                }
                (hours * 60 + minutes) * if *sign == b'+' { 60 } else { -60 }
            }
            _ => return None,
        };
        Some(Self::clamped(days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset))
    }

    /// Returns the RFC 3339 text in UTC, such as `2026-11-20T11:02:51Z`.
    pub fn to_rfc3339(self) -> String {
        alloc::format!("{self}")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0 / DAY);
        let second = self.0 % DAY;
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that leap days come last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = (march_month + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day_of_year - (153 * march_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::Timestamp;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn reads_zones_and_fractions() {
        let utc = Timestamp::parse_rfc3339("2026-11-20T11:02:51Z").expect("valid");
        assert_eq!(utc.unix(), 1_795_172_571);
        assert_eq!(Timestamp::parse_rfc3339("2026-11-20T13:02:51.999+02:00"), Some(utc));
        for bad in [
            "2026-11-20",
            "2026-02-29T00:00:00Z",
            "2026-11-20T11:02:51",
            "2026-11-20T24:00:01Z",
            "2026-11-20T24:00:00.5Z",
            "2026-11-20T25:00:00Z",
            "2026-11-20t08:00:00Z",
            "2026-11-20T08:00:00z",
            "2026-11-20T08:00:00+15:00",
            "2026-11-20T08:00:00-14:01",
            "2026-11-20T11:02:51.Z",
            "2026-11-20T11:02:51Zx",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_every_date_of_the_type() {
        let midnight = Timestamp::parse_rfc3339("2026-11-21T00:00:00Z");
        assert_eq!(Timestamp::parse_rfc3339("2026-11-20T24:00:00Z"), midnight);
        assert_eq!(Timestamp::parse_rfc3339("2026-11-20T24:00:00.000Z"), midnight);
        assert_eq!(Timestamp::parse_rfc3339("2026-12-31T24:00:00Z"), Timestamp::parse_rfc3339("2027-01-01T00:00:00Z"));
        assert_eq!(Timestamp::parse_rfc3339("2026-11-21T14:00:00+14:00"), midnight);
        // Nothing is judged before 1970 or after 9999.
        for early in ["1965-05-01T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00+01:00"] {
            assert_eq!(Timestamp::parse_rfc3339(early).map(Timestamp::unix), Some(0), "{early}");
        }
        assert_eq!(Timestamp::parse_rfc3339("9999-12-31T23:59:59-08:00").map(Timestamp::unix), Some(super::MAX));
    }

    proptest! {
        #[test]
        fn text_round_trips(seconds in 0..=super::MAX) {
            let at = Timestamp::from_unix(seconds).expect("in range");
            prop_assert_eq!(Timestamp::parse_rfc3339(&at.to_string()), Some(at));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}") {
            let _ = Timestamp::parse_rfc3339(&text);
        }
    }
}
