//! Signed by hand, so that each rule can be broken alone.

use super::disclose::{Place, Step};
use super::{REDACTED_ELEMENT, REDACTED_KEYS, SdCwt, Typ, digest};
use crate::cbor::{Item, Label, Map, Writer};
use crate::cose::{self, Parts};
use crate::format::MAX_DISCLOSURES;
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::testing::Key;
use alloc::{borrow::Cow, boxed::Box, vec, vec::Vec};
use proptest::prelude::*;

mod draft;
mod token;

pub(super) fn int(value: i64) -> Item<'static> {
    Item::Integer(value)
}

pub(super) fn text(text: &'static str) -> Item<'static> {
    Item::Text(Cow::Borrowed(text))
}

pub(super) fn bytes(bytes: &[u8]) -> Item<'static> {
    Item::Bytes(Cow::Owned(bytes.to_vec()))
}

pub(super) fn map<const N: usize>(entries: [(i64, Item<'static>); N]) -> Map<'static> {
    Map(entries.into_iter().map(|(label, item)| (Label::Integer(label), item)).collect())
}

pub(super) fn encoded(item: &Item<'_>) -> Vec<u8> {
    let mut out = Writer::new();
    item.write(&mut out);
    out.into_bytes()
}

/// A disclosure of these parts, as it is in the header.
pub(super) fn salted(parts: Vec<Item<'_>>) -> Vec<u8> {
    encoded(&bytes(&encoded(&Item::Array(parts))))
}

fn salt(salt: u8) -> Item<'static> {
    bytes(&[salt; 16])
}

pub(super) fn redacted(disclosures: &[&[u8]]) -> (Label<'static>, Item<'static>) {
    (Label::Simple(REDACTED_KEYS), Item::Array(disclosures.iter().map(|disclosure| bytes(&digest(disclosure))).collect()))
}

pub(super) fn element(disclosure: &[u8]) -> Item<'static> {
    Item::Tag(REDACTED_ELEMENT, Box::new(bytes(&digest(disclosure))))
}

/// A message of the issuer.
pub(super) struct Message {
    pub(super) protected: Map<'static>,
    pub(super) unprotected: Map<'static>,
    pub(super) payload: Vec<u8>,
}

impl Message {
    pub(super) fn of(claims: Map<'static>, disclosures: &[&[u8]]) -> Self {
        let list = Item::Array(disclosures.iter().map(|disclosure| bytes(content(disclosure))).collect());
        Self {
            protected: map([(1, int(-19)), (4, bytes(b"key")), (16, int(293))]),
            unprotected: if disclosures.is_empty() { Map::default() } else { map([(17, list)]) },
            payload: encoded(&Item::Map(claims)),
        }
    }

    pub(super) fn signed(&self, key: &dyn Signer) -> Vec<u8> {
        let protected = encoded(&Item::Map(self.protected.clone()));
        let signature = key.sign(&cose::to_be_signed(&protected, &self.payload)).expect("signs");
        self.with_signature(&signature)
    }

    pub(super) fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        let protected = bytes(&encoded(&Item::Map(self.protected.clone())));
        let parts = vec![protected, Item::Map(self.unprotected.clone()), bytes(&self.payload), bytes(signature)];
        encoded(&Item::Tag(cose::TAG, Box::new(Item::Array(parts))))
    }
}

/// The content of a byte string with its head.
fn content(disclosure: &[u8]) -> &[u8] {
    crate::cbor::Reader::new(disclosure).bytes().expect("a byte string")
}

pub(super) fn parse(bytes: &[u8]) -> Result<SdCwt, Malformed> {
    SdCwt::of(&Parts::parse(bytes)?, bytes)
}

