//! The examples that draft-ietf-spice-sd-cwt-08 prints in figure 5, figure 20 and section 14.1, built again from their values: the
//! digests and both signatures are those of the draft.

use super::super::key_binding::KeyBinding;
use super::super::times::read_times;
use super::{Message, bytes, element, encoded, int, map, parse, redacted, salted, text};
use crate::binding::{Binding, HolderError};
use crate::cbor::{Item, Label, Map, Reader};
use crate::cose::{self, Parts};
use crate::hex;
use crate::key::PublicKey;
use alloc::{borrow::Cow, boxed::Box, vec, vec::Vec};

const AUDIENCE: &str = "https://verifier.example/app";

fn hex<const N: usize>(text: &str) -> Vec<u8> {
    hex::decode::<N>(text).expect("hex").to_vec()
}

fn issuer() -> PublicKey {
    PublicKey::p384(&hex::<97>("04c31798b0c7885fa3528fbf877e5b4c3a6dc67a5a5dc6b307b728c3725926f2abe5fb4964cd91e3948a5493f6ebb6cbbf8f6c7ec761691cad374c4daa9387453f18058ece58eb0a8e84a055a31fb7f9214b27509522c159e764f8711e11609554")).expect("a key")
}

fn holder() -> PublicKey {
    PublicKey::p256(&hex::<65>("048554eb275dcd6fbd1c7ac641aa2c90d92022fd0d3024b5af18c7cc61ad527a2d4dc7ae2c677e96d0cc82597655ce92d5503f54293d87875d1e79ce4770194343")).expect("a key")
}

fn salt(text: &str) -> Item<'static> {
    bytes(&hex::<16>(text))
}

fn protected() -> Map<'static> {
    map([(1, int(-35)), (4, bytes(b"https://issuer.example/cose-key3")), (16, int(293)), (170, int(-16))])
}

fn registered() -> Map<'static> {
    let cnf = crate::key::cose::encode(&holder());
    map([
        (1, text("https://issuer.example")),
        (2, text("https://holder.example")),
        (4, int(1_725_330_600)),
        (5, int(1_725_243_900)),
        (6, int(1_725_244_200)),
        (8, Item::Map(map([(1, Item::Map(cnf))]))),
    ])
}

/// The disclosures of figure 5, in its order.
fn disclosures() -> [Vec<u8>; 5] {
    [
        salted(vec![salt("bae611067bb823486797da1ebbb52f83"), text("ABCD-123456"), int(501)]),
        salted(vec![salt("8de86a012b3043ae6e4457b9e1aaab80"), int(1_549_560_720)]),
        salted(vec![salt("7af7084b50badeb57d49ea34627c7a52"), int(1_612_560_720)]),
        salted(vec![salt("ec615c3035d5a4ff2f5ae29ded683c8e"), text("ca"), text("region")]),
        salted(vec![salt("37c23d4ec4db0806601e6b6dc6670df9"), text("94188"), text("postal_code")]),
    ]
}

/// Figure 5, with the disclosures at `shown`.
fn issued(shown: &[usize]) -> Vec<u8> {
    let all = disclosures();
    let mut claims = registered();
    let mut location = Map(vec![(Label::Text(Cow::Borrowed("country")), text("us"))]);
    location.0.push(redacted(&[&all[3], &all[4]]));
    claims.0.push((Label::Integer(500), Item::Bool(true)));
    claims.0.push((Label::Integer(502), Item::Array(vec![element(&all[1]), element(&all[2]), int(1_674_004_740)])));
    claims.0.push((Label::Integer(503), Item::Map(location)));
    claims.0.push(redacted(&[&all[0]]));
    let shown: Vec<&[u8]> = shown.iter().map(|at| all[*at].as_slice()).collect();
    let signature = hex::<96>(
        "12bdb0136ed93db0e3400660d5aee1ba68ff24e743d613eea55d3bedff167ae4d3c9c328ebfdc1793a178e754ce11432f2e69a92eee6953d38d5a58830ece55021951a83e4e30365828bb7918ceb187a21da18c071ce2461ef642a9e7959299e",
    );
    Message { protected: protected(), ..Message::of(claims, &shown) }.with_signature(&signature)
}

#[test]
fn digests_are_over_the_byte_string_with_its_head() {
    assert_eq!(hex::encode(&super::digest(&disclosures()[0])), "af375dc3fba1d082448642c00be7b2f7bb05c9d8fb61cfc230ddfdfb4616a693");
    assert_eq!(hex::encode(&super::digest(&disclosures()[3])), "0d4b8c6123f287a1698ff2db15764564a976fb742606e8fd00e2140656ba0df3");
}

