use crate::binding::{Binding, HolderError, Nonce};
use crate::cbor::{Item, Label, Map, Reader, Writer};
use crate::cose::{Parts, TAG, to_be_signed};
use crate::credential::{Credential, Presentation};
use crate::did;
use crate::error::{IssueError, PresentError, VerifyError};
use crate::format::Format;
use crate::json::Object;
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, ShortThumbprint, Signer};
use crate::key_source::{KeyClaim, KeySource};
use crate::malformed::Malformed;
use crate::request::{Query, QueryError};
use crate::role::{CARD, RoleClaims, StatusReference, tests};
use crate::testing::{AT, Key, TestRng};
use alloc::{borrow::Cow, format, string::ToString, vec, vec::Vec};

const BEARER: i64 = -65_538;

/// The card of a visitor, signed by [`Key::issuer`].
fn claims() -> RoleClaims {
    RoleClaims {
        kind: CARD.into(),
        holder: None,
        personal: Object::new().with("card", "0123456789ab").with("document_ending", "T478").with("name", "Ada Byron"),
        ..tests::claims()
    }
}

fn issue(claims: &RoleClaims, key: &Key) -> Credential {
    Credential::issue(claims, Format::Card, key, &mut TestRng(1)).expect("issued")
}

fn refused(claims: &RoleClaims) -> IssueError {
    Credential::issue(claims, Format::Card, &Key::issuer(), &mut TestRng(1)).map(drop).expect_err("refused")
}

fn parse(bytes: &[u8]) -> Result<Credential, Malformed> {
    Credential::parse(bytes, &KnownContexts::new())
}

/// A message with this header, these parameters and this payload, signed by the issuer.
fn message(header: &[u8], unprotected: &[(i64, u8)], payload: &[u8]) -> Vec<u8> {
    let signature = Key::issuer().sign(&to_be_signed(header, payload)).expect("signs");
    let mut out = Writer::new();
    out.tag(TAG).array(4).bytes(header).map(unprotected.len());
    for (label, value) in unprotected {
        out.signed(*label).unsigned((*value).into());
    }
    out.bytes(payload).bytes(&signature);
    out.into_bytes()
}

/// The card with other claims in it, signed again.
fn with(change: impl FnOnce(&mut Map<'_>)) -> Result<(), Malformed> {
    let issued = issue(&claims(), &Key::issuer());
    let parts = Parts::parse(issued.as_bytes()).expect("parts");
    let mut payload = Map::read(&mut Reader::new(parts.payload), 16).expect("claims");
    change(&mut payload);
    let mut out = Writer::new();
    payload.write(&mut out);
    let card = parse(&message(parts.protected, &[], &out.into_bytes()))?;
    match card.verify(Key::issuer().public_key()) {
        Ok(_) => Ok(()),
        Err(VerifyError::Malformed(why)) => Err(why),
        Err(other) => panic!("{other}"),
    }
}

fn put<'m>(map: &mut Map<'m>, label: i64, item: Item<'m>) {
    map.remove(&Label::Integer(label));
    map.0.push((Label::Integer(label), item));
}

const fn text(text: &str) -> Item<'_> {
    Item::Text(Cow::Borrowed(text))
}

