//! Times and lists in words for a person.

use jiff::Timestamp as Instant;
use jiff::tz::TimeZone;
use waypass_credential::time::Timestamp;
use waypass_trust::time::Confidence;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A length of time in its largest fitting unit: `40 s`, `5 min`, `2 h`, `3 days`.
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        ..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / MINUTE),
        7_200..=172_799 => format!("{} h", seconds / HOUR),
        _ => format!("{} days", seconds / DAY),
    }
}

/// The reverse, for arguments: `90d`, `12h`, `15m`, `30s`.
pub(crate) fn parse_span(text: &str) -> Result<i64, String> {
    let wrong = || "a number and a unit, such as 90d, 12h, 15m or 30s".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => MINUTE,
        Some('h') => HOUR,
        Some('d') => DAY,
        _ => return Err(wrong()),
    };
    let number: i64 = text.get(..text.len() - 1).and_then(|digits| digits.parse().ok()).filter(|number| *number > 0).ok_or_else(wrong)?;
    number.checked_mul(unit).ok_or_else(wrong)
}

/// A date and time in this machine's zone: `2026-11-20 14:05`.
pub(crate) fn when(at: Timestamp) -> String {
    Instant::from_second(at.unix())
        .map_or_else(|_| at.to_string(), |instant| instant.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
}

/// `in 3 days` or `2 h ago`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.since(now);
    if seconds >= 0 { format!("in {}", span(seconds)) } else { format!("{} ago", span(-seconds)) }
}

/// `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// How far a clock can be believed.
pub(crate) fn clock(confidence: Confidence) -> String {
    match confidence {
        Confidence::Anchored => "confirmed by signed time since this device was started".to_owned(),
        Confidence::Low => "not confirmed since this device was started".to_owned(),
        Confidence::Doubt(doubt) => doubt.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{list, span};

    #[test]
    fn spans_read_as_a_person_says_them() {
        assert_eq!([0, 59, 120, 7_199, 7_200, 172_800].map(span), ["0 s", "59 s", "2 min", "119 min", "2 h", "2 days"]);
        assert_eq!(span(-5), "0 s");
    }

    #[test]
    fn lists_have_one_and() {
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list::<&str>(&[]), "nothing");
    }
}
