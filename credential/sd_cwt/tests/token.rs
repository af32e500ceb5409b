//! The key binding token, each rule broken alone.

use super::super::key_binding::{KeyBinding, short_audience, sign};
use super::{Message, bytes, encoded, int, map, text};
use crate::binding::{Binding, HolderError, HolderProof, Nonce};
use crate::cbor::{Item, Label, Map, Reader};
use crate::cose::Parts;
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::registered_claims::SignatureTimes;
use crate::testing::{AT, Key};
use alloc::{borrow::Cow, vec, vec::Vec};

const GATE: &str = "did:key:zGate";

fn binding() -> Binding<'static> {
    Binding::challenge(&Nonce([9; 16]), GATE)
}

/// Those of the SD-CWT around which the token is.
fn times() -> SignatureTimes {
    SignatureTimes { issued_at: Some(AT.plus(-100)), not_before: Some(AT.plus(-100)), expires_at: Some(AT.plus(100)) }
}

fn sd_cwt() -> Vec<u8> {
    Message::of(map([(500, int(1))]), &[]).signed(&Key::issuer())
}

fn claims() -> Map<'static> {
    map([(3, text(GATE)), (6, int(AT.unix())), (39, bytes(&[9; 16]))])
}

/// A token with these parts, and what is said of it.
fn answered(change: impl FnOnce(&mut Message)) -> Result<HolderProof, HolderError> {
    let mut message = Message::of(claims(), &[]);
    message.protected = map([(1, int(-19)), (16, int(294))]);
    let nested = sd_cwt();
    message.protected.0.push((Label::Integer(13), super::owned(&Item::read(&mut Reader::new(&nested), 8).expect("CBOR"))));
    change(&mut message);
    let signed = message.signed(&Key::ed25519(2));
    let (inner, token) = KeyBinding::of(&Parts::parse(&signed)?)?;
    assert_eq!(inner, nested);
    token.verify(Key::ed25519(2).public_key(), &binding(), times())
}

