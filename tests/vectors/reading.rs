//! Texts that others write and we do not read yet, although a specification lets them. Each case must fail today: one
//! that passes is a reading
//! that somebody added, and moves to the tests of that reading.
//!
//! Every input is made here, by keys of this world, and is right in every other respect: the controls prove that. Each case names the
//! report that it comes from and the refusal that it gets, so that another refusal is noticed too.

use crate::world::{DAY, World, at};
use made::{any, bitstring, cose, did_web, document, gzip, kb_jwt, presentation, sd_jwt, token, vc_jwt, vp_jwt, withheld};
use waypass_credential::did;
use waypass_credential::json::{Number, Object, Value};

mod made;

/// Nothing, or the words of the refusal.
type Read = Result<(), String>;

/// An input of a report, why it is right, what is said about it today, and how it is read.
struct Case {
    report: &'static str,
    name: &'static str,
    right: &'static str,
    refusal: &'static str,
    read: fn(&World) -> Read,
}

const fn case(report: &'static str, name: &'static str, right: &'static str, refusal: &'static str, read: fn(&World) -> Read) -> Case {
    Case { report, name, right, refusal, read }
}

/// An input of a report that is read.
struct Reading {
    report: &'static str,
    name: &'static str,
    read: fn(&World) -> Read,
}

