//! Answers that say themselves from when to when they hold.

use super::world::{DAY, HOUR, NOW, World, codes, holder, time};
use alloc::{string::String, vec, vec::Vec};
use waypass_credential::Format;
use waypass_credential::base64url;
use waypass_credential::cbor::{Reader, Writer};
use waypass_credential::data_integrity::{Options, Suite};
use waypass_credential::did;
use waypass_credential::did::Purpose;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::jws;
use waypass_credential::vcdm::document::Document;
use waypass_trust::reason::Level::{self, Green, Grey, Red};
use waypass_trust::time::TOLERANCE_SECONDS;

fn object(bytes: &[u8]) -> Object<'static> {
    match json::parse(bytes, Limits::CREDENTIAL).expect("JSON").into_owned() {
        Value::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

/// The JWT with these times, signed again by the holder.
fn resigned(jwt: &str, times: &[(&'static str, i64)]) -> String {
    let part = |at: usize| object(&base64url::decode(jwt.split('.').nth(at).expect("a part")).expect("base64url"));
    let (header, mut payload) = (part(0), part(1));
    for (name, at) in times {
        payload.set(*name, *at);
    }
    jws::sign_named("EdDSA", &header, json::to_string(&Value::Object(payload)).as_bytes(), &holder()).expect("signed")
}

/// The answer of the wallet, with these times in what the holder signs.
fn with(answer: &[u8], format: Format, times: &[(&'static str, i64)]) -> Vec<u8> {
    let text = || core::str::from_utf8(answer).expect("text");
    match format {
        Format::SdJwtVc | Format::VcSdJwt => {
            let end = text().rfind('~').expect("a KB-JWT") + 1;
            let (credential, kb_jwt) = text().split_at(end);
            (String::from(credential) + &resigned(kb_jwt, times)).into_bytes()
        }
        Format::VcJwt => resigned(text(), times).into_bytes(),
        Format::DataIntegrity => {
            let mut document = object(answer);
            let proof = document.remove("proof").expect("a proof");
            let said = |name: &str| proof.member(name).and_then(Value::as_str).expect("a text");
            let key_id = did::key_id(waypass_credential::key::Signer::public_key(&holder()));
            let options = Options {
                verification_method: &key_id,
                purpose: Purpose::Authentication,
                created: Some(time(NOW)),
                expires: times.iter().find(|(name, _)| *name == "exp").map(|(_, at)| time(*at)),
                challenge: Some(said("challenge")),
                domain: Some(said("domain")),
            };
            let document = Document::presentation(document).expect("a presentation");
            let document = document.secure(Suite::EddsaJcs2022, &options, &holder()).expect("signed");
            json::to_string(&Value::Object(document)).into_bytes()
        }
        Format::SdCwt => token(answer, times),
        Format::VcCose | Format::Card => panic!("not tried here"),
    }
}

/// The key binding token with these times, signed again by the holder.
fn token(answer: &[u8], times: &[(&'static str, i64)]) -> Vec<u8> {
    let (tag, message) = answer.split_first().expect("a message");
    let mut from = Reader::new(message);
    assert_eq!((*tag, from.array()), (0xd2, Ok(4)), "COSE_Sign1");
    let protected = from.bytes().expect("a header");
    from.map_of(0).expect("no other header");
    let mut said = Reader::new(from.bytes().expect("claims"));
    said.map_of(3).expect("aud, iat, cnonce");
    assert_eq!(said.unsigned(), Ok(3));
    let audience = said.text().expect("aud");
    assert_eq!(said.unsigned(), Ok(6));
    let mut claims = alloc::collections::BTreeMap::from([(6, said.signed().expect("iat"))]);
    assert_eq!(said.unsigned(), Ok(39));
    let nonce = said.bytes().expect("cnonce");
    for (name, at) in times {
        claims.insert(if *name == "exp" { 4 } else { 5 }, *at);
    }
    let mut payload = Writer::new();
    payload.map(claims.len() + 2).unsigned(3).text(audience);
    for (label, at) in claims {
        payload.unsigned(label).signed(at);
    }
    payload.unsigned(39).bytes(nonce);
    let payload = payload.into_bytes();
    let mut signed = Writer::new();
    signed.array(4).text("Signature1").bytes(protected).bytes(&[]).bytes(&payload);
    let signature = waypass_credential::key::Signer::sign(&holder(), &signed.into_bytes()).expect("signed");
    let mut out = Writer::new();
    out.array(4).bytes(protected).map(0).bytes(&payload).bytes(&signature);
    [&[0xd2][..], &out.into_bytes()].concat()
}

fn decided(format: Format, times: &[(&'static str, i64)]) -> (Level, Vec<&'static str>) {
    let decision = World::new().in_format(format).run_with(|answer| with(&answer, format, times), |challenge| challenge);
    (decision.level(), codes(&decision))
}

/// RFC 9901 §7.3 step 5: a KB-JWT is "a valid JWT in all other respects, per RFC 7519". Others sign presentations with an `exp` by habit.
#[test]
fn the_end_of_an_answer_is_judged() {
    for format in [Format::SdJwtVc, Format::VcSdJwt, Format::VcJwt, Format::DataIntegrity] {
        let ends = |at: i64| decided(format, &[("exp", at)]);
        assert_eq!(decided(format, &[]), (Green, vec!["ok"]), "{format}");
        assert_eq!(ends(NOW + 60), (Green, vec!["ok"]), "{format}");
        assert_eq!(ends(NOW - TOLERANCE_SECONDS + 60), (Green, vec!["ok"]), "two honest clocks, {format}");
        assert_eq!(ends(NOW - TOLERANCE_SECONDS - 60), (Red, vec!["challenge_expired"]), "{format}");
        assert_eq!(ends(NOW - HOUR), (Red, vec!["challenge_expired"]), "{format}");
    }
}

#[test]
fn the_beginning_of_an_answer_is_judged() {
    for format in [Format::SdJwtVc, Format::VcSdJwt, Format::VcJwt] {
        let begins = |at: i64| decided(format, &[("nbf", at), ("exp", NOW + DAY)]);
        assert_eq!(begins(NOW - HOUR), (Green, vec!["ok"]), "{format}");
        assert_eq!(begins(NOW + TOLERANCE_SECONDS - 1), (Green, vec!["ok"]), "two honest clocks, {format}");
        assert_eq!(begins(NOW + HOUR), (Red, vec!["not_yet_valid"]), "{format}");
    }
}

/// The draft wants the times of a key binding token in order, so one that has ended or has not begun contradicts its own `iat`.
#[test]
fn an_sd_cwt_keeps_the_order_of_its_times() {
    let decided = |times: &[(&'static str, i64)]| decided(Format::SdCwt, times);
    assert_eq!(decided(&[]), (Green, vec!["ok"]));
    assert_eq!(decided(&[("exp", NOW + HOUR)]), (Green, vec!["ok"]));
    assert_eq!(decided(&[("nbf", NOW - 60), ("exp", NOW + HOUR)]), (Green, vec!["ok"]));
    for times in [&[("exp", NOW - HOUR)][..], &[("nbf", NOW + HOUR)], &[("exp", NOW + 4000 * DAY)]] {
        assert_eq!(decided(times), (Red, vec!["malformed"]), "{times:?}");
    }
}

/// The moment is the gate's own, and under a doubt nobody knows whether something has begun.
#[test]
fn a_clock_in_doubt_does_not_let_an_answer_begin() {
    let mut world = World::new().in_format(Format::SdJwtVc);
    (world.signed_time, world.clock_off) = (Some(NOW), -HOUR);
    let decision = world.run_with(|answer| with(&answer, Format::SdJwtVc, &[("nbf", NOW + HOUR)]), |challenge| challenge);
    assert!(decision.level() >= Grey && codes(&decision).contains(&"clock_unusable"), "{:?}", codes(&decision));
}

#[test]
fn nothing_is_judged_before_1970() {
    assert_eq!(decided(Format::SdJwtVc, &[("exp", -1)]), (Red, vec!["challenge_expired"]));
    assert_eq!(decided(Format::SdJwtVc, &[("nbf", -1)]), (Green, vec!["ok"]));
}