fn with_claims(change: impl FnOnce(&mut Map<'static>)) -> Result<HolderProof, HolderError> {
    answered(|message| {
        let mut claims = claims();
        change(&mut claims);
        message.payload = encoded(&Item::Map(claims));
    })
}

fn put(claims: &mut Map<'static>, label: i64, item: Item<'static>) {
    claims.remove(&Label::Integer(label));
    claims.0.push((Label::Integer(label), item));
}

#[test]
fn what_is_signed_is_read_back() {
    for key in [Key::ed25519(2), Key::p256(2), Key::p384(2)] {
        let signed = sign(&sd_cwt(), &binding(), AT, &key).expect("signs");
        let (inner, token) = KeyBinding::of(&Parts::parse(&signed).expect("parts")).expect("reads");
        assert_eq!(inner, sd_cwt());
        assert_eq!(token.untrusted_nonce(), Some(&*Nonce([9; 16]).to_text()));
        assert_eq!(token.verify(key.public_key(), &binding(), times()).map(|proof| proof.signed_at), Ok(Some(AT)));
        let other = Binding::challenge(&Nonce([8; 16]), GATE);
        assert_eq!(token.verify(key.public_key(), &other, times()), Err(HolderError::NonceMismatch));
        let other = Binding::challenge(&Nonce([9; 16]), "did:key:zOther");
        assert_eq!(token.verify(key.public_key(), &other, times()), Err(HolderError::WrongAudience));
        assert_eq!(token.verify(Key::ed25519(7).public_key(), &binding(), times()), Err(HolderError::InvalidProof));
        let mut damaged = signed;
        for at in 0..damaged.len() {
            for bit in 0..8 {
                damaged[at] ^= 1 << bit;
                let verified = Parts::parse(&damaged)
                    .and_then(|parts| KeyBinding::of(&parts).map(|(_, token)| token))
                    .is_ok_and(|token| token.verify(key.public_key(), &binding(), times()).is_ok());
                assert!(!verified, "byte {at} bit {bit}");
                damaged[at] ^= 1 << bit;
            }
        }
    }
    assert!(sign(&sd_cwt(), &Binding::Challenge { nonce: "not base64url!".into(), audience: GATE }, AT, &Key::ed25519(2)).is_err());
}

#[test]
fn the_verifier_is_named_in_full_or_in_short() {
    assert!(with_claims(|_| {}).is_ok());
    let short = short_audience(&binding());
    assert_eq!(short.len(), 11);
    assert!(with_claims(|claims| put(claims, 3, Item::Text(Cow::Owned(short.clone())))).is_ok());
    assert!(with_claims(|claims| put(claims, 3, Item::Array(vec![text(GATE)]))).is_ok());
    let other = Item::Text(Cow::Owned(short_audience(&Binding::challenge(&Nonce([9; 16]), "did:key:zOther"))));
    assert_eq!(with_claims(|claims| put(claims, 3, other)), Err(HolderError::WrongAudience));
    for (item, wrong) in [
        (Item::Array(vec![text(GATE), text(GATE)]), Malformed::OutOfRange("aud")),
        (int(1), Malformed::WrongType("aud")),
        (Item::Text(Cow::Owned("a".repeat(1025))), Malformed::OutOfRange("aud")),
    ] {
        assert_eq!(with_claims(|claims| put(claims, 3, item)), Err(HolderError::Malformed(wrong)));
    }
}

/// A question that came as a code is named by its digest, which says who asks; so the name is left empty.
#[test]
fn an_answer_to_a_code_is_bound_to_its_digest() {
    let key = Key::ed25519(2);
    let asked = |digest| Binding::Question { digest: [digest; 32], audience: GATE };
    let signed = sign(&sd_cwt(), &asked(4), AT, &key).expect("signs");
    let parts = Parts::parse(&signed).expect("parts");
    let (_, token) = KeyBinding::of(&parts).expect("reads");
    assert_eq!(token.untrusted_nonce(), Some(&*asked(4).nonce()));
    let verify = |binding| token.verify(key.public_key(), &binding, times()).map(drop);
    assert_eq!(verify(asked(4)), Ok(()));
    assert_eq!(verify(asked(5)), Err(HolderError::NonceMismatch));
    // The empty name is good for a code alone.
    let nonce = asked(4).nonce().into_owned();
    assert_eq!(verify(Binding::Challenge { nonce: nonce.into(), audience: GATE }), Err(HolderError::WrongAudience));
    // A name that is there must be the verifier's, in full.
    let named = |audience| {
        let signed = sign(&sd_cwt(), &Binding::Challenge { nonce: asked(4).nonce(), audience }, AT, &key).expect("signs");
        let parts = Parts::parse(&signed).expect("parts");
        KeyBinding::of(&parts).expect("reads").1.verify(key.public_key(), &asked(4), times()).map(drop)
    };
    assert_eq!(named("did:key:zOther"), Err(HolderError::WrongAudience));
}

#[test]
fn every_rule_about_claims_is_kept() {
    for (label, name) in [(3, "aud"), (6, "iat"), (39, "cnonce")] {
        let without = with_claims(|claims| drop(claims.remove(&Label::Integer(label))));
        assert_eq!(without, Err(HolderError::Malformed(Malformed::Missing(name))));
    }
    for (label, item, wrong) in [
        (1, text("iss"), Malformed::OutOfRange("iss")),
        (2, text("sub"), Malformed::OutOfRange("sub")),
        (39, text("nonce"), Malformed::WrongType("cnonce")),
        (6, text("now"), Malformed::WrongType("iat")),
        (6, int(-1), Malformed::OutOfRange("iat")),
    ] {
        assert_eq!(with_claims(|claims| put(claims, label, item)), Err(HolderError::Malformed(wrong)));
    }
    let simple = with_claims(|claims| claims.0.push((Label::Simple(59), Item::Array(vec![]))));
    assert_eq!(simple, Err(HolderError::Malformed(Malformed::ClaimName)));
    assert_eq!(with_claims(|claims| put(claims, 39, bytes(&[9; 15]))), Err(HolderError::NonceMismatch));
    assert!(with_claims(|claims| put(claims, 7, bytes(&[1]))).is_ok(), "a CWT id changes nothing");
}

#[test]
fn times_fit_into_each_other_and_into_those_of_the_sd_cwt() {
    let (iat, nbf, exp) = (6, 5, 4);
    let at = |seconds: i64| int(AT.plus(seconds).unix());
    for (changes, broken) in [
        (vec![(exp, 100), (nbf, -100)], None),
        (vec![(nbf, 0)], None),
        (vec![(iat, -100)], None),
        (vec![(iat, 99)], None),
        (vec![(exp, 0)], Some("iat")),
        (vec![(exp, 101)], Some("exp")),
        (vec![(nbf, 1)], Some("nbf")),
        (vec![(nbf, -101)], Some("nbf")),
        (vec![(iat, -101)], Some("iat")),
        (vec![(iat, 100)], Some("iat")),
        (vec![(nbf, 50), (exp, 50), (iat, 50)], Some("nbf")),
    ] {
        let found = with_claims(|claims| changes.iter().for_each(|(label, seconds)| put(claims, *label, at(*seconds))));
        let wrong = broken.map(|name| HolderError::Malformed(Malformed::OutOfRange(name)));
        assert_eq!(found.err(), wrong, "{changes:?}");
    }
}

#[test]
fn the_header_is_strict() {
    let header = |label: i64, item: Item<'static>| answered(|message| put(&mut message.protected, label, item));
    assert_eq!(header(2, int(1)), Err(HolderError::Malformed(Malformed::OutOfRange("crit"))));
    assert_eq!(header(15, Item::Map(Map::default())), Err(HolderError::Malformed(Malformed::OutOfRange("CWT Claims"))));
    assert_eq!(header(1, int(-9)), Err(HolderError::InvalidProof));
    for label in [1, 2, 13, 15, 16] {
        let outside = answered(|message| message.unprotected.0.push((Label::Integer(label), int(1))));
        assert_eq!(outside, Err(HolderError::Malformed(Malformed::Unprotected)), "{label}");
    }
    let without = answered(|message| drop(message.protected.remove(&Label::Integer(13))));
    assert_eq!(without, Err(HolderError::Malformed(Malformed::Missing("kcwt"))));
}