/// Returns what `claims` with these disclosures say.
fn disclosed(claims: Map<'static>, disclosures: &[&[u8]]) -> Result<(Map<'static>, Vec<Option<Place<'static>>>), Malformed> {
    let key = Key::issuer();
    let read = parse(&Message::of(claims, disclosures).signed(&key))?;
    assert_eq!(read.check(key.public_key()), Ok(()));
    let disclosed = read.disclose(read.payload()?)?;
    Ok((owned_map(&disclosed.claims), disclosed.places.iter().map(|place| place.as_deref().map(owned_place)).collect()))
}

fn owned_place(place: &[Step<'_>]) -> Place<'static> {
    let step = |step: &Step<'_>| match step {
        Step::Key(label) => Step::Key(owned_label(label)),
        Step::Index(at) => Step::Index(*at),
    };
    place.iter().map(step).collect()
}

fn owned_label(label: &Label<'_>) -> Label<'static> {
    match label {
        Label::Integer(value) => Label::Integer(*value),
        Label::Text(text) => Label::Text(Cow::Owned(text.clone().into_owned())),
        Label::Simple(value) => Label::Simple(*value),
    }
}

fn owned_map(map: &Map<'_>) -> Map<'static> {
    Map(map.0.iter().map(|(label, item)| (owned_label(label), owned(item))).collect())
}

fn owned(item: &Item<'_>) -> Item<'static> {
    match item {
        Item::Integer(value) => Item::Integer(*value),
        Item::Bytes(bytes) => Item::Bytes(Cow::Owned(bytes.to_vec())),
        Item::Text(text) => Item::Text(Cow::Owned(text.clone().into_owned())),
        Item::Array(items) => Item::Array(items.iter().map(owned).collect()),
        Item::Map(map) => Item::Map(owned_map(map)),
        Item::Tag(tag, item) => Item::Tag(*tag, Box::new(owned(item))),
        Item::Bool(value) => Item::Bool(*value),
        Item::Null => Item::Null,
    }
}

#[test]
fn a_disclosure_is_put_into_its_place_wherever_it_is_listed() {
    let street = salted(vec![salt(1), text("Main St"), text("street")]);
    let mut address = map([(7, int(7))]);
    address.0.push(redacted(&[&street]));
    let address = salted(vec![salt(2), Item::Map(address), text("address")]);
    let nurse = salted(vec![salt(3), text("nurse")]);
    let mut claims = map([(500, Item::Array(vec![text("always"), element(&salted(vec![salt(9)])), element(&nurse)]))]);
    claims.0.push(redacted(&[&address]));
    let found = disclosed(claims.clone(), &[&street, &nurse, &address]).expect("all disclosed");
    let key = |name| Step::Key(Label::Text(Cow::Borrowed(name)));
    let places = [vec![key("address"), key("street")], vec![Step::Key(Label::Integer(500)), Step::Index(1)], vec![key("address")]];
    assert_eq!(found.1, places.map(Some));
    assert_eq!(found.0.at(500), Some(&Item::Array(vec![text("always"), text("nurse")])));
    let address_found = found.0.get(&Label::Text(Cow::Borrowed("address"))).and_then(Item::as_map).expect("an address");
    assert_eq!(address_found.0.len(), 2);
    // Without the address, the street in it belongs to no digest.
    assert_eq!(disclosed(claims.clone(), &[&street]), Err(Malformed::UnreferencedDisclosure));
    let nothing = disclosed(claims, &[]).expect("nothing disclosed");
    assert_eq!(nothing.0, map([(500, Item::Array(vec![text("always")]))]));
}

#[test]
fn every_rule_about_disclosures_is_kept() {
    let name = salted(vec![salt(1), text("Ada"), text("name")]);
    let also = salted(vec![salt(2), text("Bob"), text("name")]);
    let role = salted(vec![salt(3), text("nurse")]);
    let with = |redactions: &[&[u8]]| {
        let mut claims = map([(500, int(1))]);
        claims.0.push(redacted(redactions));
        claims
    };
    let in_array = |items| map([(500, Item::Array(items))]);
    assert!(disclosed(with(&[&name]), &[&name]).is_ok());
    for (why, claims, shown, wrong) in [
        ("no digest", with(&[&name]), vec![&role[..]], Malformed::UnreferencedDisclosure),
        ("a digest twice in a map", with(&[&name, &name]), vec![], Malformed::DuplicateDigest),
        ("a digest twice, disclosed", with(&[&name, &name]), vec![&name[..]], Malformed::DuplicateDigest),
        ("a digest in two arrays", in_array(vec![element(&role), Item::Array(vec![element(&role)])]), vec![], Malformed::DuplicateDigest),
        ("a disclosure twice", with(&[&name]), vec![&name[..], &name[..]], Malformed::DuplicateDigest),
        ("a key twice", with(&[&name, &also]), vec![&name[..], &also[..]], Malformed::ClaimName),
        ("an element in a map", with(&[&role]), vec![&role[..]], Malformed::Disclosure),
        ("an entry in an array", in_array(vec![element(&name)]), vec![&name[..]], Malformed::Disclosure),
        ("an element outside of an array", map([(500, element(&role))]), vec![], Malformed::Digest),
        ("another tag", map([(500, Item::Tag(1, Box::new(int(1))))]), vec![], Malformed::WrongType("payload")),
        ("digests that are no array", Map(vec![(Label::Simple(59), int(1))]), vec![], Malformed::Digest),
        ("a short digest", Map(vec![(Label::Simple(59), Item::Array(vec![bytes(&[1; 31])]))]), vec![], Malformed::Digest),
        ("a digest that is a text", in_array(vec![Item::Tag(60, Box::new(text("a")))]), vec![], Malformed::Digest),
        ("another simple key", Map(vec![(Label::Simple(60), int(1))]), vec![], Malformed::ClaimName),
        ("a long key", Map(vec![(Label::Text(Cow::Owned("n".repeat(256))), int(1))]), vec![], Malformed::ClaimName),
    ] {
        assert_eq!(disclosed(claims, &shown), Err(wrong), "{why}");
    }
    let long = Map(vec![(Label::Text(Cow::Owned("n".repeat(255))), int(1))]);
    assert!(disclosed(long, &[]).is_ok());
    // The parts of a disclosure.
    for (why, parts, wrong) in [
        ("a short salt", vec![bytes(&[1; 15]), text("a"), text("b")], Malformed::Disclosure),
        ("a text for a salt", vec![text("salt"), text("a"), text("b")], Malformed::Disclosure),
        ("four parts", vec![salt(1), text("a"), text("b"), text("c")], Malformed::Disclosure),
        ("a list for a key", vec![salt(1), text("a"), Item::Array(vec![])], Malformed::Serialization),
        ("a number within", vec![salt(1), Item::Tag(60, Box::new(bytes(&[1; 32]))), text("b")], Malformed::Digest),
    ] {
        let disclosure = salted(parts);
        assert_eq!(disclosed(with(&[&disclosure]), &[&disclosure]), Err(wrong), "{why}");
    }
    // A disclosed key is the machinery's.
    let mut content = Writer::new();
    content.array(3).bytes(&[1; 16]);
    content.encoded(&encoded(&Item::Array(vec![])));
    content.encoded(&[0xf8, 0x3b]);
    let disclosure = encoded(&bytes(&content.into_bytes()));
    assert_eq!(disclosed(with(&[&disclosure]), &[&disclosure]), Err(Malformed::ClaimName));
    // A decoy is disclosed to the holder, and is nothing.
    let decoy = salted(vec![salt(7)]);
    assert_eq!(disclosed(with(&[&decoy]), &[&decoy]), Ok((map([(500, int(1))]), vec![None])));
}

#[test]
fn depth_counts_through_disclosures() {
    // Claims are the first level. The disclosure is in an array on the second, so its value may begin on the third.
    let nested = |depth: usize| (0..depth).fold(int(1), |item, _| Item::Array(vec![item]));
    for (depth, is_read) in [(14, true), (15, false)] {
        let deep = salted(vec![salt(1), nested(depth)]);
        let claims = map([(500, Item::Array(vec![element(&deep)]))]);
        assert_eq!(disclosed(claims, &[&deep]).is_ok(), is_read, "{depth}");
    }
    assert!(disclosed(map([(500, nested(15))]), &[]).is_ok());
    assert_eq!(disclosed(map([(500, nested(16))]), &[]), Err(Malformed::Serialization));
}

#[test]
fn the_header_is_strict() {
    let name = salted(vec![salt(1), text("Ada"), text("name")]);
    let mut claims = map([(500, int(1))]);
    claims.0.push(redacted(&[&name]));
    let good = Message::of(claims, &[&name]);
    let key = Key::issuer();
    let read = |change: &dyn Fn(&mut Message)| {
        let mut message =
            Message { protected: good.protected.clone(), unprotected: good.unprotected.clone(), payload: good.payload.clone() };
        change(&mut message);
        let read = parse(&message.signed(&key))?;
        read.check(key.public_key()).map_err(|_| Malformed::Proof)
    };
    let put = |map: &mut Map<'static>, label: i64, item: Item<'static>| {
        map.remove(&Label::Integer(label));
        map.0.push((Label::Integer(label), item));
    };
    let protected = |label: i64, item: Item<'static>| read(&|message| put(&mut message.protected, label, item.clone()));
    let unprotected = |label: i64, item: Item<'static>| read(&|message| put(&mut message.unprotected, label, item.clone()));
    assert_eq!(read(&|_| {}), Ok(()));
    for (label, item) in [(1, int(-8)), (16, text("application/sd-cwt")), (16, text("sd-cwt")), (170, int(-16)), (99, text("?"))] {
        assert_eq!(protected(label, item.clone()), Ok(()), "{label}: {item:?}");
    }
    for (label, item, wrong) in [
        (1, int(-7), Malformed::Proof),
        (1, int(-9), Malformed::Proof),
        (2, Item::Array(vec![int(1)]), Malformed::OutOfRange("crit")),
        (15, Item::Map(map([(1, text("iss"))])), Malformed::OutOfRange("CWT Claims")),
        (16, int(294), Malformed::OutOfRange("typ")),
        (16, int(61), Malformed::OutOfRange("typ")),
        (16, text("application/cwt"), Malformed::OutOfRange("typ")),
        (17, Item::Array(vec![bytes(content(&name))]), Malformed::OutOfRange("sd_claims")),
        (170, int(-43), Malformed::HashAlgorithm),
        (171, Item::Array(vec![]), Malformed::OutOfRange("sd_aead")),
        (172, int(1), Malformed::OutOfRange("sd_aead")),
    ] {
        assert_eq!(protected(label, item.clone()), Err(wrong), "{label}: {item:?}");
    }
    assert_eq!(unprotected(99, text("?")), Ok(()));
    for (label, item, wrong) in [
        (1, int(-19), Malformed::Unprotected),
        (2, int(1), Malformed::Unprotected),
        (4, bytes(b"key"), Malformed::Unprotected),
        (15, Item::Map(Map::default()), Malformed::Unprotected),
        (16, int(293), Malformed::Unprotected),
        (170, int(-16), Malformed::Unprotected),
        (17, Item::Array(vec![]), Malformed::OutOfRange("sd_claims")),
        (17, Item::Array(vec![text("a")]), Malformed::Serialization),
        (17, Item::Array(vec![bytes(&[1]); MAX_DISCLOSURES + 1]), Malformed::TooManyDisclosures),
        (171, Item::Array(vec![bytes(&[1])]), Malformed::OutOfRange("sd_aead_encrypted_claims")),
    ] {
        assert_eq!(unprotected(label, item.clone()), Err(wrong), "{label}");
    }
    assert_eq!(read(&|message| drop(message.protected.remove(&Label::Integer(1)))), Err(Malformed::Missing("alg")));
    assert_eq!(read(&|message| drop(message.protected.remove(&Label::Integer(16)))), Err(Malformed::OutOfRange("typ")));
    assert_eq!(read(&|message| put(&mut message.protected, 4, text("key"))), Err(Malformed::Serialization));
    // A key id that nobody signed may help to find the key.
    let moved = |message: &mut Message| {
        message.protected.remove(&Label::Integer(4));
        put(&mut message.unprotected, 4, bytes(b"k"));
    };
    assert_eq!(read(&moved), Ok(()));
}

#[test]
fn what_is_shown_keeps_the_signature_and_the_rest_of_the_header() {
    let key = Key::p384(1);
    let (name, role) = (salted(vec![salt(1), text("Ada"), text("name")]), salted(vec![salt(3), text("nurse")]));
    let mut claims = map([(500, Item::Array(vec![element(&role)]))]);
    claims.0.push(redacted(&[&name]));
    let mut message = Message::of(claims, &[&name, &role]);
    message.protected = map([(1, int(-51)), (16, int(293))]);
    message.unprotected.0.push((Label::Integer(4), bytes(b"k")));
    let issued = parse(&message.signed(&key)).expect("reads");
    for keep in [[true, false], [false, true], [true, true], [false, false]] {
        let shown = parse(&issued.with_only(&keep)).expect("reads");
        assert_eq!((shown.check(key.public_key()), shown.key_id()), (Ok(()), Some(&b"k"[..])));
        let disclosed = shown.disclose(shown.payload().expect("claims")).expect("disclosed");
        assert_eq!(disclosed.places.len(), keep.iter().filter(|keep| **keep).count());
        assert_eq!(disclosed.concealing.len(), 2);
    }
    assert_eq!(issued.with_only(&[true, true]), issued.as_bytes());
}

#[test]
fn only_its_own_bytes_verify() {
    for key in [Key::ed25519(1), Key::p256(1), Key::p384(1)] {
        let mut message = Message::of(map([(500, int(1))]), &[]);
        message.protected = map([(1, int(key.public_key().algorithm().cose_ids()[0])), (16, int(293))]);
        let signed = message.signed(&key);
        assert!(parse(&signed[1..]).is_ok_and(|read| read.check(key.public_key()).is_ok()), "the tag may be absent");
        for other in [Key::ed25519(9), Key::p256(9), Key::p384(9)] {
            assert!(parse(&signed).expect("reads").check(other.public_key()).is_err());
        }
        let mut damaged = signed;
        for at in 0..damaged.len() {
            for bit in 0..8 {
                damaged[at] ^= 1 << bit;
                assert!(!parse(&damaged).is_ok_and(|read| read.check(key.public_key()).is_ok()), "byte {at} bit {bit}");
                damaged[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn a_type_is_a_number_or_a_text() {
    let typ = |typ: Item<'static>| {
        let mut message = Message::of(Map::default(), &[]);
        message.protected = map([(1, int(-19)), (16, typ)]);
        let signed = message.signed(&Key::issuer());
        Typ::of(&Parts::parse(&signed).expect("parts"))
    };
    assert_eq!((typ(int(293)), typ(text("application/sd-cwt"))), (Some(Typ::SdCwt), Some(Typ::SdCwt)));
    assert_eq!((typ(int(294)), typ(text("application/kb+cwt"))), (Some(Typ::KeyBinding), Some(Typ::KeyBinding)));
    assert_eq!((typ(text("293")), typ(text("application/294")), typ(Item::Null)), (None, None, None));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>, claims: Vec<u8>, disclosure: Vec<u8>) {
        prop_assert!(parse(&bytes).is_err());
        let disclosure = encoded(&super::tests::bytes(&disclosure));
        let message = Message { payload: claims, ..Message::of(Map::default(), &[&disclosure]) };
        let read = parse(&message.signed(&Key::issuer()))?;
        if let Ok(payload) = read.payload() {
            let _ = read.disclose(payload);
        }
    }
}
