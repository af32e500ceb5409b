//! Times and lists in words for a person.

use jiff::Timestamp as Instant;
use jiff::tz::TimeZone;
use waypass_credential::time::Timestamp;
use waypass_screen::Message;
use waypass_trust::bundle::Digest;
use waypass_trust::time::Confidence;
use waypass_words::{Language, Words};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Returns the words of a language in this machine's zone (`TZ`, else the system's).
pub(crate) const fn of(language: Language) -> Words<'static> {
    Words::new(language, &ahead)
}

/// Returns how many seconds this machine's zone is ahead of UTC at a time.
pub(crate) fn ahead(at: Timestamp) -> i32 {
    offset(at, &TimeZone::system())
}

/// The language of everything but verdicts and the checkpoint.
const fn english() -> Words<'static> {
    of(Language::English)
}

/// Returns how many seconds a zone is ahead of UTC.
fn offset(at: Timestamp, zone: &TimeZone) -> i32 {
    Instant::from_second(at.unix()).map_or(0, |instant| zone.to_offset(instant).seconds())
}

/// Returns a length of time in its largest fitting unit: `40 s`, `5 min`, `2 h`, `3 days`.
pub(crate) fn span(seconds: i64) -> String {
    english().text(&Message::Span(seconds))
}

/// Reads such a length, for arguments: `90d`, `12h`, `15m`, `30s`.
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

/// Returns the last second of a day such as `2027-03-31` in this machine's zone.
pub(crate) fn end_of_day(text: &str) -> Option<Timestamp> {
    end_in_zone(text, TimeZone::system())
}

fn end_in_zone(text: &str, zone: TimeZone) -> Option<Timestamp> {
    // `20270331` and what else the parser takes is nobody's way to write a day here.
    let day: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == "2027-03-31".len())?;
    let next = day.tomorrow().ok()?.to_zoned(zone).ok()?;
    Timestamp::from_unix(next.timestamp().as_second() - 1)
}

/// Returns a date and time in this machine's zone (`TZ`, else the system's), which is shown: `2026-11-20 14:05 +05:45`,
/// or `.. UTC`. The one notation for people; programs get Unix seconds.
pub(crate) fn when(at: Timestamp) -> String {
    english().text(&Message::Date(at))
}

/// Returns a time until which something holds, and if that has passed: `until 2026-11-20 14:05 UTC`, or
/// `ENDED 15 days ago (2026-11-20 14:05 UTC)`.
pub(crate) fn until(end: Timestamp, now: Timestamp) -> String {
    if end > now { format!("until {}", when(end)) } else { format!("ENDED {} ago ({})", span(now.since(end)), when(end)) }
}

/// Returns a text with the times in it (RFC 3339 in UTC, as reasons and errors carry them) in the notation for people.
pub(crate) fn with_local_times(text: &str) -> String {
    with_times_of(text, &english())
}

