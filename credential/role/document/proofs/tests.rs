use crate::credential::Presentation;
use crate::credential::{Credential, Issuance};
use crate::data_integrity::{Link, MAX_PROOFS, Options, Suite, create_linked};
use crate::did;
use crate::did::Purpose;
use crate::error::{IssueError, VerifyError};
use crate::format::Format;
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{PublicKey, Signer};
use crate::key_source::{KeyClaim, KeySource};
use crate::malformed::Malformed;
use crate::role::{RoleClaims, VC_TYPE, tests::claims as role_claims};
use crate::testing::{AT, Key, TestRng, claimed, request};
use alloc::{string::String, vec, vec::Vec};

const KNOWN: KnownContexts = KnownContexts::new();

/// The issuer's old key, its new one, and somebody else's.
fn keys() -> [Key; 3] {
    [Key::issuer(), Key::p256(5), Key::p384(6)]
}

fn claims() -> RoleClaims {
    let personal = Object::new().with("family_name", "Byron").with("given_name", "Ada");
    RoleClaims { kind: VC_TYPE.into(), holder: Some(Key::holder().public_key().clone().into()), personal, ..role_claims() }
}

fn sign_set(signers: &[(Suite, &dyn Signer)], claims: &RoleClaims) -> Result<Credential, IssueError> {
    let Some(((suite, signer), further)) = signers.split_first() else { panic!("no signer") };
    Credential::issue(claims, Issuance { further, ..(*suite).into() }, *signer, &mut TestRng(1))
}

/// A proof by the old key in the first suite, and by the new one in the second.
fn set(suites: [Suite; 2]) -> Credential {
    let [old, new, _] = keys();
    sign_set(&[(suites[0], &old), (suites[1], &new)], &claims()).expect("issues")
}

fn sets() -> [Credential; 3] {
    [
        set([Suite::EddsaJcs2022, Suite::EcdsaJcs2019]),
        set([Suite::EddsaRdfc2022, Suite::EcdsaRdfc2019]),
        set([Suite::EddsaRdfc2022, Suite::EcdsaJcs2019]),
    ]
}

fn document(credential: &Credential) -> Object<'static> {
    let Ok(Value::Object(document)) = json::parse(credential.as_bytes(), Limits::CREDENTIAL).map(Value::into_owned) else { panic!("JSON") };
    document
}

