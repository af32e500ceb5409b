use super::{CreateError, HashData, Options, Proof, ProofError, Suite, create, hash};
use crate::did::Purpose;
use crate::json::{self, Limits, Object, Value};
use crate::jsonld::KnownContexts;
use crate::key::{Algorithm, InvalidProof, PublicKey, Signer};
use crate::testing::Key;
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, string::String, vec};

mod rdfc;

/// A key of every algorithm, with the JCS suite it signs in.
fn keys() -> [(Key, Suite); 3] {
    [(Key::ed25519(1), Suite::EddsaJcs2022), (Key::p256(1), Suite::EcdsaJcs2019), (Key::p384(1), Suite::EcdsaJcs2019)]
}

fn object(text: &str) -> Object<'_> {
    match json::parse(text.as_bytes(), Limits::CREDENTIAL).expect("JSON") {
        Value::Object(object) => object,
        _ => panic!("not an object"),
    }
}

fn options() -> Options<'static> {
    Options {
        verification_method: "did:example:a#key",
        purpose: Purpose::AssertionMethod,
        created: Timestamp::from_unix(1_795_172_571),
        expires: None,
        challenge: None,
        domain: None,
    }
}

const DOCUMENT: &str = r#"{"z":1,"@context":["https://a.example/1","https://a.example/2"],"a":{"y":[1.50,"é"],"b":null}}"#;

fn signed_by((key, suite): &(Key, Suite)) -> Object<'static> {
    let document = object(DOCUMENT);
    let proof = create(*suite, &document, &options(), &KnownContexts::new(), key).expect("signs");
    document.with("proof", proof)
}

fn signed() -> Object<'static> {
    signed_by(&keys()[0])
}

fn verify(document: &Object<'_>, key: &PublicKey) -> Result<(), InvalidProof> {
    Proof::read(document).expect("a proof").seal(&KnownContexts::new()).expect("hashes").verify(key)
}

/// The claims that the key of [`signed`] signs.
fn verdict(document: &Object<'_>) -> Result<(), InvalidProof> {
    verify(document, keys()[0].0.public_key())
}

fn with_proof(member: &'static str, value: impl Into<Value<'static>>) -> Object<'static> {
    let mut document = signed();
    let Some(Value::Object(proof)) = document.remove("proof") else { panic!("no proof") };
    document.with("proof", proof.with(member, value))
}

#[test]
fn what_is_signed_verifies_and_nothing_else_does() {
    for pair in keys() {
        let document = signed_by(&pair);
        let key = pair.0.public_key();
        let proof = Proof::read(&document).expect("a proof");
        assert_eq!((proof.options, proof.suite), (options(), pair.1));
        assert_eq!(verify(&document, key), Ok(()));
        let others = [Key::ed25519(2), Key::p256(2), Key::p384(2)];
        for other in others.iter().chain(keys().iter().map(|(key, _)| key)).filter(|other| other.public_key() != key) {
            assert_eq!(verify(&document, other.public_key()), Err(InvalidProof));
        }
        for (name, value) in [("z", Value::from(2)), ("new", Value::from(1)), ("a", Value::Null)] {
            assert_eq!(verify(&document.clone().with(name, value), key), Err(InvalidProof), "{name}");
        }
    }
}

#[test]
fn every_option_is_signed() {
    for (name, value) in [
        ("created", "2026-11-20T11:02:52Z"),
        ("expires", "2027-11-20T11:02:52Z"),
        ("challenge", "c"),
        ("domain", "d"),
        ("nonce", "n"),
        ("id", "urn:x"),
        ("proofPurpose", "authentication"),
        ("verificationMethod", "did:example:b#key"),
    ] {
        let changed = with_proof(name, value);
        assert_eq!(verdict(&changed), Err(InvalidProof), "{name}");
    }
}

#[test]
fn order_and_spelling_of_the_json_do_not_matter() {
    let text = json::to_string(&Value::Object(signed())).replace("1.5,", "15e-1 ,").replace('é', "\\u00E9");
    assert_eq!(verdict(&object(&text)), Ok(()));
}

#[test]
fn the_proofs_contexts_are_the_documents_first() {
    let context = |items: &[&str]| items.iter().map(|item| Value::from((*item).to_owned())).collect::<Value<'static>>();
    // A context appended to the document was not there when it was signed: by §3.3.2 the proof still holds.
    let longer = signed().with("@context", context(&["https://a.example/1", "https://a.example/2", "https://a.example/3"]));
    assert_eq!(verdict(&longer), Ok(()));
    for other in [context(&["https://a.example/2", "https://a.example/1"]), context(&["https://a.example/1"]), context(&[])] {
        assert_eq!(Proof::read(&signed().with("@context", other)), Err(ProofError::Context));
    }
    let mut without = signed();
    without.remove("@context");
    assert_eq!(Proof::read(&without), Err(ProofError::Context));
    // A proof cut down to one context reads, but does not verify.
    let shorter = with_proof("@context", context(&["https://a.example/1"]));
    assert_eq!(verdict(&shorter), Err(InvalidProof));
}

fn suite_of(document: &Object<'_>) -> Option<Suite> {
    Proof::read(document).map(|proof| proof.suite).ok()
}

