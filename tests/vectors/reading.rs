//! What others write and we do not read yet, although a specification lets them. Each case must fail today: one that passes is a reading
//! that somebody added, and moves to the tests of that reading.
//!
//! Every input is made here, by keys of this world, and is right in every other respect: the controls prove that.

use crate::world::{DAY, World, at};
use made::{bitstring, cose, document, gzip, kb_jwt, presentation, sd_jwt, token};
use waypass_credential::did;
use waypass_credential::json::{Number, Object, Value};
use waypass_credential::time::Timestamp;

mod made;

/// An input, why it is right, and whether it is read.
struct Case {
    name: &'static str,
    right: &'static str,
    is_read: fn(&World) -> bool,
}

const fn case(name: &'static str, right: &'static str, is_read: fn(&World) -> bool) -> Case {
    Case { name, right, is_read }
}

#[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^53")]
fn fraction(seconds: i64) -> Value<'static> {
    Value::Number(Number::Float(at(seconds).unix() as f64 + 0.25))
}

fn one<'v>(value: impl Into<Value<'v>>) -> Value<'v> {
    Value::Array([value.into()].into())
}

fn wrap(object: &mut Object<'static>, name: &'static str) {
    let value = object.remove(name).expect("it is there");
    object.set(name, one(value));
}

const NOT_READ: &[Case] = &[
    // NumericDate
    case("sd-jwt vc, iat with a fraction", "RFC 7519 §2", |w| sd_jwt(w, |_, c| c.set("iat", fraction(-DAY)))),
    case("sd-jwt vc, exp with a fraction", "RFC 7519 §2", |w| sd_jwt(w, |_, c| c.set("exp", fraction(DAY)))),
    case("sd-jwt vc, nbf with a fraction", "RFC 7519 §2", |w| sd_jwt(w, |_, c| c.set("nbf", fraction(-DAY)))),
    case("kb-jwt, iat with a fraction", "RFC 7519 §2", |w| kb_jwt(w, |c| c.set("iat", fraction(0)))),
    case("status token, iat with a fraction", "RFC 7519 §2", |w| token(w, |_, c| c.set("iat", fraction(0)))),
    case("status token, exp with a fraction", "RFC 7519 §2", |w| token(w, |_, c| c.set("exp", fraction(DAY)))),
    case("status token, ttl with a fraction", "Token Status List §5.1: a positive number", |w| {
        token(w, |_, c| c.set("ttl", Value::Number(Number::Float(3600.5))))
    }),
    // SD-JWT VC
    case("sd-jwt vc without iat", "SD-JWT VC §3.2.2.2: optional", |w| sd_jwt(w, |_, c| drop(c.remove("iat")))),
    case("sd-jwt vc without zones", "no site says that every role has zones", |w| sd_jwt(w, |_, c| drop(c.remove("zones")))),
    case("sd-jwt vc with its former typ", "SD-JWT VC §3.2.1: both are accepted for a time", |w| {
        sd_jwt(w, |header, _| header.set("typ", "vc+sd-jwt"))
    }),
    case("sd-jwt vc whose cnf is the holder's key id", "RFC 7800 §3.4", |w| {
        let kid = did::key_id(waypass_credential::key::Signer::public_key(&w.holder));
        sd_jwt(w, move |_, c| c.set("cnf", Object::new().with("kid", kid.clone())))
    }),
    case("kb-jwt, aud as a list of one", "RFC 7519 §4.1.3", |w| kb_jwt(w, |c| wrap(c, "aud"))),
    // VCDM documents
    case("document valid from 1965", "XSD 1.1 §3.3.7, VCDM §4.9", |w| document(w, |d, _| d.set("validFrom", "1965-05-01T00:00:00Z"))),
    case("document until midnight as 24:00:00", "XSD 1.1 §3.3.7.1", |w| document(w, |d, _| d.set("validUntil", "2026-12-31T24:00:00Z"))),
    case("document that never ends, west of Greenwich", "XSD 1.1 §3.3.7", |w| {
        document(w, |d, _| d.set("validUntil", "9999-12-31T23:59:59-08:00"))
    }),
    case("document with an id that is not ASCII", "VCDM §4.4: a WHATWG URL", |w| {
        document(w, |d, _| d.set("id", "https://klinik.example/ausweise/müller"))
    }),
    case("document whose types stand the other way round", "VCDM §4.5: the order does not matter", |w| {
        document(w, |d, _| d.set("type", Value::from_iter(["RoleCredential", "VerifiableCredential"])))
    }),
    case("document without validFrom", "VCDM §4.9: optional", |w| document(w, |d, _| drop(d.remove("validFrom")))),
    case("document whose subject is a list of one", "VCDM §4.8", |w| document(w, |d, _| wrap(d, "credentialSubject"))),
    case("document whose status type is a list of one", "VCDM §4.10", |w| {
        document(w, |d, _| {
            let Some(Value::Object(mut status)) = d.remove("credentialStatus") else { panic!("one entry") };
            wrap(&mut status, "type");
            d.set("credentialStatus", status);
        })
    }),
    case("document with a name", "VCDM §4.6: defined and harmless", |w| document(w, |d, _| d.set("name", "Staff card"))),
    case("document whose proof has no created", "VC Data Integrity §2.1: optional", |w| document(w, |_, p| drop(p.remove("created")))),
    case("document with an empty list", "RFC 8785: JCS signs it as it stands", |w| {
        document(w, |d, _| d.set("evidence", Value::Array(Vec::new())))
    }),
    // Presentations
    case("presentation, domain as a list of one", "VC Data Integrity §2.1", |w| presentation(w, |_, p| wrap(p, "domain"), false)),
    case("presentation, holder as an object", "VCDM §4.13", |w| {
        presentation(
            w,
            |d, _| {
                let holder = d.remove("holder").expect("a holder");
                d.set("holder", Object::new().with("id", holder));
            },
            false,
        )
    }),
    case("presentation, proof as a list of one", "VC Data Integrity §2.1", |w| presentation(w, |_, _| (), true)),
    // COSE
    case("cose, protected header in another order", "RFC 9052 §3: signed as bytes, any order", |w| cose(w, &[1, 4, 3, 16], true)),
    case("cose without its tag", "RFC 9052 §4.2: COSE_Sign1 without a tag", |w| cose(w, &[1, 3, 4, 16], false)),
    case("cose without typ", "RFC 9596 §2: optional", |w| cose(w, &[1, 3, 4], true)),
    // Status lists
    case("bitstring credential without validFrom", "Bitstring Status List §2.2: optional", |w| {
        bitstring(w, |d| drop(d.remove("validFrom")), false)
    }),
    case("bitstring credential whose subject is a list of one", "VCDM §4.8", |w| bitstring(w, |d| wrap(d, "credentialSubject"), false)),
    case("bitstring credential whose proof is a list of one", "VC Data Integrity §2.1", |w| bitstring(w, |_| (), true)),
    case("gzip in two members", "RFC 1952 §2.2", |_| gzip(2)),
];

