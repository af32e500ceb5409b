use crate::binding::{Binding, HolderError, Nonce};
use crate::cbor::{Item, Label, Map, Reader, Writer};
use crate::claim_path::ClaimPath;
use crate::cose::{Parts, TAG, to_be_signed};
use crate::credential::{Credential, Presentation};
use crate::did;
use crate::error::{IssueError, PresentError, VerifyError};
use crate::format::Format;
use crate::json::{Number, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, ShortThumbprint, Signer};
use crate::key_source::{Claimed, KeyClaim, KeySource};
use crate::malformed::Malformed;
use crate::role::tests::claims;
use crate::role::{RoleClaims, StatusPurpose, StatusReference};
use crate::testing::{AT, Key, TestRng};
use alloc::{borrow::Cow, boxed::Box, string::ToString, vec, vec::Vec};
use proptest::prelude::*;

const ROLE: i64 = -65_537;

fn issue(claims: &RoleClaims, key: &Key) -> Credential {
    Credential::issue(claims, Format::SdCwt, key, &mut TestRng(1)).expect("issued")
}

fn parse(bytes: &[u8]) -> Result<Credential, Malformed> {
    Credential::parse(bytes, &KnownContexts::new())
}

fn binding() -> Binding<'static> {
    Binding::challenge(&Nonce([9; 16]), "did:key:zGate")
}

/// A credential without anything to withhold, with other claims in it, signed again.
fn with(change: impl FnOnce(&mut Map<'_>)) -> Credential {
    let bare = RoleClaims { roles: Vec::new(), personal: Object::new(), ..claims() };
    let issued = issue(&bare, &Key::issuer());
    let parts = Parts::parse(issued.as_bytes()).expect("parts");
    let mut payload = Map::read(&mut Reader::new(parts.payload), 16).expect("claims");
    change(&mut payload);
    let mut out = Writer::new();
    payload.write(&mut out);
    let payload = out.into_bytes();
    let signature = Key::issuer().sign(&to_be_signed(parts.protected, &payload)).expect("signs");
    let mut out = Writer::new();
    out.tag(TAG).array(4).bytes(parts.protected).map(parts.unprotected.len());
    for parameter in &parts.unprotected {
        out.encoded(parameter.key.rest());
        out.encoded(parameter.value.rest());
    }
    out.bytes(&payload).bytes(&signature);
    parse(&out.into_bytes()).expect("reads")
}

fn put<'m>(map: &mut Map<'m>, label: i64, item: Item<'m>) {
    map.remove(&Label::Integer(label));
    map.0.push((Label::Integer(label), item));
}