#[test]
fn one_meaning_by_every_kind_of_key() {
    for issuer in [Key::ed25519(1), Key::p256(1), Key::p384(1)] {
        let claims =
            RoleClaims { issuer: did::to_did_key(issuer.public_key()), key_id: Some(did::key_id(issuer.public_key())), ..claims() };
        let card = issue(&claims, &issuer);
        assert_eq!(card.format(), Format::Card);
        assert_eq!(parse(card.as_bytes()).expect("reads").verify(issuer.public_key()).expect("genuine").role(), &claims);
        let thumbprint = ShortThumbprint::of(issuer.public_key());
        assert_eq!(card.key_claim(), KeyClaim::Thumbprint { issuer: None, thumbprint });
        assert_eq!(card.untrusted().expect("readable").role.issuer, thumbprint.to_string());
        assert!(card.disclosable().expect("none").is_empty() && card.suites().is_empty() && card.further_contexts().is_empty());
    }
    let later = RoleClaims {
        valid_from: tests::claims().issued_at.plus(-60),
        personal: Object::new().with("card", "0123456789ab").with("name", "زينب"),
        ..claims()
    };
    assert_eq!(issue(&later, &Key::issuer()).verify(Key::issuer().public_key()).expect("genuine").role(), &later);
    let named = RoleClaims { issuer: "did:web:site.example".into(), key_id: None, ..claims() };
    assert_eq!(issue(&named, &Key::issuer()).verify(Key::issuer().public_key()).expect("genuine").role(), &named);
}

/// One role, one site, Ed25519: with strong error correction it still is a code that fits next to the text on a card.
#[test]
fn a_card_is_small() {
    let claims = RoleClaims { roles: vec!["visitor".into()], zones: Vec::new(), ..claims() };
    let bytes = issue(&claims, &Key::issuer()).as_bytes().len();
    assert!(bytes <= 235, "{bytes} bytes");
}

#[test]
fn a_card_has_its_claims_and_no_others() {
    let status = || Item::Map(Map(vec![(Label::Text("other".into()), Item::Integer(1))]));
    let cases: &[(&str, Result<(), Malformed>)] = &[
        ("as it is", with(|_| {})),
        ("without exp", with(|claims| drop(claims.remove(&Label::Integer(4))))),
        ("without iat", with(|claims| drop(claims.remove(&Label::Integer(6))))),
        ("without cti", with(|claims| drop(claims.remove(&Label::Integer(7))))),
        ("with a long cti", with(|claims| put(claims, 7, Item::Bytes(Cow::Borrowed(&[1; 7]))))),
        ("with a text for cti", with(|claims| put(claims, 7, text("012345")))),
        ("without status", with(|claims| drop(claims.remove(&Label::Integer(65_535))))),
        ("with another status", with(|claims| put(claims, 65_535, status()))),
        ("without roles", with(|claims| drop(claims.remove(&Label::Integer(-65_537))))),
        ("with an empty list of roles", with(|claims| put(claims, -65_537, Item::Array(vec![Item::Array(vec![]), Item::Array(vec![])])))),
        ("without a bearer", with(|claims| drop(claims.remove(&Label::Integer(BEARER))))),
        ("bound to a key", with(|claims| put(claims, 8, Item::Map(Map::default())))),
        ("for somebody", with(|claims| put(claims, 3, text("did:key:zGate")))),
        ("with a claim of a name", with(|claims| claims.0.push((Label::Text("zone".into()), Item::Integer(1))))),
        ("with digests", with(|claims| claims.0.push((Label::Simple(59), Item::Array(Vec::new()))))),
        ("begun after its issuing", with(|claims| put(claims, 5, Item::Integer(1_796_000_000)))),
        ("with a number for iss", with(|claims| put(claims, 1, Item::Integer(1)))),
    ];
    let expected = [
        Ok(()),
        Err(Malformed::Missing("exp")),
        Err(Malformed::Missing("iat")),
        Err(Malformed::Missing("cti")),
        Err(Malformed::OutOfRange("cti")),
        Err(Malformed::WrongType("cti")),
        Err(Malformed::Missing("status")),
        Err(Malformed::Missing("status_list")),
        Err(Malformed::Missing("roles")),
        Err(Malformed::OutOfRange("roles")),
        Err(Malformed::Missing("name")),
        Err(Malformed::OutOfRange("claims")),
        Err(Malformed::OutOfRange("claims")),
        Err(Malformed::OutOfRange("claims")),
        Err(Malformed::OutOfRange("claims")),
        Err(Malformed::OutOfRange("nbf")),
        Err(Malformed::WrongType("iss")),
    ];
    for ((what, found), expected) in cases.iter().zip(expected) {
        assert_eq!(*found, expected, "{what}");
    }
}

