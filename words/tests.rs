//! Every message is in every language, and reads as it should.

use crate::language::{Direction, Language};
use crate::plural::Category;
use crate::say::Words;
use crate::table::{Entry, Part};
use alloc::{
    collections::BTreeSet,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use waypass_credential::time::Timestamp;
use waypass_screen::{Counters, Evidence, Message, Plain, Side};
use waypass_trust::audit::Event;
use waypass_trust::bundle::Item;
use waypass_trust::reason::ReasonCode;
use waypass_trust::time::{Confidence, Doubt};
use waypass_verifier::Step;

/// Ids that only the words themselves use.
const OWN: [&str; 7] = ["date", "list-and", "list-comma", "span-days", "span-hours", "span-minutes", "span-seconds"];

fn utc(_: Timestamp) -> i32 {
    0
}

fn text(language: Language, message: &Message) -> String {
    Words::new(language, &utc).text(message)
}

/// Returns one of every message. A new kind does not compile until it is here.
fn all() -> Vec<Message> {
    let at = Timestamp::clamped(1_795_161_600);
    let mut messages: Vec<Message> = Plain::ALL.iter().map(|plain| Message::from(*plain)).collect();
    for code in ReasonCode::ALL {
        messages.extend([Side::Headline, Side::Meaning, Side::Next].map(|side| Message::Reason(*code, side)));
    }
    let steps = [Step::Confirm, Step::Override, Step::Escort, Step::SecondPerson, Step::Identity, Step::BreakGlass];
    messages.extend(steps.map(Message::Step));
    messages.extend([Confidence::Anchored, Confidence::Low, Confidence::Suspect].map(Message::Clock));
    let doubts =
        [Doubt::BehindSigned, Doubt::BehindSeen, Doubt::Stepped, Doubt::TooManyBoots, Doubt::TooManyDecisions, Doubt::EvidenceAhead];
    messages.extend(doubts.map(|doubt| Message::Clock(Confidence::Doubt(doubt))));
    for evidence in [Evidence::Revocation, Evidence::Trust, Evidence::Rules] {
        messages.extend([Message::Aged(evidence, 40), Message::Dated(evidence, at)]);
    }
    let uri = || String::from("https://example.org/1");
    let items = [Item::List(uri()), Item::MissingList(uri()), Item::Timestamp, Item::OfflineParts, Item::Policy, Item::Gate];
    messages.extend(items.map(Message::Ends));
    messages.extend([
        Message::NotChecked(vec![Message::Text("evidence".into())]),
        Message::Works { until: at, binding: Item::Policy },
        Message::Ended { ago: 40, at, binding: Item::Policy },
        Message::Gathered { have: 1, count: 3 },
        Message::DataAge(40),
        Message::DataAgeUntil(40, at),
        Message::Flags(2),
        Message::Shift(Counters::default()),
        Message::WrongSecret(3),
        Message::Wait(40),
        Message::Aside { at, ahead: 40 },
        Message::Records(2),
        Message::Record(2),
        Message::Flag(2, at),
    ]);
    messages.extend(Event::known().map(Message::Event));
    messages.extend(Event::parse("of_tomorrow").map(Message::Event));
    for message in &messages {
        match message {
            Message::Plain(_)
            | Message::Reason(..)
            | Message::Step(_)
            | Message::Clock(_)
            | Message::Text(_)
            | Message::List(_)
            | Message::Row(_)
            | Message::Span(_)
            | Message::Date(_)
            | Message::Aged(..)
            | Message::Dated(..)
            | Message::NotChecked(_)
            | Message::Ends(_)
            | Message::Works { .. }
            | Message::Ended { .. }
            | Message::Gathered { .. }
            | Message::DataAge(_)
            | Message::DataAgeUntil(..)
            | Message::Flags(_)
            | Message::Shift(_)
            | Message::WrongSecret(_)
            | Message::Wait(_)
            | Message::Aside { .. }
            | Message::Records(_)
            | Message::Record(_)
            | Message::Event(_)
            | Message::Flag(..) => {}
        }
    }
    messages
}

fn arguments(parts: &[Part], found: &mut BTreeSet<&'static str>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Argument(name) => drop(found.insert(name)),
            Part::Choice { by, cases, other } => {
                found.insert(by);
                cases.iter().for_each(|(_, parts)| arguments(parts, found));
                arguments(other, found);
            }
        }
    }
}