fn said(credential: &Credential) -> Result<(), Malformed> {
    match credential.verify(Key::issuer().public_key()) {
        Ok(_) => Ok(()),
        Err(VerifyError::Malformed(why)) => Err(why),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn one_meaning_by_every_kind_of_key() {
    for issuer in [Key::ed25519(1), Key::p256(1), Key::p384(1)] {
        for holder in [Key::ed25519(2), Key::p256(2), Key::p384(2)] {
            let claims = RoleClaims {
                issuer: did::to_did_key(issuer.public_key()),
                key_id: Some(did::key_id(issuer.public_key())),
                holder: Some(holder.public_key().clone().into()),
                ..claims()
            };
            let credential = issue(&claims, &issuer);
            assert_eq!(credential.format(), Format::SdCwt);
            assert_eq!(credential.verify(issuer.public_key()).expect("genuine").role(), &claims);
            assert_eq!(credential.disclosable().expect("readable").len(), 4);
            let thumbprint = ShortThumbprint::of(issuer.public_key());
            assert_eq!(credential.key_claim(), KeyClaim::Thumbprint { issuer: None, thumbprint });
            assert_eq!(credential.untrusted().expect("readable").role.issuer, thumbprint.to_string());
        }
    }
}

#[test]
fn an_issuer_with_a_name_of_its_own_writes_it() {
    let named = RoleClaims { issuer: "did:web:site.example".into(), key_id: None, ..claims() };
    let credential = issue(&named, &Key::issuer());
    let thumbprint = ShortThumbprint::of(Key::issuer().public_key());
    assert_eq!(credential.key_claim(), KeyClaim::Thumbprint { issuer: Some("did:web:site.example"), thumbprint });
    assert_eq!(credential.verify(Key::issuer().public_key()).expect("genuine").role(), &named);
}

/// The key that is asked for is the one that the credential names, and no other.
#[test]
fn a_key_that_nobody_has_is_unknown() {
    struct Nobody;
    impl KeySource for Nobody {
        fn key(&self, _: KeyClaim<'_>) -> Option<&PublicKey> {
            None
        }
    }
    let credential = issue(&claims(), &Key::issuer());
    assert_eq!(credential.verify(&Nobody).map(|_| ()), Err(VerifyError::UnknownKey));
    assert_eq!(credential.verify(Key::ed25519(9).public_key()).map(|_| ()), Err(VerifyError::InvalidProof));
}

#[test]
fn a_key_id_of_others_is_a_text_under_their_name() {
    let issued = issue(&RoleClaims { issuer: "did:web:site.example".into(), key_id: None, ..claims() }, &Key::issuer());
    let parts = Parts::parse(issued.as_bytes()).expect("parts");
    let claimed = |kid: Option<&[u8]>| {
        let mut header = Writer::new();
        header.map(2 + usize::from(kid.is_some())).signed(1).signed(-19);
        if let Some(kid) = kid {
            header.signed(4).bytes(kid);
        }
        header.signed(16).signed(293);
        let mut out = Writer::new();
        out.array(4).bytes(&header.into_bytes()).map(0).bytes(parts.payload).bytes(&[0; 64]);
        parse(&out.into_bytes())
    };
    let absolute = claimed(Some(b"#k1")).expect("reads");
    let expected = Claimed { issuer: "did:web:site.example", key_id: Some("did:web:site.example#k1") };
    assert_eq!(absolute.key_claim(), KeyClaim::Issuer(expected));
    let none = claimed(None).expect("reads");
    assert_eq!(none.key_claim(), KeyClaim::Issuer(Claimed { issuer: "did:web:site.example", key_id: None }));
    assert!(matches!(claimed(Some(&[7; 8])).expect("reads").key_claim(), KeyClaim::Thumbprint { .. }));
    assert_eq!(claimed(Some(&[0xff; 9])).map(drop), Err(Malformed::WrongType("kid")));
    // Without a name the key must be named by its thumbprint.
    let nameless = Parts::parse(issued.as_bytes()).map(|parts| {
        let mut payload = Map::read(&mut Reader::new(parts.payload), 16).expect("claims");
        payload.remove(&Label::Integer(1));
        let mut out = Writer::new();
        payload.write(&mut out);
        let mut message = Writer::new();
        let mut header = Writer::new();
        header.map(3).signed(1).signed(-19).signed(4).bytes(b"#k1").signed(16).signed(293);
        message.array(4).bytes(&header.into_bytes()).map(0).bytes(&out.into_bytes()).bytes(&[0; 64]);
        message.into_bytes()
    });
    assert_eq!(parse(&nameless.expect("parts")).map(drop), Err(Malformed::Missing("iss")));
}

#[test]
fn the_holder_shows_what_was_asked_for_and_no_more() {
    let credential = issue(&claims(), &Key::issuer());
    let content = credential.untrusted().expect("readable").claims.clone();
    let nurse = content.member("roles").and_then(Value::as_array).expect("roles").iter().position(|role| role.as_str() == Some("nurse"));
    let paths = [ClaimPath::names(["roles"]).then(nurse.expect("a nurse")), ClaimPath::names(["given_name"])];
    let shown = credential.present(&paths, &binding(), AT, &Key::holder(), &mut TestRng(2)).expect("presents");
    let verified = shown.credential().verify(Key::issuer().public_key()).expect("genuine");
    assert_eq!(
        (verified.role().roles.as_slice(), verified.role().sites.as_slice()),
        (&["nurse".to_string()][..], &["north".to_string()][..])
    );
    assert_eq!(verified.role().personal, Object::new().with("given_name", "Ada"));
    assert_eq!(shown.untrusted_nonce(), Some(&*Nonce([9; 16]).to_text()));
    assert!(shown.verify_holder(Key::holder().public_key(), &binding()).is_ok());
    let other = Binding::challenge(&Nonce([8; 16]), "did:key:zGate");
    assert_eq!(shown.verify_holder(Key::holder().public_key(), &other), Err(HolderError::NonceMismatch));
    assert_eq!(shown.verify_holder(Key::gate().public_key(), &binding()), Err(HolderError::InvalidProof));
    let stolen = credential.present(&paths, &binding(), AT, &Key::p256(9), &mut TestRng(2));
    assert_eq!(stolen.map(drop), Err(PresentError::NotTheHolder));
    let nowhere = ClaimPath::names(["family"]);
    let none = credential.present(core::slice::from_ref(&nowhere), &binding(), AT, &Key::holder(), &mut TestRng(2));
    assert_eq!(none.map(drop), Err(PresentError::NoSuchClaim(nowhere)));
    // A credential without an answer, and an answer that is to be a credential.
    let bare = Presentation::parse(credential.as_bytes(), &KnownContexts::new()).expect("reads");
    assert_eq!(bare.verify_holder(Key::holder().public_key(), &binding()), Err(HolderError::Missing));
    assert_eq!(parse(shown.as_bytes()).map(drop), Err(Malformed::OutOfRange("typ")));
}

#[test]
fn every_flipped_bit_of_an_answer_is_refused() {
    let holder = Key::ed25519(2);
    let claims = RoleClaims { holder: Some(holder.public_key().clone().into()), ..claims() };
    let credential = issue(&claims, &Key::issuer());
    let shown = credential.present(&[ClaimPath::names(["roles"])], &binding(), AT, &holder, &mut TestRng(2)).expect("presents");
    let mut damaged = shown.as_bytes().to_vec();
    for at in 0..damaged.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            let passes = Presentation::parse(&damaged, &KnownContexts::new()).is_ok_and(|shown| {
                shown.credential().verify(Key::issuer().public_key()).is_ok()
                    && shown.verify_holder(holder.public_key(), &binding()).is_ok()
            });
            assert!(!passes, "byte {at} bit {bit}");
            damaged[at] ^= 1 << bit;
        }
    }
}