/// The other way round: what a specification does not allow, and is taken.
const TAKEN: &[Case] = &[
    case("a date with lower-case letters", "XSD 1.1 §3.3.7.2: T and Z", |_| Timestamp::parse_rfc3339("2026-11-20t08:00:00z").is_none()),
    case("a date with an offset of 15 hours", "XSD 1.1 §3.3.7.2: 14 at most", |_| {
        Timestamp::parse_rfc3339("2026-11-20T08:00:00+15:00").is_none()
    }),
];

#[test]
fn what_is_not_read_yet_is_known() {
    let world = World::default();
    let read: Vec<String> =
        NOT_READ.iter().chain(TAKEN).filter(|case| (case.is_read)(&world)).map(|case| format!("{} ({})", case.name, case.right)).collect();
    assert!(read.is_empty(), "read now, so move it to the tests of that reading: {read:#?}");
}

/// Without the one thing that each case is about, the same input is read.
#[test]
fn each_input_is_right_in_every_other_respect() {
    let world = World::default();
    let controls: [(&str, bool); 8] = [
        ("sd-jwt vc", sd_jwt(&world, |_, _| ())),
        ("kb-jwt", kb_jwt(&world, |_| ())),
        ("status token", token(&world, |_, _| ())),
        ("document", document(&world, |_, _| ())),
        ("presentation", presentation(&world, |_, _| (), false)),
        ("cose", cose(&world, &[1, 3, 4, 16], true)),
        ("bitstring credential", bitstring(&world, |_| (), false)),
        ("gzip", gzip(1)),
    ];
    for (what, is_read) in controls {
        assert!(is_read, "{what}");
    }
}