/// The build script compares the languages with each other; this compares them with the screens.
#[test]
fn every_message_is_in_every_language_with_its_arguments_and_no_other_is() {
    let messages = all();
    let used: BTreeSet<_> = messages.iter().filter_map(Message::key).collect();
    for language in Language::ALL {
        let table: &[Entry] = language.table();
        assert!(table.is_sorted_by(|a, b| a.0 < b.0), "{language:?} cannot be searched");
        for message in &messages {
            let key = message.key().expect("a sentence");
            let at = table.binary_search_by(|(known, _)| known.cmp(&key)).unwrap_or_else(|_| panic!("{language:?} has no {key:?}"));
            let mut found = BTreeSet::new();
            arguments(table[at].1, &mut found);
            let given: BTreeSet<&str> = message.arguments().iter().map(|(name, _)| *name).collect();
            assert_eq!(found, given, "{language:?} {key:?}");
            assert!(!text(language, message).is_empty(), "{language:?} {key:?}");
        }
        for (key, _) in table {
            assert!(used.contains(key) || OWN.contains(&key.0), "nothing says {key:?} of {language:?}");
        }
    }
}

#[test]
fn the_other_languages_are_translated() {
    // Words that two languages share.
    let shared = [
        "label-offline",
        "ends-policy",
        "date",
        "list-comma",
        "span-seconds",
        "span-minutes",
        "span-hours",
        "screen-ready",
        "page-menu",
        "page-question",
        "page-site",
        "page-zone",
    ];
    let english = Language::English.table();
    for language in [Language::French, Language::German, Language::Arabic] {
        for (at, (key, _)) in language.table().iter().enumerate() {
            let say = |table: &[Entry]| alloc::format!("{:?}", table[at].1);
            assert!(say(language.table()) != say(english) || shared.contains(&key.0), "{language:?} {key:?} is still English");
        }
    }
}

/// JSON and the audit log give reasons in English; the screen says the same.
#[test]
fn english_reasons_are_those_of_the_log() {
    for code in ReasonCode::ALL {
        let say = |side| text(Language::English, &Message::Reason(*code, side));
        assert_eq!([say(Side::Headline), say(Side::Meaning), say(Side::Next)], [code.headline(), code.meaning(), code.next_action()]);
    }
    for doubt in [Doubt::BehindSigned, Doubt::Stepped, Doubt::TooManyBoots] {
        assert_eq!(text(Language::English, &Message::Clock(Confidence::Doubt(doubt))), doubt.to_string());
    }
    for item in [Item::List("u".into()), Item::MissingList("u".into()), Item::Timestamp, Item::OfflineParts, Item::Policy, Item::Gate] {
        assert_eq!(text(Language::English, &Message::Ends(item.clone())), item.to_string());
    }
}

#[test]
fn labels_fit_their_column() {
    for language in Language::ALL {
        for plain in Plain::ALL {
            let message = Message::from(*plain);
            if message.key().is_some_and(|(id, _)| id.starts_with("label-")) {
                let label = text(language, &message);
                assert!(label.chars().count() <= 12, "{language:?}: {label} is longer than its column");
            }
        }
    }
}