#[test]
fn the_bearer_is_named_in_signs_that_are_shown() {
    let bearer = |items: Vec<Item<'static>>| with(|claims| put(claims, BEARER, Item::Array(items)));
    for name in ["Ada Byron", "زينب بنت جحش", "Łucja O’Neill-Müller", "王小明"] {
        assert_eq!(bearer(vec![text(name)]), Ok(()), "{name}");
    }
    let long = "n".repeat(81);
    for name in ["", "  ", "Ada\nByron", "Ada\u{202e}Byron", "Ada\u{200f}", "\u{1b}[2J", &long] {
        assert_eq!(bearer(vec![Item::Text(Cow::Owned(name.to_string()))]), Err(Malformed::OutOfRange("name")), "{name:?}");
    }
    for ending in ["478", "T4789", "t478", "T 78", "T47é"] {
        assert_eq!(bearer(vec![text("Ada"), text(ending)]), Err(Malformed::OutOfRange("document_ending")), "{ending}");
    }
    assert_eq!(bearer(vec![]), Err(Malformed::OutOfRange("name")));
    assert_eq!(bearer(vec![text("Ada"), text("T478"), text("x")]), Err(Malformed::OutOfRange("name")));
    assert_eq!(bearer(vec![Item::Integer(1)]), Err(Malformed::WrongType("name")));
    assert_eq!(bearer(vec![text("Ada"), Item::Integer(4711)]), Err(Malformed::WrongType("document_ending")));
}

#[test]
fn the_header_says_what_a_card_needs_and_no_more() {
    let issued = issue(&claims(), &Key::issuer());
    let parts = Parts::parse(issued.as_bytes()).expect("parts");
    let header = |kid: &[u8], typ: &str, more: bool| {
        let mut header = Writer::new();
        header.map(3 + usize::from(more)).signed(1).signed(-19).signed(4).bytes(kid).signed(16).text(typ);
        if more {
            header.signed(33).unsigned(0);
        }
        header.into_bytes()
    };
    let kid = ShortThumbprint::of(Key::issuer().public_key()).0;
    let read = |header: &[u8], unprotected: &[(i64, u8)]| parse(&message(header, unprotected, parts.payload)).map(|card| card.format());
    for typ in ["waypass-card+cwt", "application/waypass-card+cwt"] {
        assert_eq!(read(&header(&kid, typ, false), &[]), Ok(Format::Card), "{typ}");
    }
    assert_eq!(read(&header(&kid, "waypass-card+cwt", true), &[]), Err(Malformed::OutOfRange("header")));
    assert_eq!(read(&header(&kid, "waypass-card+cwt", false), &[(33, 0)]), Err(Malformed::Unprotected));
    assert_eq!(read(&header(&kid[..7], "waypass-card+cwt", false), &[]), Err(Malformed::Serialization));
    // Under the type of another format it is not a card.
    for typ in ["sd-cwt", "vc+cose", "cwt"] {
        assert_ne!(read(&header(&kid, typ, false), &[]), Ok(Format::Card), "{typ}");
    }
    let mut bare = Writer::new();
    bare.map(1).signed(16).text("waypass-card+cwt");
    assert_eq!(read(&bare.into_bytes(), &[]), Err(Malformed::Missing("kid")));
}