const fn reading(report: &'static str, name: &'static str, read: fn(&World) -> Read) -> Reading {
    Reading { report, name, read }
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

    // SD-JWT VC
    case("interop 11", "sd-jwt vc without iat", "SD-JWT VC §3.2.2.2: optional", "the member iat is missing", |w| {
        sd_jwt(w, |_, c| drop(c.remove("iat")))
    }),
    case("interop 11", "sd-jwt vc without zones", "no site says that every role has zones", "the member zones is missing", |w| {
        sd_jwt(w, |_, c| drop(c.remove("zones")))
    }),
    case(
        "interop B6",
        "sd-jwt vc with its former typ",
        "SD-JWT VC §3.2.1: both are accepted for a time",
        "the member issuer is missing",
        |w| sd_jwt(w, |header, _| header.set("typ", "vc+sd-jwt")),
    ),
    case("interop B4", "sd-jwt vc whose cnf is the holder's key id", "RFC 7800 §3.4", "the member jwk is missing", |w| {
        let kid = did::key_id(waypass_credential::key::Signer::public_key(&w.holder));
        sd_jwt(w, move |_, c| c.set("cnf", Object::new().with("kid", kid.clone())))
    }),
    // VCDM documents
    case("interop 11", "document without validFrom", "VCDM §4.9: optional", "the member validFrom is missing", |w| {
        document(w, |d, _| drop(d.remove("validFrom")))
    }),
    case("interop 11", "document whose proof has no created", "VC Data Integrity §2.1: optional", "the member created is missing", |w| {
        document(w, |_, p| drop(p.remove("created")))
    }),
    // Presentations

    // COSE
    case("interop 7", "cose without typ", "RFC 9596 §2: optional", "the member typ is out of range", |w| cose(w, &[1, 3, 4], true)),
    // Status lists
    case(
        "interop 3",
        "bitstring credential without validFrom",
        "Bitstring Status List §2.2: optional",
        "not a readable status list",
        |w| bitstring(w, |d| drop(d.remove("validFrom")), false),
    ),
    // Names of Ed25519
    case("BH-08", "sd-jwt vc with alg Ed25519", "RFC 9864 §2.2", "the JWS names no supported algorithm", |w| {
        sd_jwt(w, |h, _| h.set("alg", "Ed25519"))
    }),
    case("BH-08", "kb-jwt with alg Ed25519", "RFC 9864 §2.2", "holder proof: the JWS names no supported algorithm", |w| {
        made::kb_jwt_under(w, "Ed25519")
    }),
    case("BH-08", "status token with alg Ed25519", "RFC 9864 §2.2", "not a readable status list", |w| {
        token(w, |h, _| h.set("alg", "Ed25519"))
    }),
    case("BH-08", "vc+jwt with alg Ed25519", "RFC 9864 §2.2", "the JWS names no supported algorithm", |w| {
        vc_jwt(w, |h, _| h.set("alg", "Ed25519"))
    }),
    // More about SD-JWT VC
    case(
        "bughunt E",
        "sd-jwt vc whose digests are SHA-384",
        "RFC 9901 §4.1.1: any registered hash",
        "the digests use another hash than SHA-256",
        |w| sd_jwt(w, |_, c| c.set("_sd_alg", "sha-384")),
    ),
    case("interop 11", "sd-jwt vc without sites", "in a document none means none", "the member sites is missing", |w| {
        sd_jwt(w, |_, c| drop(c.remove("sites")))
    }),
    case("interop 9", "sd-jwt vc without typ", "the media type says it too", "the proof is not valid", |w| {
        sd_jwt(w, |h, _| drop(h.remove("typ")))
    }),
    case("interop B3", "sd-jwt vc without iss", "SD-JWT VC §3.2.2.2: optional", "the member iss is missing", |w| {
        sd_jwt(w, |_, c| drop(c.remove("iss")))
    }),
    case("interop B2", "sd-jwt vc with one role as a text", "other vocabularies", "the member roles has the wrong type", |w| {
        sd_jwt(w, |_, c| c.set("roles", "nurse"))
    }),
    case("interop B2", "sd-jwt vc whose roles have spaces", "other vocabularies", "the member roles is out of range", |w| {
        sd_jwt(w, |_, c| c.set("roles", Value::from_iter(["Leitende Ärztin", "nurse"])))
    }),
    case(
        "interop B2",
        "sd-jwt vc that withholds the list of roles as one",
        "RFC 9901 §4.2.1",
        "the claim roles must not be selectively disclosable",
        withheld,
    ),
    case("bughunt E", "sd-jwt vc with a portrait of 60 kB", "no specification bounds it", "larger than a credential may be", |w| {
        sd_jwt(w, |_, c| c.set("portrait", "A".repeat(60_000)))
    }),
    // Envelopes
    case("conformance F", "vc+jwt without typ", "VC-JOSE-COSE §3.1.1: should", "the member typ is out of range", |w| {
        vc_jwt(w, |h, _| drop(h.remove("typ")))
    }),
    case("interop B6", "JWT with a vc claim of VCDM 1.1", "VCDM 1.1 §6.3.1", "the member typ is out of range", |w| {
        vc_jwt(w, |h, c| {
            h.set("typ", "JWT");
            let vc = Value::Object(std::mem::take(c));
            *c = Object::new().with("iss", "did:example:i").with("vc", vc);
        })
    }),
    case(
        "FZ-07",
        "vc+jwt of a document that has a member iss",
        "VCDM §5.2: @vocab gives it a meaning",
        "the member iss has the wrong type",
        |w| vc_jwt(w, |_, c| c.set("iss", one("someone"))),
    ),
    // More about documents

    // Documents of any type: JCS and envelopes sign their text, in which nothing of this is lost
    case(
        "BH-30",
        "an inline context with a language map",
        "JSON-LD 1.1 §4.6.2",
        "in the document's own @context: the context uses a feature that is not supported: an @container of @language (a language map)",
        |_| inline(r#"{"deck": {"@id": "urn:example:deck", "@container": "@language"}}"#),
    ),
    case(
        "BH-30",
        "an inline context with an index",
        "JSON-LD 1.1 §4.6.1",
        "in the document's own @context: the context uses a feature that is not supported: an @container of @index",
        |_| inline(r#"{"deck": {"@id": "urn:example:deck", "@container": "@index"}}"#),
    ),
    case(
        "BH-30",
        "an inline context with @nest",
        "JSON-LD 1.1 §4.5",
        "in the document's own @context: the context uses a feature that is not supported: @nest",
        |_| inline(r#"{"deck": {"@id": "urn:example:deck", "@nest": "@nest"}}"#),
    ),
    case(
        "BH-30",
        "an inline context with @reverse",
        "JSON-LD 1.1 §4.8",
        "in the document's own @context: the context uses a feature that is not supported: @reverse",
        |_| inline(r#"{"deck": "urn:example:deck", "on": {"@reverse": "urn:example:deck"}}"#),
    ),
    case(
        "BH-30",
        "an inline context with a default language",
        "JSON-LD 1.1 §4.2.4",
        "in the document's own @context: the context uses a feature that is not supported: @language",
        |_| inline(r#"{"@language": "de", "deck": "urn:example:deck"}"#),
    ),
    case(
        "conformance B",
        "an inline context with @base",
        "JSON-LD 1.1 §4.1.3",
        "in the document's own @context: the context uses a feature that is not supported: @base",
        |_| inline(r#"{"@base": "https://clinic.example/", "deck": "urn:example:deck"}"#),
    ),
    // Keys of a did:web
    case(
        "BH-27",
        "did:web with Ed25519VerificationKey2020",
        "VC Data Integrity §2.1.1: a former kind",
        "the verification method's key is of no supported kind",
        |_| did_web("Ed25519VerificationKey2020"),
    ),
    case(
        "interop 11",
        "did:web with Ed25519VerificationKey2018",
        "a former kind",
        "the verification method's key is of no supported kind",
        |_| did_web("Ed25519VerificationKey2018"),
    ),
    // More about status lists
    case("BH-32", "bitstring credential that also names data-integrity/v2", "VCDM §4.3", "not a readable status list", |w| {
        let contexts = ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/security/data-integrity/v2"];
        bitstring(w, move |d| d.set("@context", Value::from_iter(contexts)), false)
    }),
];

fn jcs(claims: &str) -> Read {
    any(r#"{"deck": "urn:example:deck", "more": "urn:example:more"}"#, claims)
}

fn inline(context: &str) -> Read {
    any(context, r#""deck": "C""#)
}

/// Texts that others write and we read: each was in the list above once.
const READ: &[Reading] = &[
    reading("BH-04, interop 11", "sd-jwt vc, iat with a fraction", |w| sd_jwt(w, |_, c| c.set("iat", fraction(-DAY)))),
    reading("BH-04", "sd-jwt vc, exp with a fraction", |w| sd_jwt(w, |_, c| c.set("exp", fraction(DAY)))),
    reading("BH-04", "sd-jwt vc, nbf with a fraction", |w| sd_jwt(w, |_, c| c.set("nbf", fraction(-DAY)))),
    reading("BH-04", "kb-jwt, iat with a fraction", |w| kb_jwt(w, |c| c.set("iat", fraction(0)))),
    reading("BH-04", "status token, iat with a fraction", |w| token(w, |_, c| c.set("iat", fraction(0)))),
    reading("BH-04", "status token, exp with a fraction", |w| token(w, |_, c| c.set("exp", fraction(DAY)))),
    reading("BH-04", "status token, ttl with a fraction", |w| token(w, |_, c| c.set("ttl", Value::Number(Number::Float(3600.5))))),
    reading("BH-15", "document valid from 1965", |w| document(w, |d, _| d.set("validFrom", "1965-05-01T00:00:00Z"))),
    reading("BH-16", "document until midnight as 24:00:00", |w| document(w, |d, _| d.set("validUntil", "2026-12-31T24:00:00Z"))),
    reading("BH-17", "document that never ends, west of Greenwich", |w| {
        document(w, |d, _| d.set("validUntil", "9999-12-31T23:59:59-08:00"))
    }),
    reading("BH-19", "document with an id that is not ASCII", |w| {
        document(w, |d, _| d.set("id", "https://klinik.example/ausweise/müller"))
    }),
    reading("BH-14, interop 11", "document whose types stand the other way round", |w| {
        document(w, |d, _| d.set("type", Value::from_iter(["RoleCredential", "VerifiableCredential"])))
    }),
    reading("interop 11", "document whose subject is a list of one", |w| document(w, |d, _| wrap(d, "credentialSubject"))),
    reading("BH-14", "document whose status type is a list of one", |w| {
        document(w, |d, _| {
            let Some(Value::Object(mut status)) = d.remove("credentialStatus") else { panic!("one entry") };
            wrap(&mut status, "type");
            d.set("credentialStatus", status);
        })
    }),
    reading("interop 9", "document with a name", |w| document(w, |d, _| d.set("name", "Staff card"))),
    reading("BH-31", "document with an empty list", |w| document(w, |d, _| d.set("evidence", Value::Array(Vec::new())))),
    reading("BH-11", "presentation, domain as a list of one", |w| presentation(w, |_, p| wrap(p, "domain"), false)),
    reading("BH-12", "presentation, holder as an object", |w| {
        presentation(
            w,
            |d, _| {
                let holder = d.remove("holder").expect("a holder");
                d.set("holder", Object::new().with("id", holder));
            },
            false,
        )
    }),
    reading("BH-13", "presentation, proof as a list of one", |w| presentation(w, |_, _| (), true)),
    reading("interop 7", "cose, protected header in another order", |w| cose(w, &[1, 4, 3, 16], true)),
    reading("conformance E", "cose without its tag", |w| cose(w, &[1, 3, 4, 16], false)),
    reading("BH-32", "bitstring credential whose subject is a list of one", |w| bitstring(w, |d| wrap(d, "credentialSubject"), false)),
    reading("BH-32", "bitstring credential whose proof is a list of one", |w| bitstring(w, |_| (), true)),
    reading("BH-20", "gzip in two members", |_| gzip(2)),
    reading("BH-04", "vc+jwt, iat with a fraction", |w| vc_jwt(w, |_, c| c.set("iat", fraction(-DAY)))),
    reading("BH-04", "vc+jwt, exp with a fraction", |w| vc_jwt(w, |_, c| c.set("exp", fraction(DAY)))),
    reading("interop 9", "document with a description", |w| document(w, |d, _| d.set("description", "Opens the lab"))),
    reading("interop 9", "document with credentialSchema", |w| {
        document(w, |d, _| {
            let schema = Object::new().with("id", "https://clinic.example/schema.json").with("type", "JsonSchema");
            d.set("credentialSchema", schema);
        })
    }),
    reading("BH-31", "null in a document", |_| jcs(r#""deck": "C", "more": null"#)),
    reading("BH-31", "an empty list in a document", |_| jcs(r#""deck": "C", "more": []"#)),
    reading("conformance B", "a list in a list", |_| jcs(r#""deck": [["C"], ["D"]]"#)),
    reading("conformance B", "one item twice in a list", |_| jcs(r#""deck": ["C", "C"]"#)),
    reading("conformance B", "a number of 17 digits", |_| jcs(r#""deck": 48.137430000000015"#)),
    reading("interop 8", "kb-jwt, aud as a list of one", |w| kb_jwt(w, |c| wrap(c, "aud"))),
];

#[test]
fn what_is_not_read_yet_is_known() {
    let world = World::default();
    let mut wrong = Vec::new();
    for Case { report, name, right, refusal, read } in NOT_READ {
        match read(&world) {
            Ok(()) => wrong.push(format!("{report}: {name} ({right}) is read now: move it to the tests of that reading")),
            Err(why) if why != *refusal => wrong.push(format!("{report}: {name}: said is {why:?}, expected was {refusal:?}")),
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_others_may_write_is_read() {
    let world = World::default();
    for Reading { report, name, read } in READ {
        assert_eq!(read(&world), Ok(()), "{report}: {name}");
    }
}

/// Without the one thing that each case is about, the same input is read.
#[test]
fn each_input_is_right_in_every_other_respect() {
    let world = World::default();
    let controls = [
        ("sd-jwt vc", sd_jwt(&world, |_, _| ())),
        ("kb-jwt", kb_jwt(&world, |_| ())),
        ("status token", token(&world, |_, _| ())),
        ("document", document(&world, |_, _| ())),
        ("presentation", presentation(&world, |_, _| (), false)),
        ("cose", cose(&world, &[1, 3, 4, 16], true)),
        ("bitstring credential", bitstring(&world, |_| (), false)),
        ("gzip", gzip(1)),
        ("vc+jwt", vc_jwt(&world, |_, _| ())),
        ("vp+jwt", vp_jwt(&world, |_| ())),
        ("document of any type", any(r#"{"deck": "urn:example:deck"}"#, r#""deck": "C""#)),
        ("did:web", did_web("Multikey")),
    ];
    for (what, read) in controls {
        assert_eq!(read, Ok(()), "{what}");
    }
}