fn proofs(document: &Object<'static>) -> Vec<Object<'static>> {
    let listed = document.member("proof").and_then(Value::as_array).expect("a list");
    listed.iter().map(|proof| proof.as_object().expect("an object").clone()).collect()
}

fn bytes(document: &Object<'_>) -> Vec<u8> {
    json::to_string(&Value::Object(document.clone())).into_bytes()
}

fn with_proofs(document: &Object<'static>, proofs: impl IntoIterator<Item = Object<'static>>) -> Vec<u8> {
    bytes(&document.clone().with("proof", Value::from_iter(proofs)))
}

/// The key that each id is believed to name; no other is known.
struct Known(Vec<(String, PublicKey)>);

impl Known {
    /// The first `count` keys under their own ids.
    fn first(count: usize) -> Self {
        Self(keys().iter().take(count).map(|key| (did::key_id(key.public_key()), key.public_key().clone())).collect())
    }

    /// The ids of the first keys, each for another key.
    fn swapped(others: [&Key; 2]) -> Self {
        let ids = keys().map(|key| did::key_id(key.public_key()));
        Self(ids.into_iter().zip(others).map(|(id, key)| (id, key.public_key().clone())).collect())
    }
}

impl KeySource for Known {
    fn key(&self, claim: KeyClaim<'_>) -> Option<&PublicKey> {
        self.0.iter().find(|(id, _)| Some(id.as_str()) == claim.key_id()).map(|(_, key)| key)
    }
}

/// Checked with the first keys.
fn verify(bytes: &[u8], count: usize) -> Result<RoleClaims, VerifyError> {
    let credential = Credential::parse(bytes, &KnownContexts::new())?;
    credential.verify(&Known::first(count)).map(|verified| verified.role().clone())
}

/// `proof` over those that `previous` names, all by the n-th key.
fn linked(suite: Suite, document: &Object<'_>, n: usize, id: &str, previous: &[&str]) -> Object<'static> {
    let key = &keys()[n];
    let method = did::key_id(key.public_key());
    let options = Options {
        verification_method: &method,
        purpose: Purpose::AssertionMethod,
        created: Some(claims().issued_at),
        expires: None,
        challenge: None,
        domain: None,
    };
    create_linked(suite, document, &options, Link { id: Some(id), previous }, &KNOWN, key).expect("signs")
}

#[test]
fn every_proof_of_a_set_must_hold() {
    for issued in sets() {
        let (text, signed) = (issued.as_bytes().to_vec(), document(&issued));
        assert_eq!(verify(&text, 2), Ok(claims()));
        assert_eq!(claimed(&issued).key_id, claims().key_id.as_deref());
        assert_eq!(issued.further_proofs().iter().map(|claim| &claim.key_id).collect::<Vec<_>>(), [&did::key_id(keys()[1].public_key())]);
        // With the issuer's key alone nothing is known of the other proof.
        for count in [0, 1] {
            assert_eq!(verify(&text, count), Err(VerifyError::UnknownKey), "{count}");
        }
        assert_eq!(issued.verify(keys()[0].public_key()).map(drop), Err(VerifyError::InvalidProof));
        let [old, new, other] = keys();
        for swapped in [[&new, &old], [&old, &other], [&other, &new]] {
            assert_eq!(issued.verify(&Known::swapped(swapped)).map(drop), Err(VerifyError::InvalidProof));
        }
        let [first, second] = <[_; 2]>::try_from(proofs(&signed)).expect("two");
        for spoilt in
            [[first.clone().with("created", "2026-11-20T11:02:52Z"), second.clone()], [first.clone(), second.clone().with("nonce", "x")]]
        {
            assert_eq!(verify(&with_proofs(&signed, spoilt), 2), Err(VerifyError::InvalidProof));
        }
        // The order says nothing: the issuer's is found by its method.
        assert_eq!(verify(&with_proofs(&signed, [second.clone(), first.clone()]), 2), Ok(claims()));
        // Each would do alone, and the other key's is not the issuer's.
        assert_eq!(verify(&bytes(&signed.clone().with("proof", first.clone())), 1), Ok(claims()));
        assert_eq!(verify(&with_proofs(&signed, [first]), 1), Ok(claims()));
        let not_the_issuers = Err(VerifyError::Malformed(Malformed::OutOfRange("verificationMethod")));
        assert_eq!(verify(&with_proofs(&signed, [second.clone()]), 1), not_the_issuers);
        assert_eq!(verify(&bytes(&signed.with("proof", second)), 1), not_the_issuers);
    }
}

/// One flipped bit in every byte of a set of two proofs over statements.
#[test]
fn no_byte_of_a_set_can_change() {
    let issued = set([Suite::EddsaRdfc2022, Suite::EcdsaRdfc2019]);
    for at in 0..issued.as_bytes().len() {
        let mut changed = issued.as_bytes().to_vec();
        changed[at] ^= 1 << (at % 8);
        assert!(verify(&changed, 2).is_err(), "byte {at}");
    }
}

#[test]
fn a_chain_holds_in_its_order() {
    for suites in [[Suite::EddsaJcs2022, Suite::EcdsaJcs2019], [Suite::EddsaRdfc2022, Suite::EcdsaRdfc2019]] {
        let mut plain = document(&set(suites));
        plain.remove("proof");
        let first = linked(suites[0], &plain, 0, "urn:uuid:1", &[]);
        let second = linked(suites[1], &plain.clone().with("proof", first.clone()), 1, "urn:uuid:2", &["urn:uuid:1"]);
        for order in [[&first, &second], [&second, &first]] {
            assert_eq!(verify(&with_proofs(&plain, order.map(Clone::clone)), 2), Ok(claims()), "{suites:?}");
        }
        // The one it covers is gone; the link is; the names have changed places.
        let not_there = VerifyError::Malformed(Malformed::Proof);
        assert_eq!(verify(&with_proofs(&plain, [second.clone()]), 1), Err(not_there));
        let mut unlinked = second.clone();
        unlinked.remove("previousProof");
        assert_eq!(verify(&with_proofs(&plain, [first.clone(), unlinked]), 2), Err(VerifyError::InvalidProof));
        let backwards = [first.clone().with("previousProof", "urn:uuid:2"), second.clone()];
        assert_eq!(verify(&with_proofs(&plain, backwards.clone()), 2), Err(VerifyError::Malformed(Malformed::Proof)));
        let [first_linked, mut second] = backwards;
        second.remove("previousProof");
        assert_eq!(verify(&with_proofs(&plain, [first_linked, second]), 2), Err(VerifyError::InvalidProof));
    }
}

/// A proof in a set is refused for every reason for which it would be refused alone, by any key.
#[test]
fn no_proof_of_a_set_is_left_alone() {
    let signed = document(&set([Suite::EddsaJcs2022, Suite::EcdsaJcs2019]));
    let listed = proofs(&signed);
    let change = |n: usize, change: &dyn Fn(&mut Object<'static>)| {
        let mut listed = listed.clone();
        change(&mut listed[n]);
        Credential::parse(&with_proofs(&signed, listed), &KNOWN).map(drop)
    };
    for n in [0, 1] {
        assert_eq!(change(n, &|proof| proof.set("cryptosuite", "bbs-2023")), Err(Malformed::Proof));
        assert_eq!(change(n, &|proof| proof.set("type", "Ed25519Signature2020")), Err(Malformed::Proof));
        assert_eq!(change(n, &|proof| proof.set("proofPurpose", "authentication")), Err(Malformed::Proof));
        assert_eq!(change(n, &|proof| proof.set("challenge", "x")), Err(Malformed::Proof));
        assert_eq!(change(n, &|proof| proof.set("domain", "x")), Err(Malformed::Proof));
        assert_eq!(change(n, &|proof| proof.set("comment", "x")), Err(Malformed::member("comment")));
        let created = |proof: &mut Object<'static>| drop(proof.remove("created"));
        assert_eq!(change(n, &created), Err(Malformed::Missing("created")));
        let fewer = Value::from_iter(["https://www.w3.org/ns/credentials/v2"]);
        assert_eq!(change(n, &|proof| proof.set("@context", fewer.clone())), Err(Malformed::Context));
    }
    let repeated = |count: usize| Credential::parse(&with_proofs(&signed, vec![listed[0].clone(); count]), &KNOWN).map(drop);
    assert_eq!(repeated(MAX_PROOFS), Ok(()));
    for count in [0, MAX_PROOFS + 1] {
        assert_eq!(repeated(count), Err(Malformed::OutOfRange("proof")));
    }
    let not_objects = bytes(&signed.clone().with("proof", Value::from_iter(["x"])));
    assert_eq!(Credential::parse(&not_objects, &KNOWN).map(drop), Err(Malformed::WrongType("proof")));
    let key = Key::issuer();
    let nine = [(Suite::EddsaJcs2022, &key as &dyn crate::key::Signer); MAX_PROOFS + 1];
    assert_eq!(sign_set(&nine, &claims()).map(drop), Err(IssueError::Malformed(Malformed::OutOfRange("proof"))));
}

#[test]
fn the_earliest_end_bounds_the_validity() {
    let mut plain = document(&set([Suite::EddsaJcs2022, Suite::EcdsaJcs2019]));
    plain.remove("proof");
    let until = |n: usize, seconds: i64| {
        let method = did::key_id(keys()[n].public_key());
        let options = Options {
            verification_method: &method,
            purpose: Purpose::AssertionMethod,
            created: Some(claims().issued_at),
            expires: Some(claims().valid_until.plus(-seconds)),
            challenge: None,
            domain: None,
        };
        let key = &keys()[n];
        create_linked(Suite::jcs(key.public_key().algorithm()), &plain, &options, Link::default(), &KNOWN, key).expect("signs")
    };
    for (first, second) in [(10, 20), (20, 10), (20, -10)] {
        let read = verify(&with_proofs(&plain, [until(0, first), until(1, second)]), 2).expect("holds");
        assert_eq!(read.valid_until, claims().valid_until.plus(-20));
    }
}

#[test]
fn a_set_is_presented_whole() {
    let request = request(Format::DataIntegrity);
    for issued in sets() {
        let shown = issued.present(&[], &request.binding(), AT, &Key::holder(), &mut TestRng(1)).expect("presents");
        let shown = Presentation::parse(shown.as_bytes(), &KnownContexts::new()).expect("reads");
        let read = shown.credential().verify(&Known::first(2)).expect("holds");
        assert_eq!(*read.role(), claims());
        assert!(shown.verify_holder(Key::holder().public_key(), &request.binding()).is_ok());
    }
}