/// A role-only answer: three roles of which two are shown, Ed25519 throughout.
#[test]
fn an_answer_about_roles_fits_into_one_code() {
    for (key, holder, most) in
        [(Key::ed25519(1), Key::ed25519(2), 526), (Key::p256(1), Key::p256(2), 566), (Key::p384(1), Key::p384(2), 676)]
    {
        let claims = RoleClaims {
            issuer: did::to_did_key(key.public_key()),
            key_id: Some(did::key_id(key.public_key())),
            roles: ["nurse", "staff", "visitor"].map(Into::into).to_vec(),
            zones: vec!["*".into()],
            status: vec![crate::role::StatusReference::token("https://waypass.example/lists/1", 123_456)],
            holder: Some(holder.public_key().clone().into()),
            personal: Object::new(),
            ..claims()
        };
        let credential = issue(&claims, &key);
        let roles = credential.untrusted().expect("readable").claims.member("roles").and_then(Value::as_array).expect("roles").to_vec();
        let shown = roles.iter().enumerate().filter(|(_, role)| role.as_str() != Some("visitor"));
        let paths: Vec<ClaimPath> = shown.map(|(at, _)| ClaimPath::names(["roles"]).then(at)).collect();
        let question = Binding::Question { digest: [9; 32], audience: "did:key:zGate" };
        let answer = credential.present(&paths, &question, AT, &holder, &mut TestRng(2)).expect("presents");
        let bytes = answer.as_bytes().len();
        assert!(bytes <= most, "{bytes} bytes of at most {most}");
    }
}

#[test]
fn claims_that_decide_are_always_shown() {
    // Each of them moved behind a disclosure of its own.
    let issued = issue(&claims(), &Key::issuer());
    let parts = Parts::parse(issued.as_bytes()).expect("parts");
    let payload = Map::read(&mut Reader::new(parts.payload), 16).expect("claims");
    let concealed = |payload: Map<'_>, disclosure: Vec<u8>| {
        let mut out = Writer::new();
        payload.write(&mut out);
        let payload = out.into_bytes();
        let signature = Key::issuer().sign(&to_be_signed(parts.protected, &payload)).expect("signs");
        let mut out = Writer::new();
        out.tag(TAG).array(4).bytes(parts.protected).map(1).signed(17).array(1);
        out.encoded(&disclosure);
        out.bytes(&payload).bytes(&signature);
        said(&parse(&out.into_bytes()).expect("reads"))
    };
    let disclosure = |item: &Item<'_>, label: Option<&Label<'_>>| {
        let mut content = Writer::new();
        content.array(2 + usize::from(label.is_some())).bytes(&[5; 16]);
        item.write(&mut content);
        if let Some(label) = label {
            label.write(&mut content);
        }
        let mut out = Writer::new();
        out.bytes(&content.into_bytes());
        let bytes = out.into_bytes();
        let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&bytes).into();
        (bytes, Item::Bytes(Cow::Owned(digest.to_vec())))
    };
    for (label, name) in [(2, "sub"), (4, "exp"), (6, "iat"), (8, "cnf"), (65_535, "status"), (ROLE, "roles")] {
        let mut payload = payload.clone();
        let item = payload.remove(&Label::Integer(label)).expect("it is there");
        let (bytes, digest) = disclosure(&item, Some(&Label::Integer(label)));
        payload.remove(&Label::Simple(59));
        payload.0.push((Label::Simple(59), Item::Array(vec![digest])));
        assert_eq!(concealed(payload, bytes), Err(Malformed::NotDisclosable(name)), "{label}");
    }
    // A part of one: a site, a member of the key, the list of the status, and the list of all sites.
    let (bytes, digest) = disclosure(&Item::Text("north".into()), None);
    let tagged = || Item::Tag(60, Box::new(digest.clone()));
    for role in [
        vec![Item::Array(vec![]), Item::Array(vec![tagged()]), Item::Array(vec![])],
        vec![Item::Array(vec![]), Item::Array(vec![Item::Text("north".into())]), Item::Array(vec![tagged()])],
        vec![Item::Array(vec![]), tagged(), Item::Array(vec![])],
    ] {
        let mut payload = payload.clone();
        payload.remove(&Label::Simple(59));
        put(&mut payload, ROLE, Item::Array(role));
        assert_eq!(concealed(payload, bytes.clone()), Err(Malformed::NotDisclosable("roles")));
    }
    let (bytes, digest) = disclosure(&Item::Integer(7), Some(&Label::Text("idx".into())));
    let mut payload = payload.clone();
    payload.remove(&Label::Simple(59));
    let list = Map(vec![(Label::Text("uri".into()), Item::Text("u".into())), (Label::Simple(59), Item::Array(vec![digest]))]);
    put(&mut payload, 65_535, Item::Map(Map(vec![(Label::Text("status_list".into()), Item::Map(list))])));
    assert_eq!(concealed(payload, bytes), Err(Malformed::NotDisclosable("status")));
}

