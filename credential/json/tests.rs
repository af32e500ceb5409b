use super::{JsonError, Limits, Value, parse, to_string};
use alloc::{format, string::String, vec::Vec};
use proptest::prelude::*;

const SMALL: Limits = Limits { bytes: 200, depth: 4, values: 20 };

#[test]
fn each_limit_is_named() {
    let cases = [
        ("{\"a\":1,\"\\u0061\":2}".into(), JsonError::DuplicateName),
        ("[[[[[1]]]]]".into(), JsonError::TooDeep),
        (format!("[{}0]", "0,".repeat(30)), JsonError::TooMany),
        (format!("\"{}\"", "x".repeat(200)), JsonError::TooLarge),
        ("{} x".into(), JsonError::Syntax),
        ("\"\\ud800\"".into(), JsonError::Syntax),
        ("1e999".into(), JsonError::Syntax),
        (String::new(), JsonError::Syntax),
    ];
    for (text, why) in cases {
        assert_eq!(parse(text.as_bytes(), SMALL), Err(why), "{text}");
    }
}

/// RFC 8259 §8.1: a reader may ignore it, at the very beginning.
#[test]
fn a_byte_order_mark_is_ignored_once() {
    assert_eq!(parse("\u{feff}{}".as_bytes(), SMALL), parse(b"{}", SMALL));
    for wrong in ["\u{feff}\u{feff}{}", " \u{feff}{}", "{\u{feff}}", "\u{feff}"] {
        assert_eq!(parse(wrong.as_bytes(), SMALL), Err(JsonError::Syntax), "{wrong:?}");
    }
}

#[test]
fn many_names_are_checked_too() {
    let names: Vec<String> = (0..40).map(|n| format!("\"n{n}\":0")).collect();
    let once = format!("{{{}}}", names.join(","));
    let twice = format!("{{{},\"n7\":1}}", names.join(","));
    assert!(parse(once.as_bytes(), Limits::CREDENTIAL).is_ok());
    assert_eq!(parse(twice.as_bytes(), Limits::CREDENTIAL), Err(JsonError::DuplicateName));
}

#[test]
fn plain_strings_are_borrowed() {
    let Ok(Value::String(alloc::borrow::Cow::Borrowed("plain"))) = parse(b"\"plain\"", SMALL) else {
        panic!("copied");
    };
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        let _ = parse(&bytes, Limits::CREDENTIAL);
    }

    #[test]
    fn text_round_trips(text in "\\PC{0,20}", number: i64, float in -1e300..1e300f64) {
        let value = Value::Array(alloc::vec![text.clone().into(), number.into(), Value::Number(super::Number::Float(float))]);
        let written = to_string(&value);
        let read = parse(written.as_bytes(), Limits::CREDENTIAL).expect("our own text");
        prop_assert_eq!(to_string(&read), written);
    }
}

#[test]
#[should_panic(expected = "without JSON text")]
fn a_value_without_json_text_has_no_other_text() {
    to_string(&alloc::collections::BTreeMap::from([([1, 2], "a list is no name")]));
}
