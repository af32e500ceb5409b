use super::{BadEnrolment, Enrolment, TYP};
use crate::testing::{NOON, TestKey};
use alloc::format;
use alloc::string::String;
use proptest::prelude::*;
use waypass_credential::jws;
use waypass_credential::key::SignError;

fn enrolment(key: &TestKey) -> Enrolment {
    Enrolment { id: key.did(), name: "Main door".into(), site: "north".into(), zone: "ward-3".into(), issued_at: NOON }
}

#[test]
fn it_is_read_as_it_was_signed_and_signed_by_its_own_key_only() {
    let (gate, thief) = (TestKey::new(30), TestKey::new(31));
    let text = enrolment(&gate).sign(&gate).expect("signed");
    assert_eq!(Enrolment::open(&text), Ok(enrolment(&gate)));
    assert_eq!(enrolment(&gate).sign(&thief), Err(SignError));
}

#[test]
fn only_its_own_key_speaks_for_a_gate() {
    let (gate, thief) = (TestKey::new(30), TestKey::new(31));
    let payload = format!(r#"{{"id":"{}","name":"x","site":"north","zone":"z","iat":{}}}"#, gate.did(), NOON.unix());
    let by = |kid: &str, typ: &str, payload: &str, key: &TestKey| jws::sign(typ, Some(kid), payload.as_bytes(), key).expect("signed");
    let (own, other) = (gate.kid(), thief.kid());
    assert!(Enrolment::open(&by(&own, TYP, &payload, &gate)).is_ok());
    let refused = [
        by(&own, TYP, &payload, &thief),
        by(&other, TYP, &payload, &thief),
        by(&other, TYP, &payload, &gate),
        jws::sign(TYP, None, payload.as_bytes(), &gate).expect("signed"),
        by(&own, "jwt", &payload, &gate),
        by(&own, TYP, &payload.replace(r#""zone":"z""#, r#""zone":"z","zone":"y""#), &gate),
        by(&own, TYP, &payload.replace(r#""zone":"z""#, r#""zone":"z","\u007aone":"y""#), &gate),
        by(&own, TYP, &payload.replace(r#""zone":"z""#, r#""zone":"z","admin":true"#), &gate),
        by(&own, TYP, "[]", &gate),
    ];
    for text in refused {
        assert_eq!(Enrolment::open(&text), Err(BadEnrolment), "{text}");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let gate = TestKey::new(30);
    let text = enrolment(&gate).sign(&gate).expect("signed");
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(altered) = String::from_utf8(bytes) else { continue };
            assert_eq!(Enrolment::open(&altered), Err(BadEnrolment), "byte {at}, bit {bit}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        prop_assert_eq!(Enrolment::open(&text), Err(BadEnrolment));
    }
}