/// A credential that is bound to a key is not a card without that key: neither its type nor its claims let it be one.
#[test]
fn an_ordinary_credential_is_not_a_card() {
    let ordinary = Credential::issue(&tests::claims(), Format::SdCwt, &Key::issuer(), &mut TestRng(1)).expect("issued");
    let parts = Parts::parse(ordinary.as_bytes()).expect("parts");
    let mut header = Writer::new();
    header.map(3).signed(1).signed(-19).signed(4).bytes(&ShortThumbprint::of(Key::issuer().public_key()).0);
    header.signed(16).text("waypass-card+cwt");
    let mut out = Writer::new();
    out.tag(TAG).array(4).bytes(&header.into_bytes()).map(0).bytes(parts.payload).bytes(&parts.signature);
    let dressed = parse(&out.into_bytes()).expect("reads");
    assert_eq!(dressed.format(), Format::Card);
    assert_eq!(dressed.verify(Key::issuer().public_key()).map(drop), Err(VerifyError::InvalidProof));
    assert_eq!(dressed.untrusted().map(drop), Err(Malformed::OutOfRange("claims")));
}

#[test]
fn what_has_no_place_on_a_card_is_not_issued() {
    type Break = fn(&mut RoleClaims);
    let cases: [(Break, Malformed); 8] = [
        (|claims| claims.holder = Some(Key::holder().public_key().clone().into()), Malformed::OutOfRange("cnf")),
        (|claims| claims.personal.set("born", "1990-01-01"), Malformed::member("born")),
        (|claims| drop(claims.personal.members_mut().remove(0)), Malformed::Missing("card")),
        (|claims| claims.personal.set("card", "0123456789AB"), Malformed::OutOfRange("card")),
        (|claims| drop(claims.personal.members_mut().remove(2)), Malformed::Missing("name")),
        (|claims| claims.personal.set("name", 7), Malformed::WrongType("name")),
        (|claims| claims.personal.set("name", "\u{202e}"), Malformed::OutOfRange("name")),
        (|claims| claims.status.clear(), Malformed::Missing("status")),
    ];
    for (spoil, why) in cases {
        let mut claims = claims();
        spoil(&mut claims);
        assert_eq!(refused(&claims), IssueError::Malformed(why), "{why}");
    }
    let mut far = claims();
    far.status = vec![StatusReference::token("https://waypass.example/status/1", u64::MAX)];
    assert_eq!(refused(&far), IssueError::Malformed(Malformed::OutOfRange("status")));
}

#[test]
fn every_flipped_bit_is_refused() {
    let card = issue(&claims(), &Key::issuer());
    let mut damaged = card.as_bytes().to_vec();
    for at in 0..damaged.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            assert!(!parse(&damaged).is_ok_and(|card| card.verify(Key::issuer().public_key()).is_ok()), "byte {at} bit {bit}");
            damaged[at] ^= 1 << bit;
        }
    }
}

#[test]
fn the_key_that_a_card_names_is_asked_for() {
    struct Nobody;
    impl KeySource for Nobody {
        fn key(&self, _: KeyClaim<'_>) -> Option<&PublicKey> {
            None
        }
    }
    let card = issue(&claims(), &Key::issuer());
    assert_eq!(card.verify(&Nobody).map(drop), Err(VerifyError::UnknownKey));
    assert_eq!(card.verify(Key::ed25519(9).public_key()).map(drop), Err(VerifyError::InvalidProof));
}

#[test]
fn nobody_answers_with_a_card() {
    let card = issue(&claims(), &Key::issuer());
    let binding = Binding::challenge(&Nonce([9; 16]), "did:key:zGate");
    assert_eq!(card.present(&[], &binding, AT, &Key::holder(), &mut TestRng(2)).map(drop), Err(PresentError::NotTheHolder));
    let shown = Presentation::parse(card.as_bytes(), &KnownContexts::new()).expect("shown as it is");
    assert_eq!((shown.as_bytes(), shown.untrusted_nonce()), (card.as_bytes(), None));
    assert_eq!(shown.verify_holder(Key::holder().public_key(), &binding), Err(HolderError::Missing));
    assert_eq!(Query::for_role(&[Format::Card], &[], &[]), Err(QueryError::Malformed("format")));
    assert!(!Format::ALL.contains(&Format::Card) && Query::any_role().alternatives().iter().all(|one| one.format != Format::Card));
    assert!(!format!("{card:?}").contains("Ada"));
}
