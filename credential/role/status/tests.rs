use super::{BitstringEntry, Mechanism, StatusPurpose, StatusReference, credential_status, read};
use crate::json::{Limits, Object, Value, parse};
use crate::malformed::Malformed;
use alloc::{format, string::String, vec, vec::Vec};
use proptest::prelude::*;

const LIST: &str = "https://waypass.example/status/3";

fn read_text(status: &str) -> Result<Vec<StatusReference>, Malformed> {
    let text = format!(r#"{{"credentialStatus":{status}}}"#);
    read(parse(text.as_bytes(), Limits::CREDENTIAL).expect("JSON").as_object().expect("an object"))
}

fn entry(more: &str) -> String {
    format!(
        r#"{{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"94567","statusListCredential":"{LIST}"{more}}}"#
    )
}

#[test]
fn entries_are_read_as_the_standard_writes_them() {
    // Bitstring Status List §2.1, Example 1: one purpose each, in an array.
    let suspension = entry("").replace("revocation", "suspension").replace("94567", "0");
    let both = format!("[{},{suspension}]", entry(r#","id":"https://waypass.example/status/3#94567""#));
    assert_eq!(
        read_text(&both).expect("two entries"),
        [
            StatusReference::bitstring(LIST, 94567, StatusPurpose::Revocation),
            StatusReference::bitstring(LIST, 0, StatusPurpose::Suspension)
        ]
    );
    // Example 2: a message of two bits.
    let message = entry(
        r#","statusSize":2,"statusReference":"https://example.org/","statusMessage":[{"status":"0x1","message":"b"},{"status":"0x0","message":"a"},{"status":"0x3","message":"d"},{"status":"0x2","message":"c","more":1}]"#,
    )
    .replace("revocation", "message");
    let messages = ["a", "b", "c", "d"].map(String::from).to_vec();
    let expected = BitstringEntry { purpose: StatusPurpose::Message, size: 2, messages };
    assert_eq!(read_text(&message).expect("a message")[0].mechanism, Mechanism::Bitstring(expected));
}

#[test]
fn what_is_not_understood_is_refused() {
    let cases = [
        (String::from("[]"), Malformed::OutOfRange("credentialStatus")),
        (String::from("7"), Malformed::WrongType("credentialStatus")),
        (String::from("[7]"), Malformed::WrongType("credentialStatus")),
        (format!("[{}]", vec![entry(""); 9].join(",")), Malformed::OutOfRange("credentialStatus")),
        (entry("").replace("Bitstring", "Other"), Malformed::OutOfRange("credentialStatus")),
        (entry("").replace("revocation", "doubt"), Malformed::OutOfRange("statusPurpose")),
        (entry("").replace("\"94567\"", "94567"), Malformed::WrongType("statusListIndex")),
        (entry("").replace("94567", "094567"), Malformed::OutOfRange("statusListIndex")),
        (entry("").replace("94567", "-1"), Malformed::OutOfRange("statusListIndex")),
        (entry("").replace("94567", "+1"), Malformed::OutOfRange("statusListIndex")),
        (entry("").replace("94567", ""), Malformed::OutOfRange("statusListIndex")),
        (entry("").replace("94567", "18446744073709551616"), Malformed::OutOfRange("statusListIndex")),
        (entry("").replace("statusListCredential", "uri"), Malformed::OutOfRange("credentialStatus")),
        (entry(r#","id":"https://waypass.example/status/3""#), Malformed::OutOfRange("id")),
        (entry(r#","statusSize":0"#), Malformed::OutOfRange("statusSize")),
        (entry(r#","statusSize":9"#), Malformed::OutOfRange("statusSize")),
        (entry(r#","statusSize":"1""#), Malformed::WrongType("statusSize")),
        (entry(r#","statusSize":2"#), Malformed::Missing("statusMessage")),
        (entry(r#","statusMessage":[{"status":"0x0","message":"a"}]"#), Malformed::OutOfRange("statusMessage")),
        (
            entry(r#","statusMessage":[{"status":"0x0","message":"a"},{"status":"0x0","message":"b"}]"#),
            Malformed::OutOfRange("statusMessage"),
        ),
        (
            entry(r#","statusMessage":[{"status":"0x0","message":"a"},{"status":"1","message":"b"}]"#),
            Malformed::OutOfRange("statusMessage"),
        ),
        (
            entry(r#","statusMessage":[{"status":"0x0","message":"a"},{"status":"0x+1","message":"b"}]"#),
            Malformed::OutOfRange("statusMessage"),
        ),
    ];
    for (status, why) in cases {
        assert_eq!(read_text(&status), Err(why), "{status}");
    }
}

#[test]
fn bounds_hold_on_issuing() {
    let good = StatusReference::bitstring(LIST, 7, StatusPurpose::Message);
    assert!(good.is_in_bounds());
    let with = |size, messages: usize| {
        let entry = BitstringEntry { purpose: StatusPurpose::Message, size, messages: vec!["m".into(); messages] };
        StatusReference { mechanism: Mechanism::Bitstring(entry), ..good.clone() }.is_in_bounds()
    };
    assert!(with(1, 2) && with(8, 256));
    assert!(!with(0, 1) && !with(9, 512) && !with(2, 0) && !with(2, 3));
    assert!(!StatusReference::token("", 1).is_in_bounds() && !StatusReference::token(LIST, u64::MAX).is_in_bounds());
}

proptest! {
    #[test]
    fn references_round_trip(index in 0..1_u64 << 53, size in 1..=3_u8, purpose in 0..4_usize, count in 1..=8_usize) {
        let messages = if size == 1 { Vec::new() } else { (0..1 << size).map(|value: u32| format!("m{value}")).collect() };
        let entry = BitstringEntry { purpose: StatusPurpose::ALL[purpose], size, messages };
        let bitstring = StatusReference { uri: LIST.into(), index, mechanism: Mechanism::Bitstring(entry) };
        let mut all = vec![bitstring; count];
        all[0] = StatusReference::token(LIST, index);
        let value = credential_status(&all).expect("written").expect("not empty");
        prop_assert_eq!(read(&Object::new().with("credentialStatus", value)), Ok(all));
    }

    #[test]
    fn any_value_is_answered(text in "\\PC{0,40}", number: i64) {
        let entry = Object::new().with("type", "BitstringStatusListEntry").with("statusListIndex", text.clone()).with("statusSize", number);
        prop_assert!(read(&Object::new().with("credentialStatus", entry)).is_err());
        prop_assert!(read(&Object::new().with("credentialStatus", Value::from(text))).is_err());
    }
}