#[test]
fn other_proofs_are_refused() {
    let refused = |name, value: &'static str| Proof::read(&with_proof(name, value)).expect_err(name);
    assert_eq!(refused("type", "Ed25519Signature2020"), ProofError::Unsupported);
    assert_eq!(refused("cryptosuite", "ecdsa-sd-2023"), ProofError::Unsupported);
    assert_eq!(refused("proofPurpose", "keyAgreement"), ProofError::Unsupported);
    assert_eq!(refused("previousProof", "urn:uuid:1"), ProofError::PreviousProof);
    assert_eq!(refused("extra", "x"), ProofError::Member("extra".into()));
    assert_eq!(refused("created", "2026-11-20"), ProofError::OutOfRange("created"));
    assert_eq!(refused("expires", "never"), ProofError::OutOfRange("expires"));
    assert_eq!(Proof::read(&with_proof("challenge", 1)), Err(ProofError::WrongType("challenge")));
    let domains = |names: &[&'static str]| Proof::read(&with_proof("domain", names.iter().copied().collect::<Value<'_>>())).map(drop);
    assert_eq!(domains(&["a"]), Ok(()));
    assert_eq!(domains(&["a", "b"]), Err(ProofError::OutOfRange("domain")), "an answer to two");
    assert_eq!(Proof::read(&object("{}")), Err(ProofError::Missing("proof")));
    for two in [r#"{"proof":[{},{}]}"#, r#"{"proof":[]}"#] {
        assert_eq!(Proof::read(&object(two)), Err(ProofError::WrongType("proof")));
    }
    let mut listed = signed();
    let proof = listed.remove("proof").expect("a proof");
    assert_eq!(Proof::read(&listed.clone().with("proof", Value::Array([proof].into()))).map(|proof| proof.suite).ok(), suite_of(&signed()));
    for name in ["type", "cryptosuite", "proofPurpose", "verificationMethod", "proofValue"] {
        let mut document = signed();
        let Some(Value::Object(mut proof)) = document.remove("proof") else { panic!("no proof") };
        proof.remove(name);
        assert_eq!(Proof::read(&document.with("proof", proof)), Err(ProofError::Missing(name)));
    }
}

#[test]
fn a_proof_value_is_base58_of_the_suites_length() {
    let encode = |base, bytes: &[u8]| multibase::encode(base, bytes);
    let z = multibase::Base::Base58Btc;
    let lengths: [(Algorithm, &[usize]); 2] = [(Algorithm::EdDsa, &[64]), (Algorithm::Es256, &[64, 96])];
    for (suite, good) in lengths.into_iter().flat_map(|(algorithm, good)| [(Suite::jcs(algorithm), good), (Suite::rdfc(algorithm), good)]) {
        let with_value = |value: String| {
            let mut document = with_proof("cryptosuite", suite.name());
            let Some(Value::Object(proof)) = document.remove("proof") else { panic!("no proof") };
            document.with("proof", proof.with("proofValue", value))
        };
        for length in 0..130 {
            let document = with_value(encode(z, &vec![7; length]));
            let read = Proof::read(&document).map(|proof| proof.suite);
            let expected = if good.contains(&length) { Ok(suite) } else { Err(ProofError::OutOfRange("proofValue")) };
            assert_eq!(read, expected, "{} {length}", suite.name());
        }
        for bad in [
            String::new(),
            String::from("z"),
            encode(multibase::Base::Base64Url, &[7; 64]),
            encode(multibase::Base::Base58Flickr, &[7; 64]),
            encode(z, &[7; 64]).replace('z', "z0"),
            encode(z, &vec![7; 60_000]),
        ] {
            assert_eq!(Proof::read(&with_value(bad)), Err(ProofError::OutOfRange("proofValue")));
        }
    }
}

/// Suite x key: a suite signs with its own kinds of key only.
#[test]
fn suites_sign_with_their_own_algorithms() {
    let document = object(r#"{"@context":"https://www.w3.org/ns/credentials/v2","name":"a"}"#);
    for suite in Suite::ALL {
        for (key, own) in keys() {
            let made = create(suite, &document, &options(), &KnownContexts::new(), &key).map(|_| ());
            let fits = suite.with_algorithm(key.public_key().algorithm()) == suite;
            assert_eq!(made, if fits { Ok(()) } else { Err(CreateError::Algorithm) });
            assert!(fits || suite != own);
        }
    }
}

/// Ed25519 and P-256 sign in as many bytes: the suite says which of them signed.
#[test]
fn a_suite_takes_no_signature_of_another_kind_of_key() {
    let key = Key::ed25519(1);
    let mut document = with_proof("cryptosuite", Suite::EcdsaJcs2019.name());
    let Some(Value::Object(proof)) = document.remove("proof") else { panic!("no proof") };
    let data = hash(Suite::EcdsaJcs2019, Algorithm::Es256, &document, &proof, None, &KnownContexts::new()).expect("hashes");
    let signature = key.sign(&data).expect("signs");
    assert_eq!(key.public_key().verify(&data, &signature), Ok(()));
    let value = multibase::encode(multibase::Base::Base58Btc, signature);
    assert_eq!(verify(&document.with("proof", proof.with("proofValue", value)), key.public_key()), Err(InvalidProof));
}

#[test]
fn the_options_hash_comes_first_and_the_algorithm_chooses_the_hash() {
    let document = object(DOCUMENT);
    for (algorithm, half) in [(Algorithm::EdDsa, 32), (Algorithm::Es256, 32), (Algorithm::Es384, 48)] {
        let hash = |name: &'static str| {
            hash(Suite::jcs(algorithm), algorithm, &document, &Object::new().with("cryptosuite", name), None, &KnownContexts::new())
                .expect("hashes")
        };
        let (one, other) = (hash("x"), hash("y"));
        assert_eq!(one.len(), 2 * half);
        assert_eq!(matches!(one, HashData::Sha384(_)), half == 48);
        assert_ne!(one[..half], other[..half]);
        assert_eq!(one[half..], other[half..]);
    }
}