#[test]
fn every_claim_is_read_strictly() {
    let text = |text: &'static str| Item::Text(Cow::Borrowed(text));
    let named = |name: &'static str, item| (Label::Text(Cow::Borrowed(name)), item);
    for (label, item, wrong) in [
        (2, text("somebody"), Malformed::OutOfRange("sub")),
        (2, Item::Integer(1), Malformed::WrongType("sub")),
        (3, text("did:key:zGate"), Malformed::OutOfRange("aud")),
        (4, text("soon"), Malformed::WrongType("exp")),
        (4, Item::Integer(1_795_000_000), Malformed::OutOfRange("iat")),
        (5, Item::Integer(1_795_000_001), Malformed::OutOfRange("nbf")),
        (8, Item::Null, Malformed::WrongType("cnf")),
        (8, Item::Map(Map::default()), Malformed::Missing("COSE_Key")),
        (8, Item::Map(Map(vec![(Label::Integer(1), Item::Map(Map::default()))])), Malformed::OutOfRange("cnf")),
        (11, Item::Integer(65_000), Malformed::WrongType("vct")),
        (65_535, Item::Map(Map::default()), Malformed::Missing("status_list")),
        (65_535, Item::Map(Map(vec![named("status_list", Item::Null)])), Malformed::WrongType("status_list")),
        (65_535, Item::Map(Map(vec![named("status_list", Item::Null), named("other", Item::Null)])), Malformed::OutOfRange("status")),
        (ROLE, Item::Array(vec![Item::Array(vec![])]), Malformed::OutOfRange("roles")),
        (ROLE, Item::Array(vec![Item::Array(vec![]), text("north")]), Malformed::WrongType("sites")),
        (ROLE, Item::Array(vec![Item::Array(vec![Item::Null]), Item::Array(vec![])]), Malformed::WrongType("roles")),
    ] {
        assert_eq!(said(&with(|claims| put(claims, label, item))), Err(wrong), "{label}");
    }
    for (label, name) in [(2, "sub"), (4, "exp"), (6, "iat"), (8, "cnf"), (ROLE, "roles")] {
        assert_eq!(said(&with(|claims| drop(claims.remove(&Label::Integer(label))))), Err(Malformed::Missing(name)));
    }
    // A text that would pass for a claim of ours, and two keys of one spelling.
    for name in ["roles", "exp", "cnf", "aud"] {
        assert_eq!(said(&with(|claims| claims.0.push(named(name, Item::Null)))), Err(Malformed::ClaimName), "{name}");
    }
    assert_eq!(
        said(&with(|claims| claims.0.extend([named("500", Item::Null), (Label::Integer(500), Item::Null)]))),
        Err(Malformed::ClaimName)
    );
    // Another confirmation next to the key.
    let two = with(|claims| {
        let Some(Item::Map(mut cnf)) = claims.remove(&Label::Integer(8)) else { panic!("a map") };
        cnf.0.push((Label::Integer(3), Item::Bytes(Cow::Borrowed(b"k"))));
        put(claims, 8, Item::Map(cnf));
    });
    assert_eq!(said(&two), Err(Malformed::OutOfRange("cnf")));
}

