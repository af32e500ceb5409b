use super::{to_vec, utf16_order};
use crate::json::{self, Limits};
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;

fn canonical(text: &str) -> String {
    let value = json::parse(text.as_bytes(), Limits::CREDENTIAL).expect("JSON");
    String::from_utf8(to_vec(&value)).expect("UTF-8")
}

#[test]
fn numbers_are_what_ecmascript_prints() {
    for (text, expected) in [
        ("-0", "0"),
        ("-0.0", "0"),
        ("1.0", "1"),
        ("9007199254740992", "9007199254740992"),
        ("9007199254740993", "9007199254740992"),
        ("-9007199254740993", "-9007199254740992"),
        ("9223372036854775807", "9223372036854776000"),
        ("18446744073709551615", "18446744073709552000"),
        ("1e21", "1e+21"),
        ("1E-7", "1e-7"),
        ("0.000001", "0.000001"),
        ("4.50", "4.5"),
        ("-9223372036854775808", "-9223372036854776000"),
        ("333333333.33333329", "333333333.3333333"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn escapes_are_minimal() {
    assert_eq!(
        canonical(r#""\u0008\u0009\u000a\u000C\u000d\u001F\u0000\/\u20ac\"\\\u007f""#),
        "\"\\b\\t\\n\\f\\r\\u001f\\u0000/€\\\"\\\\\u{7f}\""
    );
}

#[test]
fn names_sort_by_utf16_code_units() {
    // RFC 8785 §3.2.3: the emoji is D83D DE00 in UTF-16 and comes before FB33, though its code point is larger.
    let text = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
    assert_eq!(canonical(text), "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}");
}

proptest! {
    #[test]
    fn order_equals_the_order_of_encoded_units(a in "[a-z\u{d7ff}-\u{10ffff}]{0,4}", b in "[a-z\u{d7ff}-\u{10ffff}]{0,4}") {
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        prop_assert_eq!(utf16_order(&a, &b), units(&a).cmp(&units(&b)));
    }

    #[test]
    fn what_is_canonical_stays_so(names in proptest::collection::btree_set("\\PC{0,6}", 0..8), text in "\\PC{0,70}", number: f64) {
        let mut object = json::Object::new();
        for name in names.iter().rev() {
            object.set(name.as_str(), text.as_str());
        }
        if number.is_finite() {
            object.set("number", json::Value::Number(json::Number::Float(number)));
        }
        let once = to_vec(&json::Value::Object(object));
        let read = json::parse(&once, Limits::CREDENTIAL).expect("canonical JSON is JSON");
        prop_assert_eq!(to_vec(&read), once);
    }
}