#[test]
fn plurals_are_those_of_the_language() {
    use Category::{Few, Many, One, Other, Two, Zero};
    // Samples of CLDR.
    for (number, germanic, french, arabic) in [
        (0, Other, One, Zero),
        (1, One, One, One),
        (2, Other, Other, Two),
        (3, Other, Other, Few),
        (10, Other, Other, Few),
        (11, Other, Other, Many),
        (99, Other, Other, Many),
        (100, Other, Other, Other),
        (102, Other, Other, Other),
        (103, Other, Other, Few),
        (111, Other, Other, Many),
        (1_000_000, Other, Many, Other),
    ] {
        assert_eq!(
            [Category::germanic(number), Category::french(number), Category::arabic(number)],
            [germanic, french, arabic],
            "{number}"
        );
    }
    let days = |language, days: i64| text(language, &Message::Span(days * 86_400));
    assert_eq!([3, 11, 100].map(|n| days(Language::Arabic, n)), ["3 أيام", "11 يومًا", "100 يوم"]);
    assert_eq!([Language::English, Language::French, Language::German].map(|language| days(language, 3)), ["3 days", "3 jours", "3 Tage"]);
    assert_eq!([1, 2].map(|n| text(Language::French, &Message::Flags(n))), ["1 entrée à examiner", "2 entrées à examiner"]);
}

#[test]
fn dates_are_written_as_the_language_writes_them() {
    let at = Timestamp::parse_rfc3339("2026-11-29T21:13:00Z").expect("a time");
    let kathmandu = |_| 20_700;
    let said = Language::ALL.map(|language| Words::new(language, &kathmandu).text(&Message::Date(at)));
    let arabic = "\u{2068}30/11/2026 02:58 +05:45\u{2069}";
    assert_eq!(said, ["2026-11-30 02:58 +05:45", "30/11/2026 02:58 +05:45", "30.11.2026 02:58 +05:45", arabic]);
    let new_york = |_| -18_000;
    assert_eq!(Words::new(Language::English, &new_york).text(&Message::Date(at)), "2026-11-29 16:13 -05:00");
    assert_eq!(text(Language::English, &Message::Date(at)), "2026-11-29 21:13 UTC");
}

#[test]
fn lists_are_joined_as_the_language_joins_them() {
    let list = |names: &[&str]| Message::List(names.iter().map(|name| Message::Text((*name).into())).collect());
    let all = Language::ALL.map(|language| text(language, &list(&["a", "b", "c"])).replace(['\u{2068}', '\u{2069}'], ""));
    assert_eq!(all, ["a, b and c", "a, b et c", "a, b und c", "a، b وc"]);
    assert_eq!(text(Language::English, &list(&["a"])), "a");
    assert_eq!(text(Language::English, &list(&[])), "nothing");
}

#[test]
fn a_strangers_text_has_a_direction_of_its_own_and_turns_nothing() {
    let role = Message::List(vec![Message::Text("nurse\u{202e}\u{2069}\n".into())]);
    assert_eq!(text(Language::Arabic, &role), "\u{2068}nurse\u{fffd}\u{fffd}\u{fffd}\u{2069}");
    assert_eq!(text(Language::English, &role), "nurse\u{fffd}\u{fffd}\u{fffd}");
    assert_eq!(text(Language::English, &Message::Text("אחות".into())), "\u{2068}אחות\u{2069}");
    for language in Language::ALL {
        for message in all() {
            let said = text(language, &message);
            let count = |mark: char| said.matches(mark).count();
            assert_eq!(count('\u{2068}'), count('\u{2069}'), "{language:?} {message:?}");
        }
    }
}

#[test]
fn a_locale_names_its_language() {
    assert_eq!(["de", "de-AT", "de_AT.UTF-8", "DE"].map(Language::of), [Some(Language::German); 4]);
    assert_eq!(
        ["ar_EG@latin", "fr", "C", "", "deu", "nl_NL"].map(Language::of).map(|found| found.map(Language::tag)),
        [Some("ar"), Some("fr"), None, None, None, None]
    );
    assert!(Language::ALL.iter().all(|language| Language::of(language.tag()) == Some(*language)));
    assert_eq!(Language::ALL.map(Language::direction).iter().filter(|direction| **direction == Direction::RightToLeft).count(), 1);
}