#[test]
fn what_is_unknown_is_personal() {
    let read = with(|claims| {
        claims.0.push((Label::Integer(500), Item::Bytes(Cow::Borrowed(&[1, 2, 3]))));
        claims.0.push((Label::Integer(7), Item::Bytes(Cow::Borrowed(&[4]))));
    });
    let verified = read.verify(Key::issuer().public_key()).expect("genuine");
    assert_eq!(verified.claims().member("500").and_then(Value::as_str), Some("AQID"));
    assert_eq!(verified.role().personal.text("500"), Some("AQID"));
    assert_eq!(verified.claims().member("7"), None, "an id of the token is not about the person");
    assert_eq!(
        said(&with(|claims| claims.0.push((Label::Integer(501), Item::Tag(1, Box::new(Item::Null)))))),
        Err(Malformed::WrongType("payload"))
    );
}

#[test]
fn only_what_reads_back_is_issued() {
    let personal = |value: Value<'static>| RoleClaims { personal: Object::new().with("height", value), ..claims() };
    let issued = |claims: &RoleClaims| Credential::issue(claims, Format::SdCwt, &Key::issuer(), &mut TestRng(1)).map(drop);
    for value in [Value::from(7), Value::from(-7), Value::Number(Number::Float(7.0)), Value::Null, Value::from(true)] {
        assert_eq!(issued(&personal(value)), Ok(()));
    }
    let nested = Value::Object(Object::new().with("m", Value::from_iter([Value::Number(Number::Float(1.5))])));
    for value in [Value::Number(Number::Float(1.75)), Value::Number(Number::Unsigned(u64::MAX)), nested] {
        assert_eq!(issued(&personal(value)), Err(IssueError::Number("height".into())));
    }
    let deep = (0..17).fold(Value::from(1), |value, _| Value::from_iter([value]));
    assert_eq!(issued(&personal(deep)), Err(IssueError::Malformed(Malformed::Serialization)));
    for name in ["roles", "sites", "exp", "sub", "cti"] {
        let claims = RoleClaims { personal: Object::new().with(name, "x"), ..claims() };
        assert_eq!(issued(&claims), Err(IssueError::ReservedClaim(name.into())));
    }
    let unbound = RoleClaims { holder: None, ..claims() };
    assert_eq!(issued(&unbound), Err(IssueError::Malformed(Malformed::Missing("cnf"))));
    let late = RoleClaims { valid_from: claims().issued_at.plus(60), ..claims() };
    assert_eq!(issued(&late), Err(IssueError::Malformed(Malformed::OutOfRange("nbf"))));
    let early = RoleClaims { valid_from: claims().issued_at.plus(-60), ..claims() };
    assert_eq!(issued(&early), Ok(()));
    assert_eq!(issue(&early, &Key::issuer()).untrusted().expect("readable").role.valid_from, early.valid_from);
    let bitstring = StatusReference::bitstring("https://waypass.example/lists/1", 1, StatusPurpose::Revocation);
    let elsewhere = RoleClaims { status: vec![bitstring], ..claims() };
    assert_eq!(issued(&elsewhere), Err(IssueError::Malformed(Malformed::OutOfRange("status"))));
    let long = RoleClaims { personal: Object::new().with("n".repeat(256), "x"), ..claims() };
    assert_eq!(issued(&long), Err(IssueError::Malformed(Malformed::ClaimName)));
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let object = proptest::collection::btree_map("\\PC{1,4}", inner.clone(), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::Array),
            object.prop_map(|members| members.into_iter().fold(Object::new(), |object, (name, value)| object.with(name, value)).into()),
        ]
    })
}

proptest! {
    #[test]
    fn personal_claims_round_trip(members in proptest::collection::btree_map("p_\\PC{0,6}", value(), 0..5), seed: u64) {
        let personal = members.into_iter().fold(Object::new(), |object, (name, value)| object.with(name, value));
        let claims = RoleClaims { personal, ..claims() };
        let issued = Credential::issue(&claims, Format::SdCwt, &Key::issuer(), &mut TestRng(seed)).expect("issued");
        let read = parse(issued.as_bytes()).expect("reads");
        let verified = read.verify(Key::issuer().public_key()).expect("genuine");
        for (name, value) in claims.personal.iter() {
            let found = verified.role().personal.member(name).expect("it is there");
            prop_assert_eq!(crate::canon::jcs::to_vec(found), crate::canon::jcs::to_vec(value));
        }
    }
}