/// Like [`with_local_times`], as a language writes times.
pub(crate) fn with_times_of(text: &str, words: &Words<'_>) -> String {
    const LENGTH: usize = "2026-11-20T14:05:00Z".len();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let candidate = rest.get(..LENGTH).filter(|text| text.ends_with('Z') && text.as_bytes()[10] == b'T');
        let continues = out.ends_with(|before: char| before.is_ascii_alphanumeric() || before == '-' || before == ':');
        if let Some(at) = candidate.filter(|_| !continues).and_then(Timestamp::parse_rfc3339) {
            words.say(&Message::Date(at)).iter().for_each(|piece| out.push_str(&piece.text));
            rest = &rest[LENGTH..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

/// `in 3 days` or `2 h ago`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.since(now);
    if seconds >= 0 { format!("in {}", span(seconds)) } else { format!("{} ago", span(-seconds)) }
}

/// `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items = items.iter().map(|item| Message::Text(item.as_ref().to_owned())).collect();
    english().say(&Message::List(items)).iter().map(|piece| piece.text.as_str()).collect()
}

/// Returns how far a clock can be believed.
pub(crate) fn clock(confidence: Confidence) -> String {
    english().text(&Message::Clock(confidence))
}

/// Returns the line that says which members of a credential nothing here acts on; none without any.
pub(crate) fn not_acted_on(members: &[&'static str]) -> Option<String> {
    (!members.is_empty()).then(|| format!("  also says    {} (not checked)", members.join(", ")))
}

/// Returns the SHA-256 of a certificate as phones and browsers show it, in two halves.
pub(crate) fn fingerprint(certificate: &[u8]) -> [String; 2] {
    let digits = Digest::of(certificate).to_string().to_ascii_uppercase();
    let pairs: Vec<String> = digits.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned()).collect();
    let (first, second) = pairs.split_at(pairs.len() / 2);
    [first.join(":"), second.join(":")]
}

#[cfg(test)]
mod tests {
    use super::{end_in_zone, list, offset, span, until, when, with_local_times};
    use jiff::tz::{TimeZone, TimeZoneDatabase};
    use waypass_credential::time::Timestamp;
    use waypass_screen::Message;
    use waypass_words::{Language, Words};

    fn in_zone(at: Timestamp, zone: TimeZone) -> String {
        Words::new(Language::English, &move |at| offset(at, &zone)).text(&Message::Date(at))
    }

    #[test]
    fn times_name_their_zone() {
        let at = Timestamp::parse_rfc3339("2026-11-29T21:13:00Z").expect("a time");
        let zone = |name| TimeZoneDatabase::bundled().get(name).expect("compiled in");
        let shown = ["Asia/Kathmandu", "America/New_York", "Europe/London", "UTC"].map(|name| in_zone(at, zone(name)));
        assert_eq!(shown, ["2026-11-30 02:58 +05:45", "2026-11-29 16:13 -05:00", "2026-11-29 21:13 UTC", "2026-11-29 21:13 UTC"]);
        assert_eq!(in_zone(at, TimeZone::posix("XYZ-5:45").expect("a rule")), "2026-11-30 02:58 +05:45");
    }

    #[test]
    fn a_day_ends_where_the_machine_stands() {
        let zone = |name| TimeZoneDatabase::bundled().get(name).expect("compiled in");
        let end = |text: &str, name| end_in_zone(text, zone(name)).map(|end| end.to_string());
        assert_eq!(end("2027-03-31", "UTC").as_deref(), Some("2027-03-31T23:59:59Z"));
        assert_eq!(end("2027-03-31", "Asia/Kathmandu").as_deref(), Some("2027-03-31T18:14:59Z"));
        // The night in which the clocks are put forward.
        assert_eq!(end("2027-03-27", "Europe/Paris").as_deref(), Some("2027-03-27T22:59:59Z"));
        assert!(["90d", "2027-02-30", "20270331", "31.3.2027", ""].into_iter().all(|text| end(text, "UTC").is_none()));
    }

    #[test]
    fn what_is_over_is_said_as_over() {
        let at = Timestamp::parse_rfc3339("2026-11-29T21:13:00Z").expect("a time");
        assert_eq!(until(at, at.plus(-1)), format!("until {}", when(at)));
        assert_eq!(until(at, at), format!("ENDED 0 s ago ({})", when(at)));
        assert_eq!(until(at, at.plus(15 * 86_400)), format!("ENDED 15 days ago ({})", when(at)));
    }

    #[test]
    fn times_inside_texts_are_shown_like_all_others() {
        let at = |text: &str| when(Timestamp::parse_rfc3339(text).expect("a time"));
        let text = "ended 2026-11-29T21:06:20Z, list of 2026-11-28T00:00:00Z; ü 2026-13-01T00:00:00Z 12026-11-28T00:00:00Z";
        let shown = with_local_times(text);
        let expected = format!(
            "ended {}, list of {}; ü 2026-13-01T00:00:00Z 12026-11-28T00:00:00Z",
            at("2026-11-29T21:06:20Z"),
            at("2026-11-28T00:00:00Z")
        );
        assert_eq!(shown, expected);
        assert_eq!(with_local_times("2026-11-29T21:06:20"), "2026-11-29T21:06:20");
    }

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