#[test]
fn the_issued_token_is_signed_by_the_issuer_of_the_draft() {
    let read = parse(&issued(&[0, 1, 2, 3, 4])).expect("reads");
    assert_eq!(read.check(&issuer()), Ok(()));
    let disclosed = read.disclose(read.payload().expect("claims")).expect("discloses");
    assert_eq!(disclosed.claims.at(501), Some(&text("ABCD-123456")));
    let dates = [1_549_560_720, 1_612_560_720, 1_674_004_740].map(int);
    assert_eq!(disclosed.claims.at(502), Some(&Item::Array(dates.to_vec())));
    let location = disclosed.claims.at(503).and_then(Item::as_map).expect("a place");
    assert_eq!(location.get(&Label::Text(Cow::Borrowed("postal_code"))), Some(&text("94188")));
}

/// Section 14.1.
#[test]
fn the_key_binding_token_is_signed_by_the_holder_of_the_draft() {
    let shown = issued(&[0, 1, 3]);
    let nested = Item::read(&mut Reader::new(&shown), 8).expect("CBOR");
    let header = map([(1, int(-7)), (16, int(294))]);
    let mut header = super::owned_map(&header);
    header.0.push((Label::Integer(13), super::owned(&nested)));
    let nonce = hex::<16>("8c0f5f523b95bea44a9a48c649240803");
    let payload = encoded(&Item::Map(map([(3, text(AUDIENCE)), (6, int(1_725_244_237)), (39, bytes(&nonce))])));
    let signature = hex::<64>(
        "ca38c411693201ceb418ab75217745ccf1d52f76c934ce2910a9f4ccc4293711f9ee18347b51f6f815d89b77d407e4945551118df8f9b662e5250fb1c5f070c8",
    );
    let parts = vec![bytes(&encoded(&Item::Map(header))), Item::Map(Map::default()), bytes(&payload), bytes(&signature)];
    let message = encoded(&Item::Tag(cose::TAG, Box::new(Item::Array(parts))));

    let (sd_cwt, token) = KeyBinding::of(&Parts::parse(&message).expect("parts")).expect("reads");
    let read = parse(sd_cwt).expect("reads");
    assert_eq!(read.check(&issuer()), Ok(()));
    let times = read_times(&read.payload().expect("claims")).expect("times");
    let binding = |audience| Binding::Challenge { nonce: "jA9fUjuVvqRKmkjGSSQIAw".into(), audience };
    let proof = token.verify(&holder(), &binding(AUDIENCE), times).expect("the holder's");
    assert_eq!(proof.signed_at.map(crate::time::Timestamp::unix), Some(1_725_244_237));
    assert_eq!(token.verify(&holder(), &binding("https://other.example"), times), Err(HolderError::WrongAudience));
    assert_eq!(token.verify(&issuer(), &binding(AUDIENCE), times), Err(HolderError::InvalidProof));
    let disclosed = read.disclose(read.payload().expect("claims")).expect("discloses");
    assert_eq!(disclosed.claims.at(502), Some(&Item::Array(vec![int(1_549_560_720), int(1_674_004_740)])));
}

/// Figure 20.
#[test]
fn decoys_are_nothing() {
    let disclosures = [
        salted(vec![salt("2bfeab9315829fe0c82a15b2c57a47b2"), text("fr")]),
        salted(vec![salt("c1069bc056e234d64f58baff8a7b776b")]),
        salted(vec![salt("b0392772caefd08178218f86f3e2b3a9"), Item::Bool(true), int(500)]),
        salted(vec![salt("89c41c270dd06cd3517d371c9ddf2bab")]),
    ];
    let mut claims = registered();
    claims.0.push((Label::Integer(98), Item::Array(vec![element(&disclosures[0]), element(&disclosures[1])])));
    claims.0.push(redacted(&[&disclosures[2], &disclosures[3]]));
    let signature = hex::<96>(
        "a96d92f340e37ab56586c74f237a50efbf176f7326a88a5429084a283b82a51427753805febd98987c13f8a41586fedadf507e98d6d26af6f09eb01d0f4a5644fdd05e7bac083338c7a8770a68896df3c2f79e5450fd19f5dbbd1868898e984b",
    );
    let all: Vec<&[u8]> = disclosures.iter().map(Vec::as_slice).collect();
    let read = parse(&Message { protected: protected(), ..Message::of(claims, &all) }.with_signature(&signature)).expect("reads");
    assert_eq!(read.check(&issuer()), Ok(()));
    let disclosed = read.disclose(read.payload().expect("claims")).expect("discloses");
    assert_eq!(disclosed.claims.at(98), Some(&Item::Array(vec![text("fr")])));
    assert_eq!(disclosed.claims.at(500), Some(&Item::Bool(true)));
    assert_eq!(disclosed.places.iter().filter(|place| place.is_none()).count(), 2);
}
